//! Generic records, and tokens that are good for one use.

use std::sync::Arc;

use causeway_types::Timestamp;
use causeway_types::limits::{SEEN_TOKEN_KEPT_SECONDS, SEEN_TOKENS_PURGED_MAX};
use tokio::task::JoinSet;

use super::aggregates::{conflict, put};
use super::samples::{self, page};
use crate::records::{Record, RecordError};
use crate::{
    ChangeSet, CommitError, Put, ReadError, RecordEntry, RecordKind, SeenToken, Store, Typed,
    Version,
};

async fn ids(store: &dyn Store, kind: RecordKind, owner: Option<&str>) -> Vec<String> {
    let records = store.records(kind, owner, samples::ALL).await.unwrap();
    records.into_iter().map(|stored| stored.value.id).collect()
}

pub async fn records_read_back_and_kinds_are_apart(store: Arc<dyn Store>) {
    for kind in RecordKind::ALL {
        assert_eq!(RecordKind::parse(kind.as_str()), Some(kind));
        assert_eq!(store.record(kind, "a").await.unwrap(), None);
        assert_eq!(store.records(kind, None, samples::ALL).await.unwrap(), []);
        let entry = samples::record(kind, "a", &format!("owner of {}", kind.as_str()));
        put(&*store, samples::put_record(entry, None)).await;
    }
    for kind in RecordKind::ALL {
        let expected = samples::record(kind, "a", &format!("owner of {}", kind.as_str()));
        let stored = store.record(kind, "a").await.unwrap().unwrap();
        assert_eq!((stored.value, stored.version), (expected, Version(1)));
        assert_eq!(ids(&*store, kind, None).await, ["a"]);
    }
    let nobodys = RecordEntry { owner: None, ..samples::record(RecordKind::Pin, "n", "") };
    put(&*store, samples::put_record(nobodys.clone(), None)).await;
    assert_eq!(store.record(RecordKind::Pin, "n").await.unwrap().unwrap().value, nobodys);
}

pub async fn records_are_listed_newest_first_and_by_owner(store: Arc<dyn Store>) {
    let kind = RecordKind::Issuance;
    for n in 0..6 {
        let owner = if n % 2 == 0 { "even" } else { "odd" };
        put(&*store, samples::put_record(samples::record(kind, &format!("r{n}"), owner), None))
            .await;
    }
    // Writing one again does not move it.
    put(&*store, samples::put_record(samples::record(kind, "r0", "even"), Some(1))).await;
    assert_eq!(ids(&*store, kind, None).await, ["r5", "r4", "r3", "r2", "r1", "r0"]);
    assert_eq!(ids(&*store, kind, Some("even")).await, ["r4", "r2", "r0"]);
    assert!(ids(&*store, kind, Some("EVEN")).await.is_empty());
    assert!(ids(&*store, RecordKind::Pin, Some("even")).await.is_empty());
    let all = store.records(kind, Some("odd"), samples::ALL).await.unwrap();
    let second = store.records(kind, Some("odd"), page(Some(all[0].sequence), 1)).await.unwrap();
    assert_eq!(second, all[1..2]);
    let rest = store.records(kind, None, page(Some(all[1].sequence), 9)).await.unwrap();
    assert_eq!(rest.len(), 3);
    assert_eq!(store.records(kind, None, page(None, 0)).await.unwrap(), []);
    assert_eq!(store.count_records(kind, "even").await.unwrap(), 3);
    assert_eq!(store.count_records(kind, "nobody").await.unwrap(), 0);
    // A record whose owner changes is found under the new one.
    put(&*store, samples::put_record(samples::record(kind, "r1", "even"), Some(1))).await;
    assert_eq!(ids(&*store, kind, Some("odd")).await, ["r5", "r3"]);
    assert_eq!(store.count_records(kind, "even").await.unwrap(), 4);
}

pub async fn a_record_is_written_by_who_read_its_latest_version(store: Arc<dyn Store>) {
    let entry = samples::record(RecordKind::Pin, "a", "o");
    let what = "pin a";
    conflict(&*store, samples::put_record(entry.clone(), Some(1)), what).await;
    put(&*store, samples::put_record(entry.clone(), None)).await;
    conflict(&*store, samples::put_record(entry.clone(), None), what).await;
    let changed = RecordEntry { body: "{\"format\":1}".to_owned(), ..entry.clone() };
    put(&*store, samples::put_record(changed.clone(), Some(1))).await;
    conflict(&*store, samples::put_record(entry, Some(1)), what).await;
    let stored = store.record(RecordKind::Pin, "a").await.unwrap().unwrap();
    assert_eq!((stored.value, stored.version), (changed, Version(2)));

    // A conflict after it takes a write back, whichever write it was.
    for (id, expected) in [("a", Some(2)), ("b", None)] {
        let written = samples::record(RecordKind::Pin, id, "other");
        let changes = ChangeSet {
            forget: vec![(RecordKind::Pin, "a".to_owned())],
            ..samples::puts(vec![
                samples::put_record(written, expected),
                samples::put_record(samples::record(RecordKind::Pin, "c", "o"), Some(9)),
            ])
        };
        let error = store.commit(changes).await.unwrap_err();
        assert_eq!(error, CommitError::Conflict { what: "pin c".to_owned() });
    }
    let stored = store.record(RecordKind::Pin, "a").await.unwrap().unwrap();
    assert_eq!((stored.value.owner.as_deref(), stored.version), (Some("o"), Version(2)));
    assert_eq!(ids(&*store, RecordKind::Pin, None).await, ["a"]);
}

pub async fn a_forgotten_record_is_gone_and_may_come_again(store: Arc<dyn Store>) {
    let kind = RecordKind::ApiToken;
    for id in ["a", "b"] {
        put(&*store, samples::put_record(samples::record(kind, id, "o"), None)).await;
    }
    put(&*store, samples::put_record(samples::record(RecordKind::Pin, "b", "o"), None)).await;
    let last = store.record(kind, "b").await.unwrap().unwrap().sequence;
    store.commit(samples::forget(kind, "b")).await.unwrap();
    store.commit(samples::forget(kind, "never there")).await.unwrap();
    assert_eq!(ids(&*store, kind, None).await, ["a"]);
    assert_eq!(store.record(kind, "b").await.unwrap(), None);
    assert_eq!(ids(&*store, RecordKind::Pin, None).await, ["b"]);
    conflict(&*store, samples::put_record(samples::record(kind, "b", "o"), Some(1)), "api-token b")
        .await;
    put(&*store, samples::put_record(samples::record(kind, "b", "o"), None)).await;
    let again = store.record(kind, "b").await.unwrap().unwrap();
    assert_eq!(again.version, Version(1));
    assert!(again.sequence > last, "{} > {last}", again.sequence);
}

/// A type of the suite's own.
#[derive(Debug, Clone, PartialEq)]
struct Note {
    id: String,
    text: String,
}

impl Record for Note {
    const KIND: &'static str = RecordKind::KeyEvent.as_str();

    fn id(&self) -> &str {
        &self.id
    }

    fn encode(&self) -> String {
        format!("{} {}", self.id, self.text)
    }

    fn decode(text: &str) -> Result<Self, RecordError> {
        let shape = || RecordError::Shape { reason: "found no space".to_owned() };
        let (id, text) = text.split_once(' ').ok_or_else(shape)?;
        Ok(Self { id: id.to_owned(), text: text.to_owned() })
    }
}

impl Typed for Note {
    const RECORD: RecordKind = RecordKind::KeyEvent;

    fn owner(&self) -> Option<&str> {
        Some("owner")
    }

    fn at(&self) -> Timestamp {
        samples::at(9)
    }
}

pub async fn records_are_read_as_their_type_or_not_at_all(store: Arc<dyn Store>) {
    let note = |id: &str| Note { id: id.to_owned(), text: format!("a text of {id}") };
    assert_eq!(crate::read::<Note>(&*store, "a").await.unwrap(), None);
    put(&*store, Put::of(&note("a"), None)).await;
    put(&*store, Put::of(&note("b"), None)).await;
    put(&*store, Put::of(&note("a"), Some(Version(1)))).await;
    let stored = crate::read::<Note>(&*store, "a").await.unwrap().unwrap();
    assert_eq!((stored.value, stored.version), (note("a"), Version(2)));
    let all = crate::list::<Note>(&*store, Some("owner"), samples::ALL).await.unwrap();
    let all: Vec<Note> = all.into_iter().map(|stored| stored.value).collect();
    assert_eq!(all, [note("b"), note("a")]);
    let entry = store.record(RecordKind::KeyEvent, "a").await.unwrap().unwrap().value;
    assert_eq!(entry.at, samples::at(9));

    let broken = RecordEntry { body: "broken".to_owned(), ..entry };
    put(&*store, samples::put_record(broken, Some(2))).await;
    let expected =
        ReadError::Corrupt { what: "key-event a".to_owned(), reason: "found no space".to_owned() };
    assert_eq!(crate::read::<Note>(&*store, "a").await.unwrap_err(), expected);
    assert_eq!(crate::list::<Note>(&*store, None, samples::ALL).await.unwrap_err(), expected);
}

async fn used(store: &dyn Store) -> Vec<String> {
    let tokens = store.unexpired_tokens(samples::at(0), usize::MAX).await.unwrap();
    tokens.into_iter().map(|token| token.name()).collect()
}

async fn refused(store: &dyn Store, token: &SeenToken, changes: ChangeSet) {
    let error = store.commit(changes).await.unwrap_err();
    assert_eq!(error, CommitError::Conflict { what: token.name() });
}

pub async fn a_token_is_used_once_and_its_second_use_leaves_nothing(store: Arc<dyn Store>) {
    let token = samples::token("did:web:a", "1", 0);
    let everything = || ChangeSet {
        puts: vec![samples::put_record(samples::record(RecordKind::Pin, "a", "o"), None)],
        outbox: vec![samples::message("n", "m")],
        events: vec![samples::event(None, "used")],
        ..ChangeSet::token(token.clone())
    };
    assert!(!ChangeSet::token(token.clone()).is_empty());
    store.commit(ChangeSet::token(token.clone())).await.unwrap();
    refused(&*store, &token, ChangeSet::token(token.clone())).await;
    refused(&*store, &token, everything()).await;
    assert_eq!(store.record(RecordKind::Pin, "a").await.unwrap(), None);
    assert_eq!(store.last_event().await.unwrap(), 0);
    assert_eq!(store.outbox_due().await.unwrap(), None);

    // The ids of others are others, and the token is compared before anything else.
    let of_another = samples::token("did:web:b", "1", 0);
    let both = vec![of_another.clone(), token.clone()];
    refused(&*store, &token, ChangeSet { tokens: both, ..ChangeSet::default() }).await;
    let twice = vec![of_another.clone(), of_another.clone()];
    refused(&*store, &of_another, ChangeSet { tokens: twice, ..ChangeSet::default() }).await;
    store.commit(ChangeSet::token(of_another)).await.unwrap();
    let other = samples::token("did:web:a", "2", 0);
    store.commit(ChangeSet { tokens: vec![other], ..everything() }).await.unwrap();
    assert_eq!(used(&*store).await.len(), 3);
    assert!(store.record(RecordKind::Pin, "a").await.unwrap().is_some());
}

pub async fn what_fails_does_not_use_up_its_token(store: Arc<dyn Store>) {
    let token = samples::token("did:web:a", "1", 0);
    let missing = samples::put_record(samples::record(RecordKind::Pin, "a", "o"), Some(1));
    let changes = ChangeSet { puts: vec![missing], ..ChangeSet::token(token.clone()) };
    let error = store.commit(changes).await.unwrap_err();
    assert_eq!(error, CommitError::Conflict { what: "pin a".to_owned() });
    assert!(used(&*store).await.is_empty());
    store.commit(ChangeSet::token(token)).await.unwrap();
}

pub async fn one_of_a_thousand_uses_of_a_token_wins(store: Arc<dyn Store>) {
    let mut tasks = JoinSet::new();
    for n in 0..1_000_u64 {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            let token = samples::token("did:web:a", "1", n % 7);
            let changes = ChangeSet {
                events: vec![samples::event(None, &n.to_string())],
                ..ChangeSet::token(token)
            };
            match store.commit(changes).await {
                Ok(_) => true,
                Err(CommitError::Conflict { .. }) => false,
                Err(other) => panic!("{other}"),
            }
        });
    }
    let won = tasks.join_all().await.into_iter().filter(|won| *won).count();
    assert_eq!(won, 1);
    assert_eq!(store.events(samples::ALL).await.unwrap().len(), 1);
    assert_eq!(used(&*store).await.len(), 1);
}

pub async fn unexpired_tokens_are_listed_the_longest_lived_first(store: Arc<dyn Store>) {
    for (id, seen) in [("b", 20), ("c", 30), ("a", 10)] {
        store.commit(ChangeSet::token(samples::token("did:web:a", id, seen))).await.unwrap();
    }
    let ids = async |now: u64, limit: usize| {
        let tokens = store.unexpired_tokens(samples::at(now), limit).await.unwrap();
        tokens.into_iter().map(|token| token.id).collect::<Vec<_>>()
    };
    assert_eq!(ids(0, 9).await, ["c", "b", "a"]);
    assert_eq!(ids(0, 2).await, ["c", "b"]);
    assert_eq!(ids(310, 9).await, ["c", "b"]);
    assert!(ids(330, 9).await.is_empty());
    let all = store.unexpired_tokens(samples::at(0), 1).await.unwrap();
    assert_eq!(all, [samples::token("did:web:a", "c", 30)]);
}

pub async fn expired_tokens_are_forgotten_bit_by_bit_and_not_too_early(store: Arc<dyn Store>) {
    let first = |n: usize| samples::token("did:web:a", &format!("first {n}"), 0);
    let many = SEEN_TOKENS_PURGED_MAX * 2 + 1;
    let tokens = (0..many).map(first).collect();
    store.commit(ChangeSet { tokens, ..ChangeSet::default() }).await.unwrap();
    // They expire after 300 seconds and are kept for a while, should the clock be set back.
    let over = 300 + SEEN_TOKEN_KEPT_SECONDS;
    let late = |id: &str, seen| ChangeSet::token(samples::token("did:web:b", id, seen));
    store.commit(late("early", over - 1)).await.unwrap();
    assert_eq!(used(&*store).await.len(), many + 1);
    refused(&*store, &first(0), ChangeSet::token(first(0))).await;
    for (n, left) in [(0, many + 2), (1, many + 3), (2, many + 4)] {
        store.commit(late(&n.to_string(), over)).await.unwrap();
        let left = left - (SEEN_TOKENS_PURGED_MAX * (n + 1)).min(many);
        assert_eq!(used(&*store).await.len(), left, "after {n}");
    }
    // Nothing is left of the first ones, and what was used later is not touched.
    let names = used(&*store).await;
    assert!(names.iter().all(|name| name.ends_with("did:web:b")), "{names:?}");
    assert_eq!(names.len(), 4);
}
