//! The management API as its callers see it.

use causeway_policy::Policy;
use causeway_store::{ChangeSet, Entity, Put};
use causeway_types::AgreementId;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::bad_input::client;
use crate::world::{Running, World};

async fn call(
    node: &Running,
    method: reqwest::Method,
    path: &str,
    key: Option<&str>,
    body: Option<Value>,
) -> (StatusCode, Value) {
    let url = format!("{}/api/v1{path}", node.management);
    let mut request = client().request(method, url).bearer_auth("operator");
    if let Some(key) = key {
        request = request.header("idempotency-key", key);
    }
    if let Some(body) = body {
        request = request.json(&body);
    }
    let response = request.send().await.unwrap();
    let status = response.status();
    (status, response.json().await.unwrap_or(Value::Null))
}

async fn get(node: &Running, path: &str) -> (StatusCode, Value) {
    call(node, reqwest::Method::GET, path, None, None).await
}

async fn post(node: &Running, path: &str, body: Value) -> (StatusCode, Value) {
    call(node, reqwest::Method::POST, path, None, Some(body)).await
}

#[tokio::test]
async fn an_exchange_can_be_driven_through_the_api_alone() {
    let world = World::new().await;
    let (provider, consumer) = (&world.provider, &world.consumer);

    let upload = client()
        .post(format!("{}/api/v1/objects", provider.management))
        .bearer_auth("operator")
        .body("country,year\nKenya,1952\n")
        .send()
        .await
        .unwrap();
    assert_eq!(upload.status(), StatusCode::CREATED);
    let content: Value = upload.json().await.unwrap();
    let offer = json!({
        "title": {"en": "Countries", "ar": "البلدان"},
        "media_type": "text/csv",
        "content": content,
        "automation": {"contract_requested": "auto"}
    });
    let (status, offer) = post(provider, "/offers", offer).await;
    assert_eq!(status, StatusCode::CREATED, "{offer}");
    assert_eq!(offer["title"]["ar"], "البلدان");
    let (_, offers) = get(provider, "/offers").await;
    assert_eq!(offers["items"][0], offer);

    let (_, catalog) = get(consumer, "/peers/provider/catalog").await;
    let dataset = &catalog["datasets"][0];
    assert_eq!(dataset["id"], offer["dataset_id"]);
    assert_eq!(dataset["distributions"][0]["content"], content);

    let asked = json!({"peer": "provider", "dataset_id": dataset["id"]});
    let (status, negotiation) = post(consumer, "/negotiations", asked).await;
    assert_eq!(status, StatusCode::CREATED, "{negotiation}");
    let id = causeway_types::ProcessId::parse(negotiation["id"].as_str().unwrap()).unwrap();
    consumer.negotiation_in(&id, "FINALIZED").await;
    let bare = id.as_str().trim_start_matches("urn:uuid:");
    let (_, negotiation) = get(consumer, &format!("/negotiations/{bare}")).await;
    assert_eq!(negotiation["state"], "FINALIZED");
    let agreement = negotiation["agreement_id"].as_str().unwrap();

    let (status, transfer) = post(consumer, "/transfers", json!({"agreement_id": agreement})).await;
    assert_eq!(status, StatusCode::CREATED, "{transfer}");
    let id = causeway_types::ProcessId::parse(transfer["id"].as_str().unwrap()).unwrap();
    consumer.transfer_in(&id, "COMPLETED").await;
    let (_, transfer) = get(consumer, &format!("/transfers/{id}")).await;
    assert_eq!(transfer["outcome"]["sha256"], content["sha256"]);
    let file = client()
        .get(format!("{}/api/v1/transfers/{id}/content", consumer.management))
        .bearer_auth("operator")
        .header("range", "bytes=8-")
        .send()
        .await
        .unwrap();
    assert_eq!(file.status(), StatusCode::PARTIAL_CONTENT);
    assert_eq!(file.text().await.unwrap(), "year\nKenya,1952\n");

    let (_, history) = get(consumer, &format!("/transfers/{id}/history")).await;
    let kinds: Vec<&str> =
        history["items"].as_array().unwrap().iter().filter_map(|e| e["kind"].as_str()).collect();
    assert!(kinds.contains(&"transfer.verified"), "{kinds:?}");
}

#[tokio::test]
async fn without_the_token_there_is_nothing_to_see() {
    let world = World::new().await;
    for token in [None, Some("wrong"), Some("")] {
        let mut request = client().get(format!("{}/api/v1/offers", world.provider.management));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(response.headers()["content-type"], "application/problem+json");
        let body: Value = response.json().await.unwrap();
        assert_eq!(body["code"], "unauthorized");
        assert!(body["hint"].as_str().unwrap().contains("management.token"));
    }
    let health = client().get(format!("{}/health", world.provider.management));
    assert_eq!(health.send().await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn a_wrong_request_gets_a_problem_that_says_what_is_wrong() {
    let world = World::new().await;
    let content = json!({"bytes": 1, "sha256": "0".repeat(64), "blake3": "0".repeat(64)});
    let offer = |field: &str, value: Value| {
        let mut offer = json!({"title": {"en": "t"}, "content": content});
        offer[field] = value;
        offer
    };
    for (path, body, status, expected) in [
        ("/offers", json!({}), 400, "missing field `title`"),
        ("/offers", offer("titel", json!("x")), 400, "unknown field `titel`"),
        ("/offers", offer("title", json!({})), 400, "expected at least one language"),
        ("/offers", offer("title", json!({"x": "t"})), 400, "BCP 47"),
        ("/offers", offer("media_type", json!("csv")), 400, "expected type/subtype"),
        ("/offers", offer("automation", json!({"x": "auto"})), 400, "contract_requested"),
        (
            "/offers",
            offer("automation", json!({"contract_requested": "maybe"})),
            400,
            "expected hold, auto or a webhook's URL",
        ),
        ("/offers", offer("policy", json!({"permission": "x y"})), 400, ""),
        ("/offers", offer("id", json!("a b")), 400, "white space"),
        ("/offers", json!({"title": {"en": "t"}, "content": content}), 404, "no uploaded file"),
        ("/negotiations", json!({"peer": "nobody", "dataset_id": "x"}), 404, "no peer"),
        ("/negotiations", json!({"peer": "provider"}), 400, "either dataset_id or offer"),
        ("/negotiations", json!({"peer": "provider", "dataset_id": "x"}), 404, "status 404"),
        ("/negotiations/x/accept", json!({}), 404, "there is no negotiation x"),
        ("/transfers", json!({"agreement_id": "x"}), 404, "there is no agreement x"),
        ("/nothing", json!({}), 404, "no such endpoint"),
    ] {
        let (found, problem) = post(&world.consumer, path, body).await;
        assert_eq!(found.as_u16(), status, "{path}: {problem}");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(expected), "{path}: {detail}");
        assert_eq!(problem["status"], status, "{path}");
    }
    let (status, problem) = get(&world.consumer, "/offers?limit=0").await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{problem}");
    let (status, _) = get(&world.consumer, "/offers?after=x").await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn the_same_idempotency_key_begins_one_negotiation_only() {
    let world = World::new().await;
    let offer = world.provider.publish(b"x", Policy::open()).await;
    let body = json!({"peer": "provider", "dataset_id": offer.dataset_id.as_str()});
    let post = reqwest::Method::POST;
    let send = async |key: &str, body: &Value| {
        let path = "/negotiations";
        call(&world.consumer, post.clone(), path, Some(key), Some(body.clone())).await
    };
    let (first, one) = send("key-1", &body).await;
    let (second, two) = send("key-1", &body).await;
    assert_eq!((first, second), (StatusCode::CREATED, StatusCode::CREATED));
    assert_eq!(one["id"], two["id"]);
    let (third, other) = send("key-2", &body).await;
    assert_eq!(third, StatusCode::CREATED);
    assert_ne!(one["id"], other["id"]);
    let (reused, problem) = send("key-1", &json!({"peer": "provider", "dataset_id": "y"})).await;
    assert_eq!(reused, StatusCode::UNPROCESSABLE_ENTITY, "{problem}");
    assert_eq!(world.consumer.negotiations().await.len(), 2);
}

#[tokio::test]
async fn ids_that_peers_chose_count_as_they_stand_even_as_bare_uuids() {
    let world = World::new().await;
    let id = "26ed4368-c21e-4288-b3be-b0ded9a7cac9";
    let upload = client().post(format!("{}/api/v1/objects", world.provider.management));
    let upload = upload.bearer_auth("operator").body("a,b\n").send().await.unwrap();
    let content: Value = upload.json().await.unwrap();
    let offer = json!({
        "id": id, "dataset_id": id, "title": {"en": "t"}, "media_type": "text/csv",
        "content": content,
    });
    let (status, offer) = post(&world.provider, "/offers", offer).await;
    assert_eq!(status, StatusCode::CREATED, "{offer}");
    let asked = json!({"peer": "provider", "dataset_id": id, "offer_id": id});
    let (status, negotiation) = post(&world.consumer, "/negotiations", asked).await;
    assert_eq!(status, StatusCode::CREATED, "{negotiation}");
    assert_eq!(negotiation["dataset_id"], id);

    // As it would stand after an exchange with a provider that names agreements so.
    let mut agreement = world.contract(b"a,b\n").await;
    agreement.agreement.id = AgreementId::parse(id).unwrap();
    let put = Put { entity: Entity::Agreement(Box::new(agreement)), expected: None };
    let changes = ChangeSet { puts: vec![put], ..ChangeSet::default() };
    world.consumer.node.store().commit(changes).await.unwrap();
    let (status, found) = get(&world.consumer, &format!("/agreements/{id}")).await;
    assert_eq!((status, &found["id"]), (StatusCode::OK, &json!(id)));
    let asked = json!({"agreement_id": id});
    let (status, transfer) = post(&world.consumer, "/transfers", asked).await;
    assert_eq!(status, StatusCode::CREATED, "{transfer}");
}

#[tokio::test]
async fn lists_are_read_page_by_page() {
    let world = World::new().await;
    for n in 0..7_u8 {
        world.provider.publish(&[n], Policy::open()).await;
    }
    let (mut seen, mut after) = (0, String::new());
    loop {
        let (_, page) = get(&world.provider, &format!("/offers?limit=3{after}")).await;
        seen += page["items"].as_array().unwrap().len();
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    assert_eq!(seen, 7);
}

#[tokio::test]
async fn a_listener_that_was_away_hears_what_it_missed_and_then_what_happens() {
    let world = World::new().await;
    world.provider.publish(b"1", Policy::open()).await;
    let offer = world.provider.publish(b"2", Policy::open()).await;
    let url = format!("{}/api/v1/events?types=offer.published", world.provider.management);
    let request = client().get(url).bearer_auth("operator").header("last-event-id", "1");
    let mut response = request.send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut text = String::new();
    while !text.contains(offer.id.as_str()) {
        text += std::str::from_utf8(&response.chunk().await.unwrap().unwrap()).unwrap();
    }
    assert!(text.contains("id: 2"), "{text}");
    assert!(!text.contains("id: 1\n"), "{text}");
    let next = world.provider.publish(b"3", Policy::open()).await;
    while !text.contains(next.id.as_str()) {
        text += std::str::from_utf8(&response.chunk().await.unwrap().unwrap()).unwrap();
    }
}
