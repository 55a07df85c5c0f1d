//! Words for time zones, as far as one meaning prevails in logs.

/// Minutes east of UTC.
const ZONES: &[(&[u8], i32)] = &[
    (b"UTC", 0),
    (b"GMT", 0),
    (b"Z", 0),
    (b"WET", 0),
    (b"WEST", 60),
    (b"BST", 60),
    (b"CET", 60),
    (b"CEST", 120),
    (b"MET", 60),
    (b"MEST", 120),
    (b"EET", 120),
    (b"EEST", 180),
    (b"SAST", 120),
    (b"MSK", 180),
    (b"IST", 330),
    (b"SGT", 480),
    (b"HKT", 480),
    (b"AWST", 480),
    (b"JST", 540),
    (b"KST", 540),
    (b"ACST", 570),
    (b"AEST", 600),
    (b"AEDT", 660),
    (b"NZST", 720),
    (b"NZDT", 780),
    (b"BRT", -180),
    (b"AST", -240),
    (b"EDT", -240),
    (b"EST", -300),
    (b"CDT", -300),
    (b"CST", -360),
    (b"MDT", -360),
    (b"MST", -420),
    (b"PDT", -420),
    (b"PST", -480),
    (b"AKDT", -480),
    (b"AKST", -540),
    (b"HST", -600),
];

/// Seconds east of UTC of a zone's word.
pub(super) fn offset(word: &[u8]) -> Option<i32> {
    ZONES.iter().find(|(name, _)| *name == word).map(|(_, minutes)| minutes * 60)
}

/// How long a word of two to five capital letters at the start of `bytes` is, 0 if there is none.
pub(super) fn word_length(bytes: &[u8]) -> usize {
    let length = bytes.iter().take_while(|b| b.is_ascii_uppercase()).count();
    if (1..=5).contains(&length) { length } else { 0 }
}
