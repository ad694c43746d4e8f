//! What a node remembers of who is who: generic records of a few kinds, whose content their owners
//! in `records` know, and the ids of tokens that were used. Nothing is checked here.

use async_trait::async_trait;
use causeway_types::Timestamp;
use causeway_types::limits::SEEN_TOKEN_KEPT_SECONDS;

use crate::records::{self, Record};
use crate::{ChangeSet, Entity, Page, Put, ReadError, Stored, Version};

/// The kinds of generic records. The text form is stable: it is a part of the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RecordKind {
    /// A peer's DID document as it was pinned.
    Pin,
    /// A credential about us.
    HeldCredential,
    /// Our request for credentials.
    CredentialRequest,
    /// An issuer's offer of credentials to us.
    CredentialOffer,
    /// What we issue, and to whom.
    CredentialDefinition,
    /// A request for credentials of ours.
    Issuance,
    /// A credential that we issued.
    IssuedCredential,
    /// The list that says which issued credentials were taken back.
    StatusList,
    /// What a peer proved of itself.
    PeerCredentials,
    /// A token for the management API; only what is needed to recognise it.
    ApiToken,
    /// A question that a second person has to answer.
    Approval,
    /// Something that was done with a key of ours.
    KeyEvent,
    /// The settings of the last start that let more happen than others would.
    LooseSettings,
}

impl RecordKind {
    /// Every kind.
    pub const ALL: [Self; 13] = [
        Self::Pin,
        Self::HeldCredential,
        Self::CredentialRequest,
        Self::CredentialOffer,
        Self::CredentialDefinition,
        Self::Issuance,
        Self::IssuedCredential,
        Self::StatusList,
        Self::PeerCredentials,
        Self::ApiToken,
        Self::Approval,
        Self::KeyEvent,
        Self::LooseSettings,
    ];

    /// The stable text form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pin => "pin",
            Self::HeldCredential => "held-credential",
            Self::CredentialRequest => "credential-request",
            Self::CredentialOffer => "credential-offer",
            Self::CredentialDefinition => "credential-definition",
            Self::Issuance => "issuance",
            Self::IssuedCredential => "issued-credential",
            Self::StatusList => "status-list",
            Self::PeerCredentials => "peer-credentials",
            Self::ApiToken => "api-token",
            Self::Approval => "approval",
            Self::KeyEvent => "key-event",
            Self::LooseSettings => "loose-settings",
        }
    }

    /// Reads the text form back.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// A record as a store keeps it. Its content is read by [`read`] and [`list`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordEntry {
    /// What it is.
    pub kind: RecordKind,
    /// Unique within its kind.
    pub id: String,
    /// The party it is about, for lists.
    pub owner: Option<String>,
    /// JSON with a format number.
    pub body: String,
    /// When it was made or last changed.
    pub at: Timestamp,
}

/// A type that is kept as a generic record.
pub trait Typed: Record {
    /// Its kind; [`Record::KIND`] is its text form.
    const RECORD: RecordKind;

    /// The party it is about, if lists by party are wanted.
    fn owner(&self) -> Option<&str>;

    /// When it was made or last changed.
    fn at(&self) -> Timestamp;
}

/// A token that was used, by whoever made it and its `jti`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SeenToken {
    /// Who made it.
    pub issuer: String,
    /// Its `jti`.
    pub id: String,
    /// When it was used, by the clock of this node.
    pub seen_at: Timestamp,
    /// From then on nobody takes it, however far clocks may be apart.
    pub expires_at: Timestamp,
}

impl SeenToken {
    /// As conflicts name it.
    pub fn name(&self) -> String {
        format!("token {} of {}", self.id, self.issuer)
    }

    /// What expired by then may be forgotten when this token is used; in microseconds since 1970.
    pub fn forgets_until(&self) -> i64 {
        self.seen_at.unix_micros().saturating_sub(SEEN_TOKEN_KEPT_SECONDS as i64 * 1_000_000)
    }
}

/// The part of a store that is about identity; see [`Store`](crate::Store) for its guarantees.
#[async_trait]
pub trait Records: Send + Sync + 'static {
    /// A record.
    async fn record(
        &self,
        kind: RecordKind,
        id: &str,
    ) -> Result<Option<Stored<RecordEntry>>, ReadError>;
    /// Records of a kind, or those of them that are about a party, newest first (`after` counts
    /// downwards). The cost grows with the page.
    async fn records(
        &self,
        kind: RecordKind,
        owner: Option<&str>,
        page: Page,
    ) -> Result<Vec<Stored<RecordEntry>>, ReadError>;
    /// How many records of a kind are about a party. The cost grows with the number.
    async fn count_records(&self, kind: RecordKind, owner: &str) -> Result<u64, ReadError>;

    /// Tokens that were used and have not expired, those that live longest first.
    async fn unexpired_tokens(
        &self,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<SeenToken>, ReadError>;
}

/// The record under an id, as its type.
pub async fn read<T: Typed>(
    store: &(impl Records + ?Sized),
    id: &str,
) -> Result<Option<Stored<T>>, ReadError> {
    store.record(T::RECORD, id).await?.map(typed).transpose()
}

/// Records as their type, newest first; those about one party, if it is named. One that cannot be
/// read is an error.
pub async fn list<T: Typed>(
    store: &(impl Records + ?Sized),
    owner: Option<&str>,
    page: Page,
) -> Result<Vec<Stored<T>>, ReadError> {
    store.records(T::RECORD, owner, page).await?.into_iter().map(typed).collect()
}

fn typed<T: Typed>(stored: Stored<RecordEntry>) -> Result<Stored<T>, ReadError> {
    let Stored { value, version, sequence } = stored;
    Ok(Stored { value: records::decode(&value.id, &value.body)?, version, sequence })
}

impl Put {
    /// Writes a record; `expected` is the version it was read with.
    pub fn of<T: Typed>(value: &T, expected: Option<Version>) -> Self {
        let entry = RecordEntry {
            kind: T::RECORD,
            id: value.id().to_owned(),
            owner: value.owner().map(str::to_owned),
            body: value.encode(),
            at: value.at(),
        };
        Self { entity: Entity::Record(Box::new(entry)), expected }
    }
}

impl ChangeSet {
    /// Uses up a token, and nothing else. A token that was used is a conflict.
    pub fn token(token: SeenToken) -> Self {
        Self { tokens: vec![token], ..Self::default() }
    }
}
