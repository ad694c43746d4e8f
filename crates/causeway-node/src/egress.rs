//! The one door to the outside. Every outbound request says what it is for and passes a client
//! built here.
//!
//! Others can make this node call an address: a peer by its callback and its data address, anybody
//! by a DID. Such calls go only to public addresses, or to what the operator named, and the check
//! is made on the very address that is dialled, after name resolution. They go over https, but for
//! the exceptions of the configuration. Redirects are never followed.

mod address;
mod names;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use causeway_types::Address;
use causeway_types::limits::{
    ANSWER_SECONDS_MAX, CREDENTIAL_RESPONSE_BYTES_MAX, DID_DOCUMENT_BYTES_MAX,
    DID_DOCUMENT_SECONDS_MAX, OIDC_ANSWER_SECONDS_MAX, OIDC_DOCUMENT_BYTES_MAX,
    PEER_RESPONSE_BYTES_MAX, STATUS_LIST_PACKED_BYTES_MAX, WEBHOOK_RESPONSE_BYTES_MAX,
};
use url::{Host, Url};

use self::address::is_public;
use self::names::Checked;
pub use self::names::{Names, SystemNames};
use crate::settings::{Network, Settings};

/// What a request is for. It decides where the request may go and how much of an answer is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// To speak the protocol with a peer: at the address under which it is known, or at the one it
    /// named for answers.
    Peer,
    /// To fetch a file from where a peer says it is.
    DataAddress,
    /// To read the DID document of anybody, and what lies beside it.
    DidDocument,
    /// To read whether a credential still holds.
    StatusList,
    /// To ask for credentials, or to bring some.
    CredentialService,
    /// To ask a program of the operator's.
    Webhook,
    /// To sign people in, at a provider that the operator chose.
    Oidc,
}

impl Purpose {
    /// Every purpose.
    pub const ALL: [Self; 7] = [
        Self::Peer,
        Self::DataAddress,
        Self::DidDocument,
        Self::StatusList,
        Self::CredentialService,
        Self::Webhook,
        Self::Oidc,
    ];

    /// For the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Peer => "peer",
            Self::DataAddress => "data-address",
            Self::DidDocument => "did-document",
            Self::StatusList => "status-list",
            Self::CredentialService => "credential-service",
            Self::Webhook => "webhook",
            Self::Oidc => "oidc",
        }
    }

    /// Most bytes of an answer, packed and unpacked. A file is as long as its agreement says.
    pub fn bytes_max(self) -> usize {
        match self {
            Self::Peer => PEER_RESPONSE_BYTES_MAX,
            Self::DataAddress => usize::MAX,
            Self::DidDocument => DID_DOCUMENT_BYTES_MAX,
            Self::StatusList => STATUS_LIST_PACKED_BYTES_MAX,
            Self::CredentialService => CREDENTIAL_RESPONSE_BYTES_MAX,
            Self::Webhook => WEBHOOK_RESPONSE_BYTES_MAX,
            Self::Oidc => OIDC_DOCUMENT_BYTES_MAX,
        }
    }

    /// Longest time until all of an answer is there, whatever the caller would wait.
    pub fn time_max(self) -> Duration {
        Duration::from_secs(match self {
            Self::DidDocument => DID_DOCUMENT_SECONDS_MAX,
            Self::Oidc => OIDC_ANSWER_SECONDS_MAX,
            _ => ANSWER_SECONDS_MAX,
        })
    }

    /// Whether the operator wrote the URL, rather than somebody else.
    fn is_operators(self) -> bool {
        matches!(self, Self::Webhook | Self::Oidc)
    }

    /// Which addresses a host may have.
    fn reach(self, is_plain: bool) -> Reach {
        match (self, is_plain) {
            (Self::Webhook | Self::Oidc, _) => Reach::Any,
            (_, false) => Reach::Public,
            (Self::Peer | Self::DataAddress, true) => Reach::Named,
            (_, true) => Reach::Here,
        }
    }
}

/// Which addresses a host may have. Those that the operator named count with all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// All.
    Any,
    /// Public ones, and networks that the operator named.
    Public,
    /// Only networks that the operator named; all of [`Reach::Public`] for hosts that the operator
    /// wrote down with http. There is nothing between us and the other side but the wire.
    Named,
    /// Only this machine, if the operator allowed it.
    Here,
}

impl Reach {
    const ALL: [Self; 4] = [Self::Any, Self::Public, Self::Named, Self::Here];
}

/// Clients for all kinds of calls. Cheap to clone.
#[derive(Clone)]
pub struct Egress {
    clients: [reqwest::Client; 4],
    policy: Arc<Policy>,
}

/// Why a URL may not be called. No text quotes more of a URL than its host.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EgressError {
    /// Not a URL, or not http(s).
    #[error("will not call {url:?}: expected an http or https URL")]
    Url {
        /// The beginning of what was given.
        url: String,
    },
    /// A name or a password in front of the host.
    #[error("will not call {host}: found a user name or password in the URL, expected none")]
    UserInfo {
        /// The host.
        host: String,
    },
    /// Without TLS.
    #[error("will not call {host} over plain http: expected https")]
    Plain {
        /// The host.
        host: String,
    },
    /// A port where other things than HTTP are served.
    #[error("will not call {host}: found port {port}, expected 443, or one of 1024 and above")]
    Port {
        /// The host.
        host: String,
        /// The port.
        port: u16,
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
            Self::Url { .. } | Self::UserInfo { .. } | Self::Port { .. } => None,
            Self::Plain { host } => Some(format!(
                "{host} has to serve https; plain http is only for peers whose address in the \
                 configuration says so, and for networks of egress.reachable"
            )),
            Self::NotPublic { address } => Some(format!(
                "if this peer is meant to be there, add the network of {address} to \
                 egress.reachable in the configuration"
            )),
        }
    }

    /// The policy's words, where it was the policy that ended a request.
    pub(crate) fn within<'e>(error: &'e (dyn std::error::Error + 'static)) -> Option<&'e Self> {
        let mut cause = Some(error);
        while let Some(error) = cause {
            if let Some(found) = error.downcast_ref() {
                return Some(found);
            }
            cause = error.source();
        }
        None
    }
}

/// What the operator allows.
#[derive(Debug, Default)]
struct Policy {
    /// Networks that are not public.
    reachable: Vec<Network>,
    /// Whether this machine may be called.
    is_loopback_allowed: bool,
    /// Hosts that the operator wrote down with http.
    plain: BTreeSet<String>,
    /// Ports that the operator wrote down.
    ports: BTreeSet<(String, u16)>,
}

impl Egress {
    /// Builds the clients. Fails only where TLS cannot be set up.
    pub fn new(settings: &Settings) -> Result<Self, reqwest::Error> {
        Self::with_names(settings, Arc::new(SystemNames))
    }

    /// For a program that calls for its operator only: nothing is reachable for anybody else.
    pub fn of_operator() -> Result<Self, reqwest::Error> {
        let names: Arc<dyn Names> = Arc::new(SystemNames);
        Self::of(Policy::default(), &names)
    }

    /// The same, with names from elsewhere than the system.
    pub fn with_names(settings: &Settings, names: Arc<dyn Names>) -> Result<Self, reqwest::Error> {
        let mut policy = Policy {
            reachable: settings.reachable.clone(),
            is_loopback_allowed: settings.is_loopback_allowed,
            ..Policy::default()
        };
        for peer in &settings.peers {
            policy.trust(&peer.address);
            peer.base.iter().for_each(|base| policy.trust(base));
        }
        Self::of(policy, &names)
    }

    #[expect(clippy::disallowed_methods, reason = "this is the one place that builds clients")]
    fn of(policy: Policy, names: &Arc<dyn Names>) -> Result<Self, reqwest::Error> {
        let policy = Arc::new(policy);
        let client = |reach: Reach| {
            let resolver = Checked::new(Arc::clone(&policy), reach, Arc::clone(names));
            reqwest::Client::builder()
                .dns_resolver(Arc::new(resolver))
                .https_only(reach == Reach::Public)
                .redirect(reqwest::redirect::Policy::none())
                .referer(false)
                .connect_timeout(Duration::from_secs(10))
                .pool_idle_timeout(Duration::from_secs(60))
                .pool_max_idle_per_host(64)
                .tcp_nodelay(true)
                .no_proxy()
                .http1_only()
                .user_agent(concat!("causeway/", env!("CARGO_PKG_VERSION")))
                .build()
        };
        let [any, public, named, here] = Reach::ALL;
        let clients = [client(any)?, client(public)?, client(named)?, client(here)?];
        Ok(Self { clients, policy })
    }

    /// The client and the URL for one call. Names are checked when they are resolved; here all else
    /// is, and literal addresses, which no resolver sees.
    pub fn door(
        &self,
        purpose: Purpose,
        url: &str,
    ) -> Result<(&reqwest::Client, Url), EgressError> {
        let url = self.check(purpose, url)?;
        tracing::debug!(
            purpose = purpose.as_str(),
            host = url.host_str().unwrap_or_default(),
            "calls somebody"
        );
        let reach = purpose.reach(url.scheme() == "http");
        Ok((&self.clients[reach as usize], url))
    }

    /// Whether this URL may be called for a purpose, as far as that is known before its name is
    /// resolved.
    pub fn check(&self, purpose: Purpose, url: &str) -> Result<Url, EgressError> {
        self.policy.check_url(purpose, url)
    }
}

impl Policy {
    /// Takes what the operator wrote down as meant.
    fn trust(&mut self, address: &Address) {
        let Ok(url) = Url::parse(address.as_str()) else { return };
        let Some(host) = url.host_str() else { return };
        if url.scheme() == "http" {
            self.plain.insert(plain_name(host));
        }
        self.ports.extend(url.port().map(|port| (plain_name(host), port)));
    }

    fn check_url(&self, purpose: Purpose, url: &str) -> Result<Url, EgressError> {
        let wrong = || {
            let start = url.split(['?', '@', '#']).next().unwrap_or_default();
            EgressError::Url { url: start.chars().take(120).collect() }
        };
        let parsed = Url::parse(url).map_err(|_| wrong())?;
        if !matches!(parsed.scheme(), "http" | "https") {
            return Err(wrong());
        }
        let (Some(host), Some(port)) = (parsed.host(), parsed.port_or_known_default()) else {
            return Err(wrong());
        };
        // Some hosts that are fine for one parser are none for the other, which dials.
        if parsed.as_str().parse::<http::Uri>().is_err() {
            return Err(wrong());
        }
        if !parsed.username().is_empty() || parsed.password().is_some() {
            return Err(EgressError::UserInfo { host: host.to_string() });
        }
        if !purpose.is_operators() && !self.allows_port(&host.to_string(), port) {
            return Err(EgressError::Port { host: host.to_string(), port });
        }
        let reach = purpose.reach(parsed.scheme() == "http");
        match host {
            Host::Domain(_) => {}
            Host::Ipv4(v4) => self.check(reach, &host.to_string(), IpAddr::V4(v4))?,
            Host::Ipv6(v6) => self.check(reach, &host.to_string(), IpAddr::V6(v6))?,
        }
        Ok(parsed)
    }

    fn allows_port(&self, host: &str, port: u16) -> bool {
        let is_usual = matches!(port, 80 | 443) || (port >= 1024 && !OTHER_PORTS.contains(&port));
        is_usual || self.ports.contains(&(plain_name(host), port))
    }

    /// Whether one address that a host has may be dialled.
    fn check(&self, reach: Reach, host: &str, address: IpAddr) -> Result<(), EgressError> {
        let address = address.to_canonical();
        let is_named = self.reachable.iter().any(|network| network.contains(address));
        let is_here = self.is_loopback_allowed && address.is_loopback();
        let is_known = is_public(address) || is_named || is_here;
        let is_allowed = match reach {
            Reach::Any => true,
            Reach::Public => is_known,
            Reach::Named => is_named || is_here || self.plain.contains(&plain_name(host)),
            Reach::Here => is_here,
        };
        match () {
            () if is_allowed && (is_known || reach == Reach::Any) => Ok(()),
            () if is_known => Err(EgressError::Plain { host: host.to_owned() }),
            () => Err(EgressError::NotPublic { address }),
        }
    }
}

/// One spelling of a host: a dot at the end says only that the name is complete.
pub(crate) fn plain_name(host: &str) -> String {
    host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase()
}

/// Ports of 1024 and above at which other things than HTTP listen by custom: those that browsers
/// refuse (the "bad ports" of the Fetch standard).
const OTHER_PORTS: [u16; 16] = [
    1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6679, 6697,
];
