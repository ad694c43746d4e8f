//! Tables of good and bad messages: the examples of the specification, the looseness that is read,
//! and what is refused, with the words it is refused in.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const JSON_LD: &str = "https://w3id.org/dspace-dcp/v1.0/dcp.jsonld";

/// Reads and writes again, as a value.
fn again(kind: Kind, bytes: &[u8]) -> Result<Value, MessageError> {
    let text = match kind {
        Kind::PresentationQuery => PresentationQuery::read(bytes)?.write(),
        Kind::PresentationResponse => PresentationResponse::read(bytes)?.write(),
        Kind::Credential => CredentialMessage::read(bytes)?.write(),
        Kind::CredentialOffer => CredentialOffer::read(bytes)?.write(),
        Kind::CredentialRequest => CredentialRequest::read(bytes)?.write(),
        Kind::CredentialStatus => CredentialStatus::read(bytes)?.write(),
        Kind::IssuerMetadata => IssuerMetadata::read(bytes)?.write(),
    };
    Ok(serde_json::from_str(&text).unwrap())
}

fn message(kind: Kind) -> Value {
    let body = match kind {
        Kind::PresentationQuery => json!({
            "scope": ["org.eclipse.dspace.dcp.vc.type:MembershipCredential:read"],
        }),
        Kind::PresentationResponse => json!({ "presentation": ["eyJ.e30.x", "eyJ.e31.x"] }),
        Kind::Credential => json!({
            "issuerPid": "i-1", "holderPid": "h-1", "status": "ISSUED",
            "credentials": [{ "credentialType": "MembershipCredential", "payload": "eyJ.e30.x",
                              "format": "vc11-sl2021/jwt" }],
        }),
        Kind::CredentialOffer => json!({
            "issuer": "did:web:issuer.example",
            "credentials": [{ "id": "o-1", "type": "CredentialObject" }, {
                "id": "o-2", "type": "CredentialObject", "credentialType": "CompanyCredential",
                "credentialSchema": "https://example.com/schema", "offerReason": "reissue",
                "bindingMethods": ["did:web"], "profile": "vc20-bssl/jwt",
                "issuancePolicy": { "id": "policy" },
            }],
        }),
        Kind::CredentialRequest => json!({
            "holderPid": "h-1", "credentials": [{ "id": "o-1" }, { "id": "o-2" }],
        }),
        Kind::CredentialStatus => json!({
            "issuerPid": "i-1", "holderPid": "h-1", "status": "RECEIVED",
        }),
        Kind::IssuerMetadata => json!({
            "issuer": "did:web:issuer.example",
            "credentialsSupported": [{
                "id": "o-2", "type": "CredentialObject", "credentialType": "CompanyCredential",
                "credentialSchema": "https://example.com/schema", "offerReason": "reissue",
                "bindingMethods": ["did:web"], "profile": "vc20-bssl/jwt",
                "issuancePolicy": { "id": "policy" },
            }],
        }),
    };
    let mut message = json!({ "@context": [JSON_LD], "type": kind.as_str() });
    message.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
    message
}

#[test]
fn every_message_is_written_as_it_is_read() {
    for kind in Kind::ALL {
        let message = message(kind);
        assert_eq!(again(kind, message.to_string().as_bytes()).unwrap(), message, "{kind}");
        assert_eq!(Kind::of(message.to_string().as_bytes()), Some(kind));
    }
    let mut rejected = message(Kind::Credential);
    let object = rejected.as_object_mut().unwrap();
    object.remove("credentials");
    object.insert("status".to_owned(), "REJECTED".into());
    object.insert("rejectionReason".to_owned(), "approval was not given".into());
    let bytes = rejected.to_string();
    assert_eq!(again(Kind::Credential, bytes.as_bytes()).unwrap(), rejected);
}

#[test]
fn names_may_be_prefixed_or_full_and_values_wrapped() {
    // Every property, in each spelling of another implementation.
    for start in ["dcp:", "https://w3id.org/dspace-dcp/v1.0/"] {
        for kind in Kind::ALL {
            let message = message(kind);
            let loose = loosen(&message, start);
            assert_eq!(again(kind, loose.to_string().as_bytes()).unwrap(), message, "{loose}");
        }
    }
    let one = json!({
        "@context": JSON_LD, "@type": ["PresentationQueryMessage"], "unknown": { "a": 1 },
        "scope": "org.eclipse.edc.vc.type:MembershipCredential",
    });
    let read = again(Kind::PresentationQuery, one.to_string().as_bytes()).unwrap();
    assert_eq!(read, message(Kind::PresentationQuery));
}

fn loosen(value: &Value, start: &str) -> Value {
    match value {
        Value::Object(object) => {
            let loose =
                object.iter().filter(|(name, _)| *name != "@context").map(|(name, value)| {
                    let value = match (name.as_str(), value) {
                        ("issuancePolicy", value) => json!({ "@type": "@json", "@value": value }),
                        ("id", value) => return ("@id".to_owned(), value.clone()),
                        ("type", value) => {
                            let full = format!("{start}{}", value.as_str().unwrap());
                            return ("@type".to_owned(), json!([full]));
                        }
                        ("status", value) => {
                            json!([{ "@id": format!("{start}{}", value.as_str().unwrap()) }])
                        }
                        ("issuer", value) => return (issuer(start), json!([{ "@id": value }])),
                        (_, value) => loosen(value, start),
                    };
                    (format!("{start}{name}"), value)
                });
            Value::Object(loose.collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(|item| loosen(item, start)).collect()),
        Value::String(text) => json!({ "@value": text }),
        other => other.clone(),
    }
}

fn issuer(start: &str) -> String {
    let place = if start == "dcp:" { "cred:" } else { "https://www.w3.org/2018/credentials#" };
    format!("{place}issuer")
}

/// Changes one message and checks how it is refused.
fn check(kind: Kind, change: Value, refusal: Refusal, expected: &str) {
    let mut message = message(kind);
    message.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    let error = again(kind, message.to_string().as_bytes()).unwrap_err();
    assert!(error.to_string().contains(expected), "{change}: {error}");
    assert_eq!(error.refusal(), refusal, "{change}");
}

#[test]
fn a_query_asks_in_exactly_one_way() {
    let check = |change, refusal, expected| {
        check(Kind::PresentationQuery, change, refusal, expected);
    };
    let definition = json!({ "id": "d", "input_descriptors": [] });
    check(json!({ "presentationDefinition": definition }), Refusal::BadRequest, "found both");
    let only = json!({ "scope": null, "presentationDefinition": definition });
    check(only, Refusal::NotImplemented, "not supported here; ask by scope");
    for nothing in [
        json!({ "scope": [] }),
        json!({ "scope": null }),
        json!({ "scope": null, "presentationDefinition": {} }),
        json!({ "scope": [], "presentationDefinition": null }),
        json!({ "scope": [], "presentationDefinition": [] }),
    ] {
        check(nothing, Refusal::BadRequest, "found neither a scope");
    }
    check(json!({ "scope": [7] }), Refusal::BadRequest, "/scope/0: found a number");
    let many: Vec<String> = (0..65).map(|n| format!("s{n}")).collect();
    check(json!({ "scope": many }), Refusal::BadRequest, "/scope: found 65, expected at most 64");
}

#[test]
fn scopes_that_are_not_known_ask_for_nothing() {
    let mut message = message(Kind::PresentationQuery);
    message["scope"] = json!(["some.other:thing", "org.eclipse.dspace.dcp.vc.type:A:write"]);
    let query = PresentationQuery::read(message.to_string().as_bytes()).unwrap();
    assert_eq!(query.scopes, []);
}

#[test]
fn a_credential_message_says_whose_it_is_and_brings_something() {
    let check = |change, expected| check(Kind::Credential, change, Refusal::BadRequest, expected);
    check(json!({ "holderPid": null }), "/holderPid: found nothing, expected an id");
    check(json!({ "issuerPid": "" }), "/issuerPid: IssuerPid: found an empty text");
    check(
        json!({ "status": "PENDING" }),
        "/status: found \"PENDING\", expected ISSUED or REJECTED",
    );
    check(json!({ "status": null }), "/status: found nothing");
    check(json!({ "credentials": [] }), "/credentials: found nothing, expected credentials");
    let container = |name: &str, value: Value| {
        let mut container = json!({ "credentialType": "A", "payload": "x.y.z", "format": "f" });
        container[name] = value;
        json!({ "credentials": [container] })
    };
    check(container("payload", json!({})), "/credentials/0/payload: found an object");
    check(container("payload", Value::Null), "expected a credential as a JWT");
    check(container("payload", "x".repeat(256 * 1024 + 1).into()), "expected at most 262144");
    check(container("format", json!(1)), "/credentials/0/format: found a number");
    check(container("credentialType", json!("a b")), "no control character or white space");
}

#[test]
fn offers_and_requests_name_who_and_what() {
    let offer =
        |change, expected| check(Kind::CredentialOffer, change, Refusal::BadRequest, expected);
    offer(json!({ "issuer": null }), "/issuer: found nothing, expected a DID");
    offer(json!({ "credentials": [] }), "expected what is offered");
    offer(json!({ "credentials": [{ "type": "CredentialObject" }] }), "/credentials/0/id: found");
    offer(json!({ "dcp:issuer": "did:web:b" }), "found issuer in two spellings");
    let ask =
        |change, expected| check(Kind::CredentialRequest, change, Refusal::BadRequest, expected);
    ask(json!({ "credentials": null }), "/credentials: found nothing");
    ask(json!({ "holderPid": null }), "/holderPid: found nothing");
    ask(json!({ "credentials": ["o-1"] }), "/credentials/0: found a text, expected an object");
    let many: Vec<Value> = (0..65).map(|n| json!({ "id": format!("o{n}") })).collect();
    ask(json!({ "credentials": many }), "found 65, expected at most 64");
    // The offer of nothing but names, as others send it, has no type at all.
    let names = json!({ "type": "CredentialOfferMessage", "issuer": "did:web:a",
                        "credentials": [{ "id": "x" }] });
    let offer = CredentialOffer::read(names.to_string().as_bytes()).unwrap();
    assert_eq!(offer.credentials, [CredentialObject::sparse("x".parse().unwrap())]);
    // What is asked for twice is asked for once.
    let twice = json!({ "type": "CredentialRequestMessage", "holderPid": "h",
                        "credentials": [{ "id": "x" }, { "id": "x" }] });
    let request = CredentialRequest::read(twice.to_string().as_bytes()).unwrap();
    assert_eq!(request.credentials.len(), 1);
}

#[test]
fn another_message_or_version_is_not_taken_for_this_one() {
    for kind in Kind::ALL {
        let wrong = |change: Value, expected: &str| {
            let mut message = message(kind);
            message.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            let error = again(kind, message.to_string().as_bytes()).unwrap_err();
            assert!(error.to_string().contains(expected), "{error}");
            let fault = if kind.is_answer() { "Peer" } else { "Caller" };
            assert_eq!(format!("{:?}", error.fault()), fault);
        };
        wrong(json!({ "type": "CredentialMassage" }), "found no type that is known here, expected");
        wrong(json!({ "type": null }), "found no type");
        let other = Kind::ALL.into_iter().find(|other| *other != kind).unwrap();
        wrong(json!({ "type": [kind.as_str(), other.as_str()] }), "found no type");
        wrong(json!({ "type": other.as_str() }), &format!("expected the type {kind}"));
        let old = "https://w3id.org/dspace-dcp/v0.8/dcp.jsonld";
        wrong(json!({ "@context": [old] }), "found the context");
        wrong(json!({ "@context": [JSON_LD, { "scope": "https://evil.example/x" }] }), "/@context");
        wrong(json!({ "@context": [JSON_LD, 7] }), "/@context: found a number");
    }
}

#[test]
fn bytes_that_are_no_message_are_refused_by_size_depth_and_repetition() {
    let read = |bytes: &[u8]| PresentationQuery::read(bytes).unwrap_err();
    assert_eq!(read(&vec![b' '; 1024 * 1024 + 1]).refusal(), Refusal::TooLarge);
    let deep = format!("{}1{}", "[".repeat(17), "]".repeat(17));
    assert!(read(deep.as_bytes()).to_string().contains("deeper nesting than 16 levels"));
    let many = format!("[{}1]", "1,".repeat(10_000));
    assert!(read(many.as_bytes()).to_string().contains("more than 10000 members"));
    let twice = br#"{"type":"PresentationQueryMessage","scope":["a"],"scope":["b"]}"#;
    assert!(read(twice).to_string().contains("the name \"scope\" twice"));
    for text in ["", "null", "[]", "7", "[1,2]", "\"x\"", "{"] {
        assert_eq!(read(text.as_bytes()).refusal(), Refusal::BadRequest, "{text}");
    }
}

proptest! {
    #[test]
    fn any_request_round_trips(
        pid in "[!-~]{1,40}",
        ids in proptest::collection::btree_set("[!-~]{1,20}", 1..20),
    ) {
        let request = CredentialRequest {
            holder_pid: pid.parse().unwrap(),
            credentials: ids.iter().map(|id| id.parse().unwrap()).collect(),
        };
        prop_assert_eq!(CredentialRequest::read(request.write().as_bytes()).unwrap(), request);
    }

    #[test]
    fn any_delivery_round_trips(
        pid in "[!-~]{1,40}",
        payloads in proptest::collection::vec(".{0,40}", 1..5),
        reason in proptest::option::of(".{0,40}"),
    ) {
        let credentials = payloads.into_iter().map(|payload| CredentialContainer {
            credential_type: "A".parse().unwrap(), payload, format: "vc20-bssl/jwt".to_owned(),
        });
        for delivery in [Delivery::Issued(credentials.collect()), Delivery::Rejected(reason)] {
            let message = CredentialMessage {
                issuer_pid: pid.parse().unwrap(), holder_pid: pid.parse().unwrap(), delivery,
            };
            prop_assert_eq!(CredentialMessage::read(message.write().as_bytes()).unwrap(), message);
        }
    }

    #[test]
    fn no_bytes_make_a_reader_fail_otherwise(
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        for kind in Kind::ALL {
            prop_assert!(again(kind, &bytes).is_err());
        }
    }
}
