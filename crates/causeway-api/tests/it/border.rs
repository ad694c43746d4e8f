//! The border check in the exchange: what the law of both sides does to contracts and transfers.

use std::sync::Arc;

use causeway_dsp::Question;
use causeway_law::{Admission, Engine, SigningKey};
use causeway_node::{NegotiationAct, NewAttestation, TransferAct};
use causeway_policy::Policy;
use causeway_store::{AgreementEntry, Attestation, EventKind, PublishedOffer, Rule};
use causeway_types::{ParticipantId, ProcessId};
use reqwest::Method;
use serde_json::{Value, json};

use crate::bad_input::client;
use crate::world::{Plan, Running, World, stated};

const SCC: &[&str] = &["tool.eu_scc=true", "tool.transfer_assessment=true"];

fn plan(area: &'static str, facts: &'static [&'static str]) -> Plan {
    Plan { area: Some(area), facts, ..Plan::default() }
}

/// From the Union to China, where personal data needs a mechanism.
async fn eu_to_cn(consumer: Plan) -> World {
    let consumer = Plan {
        area: Some("CN"),
        facts: &["importer.under_exporters_law=false", "importer.group=false"],
        ..consumer
    };
    World::of(plan("DE", &["exporter.public_body=false"]), consumer).await
}

async fn personal(node: &Running, bytes: &[u8], words: &[&str], persons: u64) -> PublishedOffer {
    let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    let nothing = stated(&[]);
    let declaration = node.node.declare(&words, &nothing, Some(persons)).unwrap();
    node.publish_declared(bytes, Some(declaration)).await
}

async fn attest(node: &Running, peer: &ParticipantId, facts: &[&str]) -> Attestation {
    let new = NewAttestation {
        peer: peer.clone(),
        dataset_id: None,
        facts: stated(facts),
        reference: "file 7/2026".to_owned(),
        valid_from: None,
        valid_until: None,
    };
    node.node.attest(new, None).await.unwrap()
}

/// The provider's negotiation with the consumer, once it waits for a person.
async fn held(world: &World, question: Question) -> (ProcessId, String) {
    let provider = &world.provider;
    let id = provider
        .until("a negotiation", async || {
            let open = provider.negotiations().await;
            open.into_iter().find(|entry| entry.negotiation.question == Some(question))
        })
        .await
        .negotiation
        .id;
    let reason = provider.told(&id, EventKind::NegotiationWaiting).await;
    (id, reason)
}

#[tokio::test]
async fn a_crossing_that_needs_a_mechanism_waits_until_one_is_recorded_and_then_has_duties() {
    let world = eu_to_cn(Plan::default()).await;
    let offer = personal(&world.provider, b"id\n1\n", &["ordinary"], 1).await;
    let id = world.consumer.request(&world.provider, &offer).await;
    let (waiting, reason) = held(&world, Question::ContractRequested).await;
    assert!(reason.contains("needs-mechanism") && reason.contains("tool.eu_scc"), "{reason}");

    // A person cannot wave it through.
    let accept = world.provider.node.decide_negotiation(&waiting, &NegotiationAct::Accept).await;
    let problem = accept.unwrap_err();
    assert_eq!(problem.code().as_str(), "law-not-satisfied");

    attest(&world.provider, &world.consumer.id, SCC).await;
    world.consumer.negotiation_in(&id, "FINALIZED").await;
    for side in [&world.provider, &world.consumer] {
        let agreement = the_agreement(side).await;
        let duties: Vec<&str> = agreement.duties.iter().map(|duty| duty.id.as_str()).collect();
        assert!(duties.contains(&"eu.assessment"), "{}: {duties:?}", side.id);
        let decision = agreement.decision.unwrap();
        let stored = side.node.store().decision(&decision).await.unwrap().unwrap();
        assert_eq!(stored.value.at_worst, "permitted-with-obligations");
        assert_eq!(side.node.replays(&stored.value.document), Some(true));
    }
    // The consumer went by what the provider stated in the agreement.
    let facts = the_agreement(&world.consumer).await.agreement.facts;
    assert!(facts.of("tool.eu_scc").is_some(), "{facts:?}");
}

async fn the_agreement(side: &Running) -> AgreementEntry {
    side.until("an agreement", async || side.agreements().await.pop()).await
}

#[tokio::test]
async fn what_is_prohibited_ends_with_the_article_in_the_message() {
    let provider = plan("US", &[]);
    let consumer = plan("CN", &["importer.covered_person=true"]);
    let world = World::of(provider, consumer).await;
    let words = ["genetic".to_owned()];
    let vendor = stated(&["transaction=vendor"]);
    let declaration = world.provider.node.declare(&words, &vendor, Some(101)).unwrap();
    let offer = world.provider.publish_declared(b"x", Some(declaration)).await;
    let id = world.consumer.request(&world.provider, &offer).await;
    world.consumer.negotiation_in(&id, "TERMINATED").await;
    let history = world.consumer.history_of(&id).await;
    assert!(history.contains("prohibited-by-law") && history.contains("202."), "{history}");
}

#[tokio::test]
async fn persons_are_counted_over_all_files_that_left_this_year() {
    let provider = plan(
        "CN",
        &["exporter.ciio=false", "exporter.free_trade_zone=false", "exporter.public_body=false"],
    );
    let world = World::of(provider, plan("DE", &[])).await;
    let first = personal(&world.provider, b"first", &["ordinary"], 99_999).await;
    let id = world.consumer.request(&world.provider, &first).await;
    world.consumer.negotiation_in(&id, "FINALIZED").await;
    let agreement = world.consumer.agreement_of(&id).await;
    let transfer = world.consumer.transfer(&agreement).await;
    world.consumer.transfer_in(&transfer, "COMPLETED").await;

    // The same file again is the same persons again.
    let again = world.consumer.transfer(&agreement).await;
    world.consumer.transfer_in(&again, "COMPLETED").await;

    let second = personal(&world.provider, b"second", &["ordinary"], 1).await;
    world.consumer.request(&world.provider, &second).await;
    let (_, reason) = held(&world, Question::ContractRequested).await;
    assert!(reason.contains("needs-mechanism"), "{reason}");
}

#[tokio::test]
async fn known_persons_count_once_in_however_many_files_they_are() {
    let provider = plan(
        "CN",
        &["exporter.ciio=false", "exporter.free_trade_zone=false", "exporter.public_body=false"],
    );
    let world = World::of(provider, plan("DE", &[])).await;
    let management = &world.provider;
    let words = ["ordinary".to_owned()];
    let declaration = world.provider.node.declare(&words, &stated(&[]), None).unwrap();
    let offer = management.publish_declared(b"id,x\nA,1\nB,2\nA,3\n", Some(declaration)).await;

    // Nobody says how many persons there are, so it is a question.
    world.consumer.request(&world.provider, &offer).await;
    let (waiting, reason) = held(&world, Question::ContractRequested).await;
    assert!(reason.contains("count.ordinary_year"), "{reason}");
    let end = NegotiationAct::Terminate(causeway_dsp::Reason::default());
    world.provider.node.decide_negotiation(&waiting, &end).await.unwrap();

    let blake3 = offer.content.blake3();
    assert_eq!(world.provider.node.count_persons(&blake3, "id").await.unwrap(), 2);
    let problem = world.provider.node.count_persons(&blake3, "person").await.unwrap_err();
    assert!(problem.to_string().contains("only id, x"), "{problem}");

    let id = world.consumer.request(&world.provider, &offer).await;
    world.consumer.negotiation_in(&id, "FINALIZED").await;
    let facts = world.consumer.agreement_of(&id).await.agreement.facts;
    assert_eq!(facts.of("count.ordinary_year").unwrap().to_string(), "2");
}

#[tokio::test]
async fn a_record_that_is_taken_back_suspends_what_rests_on_it() {
    let waits = vec![(Question::TransferStarted, Rule::Hold)];
    let world = eu_to_cn(Plan { rules: waits, ..Plan::default() }).await;
    let scc = attest(&world.provider, &world.consumer.id, SCC).await;
    let offer = personal(&world.provider, b"x", &["ordinary"], 1).await;
    let id = world.consumer.request(&world.provider, &offer).await;
    world.consumer.negotiation_in(&id, "FINALIZED").await;
    let agreement = world.consumer.agreement_of(&id).await;
    let transfer = world.consumer.transfer(&agreement).await;
    world.consumer.transfer_asks(&transfer, Question::TransferStarted).await;
    let theirs = world.provider.counterpart(&transfer).await;
    world.provider.transfer_in(&theirs, "STARTED").await;

    world.provider.node.revoke(&scc.id).await.unwrap();
    world.consumer.transfer_in(&transfer, "SUSPENDED").await;
    let history = world.consumer.history_of(&transfer).await;
    assert!(history.contains("law-not-satisfied"), "{history}");
    world.provider.transfer_in(&theirs, "SUSPENDED").await;
    let resume = world.provider.node.decide_transfer(&theirs, &TransferAct::Resume).await;
    assert_eq!(resume.unwrap_err().code().as_str(), "law-not-satisfied");

    attest(&world.provider, &world.consumer.id, SCC).await;
    world.provider.node.decide_transfer(&theirs, &TransferAct::Resume).await.unwrap();
    world.consumer.transfer_in(&transfer, "STARTED").await;
}

#[tokio::test]
async fn when_the_law_changes_running_transfers_are_suspended_with_the_reason() {
    let waits = vec![(Question::TransferStarted, Rule::Hold)];
    let consumer = Plan { rules: waits, ..plan("GB", &["importer.under_exporters_law=false"]) };
    let mut world = World::of(plan("ES", &["exporter.public_body=false"]), consumer).await;
    let offer = personal(&world.provider, b"x", &["ordinary"], 1).await;
    let id = world.consumer.request(&world.provider, &offer).await;
    world.consumer.negotiation_in(&id, "FINALIZED").await;
    let agreement = world.consumer.agreement_of(&id).await;
    let transfer = world.consumer.transfer(&agreement).await;
    world.consumer.transfer_asks(&transfer, Question::TransferStarted).await;
    let theirs = world.provider.counterpart(&transfer).await;
    world.provider.transfer_in(&theirs, "STARTED").await;

    // The organisation gives itself a stricter rule, signed by a key its operator trusts.
    world.provider.law = stricter(&world.provider.law);
    world.provider.restart(std::time::Duration::ZERO).await;
    world.consumer.transfer_in(&transfer, "SUSPENDED").await;
    let history = world.consumer.history_of(&transfer).await;
    assert!(history.contains("nothing about people goes to the United Kingdom"), "{history}");
    let drifted = the_agreement(&world.provider).await.decision.unwrap();
    let stored = world.provider.node.store().decision(&drifted).await.unwrap().unwrap();
    assert_eq!(stored.value.at_worst, "prohibited");
}

const HOUSE: &str = r#"
[pack]
id = "house"
title = "Rules of the house"
version = "1"
known_from = "2026-11-24"
status = "draft"
role = "organisation"
applies = "importer.area == \"GB\""

[[source]]
key = "HOUSE"
title = "Rules of the house"
number = "Rule book 3"

[[rule]]
id = "house.1"
stage = "prohibition"
outcome = "prohibited"
from = "2020-01-01"
when = "data.personal"
cite = ["HOUSE:no. 1"]
text = "nothing about people goes to the United Kingdom"

[[case]]
id = "house-1"
at = "2026-06-01"
facts = { "exporter.area" = "ES", "importer.area" = "GB", "data.personal" = true }
expect = "prohibited"
because = ["house.1"]

[[case]]
id = "house-2"
at = "2026-06-01"
facts = { "exporter.area" = "ES", "importer.area" = "GB" }
expect = "permitted"
"#;

fn stricter(law: &Engine) -> Arc<Engine> {
    let key = SigningKey::from_seed([7; 32]).unwrap();
    let signature = key.sign(HOUSE.as_bytes()).unwrap();
    let trusted = [key.public().clone()];
    let now = "2026-11-24T00:00:00Z".parse().unwrap();
    let admitted = law.admit("house.toml", HOUSE.as_bytes(), &signature, &trusted, now);
    match admitted.unwrap() {
        Admission::New(pack) => Arc::new(law.clone().with_installed([pack]).unwrap()),
        Admission::Same => panic!("found a pack that is new here"),
    }
}

#[tokio::test]
async fn what_is_not_known_never_lets_anything_pass() {
    // Nobody knows where the consumer sits.
    let world = World::of(plan("DE", &[]), Plan { area: None, ..Plan::default() }).await;
    let offer = personal(&world.provider, b"x", &["non-personal"], 0).await;
    world.consumer.request(&world.provider, &offer).await;
    let (_, reason) = held(&world, Question::ContractRequested).await;
    assert!(reason.contains("importer.area"), "{reason}");

    // Nobody says what the data is.
    let world = eu_to_cn(Plan::default()).await;
    let offer = world.provider.publish(b"x", Policy::open()).await;
    world.consumer.request(&world.provider, &offer).await;
    let (_, reason) = held(&world, Question::ContractRequested).await;
    assert!(reason.contains("data.personal"), "{reason}");

    // No pack knows the law of an area.
    let world = World::of(plan("DE", &[]), plan("FJ", &[])).await;
    let offer = personal(&world.provider, b"x", &["non-personal"], 0).await;
    world.consumer.request(&world.provider, &offer).await;
    let (_, reason) = held(&world, Question::ContractRequested).await;
    assert!(reason.contains("no rule pack knows"), "{reason}");
}

#[tokio::test]
async fn two_sources_that_disagree_settle_nothing() {
    let world = eu_to_cn(Plan::default()).await;
    attest(&world.provider, &world.consumer.id, &["data.personal=false"]).await;
    let offer = personal(&world.provider, b"x", &["ordinary"], 1).await;
    world.consumer.request(&world.provider, &offer).await;
    let (_, reason) = held(&world, Question::ContractRequested).await;
    assert!(reason.contains("contradicts itself: data.personal is true"), "{reason}");
}

async fn call(node: &Running, method: Method, path: &str, body: Value) -> (u16, Value) {
    let url = format!("{}/api/v1{path}", node.management);
    let request = client().request(method, url).bearer_auth("operator").json(&body);
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    (status, answer.json::<Value>().await.unwrap())
}

fn statement(peer: &ParticipantId, facts: &Value, more: &Value) -> Value {
    let mut body = json!({ "peer": peer.as_str(), "facts": facts, "reference": "7/2026" });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

#[tokio::test]
async fn the_api_shows_decisions_and_refuses_records_that_are_nonsense() {
    let world = eu_to_cn(Plan::default()).await;
    let offer = personal(&world.provider, b"x", &["ordinary"], 1).await;
    world.consumer.request(&world.provider, &offer).await;
    held(&world, Question::ContractRequested).await;
    let call = async |method: Method, path: &str, body: Value| {
        call(&world.provider, method, path, body).await
    };
    let (_, list) = call(Method::GET, "/decisions", Value::Null).await;
    let decision = list["items"][0]["id"].as_str().unwrap().to_owned();
    let (status, shown) = call(Method::GET, &format!("/decisions/{decision}"), Value::Null).await;
    assert_eq!((status, &shown["replayed"]), (200, &json!(true)));
    assert_eq!(shown["document"]["sources"]["exporter.area"], "configuration");
    assert!(shown["text"].as_str().unwrap().contains("not legal advice"));

    let statement = |facts: Value, more: Value| statement(&world.consumer.id, &facts, &more);
    for (body, expected) in [
        (statement(json!({}), json!({})), "states no fact"),
        (statement(json!({ "tool.eu_ssc": true }), json!({})), "did you mean tool.eu_scc"),
        (statement(json!({ "tool.eu_scc": 7 }), json!({})), "true or false"),
        (statement(json!({ "count.ordinary_year": -1 }), json!({})), "whole number from 0"),
        (statement(json!({ "tool.eu_scc": true }), json!({ "reference": " " })), "the reference"),
        (
            statement(json!({ "tool.eu_scc": true }), json!({ "valid_until": "1900-01-01" })),
            "ended",
        ),
        (
            statement(json!({ "tool.eu_scc": true }), json!({ "valid_until": "soon" })),
            "valid_until",
        ),
    ] {
        let (status, answer) = call(Method::POST, "/attestations", body).await;
        let detail = format!("{} {}", answer["detail"], answer["hint"]);
        assert!(status == 400 && detail.contains(expected), "{status} {detail}");
    }
}

#[tokio::test]
async fn the_api_takes_records_duties_and_takes_records_back() {
    let world = eu_to_cn(Plan::default()).await;
    let offer = personal(&world.provider, b"x", &["ordinary"], 1).await;
    let id = world.consumer.request(&world.provider, &offer).await;
    held(&world, Question::ContractRequested).await;
    let call = async |method: Method, path: &str, body: Value| {
        call(&world.provider, method, path, body).await
    };
    let statement = |facts: Value, more: Value| statement(&world.consumer.id, &facts, &more);
    let scc = json!({ "tool.eu_scc": true, "tool.transfer_assessment": true });
    let body = statement(scc, json!({ "valid_until": "2126-01-01" }));
    let (status, recorded) = call(Method::POST, "/attestations", body).await;
    assert_eq!((status, &recorded["counts"]), (201, &json!(true)));
    world.consumer.negotiation_in(&id, "FINALIZED").await;

    let agreement = the_agreement(&world.provider).await.agreement.id;
    let done = format!("/agreements/{agreement}/duties/eu.assessment/done");
    let (status, answer) = call(Method::POST, &done, json!({ "reference": "TIA 3" })).await;
    assert_eq!(status, 200, "{answer}");
    let duties = answer["duties"].as_array().unwrap();
    let assessed = duties.iter().find(|duty| duty["id"] == "eu.assessment").unwrap();
    assert_eq!(assessed["reference"], "TIA 3");
    let (status, _) = call(
        Method::POST,
        &done.replace("eu.assessment", "eu.nothing"),
        json!({ "reference": "x" }),
    )
    .await;
    assert_eq!(status, 404);

    let revoke = format!("/attestations/{}/revoke", recorded["id"].as_str().unwrap());
    let (status, answer) = call(Method::POST, &revoke, Value::Null).await;
    assert_eq!((status, &answer["counts"]), (200, &json!(false)));
    let (status, drift) = call(Method::POST, "/law/recheck", Value::Null).await;
    assert_eq!((status, &drift["agreements"]), (200, &json!(1)));
}
