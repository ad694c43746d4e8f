//! Applying one change set inside the writer's transaction. Nothing here is durable yet, and
//! nothing here begins or ends a transaction.

use causeway_store::records::Record;
use causeway_store::{
    ChangeSet, Committed, Entity, Event, NewEvent, PublishedOffer, Put, Remembered, TransferEntry,
    Version,
};
use causeway_types::{ProcessId, Timestamp};
use rusqlite::{Connection, Params, params};

use super::writer::Failure;
use super::{crossings, identity, index, outbox, statements};

statements! {
    INSERT_OFFER = "\
-- offer_insert
insert into offer (id, dataset_id, withdrawn, class, starts_at, ends_at, version, body)
values (?1, ?2, ?3, ?4, ?5, ?6, 1, ?7)
on conflict do nothing";
    UPDATE_OFFER = "\
-- offer_update
update or ignore offer
set dataset_id = ?2, withdrawn = ?3, class = ?4, starts_at = ?5, ends_at = ?6, body = ?7,
    version = version + 1
where id = ?1 and version = ?8";
    INSERT_NEGOTIATION = "\
-- negotiation_insert
insert into negotiation (id, peer, peer_pid, role, open, version, body)
values (?1, ?2, ?3, ?4, ?5, 1, ?6)
on conflict do nothing";
    UPDATE_NEGOTIATION = "\
-- negotiation_update
update or ignore negotiation
set peer = ?2, peer_pid = ?3, role = ?4, open = ?5, body = ?6, version = version + 1
where id = ?1 and version = ?7";
    INSERT_AGREEMENT = "\
-- agreement_insert
insert into agreement (id, version, body)
values (?1, 1, ?2)
on conflict do nothing";
    UPDATE_AGREEMENT = "\
-- agreement_update
update or ignore agreement
set body = ?2, version = version + 1
where id = ?1 and version = ?3";
    INSERT_TRANSFER = "\
-- transfer_insert
insert into transfer (id, peer, peer_pid, role, open, version, body, agreement, started_at)
values (?1, ?2, ?3, ?4, ?5, 1, ?6, ?7, ?8)
on conflict do nothing";
    UPDATE_TRANSFER = "\
-- transfer_update
update or ignore transfer
set peer = ?2, peer_pid = ?3, role = ?4, open = ?5, body = ?6, agreement = ?7, started_at = ?8,
    version = version + 1
where id = ?1 and version = ?9";
    INSERT_EVENT = "\
-- event_insert
insert into event (at, kind, process, subject, text)
values (?1, ?2, ?3, ?4, ?5)";
    INSERT_REMEMBERED = "\
-- remembered_insert
insert into remembered (key, request, status, body, at)
values (?1, ?2, ?3, ?4, ?5)
on conflict do nothing";
}

/// A record, and what the index holds of it if it is an offer.
struct Encoded {
    body: String,
    entry: Option<index::Entry>,
}

/// A change set with its records already encoded, which needs no turn of the writing thread.
pub(super) struct Write {
    changes: ChangeSet,
    /// One for each put.
    bodies: Vec<Encoded>,
}

impl Write {
    /// Encodes the records.
    pub(super) fn new(changes: ChangeSet) -> Self {
        let encode = |put: &Put| match &put.entity {
            Entity::Offer(offer) => {
                Encoded { body: offer.encode(), entry: Some(index::Entry::of(&(&**offer).into())) }
            }
            Entity::Negotiation(entry) => Encoded { body: entry.encode(), entry: None },
            Entity::Agreement(entry) => Encoded { body: entry.encode(), entry: None },
            Entity::Transfer(entry) => Encoded { body: entry.encode(), entry: None },
            Entity::Decision(entry) => Encoded { body: entry.encode(), entry: None },
            Entity::Attestation(attestation) => Encoded { body: attestation.encode(), entry: None },
            // Its body is in it already.
            Entity::Record(_) => Encoded { body: String::new(), entry: None },
        };
        let bodies = changes.puts.iter().map(encode).collect();
        Self { changes, bodies }
    }

    /// Applies everything, or says what was in the way; then the caller rolls back.
    pub(super) fn apply(self, connection: &Connection) -> Result<Committed, Failure> {
        let Self { changes, bodies } = self;
        for token in &changes.tokens {
            identity::use_up(connection, token)?;
        }
        if let Some(remembered) = &changes.remember {
            remember(connection, remembered)?;
        }
        for (put, body) in changes.puts.iter().zip(&bodies) {
            if write(connection, put, body)? == 0 {
                return Err(Failure::Conflict(put.entity.name()));
            }
        }
        for (kind, id) in &changes.forget {
            identity::forget(connection, *kind, id)?;
        }
        for process in &changes.cancel {
            outbox::cancel(connection, process)?;
        }
        for settle in &changes.settle {
            outbox::settle(connection, settle)?;
        }
        for crossing in &changes.crossings {
            crossings::cross(connection, crossing)?;
        }
        let send = |message| outbox::push(connection, message, changes.lease.as_ref());
        let outbox = changes.outbox.into_iter().map(send).collect::<Result<_, _>>()?;
        let tell = |event| tell(connection, event);
        let events = changes.events.into_iter().map(tell).collect::<Result<_, _>>()?;
        Ok(Committed { outbox, events })
    }
}

/// Writes one aggregate and says how many rows hold it now: 0 if the version is not the expected
/// one or a unique key belongs to somebody else.
fn write(connection: &Connection, put: &Put, encoded: &Encoded) -> rusqlite::Result<usize> {
    let expected = put.expected.map(version);
    let body = encoded.body.as_str();
    match &put.entity {
        Entity::Offer(offer) => write_offer(connection, offer, encoded, expected),
        Entity::Agreement(entry) => {
            let id = entry.agreement.id.as_str();
            match expected {
                None => execute(connection, INSERT_AGREEMENT, params![id, body]),
                Some(expected) => {
                    execute(connection, UPDATE_AGREEMENT, params![id, body, expected])
                }
            }
        }
        Entity::Negotiation(entry) => {
            let process = &entry.negotiation;
            let (id, peer) = (process.id.as_str(), process.peer.as_str());
            let peer_pid = process.peer_pid.as_ref().map(ProcessId::as_str);
            let (role, open) = (process.role.as_str(), entry.is_open());
            match expected {
                None => {
                    let values = params![id, peer, peer_pid, role, open, body];
                    execute(connection, INSERT_NEGOTIATION, values)
                }
                Some(expected) => {
                    let values = params![id, peer, peer_pid, role, open, body, expected];
                    execute(connection, UPDATE_NEGOTIATION, values)
                }
            }
        }
        Entity::Transfer(entry) => write_transfer(connection, entry, body, expected),
        Entity::Decision(entry) => crossings::write_decision(connection, entry, body, expected),
        Entity::Attestation(attestation) => {
            crossings::write_attestation(connection, attestation, body, expected)
        }
        Entity::Record(entry) => identity::write(connection, entry, expected),
    }
}

fn write_offer(
    connection: &Connection,
    offer: &PublishedOffer,
    encoded: &Encoded,
    expected: Option<i64>,
) -> rusqlite::Result<usize> {
    let Encoded { body, entry } = encoded;
    let (id, dataset_id) = (offer.id.as_str(), offer.dataset_id.as_str());
    let withdrawn = offer.withdrawn_at.is_some();
    let class = index::class(connection, &offer.audience)?;
    let (starts, ends) = offer.metadata.temporal.unzip();
    let (starts, ends) = (starts.map(Timestamp::unix_micros), ends.map(Timestamp::unix_micros));
    let written = match expected {
        None => {
            let values = params![id, dataset_id, withdrawn, class, starts, ends, body];
            execute(connection, INSERT_OFFER, values)?
        }
        Some(expected) => {
            let values = params![id, dataset_id, withdrawn, class, starts, ends, body, expected];
            execute(connection, UPDATE_OFFER, values)?
        }
    };
    if let (1.., Some(entry)) = (written, entry) {
        index::put(connection, offer, class, entry)?;
    }
    Ok(written)
}

fn write_transfer(
    connection: &Connection,
    entry: &TransferEntry,
    body: &str,
    expected: Option<i64>,
) -> rusqlite::Result<usize> {
    let process = &entry.transfer;
    let (id, peer, role) = (process.id.as_str(), process.peer.as_str(), process.role.as_str());
    let (peer_pid, open) = (process.peer_pid.as_ref().map(ProcessId::as_str), entry.is_open());
    let agreement = process.agreement_id.as_str();
    let started = entry.started_at.map(Timestamp::unix_micros);
    match expected {
        None => {
            let values = params![id, peer, peer_pid, role, open, body, agreement, started];
            execute(connection, INSERT_TRANSFER, values)
        }
        Some(version) => {
            let values = params![id, peer, peer_pid, role, open, body, agreement, started, version];
            execute(connection, UPDATE_TRANSFER, values)
        }
    }
}

fn tell(connection: &Connection, event: NewEvent) -> rusqlite::Result<Event> {
    let process = event.process.as_ref().map(ProcessId::as_str);
    let (at, kind) = (event.at.unix_micros(), event.kind.as_str());
    let values = params![at, kind, process, event.subject, event.text];
    execute(connection, INSERT_EVENT, values)?;
    Ok(event.into_event(connection.last_insert_rowid()))
}

fn remember(connection: &Connection, remembered: &Remembered) -> Result<(), Failure> {
    let Remembered { key, request, status, body, at } = remembered;
    let values = params![key, request, status, body, at.unix_micros()];
    match execute(connection, INSERT_REMEMBERED, values)? {
        0 => Err(Failure::Conflict(format!("idempotency key {key}"))),
        _ => Ok(()),
    }
}

/// Versions count writes, so they never come near the end of the range.
fn version(Version(version): Version) -> i64 {
    i64::try_from(version).unwrap_or(i64::MAX)
}

pub(super) fn execute(
    connection: &Connection,
    sql: &str,
    values: impl Params,
) -> rusqlite::Result<usize> {
    connection.prepare_cached(sql)?.execute(values)
}
