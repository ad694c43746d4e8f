//! Many at once: versions decide who was first.

use std::sync::Arc;

use causeway_types::Role;
use tokio::task::JoinSet;

use super::samples;
use crate::{ChangeSet, CommitError, Store};

const TASKS: u32 = 64;
const INCREMENTS: u32 = 4;

/// Adds one to the rounds of the negotiation, however often others are faster.
async fn increment(store: &dyn Store) {
    loop {
        let stored = store.negotiation(&samples::pid("n")).await.unwrap().unwrap();
        let mut entry = stored.value;
        entry.negotiation.rounds += 1;
        let changes = ChangeSet {
            puts: vec![samples::put_negotiation(entry, Some(stored.version.0))],
            outbox: vec![samples::message("n", "m")],
            events: vec![samples::event(Some("n"), "x")],
            ..ChangeSet::default()
        };
        match store.commit(changes).await {
            Ok(_) => return,
            Err(CommitError::Conflict { .. }) => {}
            Err(other) => panic!("{other}"),
        }
    }
}

pub async fn concurrent_increments_are_all_counted(store: Arc<dyn Store>) {
    let entry = samples::negotiation("n", Role::Consumer);
    let created = samples::puts(vec![samples::put_negotiation(entry, None)]);
    store.commit(created).await.unwrap();
    let mut tasks = JoinSet::new();
    for _ in 0..TASKS {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            for _ in 0..INCREMENTS {
                increment(&*store).await;
            }
        });
    }
    tasks.join_all().await;
    let stored = store.negotiation(&samples::pid("n")).await.unwrap().unwrap();
    let total = TASKS * INCREMENTS;
    assert_eq!(stored.value.negotiation.rounds, total);
    assert_eq!(stored.version.0, u64::from(total) + 1);
    let total = usize::try_from(total).unwrap();
    assert_eq!(store.events(samples::ALL).await.unwrap().len(), total);
    assert_eq!(store.outbox_of(&samples::pid("n")).await.unwrap().len(), total);
}

pub async fn concurrent_creations_have_one_winner(store: Arc<dyn Store>) {
    let mut tasks = JoinSet::new();
    for n in 0..TASKS {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            // Each under a pid of its own, all for the same message of the peer.
            let mut entry = samples::negotiation(&format!("n{n}"), Role::Provider);
            entry.negotiation.peer_pid = Some(samples::pid("theirs"));
            let changes = ChangeSet {
                events: vec![samples::event(None, "created")],
                ..samples::puts(vec![samples::put_negotiation(entry, None)])
            };
            store.commit(changes).await.is_ok()
        });
    }
    let winners = tasks.join_all().await.into_iter().filter(|won| *won).count();
    assert_eq!(winners, 1);
    assert_eq!(store.negotiations(samples::ALL).await.unwrap().len(), 1);
    assert_eq!(store.events(samples::ALL).await.unwrap().len(), 1);
}

pub async fn a_commit_is_seen_by_every_later_read(store: Arc<dyn Store>) {
    let mut tasks = JoinSet::new();
    for n in 0..16 {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            let name = format!("t{n}");
            let mut entry = samples::transfer(&name, Role::Consumer);
            let mut version = None;
            for seconds in 0..8 {
                entry.updated_at = samples::at(seconds);
                let put = samples::put_transfer(entry.clone(), version);
                store.commit(samples::puts(vec![put])).await.unwrap();
                let stored = store.transfer(&entry.transfer.id).await.unwrap().unwrap();
                assert_eq!(stored.value, entry);
                version = Some(stored.version.0);
            }
        });
    }
    tasks.join_all().await;
}
