//! From names to addresses that may be dialled. Which ones may is decided elsewhere.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use async_trait::async_trait;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::{Policy, Reach};

/// Who knows the addresses of names.
#[async_trait]
pub trait Names: Send + Sync + 'static {
    /// All addresses of a name.
    async fn addresses(&self, name: &str) -> io::Result<Vec<IpAddr>>;
}

/// The system's resolver.
#[derive(Debug, Clone, Copy)]
pub struct SystemNames;

#[async_trait]
impl Names for SystemNames {
    async fn addresses(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        // RFC 6761 §6.3: such names are never asked of the network.
        if name.trim_end_matches('.').to_ascii_lowercase().ends_with(".localhost") {
            return Ok(vec![Ipv4Addr::LOCALHOST.into()]);
        }
        Ok(tokio::net::lookup_host((name, 0)).await?.map(|found| found.ip()).collect())
    }
}

/// Resolves names once for each connection and lets only allowed addresses through: what is checked
/// is what is dialled.
pub(super) struct Checked {
    policy: Arc<Policy>,
    reach: Reach,
    names: Arc<dyn Names>,
}

impl Checked {
    pub(super) fn new(policy: Arc<Policy>, reach: Reach, names: Arc<dyn Names>) -> Self {
        Self { policy, reach, names }
    }
}

impl Resolve for Checked {
    fn resolve(&self, name: Name) -> Resolving {
        let (policy, reach, names) =
            (Arc::clone(&self.policy), self.reach, Arc::clone(&self.names));
        Box::pin(async move {
            let found = names.addresses(name.as_str()).await?;
            // One address that is not allowed spoils the name: it may be a rebinding attempt.
            for address in &found {
                policy.check(reach, name.as_str(), *address)?;
            }
            let found = found.into_iter().map(|address| SocketAddr::new(address, 0));
            let addresses: Addrs = Box::new(found);
            Ok(addresses)
        })
    }
}
