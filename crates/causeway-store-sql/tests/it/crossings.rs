//! Persons in SQLite: what an interrupted addition leaves, and that it holds up nobody.

use std::collections::BTreeSet;
use std::sync::Arc;

use causeway_store::suite::samples;
use causeway_store::{ChangeSet, CommitError, Crossings, Persons, Store};
use causeway_store_sql::{SqliteOptions, SqliteStore};
use causeway_types::Role;

use crate::support::{file, fresh, open};

fn everything() -> Persons {
    Persons { count: "a".to_owned(), since: samples::at(0), peer: None, with: None }
}

#[tokio::test]
async fn a_file_whose_persons_did_not_all_fit_counts_as_declared() {
    let directory = tempfile::tempdir().unwrap();
    let path = file(&directory);
    let crossing = samples::crossing("a", Role::Consumer, 1, 1);
    let (content, declared) = (crossing.content, crossing.persons);
    // Enough room for some batches, not for all.
    let small = SqliteOptions { pages_max: Some(150) };
    let store = SqliteStore::open(&path, &small).unwrap();
    store.commit(ChangeSet { crossings: vec![crossing], ..ChangeSet::default() }).await.unwrap();
    for _ in 0..2 {
        let error = store.add_subjects(&content, samples::persons(0..50_000)).await.unwrap_err();
        assert_eq!(error, CommitError::Full);
        assert_eq!(store.subjects(&content).await.unwrap(), 0);
        assert_eq!(store.persons(&everything()).await.unwrap(), declared);
    }
    drop(store);
    let connection = rusqlite::Connection::open(&path).unwrap();
    let count = "-- count_subjects\nselect count(*) from subject";
    let part: i64 = connection.query_row(count, [], |row| row.get(0)).unwrap();
    assert!((4_096..50_000).contains(&part), "{part} persons fitted");
    drop(connection);

    // The operator made room, and the same call goes on where it was.
    let store = open(&path).unwrap();
    assert_eq!(store.persons(&everything()).await.unwrap(), declared);
    store.add_subjects(&content, samples::persons(0..50_000)).await.unwrap();
    assert_eq!(store.subjects(&content).await.unwrap(), 50_000);
    assert_eq!(store.persons(&everything()).await.unwrap(), 50_000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commits_go_through_while_many_persons_are_added() {
    let (store, directory) = fresh();
    let connection = rusqlite::Connection::open(file(&directory)).unwrap();
    let count = "-- count_added\nselect coalesce(max(persons), 0) from counted_file";
    let adding = tokio::spawn({
        let store = Arc::clone(&store);
        async move { store.add_subjects(&samples::file(1), samples::persons(0..100_000)).await }
    });
    let mut seen = BTreeSet::new();
    while !adding.is_finished() {
        store.commit(samples::messages(vec![samples::message("a", "m")])).await.unwrap();
        seen.insert(connection.query_row(count, [], |row| row.get::<_, i64>(0)).unwrap());
    }
    adding.await.unwrap().unwrap();
    // There are 25 batches, and a commit waits for one of them.
    let between = seen.iter().filter(|added| (1..100_000).contains(*added)).count();
    assert!(between > 3, "commits went through when {seen:?} were added");
    assert_eq!(store.subjects(&samples::file(1)).await.unwrap(), 100_000);
}
