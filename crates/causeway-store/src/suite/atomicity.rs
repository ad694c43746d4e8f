//! All of a change set or nothing.

use std::sync::Arc;

use causeway_types::Role;

use super::samples;
use crate::{ChangeSet, CommitError, Committed, Persons, RecordKind, Remembered, Store, Version};

fn persons() -> Persons {
    Persons { count: "a".to_owned(), since: samples::at(0), peer: None, with: None }
}

/// Asserts that nothing but offers can be in the store.
async fn assert_no_traces(store: &dyn Store) {
    assert_eq!(store.last_event().await.unwrap(), 0);
    assert_eq!(store.events(samples::ALL).await.unwrap(), []);
    assert_eq!(store.outbox_due().await.unwrap(), None);
    assert_eq!(store.outbox_of(&samples::pid("n")).await.unwrap(), []);
    assert_eq!(store.remembered("key").await.unwrap(), None);
    assert_eq!(store.negotiations(samples::ALL).await.unwrap(), []);
    assert_eq!(store.decisions(samples::ALL).await.unwrap(), []);
    assert_eq!(store.attestations(None, samples::ALL).await.unwrap(), []);
    assert_eq!(store.persons(&persons()).await.unwrap(), 0);
    assert_eq!(store.records(RecordKind::Pin, None, samples::ALL).await.unwrap(), []);
    assert_eq!(store.unexpired_tokens(samples::at(0), 9).await.unwrap(), []);
}

fn remembered(key: &str) -> Remembered {
    Remembered {
        key: key.to_owned(),
        request: "00ff".repeat(16),
        status: 201,
        body: b"{\"id\":1}\xff".to_vec(),
        at: samples::at(3),
    }
}

pub async fn a_conflict_in_the_second_put_leaves_nothing(store: Arc<dyn Store>) {
    store.commit(samples::puts(vec![samples::put_offer(samples::offer("a"), None)])).await.unwrap();
    let everything = || ChangeSet {
        tokens: vec![samples::token("did:web:a", "1", 0)],
        puts: vec![
            samples::put_record(samples::record(RecordKind::Pin, "p", "o"), None),
            samples::put_negotiation(samples::negotiation("n", Role::Consumer), None),
            samples::put_decision(samples::decision(1), None),
            samples::put_attestation(samples::attestation("t", Role::Provider), None),
            samples::put_offer(samples::offer("a"), None),
        ],
        forget: vec![],
        cancel: vec![],
        settle: vec![],
        outbox: vec![samples::message("n", "m1")],
        lease: None,
        crossings: vec![samples::crossing("a", Role::Provider, 1, 1)],
        events: vec![samples::event(Some("n"), "REQUESTED")],
        remember: Some(remembered("key")),
    };
    let error = store.commit(everything()).await.unwrap_err();
    assert_eq!(error, CommitError::Conflict { what: "offer a".to_owned() });
    assert_no_traces(&*store).await;

    // The same without the conflict is applied as a whole.
    let mut fixed = everything();
    fixed.puts[4].expected = Some(Version(1));
    store.commit(fixed).await.unwrap();
    assert_eq!(store.events(samples::ALL).await.unwrap().len(), 1);
    assert_eq!(store.outbox_of(&samples::pid("n")).await.unwrap().len(), 1);
    assert_eq!(store.remembered("key").await.unwrap(), Some(remembered("key")));
    assert_eq!(store.decisions(samples::ALL).await.unwrap().len(), 1);
    assert_eq!(store.attestations(None, samples::ALL).await.unwrap().len(), 1);
    assert_eq!(store.persons(&persons()).await.unwrap(), 1_000);
    assert_eq!(store.count_records(RecordKind::Pin, "o").await.unwrap(), 1);
    assert_eq!(store.unexpired_tokens(samples::at(0), 9).await.unwrap().len(), 1);

    // What fails last leaves nothing either, and the decision that was there before stays.
    let mut late = samples::puts(vec![
        samples::put_decision(samples::decision(1), None),
        samples::put_decision(samples::decision(2), None),
        samples::put_attestation(samples::attestation("t", Role::Provider), Some(2)),
    ]);
    late.crossings = vec![samples::crossing("a", Role::Provider, 2, 1)];
    let error = store.commit(late).await.unwrap_err();
    assert_eq!(error, CommitError::Conflict { what: "attestation t".to_owned() });
    let decisions = store.decisions(samples::ALL).await.unwrap();
    let decisions: Vec<_> = decisions.into_iter().map(|stored| stored.value).collect();
    assert_eq!(decisions, [samples::decision(1)]);
    assert_eq!(store.persons(&persons()).await.unwrap(), 1_000);
}

pub async fn a_conflict_restores_what_earlier_puts_replaced(store: Arc<dyn Store>) {
    let old = samples::offer("a");
    store.commit(samples::puts(vec![samples::put_offer(old.clone(), None)])).await.unwrap();
    let mut new = old.clone();
    new.dataset_id = samples::offer("moved").dataset_id;
    let mut heir = samples::offer("b");
    heir.dataset_id = old.dataset_id.clone();
    let changes = samples::puts(vec![
        samples::put_offer(new, Some(1)),
        // The dataset is free now.
        samples::put_offer(heir, None),
        samples::put_offer(samples::offer("c"), Some(9)),
    ]);
    let error = store.commit(changes).await.unwrap_err();
    assert_eq!(error, CommitError::Conflict { what: "offer c".to_owned() });
    let stored = store.offer_of_dataset(&old.dataset_id).await.unwrap().unwrap();
    assert_eq!((stored.value, stored.version), (old, Version(1)));
    assert_eq!(store.offers(samples::ALL, true).await.unwrap().len(), 1);
}

pub async fn puts_of_one_change_set_see_each_other(store: Arc<dyn Store>) {
    let offer = samples::offer("a");
    let changes = samples::puts(vec![
        samples::put_offer(offer.clone(), None),
        samples::put_offer(offer.clone(), Some(1)),
    ]);
    store.commit(changes).await.unwrap();
    assert_eq!(store.offer(&offer.id).await.unwrap().unwrap().version, Version(2));
}

pub async fn an_idempotency_key_is_taken_once(store: Arc<dyn Store>) {
    let remember = |key: &str| ChangeSet {
        remember: Some(remembered(key)),
        events: vec![samples::event(None, key)],
        ..ChangeSet::default()
    };
    store.commit(remember("key")).await.unwrap();
    assert_eq!(store.remembered("key").await.unwrap(), Some(remembered("key")));
    let error = store.commit(remember("key")).await.unwrap_err();
    assert_eq!(error, CommitError::Conflict { what: "idempotency key key".to_owned() });
    assert_eq!(store.events(samples::ALL).await.unwrap().len(), 1);
    store.commit(remember("KEY")).await.unwrap();
    assert_eq!(store.events(samples::ALL).await.unwrap().len(), 2);
}

pub async fn an_empty_change_set_changes_nothing(store: Arc<dyn Store>) {
    let committed = store.commit(ChangeSet::default()).await.unwrap();
    assert_eq!(committed, Committed::default());
    assert_no_traces(&*store).await;
}
