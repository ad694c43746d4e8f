//! Generic records and used tokens in SQLite. What the records say is not known here.

use async_trait::async_trait;
use causeway_store::{
    Page, ReadError, RecordEntry, RecordKind, Records, SeenToken, Stored, Version,
};
use causeway_types::Timestamp;
use causeway_types::limits::SEEN_TOKENS_PURGED_MAX;
use rusqlite::{Connection, Row, params};

use super::commit::execute;
use super::read::{corrupt, downwards, limit, rows, timestamp, unavailable};
use super::writer::Failure;
use super::{SqliteStore, statements};

statements! {
    RECORD_INSERT = "\
-- record_insert
insert into record (kind, id, owner, at, version, body)
values (?1, ?2, ?3, ?4, 1, ?5)
on conflict do nothing";
    RECORD_UPDATE = "\
-- record_update
update record
set owner = ?3, at = ?4, body = ?5, version = version + 1
where kind = ?1 and id = ?2 and version = ?6";
    RECORD_DELETE = "\
-- record_delete
delete from record
where kind = ?1 and id = ?2";
    RECORD = "\
-- record
select kind, id, owner, at, sequence, version, body
from record
where kind = ?1 and id = ?2";
    RECORDS = "\
-- records
select kind, id, owner, at, sequence, version, body
from record
where kind = ?3 and sequence < ?1
order by sequence desc
limit ?2";
    RECORDS_OF_OWNER = "\
-- records_of_owner
select kind, id, owner, at, sequence, version, body
from record
where kind = ?3 and owner = ?4 and sequence < ?1
order by sequence desc
limit ?2";
    RECORDS_COUNT = "\
-- records_count
select count(*)
from record
where kind = ?1 and owner = ?2";
    TOKEN_INSERT = "\
-- token_insert
insert into seen_token (issuer, id, seen_at, expires_at)
values (?1, ?2, ?3, ?4)
on conflict do nothing";
    TOKEN_OLDEST = "\
-- token_oldest
select min(expires_at)
from seen_token";
    TOKENS_PURGE = "\
-- tokens_purge
delete from seen_token
where (issuer, id) in (
    select issuer, id
    from seen_token
    where expires_at <= ?1
    order by expires_at
    limit ?2
)";
    TOKENS_UNEXPIRED = "\
-- tokens_unexpired
select issuer, id, seen_at, expires_at
from seen_token
where expires_at > ?1
order by expires_at desc
limit ?2";
}

/// Writes a record and says how many rows changed.
pub(super) fn write(
    connection: &Connection,
    entry: &RecordEntry,
    expected: Option<i64>,
) -> rusqlite::Result<usize> {
    let RecordEntry { kind, id, owner, body, at } = entry;
    let (kind, at) = (kind.as_str(), at.unix_micros());
    match expected {
        None => execute(connection, RECORD_INSERT, params![kind, id, owner, at, body]),
        Some(expected) => {
            execute(connection, RECORD_UPDATE, params![kind, id, owner, at, body, expected])
        }
    }
}

/// Removes a record, if it is there.
pub(super) fn forget(connection: &Connection, kind: RecordKind, id: &str) -> rusqlite::Result<()> {
    execute(connection, RECORD_DELETE, params![kind.as_str(), id]).map(drop)
}

/// Uses a token up, and forgets a few that expired long ago.
pub(super) fn use_up(connection: &Connection, token: &SeenToken) -> Result<(), Failure> {
    let until = token.forgets_until();
    let oldest = connection
        .prepare_cached(TOKEN_OLDEST)?
        .query_row([], |row| row.get::<_, Option<i64>>(0))?;
    if oldest.is_some_and(|oldest| oldest <= until) {
        execute(connection, TOKENS_PURGE, params![until, limit(SEEN_TOKENS_PURGED_MAX)])?;
    }
    let SeenToken { issuer, id, seen_at, expires_at } = token;
    let values = params![issuer, id, seen_at.unix_micros(), expires_at.unix_micros()];
    match execute(connection, TOKEN_INSERT, values)? {
        0 => Err(Failure::Conflict(token.name())),
        _ => Ok(()),
    }
}

#[async_trait]
impl Records for SqliteStore {
    async fn record(
        &self,
        kind: RecordKind,
        id: &str,
    ) -> Result<Option<Stored<RecordEntry>>, ReadError> {
        let id = id.to_owned();
        let found = move |db: &Connection| rows(db, RECORD, params![kind.as_str(), id], record);
        Ok(self.readers.run(found).await?.pop())
    }

    async fn records(
        &self,
        kind: RecordKind,
        owner: Option<&str>,
        page: Page,
    ) -> Result<Vec<Stored<RecordEntry>>, ReadError> {
        let ([before, limit], kind) = (downwards(page), kind.as_str());
        let owner = owner.map(str::to_owned);
        let listed = move |db: &Connection| match owner {
            None => rows(db, RECORDS, params![before, limit, kind], record),
            Some(owner) => rows(db, RECORDS_OF_OWNER, params![before, limit, kind, owner], record),
        };
        self.readers.run(listed).await
    }

    async fn count_records(&self, kind: RecordKind, owner: &str) -> Result<u64, ReadError> {
        let owner = owner.to_owned();
        let count = |row: &Row<'_>| row.get::<_, i64>(0).map_err(unavailable);
        let counted =
            move |db: &Connection| rows(db, RECORDS_COUNT, params![kind.as_str(), owner], count);
        Ok(self.readers.run(counted).await?.pop().unwrap_or(0).unsigned_abs())
    }

    async fn unexpired_tokens(
        &self,
        now: Timestamp,
        at_most: usize,
    ) -> Result<Vec<SeenToken>, ReadError> {
        let values = [now.unix_micros(), limit(at_most)];
        self.readers.run(move |db| rows(db, TOKENS_UNEXPIRED, values, token)).await
    }
}

fn record(row: &Row<'_>) -> Result<Stored<RecordEntry>, ReadError> {
    let (kind, id): (String, String) =
        (row.get("kind").map_err(unavailable)?, row.get("id").map_err(unavailable)?);
    let what = format!("{kind} {id}");
    let kind = RecordKind::parse(&kind);
    let kind = kind.ok_or_else(|| corrupt(&what, "found a kind that nobody knows"))?;
    let version: i64 = row.get("version").map_err(unavailable)?;
    let value = RecordEntry {
        kind,
        id,
        owner: row.get("owner").map_err(unavailable)?,
        body: row.get("body").map_err(unavailable)?,
        at: timestamp(&what, row.get("at").map_err(unavailable)?)?,
    };
    let sequence = row.get("sequence").map_err(unavailable)?;
    Ok(Stored { value, version: Version(version.unsigned_abs()), sequence })
}

fn token(row: &Row<'_>) -> Result<SeenToken, ReadError> {
    let at = |column| timestamp("token", row.get(column).map_err(unavailable)?);
    Ok(SeenToken {
        issuer: row.get("issuer").map_err(unavailable)?,
        id: row.get("id").map_err(unavailable)?,
        seen_at: at("seen_at")?,
        expires_at: at("expires_at")?,
    })
}
