//! Opening connections: settings, migrations, and the refusal of files that are not ours. Schema
//! changes are numbered files, applied in order and never taken back.

use std::path::Path;
use std::time::Duration;

use causeway_types::limits::{STORE_LOCK_WAIT_MS_MAX, STORE_LOG_PAGES_MAX};
use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};

use super::{OpenError, SqliteOptions, index};

/// A schema change: its file in `migrations/sqlite`, its text, and what SQL alone cannot do.
type Migration = (&'static str, &'static str, fn(&Connection) -> rusqlite::Result<()>);

/// A kind of file that this program keeps.
pub(super) struct Schema {
    /// In the file header: what `file(1)` and we know it by.
    application_id: u32,
    /// When the write-ahead log reaches the disk.
    synchronous: &'static str,
    /// The folder of the migrations.
    #[cfg(test)]
    pub(super) folder: &'static str,
    /// Every schema change in its order.
    pub(super) migrations: &'static [Migration],
}

/// The store: "CWAY". A commit is on the disk when it returns.
pub(super) const STORE: Schema = Schema {
    application_id: 0x4357_4159,
    synchronous: "full",
    #[cfg(test)]
    folder: "sqlite",
    migrations: &[
        ("0001_first.sql", include_str!("../../migrations/sqlite/0001_first.sql"), |_| Ok(())),
        ("0002_search.sql", include_str!("../../migrations/sqlite/0002_search.sql"), index::fill),
        ("0003_crossings.sql", include_str!("../../migrations/sqlite/0003_crossings.sql"), |_| {
            Ok(())
        }),
        ("0004_starts.sql", include_str!("../../migrations/sqlite/0004_starts.sql"), |_| Ok(())),
        ("0005_records.sql", include_str!("../../migrations/sqlite/0005_records.sql"), |_| Ok(())),
    ],
};

/// Copies of catalogs: "CWCC". What a power cut takes is read again from the peers.
pub(super) const CACHE: Schema = Schema {
    application_id: 0x4357_4343,
    synchronous: "normal",
    #[cfg(test)]
    folder: "sqlite-cache",
    migrations: &[(
        "0001_first.sql",
        include_str!("../../migrations/sqlite-cache/0001_first.sql"),
        |_| Ok(()),
    )],
};

/// Statements kept prepared on each connection: more than there are.
pub(super) const STATEMENTS_MAX: usize = 128;
/// Page cache of the writing connection, in KiB.
const WRITER_CACHE_KIB: i64 = 2_048;
/// Page cache of each reading connection, in KiB.
const READER_CACHE_KIB: i64 = 512;
/// What is left of the write-ahead log's file after a burst, in bytes.
const LOG_BYTES_KEPT: i64 = 32 * 1024 * 1024;

/// Opens the one connection that writes, on a schema that is up to date.
pub(super) fn open_for_writing(
    path: &Path,
    schema: &Schema,
    options: &SqliteOptions,
) -> Result<Connection, OpenError> {
    let failed = |doing| move |error| database_error(path, doing, &error);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection =
        Connection::open_with_flags(path, flags).map_err(failed("opening the file"))?;
    prepare(&connection, WRITER_CACHE_KIB).map_err(failed("configuring the connection"))?;
    // Nothing is changed in the file before it is known to be ours.
    let version = version(path, schema, &connection)?;
    let journal: String = connection
        .pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0))
        .map_err(failed("opening the write-ahead log"))?;
    if journal != "wal" {
        return Err(OpenError::Journal { path: path.to_owned(), found: journal });
    }
    configure_writer(&connection, schema, options).map_err(failed("configuring the connection"))?;
    migrate(&mut connection, schema, version).map_err(failed("bringing the schema up to date"))?;
    Ok(connection)
}

/// Opens a connection that only reads.
pub(super) fn open_for_reading(path: &Path) -> Result<Connection, OpenError> {
    let failed = |error| database_error(path, "opening a reading connection", &error);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(failed)?;
    prepare(&connection, READER_CACHE_KIB).map_err(failed)?;
    Ok(connection)
}

fn prepare(connection: &Connection, cache_kib: i64) -> rusqlite::Result<()> {
    connection.busy_timeout(Duration::from_millis(STORE_LOCK_WAIT_MS_MAX))?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    connection.pragma_update(None, "cache_size", -cache_kib)?;
    connection.pragma_update(None, "temp_store", "memory")?;
    connection.pragma_update(None, "trusted_schema", false)
}

fn configure_writer(
    connection: &Connection,
    schema: &Schema,
    options: &SqliteOptions,
) -> rusqlite::Result<()> {
    connection.pragma_update(None, "synchronous", schema.synchronous)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    let ignore = |_: &rusqlite::Row<'_>| Ok(());
    connection.pragma_update_and_check(None, "wal_autocheckpoint", STORE_LOG_PAGES_MAX, ignore)?;
    connection.pragma_update_and_check(None, "journal_size_limit", LOG_BYTES_KEPT, ignore)?;
    if let Some(pages) = options.pages_max {
        connection.pragma_update_and_check(None, "max_page_count", pages, ignore)?;
    }
    Ok(())
}

const COUNT_TABLES: &str = "-- count_tables
select count(*) from sqlite_schema";

/// How many migrations the file has seen, if it is one of this kind that this program can use.
fn version(path: &Path, schema: &Schema, connection: &Connection) -> Result<u32, OpenError> {
    let read = |pragma| connection.pragma_query_value(None, pragma, |row| row.get::<_, u32>(0));
    let facts = || {
        // Reading the schema comes first: it finds out whether this is a database at all.
        let tables = connection.query_row(COUNT_TABLES, [], |row| row.get(0))?;
        Ok::<(u32, _, _), rusqlite::Error>((tables, read("application_id")?, read("user_version")?))
    };
    let newest = schema.migrations.len() as u32;
    match facts() {
        Ok((0, 0, 0)) => Ok(0),
        Ok((_, id, found)) if id == schema.application_id && found <= newest => Ok(found),
        Ok((_, id, found)) if id == schema.application_id => {
            Err(OpenError::Newer { path: path.to_owned(), found, newest })
        }
        Ok(_) => Err(OpenError::Foreign { path: path.to_owned() }),
        Err(error) => Err(database_error(path, "reading the schema", &error)),
    }
}

/// Applies what is missing, each file in a transaction of its own: if we die in between, the next
/// start goes on after the last one that was completed.
fn migrate(connection: &mut Connection, schema: &Schema, version: u32) -> rusqlite::Result<()> {
    for (number, (_, sql, finish)) in (1_u32..).zip(schema.migrations).skip(version as usize) {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute_batch(sql)?;
        finish(&transaction)?;
        transaction.pragma_update(None, "application_id", schema.application_id)?;
        transaction.pragma_update(None, "user_version", number)?;
        transaction.commit()?;
    }
    Ok(())
}

fn database_error(path: &Path, doing: &'static str, error: &rusqlite::Error) -> OpenError {
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => OpenError::Foreign { path: path.to_owned() },
        _ => OpenError::Database { path: path.to_owned(), doing, reason: error.to_string() },
    }
}
