//! RELP frames.

use bytes::{Buf, Bytes, BytesMut};

/// A frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The transaction; 0 is the server's own.
    pub txnr: u32,
    /// `open`, `syslog`, `close`, `rsp`, `serverclose`, …
    pub command: Bytes,
    /// The data.
    pub data: Bytes,
}

/// Why bytes are no frame. The connection cannot go on: where the next frame begins is not known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// Not nine digits and a blank.
    #[error("a RELP frame begins with a transaction number of at most 9 digits")]
    Transaction,
    /// Not 32 letters and a blank.
    #[error("a RELP command has 1 to 32 letters")]
    Command,
    /// Not nine digits.
    #[error("a RELP data length has at most 9 digits")]
    Length,
    /// More data than allowed.
    #[error(
        "{length} bytes of data; this listener takes {max}: raise its limit, or make the sender's messages shorter"
    )]
    TooLong {
        /// Bytes that were announced.
        length: usize,
        /// Bytes that are allowed.
        max: usize,
    },
    /// No LF behind the data.
    #[error("the data's length is not what was announced: no line feed behind it")]
    Trailer,
}

/// Takes the next frame off the front of `buffer`; `None` if it is not all there. Allocates nothing on a length that was only
/// claimed.
///
/// # Errors
/// Bytes that are no frame, as soon as that is known.
pub fn take(buffer: &mut BytesMut, max: usize) -> Result<Option<Frame>, FrameError> {
    // Some senders put more than one line end behind a frame.
    while let Some(b'\n' | b'\r') = buffer.first() {
        buffer.advance(1);
    }
    let Some((txnr, at)) = number(buffer, 0).map_err(|()| FrameError::Transaction)? else { return Ok(None) };
    if buffer[at] != b' ' {
        return Err(FrameError::Transaction);
    }
    let start = at + 1;
    let letters = buffer[start..].iter().take(33).take_while(|b| b.is_ascii_alphabetic()).count();
    let Some(behind) = buffer.get(start + letters) else {
        return if letters <= 32 { Ok(None) } else { Err(FrameError::Command) };
    };
    if letters == 0 || letters > 32 || *behind != b' ' {
        return Err(FrameError::Command);
    }
    let Some((length, at)) = number(buffer, start + letters + 1).map_err(|()| FrameError::Length)? else {
        return Ok(None);
    };
    let length = length as usize;
    if length > max {
        return Err(FrameError::TooLong { length, max });
    }
    // `0 LF`, and from some senders `0 SP LF`.
    let data = match buffer[at] {
        b' ' => at + 1,
        b'\n' if length == 0 => at,
        b'\r' if length == 0 => at,
        _ => return Err(FrameError::Length),
    };
    let Some(last) = buffer.get(data + length) else { return Ok(None) };
    if !matches!(last, b'\n' | b'\r') {
        return Err(FrameError::Trailer);
    }
    let whole = buffer.split_to(data + length + 1).freeze();
    Ok(Some(Frame {
        txnr,
        command: whole.slice(start..start + letters),
        data: whole.slice(data..data + length),
    }))
}

/// One to nine digits at `from` and where they end; `None` if the end is not there yet.
fn number(buffer: &[u8], from: usize) -> Result<Option<(u32, usize)>, ()> {
    let Some(rest) = buffer.get(from..) else { return Ok(None) };
    let digits = rest.iter().take(10).take_while(|b| b.is_ascii_digit()).count();
    if digits > 9 || (digits == 0 && !rest.is_empty()) {
        return Err(());
    }
    if digits == rest.len() {
        return Ok(None);
    }
    Ok(Some((rest[..digits].iter().fold(0, |n, b| n * 10 + u32::from(b - b'0')), from + digits)))
}

/// Appends a frame.
pub fn push(out: &mut Vec<u8>, txnr: u32, command: &str, data: &[u8]) {
    crate::json::push_number(out, txnr);
    out.push(b' ');
    out.extend_from_slice(command.as_bytes());
    out.push(b' ');
    crate::json::push_number(out, data.len());
    if !data.is_empty() {
        out.push(b' ');
        out.extend_from_slice(data);
    }
    out.push(b'\n');
}
