//! Who answers the protocol's questions: a person, a rule, a program.

use axum::routing::post;
use causeway_dsp::{Question, Reason};
use causeway_node::{NegotiationAct, Terms, TransferAct};
use causeway_policy::{Contexts, Policy};
use causeway_store::{EventKind, Rule};
use causeway_types::ProblemCode;
use serde_json::json;

use crate::world::{Plan, World};

fn hold(question: Question) -> Plan {
    Plan { rules: vec![(question, Rule::Hold)], ..Plan::default() }
}

/// A policy whose constraint this node cannot check.
fn unenforceable() -> Policy {
    let policy = json!({"permission": [{
        "action": "use",
        "constraint": [{"leftOperand": "odrl:spatial", "operator": "eq", "rightOperand": "KE"}]
    }]});
    causeway_policy::read(&policy, &Contexts::dsp()).unwrap()
}

#[tokio::test]
async fn what_is_held_waits_until_a_person_agrees() {
    let world = World::of(hold(Question::ContractRequested), Plan::default()).await;
    let offer = world.provider.publish(b"x", Policy::open()).await;
    let ours = world.consumer.request(&world.provider, &offer).await;
    let theirs = world.provider.counterpart(&ours).await;
    world.provider.negotiation_asks(&theirs, Question::ContractRequested).await;
    let told = world.provider.told(&theirs, EventKind::NegotiationWaiting).await;
    assert_eq!(told, "waiting for you: the rule for this question is hold");

    world.provider.node.decide_negotiation(&theirs, &NegotiationAct::Accept).await.unwrap();
    world.consumer.negotiation_in(&ours, "FINALIZED").await;

    let again = world.provider.node.decide_negotiation(&theirs, &NegotiationAct::Accept).await;
    assert_eq!(again.unwrap_err().code(), ProblemCode::IllegalState);
}

#[tokio::test]
async fn a_rejected_request_ends_on_both_sides_with_the_reason() {
    let world = World::of(hold(Question::ContractRequested), Plan::default()).await;
    let offer = world.provider.publish(b"x", Policy::open()).await;
    let ours = world.consumer.request(&world.provider, &offer).await;
    let theirs = world.provider.counterpart(&ours).await;
    world.provider.negotiation_asks(&theirs, Question::ContractRequested).await;
    let reason = Reason::of("declined", "not for this purpose");
    let act = NegotiationAct::Terminate(reason);
    world.provider.node.decide_negotiation(&theirs, &act).await.unwrap();
    let ended = world.consumer.negotiation_in(&ours, "TERMINATED").await;
    assert!(format!("{:?}", ended.negotiation.stage).contains("not for this purpose"));
    world.provider.negotiation_in(&theirs, "TERMINATED").await;
    assert!(world.provider.agreements().await.is_empty());
}

#[tokio::test]
async fn a_constraint_nobody_can_enforce_is_never_agreed_to_automatically() {
    let world = World::new().await;
    let offer = world.provider.publish(b"x", unenforceable()).await;
    let ours = world.consumer.request(&world.provider, &offer).await;
    let theirs = world.provider.counterpart(&ours).await;
    world.provider.negotiation_asks(&theirs, Question::ContractRequested).await;
    let told = world.provider.told(&theirs, EventKind::NegotiationWaiting).await;
    assert!(told.contains("spatial"), "{told}");

    // A person may still agree; the transfer then asks again.
    world.provider.node.decide_negotiation(&theirs, &NegotiationAct::Accept).await.unwrap();
    world.consumer.negotiation_in(&ours, "FINALIZED").await;
    let agreement = world.consumer.agreement_of(&ours).await;
    let transfer = world.consumer.transfer(&agreement).await;
    let theirs = world.provider.counterpart(&transfer).await;
    world.provider.transfer_asks(&theirs, Question::TransferRequested).await;
}

#[tokio::test]
async fn a_request_for_other_terms_than_published_waits_for_a_person() {
    let world = World::new().await;
    let offer = world.provider.publish(b"x", unenforceable()).await;
    let dataset = world.consumer.node.peer_dataset(&world.provider.id, &offer.dataset_id).await;
    let mut terms = dataset.unwrap().offers[0].clone();
    terms.target = Some(offer.dataset_id.clone());
    terms.policy = Policy::open();
    let provider = &world.provider.id;
    let entry = world.consumer.node.request_contract(provider, terms, None).await.unwrap();
    let theirs = world.provider.counterpart(&entry.negotiation.id).await;
    let told = world.provider.told(&theirs, EventKind::NegotiationWaiting).await;
    assert!(told.contains("other terms than published"), "{told}");
}

#[tokio::test]
async fn a_counter_offer_is_answered_by_the_consumer() {
    let world = World::of(hold(Question::ContractRequested), Plan::default()).await;
    let offer = world.provider.publish(b"x", Policy::open()).await;
    let ours = world.consumer.request(&world.provider, &offer).await;
    let theirs = world.provider.counterpart(&ours).await;
    world.provider.negotiation_asks(&theirs, Question::ContractRequested).await;
    let act = NegotiationAct::Propose(Terms { policy: unenforceable() });
    world.provider.node.decide_negotiation(&theirs, &act).await.unwrap();
    world.consumer.negotiation_asks(&ours, Question::OfferReceived).await;
    world.consumer.node.decide_negotiation(&ours, &NegotiationAct::Accept).await.unwrap();
    // Other terms than published: again a person at the provider.
    world.provider.negotiation_asks(&theirs, Question::OfferAccepted).await;
    world.provider.node.decide_negotiation(&theirs, &NegotiationAct::Accept).await.unwrap();
    world.consumer.negotiation_in(&ours, "FINALIZED").await;
    let agreement = world.consumer.agreement_of(&ours).await;
    assert!(agreement.agreement.policy.same_as(&unenforceable()));
}

#[tokio::test]
async fn a_webhook_decides_and_what_it_leaves_open_waits_for_a_person() {
    for (answer, expected) in [
        (json!({"decision": "accept"}), "FINALIZED"),
        (json!({"decision": "reject", "reason": "over quota"}), "TERMINATED"),
        (json!({"decision": "hold"}), "waiting"),
        (json!("nonsense"), "waiting"),
    ] {
        let reply = answer.clone();
        let router = axum::Router::new().route("/ask", post(async || axum::Json(reply)));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/ask", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });

        let world = World::new().await;
        let rules = vec![(Question::ContractRequested, Rule::Webhook(url))];
        let offer = world.provider.publish_with(b"x", Policy::open(), rules).await;
        let ours = world.consumer.request(&world.provider, &offer).await;
        if expected == "waiting" {
            let theirs = world.provider.counterpart(&ours).await;
            let told = world.provider.told(&theirs, EventKind::NegotiationWaiting).await;
            assert!(told.contains("webhook"), "{told}");
        } else {
            world.consumer.negotiation_in(&ours, expected).await;
        }
    }
}

#[tokio::test]
async fn a_webhook_that_cannot_be_reached_holds_up_nothing_that_a_person_decides() {
    // A port that was free a moment ago, and nobody listens on.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/ask", listener.local_addr().unwrap());
    drop(listener);
    let provider = Plan { attempts_max: u32::MAX, ..Plan::default() };
    let world = World::of(provider, Plan::default()).await;
    let rules = vec![(Question::ContractRequested, Rule::Webhook(url))];
    let offer = world.provider.publish_with(b"x", Policy::open(), rules).await;
    let ours = world.consumer.request(&world.provider, &offer).await;
    let theirs = world.provider.counterpart(&ours).await;
    world.provider.told(&theirs, EventKind::NegotiationTrouble).await;
    world.provider.node.decide_negotiation(&theirs, &NegotiationAct::Accept).await.unwrap();
    world.consumer.negotiation_in(&ours, "FINALIZED").await;
}

#[tokio::test]
async fn a_suspended_transfer_delivers_nothing_until_its_suspender_resumes_it() {
    let world = World::of(Plan::default(), hold(Question::TransferStarted)).await;
    let agreement = world.contract(b"some bytes").await;
    let ours = world.consumer.transfer(&agreement).await;
    world.consumer.transfer_in(&ours, "STARTED").await;
    let theirs = world.provider.counterpart(&ours).await;
    world.provider.transfer_in(&theirs, "STARTED").await;

    let act = TransferAct::Suspend(Reason::of("audit", "one moment"));
    world.provider.node.decide_transfer(&theirs, &act).await.unwrap();
    world.consumer.transfer_in(&ours, "SUSPENDED").await;
    world.provider.transfer_in(&theirs, "SUSPENDED").await;
    let refused = world.consumer.node.decide_transfer(&ours, &TransferAct::Resume).await;
    // The message to resume would be the provider's to refuse; the consumer knows already.
    assert!(refused.unwrap_err().to_string().contains("only the provider may resume"));

    world.provider.node.decide_transfer(&theirs, &TransferAct::Resume).await.unwrap();
    world.consumer.transfer_asks(&ours, Question::TransferStarted).await;
    world.consumer.node.decide_transfer(&ours, &TransferAct::Accept).await.unwrap();
    world.consumer.transfer_in(&ours, "COMPLETED").await;
    world.provider.transfer_in(&theirs, "COMPLETED").await;
}

#[tokio::test]
async fn a_terminated_transfer_leaves_no_file() {
    let world = World::of(Plan::default(), hold(Question::TransferStarted)).await;
    let agreement = world.contract(b"some bytes").await;
    let ours = world.consumer.transfer(&agreement).await;
    world.consumer.transfer_in(&ours, "STARTED").await;
    let act = TransferAct::Terminate(Reason::of("no", "changed our mind"));
    world.consumer.node.decide_transfer(&ours, &act).await.unwrap();
    world.consumer.transfer_in(&ours, "TERMINATED").await;
    let theirs = world.provider.counterpart(&ours).await;
    world.provider.transfer_in(&theirs, "TERMINATED").await;
    assert_eq!(world.consumer.files_received(), 0);
}
