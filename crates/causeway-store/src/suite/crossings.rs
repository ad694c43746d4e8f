//! What is remembered of crossings: decisions and attestations, and exactly how many persons.

use std::ops::Range;
use std::sync::Arc;

use causeway_types::{Blake3, ParticipantId, Role, Timestamp};

use super::aggregates::{conflict, put};
use super::samples::{self, crossing, page};
use crate::{Attestation, ChangeSet, Crossing, DecisionEntry, Persons, Store, Stored, Version};

/// A change set of crossings alone.
fn crossings(crossings: Vec<Crossing>) -> ChangeSet {
    ChangeSet { crossings, ..ChangeSet::default() }
}

async fn cross(store: &dyn Store, all: Vec<Crossing>) {
    store.commit(crossings(all)).await.unwrap();
}

async fn know(store: &dyn Store, file: u8, persons: Range<u64>) {
    store.add_subjects(&samples::file(file), samples::persons(persons)).await.unwrap();
}

/// Everything that crossed for the count "a" since the start.
fn all() -> Persons {
    Persons { count: "a".to_owned(), since: samples::at(0), peer: None, with: None }
}

fn to(peer: Role) -> Persons {
    Persons { peer: Some(samples::participant(peer)), ..all() }
}

fn with(file: u8, persons: u64) -> Persons {
    Persons { with: Some((samples::file(file), persons)), ..all() }
}

async fn check(store: &dyn Store, query: Persons, expected: u64) {
    assert_eq!(store.persons(&query).await.unwrap(), expected, "{query:?}");
}

pub async fn what_crossings_leave_reads_back(store: Arc<dyn Store>) {
    for entry in samples::decisions() {
        put(&*store, samples::put_decision(entry.clone(), None)).await;
        let stored = store.decision(&entry.id).await.unwrap().unwrap();
        assert_eq!((stored.value, stored.version), (entry, Version(1)));
    }
    for attestation in samples::attestations() {
        put(&*store, samples::put_attestation(attestation.clone(), None)).await;
        let stored = store.attestation(&attestation.id).await.unwrap().unwrap();
        assert_eq!((stored.value, stored.version), (attestation, Version(1)));
    }
    for offer in samples::declared_offers() {
        put(&*store, samples::put_offer(offer.clone(), None)).await;
        assert_eq!(store.offer(&offer.id).await.unwrap().unwrap().value, offer);
    }
    for entry in samples::decided_negotiations() {
        put(&*store, samples::put_negotiation(entry.clone(), None)).await;
        let stored = store.negotiation(&entry.negotiation.id).await.unwrap().unwrap();
        assert_eq!(stored.value, entry);
    }
    for entry in samples::decided_agreements() {
        put(&*store, samples::put_agreement(entry.clone(), None)).await;
        let stored = store.agreement(&entry.agreement.id).await.unwrap().unwrap();
        assert_eq!(stored.value, entry);
    }
    for entry in samples::decided_transfers() {
        put(&*store, samples::put_transfer(entry.clone(), None)).await;
        let stored = store.transfer(&entry.transfer.id).await.unwrap().unwrap();
        assert_eq!(stored.value, entry);
    }
}

pub async fn where_nothing_crossed_nothing_is_found(store: Arc<dyn Store>) {
    assert_eq!(store.decision(&samples::decision_id(1)).await.unwrap(), None);
    assert_eq!(store.decisions(samples::ALL).await.unwrap(), []);
    let id = samples::attestation("x", Role::Provider).id;
    assert_eq!(store.attestation(&id).await.unwrap(), None);
    assert_eq!(store.attestations(None, samples::ALL).await.unwrap(), []);
    let peer = samples::participant(Role::Provider);
    assert_eq!(store.attestations(Some(&peer), samples::ALL).await.unwrap(), []);
    assert_eq!(store.subjects(&samples::file(1)).await.unwrap(), 0);
    check(&*store, all(), 0).await;
    check(&*store, to(Role::Consumer), 0).await;
    check(&*store, with(1, 7), 7).await;
}

pub async fn a_decision_is_written_once_and_again_without_conflict(store: Arc<dyn Store>) {
    let first = samples::decision(1);
    put(&*store, samples::put_decision(first.clone(), None)).await;
    let later = DecisionEntry { decided_at: samples::at(99), ..first.clone() };
    for version in [None, Some(1), Some(7)] {
        let changes = ChangeSet {
            events: vec![samples::event(None, "again")],
            ..samples::puts(vec![samples::put_decision(later.clone(), version)])
        };
        store.commit(changes).await.unwrap();
    }
    assert_eq!(store.events(samples::ALL).await.unwrap().len(), 3);
    let stored = store.decision(&first.id).await.unwrap().unwrap();
    assert_eq!((stored.value, stored.version), (first, Version(1)));
    // Two processes may find the same in one change set.
    let twice = vec![
        samples::put_decision(samples::decision(2), None),
        samples::put_decision(samples::decision(2), None),
    ];
    store.commit(samples::puts(twice)).await.unwrap();
    assert_eq!(store.decisions(samples::ALL).await.unwrap().len(), 2);
    // What was read must have been there.
    let missing = samples::put_decision(samples::decision(3), Some(1));
    let what = format!("decision {}", samples::decision_id(3));
    conflict(&*store, missing, &what).await;
    assert_eq!(store.decision(&samples::decision_id(3)).await.unwrap(), None);
}

pub async fn decisions_are_listed_newest_first(store: Arc<dyn Store>) {
    for number in 0..5 {
        put(&*store, samples::put_decision(samples::decision(number), None)).await;
    }
    put(&*store, samples::put_decision(samples::decision(0), None)).await;
    let down = store.decisions(samples::ALL).await.unwrap();
    let expected: Vec<_> = (0..5).rev().map(samples::decision).collect();
    assert_eq!(down.iter().map(|stored| stored.value.clone()).collect::<Vec<_>>(), expected);
    assert_eq!(store.decisions(page(None, 2)).await.unwrap(), down[..2]);
    let after = Some(down[1].sequence);
    assert_eq!(store.decisions(page(after, 2)).await.unwrap(), down[2..4]);
    assert_eq!(store.decisions(page(after, 9)).await.unwrap(), down[2..]);
}

async fn attested(store: &dyn Store, peer: Option<&ParticipantId>) -> Vec<Stored<Attestation>> {
    store.attestations(peer, samples::ALL).await.unwrap()
}

pub async fn attestations_are_found_by_party_newest_first(store: Arc<dyn Store>) {
    for n in 0..3 {
        for peer in [Role::Provider, Role::Consumer] {
            let attestation = samples::attestation(&format!("{peer}-{n}"), peer);
            put(&*store, samples::put_attestation(attestation, None)).await;
        }
    }
    let names = |list: &[Stored<Attestation>]| {
        list.iter().map(|stored| stored.value.id.to_string()).collect::<Vec<_>>()
    };
    let everything = attested(&*store, None).await;
    let expected =
        ["consumer-2", "provider-2", "consumer-1", "provider-1", "consumer-0", "provider-0"];
    assert_eq!(names(&everything), expected);
    let peer = samples::participant(Role::Consumer);
    let theirs = attested(&*store, Some(&peer)).await;
    assert_eq!(names(&theirs), ["consumer-2", "consumer-1", "consumer-0"]);
    // In pages, where the place in the list is that of an attestation of somebody else too.
    let after = Some(everything[1].sequence);
    let rest = store.attestations(Some(&peer), page(after, 1)).await.unwrap();
    assert_eq!(names(&rest), ["consumer-1"]);
    let rest = store.attestations(None, page(after, 2)).await.unwrap();
    assert_eq!(names(&rest), ["consumer-1", "provider-1"]);
    let nobody = ParticipantId::parse("did:web:nobody.example").unwrap();
    assert_eq!(attested(&*store, Some(&nobody)).await, []);
}

pub async fn an_attestation_is_revoked_by_who_read_its_latest_version(store: Arc<dyn Store>) {
    let first = samples::attestation("a", Role::Consumer);
    put(&*store, samples::put_attestation(first.clone(), None)).await;
    conflict(&*store, samples::put_attestation(first.clone(), None), "attestation a").await;
    conflict(&*store, samples::put_attestation(first.clone(), Some(2)), "attestation a").await;
    let revoked = Attestation { revoked_at: Some(samples::at(9)), ..first.clone() };
    put(&*store, samples::put_attestation(revoked.clone(), Some(1))).await;
    conflict(&*store, samples::put_attestation(first, Some(1)), "attestation a").await;
    let stored = store.attestation(&revoked.id).await.unwrap().unwrap();
    assert_eq!((stored.value, stored.version), (revoked.clone(), Version(2)));
    // It stays in the lists, in its place.
    let later = samples::attestation("b", Role::Consumer);
    put(&*store, samples::put_attestation(later.clone(), None)).await;
    let listed = attested(&*store, Some(&later.peer)).await;
    let listed: Vec<_> = listed.into_iter().map(|stored| stored.value).collect();
    assert_eq!(listed, [later, revoked]);
    let missing = samples::attestation("missing", Role::Consumer);
    conflict(&*store, samples::put_attestation(missing, Some(1)), "attestation missing").await;
}

pub async fn a_person_in_several_files_counts_once(store: Arc<dyn Store>) {
    know(&*store, 1, 0..10).await;
    know(&*store, 2, 5..15).await;
    know(&*store, 3, 0..3).await;
    cross(&*store, vec![crossing("a", Role::Consumer, 1, 1)]).await;
    check(&*store, all(), 10).await;
    cross(&*store, vec![crossing("a", Role::Consumer, 2, 2)]).await;
    check(&*store, all(), 15).await;
    cross(&*store, vec![crossing("a", Role::Consumer, 3, 3)]).await;
    check(&*store, all(), 15).await;
    assert_eq!(store.subjects(&samples::file(2)).await.unwrap(), 10);
}

pub async fn counts_are_apart_and_parties_are_apart_and_together(store: Arc<dyn Store>) {
    know(&*store, 1, 0..10).await;
    know(&*store, 2, 5..15).await;
    cross(
        &*store,
        vec![
            crossing("a", Role::Consumer, 1, 1),
            crossing("a", Role::Provider, 2, 1),
            crossing("b", Role::Consumer, 2, 1),
            // Both got this file: once together, once each.
            crossing("a", Role::Consumer, 3, 1),
            crossing("a", Role::Provider, 3, 1),
        ],
    )
    .await;
    check(&*store, all(), 15 + 1_000).await;
    check(&*store, to(Role::Consumer), 10 + 1_000).await;
    check(&*store, to(Role::Provider), 10 + 1_000).await;
    check(&*store, Persons { count: "b".to_owned(), ..all() }, 10).await;
    check(&*store, Persons { count: "b".to_owned(), ..to(Role::Provider) }, 0).await;
    // Names of counts are not patterns, and case tells them apart.
    for count in ["", "A", "%", "a%", "ab"] {
        check(&*store, Persons { count: count.to_owned(), ..all() }, 0).await;
    }
}

pub async fn the_window_begins_with_the_very_microsecond(store: Arc<dyn Store>) {
    know(&*store, 1, 0..10).await;
    cross(&*store, vec![crossing("a", Role::Consumer, 1, 60)]).await;
    cross(&*store, vec![crossing("a", Role::Consumer, 2, 61)]).await;
    let shifted = |seconds: u64, micros: i64| {
        Timestamp::from_unix_micros(samples::at(seconds).unix_micros() + micros).unwrap()
    };
    for (since, expected) in [
        (shifted(60, -1), 1_010),
        (shifted(60, 0), 1_010),
        (shifted(60, 1), 1_000),
        (shifted(61, 0), 1_000),
        (shifted(61, 1), 0),
    ] {
        check(&*store, Persons { since, ..all() }, expected).await;
        check(&*store, Persons { since, ..to(Role::Consumer) }, expected).await;
    }
}

pub async fn a_candidate_that_crossed_is_not_counted_twice(store: Arc<dyn Store>) {
    know(&*store, 1, 0..10).await;
    know(&*store, 2, 5..20).await;
    cross(&*store, vec![crossing("a", Role::Consumer, 1, 1)]).await;
    cross(&*store, vec![crossing("a", Role::Consumer, 3, 1)]).await;
    // Known, declared otherwise: what is declared does not matter.
    check(&*store, with(1, 77), 10 + 1_000).await;
    check(&*store, with(2, 77), 20 + 1_000).await;
    // Declared: once, and of two declarations the larger.
    check(&*store, with(3, 999), 10 + 1_000).await;
    check(&*store, with(3, 1_001), 10 + 1_001).await;
    check(&*store, with(4, 5), 10 + 1_005).await;
    // Whom it would go to, and when, is the question itself.
    check(&*store, Persons { peer: to(Role::Provider).peer, ..with(2, 0) }, 15).await;
    check(&*store, Persons { since: samples::at(9), ..with(2, 0) }, 15).await;
    check(&*store, Persons { count: "b".to_owned(), ..with(4, 5) }, 5).await;
    // Asking changes nothing.
    check(&*store, all(), 10 + 1_000).await;
}

pub async fn declared_persons_count_once_a_file(store: Arc<dyn Store>) {
    let declared =
        |to, file, seconds, persons| Crossing { persons, ..crossing("a", to, file, seconds) };
    cross(&*store, vec![declared(Role::Consumer, 1, 5, 300)]).await;
    cross(&*store, vec![declared(Role::Provider, 1, 6, 200)]).await;
    check(&*store, all(), 300).await;
    check(&*store, to(Role::Provider), 200).await;
    // A later crossing to the same party takes the place of the earlier one.
    cross(&*store, vec![declared(Role::Consumer, 1, 7, 250)]).await;
    check(&*store, all(), 250).await;
    check(&*store, Persons { since: samples::at(7), ..all() }, 250).await;
    // An earlier one that is written later does not.
    cross(&*store, vec![declared(Role::Consumer, 1, 2, 900)]).await;
    check(&*store, all(), 250).await;
    check(&*store, Persons { since: samples::at(7), ..all() }, 250).await;
    check(&*store, Persons { since: samples::at(8), ..all() }, 0).await;
    // Once the persons are known, they count instead.
    know(&*store, 1, 0..20).await;
    check(&*store, all(), 20).await;
}

pub async fn adding_persons_again_changes_nothing(store: Arc<dyn Store>) {
    let content = samples::file(1);
    cross(&*store, vec![crossing("a", Role::Consumer, 1, 1)]).await;
    cross(&*store, vec![crossing("a", Role::Consumer, 2, 1)]).await;
    // Nobody is not a statement: the declared number stays.
    store.add_subjects(&content, vec![]).await.unwrap();
    assert_eq!(store.subjects(&content).await.unwrap(), 0);
    check(&*store, all(), 2_000).await;
    for _ in 0..3 {
        // One of them twice in the same call, and in no order.
        let mut persons = samples::persons(0..50);
        persons.push(samples::person(7));
        persons.reverse();
        store.add_subjects(&content, persons).await.unwrap();
        assert_eq!(store.subjects(&content).await.unwrap(), 50);
        check(&*store, all(), 1_050).await;
        store.add_subjects(&content, vec![]).await.unwrap();
    }
    // More persons of the same file.
    know(&*store, 1, 40..60).await;
    assert_eq!(store.subjects(&content).await.unwrap(), 60);
    know(&*store, 2, 59..61).await;
    check(&*store, all(), 61).await;
}

pub async fn a_threshold_is_met_exactly(store: Arc<dyn Store>) {
    const THRESHOLD: u64 = 100_000;
    // Three files of 99,999 persons together, with a person of every place in several of them.
    know(&*store, 1, 0..60_000).await;
    know(&*store, 2, 40_000..THRESHOLD - 1).await;
    know(&*store, 3, 30_000..70_000).await;
    know(&*store, 4, THRESHOLD - 2..THRESHOLD).await;
    know(&*store, 5, THRESHOLD - 1..THRESHOLD + 1).await;
    let crossed = [1, 2, 3].map(|file| crossing("a", Role::Consumer, file, 1));
    cross(&*store, crossed.to_vec()).await;
    check(&*store, all(), THRESHOLD - 1).await;
    check(&*store, with(3, 9), THRESHOLD - 1).await;
    check(&*store, with(4, 9), THRESHOLD).await;
    check(&*store, with(5, 9), THRESHOLD + 1).await;
    check(&*store, with(6, 1), THRESHOLD).await;
    cross(&*store, vec![crossing("a", Role::Consumer, 4, 2)]).await;
    check(&*store, all(), THRESHOLD).await;
    check(&*store, with(5, 9), THRESHOLD + 1).await;
    assert_eq!(store.subjects(&samples::file(1)).await.unwrap(), 60_000);
}

/// Hashes that are not spread at all, and both ends of their range.
pub async fn every_hash_is_a_person(store: Arc<dyn Store>) {
    let dense = |from: u128, to: u128| (from..to).map(u128::to_be_bytes).collect::<Vec<_>>();
    let add = |file: u8, persons| {
        let (store, content): (_, Blake3) = (Arc::clone(&store), samples::file(file));
        async move { store.add_subjects(&content, persons).await.unwrap() }
    };
    add(1, dense(0, 50_000)).await;
    add(2, dense(u128::MAX - 49_999, u128::MAX)).await;
    add(2, vec![[0xff; 16]]).await;
    add(3, vec![[0; 16], [0x80; 16], [0xff; 16]]).await;
    let crossed = [1, 2, 3].map(|file| crossing("a", Role::Consumer, file, 1));
    cross(&*store, crossed.to_vec()).await;
    check(&*store, all(), 100_001).await;
}
