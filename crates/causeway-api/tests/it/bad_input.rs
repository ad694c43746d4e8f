//! What a peer can send wrong: each gets a clear error in the words of its subprotocol, and
//! nothing changes.

use causeway_dsp::Question;
use causeway_policy::Policy;
use causeway_store::Rule;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::world::{Plan, Running, World};

const CONTEXT: &str = "https://w3id.org/dspace/2025/1/context.jsonld";

/// A client for tests that play a peer by hand.
#[expect(clippy::disallowed_methods, reason = "a test plays a peer that is not this product")]
pub(crate) fn client() -> reqwest::Client {
    reqwest::Client::new()
}

/// Posts as `from` to a path below `to`'s protocol base.
async fn post(from: &Running, to: &Running, path: &str, body: String) -> (StatusCode, Value) {
    let token = from.node.directory().authorization(&to.id, from.node.now()).unwrap();
    let url = to.address.join(&format!("/dsp/2025-1{path}"));
    let request = client().post(url).header("authorization", token).body(body);
    let response = request.send().await.unwrap();
    let status = response.status();
    (status, response.json().await.unwrap_or(Value::Null))
}

fn request(offer: &str, callback: &str) -> Value {
    json!({
        "@context": [CONTEXT],
        "@type": "ContractRequestMessage",
        "@id": "urn:uuid:message-1",
        "consumerPid": "urn:uuid:consumer-1",
        "offer": {
            "@type": "Offer",
            "@id": offer,
            "permission": [{"action": "use"}]
        },
        "callbackAddress": callback
    })
}

fn reason(body: &Value) -> String {
    body["reason"][0].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_with_the_reason_and_changes_nothing() {
    let world = World::new().await;
    let offer = world.provider.publish(b"x", Policy::open()).await;
    let offer = offer.id.as_str();
    let good = request(offer, "https://consumer.example/dsp");
    let with = |field: &str, value: Value| {
        let mut message = good.clone();
        message[field] = value;
        message.to_string()
    };
    let without = |field: &str| {
        let mut message = good.clone();
        message.as_object_mut().unwrap().remove(field);
        message.to_string()
    };
    let deep = format!("{}1{}", "[".repeat(100), "]".repeat(100));
    for (body, status, expected) in [
        (String::new(), 400, "line 1"),
        ("{".to_owned(), 400, "line 1"),
        ("not json".to_owned(), 400, "line 1"),
        ("[]".to_owned(), 400, ""),
        (with("consumerPid", serde_json::from_str(&deep).unwrap()), 400, "deep"),
        ("x".repeat(1024 * 1024 + 1), 413, "larger than"),
        (with("@type", json!("TransferRequestMessage")), 400, "expected ContractRequestMessage"),
        (with("@type", json!("Nonsense")), 400, "found"),
        (without("@type"), 400, "expected"),
        (without("consumerPid"), 400, "consumerPid"),
        (without("callbackAddress"), 400, "callbackAddress"),
        (without("offer"), 400, "offer"),
        (with("callbackAddress", json!("ftp://consumer.example")), 400, "http"),
        (with("callbackAddress", json!("not a url")), 400, "http"),
        (with("callbackAddress", json!("http://u:p@consumer.example")), 400, "user name"),
        (with("@context", json!(["https://w3id.org/dspace/2024/1/context.json"])), 400, "2024"),
        (with("consumerPid", json!("a\u{0}b")), 400, "character"),
        (request("no-such-offer", "https://c.example").to_string(), 404, "there is no offer"),
    ] {
        let short: String = body.chars().take(80).collect();
        let (found, answer) =
            post(&world.consumer, &world.provider, "/negotiations/request", body).await;
        assert_eq!(found.as_u16(), status, "{short}: {answer}");
        assert_eq!(answer["@type"], "ContractNegotiationError", "{short}");
        assert!(reason(&answer).contains(expected), "{short}: {answer}");
    }
    assert!(world.provider.negotiations().await.is_empty());
}

#[tokio::test]
async fn an_illegal_transition_is_refused_and_says_what_was_allowed() {
    let rules = vec![(Question::ContractRequested, Rule::Hold)];
    let provider = Plan { rules, ..Plan::default() };
    let world = World::of(provider, Plan::default()).await;
    let offer = world.provider.publish(b"x", Policy::open()).await;
    let ours = world.consumer.request(&world.provider, &offer).await;
    let theirs = world.provider.counterpart(&ours).await;

    let verification = json!({
        "@context": [CONTEXT],
        "@type": "ContractAgreementVerificationMessage",
        "@id": "urn:uuid:message-9",
        "consumerPid": ours.as_str(),
        "providerPid": theirs.as_str(),
    })
    .to_string();
    let path = format!("/negotiations/{theirs}/agreement/verification");
    let (status, answer) =
        post(&world.consumer, &world.provider, &path, verification.clone()).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(answer["@type"], "ContractNegotiationError");
    assert_eq!(answer["code"], "illegal-state");
    assert_eq!(answer["providerPid"], theirs.as_str());
    let text = reason(&answer);
    assert!(text.contains("in state REQUESTED"), "{text}");
    assert!(text.contains("expected ContractNegotiationTerminationMessage"), "{text}");

    // The right message on the wrong path.
    let path = format!("/negotiations/{theirs}/events");
    let (status, answer) = post(&world.consumer, &world.provider, &path, verification).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{answer}");
    let entry = world.provider.negotiation(&theirs).await;
    assert_eq!(entry.negotiation.state().unwrap().as_str(), "REQUESTED");
}

#[tokio::test]
async fn another_party_s_process_is_as_unknown_as_none() {
    let world = World::new().await;
    let agreement = world.contract(b"x").await;
    let theirs = world.provider.counterpart(&agreement.negotiation).await;
    let termination = |pid: &str| {
        json!({
            "@context": [CONTEXT],
            "@type": "ContractNegotiationTerminationMessage",
            "@id": "urn:uuid:message-8",
            "consumerPid": agreement.negotiation.as_str(),
            "providerPid": pid,
        })
        .to_string()
    };
    let path = |pid: &str| format!("/negotiations/{pid}/termination");
    let known = termination(theirs.as_str());
    let path_known = path(theirs.as_str());
    let (status, foreign) = post(&world.stranger, &world.provider, &path_known, known).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let nothing = "urn:uuid:00000000-0000-7000-8000-000000000000";
    let unknown = termination(nothing);
    let (status, missing) = post(&world.stranger, &world.provider, &path(nothing), unknown).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let blank = |answer: &Value, pid: &str| reason(answer).replace(pid, "PID");
    assert_eq!(blank(&foreign, theirs.as_str()), blank(&missing, nothing));

    // The contract of two others is no basis for a transfer of a third.
    let transfer = json!({
        "@context": [CONTEXT],
        "@type": "TransferRequestMessage",
        "@id": "urn:uuid:message-7",
        "consumerPid": "urn:uuid:stranger-1",
        "agreementId": agreement.agreement.id.as_str(),
        "format": "HttpData-PULL",
        "callbackAddress": world.stranger.node.settings().protocol_base().as_str(),
    });
    let (status, answer) =
        post(&world.stranger, &world.provider, "/transfers/request", transfer.to_string()).await;
    assert_eq!(status, StatusCode::NOT_FOUND, "{answer}");
    assert_eq!(answer["@type"], "TransferError");
    assert!(world.provider.transfers().await.is_empty());
}

#[tokio::test]
async fn who_cannot_say_who_it_is_learns_nothing() {
    let world = World::new().await;
    let offer = world.provider.publish(b"x", Policy::open()).await;
    let base = world.provider.node.settings().protocol_base();
    let own = world.provider.node.directory();
    // A token that the provider made for the consumer is none that the consumer made for it.
    let mirrored = own.authorization(&world.consumer.id, world.provider.node.now()).unwrap();
    let forged = format!("{}x", mirrored);
    for token in [None, Some("Bearer"), Some("Bearer x.y.z"), Some(&mirrored), Some(&forged)] {
        let send = async |path: &str| {
            let mut request = client().get(base.join(path));
            if let Some(token) = token {
                request = request.header("authorization", token);
            }
            request.send().await.unwrap().status()
        };
        let dataset = format!("/catalog/datasets/{}", offer.dataset_id);
        assert_eq!(send(&dataset).await, StatusCode::UNAUTHORIZED, "{token:?}");
        assert_eq!(send("/negotiations/urn:uuid:1").await, StatusCode::NOT_FOUND, "{token:?}");
        assert_eq!(send("/transfers/urn:uuid:1").await, StatusCode::NOT_FOUND, "{token:?}");
    }
    let version = world.provider.address.join("/.well-known/dspace-version");
    let body: Value = client().get(version).send().await.unwrap().json().await.unwrap();
    assert_eq!(body["protocolVersions"][0]["version"], "2025-1");
    assert_eq!(body["protocolVersions"][0]["path"], "/dsp/2025-1");
}

#[tokio::test]
async fn a_repeated_first_message_finds_the_negotiation_it_began() {
    let world = World::new().await;
    let offer = world.provider.publish(b"x", Policy::open()).await;
    let callback = world.consumer.node.settings().protocol_base();
    let body = request(offer.id.as_str(), callback.as_str()).to_string();
    let path = "/negotiations/request";
    let (first, one) = post(&world.consumer, &world.provider, path, body.clone()).await;
    let (second, two) = post(&world.consumer, &world.provider, path, body).await;
    assert_eq!((first, second), (StatusCode::CREATED, StatusCode::CREATED));
    assert_eq!(one["providerPid"], two["providerPid"]);
    assert_eq!(world.provider.negotiations().await.len(), 1);
}

#[tokio::test]
async fn a_filter_that_is_not_understood_is_refused() {
    let world = World::new().await;
    let body = json!({
        "@context": [CONTEXT],
        "@type": "CatalogRequestMessage",
        "filter": [{"something": "else"}]
    });
    let path = "/catalog/request";
    let (status, answer) = post(&world.consumer, &world.provider, path, body.to_string()).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(answer["@type"], "CatalogError");
    assert!(reason(&answer).contains("found the member \"something\""), "{answer}");
}

#[tokio::test]
async fn a_callback_on_a_host_that_is_not_the_peers_is_refused_before_anything_is_stored() {
    let world = World::new().await;
    let offer = world.provider.publish(b"x", Policy::open()).await;
    let agreement = world.contract(b"y").await;
    let before = world.provider.negotiations().await.len();
    let own = world.consumer.address.as_str().replace("http://", "");
    for callback in [
        // The cloud's metadata service, the classic prize.
        "http://169.254.169.254/latest",
        "http://10.0.0.1",
        "http://127.0.0.2:8080/dsp",
        "http://[::1]/dsp",
        "http://localhost/dsp",
        "https://consumer.example/dsp",
        "http://127.0.0.1.evil.example/dsp",
        &format!("https://evil.example/{own}"),
        // The right host, and a port at which no HTTP is served.
        "http://127.0.0.1:25/dsp",
    ] {
        let body = request(offer.id.as_str(), callback).to_string();
        let path = "/negotiations/request";
        let (status, answer) = post(&world.consumer, &world.provider, path, body).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{callback} {answer}");
        assert!(reason(&answer).contains("callbackAddress"), "{callback} {answer}");
        let transfer = json!({
            "@context": [CONTEXT],
            "@type": "TransferRequestMessage",
            "@id": "urn:uuid:message-7",
            "consumerPid": "urn:uuid:consumer-7",
            "agreementId": agreement.agreement.id.as_str(),
            "format": "HttpData-PULL",
            "callbackAddress": callback,
        });
        let path = "/transfers/request";
        let (status, answer) =
            post(&world.consumer, &world.provider, path, transfer.to_string()).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{callback} {answer}");
        assert!(reason(&answer).contains("callbackAddress"), "{callback} {answer}");
    }
    assert_eq!(world.provider.negotiations().await.len(), before);
    assert!(world.provider.transfers().await.is_empty());
}
