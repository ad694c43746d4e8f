//! A change set: everything one decision causes, applied together or not at all.

use causeway_types::{MessageId, ParticipantId, ProcessId, Timestamp};

use crate::Version;
use crate::crossings::{Attestation, Crossing, DecisionEntry};
use crate::entities::{
    AgreementEntry, Event, NegotiationEntry, OutboxRow, PublishedOffer, TransferEntry,
};
use crate::identity::{RecordEntry, RecordKind, SeenToken};

/// What one decision changes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ChangeSet {
    /// Tokens that are used up. One that was used before is a conflict.
    pub tokens: Vec<SeenToken>,
    /// Aggregates to write.
    pub puts: Vec<Put>,
    /// Records that are removed; one that is not there is passed over.
    pub forget: Vec<(RecordKind, String)>,
    /// Processes whose undelivered protocol messages are dropped (webhook calls stay).
    pub cancel: Vec<ProcessId>,
    /// What became of messages in the outbox; one that is no longer there is passed over.
    pub settle: Vec<Settle>,
    /// Messages to send, in their order.
    pub outbox: Vec<NewMessage>,
    /// Who may send the new messages at once; without it they wait to be claimed.
    pub lease: Option<Lease>,
    /// Files that cross a border with these changes.
    pub crossings: Vec<Crossing>,
    /// What to tell the history and the listeners.
    pub events: Vec<NewEvent>,
    /// The answer to remember under an idempotency key. A key that is taken is a conflict.
    pub remember: Option<Remembered>,
}

impl ChangeSet {
    /// Whether there is nothing to commit.
    pub fn is_empty(&self) -> bool {
        self.tokens.is_empty()
            && self.puts.is_empty()
            && self.forget.is_empty()
            && self.cancel.is_empty()
            && self.settle.is_empty()
            && self.outbox.is_empty()
            && self.crossings.is_empty()
            && self.events.is_empty()
            && self.remember.is_none()
    }
}

/// One aggregate to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Put {
    /// The aggregate.
    pub entity: Entity,
    /// The version it was read with; `None` if it must not exist yet.
    pub expected: Option<Version>,
}

/// An aggregate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entity {
    /// Key: the offer id; the dataset id is unique too.
    Offer(Box<PublishedOffer>),
    /// Key: our pid; (peer, peer pid, role) is unique too, once the peer pid is known.
    Negotiation(Box<NegotiationEntry>),
    /// Key: the agreement id.
    Agreement(Box<AgreementEntry>),
    /// Key: our pid; (peer, peer pid, role) is unique too, once the peer pid is known.
    Transfer(Box<TransferEntry>),
    /// Key: the decision id. One that exists stays as it is.
    Decision(Box<DecisionEntry>),
    /// Key: the attestation id.
    Attestation(Box<Attestation>),
    /// Key: the kind and the id.
    Record(Box<RecordEntry>),
}

/// A right to send messages for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// Which running node.
    pub owner: String,
    /// Until when nobody else may.
    pub until: Timestamp,
}

/// Whose answer a message waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OutboxSubject {
    /// A negotiation message to the peer.
    Negotiation,
    /// A transfer message to the peer.
    Transfer,
    /// Credentials of ours to the holder who asked for them.
    Issuance,
    /// A request for credentials to their issuer.
    CredentialRequest,
    /// An offer of credentials of ours to a holder.
    CredentialOffer,
    /// A question to the operator's webhook about a negotiation.
    NegotiationWebhook,
    /// A question to the operator's webhook about a transfer.
    TransferWebhook,
    /// A step of a negotiation's script, due at its time. It goes nowhere.
    NegotiationTimer,
    /// A step of a transfer's script, due at its time. It goes nowhere.
    TransferTimer,
}

impl OutboxSubject {
    /// Every subject.
    const ALL: [Self; 9] = [
        Self::Negotiation,
        Self::Transfer,
        Self::Issuance,
        Self::CredentialRequest,
        Self::CredentialOffer,
        Self::NegotiationWebhook,
        Self::TransferWebhook,
        Self::NegotiationTimer,
        Self::TransferTimer,
    ];

    /// The name in records.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Negotiation => "negotiation",
            Self::Transfer => "transfer",
            Self::Issuance => "issuance",
            Self::CredentialRequest => "credential-request",
            Self::CredentialOffer => "credential-offer",
            Self::NegotiationWebhook => "negotiation-webhook",
            Self::TransferWebhook => "transfer-webhook",
            Self::NegotiationTimer => "negotiation-timer",
            Self::TransferTimer => "transfer-timer",
        }
    }

    /// Reads the name back.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|subject| subject.as_str() == name)
    }

    /// Whether it goes to the operator's own webhook.
    pub fn is_webhook(self) -> bool {
        matches!(self, Self::NegotiationWebhook | Self::TransferWebhook)
    }

    /// Whether it is a message about credentials, whose process is the record of that id.
    pub fn is_about_credentials(self) -> bool {
        matches!(self, Self::Issuance | Self::CredentialRequest | Self::CredentialOffer)
    }

    /// Whether it stays on our side: a question to the operator's own webhook, or a timer. Such
    /// rows keep an order of their own and are not taken back with the messages to the peer.
    pub fn is_inward(self) -> bool {
        !matches!(self, Self::Negotiation | Self::Transfer) && !self.is_about_credentials()
    }
}

/// A message to send. The bytes are frozen: every attempt sends the same ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMessage {
    /// The process whose order it keeps.
    pub process: ProcessId,
    /// What kind of process, and who answers.
    pub subject: OutboxSubject,
    /// The party to authenticate for; our own id for a webhook.
    pub peer: ParticipantId,
    /// The protocol message's `@id`, or the question's id for a webhook.
    pub message_id: MessageId,
    /// The message type, for the history.
    pub kind: String,
    /// Where to POST it.
    pub url: String,
    /// What to POST.
    pub body: Vec<u8>,
    /// Not earlier than this.
    pub not_before: Timestamp,
}

impl NewMessage {
    /// The row a store makes of it.
    pub fn into_row(self, id: i64) -> OutboxRow {
        let Self { process, subject, peer, message_id, kind, url, body, not_before } = self;
        OutboxRow {
            id,
            process,
            subject,
            peer,
            message_id,
            kind,
            url,
            body,
            attempts: 0,
            not_before,
            last_error: None,
        }
    }
}

/// What became of an outbox message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settle {
    /// Answered, refused or given up: it leaves the outbox.
    Done {
        /// The row.
        id: i64,
    },
    /// Try again.
    Retry {
        /// The row.
        id: i64,
        /// Attempts made so far.
        attempts: u32,
        /// Not earlier than this. The lease ends with it.
        not_before: Timestamp,
        /// Why the last attempt failed.
        error: String,
    },
}

/// The kinds of events. The text form is stable: it is what listeners subscribe to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// An offer was published.
    OfferPublished,
    /// An offer was withdrawn.
    OfferWithdrawn,
    /// A negotiation reached another state.
    NegotiationState,
    /// A negotiation waits for a decision.
    NegotiationWaiting,
    /// A message of a negotiation could not be delivered, or was refused.
    NegotiationTrouble,
    /// An agreement was concluded.
    AgreementConcluded,
    /// A transfer reached another state.
    TransferState,
    /// A transfer waits for a decision.
    TransferWaiting,
    /// A message or the data of a transfer could not be delivered, or was refused.
    TransferTrouble,
    /// The data arrived and is what the contract promised.
    TransferVerified,
    /// What the law says of a process became known, or changed.
    LawDecided,
    /// A person recorded a mechanism or an answer, or took it back.
    LawAttested,
    /// A duty of an agreement was done.
    DutyDone,
    /// A DID document changed in a way that a person has to look at.
    IdentityAlarm,
    /// Somebody asked for credentials: we an issuer, or a party us.
    CredentialRequested,
    /// A credential about us came.
    CredentialReceived,
    /// We issued a credential.
    CredentialIssued,
    /// A request for credentials was refused: by us as an issuer, or to us.
    CredentialRejected,
    /// Credentials were offered: by us as an issuer, or to us.
    CredentialOffered,
    /// A credential that we issued was taken back.
    CredentialRevoked,
    /// A message about credentials could not be delivered, or was refused.
    CredentialTrouble,
    /// Something waits for the yes of a second person.
    ApprovalAsked,
    /// A second person said yes or no.
    ApprovalGiven,
    /// Who may use the management API changed.
    AccessChanged,
    /// A private key of ours was made, took another's place, or was taken back or forgotten.
    KeyChanged,
    /// The configuration lets more happen than at the last start, or somebody acknowledged that.
    SettingsLoosened,
}

impl EventKind {
    /// Every kind.
    pub const ALL: [Self; 26] = [
        Self::OfferPublished,
        Self::OfferWithdrawn,
        Self::NegotiationState,
        Self::NegotiationWaiting,
        Self::NegotiationTrouble,
        Self::AgreementConcluded,
        Self::TransferState,
        Self::TransferWaiting,
        Self::TransferTrouble,
        Self::TransferVerified,
        Self::LawDecided,
        Self::LawAttested,
        Self::DutyDone,
        Self::IdentityAlarm,
        Self::CredentialRequested,
        Self::CredentialReceived,
        Self::CredentialIssued,
        Self::CredentialRejected,
        Self::CredentialOffered,
        Self::CredentialRevoked,
        Self::CredentialTrouble,
        Self::ApprovalAsked,
        Self::ApprovalGiven,
        Self::AccessChanged,
        Self::KeyChanged,
        Self::SettingsLoosened,
    ];

    /// The stable text form.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OfferPublished => "offer.published",
            Self::OfferWithdrawn => "offer.withdrawn",
            Self::NegotiationState => "negotiation.state",
            Self::NegotiationWaiting => "negotiation.waiting",
            Self::NegotiationTrouble => "negotiation.trouble",
            Self::AgreementConcluded => "agreement.concluded",
            Self::TransferState => "transfer.state",
            Self::TransferWaiting => "transfer.waiting",
            Self::TransferTrouble => "transfer.trouble",
            Self::TransferVerified => "transfer.verified",
            Self::LawDecided => "law.decided",
            Self::LawAttested => "law.attested",
            Self::DutyDone => "duty.done",
            Self::IdentityAlarm => "identity.alarm",
            Self::CredentialRequested => "credential.requested",
            Self::CredentialReceived => "credential.received",
            Self::CredentialIssued => "credential.issued",
            Self::CredentialRejected => "credential.rejected",
            Self::CredentialOffered => "credential.offered",
            Self::CredentialRevoked => "credential.revoked",
            Self::CredentialTrouble => "credential.trouble",
            Self::ApprovalAsked => "approval.asked",
            Self::ApprovalGiven => "approval.given",
            Self::AccessChanged => "access.changed",
            Self::KeyChanged => "key.changed",
            Self::SettingsLoosened => "settings.loosened",
        }
    }

    /// Reads the text form back.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// Something to tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// When it happened.
    pub at: Timestamp,
    /// What happened.
    pub kind: EventKind,
    /// To which process, where it is about one.
    pub process: Option<ProcessId>,
    /// The state, the offer's id, the question: what the kind is about.
    pub subject: String,
    /// One readable sentence.
    pub text: String,
}

impl NewEvent {
    /// The event a store makes of it.
    pub fn into_event(self, sequence: i64) -> Event {
        let Self { at, kind, process, subject, text } = self;
        Event { sequence, at, kind, process, subject, text }
    }
}

/// An answer given under an idempotency key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remembered {
    /// The caller's key.
    pub key: String,
    /// SHA-256 of method, path and body, in hexadecimal digits.
    pub request: String,
    /// The HTTP status that was answered.
    pub status: u16,
    /// The body that was answered.
    pub body: Vec<u8>,
    /// When.
    pub at: Timestamp,
}

/// What a commit assigned.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Committed {
    /// The new outbox rows, in the order given. Leased if the change set asked for it.
    pub outbox: Vec<OutboxRow>,
    /// The new events, in the order given.
    pub events: Vec<Event>,
}
