//! The outbox: who may send what when. Writing functions run inside the writer's transaction,
//! reading ones on any connection.
//!
//! One column, `due`, says from when a row can be claimed: its `not_before`, or the end of its
//! lease. Whose lease it is need not be known, since nobody gets a leased row. A row is claimed
//! only if no older row of the same process to the same side is left.

use causeway_store::{Lease, NewMessage, OutboxRow, OutboxSubject, ReadError, Settle};
use causeway_types::{MessageId, ParticipantId, ProcessId, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::read::{corrupt, limit, timestamp, unavailable};
use super::statements;
use super::writer::Failure;

statements! {
    INSERT = "\
-- outbox_insert
insert into outbox (process, webhook, subject, peer, message_id, kind, url, body, attempts,
    not_before, due)
values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 0, ?9, max(?9, coalesce(?10, ?9)))";
    CANCEL = "\
-- outbox_cancel
delete from outbox
where process = ?1 and webhook = 0";
    DONE = "\
-- outbox_done
delete from outbox
where id = ?1";
    RETRY = "\
-- outbox_retry
update outbox
set attempts = ?2, not_before = ?3, due = ?3, last_error = ?4
where id = ?1";
    CLAIMABLE = "\
-- outbox_claimable
select id, process, subject, peer, message_id, kind, url, body, attempts, not_before, last_error
from outbox as this
where due <= ?1
    and not exists (
        select 1 from outbox as older
        where older.process = this.process
            and older.webhook = this.webhook
            and older.id < this.id
    )
order by due, id
limit ?2";
    LEASE = "\
-- outbox_lease
update outbox
set due = max(not_before, ?2)
where id = ?1";
    END_LEASES = "\
-- outbox_end_leases
update outbox
set due = not_before
where due <> not_before";
    DUE = "\
-- outbox_due
select due
from outbox as this
where not exists (
    select 1 from outbox as older
    where older.process = this.process
        and older.webhook = this.webhook
        and older.id < this.id
)
order by due
limit 1";
    OF_PROCESS = "\
-- outbox_of_process
select id, process, subject, peer, message_id, kind, url, body, attempts, not_before, last_error
from outbox
where process = ?1
order by id";
}

/// Puts a message in.
pub(super) fn push(
    connection: &Connection,
    message: NewMessage,
    lease: Option<&Lease>,
) -> rusqlite::Result<OutboxRow> {
    connection.prepare_cached(INSERT)?.execute(params![
        message.process.as_str(),
        message.subject.is_inward(),
        message.subject.as_str(),
        message.peer.as_str(),
        message.message_id.as_str(),
        message.kind,
        message.url,
        message.body,
        message.not_before.unix_micros(),
        lease.map(|lease| lease.until.unix_micros()),
    ])?;
    Ok(message.into_row(connection.last_insert_rowid()))
}

/// Drops the undelivered protocol messages of a process.
pub(super) fn cancel(connection: &Connection, process: &ProcessId) -> rusqlite::Result<()> {
    connection.prepare_cached(CANCEL)?.execute([process.as_str()]).map(drop)
}

/// Records what became of a message; one that is gone is passed over.
pub(super) fn settle(connection: &Connection, settle: &Settle) -> rusqlite::Result<()> {
    match settle {
        Settle::Done { id } => connection.prepare_cached(DONE)?.execute([id]).map(drop),
        Settle::Retry { id, attempts, not_before, error } => {
            let values = params![id, attempts, not_before.unix_micros(), error];
            connection.prepare_cached(RETRY)?.execute(values).map(drop)
        }
    }
}

/// Leases messages that are due.
pub(super) fn claim(
    connection: &Connection,
    lease: &Lease,
    now: Timestamp,
    limit_rows: usize,
) -> Result<Vec<OutboxRow>, Failure> {
    let mut statement = connection.prepare_cached(CLAIMABLE)?;
    let mut rows = statement.query(params![now.unix_micros(), limit(limit_rows)])?;
    let mut claimed = Vec::new();
    while let Some(row) = rows.next()? {
        claimed.push(message(row)?);
    }
    let mut statement = connection.prepare_cached(LEASE)?;
    for row in &claimed {
        statement.execute(params![row.id, lease.until.unix_micros()])?;
    }
    Ok(claimed)
}

/// Ends all leases. Right only at the start: the store's lock says that whoever holds one is gone.
pub(super) fn end_leases(connection: &Connection) -> rusqlite::Result<()> {
    connection.prepare_cached(END_LEASES)?.execute([]).map(drop)
}

/// When the next message can be claimed.
pub(super) fn due(connection: &Connection) -> Result<Option<Timestamp>, ReadError> {
    let mut statement = connection.prepare_cached(DUE).map_err(unavailable)?;
    let due = statement.query_row([], |row| row.get(0)).optional().map_err(unavailable)?;
    due.map(|micros| timestamp("outbox", micros)).transpose()
}

/// The undelivered messages of a process.
pub(super) fn of(
    connection: &Connection,
    process: &ProcessId,
) -> Result<Vec<OutboxRow>, ReadError> {
    let mut statement = connection.prepare_cached(OF_PROCESS).map_err(unavailable)?;
    let mut rows = statement.query([process.as_str()]).map_err(unavailable)?;
    let mut messages = Vec::new();
    while let Some(row) = rows.next().map_err(unavailable)? {
        messages.push(message(row)?);
    }
    Ok(messages)
}

fn message(row: &Row<'_>) -> Result<OutboxRow, ReadError> {
    fn text<'r>(row: &'r Row<'_>, column: &str) -> Result<&'r str, ReadError> {
        row.get_ref(column).and_then(|value| Ok(value.as_str()?)).map_err(unavailable)
    }
    let id: i64 = row.get("id").map_err(unavailable)?;
    let what = format!("outbox message {id}");
    let subject = text(row, "subject")?;
    Ok(OutboxRow {
        id,
        process: ProcessId::parse(text(row, "process")?).map_err(|e| corrupt(&what, e))?,
        subject: OutboxSubject::parse(subject)
            .ok_or_else(|| corrupt(&what, format!("found the subject {subject:?}")))?,
        peer: ParticipantId::parse(text(row, "peer")?).map_err(|e| corrupt(&what, e))?,
        message_id: MessageId::parse(text(row, "message_id")?).map_err(|e| corrupt(&what, e))?,
        kind: text(row, "kind")?.to_owned(),
        url: text(row, "url")?.to_owned(),
        body: row.get("body").map_err(unavailable)?,
        attempts: row.get("attempts").map_err(unavailable)?,
        not_before: timestamp(&what, row.get("not_before").map_err(unavailable)?)?,
        last_error: row.get("last_error").map_err(unavailable)?,
    })
}
