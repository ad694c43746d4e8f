//! A node that holds credentials, over real HTTP: what it shows and to whom, what it takes from
//! issuers, what it asks for, and the tokens that it makes. Issuers and verifiers are played by the
//! test, and once by another node.

mod stand;

use std::sync::atomic::Ordering;

use causeway_dcp::credential::Credential;
use causeway_dcp::did::Did;
use causeway_dcp::scope::Scope;
use causeway_dcp::testing::TestKey;
use causeway_node::clock::{Clock as _, System};
use causeway_store::EventKind;
use serde_json::{Value, json};

use self::stand::{
    CONTEXT, Holder, MEMBERSHIP, Parties, SENSITIVE, STS_SECRET, brought, credential, furnished,
    query, showing, signed, token, token_with,
};
use crate::bad_input::client;
use crate::world::World;

#[tokio::test]
async fn what_is_asked_and_granted_is_shown_and_nothing_else() {
    let (_world, parties, holder) = furnished().await;
    let both = [MEMBERSHIP, SENSITIVE];
    let (membership, sensitive) = ("MembershipCredential", "SensitiveDataCredential");
    assert_eq!(holder.shown(&parties, &both, &both).await, [membership, sensitive]);
    assert_eq!(holder.shown(&parties, &both, &[SENSITIVE]).await, [sensitive]);
    assert_eq!(holder.shown(&parties, &[MEMBERSHIP], &both).await, [membership]);
    let none: [&str; 0] = [];
    assert_eq!(holder.shown(&parties, &[MEMBERSHIP], &[SENSITIVE]).await, none);
    assert_eq!(holder.shown(&parties, &[], &both).await, none);
    let other = ["org.example:Nothing:read", MEMBERSHIP];
    assert_eq!(holder.shown(&parties, &both, &other).await, [membership]);
    // When a credential has ended, it is shown to nobody.
    holder.clock.0.store(7_201_000, Ordering::SeqCst);
    assert!(holder.held().await.iter().all(|held| held["state"] == "expired"));
    let scopes = Scope::parse_all(MEMBERSHIP);
    let presented = holder.node.present(parties.verifier.did(), &scopes, &scopes).await;
    assert_eq!(presented.unwrap().len(), 0);
}

#[tokio::test]
async fn whoever_may_not_ask_is_told_nothing() {
    let (_world, parties, holder) = furnished().await;
    let verifier = &parties.verifier;
    let access = holder.access(verifier.did(), &[MEMBERSHIP]).await;
    let check = async |token: &str, body: String, expected: u16, what: &str| {
        let (status, answer) = holder.post("/presentations/query", token, body).await;
        assert_eq!(status, expected, "{what}: {answer}");
        assert!(answer.get("presentation").is_none(), "{what}");
    };
    let asks = || query(&[MEMBERSHIP]);
    let good = || showing(verifier, &holder.did, &access);
    check("", asks(), 401, "no token").await;
    check(good().trim_start_matches("Bearer "), asks(), 401, "no prefix").await;
    check(&token(verifier, &holder.did), asks(), 401, "no access token").await;
    check(&showing(verifier, &holder.did, "faketoken"), asks(), 401, "a false access token").await;
    let third = &parties.third;
    check(&showing(third, &holder.did, &access), asks(), 401, "another's access token").await;
    check(&showing(verifier, third.did(), &access), asks(), 401, "another's audience").await;
    let wrong = |name: &'static str, value: Value| {
        token_with(verifier, &holder.did, |claims| {
            claims.insert("token".to_owned(), access.as_str().into());
            claims.insert(name.to_owned(), value);
        })
    };
    let now = System.now().unix_seconds();
    check(&wrong("sub", third.did().as_str().into()), asks(), 401, "another sub").await;
    check(&wrong("iss", third.did().as_str().into()), asks(), 401, "another iss").await;
    check(&wrong("exp", (now - 60).into()), asks(), 401, "expired").await;
    check(&wrong("nbf", (now + 60).into()), asks(), 401, "not yet").await;
    check(&wrong("iat", (now + 60).into()), asks(), 401, "from the future").await;
    check(&wrong("vp", json!({})), asks(), 401, "a presentation as a token").await;
    // A credential, and an access token, are no tokens of who asks.
    let membership = credential(parties.issuer.did(), &holder.did, "MembershipCredential");
    let text = format!("Bearer {}", signed(&parties.issuer, &membership));
    check(&text, asks(), 401, "a credential as a token").await;
    check(&format!("Bearer {access}"), asks(), 401, "an access token as a token").await;
    let own = holder.node.sign_token(&holder.did, Some(&access)).await.unwrap();
    check(&format!("Bearer {own}"), asks(), 401, "a token of the node itself").await;

    let once = good();
    let (status, _) = holder.post("/presentations/query", &once, asks()).await;
    assert_eq!(status, 200);
    check(&once, asks(), 401, "a token for the second time").await;
}

#[tokio::test]
async fn a_query_that_makes_no_sense_is_told_what_is_wrong() {
    let (_world, parties, holder) = furnished().await;
    let access = holder.access(parties.verifier.did(), &[MEMBERSHIP]).await;
    let ask = |scope: Value, definition: Value| {
        let mut message = json!({ "@context": [CONTEXT], "type": "PresentationQueryMessage" });
        for (name, value) in [("scope", scope), ("presentationDefinition", definition)] {
            if value != json!("absent") {
                message[name] = value;
            }
        }
        message.to_string()
    };
    let absent = json!("absent");
    let definition = json!({ "id": "d", "input_descriptors": [] });
    let table = [
        (ask(json!([MEMBERSHIP]), definition.clone()), 400),
        (ask(absent.clone(), json!({})), 400),
        (ask(absent.clone(), Value::Null), 400),
        (ask(absent.clone(), definition), 501),
        (ask(json!([]), absent.clone()), 400),
        (ask(absent.clone(), absent), 400),
        ("{}".to_owned(), 400),
        ("nothing".to_owned(), 400),
        (String::new(), 400),
        (format!("{{\"x\":\"{}\"}}", "y".repeat(1024 * 1024)), 413),
    ];
    for (body, expected) in table {
        let bearer = showing(&parties.verifier, &holder.did, &access);
        let shown: String = body.chars().take(200).collect();
        let (status, answer) = holder.post("/presentations/query", &bearer, body).await;
        assert_eq!(status, expected, "{shown}: {answer}");
        assert!(answer["detail"].is_string(), "{shown}: {answer}");
    }
}

#[tokio::test]
async fn an_issuer_brings_what_is_genuine_and_about_the_node_and_again_is_the_same() {
    let (_world, parties, holder) = furnished().await;
    let issuer = &parties.issuer;
    let bring = async |key: &TestKey, message: &Value| {
        holder.post("/credentials", &token(key, &holder.did), message.to_string()).await
    };
    let before = holder.held().await;
    assert_eq!(before.len(), 2);
    let events = holder.told(EventKind::CredentialReceived).await;
    assert_eq!(events, 2);

    // The same again is answered the same; a newer one that says the same takes its place.
    let newer = credential(issuer.did(), &holder.did, "MembershipCredential");
    let newer = brought("nobody-asked", &[signed(issuer, &newer)]);
    for _ in 0..2 {
        assert_eq!(bring(issuer, &newer).await.0, 200);
    }
    let after = holder.held().await;
    assert_eq!(after.len(), 2);
    assert_ne!(before, after);
    assert_eq!(holder.told(EventKind::CredentialReceived).await, events + 1);

    let made = |change: &dyn Fn(&mut Credential)| {
        let mut made = credential(issuer.did(), &holder.did, "MembershipCredential");
        made.claims.insert("foo".to_owned(), "other".into());
        change(&mut made);
        made
    };
    let text = |made: &Credential| brought("p", &[signed(issuer, made)]);
    let other = made(&|made| made.subject = parties.third.did().to_string());
    assert_eq!(bring(issuer, &text(&other)).await.0, 400, "about another");
    let expired = made(&|made| made.valid_until = Some(System.now()));
    assert_eq!(bring(issuer, &text(&expired)).await.0, 400, "expired");
    let foreign = made(&|made| made.issuer = parties.third.did().clone());
    let foreign = brought("p", &[signed(&parties.third, &foreign)]);
    assert_eq!(bring(issuer, &foreign).await.0, 400, "of another issuer");
    let mut forged = signed(issuer, &made(&|_| ()));
    forged.replace_range(forged.len() - 8.., "AAAAAAAA");
    assert_eq!(bring(issuer, &brought("p", &[forged])).await.0, 400, "forged");
    // One that is wrong spoils the others, so that nothing is half taken.
    let half = [signed(issuer, &made(&|_| ())), "nothing".to_owned()];
    assert_eq!(bring(issuer, &brought("p", &half)).await.0, 400, "half of it");
    let of_third = Credential { issuer: parties.third.did().clone(), ..made(&|_| ()) };
    let of_third = brought("p", &[signed(&parties.third, &of_third)]);
    assert_eq!(bring(&parties.third, &of_third).await.0, 403, "of nobody that is known");
    assert_eq!(holder.held().await, after);

    let good = text(&made(&|_| ()));
    let mut wrong = good.clone();
    wrong.as_object_mut().unwrap().remove("holderPid");
    assert_eq!(bring(issuer, &wrong).await.0, 400);
    for (name, value) in [("status", json!("INVALID_STATUS")), ("credentials", json!([]))] {
        let mut wrong = good.clone();
        wrong[name] = value;
        assert_eq!(bring(issuer, &wrong).await.0, 400, "{name}");
    }
    let refusal = json!({
        "@context": [CONTEXT], "type": "CredentialMessage", "issuerPid": "i", "holderPid": "p",
        "status": "REJECTED",
    });
    assert_eq!(bring(issuer, &refusal).await.0, 404, "a refusal of nothing");
    assert_eq!(bring(issuer, &good).await.0, 200);
    assert_eq!(holder.held().await.len(), 3);

    let id = holder.held().await[0]["id"].as_str().unwrap().to_owned();
    let (status, removed) = holder.manage("DELETE", &format!("/credentials/{id}"), json!({})).await;
    assert_eq!((status, &removed["claims"]["foo"]), (200, &json!("other")));
    assert_eq!(holder.held().await.len(), 2);
    assert_eq!(holder.manage("GET", &format!("/credentials/{id}"), json!({})).await.0, 404);
}

#[tokio::test]
async fn offers_of_known_issuers_are_kept_and_nothing_follows() {
    let (_world, parties, holder) = furnished().await;
    let offer = |issuer: &Did, ids: &[&str]| {
        let objects: Vec<Value> = ids.iter().map(|id| json!({ "id": id })).collect();
        json!({
            "@context": [CONTEXT], "type": "CredentialOfferMessage", "issuer": issuer.as_str(),
            "credentials": objects,
        })
    };
    let send = async |key: &TestKey, message: Value| {
        holder.post("/offers", &token(key, &holder.did), message.to_string()).await.0
    };
    let issuer = parties.issuer.did();
    assert_eq!(send(&parties.issuer, offer(issuer, &["a", "b"])).await, 200);
    assert_eq!(send(&parties.issuer, offer(issuer, &["b", "a"])).await, 200);
    assert_eq!(send(&parties.third, offer(issuer, &["c"])).await, 400, "in another's name");
    assert_eq!(send(&parties.third, offer(parties.third.did(), &["c"])).await, 403);
    let mut unnamed = offer(issuer, &["c"]);
    unnamed["issuer"] = Value::Null;
    assert_eq!(send(&parties.issuer, unnamed).await, 400);
    assert_eq!(send(&parties.issuer, offer(issuer, &[])).await, 400);
    for number in 0..70 {
        let name = format!("n{number}");
        assert_eq!(send(&parties.issuer, offer(issuer, &[&name])).await, 200);
    }
    let (_, list) = holder.manage("GET", "/credential-offers?limit=500", json!({})).await;
    let items = list["items"].as_array().unwrap();
    assert_eq!((items.len(), &items[0]["credentials"]), (64, &json!(["n69"])));
    assert_eq!(holder.told(EventKind::CredentialOffered).await, 71);
    assert_eq!(parties.service.asked.lock().unwrap().len(), 0);
}

#[tokio::test]
async fn a_request_is_sent_asked_after_and_ends_with_what_the_issuer_says() {
    let (world, parties) = (World::new().await, Parties::start().await);
    let holder = Holder::start(&world).await;
    let issuer = parties.issuer.did();
    let ask = json!({ "issuer": issuer.as_str(), "credentials": ["m"], "holder_pid": "mine-1" });
    let (status, request) = holder.manage("POST", "/credential-requests", ask.clone()).await;
    assert_eq!((status, &request["state"]), (201, &json!("CREATED")), "{request}");
    assert_eq!(holder.manage("POST", "/credential-requests", ask).await.0, 409);
    holder.request_in("mine-1", "REQUESTED").await;
    let sent = parties.service.asked.lock().unwrap().clone();
    assert_eq!(sent[0]["holderPid"], "mine-1");
    assert_eq!(sent[0]["credentials"], json!([{ "id": "m" }]));

    // Not before its time; then, that it was received, and at last that it is refused.
    *parties.service.status.lock().unwrap() = "RECEIVED".to_owned();
    holder.node.tend_credentials().await.unwrap();
    assert_eq!(parties.service.looks.load(Ordering::SeqCst), 0);
    holder.clock.0.store(6_000, Ordering::SeqCst);
    holder.node.tend_credentials().await.unwrap();
    let received = holder.request_in("mine-1", "RECEIVED").await;
    assert_eq!(received["issuer_pid"], "i-1");
    *parties.service.status.lock().unwrap() = "REJECTED".to_owned();
    holder.clock.0.store(600_000, Ordering::SeqCst);
    holder.node.tend_credentials().await.unwrap();
    holder.request_in("mine-1", "REJECTED").await;
    let (_, history) = holder.manage("GET", "/credential-requests/mine-1/history", json!({})).await;
    assert_eq!(history["items"].as_array().unwrap().len(), 2, "{history}");
    let looks = parties.service.looks.load(Ordering::SeqCst);
    holder.clock.0.store(60_000_000, Ordering::SeqCst);
    holder.node.tend_credentials().await.unwrap();
    assert_eq!(parties.service.looks.load(Ordering::SeqCst), looks, "asked after its end");
}

#[tokio::test]
async fn what_was_asked_for_is_taken_of_an_issuer_that_no_file_knows_and_of_no_other() {
    let (world, parties) = (World::new().await, Parties::start().await);
    let holder = Holder::start(&world).await;
    let issuer = &parties.issuer;
    let ask = json!({
        "issuer": issuer.did().as_str(), "credentials": ["m"], "holder_pid": "mine-1"
    });
    assert_eq!(holder.manage("POST", "/credential-requests", ask).await.0, 201);
    let bring = async |key: &TestKey, pid: &str, name: &str| {
        let text = signed(key, &credential(key.did(), &holder.did, name));
        let message = brought(pid, &[text]).to_string();
        holder.post("/credentials", &token(key, &holder.did), message).await.0
    };
    assert_eq!(bring(&parties.third, "mine-1", "MembershipCredential").await, 403);
    // The same request may be answered more than once, and each time with 2xx.
    for _ in 0..3 {
        assert_eq!(bring(issuer, "mine-1", "MembershipCredential").await, 200);
    }
    holder.request_in("mine-1", "ISSUED").await;
    let held = holder.held().await;
    assert_eq!((held.len(), &held[0]["object"]), (1, &json!("m")));
    // A refusal that comes after the credentials changes nothing.
    let refusal = json!({
        "@context": [CONTEXT], "type": "CredentialMessage", "issuerPid": "i",
        "holderPid": "mine-1", "status": "REJECTED",
    });
    let bearer = token(issuer, &holder.did);
    assert_eq!(holder.post("/credentials", &bearer, refusal.to_string()).await.0, 200);
    holder.request_in("mine-1", "ISSUED").await;
    for (body, expected) in [
        (json!({ "issuer": "x", "credentials": ["m"] }), 400),
        (json!({ "issuer": issuer.did().as_str(), "credentials": [] }), 400),
        (json!({ "issuer": holder.did.as_str(), "credentials": ["m"] }), 400),
        (json!({ "issuer": issuer.did().as_str(), "credentials": ["a b"] }), 400),
    ] {
        let (status, answer) = holder.manage("POST", "/credential-requests", body).await;
        assert_eq!(status, expected, "{answer}");
    }
}

#[tokio::test]
async fn one_node_gets_its_credential_of_another_shows_it_and_renews_it() {
    let world = World::new().await;
    let (parties, holder) = (Parties::start().await, Holder::start(&world).await);
    let issuer = Holder::start(&world).await;
    let definition = json!({
        "id": "member", "credential_type": "MembershipCredential",
        "profile": "vc11-sl2021/jwt", "rule": "auto",
    });
    let (status, defined) = issuer.manage("POST", "/issuer/definitions", definition).await;
    assert_eq!(status, 201, "{defined}");
    // A person names the type; the issuer's own name of it is found.
    let ask = json!({ "issuer": issuer.did.as_str(), "credentials": ["MembershipCredential"] });
    let (status, request) = holder.manage("POST", "/credential-requests", ask).await;
    assert_eq!((status, &request["credentials"]), (201, &json!(["member"])), "{request}");
    holder.request_in(request["id"].as_str().unwrap(), "ISSUED").await;
    let held = holder.held().await;
    assert_eq!(held.len(), 1);
    assert_eq!((&held[0]["state"], &held[0]["object"]), (&json!("counts"), &json!("member")));

    let id = held[0]["id"].as_str().unwrap();
    let (status, renewal) =
        holder.manage("POST", &format!("/credentials/{id}/renew"), json!({})).await;
    assert_eq!((status, &renewal["renews"]), (201, &json!(id)), "{renewal}");
    holder.request_in(renewal["id"].as_str().unwrap(), "ISSUED").await;
    let renewed = holder.held().await;
    assert_eq!(renewed.len(), 1);
    assert_ne!(renewed[0]["credential_id"], held[0]["credential_id"]);

    // A verifier that trusts the issuer believes what is shown; and a revocation is noticed.
    let scopes = Scope::parse_all(MEMBERSHIP);
    let verifier = parties.verifier.did();
    assert_eq!(holder.node.present(verifier, &scopes, &scopes).await.unwrap().len(), 1);
    let (_, issued) = issuer.manage("GET", "/issuer/credentials", json!({})).await;
    for credential in issued["items"].as_array().unwrap() {
        let id = credential["id"].as_str().unwrap().replace('/', "%2F");
        let path = format!("/issuer/credentials/{id}/revoke");
        let (status, answer) = issuer.manage("POST", &path, json!({ "reason": "x" })).await;
        assert_eq!(status, 200, "{answer}");
    }
    holder.clock.0.store(1_000_000, Ordering::SeqCst);
    holder.node.tend_credentials().await.unwrap();
    assert_eq!(holder.held().await[0]["state"], "revoked");
    assert_eq!(holder.node.present(verifier, &scopes, &scopes).await.unwrap().len(), 0);
}

/// Fields of a form in the place of the usual ones.
type Fields<'f> = &'f [(&'f str, &'f str)];

#[tokio::test]
async fn tokens_are_made_for_the_client_alone_and_open_what_they_say() {
    let (_world, parties, holder) = furnished().await;
    let url = format!("{}/dcp/sts/token", holder.address);
    let make = async |fields: Fields<'_>| {
        let mut form: Vec<(&str, &str)> = vec![
            ("grant_type", "client_credentials"),
            ("client_id", "plane"),
            ("client_secret", STS_SECRET),
            ("audience", parties.verifier.did().as_str()),
        ];
        for (name, value) in fields {
            form.retain(|(known, _)| known != name);
            form.push((name, value));
        }
        let mut body = url::form_urlencoded::Serializer::new(String::new());
        body.extend_pairs(form);
        let request = client().post(&url).body(body.finish());
        let kind = "application/x-www-form-urlencoded";
        let response = request.header("content-type", kind).send().await.unwrap();
        let status = response.status().as_u16();
        assert_eq!(response.headers()["cache-control"], "no-store");
        (status, response.json::<Value>().await.unwrap())
    };
    let both = format!("{MEMBERSHIP} {SENSITIVE}");
    let (status, made) = make(&[("bearer_access_scope", &both)]).await;
    assert_eq!((status, &made["token_type"]), (200, &json!("Bearer")), "{made}");
    let text = made["access_token"].as_str().unwrap();
    let jws = causeway_dcp::jws::Jws::read(text, 1 << 20).unwrap();
    assert_eq!(jws.payload()["aud"], parties.verifier.did().as_str());
    let access = jws.payload()["token"].as_str().unwrap();
    let bearer = showing(&parties.verifier, &holder.did, access);
    let (status, shown) = holder.post("/presentations/query", &bearer, query(&[SENSITIVE])).await;
    assert_eq!((status, shown["presentation"].as_array().unwrap().len()), (200, 1));

    let (_, passed) = make(&[("token", "of-another")]).await;
    let text = passed["access_token"].as_str().unwrap();
    let jws = causeway_dcp::jws::Jws::read(text, 1 << 20).unwrap();
    assert_eq!(jws.payload()["token"], "of-another");
    let long = "x".repeat(33 * 1024);
    let table: [(Fields<'_>, u16, &str); 9] = [
        (&[("client_secret", "wrong")], 401, "invalid_client"),
        (&[("client_id", "other")], 401, "invalid_client"),
        (&[("client_secret", "")], 400, "invalid_request"),
        (&[("grant_type", "password")], 400, "unsupported_grant_type"),
        (&[("audience", "nobody")], 400, "invalid_request"),
        (&[("audience", holder.did.as_str())], 400, "invalid_request"),
        (&[("bearer_access_scope", "anything")], 400, "invalid_scope"),
        (&[("bearer_access_scope", MEMBERSHIP), ("token", "x")], 400, "invalid_request"),
        (&[("token", &long)], 413, "invalid_request"),
    ];
    for (fields, expected, code) in table {
        let (status, answer) = make(fields).await;
        assert_eq!((status, &answer["error"]), (expected, &json!(code)), "{answer}");
        assert!(!answer.to_string().contains(STS_SECRET));
    }
    // A token for another audience does not open the node itself.
    let own = holder.token(parties.verifier.did()).await;
    assert_eq!(holder.post("/presentations/query", &own, query(&[MEMBERSHIP])).await.0, 401);
}
