//! Copies of catalogs in memory: the contract in its plainest form.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use causeway_dsp::catalog::Dataset;
use causeway_types::{ParticipantId, Timestamp};

use crate::{
    CachedCatalog, CachedDataset, CachedPage, CatalogCache, CommitError, NewPage, Page, ReadError,
    Reading, Run, Selection,
};

/// A cache in memory.
#[derive(Debug, Default)]
pub struct MemoryCatalogCache {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    pages: BTreeMap<Key, PageRow>,
    datasets: BTreeMap<i64, DatasetRow>,
    /// The last reading, and when the last complete one began.
    readings: BTreeMap<ParticipantId, (Reading, Option<Timestamp>)>,
    last: i64,
}

/// A page: whose, and its place.
type Key = (ParticipantId, String);

#[derive(Debug)]
struct PageRow {
    run: Timestamp,
    tag: Option<String>,
    next: Option<String>,
}

#[derive(Debug)]
struct DatasetRow {
    peer: ParticipantId,
    place: Place,
    dataset: Dataset,
}

#[derive(Debug, PartialEq)]
enum Place {
    On(Key),
    /// Its page no longer has it; it was met last in the run that began then.
    Lost(Timestamp),
}

impl MemoryCatalogCache {
    /// An empty cache.
    pub fn new() -> Self {
        Self::default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // As for the store: a panic under the lock is a defect that fails the test that met it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn put(&mut self, run: &Run, page: NewPage) -> u64 {
        let key = (run.peer.clone(), page.place);
        let here = Place::On(key.clone());
        let row = PageRow { run: run.at, tag: page.tag, next: page.next };
        let before = self.pages.insert(key.clone(), row).map(|row| row.run);
        let mut taken = HashSet::new();
        let entries = page.datasets.len();
        for dataset in page.datasets {
            let is_same = |row: &DatasetRow| row.peer == run.peer && row.dataset.id == dataset.id;
            let known = self.datasets.iter().find(|(_, row)| is_same(row));
            let sequence = match known {
                Some((sequence, row)) => {
                    let is_met = self.read_at(row) == run.at && row.place != here;
                    let is_lost = matches!(row.place, Place::Lost(_));
                    if (is_met && !is_lost) || taken.contains(sequence) {
                        continue;
                    }
                    *sequence
                }
                None => {
                    self.last += 1;
                    self.last
                }
            };
            taken.insert(sequence);
            let (peer, place) = (run.peer.clone(), Place::On(key.clone()));
            self.datasets.insert(sequence, DatasetRow { peer, place, dataset });
        }
        for (sequence, row) in &mut self.datasets {
            if row.place == here && !taken.contains(sequence) {
                row.place = Place::Lost(before.unwrap_or(run.at));
            }
        }
        if taken.len() < entries
            && let Some(row) = self.pages.get_mut(&key)
        {
            row.tag = None;
        }
        taken.len() as u64
    }

    fn read_at(&self, row: &DatasetRow) -> Timestamp {
        match &row.place {
            // A page is dropped together with what is on it.
            Place::On(key) => self.pages[key].run,
            Place::Lost(at) => *at,
        }
    }

    fn catalog(&self, reading: &(Reading, Option<Timestamp>)) -> CachedCatalog {
        let (reading, complete_at) = reading.clone();
        let of_peer = self.datasets.values().filter(|row| row.peer == reading.run.peer);
        let datasets = of_peer.count() as u64;
        CachedCatalog { reading, complete_at, datasets }
    }

    /// Drops the pages of a peer that were not met in the run that began then, and what is on
    /// none.
    fn drop_other_runs(&mut self, peer: &ParticipantId, at: Option<Timestamp>) {
        self.pages.retain(|(of, _), row| of != peer || Some(row.run) == at);
        let pages = &self.pages;
        let is_there = |row: &DatasetRow| match &row.place {
            Place::On(key) => pages.contains_key(key),
            Place::Lost(_) => false,
        };
        self.datasets.retain(|_, row| row.peer != *peer || is_there(row));
    }
}

#[async_trait]
impl CatalogCache for MemoryCatalogCache {
    async fn page(
        &self,
        peer: &ParticipantId,
        place: &str,
    ) -> Result<Option<CachedPage>, ReadError> {
        let state = self.state();
        let key = (peer.clone(), place.to_owned());
        let found = state.pages.get(&key);
        let here = Place::On(key.clone());
        let on_page = state.datasets.values().filter(|row| row.place == here);
        Ok(found.map(|row| CachedPage {
            tag: row.tag.clone(),
            next: row.next.clone(),
            datasets: on_page.count() as u64,
        }))
    }

    async fn keep_page(&self, run: &Run, place: &str) -> Result<(), CommitError> {
        if let Some(row) = self.state().pages.get_mut(&(run.peer.clone(), place.to_owned())) {
            row.run = run.at;
        }
        Ok(())
    }

    async fn put_page(&self, run: &Run, page: NewPage) -> Result<u64, CommitError> {
        Ok(self.state().put(run, page))
    }

    async fn end_run(&self, reading: Reading) -> Result<(), CommitError> {
        let mut state = self.state();
        let run = reading.run.clone();
        let before = state.readings.get(&run.peer).and_then(|(_, complete_at)| *complete_at);
        let complete_at = if reading.stopped.is_none() {
            state.drop_other_runs(&run.peer, Some(run.at));
            Some(run.at)
        } else {
            before
        };
        state.readings.insert(run.peer, (reading, complete_at));
        Ok(())
    }

    async fn forget(&self, peer: &ParticipantId) -> Result<(), CommitError> {
        let mut state = self.state();
        state.readings.remove(peer);
        state.drop_other_runs(peer, None);
        Ok(())
    }

    async fn catalog(&self, peer: &ParticipantId) -> Result<Option<CachedCatalog>, ReadError> {
        let state = self.state();
        Ok(state.readings.get(peer).map(|reading| state.catalog(reading)))
    }

    async fn catalogs(&self) -> Result<Vec<CachedCatalog>, ReadError> {
        let state = self.state();
        Ok(state.readings.values().map(|reading| state.catalog(reading)).collect())
    }

    async fn search(
        &self,
        selection: &Selection,
        peer: Option<&ParticipantId>,
        page: Page,
    ) -> Result<Vec<CachedDataset>, ReadError> {
        let state = self.state();
        let wanted = |(_, row): &(&i64, &DatasetRow)| {
            peer.is_none_or(|peer| row.peer == *peer) && selection.describes(&(&row.dataset).into())
        };
        let copy = |(sequence, row): (&i64, &DatasetRow)| CachedDataset {
            sequence: *sequence,
            peer: row.peer.clone(),
            read_at: state.read_at(row),
            dataset: row.dataset.clone(),
        };
        let rows = state.datasets.iter();
        Ok(match selection.newest_first {
            true => {
                let below = page.after.unwrap_or(i64::MAX);
                let rows = rows.rev().filter(|(sequence, _)| **sequence < below);
                rows.filter(wanted).take(page.limit).map(copy).collect()
            }
            false => {
                let above = page.after.unwrap_or(i64::MIN);
                let rows = rows.filter(|(sequence, _)| **sequence > above);
                rows.filter(wanted).take(page.limit).map(copy).collect()
            }
        })
    }
}
