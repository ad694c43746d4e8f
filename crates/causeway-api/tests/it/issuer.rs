//! A node that issues credentials, over real HTTP, to a holder that is played by the test: what
//! the holder is sent, what it may ask, and what it is refused.

mod stand;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use causeway_dcp::credential::SignedCredential;
use causeway_dcp::did::Did;
use causeway_dcp::message::{
    CredentialMessage, CredentialOffer, Delivery, IssuerMetadata, RequestStatus,
};
use causeway_dcp::scope::Scope;
use causeway_dcp::status::StatusList;
use causeway_dcp::testing::TestKey;
use causeway_dcp::token::{NewToken, TokenCheck, TokenRules};
use causeway_node::NewCredentialRequest;
use causeway_node::clock::{Clock as _, System};
use causeway_types::CredentialObjectId;
use reqwest::Method;
use serde_json::{Value, json};

use self::stand::{Answered, Stand, VC11, VC20, request};
use crate::party::{trust, trust_with_schema};
use crate::world::{Claims, Plan, Running, member};

#[tokio::test]
async fn what_is_issued_to_whoever_asks_arrives_once_and_is_genuine() {
    let stand = Stand::new().await;
    stand.define("member", "MembershipCredential", VC11, "auto").await;
    stand.define("secret", "SensitiveDataCredential", VC20, "auto").await;
    let metadata = stand.look("/metadata", None).await;
    let metadata = IssuerMetadata::read(metadata.body.as_bytes()).unwrap();
    assert_eq!((&metadata.issuer, metadata.supported.len()), (&stand.did, 2));

    let answered = stand.ask_for(&["member", "secret"], "pid-1").await;
    let message = stand.holder.delivery().await;
    assert_eq!(message.holder_pid.as_str(), "pid-1");
    let Delivery::Issued(containers) = &message.delivery else { panic!("{message:?}") };
    let formats: Vec<&str> = containers.iter().map(|one| one.format.as_str()).collect();
    assert_eq!(formats, [VC11, VC20]);
    for container in containers {
        let credential = stand.genuine(&container.payload).await;
        assert_eq!(credential.subject, stand.holder.key.did().as_str());
        assert_eq!(credential.types[1], container.credential_type.as_str());
        assert!(!stand.is_revoked(&credential).await);
    }

    // The message came with a token of the issuer for this holder, which gives access to nothing.
    let (_, token, _) = stand.holder.messages(1).await.remove(0);
    let text = token.strip_prefix("Bearer ").unwrap();
    let rules = TokenRules::default();
    let check = TokenCheck::start(text, stand.holder.key.did(), System.now(), &rules).unwrap();
    let token = check.finish(&stand.document().await).unwrap();
    assert_eq!(token.issuer, stand.did);
    assert!(token.access_token.is_none());

    let status = stand.progress(&answered).await;
    assert_eq!(status.status, RequestStatus::Issued);
    assert_eq!(status.issuer_pid, message.issuer_pid);
    // The same request again is another one, as a holder has it that renews under one id.
    stand.ask_for(&["member"], "pid-1").await;
    stand.holder.messages(2).await;
    stand.issuer.node.stop().await;
}

#[tokio::test]
async fn what_the_schema_of_a_definition_refuses_is_not_issued() {
    let stand = Stand::new().await;
    let schema = "https://commons.example/level.json";
    let body = json!({
        "id": "level", "credential_type": "LevelCredential", "profile": VC20, "rule": "hold",
        "credential_schema": schema,
    });
    let (status, defined) = stand.manage(Method::POST, "/definitions", body).await;
    assert_eq!(status, 201, "{defined}");
    let asked = stand.ask_for(&["level"], "pid-1").await;
    let path = format!("/requests/{}/approve", asked.id());
    let approve = async |level: Value| {
        let body = json!({ "claims": { "level": level } });
        stand.manage(Method::POST, &path, body).await
    };
    // Nobody here knows what it says.
    let (status, problem) = approve(json!(2)).await;
    let detail = problem["detail"].as_str().unwrap();
    assert_eq!((status, detail.contains("not known here")), (400, true), "{problem}");
    let said = json!({ "properties": { "credentialSubject": {
        "properties": { "level": { "type": "integer" } }, "required": ["level"],
    } } });
    let said = said.to_string();
    let trust = trust_with_schema(&stand.did, schema, said.as_bytes());
    stand.issuer.node.replace_trust(trust);
    let (status, problem) = approve(json!("two")).await;
    let detail = problem["detail"].as_str().unwrap();
    assert_eq!((status, detail.contains("/credentialSubject/level")), (400, true), "{problem}");
    stand.nothing_issued().await;
    let (status, issued) = approve(json!(2)).await;
    assert_eq!(status, 200, "{issued}");
    let message = stand.holder.delivery().await;
    let Delivery::Issued(containers) = &message.delivery else { panic!("{message:?}") };
    assert_eq!(stand.genuine(&containers[0].payload).await.schemas, [schema]);
    stand.issuer.node.stop().await;
}

#[tokio::test]
async fn a_person_decides_adds_claims_and_can_say_no() {
    let stand = Stand::new().await;
    stand.define("legal", "LegalParticipantCredential", VC11, "hold").await;
    let asked = stand.ask_for(&["legal"], "pid-1").await;
    // A lost answer: the same request, still the same.
    assert_eq!(stand.ask_for(&["legal"], "pid-1").await.location, asked.location);
    assert_eq!(stand.progress(&asked).await.status, RequestStatus::Received);
    let path = |act: &str| format!("/requests/{}/{act}", asked.id());

    let (status, problem) = stand.manage(Method::POST, &path("approve"), json!({})).await;
    let detail = problem["detail"].as_str().unwrap();
    assert_eq!(status, 400);
    assert!(detail.contains("legalName, registrationNumber, jurisdiction"), "{detail}");
    let claims =
        json!({"legalName": "Example Ltd", "registrationNumber": "1", "jurisdiction": "KE"});
    let body = json!({ "claims": claims });
    let (status, issued) = stand.manage(Method::POST, &path("approve"), body.clone()).await;
    assert_eq!((status, issued["state"].as_str()), (200, Some("ISSUED")));
    let message = stand.holder.delivery().await;
    let Delivery::Issued(containers) = &message.delivery else { panic!("{message:?}") };
    let credential = stand.genuine(&containers[0].payload).await;
    assert_eq!(Value::Object(credential.claims.clone()), claims);
    // Nothing is decided twice.
    for act in ["approve", "reject"] {
        let (status, problem) = stand.manage(Method::POST, &path(act), json!({})).await;
        assert_eq!(status, 409, "{problem}");
    }

    let refused = stand.ask_for(&["legal"], "pid-2").await;
    let path = format!("/requests/{}/reject", refused.id());
    let (status, rejected) = stand.manage(Method::POST, &path, json!({"reason": "no"})).await;
    assert_eq!((status, rejected["state"].as_str()), (200, Some("REJECTED")));
    let messages = stand.holder.messages(2).await;
    let message = CredentialMessage::read(&messages[1].2).unwrap();
    assert_eq!(message.delivery, Delivery::Rejected(Some("no".to_owned())));
    assert_eq!(stand.progress(&refused).await.status, RequestStatus::Rejected);
    let (_, all) = stand.manage(Method::GET, "/requests", Value::Null).await;
    assert_eq!(all["items"].as_array().unwrap().len(), 2);
    stand.issuer.node.stop().await;
}

#[tokio::test]
async fn who_looks_at_the_list_knows_what_was_taken_back() {
    let stand = Stand::new().await;
    stand.define("one", "MembershipCredential", VC11, "auto").await;
    stand.define("two", "MembershipCredential", VC20, "auto").await;
    let holder = stand.holder.key.did().as_str();
    let body = json!({ "holder": holder, "definitions": ["one", "two"] });
    let (status, issued) = stand.manage(Method::POST, "/credentials", body).await;
    assert_eq!((status, issued["state"].as_str()), (201, Some("ISSUED")));
    let message = stand.holder.delivery().await;
    let Delivery::Issued(containers) = &message.delivery else { panic!("{message:?}") };
    let first = stand.genuine(&containers[0].payload).await;
    let second = stand.genuine(&containers[1].payload).await;
    assert!(!stand.is_revoked(&first).await && !stand.is_revoked(&second).await);

    for credential in [&first, &second] {
        let id = credential.id.as_ref().unwrap().strip_prefix("urn:uuid:").unwrap();
        let path = format!("/credentials/{id}/revoke");
        let (status, revoked) = stand.manage(Method::POST, &path, json!({"reason": "left"})).await;
        assert_eq!((status, revoked["revoked_because"].as_str()), (200, Some("left")));
        assert!(stand.is_revoked(credential).await);
    }
    let list = &first.status[0].list;
    let plain = stand.client.get(list).header("accept", "application/json");
    let plain = Answered::of(plain, None).await;
    assert_eq!((plain.status, plain.kind.as_str()), (200, "application/json"));
    let plain: Value = serde_json::from_str(&plain.body).unwrap();
    let subject = plain["credentialSubject"].as_object().unwrap();
    assert_eq!(StatusList::read(subject).unwrap().has_revoked(&first.status[0]), Ok(true));
    assert_eq!(stand.look("/status/vc11-2", None).await.status, 404);
    let path =
        format!("/credentials?holder={}", stand.other.key.did().as_str().replace('%', "%25"));
    let (_, others) = stand.manage(Method::GET, &path, Value::Null).await;
    assert_eq!(others["items"], json!([]));
    stand.issuer.node.stop().await;
}

#[tokio::test]
async fn requests_at_the_same_time_get_places_of_their_own() {
    let stand = Stand::new().await;
    stand.define("one", "MembershipCredential", VC11, "auto").await;
    let asking = (0..40).map(|_| stand.ask_for(&["one"], "always-the-same"));
    let answers = futures_util::future::join_all(asking).await;
    let places: BTreeSet<_> = answers.iter().map(|answer| answer.id()).collect();
    assert_eq!(places.len(), 40);
    let mut of_list: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
    for (_, _, body) in stand.holder.messages(40).await {
        let message = CredentialMessage::read(&body).unwrap();
        let Delivery::Issued(containers) = message.delivery else { panic!("rejected") };
        let signed = SignedCredential::read(&containers[0].payload).unwrap();
        let entry = &signed.credential().status[0];
        assert!(of_list.entry(entry.list.clone()).or_default().insert(entry.index));
    }
    assert_eq!(of_list.into_values().map(|places| places.len()).collect::<Vec<_>>(), [40]);
    stand.issuer.node.stop().await;
}

#[tokio::test]
async fn a_message_is_tried_again_unless_the_holder_says_no() {
    let stand = Stand::new().await;
    stand.define("one", "MembershipCredential", VC11, "auto").await;
    *stand.holder.received.answers.lock().unwrap() = vec![503, 401, 201, 404];
    let asked = stand.ask_for(&["one"], "pid-1").await;
    let messages = stand.holder.messages(3).await;
    assert!(messages.iter().all(|(_, _, body)| *body == messages[0].2), "the same bytes");
    let tokens: BTreeSet<_> = messages.iter().map(|(_, token, _)| token).collect();
    assert_eq!(tokens.len(), 3, "a token counts once");
    stand.until(&asked, "delivered_at").await;
    let refused = stand.ask_for(&["one"], "pid-2").await;
    let found = stand.until(&refused, "reason").await;
    assert!(found["reason"].as_str().unwrap().contains("404"), "{found}");
    assert!(found.get("delivered_at").is_none());
    stand.holder.messages(4).await;
    let path = format!("/requests/{}/history", refused.id());
    let (_, history) = stand.manage(Method::GET, &path, Value::Null).await;
    assert!(history.to_string().contains("credential.trouble"), "{history}");
    stand.issuer.node.stop().await;
}

#[tokio::test]
async fn an_offer_reaches_the_holder() {
    let stand = Stand::new().await;
    stand.define("one", "MembershipCredential", VC11, "hold").await;
    let holder = stand.holder.key.did().as_str();
    let body = json!({ "holder": holder, "definitions": ["one"] });
    let (status, sent) = stand.manage(Method::POST, "/offers", body).await;
    assert_eq!(status, 202, "{sent}");
    let (path, _, body) = stand.holder.messages(1).await.remove(0);
    let offer = CredentialOffer::read(&body).unwrap();
    assert_eq!((path, &offer.issuer), ("offers", &stand.did));
    assert_eq!(offer.credentials[0].id.as_str(), "one");
    assert_eq!(offer.credentials[0].profile.as_deref(), Some(VC11));
    let schema = offer.credentials[0].schema.clone().unwrap();
    let schema = Answered::of(stand.client.get(schema), None).await;
    assert_eq!((schema.status, schema.kind.as_str()), (200, "application/schema+json"));
    stand.issuer.node.stop().await;
}

#[tokio::test]
async fn nobody_is_given_or_told_anything_without_saying_who_they_are() {
    let stand = Stand::new().await;
    stand.define("one", "MembershipCredential", VC11, "auto").await;
    stand.define("held", "MembershipCredential", VC11, "hold").await;
    let held = stand.ask_for(&["held"], "pid-1").await;
    let now = System.now().unix_seconds();
    let (holder, did) = (&stand.holder, &stand.did);
    let of = |name: &'static str, value: Value| {
        holder.token_with(did, |payload| drop(payload.insert(name.to_owned(), value)))
    };
    let stolen = TestKey::new(holder.key.did().as_str());
    let stolen = NewToken {
        key: stolen.id(),
        algorithm: stolen.algorithm(),
        audience: did,
        id: "stolen",
        issued: System.now(),
        lifetime_seconds: 60,
        access_token: None,
    }
    .unsigned();
    let stolen = TestKey::new(holder.key.did().as_str()).finish(stolen);
    let used = holder.token(did);
    assert_eq!(stand.ask(Some(&used), request(&["held"], "pid-1")).await.status, 201);
    let table = [
        ("no token", None),
        ("no scheme", Some(holder.token(did).replace("Bearer ", ""))),
        ("a key of somebody else", Some(format!("Bearer {stolen}"))),
        ("expired", Some(of("exp", (now - 60).into()))),
        ("issued in the future", Some(of("iat", (now + 60).into()))),
        ("not valid yet", Some(of("nbf", (now + 60).into()))),
        ("for somebody else", Some(of("aud", stand.other.key.did().as_str().into()))),
        ("about somebody else", Some(of("sub", stand.other.key.did().as_str().into()))),
        ("of somebody else", Some(of("iss", stand.other.key.did().as_str().into()))),
        ("a credential", Some(of("vc", json!({})))),
        ("used", Some(used)),
    ];
    for (what, token) in table {
        let answered = stand.ask(token.as_deref(), request(&["one"], "pid-2")).await;
        assert_eq!(answered.status, 401, "{what}: {}", answered.body);
        assert!(!answered.body.contains("did:"), "{what}: {}", answered.body);
        let path = format!("/requests/{}", held.id());
        // Another token of the kind would be refused as used; this one is wrong by itself.
        assert_eq!(stand.look(&path, token.as_deref()).await.status, 401, "{what}");
    }
    stand.nothing_issued().await;

    // The request of another is as unknown as none.
    let foreign = format!("/requests/{}", held.id());
    let foreign = stand.look(&foreign, Some(&stand.other.token(did))).await;
    let none = stand.look("/requests/nothing", Some(&stand.other.token(did))).await;
    assert_eq!((foreign.status, &foreign.body), (404, &none.body));
    stand.issuer.node.stop().await;
}

#[tokio::test]
async fn messages_that_make_no_sense_are_refused_with_the_reason() {
    let stand = Stand::new().await;
    stand.define("one", "MembershipCredential", VC11, "auto").await;
    let good: Value = serde_json::from_str(&request(&["one"], "pid-1")).unwrap();
    let without = |name: &str| {
        let mut message = good.clone();
        message.as_object_mut().unwrap().remove(name);
        message.to_string()
    };
    let with = |name: &str, value: Value| {
        let mut message = good.clone();
        message[name] = value;
        message.to_string()
    };
    let many: Vec<Value> = (0..65).map(|n| json!({"id": n.to_string()})).collect();
    let large = format!("{{\"a\":\"{}\"}}", "x".repeat(1024 * 1024));
    let table = [
        (String::new(), 400, "read the CredentialRequestMessage"),
        ("[]".to_owned(), 400, "expected an object"),
        (without("credentials"), 400, "credentials"),
        (without("holderPid"), 400, "holderPid"),
        (without("type"), 400, "type"),
        (with("type", json!("CredentialMessage")), 400, "CredentialRequestMessage"),
        (with("credentials", json!([])), 400, "credentials"),
        (with("credentials", json!([{}])), 400, "id"),
        (with("credentials", json!(many)), 400, "credentials"),
        (with("credentials", json!([{"id": "two"}])), 400, "does not issue this credential"),
        (with("holderPid", json!("a\u{202e}b")), 400, "holderPid"),
        (large, 413, "larger than"),
    ];
    for (body, status, expected) in table {
        let token = stand.holder.token(&stand.did);
        let shown: String = body.chars().take(100).collect();
        let answered = stand.ask(Some(&token), body).await;
        assert_eq!(answered.status, status, "{shown}: {}", answered.body);
        assert!(answered.body.contains(expected), "{shown}: {}", answered.body);
    }
    stand.nothing_issued().await;
    let bad = [
        (json!({"id": "x", "credential_type": "T", "profile": "x"}), "vc20-bssl/jwt"),
        (json!({"id": "x", "credential_type": "T", "rule": "x"}), "hold or auto"),
        (json!({"id": "x", "credential_type": "T", "valid_days": 0}), "1 to 3660"),
        (json!({"id": "x", "credential_type": "T", "claims": {"id": "did:web:x.example"}}), "id"),
        (
            json!({"id": "x", "credential_type": "LegalParticipantCredential", "rule": "auto"}),
            "says nothing without legalName",
        ),
    ];
    for (body, expected) in bad {
        let (status, problem) = stand.manage(Method::POST, "/definitions", body).await;
        assert_eq!(status, 400);
        assert!(problem["detail"].as_str().unwrap().contains(expected), "{problem}");
    }
    let (status, _) = stand.manage(Method::POST, "/definitions/one/withdraw", json!({})).await;
    assert_eq!(status, 200);
    let token = stand.holder.token(&stand.did);
    assert_eq!(stand.ask(Some(&token), request(&["one"], "pid-1")).await.status, 400);
    stand.issuer.node.stop().await;
}

#[tokio::test]
async fn only_peers_of_the_configuration_are_given_credentials_if_it_says_so() {
    let stand = Stand::of(true).await;
    stand.define("one", "MembershipCredential", VC11, "auto").await;
    let token = stand.holder.token(&stand.did);
    let answered = stand.ask(Some(&token), request(&["one"], "pid-1")).await;
    assert_eq!(answered.status, 403, "{}", answered.body);
    stand.nothing_issued().await;
    stand.issuer.node.stop().await;
}

#[tokio::test]
async fn a_holder_may_wait_with_so_many_requests_and_no_more() {
    let stand = Stand::new().await;
    stand.define("one", "MembershipCredential", VC11, "hold").await;
    let mut statuses = Vec::new();
    for number in 0..18 {
        let token = stand.holder.token(&stand.did);
        let answered = stand.ask(Some(&token), request(&["one"], &format!("pid-{number}"))).await;
        statuses.push(answered.status);
    }
    let expected: Vec<u16> = (0..18).map(|number| if number < 16 { 201 } else { 503 }).collect();
    assert_eq!(statuses, expected);
    let token = stand.other.token(&stand.did);
    assert_eq!(stand.ask(Some(&token), request(&["one"], "pid-1")).await.status, 201);
    stand.issuer.node.stop().await;
}

/// What a node answers to another one that asks for its catalog and shows its membership.
async fn catalog(stand: &Stand, from: &Running, to: &Running) -> u16 {
    let did = Did::parse(to.id.as_str()).unwrap();
    let scopes = [Scope::of_type("MembershipCredential").unwrap()];
    let access = from.node.mint_access(&did, &scopes).await.unwrap();
    let token = from.node.sign_token(&did, Some(&access)).await.unwrap();
    let url = format!("{}/dsp/2025-1/catalog/request", to.address);
    let message = json!({
        "@context": ["https://w3id.org/dspace/2025/1/context.jsonld"],
        "@type": "CatalogRequestMessage",
    });
    let request = stand.client.post(url).bearer_auth(token).json(&message);
    request.send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn a_node_is_a_member_from_the_yes_of_a_person_until_it_is_taken_back() {
    for profile in [VC11, VC20] {
        let stand = Stand::new().await;
        stand.define("member", "MembershipCredential", profile, "hold").await;
        // Nothing that was shown is believed for longer than the request.
        let claims = || Claims::members(trust(&stand.did), Duration::ZERO);
        let holder = member(claims(), Plan::default()).await;
        let verifier = member(claims(), Plan::default()).await;
        assert_eq!(catalog(&stand, &holder, &verifier).await, 401, "{profile}: shows nothing");

        let new = NewCredentialRequest {
            issuer: stand.did.clone(),
            names: vec![CredentialObjectId::parse("MembershipCredential").unwrap()],
            id: None,
            renews: None,
        };
        holder.node.request_credentials(new, None).await.unwrap();
        let asked = stand.asked_by(&holder).await;
        let path = format!("/requests/{}/approve", asked["id"].as_str().unwrap());
        let claims = json!({ "claims": { "dataspace": "commons", "memberSince": "2026-01-01" } });
        let (status, issued) = stand.manage(Method::POST, &path, claims).await;
        assert_eq!(status, 200, "{issued}");
        let held = stand.held_by(&holder).await;
        assert_eq!(held.profile, profile);
        assert_eq!(catalog(&stand, &holder, &verifier).await, 200, "{profile}: a member");

        let id = held.credential_id.unwrap();
        let path = format!("/credentials/{id}/revoke");
        let (status, revoked) = stand.manage(Method::POST, &path, json!({})).await;
        assert_eq!(status, 200, "{revoked}");
        assert_eq!(catalog(&stand, &holder, &verifier).await, 401, "{profile}: taken back");
        for node in [&holder.node, &verifier.node, &stand.issuer.node] {
            node.stop().await;
        }
    }
}
