//! Scripts of automation in whole nodes: each side goes as far as its script says, not further,
//! and never to terms it would not agree to otherwise.

use std::time::Duration;

use causeway_dsp::catalog::Metadata;
use causeway_dsp::{Question, Reason};
use causeway_node::{
    NegotiationAct, NegotiationStep, NewOffer, Script, Steps, TransferAct, TransferStep,
};
use causeway_policy::Policy;
use causeway_store::{Audience, EventKind, PublishedOffer};
use causeway_types::{DatasetId, LangText, Role};
use futures_util::stream;

use crate::world::{Plan, Running, World};

/// Longer than a test takes, and short enough that the tokens of a node whose clock is ahead by
/// so much are still good.
const LATER: Duration = Duration::from_secs(50);

/// Long enough to be a timer of its own, short enough not to be noticed.
const DELAY: Duration = Duration::from_millis(5);

fn dataset() -> DatasetId {
    DatasetId::parse("scripted").unwrap()
}

fn negotiation(role: Role, steps: &[(&str, &str)]) -> Script {
    negotiation_after(DELAY, role, steps)
}

fn negotiation_after(delay: Duration, role: Role, steps: &[(&str, &str)]) -> Script {
    let step = |(on, act): &(&str, &str)| NegotiationStep::parse(role, on, act, delay).unwrap();
    let steps = Steps::Negotiation(steps.iter().map(step).collect());
    Script { dataset: dataset(), role, steps }
}

fn transfer(role: Role, steps: &[(&str, &str)]) -> Script {
    transfer_after(DELAY, role, steps)
}

fn transfer_after(delay: Duration, role: Role, steps: &[(&str, &str)]) -> Script {
    let step = |(on, act): &(&str, &str)| TransferStep::parse(role, on, act, delay).unwrap();
    Script { dataset: dataset(), role, steps: Steps::Transfer(steps.iter().map(step).collect()) }
}

async fn world(provider: Vec<Script>, consumer: Vec<Script>) -> World {
    let plan = |scripts| Plan { scripts, ..Plan::default() };
    World::of(plan(provider), plan(consumer)).await
}

async fn publish(node: &Running) -> PublishedOffer {
    let body = stream::iter([Ok::<_, std::io::Error>(bytes::Bytes::from_static(b"x"))]);
    let offer = NewOffer {
        id: None,
        dataset_id: Some(dataset()),
        titles: vec![LangText::new("en", "scripted").unwrap()],
        descriptions: Vec::new(),
        media_type: "text/csv".to_owned(),
        file_name: None,
        content: node.node.objects().ingest(body, None).await.unwrap(),
        policy: Policy::open(),
        metadata: Metadata::default(),
        audience: Audience::Everyone,
        declaration: None,
        rules: Vec::new(),
    };
    node.node.publish(offer, None).await.unwrap()
}

#[tokio::test]
async fn both_sides_take_the_long_way_when_their_scripts_say_so() {
    let steps = [("REQUESTED", "offer"), ("ACCEPTED", "agree"), ("VERIFIED", "finalize")];
    let provider = negotiation(Role::Provider, &steps);
    let consumer = negotiation(Role::Consumer, &[("OFFERED", "accept"), ("AGREED", "verify")]);
    let world = world(vec![provider], vec![consumer]).await;
    let offer = publish(&world.provider).await;
    let ours = world.consumer.request(&world.provider, &offer).await;
    world.consumer.negotiation_in(&ours, "FINALIZED").await;
    let theirs = world.provider.counterpart(&ours).await;
    world.provider.negotiation_in(&theirs, "FINALIZED").await;
}

#[tokio::test]
async fn after_its_last_step_a_script_holds_and_a_person_goes_on() {
    let provider = negotiation(Role::Provider, &[]);
    let world = world(vec![provider], Vec::new()).await;
    let offer = publish(&world.provider).await;
    let ours = world.consumer.request(&world.provider, &offer).await;
    let theirs = world.provider.counterpart(&ours).await;
    world.provider.negotiation_asks(&theirs, Question::ContractRequested).await;
    world.provider.told(&theirs, EventKind::NegotiationWaiting).await;
    world.provider.node.decide_negotiation(&theirs, &NegotiationAct::Accept).await.unwrap();
    world.provider.negotiation_asks(&theirs, Question::AgreementVerified).await;
    world.provider.node.decide_negotiation(&theirs, &NegotiationAct::Accept).await.unwrap();
    world.consumer.negotiation_in(&ours, "FINALIZED").await;
}

#[tokio::test]
async fn a_script_may_end_what_it_began() {
    let steps = [("REQUESTED", "offer"), ("OFFERED", "terminate")];
    let world = world(vec![negotiation(Role::Provider, &steps)], Vec::new()).await;
    let offer = publish(&world.provider).await;
    let ours = world.consumer.request(&world.provider, &offer).await;
    world.consumer.negotiation_in(&ours, "TERMINATED").await;
}

#[tokio::test]
async fn a_script_never_agrees_to_terms_that_are_not_the_published_ones() {
    let provider = negotiation(Role::Provider, &[("REQUESTED", "agree")]);
    let world = world(vec![provider], Vec::new()).await;
    let offer = publish(&world.provider).await;
    let peer = &world.provider.id;
    let dataset = world.consumer.node.peer_dataset(peer, &offer.dataset_id).await.unwrap();
    let mut terms = dataset.offers[0].clone();
    terms.target = Some(offer.dataset_id.clone());
    terms.policy = Policy::default();
    let begun = world.consumer.node.request_contract(peer, terms, None).await.unwrap();
    let theirs = world.provider.counterpart(&begun.negotiation.id).await;
    let told = world.provider.told(&theirs, EventKind::NegotiationTrouble).await;
    assert!(told.contains("other terms than published"), "{told}");
    assert!(world.provider.agreements().await.is_empty());
}

#[tokio::test]
async fn a_transfer_is_suspended_resumed_and_completed_by_its_script() {
    let steps = [
        ("REQUESTED", "start"),
        ("STARTED", "suspend"),
        ("SUSPENDED", "start"),
        ("STARTED", "complete"),
    ];
    let provider = transfer(Role::Provider, &steps);
    // The consumer fetches nothing, or it would be faster than the script.
    let consumer = transfer(Role::Consumer, &[]);
    let world = world(vec![provider], vec![consumer]).await;
    let offer = publish(&world.provider).await;
    let negotiation = world.consumer.request(&world.provider, &offer).await;
    world.consumer.negotiation_in(&negotiation, "FINALIZED").await;
    let agreement = world.consumer.agreement_of(&negotiation).await;
    let ours = world.consumer.transfer(&agreement).await;
    world.consumer.transfer_in(&ours, "COMPLETED").await;
    let theirs = world.provider.counterpart(&ours).await;
    let done = world.provider.transfer_in(&theirs, "COMPLETED").await;
    assert!(done.flow.is_none());
    let reason = TransferAct::Terminate(Reason::of("late", "too late"));
    assert!(world.provider.node.decide_transfer(&theirs, &reason).await.is_err());
}

#[tokio::test]
async fn a_delayed_step_of_a_negotiation_survives_a_restart_and_is_taken_when_it_is_due() {
    let provider = negotiation_after(LATER, Role::Provider, &[("REQUESTED", "agree")]);
    let mut world = world(vec![provider], Vec::new()).await;
    let offer = publish(&world.provider).await;
    let ours = world.consumer.request(&world.provider, &offer).await;
    let theirs = world.provider.counterpart(&ours).await;
    // Not due yet: the step waits with the negotiation, also in a node that started anew.
    for ahead in [Duration::ZERO, LATER / 2] {
        world.provider.restart(ahead).await;
        let waiting = world.provider.negotiation_in(&theirs, "REQUESTED").await;
        assert_eq!((waiting.script, waiting.negotiation.in_flight), (0, None));
    }
    world.provider.restart(LATER).await;
    world.consumer.negotiation_in(&ours, "VERIFIED").await;
    let taken = world.provider.negotiation_in(&theirs, "VERIFIED").await;
    assert_eq!(taken.script, 1);
    assert!(world.provider.told(&theirs, EventKind::NegotiationWaiting).await.contains("no step"));
}

#[tokio::test]
async fn a_delayed_step_of_a_transfer_survives_a_restart_and_is_taken_when_it_is_due() {
    let provider = transfer_after(LATER, Role::Provider, &[("REQUESTED", "terminate")]);
    let mut world = world(vec![provider], Vec::new()).await;
    let offer = publish(&world.provider).await;
    let negotiation = world.consumer.request(&world.provider, &offer).await;
    world.consumer.negotiation_in(&negotiation, "FINALIZED").await;
    let agreement = world.consumer.agreement_of(&negotiation).await;
    let ours = world.consumer.transfer(&agreement).await;
    let theirs = world.provider.counterpart(&ours).await;
    world.provider.restart(LATER / 2).await;
    let waiting = world.provider.transfer_in(&theirs, "REQUESTED").await;
    assert_eq!((waiting.script, waiting.transfer.in_flight), (0, None));
    world.provider.restart(LATER).await;
    world.consumer.transfer_in(&ours, "TERMINATED").await;
    let taken = world.provider.transfer_in(&theirs, "TERMINATED").await;
    assert_eq!(taken.script, 1);
}
