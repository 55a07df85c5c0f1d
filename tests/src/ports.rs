//! Free loopback ports, for programs that cannot be told to listen on port 0.

use std::net::{Ipv4Addr, TcpListener};

/// `N` different ports that were free a moment ago. Another process may take one before it is used; callers retry.
pub fn free<const N: usize>() -> [u16; N] {
    let held: [TcpListener; N] = std::array::from_fn(|_| {
        TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a loopback port can be bound")
    });
    held.each_ref().map(|l| l.local_addr().expect("a bound listener has an address").port())
}
