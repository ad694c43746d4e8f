//! The stored form of a concluded contract.

use causeway_types::{ParticipantId, ProcessId, Role, Timestamp};
use serde::{Deserialize, Serialize};

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
    #[serde(with = "text")]
    concluded_at: Timestamp,
}

impl From<AgreementEntry> for AgreementEntryV1 {
    fn from(entry: AgreementEntry) -> Self {
        let AgreementEntry { agreement, role, peer, negotiation, concluded_at } = entry;
        let agreement = agreement.into();
        Self { format: 1, agreement, role, peer, negotiation, concluded_at }
    }
}

impl From<AgreementEntryV1> for AgreementEntry {
    fn from(entry: AgreementEntryV1) -> Self {
        let AgreementEntryV1 { format: _, agreement, role, peer, negotiation, concluded_at } =
            entry;
        Self { agreement: agreement.into(), role, peer, negotiation, concluded_at }
    }
}
