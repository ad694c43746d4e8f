//! The one door to the outside. Every outbound request passes a client built here.
//!
//! A peer can make this node call an address (its callback, a data address), so calls for peers go
//! only to public addresses or to networks the operator has named; the check is made on the very
//! address that is dialled, after name resolution. Redirects are never followed.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

use crate::settings::Network;

/// Clients for the two kinds of calls.
#[derive(Clone)]
pub struct Egress {
    peers: reqwest::Client,
    webhooks: reqwest::Client,
    policy: Arc<Policy>,
}

/// Why a URL may not be called.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EgressError {
    /// Not a URL, or not http(s).
    #[error("cannot call {url:?}: expected an http or https URL")]
    Url {
        /// What was given.
        url: String,
    },
    /// The address is not public.
    #[error("will not call {address}: it is not a public address")]
    NotPublic {
        /// The address that was refused.
        address: IpAddr,
    },
}

impl EgressError {
    /// What an operator can do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Url { .. } => None,
            Self::NotPublic { address } => Some(format!(
                "if this peer is meant to be there, add the network of {address} to \
                 egress.reachable in the configuration"
            )),
        }
    }
}

#[derive(Debug)]
struct Policy {
    reachable: Vec<Network>,
}

impl Egress {
    /// Builds the clients. Fails only where TLS cannot be set up.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that builds clients")]
    pub fn new(reachable: Vec<Network>) -> Result<Self, reqwest::Error> {
        let policy = Arc::new(Policy { reachable });
        let client = || {
            reqwest::Client::builder()
                .redirect(reqwest::redirect::Policy::none())
                .connect_timeout(Duration::from_secs(10))
                .pool_idle_timeout(Duration::from_secs(60))
                .pool_max_idle_per_host(64)
                .tcp_nodelay(true)
                .no_proxy()
                .http1_only()
                .user_agent(concat!("causeway/", env!("CARGO_PKG_VERSION")))
        };
        let resolver = Arc::new(Checked { policy: Arc::clone(&policy) });
        Ok(Self {
            peers: client().dns_resolver(resolver).build()?,
            webhooks: client().build()?,
            policy,
        })
    }

    /// The client for calls that a peer can cause. The URL must have passed [`Self::check`].
    pub fn peers(&self) -> &reqwest::Client {
        &self.peers
    }

    /// The client for URLs that the operator configured.
    pub fn webhooks(&self) -> &reqwest::Client {
        &self.webhooks
    }

    /// Whether this URL may be called for a peer. Names are checked when they are resolved; here
    /// the scheme and literal addresses are, which no resolver sees.
    pub fn check(&self, url: &str) -> Result<(), EgressError> {
        let wrong = || EgressError::Url { url: url.chars().take(120).collect() };
        let parsed = Url::parse(url).map_err(|_| wrong())?;
        if !matches!(parsed.scheme(), "http" | "https") {
            return Err(wrong());
        }
        let address = match parsed.host() {
            None => return Err(wrong()),
            Some(Host::Domain(_)) => return Ok(()),
            Some(Host::Ipv4(v4)) => IpAddr::V4(v4),
            Some(Host::Ipv6(v6)) => IpAddr::V6(v6),
        };
        if self.policy.allows(address) { Ok(()) } else { Err(EgressError::NotPublic { address }) }
    }
}

impl Policy {
    fn allows(&self, address: IpAddr) -> bool {
        is_public(address) || self.reachable.iter().any(|network| network.contains(address))
    }
}

impl Network {
    /// Reads `address/prefix`, or a single address.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address.parse().ok()?, Some(prefix.parse().ok()?)),
            None => (text.parse().ok()?, None),
        };
        let longest = match address {
            IpAddr::V4(_) => 32,
            IpAddr::V6(_) => 128,
        };
        let prefix = prefix.unwrap_or(longest);
        (prefix <= longest).then_some(Self { address, prefix })
    }

    /// Whether the address lies in this range.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let shift = 32 - u32::from(self.prefix);
                let same = |a: Ipv4Addr| u64::from(u32::from(a)) >> shift;
                same(own) == same(other)
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let shift = 128 - u32::from(self.prefix);
                let same = |a: Ipv6Addr| u128::from(a).checked_shr(shift).unwrap_or(0);
                same(own) == same(other)
            }
            _ => false,
        }
    }
}

/// Resolves names and lets only allowed addresses through.
struct Checked {
    policy: Arc<Policy>,
}

impl Resolve for Checked {
    fn resolve(&self, name: Name) -> Resolving {
        let policy = Arc::clone(&self.policy);
        Box::pin(async move {
            let found: Vec<SocketAddr> =
                tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            // One address that is not allowed spoils the name: it may be a rebinding attempt.
            if let Some(refused) = found.iter().find(|a| !policy.allows(a.ip())) {
                return Err(EgressError::NotPublic { address: refused.ip() }.into());
            }
            let addresses: Addrs = Box::new(found.into_iter());
            Ok(addresses)
        })
    }
}

/// Whether an address is global unicast (IANA special-purpose registries).
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => is_public_v4(v4),
            None => is_public_v6(v6),
        },
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = address.is_unspecified()
        || address.is_loopback()
        || address.is_private()
        || address.is_link_local()
        || address.is_broadcast()
        || address.is_documentation()
        || a == 0
        || a >= 224
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (b == 18 || b == 19));
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, ..] = address.segments();
    // Only 2000::/3 is global unicast; inside it documentation, 6to4 and Teredo are not.
    (a & 0xe000) == 0x2000
        && !(a == 0x2001 && (b == 0x0db8 || b < 0x0200))
        && a != 0x2002
        && !(a == 0x3fff && b < 0x1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(url: &str, reachable: &[&str], expected: bool) {
        let reachable = reachable.iter().map(|n| Network::parse(n).unwrap()).collect();
        let egress = Egress::new(reachable).unwrap();
        assert_eq!(egress.check(url).is_ok(), expected, "{url}");
    }

    #[test]
    fn only_public_addresses_are_called_unless_the_operator_names_a_network() {
        for url in [
            "http://127.0.0.1/",
            "http://10.1.2.3/",
            "http://192.168.0.1/",
            "http://172.16.0.1/",
            "http://169.254.169.254/latest",
            "http://100.64.0.1/",
            "http://0.0.0.0/",
            "http://[::1]/",
            "http://[::ffff:127.0.0.1]/",
            "http://[fd00::1]/",
            "http://[fe80::1]/",
            "http://[64:ff9b::7f00:1]/",
            "http://[2002:7f00:1::]/",
            "http://[2001:db8::1]/",
            "http://0x7f.1/",
            "http://2130706433/",
            "http://255.255.255.255/",
        ] {
            check(url, &[], false);
        }
        check("https://93.184.215.14/", &[], true);
        check("https://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]/", &[], true);
        check("http://127.0.0.1:8180/", &["127.0.0.0/8"], true);
        check("http://10.9.0.1/", &["10.0.0.0/9", "10.9.0.1"], true);
        check("http://10.200.0.1/", &["10.0.0.0/9"], false);
        check("http://[fd00::1]/", &["fd00::/8"], true);
    }

    #[test]
    fn other_schemes_and_non_urls_are_never_called() {
        for url in ["", "x", "ftp://93.184.215.14/", "file:///etc/passwd", "data:,x"] {
            check(url, &["0.0.0.0/0"], false);
        }
    }

    #[test]
    fn a_network_is_read_only_when_it_is_one() {
        for (text, expected) in [
            ("10.0.0.0/8", true),
            ("::1/128", true),
            ("127.0.0.1", true),
            ("10.0.0.0/33", false),
            ("ten/8", false),
            ("", false),
        ] {
            assert_eq!(Network::parse(text).is_some(), expected, "{text}");
        }
        assert!(Network::parse("0.0.0.0/0").unwrap().contains(Ipv4Addr::LOCALHOST.into()));
        assert!(Network::parse("::/0").unwrap().contains(Ipv6Addr::LOCALHOST.into()));
    }

    #[tokio::test]
    async fn a_name_that_resolves_to_a_private_address_is_not_called() {
        let policy = Arc::new(Policy { reachable: Vec::new() });
        let resolver = Checked { policy };
        let resolved = resolver.resolve("localhost".parse().unwrap()).await;
        assert!(resolved.is_err());
    }
}
