//! The stored form of a concluded contract.

use causeway_types::{DecisionId, ParticipantId, ProcessId, Role, Timestamp};
use serde::{Deserialize, Serialize};

use super::crossings::DutyV1;
use super::parts::AgreementV1;
use super::{Record, RecordError, decode_v1, text, to_json};
use crate::AgreementEntry;

impl Record for AgreementEntry {
    const KIND: &'static str = "agreement";

    fn id(&self) -> &str {
        self.agreement.id.as_str()
    }

    fn encode(&self) -> String {
        to_json(&AgreementEntryV1::from(self.clone()))
    }

    fn decode(text: &str) -> Result<Self, RecordError> {
        decode_v1::<AgreementEntryV1, Self>(text)
    }
}

#[derive(Serialize, Deserialize)]
struct AgreementEntryV1 {
    format: u32,
    agreement: AgreementV1,
    #[serde(with = "text")]
    role: Role,
    #[serde(with = "text")]
    peer: ParticipantId,
    #[serde(with = "text")]
    negotiation: ProcessId,
    #[serde(default, with = "text::option", skip_serializing_if = "Option::is_none")]
    decision: Option<DecisionId>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    duties: Vec<DutyV1>,
    #[serde(with = "text")]
    concluded_at: Timestamp,
}

impl From<AgreementEntry> for AgreementEntryV1 {
    fn from(entry: AgreementEntry) -> Self {
        Self {
            format: 1,
            agreement: entry.agreement.into(),
            role: entry.role,
            peer: entry.peer,
            negotiation: entry.negotiation,
            decision: entry.decision,
            duties: entry.duties.into_iter().map(Into::into).collect(),
            concluded_at: entry.concluded_at,
        }
    }
}

impl From<AgreementEntryV1> for AgreementEntry {
    fn from(entry: AgreementEntryV1) -> Self {
        Self {
            agreement: entry.agreement.into(),
            role: entry.role,
            peer: entry.peer,
            negotiation: entry.negotiation,
            decision: entry.decision,
            duties: entry.duties.into_iter().map(Into::into).collect(),
            concluded_at: entry.concluded_at,
        }
    }
}
