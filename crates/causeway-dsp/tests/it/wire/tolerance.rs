//! What peers really send: spellings beyond the official shape that are read, and what is refused
//! with which text. Every row is a message written another way, or a message with a fault.

use causeway_dsp::negotiation::{self, Kind};
use causeway_dsp::transfer;
use causeway_dsp::wire::{self, WireError};
use causeway_types::limits::{MESSAGE_BYTES_MAX, MESSAGE_DEPTH_MAX, MESSAGE_NODES_MAX};
use serde_json::{Value, json};

const DSPACE: &str = "https://w3id.org/dspace/2025/1/";

fn negotiation(value: &Value) -> Result<negotiation::Message, String> {
    let document = wire::parse(value.to_string().as_bytes()).map_err(text)?;
    wire::read_negotiation(&document).map_err(text)
}

fn transfer(value: &Value) -> Result<transfer::Message, String> {
    let document = wire::parse(value.to_string().as_bytes()).map_err(text)?;
    wire::read_transfer(&document).map_err(text)
}

fn text(error: WireError) -> String {
    error.to_string()
}

fn request() -> Value {
    json!({
        "@context": [wire::CONTEXT],
        "@type": "ContractRequestMessage",
        "@id": "m-1",
        "consumerPid": "c-1",
        "offer": {
            "@type": "Offer",
            "@id": "o-1",
            "target": "d-1",
            "permission": [{ "action": "use" }],
        },
        "callbackAddress": "https://peer.example/dsp",
    })
}

fn agreement() -> Value {
    json!({
        "@context": [wire::CONTEXT],
        "@type": "ContractAgreementMessage",
        "providerPid": "p-1",
        "consumerPid": "c-1",
        "agreement": {
            "@type": "Agreement",
            "@id": "a-1",
            "target": "d-1",
            "assigner": "did:web:p",
            "assignee": "did:web:c",
            "timestamp": "2026-11-24T07:00:00Z",
            "permission": [{ "action": "use" }],
        },
    })
}

fn event() -> Value {
    json!({
        "@context": [wire::CONTEXT],
        "@type": "ContractNegotiationEventMessage",
        "providerPid": "p-1",
        "consumerPid": "c-1",
        "eventType": "ACCEPTED",
    })
}

fn transfer_request() -> Value {
    json!({
        "@context": [wire::CONTEXT],
        "@type": "TransferRequestMessage",
        "consumerPid": "c-1",
        "agreementId": "a-1",
        "format": "HttpData-PULL",
        "callbackAddress": "https://peer.example/dsp",
    })
}

fn start() -> Value {
    json!({
        "@context": [wire::CONTEXT],
        "@type": "TransferStartMessage",
        "providerPid": "p-1",
        "consumerPid": "c-1",
        "dataAddress": {
            "@type": "DataAddress",
            "endpointType": "https://w3id.org/idsa/v4.1/HTTP",
            "endpoint": "https://peer.example/data",
            "endpointProperties": [
                { "@type": "EndpointProperty", "name": "authorization", "value": "secret" },
            ],
        },
    })
}

/// The message with the member at `pointer` replaced; null removes it.
fn with(mut message: Value, pointer: &str, value: Value) -> Value {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let members = message.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    if value.is_null() {
        members.shift_remove(name);
    } else {
        members.insert(name.to_owned(), value);
    }
    message
}

/// The message with the member at `pointer` under another name.
fn renamed(message: Value, pointer: &str, name: &str) -> Value {
    let value = message.pointer(pointer).unwrap().clone();
    let mut message = with(message, pointer, Value::Null);
    let parent = pointer.rsplit_once('/').unwrap().0;
    let members = message.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    members.insert(name.to_owned(), value);
    message
}

fn check_reads_as(official: &Value, variants: Vec<Value>) {
    for variant in variants {
        let same = match negotiation(official) {
            Ok(message) => negotiation(&variant) == Ok(message),
            Err(_) => transfer(&variant).map(Some) == transfer(official).map(Some),
        };
        let (n, t) = (negotiation(&variant), transfer(&variant));
        assert!(same, "{variant}\n{n:?}\n{t:?}");
    }
}

#[test]
fn contexts_and_types_may_be_written_otherwise() {
    let inline = json!([wire::CONTEXT, { "p": DSPACE, "dspace": DSPACE }]);
    let edc = json!([wire::CONTEXT, "https://w3id.org/edc/dspace/v0.0.1"]);
    check_reads_as(
        &request(),
        vec![
            with(request(), "/@context", json!(wire::CONTEXT)),
            with(request(), "/@context", Value::Null),
            with(request(), "/@context", edc),
            with(request(), "/@context", json!({ "odrl": "http://www.w3.org/ns/odrl/2/" })),
            renamed(with(request(), "/@context", inline), "/consumerPid", "p:consumerPid"),
            with(request(), "/@type", json!(["ContractRequestMessage"])),
            with(request(), "/@type", json!("dspace:ContractRequestMessage")),
            with(request(), "/@type", json!(format!("{DSPACE}ContractRequestMessage"))),
            with(request(), "/@type", json!(["x:Other", "dspace:ContractRequestMessage"])),
            with(request(), "/offer/@type", json!("odrl:Offer")),
            with(request(), "/offer/@type", Value::Null),
            json!([request()]),
        ],
    );
}

#[test]
fn names_may_be_prefixed_or_full_and_values_wrapped() {
    check_reads_as(
        &request(),
        vec![
            renamed(request(), "/consumerPid", "dspace:consumerPid"),
            renamed(request(), "/consumerPid", &format!("{DSPACE}consumerPid")),
            renamed(request(), "/consumerPid", "edc:consumerPid"),
            renamed(request(), "/offer/target", "odrl:target"),
            renamed(request(), "/offer/permission", "http://www.w3.org/ns/odrl/2/permission"),
            with(request(), "/consumerPid", json!({ "@id": "c-1" })),
            with(request(), "/consumerPid", json!([{ "@value": "c-1" }])),
            with(request(), "/callbackAddress", json!({ "@value": "https://peer.example/dsp/" })),
            with(request(), "/offer/target", json!({ "@id": "d-1", "@type": "odrl:Asset" })),
            with(request(), "/offer", json!([request()["offer"]])),
            with(request(), "/offer/permission", json!({ "action": { "@id": "odrl:use" } })),
            with(request(), "/offer/prohibition", json!([])),
            with(request(), "/unknown", json!({ "consumerPid": 1 })),
            with(request(), "/offer/callbackAddress", json!("https://other.example")),
            with(request(), "/edc:consumerPid", json!("the official name wins")),
        ],
    );
    check_reads_as(
        &event(),
        vec![
            with(event(), "/eventType", json!("dspace:ACCEPTED")),
            with(event(), "/eventType", json!({ "@id": format!("{DSPACE}ACCEPTED") })),
        ],
    );
    let outer = with(agreement(), "/agreement/timestamp", Value::Null);
    check_reads_as(
        &agreement(),
        vec![
            with(agreement(), "/agreement/timestamp", json!("2026-11-24T08:00:00+01:00")),
            with(agreement(), "/agreement/timestamp", json!("2026-11-24T07:00:00")),
            with(outer, "/timestamp", json!("2026-11-24T07:00:00Z")),
        ],
    );
}

#[test]
fn data_addresses_may_have_one_property_and_values_of_any_kind() {
    let properties = "/dataAddress/endpointProperties";
    check_reads_as(
        &start(),
        vec![
            with(start(), properties, start()["dataAddress"]["endpointProperties"][0].clone()),
            with(start(), "/dataAddress/@type", Value::Null),
            with(
                start(),
                "/dataAddress/endpointType",
                json!({
                    "@id": "https://w3id.org/idsa/v4.1/HTTP"
                }),
            ),
            renamed(start(), properties, "dspace:endpointProperties"),
        ],
    );
    let odd = json!([{ "name": "port", "value": 8080 }, { "name": "x", "value": { "a": [1] } }]);
    let Ok(message) = transfer(&with(start(), properties, odd)) else { panic!("not read") };
    let transfer::Body::Start { data_address: Some(address) } = message.body else {
        panic!("no address")
    };
    assert_eq!(address.property("port"), Some("8080"));
    assert_eq!(address.property("x"), Some(r#"{"a":[1]}"#));
}

#[test]
fn a_request_with_both_pid_and_callback_address_belongs_to_the_pid() {
    let both = with(request(), "/providerPid", json!("p-1"));
    let both = with(both, "/callbackAddress", json!("not even a URL"));
    let message = negotiation(&both).unwrap();
    assert_eq!(message.provider_pid.unwrap().as_str(), "p-1");
    assert!(matches!(message.body, negotiation::Body::Request { callback: None, .. }));
}

fn check_refusals(refusals: Vec<(Value, &str)>) {
    for (message, expected) in refusals {
        let is_transfer = message["@type"].as_str().is_some_and(|t| t.starts_with("Transfer"));
        let found = if is_transfer {
            transfer(&message).unwrap_err()
        } else {
            negotiation(&message).unwrap_err()
        };
        assert_eq!(found, expected, "{message}");
    }
}

#[test]
fn what_is_no_message_of_this_protocol_is_refused_by_name() {
    let all = "ContractRequestMessage or ContractOfferMessage or ContractNegotiationEventMessage \
               ACCEPTED or ContractAgreementMessage or ContractAgreementVerificationMessage or \
               ContractNegotiationEventMessage FINALIZED or ContractNegotiationTerminationMessage";
    let other_type = |found: &str| format!("@type: found {found}, expected {all}");
    let old_type = "https://w3id.org/dspace/2024/1/ContractRequestMessage";
    for (kind, found) in [
        (json!("Nonsense"), other_type("\"Nonsense\"")),
        (json!("a\"b\u{202e}\n"), other_type("\"a\\\"b\\u{202e}\\n\"")),
        (json!(old_type), other_type(&format!("\"{old_type}\""))),
        (json!([]), other_type("nothing")),
        (json!(null), other_type("nothing")),
        (json!(["A", "B"]), other_type("2 types, first \"A\"")),
        (json!("TransferStartMessage"), String::new()),
        (json!(7), "/@type: found a number, expected a text".to_owned()),
    ] {
        let message = with(request(), "/@type", kind);
        if !found.is_empty() {
            assert_eq!(negotiation(&message).unwrap_err(), found);
        }
        assert!(transfer(&message).is_err());
    }
    let old = "https://w3id.org/dspace/2024/1/context.json";
    let refused = |found: &str| {
        format!(
            "@context: found {found:?} of another protocol version, expected {:?}: only the \
             Dataspace Protocol 2025-1 is spoken here",
            wire::CONTEXT
        )
    };
    let v08 = "https://w3id.org/dspace/v0.8/";
    for (context, expected) in [
        (json!(old), refused(old)),
        (json!([wire::CONTEXT, old]), refused(old)),
        (json!({ "dspace": v08 }), refused(v08)),
        (json!(7), "@context: found a number, expected a URL or an array of URLs".to_owned()),
    ] {
        assert_eq!(negotiation(&with(request(), "/@context", context)).unwrap_err(), expected);
    }
}

#[test]
fn missing_and_wrong_fields_of_a_negotiation_are_refused_with_their_place() {
    let request_with = |pointer, value| with(request(), pointer, value);
    let long = "x".repeat(1025);
    check_refusals(vec![
        (
            request_with("/consumerPid", json!(null)),
            "/consumerPid: found nothing, expected the id of the negotiation",
        ),
        (request_with("/consumerPid", json!(5)), "/consumerPid: found a number, expected a text"),
        (
            request_with("/consumerPid", json!({ "a": 1 })),
            "/consumerPid: found an object, expected a text",
        ),
        (
            request_with("/consumerPid", json!(["a", "b"])),
            "/consumerPid: found an array, expected a text",
        ),
        (
            request_with("/consumerPid", json!("a b")),
            "/consumerPid: ConsumerPid: found the character ' ', expected no control character \
             or white space",
        ),
        (
            request_with("/consumerPid", json!(long)),
            "/consumerPid: ConsumerPid: found 1025 bytes, expected at most 1024",
        ),
        (
            request_with("/dspace:consumerPid", json!("c-2")),
            "message: found consumerPid in two spellings, expected one",
        ),
        (
            request_with("/callbackAddress", json!(null)),
            "/callbackAddress: found nothing, expected the address to answer to, or providerPid",
        ),
        (
            request_with("/callbackAddress", json!("ftp://peer.example")),
            "/callbackAddress: address: found the scheme \"ftp\", expected http or https",
        ),
        (
            request_with("/callbackAddress", json!("/dsp")),
            "/callbackAddress: address: found \"/dsp\", expected an absolute http or https URL",
        ),
        (request_with("/offer", json!(null)), "/offer: found nothing, expected an offer"),
        (request_with("/offer", json!("o-1")), "/offer: found a text, expected an object"),
        (request_with("/offer/@id", json!(null)), "/offer/@id: found nothing, expected an id"),
        (
            request_with("/offer/@type", json!("Agreement")),
            "@type: found \"Agreement\", expected Offer",
        ),
        (
            request_with("/@id", json!("\u{7}")),
            "/@id: MessageId: found the character '\\u{7}', expected no control character or \
             white space",
        ),
    ]);
}

#[test]
fn a_fault_in_the_rules_is_refused_with_both_places() {
    let message = with(agreement(), "/agreement/permission", json!([{ "action": "use" }, 5]));
    let found = negotiation(&message).unwrap_err();
    assert!(
        found.starts_with("/agreement: policy at \"/permission/1\": found a number"),
        "{found}"
    );
}

#[test]
fn what_else_a_negotiation_needs_is_said_too() {
    let offer = json!({
        "@type": "ContractOfferMessage", "providerPid": "p-1", "consumerPid": "c-1",
        "offer": { "@id": "o-1", "permission": [{ "action": "use" }] },
    });
    check_refusals(vec![
        (offer, "/offer/target: found nothing, expected the dataset's id"),
        (
            with(agreement(), "/agreement/assigner", json!(null)),
            "/agreement/assigner: found nothing, expected the provider's id",
        ),
        (
            with(agreement(), "/agreement/timestamp", json!("yesterday")),
            "/agreement/timestamp: timestamp: found \"yesterday\", expected RFC 3339 such as \
             2026-01-31T08:00:00Z",
        ),
        (
            with(agreement(), "/agreement", json!(null)),
            "/agreement: found nothing, expected an \
             agreement",
        ),
        (
            with(agreement(), "/providerPid", json!(null)),
            "/providerPid: found nothing, expected the id of the negotiation",
        ),
        (
            with(event(), "/eventType", json!("OFFERING")),
            "/eventType: found \"OFFERING\", expected ACCEPTED or FINALIZED",
        ),
        (
            with(event(), "/eventType", json!(null)),
            "/eventType: found nothing, expected ACCEPTED or FINALIZED",
        ),
    ]);
    let document = wire::parse(event().to_string().as_bytes()).unwrap();
    let error = wire::read_negotiation_expecting(&document, &[Kind::Finalized]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "@type: found \"ContractNegotiationEventMessage ACCEPTED\", expected \
         ContractNegotiationEventMessage FINALIZED"
    );
    let error = wire::read_negotiation_expecting(&document, &[Kind::Agreement]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "@type: found \"ContractNegotiationEventMessage\", expected ContractAgreementMessage"
    );
}

#[test]
fn missing_and_wrong_fields_of_a_transfer_are_refused_without_quoting_secrets() {
    let request_with = |name: &str, value| with(transfer_request(), name, value);
    check_refusals(vec![
        (
            request_with("/agreementId", json!(null)),
            "/agreementId: found nothing, expected the agreement's id",
        ),
        (
            request_with("/format", json!(null)),
            "/format: found nothing, expected the format of a distribution",
        ),
        (request_with("/format", json!("")), "/format: found 0 bytes, expected 1 to 1024"),
        (
            request_with("/callbackAddress", json!(null)),
            "/callbackAddress: found nothing, expected the address to answer to",
        ),
        (
            with(start(), "/providerPid", json!(null)),
            "/providerPid: found nothing, expected the id of the transfer",
        ),
        (
            with(start(), "/dataAddress", json!("https://secret.example")),
            "/dataAddress: found a text, expected an object",
        ),
        (
            with(start(), "/dataAddress/endpointType", json!(null)),
            "/dataAddress/endpointType: found nothing, expected the kind of endpoint",
        ),
        (
            with(start(), "/dataAddress/endpointProperties", json!(["secret"])),
            "/dataAddress/endpointProperties/0: found a text, expected an object",
        ),
        (
            with(start(), "/dataAddress/endpointProperties", json!({ "value": "secret" })),
            "/dataAddress/endpointProperties/name: found nothing, expected a text",
        ),
    ]);
}

#[test]
fn what_is_not_json_or_beyond_a_limit_is_refused_with_the_place() {
    let deep = |levels: usize| {
        format!("{{\"a\":{}1{}}}", "[".repeat(levels - 1), "]".repeat(levels - 1)).into_bytes()
    };
    let wide = |members: usize| format!("{{\"a\":[{}1]}}", "1,".repeat(members - 2)).into_bytes();
    assert!(wire::parse(&deep(MESSAGE_DEPTH_MAX)).is_ok());
    assert!(wire::parse(&wide(MESSAGE_NODES_MAX)).is_ok());
    assert!(wire::parse_answer(&wide(MESSAGE_NODES_MAX + 1)).is_ok());
    assert!(wire::parse("\u{feff}{}".as_bytes()).is_ok());
    let at = |line: usize, column: usize, problem: &str| {
        format!("message at line {line}, column {column}: {problem}")
    };
    for (bytes, expected) in [
        (b"".to_vec(), at(1, 0, "not JSON: EOF while parsing a value")),
        (b"{\n  \"a\": trup}".to_vec(), at(2, 11, "not JSON: expected ident")),
        (b"{} {}".to_vec(), at(1, 4, "not JSON: trailing characters")),
        (b"{\n\"a\": \"\xff\"}".to_vec(), at(2, 7, "found a byte that is not UTF-8")),
        (b"{\"a\":1,\n\"a\":2}".to_vec(), at(2, 3, "found the name \"a\" twice in one object")),
        (b"[]".to_vec(), "message: found an array, expected an object".to_owned()),
        (b"\"x\"".to_vec(), "message: found a text, expected an object".to_owned()),
        (
            vec![b' '; MESSAGE_BYTES_MAX + 1],
            "message: found 1048577 bytes, expected at most 1048576".to_owned(),
        ),
        (deep(MESSAGE_DEPTH_MAX + 1), at(1, 37, "found deeper nesting than 32 levels")),
        (deep(100_000), at(1, 37, "found deeper nesting than 32 levels")),
        (
            wide(MESSAGE_NODES_MAX + 1),
            "message: found more than 10000 members of arrays and objects".to_owned(),
        ),
    ] {
        assert_eq!(wire::parse(&bytes).unwrap_err().to_string(), expected);
    }
}
