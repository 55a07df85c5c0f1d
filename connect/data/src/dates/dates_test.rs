use proptest::prelude::*;

use super::*;

fn format(pattern: &str, ms: i64) -> String {
    DatePattern::new(pattern).expect(pattern).format(ms)
}

fn parse(pattern: &str, text: &str) -> Option<i64> {
    DatePattern::new(pattern).expect(pattern).parse(text)
}

#[test]
fn moments_are_written() {
    // 2009-02-13T23:31:30.123Z, a Friday.
    let ms = 1_234_567_890_123;
    let cases = [
        ("yyyyMMdd", "20090213"),
        ("yyyy-MM-dd'T'HH:mm:ss.SSS'Z'", "2009-02-13T23:31:30.123Z"),
        ("yy/M/d h:mm a", "09/2/13 11:31 PM"),
        ("EEE, d MMM yyyy HH:mm:ss Z", "Fri, 13 Feb 2009 23:31:30 +0000"),
        ("EEEE MMMM G z X", "Friday February AD UTC Z"),
        ("YYYY-ww u D F W k K", "2009-07 5 44 2 2 23 11"),
        ("''yyyy''", "'2009'"),
    ];
    for (pattern, text) in cases {
        assert_eq!(format(pattern, ms), text, "{pattern}");
    }
    assert_eq!(format("yyyy-MM-dd HH", -1), "1969-12-31 23");
    assert_eq!(DatePattern::new("yyyy-bb").expect_err("b").message, "Illegal pattern character 'b'");
    assert_eq!(DatePattern::new("yyyy'").expect_err("quote").message, "Unterminated quote");
}

#[test]
fn texts_are_read_leniently() {
    assert_eq!(parse("yyyyMMdd", "20090213"), Some(1_234_483_200_000));
    assert_eq!(parse("yyyy-MM-dd", "2009-2-13"), Some(1_234_483_200_000));
    assert_eq!(parse("yyyy-MM-dd", "2008-14-13"), Some(1_234_483_200_000));
    assert_eq!(parse("yyyy-MM-dd", "2009-02-13 and more"), Some(1_234_483_200_000));
    assert_eq!(parse("yyyy-MM-dd", "no date"), None);
    assert_eq!(parse("dd MMM yyyy", "13 feb 2009"), Some(1_234_483_200_000));
    assert_eq!(parse("yyyy-MM-dd'T'HH:mm:ssX", "2009-02-14T01:31:30+02:00"), Some(1_234_567_890_000));
    assert_eq!(parse("yyyy-MM-dd HH:mm:ss Z", "2009-02-13 23:31:30 +0000"), Some(1_234_567_890_000));
    assert_eq!(parse("yy-MM-dd h a", "09-02-13 11 PM"), Some(1_234_566_000_000));
    assert_eq!(parse("yyyy", "99999999999999999"), None);
}

proptest! {
    #[test]
    fn what_is_written_is_read(ms in -60_000_000_000_000i64..250_000_000_000_000) {
        let pattern = DatePattern::new("yyyy-MM-dd'T'HH:mm:ss.SSSX").expect("a pattern");
        prop_assert_eq!(pattern.parse(&pattern.format(ms)), Some(ms));
        prop_assert_eq!(Civil::of(ms).ms(), ms);
    }

    #[test]
    fn no_text_panics(pattern in "[GyMdkHmsSEDFwWahKzZYuXL' :.-]{0,12}", text in "[\\PC]{0,16}") {
        if let Ok(pattern) = DatePattern::new(&pattern) {
            let _ = pattern.parse(&text);
            let _ = pattern.format(text.len() as i64 * 7_777_777_777);
        }
    }
}
