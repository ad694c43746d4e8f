//! Reading undoes writing, for every kind of message; and nothing a peer sends makes the readers
//! panic.

use causeway_dsp::wire;
use causeway_dsp::{negotiation, transfer};
use causeway_types::{ConsumerPid, ProviderPid};
use proptest::prelude::*;
use serde_json::Value;

use super::generate;

/// What holds for everything that is written: compact JSON, nothing empty, a type on every node.
fn check_written(bytes: &[u8]) {
    let value: Value = serde_json::from_slice(bytes).unwrap();
    assert_eq!(value.to_string().as_bytes(), bytes, "compact");
    assert_eq!(value["@context"], serde_json::json!([wire::CONTEXT]));
    assert!(value["@type"].is_string());
    check_nothing_is_empty(&value);
}

fn check_nothing_is_empty(value: &Value) {
    match value {
        Value::Null => panic!("a null was written"),
        Value::Array(items) => {
            assert!(!items.is_empty(), "an empty array was written");
            items.iter().for_each(check_nothing_is_empty);
        }
        Value::Object(members) => members.values().for_each(check_nothing_is_empty),
        _ => {}
    }
}

/// Reads `bytes` in every way there is.
fn read_everything(bytes: &[u8]) {
    let _ = wire::read_version(bytes);
    let _ = wire::read_error(bytes);
    let _ = wire::parse_answer(bytes);
    let Ok(document) = wire::parse(bytes) else {
        return;
    };
    let _ = wire::read_negotiation(&document);
    let _ = wire::read_negotiation_ack(&document);
    let _ = wire::read_transfer(&document);
    let _ = wire::read_transfer_ack(&document);
    let _ = wire::read_catalog_request(&document);
    let _ = wire::read_catalog(&document);
    let _ = wire::read_dataset(&document);
    let _ = wire::read_offer(&document);
    let _ = wire::read_agreement(&document);
}

proptest! {
    #[test]
    fn a_negotiation_message_reads_back_as_it_was(message in generate::negotiation_message()) {
        let bytes = wire::write_negotiation(&message);
        check_written(&bytes);
        let document = wire::parse(&bytes).unwrap();
        prop_assert_eq!(wire::read_negotiation(&document), Ok(message.clone()));
        for kind in negotiation::Kind::ALL {
            let read = wire::read_negotiation_expecting(&document, &[kind]);
            prop_assert_eq!(read.is_ok(), kind == message.body.kind());
        }
    }

    #[test]
    fn a_transfer_message_reads_back_as_it_was(message in generate::transfer_message()) {
        let bytes = wire::write_transfer(&message);
        check_written(&bytes);
        let document = wire::parse(&bytes).unwrap();
        prop_assert_eq!(wire::read_transfer(&document), Ok(message.clone()));
        for kind in transfer::Kind::ALL {
            let read = wire::read_transfer_expecting(&document, &[kind]);
            prop_assert_eq!(read.is_ok(), kind == message.body.kind());
        }
    }

    #[test]
    fn an_offer_and_an_agreement_alone_read_back(
        offer in generate::offer(),
        agreement in generate::agreement(),
    ) {
        let bytes = wire::write_offer(&offer).to_string();
        prop_assert_eq!(wire::read_offer(&wire::parse(bytes.as_bytes()).unwrap()), Ok(offer));
        let bytes = wire::write_agreement(&agreement).to_string();
        let document = wire::parse(bytes.as_bytes()).unwrap();
        prop_assert_eq!(wire::read_agreement(&document), Ok(agreement));
    }

    #[test]
    fn a_catalog_and_a_dataset_read_back_with_nothing_left_out(
        catalog in generate::catalog(),
        dataset in generate::dataset(),
    ) {
        let bytes = wire::write_catalog(&catalog);
        check_written(&bytes);
        let reading = wire::read_catalog(&wire::parse_answer(&bytes).unwrap()).unwrap();
        prop_assert_eq!(reading, wire::Reading { value: catalog, problems: vec![] });
        let bytes = wire::write_dataset(&dataset);
        check_written(&bytes);
        let reading = wire::read_dataset(&wire::parse_answer(&bytes).unwrap()).unwrap();
        prop_assert_eq!(reading, wire::Reading { value: dataset, problems: vec![] });
    }

    #[test]
    fn an_error_reads_back_whatever_protocol_it_belongs_to(reason in generate::reason()) {
        let consumer = ConsumerPid::parse("c-1").unwrap();
        let provider = ProviderPid::parse("p-1").unwrap();
        for bytes in [
            wire::write_negotiation_error(Some(&consumer), Some(&provider), &reason),
            wire::write_negotiation_error(None, Some(&provider), &reason),
            wire::write_transfer_error(Some(&consumer), None, &reason),
            wire::write_catalog_error(&reason),
        ] {
            check_written(&bytes);
            let read = wire::read_error(&bytes);
            if reason.is_empty() {
                prop_assert!(read.to_string().ends_with("Error without code and reason"));
            } else {
                prop_assert_eq!(&read, &reason);
            }
        }
    }

    #[test]
    fn a_version_document_reads_back(
        versions in proptest::collection::vec(generate::version(), 1..4),
    ) {
        prop_assert_eq!(wire::read_version(&wire::write_version(&versions)), Ok(versions));
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..256)) {
        read_everything(&bytes);
    }

    #[test]
    fn arbitrary_json_never_panics(value in generate::json()) {
        read_everything(value.to_string().as_bytes());
    }

    #[test]
    fn a_damaged_message_never_panics(
        message in generate::negotiation_message(),
        at in any::<proptest::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut bytes = wire::write_negotiation(&message);
        let at = at.index(bytes.len());
        bytes[at] = byte;
        read_everything(&bytes);
        bytes.truncate(at);
        read_everything(&bytes);
    }
}

#[test]
fn every_state_reads_back_from_its_acknowledgement() {
    let consumer = ConsumerPid::parse("c-1").unwrap();
    let provider = ProviderPid::parse("p-1").unwrap();
    for state in negotiation::State::ALL {
        let bytes = wire::write_negotiation_ack(Some(&consumer), Some(&provider), state);
        check_written(&bytes);
        let ack = wire::read_negotiation_ack(&wire::parse(&bytes).unwrap()).unwrap();
        assert_eq!((ack.state, ack.consumer_pid.as_ref()), (state, Some(&consumer)));
    }
    for state in transfer::State::ALL {
        let bytes = wire::write_transfer_ack(Some(&consumer), Some(&provider), state);
        check_written(&bytes);
        let ack = wire::read_transfer_ack(&wire::parse(&bytes).unwrap()).unwrap();
        assert_eq!((ack.state, ack.provider_pid.as_ref()), (state, Some(&provider)));
    }
}
