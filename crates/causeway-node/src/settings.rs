//! What a node must be told before it can start. Reading files and the environment is the
//! binary's business.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use causeway_dcp::dialect::Dialect;
use causeway_dsp::Question;
use causeway_store::Rule;
use causeway_types::{Address, ParticipantId, StatedFacts};

use crate::automation::script::Script;
pub use crate::looser::HeldBack;

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
    /// Hosts beside those of its addresses at which it may have answers sent.
    pub callback_hosts: Vec<String>,
}

/// How the participants of a network know each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum IdentityMode {
    /// Self-issued tokens and verifiable credentials (DCP 1.0).
    #[default]
    Dcp,
    /// Short-lived tokens, made from a secret that both sides of a pair were told.
    SharedSecret,
    /// One fixed header a peer, for closed test networks: whoever has seen it once is that peer.
    Static,
    /// A header in which everybody says who they are, as EDC's mock does, for closed test
    /// networks: whoever likes is any peer.
    EdcMock,
}

impl IdentityMode {
    /// Every mode with its name in the configuration.
    pub const ALL: [(&'static str, Self); 4] = [
        ("dcp", Self::Dcp),
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
        matches!(self, Self::Static | Self::EdcMock)
    }
}

/// What a caller asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Asks {
    /// To read the catalog.
    Catalog,
    /// To negotiate.
    Negotiation,
    /// To transfer.
    Transfer,
}

/// What is asked of peers that are known by credentials.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DcpSettings {
    /// The types of credentials that a peer must hold, for each of [`Asks`] in its order.
    pub requires: [Vec<String>; 3],
    /// Whether only configured peers may exchange with the node, whatever others show.
    pub is_listed_only: bool,
    /// The types of credentials that a peer is asked for as well, if it has them.
    pub also_asks: Vec<String>,
    /// The types of our own credentials that a peer may ask for.
    pub shows: Vec<String>,
    /// How long what a peer showed is believed; zero asks with every request.
    pub presentation: Duration,
    /// Whether a status list counts that carries no signature.
    pub allows_unsigned_lists: bool,
    /// How peers may speak.
    pub dialect: Dialect,
}

impl DcpSettings {
    /// The types of credentials that this takes.
    pub fn required(&self, asks: Asks) -> &[String] {
        &self.requires[asks as usize]
    }
}

/// The one program that may have tokens made in this node's name.
#[derive(Clone)]
pub struct TokenClient {
    /// Its name.
    pub id: String,
    /// How it proves that it is the one.
    pub secret: Secret,
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
    /// What is asked of peers that are known by credentials.
    pub dcp: DcpSettings,
    /// Who may have tokens made; without it there is no token service.
    pub token_client: Option<TokenClient>,
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
    /// Whether names of this machine may be called, over plain HTTP.
    pub is_loopback_allowed: bool,
    /// How long a new key of ours is published before it is used, in seconds.
    pub key_overlap_seconds: u64,
    /// Whether risky acts need a second person.
    pub four_eyes: bool,
    /// Looser automation that nobody has acknowledged yet; the node fills it.
    pub held: HeldBack,
}

impl Settings {
    /// What is open to abuse by the operator's explicit wish, by its name in the configuration.
    pub fn insecure(&self) -> Vec<&'static str> {
        let mode = Some(self.identity).filter(|mode| mode.is_insecure());
        let loopback = self.is_loopback_allowed.then_some("egress.insecure_allow_loopback");
        let drafts = Some("identity.allow_drafts").filter(|_| self.dcp.dialect == Dialect::Draft);
        mode.map(IdentityMode::as_str).into_iter().chain(loopback).chain(drafts).collect()
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
/// The path of the version document.
pub const VERSIONS_PATH: &str = "/.well-known/dspace-version";
/// The path under which others ask for our credentials, and bring new ones.
pub const CREDENTIAL_SERVICE_PATH: &str = "/dcp/credentials";
/// The path under which others ask us to issue credentials.
pub const ISSUER_SERVICE_PATH: &str = "/dcp/issuer";
/// The path under which tokens are made in our name.
pub const TOKEN_SERVICE_PATH: &str = "/dcp/sts";
/// The path under which flows are served.
pub const DATA_PATH: &str = "/data";
/// The kind of transfer this node offers: the consumer fetches over HTTP.
pub const FORMAT_HTTP_PULL: &str = "HttpData-PULL";
/// The kind of endpoint in the data address of an HTTP pull.
pub const ENDPOINT_TYPE_HTTP: &str = "https://w3id.org/idsa/v4.1/HTTP";
