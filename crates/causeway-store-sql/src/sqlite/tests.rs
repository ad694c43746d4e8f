//! Statements and schema against a real database; behaviour is tested through the suite.

use std::collections::BTreeSet;

use rusqlite::Connection;

use super::*;

fn store() -> (tempfile::TempDir, SqliteStore, Connection) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store.db");
    let store = SqliteStore::open(&path, &SqliteOptions::default()).unwrap();
    let connection = schema::open_for_reading(&path).unwrap();
    (directory, store, connection)
}

fn cache() -> (tempfile::TempDir, SqliteCatalogCache, Connection) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("cache.db");
    let cache = SqliteCatalogCache::open(&path).unwrap();
    let connection = schema::open_for_reading(&path).unwrap();
    (directory, cache, connection)
}

fn statements_of_the_store() -> impl Iterator<Item = &'static str> {
    [
        read::STATEMENTS,
        commit::STATEMENTS,
        crossings::STATEMENTS,
        identity::STATEMENTS,
        index::STATEMENTS,
        outbox::STATEMENTS,
        writer::STATEMENTS,
    ]
    .into_iter()
    .flatten()
    .copied()
}

#[test]
fn every_statement_can_be_prepared() {
    let check = |connection: &Connection, sql: &str| {
        connection.prepare(sql).unwrap_or_else(|error| panic!("{sql}\n{error}"));
    };
    let (_directory, _store, connection) = store();
    statements_of_the_store().for_each(|sql| check(&connection, sql));
    let (_directory, _cache, connection) = cache();
    cache::STATEMENTS.iter().for_each(|sql| check(&connection, sql));
}

#[test]
fn every_statement_has_a_name_of_its_own() {
    let mut names = BTreeSet::new();
    for sql in statements_of_the_store().chain(cache::STATEMENTS.iter().copied()) {
        let name = sql.lines().next().and_then(|line| line.strip_prefix("-- "));
        let name = name.unwrap_or_else(|| panic!("no name: {sql}"));
        assert!(names.insert(name), "{name} is used twice");
    }
}

#[test]
fn every_statement_stays_prepared() {
    let (of_the_store, of_the_cache) = (statements_of_the_store().count(), cache::STATEMENTS.len());
    assert!(of_the_store.max(of_the_cache) <= schema::STATEMENTS_MAX);
}

#[test]
fn no_statement_walks_a_whole_table() {
    let (_directory, _store, of_the_store) = store();
    let (_other_directory, _cache, of_the_cache) = cache();
    let all = statements_of_the_store().map(|sql| (&of_the_store, sql));
    let all = all.chain(cache::STATEMENTS.iter().map(|sql| (&of_the_cache, *sql)));
    for (connection, sql) in all {
        let explain = format!("explain query plan {sql}");
        let mut statement = connection.prepare(&explain).unwrap();
        for index in 1..=statement.parameter_count() {
            statement.raw_bind_parameter(index, 1).unwrap();
        }
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next().unwrap() {
            let step: String = row.get("detail").unwrap();
            // Looking for the next due message walks an index from its start, and stops early;
            // ending all leases happens once, at the start.
            // A search walks the lists of the words it looks for (M), from the page's place on; a
            // row of its index is found by the row's id (=).
            let plan = step.split_once("_index VIRTUAL TABLE INDEX ").map(|(_, plan)| plan);
            let is_search = plan.is_some_and(|plan| plan.contains('M') || plan == "0:=");
            let walks = step.starts_with("SCAN")
                && !is_search
                && !step.contains("outbox_due")
                && !sql.contains("outbox_end_leases");
            // The messages of one process are few.
            let sorts = step.contains("TEMP B-TREE") && !sql.contains("outbox_of_process");
            assert!(!walks && !sorts, "{sql}\n{step}");
        }
    }
}

/// How a statement of the store finds its rows.
fn plan(connection: &Connection, name: &str) -> String {
    let header = format!("-- {name}\n");
    let sql = statements_of_the_store().find(|sql| sql.starts_with(&header)).unwrap();
    let mut statement = connection.prepare(&format!("explain query plan {sql}")).unwrap();
    for index in 1..=statement.parameter_count() {
        statement.raw_bind_parameter(index, 1).unwrap();
    }
    let mut rows = statement.raw_query();
    let step: String = rows.next().unwrap().unwrap().get("detail").unwrap();
    assert!(rows.next().unwrap().is_none(), "{name} has one step");
    step
}

#[test]
fn counting_persons_reads_what_it_counts_and_nothing_else() {
    let (_directory, _store, connection) = store();
    for (name, expected) in [
        ("crossed", "crossed USING COVERING INDEX crossed_since (count=? AND at>?)"),
        (
            "crossed_to_peer",
            "crossed USING COVERING INDEX crossed_to_peer_since (count=? AND peer=? AND at>?)",
        ),
        ("subjects_between", "subject USING PRIMARY KEY (file=? AND hash>? AND hash<?)"),
        ("attestations_of_peer", "attestation USING INDEX attestation_of_peer (peer=? AND"),
    ] {
        let step = plan(&connection, name);
        assert!(step.starts_with(&format!("SEARCH {expected}")), "{name}: {step}");
    }
}

#[test]
fn migrations_are_numbered_without_gaps_and_all_built_in() {
    for schema in [&schema::STORE, &schema::CACHE] {
        let directory = format!("{}/migrations/{}", env!("CARGO_MANIFEST_DIR"), schema.folder);
        let mut files: Vec<String> = std::fs::read_dir(directory)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        files.sort();
        let built_in: Vec<&str> = schema.migrations.iter().map(|(name, ..)| *name).collect();
        assert_eq!(files, built_in);
        for (number, name) in (1..).zip(built_in) {
            assert!(name.starts_with(&format!("{number:04}_")), "{name}");
        }
    }
}
