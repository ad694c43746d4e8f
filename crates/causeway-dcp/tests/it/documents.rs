//! DID documents: what is written is what strict readers accept, and what is read is what a
//! stranger may have written.

use causeway_dcp::did::KeyId;
use causeway_dcp::document::{DidDocument, Relationship, Service};
use causeway_dcp::jwk::Algorithm;
use causeway_dcp::testing::TestKey;
use serde_json::{Value, json};
use url::Url;

use super::{HOLDER, chain, did};

fn service(kind: &str) -> Service {
    Service {
        id: format!("{HOLDER}#{kind}"),
        kind: kind.to_owned(),
        endpoint: Url::parse("https://holder.example/dcp").unwrap(),
    }
}

#[test]
fn a_document_is_written_in_the_form_that_strict_readers_accept() {
    let key = TestKey::new(HOLDER);
    let document = key.document().with_service(service("CredentialService"));
    let written: Value = serde_json::from_str(&document.to_json()).unwrap();
    let name = "did:web:holder.example#key-1";
    assert_eq!(
        written,
        json!({
            "@context": [
                "https://www.w3.org/ns/did/v1",
                "https://w3id.org/security/suites/jws-2020/v1",
            ],
            "id": HOLDER,
            "verificationMethod": [{
                "id": name,
                "type": "JsonWebKey2020",
                "controller": HOLDER,
                "publicKeyJwk": key.public().to_jwk(),
            }],
            "authentication": [name],
            "assertionMethod": [name],
            "capabilityInvocation": [name],
            "service": [{
                "id": "did:web:holder.example#CredentialService",
                "type": "CredentialService",
                "serviceEndpoint": "https://holder.example/dcp",
            }],
        })
    );
}

#[test]
fn a_document_is_read_back_as_it_was_written() {
    let (a, b) = (TestKey::new(HOLDER), TestKey::with(HOLDER, "b", Algorithm::EdDsa));
    let document = DidDocument::new(did(HOLDER))
        .with_key("a", a.public(), &[Relationship::AssertionMethod])
        .unwrap()
        .with_key("b", b.public(), &[Relationship::CapabilityInvocation])
        .unwrap()
        .with_service(service("CredentialService"))
        .with_service(service("IssuerService"));
    let read = DidDocument::read(&did(HOLDER), document.to_json().as_bytes()).unwrap();
    assert_eq!(read, document);
    let name = did(HOLDER).key("a").unwrap();
    assert!(read.key(&name, Relationship::AssertionMethod).is_ok());
    assert_eq!(
        read.key(&name, Relationship::CapabilityInvocation).unwrap_err().to_string(),
        "find the key did:web:holder.example#a: the did document does not list it under \
         `capabilityInvocation`"
    );
    assert_eq!(read.relationships(&name), [Relationship::AssertionMethod]);
    assert!(read.service("IssuerService").is_some() && read.service("Other").is_none());
}

#[test]
fn a_foreign_document_may_use_every_form_of_the_specification() {
    let (a, b) = (TestKey::new(HOLDER), TestKey::new(HOLDER));
    let text = json!({
        "@context": "https://www.w3.org/ns/did/v1",
        "id": HOLDER,
        "controller": ["did:web:parent.example"],
        "alsoKnownAs": ["https://holder.example"],
        "verificationMethod": {
            "id": "#a",
            "type": "JsonWebKey",
            "controller": HOLDER,
            "publicKeyJwk": a.public().to_jwk(),
        },
        "authentication": "#a",
        "capabilityInvocation": [
            {
                "id": "did:web:holder.example#b",
                "type": "JsonWebKey2020",
                "publicKeyJwk": b.public().to_jwk(),
            },
            {
                "id": "#c",
                "type": "Ed25519VerificationKey2020",
                "controller": HOLDER,
                "publicKeyMultibase": "z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK",
            },
        ],
        "service": [
            {
                "id": "#s",
                "type": ["CredentialService", "X"],
                "serviceEndpoint": {"uri": "https://a/"},
            },
            {"id": "#t", "type": "IssuerService", "serviceEndpoint": [{"x": 1}, "https://b/"]},
            {"id": "#u", "type": "Broken", "serviceEndpoint": {"uri": {"uri": "https://c/"}}},
        ],
    });
    let read = DidDocument::read(&did(HOLDER), text.to_string().as_bytes()).unwrap();
    let key = |name: &str| KeyId::parse(&format!("{HOLDER}#{name}")).unwrap();
    assert_eq!(read.key(&key("a"), Relationship::Authentication), Ok(&a.public()));
    assert_eq!(read.key(&key("b"), Relationship::CapabilityInvocation), Ok(&b.public()));
    assert!(read.key(&key("b"), Relationship::Authentication).is_err());
    assert!(read.key(&key("c"), Relationship::CapabilityInvocation).is_ok());
    let endpoint = |kind| read.service(kind).map(|service| service.endpoint.to_string());
    assert_eq!(endpoint("CredentialService").as_deref(), Some("https://a/"));
    assert_eq!(endpoint("X").as_deref(), Some("https://a/"));
    assert_eq!(endpoint("IssuerService").as_deref(), Some("https://b/"));
    assert_eq!(endpoint("Broken"), None);
}

#[test]
fn a_key_that_cannot_be_used_stays_away_alone() {
    let key = TestKey::new(HOLDER);
    let mut text: Value = serde_json::from_str(&key.document().to_json()).unwrap();
    let mut add = |name: &str, change: Value| {
        let mut method = text["verificationMethod"][0].clone();
        method["id"] = json!(format!("{HOLDER}#{name}"));
        for (name, value) in change.as_object().unwrap() {
            method[name] = value.clone();
        }
        text["verificationMethod"].as_array_mut().unwrap().push(method);
        let names = text["capabilityInvocation"].as_array_mut().unwrap();
        names.push(json!(format!("{HOLDER}#{name}")));
    };
    add("curve", json!({"publicKeyJwk": {"kty": "EC", "crv": "secp256k1", "x": "", "y": ""}}));
    add("kind", json!({"type": "EcdsaSecp256k1VerificationKey2019"}));
    add("other", json!({"controller": "did:web:other.example"}));
    add("two", json!({"publicKeyMultibase": "z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"}));
    let read = DidDocument::read(&did(HOLDER), text.to_string().as_bytes()).unwrap();
    assert_eq!(read.keys().count(), 1);
    assert_eq!(read.unusable_keys().count(), 4);
    for name in ["curve", "kind", "other", "two"] {
        let name = did(HOLDER).key(name).unwrap();
        let error = read.key(&name, Relationship::CapabilityInvocation).unwrap_err();
        assert!(error.to_string().contains("cannot be used"), "{error}");
    }
}

#[test]
fn a_key_of_another_party_is_not_taken_from_this_document() {
    let key = TestKey::new("did:web:other.example");
    let text = json!({
        "id": HOLDER,
        "verificationMethod": [{
            "id": key.id().to_string(),
            "type": "JsonWebKey2020",
            "controller": HOLDER,
            "publicKeyJwk": key.public().to_jwk(),
        }],
        "capabilityInvocation": [key.id().to_string()],
    });
    let read = DidDocument::read(&did(HOLDER), text.to_string().as_bytes()).unwrap();
    assert!(read.key(key.id(), Relationship::CapabilityInvocation).is_err());
}

fn check(text: &str, expectation: &str) {
    let found = DidDocument::read(&did(HOLDER), text.as_bytes())
        .map_or_else(|error| chain(&error), |_| String::new());
    assert!(found.contains(expectation), "{text:.200}: {found}");
    assert_eq!(found.is_empty(), expectation.is_empty(), "{text:.200}: {found}");
}

#[test]
fn a_document_that_is_not_the_one_asked_for_or_too_large_is_refused() {
    let with = |name: &str, value: Value| json!({"id": HOLDER, name: value}).to_string();
    check(&json!({"id": HOLDER}).to_string(), "");
    check("{}", "expected the same did");
    check(r#"{"id":"did:web:holder.example:a"}"#, "expected the same did");
    check(r#"{"id":"did:web:holder.example","id":"did:web:holder.example"}"#, "twice");
    check("[]", "expected an object");
    check("<html>", "not JSON");
    check(&with("x", json!("y".repeat(70_000))), "expected at most 65536");
    let deep = format!(r#"{{"id":"{HOLDER}","x":{}{}}}"#, "[".repeat(16), "]".repeat(16));
    check(&deep, "16 levels");
    check(&with("x", json!(vec![0; 9_000])), "8192 members");
    let method = |n: usize| json!({"id": format!("#{n}"), "type": "X"});
    let methods = |n: usize| (0..n).map(method).collect::<Vec<_>>();
    check(&with("verificationMethod", json!(methods(64))), "");
    check(&with("verificationMethod", json!(methods(65))), "found 65");
    check(&with("verificationMethod", json!([method(1), method(1)])), "two keys of the name");
    check(&with("verificationMethod", json!(["#a"])), "\"verificationMethod\"");
    check(&with("authentication", json!(methods(65))), "found 65");
    check(&with("authentication", json!([1])), "\"authentication\"");
    check(&with("authentication", json!(["key"])), "names of keys");
    check(&with("service", json!(["x"])), "\"service\"");
    check(&with("service", json!(vec![json!({}); 65])), "found 65");
}
