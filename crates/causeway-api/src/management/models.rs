//! The JSON of the management API. These types are its contract; the domain never serialises
//! itself.

mod credentials;
mod identity;
mod issuer;
mod keys;
mod law;
mod trust;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

pub use self::credentials::{Credential, CredentialOffer, CredentialRequest, NewCredentialRequest};
pub use self::identity::{AllWaitingKeys, ApprovedKeys, PeerIdentity, WaitingKeys};
pub use self::issuer::{
    CredentialDefinition, CredentialDefinitions, Issuance, IssuanceApproval, IssuanceReason,
    IssuedCredential, NewCredentialDefinition, NewCredentialOffer, NewIssuance,
    SentCredentialOffer,
};
pub use self::keys::{
    AcknowledgedSettings, Key, KeyChange, KeyDetails, KeyRotation, Keys, LoosenedSetting,
    LoosenedSettings,
};
pub use self::law::{
    Attestation, Decision, DecisionSummary, Done, Drift, Duty, OfferCrossing, OfferCrossings,
    OpenQuestion, Persons, PersonsColumn, Statement,
};
pub use self::trust::{Trust, TrustFile, TrustMaintainer, TrustedIssuer};

/// A file's identity.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Content {
    /// Length in bytes.
    pub bytes: u64,
    /// SHA-256, 64 hexadecimal digits.
    pub sha256: String,
    /// BLAKE3, 64 hexadecimal digits.
    pub blake3: String,
}

/// This node.
#[derive(Debug, Serialize, ToSchema)]
pub struct NodeInfo {
    /// Who this node is in the dataspace.
    pub participant_id: String,
    /// The name shown to people.
    pub title: String,
    /// ISO 3166 code, if configured.
    pub jurisdiction: Option<String>,
    /// The root under which peers reach this node.
    pub address: String,
    /// The protocol version it speaks.
    pub protocol: String,
    /// The product's version.
    pub version: String,
    /// What is open to abuse by the operator's explicit wish, such as `static-token`.
    pub insecure: Vec<String>,
    /// RFC 3339.
    pub started_at: String,
    /// Resident memory in bytes, where the system tells.
    pub rss_bytes: Option<u64>,
}

/// A configured peer.
#[derive(Debug, Serialize, ToSchema)]
pub struct Peer {
    /// The short name of the configuration.
    pub name: String,
    /// Its participant id.
    pub participant_id: String,
    /// The root under which it is reached.
    pub address: String,
    /// The legal area it sits in, as it is configured or as its credentials say.
    pub jurisdiction: Option<String>,
}

/// All configured peers.
#[derive(Debug, Serialize, ToSchema)]
pub struct Peers {
    /// In the order of the configuration.
    pub items: Vec<Peer>,
}

/// The findings of a check of a peer, hop by hop.
#[derive(Debug, Serialize, ToSchema)]
pub struct Check {
    /// The peer's participant id.
    pub peer: String,
    /// Whether nothing failed.
    pub works: bool,
    /// The hops, in the order they were tried; nothing is tried after the first that fails.
    pub steps: Vec<CheckStep>,
}

/// One hop.
#[derive(Debug, Serialize, ToSchema)]
pub struct CheckStep {
    /// What was tried.
    pub hop: String,
    /// Whether it works; null if that cannot be told.
    pub works: Option<bool>,
    /// What was found.
    pub detail: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// A page of a peer's catalog.
#[derive(Debug, Serialize, ToSchema)]
pub struct Catalog {
    /// Whose catalog it is.
    pub participant_id: String,
    /// The datasets on this page.
    pub datasets: Vec<Dataset>,
    /// What could not be read, each with its place.
    pub problems: Vec<String>,
    /// The value of `next` for the next page; missing on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A dataset in a peer's catalog.
#[derive(Debug, Serialize, ToSchema)]
pub struct Dataset {
    /// The dataset's id.
    pub id: String,
    /// Titles by language tag.
    pub title: BTreeMap<String, String>,
    /// Descriptions by language tag.
    pub description: BTreeMap<String, String>,
    /// Themes, as IRIs or words of a vocabulary.
    pub themes: Vec<String>,
    /// Words that people search for, in any language.
    pub keywords: Vec<String>,
    /// The licence, as an IRI or an SPDX name.
    pub licence: Option<String>,
    /// Places, as ISO 3166 codes or IRIs.
    pub spatial: Vec<String>,
    /// The time that the data is about.
    pub temporal: Option<Period>,
    /// The terms it is offered under.
    pub offers: Vec<CatalogOffer>,
    /// The ways to get it.
    pub distributions: Vec<Distribution>,
}

/// Terms in a peer's catalog.
#[derive(Debug, Serialize, ToSchema)]
pub struct CatalogOffer {
    /// The offer's id.
    pub id: String,
    /// The ODRL rules.
    #[schema(value_type = Object)]
    pub policy: Map<String, Value>,
    /// The complete offer with its target, as `POST /negotiations` takes it.
    #[schema(value_type = Object)]
    pub offer: Value,
}

/// A way to get a dataset.
#[derive(Debug, Serialize, ToSchema)]
pub struct Distribution {
    /// The kind of transfer.
    pub format: String,
    /// The media type of the bytes.
    pub media_type: Option<String>,
    /// The bytes.
    pub content: Option<Content>,
}

/// The copy of a peer's catalog.
#[derive(Debug, Serialize, ToSchema)]
pub struct CatalogCopy {
    /// The peer's participant id.
    pub peer: String,
    /// `waiting`, `running`, `complete`, or `stopped` before the end of the catalog.
    pub state: String,
    /// When this copying, or the last one, began; RFC 3339.
    pub started_at: Option<String>,
    /// When it ended.
    pub ended_at: Option<String>,
    /// When the last copying began that reached the end.
    pub complete_at: Option<String>,
    /// Pages that were asked for.
    pub pages: u64,
    /// Pages among them that had not changed.
    pub unchanged: u64,
    /// Bytes of answers, as they came over the network.
    pub bytes: u64,
    /// Entries that could not be read or came twice.
    pub passed_over: u64,
    /// Datasets met so far; after the end, those there is a copy of.
    pub datasets: u64,
    /// Why it did not reach the end.
    pub stopped: Option<String>,
}

/// The copies of all peers' catalogs.
#[derive(Debug, Serialize, ToSchema)]
pub struct CatalogCopies {
    /// By participant id.
    pub items: Vec<CatalogCopy>,
}

/// A dataset in the copy of a peer's catalog.
#[derive(Debug, Serialize, ToSchema)]
pub struct FoundDataset {
    /// The peer's participant id.
    pub peer: String,
    /// The peer's short name, if it is still configured.
    pub peer_name: Option<String>,
    /// When the copying began in which the peer last said so.
    pub read_at: String,
    /// The dataset.
    pub dataset: Dataset,
}

/// What to publish.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewOffer {
    /// The offer's id; minted if missing.
    pub id: Option<String>,
    /// The dataset's id; minted if missing.
    pub dataset_id: Option<String>,
    /// Titles by language tag.
    pub title: BTreeMap<String, String>,
    /// Descriptions by language tag.
    #[serde(default)]
    pub description: BTreeMap<String, String>,
    /// The media type of the bytes; `application/octet-stream` if missing.
    pub media_type: Option<String>,
    /// The file's name for people.
    pub file_name: Option<String>,
    /// The bytes, as `POST /objects` answered.
    pub content: Content,
    /// ODRL permission, prohibition and obligation; everything is permitted if missing.
    #[schema(value_type = Option<Object>)]
    pub policy: Option<Value>,
    /// Themes, as IRIs or words of a vocabulary.
    #[serde(default)]
    pub themes: Vec<String>,
    /// Words that people search for, in any language.
    #[serde(default)]
    pub keywords: Vec<String>,
    /// The licence, as an IRI or an SPDX name.
    pub licence: Option<String>,
    /// Places, as ISO 3166 codes or IRIs.
    #[serde(default)]
    pub spatial: Vec<String>,
    /// The time that the data is about.
    pub temporal: Option<Period>,
    /// The participant ids of those who may know of it; everyone if missing.
    pub audience: Option<Vec<String>>,
    /// What is declared of the data, for the law of both sides; without it nothing is known, and
    /// whatever crosses a border waits for a person.
    pub data: Option<DeclaredData>,
    /// What to do on each question: `hold`, `auto` or a webhook's URL.
    #[serde(default)]
    pub automation: BTreeMap<String, String>,
}

/// What is declared of data: all of it. What is not said here is not so, except what is `null`,
/// which is unknown.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeclaredData {
    /// Words such as `health`, `ordinary` or `non-personal`; see `causeway check --help`.
    #[serde(default)]
    pub classes: Vec<String>,
    /// Facts by name; see `causeway law facts`.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub facts: Map<String, Value>,
    /// At most so many persons are in it, where their ids were not counted.
    pub persons: Option<u64>,
}

/// A stretch of time, both ends included.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Period {
    /// RFC 3339.
    pub start: String,
    /// RFC 3339.
    pub end: String,
}

/// What to publish together.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewBatch {
    /// At most 500; each is read on its own.
    #[schema(value_type = Vec<NewOffer>)]
    pub offers: Vec<Value>,
}

/// What became of a batch.
#[derive(Debug, Serialize, ToSchema)]
pub struct Outcomes {
    /// In the order of the request.
    pub items: Vec<PublishOutcome>,
}

/// What became of one offer of a batch.
#[derive(Debug, Serialize, ToSchema)]
pub struct PublishOutcome {
    /// `published`, `unchanged` or `refused`.
    pub outcome: String,
    /// The offer's id, unless it was refused.
    pub id: Option<String>,
    /// The dataset's id, unless it was refused.
    pub dataset_id: Option<String>,
    /// Why it was refused.
    pub detail: Option<String>,
}

/// A published offer.
#[derive(Debug, Serialize, ToSchema)]
pub struct Offer {
    /// The offer's id.
    pub id: String,
    /// The dataset's id.
    pub dataset_id: String,
    /// Titles by language tag.
    pub title: BTreeMap<String, String>,
    /// Descriptions by language tag.
    pub description: BTreeMap<String, String>,
    /// The media type of the bytes.
    pub media_type: String,
    /// The file's name for people.
    pub file_name: Option<String>,
    /// The bytes.
    pub content: Content,
    /// The ODRL rules.
    #[schema(value_type = Object)]
    pub policy: Map<String, Value>,
    /// Themes, as IRIs or words of a vocabulary.
    pub themes: Vec<String>,
    /// Words that people search for, in any language.
    pub keywords: Vec<String>,
    /// The licence, as an IRI or an SPDX name.
    pub licence: Option<String>,
    /// Places, as ISO 3166 codes or IRIs.
    pub spatial: Vec<String>,
    /// The time that the data is about.
    pub temporal: Option<Period>,
    /// The provider's jurisdiction, as an ISO 3166 code.
    pub jurisdiction: Option<String>,
    /// The participant ids of those who may know of it; null for everyone.
    pub audience: Option<Vec<String>>,
    /// Facts that are declared of the data, such as `data.personal=true`.
    pub data: Vec<String>,
    /// At most so many persons are declared to be in it.
    pub persons: Option<u64>,
    /// The rules of this offer by question.
    pub automation: BTreeMap<String, String>,
    /// RFC 3339.
    pub published_at: String,
    /// RFC 3339; null while it is offered.
    pub withdrawn_at: Option<String>,
}

/// What to request a contract for: `dataset_id` (with `offer_id` where there are several), or a
/// complete `offer` of the peer's catalog.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewNegotiation {
    /// Name, participant id or address of the provider.
    pub peer: String,
    /// The dataset.
    pub dataset_id: Option<String>,
    /// The offer; the dataset's first if missing.
    pub offer_id: Option<String>,
    /// The complete offer, with its target.
    #[schema(value_type = Option<Object>)]
    pub offer: Option<Value>,
}

/// Other terms to propose.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Proposal {
    /// ODRL permission, prohibition and obligation.
    #[schema(value_type = Object)]
    pub policy: Value,
}

/// Why something is ended or held.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Why {
    /// A word for programs.
    pub code: Option<String>,
    /// A sentence for people.
    pub reason: Option<String>,
}

/// A negotiation.
#[derive(Debug, Serialize, ToSchema)]
pub struct Negotiation {
    /// Our pid.
    pub id: String,
    /// `consumer` or `provider`: our side.
    pub role: String,
    /// The other party.
    pub peer: String,
    /// The consumer's pid, once known.
    pub consumer_pid: Option<String>,
    /// The provider's pid, once known.
    pub provider_pid: Option<String>,
    /// The state both sides know; null while our first message is not acknowledged.
    pub state: Option<String>,
    /// The question that waits for an answer of ours.
    pub waiting_for: Option<String>,
    /// Our message on its way to the peer.
    pub in_flight: Option<String>,
    /// The dataset.
    pub dataset_id: Option<String>,
    /// The offer.
    pub offer_id: Option<String>,
    /// The agreement, from AGREED on.
    pub agreement_id: Option<String>,
    /// The ODRL rules on the table.
    #[schema(value_type = Option<Object>)]
    pub policy: Option<Map<String, Value>>,
    /// What the law was last found to say of it.
    pub decision_id: Option<String>,
    /// Why it was terminated.
    pub reason: Option<String>,
    /// RFC 3339.
    pub created_at: String,
    /// RFC 3339.
    pub updated_at: String,
}

/// A concluded contract.
#[derive(Debug, Serialize, ToSchema)]
pub struct Agreement {
    /// The agreement's id.
    pub id: String,
    /// `consumer` or `provider`: our side.
    pub role: String,
    /// The other party.
    pub peer: String,
    /// The dataset.
    pub dataset_id: String,
    /// The provider.
    pub assigner: String,
    /// The consumer.
    pub assignee: String,
    /// When the provider agreed, RFC 3339.
    pub timestamp: Option<String>,
    /// The ODRL rules.
    #[schema(value_type = Object)]
    pub policy: Map<String, Value>,
    /// The bytes that were agreed on.
    pub content: Option<Content>,
    /// What the provider stated of the data and of itself, such as `data.personal=true`.
    pub facts: Vec<String>,
    /// The negotiation that led to it.
    pub negotiation_id: String,
    /// What the law was last found to say of it.
    pub decision_id: Option<String>,
    /// Duties that came with it.
    pub duties: Vec<Duty>,
    /// RFC 3339.
    pub concluded_at: String,
}

/// What to transfer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTransfer {
    /// The agreement it rests on.
    pub agreement_id: String,
}

/// How far a download is.
#[derive(Debug, Serialize, ToSchema)]
pub struct Progress {
    /// Bytes received or verified so far.
    pub bytes: u64,
    /// Bytes of the whole file.
    pub total: u64,
}

/// What was received.
#[derive(Debug, Serialize, ToSchema)]
pub struct Outcome {
    /// Length in bytes, as measured here.
    pub bytes: u64,
    /// SHA-256, as measured here.
    pub sha256: String,
    /// BLAKE3, as measured here.
    pub blake3: String,
    /// The file's name in the node's directory of received files.
    pub file: String,
    /// RFC 3339.
    pub verified_at: String,
}

/// A transfer.
#[derive(Debug, Serialize, ToSchema)]
pub struct Transfer {
    /// Our pid.
    pub id: String,
    /// `consumer` or `provider`: our side.
    pub role: String,
    /// The other party.
    pub peer: String,
    /// The consumer's pid, once known.
    pub consumer_pid: Option<String>,
    /// The provider's pid, once known.
    pub provider_pid: Option<String>,
    /// The agreement it rests on.
    pub agreement_id: String,
    /// The dataset.
    pub dataset_id: String,
    /// The kind of transfer.
    pub format: String,
    /// The state both sides know; null while our request is not acknowledged.
    pub state: Option<String>,
    /// The question that waits for an answer of ours.
    pub waiting_for: Option<String>,
    /// Our message on its way to the peer.
    pub in_flight: Option<String>,
    /// Who holds it, while it is suspended.
    pub suspended_by: Option<String>,
    /// Why it was suspended or terminated.
    pub reason: Option<String>,
    /// The bytes that were agreed on.
    pub content: Option<Content>,
    /// Consumer: how far the download is, while it runs.
    pub progress: Option<Progress>,
    /// Provider: bytes handed to the network, while the gate is open.
    pub served_bytes: Option<u64>,
    /// Consumer: what arrived and was verified.
    pub outcome: Option<Outcome>,
    /// What the law was last found to say of it.
    pub decision_id: Option<String>,
    /// RFC 3339.
    pub created_at: String,
    /// RFC 3339.
    pub updated_at: String,
}

/// Something that happened.
#[derive(Debug, Serialize, ToSchema)]
pub struct Event {
    /// Its place in the node's history.
    pub sequence: i64,
    /// RFC 3339.
    pub at: String,
    /// What happened.
    pub kind: String,
    /// To which process.
    pub process: Option<String>,
    /// What the kind is about: a state, a question, an offer.
    pub subject: String,
    /// One readable sentence.
    pub text: String,
}

/// A stretch of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T: ToSchema> {
    /// The items.
    pub items: Vec<T>,
    /// The value of `after` for the next page; missing on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}
