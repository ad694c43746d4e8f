//! Copies of other nodes' catalogs, so that they can be searched without asking anybody.
//!
//! This is a cache and not a record: all of it can be read again from the peers, so a driver need
//! not make it durable, and an operator may delete it. A catalog is read page by page in a *run*.
//! A page that has not changed since the last run is kept as it is; what a complete run did not
//! meet is gone from the catalog and is dropped; a run that stopped early drops nothing.

use async_trait::async_trait;
use causeway_dsp::catalog::Dataset;
use causeway_types::{ParticipantId, Timestamp};

use crate::{CommitError, Page, ReadError, Selection};

/// One reading of a peer's catalog, from its first page on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Whose catalog it is.
    pub peer: ParticipantId,
    /// When the run began, which tells it from the peer's other runs.
    pub at: Timestamp,
}

/// A page as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPage {
    /// Where it was read.
    pub place: String,
    /// The `ETag` it came with.
    pub tag: Option<String>,
    /// Where the next page is.
    pub next: Option<String>,
    /// The datasets on it.
    pub datasets: Vec<Dataset>,
}

/// What is known of a page without reading it again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CachedPage {
    /// The `ETag` it came with.
    pub tag: Option<String>,
    /// Where the next page is.
    pub next: Option<String>,
    /// How many datasets of it there are.
    pub datasets: u64,
}

/// A copy of a peer's dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CachedDataset {
    /// Its place in the order of the first copies.
    pub sequence: i64,
    /// Whose dataset it is.
    pub peer: ParticipantId,
    /// When the run began in which the peer last said so.
    pub read_at: Timestamp,
    /// The dataset.
    pub dataset: Dataset,
}

/// How the last run of a peer ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// Which run.
    pub run: Run,
    /// When it ended.
    pub ended_at: Timestamp,
    /// Pages that were asked for.
    pub pages: u64,
    /// Pages among them that had not changed.
    pub unchanged: u64,
    /// Bytes of answers.
    pub bytes: u64,
    /// Entries that could not be read or came twice.
    pub passed_over: u64,
    /// Why it did not reach the end, if so.
    pub stopped: Option<String>,
}

/// What is known of a peer's catalog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CachedCatalog {
    /// The last run that ended.
    pub reading: Reading,
    /// When the last run began that reached the end.
    pub complete_at: Option<Timestamp>,
    /// Copies of its datasets.
    pub datasets: u64,
}

/// Where a node keeps copies of other nodes' catalogs.
///
/// Atomicity: each method that writes does all of its work or nothing. Isolation: runs of different
/// peers do not touch each other; there is one run of a peer at a time, which its caller sees to.
/// Durability: none is promised.
#[async_trait]
pub trait CatalogCache: Send + Sync + 'static {
    /// A page of a peer's catalog by its place.
    async fn page(
        &self,
        peer: &ParticipantId,
        place: &str,
    ) -> Result<Option<CachedPage>, ReadError>;
    /// The run met a page that has not changed; one that is not there is passed over.
    async fn keep_page(&self, run: &Run, place: &str) -> Result<(), CommitError>;
    /// The run met a page that is new or has changed. A dataset that the run has met already, on
    /// this page or another, keeps its first copy; one that the page no longer has may turn up on
    /// another, and is there until the run ends. A page of which not all was taken is kept
    /// without its tag, so that the next run reads it again. Answers how many were taken.
    async fn put_page(&self, run: &Run, page: NewPage) -> Result<u64, CommitError>;
    /// The run has ended. Unless it stopped early, what it did not meet is dropped.
    async fn end_run(&self, reading: Reading) -> Result<(), CommitError>;
    /// Drops everything about a peer.
    async fn forget(&self, peer: &ParticipantId) -> Result<(), CommitError>;

    /// What is known of a peer's catalog.
    async fn catalog(&self, peer: &ParticipantId) -> Result<Option<CachedCatalog>, ReadError>;
    /// What is known of all catalogs, by peer.
    async fn catalogs(&self) -> Result<Vec<CachedCatalog>, ReadError>;
    /// Datasets of one peer or of all that a selection describes, in the order of their first
    /// copies, or against it if the selection says so. Who may see an offer and whether it is
    /// withdrawn does not matter here. The cost grows with the page and not with the cache.
    async fn search(
        &self,
        selection: &Selection,
        peer: Option<&ParticipantId>,
        page: Page,
    ) -> Result<Vec<CachedDataset>, ReadError>;
}
