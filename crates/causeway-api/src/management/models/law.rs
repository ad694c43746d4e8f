//! The JSON of what the law says of crossings.

use causeway_node::Preview;
use causeway_store::{Attestation as StoredAttestation, DecisionEntry, Duty as StoredDuty};
use causeway_types::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// A decision in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct DecisionSummary {
    /// Made of the decision's own bytes.
    pub id: String,
    /// The strictest outcome that is possible.
    pub at_worst: String,
    /// When it was first found, RFC 3339.
    pub decided_at: String,
}

/// A decision.
#[derive(Debug, Serialize, ToSchema)]
pub struct Decision {
    /// Made of the decision's own bytes.
    pub id: String,
    /// The strictest outcome that is possible.
    pub at_worst: String,
    /// When it was first found, RFC 3339.
    pub decided_at: String,
    /// Whether the rule packs of this node give the same bytes again; null if it has other ones.
    pub replayed: Option<bool>,
    /// The decision as a page for people; null if this node has other rule packs.
    pub text: Option<String>,
    /// `decision` with its facts, rules and articles, `sources` with where each fact comes from,
    /// and `engine`.
    #[schema(value_type = Object)]
    pub document: Value,
}

/// What is to be recorded.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    /// Name, participant id or address of the other party.
    pub peer: String,
    /// The dataset it is about; every dataset, if missing.
    pub dataset_id: Option<String>,
    /// Facts by name; see `causeway law facts`.
    #[schema(value_type = Object)]
    pub facts: Map<String, Value>,
    /// A filing number, a certificate, a file: how it can be checked.
    pub reference: String,
    /// A day or an RFC 3339 time from which it counts; at once, if missing.
    pub valid_from: Option<String>,
    /// A day or an RFC 3339 time until which it counts; until it is revoked, if missing.
    pub valid_until: Option<String>,
}

/// What was recorded.
#[derive(Debug, Serialize, ToSchema)]
pub struct Attestation {
    /// Its id.
    pub id: String,
    /// The other party.
    pub peer: String,
    /// The dataset it is about; null for every dataset.
    pub dataset_id: Option<String>,
    /// What is stated, such as `tool.eu_scc=true`.
    pub facts: Vec<String>,
    /// How it can be checked.
    pub reference: String,
    /// Whether it counts now.
    pub counts: bool,
    /// RFC 3339.
    pub valid_from: Option<String>,
    /// RFC 3339.
    pub valid_until: Option<String>,
    /// RFC 3339.
    pub recorded_at: String,
    /// RFC 3339; null unless it was taken back.
    pub revoked_at: Option<String>,
}

/// A duty of an agreement.
#[derive(Debug, Serialize, ToSchema)]
pub struct Duty {
    /// Its name in the rule pack.
    pub id: String,
    /// What has to be done.
    pub text: String,
    /// Until when, in words.
    pub due: String,
    /// The articles.
    pub articles: Vec<String>,
    /// When it was done, RFC 3339.
    pub done_at: Option<String>,
    /// How that can be checked.
    pub reference: Option<String>,
}

/// That a duty was done.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Done {
    /// How that can be checked.
    pub reference: String,
}

/// What checking live contracts again found.
#[derive(Debug, Serialize, ToSchema)]
pub struct Drift {
    /// Contracts that were looked at.
    pub agreements: u64,
    /// Contracts of which the law now says something else, or says it for other reasons.
    pub changed: Vec<String>,
    /// Transfers that were suspended.
    pub suspended: Vec<String>,
}

/// Where the ids of persons are.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonsColumn {
    /// The column's name in the header.
    pub column: String,
}

/// How many persons there are.
#[derive(Debug, Serialize, ToSchema)]
pub struct Persons {
    /// Different persons.
    pub persons: u64,
}

/// What the law says of an offer, for each configured peer that may know of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct OfferCrossings {
    /// In the order of the configuration.
    pub items: Vec<OfferCrossing>,
}

/// What would become of a request of one peer.
#[derive(Debug, Serialize, ToSchema)]
pub struct OfferCrossing {
    /// The peer's participant id.
    pub peer: String,
    /// The peer's short name.
    pub peer_name: Option<String>,
    /// `pass`, `hold` (a person has to do something) or `refuse`.
    pub gate: String,
    /// The outcome, or `unknown`; null if no border is crossed, or what is known contradicts
    /// itself.
    pub outcome: Option<String>,
    /// The mildest outcome that is possible.
    pub at_best: Option<String>,
    /// The strictest outcome that is possible.
    pub at_worst: Option<String>,
    /// The question to be answered first.
    pub question: Option<OpenQuestion>,
    /// The rule that asks for most, or why nothing can be found; null where it passes.
    pub reason: Option<String>,
    /// The articles of that rule.
    pub articles: Vec<String>,
}

/// A question that the law leaves open.
#[derive(Debug, Serialize, ToSchema)]
pub struct OpenQuestion {
    /// The fact that answers it.
    pub fact: String,
    /// The question.
    pub question: String,
}

impl OfferCrossing {
    pub(crate) fn of(preview: Preview, peer_name: Option<String>) -> Self {
        let outcome = preview.outcome;
        let question = preview.question.map(|(fact, question)| OpenQuestion { fact, question });
        Self {
            peer: preview.peer.to_string(),
            peer_name,
            gate: preview.gate.to_owned(),
            at_best: outcome.as_ref().map(|found| found.at_best.clone()),
            at_worst: outcome.as_ref().map(|found| found.at_worst.clone()),
            outcome: outcome.map(|found| found.outcome),
            question,
            reason: preview.reason,
            articles: preview.articles,
        }
    }
}

impl DecisionSummary {
    pub(crate) fn of(entry: &DecisionEntry) -> Self {
        Self {
            id: entry.id.to_string(),
            at_worst: entry.at_worst.clone(),
            decided_at: entry.decided_at.to_string(),
        }
    }
}

impl Attestation {
    pub(crate) fn of(attestation: &StoredAttestation, now: Timestamp) -> Self {
        let facts = attestation.facts.iter().map(|(name, value)| format!("{name}={value}"));
        Self {
            id: attestation.id.to_string(),
            peer: attestation.peer.to_string(),
            dataset_id: attestation.dataset_id.as_ref().map(ToString::to_string),
            facts: facts.collect(),
            reference: attestation.reference.clone(),
            counts: attestation.counts_at(now),
            valid_from: attestation.valid_from.map(|at| at.to_string()),
            valid_until: attestation.valid_until.map(|at| at.to_string()),
            recorded_at: attestation.recorded_at.to_string(),
            revoked_at: attestation.revoked_at.map(|at| at.to_string()),
        }
    }
}

impl Duty {
    pub(crate) fn of(duty: &StoredDuty) -> Self {
        let (done_at, reference) = duty.done.clone().unzip();
        Self {
            id: duty.id.clone(),
            text: duty.text.clone(),
            due: duty.due.clone(),
            articles: duty.articles.clone(),
            done_at: done_at.map(|at| at.to_string()),
            reference,
        }
    }
}
