use proptest::prelude::*;

use super::*;

/// All frames of a stream that arrives in pieces of `step` bytes.
fn frames(stream: &[u8], step: usize, max: usize) -> (Vec<(String, bool)>, Counts) {
    let mut deframer = Deframer::new(max);
    let mut out = Vec::new();
    let mut add =
        |frame: Frame| out.push((String::from_utf8_lossy(&frame.bytes).into_owned(), frame.truncated));
    for piece in stream.chunks(step) {
        deframer.push(piece);
        while let Some(frame) = deframer.next_frame() {
            add(frame);
        }
        assert!(deframer.waiting() <= max + SYSLOG_COUNT_MAX_DIGITS + 1 + step, "the buffer is bounded");
    }
    while let Some(frame) = deframer.finish() {
        add(frame);
    }
    (out, deframer.counts())
}

#[test]
fn both_framings_at_any_cut() {
    let cases: &[(&str, &[&str])] = &[
        ("<1>a\n<2>b\r\n\n<3>c", &["<1>a", "<2>b\r", "<3>c"]),
        ("4 <1>a7 <2>b\nc\n4 <3>d", &["<1>a", "<2>b\nc\n", "<3>d"]),
        ("<1>a\n4 <2>b\n", &["<1>a", "4 <2>b"]),
        ("4 <1>a<2>line\n4 <3>c", &["<1>a", "<2>line", "<3>c"]),
        ("4 <1>a 4 <2>b\n4 <3>c", &["<1>a", "<2>b", "<3>c"]),
        ("<1>a\n <2>b\n", &["<1>a", "<2>b"]),
        ("<1>a\n   at indented\n", &["<1>a", "   at indented"]),
        ("200 OK was the answer\n", &["200 OK was the answer"]),
        ("2025-01-01 text\n", &["2025-01-01 text"]),
        ("123456789 <1>x\n", &["123456789 <1>x"]),
        ("0 <1>x\n", &["0 <1>x"]),
        ("", &[]),
        ("\n\0\n", &[]),
    ];
    for (stream, expected) in cases {
        for step in 1..=stream.len().max(1) {
            let (got, _) = frames(stream.as_bytes(), step, 64);
            let got: Vec<_> = got.iter().map(|(text, _)| text.as_str()).collect();
            assert_eq!(&got, expected, "{stream:?} in pieces of {step}");
        }
    }
}

#[test]
fn long_frames_are_cut_marked_and_counted() {
    for step in [1, 3, 100] {
        let (got, counts) = frames(b"12 <1>aaaabbbbb4 <2>c", step, 7);
        assert_eq!(got, [("<1>aaaa".to_owned(), true), ("<2>c".to_owned(), false)]);
        assert_eq!(counts, Counts { frames: 2, truncated: 1, cut: 5 });
        let (got, counts) = frames(b"<1>aaaabbbbb\n<2>c\n", step, 7);
        assert_eq!(got, [("<1>aaaa".to_owned(), true), ("<2>c".to_owned(), false)]);
        assert_eq!(counts, Counts { frames: 2, truncated: 1, cut: 5 });
    }
}

#[test]
fn a_stream_that_ends_early_loses_nothing() {
    assert_eq!(frames(b"9 <1>abc", 2, 64).0, [("<1>abc".to_owned(), true)]);
    assert_eq!(frames(b"<1>abc", 2, 64).0, [("<1>abc".to_owned(), false)]);
    assert_eq!(frames(b"12", 2, 64).0, [("12".to_owned(), false)]);
}

proptest! {
    #[test]
    fn what_was_counted_comes_out_whole(messages in proptest::collection::vec("<[0-9]{1,3}>[a-z\n ]{0,20}", 1..8), step in 1_usize..40) {
        let stream: String = messages.iter().map(|m| format!("{} {m}", m.len())).collect();
        let (got, _) = frames(stream.as_bytes(), step, 64);
        prop_assert_eq!(got.into_iter().map(|(m, _)| m).collect::<Vec<_>>(), messages);
    }

    #[test]
    fn any_bytes_are_bounded_and_every_byte_of_text_is_accounted_for(
        stream in proptest::collection::vec(prop_oneof![Just(b'<'), Just(b'\n'), Just(b' '), Just(b'1'), Just(b'9'), any::<u8>()], 0..200),
        step in 1_usize..40, max in 1_usize..30,
    ) {
        let (got, counts) = frames(&stream, step, max);
        prop_assert_eq!(counts.frames, got.len() as u64);
        let (again, _) = frames(&stream, 1, max);
        prop_assert_eq!(got, again, "how a stream was cut on its way does not matter");
    }
}
