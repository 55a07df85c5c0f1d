//! What holds for any bytes.

use proptest::prelude::*;

use super::quirk_test::{NOW, context};
use super::*;

/// Bytes that look like syslog often enough to reach the far corners.
fn line() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        any::<Vec<u8>>().prop_map(|v| v.into_iter().take(8).collect()),
        proptest::sample::select(vec![
            "<13>",
            "<191>",
            "<192>",
            "<",
            ">",
            "1 ",
            "2026-11-20T10:00:00Z",
            "Nov 20 10:00:00",
            "*",
            ".",
            ": ",
            ":",
            " ",
            "- ",
            "[",
            "]",
            "x@1",
            " k=\"",
            "\"",
            "\\",
            "=",
            "host",
            "%SYS-5-X: ",
            "29: ",
            "su[1]: ",
            "\u{feff}",
            "\n",
            "\0",
            "CET",
            "+01:00",
            "RP/0/CPU0:",
            "2026",
            "CEF:0|",
            "{\"a\":1}",
            "é",
        ])
        .prop_map(|s| s.as_bytes().to_vec()),
    ];
    proptest::collection::vec(piece, 0..14).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn raw_is_kept_and_every_part_is_a_part_of_it(line in line()) {
        let message = parse(&line, &context(NOW));
        prop_assert_eq!(message.raw, &line[..]);
        let range = line.as_ptr_range();
        for part in [message.hostname, message.app, message.procid, message.msgid, Some(message.message)].into_iter().flatten() {
            let part = part.as_ptr_range();
            prop_assert!(part.start == part.end || (part.start >= range.start && part.end <= range.end));
        }
        // The text is what the line ends with, but for line ends.
        let trimmed: &[u8] = { let mut t = &line[..]; while let [head @ .., 0 | b'\r' | b'\n'] = t { t = head; } t };
        prop_assert!(trimmed.ends_with(message.message));
    }

    #[test]
    fn the_pri_is_right_whatever_follows(pri in 0_u32..1000, line in line()) {
        let mut whole = format!("<{pri}>").into_bytes();
        whole.extend_from_slice(&line);
        let message = parse(&whole, &context(NOW));
        prop_assert_eq!(message.priority.0, pri);
        prop_assert_eq!(message.notes.contains(Notes::PRI_OUT_OF_RANGE), pri > 191);
        prop_assert!(!message.notes.contains(Notes::PRI_MISSING));
    }

    #[test]
    fn json_is_json_and_each_name_is_there_once(line in line()) {
        let context = context(NOW);
        let around = ecs::Surroundings { received: context.received, source_ip: None, original: ecs::Original::Always };
        let mut out = Vec::new();
        let message = parse(&line, &context);
        ecs::push_ecs(&mut out, &message, &around);
        let json: serde_json::Value = serde_json::from_slice(&out).unwrap();
        prop_assert_eq!(json["log"]["syslog"]["priority"].as_u64(), Some(u64::from(message.priority.0)));
        prop_assert_eq!(json["event"]["original"].as_str().unwrap(), String::from_utf8_lossy(&line));
        // Reading and writing again loses no name.
        prop_assert_eq!(serde_json::to_vec(&json).unwrap().len(), out.len());
    }

    #[test]
    fn datagrams_lose_nothing_but_line_ends(line in line()) {
        let kept = |bytes: &[u8]| -> Vec<u8> { bytes.iter().copied().filter(|b| !matches!(b, b'\n' | b'\r' | 0)).collect() };
        let together: Vec<u8> = datagram::messages(&line).flat_map(kept).collect();
        prop_assert_eq!(together, kept(&line));
    }
}
