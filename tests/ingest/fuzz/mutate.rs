//! Changes to bytes, from a random number.

use highway_tests::random::Random;

/// Pieces that are likely to hurt somebody.
const PIECES: [&[u8]; 40] = [
    b"\0",
    b"\xff\xfe",
    b"\xc0\x80",
    b"\xed\xa0\x80",
    b"\xf4\x90\x80\x80",
    b"\xef\xbb\xbf",
    b"\"",
    b"\\",
    b"\\u0000",
    b"\\ud800",
    b"\\uDFFF\\uD800",
    b"{",
    b"}",
    b"[",
    b"]",
    b"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
    b",",
    b":",
    b"null",
    b"true",
    b"-",
    b"1e999999999",
    b"-1e-999999999",
    b"123456789012345678901234567890123456789012345678901234567890",
    b"0.1e+",
    b"NaN",
    b"Infinity",
    b"9223372036854775808",
    b"-9223372036854775809",
    b"\"\":\"\"",
    b"\"metadata\":{}",
    b"\"id\":\"\"",
    b"\"payload\":null",
    b"\"timestamp\":\"9999-99-99T99:99:99Z\"",
    b"\"timestamp\":1e300",
    b"\r\n",
    b"\n\n\n",
    b"\x1f\x8b\x08\0",
    b"%00%C0%A0",
    b"\"__proto__\":{}",
];

/// Changes bytes a few times.
pub fn bytes(bytes: &mut Vec<u8>, random: &mut Random) {
    for _ in 0..1 + random.below(4) {
        let at = random.below(bytes.len() as u64 + 1) as usize;
        match random.below(9) {
            0 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
            1 if at < bytes.len() => bytes[at] = random.below(256) as u8,
            2 => {
                let end = (at + random.below(20) as usize).min(bytes.len());
                bytes.drain(at..end);
            }
            3 => bytes.truncate(at),
            4 => {
                let end = (at + random.below(200) as usize).min(bytes.len());
                let again = bytes[at..end].repeat(1 + random.below(3) as usize);
                bytes.splice(at..at, again);
            }
            5 if random.below(20) == 0 => {
                let deep = [&b"[{\"a\":"[..], b"[", b"{\"a\":"][random.below(3) as usize].repeat(20_000);
                bytes.splice(at..at, deep);
            }
            6 if random.below(20) == 0 => {
                let long = vec![b"9a \xc3"[random.below(4) as usize]; random.below(300_000) as usize];
                bytes.splice(at..at, long);
            }
            _ => {
                let piece = PIECES[random.below(PIECES.len() as u64) as usize];
                bytes.splice(at..at, piece.iter().copied());
            }
        }
    }
}

/// A value for a header that a parser of headers takes, and nobody else.
pub fn header(random: &mut Random) -> &'static str {
    [
        "",
        " ",
        "x",
        "application/json;charset=utf-16",
        "application/",
        "*/*",
        "gzip, zstd",
        "zstd;q=0",
        "br",
        "identity",
        "-1",
        "1e9",
        "18446744073709551616",
        "%C0%A0",
        "%",
        "\"",
        "\"unclosed",
        "%22%00",
        "2026-13-45T25:61:61Z",
        "9999999999999999999",
        "v1,",
        "v1,AAAA v1a,BBBB",
        "sha256=",
        "sha256=zz",
        "t=,v1=",
        "t=1,v1=ab",
        "Bearer ",
        "Basic !!!!",
        "00-00-00-00",
        "1.0",
        "0.3",
        "2.0",
        "\u{e9}\u{ff}",
        "a,b;c=d",
        "deflate",
    ][random.below(35) as usize]
}
