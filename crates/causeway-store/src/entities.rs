//! What is stored: domain types with the few facts a node adds to them. Not `Serialize`; the
//! stored forms are in `records`.

use causeway_dsp::Question;
use causeway_dsp::catalog::Metadata;
use causeway_dsp::negotiation::{Agreement, Negotiation};
use causeway_dsp::transfer::Transfer;
use causeway_policy::Policy;
use causeway_types::{
    Content, DatasetId, DecisionId, LangText, MessageId, OfferId, ParticipantId, ProcessId, Role,
    Sha256, Timestamp,
};

use crate::audience::Audience;
use crate::changes::{EventKind, OutboxSubject};
use crate::crossings::{Declaration, Duty};

/// What to do when the protocol asks a question.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Rule {
    /// Wait for a person.
    Hold,
    /// Go on, if the policy is understood and permits it; otherwise hold.
    Auto,
    /// Ask this URL.
    Webhook(String),
}

/// A dataset with the terms under which it is offered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedOffer {
    /// The offer's id.
    pub id: OfferId,
    /// The dataset's id.
    pub dataset_id: DatasetId,
    /// Titles, one a language.
    pub titles: Vec<LangText>,
    /// Descriptions, one a language.
    pub descriptions: Vec<LangText>,
    /// The media type of the bytes.
    pub media_type: String,
    /// The file's name for people.
    pub file_name: Option<String>,
    /// The bytes.
    pub content: Content,
    /// The terms.
    pub policy: Policy,
    /// What it is about, for those who search.
    pub metadata: Metadata,
    /// Who may know of it.
    pub audience: Audience,
    /// What is declared of the data, for the law; nothing is known, if missing.
    pub declaration: Option<Declaration>,
    /// Rules of this offer; what is missing is taken from the node's configuration.
    pub rules: Vec<(Question, Rule)>,
    /// When it was published.
    pub published_at: Timestamp,
    /// When it was withdrawn, if it was.
    pub withdrawn_at: Option<Timestamp>,
}

/// A negotiation with its times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NegotiationEntry {
    /// The protocol's part.
    pub negotiation: Negotiation,
    /// Our offer it is about, where we are the provider.
    pub offer_id: Option<OfferId>,
    /// Steps of its script that were taken; 0 without a script.
    pub script: u32,
    /// What the law was last found to say of it.
    pub decision: Option<DecisionId>,
    /// When it began.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl NegotiationEntry {
    /// Whether the protocol can still go on.
    pub fn is_open(&self) -> bool {
        self.negotiation.state().is_none_or(|state| !state.is_final())
    }
}

/// A concluded contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgreementEntry {
    /// The contract.
    pub agreement: Agreement,
    /// Our side.
    pub role: Role,
    /// The other party.
    pub peer: ParticipantId,
    /// The negotiation that led to it.
    pub negotiation: ProcessId,
    /// What the law was last found to say of it.
    pub decision: Option<DecisionId>,
    /// Our duties that came with it.
    pub duties: Vec<Duty>,
    /// When it was concluded.
    pub concluded_at: Timestamp,
}

/// The provider's gate for a pull: who holds the token with this hash may fetch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flow {
    /// SHA-256 of the bearer token; the token itself is only in the start message.
    pub token_hash: Sha256,
    /// When the token ends.
    pub expires_at: Timestamp,
}

/// What the consumer received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The bytes, as measured here.
    pub content: Content,
    /// The file's name in the node's directory of received files.
    pub file: String,
    /// When it was verified.
    pub verified_at: Timestamp,
}

/// A transfer with what the data plane needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransferEntry {
    /// The protocol's part.
    pub transfer: Transfer,
    /// The dataset, from the agreement.
    pub dataset_id: DatasetId,
    /// The bytes that were agreed on, where the agreement says so.
    pub content: Option<Content>,
    /// Provider: the open gate.
    pub flow: Option<Flow>,
    /// Consumer: what arrived.
    pub outcome: Option<Outcome>,
    /// Steps of its script that were taken; 0 without a script.
    pub script: u32,
    /// What the law was last found to say of it.
    pub decision: Option<DecisionId>,
    /// When its first start was sent or received; it stays when the transfer ends.
    pub started_at: Option<Timestamp>,
    /// When it began.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// Transfers under an agreement that started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Starts {
    /// How many.
    pub count: u64,
    /// When the first of them did.
    pub first: Option<Timestamp>,
}

impl TransferEntry {
    /// Whether the protocol can still go on.
    pub fn is_open(&self) -> bool {
        self.transfer.state().is_none_or(|state| !state.is_final())
    }
}

/// A message waiting to be delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxRow {
    /// Assigned by the store; grows.
    pub id: i64,
    /// The process whose order it keeps.
    pub process: ProcessId,
    /// What kind of process, and who answers.
    pub subject: OutboxSubject,
    /// The party to authenticate for.
    pub peer: ParticipantId,
    /// The protocol message's `@id`, or the question's id for a webhook.
    pub message_id: MessageId,
    /// The message type, for the history.
    pub kind: String,
    /// Where to POST it.
    pub url: String,
    /// What to POST.
    pub body: Vec<u8>,
    /// Attempts made so far.
    pub attempts: u32,
    /// Not earlier than this.
    pub not_before: Timestamp,
    /// Why the last attempt failed.
    pub last_error: Option<String>,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Assigned by the store; grows without gaps being promised.
    pub sequence: i64,
    /// When it happened.
    pub at: Timestamp,
    /// What happened.
    pub kind: EventKind,
    /// To which process, where it is about one.
    pub process: Option<ProcessId>,
    /// What the kind is about.
    pub subject: String,
    /// One readable sentence.
    pub text: String,
}
