//! Copies of peers' catalogs, read page by page so that they can be searched offline.
//!
//! A peer is asked for one page at a time, and left alone between two pages for as long as it took
//! to answer. A page is asked for by its `ETag`, so one that has not changed costs a few hundred
//! bytes; that is also how a copy that was cut short goes on. What a peer may cost us is bounded:
//! pages, bytes, datasets, and pages that bring nothing new.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use causeway_store::{CachedCatalog, CachedPage, NewPage, Reading, Run};
use causeway_types::limits::{
    SYNC_ATTEMPTS_MAX, SYNC_BARREN_PAGES_MAX, SYNC_BYTES_MAX, SYNC_PAGES_MAX, SYNC_PEERS_MAX,
};
use causeway_types::{ParticipantId, Problem, ProblemCode, Timestamp};
use tokio::sync::Semaphore;

use crate::catalog::{Asked, NotAnswered, unknown_peer};
use crate::commit::commit_failed;
use crate::pulls::backoff;
use crate::{Node, read_failed};

/// How often copies are looked at that may have become too old.
const LOOK: Duration = Duration::from_secs(60);
/// Longest time that a peer is left alone between two pages.
const PAUSE_MAX: Duration = Duration::from_secs(1);

/// Whether a peer's catalog is being copied, or how that ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SyncState {
    /// Others are being copied.
    Waiting,
    /// It is being copied.
    Running,
    /// The copy reached the end of the catalog.
    Complete,
    /// The copy did not reach the end; what was read is kept, and so is what was there before.
    Stopped,
}

impl SyncState {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Waiting, Self::Running, Self::Complete, Self::Stopped];

    /// The name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Complete => "complete",
            Self::Stopped => "stopped",
        }
    }
}

/// What is known of the copy of a peer's catalog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogSync {
    /// Whose catalog it is.
    pub peer: ParticipantId,
    /// Whether it is being copied.
    pub state: SyncState,
    /// When this copying, or the last one, began; `None` while it waits for the first time.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// When the last copying began that reached the end.
    pub complete_at: Option<Timestamp>,
    /// Pages that were asked for.
    pub pages: u64,
    /// Pages among them that had not changed.
    pub unchanged: u64,
    /// Bytes of answers, as they came over the network.
    pub bytes: u64,
    /// Entries that could not be read or came twice.
    pub passed_over: u64,
    /// Datasets met so far, or those there are a copy of.
    pub datasets: u64,
    /// Why it did not reach the end.
    pub stopped: Option<String>,
}

/// The copying that is under way.
pub(crate) struct Syncs {
    running: Mutex<HashMap<ParticipantId, CatalogSync>>,
    free: Semaphore,
}

impl Default for Syncs {
    fn default() -> Self {
        Self { running: Mutex::default(), free: Semaphore::new(SYNC_PEERS_MAX) }
    }
}

impl Syncs {
    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<ParticipantId, CatalogSync>> {
        // A panic elsewhere leaves the map as it was; each entry stands for itself.
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Node {
    /// Begins to copy a peer's catalog, unless it is being copied already.
    pub fn sync_catalog(&self, peer: &ParticipantId) -> Result<CatalogSync, Problem> {
        if self.0.directory.peer(peer).is_none() {
            return Err(unknown_peer(peer.as_str()));
        }
        let mut running = self.0.syncs.lock();
        if let Some(known) = running.get(peer) {
            return Ok(known.clone());
        }
        let waiting = CatalogSync::waiting(peer);
        running.insert(peer.clone(), waiting.clone());
        drop(running);
        let (node, peer) = (self.clone(), peer.clone());
        self.0.tasks.spawn(async move {
            tokio::select! {
                () = node.copy_catalog(&peer) => {}
                // What was read is kept, and the next copying takes it up.
                () = node.0.stop.cancelled() => {}
            }
            node.0.syncs.lock().remove(&peer);
        });
        Ok(waiting)
    }

    /// What is known of the copy of a peer's catalog; `None` if there was never one.
    pub async fn catalog_sync(&self, peer: &ParticipantId) -> Result<Option<CatalogSync>, Problem> {
        if let Some(running) = self.0.syncs.lock().get(peer) {
            return Ok(Some(running.clone()));
        }
        let known = self.0.catalogs.catalog(peer).await.map_err(read_failed)?;
        Ok(known.map(CatalogSync::from))
    }

    /// What is known of the copies of all peers' catalogs, by peer.
    pub async fn catalog_syncs(&self) -> Result<Vec<CatalogSync>, Problem> {
        let known = self.0.catalogs.catalogs().await.map_err(read_failed)?;
        let known = known.into_iter().map(CatalogSync::from);
        let mut all: BTreeMap<ParticipantId, CatalogSync> =
            known.map(|sync| (sync.peer.clone(), sync)).collect();
        all.extend(self.0.syncs.lock().clone());
        Ok(all.into_values().collect())
    }

    async fn copy_catalog(&self, peer: &ParticipantId) {
        // The semaphore is never closed.
        let Ok(_permit) = self.0.syncs.free.acquire().await else { return };
        let run = Run { peer: peer.clone(), at: self.now() };
        let mut crawl = Crawl::new(self.0.settings.catalog.peer_datasets_max);
        let stopped = self.crawl(&run, &mut crawl).await.err();
        let Counts { pages, unchanged, bytes, passed_over, datasets } = crawl.counts;
        match &stopped {
            None => tracing::info!(%peer, pages, unchanged, bytes, datasets, "copied a catalog"),
            Some(problem) => tracing::warn!(
                %peer, pages, unchanged, bytes, datasets, internal = problem.for_log(),
                "stopped copying a catalog: {problem}"
            ),
        }
        let stopped = stopped.map(|problem| problem.to_string());
        let ended_at = self.now();
        let reading = Reading { run, ended_at, pages, unchanged, bytes, passed_over, stopped };
        if let Err(error) = self.0.catalogs.end_run(reading).await {
            tracing::warn!(%peer, "could not record how copying a catalog ended: {error}");
        }
    }

    async fn crawl(&self, run: &Run, crawl: &mut Crawl) -> Result<(), Problem> {
        self.show(run, crawl.counts);
        let mut place = None;
        loop {
            let asked_at = tokio::time::Instant::now();
            let found = self.ask_patiently(run, place.as_deref()).await?;
            let took = asked_at.elapsed();
            let here = found.here.clone();
            let (met, next) = self.take_over(run, found).await?;
            let next = crawl.go_on(here, met, next)?;
            self.show(run, crawl.counts);
            let Some(next) = next else { return Ok(()) };
            place = Some(next);
            self.wait(took.min(PAUSE_MAX), &self.0.stop).await;
        }
    }

    /// Asks for a page until there is an answer.
    async fn ask_patiently(&self, run: &Run, place: Option<&str>) -> Result<Found, Problem> {
        let retry = &self.0.settings.retry;
        let mut attempt = 1;
        loop {
            let refusal = match self.ask_at(run, place).await {
                Ok(found) => return Ok(found),
                Err(refusal) => refusal,
            };
            if !refusal.is_transient || attempt >= SYNC_ATTEMPTS_MAX {
                return Err(refusal.problem);
            }
            let wanted = refusal.retry_after.unwrap_or_default().min(retry.wait_max);
            self.wait(wanted.max(backoff(retry, attempt)), &self.0.stop).await;
            attempt += 1;
        }
    }

    async fn ask_at(&self, run: &Run, place: Option<&str>) -> Result<Found, NotAnswered> {
        let here = self.catalog_place(&run.peer, place).await?;
        let known = self.0.catalogs.page(&run.peer, &here).await.map_err(read_failed)?;
        let tag = known.as_ref().and_then(|page| page.tag.clone());
        let asked = self.ask_for_page(&run.peer, here.clone(), tag).await?;
        Ok(Found { here, known, asked })
    }

    /// Puts a page into the copy. Answers what it brought, and where the next one is.
    async fn take_over(&self, run: &Run, found: Found) -> Result<(Met, Option<String>), Problem> {
        let Found { here, known, asked } = found;
        match asked {
            Asked::Unchanged { next } => {
                self.0.catalogs.keep_page(run, &here).await.map_err(commit_failed)?;
                let (datasets, known) = known.map_or((0, None), |page| (page.datasets, page.next));
                let met = Met { datasets, is_unchanged: true, ..Met::default() };
                Ok((met, next.or(known)))
            }
            Asked::Read { page, tag, received } => {
                let entries = page.catalog.datasets.len() + page.problems.len();
                let (next, datasets) = (page.next.clone(), page.catalog.datasets);
                let page = NewPage { place: here, tag, next: page.next, datasets };
                let datasets = self.0.catalogs.put_page(run, page).await.map_err(commit_failed)?;
                let (bytes, passed_over) = (received as u64, entries as u64 - datasets);
                Ok((Met { datasets, bytes, passed_over, is_unchanged: false }, next))
            }
        }
    }

    /// Lets everybody see how far a copying is.
    fn show(&self, run: &Run, counts: Counts) {
        let Counts { pages, unchanged, bytes, passed_over, datasets } = counts;
        if let Some(shown) = self.0.syncs.lock().get_mut(&run.peer) {
            *shown = CatalogSync {
                state: SyncState::Running,
                started_at: Some(run.at),
                pages,
                unchanged,
                bytes,
                passed_over,
                datasets,
                ..CatalogSync::waiting(&run.peer)
            };
        }
    }

    /// Begins to copy what has become too old, and drops copies of who is no peer any more.
    async fn refresh_copies(&self, every: Duration) -> Result<(), Problem> {
        let known = self.0.catalogs.catalogs().await.map_err(read_failed)?;
        let (now, directory) = (self.now(), &self.0.directory);
        let mut fresh = HashSet::new();
        for CachedCatalog { reading, .. } in known {
            let Run { peer, at } = reading.run;
            if directory.peer(&peer).is_none() {
                self.0.catalogs.forget(&peer).await.map_err(commit_failed)?;
            } else if u128::from(now.micros_since(at)) < every.as_micros() {
                fresh.insert(peer);
            }
        }
        for peer in directory.peers() {
            if !fresh.contains(&peer.participant_id) {
                self.sync_catalog(&peer.participant_id)?;
            }
        }
        Ok(())
    }
}

/// Keeps the copies as fresh as the settings want them, until the node stops.
pub(crate) async fn refresh(node: Node) {
    let Some(every) = node.0.settings.catalog.refresh_every else { return };
    while node.wait(LOOK.min(every), &node.0.stop).await {
        if let Err(problem) = node.refresh_copies(every).await {
            let internal = problem.for_log();
            tracing::warn!(internal, "could not look for old copies of catalogs: {problem}");
        }
    }
}

impl CatalogSync {
    fn waiting(peer: &ParticipantId) -> Self {
        Self {
            peer: peer.clone(),
            state: SyncState::Waiting,
            started_at: None,
            ended_at: None,
            complete_at: None,
            pages: 0,
            unchanged: 0,
            bytes: 0,
            passed_over: 0,
            datasets: 0,
            stopped: None,
        }
    }
}

impl From<CachedCatalog> for CatalogSync {
    fn from(known: CachedCatalog) -> Self {
        let CachedCatalog { reading, complete_at, datasets } = known;
        let Reading { run, ended_at, pages, unchanged, bytes, passed_over, stopped } = reading;
        Self {
            peer: run.peer,
            state: if stopped.is_none() { SyncState::Complete } else { SyncState::Stopped },
            started_at: Some(run.at),
            ended_at: Some(ended_at),
            complete_at,
            pages,
            unchanged,
            bytes,
            passed_over,
            datasets,
            stopped,
        }
    }
}

/// A page as a peer answered it.
struct Found {
    here: String,
    /// What is there of it from an earlier run.
    known: Option<CachedPage>,
    asked: Asked,
}

/// What one page brought.
#[derive(Debug, Clone, Copy, Default)]
struct Met {
    datasets: u64,
    bytes: u64,
    passed_over: u64,
    is_unchanged: bool,
}

/// What all pages brought so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Counts {
    pages: u64,
    unchanged: u64,
    bytes: u64,
    passed_over: u64,
    datasets: u64,
}

/// How far a copying has come, and whether it may go on. It does no IO.
struct Crawl {
    counts: Counts,
    datasets_max: u64,
    places: HashSet<String>,
    /// Pages one after another that brought nothing.
    barren: u64,
}

impl Crawl {
    fn new(datasets_max: u64) -> Self {
        let (counts, places) = (Counts::default(), HashSet::new());
        Self { counts, datasets_max, places, barren: 0 }
    }

    /// Counts a page. Answers the next place, `None` at the end of the catalog, or why this
    /// catalog is read no further.
    fn go_on(
        &mut self,
        here: String,
        met: Met,
        next: Option<String>,
    ) -> Result<Option<String>, Problem> {
        let counts = &mut self.counts;
        counts.pages += 1;
        counts.unchanged += u64::from(met.is_unchanged);
        counts.bytes += met.bytes;
        counts.passed_over += met.passed_over;
        counts.datasets += met.datasets;
        self.barren = if met.datasets == 0 { self.barren + 1 } else { 0 };
        self.places.insert(here);
        let Some(next) = next else { return Ok(None) };
        let Counts { pages, bytes, datasets, .. } = self.counts;
        let endless = |text: String| {
            let text = format!("the catalog does not end: {text}");
            Err(Problem::new(ProblemCode::PeerMisbehaved, text))
        };
        let too_large = |text: String| {
            let text = format!("the catalog is too large to be copied: {text}");
            Err(Problem::new(ProblemCode::TooLarge, text))
        };
        if self.places.contains(&next) {
            return endless(format!("page {pages} names a page as the next that came before it"));
        }
        if self.barren >= SYNC_BARREN_PAGES_MAX {
            return endless(format!("{} pages one after another brought nothing", self.barren));
        }
        if datasets >= self.datasets_max {
            let most = self.datasets_max;
            let most = format!("after {datasets} datasets, at most {most}");
            return too_large(format!("{most} (catalog.peer_datasets_max)"));
        }
        if bytes >= SYNC_BYTES_MAX {
            return too_large(format!("after {bytes} bytes, at most {SYNC_BYTES_MAX}"));
        }
        if pages >= SYNC_PAGES_MAX {
            return too_large(format!("after {pages} pages, at most {SYNC_PAGES_MAX}"));
        }
        Ok(Some(next))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads pages that each bring the same until the crawl ends by itself.
    fn endless(datasets_max: u64, met: Met) -> (Counts, String) {
        let mut crawl = Crawl::new(datasets_max);
        for page in 0_u64.. {
            let next = Some(format!("p{}", page + 1));
            match crawl.go_on(format!("p{page}"), met, next) {
                Ok(next) => assert_eq!(next, Some(format!("p{}", page + 1))),
                Err(problem) => return (crawl.counts, problem.to_string()),
            }
        }
        unreachable!("a crawl ends")
    }

    #[test]
    fn a_catalog_is_read_to_its_last_page() {
        let mut crawl = Crawl::new(1_000);
        let met = Met { datasets: 100, bytes: 7, passed_over: 1, is_unchanged: false };
        let next = crawl.go_on("a".to_owned(), met, Some("b".to_owned()));
        assert_eq!(next, Ok(Some("b".to_owned())));
        let unchanged = Met { is_unchanged: true, bytes: 0, passed_over: 0, ..met };
        assert_eq!(crawl.go_on("b".to_owned(), unchanged, None), Ok(None));
        let counts = Counts { pages: 2, unchanged: 1, bytes: 7, passed_over: 1, datasets: 200 };
        assert_eq!(crawl.counts, counts);
    }

    #[test]
    fn a_catalog_that_does_not_end_is_left() {
        let one = Met { datasets: 1, ..Met::default() };
        let check = |datasets_max, met, pages, expected: &str| {
            let (counts, text) = endless(datasets_max, met);
            assert_eq!(counts.pages, pages, "{text}");
            assert!(text.contains(expected), "{text}");
        };
        check(u64::MAX, Met::default(), SYNC_BARREN_PAGES_MAX, "pages one after another brought");
        check(250, Met { datasets: 100, ..one }, 3, "after 300 datasets, at most 250");
        check(u64::MAX, one, SYNC_PAGES_MAX, "after 20000 pages");
        check(u64::MAX, Met { bytes: SYNC_BYTES_MAX / 2, ..one }, 2, "bytes, at most");
        let mut crawl = Crawl::new(9);
        let next = crawl.go_on("a".to_owned(), one, Some("b".to_owned())).unwrap();
        let again = crawl.go_on(next.unwrap(), one, Some("a".to_owned()));
        assert!(again.unwrap_err().to_string().contains("page 2 names a page"));
        let itself = Crawl::new(9).go_on("a".to_owned(), one, Some("a".to_owned()));
        assert!(itself.unwrap_err().to_string().contains("page 1 names a page"));
    }

    #[test]
    fn the_last_page_may_exceed_every_limit() {
        let much = Met { datasets: 10, bytes: SYNC_BYTES_MAX, ..Met::default() };
        assert_eq!(Crawl::new(1).go_on("a".to_owned(), much, None), Ok(None));
    }
}
