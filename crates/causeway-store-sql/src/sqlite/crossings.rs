//! Crossings in SQLite: decisions, attestations, and who is in which file that crossed. Counting
//! and adding persons take bounded memory and bounded turns; what is counted for what is not
//! decided here.

use std::collections::HashMap;

use async_trait::async_trait;
use causeway_store::{
    Attestation, CommitError, Crossing, Crossings, DecisionEntry, Page, Persons, ReadError, Stored,
    Subject,
};
use causeway_types::{AttestationId, Blake3, DecisionId, ParticipantId};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::commit::execute;
use super::read::{self, downwards, unavailable};
use super::writer::Failure;
use super::{SqliteStore, statements};

statements! {
    DECISION_INSERT = "\
-- decision_insert
insert into decision (id, body)
values (?1, ?2)
on conflict do nothing";
    DECISION_COUNT = "\
-- decision_count
select count(*)
from decision
where id = ?1";
    DECISION = "\
-- decision
select id, sequence, 1 as version, body
from decision
where id = ?1";
    DECISIONS = "\
-- decisions
select id, sequence, 1 as version, body
from decision
where sequence < ?1
order by sequence desc
limit ?2";
    ATTESTATION_INSERT = "\
-- attestation_insert
insert into attestation (id, peer, version, body)
values (?1, ?2, 1, ?3)
on conflict do nothing";
    ATTESTATION_UPDATE = "\
-- attestation_update
update attestation
set peer = ?2, body = ?3, version = version + 1
where id = ?1 and version = ?4";
    ATTESTATION = "\
-- attestation
select id, sequence, version, body
from attestation
where id = ?1";
    ATTESTATIONS = "\
-- attestations
select id, sequence, version, body
from attestation
where sequence < ?1
order by sequence desc
limit ?2";
    ATTESTATIONS_OF_PEER = "\
-- attestations_of_peer
select id, sequence, version, body
from attestation
where peer = ?3 and sequence < ?1
order by sequence desc
limit ?2";
    CROSSED_PUT = "\
-- crossed_put
insert into crossed (count, peer, content, at, persons)
values (?1, ?2, ?3, ?4, ?5)
on conflict (count, peer, content) do update
set at = excluded.at, persons = excluded.persons
where at <= excluded.at";
    CROSSED = "\
-- crossed
select content, persons
from crossed
where count = ?1 and at >= ?2";
    CROSSED_TO_PEER = "\
-- crossed_to_peer
select content, persons
from crossed
where count = ?1 and peer = ?3 and at >= ?2";
    COUNTED_FILE_INSERT = "\
-- counted_file_insert
insert into counted_file (content, persons, complete)
values (?1, 0, 0)
on conflict do nothing";
    COUNTED_FILE_NUMBER = "\
-- counted_file_number
select file
from counted_file
where content = ?1";
    COUNTED_FILE_GROW = "\
-- counted_file_grow
update counted_file
set persons = persons + ?2, complete = max(complete, ?3)
where file = ?1";
    COUNTED_FILE = "\
-- counted_file
select file, persons
from counted_file
where content = ?1 and complete = 1";
    SUBJECT_INSERT = "\
-- subject_insert
insert into subject (file, hash)
values (?1, ?2)
on conflict do nothing";
    SUBJECTS_BETWEEN = "\
-- subjects_between
select hash
from subject
where file = ?1 and hash between ?2 and ?3";
}

/// Persons that are added in one turn of the writing thread; other commits come in between.
const ADDED_AT_ONCE: usize = 4_096;
/// Persons that are in memory at a time while they are counted, of 16 bytes each, ...
const COUNTED_AT_ONCE: u64 = 65_536;
/// ... or so many for each file, if that is more: then no file is visited more often than it has
/// persons to read.
const COUNTED_AT_ONCE_PER_FILE: u64 = 16;

/// Writes a decision unless it is there already, and says how many rows hold it then.
pub(super) fn write_decision(
    connection: &Connection,
    entry: &DecisionEntry,
    body: &str,
    expected: Option<i64>,
) -> rusqlite::Result<usize> {
    let id = entry.id.as_str();
    if expected.is_none() {
        execute(connection, DECISION_INSERT, params![id, body])?;
    }
    let count = |row: &Row<'_>| row.get::<_, i64>(0);
    let found = connection.prepare_cached(DECISION_COUNT)?.query_row([id], count)?;
    Ok(usize::from(found > 0))
}

/// Writes an attestation and says how many rows changed.
pub(super) fn write_attestation(
    connection: &Connection,
    attestation: &Attestation,
    body: &str,
    expected: Option<i64>,
) -> rusqlite::Result<usize> {
    let (id, peer) = (attestation.id.as_str(), attestation.peer.as_str());
    match expected {
        None => execute(connection, ATTESTATION_INSERT, params![id, peer, body]),
        Some(expected) => {
            execute(connection, ATTESTATION_UPDATE, params![id, peer, body, expected])
        }
    }
}

/// Remembers that a file crossed.
pub(super) fn cross(connection: &Connection, crossing: &Crossing) -> rusqlite::Result<()> {
    let Crossing { count, peer, content, persons, at } = crossing;
    // More than the range holds are more than there are.
    let persons = i64::try_from(*persons).unwrap_or(i64::MAX);
    let values = params![count, peer.as_str(), content.as_bytes(), at.unix_micros(), persons];
    execute(connection, CROSSED_PUT, values).map(drop)
}

#[async_trait]
impl Crossings for SqliteStore {
    async fn decision(&self, id: &DecisionId) -> Result<Option<Stored<DecisionEntry>>, ReadError> {
        let id = id.clone();
        self.readers.run(move |db| read::one(db, DECISION, [id.as_str()])).await
    }

    async fn decisions(&self, page: Page) -> Result<Vec<Stored<DecisionEntry>>, ReadError> {
        self.readers.run(move |db| read::many(db, DECISIONS, downwards(page))).await
    }

    async fn attestation(
        &self,
        id: &AttestationId,
    ) -> Result<Option<Stored<Attestation>>, ReadError> {
        let id = id.clone();
        self.readers.run(move |db| read::one(db, ATTESTATION, [id.as_str()])).await
    }

    async fn attestations(
        &self,
        peer: Option<&ParticipantId>,
        page: Page,
    ) -> Result<Vec<Stored<Attestation>>, ReadError> {
        let [before, limit] = downwards(page);
        let Some(peer) = peer.cloned() else {
            return self.readers.run(move |db| read::many(db, ATTESTATIONS, [before, limit])).await;
        };
        let values = move |db: &Connection| {
            read::many(db, ATTESTATIONS_OF_PEER, params![before, limit, peer.as_str()])
        };
        self.readers.run(values).await
    }

    async fn add_subjects(
        &self,
        content: &Blake3,
        mut subjects: Vec<Subject>,
    ) -> Result<(), CommitError> {
        // In their order they fill the table page after page instead of all pages at once.
        let sorted = tokio::task::spawn_blocking(move || {
            subjects.sort_unstable();
            subjects
        });
        let reason = "the runtime is shutting down";
        let unavailable = |_| CommitError::Unavailable { reason: reason.to_owned() };
        let subjects = sorted.await.map_err(unavailable)?;
        let content = *content;
        let mut batches = subjects.chunks(ADDED_AT_ONCE).peekable();
        while let Some(batch) = batches.next() {
            let batch = batch.to_vec();
            let is_last = batches.peek().is_none();
            // If we die here, a new file is not complete yet and counts as declared.
            let add = move |db: &Connection| add(db, &content, &batch, is_last);
            self.writer.run::<_, CommitError, _>(add).await?;
        }
        Ok(())
    }

    async fn subjects(&self, content: &Blake3) -> Result<u64, ReadError> {
        let content = *content;
        let persons =
            move |db: &Connection| Ok(counted_file(db, &content)?.map_or(0, |file| file.persons));
        self.readers.run(persons).await
    }

    async fn persons(&self, query: &Persons) -> Result<u64, ReadError> {
        let query = query.clone();
        self.readers.run(move |db| persons(db, &query)).await
    }
}

/// Adds one batch of persons to a file.
fn add(
    connection: &Connection,
    content: &Blake3,
    batch: &[Subject],
    is_last: bool,
) -> Result<(), Failure> {
    execute(connection, COUNTED_FILE_INSERT, [content.as_bytes()])?;
    let file: i64 = connection
        .prepare_cached(COUNTED_FILE_NUMBER)?
        .query_row([content.as_bytes()], |row| row.get(0))?;
    let mut insert = connection.prepare_cached(SUBJECT_INSERT)?;
    let mut added = 0_i64;
    for subject in batch {
        added += i64::from(insert.execute(params![file, subject])? > 0);
    }
    execute(connection, COUNTED_FILE_GROW, params![file, added, is_last])?;
    Ok(())
}

/// A file whose persons are known.
struct CountedFile {
    number: i64,
    persons: u64,
}

fn counted_file(db: &Connection, content: &Blake3) -> Result<Option<CountedFile>, ReadError> {
    let read = |row: &Row<'_>| {
        let persons: i64 = row.get("persons")?;
        Ok(CountedFile { number: row.get("file")?, persons: persons.unsigned_abs() })
    };
    let mut statement = db.prepare_cached(COUNTED_FILE).map_err(unavailable)?;
    statement.query_row([content.as_bytes()], read).optional().map_err(unavailable)
}

fn persons(db: &Connection, query: &Persons) -> Result<u64, ReadError> {
    // All statements see the same crossings and persons.
    let view = db.unchecked_transaction().map_err(unavailable)?;
    let mut counted = Vec::new();
    let mut declared = 0_u64;
    for (content, persons) in crossed(&view, query)? {
        match counted_file(&view, &content)? {
            Some(file) => counted.push(file),
            None => declared = declared.saturating_add(persons),
        }
    }
    let known = match &counted[..] {
        [file] => file.persons,
        files => different(&view, files)?,
    };
    Ok(declared.saturating_add(known))
}

/// The files that are asked for, with the larger of their declarations.
fn crossed(db: &Connection, query: &Persons) -> Result<HashMap<Blake3, u64>, ReadError> {
    let (count, since) = (&query.count, query.since.unix_micros());
    let read = |row: &Row<'_>| {
        let content = row.get("content").map_err(unavailable)?;
        let persons: i64 = row.get("persons").map_err(unavailable)?;
        Ok((Blake3::from_bytes(content), persons.unsigned_abs()))
    };
    let crossed = match &query.peer {
        None => read::rows(db, CROSSED, params![count, since], read)?,
        Some(peer) => read::rows(db, CROSSED_TO_PEER, params![count, since, peer.as_str()], read)?,
    };
    let mut files: HashMap<Blake3, u64> = HashMap::new();
    for (content, persons) in crossed.into_iter().chain(query.with) {
        let known = files.entry(content).or_default();
        *known = persons.max(*known);
    }
    Ok(files)
}

/// Counts the different persons of several files. Hashes are spread evenly, so their range is cut
/// into parts that fit into memory, and each part is counted alone; were they not, the result
/// would be the same.
fn different(db: &Connection, files: &[CountedFile]) -> Result<u64, ReadError> {
    let total = files.iter().fold(0_u64, |total, file| total.saturating_add(file.persons));
    let at_once = (files.len() as u64 * COUNTED_AT_ONCE_PER_FILE).max(COUNTED_AT_ONCE);
    let mut bits = 0;
    while total >> bits > at_once {
        bits += 1;
    }
    let mut between = db.prepare_cached(SUBJECTS_BETWEEN).map_err(unavailable)?;
    let mut hashes: Vec<u128> = Vec::new();
    let mut persons = 0;
    for part in 0..1_u128 << bits {
        let first = part.checked_shl(u128::BITS - bits).unwrap_or(0);
        let last = first | (u128::MAX >> bits);
        for file in files {
            let range = params![file.number, first.to_be_bytes(), last.to_be_bytes()];
            let mut rows = between.query(range).map_err(unavailable)?;
            while let Some(row) = rows.next().map_err(unavailable)? {
                hashes.push(u128::from_be_bytes(row.get(0).map_err(unavailable)?));
            }
        }
        hashes.sort_unstable();
        hashes.dedup();
        persons += hashes.len() as u64;
        hashes.clear();
    }
    Ok(persons)
}
