//! Reading: the connections for it, the statements, and rows as domain values.

use std::fmt::Display;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use causeway_store::records::{self, Record};
use causeway_store::{
    AgreementEntry, Event, EventKind, NegotiationEntry, Page, PublishedOffer, ReadError,
    Remembered, Starts, Stored, TransferEntry, Version,
};
use causeway_types::limits::STORE_READERS_MAX;
use causeway_types::{AgreementId, DatasetId, OfferId, ParticipantId, ProcessId, Role, Timestamp};
use rusqlite::{Connection, Params, Row, params};
use tokio::sync::Semaphore;

use super::{OpenError, schema, statements};

statements! {
    OFFER = "\
-- offer
select id, sequence, version, body
from offer
where id = ?1";
    OFFER_OF_DATASET = "\
-- offer_of_dataset
select id, sequence, version, body
from offer
where dataset_id = ?1";
    OFFERS = "\
-- offers
select id, sequence, version, body
from offer
where sequence > ?1
order by sequence
limit ?2";
    OFFERS_LISTED = "\
-- offers_listed
select id, sequence, version, body
from offer
where withdrawn = 0 and sequence > ?1
order by sequence
limit ?2";
    NEGOTIATION = "\
-- negotiation
select id, sequence, version, body
from negotiation
where id = ?1";
    NEGOTIATION_OF_PEER = "\
-- negotiation_of_peer
select id, sequence, version, body
from negotiation
where peer_pid = ?1 and peer = ?2 and role = ?3";
    NEGOTIATIONS = "\
-- negotiations
select id, sequence, version, body
from negotiation
where sequence < ?1
order by sequence desc
limit ?2";
    NEGOTIATIONS_OPEN = "\
-- negotiations_open
select id, sequence, version, body
from negotiation
where open = 1 and sequence > ?1
order by sequence
limit ?2";
    AGREEMENT = "\
-- agreement
select id, sequence, version, body
from agreement
where id = ?1";
    AGREEMENTS = "\
-- agreements
select id, sequence, version, body
from agreement
where sequence < ?1
order by sequence desc
limit ?2";
    TRANSFER = "\
-- transfer
select id, sequence, version, body
from transfer
where id = ?1";
    TRANSFER_OF_PEER = "\
-- transfer_of_peer
select id, sequence, version, body
from transfer
where peer_pid = ?1 and peer = ?2 and role = ?3";
    TRANSFERS = "\
-- transfers
select id, sequence, version, body
from transfer
where sequence < ?1
order by sequence desc
limit ?2";
    TRANSFERS_OPEN = "\
-- transfers_open
select id, sequence, version, body
from transfer
where open = 1 and sequence > ?1
order by sequence
limit ?2";
    STARTS = "\
-- starts
select count(*) as starts, min(started_at) as first
from transfer
where agreement = ?1 and started_at is not null and id <> ?2";
    EVENTS = "\
-- events
select sequence, at, kind, process, subject, text
from event
where sequence > ?1
order by sequence
limit ?2";
    EVENT_LAST = "\
-- event_last
select coalesce(max(sequence), 0)
from event";
    HISTORY = "\
-- history
select sequence, at, kind, process, subject, text
from event
where process = ?1 and sequence > ?2
order by sequence
limit ?3";
    REMEMBERED = "\
-- remembered
select key, request, status, body, at
from remembered
where key = ?1";
}

/// The connections that read. Each read takes one of them to a thread that may block.
pub(super) struct Readers {
    idle: Arc<Mutex<Vec<Connection>>>,
    /// One permit for each connection.
    free: Arc<Semaphore>,
}

impl Readers {
    /// Opens all connections.
    pub(super) fn open(path: &Path) -> Result<Self, OpenError> {
        let idle = (0..STORE_READERS_MAX)
            .map(|_| schema::open_for_reading(path))
            .collect::<Result<Vec<_>, _>>()?;
        let free = Arc::new(Semaphore::new(idle.len()));
        Ok(Self { idle: Arc::new(Mutex::new(idle)), free })
    }

    /// Runs a read once a connection is free.
    pub(super) async fn run<T, W>(&self, read: W) -> Result<T, ReadError>
    where
        T: Send + 'static,
        W: FnOnce(&Connection) -> Result<T, ReadError> + Send + 'static,
    {
        let closed = |reason: &str| ReadError::Unavailable { reason: reason.to_owned() };
        let permit = Arc::clone(&self.free).acquire_owned().await;
        let permit = permit.map_err(|_| closed("the store is closed"))?;
        let idle = Arc::clone(&self.idle);
        let task = tokio::task::spawn_blocking(move || {
            let connection = Borrowed::take(&idle);
            let result = match &connection.connection {
                Some(connection) => read(connection),
                None => Err(closed("no reading connection is left")),
            };
            drop(connection);
            // Only now may the next read look for an idle connection.
            drop(permit);
            result
        });
        task.await.unwrap_or_else(|_| Err(closed("the runtime is shutting down")))
    }
}

/// A connection that goes back when it is dropped, even by a panic.
struct Borrowed<'a> {
    idle: &'a Mutex<Vec<Connection>>,
    connection: Option<Connection>,
}

impl<'a> Borrowed<'a> {
    fn take(idle: &'a Mutex<Vec<Connection>>) -> Self {
        let connection = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        Self { idle, connection }
    }
}

impl Drop for Borrowed<'_> {
    fn drop(&mut self) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.extend(self.connection.take());
    }
}

/// An aggregate that may be missing.
type Found<T> = Result<Option<Stored<T>>, ReadError>;
/// A stretch of a list of aggregates.
type Listed<T> = Result<Vec<Stored<T>>, ReadError>;

pub(super) fn offer(db: &Connection, id: &OfferId) -> Found<PublishedOffer> {
    one(db, OFFER, [id.as_str()])
}

pub(super) fn offer_of_dataset(db: &Connection, id: &DatasetId) -> Found<PublishedOffer> {
    one(db, OFFER_OF_DATASET, [id.as_str()])
}

pub(super) fn offers(db: &Connection, page: Page, withdrawn: bool) -> Listed<PublishedOffer> {
    many(db, if withdrawn { OFFERS } else { OFFERS_LISTED }, upwards(page))
}

/// An offer's sequence, and the offer itself if its record can be read.
pub(super) type RawOffer = (i64, Result<PublishedOffer, ReadError>);

/// Offers by their sequences, also those whose records cannot be read.
pub(super) fn raw_offers(
    db: &Connection,
    sql: &str,
    after: i64,
    limit: i64,
) -> rusqlite::Result<Vec<RawOffer>> {
    let read = |row: &Row<'_>| {
        let offer = stored::<PublishedOffer>(row).map(|stored| stored.value);
        Ok((row.get("sequence")?, offer))
    };
    db.prepare_cached(sql)?.query_map([after, limit], read)?.collect()
}

pub(super) fn negotiation(db: &Connection, id: &ProcessId) -> Found<NegotiationEntry> {
    one(db, NEGOTIATION, [id.as_str()])
}

pub(super) fn negotiation_of_peer(
    db: &Connection,
    peer: &ParticipantId,
    peer_pid: &ProcessId,
    role: Role,
) -> Found<NegotiationEntry> {
    one(db, NEGOTIATION_OF_PEER, [peer_pid.as_str(), peer.as_str(), role.as_str()])
}

pub(super) fn negotiations(db: &Connection, page: Page) -> Listed<NegotiationEntry> {
    many(db, NEGOTIATIONS, downwards(page))
}

pub(super) fn open_negotiations(db: &Connection, page: Page) -> Listed<NegotiationEntry> {
    many(db, NEGOTIATIONS_OPEN, upwards(page))
}

pub(super) fn agreement(db: &Connection, id: &AgreementId) -> Found<AgreementEntry> {
    one(db, AGREEMENT, [id.as_str()])
}

pub(super) fn agreements(db: &Connection, page: Page) -> Listed<AgreementEntry> {
    many(db, AGREEMENTS, downwards(page))
}

pub(super) fn transfer(db: &Connection, id: &ProcessId) -> Found<TransferEntry> {
    one(db, TRANSFER, [id.as_str()])
}

pub(super) fn transfer_of_peer(
    db: &Connection,
    peer: &ParticipantId,
    peer_pid: &ProcessId,
    role: Role,
) -> Found<TransferEntry> {
    one(db, TRANSFER_OF_PEER, [peer_pid.as_str(), peer.as_str(), role.as_str()])
}

pub(super) fn transfers(db: &Connection, page: Page) -> Listed<TransferEntry> {
    many(db, TRANSFERS, downwards(page))
}

pub(super) fn open_transfers(db: &Connection, page: Page) -> Listed<TransferEntry> {
    many(db, TRANSFERS_OPEN, upwards(page))
}

pub(super) fn starts(
    db: &Connection,
    id: &AgreementId,
    besides: &ProcessId,
) -> Result<Starts, ReadError> {
    let read = |row: &Row<'_>| {
        let count: i64 = row.get("starts").map_err(unavailable)?;
        let first: Option<i64> = row.get("first").map_err(unavailable)?;
        let first = first.map(|at| timestamp("the start of a transfer", at)).transpose()?;
        Ok(Starts { count: count.unsigned_abs(), first })
    };
    Ok(rows(db, STARTS, [id.as_str(), besides.as_str()], read)?.pop().unwrap_or_default())
}

pub(super) fn events(db: &Connection, page: Page) -> Result<Vec<Event>, ReadError> {
    rows(db, EVENTS, upwards(page), event)
}

pub(super) fn last_event(db: &Connection) -> Result<i64, ReadError> {
    let last = |row: &Row<'_>| row.get(0).map_err(unavailable);
    Ok(rows(db, EVENT_LAST, [], last)?.pop().unwrap_or(0))
}

pub(super) fn history(
    db: &Connection,
    process: &ProcessId,
    page: Page,
) -> Result<Vec<Event>, ReadError> {
    let [after, limit] = upwards(page);
    rows(db, HISTORY, params![process.as_str(), after, limit], event)
}

pub(super) fn remembered(db: &Connection, key: &str) -> Result<Option<Remembered>, ReadError> {
    let read = |row: &Row<'_>| {
        Ok(Remembered {
            key: row.get("key").map_err(unavailable)?,
            request: row.get("request").map_err(unavailable)?,
            status: row.get("status").map_err(unavailable)?,
            body: row.get("body").map_err(unavailable)?,
            at: timestamp("idempotency key", row.get("at").map_err(unavailable)?)?,
        })
    };
    Ok(rows(db, REMEMBERED, [key], read)?.pop())
}

pub(super) fn one<T: Record>(db: &Connection, sql: &str, values: impl Params) -> Found<T> {
    Ok(rows(db, sql, values, stored)?.pop())
}

pub(super) fn many<T: Record>(db: &Connection, sql: &str, values: impl Params) -> Listed<T> {
    rows(db, sql, values, stored)
}

pub(super) fn rows<T>(
    db: &Connection,
    sql: &str,
    values: impl Params,
    read: impl Fn(&Row<'_>) -> Result<T, ReadError>,
) -> Result<Vec<T>, ReadError> {
    let mut statement = db.prepare_cached(sql).map_err(unavailable)?;
    let mut rows = statement.query(values).map_err(unavailable)?;
    let mut all = Vec::new();
    while let Some(row) = rows.next().map_err(unavailable)? {
        all.push(read(row)?);
    }
    Ok(all)
}

fn stored<T: Record>(row: &Row<'_>) -> Result<Stored<T>, ReadError> {
    let text =
        |column| row.get_ref(column).and_then(|value| Ok(value.as_str()?)).map_err(unavailable);
    let version: i64 = row.get("version").map_err(unavailable)?;
    Ok(Stored {
        value: records::decode(text("id")?, text("body")?)?,
        version: Version(version.unsigned_abs()),
        sequence: row.get("sequence").map_err(unavailable)?,
    })
}

fn event(row: &Row<'_>) -> Result<Event, ReadError> {
    let sequence: i64 = row.get("sequence").map_err(unavailable)?;
    let what = format!("event {sequence}");
    let kind: String = row.get("kind").map_err(unavailable)?;
    let process: Option<String> = row.get("process").map_err(unavailable)?;
    Ok(Event {
        sequence,
        at: timestamp(&what, row.get("at").map_err(unavailable)?)?,
        kind: EventKind::parse(&kind)
            .ok_or_else(|| corrupt(&what, format!("found the kind {kind:?}")))?,
        process: process
            .map(ProcessId::parse)
            .transpose()
            .map_err(|error| corrupt(&what, error))?,
        subject: row.get("subject").map_err(unavailable)?,
        text: row.get("text").map_err(unavailable)?,
    })
}

fn upwards(page: Page) -> [i64; 2] {
    [page.after.unwrap_or(i64::MIN), limit(page.limit)]
}

pub(super) fn downwards(page: Page) -> [i64; 2] {
    [page.after.unwrap_or(i64::MAX), limit(page.limit)]
}

/// A limit as SQL takes it; no list is longer than `i64::MAX`.
pub(super) fn limit(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

pub(super) fn timestamp(what: &str, micros: i64) -> Result<Timestamp, ReadError> {
    Timestamp::from_unix_micros(micros).map_err(|error| corrupt(what, error))
}

pub(super) fn corrupt(what: &str, reason: impl Display) -> ReadError {
    ReadError::Corrupt { what: what.to_owned(), reason: reason.to_string() }
}

pub(super) fn unavailable(error: rusqlite::Error) -> ReadError {
    ReadError::Unavailable { reason: error.to_string() }
}
