//! What holds for any input: what is built here reads back as the same, with every kind of key, and
//! a change of any one byte makes a text worthless.

use std::sync::{Arc, LazyLock};

use causeway_dcp::access::AccessGrant;
use causeway_dcp::continuity::{self, KeySet};
use causeway_dcp::credential::{Credential, Profile, SignedCredential};
use causeway_dcp::did::Did;
use causeway_dcp::document::{DidDocument, Relationship, Service};
use causeway_dcp::jwk::{Algorithm, PublicKey};
use causeway_dcp::jws::{Jws, Unsigned};
use causeway_dcp::presentation::read_list;
use causeway_dcp::status::StatusList;
use causeway_dcp::testing::TestKey;
use causeway_dcp::token::{NewToken, TokenCheck, TokenRules};
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use url::Url;

use super::world::{World, credential, entry, form, list_credential, list_url, new_presentation};
use super::{HOLDER, ISSUER, OTHER, VERIFIER, at, did, now};

/// A key of the holder of each kind; making one of RSA takes a while.
static KEYS: LazyLock<Vec<TestKey>> = LazyLock::new(|| {
    Algorithm::ALL.map(|algorithm| TestKey::with(HOLDER, "key-1", algorithm)).into()
});

/// One of them, shown by its kind where a property does not hold.
#[derive(Clone, Copy)]
struct Key(&'static TestKey);

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "a key for {}", self.0.algorithm())
    }
}

impl std::ops::Deref for Key {
    type Target = TestKey;

    fn deref(&self) -> &TestKey {
        self.0
    }
}

fn any_key() -> impl Strategy<Value = Key> {
    (0..Algorithm::ALL.len()).prop_map(|index| Key(&KEYS[index]))
}

fn any_profile() -> impl Strategy<Value = Profile> {
    prop_oneof![Just(Profile::Vc11), Just(Profile::Vc20)]
}

fn any_did() -> impl Strategy<Value = Did> {
    "did:web:[a-z]{1,8}\\.example(%3A8[0-9]{3})?(:[A-Za-z0-9._-]{0,6}[a-z0-9]){0,3}"
        .prop_map(|text| did(&text))
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            any_members(inner).prop_map(Value::Object),
        ]
    })
}

fn any_members(
    inner: impl Strategy<Value = Value> + 'static,
) -> impl Strategy<Value = Map<String, Value>> {
    proptest::collection::vec((any::<String>(), inner), 0..4)
        .prop_map(|members| members.into_iter().collect())
}

prop_compose! {
    fn any_credential()(
        profile in any_profile(),
        id in proptest::option::of("[!-~]{1,30}"),
        subject in any_did(),
        types in proptest::collection::vec("[A-Z][a-zA-Z]{0,12}Credential", 0..4),
        claims in any_members(any_json()),
        from in -100_000i64..=0,
        until in proptest::option::of(1i64..100_000),
        indexes in proptest::collection::vec(0usize..1_000_000, 0..=4),
        schemas in proptest::collection::vec("https://[a-z]{1,9}\\.example/[a-z]{0,9}", 0..=4),
    ) -> Credential {
        let types = [vec!["VerifiableCredential".to_owned()], types].concat();
        let status = indexes.into_iter().map(|index| entry(profile, "revocation", index)).collect();
        let claims = claims.into_iter().filter(|(name, _)| name != "id").collect();
        let (valid_from, valid_until) = (at(from), until.map(at));
        let (issuer, subject) = (did(ISSUER), subject.as_str().to_owned());
        Credential {
            id, issuer, subject, types, claims, valid_from, valid_until, status, schemas, profile,
        }
    }
}

proptest! {
    #[test]
    fn a_self_issued_token_reads_as_it_was_made(
        key in any_key(),
        audience in any_did(),
        id in ".{1,60}",
        lifetime_seconds in 1u64..=900,
        access_token in proptest::option::of(".{0,200}"),
    ) {
        let new = NewToken {
            key: key.id(),
            algorithm: key.algorithm(),
            audience: &audience,
            id: &id,
            issued: now(),
            lifetime_seconds,
            access_token: access_token.as_deref(),
        };
        let text = key.finish(new.unsigned());
        let check = TokenCheck::start(&text, &audience, now(), &TokenRules::default());
        let token = check.and_then(|check| check.finish(&key.document()));
        let token = token.map_err(|error| TestCaseError::fail(super::chain(&error)))?;
        prop_assert_eq!(token.issuer.as_str(), HOLDER);
        prop_assert_eq!(token.id, id);
        prop_assert_eq!(token.expires, at(i64::try_from(lifetime_seconds).unwrap()));
        let read = token.access_token;
        prop_assert_eq!(read.as_ref().map(|token| token.expose()), access_token.as_deref());
    }

    #[test]
    fn an_access_token_reads_as_it_was_made(
        key in any_key(),
        bearer in any_did(),
        scopes in proptest::collection::vec("[!-~]{1,60}", 0..20),
        id in ".{1,60}",
        seconds in 1i64..100_000,
    ) {
        let grant = AccessGrant { bearer, scopes, id, issued: at(0), expires: at(seconds) };
        let text = key.finish(grant.unsigned(key.id(), key.algorithm()));
        let read = AccessGrant::verify(&text, &key.document(), &grant.bearer, now());
        prop_assert_eq!(read, Ok(grant));
    }

    #[test]
    fn a_credential_reads_as_it_was_made(credential in any_credential()) {
        let world = World::new();
        let text = world.issued(&credential, &json!({}));
        let signed = SignedCredential::read(&text);
        let signed = signed.map_err(|error| TestCaseError::fail(super::chain(&error)))?;
        prop_assert_eq!(signed.verify(&world.issuer.document()), Ok(()));
        prop_assert_eq!(signed.credential(), &credential);
        prop_assert_eq!(signed.text(), text);
    }

    #[test]
    fn a_presentation_shows_what_was_put_into_it(
        key in any_key(),
        profile in any_profile(),
        count in 1usize..5,
        levels in proptest::collection::vec(any_json(), 5),
    ) {
        let mut world = World::new();
        world.documents.insert(did(HOLDER), Arc::new(key.document()));
        let made: Vec<Credential> = levels.into_iter().take(count).map(|level| {
            let mut credential = credential(profile);
            credential.claims.insert("level".to_owned(), level);
            credential
        }).collect();
        let texts: Vec<_> = made.iter().map(|one| world.issued(one, &json!({}))).collect();
        let (holder, verifier) = (did(HOLDER), did(VERIFIER));
        let new = new_presentation(&holder, &verifier, profile, &texts);
        let text = key.finish(new.unsigned(key.id(), key.algorithm()));
        let found = world.check(&[text]);
        let found = found.map_err(|error| TestCaseError::fail(super::chain(&error)))?;
        prop_assert_eq!(found.refused, vec![]);
        let read: Vec<_> = found.accepted.into_iter().map(|one| one.credential).collect();
        prop_assert_eq!(read, made);
    }

    #[test]
    fn a_document_reads_as_it_was_made(
        owner in any_did(),
        keys in proptest::collection::vec((any_key(), 0u8..8), 0..5),
        kinds in proptest::collection::vec("[A-Z][a-zA-Z]{0,12}", 0..4),
    ) {
        let mut document = DidDocument::new(owner.clone());
        for (index, (key, purposes)) in keys.into_iter().enumerate() {
            let wanted = |bit: &usize| purposes & (1 << bit) != 0;
            let purposes: Vec<_> =
                (0..3).filter(wanted).map(|bit| Relationship::ALL[bit]).collect();
            document = document.with_key(&format!("k{index}"), key.public(), &purposes).unwrap();
        }
        for (index, kind) in kinds.into_iter().enumerate() {
            let id = format!("{owner}#{index}");
            let endpoint = Url::parse("https://holder.example/x").unwrap();
            document = document.with_service(Service { id, kind, endpoint });
        }
        let read = DidDocument::read(&owner, document.to_json().as_bytes());
        prop_assert_eq!(read.as_ref(), Ok(&document));
        prop_assert_eq!(KeySet::of(&read.unwrap()), KeySet::of(&document));
    }

    #[test]
    fn a_key_reads_as_it_was_made(key in any_key()) {
        let read = PublicKey::from_jwk(&key.public().to_jwk());
        prop_assert_eq!(read, Ok(key.public()));
    }

    #[test]
    fn a_signed_text_reads_as_it_was_made(
        key in any_key(),
        payload in any_members(any_json()),
        typ in "[a-z+]{1,20}",
    ) {
        let text = key.finish(Unsigned::new(key.id(), key.algorithm(), &typ, &payload));
        let read = Jws::read(&text, 1_000_000);
        let read = read.map_err(|error| TestCaseError::fail(super::chain(&error)))?;
        prop_assert_eq!(read.payload(), &payload);
        prop_assert_eq!((read.typ(), read.key()), (Some(typ.as_str()), key.id()));
        prop_assert_eq!(read.verify(&key.public()), Ok(()));
    }
}

/// A text of each kind together with whether its reader accepts what became of it.
type Accepts = Box<dyn Fn(&str) -> bool + Send + Sync>;

static KINDS: LazyLock<Vec<(&'static str, String, Accepts)>> = LazyLock::new(|| {
    let mut kinds: Vec<(&'static str, String, Accepts)> = Vec::new();
    for key in KEYS.iter() {
        let audience = did(VERIFIER);
        let new = NewToken {
            key: key.id(),
            algorithm: key.algorithm(),
            audience: &audience,
            id: "id-1",
            issued: now(),
            lifetime_seconds: 60,
            access_token: Some("opaque"),
        };
        let accepts = |text: &str| {
            TokenCheck::start(text, &did(VERIFIER), now(), &TokenRules::default())
                .and_then(|check| check.finish(&key.document()))
                .is_ok()
        };
        kinds.push(("a self-issued token", key.finish(new.unsigned()), Box::new(accepts)));
    }
    let key = &KEYS[0];
    let (bearer, scopes, id) = (did(OTHER), vec!["a:b:read".to_owned()], "id-1".to_owned());
    let grant = AccessGrant { bearer, scopes, id, issued: at(0), expires: at(60) };
    let text = key.finish(grant.unsigned(key.id(), key.algorithm()));
    let accepts =
        |text: &str| AccessGrant::verify(text, &key.document(), &did(OTHER), now()).is_ok();
    kinds.push(("an access token", text, Box::new(accepts)));
    let keys = KeySet::of(&key.document());
    let text = key.finish(continuity::unsigned(key.id(), key.algorithm(), &keys, now()));
    let accepts = move |text: &str| {
        let file = continuity::write(&[text.to_owned()]);
        continuity::verify(file.as_bytes(), &key.document(), &keys).is_ok()
    };
    kinds.push(("a statement of continuity", text, Box::new(accepts)));
    for profile in Profile::ALL {
        let world = World::new();
        let (issuer, holder) = (world.issuer.document(), world.holder.document());
        let list = StatusList::empty(form(profile), "revocation");
        let carrier = list_credential(profile, &list_url(profile, "revocation"), &list);
        let list = world.issued(&carrier, &json!({}));
        let own = issuer.clone();
        let accepts = move |text: &str| read_list(text.as_bytes(), &own, now(), false).is_ok();
        kinds.push(("a status list", list, Box::new(accepts)));
        let text = world.issue(profile);
        let accepts = move |text: &str| {
            SignedCredential::read(text).is_ok_and(|signed| signed.verify(&issuer).is_ok())
        };
        kinds.push(("a credential", text.clone(), Box::new(accepts)));
        let presentation = world.present(profile, &[text]);
        // Whoever holds the key shows it; a world has cells and is not shared between threads.
        let accepts = move |text: &str| {
            Jws::read(text, 100_000).is_ok_and(|jws| {
                let key = holder.key(jws.key(), Relationship::Authentication);
                key.is_ok_and(|key| jws.verify(key).is_ok())
            })
        };
        kinds.push(("a presentation", presentation, Box::new(accepts)));
    }
    kinds
});

#[test]
fn every_kind_is_accepted_as_it_was_made() {
    for (name, text, accepts) in KINDS.iter() {
        assert!(accepts(text), "{name}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_changed_byte_makes_any_kind_of_text_worthless(
        kind in 0..KINDS.len(),
        place in any::<prop::sample::Index>(),
        byte in 0u8..128,
    ) {
        let (name, text, accepts) = &KINDS[kind];
        let mut changed = text.clone().into_bytes();
        let place = place.index(changed.len());
        prop_assume!(changed[place] != byte);
        changed[place] = byte;
        prop_assert!(!accepts(&String::from_utf8(changed).unwrap()), "{} at {}", name, place);
    }

    #[test]
    fn a_byte_more_or_less_makes_any_kind_of_text_worthless(
        kind in 0..KINDS.len(),
        place in any::<prop::sample::Index>(),
        byte in proptest::option::of(33u8..127),
    ) {
        let (name, text, accepts) = &KINDS[kind];
        let mut changed = text.clone().into_bytes();
        let place = place.index(changed.len());
        match byte {
            Some(byte) => changed.insert(place, byte),
            None => {
                changed.remove(place);
            }
        }
        // A list may come in the quotes of JSON.
        prop_assume!(byte != Some(b'"'));
        prop_assert!(!accepts(&String::from_utf8(changed).unwrap()), "{} at {}", name, place);
    }
}

#[test]
fn a_changed_byte_of_a_credential_inside_a_presentation_is_found() {
    for profile in Profile::ALL {
        let world = World::new();
        let text = world.issue(profile);
        for place in (0..text.len()).step_by(7) {
            let mut changed = text.clone().into_bytes();
            changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            let found = world.check(&[world.present(profile, &[changed])]).unwrap();
            assert_eq!((found.accepted.len(), found.refused.len()), (0, 1), "at {place}");
        }
    }
}
