//! What the contract promises to a caller whose commit failed in an unknown way: whoever reads
//! again before acting does everything exactly once.

use std::sync::Arc;

use causeway_types::{Blake3, Role};
use tokio::task::JoinSet;

use super::samples;
use crate::fault::{Fault, FaultStore};
use crate::{ChangeSet, CommitError, Crossings as _, Persons, Store};

const PROCESSES: u32 = 8;
const ROUNDS: u32 = 10;

/// One decision: the negotiation goes from `round` - 1 to `round`, with one message, one event.
/// Asks the store first whether that happened already. Returns how many commits failed in an
/// unknown way.
async fn decide_once(store: &dyn Store, name: &str, round: u32) -> u32 {
    let mut unknown = 0;
    loop {
        let stored = store.negotiation(&samples::pid(name)).await.unwrap();
        let version = stored.as_ref().map(|stored| stored.version.0);
        let mut entry = stored
            .map_or_else(|| samples::negotiation(name, Role::Consumer), |stored| stored.value);
        if entry.negotiation.rounds >= round {
            return unknown;
        }
        entry.negotiation.rounds = round;
        let changes = ChangeSet {
            puts: vec![samples::put_negotiation(entry, version)],
            outbox: vec![samples::message(name, &format!("{name}-m{round}"))],
            events: vec![samples::event(Some(name), &round.to_string())],
            ..ChangeSet::default()
        };
        match store.commit(changes).await {
            // Known or not, or beaten by a rival: read again.
            Ok(_) | Err(CommitError::Conflict { .. }) => {}
            Err(CommitError::Unavailable { .. }) => unknown += 1,
            Err(CommitError::Full) => panic!("the disk is full"),
        }
    }
}

/// Two tasks decide about each process; commits fail as scripted.
async fn decide_under(
    store: Arc<dyn Store>,
    script: impl Fn(u64) -> Option<Fault> + Send + Sync + 'static,
) {
    let store = Arc::new(FaultStore::new(store, script));
    let mut tasks = JoinSet::new();
    for n in 0..PROCESSES * 2 {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            let name = format!("n{}", n / 2);
            let mut unknown = 0;
            for round in 1..=ROUNDS {
                unknown += decide_once(&*store, &name, round).await;
            }
            unknown
        });
    }
    let unknown: u32 = tasks.join_all().await.into_iter().sum();
    assert!(unknown > 0, "no fault was met");
    for n in 0..PROCESSES {
        let name = format!("n{n}");
        let id = samples::pid(&name);
        let stored = store.negotiation(&id).await.unwrap().unwrap();
        assert_eq!(stored.value.negotiation.rounds, ROUNDS);
        let events = store.history(&id, samples::ALL).await.unwrap();
        let subjects: Vec<_> = events.iter().map(|event| event.subject.clone()).collect();
        assert_eq!(subjects, (1..=ROUNDS).map(|round| round.to_string()).collect::<Vec<_>>());
        let rows = store.outbox_of(&id).await.unwrap();
        let sent: Vec<_> = rows.iter().map(|row| row.message_id.to_string()).collect();
        assert_eq!(sent, (1..=ROUNDS).map(|r| format!("{name}-m{r}")).collect::<Vec<_>>());
    }
}

pub async fn decisions_stick_exactly_once_when_commits_are_lost(store: Arc<dyn Store>) {
    decide_under(store, |commit| commit.is_multiple_of(2).then_some(Fault::Lost)).await;
}

pub async fn decisions_stick_exactly_once_when_answers_are_lost(store: Arc<dyn Store>) {
    decide_under(store, |commit| commit.is_multiple_of(2).then_some(Fault::Unsure)).await;
}

pub async fn decisions_stick_exactly_once_when_both_happen(store: Arc<dyn Store>) {
    decide_under(store, |commit| match commit % 5 {
        1 | 2 => Some(Fault::Unsure),
        3 => Some(Fault::Lost),
        _ => None,
    })
    .await;
}

/// Whether something is known to be done; counts how often it was not.
fn is_done<T>(result: Result<T, CommitError>, unknown: &mut u32) -> bool {
    match result {
        Ok(_) => true,
        Err(CommitError::Unavailable { .. }) => {
            *unknown += 1;
            false
        }
        Err(other) => panic!("{other}"),
    }
}

/// A decision, a crossing and the persons of a file, each repeated blindly until it is done.
async fn cross_under(store: Arc<dyn Store>, fault: Fault) {
    let script = move |commit: u64| (!commit.is_multiple_of(3)).then_some(fault);
    let store = Arc::new(FaultStore::new(store, script));
    let mut tasks = JoinSet::new();
    for n in 0..8_u8 {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            // Half of the persons of a file are in the next one too.
            let (file, first) = (samples::file(n), u64::from(n) * 1_000);
            let subjects = || samples::persons(first..first + 2_000);
            let changes = || ChangeSet {
                crossings: vec![samples::crossing("a", Role::Consumer, n, 1)],
                ..samples::puts(vec![samples::put_decision(samples::decision(n), None)])
            };
            let mut unknown = 0;
            while !is_done(store.add_subjects(&file, subjects()).await, &mut unknown) {}
            while !is_done(store.commit(changes()).await, &mut unknown) {}
            unknown
        });
    }
    let unknown: u32 = tasks.join_all().await.into_iter().sum();
    assert!(unknown > 0, "no fault was met");
    let query = Persons { count: "a".to_owned(), since: samples::at(0), peer: None, with: None };
    assert_eq!(store.persons(&query).await.unwrap(), 9_000);
    for n in 0..8 {
        let file: Blake3 = samples::file(n);
        assert_eq!(store.subjects(&file).await.unwrap(), 2_000);
    }
    let decisions = store.decisions(samples::ALL).await.unwrap();
    let mut ids: Vec<_> = decisions.into_iter().map(|stored| stored.value.id).collect();
    ids.sort();
    assert_eq!(ids, (0..8).map(samples::decision_id).collect::<Vec<_>>());
}

pub async fn persons_count_exactly_once_when_commits_are_lost(store: Arc<dyn Store>) {
    cross_under(store, Fault::Lost).await;
}

pub async fn persons_count_exactly_once_when_answers_are_lost(store: Arc<dyn Store>) {
    cross_under(store, Fault::Unsure).await;
}
