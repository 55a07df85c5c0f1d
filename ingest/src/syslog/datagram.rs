//! RFC 5426: one datagram, one message, and the devices that put several into one.

use super::message::Context;
use super::{parse, priority};
use crate::time::Moment;

/// How far a candidate is looked at; a mnemonic stands near the start of a line.
const NEAR: usize = 256;

/// The messages of a datagram: nearly always one. It is cut before a PRI at the start of a line, and between two
/// messages of Cisco devices that were run together. Nothing is left out but the line ends at the cuts.
#[must_use]
pub fn messages(datagram: &[u8]) -> Messages<'_> {
    Messages { rest: Some(datagram) }
}

/// The messages of a datagram.
#[derive(Clone, Debug)]
pub struct Messages<'a> {
    rest: Option<&'a [u8]>,
}

impl<'a> Iterator for Messages<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let rest = self.rest.take()?;
        // A PRI at the start is the first message's own.
        for at in memchr::memchr_iter(b'<', rest).filter(|&at| at > 0) {
            if cut_before(rest, at) {
                let (head, tail) = rest.split_at(at);
                let end =
                    head.iter().rposition(|b| !matches!(b, b'\n' | b'\r' | 0)).map_or(0, |last| last + 1);
                if end == 0 {
                    continue;
                }
                self.rest = Some(tail);
                return Some(&head[..end]);
            }
        }
        Some(rest)
    }
}

fn cut_before(datagram: &[u8], at: usize) -> bool {
    let Some((pri, _)) = priority::read(&datagram[at..]) else { return false };
    if pri.facility().is_none() {
        return false;
    }
    if matches!(datagram[at - 1], b'\n' | 0) {
        return true;
    }
    // Both sides must be Cisco's, so that a text that quotes a line is not cut.
    let context = Context { received: Moment(0), assumed_offset: 0 };
    let near = |from: usize, to: usize| parse(&datagram[from..to.min(from + NEAR)], &context).msgid.is_some();
    datagram[at..].len() > 8 && near(at, datagram.len()) && near(0, at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(datagram: &str) -> Vec<&str> {
        messages(datagram.as_bytes()).map(|m| std::str::from_utf8(m).unwrap()).collect()
    }

    #[test]
    fn one_datagram_is_one_message() {
        for text in [
            "<13>a",
            "",
            "<13>two\nlines <b>",
            "x",
            "\n",
            "<13>quoted <14>Nov 20 10:00:00 h t: x",
            "<13>a <x>\n<999>b",
            "<13>it said <166>%ASA-6-302013: Built",
        ] {
            assert_eq!(split(text), [text]);
        }
    }

    #[test]
    fn lines_that_begin_with_a_pri_are_messages() {
        assert_eq!(split("<13>a\n<14>b\r\n<15>c\n"), ["<13>a", "<14>b", "<15>c\n"]);
        assert_eq!(split("<13>a\0<14>b"), ["<13>a", "<14>b"]);
    }

    #[test]
    fn ciscos_run_together_messages_are_cut() {
        let (first, second) = (
            "<166>:Nov 20 10:00:00: %ASA-6-302013: Built <1>",
            "<166>:Nov 20 10:00:01: %ASA-6-302014: Teardown",
        );
        assert_eq!(split(&format!("{first}{second}")), [first, second]);
        let (first, second) =
            ("<189>29: foo: %SYS-5-CONFIG_I: x", "<189>30: foo: *Apr 29 13:58:40.411: %SYS-5-X: y");
        assert_eq!(split(&format!("{first}{second}")), [first, second]);
    }

    #[test]
    fn many_candidates_cost_no_square() {
        let hostile = format!("<13>%A-1-B: {}", "<13>%A-1-B".repeat(6500));
        assert_eq!(split(&hostile).concat(), hostile);
    }
}
