//! Credentials in both profiles, shown by their holder: every way in which one can be wrong, and
//! the forms that it may have and still be right.

use std::sync::Arc;

use causeway_dcp::credential::{Profile, SignedCredential};
use causeway_dcp::document::{DidDocument, Relationship};
use causeway_dcp::testing::TestKey;
use serde_json::{Value, json};

use super::world::{
    REMOTE_SCHEMA, REVOKED, SCHEMA, SUSPENDED, World, credential, entry, expect, issued_by,
    list_url, opened, patch, signed,
};
use super::{HOLDER, ISSUER, OTHER, at, did, seconds};

/// A change of the credential itself, wherever the profile has it.
fn inside(profile: Profile, change: Value) -> Value {
    match profile {
        Profile::Vc11 => json!({ "vc": change }),
        Profile::Vc20 => change,
    }
}

/// The outcome in a profile of a changed payload, and of a changed credential in it.
fn outcome(profile: Profile, payload: &Value, content: &Value) -> String {
    let world = World::new();
    let key = &world.issuer;
    let (header, mut changed) = opened(&credential(profile).unsigned(key.id(), key.algorithm()));
    patch(&mut changed, &inside(profile, content.clone()));
    patch(&mut changed, payload);
    let text = signed(key, &json!({"typ": header["typ"]}), &changed);
    world.outcome(world.present(profile, &[text]))
}

/// The same in both profiles.
fn check(payload: Value, content: Value, expectation: &str) {
    for profile in Profile::ALL {
        let found = outcome(profile, &payload, &content);
        expect(&found, expectation, &(profile, &payload, &content));
    }
}

#[test]
fn a_credential_is_accepted_in_each_form_that_it_may_have() {
    check(json!({}), json!({}), "");
    check(json!({}), json!({"issuer": {"id": ISSUER, "name": "an authority"}}), "");
    check(json!({}), json!({"issuer": null}), "");
    check(json!({"iss": null}), json!({}), "");
    check(json!({"sub": null}), json!({}), "");
    check(json!({}), json!({"credentialSubject": {"id": null}}), "");
    check(json!({}), json!({"credentialSubject": [{"id": HOLDER, "level": 1}]}), "");
    check(json!({}), json!({"type": "VerifiableCredential"}), "");
    check(json!({"jti": null}), json!({"id": null}), "");
    check(json!({"unknown": [1]}), json!({"unknown": {"a": {}}}), "");
    check(json!({}), json!({"credentialStatus": []}), "");
    check(json!({}), json!({"credentialSchema": {"id": SCHEMA, "type": "JsonSchema"}}), "");
    check(json!({}), json!({"credentialSchema": [{"id": SCHEMA}, SCHEMA]}), "");
}

#[test]
fn null_in_a_credential_says_as_little_as_nothing() {
    for profile in Profile::ALL {
        let world = World::new();
        let key = &world.issuer;
        let (_, mut payload) = opened(&credential(profile).unsigned(key.id(), key.algorithm()));
        let content = match profile {
            Profile::Vc11 => payload["vc"].as_object_mut().unwrap(),
            Profile::Vc20 => &mut payload,
        };
        for name in ["id", "name", "expirationDate", "validUntil", "credentialSchema", "issuer"] {
            content.insert(name.to_owned(), Value::Null);
        }
        let text = signed(key, &json!({}), &payload);
        expect(&world.outcome(world.present(profile, &[text])), "", &profile);
    }
}

#[test]
fn an_issuer_is_one_did_wherever_it_is_named() {
    let both = "expected the same as in the token";
    check(json!({}), json!({"issuer": OTHER}), both);
    check(json!({"iss": OTHER}), json!({}), both);
    check(json!({"iss": OTHER}), json!({"issuer": {"id": OTHER}}), "not its issuer's");
    check(json!({"iss": null}), json!({"issuer": null}), "found nothing at issuer");
    check(json!({"iss": null}), json!({"issuer": "https://issuer.example"}), "issuer");
    check(json!({"iss": 7}), json!({}), "found a number at iss");
    check(json!({}), json!({"issuer": {"id": 7}}), "found a number at issuer");
    check(json!({}), json!({"issuer": [ISSUER]}), "found an array at issuer");
}

#[test]
fn a_credential_is_about_one_subject_who_shows_it() {
    check(json!({}), json!({"credentialSubject": {"id": OTHER}}), "the same as in the token");
    check(json!({"sub": OTHER}), json!({}), "the same as in the token");
    check(json!({"sub": OTHER}), json!({"credentialSubject": {"id": OTHER}}), "who shows it");
    check(json!({"sub": null}), json!({"credentialSubject": {"id": null}}), "found nothing at");
    check(json!({}), json!({"credentialSubject": null}), "expected an object");
    check(json!({}), json!({"credentialSubject": []}), "expected one subject");
    let two = json!([{"id": HOLDER}, {"id": OTHER}]);
    check(json!({}), json!({"credentialSubject": two}), "expected one subject");
    check(json!({}), json!({"credentialSubject": HOLDER}), "expected an object");
    check(json!({"sub": format!("{HOLDER} ")}), json!({}), "the same as in the token");
}

#[test]
fn a_credential_says_that_it_is_one() {
    let missing = "expected VerifiableCredential among them";
    check(json!({}), json!({"type": ["MembershipCredential"]}), missing);
    check(json!({}), json!({"type": null}), missing);
    check(json!({}), json!({"type": []}), missing);
    check(json!({}), json!({"type": ["verifiablecredential"]}), missing);
    check(json!({}), json!({"type": ["VerifiableCredential", 1]}), "found a number at type");
    let many = |count: usize| json!(vec!["VerifiableCredential"; count]);
    check(json!({}), json!({"type": many(16)}), "");
    check(json!({}), json!({"type": many(17)}), "found too many at type");
    let list = json!(["VerifiableCredential", "BitstringStatusListCredential"]);
    check(json!({}), json!({"type": list}), "expected a credential about its holder");
}

#[test]
fn a_credential_counts_between_the_latest_beginning_and_the_earliest_end() {
    let date = |offset: i64| at(offset).to_string();
    check(json!({"exp": seconds(1)}), json!({}), "");
    check(json!({"exp": seconds(0)}), json!({}), "expired at");
    check(json!({"exp": seconds(-60)}), json!({}), "expired at");
    check(json!({"exp": null}), json!({}), "");
    check(json!({"nbf": seconds(5)}), json!({}), "");
    check(json!({"nbf": seconds(6)}), json!({}), "counts from");
    check(json!({"nbf": seconds(3_600)}), json!({}), "counts from");
    // The dates of either data model count, whatever the token says.
    for name in ["expirationDate", "validUntil"] {
        check(json!({}), json!({name: date(-60)}), "expired at");
        check(json!({"exp": seconds(300)}), json!({name: date(0)}), "expired at");
        check(json!({}), json!({name: date(60)}), "");
        check(json!({"exp": null}), json!({name: "tomorrow"}), "expected a time such as");
        check(json!({}), json!({name: seconds(60)}), "expected a time such as");
    }
    for name in ["issuanceDate", "validFrom"] {
        check(json!({}), json!({name: date(3_600)}), "counts from");
        check(json!({}), json!({name: date(-60)}), "");
        check(json!({}), json!({name: "2026-11-24"}), "expected a time such as");
    }
    for name in ["exp", "nbf"] {
        for time in [json!("1"), json!(1e300), json!(i64::MAX), json!(true), json!([1])] {
            check(json!({name: time}), json!({}), "expected a time in seconds");
        }
    }
}

#[test]
fn only_the_new_data_model_lets_the_beginning_be_left_out() {
    let without = json!({"nbf": null, "iat": null});
    let undated = json!({"issuanceDate": null, "validFrom": null});
    let found = outcome(Profile::Vc11, &without, &undated);
    expect(&found, "found nothing at issuanceDate", &"1.1");
    expect(&outcome(Profile::Vc20, &without, &undated), "", &"2.0");
    // The time of making counts if nothing else says when it begins.
    check(json!({"nbf": null, "iat": seconds(6)}), undated.clone(), "counts from");
    check(json!({"nbf": null, "iat": seconds(5)}), undated, "");
}

#[test]
fn a_credential_that_was_taken_back_does_not_count() {
    for profile in Profile::ALL {
        let world = World::new();
        let found = |status| {
            let credential = causeway_dcp::credential::Credential { status, ..credential(profile) };
            let text = world.issued(&credential, &json!({}));
            world.outcome(world.present(profile, &[text]))
        };
        let one = |purpose, index| found(vec![entry(profile, purpose, index)]);
        expect(&found(vec![]), "", &profile);
        expect(&one("revocation", 7), "", &profile);
        expect(&one("revocation", REVOKED), "taken back (revocation)", &profile);
        expect(&one("suspension", SUSPENDED), "taken back (suspension)", &profile);
        expect(&one("revocation", SUSPENDED), "", &profile);
        expect(&one("revocation", 131_071), "", &profile);
        expect(&one("revocation", 131_072), "found 131072 bits, expected more", &profile);
        expect(&one("revocation", usize::MAX), "found 131072 bits", &profile);
        expect(&one("refresh", 7), "is not known: no such list", &profile);
        let mut entries = vec![entry(profile, "revocation", 7); 3];
        entries.push(entry(profile, "suspension", SUSPENDED));
        expect(&found(entries.clone()), "taken back (suspension)", &profile);
        entries.push(entry(profile, "revocation", 7));
        expect(&found(entries), "found too many at credentialStatus", &profile);
        let mut elsewhere = entry(profile, "revocation", 7);
        elsewhere.purpose = "suspension".to_owned();
        expect(&found(vec![elsewhere.clone()]), "at statusPurpose", &profile);
        elsewhere.list = list_url(profile, "nowhere");
        expect(&found(vec![elsewhere]), "is not known: no such list", &profile);
    }
}

#[test]
fn a_status_that_is_not_understood_leaves_it_unknown_whether_a_credential_counts() {
    let status = |change: Value| {
        let mut status = entry(Profile::Vc20, "revocation", 7).to_json();
        patch(status.as_object_mut().unwrap(), &change);
        json!({ "credentialStatus": status })
    };
    for change in [
        json!({"type": "RevocationList2020Status"}),
        json!({"type": null}),
        json!({"statusListIndex": "-1"}),
        json!({"statusListIndex": 1.5}),
        json!({"statusListIndex": null}),
        json!({"statusListCredential": null}),
        json!({"statusPurpose": null}),
        json!({"statusPurpose": ["revocation"]}),
        json!({"statusSize": 2}),
    ] {
        check(json!({}), status(change), "nobody knows whether a credential was taken back");
    }
    check(json!({}), json!({"credentialStatus": "revoked"}), "nobody knows");
    check(json!({}), json!({"credentialStatus": [1]}), "nobody knows");
}

#[test]
fn a_credential_that_disobeys_its_schema_does_not_count() {
    let with = |level: Value| {
        let subject = json!({"id": HOLDER, "level": level});
        json!({"credentialSchema": SCHEMA, "credentialSubject": subject})
    };
    check(json!({}), with(json!("gold")), "");
    check(json!({}), with(json!(1)), "");
    check(json!({}), with(json!(true)), "does not obey its schema");
    check(json!({}), with(json!(["gold"])), "\"/credentialSubject/level\" is not what");
    // One of several is enough to refuse it, and one that cannot be used refuses everything.
    let several = json!([{"id": SCHEMA}, {"id": REMOTE_SCHEMA}]);
    check(json!({}), json!({"credentialSchema": several}), "cannot be used here");
    check(json!({}), json!({"credentialSchema": REMOTE_SCHEMA}), "nothing is fetched");
}

#[test]
fn a_schema_that_nobody_pinned_is_not_assumed_to_be_obeyed() {
    let unknown = "which is not known here";
    let schema =
        json!({"id": "https://tck.example/schema.json", "type": "JsonSchemaValidator2018"});
    check(json!({}), json!({"credentialSchema": schema}), unknown);
    check(json!({}), json!({"credentialSchema": [SCHEMA, "https://other.example/"]}), unknown);
    check(json!({}), json!({"credentialSchema": ""}), unknown);
    check(json!({}), json!({"credentialSchema": {"type": "JsonSchema"}}), "credentialSchema");
    check(json!({}), json!({"credentialSchema": [1]}), "found a number at credentialSchema");
    check(json!({}), json!({"credentialSchema": vec![SCHEMA; 5]}), "found too many");
}

#[test]
fn a_credential_is_no_other_kind_of_text() {
    for profile in Profile::ALL {
        let world = World::new();
        let key = &world.issuer;
        let (_, payload) = opened(&credential(profile).unsigned(key.id(), key.algorithm()));
        let found = |header: Value, change: Value| {
            let mut payload = payload.clone();
            patch(&mut payload, &change);
            let text = signed(key, &header, &payload);
            world.outcome(world.present(profile, &[text]))
        };
        for typ in ["vp+jwt", "at+jwt", "JOSE", "causeway-access+jwt", "did-continuity+jwt", ""] {
            expect(&found(json!({"typ": typ}), json!({})), "expected JWT or vc+jwt", &typ);
        }
        for typ in [json!(null), json!("JWT"), json!("jwt"), json!("application/jwt")] {
            expect(&found(json!({"typ": typ}), json!({})), "", &typ);
        }
        expect(&found(json!({}), json!({"vp": {}})), "which is no presentation", &profile);
        expect(&found(json!({}), json!({"vc": "x"})), "expected an object", &profile);
        let typed = found(json!({"typ": "vc+jwt"}), json!({"vc": {}}));
        expect(&typed, "nothing beside the type vc+jwt", &profile);
    }
}

#[test]
fn a_credential_is_signed_by_a_key_of_its_issuer_for_credentials() {
    for profile in Profile::ALL {
        let mut world = World::new();
        let found = |world: &World, text: String| world.outcome(world.present(profile, &[text]));
        let good = world.issue(profile);
        expect(&found(&world, good.clone()), "", &profile);
        // Another key under the same name, and another party under its own.
        let thief = issued_by(&TestKey::new(ISSUER), &credential(profile), &json!({}));
        expect(&found(&world, thief), "not one of this text by this key", &profile);
        let other = issued_by(&world.other, &credential(profile), &json!({}));
        expect(&found(&world, other), "not its issuer's", &profile);
        let unknown = TestKey::with(ISSUER, "key-9", causeway_dcp::jwk::Algorithm::Es256);
        let unknown = issued_by(&unknown, &credential(profile), &json!({}));
        expect(&found(&world, unknown), "no key of that name", &profile);
        for wrong in [Relationship::Authentication, Relationship::CapabilityInvocation] {
            let document = DidDocument::new(did(ISSUER));
            let document = document.with_key("key-1", world.issuer.public(), &[wrong]).unwrap();
            world.documents.insert(did(ISSUER), Arc::new(document));
            expect(&found(&world, good.clone()), "under `assertionMethod`", &profile);
        }
        world.documents.remove(&did(ISSUER));
        expect(&found(&world, good.clone()), "no such host", &profile);
        world.trusted.clear();
        expect(&found(&world, good), "no issuer that is trusted here", &profile);
    }
}

#[test]
fn a_credential_of_a_megabyte_is_refused_before_it_is_read() {
    let huge = json!({"credentialSubject": {"level": "x".repeat(1_000_000)}});
    let world = World::new();
    for profile in Profile::ALL {
        let text = world.issued(&credential(profile), &inside(profile, huge.clone()));
        assert!(text.len() > 1_000_000);
        let error = SignedCredential::read(&text).err().unwrap().to_string();
        assert!(error.contains("expected at most 262144"), "{error}");
        let presentation = world.present(profile, &[text]);
        expect(&world.outcome(presentation), "expected at most 262144", &profile);
    }
}
