//! What a node must be told before it can start. Reading files and the environment is the
//! binary's business.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use causeway_dsp::Question;
use causeway_store::Rule;
use causeway_types::{Address, ParticipantId, StatedFacts};

use crate::automation::script::Script;

/// A secret shared with one peer. No `Debug`, no `Display`.
#[derive(Clone)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// Takes the bytes; the caller has checked their length.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }

    /// The bytes, for a key.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

/// A participant this node exchanges with.
#[derive(Clone)]
pub struct Peer {
    /// A short name for the command line.
    pub name: String,
    /// Its participant id.
    pub participant_id: ParticipantId,
    /// The root under which it serves `/.well-known/dspace-version`.
    pub address: Address,
    /// The base of its protocol endpoints, for a peer that serves no version document.
    pub base: Option<Address>,
    /// The legal area it sits in, ISO 3166 or an area with a law of its own.
    pub jurisdiction: Option<String>,
    /// What is known of it, as an exporter and as an importer.
    pub facts: StatedFacts,
    /// What both sides were told: the key of the tokens of both directions, or with
    /// [`IdentityMode::Static`] the whole header. Of no use with [`IdentityMode::EdcMock`].
    pub secret: Secret,
}

/// How the participants of a network know each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum IdentityMode {
    /// Short-lived tokens, made from a secret that both sides of a pair were told.
    #[default]
    SharedSecret,
    /// One fixed header a peer, for closed test networks: whoever has seen it once is that peer.
    Static,
    /// A header in which everybody says who they are, as EDC's mock does, for closed test
    /// networks: whoever likes is any peer.
    EdcMock,
}

impl IdentityMode {
    /// Every mode with its name in the configuration.
    pub const ALL: [(&'static str, Self); 3] = [
        ("shared-secret", Self::SharedSecret),
        ("static-token", Self::Static),
        ("edc-mock", Self::EdcMock),
    ];

    /// The name in the configuration.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(_, mode)| *mode == self).map_or("", |(name, _)| name)
    }

    /// Whether it must not be used where anybody else can reach the node.
    pub fn is_insecure(self) -> bool {
        self != Self::SharedSecret
    }
}

/// How undelivered messages and interrupted downloads are tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// Attempts before a message is given up.
    pub attempts_max: u32,
    /// The wait after the first failure; it doubles with every further one.
    pub wait_first: Duration,
    /// The longest wait.
    pub wait_max: Duration,
    /// How long a peer may take to answer one message.
    pub answer_timeout: Duration,
}

/// How copies of peers' catalogs are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CatalogCopies {
    /// How old a copy may become before it is read again by itself; `None` for never.
    pub refresh_every: Option<Duration>,
    /// Most datasets that are copied from one peer.
    pub peer_datasets_max: u64,
}

/// What the law has to know of this node.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LawSettings {
    /// Facts of its organisation, as an exporter and as an importer.
    pub facts: StatedFacts,
    /// Of how many persons data left by other ways than this node, by the counts of the law.
    pub counts: BTreeMap<String, u64>,
}

/// A range of addresses such as `10.0.0.0/8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    /// An address in the range.
    pub address: IpAddr,
    /// How many leading bits are fixed.
    pub prefix: u8,
}

/// Everything a node must be told.
#[derive(Clone)]
pub struct Settings {
    /// Who this node is.
    pub participant_id: ParticipantId,
    /// The name shown to people.
    pub title: String,
    /// The legal area the node sits in, ISO 3166 or an area with a law of its own.
    pub jurisdiction: Option<String>,
    /// The root under which peers reach this node.
    pub address: Address,
    /// Where published files are kept.
    pub objects: PathBuf,
    /// Where received files are kept.
    pub received: PathBuf,
    /// Who may exchange with this node.
    pub peers: Vec<Peer>,
    /// How peers are known.
    pub identity: IdentityMode,
    /// The answers to questions for which an offer has no rule of its own.
    pub rules: Vec<(Question, Rule)>,
    /// What is done for some datasets instead.
    pub scripts: Vec<Script>,
    /// What the law has to know of this node.
    pub law: LawSettings,
    /// Trying again.
    pub retry: Retry,
    /// Copies of peers' catalogs.
    pub catalog: CatalogCopies,
    /// How long a pull token lasts.
    pub token_lifetime: Duration,
    /// Networks that are not public and may be called all the same.
    pub reachable: Vec<Network>,
}

impl Settings {
    /// What is open to abuse by the operator's explicit wish, by its name in the configuration.
    pub fn insecure(&self) -> Vec<&'static str> {
        Some(self.identity)
            .filter(|mode| mode.is_insecure())
            .map(IdentityMode::as_str)
            .into_iter()
            .collect()
    }

    /// The base of the protocol endpoints, which is also the callback address told to peers.
    pub fn protocol_base(&self) -> Address {
        let text = self.address.join(PROTOCOL_PATH);
        // An address with a fixed, valid path appended is an address.
        Address::parse(&text).unwrap_or_else(|_| self.address.clone())
    }
}

/// The path under which the protocol is served.
pub const PROTOCOL_PATH: &str = "/dsp/2025-1";
/// The path under which flows are served.
pub const DATA_PATH: &str = "/data";
/// The kind of transfer this node offers: the consumer fetches over HTTP.
pub const FORMAT_HTTP_PULL: &str = "HttpData-PULL";
/// The kind of endpoint in the data address of an HTTP pull.
pub const ENDPOINT_TYPE_HTTP: &str = "https://w3id.org/idsa/v4.1/HTTP";
