//! What the node knows of a use, in the exchange: policies that it decides by itself, and what it
//! holds for a person with the reason.

use causeway_dsp::{Question, Reason};
use causeway_node::TransferAct;
use causeway_policy::{Policy, Template};
use causeway_store::{AgreementEntry, EventKind, PublishedOffer, Rule};
use causeway_types::ProcessId;

use crate::world::{Plan, Running, World};

fn made(template: &str, name: &str, value: &str) -> Policy {
    let template = Template::shipped().unwrap().into_iter().find(|one| one.id == template).unwrap();
    template.make(&[(name.to_owned(), value.to_owned())]).unwrap()
}

async fn concluded(world: &World, consumer: &Running, offer: &PublishedOffer) -> AgreementEntry {
    let id = consumer.request(&world.provider, offer).await;
    consumer.negotiation_in(&id, "FINALIZED").await;
    consumer.agreement_of(&id).await
}

/// Why the provider does not agree by itself.
async fn held(world: &World, consumer: &Running, offer: &PublishedOffer) -> String {
    let ours = consumer.request(&world.provider, offer).await;
    let theirs = world.provider.counterpart(&ours).await;
    world.provider.negotiation_asks(&theirs, Question::ContractRequested).await;
    world.provider.told(&theirs, EventKind::NegotiationWaiting).await
}

async fn completed(world: &World, agreement: &AgreementEntry) -> ProcessId {
    let id = world.consumer.transfer(agreement).await;
    world.consumer.transfer_in(&id, "COMPLETED").await;
    id
}

#[tokio::test]
async fn two_uses_of_two_run_and_the_third_is_held_with_the_reason() {
    let world = World::new().await;
    let offer = world.provider.publish(b"x", made("number-of-uses", "times", "2")).await;
    let agreement = concluded(&world, &world.consumer, &offer).await;
    completed(&world, &agreement).await;
    completed(&world, &agreement).await;
    let third = world.consumer.transfer(&agreement).await;
    let theirs = world.provider.counterpart(&third).await;
    world.provider.transfer_asks(&theirs, Question::TransferRequested).await;
    let told = world.provider.told(&theirs, EventKind::TransferWaiting).await;
    assert!(told.contains("is denied") && told.contains("count"), "{told}");

    // A person may still let it start, and the history says what was in the way.
    world.provider.node.decide_transfer(&theirs, &TransferAct::Accept).await.unwrap();
    let told = world.provider.told(&theirs, EventKind::TransferTrouble).await;
    assert!(told.contains("accepted all the same: the policy is denied"), "{told}");
    // The consumer counts as well.
    world.consumer.transfer_asks(&third, Question::TransferStarted).await;
}

#[tokio::test]
async fn a_transfer_that_was_ended_was_a_use_and_of_two_at_once_only_one_starts() {
    let held = vec![(Question::TransferStarted, Rule::Hold)];
    let world = World::of(Plan::default(), Plan { rules: held, ..Plan::default() }).await;
    let offer = world.provider.publish(b"x", made("number-of-uses", "times", "2")).await;
    let agreement = concluded(&world, &world.consumer, &offer).await;
    let first = world.consumer.transfer(&agreement).await;
    world.consumer.transfer_in(&first, "STARTED").await;
    let act = TransferAct::Terminate(Reason::of("no", "changed our mind"));
    world.consumer.node.decide_transfer(&first, &act).await.unwrap();
    world.consumer.transfer_in(&first, "TERMINATED").await;

    let both =
        tokio::join!(world.consumer.transfer(&agreement), world.consumer.transfer(&agreement));
    let (one, other) =
        tokio::join!(world.provider.counterpart(&both.0), world.provider.counterpart(&both.1));
    let store = world.provider.node.store();
    let started = async |id: &ProcessId| {
        store.transfer(id).await.unwrap().unwrap().value.started_at.is_some()
    };
    assert!(started(&one).await != started(&other).await, "exactly one of both started");
}

#[tokio::test]
async fn a_recipient_policy_admits_one_peer_and_holds_another() {
    let world = World::new().await;
    let consumer = world.consumer.id.as_str();
    let offer = world.provider.publish(b"x", made("consumer", "consumer", consumer)).await;
    let agreement = concluded(&world, &world.consumer, &offer).await;
    completed(&world, &agreement).await;
    let told = held(&world, &world.stranger, &offer).await;
    assert!(told.contains("is denied") && told.contains("recipient"), "{told}");
}

#[tokio::test]
async fn a_connector_policy_admits_the_node_at_the_configured_address() {
    let world = World::new().await;
    let address = world.consumer.address.as_str();
    let offer = world.provider.publish(b"x", made("connector", "connectors", address)).await;
    let agreement = concluded(&world, &world.consumer, &offer).await;
    completed(&world, &agreement).await;
    let told = held(&world, &world.stranger, &offer).await;
    assert!(told.contains("is denied"), "{told}");
}

#[tokio::test]
async fn a_place_policy_admits_who_is_under_that_law_and_holds_who_is_not() {
    let world = World::new().await;
    let place = |places| made("participant-place", "places", places);
    let offer = world.provider.publish(b"x", place("KE,DE")).await;
    let agreement = concluded(&world, &world.consumer, &offer).await;
    completed(&world, &agreement).await;
    let offer = world.provider.publish(b"y", place("KE,UG")).await;
    let told = held(&world, &world.consumer, &offer).await;
    assert!(told.contains("is denied") && told.contains("hasJurisdiction"), "{told}");
}

#[tokio::test]
async fn a_theme_policy_goes_by_what_the_dataset_was_published_under() {
    let world = World::new().await;
    let policy = made("classification", "classes", "secret");
    let open = world.provider.publish_themed(b"x", policy.clone(), &["open"]).await;
    let agreement = concluded(&world, &world.consumer, &open).await;
    // The provider starts it. The consumer has no themes of its own, so a person there goes on.
    let transfer = world.consumer.transfer(&agreement).await;
    world.consumer.transfer_asks(&transfer, Question::TransferStarted).await;
    world.consumer.node.decide_transfer(&transfer, &TransferAct::Accept).await.unwrap();
    world.consumer.transfer_in(&transfer, "COMPLETED").await;
    let told = world.consumer.told(&transfer, EventKind::TransferTrouble).await;
    assert!(told.contains("accepted all the same: the policy is unknown"), "{told}");

    let secret = world.provider.publish_themed(b"y", policy.clone(), &["open", "secret"]).await;
    let told = held(&world, &world.consumer, &secret).await;
    assert!(told.contains("is denied") && told.contains("theme"), "{told}");
    let none = world.provider.publish_themed(b"z", policy, &[]).await;
    let told = held(&world, &world.consumer, &none).await;
    assert!(told.contains("is unknown"), "{told}");
}
