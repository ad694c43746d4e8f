//! Golden files and their edges. To write a new format's golden file, run these tests once with
//! `GOLDEN_WRITE=1` and review the file like code; the file of an old format is never rewritten.

use std::path::PathBuf;

use causeway_types::Role;
use serde_json::Value;

use super::*;
use crate::suite::samples;
use crate::{
    AgreementEntry, ApiToken, Approval, Attestation, DecisionEntry, KeyEvent, LooseSettings,
    NegotiationEntry, PublishedOffer, TransferEntry,
};

/// Every sample survives the way through text, and the texts are those in the golden file.
fn check<T: Record + PartialEq + std::fmt::Debug>(samples: &[T], golden: &str) {
    for sample in samples {
        assert_eq!(T::decode(&sample.encode()).as_ref(), Ok(sample));
    }
    let encoded: Vec<Value> =
        samples.iter().map(|s| serde_json::from_str(&s.encode()).unwrap()).collect();
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden").join(golden);
    if std::env::var_os("GOLDEN_WRITE").is_some() {
        let text = serde_json::to_string_pretty(&encoded).unwrap() + "\n";
        std::fs::write(&path, text).unwrap();
    }
    let text = std::fs::read_to_string(&path).unwrap();
    let stored: Vec<Value> = serde_json::from_str(&text).unwrap();
    assert_eq!(encoded, stored, "{golden}");
    for (stored, sample) in stored.iter().zip(samples) {
        assert_eq!(T::decode(&stored.to_string()).as_ref(), Ok(sample), "{golden}");
        check_edges(stored, sample);
    }
}

/// Unknown members are passed over; other formats and other shapes are errors.
fn check_edges<T: Record + PartialEq + std::fmt::Debug>(stored: &Value, sample: &T) {
    let with = |name: &str, value: Value| {
        let mut changed = stored.clone();
        changed[name] = value;
        decode::<T>("the-id", &changed.to_string())
    };
    assert_eq!(with("unheard_of", serde_json::json!({ "a": [1] })).as_ref(), Ok(sample));
    let error = with("format", 2.into()).unwrap_err();
    let expected = ReadError::Corrupt {
        what: format!("{} the-id", T::KIND),
        reason: "found format 2, expected 1 to 1: a newer version wrote it".to_owned(),
    };
    assert_eq!(error, expected);
    assert!(matches!(with("format", 0.into()), Err(ReadError::Corrupt { .. })));
    assert!(matches!(with("format", "1".into()), Err(ReadError::Corrupt { .. })));
    for text in ["", "null", "{}", "[]", "{\"format\":1}", "{\"format\":1"] {
        assert!(matches!(T::decode(text), Err(RecordError::Shape { .. })), "{text}");
    }
}

#[test]
fn offers_are_stored_as_they_always_were() {
    check::<PublishedOffer>(&samples::offers(), "offer-v1.json");
}

#[test]
fn offers_with_metadata_are_stored_as_they_always_were() {
    check::<PublishedOffer>(&samples::described_offers(), "offer-v1-described.json");
}

#[test]
fn negotiations_are_stored_as_they_always_were() {
    check::<NegotiationEntry>(&samples::negotiations(), "negotiation-v1.json");
}

#[test]
fn agreements_are_stored_as_they_always_were() {
    check::<AgreementEntry>(&samples::agreements(), "agreement-v1.json");
}

#[test]
fn transfers_are_stored_as_they_always_were() {
    check::<TransferEntry>(&samples::transfers(), "transfer-v1.json");
}

#[test]
fn decisions_are_stored_as_they_always_were() {
    check::<DecisionEntry>(&samples::decisions(), "decision-v1.json");
}

#[test]
fn attestations_are_stored_as_they_always_were() {
    check::<Attestation>(&samples::attestations(), "attestation-v1.json");
}

#[test]
fn tokens_and_approvals_are_stored_as_they_always_were() {
    check::<ApiToken>(&samples::api_tokens(), "api-token-v1.json");
    check::<Approval>(&samples::approvals(), "approval-v1.json");
}

#[test]
fn what_was_done_with_keys_and_loose_settings_are_stored_as_they_always_were() {
    let at = samples::at(5);
    let by = |text: &str| Some(text.to_owned());
    let event = |act: &str, state: &str, by, person| KeyEvent {
        id: format!("urn:uuid:{act}"),
        key: "identity-mKcMYY52z7nTzxH6".to_owned(),
        purpose: "identity".to_owned(),
        act: act.to_owned(),
        state: state.to_owned(),
        by,
        person,
        at,
    };
    let events =
        [event("rotate", "next", by("socket"), by("local")), event("settle", "active", None, None)];
    check::<KeyEvent>(&events, "key-event-v1.json");
    let known = vec!["access.four_eyes = false".to_owned()];
    let first =
        LooseSettings { known: known.clone(), waiting: Vec::new(), by: None, person: None, at };
    let waiting = vec!["automation.offer_received = auto".to_owned()];
    let later = LooseSettings { known, waiting, by: by("socket"), person: by("local"), at };
    check::<LooseSettings>(&[first, later], "loose-settings-v1.json");
}

#[test]
fn what_is_known_of_a_crossing_is_stored_with_what_crosses() {
    check::<PublishedOffer>(&samples::declared_offers(), "offer-v1-declared.json");
    check::<NegotiationEntry>(&samples::decided_negotiations(), "negotiation-v1-decided.json");
    check::<AgreementEntry>(&samples::decided_agreements(), "agreement-v1-decided.json");
    check::<TransferEntry>(&samples::decided_transfers(), "transfer-v1-decided.json");
}

#[test]
fn a_place_in_a_script_is_stored_with_its_process_and_is_the_beginning_where_none_is() {
    let negotiation = samples::negotiation("scripted", Role::Provider);
    let negotiation = NegotiationEntry { script: 2, ..negotiation };
    check(&[negotiation], "negotiation-v1-script.json");
    let transfer = samples::transfer("scripted", Role::Consumer);
    let transfer = TransferEntry { script: 2, ..transfer };
    check(&[transfer], "transfer-v1-script.json");
}

#[test]
fn credentials_of_a_holder_are_stored_as_they_always_were() {
    check::<HeldCredential>(&samples::held_credentials(), "held-credential-v1.json");
    check::<CredentialRequestEntry>(&samples::credential_requests(), "credential-request-v1.json");
    check::<CredentialOfferEntry>(&samples::credential_offers(), "credential-offer-v1.json");
}

#[test]
fn what_an_issuer_issues_is_stored_as_it_always_was() {
    check::<DefinitionEntry>(&samples::definitions(), "credential-definition-v1.json");
    check::<IssuanceEntry>(&samples::issuances(), "issuance-v1.json");
    check::<IssuedEntry>(&samples::issued_credentials(), "issued-credential-v1.json");
    check::<StatusListEntry>(&samples::status_lists(), "status-list-v1.json");
}

#[test]
fn a_held_credential_is_not_printed() {
    let held = samples::held_credentials().remove(0);
    assert!(!format!("{held:?}").contains(&held.signed.0));
}

#[test]
fn a_place_on_a_status_list_is_given_away_once_and_taken_back_once() {
    let mut list = StatusListEntry { next: 0, size: 2, revoked: vec![], ..samples::status_list() };
    assert_eq!([list.take(), list.take(), list.take()], [Some(0), Some(1), None]);
    for place in [1, 0, 1] {
        list.revoke(place);
    }
    assert_eq!(list.revoked, [0, 1]);
}

#[test]
fn a_value_out_of_bounds_is_named_in_the_error() {
    let stored = samples::offer("a").encode().replace("text/csv", "x/y");
    let broken = stored.replace("\"zh-Hans\"", "\"_\"");
    let error = PublishedOffer::decode(&broken).unwrap_err().to_string();
    assert!(error.contains("language tag"), "{error}");
    let broken = stored.replace("contract_requested", "contract_imagined");
    let error = PublishedOffer::decode(&broken).unwrap_err().to_string();
    assert!(error.contains("expected a Question"), "{error}");
}
