//! Lists: their order, their pages, what they leave out.

use std::sync::Arc;

use causeway_dsp::{Reason, negotiation, transfer};
use causeway_types::{AgreementId, Role};

use super::aggregates::put;
use super::samples::{self, page};
use crate::{Page, Starts, Store, Stored};

fn sequences<T>(items: &[Stored<T>]) -> Vec<i64> {
    items.iter().map(|item| item.sequence).collect()
}

pub async fn lists_run_in_both_directions_and_in_pages(store: Arc<dyn Store>) {
    for n in 0..5 {
        let name = format!("x{n}");
        put(&*store, samples::put_offer(samples::offer(&name), None)).await;
        let negotiation = samples::negotiation(&name, Role::Consumer);
        put(&*store, samples::put_negotiation(negotiation, None)).await;
        put(&*store, samples::put_agreement(samples::agreement(&name, Role::Consumer), None)).await;
        put(&*store, samples::put_transfer(samples::transfer(&name, Role::Consumer), None)).await;
    }
    // Upwards.
    let offers = store.offers(samples::ALL, false).await.unwrap();
    let up = sequences(&offers);
    assert!(up.is_sorted() && up.len() == 5, "{up:?}");
    assert_eq!(offers[0].value.id.as_str(), "x0");
    let pages = |page: Page| {
        let store = &store;
        async move { sequences(&store.offers(page, false).await.unwrap()) }
    };
    assert_eq!(pages(page(None, 2)).await, up[..2]);
    assert_eq!(pages(page(Some(up[1]), 2)).await, up[2..4]);
    assert_eq!(pages(page(Some(up[3]), 2)).await, up[4..]);
    assert!(pages(page(Some(up[4]), 2)).await.is_empty());
    assert!(pages(page(None, 0)).await.is_empty());
    assert_eq!(pages(page(None, usize::MAX)).await, up);
    let open = sequences(&store.open_negotiations(samples::ALL).await.unwrap());
    assert_eq!(
        sequences(&store.open_negotiations(page(Some(open[2]), 9)).await.unwrap()),
        open[3..]
    );
    let open = sequences(&store.open_transfers(samples::ALL).await.unwrap());
    assert_eq!(sequences(&store.open_transfers(page(Some(open[2]), 1)).await.unwrap()), open[3..4]);
    // Downwards.
    let down = sequences(&store.negotiations(samples::ALL).await.unwrap());
    assert!(down.iter().rev().is_sorted() && down.len() == 5, "{down:?}");
    assert_eq!(sequences(&store.negotiations(page(None, 2)).await.unwrap()), down[..2]);
    assert_eq!(sequences(&store.negotiations(page(Some(down[1]), 2)).await.unwrap()), down[2..4]);
    let down = sequences(&store.agreements(samples::ALL).await.unwrap());
    assert_eq!(sequences(&store.agreements(page(Some(down[1]), 9)).await.unwrap()), down[2..]);
    let down = sequences(&store.transfers(samples::ALL).await.unwrap());
    assert_eq!(sequences(&store.transfers(page(Some(down[1]), 9)).await.unwrap()), down[2..]);
}

pub async fn withdrawn_offers_are_listed_on_demand(store: Arc<dyn Store>) {
    for name in ["a", "b", "c"] {
        put(&*store, samples::put_offer(samples::offer(name), None)).await;
    }
    let mut withdrawn = samples::offer("b");
    withdrawn.withdrawn_at = Some(samples::at(9));
    put(&*store, samples::put_offer(withdrawn.clone(), Some(1))).await;
    let names = |withdrawn| {
        let store = &store;
        async move {
            let offers = store.offers(samples::ALL, withdrawn).await.unwrap();
            offers.iter().map(|o| o.value.id.to_string()).collect::<Vec<_>>()
        }
    };
    assert_eq!(names(false).await, ["a", "c"]);
    assert_eq!(names(true).await, ["a", "b", "c"]);
    let stored = store.offer_of_dataset(&withdrawn.dataset_id).await.unwrap().unwrap();
    assert_eq!(stored.value, withdrawn);
}

pub async fn only_open_processes_are_listed_as_open(store: Arc<dyn Store>) {
    for entry in samples::negotiations() {
        put(&*store, samples::put_negotiation(entry, None)).await;
    }
    for entry in samples::transfers() {
        put(&*store, samples::put_transfer(entry, None)).await;
    }
    let open = store.open_negotiations(samples::ALL).await.unwrap();
    let expected: Vec<_> = samples::negotiations().into_iter().filter(|e| e.is_open()).collect();
    assert_eq!(open.iter().map(|s| s.value.clone()).collect::<Vec<_>>(), expected);
    assert_eq!(expected.len(), 6);
    let open = store.open_transfers(samples::ALL).await.unwrap();
    let expected: Vec<_> = samples::transfers().into_iter().filter(|e| e.is_open()).collect();
    assert_eq!(open.iter().map(|s| s.value.clone()).collect::<Vec<_>>(), expected);
    assert_eq!(expected.len(), 4);

    // One that ends leaves the list.
    let (by, reason) = (Role::Consumer, Reason::default());
    let mut entry = samples::negotiations().remove(1);
    entry.negotiation.stage = negotiation::Stage::Terminated { by, reason: reason.clone() };
    put(&*store, samples::put_negotiation(entry, Some(1))).await;
    assert_eq!(store.open_negotiations(samples::ALL).await.unwrap().len(), 5);
    let mut entry = samples::transfers().remove(1);
    entry.transfer.stage = transfer::Stage::Terminated { by, reason };
    put(&*store, samples::put_transfer(entry, Some(1))).await;
    assert_eq!(store.open_transfers(samples::ALL).await.unwrap().len(), 3);
}

pub async fn sequences_stay_and_grow(store: Arc<dyn Store>) {
    put(&*store, samples::put_offer(samples::offer("a"), None)).await;
    let first = store.offers(samples::ALL, true).await.unwrap()[0].sequence;
    put(&*store, samples::put_offer(samples::offer("b"), None)).await;
    put(&*store, samples::put_offer(samples::offer("a"), Some(1))).await;
    let offers = store.offers(samples::ALL, true).await.unwrap();
    assert_eq!(offers[0].value.id.as_str(), "a");
    assert_eq!(offers[0].sequence, first);
    assert!(offers[1].sequence > first);
}

pub async fn starts_are_counted_by_agreement_and_stay_when_transfers_end(store: Arc<dyn Store>) {
    let sample = |name: &str, started: Option<u64>| {
        let mut entry = samples::transfer(name, Role::Provider);
        entry.started_at = started.map(samples::at);
        entry
    };
    let starts = async |besides: &str| {
        let agreement = AgreementId::parse("agreement-1").unwrap();
        store.starts(&agreement, &samples::pid(besides)).await.unwrap()
    };
    assert_eq!(starts("a").await, Starts::default());
    put(&*store, samples::put_transfer(sample("a", None), None)).await;
    put(&*store, samples::put_transfer(sample("b", Some(9)), None)).await;
    let mut other = sample("other", Some(1));
    other.transfer.agreement_id = AgreementId::parse("agreement-2").unwrap();
    put(&*store, samples::put_transfer(other, None)).await;
    assert_eq!(starts("a").await, Starts { count: 1, first: Some(samples::at(9)) });
    assert_eq!(starts("b").await, Starts::default());
    let mut ended = sample("a", Some(5));
    ended.transfer.stage =
        transfer::Stage::Terminated { by: Role::Consumer, reason: Reason::default() };
    put(&*store, samples::put_transfer(ended, Some(1))).await;
    assert_eq!(starts("c").await, Starts { count: 2, first: Some(samples::at(5)) });
    assert_eq!(starts("a").await, Starts { count: 1, first: Some(samples::at(9)) });
}
