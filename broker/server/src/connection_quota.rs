//! How many connections there may be: in all (`max.connections`) and from one address (`max.connections.per.ip`).
//!
//! As in Kafka: above the first limit new connections wait until an old one ends, above the second they are closed.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;

/// How often a listener that waits for a place looks at the setting, which may have changed.
const RECHECK: Duration = Duration::from_secs(1);

/// The limits of this moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionLimits {
    /// `max.connections`
    pub total: usize,
    /// `max.connections.per.ip`
    pub per_address: usize,
}

/// An address has all the connections it may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{address} has {limit} connections already (max.connections.per.ip)")]
pub struct TooManyFromAddress {
    /// Whose.
    pub address: IpAddr,
    /// The limit.
    pub limit: usize,
}

#[derive(Debug, Default)]
struct Open {
    total: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// Counts the open connections.
#[derive(Debug, Default)]
pub struct ConnectionQuota {
    open: Mutex<Open>,
    freed: Notify,
}

/// A connection's place; free again when it is dropped.
#[derive(Debug)]
pub struct Place {
    quota: Arc<ConnectionQuota>,
    address: IpAddr,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.quota.open.lock();
        open.total -= 1;
        if let Some(count) = open.by_address.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                open.by_address.remove(&self.address);
            }
        }
        drop(open);
        self.quota.freed.notify_one();
    }
}

impl ConnectionQuota {
    /// A place for a connection from `address`; waits while there are as many connections as there may be.
    ///
    /// # Errors
    /// The address has too many.
    pub async fn place(
        self: &Arc<Self>,
        address: IpAddr,
        limits: impl Fn() -> ConnectionLimits,
    ) -> Result<Place, TooManyFromAddress> {
        let address = address.to_canonical();
        loop {
            if let Some(place) = self.try_place(address, limits())? {
                return Ok(place);
            }
            tokio::select! {
                () = self.freed.notified() => {}
                () = tokio::time::sleep(RECHECK) => {}
            }
        }
    }

    fn try_place(
        self: &Arc<Self>,
        address: IpAddr,
        limits: ConnectionLimits,
    ) -> Result<Option<Place>, TooManyFromAddress> {
        let mut open = self.open.lock();
        if open.by_address.get(&address).is_some_and(|count| *count >= limits.per_address)
            || limits.per_address == 0
        {
            return Err(TooManyFromAddress { address, limit: limits.per_address });
        }
        if open.total >= limits.total {
            return Ok(None);
        }
        open.total += 1;
        *open.by_address.entry(address).or_default() += 1;
        drop(open);
        Ok(Some(Place { quota: Arc::clone(self), address }))
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn address(last: u8) -> IpAddr {
        IpAddr::V4(Ipv4Addr::new(10, 0, 0, last))
    }

    #[tokio::test]
    async fn above_the_total_a_connection_waits_until_one_ends() {
        let quota = Arc::new(ConnectionQuota::default());
        let limits = || ConnectionLimits { total: 2, per_address: 9 };
        let first = quota.place(address(1), limits).await.unwrap();
        let _second = quota.place(address(2), limits).await.unwrap();
        let waiting = Arc::clone(&quota);
        let third = tokio::spawn(async move { waiting.place(address(3), limits).await });
        tokio::task::yield_now().await;
        assert!(!third.is_finished());
        drop(first);
        assert!(third.await.unwrap().is_ok());
    }

    #[tokio::test]
    async fn an_address_with_too_many_is_refused_and_no_other() {
        let quota = Arc::new(ConnectionQuota::default());
        let limits = || ConnectionLimits { total: 9, per_address: 1 };
        let first = quota.place(address(1), limits).await.unwrap();
        let mapped = IpAddr::V6(Ipv4Addr::new(10, 0, 0, 1).to_ipv6_mapped());
        assert_eq!(
            quota.place(mapped, limits).await.unwrap_err(),
            TooManyFromAddress { address: address(1), limit: 1 }
        );
        let _other = quota.place(address(2), limits).await.unwrap();
        drop(first);
        assert!(quota.place(address(1), limits).await.is_ok());
        assert_eq!(quota.open.lock().by_address.len(), 1, "addresses without connections are forgotten");
    }
}
