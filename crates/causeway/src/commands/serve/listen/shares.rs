//! How many connections each address has: one address cannot take all places of a listener.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

use causeway_types::limits::CONNECTIONS_PER_ADDRESS_MAX;

/// The open connections of one listener, by who has them.
#[derive(Debug, Clone, Default)]
pub(super) struct Shares(Arc<Mutex<HashMap<IpAddr, usize>>>);

/// A connection's place; it is free again when this is dropped.
#[derive(Debug)]
pub(super) struct Share {
    shares: Shares,
    owner: IpAddr,
}

impl Shares {
    /// A place for one more connection of this address; `None` if it has as many as one may have.
    pub(super) fn take(&self, address: IpAddr) -> Option<Share> {
        let owner = owner(address);
        let mut taken = self.lock();
        let count = taken.entry(owner).or_default();
        if *count >= CONNECTIONS_PER_ADDRESS_MAX {
            return None;
        }
        *count += 1;
        Some(Share { shares: self.clone(), owner })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<IpAddr, usize>> {
        // A panic elsewhere leaves the map as it was; each count stands for itself.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut taken = self.shares.lock();
        if let Some(count) = taken.get_mut(&self.owner) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.owner);
            }
        }
    }
}

/// Whose an address is: of IPv6, one party has at least the lower half of the bits to itself.
fn owner(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX)).into(),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_cannot_take_the_places_of_others() {
        let shares = Shares::default();
        for (one, same, other) in [
            ("192.0.2.1", "::ffff:192.0.2.1", "192.0.2.2"),
            ("2001:db8::1", "2001:db8::ffff:ffff:ffff:ffff", "2001:db8:0:1::1"),
        ] {
            let address = |text: &str| text.parse::<IpAddr>().unwrap();
            let take = |text: &str| shares.take(address(text));
            let mut held: Vec<Share> =
                (0..CONNECTIONS_PER_ADDRESS_MAX).map(|_| take(one).unwrap()).collect();
            assert!(take(one).is_none() && take(same).is_none(), "{one}");
            assert!(take(other).is_some(), "{other}");
            held.pop();
            assert!(take(same).is_some(), "{same}");
        }
        assert!(shares.lock().is_empty());
    }
}
