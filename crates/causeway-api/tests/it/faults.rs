//! A network that loses, repeats and forgets; a store that fails; a peer that is down; files that
//! go bad; a node that crashes. The exchange completes, and nothing happens twice.

use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;

use causeway_dsp::Question;
use causeway_node::TransferAct;
use causeway_policy::Policy;
use causeway_store::fault::{Fault, FaultStore};
use causeway_store::{EventKind, MemoryStore, Rule};

use crate::world::{Plan, World};

fn lossy(seed: u64) -> Plan {
    Plan { loss: Some(seed), ..Plan::default() }
}

/// Every exchange that the consumer began ended well, once, on both sides.
async fn complete(world: &World, bytes: &[u8]) {
    let agreement = world.contract(bytes).await;
    let transfer = world.consumer.transfer(&agreement).await;
    let done = world.consumer.transfer_in(&transfer, "COMPLETED").await;
    assert_eq!(done.outcome.unwrap().content, agreement.agreement.content.unwrap());
    let negotiation = world.provider.counterpart(&agreement.negotiation).await;
    world.provider.negotiation_in(&negotiation, "FINALIZED").await;
    let theirs = world.provider.counterpart(&transfer).await;
    world.provider.transfer_in(&theirs, "COMPLETED").await;
}

async fn exactly_once(world: &World) {
    for node in [&world.provider, &world.consumer] {
        assert_eq!(node.negotiations().await.len(), 1, "{}", node.id);
        assert_eq!(node.agreements().await.len(), 1, "{}", node.id);
        assert_eq!(node.transfers().await.len(), 1, "{}", node.id);
    }
    assert_eq!(world.provider.agreements().await[0].agreement.id, {
        world.consumer.agreements().await[0].agreement.id.clone()
    });
}

#[tokio::test]
async fn over_a_network_that_loses_and_repeats_the_exchange_completes_once() {
    for seed in 0..100 {
        let world = World::of(lossy(seed), lossy(seed + 1_000)).await;
        // The first look at the peer's catalog is not retried by the node, but by its user.
        let offer = world.provider.publish(b"a,b\n", Policy::open()).await;
        let dataset = loop {
            let provider = &world.provider.id;
            match world.consumer.node.peer_dataset(provider, &offer.dataset_id).await {
                Ok(dataset) => break dataset,
                Err(_) => continue,
            }
        };
        let mut terms = dataset.offers[0].clone();
        terms.target = Some(offer.dataset_id.clone());
        let provider = &world.provider.id;
        let begun = world.consumer.node.request_contract(provider, terms, None).await.unwrap();
        let id = begun.negotiation.id;
        world.consumer.negotiation_in(&id, "FINALIZED").await;
        let agreement = world.consumer.agreement_of(&id).await;
        let transfer = world.consumer.transfer(&agreement).await;
        world.consumer.transfer_in(&transfer, "COMPLETED").await;
        let theirs = world.provider.counterpart(&transfer).await;
        world.provider.transfer_in(&theirs, "COMPLETED").await;
        exactly_once(&world).await;
    }
}

#[tokio::test]
async fn with_a_store_that_fails_now_and_then_the_exchange_completes_once() {
    let faults = [Fault::Lost, Fault::Unsure].into_iter();
    let worlds = faults.flat_map(|fault| (3..9).map(move |nth| (fault, nth)));
    let worlds = worlds.map(|(fault, nth)| async move {
        // Only the provider's store fails: what its peer and its dispatcher do about it is the
        // node's own work. An operator's request that fails is the operator's to repeat.
        let store = Arc::new(FaultStore::every(MemoryStore::new(), nth, fault));
        let provider = Plan { store, ..Plan::default() };
        let world = World::of(provider, Plan::default()).await;
        complete(&world, b"x").await;
        exactly_once(&world).await;
    });
    futures_util::future::join_all(worlds).await;
}

#[tokio::test]
async fn a_200_without_a_body_acknowledges_every_message_as_well_as_a_201_with_one() {
    let world = World::new().await;
    world.provider.network.terse();
    world.consumer.network.terse();
    complete(&world, b"rain,sun\n").await;
    exactly_once(&world).await;
    for node in [&world.provider, &world.consumer] {
        let negotiation = &node.negotiations().await[0].negotiation;
        let transfer = &node.transfers().await[0].transfer;
        assert!(negotiation.peer_pid.is_some() && transfer.peer_pid.is_some(), "{}", node.id);
    }
    // An agreement, its finalization and a start, each sent once.
    assert_eq!(world.provider.network.sent(), 3);
}

#[tokio::test]
async fn a_peer_that_is_down_for_a_while_gets_the_message_when_it_returns() {
    let world = World::new().await;
    let offer = world.provider.publish(b"x", Policy::open()).await;
    let dataset = world.consumer.node.peer_dataset(&world.provider.id, &offer.dataset_id).await;
    let mut terms = dataset.unwrap().offers[0].clone();
    terms.target = Some(offer.dataset_id.clone());
    world.consumer.network.cut(true);
    let provider = &world.provider.id;
    let begun = world.consumer.node.request_contract(provider, terms, None).await.unwrap();
    let id = begun.negotiation.id;
    let told = world.consumer.told(&id, EventKind::NegotiationTrouble).await;
    assert!(told.contains("was not delivered (attempt 1), trying again"), "{told}");
    assert!(told.contains("the network is cut"), "{told}");
    world.consumer.network.cut(false);
    world.consumer.negotiation_in(&id, "FINALIZED").await;
}

#[tokio::test]
async fn a_peer_that_fails_for_ever_is_given_up_after_a_bounded_number_of_attempts() {
    let consumer = Plan { attempts_max: 5, ..Plan::default() };
    let world = World::of(Plan::default(), consumer).await;
    let offer = world.provider.publish(b"x", Policy::open()).await;
    let dataset = world.consumer.node.peer_dataset(&world.provider.id, &offer.dataset_id).await;
    let mut terms = dataset.unwrap().offers[0].clone();
    terms.target = Some(offer.dataset_id.clone());
    world.consumer.network.fail(true);
    let before = world.consumer.network.sent();
    let provider = &world.provider.id;
    let begun = world.consumer.node.request_contract(provider, terms, None).await.unwrap();
    let ended = world.consumer.negotiation_in(&begun.negotiation.id, "TERMINATED").await;
    let stage = format!("{:?}", ended.negotiation.stage);
    assert!(stage.contains("was not delivered in 5 attempts: status 500"), "{stage}");
    assert_eq!(world.consumer.network.sent() - before, 5);
}

#[tokio::test]
async fn a_corrupted_byte_fails_the_transfer_loudly_and_nothing_is_kept() {
    let world = World::new().await;
    let bytes = vec![7; 600_000];
    let offer = world.provider.publish(&bytes, Policy::open()).await;
    let negotiation = world.consumer.request(&world.provider, &offer).await;
    world.consumer.negotiation_in(&negotiation, "FINALIZED").await;

    let path = world.provider.object_path(&offer);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    let mut bad = bytes.clone();
    bad[300_000] ^= 1;
    std::fs::write(&path, bad).unwrap();

    let agreement = world.consumer.agreement_of(&negotiation).await;
    let transfer = world.consumer.transfer(&agreement).await;
    let ended = world.consumer.transfer_in(&transfer, "TERMINATED").await;
    assert!(ended.outcome.is_none());
    let stage = format!("{:?}", ended.transfer.stage);
    assert!(stage.contains("digest-mismatch"), "{stage}");
    assert_eq!(world.consumer.files_received(), 0);
    let theirs = world.provider.counterpart(&transfer).await;
    let told = world.provider.transfer_in(&theirs, "TERMINATED").await;
    assert!(format!("{:?}", told.transfer.stage).contains("digest-mismatch"));
}

#[tokio::test]
async fn where_nothing_can_be_written_the_transfer_is_suspended_and_goes_on_when_it_can() {
    let world = World::new().await;
    let agreement = world.contract(b"some bytes").await;
    // A file in the place of the directory of received files. (The full disk itself is met in the
    // tests of the plane and of the store.)
    let received = world.consumer.received();
    std::fs::remove_dir(&received).unwrap();
    std::fs::write(&received, b"").unwrap();
    let transfer = world.consumer.transfer(&agreement).await;
    world.consumer.transfer_in(&transfer, "SUSPENDED").await;
    let told = world.consumer.told(&transfer, EventKind::TransferTrouble).await;
    assert!(told.contains("pull a file"), "{told}");

    std::fs::remove_file(&received).unwrap();
    std::fs::create_dir(&received).unwrap();
    let act = causeway_node::TransferAct::Resume;
    world.consumer.node.decide_transfer(&transfer, &act).await.unwrap();
    world.consumer.transfer_in(&transfer, "COMPLETED").await;
}

#[tokio::test]
async fn a_peer_that_is_busy_is_asked_again_and_one_that_stays_so_ends_it() {
    for (busy, state) in [(2, "FINALIZED"), (1_000, "TERMINATED")] {
        let world = World::new().await;
        world.consumer.network.busy(busy);
        let offer = world.provider.publish(b"x", Policy::open()).await;
        let id = world.consumer.request(&world.provider, &offer).await;
        world.consumer.negotiation_in(&id, state).await;
    }
}

#[tokio::test]
async fn what_a_commit_calls_for_is_done_even_if_the_peer_hangs_up_meanwhile() {
    let slow = Arc::new(FaultStore::new(MemoryStore::new(), |_| Some(Fault::Late)));
    let consumer = Plan { store: slow, ..Plan::default() };
    let rules = vec![(Question::TransferRequested, Rule::Hold)];
    let world = World::of(Plan { rules, ..Plan::default() }, consumer).await;
    let agreement = world.contract(b"bytes").await;
    let ours = world.consumer.transfer(&agreement).await;
    let theirs = world.provider.counterpart(&ours).await;
    // Nothing else of this transfer is on its way that could do the work instead.
    world.consumer.transfer_in(&ours, "REQUESTED").await;
    world.provider.network.hang_up_on_start();
    world.provider.node.decide_transfer(&theirs, &TransferAct::Resume).await.unwrap();
    world.consumer.transfer_in(&ours, "COMPLETED").await;
}

#[tokio::test]
async fn whoever_hears_late_of_a_commit_does_not_undo_what_a_later_one_called_for() {
    // Long enough that the download is under way when the one who waits hears of its commit.
    let bytes = vec![7; 64 << 20];
    for nth in 5..10 {
        let late = move |commit| (commit == nth).then_some(Fault::Late);
        let store = Arc::new(FaultStore::new(MemoryStore::new(), late));
        let world = World::of(Plan::default(), Plan { store, ..Plan::default() }).await;
        complete(&world, &bytes).await;
    }
}
