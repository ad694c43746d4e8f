//! The stored forms of decisions and attestations, and the parts of other records that are about
//! crossings.

use causeway_types::{AttestationId, DatasetId, DecisionId, ParticipantId, Timestamp};
use serde::{Deserialize, Serialize};

use super::parts::FactsV1;
use super::{Record, RecordError, decode_v1, text, to_json};
use crate::{Attestation, DecisionEntry, Declaration, Duty};

impl Record for DecisionEntry {
    const KIND: &'static str = "decision";

    fn id(&self) -> &str {
        self.id.as_str()
    }

    fn encode(&self) -> String {
        to_json(&DecisionV1::from(self.clone()))
    }

    fn decode(text: &str) -> Result<Self, RecordError> {
        decode_v1::<DecisionV1, Self>(text)
    }
}

impl Record for Attestation {
    const KIND: &'static str = "attestation";

    fn id(&self) -> &str {
        self.id.as_str()
    }

    fn encode(&self) -> String {
        to_json(&AttestationV1::from(self.clone()))
    }

    fn decode(text: &str) -> Result<Self, RecordError> {
        decode_v1::<AttestationV1, Self>(text)
    }
}

#[derive(Serialize, Deserialize)]
struct DecisionV1 {
    format: u32,
    #[serde(with = "text")]
    id: DecisionId,
    at_worst: String,
    /// The text itself, since its bytes make the id.
    document: String,
    #[serde(with = "text")]
    decided_at: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct AttestationV1 {
    format: u32,
    #[serde(with = "text")]
    id: AttestationId,
    #[serde(with = "text")]
    peer: ParticipantId,
    #[serde(default, with = "text::option", skip_serializing_if = "Option::is_none")]
    dataset_id: Option<DatasetId>,
    facts: FactsV1,
    reference: String,
    #[serde(default, with = "text::option", skip_serializing_if = "Option::is_none")]
    valid_from: Option<Timestamp>,
    #[serde(default, with = "text::option", skip_serializing_if = "Option::is_none")]
    valid_until: Option<Timestamp>,
    #[serde(with = "text")]
    recorded_at: Timestamp,
    #[serde(default, with = "text::option", skip_serializing_if = "Option::is_none")]
    revoked_at: Option<Timestamp>,
}

/// What is declared of the data of an offer.
#[derive(Serialize, Deserialize)]
pub(super) struct DeclarationV1 {
    facts: FactsV1,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    counts: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    persons: Option<u64>,
}

/// A duty of an agreement.
#[derive(Serialize, Deserialize)]
pub(super) struct DutyV1 {
    id: String,
    text: String,
    due: String,
    articles: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    done: Option<DoneV1>,
}

#[derive(Serialize, Deserialize)]
struct DoneV1 {
    #[serde(with = "text")]
    at: Timestamp,
    reference: String,
}

impl From<DecisionEntry> for DecisionV1 {
    fn from(entry: DecisionEntry) -> Self {
        let DecisionEntry { id, at_worst, document, decided_at } = entry;
        Self { format: 1, id, at_worst, document, decided_at }
    }
}

impl From<DecisionV1> for DecisionEntry {
    fn from(entry: DecisionV1) -> Self {
        let DecisionV1 { format: _, id, at_worst, document, decided_at } = entry;
        Self { id, at_worst, document, decided_at }
    }
}

impl From<Attestation> for AttestationV1 {
    fn from(attestation: Attestation) -> Self {
        Self {
            format: 1,
            id: attestation.id,
            peer: attestation.peer,
            dataset_id: attestation.dataset_id,
            facts: FactsV1(attestation.facts),
            reference: attestation.reference,
            valid_from: attestation.valid_from,
            valid_until: attestation.valid_until,
            recorded_at: attestation.recorded_at,
            revoked_at: attestation.revoked_at,
        }
    }
}

impl From<AttestationV1> for Attestation {
    fn from(attestation: AttestationV1) -> Self {
        Self {
            id: attestation.id,
            peer: attestation.peer,
            dataset_id: attestation.dataset_id,
            facts: attestation.facts.0,
            reference: attestation.reference,
            valid_from: attestation.valid_from,
            valid_until: attestation.valid_until,
            recorded_at: attestation.recorded_at,
            revoked_at: attestation.revoked_at,
        }
    }
}

impl From<Declaration> for DeclarationV1 {
    fn from(declaration: Declaration) -> Self {
        let Declaration { facts, counts, persons } = declaration;
        Self { facts: FactsV1(facts), counts, persons }
    }
}

impl From<DeclarationV1> for Declaration {
    fn from(declaration: DeclarationV1) -> Self {
        let DeclarationV1 { facts, counts, persons } = declaration;
        Self { facts: facts.0, counts, persons }
    }
}

impl From<Duty> for DutyV1 {
    fn from(duty: Duty) -> Self {
        let Duty { id, text, due, articles, done } = duty;
        let done = done.map(|(at, reference)| DoneV1 { at, reference });
        Self { id, text, due, articles, done }
    }
}

impl From<DutyV1> for Duty {
    fn from(duty: DutyV1) -> Self {
        let DutyV1 { id, text, due, articles, done } = duty;
        let done = done.map(|done| (done.at, done.reference));
        Self { id, text, due, articles, done }
    }
}
