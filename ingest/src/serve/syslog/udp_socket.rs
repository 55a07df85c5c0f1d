//! The three things that a UDP socket can do and tokio has no call for: many datagrams in one call, a receive buffer beyond the
//! system's bound, and the count of what the kernel dropped.

use std::io;
use std::mem::{size_of, zeroed};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::fd::{AsRawFd, BorrowedFd};

/// Datagrams of one call.
pub(super) const BATCH: usize = 64;
/// No datagram is longer (65,535 less the headers).
const ROOM: usize = 65_536;

/// Room for the datagrams of one call.
pub(super) struct Batch {
    /// `BATCH` pieces of `ROOM` bytes. Pages that no datagram reached are never touched.
    bytes: Vec<u8>,
    names: Vec<libc::sockaddr_storage>,
    got: Vec<(usize, bool)>,
}

impl Batch {
    #[allow(unsafe_code, reason = "zeroed is how sockaddr_storage is made")]
    pub fn new() -> Self {
        // SAFETY: sockaddr_storage is plain numbers; all zeros is a value of it.
        let name: libc::sockaddr_storage = unsafe { zeroed() };
        Self { bytes: vec![0; BATCH * ROOM], names: vec![name; BATCH], got: Vec::with_capacity(BATCH) }
    }

    /// Receives what is there, without waiting.
    ///
    /// # Errors
    /// `WouldBlock` if nothing is.
    #[allow(unsafe_code, reason = "recvmmsg")]
    pub fn receive(&mut self, socket: BorrowedFd<'_>) -> io::Result<usize> {
        self.got.clear();
        let mut pieces: Vec<libc::iovec> = self
            .bytes
            .chunks_exact_mut(ROOM)
            .map(|piece| libc::iovec { iov_base: piece.as_mut_ptr().cast(), iov_len: ROOM })
            .collect();
        let mut messages: Vec<libc::mmsghdr> = pieces
            .iter_mut()
            .zip(&mut self.names)
            .map(|(piece, name)| {
                // SAFETY: mmsghdr is plain numbers and pointers; all zeros is a value of it, with null pointers of length 0.
                let mut message: libc::mmsghdr = unsafe { zeroed() };
                message.msg_hdr.msg_iov = piece;
                message.msg_hdr.msg_iovlen = 1;
                message.msg_hdr.msg_name = std::ptr::from_mut(name).cast();
                message.msg_hdr.msg_namelen = size_of::<libc::sockaddr_storage>() as libc::socklen_t;
                message
            })
            .collect();
        // SAFETY: `messages` holds BATCH headers, each pointing at its own piece of `bytes` and its own name, all of which live
        // beyond this call and are not touched by anything else in it; the lengths are those of the pieces. A null timeout is allowed.
        let count = unsafe {
            libc::recvmmsg(
                socket.as_raw_fd(),
                messages.as_mut_ptr(),
                messages.len() as libc::c_uint,
                libc::MSG_DONTWAIT,
                std::ptr::null_mut(),
            )
        };
        let Ok(count) = usize::try_from(count) else { return Err(io::Error::last_os_error()) };
        self.got.extend(
            messages
                .iter()
                .take(count)
                .map(|m| ((m.msg_len as usize).min(ROOM), m.msg_hdr.msg_flags & libc::MSG_TRUNC != 0)),
        );
        Ok(count)
    }

    /// The datagrams of the last call: bytes, sender, and whether it was cut.
    pub fn datagrams(&self) -> impl Iterator<Item = (&[u8], Option<IpAddr>, bool)> {
        let pieces = self.bytes.chunks_exact(ROOM).zip(&self.names);
        self.got
            .iter()
            .zip(pieces)
            .map(|((length, cut), (piece, name))| (&piece[..*length], address(name), *cut))
    }
}

#[allow(unsafe_code, reason = "reading a sockaddr by its family")]
fn address(name: &libc::sockaddr_storage) -> Option<IpAddr> {
    let name = std::ptr::from_ref(name);
    // SAFETY: sockaddr_storage is large and aligned enough for either; the family says which the kernel wrote, and every bit
    // pattern is a value of both.
    unsafe {
        match i32::from((*name).ss_family) {
            libc::AF_INET => {
                let of = name.cast::<libc::sockaddr_in>();
                Some(Ipv4Addr::from(u32::from_be((*of).sin_addr.s_addr)).into())
            }
            libc::AF_INET6 => {
                let of = name.cast::<libc::sockaddr_in6>();
                Some(Ipv6Addr::from((*of).sin6_addr.s6_addr).to_canonical())
            }
            _ => None,
        }
    }
}

#[allow(unsafe_code, reason = "setsockopt")]
fn set(socket: BorrowedFd<'_>, option: libc::c_int, value: libc::c_int) -> io::Result<()> {
    // SAFETY: the pointer is to an int that lives through the call, and the length is an int's.
    let done = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            option,
            std::ptr::from_ref(&value).cast(),
            size_of::<libc::c_int>() as libc::socklen_t,
        )
    };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Asks for a receive buffer of `bytes`; beyond the system's bound where the process may.
pub(super) fn want_buffer(socket: BorrowedFd<'_>, bytes: usize) {
    let bytes = libc::c_int::try_from(bytes).unwrap_or(libc::c_int::MAX);
    if set(socket, libc::SO_RCVBUFFORCE, bytes).is_err() {
        // Without the right to more, the kernel gives what it gives; how much is counted.
        let _ = set(socket, libc::SO_RCVBUF, bytes);
    }
}

/// Bytes of the receive buffer, and datagrams dropped since the socket was made (a count that wraps at 2^32).
#[allow(unsafe_code, reason = "getsockopt of SO_MEMINFO")]
pub(super) fn memory(socket: BorrowedFd<'_>) -> io::Result<(u32, u32)> {
    // Nine numbers; index 1 is the receive buffer, 8 the drops (linux/sock_diag.h).
    let mut numbers = [0_u32; 16];
    let mut length = size_of::<[u32; 16]>() as libc::socklen_t;
    // SAFETY: the pointer is to 16 numbers that live through the call, and the length says so.
    let done = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_MEMINFO,
            numbers.as_mut_ptr().cast(),
            &raw mut length,
        )
    };
    if done == 0 { Ok((numbers[1], numbers[8])) } else { Err(io::Error::last_os_error()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::UdpSocket;
    use std::os::fd::AsFd;

    #[test]
    fn datagrams_and_drops_add_up() {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        set(socket.as_fd(), libc::SO_RCVBUF, 16 * 1024).unwrap();
        let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
        let sent = 500_u32;
        for n in 0..sent {
            sender.send_to(&vec![n as u8; 1 + n as usize], socket.local_addr().unwrap()).unwrap();
        }
        let (mut batch, mut received) = (Batch::new(), 0_u32);
        while let Ok(count) = batch.receive(socket.as_fd()) {
            for (bytes, from, cut) in batch.datagrams() {
                assert_eq!(from, Some("127.0.0.1".parse().unwrap()));
                assert!(!cut && bytes.iter().all(|b| usize::from(*b) == (bytes.len() - 1) % 256));
            }
            received += u32::try_from(count).unwrap();
        }
        let (buffer, dropped) = memory(socket.as_fd()).unwrap();
        assert!(dropped > 0 && buffer > 0, "{dropped} dropped, {buffer} bytes");
        assert_eq!(received + dropped, sent);
        let nothing = batch.receive(socket.as_fd()).unwrap_err();
        assert_eq!(nothing.kind(), io::ErrorKind::WouldBlock);
    }
}
