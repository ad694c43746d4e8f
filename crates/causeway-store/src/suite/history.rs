//! Events: their order, their pages, and what a commit answers.

use std::sync::Arc;

use super::samples::{self, page};
use crate::{ChangeSet, Event, EventKind, Store};

async fn commit_events(store: &dyn Store, events: &[(Option<&str>, &str)]) -> Vec<Event> {
    let events = events.iter().map(|(process, subject)| samples::event(*process, subject));
    let changes = ChangeSet { events: events.collect(), ..ChangeSet::default() };
    store.commit(changes).await.unwrap().events
}

pub async fn events_come_in_order_and_in_pages(store: Arc<dyn Store>) {
    let mut all = commit_events(&*store, &[(Some("a"), "1"), (None, "2")]).await;
    all.extend(commit_events(&*store, &[(Some("b"), "3")]).await);
    assert!(all.is_sorted_by_key(|event| event.sequence));
    assert!(all[0].sequence > 0);
    assert_eq!(store.events(samples::ALL).await.unwrap(), all);
    assert_eq!(store.events(page(None, 2)).await.unwrap(), all[..2]);
    assert_eq!(store.events(page(Some(all[0].sequence), 1)).await.unwrap(), all[1..2]);
    assert_eq!(store.events(page(Some(all[2].sequence), 1)).await.unwrap(), []);
    assert_eq!(store.events(page(Some(0), 9)).await.unwrap(), all);
    assert_eq!(store.last_event().await.unwrap(), all[2].sequence);
}

pub async fn the_history_holds_the_events_of_one_process(store: Arc<dyn Store>) {
    let events = [(Some("a"), "1"), (Some("b"), "2"), (None, "3"), (Some("a"), "4")];
    let all = commit_events(&*store, &events).await;
    let of_a = [all[0].clone(), all[3].clone()];
    let a = samples::pid("a");
    assert_eq!(store.history(&a, samples::ALL).await.unwrap(), of_a);
    assert_eq!(store.history(&a, page(None, 1)).await.unwrap(), of_a[..1]);
    assert_eq!(store.history(&a, page(Some(all[0].sequence), 9)).await.unwrap(), of_a[1..]);
}

pub async fn new_rows_and_events_are_answered_as_stored(store: Arc<dyn Store>) {
    let events = EventKind::ALL.map(|kind| {
        let mut event = samples::event(Some("a"), "x");
        event.kind = kind;
        event
    });
    let changes = ChangeSet {
        outbox: vec![samples::message("a", "m1"), samples::webhook("a", "m2")],
        events: events.to_vec(),
        ..ChangeSet::default()
    };
    let committed = store.commit(changes.clone()).await.unwrap();
    assert_eq!(store.events(samples::ALL).await.unwrap(), committed.events);
    assert_eq!(store.outbox_of(&samples::pid("a")).await.unwrap(), committed.outbox);
    let ids: Vec<i64> = committed.outbox.iter().map(|row| row.id).collect();
    let rows: Vec<_> =
        changes.outbox.into_iter().zip(&ids).map(|(new, id)| new.into_row(*id)).collect();
    assert_eq!(committed.outbox, rows);
    let sequences: Vec<i64> = committed.events.iter().map(|event| event.sequence).collect();
    let events: Vec<_> =
        changes.events.into_iter().zip(&sequences).map(|(new, s)| new.into_event(*s)).collect();
    assert_eq!(committed.events, events);
}
