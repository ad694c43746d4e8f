//! The contract negotiation as a pure state machine: `step(negotiation, input)`.
//!
//! It never decides. Where the protocol needs a decision it asks ([`Effect::Ask`]) and somebody
//! answers ([`Input::Decided`]). A message of ours is *in flight* until the peer acknowledges it;
//! the peer's valid answer to a message in flight counts as its acknowledgement, because a lost
//! acknowledgement must not kill a contract.

mod step;
mod table;

use causeway_policy::Policy;
use causeway_types::{
    Address, AgreementId, ConsumerPid, Content, DatasetId, MessageId, OfferId, ParticipantId,
    ProcessId, ProviderPid, Role, StatedFacts, Timestamp,
};

pub use self::step::step;
pub use self::table::{Kind, State, allowed, target};
use crate::process::{Question, Reason, Received};

/// Terms offered for a dataset (ODRL `Offer` in a message).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// The offer's id, as the provider published it.
    pub id: OfferId,
    /// The dataset. Peers may leave it out of a first request; then the offer id decides.
    pub target: Option<DatasetId>,
    /// The provider, where said.
    pub assigner: Option<ParticipantId>,
    /// The consumer, where said.
    pub assignee: Option<ParticipantId>,
    /// The rules.
    pub policy: Policy,
    /// The bytes that are offered, where said: what the consumer verifies in the end.
    pub content: Option<Content>,
    /// What the provider states of the data and of itself, for the law of both sides.
    pub facts: StatedFacts,
}

/// The concluded terms (ODRL `Agreement`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreement {
    /// Minted by the provider.
    pub id: AgreementId,
    /// The dataset.
    pub target: DatasetId,
    /// The provider.
    pub assigner: ParticipantId,
    /// The consumer.
    pub assignee: ParticipantId,
    /// When the provider agreed; some peers leave it out.
    pub timestamp: Option<Timestamp>,
    /// The rules of the last offer, unchanged.
    pub policy: Policy,
    /// The bytes that were agreed on, where the offer said so.
    pub content: Option<Content>,
    /// What the provider stated: what the offer said, and what it went by when it agreed.
    pub facts: StatedFacts,
}

/// A negotiation message, whoever sent it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The same on every retry. Peers may leave it out; we never do.
    pub id: Option<MessageId>,
    /// Missing only in a provider's first offer.
    pub consumer_pid: Option<ConsumerPid>,
    /// Missing only in a consumer's first request.
    pub provider_pid: Option<ProviderPid>,
    /// What it says.
    pub body: Body,
}

/// What a negotiation message says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// A contract is requested, or other terms than offered.
    Request {
        /// The terms.
        offer: Offer,
        /// Where to answer; only in the first message.
        callback: Option<Address>,
    },
    /// Terms are offered.
    Offer {
        /// The terms.
        offer: Offer,
        /// Where to answer; only in the first message.
        callback: Option<Address>,
    },
    /// The offer is accepted.
    Accepted,
    /// The contract is agreed.
    Agreement {
        /// The terms.
        agreement: Agreement,
    },
    /// The agreement is verified.
    Verification,
    /// The contract is concluded.
    Finalized,
    /// The negotiation ends.
    Termination {
        /// Why.
        reason: Reason,
    },
}

impl Body {
    /// The row of the table this message belongs to.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Request { .. } => Kind::Request,
            Self::Offer { .. } => Kind::Offer,
            Self::Accepted => Kind::Accepted,
            Self::Agreement { .. } => Kind::Agreement,
            Self::Verification => Kind::Verification,
            Self::Finalized => Kind::Finalized,
            Self::Termination { .. } => Kind::Termination,
        }
    }
}

/// One side's view of a negotiation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Negotiation {
    /// Our own pid.
    pub id: ProcessId,
    /// Our side.
    pub role: Role,
    /// Ourselves.
    pub participant: ParticipantId,
    /// The other party.
    pub peer: ParticipantId,
    /// Where the other party takes messages.
    pub peer_address: Address,
    /// The other party's pid, once known.
    pub peer_pid: Option<ProcessId>,
    /// What both sides know, and what exists by now.
    pub stage: Stage,
    /// Our message that the peer has not acknowledged.
    pub in_flight: Option<InFlight>,
    /// What waits for a decision of ours.
    pub question: Option<Question>,
    /// Messages that took effect.
    pub received: Received,
    /// Requests and offers exchanged so far.
    pub rounds: u32,
}

/// The acknowledged state, with what exists in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    /// Nothing is acknowledged yet.
    Opening,
    /// See [`State::Requested`].
    Requested {
        /// The terms on the table.
        offer: Offer,
    },
    /// See [`State::Offered`].
    Offered {
        /// The terms on the table.
        offer: Offer,
    },
    /// See [`State::Accepted`].
    Accepted {
        /// The terms on the table.
        offer: Offer,
    },
    /// See [`State::Agreed`].
    Agreed {
        /// The contract.
        agreement: Agreement,
    },
    /// See [`State::Verified`].
    Verified {
        /// The contract.
        agreement: Agreement,
    },
    /// See [`State::Finalized`].
    Finalized {
        /// The contract.
        agreement: Agreement,
    },
    /// See [`State::Terminated`].
    Terminated {
        /// Who ended it.
        by: Role,
        /// Why.
        reason: Reason,
    },
}

impl Stage {
    /// The public state; `None` before the first acknowledgement.
    pub fn state(&self) -> Option<State> {
        match self {
            Self::Opening => None,
            Self::Requested { .. } => Some(State::Requested),
            Self::Offered { .. } => Some(State::Offered),
            Self::Accepted { .. } => Some(State::Accepted),
            Self::Agreed { .. } => Some(State::Agreed),
            Self::Verified { .. } => Some(State::Verified),
            Self::Finalized { .. } => Some(State::Finalized),
            Self::Terminated { .. } => Some(State::Terminated),
        }
    }

    /// The terms on the table, while there is no agreement.
    pub fn offer(&self) -> Option<&Offer> {
        match self {
            Self::Requested { offer } | Self::Offered { offer } | Self::Accepted { offer } => {
                Some(offer)
            }
            _ => None,
        }
    }

    /// The contract, from AGREED on.
    pub fn agreement(&self) -> Option<&Agreement> {
        match self {
            Self::Agreed { agreement }
            | Self::Verified { agreement }
            | Self::Finalized { agreement } => Some(agreement),
            _ => None,
        }
    }
}

/// A message of ours between commit and acknowledgement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InFlight {
    /// The message's `@id`.
    pub id: MessageId,
    /// What it says.
    pub kind: Kind,
    /// Where its acknowledgement leads.
    pub next: Stage,
}

/// Something that happened to a negotiation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// The peer sent a message.
    Received(Message),
    /// Somebody on our side decided.
    Decided {
        /// What was decided.
        decision: Decision,
        /// A fresh id for the message it causes.
        message_id: MessageId,
    },
    /// The peer acknowledged our message.
    Acked {
        /// Which message.
        message_id: MessageId,
        /// The peer's pid, where the acknowledgement names it.
        peer_pid: Option<ProcessId>,
    },
    /// The peer refused our message.
    Refused {
        /// Which message.
        message_id: MessageId,
        /// What the peer said.
        reason: Reason,
        /// The peer's state as read after the refusal; `None` if the peer knows no such process
        /// or could not be read.
        peer_state: Option<State>,
        /// A fresh id, should the negotiation have to be terminated.
        termination_id: MessageId,
    },
    /// All attempts to deliver our message are used up.
    Lapsed {
        /// Which message.
        message_id: MessageId,
        /// The last failure.
        reason: Reason,
    },
}

/// An answer to a [`Question`], or an act out of turn where the protocol allows one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Consumer: request a contract, or other terms.
    Request {
        /// The terms.
        offer: Offer,
        /// Our callback address; used in the first message only.
        callback: Address,
    },
    /// Provider: offer terms.
    Offer {
        /// The terms.
        offer: Offer,
        /// Our callback address; used in the first message only.
        callback: Address,
    },
    /// Consumer: accept the offer.
    Accept,
    /// Provider: agree to the terms on the table.
    Agree {
        /// A fresh id for the agreement.
        id: AgreementId,
        /// Now.
        timestamp: Timestamp,
        /// The dataset, should the terms on the table not name it.
        target: DatasetId,
        /// What is stated of the crossing: what the offer says, and what else this side went by.
        facts: StatedFacts,
    },
    /// Consumer: the agreement is what we wanted.
    Verify,
    /// Provider: conclude the contract.
    Finalize,
    /// Either: end the negotiation.
    Terminate {
        /// Why.
        reason: Reason,
    },
}

impl Decision {
    /// The row of the table the decision's message belongs to.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Request { .. } => Kind::Request,
            Self::Offer { .. } => Kind::Offer,
            Self::Accept => Kind::Accepted,
            Self::Agree { .. } => Kind::Agreement,
            Self::Verify => Kind::Verification,
            Self::Finalize => Kind::Finalized,
            Self::Terminate { .. } => Kind::Termination,
        }
    }
}

/// What a step leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The negotiation afterwards; equal to the one before for a repeated message.
    pub next: Negotiation,
    /// What the node must do, in order.
    pub effects: Vec<Effect>,
}

/// What the node must do after a step, in the same commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Put this message into the outbox.
    Send(Box<Message>),
    /// Take our undelivered message out of the outbox.
    CancelSend,
    /// Find out what to do.
    Ask(Question),
}

impl Negotiation {
    /// A negotiation about which nothing is said yet.
    pub fn opening(
        id: ProcessId,
        role: Role,
        participant: ParticipantId,
        peer: ParticipantId,
        peer_address: Address,
    ) -> Self {
        Self {
            id,
            role,
            participant,
            peer,
            peer_address,
            peer_pid: None,
            stage: Stage::Opening,
            in_flight: None,
            question: None,
            received: Received::default(),
            rounds: 0,
        }
    }

    /// The public state; `None` while our first message is not acknowledged.
    pub fn state(&self) -> Option<State> {
        self.stage.state()
    }

    /// The consumer's pid, once known.
    pub fn consumer_pid(&self) -> Option<ConsumerPid> {
        match self.role {
            Role::Consumer => Some(self.id.as_consumer_pid()),
            Role::Provider => self.peer_pid.as_ref().map(ProcessId::as_consumer_pid),
        }
    }

    /// The provider's pid, once known.
    pub fn provider_pid(&self) -> Option<ProviderPid> {
        match self.role {
            Role::Provider => Some(self.id.as_provider_pid()),
            Role::Consumer => self.peer_pid.as_ref().map(ProcessId::as_provider_pid),
        }
    }

    /// The contract this side is bound to: concluded, or about to be once the peer acknowledges
    /// our finalization (whose effects may reach us before the acknowledgement does).
    pub fn concluded(&self) -> Option<&Agreement> {
        match (&self.stage, &self.in_flight) {
            (Stage::Finalized { agreement }, _) => Some(agreement),
            (_, Some(in_flight)) => match &in_flight.next {
                Stage::Finalized { agreement } => Some(agreement),
                _ => None,
            },
            _ => None,
        }
    }

    /// The terms under negotiation: on the table, or in our message on its way.
    pub fn offer(&self) -> Option<&Offer> {
        self.stage.offer().or_else(|| self.in_flight.as_ref().and_then(|m| m.next.offer()))
    }
}
