//! A full disk: a real SQLITE_FULL, by a limit on the file's pages.

use std::sync::Arc;

use causeway_store::suite::samples;
use causeway_store::{ChangeSet, CommitError, Settle, Store};
use causeway_store_sql::{SqliteOptions, SqliteStore};
use causeway_types::Role;
use tokio::task::JoinSet;

use crate::support::{file, open};

fn small(path: &std::path::Path) -> SqliteStore {
    SqliteStore::open(path, &SqliteOptions { pages_max: Some(60) }).unwrap()
}

fn changes(name: &str) -> ChangeSet {
    ChangeSet {
        puts: vec![samples::put_negotiation(samples::negotiation(name, Role::Consumer), None)],
        outbox: vec![samples::message(name, name)],
        events: vec![samples::event(Some(name), name)],
        ..ChangeSet::default()
    }
}

/// Commits until the disk is full; one outbox row for each change set that fitted.
async fn fill(store: &SqliteStore) -> Vec<i64> {
    let mut rows = Vec::new();
    for n in 0..10_000 {
        match store.commit(changes(&format!("n{n}"))).await {
            Ok(committed) => rows.push(committed.outbox[0].id),
            Err(CommitError::Full) => return rows,
            Err(other) => panic!("{other}"),
        }
    }
    panic!("the disk never got full");
}

#[tokio::test]
async fn a_full_disk_is_told_and_the_store_lives_on() {
    let directory = tempfile::tempdir().unwrap();
    let path = file(&directory);
    let store = small(&path);
    let rows = fill(&store).await;
    let fitted = rows.len();
    for _ in 0..3 {
        assert_eq!(store.commit(changes("late")).await.unwrap_err(), CommitError::Full);
    }
    // Nothing of what was refused is there, everything else is.
    assert_eq!(store.negotiation(&samples::pid("late")).await.unwrap(), None);
    assert_eq!(store.negotiations(samples::ALL).await.unwrap().len(), fitted);
    assert_eq!(store.events(samples::ALL).await.unwrap().len(), fitted);
    // What needs no room still works, and makes room for more.
    let settle = rows.into_iter().map(|id| Settle::Done { id }).collect();
    store.commit(ChangeSet { settle, ..ChangeSet::default() }).await.unwrap();
    store.commit(samples::messages(vec![samples::message("a", "m")])).await.unwrap();
    drop(store);
    // The operator made room.
    let store = open(&path).unwrap();
    assert_eq!(store.negotiations(samples::ALL).await.unwrap().len(), fitted);
    store.commit(changes("late")).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_who_meet_a_full_disk_together_all_learn_the_truth() {
    let directory = tempfile::tempdir().unwrap();
    let store = Arc::new(small(&file(&directory)));
    let mut tasks = JoinSet::new();
    for task in 0..64 {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            let mut fitted = Vec::new();
            for n in 0..20 {
                let name = format!("n-{task}-{n}");
                match store.commit(changes(&name)).await {
                    Ok(_) => fitted.push(name),
                    Err(CommitError::Full) => {}
                    Err(other) => panic!("{other}"),
                }
            }
            fitted
        });
    }
    let mut fitted: Vec<_> = tasks.join_all().await.into_iter().flatten().collect();
    let stored = store.negotiations(samples::ALL).await.unwrap();
    let mut stored: Vec<_> =
        stored.iter().map(|stored| stored.value.negotiation.id.to_string()).collect();
    fitted.sort();
    stored.sort();
    assert!(!fitted.is_empty());
    assert_eq!(fitted, stored);
    assert_eq!(store.events(samples::ALL).await.unwrap().len(), stored.len());
}
