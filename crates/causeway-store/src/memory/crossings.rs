//! Crossings in memory: decisions, attestations, and who is in which file that crossed.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use async_trait::async_trait;
use causeway_types::{AttestationId, Blake3, DecisionId, ParticipantId, Timestamp};

use super::MemoryStore;
use super::table::Table;
use crate::{
    Attestation, CommitError, Crossing, Crossings, DecisionEntry, Page, Persons, ReadError, Stored,
    Subject,
};

/// What is remembered of crossings.
#[derive(Debug, Default)]
pub(super) struct Crossed {
    pub(super) decisions: Table<DecisionEntry>,
    pub(super) attestations: Table<Attestation>,
    subjects: HashMap<Blake3, BTreeSet<Subject>>,
    /// When a file crossed last, and how many persons were declared.
    files: BTreeMap<(String, ParticipantId, String), (Blake3, Timestamp, u64)>,
}

impl Crossed {
    pub(super) fn add(&mut self, crossing: Crossing) {
        let Crossing { count, peer, content, persons, at } = crossing;
        let key = (count, peer, content.to_string());
        let known = self.files.entry(key).or_insert((content, at, persons));
        if known.1 <= at {
            *known = (content, at, persons);
        }
    }

    fn persons(&self, query: &Persons) -> u64 {
        let crossed = self.files.iter().filter(|((count, peer, _), (_, at, _))| {
            *count == query.count
                && *at >= query.since
                && query.peer.as_ref().is_none_or(|own| own == peer)
        });
        // Of two crossings of one file, the larger declaration counts.
        let mut files: HashMap<Blake3, u64> = HashMap::new();
        let crossed = crossed.map(|(_, (content, _, persons))| (*content, *persons));
        for (content, persons) in crossed.chain(query.with) {
            let known = files.entry(content).or_default();
            *known = persons.max(*known);
        }
        let mut known: HashSet<&Subject> = HashSet::new();
        let mut declared = 0_u64;
        for (content, persons) in &files {
            match self.subjects.get(content) {
                Some(subjects) => known.extend(subjects),
                None => declared = declared.saturating_add(*persons),
            }
        }
        declared.saturating_add(known.len() as u64)
    }
}

#[async_trait]
impl Crossings for MemoryStore {
    async fn decision(&self, id: &DecisionId) -> Result<Option<Stored<DecisionEntry>>, ReadError> {
        Ok(self.state().crossings.decisions.by_id(id.as_str()))
    }

    async fn decisions(&self, page: Page) -> Result<Vec<Stored<DecisionEntry>>, ReadError> {
        Ok(self.state().crossings.decisions.downwards(page, |_| true))
    }

    async fn attestation(
        &self,
        id: &AttestationId,
    ) -> Result<Option<Stored<Attestation>>, ReadError> {
        Ok(self.state().crossings.attestations.by_id(id.as_str()))
    }

    async fn attestations(
        &self,
        peer: Option<&ParticipantId>,
        page: Page,
    ) -> Result<Vec<Stored<Attestation>>, ReadError> {
        let wanted = |one: &Attestation| peer.is_none_or(|peer| *peer == one.peer);
        Ok(self.state().crossings.attestations.downwards(page, wanted))
    }

    async fn add_subjects(
        &self,
        content: &Blake3,
        subjects: Vec<Subject>,
    ) -> Result<(), CommitError> {
        if !subjects.is_empty() {
            self.state().crossings.subjects.entry(*content).or_default().extend(subjects);
        }
        Ok(())
    }

    async fn subjects(&self, content: &Blake3) -> Result<u64, ReadError> {
        let state = self.state();
        Ok(state.crossings.subjects.get(content).map_or(0, |subjects| subjects.len() as u64))
    }

    async fn persons(&self, query: &Persons) -> Result<u64, ReadError> {
        Ok(self.state().crossings.persons(query))
    }
}
