//! RFC 6587: messages on a stream, by octet count or by LF, found out per connection.

use bytes::{Buf, Bytes, BytesMut};
use highway_types::limits::SYSLOG_COUNT_MAX_DIGITS;

/// How messages are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// `MSG-LEN SP MSG` (section 3.4.1).
    OctetCounting,
    /// LF behind each (section 3.4.2).
    NonTransparent,
}

/// One message off the stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Its bytes, without count and line end.
    pub bytes: Bytes,
    /// It was longer than allowed, or the stream ended inside it.
    pub truncated: bool,
    /// How it was framed.
    pub framing: Framing,
}

/// What a stream brought so far. Every byte that was pushed is in a frame, is framing, is counted in `cut`, or waits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Frames given out.
    pub frames: u64,
    /// Frames that were cut.
    pub truncated: u64,
    /// Bytes of messages that were cut off.
    pub cut: u64,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Between,
    /// Bytes of a counted frame that are left out.
    Skip(usize),
    /// A line that is left out up to its LF.
    SkipLine,
}

/// Cuts a stream into frames. Push what was read, then take frames until there is none: it then holds at the most
/// `max` bytes and a count.
///
/// The framing of the first frame decides: a count is only believed if a `<` follows it. Once LF was seen, a line that begins with
/// digits is a line. A connection that counts may still send a line that begins with `<`.
#[derive(Debug)]
pub struct Deframer {
    buffer: BytesMut,
    /// Bytes of the buffer known to hold no LF.
    scanned: usize,
    established: Option<Framing>,
    state: State,
    max: usize,
    counts: Counts,
}

enum Start {
    Wait,
    Line,
    Counted { header: usize, length: usize },
}

impl Deframer {
    /// For a new connection whose messages may have `max` bytes.
    #[must_use]
    pub fn new(max: usize) -> Self {
        let buffer = BytesMut::new();
        Self {
            buffer,
            scanned: 0,
            established: None,
            state: State::Between,
            max: max.max(1),
            counts: Counts::default(),
        }
    }

    /// Adds bytes that were read.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// Room to read into: the same as [`push`](Self::push) without the copy.
    pub fn room(&mut self) -> &mut BytesMut {
        &mut self.buffer
    }

    /// What came so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// The framing that the connection was found to use.
    #[must_use]
    pub fn framing(&self) -> Option<Framing> {
        self.established
    }

    /// Bytes that wait for the rest of their frame.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.buffer.len()
    }

    /// The next whole frame.
    pub fn next_frame(&mut self) -> Option<Frame> {
        loop {
            match self.state {
                State::Skip(left) => {
                    let here = left.min(self.buffer.len());
                    self.drop_front(here);
                    self.counts.cut += here as u64;
                    if here < left {
                        self.state = State::Skip(left - here);
                        return None;
                    }
                    self.state = State::Between;
                }
                State::SkipLine => {
                    let end = memchr::memchr(b'\n', &self.buffer);
                    let here = end.unwrap_or(self.buffer.len());
                    self.counts.cut += here as u64;
                    self.drop_front(end.map_or(here, |at| at + 1));
                    end?;
                    self.state = State::Between;
                }
                State::Between => {
                    self.skip_between();
                    match self.start() {
                        Start::Wait => return None,
                        Start::Line => return self.line(),
                        Start::Counted { header, length } => return self.counted(header, length),
                    }
                }
            }
        }
    }

    /// The stream is over: what waited is a frame too, marked if it is known to lack its end.
    pub fn finish(&mut self) -> Option<Frame> {
        if let Some(frame) = self.next_frame() {
            return Some(frame);
        }
        if self.buffer.is_empty() || !matches!(self.state, State::Between) {
            return None;
        }
        let (framing, truncated) = match self.start() {
            Start::Counted { header, .. } => {
                self.drop_front(header);
                (Framing::OctetCounting, true)
            }
            _ => (Framing::NonTransparent, false),
        };
        let length = self.buffer.len();
        (length > 0).then(|| self.give(length, framing, truncated))
    }

    fn drop_front(&mut self, count: usize) {
        self.buffer.advance(count);
        self.scanned = self.scanned.saturating_sub(count);
    }

    /// Line ends between frames, and the blank that Cisco's ASA puts before a frame. Blanks before anything else are text:
    /// they indent a line.
    fn skip_between(&mut self) {
        let ends = self.buffer.iter().take_while(|b| matches!(b, b'\n' | b'\r' | 0)).count();
        self.drop_front(ends);
        let blanks = self.buffer.iter().take_while(|&&b| b == b' ').count();
        let counted = self.established == Some(Framing::OctetCounting);
        match self.buffer.get(blanks) {
            Some(b'<') if blanks <= self.max => self.drop_front(blanks),
            Some(b'1'..=b'9') if counted && blanks <= self.max => self.drop_front(blanks),
            _ => {}
        }
    }

    fn start(&self) -> Start {
        let digits =
            self.buffer.iter().take(SYSLOG_COUNT_MAX_DIGITS + 1).take_while(|b| b.is_ascii_digit()).count();
        let leading = self.buffer.first();
        if self.established == Some(Framing::NonTransparent) || digits == 0 || leading == Some(&b'0') {
            return if self.buffer.is_empty() { Start::Wait } else { Start::Line };
        }
        if digits > SYSLOG_COUNT_MAX_DIGITS {
            return Start::Line;
        }
        let length = self.buffer[..digits].iter().fold(0, |n, b| n * 10 + usize::from(b - b'0'));
        match (self.buffer.get(digits), self.buffer.get(digits + 1), self.established) {
            (None, _, _) | (Some(b' '), None, None) => Start::Wait,
            (Some(b' '), _, Some(Framing::OctetCounting)) | (Some(b' '), Some(b'<'), None) => {
                Start::Counted { header: digits + 1, length }
            }
            _ => Start::Line,
        }
    }

    fn counted(&mut self, header: usize, length: usize) -> Option<Frame> {
        self.established = Some(Framing::OctetCounting);
        let take = length.min(self.max);
        if self.buffer.len() < header + take {
            return None;
        }
        self.drop_front(header);
        if take < length {
            self.state = State::Skip(length - take);
        }
        Some(self.give(take, Framing::OctetCounting, take < length))
    }

    fn line(&mut self) -> Option<Frame> {
        let end = memchr::memchr(b'\n', &self.buffer[self.scanned..]).map(|at| at + self.scanned);
        let Some(length) = end else {
            self.scanned = self.buffer.len();
            if self.buffer.len() <= self.max {
                return None;
            }
            self.established.get_or_insert(Framing::NonTransparent);
            self.state = State::SkipLine;
            return Some(self.give(self.max, Framing::NonTransparent, true));
        };
        self.established.get_or_insert(Framing::NonTransparent);
        if length > self.max {
            self.state = State::SkipLine;
            return Some(self.give(self.max, Framing::NonTransparent, true));
        }
        let frame = self.give(length, Framing::NonTransparent, false);
        self.drop_front(1);
        Some(frame)
    }

    fn give(&mut self, length: usize, framing: Framing, truncated: bool) -> Frame {
        let bytes = self.buffer.split_to(length).freeze();
        self.scanned = 0;
        self.counts.frames += 1;
        self.counts.truncated += u64::from(truncated);
        Frame { bytes, truncated, framing }
    }
}

#[cfg(test)]
#[path = "framing_test.rs"]
mod framing_test;
