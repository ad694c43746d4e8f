//! One aggregate at a time: what is put is what is read, and versions guard it.

use std::sync::Arc;

use causeway_types::{AgreementId, DatasetId, OfferId, Role};

use super::samples;
use crate::{CommitError, Put, Store, Version};

/// Commits puts that must succeed.
pub(super) async fn put(store: &dyn Store, put: Put) {
    store.commit(samples::puts(vec![put])).await.unwrap();
}

/// Commits a put that must conflict over that aggregate.
pub(super) async fn conflict(store: &dyn Store, put: Put, what: &str) {
    let error = store.commit(samples::puts(vec![put])).await.unwrap_err();
    assert_eq!(error, CommitError::Conflict { what: what.to_owned() });
}

pub async fn every_aggregate_reads_back_in_every_state(store: Arc<dyn Store>) {
    for offer in samples::offers() {
        put(&*store, samples::put_offer(offer.clone(), None)).await;
        let stored = store.offer(&offer.id).await.unwrap().unwrap();
        assert_eq!((stored.value, stored.version), (offer, Version(1)));
    }
    for entry in samples::negotiations() {
        put(&*store, samples::put_negotiation(entry.clone(), None)).await;
        let stored = store.negotiation(&entry.negotiation.id).await.unwrap().unwrap();
        assert_eq!((stored.value, stored.version), (entry, Version(1)));
    }
    for entry in samples::agreements() {
        put(&*store, samples::put_agreement(entry.clone(), None)).await;
        let stored = store.agreement(&entry.agreement.id).await.unwrap().unwrap();
        assert_eq!((stored.value, stored.version), (entry, Version(1)));
    }
    for entry in samples::transfers() {
        put(&*store, samples::put_transfer(entry.clone(), None)).await;
        let stored = store.transfer(&entry.transfer.id).await.unwrap().unwrap();
        assert_eq!((stored.value, stored.version), (entry, Version(1)));
    }
}

pub async fn an_aggregate_is_found_by_its_second_key(store: Arc<dyn Store>) {
    let offer = samples::offer("o");
    put(&*store, samples::put_offer(offer.clone(), None)).await;
    let found = store.offer_of_dataset(&offer.dataset_id).await.unwrap().unwrap();
    assert_eq!(found.value, offer);

    let peer = samples::participant(Role::Provider);
    let peer_pid = samples::pid("theirs");
    let mut negotiation = samples::negotiation("n", Role::Consumer);
    put(&*store, samples::put_negotiation(negotiation.clone(), None)).await;
    let find = || store.negotiation_of_peer(&peer, &peer_pid, Role::Consumer);
    assert_eq!(find().await.unwrap(), None);
    // The peer's pid becomes known later.
    negotiation.negotiation.peer_pid = Some(peer_pid.clone());
    put(&*store, samples::put_negotiation(negotiation.clone(), Some(1))).await;
    assert_eq!(find().await.unwrap().unwrap().value, negotiation);
    let other_role = store.negotiation_of_peer(&peer, &peer_pid, Role::Provider).await.unwrap();
    assert_eq!(other_role, None);

    let mut transfer = samples::transfer("t", Role::Consumer);
    transfer.transfer.peer_pid = Some(peer_pid.clone());
    put(&*store, samples::put_transfer(transfer.clone(), None)).await;
    let found = store.transfer_of_peer(&peer, &peer_pid, Role::Consumer).await.unwrap();
    assert_eq!(found.unwrap().value, transfer);
    let other_peer = samples::participant(Role::Consumer);
    let found = store.transfer_of_peer(&other_peer, &peer_pid, Role::Consumer).await.unwrap();
    assert_eq!(found, None);
}

pub async fn what_was_never_written_is_not_found(store: Arc<dyn Store>) {
    let id = samples::pid("x");
    let peer = samples::participant(Role::Provider);
    assert_eq!(store.offer(&OfferId::parse("x").unwrap()).await.unwrap(), None);
    assert_eq!(store.offer_of_dataset(&DatasetId::parse("x").unwrap()).await.unwrap(), None);
    assert_eq!(store.negotiation(&id).await.unwrap(), None);
    assert_eq!(store.negotiation_of_peer(&peer, &id, Role::Consumer).await.unwrap(), None);
    assert_eq!(store.agreement(&AgreementId::parse("x").unwrap()).await.unwrap(), None);
    assert_eq!(store.transfer(&id).await.unwrap(), None);
    assert_eq!(store.transfer_of_peer(&peer, &id, Role::Consumer).await.unwrap(), None);
    assert_eq!(store.remembered("x").await.unwrap(), None);
    assert_eq!(store.outbox_of(&id).await.unwrap(), []);
    assert_eq!(store.history(&id, samples::ALL).await.unwrap(), []);
    assert_eq!(store.last_event().await.unwrap(), 0);
    assert_eq!(store.outbox_due().await.unwrap(), None);
}

pub async fn creating_twice_is_a_conflict(store: Arc<dyn Store>) {
    let puts: [fn(Option<u64>) -> Put; 4] = [
        |version| samples::put_offer(samples::offer("a"), version),
        |version| samples::put_negotiation(samples::negotiation("a", Role::Consumer), version),
        |version| samples::put_agreement(samples::agreement("a", Role::Consumer), version),
        |version| samples::put_transfer(samples::transfer("a", Role::Consumer), version),
    ];
    for (make, kind) in puts.into_iter().zip(["offer", "negotiation", "agreement", "transfer"]) {
        put(&*store, make(None)).await;
        conflict(&*store, make(None), &format!("{kind} a")).await;
        put(&*store, make(Some(1))).await;
        conflict(&*store, make(None), &format!("{kind} a")).await;
    }
}

pub async fn a_stale_version_is_a_conflict(store: Arc<dyn Store>) {
    let first = samples::transfer("t", Role::Consumer);
    put(&*store, samples::put_transfer(first.clone(), None)).await;
    let mut second = first.clone();
    second.updated_at = samples::at(77);
    put(&*store, samples::put_transfer(second.clone(), Some(1))).await;
    conflict(&*store, samples::put_transfer(first.clone(), Some(1)), "transfer t").await;
    conflict(&*store, samples::put_transfer(first, Some(3)), "transfer t").await;
    let stored = store.transfer(&second.transfer.id).await.unwrap().unwrap();
    assert_eq!((stored.value, stored.version), (second, Version(2)));
}

pub async fn a_version_of_something_missing_is_a_conflict(store: Arc<dyn Store>) {
    conflict(&*store, samples::put_offer(samples::offer("a"), Some(1)), "offer a").await;
    assert_eq!(store.offer(&OfferId::parse("a").unwrap()).await.unwrap(), None);
}

pub async fn versions_count_the_writes(store: Arc<dyn Store>) {
    let entry = samples::negotiation("n", Role::Provider);
    put(&*store, samples::put_negotiation(entry.clone(), None)).await;
    for version in 1..5 {
        let stored = store.negotiation(&entry.negotiation.id).await.unwrap().unwrap();
        assert_eq!(stored.version, Version(version));
        put(&*store, samples::put_negotiation(entry.clone(), Some(version))).await;
    }
}

pub async fn the_dataset_of_an_offer_is_unique(store: Arc<dyn Store>) {
    put(&*store, samples::put_offer(samples::offer("a"), None)).await;
    put(&*store, samples::put_offer(samples::offer("b"), None)).await;
    let dataset_id = samples::offer("a").dataset_id;
    for name in ["b", "c"] {
        let mut rival = samples::offer(name);
        rival.dataset_id = dataset_id.clone();
        let version = (name == "b").then_some(1);
        conflict(&*store, samples::put_offer(rival, version), &format!("offer {name}")).await;
    }
    let stored = store.offer_of_dataset(&dataset_id).await.unwrap().unwrap();
    assert_eq!(stored.value, samples::offer("a"));
}

pub async fn the_pid_of_a_peer_is_unique_within_its_role(store: Arc<dyn Store>) {
    let entry = |name: &str, role, peer_pid: &str| {
        let mut entry = samples::negotiation(name, role);
        entry.negotiation.peer_pid = Some(samples::pid(peer_pid));
        entry
    };
    let first = entry("a", Role::Consumer, "p");
    put(&*store, samples::put_negotiation(first, None)).await;
    let rival = entry("b", Role::Consumer, "p");
    conflict(&*store, samples::put_negotiation(rival.clone(), None), "negotiation b").await;
    // Another pid first, then the taken one.
    put(&*store, samples::put_negotiation(entry("b", Role::Consumer, "q"), None)).await;
    conflict(&*store, samples::put_negotiation(rival, Some(1)), "negotiation b").await;
    // In the other role, and in the other protocol, the same pid is another process.
    put(&*store, samples::put_negotiation(entry("c", Role::Provider, "p"), None)).await;
    let mut transfer = samples::transfer("a", Role::Consumer);
    transfer.transfer.peer_pid = Some(samples::pid("p"));
    put(&*store, samples::put_transfer(transfer.clone(), None)).await;
    transfer.transfer.id = samples::pid("b");
    conflict(&*store, samples::put_transfer(transfer, None), "transfer b").await;
    // Any number of processes may not know the peer's pid yet.
    for name in ["x", "y"] {
        let entry = samples::negotiation(name, Role::Consumer);
        put(&*store, samples::put_negotiation(entry, None)).await;
    }
}
