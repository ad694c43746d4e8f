//! Presentations in both profiles: every way in which one can be wrong as a whole, what is asked
//! for while one is checked and in which order, and what is never asked for.

use std::sync::Arc;

use causeway_dcp::credential::{Credential, Profile};
use causeway_dcp::document::{DidDocument, Relationship};
use causeway_dcp::presentation::PresentationError;
use causeway_dcp::status::StatusEntry;
use causeway_dcp::testing::TestKey;
use causeway_types::limits::{PRESENTATION_CREDENTIALS_MAX, PRESENTATION_STATUS_LISTS_MAX};
use serde_json::{Value, json};

use super::world::{
    World, credential, entry, expect, issued_by, list_url, new_presentation, opened, patch,
    presented_by, signed,
};
use super::{HOLDER, ISSUER, OTHER, VERIFIER, did, seconds};

/// A change of the presentation itself, wherever the profile has it.
fn inside(profile: Profile, change: Value) -> Value {
    match profile {
        Profile::Vc11 => json!({ "vp": change }),
        Profile::Vc20 => change,
    }
}

/// The outcome in both profiles of a changed payload, and of a changed presentation in it.
fn check(payload: Value, content: Value, expectation: &str) {
    for profile in Profile::ALL {
        let world = World::new();
        let mut change = inside(profile, content.clone());
        for (name, value) in payload.as_object().unwrap() {
            change[name] = value.clone();
        }
        let text = world.presented(profile, &[world.issue(profile)], &change);
        expect(&world.outcome(text), expectation, &(profile, &change));
    }
}

#[test]
fn a_presentation_is_accepted_in_each_form_that_it_may_have() {
    check(json!({}), json!({}), "");
    check(json!({"aud": [VERIFIER]}), json!({}), "");
    check(json!({"sub": null, "jti": null, "nbf": null, "iat": null}), json!({}), "");
    check(json!({}), json!({"holder": null, "id": null, "type": null}), "");
    check(json!({}), json!({"holder": {"id": HOLDER}}), "");
    check(json!({"nbf": seconds(5), "iat": seconds(5)}), json!({}), "");
    check(json!({"exp": seconds(1)}), json!({}), "");
    check(json!({"unknown": 1}), json!({"unknown": [{}]}), "");
    let world = World::new();
    for profile in Profile::ALL {
        // One credential instead of a list of one, and each form of it in either data model.
        let text = world.issue(profile);
        let url = format!("data:application/vc+jwt,{text}");
        let enveloped = json!({"type": "EnvelopedVerifiableCredential", "id": url});
        for one in [json!(text), json!([text]), enveloped.clone(), json!([enveloped])] {
            let change = inside(profile, json!({"verifiableCredential": one}));
            expect(&world.outcome(world.presented(profile, &[], &change)), "", &change);
        }
    }
}

#[test]
fn a_presentation_is_made_by_its_holder() {
    check(json!({"iss": null}), json!({}), "found \"\" at iss");
    check(json!({"iss": OTHER}), json!({}), "at iss, expected did:web:holder.example");
    check(json!({"sub": OTHER}), json!({}), "at sub");
    check(json!({"sub": 7}), json!({}), "at sub");
    check(json!({}), json!({"holder": OTHER}), "at holder");
    check(json!({}), json!({"holder": {"id": OTHER}}), "at holder");
    check(json!({}), json!({"holder": [HOLDER]}), "at holder");
}

#[test]
fn a_presentation_is_made_for_exactly_the_verifier() {
    for aud in [
        Value::Null,
        json!(OTHER),
        json!(HOLDER),
        json!([]),
        json!([VERIFIER, OTHER]),
        json!([[VERIFIER]]),
        json!(format!("{VERIFIER} ")),
        json!("https://verifier.example"),
    ] {
        check(json!({"aud": aud}), json!({}), "at aud, expected did:web:verifier.example");
    }
}

#[test]
fn a_presentation_is_looked_at_within_its_life() {
    for time in [json!(seconds(0)), json!(seconds(-60)), json!(-1), Value::Null] {
        check(json!({"exp": time}), json!({}), "not valid now");
    }
    for name in ["nbf", "iat"] {
        check(json!({name: seconds(6)}), json!({}), "not valid now");
        check(json!({name: seconds(3_600)}), json!({}), "not valid now");
        check(json!({name: "1"}), json!({}), "expected a time in seconds");
    }
    check(json!({"exp": "never"}), json!({}), "expected a time in seconds");
}

#[test]
fn a_presentation_is_no_other_kind_of_text() {
    check(json!({"vc": {}}), json!({}), "which is no credential");
    for profile in Profile::ALL {
        let world = World::new();
        let (key, verifier) = (&world.holder, did(VERIFIER));
        let credentials = [world.issue(profile)];
        let new = new_presentation(key.did(), &verifier, profile, &credentials);
        let (_, payload) = opened(&new.unsigned(key.id(), key.algorithm()));
        let found = |typ: &Value| world.outcome(signed(key, &json!({"typ": typ}), &payload));
        let good = match profile {
            Profile::Vc11 => vec![Value::Null, json!("JWT"), json!("application/jwt")],
            Profile::Vc20 => vec![json!("vp+jwt"), json!("application/vp+jwt")],
        };
        for typ in ["vc+jwt", "at+jwt", "causeway-access+jwt", "", "JOSE", "JWT", "vp+jwt"] {
            let typ = json!(typ);
            if !good.contains(&typ) {
                expect(&found(&typ), "expected JWT with a vp claim, or vp+jwt", &typ);
            }
        }
        good.iter().for_each(|typ| expect(&found(typ), "", typ));
        let credential = world.issue(profile);
        expect(&world.outcome(credential), "read a presentation", &profile);
    }
}

#[test]
fn a_presentation_that_shows_nothing_is_refused() {
    for nothing in [json!([]), Value::Null] {
        check(json!({}), json!({"verifiableCredential": nothing}), "without credentials");
    }
    let world = World::new();
    assert_eq!(world.check(&[]), Err(PresentationError::None));
    for profile in Profile::ALL {
        expect(&world.outcome(world.present(profile, &[])), "without credentials", &profile);
        // An empty one beside a good one is refused with it.
        let good = world.present(profile, &[world.issue(profile)]);
        let both = [good, world.present(profile, &[])];
        assert_eq!(world.check(&both), Err(PresentationError::Empty));
    }
}

#[test]
fn what_is_no_credential_is_refused_alone() {
    for profile in Profile::ALL {
        let world = World::new();
        let text = world.issue(profile);
        for bad in [
            json!(7),
            json!({}),
            json!({"id": text}),
            json!({"id": format!("data:application/vc+sd-jwt,{text}")}),
            json!({"id": format!("data:text/plain,{text}")}),
            json!({"id": "data:application/vc+jwt"}),
            json!(""),
            json!("a.b.c"),
            json!({"type": ["VerifiableCredential"], "issuer": ISSUER, "proof": {}}),
        ] {
            let change = inside(profile, json!({"verifiableCredential": [bad, text]}));
            let found = world.check(&[world.presented(profile, &[], &change)]).unwrap();
            assert_eq!((found.accepted.len(), found.refused.len()), (1, 1), "{bad}");
            assert_eq!(found.accepted[0].text, text);
        }
    }
}

#[test]
fn credentials_of_two_data_models_are_not_shown_in_one_presentation() {
    let world = World::new();
    let [old, new] = Profile::ALL.map(|profile| world.issue(profile));
    for profile in Profile::ALL {
        let found = world.check(&[world.present(profile, &[old.clone(), new.clone()])]).unwrap();
        assert_eq!((found.accepted.len(), found.refused.len()), (1, 1));
        assert_eq!(found.accepted[0].credential.profile, profile);
        let error = found.refused[0].to_string();
        assert!(error.contains("expected the data model of the presentation"), "{error}");
    }
    let each = [world.present(Profile::Vc11, &[old]), world.present(Profile::Vc20, &[new])];
    let found = world.check(&each).unwrap();
    assert_eq!((found.accepted.len(), found.refused.len()), (2, 0));
}

#[test]
fn a_presentation_is_signed_by_a_key_of_its_holder_for_presentations() {
    for profile in Profile::ALL {
        let mut world = World::new();
        let credentials = [world.issue(profile)];
        let good = world.present(profile, &credentials);
        expect(&world.outcome(good.clone()), "", &profile);
        let thief = presented_by(&TestKey::new(HOLDER), profile, &credentials, &json!({}));
        expect(&world.outcome(thief), "not one of this text by this key", &profile);
        let other = presented_by(&world.other, profile, &credentials, &json!({}));
        expect(&world.outcome(other), "at iss, expected did:web:holder.example", &profile);
        let mut change = json!({"iss": HOLDER, "sub": HOLDER});
        patch(change.as_object_mut().unwrap(), &inside(profile, json!({"holder": HOLDER})));
        let other = presented_by(&world.other, profile, &credentials, &change);
        expect(&world.outcome(other), "at kid, expected did:web:holder.example", &profile);
        // One forged presentation beside a good one makes both worthless.
        let forged = presented_by(&TestKey::new(HOLDER), profile, &credentials, &json!({}));
        assert!(world.check(&[good.clone(), forged]).is_err());
        for wrong in [Relationship::AssertionMethod, Relationship::CapabilityInvocation] {
            let document = DidDocument::new(did(HOLDER));
            let document = document.with_key("key-1", world.holder.public(), &[wrong]).unwrap();
            world.documents.insert(did(HOLDER), Arc::new(document));
            expect(&world.outcome(good.clone()), "under `authentication`", &profile);
        }
        world.documents.remove(&did(HOLDER));
        expect(&world.outcome(good), "no such host", &profile);
    }
}

#[test]
fn a_stolen_credential_is_worthless_to_others() {
    // Another party shows the holder's credential as its own.
    for profile in Profile::ALL {
        let mut world = World::new();
        world.rules.holder = did(OTHER);
        let stolen = presented_by(&world.other, profile, &[world.issue(profile)], &json!({}));
        expect(&world.outcome(stolen), "is about", &profile);
        assert_eq!(*world.fetched.borrow(), [OTHER, ISSUER]);
    }
}

#[test]
fn more_is_shown_than_was_asked_for_and_all_of_it_is_looked_at() {
    for profile in Profile::ALL {
        let world = World::new();
        let expired = Credential { valid_until: Some(super::at(-1)), ..credential(profile) };
        let distrusted = Credential { issuer: did(OTHER), ..credential(profile) };
        let credentials = [
            world.issue(profile),
            world.issued(&expired, &json!({})),
            issued_by(&world.other, &distrusted, &json!({})),
            world.issue(profile),
        ];
        let found = world.check(&[world.present(profile, &credentials)]).unwrap();
        assert_eq!((found.accepted.len(), found.refused.len()), (2, 2));
        assert_eq!(found.accepted[0].text, credentials[0]);
        assert_eq!(found.accepted[0].credential, credential(profile));
    }
}

#[test]
fn what_is_needed_is_asked_for_once_and_in_order() {
    for profile in Profile::ALL {
        let world = World::new();
        let credentials = vec![world.issue(profile); 5];
        let found = world.check(&[world.present(profile, &credentials)]).unwrap();
        assert_eq!(found.accepted.len(), 5);
        let lists = ["revocation", "suspension"].map(|purpose| list_url(profile, purpose));
        assert_eq!(*world.fetched.borrow(), [HOLDER, ISSUER, &lists[0], &lists[1]]);
    }
}

#[test]
fn nothing_is_fetched_for_whoever_proves_nothing() {
    for profile in Profile::ALL {
        let world = World::new();
        let forged = issued_by(&TestKey::new(ISSUER), &credential(profile), &json!({}));
        let distrusted = Credential { issuer: did(OTHER), ..credential(profile) };
        let distrusted = issued_by(&world.other, &distrusted, &json!({}));
        let expired = Credential { valid_until: Some(super::at(0)), ..credential(profile) };
        let expired = world.issued(&expired, &json!({}));
        let check = |text: String, fetched: &[&str]| {
            assert!(!world.outcome(text).is_empty());
            assert_eq!(*world.fetched.borrow(), fetched, "{profile:?}");
        };
        let thief = TestKey::new(HOLDER);
        check(presented_by(&thief, profile, &[world.issue(profile)], &json!({})), &[HOLDER]);
        check(world.present(profile, &[distrusted]), &[HOLDER]);
        check(world.present(profile, &[forged]), &[HOLDER, ISSUER]);
        check(world.present(profile, &[expired]), &[HOLDER, ISSUER]);
    }
}

#[test]
fn the_number_of_credentials_and_lists_is_bounded() {
    let profile = Profile::Vc20;
    let mut world = World::new();
    let credentials = vec![world.issue(profile); PRESENTATION_CREDENTIALS_MAX + 1];
    let found = world.check(&[world.present(profile, &credentials[1..])]).unwrap();
    assert_eq!(found.accepted.len(), PRESENTATION_CREDENTIALS_MAX);
    let all = world.present(profile, &credentials);
    assert_eq!(world.check(&[all]), Err(PresentationError::TooMany));
    let halves: Vec<_> = credentials.chunks(33).map(|half| world.present(profile, half)).collect();
    assert_eq!(world.check(&halves), Err(PresentationError::TooMany));
    // One list more than is fetched: the credentials that name it do not count, the others do.
    let list = world.lists[&list_url(profile, "revocation")].clone();
    let one = |number: usize| {
        let list = list_url(profile, &format!("{number:02}"));
        let status = StatusEntry { list, ..entry(profile, "revocation", 7) };
        Credential { status: vec![status], ..credential(profile) }
    };
    let many: Vec<_> = (0..=PRESENTATION_STATUS_LISTS_MAX).map(one).collect();
    for credential in &many {
        world.lists.insert(credential.status[0].list.clone(), list.clone());
    }
    let texts: Vec<_> = many.iter().map(|one| world.issued(one, &json!({}))).collect();
    let found = world.check(&[world.present(profile, &texts)]).unwrap();
    assert_eq!(found.accepted.len(), PRESENTATION_STATUS_LISTS_MAX);
    assert!(found.refused[0].to_string().contains("nobody has fetched its list"));
    assert_eq!(world.fetched.borrow().len(), 2 + PRESENTATION_STATUS_LISTS_MAX);
}

#[test]
fn a_presentation_of_a_megabyte_is_refused_before_it_is_read() {
    let huge = "x".repeat(1_000_000);
    check(json!({ "unknown": huge }), json!({}), "expected at most 262144");
    let world = World::new();
    expect(&world.outcome(huge), "expected at most 262144", &"no text at all");
    let deep = format!("{}{}", "[".repeat(40), "]".repeat(40));
    let deep: Value = serde_json::from_str(&deep).unwrap();
    check(json!({"unknown": deep}), json!({}), "deeper nesting than 32 levels");
}
