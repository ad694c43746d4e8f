//! Who may do what over the management API: every route for every role, and tokens that no longer
//! count.

use std::collections::BTreeSet;
use std::time::Duration;

use causeway_api::AccessSettings;
use causeway_api::limiter::Rate;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::bad_input::client;
use crate::world::{Plan, Running, World};

/// Who may call what, beside the operator, who may call all of it: steward, legal, developer,
/// auditor, by their first letters.
const EXPECTED: &str = "
    GET /access slda
    GET /node slda
    GET /peers slda
    POST /peers/{peer}/check slda
    GET /peers/{peer}/identity slda
    POST /peers/{peer}/identity/approve -
    GET /peers/{peer}/catalog slda
    GET /peers/{peer}/datasets/{id} slda
    GET /changed-keys slda
    GET /catalogs slda
    GET /peers/{peer}/sync slda
    POST /peers/{peer}/sync -
    GET /search slda
    POST /objects s
    HEAD /objects/{blake3} slda
    POST /objects/{blake3}/persons s
    GET /offers slda
    POST /offers s
    POST /offers/batch s
    GET /offers/{id} slda
    GET /offers/{id}/crossings slda
    POST /offers/{id}/withdraw s
    GET /negotiations slda
    POST /negotiations d
    GET /negotiations/{id} slda
    GET /negotiations/{id}/history slda
    POST /negotiations/{id}/accept l
    POST /negotiations/{id}/propose l
    POST /negotiations/{id}/terminate ld
    GET /agreements slda
    GET /agreements/{id} slda
    POST /agreements/{id}/duties/{duty}/done l
    GET /transfers slda
    POST /transfers d
    GET /transfers/{id} slda
    GET /transfers/{id}/history slda
    GET /transfers/{id}/content d
    POST /transfers/{id}/accept l
    POST /transfers/{id}/suspend ld
    POST /transfers/{id}/resume d
    POST /transfers/{id}/complete d
    POST /transfers/{id}/terminate ld
    GET /decisions slda
    GET /decisions/{id} slda
    GET /attestations slda
    POST /attestations l
    POST /attestations/{id}/revoke l
    POST /law/recheck l
    GET /trust slda
    POST /trust -
    GET /credentials slda
    GET /credentials/{id} slda
    DELETE /credentials/{id} -
    POST /credentials/{id}/renew -
    GET /credential-requests slda
    POST /credential-requests -
    GET /credential-requests/{id} slda
    GET /credential-requests/{id}/history slda
    GET /credential-offers slda
    GET /issuer/definitions slda
    POST /issuer/definitions -
    POST /issuer/definitions/{id}/withdraw -
    GET /issuer/requests slda
    GET /issuer/requests/{id} slda
    GET /issuer/requests/{id}/history slda
    POST /issuer/requests/{id}/approve -
    POST /issuer/requests/{id}/reject -
    GET /issuer/credentials slda
    POST /issuer/credentials -
    GET /issuer/credentials/{id} slda
    POST /issuer/credentials/{id}/revoke -
    POST /issuer/offers -
    GET /events slda
    GET /tokens a
    POST /tokens -
    GET /tokens/{id} a
    POST /tokens/{id}/revoke -
    POST /persons/{person}/revoke -
    GET /approvals a
    GET /approvals/{id} a
    POST /approvals/{id}/approve -
    POST /approvals/{id}/reject -
    GET /keys slda
    GET /keys/{key} slda
    POST /keys/rotate -
    POST /keys/{key}/retire -
    POST /keys/{key}/revoke -
    POST /keys/{key}/destroy -
    GET /settings/loosened slda
    POST /settings/loosened/acknowledge -
";

/// Calls the management API with a token.
pub(crate) async fn call(
    node: &Running,
    token: &str,
    method: Method,
    path: &str,
    body: Option<Value>,
) -> (StatusCode, Value) {
    let mut request = client().request(method, format!("{}/api/v1{path}", node.management));
    request = request.bearer_auth(token);
    if let Some(body) = body {
        request = request.json(&body);
    }
    let response = request.send().await.unwrap();
    let status = response.status();
    (status, response.json().await.unwrap_or(Value::Null))
}

/// Makes a token and returns it with its id.
pub(crate) async fn token(node: &Running, by: &str, more: Value) -> (String, String) {
    let mut wanted = json!({"name": "a token", "person": "Ada", "expires_in_days": 30});
    for (name, value) in more.as_object().unwrap() {
        wanted[name] = value.clone();
    }
    let (status, made) = call(node, by, Method::POST, "/tokens", Some(wanted)).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    let text = |name: &str| made[name].as_str().unwrap().to_owned();
    (text("token"), text("id"))
}

#[tokio::test]
async fn every_route_lets_in_exactly_the_roles_that_it_should() {
    let world = World::new().await;
    let node = &world.provider;
    let roles = ["steward", "legal", "developer", "auditor", "operator"];
    let mut tokens = Vec::new();
    for role in roles {
        tokens.push(token(node, "operator", json!({"role": role})).await.0);
    }
    let document: Value = serde_json::from_str(&causeway_api::openapi_json()).unwrap();
    let mut left: BTreeSet<String> = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            left.insert(format!("{} {}", method.to_uppercase(), path.replace("/api/v1", "")));
        }
    }
    for line in EXPECTED.trim().lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let (method, path, allowed) = (words[0], words[1], words[2]);
        assert!(left.remove(&format!("{method} {path}")), "{line}: there is no such route");
        let zeros = "0".repeat(64);
        let called = path.replace("{blake3}", &zeros);
        let called: Vec<&str> =
            called.split('/').map(|part| if part.starts_with('{') { "x" } else { part }).collect();
        let url = format!("{}/api/v1{}", node.management, called.join("/"));
        for (role, token) in roles.iter().zip(&tokens) {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            let mut request = client().request(method.clone(), &url).bearer_auth(token);
            if method == Method::POST {
                request = request.json(&json!({}));
            }
            let status = request.send().await.unwrap().status();
            let is_allowed = *role == "operator" || allowed.contains(&role[..1]);
            assert_eq!(status != StatusCode::FORBIDDEN, is_allowed, "{line}: {role} got {status}");
            assert_ne!(status, StatusCode::UNAUTHORIZED, "{line}: {role}");
        }
        let unknown = client().get(&url).bearer_auth("cwk_unknown").send().await.unwrap();
        assert!(matches!(unknown.status().as_u16(), 401 | 429), "{line}: {}", unknown.status());
    }
    assert!(left.is_empty(), "not expected: {left:?}");
}

#[tokio::test]
async fn a_refusal_names_the_scope_that_is_missing() {
    let world = World::new().await;
    let node = &world.provider;
    let (auditor, _) = token(node, "operator", json!({"role": "auditor"})).await;
    let request = client().post(format!("{}/api/v1/offers", node.management));
    let response = request.bearer_auth(&auditor).json(&json!({})).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
    let challenge = response.headers()["www-authenticate"].to_str().unwrap().to_owned();
    assert!(challenge.contains("causeway:offers:write"), "{challenge}");
    let problem: Value = response.json().await.unwrap();
    assert_eq!(problem["code"], "forbidden");
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("needs causeway:offers:write"), "{detail}");
    assert!(detail.contains("the role auditor"), "{detail}");
    let (status, me) = call(node, &auditor, Method::GET, "/access", None).await;
    assert_eq!((status, &me["role"]), (StatusCode::OK, &json!("auditor")));
    let (status, _) = call(node, "operator", Method::DELETE, "/offers", None).await;
    assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn whoever_guesses_gets_one_answer_whatever_is_wrong_with_the_token() {
    let mut world = World::new().await;
    let node = &world.provider;
    let role = json!({"role": "auditor"});
    let (good, _) = token(node, "operator", role.clone()).await;
    let (revoked, id) = token(node, "operator", role.clone()).await;
    let path = format!("/tokens/{id}/revoke");
    let (status, after) = call(node, "operator", Method::POST, &path, None).await;
    assert_eq!((status, &after["state"]), (StatusCode::OK, &json!("revoked")));
    let elsewhere = json!({"role": "auditor", "networks": ["10.0.0.0/8", "2001:db8::/32"]});
    let (elsewhere, _) = token(node, "operator", elsewhere).await;
    let here = json!({"role": "auditor", "networks": ["10.0.0.0/8", "127.0.0.0/8"]});
    let (here, _) = token(node, "operator", here).await;
    let (left, _) = token(node, "operator", json!({"role": "steward", "person": "Bob B"})).await;
    let (also, _) = token(node, "operator", json!({"role": "legal", "person": "bob  b"})).await;
    let path = "/persons/BOB%20B/revoke";
    let (status, gone) = call(node, "operator", Method::POST, path, None).await;
    assert_eq!((status, gone["items"].as_array().unwrap().len()), (StatusCode::OK, 2));
    let (short, _) =
        token(node, "operator", json!({"role": "auditor", "expires_in_days": 1})).await;
    for token in [&good, &here, &short] {
        let (status, problem) = call(node, token, Method::GET, "/node", None).await;
        assert_eq!(status, StatusCode::OK, "{problem}");
    }
    // The last letter of 256 bits is one of sixteen; another of them is another token.
    let other = if good.ends_with('A') { 'E' } else { 'A' };
    let nearly = format!("{}{other}", &good[..good.len() - 1]);
    let bad = ["", "x", "cwk_", &nearly, &good[4..], &revoked, &elsewhere, &left, &also, "a.b.c"];
    let mut answers = BTreeSet::new();
    for token in bad {
        let (status, problem) = call(node, token, Method::GET, "/node", None).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{token}: {problem}");
        answers.insert(problem.to_string());
    }
    world.provider.restart(Duration::from_secs(86_401)).await;
    let node = &world.provider;
    let (status, problem) = call(node, &short, Method::GET, "/node", None).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    answers.insert(problem.to_string());
    assert_eq!(answers.len(), 1, "{answers:?}");
    let (status, _) = call(node, &good, Method::GET, "/node", None).await;
    assert_eq!(status, StatusCode::OK);
}

#[tokio::test]
async fn a_token_is_shown_once_and_kept_by_its_hash_only() {
    let world = World::new().await;
    let node = &world.provider;
    let (secret, id) = token(node, "operator", json!({"role": "auditor"})).await;
    assert!(secret.starts_with("cwk_") && secret.len() == 4 + 43, "{}", secret.len());
    for path in ["/tokens", "/tokens?person=ADA", &format!("/tokens/{id}"), "/events?after=0"] {
        if path.starts_with("/events") {
            let all = causeway_store::Page { after: None, limit: 100 };
            let events = node.node.store().events(all).await.unwrap();
            assert!(events.iter().any(|event| event.text.contains("made the token")));
            assert!(!format!("{events:?}").contains(&secret));
            continue;
        }
        let (status, found) = call(node, "operator", Method::GET, path, None).await;
        assert_eq!(status, StatusCode::OK);
        let found = found.to_string();
        assert!(found.contains(&id) && !found.contains(&secret), "{path}");
    }
    let record = node.node.store().record(causeway_store::RecordKind::ApiToken, &id).await;
    let record = record.unwrap().unwrap().value;
    assert!(!format!("{record:?}").contains(&secret[4..]));
    let request = client().post(format!("{}/api/v1/tokens", node.management));
    let request = request.bearer_auth("operator").header("idempotency-key", "k");
    let response = request.json(&json!({"name": "x", "role": "auditor"})).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn nobody_makes_a_token_that_allows_more_than_they_may() {
    let world = World::new().await;
    let node = &world.provider;
    let scopes = json!({"scopes": ["causeway:tokens:admin", "causeway:offers:read"]});
    let (maker, _) = token(node, "operator", scopes).await;
    let check = async |more: Value, status: u16, expected: &str| {
        let mut wanted = json!({"name": "n", "expires_in_days": 1});
        for (name, value) in more.as_object().unwrap() {
            wanted[name] = value.clone();
        }
        let (found, answer) = call(node, &maker, Method::POST, "/tokens", Some(wanted)).await;
        assert_eq!(found.as_u16(), status, "{more}: {answer}");
        assert!(answer.to_string().contains(expected), "{more}: {answer}");
    };
    check(json!({"scopes": ["causeway:offers:read"]}), 201, "cwk_").await;
    check(json!({"scopes": ["causeway:tokens:admin"]}), 201, "cwk_").await;
    check(json!({"scopes": ["causeway:offers:write"]}), 403, "causeway:offers:write").await;
    check(json!({"role": "operator"}), 403, "its maker").await;
    check(json!({"role": "auditor"}), 403, "its maker").await;
    check(json!({"scopes": ["management-api:read"]}), 403, "its maker").await;
    check(json!({"role": "admin"}), 400, "no token has it").await;
    check(json!({"role": "boss"}), 400, "expected one of operator").await;
    check(json!({"scopes": ["causeway:*:admin"]}), 400, "scope: found").await;
    check(json!({}), 400, "neither a role nor a scope").await;
    let read = json!(["causeway:offers:read"]);
    check(json!({"scopes": read, "expires_in_days": 367}), 400, "1 to 366").await;
    check(json!({"scopes": read, "expires_in_days": null}), 400, "expires_at").await;
    let late = json!({
        "scopes": read, "expires_in_days": null, "expires_at": "2099-01-01T00:00:00Z",
    });
    check(late, 400, "expected a time from now").await;
    check(json!({"scopes": read, "networks": ["everywhere"]}), 400, "10.0.0.0/8").await;
    check(json!({"scopes": read, "name": "\u{7}"}), 400, "control character").await;
    check(json!({"scopes": read, "name": ""}), 400, "name").await;
    check(json!({"scopes": read, "person": " "}), 400, "person").await;
}

#[tokio::test]
async fn one_person_who_is_too_fast_waits_and_nobody_else_does() {
    let rate = Rate { per_second: 1, burst: 5 };
    let access = AccessSettings { rate, ..AccessSettings::default() };
    let world = World::of(Plan { access, ..Plan::default() }, Plan::default()).await;
    let node = &world.provider;
    let (one, _) = token(node, "operator", json!({"role": "auditor"})).await;
    let (two, _) = token(node, "operator", json!({"role": "auditor"})).await;
    let (other, _) = token(node, "operator", json!({"role": "auditor", "person": "Bob"})).await;
    let mut slowed = 0;
    for n in 0..20 {
        let token = if n % 2 == 0 { &one } else { &two };
        let request = client().get(format!("{}/api/v1/node", node.management));
        let response = request.bearer_auth(token).send().await.unwrap();
        if response.status() == StatusCode::TOO_MANY_REQUESTS {
            slowed += 1;
            let wait = response.headers()["retry-after"].to_str().unwrap();
            assert_eq!(wait.parse(), Ok(1_u64));
            let problem: Value = response.json().await.unwrap();
            assert_eq!(problem["code"], "too-many-requests");
        }
    }
    assert!((10..=15).contains(&slowed), "{slowed}");
    let (status, _) = call(node, &other, Method::GET, "/node", None).await;
    assert_eq!(status, StatusCode::OK);
    for _ in 0..30 {
        let (status, _) = call(node, "operator", Method::GET, "/node", None).await;
        assert_eq!(status, StatusCode::OK);
    }
}

#[tokio::test]
async fn whoever_guesses_fast_is_slowed_down_and_whoever_knows_is_not() {
    let world = World::new().await;
    let node = &world.provider;
    let mut slowed = 0;
    for n in 0..60 {
        let guess = format!("cwk_{n}");
        let (status, _) = call(node, &guess, Method::GET, "/node", None).await;
        slowed += usize::from(status == StatusCode::TOO_MANY_REQUESTS);
    }
    assert!(slowed >= 20, "{slowed}");
    let (status, _) = call(node, "operator", Method::GET, "/node", None).await;
    assert_eq!(status, StatusCode::OK);
}
