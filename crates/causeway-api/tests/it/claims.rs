//! Peers that are known by what they show: asked, believed for a while, looked at again, and held
//! to their keys.

use std::sync::Arc;
use std::time::Duration;

use causeway_dcp::message::{CredentialContainer, CredentialMessage, Delivery};
use causeway_dcp::trust::Trust;
use causeway_dsp::Question;
use causeway_node::IdentityError;
use causeway_policy::Policy;
use causeway_store::{EventKind, Rule};
use causeway_types::{HolderPid, IssuerPid, ParticipantId};
use futures_util::stream::{self, StreamExt as _};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::bad_input::client;
use crate::party::{Party, tally, trust, trust_with_schema};
use crate::world::{Claims, Plan, Running, member};

const MEMBERSHIP: &str = "MembershipCredential";
const LEGAL: &str = "LegalParticipantCredential";
const BELIEVED: Duration = Duration::from_secs(300);

/// A registry, a peer with a membership, and a node that believes the registry.
async fn three(presentation: Duration) -> (Party, Party, Running) {
    let (registry, peer) = (Party::start().await, Party::start().await);
    peer.hold(registry.issue(peer.did(), MEMBERSHIP, json!({}), 7));
    let claims = Claims::members(trust(registry.did()), presentation);
    (registry, peer, member(claims, Plan::default()).await)
}

/// What a node answers to a request for its catalog.
async fn catalog(node: &Running, header: &str) -> StatusCode {
    catalog_by(&client(), node, header).await
}

async fn catalog_by(client: &reqwest::Client, node: &Running, header: &str) -> StatusCode {
    let url = format!("{}/dsp/2025-1/catalog/request", node.address);
    let request = client.post(url).header("authorization", header).json(&json!({
        "@context": ["https://w3id.org/dspace/2025/1/context.jsonld"],
        "@type": "CatalogRequestMessage",
    }));
    request.send().await.unwrap().status()
}

async fn asks(party: &Party, node: &Running) -> StatusCode {
    catalog(node, &party.header(node.id.as_str())).await
}

#[tokio::test]
async fn whoever_shows_what_is_required_reads_the_catalog_and_nobody_else_does() {
    let (registry, peer, node) = three(BELIEVED).await;
    assert_eq!(asks(&peer, &node).await, StatusCode::OK);
    let known = node.node.directory().peer(&ParticipantId::parse(peer.did().as_str()).unwrap());
    assert!(known.is_some(), "a peer that was met is one");

    let nobody = Party::start().await;
    assert_eq!(asks(&nobody, &node).await, StatusCode::UNAUTHORIZED);

    // A credential of somebody else.
    nobody.hold(registry.issue(peer.did(), MEMBERSHIP, json!({}), 8));
    assert_eq!(asks(&nobody, &node).await, StatusCode::UNAUTHORIZED);

    // A credential of an issuer that nobody trusts: its document is not even looked at.
    let pretender = Party::start().await;
    nobody.hold(pretender.issue(nobody.did(), MEMBERSHIP, json!({}), 9));
    assert_eq!(asks(&nobody, &node).await, StatusCode::UNAUTHORIZED);
    assert_eq!(pretender.documents(), 0);

    // A token for somebody else.
    let header = peer.header(nobody.did().as_str());
    assert_eq!(catalog(&node, &header).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn what_was_shown_is_believed_for_a_while_or_asked_for_with_every_request() {
    for (presentation, expected) in [(BELIEVED, 1), (Duration::ZERO, 3)] {
        let (_registry, peer, node) = three(presentation).await;
        for _ in 0..3 {
            assert_eq!(asks(&peer, &node).await, StatusCode::OK);
        }
        assert_eq!(peer.queries(), expected);
    }
}

#[tokio::test]
async fn a_token_that_is_shown_a_thousand_times_at_once_is_accepted_once() {
    let (_registry, peer, mut node) = three(BELIEVED).await;
    let header: Arc<str> = peer.header(node.id.as_str()).into();
    let client = client();
    let tries = (0..1_000).map(|_| catalog_by(&client, &node, &header));
    // As many at once as the system takes connections without a queue.
    let answers = stream::iter(tries).buffer_unordered(100).collect::<Vec<_>>().await;
    let counts = tally(answers);
    assert_eq!(counts.get(&StatusCode::OK), Some(&1), "{counts:?}");
    assert_eq!(counts.get(&StatusCode::UNAUTHORIZED), Some(&999), "{counts:?}");

    // A restart does not forget it.
    node.restart(Duration::ZERO).await;
    assert_eq!(catalog(&node, &header).await, StatusCode::UNAUTHORIZED);
    assert_eq!(asks(&peer, &node).await, StatusCode::OK);
}

#[tokio::test]
async fn changed_keys_count_with_a_proof_and_otherwise_wait_for_a_person() {
    let (_registry, peer, mut node) = three(Duration::ZERO).await;
    assert_eq!(asks(&peer, &node).await, StatusCode::OK);
    let before = peer.thumbprints();
    peer.change_key(true);
    // The document that is known has no such key, so the new one is fetched, and proven.
    node.restart(Duration::from_secs(20)).await;
    assert_eq!(asks(&peer, &node).await, StatusCode::OK);
    assert_ne!(peer.thumbprints(), before);
}

#[tokio::test]
async fn a_swapped_did_document_stops_the_exchange_until_a_person_approves_it() {
    let (_registry, peer, mut node) = three(Duration::ZERO).await;
    assert_eq!(asks(&peer, &node).await, StatusCode::OK);
    peer.change_key(false);
    node.restart(Duration::ZERO).await;
    assert_eq!(asks(&peer, &node).await, StatusCode::SERVICE_UNAVAILABLE);
    let alarms = node.all_told(EventKind::IdentityAlarm).await;
    assert_eq!(alarms.len(), 1, "{alarms:?}");

    // Nothing is sent to it either.
    let found = node.node.resolve(peer.did()).await;
    assert_eq!(found.unwrap_err(), IdentityError::Changed { did: peer.did().clone() });

    // A person finds it among what waits, with the keys to compare.
    let (_, waiting) = get(&node, "/changed-keys").await;
    let [item] = &waiting["items"].as_array().unwrap()[..] else { panic!("{waiting}") };
    assert_eq!(item["participant_id"], peer.did().as_str());
    assert_eq!(item["changed"]["keys"], json!(peer.thumbprints()));
    assert_ne!(item["keys"], item["changed"]["keys"]);

    // Whoever looks at other keys approves nothing.
    let wrong = node.node.approve_keys(peer.did(), &["another".to_owned()]).await;
    assert!(wrong.is_err());
    node.node.approve_keys(peer.did(), &peer.thumbprints()).await.unwrap();
    assert_eq!(get(&node, "/changed-keys").await.1["items"], json!([]));
    assert_eq!(asks(&peer, &node).await, StatusCode::OK);
}

#[tokio::test]
async fn a_credential_that_is_taken_back_counts_no_more_and_the_reason_is_told() {
    let (registry, peer, mut node) = three(Duration::ZERO).await;
    assert_eq!(asks(&peer, &node).await, StatusCode::OK);
    registry.revoke(7);
    let lapses = node.node.recheck_credentials().await.unwrap();
    assert_eq!(lapses.peers, 1);
    let [(who, reason)] = &lapses.lapsed[..] else { panic!("{lapses:?}") };
    assert_eq!(who.as_str(), peer.did().as_str());
    assert!(reason.contains(MEMBERSHIP) && reason.contains("taken back"), "{reason}");
    assert_eq!(asks(&peer, &node).await, StatusCode::UNAUTHORIZED);
    let identity = node.node.peer_identity(who).await.unwrap();
    assert_eq!(identity.lapsed.as_ref(), Some(reason));

    // With a new one it goes on.
    peer.hold(registry.issue(peer.did(), MEMBERSHIP, json!({}), 8));
    assert_eq!(asks(&peer, &node).await, StatusCode::OK);
    assert_eq!(node.node.peer_identity(who).await.unwrap().lapsed, None);

    // After an hour that one is over too.
    node.restart(Duration::from_secs(3_700)).await;
    node.node.recheck_credentials().await.unwrap();
    let lapsed = node.node.peer_identity(who).await.unwrap().lapsed.unwrap();
    assert!(lapsed.contains(MEMBERSHIP), "{lapsed}");
}

#[tokio::test]
async fn an_issuer_that_is_struck_off_is_believed_no_more() {
    let (registry, peer) = (Party::start().await, Party::start().await);
    peer.hold(registry.issue(peer.did(), MEMBERSHIP, json!({}), 7));
    let claims = Claims::members(trust(registry.did()), BELIEVED);
    let files = Arc::clone(&claims.trust);
    let node = member(claims, Plan::default()).await;
    assert_eq!(asks(&peer, &node).await, StatusCode::OK);
    node.node.replace_trust(Trust::default());
    *files.lock().unwrap() = Trust::default();
    assert_eq!(asks(&peer, &node).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn facts_of_a_peer_come_from_its_credentials_and_name_them() {
    let (registry, peer, node) = three(BELIEVED).await;
    let claims = json!({
        "legalName": "Institute",
        "registrationNumber": "BR-1",
        "jurisdiction": "BR",
    });
    peer.hold(registry.issue(peer.did(), LEGAL, claims, 9));
    assert_eq!(asks(&peer, &node).await, StatusCode::OK);
    let (_, identity) =
        get(&node, &format!("/peers/{}/identity", encoded(peer.did().as_str()))).await;
    let shown = identity["credentials"].as_array().unwrap();
    assert_eq!(shown.len(), 2, "{identity}");
    assert!(shown.iter().all(|shown| shown["distrusted"].is_null()), "{identity}");
    let legal = shown.iter().find(|shown| shown["types"] == json!([LEGAL])).unwrap();
    assert_eq!(legal["claims"]["jurisdiction"], "BR");
    assert_eq!(legal["issuer"], registry.did().as_str());
    let (_, peers) = get(&node, "/peers").await;
    assert_eq!(peers["items"][0]["jurisdiction"], "BR", "{peers}");
    let facts = identity["facts"].as_array().unwrap();
    let area = facts.iter().find(|fact| fact["name"] == "importer.area").unwrap();
    assert_eq!(area["value"], "BR");
    let source = area["source"].as_str().unwrap();
    assert!(source.contains(LEGAL) && source.contains("commons"), "{source}");
}

/// A schema by which a membership has a level.
const SCHEMA: &str = "https://commons.example/member.json";

fn schema() -> Vec<u8> {
    let level = json!({ "type": "integer", "minimum": 1 });
    let subject = json!({ "properties": { "level": level }, "required": ["level"] });
    let issuer = json!({ "type": "string", "pattern": "^did:web:" });
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "properties": { "credentialSubject": subject, "issuer": issuer },
        "required": ["credentialSubject", "issuer", "validFrom"],
        "additionalProperties": { "not": { "const": "never" } },
    });
    schema.to_string().into_bytes()
}

#[tokio::test]
async fn a_credential_counts_if_it_obeys_the_schema_that_the_trust_file_pins() {
    let registry = Party::start().await;
    let trust = trust_with_schema(registry.did(), SCHEMA, &schema());
    let node = member(Claims::members(trust, Duration::ZERO), Plan::default()).await;
    let table = [
        (&[SCHEMA][..], json!({ "level": 2 }), StatusCode::OK),
        (&[SCHEMA], json!({ "level": "two" }), StatusCode::UNAUTHORIZED),
        (&[SCHEMA], json!({ "level": 0 }), StatusCode::UNAUTHORIZED),
        (&[SCHEMA], json!({}), StatusCode::UNAUTHORIZED),
        (&[], json!({}), StatusCode::OK),
        (&[SCHEMA, "https://other.example/s"], json!({ "level": 2 }), StatusCode::UNAUTHORIZED),
    ];
    for (index, (schemas, claims, expected)) in table.into_iter().enumerate() {
        let peer = Party::start().await;
        let told = claims.to_string();
        peer.hold(registry.issue_under(schemas, peer.did(), MEMBERSHIP, claims, index + 50));
        assert_eq!(asks(&peer, &node).await, expected, "{schemas:?} {told}");
    }
}

#[tokio::test]
async fn a_schema_that_changes_or_cannot_be_used_is_not_taken_for_obeyed() {
    let registry = Party::start().await;
    let trust = |schema: &[u8]| trust_with_schema(registry.did(), SCHEMA, schema);
    let claims = Claims::members(trust(&schema()), BELIEVED);
    let node = member(claims, Plan::default()).await;
    let peer = Party::start().await;
    let level = json!({ "level": 2 });
    peer.hold(registry.issue_under(&[SCHEMA], peer.did(), MEMBERSHIP, level, 7));
    assert_eq!(asks(&peer, &node).await, StatusCode::OK);

    let id = ParticipantId::parse(peer.did().as_str()).unwrap();
    let stricter = json!({ "required": ["evidence"] }).to_string();
    let remote = json!({ "$ref": "https://evil.example/schema.json" }).to_string();
    for (bad, reason) in [(stricter, "\"evidence\" is missing"), (remote, "cannot be used")] {
        node.node.replace_trust(trust(bad.as_bytes()));
        // What it showed before counts no more, and nor does what it shows now.
        let identity = node.node.peer_identity(&id).await.unwrap();
        let distrusted = identity.credentials[0].distrusted.as_deref().unwrap_or_default();
        assert!(distrusted.contains(reason) && distrusted.contains(SCHEMA), "{distrusted}");
        assert_eq!(asks(&peer, &node).await, StatusCode::UNAUTHORIZED);
        node.node.replace_trust(trust(&schema()));
        assert_eq!(asks(&peer, &node).await, StatusCode::OK);
    }
    // Nor is one whose bytes were never compiled.
    let file = node.node.trust().files()[0].clone();
    node.node.replace_trust(Trust::new([file]));
    assert_eq!(asks(&peer, &node).await, StatusCode::UNAUTHORIZED);
    node.node.replace_trust(trust(&schema()));
    assert_eq!(asks(&peer, &node).await, StatusCode::OK);
}

/// A node that holds a membership and says where it sits.
async fn enrolled(registry: &Party, rules: Vec<(Question, Rule)>, index: usize) -> Running {
    let mut claims = Claims::members(trust(registry.did()), Duration::ZERO);
    claims.settings.shows = vec![MEMBERSHIP.to_owned(), LEGAL.to_owned()];
    claims.settings.requires = claims.settings.requires.map(|_| claims.settings.shows.clone());
    let node = member(claims, Plan { rules, ..Plan::default() }).await;
    let did = node.node.own_did().unwrap().clone();
    let legal = json!({
        "legalName": "An office",
        "registrationNumber": format!("DE-{index}"),
        "jurisdiction": "DE",
    });
    let container = |kind: &str, claims: Value, index: usize| CredentialContainer {
        credential_type: kind.parse().unwrap(),
        payload: registry.issue(&did, kind, claims, index),
        format: "vc20-bssl/jwt".to_owned(),
    };
    let message = CredentialMessage {
        issuer_pid: IssuerPid::parse(format!("issuance-{index}")).unwrap(),
        holder_pid: HolderPid::parse(format!("request-{index}")).unwrap(),
        delivery: Delivery::Issued(vec![
            container(MEMBERSHIP, json!({}), index),
            container(LEGAL, legal, index + 1),
        ]),
    };
    node.node.take_credentials(registry.did(), &message).await.unwrap();
    node
}

#[tokio::test]
async fn a_transfer_that_rests_on_a_credential_is_suspended_when_that_is_taken_back() {
    let registry = Party::start().await;
    let provider = enrolled(&registry, Vec::new(), 10).await;
    let waits = vec![(Question::TransferStarted, Rule::Hold)];
    let consumer = enrolled(&registry, waits, 20).await;
    consumer.node.find_peer(provider.id.as_str()).await.unwrap();
    let offer = provider.publish(b"x", Policy::open()).await;
    let id = consumer.request(&provider, &offer).await;
    consumer.negotiation_in(&id, "FINALIZED").await;
    let agreement = consumer.agreement_of(&id).await;
    let transfer = consumer.transfer(&agreement).await;
    consumer.transfer_asks(&transfer, Question::TransferStarted).await;
    let theirs = provider.counterpart(&transfer).await;
    provider.transfer_in(&theirs, "STARTED").await;

    registry.revoke(20);
    provider.node.recheck_credentials().await.unwrap();
    consumer.transfer_in(&transfer, "SUSPENDED").await;
    let history = consumer.history_of(&transfer).await;
    assert!(
        history.contains("MembershipCredential") && history.contains("taken back"),
        "{history}"
    );
}

async fn get(node: &Running, path: &str) -> (StatusCode, Value) {
    let url = format!("{}/api/v1{path}", node.management);
    let answer = client().get(url).bearer_auth("operator").send().await.unwrap();
    let status = answer.status();
    (status, answer.json().await.unwrap())
}

fn encoded(text: &str) -> String {
    text.replace('%', "%25").replace(':', "%3A")
}
