//! What a node remembers of crossings of a border: what the law was found to say, what people
//! recorded, and of how many persons data went where. What the law is, is not here.
//!
//! Persons are counted exactly: a node keeps a keyed hash of each person's id per file, and which
//! file crossed to whom and when. A file whose persons are not known counts as many as were
//! declared, once.

use async_trait::async_trait;
use causeway_types::{
    AttestationId, Blake3, DatasetId, DecisionId, ParticipantId, StatedFacts, Timestamp,
};

use crate::{Page, ReadError, Stored};

/// What a steward declares of the data of an offer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Declaration {
    /// Facts of the data.
    pub facts: StatedFacts,
    /// The counts of the law's dictionary that the persons in it add to.
    pub counts: Vec<String>,
    /// At most so many persons are in it; where their ids are known, they are counted instead.
    pub persons: Option<u64>,
}

/// What the law was found to say of a crossing. Its id is made of the document, so a decision that
/// exists is never written again, and writing it again is no conflict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionEntry {
    /// Made of the document.
    pub id: DecisionId,
    /// The strictest outcome that is possible, by its name.
    pub at_worst: String,
    /// Facts, packs, days, rules and reasons, as JSON: the same input gives the same bytes.
    pub document: String,
    /// When it was first found.
    pub decided_at: Timestamp,
}

/// What a person recorded: a mechanism that is in place, or the answer to a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attestation {
    /// Its id.
    pub id: AttestationId,
    /// The other party of the crossings it is about.
    pub peer: ParticipantId,
    /// The dataset it is about; every dataset, if missing.
    pub dataset_id: Option<DatasetId>,
    /// What is stated.
    pub facts: StatedFacts,
    /// A filing number, a certificate, a file: how it can be checked.
    pub reference: String,
    /// It counts from then on; at once, if missing.
    pub valid_from: Option<Timestamp>,
    /// It counts until then; until it is revoked, if missing.
    pub valid_until: Option<Timestamp>,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// When it was taken back.
    pub revoked_at: Option<Timestamp>,
}

impl Attestation {
    /// Whether it counts at a time.
    pub fn counts_at(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none()
            && self.valid_from.is_none_or(|from| from <= now)
            && self.valid_until.is_none_or(|until| now < until)
    }

    /// Whether it is about crossings of a dataset.
    pub fn is_about(&self, dataset: &DatasetId) -> bool {
        self.dataset_id.as_ref().is_none_or(|own| own == dataset)
    }
}

/// A duty that comes with a contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Duty {
    /// Its name in the rule pack.
    pub id: String,
    /// What has to be done.
    pub text: String,
    /// Until when, in words.
    pub due: String,
    /// The articles.
    pub articles: Vec<String>,
    /// When it was done, and how that can be checked.
    pub done: Option<(Timestamp, String)>,
}

/// The keyed hash of one person's id.
pub type Subject = [u8; 16];

/// A file that crossed to somebody, for one count of the dictionary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crossing {
    /// The count.
    pub count: String,
    /// Who got it.
    pub peer: ParticipantId,
    /// The file.
    pub content: Blake3,
    /// How many persons were declared, should they not be known.
    pub persons: u64,
    /// When. A later crossing of the same file to the same party takes its place.
    pub at: Timestamp,
}

/// Which persons to count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Persons {
    /// The count of the dictionary.
    pub count: String,
    /// Only what crossed then or later.
    pub since: Timestamp,
    /// Only what this party got.
    pub peer: Option<ParticipantId>,
    /// As if this file had crossed too, with so many persons declared.
    pub with: Option<(Blake3, u64)>,
}

/// The part of a store that is about crossings; see [`Store`](crate::Store) for its guarantees.
#[async_trait]
pub trait Crossings: Send + Sync + 'static {
    /// A decision.
    async fn decision(&self, id: &DecisionId) -> Result<Option<Stored<DecisionEntry>>, ReadError>;
    /// Decisions, newest first (`after` counts downwards).
    async fn decisions(&self, page: Page) -> Result<Vec<Stored<DecisionEntry>>, ReadError>;

    /// What was recorded under an id, revoked or not.
    async fn attestation(
        &self,
        id: &AttestationId,
    ) -> Result<Option<Stored<Attestation>>, ReadError>;
    /// What was recorded of crossings with a party, or with all, newest first (`after` counts
    /// downwards); revoked ones too.
    async fn attestations(
        &self,
        peer: Option<&ParticipantId>,
        page: Page,
    ) -> Result<Vec<Stored<Attestation>>, ReadError>;

    /// Adds persons to those a file is about; durable when it returns. Persons that are there are
    /// not added again, so a call may be repeated.
    ///
    /// One call names all persons of a file: they are known once it returned, and until then the
    /// declared number counts, however much of an interrupted call is there. Of a file whose
    /// persons are known, any number may be added later. Nobody is not a statement.
    async fn add_subjects(
        &self,
        content: &Blake3,
        subjects: Vec<Subject>,
    ) -> Result<(), crate::CommitError>;
    /// How many persons a file is known to be about; 0 if that was never said.
    async fn subjects(&self, content: &Blake3) -> Result<u64, ReadError>;
    /// How many different persons are concerned: those that are known, each once however many
    /// files they are in, and the declared ones of each other file, the larger number where a
    /// file was declared differently.
    async fn persons(&self, query: &Persons) -> Result<u64, ReadError>;
}
