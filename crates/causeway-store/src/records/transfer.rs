//! The stored form of a transfer.
//!
//! In format 1 a [`DataAddress`] is stored as it came, so the record of a consumer's pull holds
//! the provider's bearer token in clear until the transfer is written again without it. The
//! token ends with the transfer; whoever can read the store can use it until then. That is why
//! no type here has `Debug`.

use causeway_dsp::Question;
use causeway_dsp::transfer::{DataAddress, InFlight, Kind, Stage, Transfer};
use causeway_types::{
    Address, AgreementId, DatasetId, DecisionId, MessageId, ParticipantId, ProcessId, Role, Sha256,
    Timestamp,
};
use serde::{Deserialize, Serialize};

use super::parts::{ContentV1, ReasonV1, ReceivedV1};
use super::{Record, RecordError, decode_v1, is_zero, text, to_json};
use crate::{Flow, Outcome, TransferEntry};

impl Record for TransferEntry {
    const KIND: &'static str = "transfer";

    fn id(&self) -> &str {
        self.transfer.id.as_str()
    }

    fn encode(&self) -> String {
        to_json(&TransferEntryV1::from(self.clone()))
    }

    fn decode(text: &str) -> Result<Self, RecordError> {
        decode_v1::<TransferEntryV1, Self>(text)
    }
}

#[derive(Serialize, Deserialize)]
struct TransferEntryV1 {
    format: u32,
    transfer: TransferV1,
    #[serde(with = "text")]
    dataset_id: DatasetId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    content: Option<ContentV1>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    flow: Option<FlowV1>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    outcome: Option<OutcomeV1>,
    #[serde(default, skip_serializing_if = "is_zero")]
    script: u32,
    #[serde(default, with = "text::option", skip_serializing_if = "Option::is_none")]
    decision: Option<DecisionId>,
    #[serde(default, with = "text::option", skip_serializing_if = "Option::is_none")]
    started_at: Option<Timestamp>,
    #[serde(with = "text")]
    created_at: Timestamp,
    #[serde(with = "text")]
    updated_at: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct FlowV1 {
    #[serde(with = "text")]
    token_hash: Sha256,
    #[serde(with = "text")]
    expires_at: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct OutcomeV1 {
    content: ContentV1,
    file: String,
    #[serde(with = "text")]
    verified_at: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct TransferV1 {
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
    #[serde(with = "text")]
    agreement_id: AgreementId,
    transfer_format: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    data_address: Option<DataAddressV1>,
    stage: StageV1,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    in_flight: Option<InFlightV1>,
    #[serde(default, with = "text::option", skip_serializing_if = "Option::is_none")]
    question: Option<Question>,
    received: ReceivedV1,
}

#[derive(Serialize, Deserialize)]
struct DataAddressV1 {
    endpoint_type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    endpoint: Option<String>,
    #[serde(default)]
    properties: Vec<PropertyV1>,
}

#[derive(Serialize, Deserialize)]
struct PropertyV1 {
    name: String,
    value: String,
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
    Requested,
    Started,
    Suspended {
        #[serde(with = "text")]
        by: Role,
        reason: ReasonV1,
    },
    Completed,
    Terminated {
        #[serde(with = "text")]
        by: Role,
        reason: ReasonV1,
    },
}

impl From<TransferEntry> for TransferEntryV1 {
    fn from(entry: TransferEntry) -> Self {
        Self {
            format: 1,
            transfer: entry.transfer.into(),
            dataset_id: entry.dataset_id,
            content: entry.content.map(ContentV1),
            flow: entry.flow.map(Into::into),
            outcome: entry.outcome.map(Into::into),
            script: entry.script,
            decision: entry.decision,
            started_at: entry.started_at,
            created_at: entry.created_at,
            updated_at: entry.updated_at,
        }
    }
}

impl From<TransferEntryV1> for TransferEntry {
    fn from(entry: TransferEntryV1) -> Self {
        Self {
            transfer: entry.transfer.into(),
            dataset_id: entry.dataset_id,
            content: entry.content.map(|content| content.0),
            flow: entry.flow.map(Into::into),
            outcome: entry.outcome.map(Into::into),
            script: entry.script,
            decision: entry.decision,
            started_at: entry.started_at,
            created_at: entry.created_at,
            updated_at: entry.updated_at,
        }
    }
}

impl From<Flow> for FlowV1 {
    fn from(Flow { token_hash, expires_at }: Flow) -> Self {
        Self { token_hash, expires_at }
    }
}

impl From<FlowV1> for Flow {
    fn from(FlowV1 { token_hash, expires_at }: FlowV1) -> Self {
        Self { token_hash, expires_at }
    }
}

impl From<Outcome> for OutcomeV1 {
    fn from(Outcome { content, file, verified_at }: Outcome) -> Self {
        Self { content: ContentV1(content), file, verified_at }
    }
}

impl From<OutcomeV1> for Outcome {
    fn from(OutcomeV1 { content, file, verified_at }: OutcomeV1) -> Self {
        Self { content: content.0, file, verified_at }
    }
}

impl From<Transfer> for TransferV1 {
    fn from(transfer: Transfer) -> Self {
        Self {
            id: transfer.id,
            role: transfer.role,
            participant: transfer.participant,
            peer: transfer.peer,
            peer_address: transfer.peer_address,
            peer_pid: transfer.peer_pid,
            agreement_id: transfer.agreement_id,
            transfer_format: transfer.format,
            data_address: transfer.data_address.map(Into::into),
            stage: transfer.stage.into(),
            in_flight: transfer.in_flight.map(Into::into),
            question: transfer.question,
            received: transfer.received.into(),
        }
    }
}

impl From<TransferV1> for Transfer {
    fn from(transfer: TransferV1) -> Self {
        Self {
            id: transfer.id,
            role: transfer.role,
            participant: transfer.participant,
            peer: transfer.peer,
            peer_address: transfer.peer_address,
            peer_pid: transfer.peer_pid,
            agreement_id: transfer.agreement_id,
            format: transfer.transfer_format,
            data_address: transfer.data_address.map(Into::into),
            stage: transfer.stage.into(),
            in_flight: transfer.in_flight.map(Into::into),
            question: transfer.question,
            received: transfer.received.into(),
        }
    }
}

impl From<DataAddress> for DataAddressV1 {
    fn from(DataAddress { endpoint_type, endpoint, properties }: DataAddress) -> Self {
        let property = |(name, value)| PropertyV1 { name, value };
        let properties = properties.into_iter().map(property).collect();
        Self { endpoint_type, endpoint, properties }
    }
}

impl From<DataAddressV1> for DataAddress {
    fn from(DataAddressV1 { endpoint_type, endpoint, properties }: DataAddressV1) -> Self {
        let property = |property: PropertyV1| (property.name, property.value);
        let properties = properties.into_iter().map(property).collect();
        Self { endpoint_type, endpoint, properties }
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
            Stage::Requested => Self::Requested,
            Stage::Started => Self::Started,
            Stage::Suspended { by, reason } => Self::Suspended { by, reason: reason.into() },
            Stage::Completed => Self::Completed,
            Stage::Terminated { by, reason } => Self::Terminated { by, reason: reason.into() },
        }
    }
}

impl From<StageV1> for Stage {
    fn from(stage: StageV1) -> Self {
        match stage {
            StageV1::Opening => Self::Opening,
            StageV1::Requested => Self::Requested,
            StageV1::Started => Self::Started,
            StageV1::Suspended { by, reason } => Self::Suspended { by, reason: reason.into() },
            StageV1::Completed => Self::Completed,
            StageV1::Terminated { by, reason } => Self::Terminated { by, reason: reason.into() },
        }
    }
}
