//! Status lists as they are served: who must have signed one, what it must be about, and forms in
//! which others serve it. How its bits are packed is tested beside their code.

use causeway_dcp::credential::{Credential, Profile};
use causeway_dcp::presentation::read_list;
use causeway_dcp::status::StatusList;
use serde_json::{Map, Value, json};

use super::world::{
    REVOKED, World, credential, entry, expect, form, issued_by, list_credential, list_url,
};
use super::{ISSUER, OTHER, at, chain, did};

fn list(profile: Profile) -> StatusList {
    let mut list = StatusList::empty(form(profile), "revocation");
    list.set(REVOKED).unwrap();
    list
}

fn carrier(profile: Profile) -> Credential {
    list_credential(profile, &list_url(profile, "revocation"), &list(profile))
}

/// What is found with what is served for a list; `revoked` and `` are the two answers.
fn found(world: &World, profile: Profile, served: &[u8], index: usize) -> String {
    let document = &world.documents[&did(ISSUER)];
    let list = read_list(served, document, world.rules.now, world.rules.unsigned_lists);
    match list.map(|list| list.has_revoked(&entry(profile, "revocation", index))) {
        Ok(Ok(true)) => "revoked".to_owned(),
        Ok(Ok(false)) => String::new(),
        Ok(Err(error)) => chain(&error),
        Err(error) => chain(&error),
    }
}

fn check(world: &World, profile: Profile, served: &[u8], expectation: &str) {
    expect(&found(world, profile, served, 7), expectation, &profile);
    if expectation.is_empty() {
        expect(&found(world, profile, served, REVOKED), "revoked", &profile);
    }
}

#[test]
fn a_list_is_read_in_each_form_in_which_it_is_served() {
    let world = World::new();
    for profile in Profile::ALL {
        let text = world.issued(&carrier(profile), &json!({}));
        check(&world, profile, text.as_bytes(), "");
        check(&world, profile, format!("\n {text}\r\n").as_bytes(), "");
        check(&world, profile, format!("\"{text}\"").as_bytes(), "");
        // A list serves several purposes, or is named by the other data model's entries.
        let mut carrier = carrier(profile);
        carrier.claims["statusPurpose"] = json!(["suspension", "revocation"]);
        let text = world.issued(&carrier, &json!({}));
        check(&world, profile, text.as_bytes(), "");
        let other = Profile::ALL.into_iter().find(|other| *other != profile).unwrap();
        check(&world, other, text.as_bytes(), "");
    }
}

#[test]
fn a_list_is_signed_by_the_issuer_of_the_credential() {
    let mut world = World::new();
    for profile in Profile::ALL {
        let thief = causeway_dcp::testing::TestKey::new(ISSUER);
        let forged = issued_by(&thief, &carrier(profile), &json!({}));
        check(&world, profile, forged.as_bytes(), "not one of this text by this key");
        let others = Credential { issuer: did(OTHER), ..carrier(profile) };
        let others = issued_by(&world.other, &others, &json!({}));
        check(&world, profile, others.as_bytes(), "no key of that name");
        let lent = issued_by(&world.other, &carrier(profile), &json!({}));
        check(&world, profile, lent.as_bytes(), "not its issuer's");
        // The holder of a revoked credential would like to serve its own list.
        let url = list_url(profile, "revocation");
        let own = Credential { issuer: did(super::HOLDER), ..carrier(profile) };
        let own = issued_by(&world.holder, &own, &json!({}));
        world.lists.insert(url, own.into_bytes());
        let text = world.issue(profile);
        expect(&world.outcome(world.present(profile, &[text])), "cannot be verified", &profile);
    }
}

#[test]
fn a_bare_list_counts_only_where_that_is_allowed() {
    let mut world = World::new();
    for profile in Profile::ALL {
        let bare = |credential: &Credential| Value::Object(credential.content()).to_string();
        let (own, others) =
            (bare(&carrier(profile)), bare(&Credential { issuer: did(OTHER), ..carrier(profile) }));
        world.rules.unsigned_lists = false;
        check(&world, profile, own.as_bytes(), "carries no signature");
        world.rules.unsigned_lists = true;
        check(&world, profile, own.as_bytes(), "");
        check(&world, profile, others.as_bytes(), "another issuer's");
        let text = world.issued(&carrier(profile), &json!({}));
        check(&world, profile, text.as_bytes(), "");
    }
}

#[test]
fn a_list_of_another_time_kind_or_purpose_says_nothing() {
    let world = World::new();
    for profile in Profile::ALL {
        let served = |change: &dyn Fn(&mut Credential)| {
            let mut carrier = carrier(profile);
            change(&mut carrier);
            world.issued(&carrier, &json!({})).into_bytes()
        };
        let check = |change: &dyn Fn(&mut Credential), expectation: &str| {
            check(&world, profile, &served(change), expectation);
        };
        check(&|_| (), "");
        check(&|list| list.valid_until = None, "");
        check(&|list| list.valid_until = Some(at(0)), "expired at");
        check(&|list| list.valid_from = at(60), "counts from");
        check(&|list| list.types = credential(profile).types, "another kind of credential");
        check(&|list| list.claims = Map::new(), "found nothing at type");
        let set = |name: &'static str, value: Value| {
            move |list: &mut Credential| {
                list.claims.insert(name.to_owned(), value.clone());
            }
        };
        check(&set("type", json!("RevocationList2020")), "at type");
        check(&set("statusPurpose", json!("suspension")), "found \"suspension\" at statusPurpose");
        for bad in [json!(null), json!([]), json!([1]), json!(vec!["revocation"; 5])] {
            check(&set("statusPurpose", bad), "at statusPurpose, expected a text, or a few");
        }
        for bad in ["", "u", "AAAA", "u!", "H4sIAAAA"] {
            check(&set("encodedList", json!(bad)), "damaged");
        }
        check(&set("encodedList", json!(7)), "found a number at encodedList");
        check(&set("encodedList", json!("A".repeat(1_048_577))), "more than 1048576 packed");
    }
}

#[test]
fn what_is_no_list_says_nothing() {
    let mut world = World::new();
    world.rules.unsigned_lists = true;
    let ordinary = world.issue(Profile::Vc20);
    let presentation = world.present(Profile::Vc20, std::slice::from_ref(&ordinary));
    for served in [
        &b""[..],
        b"\xff\xfe",
        b"<html>",
        b"null",
        b"[]",
        b"{}",
        b"{",
        br#"{"a":1,"a":2}"#,
        ordinary.as_bytes(),
        presentation.as_bytes(),
        &[b' '; 1_000_000],
        &[b'a'; 3_000_000],
    ] {
        let found = found(&world, Profile::Vc20, served, 7);
        let shown = String::from_utf8_lossy(&served[..served.len().min(40)]).into_owned();
        assert!(!found.is_empty() && found != "revoked", "{shown}");
    }
}

#[test]
fn a_long_list_is_read_and_a_bomb_is_not() {
    use std::io::Write as _;

    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let world = World::new();
    let packed = |bits: &[u8]| {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        packed.write_all(bits).unwrap();
        URL_SAFE_NO_PAD.encode(packed.finish().unwrap())
    };
    let check_bits = |bits: &[u8], expectation: &str| {
        let mut carrier = carrier(Profile::Vc20);
        carrier.claims["encodedList"] = json!(format!("u{}", packed(bits)));
        let text = world.issued(&carrier, &json!({}));
        check(&world, Profile::Vc20, text.as_bytes(), expectation);
        text.len()
    };
    // Four million places, a third of them set as if by chance, so that nothing can be packed.
    let mut state = 1u32;
    let mut chance: Vec<u8> = (0..500_000)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        })
        .collect();
    chance[0] = 0b0001_0000;
    let bytes = check_bits(&chance, "");
    assert!(bytes > causeway_types::limits::CREDENTIAL_TEXT_BYTES_MAX, "{bytes}");
    check_bits(&vec![0; 16 * 1024 * 1024 + 1], "more than 1048576 packed or 16777216 unpacked");
}

#[test]
fn the_subject_of_a_list_may_be_written_as_others_do() {
    let world = World::new();
    let url = list_url(Profile::Vc11, "revocation");
    let subject = list(Profile::Vc11).to_subject(&url);
    // The letter of multibase before a list of 2021, and padding.
    let encoded = subject["encodedList"].as_str().unwrap().to_owned();
    for encoded in [format!("u{encoded}"), format!("{encoded}="), format!("u{encoded}==")] {
        let mut carrier = carrier(Profile::Vc11);
        carrier.claims["encodedList"] = json!(encoded);
        check(&world, Profile::Vc11, world.issued(&carrier, &json!({})).as_bytes(), "");
    }
}
