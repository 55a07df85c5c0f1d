//! One line for each habit that senders are known to have.

use super::*;
use crate::time::Moment;

/// Wednesday in November 2026.
pub(super) const NOW: &str = "2026-11-25T12:00:00Z";

pub(super) fn context(now: &str) -> Context {
    Context { received: Moment::parse_rfc3339(now).unwrap(), assumed_offset: 0 }
}

/// PRI, time, host, app, pid, msgid, text; `-` for none.
fn fields(line: &[u8], now: &str) -> [String; 7] {
    let message = parse(line, &context(now));
    assert_eq!(message.raw, line);
    let text = |part: Option<&[u8]>| part.map_or("-".to_owned(), |p| String::from_utf8_lossy(p).into_owned());
    [
        message.priority.0.to_string(),
        message.time.map_or("-".to_owned(), |t| t.to_string()),
        text(message.hostname),
        text(message.app),
        text(message.procid),
        text(message.msgid),
        text(Some(message.message)),
    ]
}

fn notes(line: &str) -> String {
    parse(line.as_bytes(), &context(NOW)).notes.only_odd().to_string()
}

#[track_caller]
fn check(line: &str, expected: [&str; 7]) {
    assert_eq!(fields(line.as_bytes(), NOW), expected, "{line}");
}

#[test]
fn rfc_3164_and_small_departures_from_it() {
    let t = "2026-11-20T10:00:00Z";
    for line in [
        "<34>Nov 20 10:00:00 host su[9]: text",
        "<34> Nov 20 10:00:00 host su[9]: text",
        " <34>Nov 20 10:00:00 host su[9]: text",
        "\u{feff}<34>Nov 20 10:00:00 host su[9]: text",
        "<34>NOV 20 10:00:00 host su[9]: text",
        "<34>Nov  20  10:00:00 host su[9]: text",
        "<34>Nov 20 2026 10:00:00 host su[9]: text",
        "<34>Nov 20 10:00:00 2026 host su[9]: text",
        "<34>2026 Nov 20 10:00:00 host su[9]: text",
        "<34>Nov 20 10:00:00: host su[9]: text",
        "<34>2026-11-20T10:00:00Z host su[9]: text",
        "<34>2026-11-20 11:00:00+01:00 host su[9]: text",
        "<34>Nov 20 11:00:00 CET host su[9]: text",
        "<34>Nov 20 10:00:00 UTC: host su[9]: text",
        "<34>Nov 20 12:00:00 +0200 host su[9]: text",
        "<34>Nov 20 10:00:00 host su[9]: text\n",
        "<34>Nov 20 10:00:00 host su[9]: text\r\n\0",
        "<34>Message forwarded from host: su[9]: text",
    ] {
        let time = if line.contains("forwarded") { "-" } else { t };
        check(line, ["34", time, "host", "su", "9", "-", "text"]);
    }
    check("<34>Nov  5 10:00:00 host su: x", ["34", "2026-11-05T10:00:00Z", "host", "su", "-", "-", "x"]);
    check("<34>Nov 05 10:00:00 host su: x", ["34", "2026-11-05T10:00:00Z", "host", "su", "-", "-", "x"]);
    check(
        "<34>Nov 20 10:00:00.123 host su: x",
        ["34", "2026-11-20T10:00:00.123Z", "host", "su", "-", "-", "x"],
    );
    check("<34>Nov 20 10:00:00 CET su: x", ["34", t, "CET", "su", "-", "-", "x"]);
}

#[test]
fn the_pri_is_never_lost() {
    check("Nov 20 10:00:00 host su: x", ["13", "2026-11-20T10:00:00Z", "host", "su", "-", "-", "x"]);
    assert_eq!(notes("Nov 20 10:00:00 host su: x"), "pri_missing");
    check("<192>Nov 20 10:00:00 host su: x", ["192", "2026-11-20T10:00:00Z", "host", "su", "-", "-", "x"]);
    assert_eq!(notes("<192>x"), "pri_out_of_range");
    check("<99999>x", ["99999", "-", "-", "-", "-", "-", "x"]);
    check("<123456>x", ["13", "-", "-", "-", "-", "-", "<123456>x"]);
    check("<013>x", ["13", "-", "-", "-", "-", "-", "x"]);
    check("<>x", ["13", "-", "-", "-", "-", "-", "<>x"]);
    check("<1", ["13", "-", "-", "-", "-", "-", "<1"]);
    check("<0>", ["0", "-", "-", "-", "-", "-", ""]);
    check("<34>Nov 32 10:00:00 host su: x", ["34", "-", "host", "su", "-", "-", "x"]);
    assert_eq!(notes("<34>Nov 32 10:00:00 host su: x"), "time_invalid");
    check("<34>Nov 20 25:00:00 host su: x", ["34", "-", "host", "su", "-", "-", "x"]);
    check("", ["13", "-", "-", "-", "-", "-", ""]);
}

#[test]
fn years_that_were_not_said() {
    let time = |line: &str, now: &str| fields(line.as_bytes(), now)[1].clone();
    assert_eq!(time("<1>Dec 31 23:59:59 h t: x", "2027-01-01T00:00:05Z"), "2026-12-31T23:59:59Z");
    assert_eq!(time("<1>Jan  1 00:00:02 h t: x", "2026-12-31T23:59:58Z"), "2027-01-01T00:00:02Z");
    assert_eq!(time("<1>Feb 29 12:00:00 h t: x", "2026-03-01T00:00:00Z"), "2024-02-29T12:00:00Z");
    assert_eq!(time("<1>Feb 29 12:00:00 h t: x", "2028-03-01T00:00:00Z"), "2028-02-29T12:00:00Z");
    assert_eq!(time("<1>Feb 30 12:00:00 h t: x", "2028-03-01T00:00:00Z"), "-");
    assert_eq!(time("<1>Nov 20 10:00:60 h t: x", NOW), "2026-11-20T10:01:00Z");
}

#[test]
fn hosts_and_tags_of_all_kinds() {
    let t = "2026-11-20T10:00:00Z";
    check("<1>Nov 20 10:00:00 10.0.0.1/router su: x", ["1", t, "10.0.0.1/router", "su", "-", "-", "x"]);
    check("<1>Nov 20 10:00:00 fe80::1 su: x", ["1", t, "fe80::1", "su", "-", "-", "x"]);
    check("<1>Nov 20 10:00:00 su: x", ["1", t, "-", "su", "-", "-", "x"]);
    check("<1>Nov 20 10:00:00 su[7]: x", ["1", t, "-", "su", "7", "-", "x"]);
    check("<1>su: x", ["1", "-", "-", "su", "-", "-", "x"]);
    check("<1>just text, no tag", ["1", "-", "-", "-", "-", "-", "just text, no tag"]);
    check("<1>Nov 20 10:00:00 h su(pam_unix)[12]: x", ["1", t, "h", "su(pam_unix)", "12", "-", "x"]);
    check("<1>Nov 20 10:00:00 h postfix/smtpd[12]: x", ["1", t, "h", "postfix/smtpd", "12", "-", "x"]);
    check("<1>Nov 20 10:00:00 h sshd[12] x", ["1", t, "h", "sshd", "12", "-", "x"]);
    check("<1>Nov 20 10:00:00 h ns::Class: x", ["1", t, "h", "ns::Class", "-", "-", "x"]);
    let long = "t".repeat(60);
    check(&format!("<1>Nov 20 10:00:00 h {long}: x"), ["1", t, "h", &long, "-", "-", "x"]);
    check("<1>Nov 20 10:00:00 h see http://a/b", ["1", t, "h", "-", "-", "-", "see http://a/b"]);
    check("<1>Nov 20 10:00:00 h http://a/b", ["1", t, "h", "-", "-", "-", "http://a/b"]);
    check(
        "<1>Nov 20 10:00:00 last message repeated 3 times",
        ["1", t, "-", "-", "-", "-", "last message repeated 3 times"],
    );
    check("<1>Nov 20 10:00:00 h", ["1", t, "-", "-", "-", "-", "h"]);
    check("<1>Nov 20 10:00:00", ["1", t, "-", "-", "-", "-", ""]);
}

#[test]
fn cisco() {
    let config = "%SYS-5-CONFIG_I: Configured from console";
    let id = "SYS-5-CONFIG_I";
    for (line, time, host) in [
        ("<189>29: foo: *Apr 29 13:58:40.411: ", "2026-04-29T13:58:40.411Z", "foo"),
        ("<189>29: foo: .Apr 29 13:58:40.411: ", "2026-04-29T13:58:40.411Z", "foo"),
        ("<189>000029: *Apr 29 13:58:40.411: ", "2026-04-29T13:58:40.411Z", "-"),
        ("<189>29: Apr 29 13:58:40.411 CEST: ", "2026-04-29T11:58:40.411Z", "-"),
        ("<189>29: foo: ", "-", "foo"),
        ("<189>29: ", "-", "-"),
        ("<189>foo: *Apr 29 13:58:40: ", "2026-04-29T13:58:40Z", "foo"),
        ("<189>*Apr 29 13:58:40: ", "2026-04-29T13:58:40Z", "-"),
        ("<189>: 2026 Jun 25 11:27:28 GMT: ", "2026-06-25T11:27:28Z", "-"),
        ("<189>: 2026 Jun 25 11:27:28 XYZ: ", "2026-06-25T11:27:28Z", "-"),
        ("<189>:Nov 20 10:00:00 UTC: ", "2026-11-20T10:00:00Z", "-"),
        ("<189>Nov 20 2026 10:00:00: ", "2026-11-20T10:00:00Z", "-"),
        ("<189>Nov 20 2026 10:00:00 host : ", "2026-11-20T10:00:00Z", "host"),
        ("<189>Nov 20 2026 10:00:00 host: ", "2026-11-20T10:00:00Z", "host"),
        ("<189>host : ", "-", "host"),
        ("<189>", "-", "-"),
    ] {
        check(&format!("{line}{config}"), ["189", time, host, "-", "-", id, config]);
    }
    check(
        "<189>1: RP/0/RP0/CPU0:Jan 11 12:00:00.123 UTC: config[65704]: %MGBL-SYS-5-CONFIG_I : done",
        [
            "189",
            "2026-01-11T12:00:00.123Z",
            "RP/0/RP0/CPU0",
            "config",
            "65704",
            "MGBL-SYS-5-CONFIG_I",
            "%MGBL-SYS-5-CONFIG_I : done",
        ],
    );
    check("<166>%ASA-6-302013: Built", ["166", "-", "-", "-", "-", "ASA-6-302013", "%ASA-6-302013: Built"]);
    let sequence = parse(b"<189>29: foo: *Apr 29 13:58:40.411: %SYS-5-X: y", &context(NOW));
    assert_eq!(sequence.sequence, Some(&b"29"[..]));
    assert!(sequence.notes.contains(Notes::CLOCK_NOT_SET));
    assert_eq!(
        sequence.plausible_time(context(NOW).received),
        None,
        "a clock that was never set is not believed"
    );
    assert!(notes("<189>29: .Apr 29 13:58:40.411: %SYS-5-X: y").contains("clock_unsynced"));
    check("<13>12: a text", ["13", "-", "-", "-", "-", "-", "12: a text"]);
}

#[test]
fn bodies_with_a_form_of_their_own() {
    for body in [
        "date=2026-11-20 time=10:00:00 devname=\"fw\" logid=\"1\"",
        "1,2026/11/20 10:00:00,001,TRAFFIC,end",
        "CEF:0|V|P|1|100|name|5|src=10.0.0.1",
        "LEEF:1.0|V|P|1|100|src=10.0.0.1",
        "{\"a\": \"b: c\"}",
    ] {
        check(&format!("<189>{body}"), ["189", "-", "-", "-", "-", "-", body]);
        let t = "2026-11-20T10:00:00Z";
        check(&format!("<189>Nov 20 10:00:00 host {body}"), ["189", t, "host", "-", "-", "-", body]);
    }
    let t = "2026-11-20T10:00:00Z";
    check("<189>Nov 20 10:00:00 CEF:0|V|P|1", ["189", t, "-", "-", "-", "-", "CEF:0|V|P|1"]);
    check(
        "<134>1 1563249630.774247252 MX84 events type=vpn",
        ["134", "2019-07-16T04:00:30.774247252Z", "MX84", "-", "-", "-", "events type=vpn"],
    );
}

#[test]
fn rfc_5424() {
    check(
        "<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - \u{feff}'su root' failed",
        ["34", "2003-10-11T22:14:15.003Z", "mymachine.example.com", "su", "-", "ID47", "'su root' failed"],
    );
    check("<34>1 - - - - - -", ["34", "-", "-", "-", "-", "-", ""]);
    check("<34>1 - - - - - - ", ["34", "-", "-", "-", "-", "-", ""]);
    check("<34>1 - h a 1 01490500: - x", ["34", "-", "h", "a", "1", "01490500:", "x"]);
    check(
        "<34>1 2003-08-24T05:14:15.000003-07:00 192.0.2.1 p 8710 - -   two blanks stay",
        ["34", "2003-08-24T12:14:15.000003Z", "192.0.2.1", "p", "8710", "-", "  two blanks stay"],
    );
    for (time, read) in [
        ("2003-10-11T22:14:15.123456789Z", "2003-10-11T22:14:15.123456789Z"),
        ("2003-10-11T22:14:15.1234567891Z", "2003-10-11T22:14:15.123456789Z"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"),
        ("2003-10-11T22:14:15", "2003-10-11T22:14:15Z"),
        ("2003-10-32T22:14:15Z", "-"),
        ("2003-10-11", "-"),
    ] {
        check(&format!("<1>1 {time} h a p m - x"), ["1", read, "h", "a", "p", "m", "x"]);
    }
    check("<1>1 2003-10-11T22:14:15Z h a", ["1", "2003-10-11T22:14:15Z", "h", "a", "-", "-", ""]);
    assert_eq!(notes("<1>1 2003-10-11T22:14:15Z h a"), "header_short");
    check("<1>1 - h a p m - x\ny", ["1", "-", "h", "a", "p", "m", "x\ny"]);
    check(
        "<38>1 2026-11-20T10:00:00+00:00 localhost prg00000 1234 - - \u{feff}seq: 0, thread: 0",
        ["38", "2026-11-20T10:00:00Z", "localhost", "prg00000", "1234", "-", "seq: 0, thread: 0"],
    );
}

#[test]
fn structured_data_whole_and_broken() {
    let message = parse(br#"<1>1 - h a p m [x@1 k="a\"b" k="c"][y] text"#, &context(NOW));
    assert_eq!((message.structured, message.message), (&br#"[x@1 k="a\"b" k="c"][y]"#[..], &b"text"[..]));
    assert_eq!(message.elements().count(), 2);
    for broken in ["[x@1 k=\"a] text", "[x@1", "[x k=v] text", "[x]text", "text without it"] {
        let line = format!("<1>1 - h a p m {broken}");
        check(&line, ["1", "-", "h", "a", "p", "m", broken]);
        assert_eq!(notes(&line), "structured_data_broken");
    }
    check("<1>1 - h a p m [x k=\"v\"]", ["1", "-", "h", "a", "p", "m", ""]);
}

#[test]
fn bytes_that_are_no_text() {
    let message = parse(b"<1>Nov 20 10:00:00 h su: \xff\xfe", &context(NOW));
    assert_eq!(message.message, b"\xff\xfe");
    assert!(message.notes.contains(Notes::INVALID_UTF8));
}

fn ecs(line: &[u8]) -> serde_json::Value {
    let context = context(NOW);
    let around = ecs::Surroundings {
        received: context.received,
        source_ip: Some("192.0.2.9"),
        original: ecs::Original::WhenOdd,
    };
    let mut out = Vec::new();
    ecs::push_ecs(&mut out, &parse(line, &context), &around);
    serde_json::from_slice(&out).unwrap()
}

#[test]
fn ecs_names() {
    let json =
        ecs(br#"<34>1 2026-10-11T22:14:15.003Z h su 77 ID47 [o@1 ip="1" x="\"" ip="2"][e] it "failed""#);
    assert_eq!(
        json,
        serde_json::json!({
            "@timestamp": "2026-10-11T22:14:15.003Z",
            "log": {"syslog": {
                "priority": 34, "facility": {"code": 4, "name": "auth"}, "severity": {"code": 2, "name": "Critical"},
                "version": "1", "hostname": "h", "appname": "su", "procid": "77", "msgid": "ID47",
                "structured_data": {"o@1": {"ip": ["1", "2"], "x": "\""}, "e": {}},
            }},
            "host": {"hostname": "h"}, "process": {"name": "su", "pid": 77}, "source": {"ip": "192.0.2.9"},
            "message": "it \"failed\"",
        })
    );
    let json = ecs(b"<999>29: *Apr 29 13:58:40.411: %SYS-5-X: \xff");
    assert_eq!(
        json,
        serde_json::json!({
            "@timestamp": "2026-11-25T12:00:00Z",
            "log": {"syslog": {"priority": 999, "severity": {"code": 7, "name": "Debug"}, "msgid": "SYS-5-X"}},
            "source": {"ip": "192.0.2.9"},
            "message": "%SYS-5-X: \u{fffd}",
            "event": {"sequence": 29, "original": "<999>29: *Apr 29 13:58:40.411: %SYS-5-X: \u{fffd}"},
            "tags": ["syslog_pri_out_of_range", "syslog_invalid_utf8", "syslog_clock_not_set"],
        })
    );
    let many: String = (0..70).map(|i| format!("[e{i}]")).collect();
    let json = ecs(format!("<1>1 - h a p m {many} x").as_bytes());
    assert_eq!(json["log"]["syslog"]["structured_data"], many, "too many parts stay text");
}
