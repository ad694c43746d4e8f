//! Acts that take two persons: asked by one, approved by another, carried out once.

use std::time::Duration;

use causeway_api::AccessSettings;
use causeway_types::limits::APPROVAL_SECONDS_MAX;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::access::{call, token};
use crate::bad_input::client;
use crate::world::{Plan, Running, World};

/// A risky act: a token for an operator.
fn act() -> Value {
    json!({"name": "for the deputy", "person": "Eve", "role": "operator", "expires_in_days": 7})
}

/// A node with two operators, Ada with two tokens, made before four eyes were wanted.
struct House {
    world: World,
    ada: String,
    also_ada: String,
    bob: String,
    legal: String,
}

impl House {
    async fn new() -> Self {
        let plan = Plan::default();
        let access = AccessSettings { four_eyes: true, ..plan.access };
        // With one pair of eyes the first tokens are made; the other node shares its store.
        let store = std::sync::Arc::clone(&plan.store);
        let before = World::of(plan, Plan::default()).await;
        let node = &before.provider;
        let operator = |person: &str| json!({"role": "operator", "person": person});
        let (ada, _) = token(node, "operator", operator("Ada")).await;
        let (also_ada, _) = token(node, "operator", operator(" ADA ")).await;
        let (bob, _) = token(node, "operator", operator("Bob")).await;
        let (legal, _) = token(node, "operator", json!({"role": "legal", "person": "Lea"})).await;
        before.provider.node.stop().await;
        let plan = Plan { access, store, ..Plan::default() };
        let world = World::of(plan, Plan::default()).await;
        Self { world, ada, also_ada, bob, legal }
    }

    fn node(&self) -> &Running {
        &self.world.provider
    }

    /// Does something under an approval.
    async fn under(&self, token: &str, approval: &str, body: &Value) -> (StatusCode, Value) {
        let request = client().post(format!("{}/api/v1/tokens", self.node().management));
        let request = request.bearer_auth(token).header("causeway-approval", approval);
        let response = request.json(body).send().await.unwrap();
        (response.status(), response.json().await.unwrap_or(Value::Null))
    }

    async fn ask(&self, token: &str, body: Value) -> String {
        let (status, asked) = call(self.node(), token, Method::POST, "/tokens", Some(body)).await;
        assert_eq!((status, &asked["state"]), (StatusCode::ACCEPTED, &json!("waiting")), "{asked}");
        asked["id"].as_str().unwrap().to_owned()
    }

    async fn decide(&self, token: &str, approval: &str, what: &str) -> (StatusCode, Value) {
        let path = format!("/approvals/{approval}/{what}");
        call(self.node(), token, Method::POST, &path, Some(json!({"reason": "as agreed"}))).await
    }
}

#[tokio::test]
async fn what_is_risky_waits_for_somebody_else_and_then_happens_once() {
    let house = House::new().await;
    let id = house.ask(&house.ada, act()).await;
    assert_eq!(house.ask(&house.also_ada, act()).await, id, "the same is asked once");
    let (status, early) = house.under(&house.ada, &id, &act()).await;
    assert_eq!(status, StatusCode::CONFLICT, "{early}");
    for (token, expected) in [
        (&house.ada, StatusCode::FORBIDDEN),
        (&house.also_ada, StatusCode::FORBIDDEN),
        (&house.legal, StatusCode::FORBIDDEN),
        (&"cwk_x".to_owned(), StatusCode::UNAUTHORIZED),
    ] {
        let (status, answer) = house.decide(token, &id, "approve").await;
        assert_eq!(status, expected, "{answer}");
    }
    let (status, approved) = house.decide(&house.bob, &id, "approve").await;
    assert_eq!((status, &approved["state"]), (StatusCode::OK, &json!("approved")), "{approved}");
    assert_eq!((&approved["asked_by"], &approved["decided_by"]), (&json!("ada"), &json!("bob")));
    let (status, twice) = house.decide(&house.bob, &id, "approve").await;
    assert_eq!(status, StatusCode::CONFLICT, "{twice}");
    // Nobody but whoever asked, and nothing but what was asked for.
    let (status, answer) = house.under(&house.bob, &id, &act()).await;
    assert_eq!(status, StatusCode::FORBIDDEN, "{answer}");
    let mut changed = act();
    changed["person"] = json!("Mallory");
    let (status, answer) = house.under(&house.ada, &id, &changed).await;
    assert_eq!(status, StatusCode::CONFLICT, "{answer}");
    assert!(answer["detail"].as_str().unwrap().contains("not the one that was approved"));
    // Of many at the same time one happens.
    let wanted = act();
    let all = (0..20).map(|_| house.under(&house.ada, &id, &wanted));
    let all = futures_util::future::join_all(all).await;
    let made = all.iter().filter(|(status, _)| *status == StatusCode::CREATED).count();
    let refused = all.iter().filter(|(status, _)| *status == StatusCode::CONFLICT).count();
    assert_eq!((made, refused), (1, 19), "{all:?}");
    let (_, done) =
        call(house.node(), &house.bob, Method::GET, &format!("/approvals/{id}"), None).await;
    assert_eq!((&done["state"], &done["outcome"]), (&json!("done"), &json!(201)), "{done}");
    let (status, tokens) =
        call(house.node(), &house.bob, Method::GET, "/tokens?person=eve", None).await;
    assert_eq!((status, tokens["items"].as_array().unwrap().len()), (StatusCode::OK, 1));
}

#[tokio::test]
async fn what_is_not_risky_happens_at_once() {
    let house = House::new().await;
    let (_, id) = token(house.node(), &house.ada, json!({"role": "auditor"})).await;
    let path = format!("/tokens/{id}/revoke");
    let (status, answer) = call(house.node(), &house.ada, Method::POST, &path, None).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
}

#[tokio::test]
async fn the_socket_and_the_token_file_are_one_person() {
    let house = House::new().await;
    let id = house.ask("operator", act()).await;
    let (status, answer) = house.decide("operator", &id, "approve").await;
    assert_eq!(status, StatusCode::FORBIDDEN, "{answer}");
    let (status, _) = house.decide(&house.bob, &id, "approve").await;
    assert_eq!(status, StatusCode::OK);
    let (status, made) = house.under("operator", &id, &act()).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
}

#[tokio::test]
async fn what_is_rejected_or_taken_back_never_happens() {
    let house = House::new().await;
    for decider in [&house.bob, &house.also_ada] {
        let id = house.ask(&house.ada, act()).await;
        let (status, answer) = house.decide(decider, &id, "reject").await;
        assert_eq!((status, &answer["state"]), (StatusCode::OK, &json!("rejected")), "{answer}");
        let (status, _) = house.decide(&house.bob, &id, "approve").await;
        assert_eq!(status, StatusCode::CONFLICT);
        let (status, answer) = house.under(&house.ada, &id, &act()).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{answer}");
    }
    let (status, answer) = house.under(&house.ada, "urn:uuid:unheard-of", &act()).await;
    assert_eq!(status, StatusCode::NOT_FOUND, "{answer}");
}

#[tokio::test]
async fn an_act_that_was_refused_may_be_tried_again_under_its_approval() {
    let house = House::new().await;
    // It is risky, and cannot be done: nothing says how long it counts.
    let mut wanted = act();
    wanted["expires_in_days"] = Value::Null;
    let id = house.ask(&house.ada, wanted.clone()).await;
    assert_eq!(house.decide(&house.bob, &id, "approve").await.0, StatusCode::OK);
    for _ in 0..2 {
        let (status, answer) = house.under(&house.ada, &id, &wanted).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{answer}");
    }
}

#[tokio::test]
async fn an_approval_that_is_too_old_is_none() {
    let mut house = House::new().await;
    let asked = house.ask(&house.ada, act()).await;
    let mut other = act();
    other["name"] = json!("another");
    let approved = house.ask(&house.ada, other.clone()).await;
    assert_eq!(house.decide(&house.bob, &approved, "approve").await.0, StatusCode::OK);
    house.world.provider.restart(Duration::from_secs(APPROVAL_SECONDS_MAX)).await;
    let (status, answer) = house.decide(&house.bob, &asked, "approve").await;
    assert_eq!(status, StatusCode::CONFLICT, "{answer}");
    let (status, answer) = house.under(&house.ada, &approved, &other).await;
    assert_eq!(status, StatusCode::CONFLICT, "{answer}");
    let (_, list) = call(house.node(), &house.bob, Method::GET, "/approvals", None).await;
    let states: Vec<&str> =
        list["items"].as_array().unwrap().iter().filter_map(|i| i["state"].as_str()).collect();
    assert_eq!(states, ["expired", "expired"]);
}
