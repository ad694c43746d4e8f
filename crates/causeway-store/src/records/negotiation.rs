//! The stored form of a negotiation.

use causeway_dsp::Question;
use causeway_dsp::negotiation::{InFlight, Kind, Negotiation, Stage};
use causeway_types::{
    Address, DecisionId, MessageId, OfferId, ParticipantId, ProcessId, Role, Timestamp,
};
use serde::{Deserialize, Serialize};

use super::parts::{AgreementV1, OfferV1, ReasonV1, ReceivedV1};
use super::{Record, RecordError, decode_v1, is_zero, text, to_json};
use crate::NegotiationEntry;

impl Record for NegotiationEntry {
    const KIND: &'static str = "negotiation";

    fn id(&self) -> &str {
        self.negotiation.id.as_str()
    }

    fn encode(&self) -> String {
        to_json(&NegotiationEntryV1::from(self.clone()))
    }

    fn decode(text: &str) -> Result<Self, RecordError> {
        decode_v1::<NegotiationEntryV1, Self>(text)
    }
}

#[derive(Serialize, Deserialize)]
struct NegotiationEntryV1 {
    format: u32,
    negotiation: NegotiationV1,
    #[serde(default, with = "text::option", skip_serializing_if = "Option::is_none")]
    offer_id: Option<OfferId>,
    #[serde(default, skip_serializing_if = "is_zero")]
    script: u32,
    #[serde(default, with = "text::option", skip_serializing_if = "Option::is_none")]
    decision: Option<DecisionId>,
    #[serde(with = "text")]
    created_at: Timestamp,
    #[serde(with = "text")]
    updated_at: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct NegotiationV1 {
    #[serde(with = "text")]
    id: ProcessId,
    #[serde(with = "text")]
    role: Role,
    #[serde(with = "text")]
    participant: ParticipantId,
    #[serde(with = "text")]
    peer: ParticipantId,
    #[serde(with = "text")]
    peer_address: Address,
    #[serde(default, with = "text::option", skip_serializing_if = "Option::is_none")]
    peer_pid: Option<ProcessId>,
    stage: StageV1,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    in_flight: Option<InFlightV1>,
    #[serde(default, with = "text::option", skip_serializing_if = "Option::is_none")]
    question: Option<Question>,
    received: ReceivedV1,
    rounds: u32,
}

#[derive(Serialize, Deserialize)]
struct InFlightV1 {
    #[serde(with = "text")]
    id: MessageId,
    #[serde(with = "text")]
    kind: Kind,
    next: StageV1,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "SCREAMING_SNAKE_CASE")]
enum StageV1 {
    Opening,
    Requested {
        offer: OfferV1,
    },
    Offered {
        offer: OfferV1,
    },
    Accepted {
        offer: OfferV1,
    },
    Agreed {
        agreement: AgreementV1,
    },
    Verified {
        agreement: AgreementV1,
    },
    Finalized {
        agreement: AgreementV1,
    },
    Terminated {
        #[serde(with = "text")]
        by: Role,
        reason: ReasonV1,
    },
}

impl From<NegotiationEntry> for NegotiationEntryV1 {
    fn from(entry: NegotiationEntry) -> Self {
        let NegotiationEntry { negotiation, offer_id, script, decision, created_at, updated_at } =
            entry;
        let negotiation = negotiation.into();
        Self { format: 1, negotiation, offer_id, script, decision, created_at, updated_at }
    }
}

impl From<NegotiationEntryV1> for NegotiationEntry {
    fn from(entry: NegotiationEntryV1) -> Self {
        Self {
            negotiation: entry.negotiation.into(),
            offer_id: entry.offer_id,
            script: entry.script,
            decision: entry.decision,
            created_at: entry.created_at,
            updated_at: entry.updated_at,
        }
    }
}

impl From<Negotiation> for NegotiationV1 {
    fn from(negotiation: Negotiation) -> Self {
        Self {
            id: negotiation.id,
            role: negotiation.role,
            participant: negotiation.participant,
            peer: negotiation.peer,
            peer_address: negotiation.peer_address,
            peer_pid: negotiation.peer_pid,
            stage: negotiation.stage.into(),
            in_flight: negotiation.in_flight.map(Into::into),
            question: negotiation.question,
            received: negotiation.received.into(),
            rounds: negotiation.rounds,
        }
    }
}

impl From<NegotiationV1> for Negotiation {
    fn from(negotiation: NegotiationV1) -> Self {
        Self {
            id: negotiation.id,
            role: negotiation.role,
            participant: negotiation.participant,
            peer: negotiation.peer,
            peer_address: negotiation.peer_address,
            peer_pid: negotiation.peer_pid,
            stage: negotiation.stage.into(),
            in_flight: negotiation.in_flight.map(Into::into),
            question: negotiation.question,
            received: negotiation.received.into(),
            rounds: negotiation.rounds,
        }
    }
}

impl From<InFlight> for InFlightV1 {
    fn from(InFlight { id, kind, next }: InFlight) -> Self {
        Self { id, kind, next: next.into() }
    }
}

impl From<InFlightV1> for InFlight {
    fn from(InFlightV1 { id, kind, next }: InFlightV1) -> Self {
        Self { id, kind, next: next.into() }
    }
}

impl From<Stage> for StageV1 {
    fn from(stage: Stage) -> Self {
        match stage {
            Stage::Opening => Self::Opening,
            Stage::Requested { offer } => Self::Requested { offer: offer.into() },
            Stage::Offered { offer } => Self::Offered { offer: offer.into() },
            Stage::Accepted { offer } => Self::Accepted { offer: offer.into() },
            Stage::Agreed { agreement } => Self::Agreed { agreement: agreement.into() },
            Stage::Verified { agreement } => Self::Verified { agreement: agreement.into() },
            Stage::Finalized { agreement } => Self::Finalized { agreement: agreement.into() },
            Stage::Terminated { by, reason } => Self::Terminated { by, reason: reason.into() },
        }
    }
}

impl From<StageV1> for Stage {
    fn from(stage: StageV1) -> Self {
        match stage {
            StageV1::Opening => Self::Opening,
            StageV1::Requested { offer } => Self::Requested { offer: offer.into() },
            StageV1::Offered { offer } => Self::Offered { offer: offer.into() },
            StageV1::Accepted { offer } => Self::Accepted { offer: offer.into() },
            StageV1::Agreed { agreement } => Self::Agreed { agreement: agreement.into() },
            StageV1::Verified { agreement } => Self::Verified { agreement: agreement.into() },
            StageV1::Finalized { agreement } => Self::Finalized { agreement: agreement.into() },
            StageV1::Terminated { by, reason } => Self::Terminated { by, reason: reason.into() },
        }
    }
}
