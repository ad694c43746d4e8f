//! The corpus in `tests/corpus`, one folder a reader: what the fuzzer begins with, and what it
//! found. Files that begin with `accepted` are accepted, most of them made here with keys that
//! never change; the others are refused, and no file makes any reader fail otherwise.
//!
//! `GOLDEN_WRITE=1 cargo test -p causeway-dcp corpus` writes the files that are made here.

use std::fs;
use std::path::PathBuf;

use causeway_dcp::access::AccessGrant;
use causeway_dcp::continuity::{self, KeySet};
use causeway_dcp::credential::{Profile, SignedCredential};
use causeway_dcp::document::{DidDocument, Service};
use causeway_dcp::jws::Jws;
use causeway_dcp::message::{
    CredentialMessage, CredentialOffer, CredentialRequest, CredentialStatus, IssuerMetadata, Kind,
    PresentationQuery, PresentationResponse,
};
use causeway_dcp::presentation::read_list;
use causeway_dcp::status::{StatusEntry, StatusList};
use causeway_dcp::testing::TestKey;
use causeway_dcp::token::{NewToken, TokenCheck, TokenRules};
use causeway_dcp::trust::{MaintainerSigningKey, TrustFile, TrustRegister};
use serde_json::{Value, json};
use url::Url;

use super::world::{
    REVOKED, World, credential, entry, form, list_credential, list_url, new_presentation, opened,
};
use super::{HOLDER, ISSUER, OTHER, VERIFIER, at, did, now};

const FOLDERS: [&str; 6] =
    ["claims_message", "did_document", "jws", "presentation", "status_list", "trust_file"];

/// Readers of texts that may be as long as this, in bytes.
const TEXT_BYTES_MAX: usize = 1024 * 1024;

fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(name)
}

/// A file of the corpus is what is made here.
fn check(folder_name: &str, name: &str, made: &[u8]) {
    let path = folder(folder_name).join(format!("accepted_{name}"));
    if std::env::var_os("GOLDEN_WRITE").is_some() {
        fs::create_dir_all(folder(folder_name)).unwrap();
        fs::write(&path, made).unwrap();
    }
    let stored = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert!(stored == made, "{} is not what is made here", path.display());
    assert!(accepts(folder_name, made), "{} is not accepted", path.display());
}

/// Whether the reader of a folder accepts a text.
fn accepts(folder_name: &str, bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    match folder_name {
        "claims_message" => Kind::of(bytes).is_some_and(|kind| reads_message(kind, bytes)),
        "did_document" => DidDocument::read(&did(HOLDER), bytes).is_ok(),
        "jws" | "presentation" | "status_list" if text.starts_with('{') => {
            is_payload(folder_name, bytes)
        }
        "jws" => Jws::read(&text, TEXT_BYTES_MAX).is_ok(),
        "presentation" => World::fixed().check(&[text.into_owned()]).is_ok(),
        "status_list" => {
            let issuer = World::fixed().issuer.document();
            read_list(bytes, &issuer, now(), true).is_ok()
        }
        "trust_file" if text.starts_with("version") => TrustRegister::read(&text).is_ok(),
        "trust_file" => TrustFile::read("trust.toml", &text).is_ok(),
        other => panic!("there is no folder {other}"),
    }
}

/// Some files are what the fuzzer signs itself: payloads, subjects and entries.
fn is_payload(folder_name: &str, bytes: &[u8]) -> bool {
    let Ok(Value::Object(members)) = serde_json::from_slice(bytes) else { return false };
    match folder_name {
        "jws" | "presentation" => members.contains_key("iss"),
        _ => {
            StatusList::read(&members).is_ok() || StatusEntry::read(&members.into()).is_ok() || {
                read_list(bytes, &World::fixed().issuer.document(), now(), true).is_ok()
            }
        }
    }
}

fn reads_message(kind: Kind, bytes: &[u8]) -> bool {
    match kind {
        Kind::PresentationQuery => PresentationQuery::read(bytes).is_ok(),
        Kind::PresentationResponse => PresentationResponse::read(bytes).is_ok(),
        Kind::Credential => CredentialMessage::read(bytes).is_ok(),
        Kind::CredentialOffer => CredentialOffer::read(bytes).is_ok(),
        Kind::CredentialRequest => CredentialRequest::read(bytes).is_ok(),
        Kind::CredentialStatus => CredentialStatus::read(bytes).is_ok(),
        Kind::IssuerMetadata => IssuerMetadata::read(bytes).is_ok(),
    }
}

#[test]
fn signed_texts_of_the_corpus_are_what_is_made_here() {
    let (holder, issuer) = (TestKey::fixed(HOLDER, [2; 32]), TestKey::fixed(ISSUER, [1; 32]));
    let verifier = did(VERIFIER);
    let (key, algorithm) = (holder.id(), holder.algorithm());
    let token = NewToken {
        key,
        algorithm,
        audience: &verifier,
        id: "id-1",
        issued: now(),
        lifetime_seconds: 60,
        access_token: Some("opaque"),
    };
    let (_, payload) = opened(&token.unsigned());
    check("jws", "payload_of_a_token", Value::Object(payload).to_string().as_bytes());
    let text = holder.finish(token.unsigned());
    let read = TokenCheck::start(&text, &verifier, now(), &TokenRules::default());
    assert!(read.and_then(|read| read.finish(&holder.document())).is_ok());
    check("jws", "self_issued_token", text.as_bytes());
    let (bearer, scopes, id) = (did(OTHER), vec!["a:b:read".to_owned()], "id-2".to_owned());
    let grant = AccessGrant { bearer, scopes, id, issued: at(0), expires: at(60) };
    check("jws", "access_token", holder.finish(grant.unsigned(key, algorithm)).as_bytes());
    let keys = KeySet::of(&holder.document());
    let statement = continuity::unsigned(key, algorithm, &keys, now());
    check("jws", "continuity", holder.finish(statement).as_bytes());
    let one = credential(Profile::Vc20).unsigned(issuer.id(), issuer.algorithm());
    let text = issuer.finish(one);
    assert!(SignedCredential::read(&text).is_ok());
    check("jws", "credential", text.as_bytes());
}

#[test]
fn presentations_of_the_corpus_are_what_is_made_here() {
    let world = World::fixed();
    for profile in Profile::ALL {
        let name =
            |what: &str| format!("{what}_{}", if profile == Profile::Vc11 { 11 } else { 20 });
        let (holder, verifier) = (did(HOLDER), did(VERIFIER));
        let texts = [world.issue(profile)];
        let new = new_presentation(&holder, &verifier, profile, &texts);
        let (key, algorithm) = (world.holder.id(), world.holder.algorithm());
        let text = world.holder.finish(new.unsigned(key, algorithm));
        assert_eq!(world.check(std::slice::from_ref(&text)).unwrap().accepted.len(), 1);
        check("presentation", &name("presentation"), text.as_bytes());
        // The fuzzer signs these, and so comes to what is behind a signature.
        let (_, payload) = opened(&new.unsigned(key, algorithm));
        let payload = Value::Object(payload).to_string();
        check("presentation", &name("payload_of_a_presentation"), payload.as_bytes());
        let one = credential(profile);
        let (_, payload) = opened(&one.unsigned(world.issuer.id(), world.issuer.algorithm()));
        let payload = Value::Object(payload).to_string();
        check("presentation", &name("payload_of_a_credential"), payload.as_bytes());
        let url = list_url(profile, "revocation");
        check("status_list", &name("signed"), &world.lists[&url]);
        let mut list = StatusList::empty(form(profile), "revocation");
        list.set(REVOKED).unwrap();
        let bare = list_credential(profile, &url, &list).content();
        check("status_list", &name("bare"), Value::Object(bare).to_string().as_bytes());
        let subject = Value::Object(list.to_subject(&url)).to_string();
        check("status_list", &name("subject"), subject.as_bytes());
        let entry = entry(profile, "revocation", 7).to_json().to_string();
        check("status_list", &name("entry"), entry.as_bytes());
    }
}

#[test]
fn documents_of_the_corpus_are_what_is_made_here() {
    let key = TestKey::fixed(HOLDER, [2; 32]);
    let service = |kind: &str| Service {
        id: format!("{HOLDER}#{kind}"),
        kind: kind.to_owned(),
        endpoint: Url::parse("https://holder.example/dcp").unwrap(),
    };
    let document = key.document().with_service(service("CredentialService"));
    let document = document.with_service(service("IssuerService"));
    check("did_document", "own", document.to_json().as_bytes());
    let foreign = json!({
        "id": HOLDER,
        "verificationMethod": {"id": "#a", "type": "JsonWebKey", "publicKeyJwk": {
            "kty": "EC", "crv": "P-256",
            "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        }},
        "authentication": "#a",
        "capabilityInvocation": [{
            "id": "#c", "type": "Ed25519VerificationKey2020", "controller": HOLDER,
            "publicKeyMultibase": "z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK",
        }],
        "service": {
            "id": "#s", "type": ["CredentialService"],
            "serviceEndpoint": [{"uri": "https://a/"}],
        },
    });
    check("did_document", "foreign", foreign.to_string().as_bytes());
    for name in [HOLDER, "did:web:localhost%3A8080:a:b", "did:web:holder.example#key-1"] {
        let path = folder("did_document").join(name.replace([':', '%', '#'], "_"));
        if std::env::var_os("GOLDEN_WRITE").is_some() {
            fs::write(&path, name).unwrap();
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), name);
    }
}

#[test]
fn messages_of_the_corpus_are_what_is_made_here() {
    let object = json!({
        "id": "o-1", "type": "CredentialObject", "credentialType": "CompanyCredential",
        "credentialSchema": "https://example.com/schema", "offerReason": "reissue",
        "bindingMethods": ["did:web"], "profile": "vc20-bssl/jwt",
        "issuancePolicy": {"id": "policy"},
    });
    let container = json!({"credentialType": "A", "payload": "a.b.c", "format": "vc11-sl2021/jwt"});
    for (name, message) in [
        (
            "query",
            json!({
                "type": "PresentationQueryMessage",
                "scope": ["org.eclipse.dspace.dcp.vc.type:MembershipCredential:read"],
            }),
        ),
        ("response", json!({"type": "PresentationResponseMessage", "presentation": ["a.b.c"]})),
        (
            "delivery",
            json!({
                "type": "CredentialMessage", "issuerPid": "i-1", "holderPid": "h-1",
                "status": "ISSUED", "credentials": [container],
            }),
        ),
        (
            "rejection",
            json!({
                "type": "CredentialMessage", "issuerPid": "i-1", "holderPid": "h-1",
                "status": "REJECTED", "rejectionReason": "not a member",
            }),
        ),
        (
            "offer",
            json!({
                "type": "CredentialOfferMessage", "issuer": ISSUER,
                "credentials": [{"id": "o-2"}, object],
            }),
        ),
        (
            "request",
            json!({
                "type": "CredentialRequestMessage", "holderPid": "h-1",
                "credentials": [{"id": "o-1"}],
            }),
        ),
        (
            "status",
            json!({
                "type": "CredentialStatus", "issuerPid": "i-1", "holderPid": "h-1",
                "status": "RECEIVED",
            }),
        ),
        (
            "metadata",
            json!({
                "type": "IssuerMetadata", "issuer": ISSUER, "credentialsSupported": [object],
            }),
        ),
    ] {
        let mut whole = message;
        whole["@context"] = json!([causeway_dcp::message::CONTEXT]);
        check("claims_message", name, whole.to_string().as_bytes());
    }
}

#[test]
fn trust_files_of_the_corpus_are_what_is_made_here() {
    let key = MaintainerSigningKey::from_seed([9; 32]).unwrap().public().to_text();
    let text = format!(
        r#"[trust]
dataspace = "example"
title = "An example"
sequence = 1
valid_from = "2026-01-01T00:00:00Z"
valid_until = "2028-01-01T00:00:00Z"
threshold = 1
suites = ["ES256", "EdDSA"]

[[maintainer]]
name = "One"
key = "{}"

[[issuer]]
did = "{ISSUER}"
name = "An authority"
types = ["MembershipCredential"]
jurisdictions = ["EU"]
schemes = []
valid_from = "2026-02-01T00:00:00Z"

[[schema]]
id = "https://issuer.example/schema.json"
sha256 = "{}"
file = "schema.json"
"#,
        key.trim(),
        "0".repeat(64),
    );
    let read = TrustFile::read("trust.toml", &text);
    assert!(read.is_ok(), "{read:?}");
    check("trust_file", "trust.toml", text.as_bytes());
    let mut register = TrustRegister::default();
    assert!(register.add(causeway_dcp::trust::TrustRevision {
        dataspace: "example".to_owned(),
        sequence: 1,
        sha256: "0".repeat(64),
        signers: vec!["a".to_owned()],
        installed_at: now(),
    }));
    let text = register.to_text().unwrap();
    let text = text.split_once('\n').unwrap().1;
    check("trust_file", "register.toml", text.as_bytes());
}

#[test]
fn every_file_of_the_corpus_is_read_by_every_reader() {
    let mut files = 0;
    for name in FOLDERS {
        for file in fs::read_dir(folder(name)).unwrap() {
            let path = file.unwrap().path();
            let bytes = fs::read(&path).unwrap();
            for reader in FOLDERS {
                let accepted = accepts(reader, &bytes);
                let is_own = reader == name && !path.to_string_lossy().contains("payload_of");
                let is_good = path.file_name().unwrap().to_string_lossy().starts_with("accepted");
                assert!(!is_own || accepted == is_good, "{} {accepted}", path.display());
            }
            files += 1;
        }
    }
    assert!(files >= 29, "{files}");
}
