//! The outbox: order, leases, retries.

use std::collections::BTreeSet;
use std::sync::Arc;

use causeway_types::Timestamp;

use super::samples::{self, at, lease, message, messages, webhook};
use crate::{ChangeSet, NewMessage, OutboxRow, Settle, Store};

async fn send(store: &dyn Store, outbox: Vec<NewMessage>) -> Vec<OutboxRow> {
    store.commit(messages(outbox)).await.unwrap().outbox
}

async fn settle(store: &dyn Store, settle: Vec<Settle>) {
    store.commit(ChangeSet { settle, ..ChangeSet::default() }).await.unwrap();
}

/// Claims as `node` for ten seconds and names the messages.
async fn claim(store: &dyn Store, now: Timestamp) -> Vec<String> {
    let lease = lease("node", now.plus_millis(10_000));
    names(&store.claim_outbox(&lease, now, 100).await.unwrap())
}

fn names(rows: &[OutboxRow]) -> Vec<String> {
    rows.iter().map(|row| row.message_id.to_string()).collect()
}

pub async fn the_outbox_keeps_the_order_of_a_process(store: Arc<dyn Store>) {
    let mut rows = send(&*store, vec![message("a", "m1"), message("a", "m2")]).await;
    send(&*store, vec![message("b", "m3")]).await;
    rows.extend(send(&*store, vec![message("a", "m4")]).await);
    assert!(rows.is_sorted_by_key(|row| row.id));
    assert_eq!(store.outbox_of(&samples::pid("a")).await.unwrap(), rows);
    for expected in ["m1", "m2", "m4"] {
        let lease = lease("node", at(9));
        let claimed = store.claim_outbox(&lease, at(1), 100).await.unwrap();
        let of_a = claimed.into_iter().find(|row| row.process.as_str() == "a").unwrap();
        assert_eq!(of_a.message_id.as_str(), expected);
        settle(&*store, vec![Settle::Done { id: of_a.id }]).await;
    }
    assert_eq!(store.outbox_of(&samples::pid("a")).await.unwrap(), []);
}

pub async fn only_the_oldest_message_of_a_process_is_claimed(store: Arc<dyn Store>) {
    let outbox =
        vec![message("a", "a1"), message("a", "a2"), message("b", "b1"), message("b", "b2")];
    let rows = send(&*store, outbox).await;
    assert_eq!(claim(&*store, at(1)).await, ["a1", "b1"]);
    // While the head is leased, and while it waits for another try, the next ones wait too.
    assert_eq!(claim(&*store, at(2)).await, [""; 0]);
    let (id, error) = (rows[0].id, "refused".to_owned());
    settle(&*store, vec![Settle::Retry { id, attempts: 1, not_before: at(100), error }]).await;
    assert_eq!(claim(&*store, at(50)).await, ["b1"]);
    assert_eq!(claim(&*store, at(100)).await, ["b1", "a1"]);
}

pub async fn a_webhook_never_holds_up_the_protocol(store: Arc<dyn Store>) {
    let outbox = vec![webhook("a", "w1"), message("a", "m1"), webhook("a", "w2")];
    send(&*store, outbox).await;
    assert_eq!(claim(&*store, at(1)).await, ["w1", "m1"]);
    assert_eq!(names(&store.outbox_of(&samples::pid("a")).await.unwrap()), ["w1", "m1", "w2"]);
}

pub async fn a_claimed_message_is_leased_until_the_lease_ends(store: Arc<dyn Store>) {
    let rows = send(&*store, vec![message("a", "m1")]).await;
    let first = lease("one", at(30));
    assert_eq!(store.claim_outbox(&first, at(1), 10).await.unwrap(), rows);
    for owner in ["one", "two"] {
        let early = store.claim_outbox(&lease(owner, at(60)), at(29), 10).await.unwrap();
        assert_eq!(early, [], "{owner}");
    }
    assert_eq!(store.claim_outbox(&lease("two", at(60)), at(30), 10).await.unwrap(), rows);
    assert_eq!(store.claim_outbox(&first, at(59), 10).await.unwrap(), []);
}

pub async fn a_message_is_not_claimed_before_its_time(store: Arc<dyn Store>) {
    let later = NewMessage { not_before: at(60), ..message("a", "m1") };
    send(&*store, vec![later, message("b", "m2")]).await;
    assert_eq!(claim(&*store, at(59)).await, ["m2"]);
    assert_eq!(claim(&*store, at(60)).await, ["m1"]);
    assert_eq!(store.outbox_due().await.unwrap(), Some(at(69)));
}

pub async fn the_longest_due_is_claimed_first(store: Arc<dyn Store>) {
    let due = |process: &str, name: &str, seconds| NewMessage {
        not_before: at(seconds),
        ..message(process, name)
    };
    send(&*store, vec![due("a", "m1", 3), due("b", "m2", 1), due("c", "m3", 2), due("d", "m4", 1)])
        .await;
    let lease = lease("node", at(99));
    let first = store.claim_outbox(&lease, at(5), 2).await.unwrap();
    assert_eq!(names(&first), ["m2", "m4"]);
    assert_eq!(store.claim_outbox(&lease, at(5), 0).await.unwrap(), []);
    let rest = store.claim_outbox(&lease, at(5), 9).await.unwrap();
    assert_eq!(names(&rest), ["m3", "m1"]);
}

pub async fn a_retry_ends_the_lease_and_waits(store: Arc<dyn Store>) {
    let rows = send(&*store, vec![message("a", "m1")]).await;
    let claimed = store.claim_outbox(&lease("one", at(600)), at(1), 10).await.unwrap();
    assert_eq!(claimed, rows);
    let (id, error) = (rows[0].id, "503 then 无法连接".to_owned());
    let retry = Settle::Retry { id, attempts: 4, not_before: at(20), error: error.clone() };
    settle(&*store, vec![retry]).await;
    assert_eq!(store.outbox_due().await.unwrap(), Some(at(20)));
    assert_eq!(store.claim_outbox(&lease("two", at(600)), at(19), 10).await.unwrap(), []);
    let again = store.claim_outbox(&lease("two", at(600)), at(20), 10).await.unwrap();
    let mut expected = rows[0].clone();
    (expected.attempts, expected.not_before, expected.last_error) = (4, at(20), Some(error));
    // The bytes are the same on every attempt.
    assert_eq!(again, [expected]);
}

pub async fn a_settled_message_is_gone_and_the_next_one_moves_up(store: Arc<dyn Store>) {
    let rows = send(&*store, vec![message("a", "m1"), message("a", "m2")]).await;
    assert_eq!(claim(&*store, at(1)).await, ["m1"]);
    settle(&*store, vec![Settle::Done { id: rows[0].id }]).await;
    assert_eq!(store.outbox_of(&samples::pid("a")).await.unwrap(), rows[1..]);
    assert_eq!(claim(&*store, at(1)).await, ["m2"]);
}

pub async fn settling_what_is_gone_is_passed_over(store: Arc<dyn Store>) {
    let rows = send(&*store, vec![message("a", "m1")]).await;
    let id = rows[0].id;
    let retry = |id| Settle::Retry { id, attempts: 1, not_before: at(1), error: String::new() };
    settle(&*store, vec![Settle::Done { id }, Settle::Done { id }, retry(id), retry(999)]).await;
    settle(&*store, vec![Settle::Done { id }, retry(id)]).await;
    assert_eq!(store.outbox_due().await.unwrap(), None);
}

pub async fn cancelling_drops_protocol_messages_and_keeps_webhooks(store: Arc<dyn Store>) {
    send(&*store, vec![message("a", "m1"), webhook("a", "w1"), message("b", "m2")]).await;
    // A message put in by the same change set stays: cancellations come first.
    let changes = ChangeSet {
        cancel: vec![samples::pid("a"), samples::pid("nobody")],
        ..messages(vec![message("a", "m3")])
    };
    store.commit(changes).await.unwrap();
    assert_eq!(names(&store.outbox_of(&samples::pid("a")).await.unwrap()), ["w1", "m3"]);
    assert_eq!(names(&store.outbox_of(&samples::pid("b")).await.unwrap()), ["m2"]);
    assert_eq!(claim(&*store, at(1)).await, ["w1", "m2", "m3"]);
}

pub async fn messages_of_a_commit_can_be_leased_at_once(store: Arc<dyn Store>) {
    let changes = ChangeSet {
        lease: Some(lease("one", at(30))),
        ..messages(vec![message("a", "m1"), message("a", "m2")])
    };
    let rows = store.commit(changes).await.unwrap().outbox;
    assert_eq!(names(&rows), ["m1", "m2"]);
    assert_eq!(store.outbox_due().await.unwrap(), Some(at(30)));
    assert_eq!(claim(&*store, at(29)).await, [""; 0]);
    // The lease ran out: they are claimed again, in order.
    assert_eq!(claim(&*store, at(30)).await, ["m1"]);
    settle(&*store, vec![Settle::Done { id: rows[0].id }]).await;
    assert_eq!(claim(&*store, at(30)).await, ["m2"]);
}

pub async fn the_outbox_says_when_it_is_due_next(store: Arc<dyn Store>) {
    let later = NewMessage { not_before: at(60), ..message("a", "m1") };
    // What waits behind another message cannot be claimed at its own time.
    send(&*store, vec![later, message("a", "m2")]).await;
    assert_eq!(store.outbox_due().await.unwrap(), Some(at(60)));
    let other = NewMessage { not_before: at(40), ..message("b", "m3") };
    let rows = send(&*store, vec![other]).await;
    assert_eq!(store.outbox_due().await.unwrap(), Some(at(40)));
    assert_eq!(claim(&*store, at(45)).await, ["m3"]);
    assert_eq!(store.outbox_due().await.unwrap(), Some(at(55)));
    settle(&*store, vec![Settle::Done { id: rows[0].id }]).await;
    assert_eq!(store.outbox_due().await.unwrap(), Some(at(60)));
}

pub async fn ids_of_outbox_rows_are_not_used_again(store: Arc<dyn Store>) {
    let mut last = 0;
    for n in 0..3 {
        let rows = send(&*store, vec![message("a", &format!("m{n}"))]).await;
        assert!(rows[0].id > last);
        last = rows[0].id;
        settle(&*store, vec![Settle::Done { id: last }]).await;
    }
}

pub async fn two_claimers_never_get_the_same_message(store: Arc<dyn Store>) {
    let outbox = (0..100).map(|n| message(&format!("p{n}"), &format!("m{n}"))).collect();
    send(&*store, outbox).await;
    let mut claimers = tokio::task::JoinSet::new();
    for n in 0..8 {
        let store = Arc::clone(&store);
        claimers.spawn(async move {
            let lease = lease(&format!("node-{n}"), at(99));
            let mut mine = Vec::new();
            loop {
                let rows = store.claim_outbox(&lease, at(1), 3).await.unwrap();
                if rows.is_empty() {
                    return mine;
                }
                mine.extend(rows.into_iter().map(|row| row.id));
            }
        });
    }
    let claimed: Vec<i64> = claimers.join_all().await.into_iter().flatten().collect();
    assert_eq!(claimed.len(), 100);
    assert_eq!(claimed.into_iter().collect::<BTreeSet<_>>().len(), 100);
}
