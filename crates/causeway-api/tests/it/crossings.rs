//! What the law says of an offer for each peer, told before anybody asks for it.

use causeway_node::NewAttestation;
use causeway_store::{Page, PublishedOffer};
use serde_json::Value;

use crate::bad_input::client;
use crate::world::{Plan, Running, World, stated};

async fn between(areas: [Option<&'static str>; 2], facts: &'static [&'static str]) -> World {
    let plan = |area, facts| Plan { area, facts, ..Plan::default() };
    World::of(plan(areas[0], &[]), plan(areas[1], facts)).await
}

async fn publish(node: &Running, words: &[&str], facts: &[&str], persons: u64) -> PublishedOffer {
    let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    let declaration = node.node.declare(&words, &stated(facts), Some(persons)).unwrap();
    node.publish_declared(b"x", Some(declaration)).await
}

/// What the API says of an offer for the only peer, and its status.
async fn crossing(node: &Running, offer: &str) -> (u16, Value) {
    let url = format!("{}/api/v1/offers/{offer}/crossings", node.management);
    let answer = client().get(url).bearer_auth("operator").send().await.unwrap();
    let status = answer.status().as_u16();
    let found: Value = answer.json().await.unwrap();
    (status, found["items"][0].clone())
}

#[tokio::test]
async fn a_preview_says_what_a_request_would_find_and_records_nothing() {
    let world = between([Some("KE"), Some("BR")], &[]).await;
    let provider = &world.provider;
    let consent = &["basis.explicit_consent=true"];
    let offer = publish(provider, &["health"], consent, 2).await;
    let (status, held) = crossing(provider, offer.id.as_str()).await;
    assert_eq!((status, &held["gate"]), (200, &"hold".into()), "{held}");
    assert_eq!(held["peer"], world.consumer.id.as_str());
    assert_eq!((&held["outcome"], &held["at_worst"]), (&held["at_best"], &held["outcome"]));
    assert_eq!(held["at_worst"], "needs-mechanism");
    assert!(held["articles"][0].as_str().unwrap().contains("Kenya"), "{held}");
    let page = Page { after: None, limit: 10 };
    assert!(provider.node.store().decisions(page).await.unwrap().is_empty());

    // What is recorded is known at once, also to a preview.
    let new = NewAttestation {
        peer: world.consumer.id.clone(),
        dataset_id: Some(offer.dataset_id.clone()),
        facts: stated(&["tool.ke_safeguards=true"]),
        reference: "file 7/2026".to_owned(),
        valid_from: None,
        valid_until: None,
    };
    provider.node.attest(new, None).await.unwrap();
    let (_, passes) = crossing(provider, offer.id.as_str()).await;
    assert_eq!(passes["gate"], "pass", "{passes}");
    assert_eq!(passes["at_worst"], "permitted-with-obligations");
    assert!(passes["reason"].is_null() && passes["question"].is_null(), "{passes}");
    assert!(provider.node.store().decisions(page).await.unwrap().is_empty());
    assert_eq!(crossing(provider, "urn:example:nothing").await.0, 404);
}

#[tokio::test]
async fn a_preview_names_what_is_missing_and_the_article_that_prohibits() {
    // Nobody knows where the peer sits.
    let world = between([Some("KE"), None], &[]).await;
    let offer = publish(&world.provider, &["non-personal"], &[], 0).await;
    let (_, held) = crossing(&world.provider, offer.id.as_str()).await;
    assert_eq!((&held["gate"], &held["outcome"]), (&"hold".into(), &"unknown".into()), "{held}");
    assert_eq!(held["question"]["fact"], "importer.area");

    let world = between([Some("US"), Some("CN")], &["importer.covered_person=true"]).await;
    let offer = publish(&world.provider, &["genetic"], &["transaction=vendor"], 101).await;
    let (_, refused) = crossing(&world.provider, offer.id.as_str()).await;
    assert_eq!(refused["gate"], "refuse", "{refused}");
    assert!(refused["articles"].to_string().contains("202."), "{refused}");

    // Where no border is crossed there is nothing to say.
    let world = between([Some("KE"), Some("KE")], &[]).await;
    let offer = publish(&world.provider, &["ordinary"], &[], 1).await;
    let (_, home) = crossing(&world.provider, offer.id.as_str()).await;
    assert_eq!((&home["gate"], &home["outcome"]), (&"pass".into(), &Value::Null), "{home}");
}
