//! Copies of other nodes' catalogs in a file of their own, so that reading a large catalog never
//! holds up a commit of the store, and the file can be deleted. Its write-ahead log is not
//! synchronised on every commit: what a power cut takes is read again.

use std::collections::HashSet;
use std::path::Path;

use async_trait::async_trait;
use causeway_dsp::catalog::Dataset;
use causeway_dsp::wire;
use causeway_store::{
    CachedCatalog, CachedDataset, CachedPage, CatalogCache, CommitError, NewPage, Page, ReadError,
    Reading, Run, Selection,
};
use causeway_types::{ParticipantId, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::index::{self, Entry};
use super::read::{self, Readers, corrupt, limit, timestamp, unavailable};
use super::writer::Writer;
use super::{OpenError, SqliteOptions, private_file, schema, statements};

statements! {
    PAGE = "\
-- page
select tag, next, (select count(*) from dataset where dataset.page = page.id) as datasets
from page
where peer = ?1 and place = ?2";
    PAGE_RUN = "\
-- page_run
select run
from page
where peer = ?1 and place = ?2";
    PAGE_KEEP = "\
-- page_keep
update page
set run = ?3
where peer = ?1 and place = ?2";
    PAGE_PUT = "\
-- page_put
insert into page (peer, place, run, tag, next)
values (?1, ?2, ?3, ?4, ?5)
on conflict (peer, place) do update
set run = excluded.run, tag = excluded.tag, next = excluded.next
returning id";
    PAGE_UNTAG = "\
-- page_untag
update page
set tag = null
where id = ?1";
    PAGE_DELETE = "\
-- page_delete
delete from page
where id = ?1";
    PAGES_OF_OTHER_RUNS = "\
-- pages_of_other_runs
select id
from page
where peer = ?1 and run <> ?2";
    DATASET_KNOWN = "\
-- dataset_known
select dataset.sequence, dataset.page, page.run, dataset.body = ?3 as same
from dataset
left join page on page.id = dataset.page
where dataset.peer = ?1 and dataset.dataset_id = ?2";
    DATASET_INSERT = "\
-- dataset_insert
insert into dataset (peer, dataset_id, page, starts_at, ends_at, body)
values (?1, ?2, ?3, ?4, ?5, ?6)";
    DATASET_MOVE = "\
-- dataset_move
update dataset
set page = ?2
where sequence = ?1";
    DATASET_UPDATE = "\
-- dataset_update
update dataset
set page = ?2, starts_at = ?3, ends_at = ?4, body = ?5
where sequence = ?1";
    DATASET_LOSE = "\
-- dataset_lose
update dataset
set page = null, met_at = ?2
where sequence = ?1";
    DATASETS_LOST = "\
-- datasets_lost
select sequence
from dataset
where peer = ?1 and page is null";
    DATASET_DELETE = "\
-- dataset_delete
delete from dataset
where sequence = ?1";
    DATASETS_OF_PAGE = "\
-- datasets_of_page
select sequence
from dataset
where page = ?1";
    DATASETS_COUNT = "\
-- datasets_count
select count(*)
from dataset
where peer = ?1";
    DATASET_INDEX_PUT = "\
-- dataset_index_put
insert or replace into dataset_index (rowid, words, facets)
values (?1, ?2, ?3)";
    DATASET_INDEX_DELETE = "\
-- dataset_index_delete
delete from dataset_index
where rowid = ?1";
    DATASETS_FOUND = "\
-- datasets_found
select dataset.sequence, dataset.peer, coalesce(page.run, met_at) as run, dataset.body
from dataset_index
cross join dataset on dataset.sequence = dataset_index.rowid
left join page on page.id = dataset.page
where dataset_index match ?1 and dataset_index.rowid > ?2
and (?4 is null or (dataset.starts_at <= ?5 and dataset.ends_at >= ?4))
order by dataset_index.rowid
limit ?3";
    DATASETS_FOUND_NEWEST_FIRST = "\
-- datasets_found_newest_first
select dataset.sequence, dataset.peer, coalesce(page.run, met_at) as run, dataset.body
from dataset_index
cross join dataset on dataset.sequence = dataset_index.rowid
left join page on page.id = dataset.page
where dataset_index match ?1 and dataset_index.rowid < ?2
and (?4 is null or (dataset.starts_at <= ?5 and dataset.ends_at >= ?4))
order by dataset_index.rowid desc
limit ?3";
    READING_PUT = "\
-- reading_put
insert into reading (peer, run, ended_at, pages, unchanged, bytes, passed_over, stopped,
    complete_at, datasets)
values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
on conflict (peer) do update
set run = excluded.run, ended_at = excluded.ended_at, pages = excluded.pages,
    unchanged = excluded.unchanged, bytes = excluded.bytes, passed_over = excluded.passed_over,
    stopped = excluded.stopped, complete_at = coalesce(excluded.complete_at, complete_at),
    datasets = excluded.datasets";
    READING_DELETE = "\
-- reading_delete
delete from reading
where peer = ?1";
    READING = "\
-- reading
select *
from reading
where peer = ?1";
    READINGS = "\
-- readings
select *
from reading
where peer > ''
order by peer";
}

/// Copies of catalogs in one SQLite file. Dropping it waits for what was queued.
pub struct SqliteCatalogCache {
    readers: Readers,
    writer: Writer,
}

impl SqliteCatalogCache {
    /// Opens or creates the file, readable by its owner only. The caller sees to it that no other
    /// process has it open. Blocks.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        let path = path.as_ref();
        private_file(path)?;
        let options = SqliteOptions::default();
        let connection = schema::open_for_writing(path, &schema::CACHE, &options)?;
        let readers = Readers::open(path)?;
        let writer = Writer::start(connection)
            .map_err(|error| OpenError::File { path: path.to_owned(), error })?;
        Ok(Self { readers, writer })
    }
}

impl std::fmt::Debug for SqliteCatalogCache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqliteCatalogCache").finish_non_exhaustive()
    }
}

#[async_trait]
impl CatalogCache for SqliteCatalogCache {
    async fn page(
        &self,
        peer: &ParticipantId,
        place: &str,
    ) -> Result<Option<CachedPage>, ReadError> {
        let (peer, place) = (peer.clone(), place.to_owned());
        self.readers.run(move |db| page(db, &peer, &place).map_err(unavailable)).await
    }

    async fn keep_page(&self, run: &Run, place: &str) -> Result<(), CommitError> {
        let (run, place) = (run.clone(), place.to_owned());
        let keep = move |db: &Connection| {
            let values = params![run.peer.as_str(), place, run.at.unix_micros()];
            Ok(db.prepare_cached(PAGE_KEEP)?.execute(values).map(drop)?)
        };
        self.writer.run(keep).await
    }

    async fn put_page(&self, run: &Run, page: NewPage) -> Result<u64, CommitError> {
        let (run, copies) = (run.clone(), page.datasets.iter().map(Copied::of).collect::<Vec<_>>());
        self.writer.run(move |db| Ok(put_page(db, &run, &page, &copies)?)).await
    }

    async fn end_run(&self, reading: Reading) -> Result<(), CommitError> {
        self.writer.run(move |db| Ok(end_run(db, &reading)?)).await
    }

    async fn forget(&self, peer: &ParticipantId) -> Result<(), CommitError> {
        let peer = peer.clone();
        let forget = move |db: &Connection| {
            // No run begins at the end of time.
            drop_other_runs(db, &peer, i64::MAX)?;
            Ok(db.prepare_cached(READING_DELETE)?.execute([peer.as_str()]).map(drop)?)
        };
        self.writer.run(forget).await
    }

    async fn catalog(&self, peer: &ParticipantId) -> Result<Option<CachedCatalog>, ReadError> {
        let peer = peer.clone();
        let found = move |db: &Connection| read::rows(db, READING, [peer.as_str()], catalog);
        self.readers.run(move |db| Ok(found(db)?.pop())).await
    }

    async fn catalogs(&self) -> Result<Vec<CachedCatalog>, ReadError> {
        self.readers.run(|db| read::rows(db, READINGS, [], catalog)).await
    }

    async fn search(
        &self,
        selection: &Selection,
        peer: Option<&ParticipantId>,
        page: Page,
    ) -> Result<Vec<CachedDataset>, ReadError> {
        let (sql, start) = match selection.newest_first {
            true => (DATASETS_FOUND_NEWEST_FIRST, page.after.unwrap_or(i64::MAX)),
            false => (DATASETS_FOUND, page.after.unwrap_or(i64::MIN)),
        };
        let mut expression = index::expression(selection, None);
        if let Some(peer) = peer {
            expression = format!("{expression} AND facets : {}", index::party(peer));
        }
        let (from, to) = selection.temporal.unzip();
        let (from, to) = (from.map(Timestamp::unix_micros), to.map(Timestamp::unix_micros));
        let find = move |db: &Connection| {
            let values = params![expression, start, limit(page.limit), from, to];
            read::rows(db, sql, values, copy)
        };
        self.readers.run(find).await
    }
}

/// A dataset in the form in which it is kept; made before the writer's turn.
struct Copied {
    id: String,
    body: String,
    starts_at: Option<i64>,
    ends_at: Option<i64>,
    entry: Entry,
}

impl Copied {
    fn of(dataset: &Dataset) -> Self {
        let (starts_at, ends_at) = dataset.metadata.temporal.unzip();
        Self {
            id: dataset.id.to_string(),
            // What we write is JSON, which is text.
            body: String::from_utf8_lossy(&wire::write_dataset(dataset)).into_owned(),
            starts_at: starts_at.map(Timestamp::unix_micros),
            ends_at: ends_at.map(Timestamp::unix_micros),
            entry: Entry::of(&dataset.into()),
        }
    }
}

fn page(
    db: &Connection,
    peer: &ParticipantId,
    place: &str,
) -> rusqlite::Result<Option<CachedPage>> {
    let read = |row: &Row<'_>| {
        let datasets: i64 = row.get("datasets")?;
        let datasets = datasets.unsigned_abs();
        Ok(CachedPage { tag: row.get("tag")?, next: row.get("next")?, datasets })
    };
    db.prepare_cached(PAGE)?.query_row(params![peer.as_str(), place], read).optional()
}

fn put_page(
    db: &Connection,
    run: &Run,
    page: &NewPage,
    copies: &[Copied],
) -> rusqlite::Result<u64> {
    let (peer, at) = (run.peer.as_str(), run.at.unix_micros());
    let met_before: Option<i64> = db
        .prepare_cached(PAGE_RUN)?
        .query_row(params![peer, page.place], |row| row.get(0))
        .optional()?;
    let values = params![peer, page.place, at, page.tag, page.next];
    let id: i64 = db.prepare_cached(PAGE_PUT)?.query_row(values, |row| row.get(0))?;
    let mut taken = HashSet::new();
    for copy in copies {
        let known = |row: &Row<'_>| {
            let page_and_run: (Option<i64>, Option<i64>) = (row.get("page")?, row.get("run")?);
            Ok((row.get::<_, i64>("sequence")?, page_and_run, row.get::<_, bool>("same")?))
        };
        let mut statement = db.prepare_cached(DATASET_KNOWN)?;
        let known = statement.query_row(params![peer, copy.id, copy.body], known).optional()?;
        let Copied { id: name, body, starts_at, ends_at, entry } = copy;
        let (sequence, is_same) = match known {
            Some((sequence, (other, met), _))
                if (met == Some(at) && other != Some(id)) || taken.contains(&sequence) =>
            {
                continue;
            }
            Some((sequence, _, true)) => {
                db.prepare_cached(DATASET_MOVE)?.execute(params![sequence, id])?;
                (sequence, true)
            }
            Some((sequence, _, false)) => {
                let values = params![sequence, id, starts_at, ends_at, body];
                db.prepare_cached(DATASET_UPDATE)?.execute(values)?;
                (sequence, false)
            }
            None => {
                let values = params![peer, name, id, starts_at, ends_at, body];
                db.prepare_cached(DATASET_INSERT)?.execute(values)?;
                (db.last_insert_rowid(), false)
            }
        };
        taken.insert(sequence);
        if !is_same {
            let facets = format!("{} {} {}", index::LIVE, index::party(&run.peer), entry.facets);
            let values = params![sequence, entry.words, facets];
            db.prepare_cached(DATASET_INDEX_PUT)?.execute(values)?;
        }
    }
    for sequence in numbers(db, DATASETS_OF_PAGE, params![id])? {
        if !taken.contains(&sequence) {
            db.prepare_cached(DATASET_LOSE)?.execute(params![sequence, met_before])?;
        }
    }
    if taken.len() < copies.len() {
        db.prepare_cached(PAGE_UNTAG)?.execute([id])?;
    }
    Ok(taken.len() as u64)
}

fn end_run(db: &Connection, reading: &Reading) -> rusqlite::Result<()> {
    let Reading { run, ended_at, pages, unchanged, bytes, passed_over, stopped } = reading;
    let (peer, at) = (run.peer.as_str(), run.at.unix_micros());
    let complete_at = if stopped.is_none() {
        drop_other_runs(db, &run.peer, at)?;
        Some(at)
    } else {
        None
    };
    let datasets: i64 = db.prepare_cached(DATASETS_COUNT)?.query_row([peer], |row| row.get(0))?;
    let count = |count: &u64| i64::try_from(*count).unwrap_or(i64::MAX);
    let values = params![
        peer,
        at,
        ended_at.unix_micros(),
        count(pages),
        count(unchanged),
        count(bytes),
        count(passed_over),
        stopped,
        complete_at,
        datasets,
    ];
    db.prepare_cached(READING_PUT)?.execute(values).map(drop)
}

/// Drops the pages of a peer that were not met in the run that began then, with their datasets.
fn drop_other_runs(db: &Connection, peer: &ParticipantId, at: i64) -> rusqlite::Result<()> {
    for page in numbers(db, PAGES_OF_OTHER_RUNS, params![peer.as_str(), at])? {
        for sequence in numbers(db, DATASETS_OF_PAGE, params![page])? {
            drop_dataset(db, sequence)?;
        }
        db.prepare_cached(PAGE_DELETE)?.execute([page])?;
    }
    for sequence in numbers(db, DATASETS_LOST, params![peer.as_str()])? {
        drop_dataset(db, sequence)?;
    }
    Ok(())
}

fn drop_dataset(db: &Connection, sequence: i64) -> rusqlite::Result<()> {
    db.prepare_cached(DATASET_INDEX_DELETE)?.execute([sequence])?;
    db.prepare_cached(DATASET_DELETE)?.execute([sequence]).map(drop)
}

fn numbers(
    db: &Connection,
    sql: &str,
    values: &[&dyn rusqlite::ToSql],
) -> rusqlite::Result<Vec<i64>> {
    db.prepare_cached(sql)?.query_map(values, |row| row.get(0))?.collect()
}

fn catalog(row: &Row<'_>) -> Result<CachedCatalog, ReadError> {
    let count = |column| row.get(column).map(i64::unsigned_abs).map_err(unavailable);
    let peer: String = row.get("peer").map_err(unavailable)?;
    let what = format!("reading of {peer}");
    let time = |column| timestamp(&what, row.get(column).map_err(unavailable)?);
    let complete_at: Option<i64> = row.get("complete_at").map_err(unavailable)?;
    let peer = ParticipantId::parse(peer).map_err(|error| corrupt(&what, error))?;
    Ok(CachedCatalog {
        reading: Reading {
            run: Run { peer, at: time("run")? },
            ended_at: time("ended_at")?,
            pages: count("pages")?,
            unchanged: count("unchanged")?,
            bytes: count("bytes")?,
            passed_over: count("passed_over")?,
            stopped: row.get("stopped").map_err(unavailable)?,
        },
        complete_at: complete_at.map(|micros| timestamp(&what, micros)).transpose()?,
        datasets: count("datasets")?,
    })
}

fn copy(row: &Row<'_>) -> Result<CachedDataset, ReadError> {
    let text =
        |column| row.get_ref(column).and_then(|value| Ok(value.as_str()?)).map_err(unavailable);
    let sequence: i64 = row.get("sequence").map_err(unavailable)?;
    let what = format!("copied dataset {sequence}");
    let document = wire::parse_answer(text("body")?.as_bytes()).map_err(|e| corrupt(&what, e))?;
    Ok(CachedDataset {
        sequence,
        peer: ParticipantId::parse(text("peer")?).map_err(|error| corrupt(&what, error))?,
        read_at: timestamp(&what, row.get("run").map_err(unavailable)?)?,
        dataset: wire::read_dataset(&document).map_err(|error| corrupt(&what, error))?.value,
    })
}
