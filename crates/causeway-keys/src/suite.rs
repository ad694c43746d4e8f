//! What every store must do, as tests: each takes a [`Bench`] on which there are no keys yet.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use causeway_dcp::did::Did;
use causeway_dcp::jwk::Algorithm;
use causeway_dcp::jws::{Jws, Unsigned};
use causeway_types::Timestamp;
use serde_json::{Map, Value, json};

use crate::{KeyFault, KeyRecord, KeyState, KeyStore, Purpose, Rotation, compact};

/// Where a store of the kind that is tested can be opened, again and again.
#[async_trait]
pub trait Bench: Send + Sync {
    /// Opens the store, or makes it if this is the first time.
    async fn open(&self) -> Result<Arc<dyn KeyStore>, KeyFault>;

    /// The algorithms that the store can make keys for.
    fn algorithms(&self) -> Vec<Algorithm> {
        vec![Algorithm::Es256, Algorithm::EdDsa]
    }
}

/// Makes a test of each one of the suite: `$run` is given its name and a function of a bench.
#[macro_export]
macro_rules! each_of_the_suite {
    ($run:path) => {
        $crate::each_of_the_suite!(
            $run:
            signatures_are_verified_by_two_libraries
            a_purpose_has_one_key_and_no_other_purpose_shares_it
            only_two_algorithms_are_made
            a_rotation_publishes_before_it_uses_and_trails_after
            a_rotation_may_change_the_algorithm
            a_retirement_ends_the_overlap_early
            a_key_is_revoked_only_when_it_signs_no_longer
            a_key_is_forgotten_only_when_nobody_needs_it
            what_was_changed_is_there_after_reopening
            a_store_is_open_once
            texts_are_signed_while_keys_change
            uses_are_counted
            nothing_is_said_of_unknown_keys
        );
    };
    ($run:path: $($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                $run(stringify!($name), |bench| Box::pin($crate::suite::$name(bench)));
            }
        )*
    };
}

fn time(text: &str) -> Timestamp {
    Timestamp::parse(text).expect("a test names a time")
}

fn start() -> Timestamp {
    time("2026-11-24T08:00:00Z")
}

fn hours(count: u64) -> Timestamp {
    start().plus_millis(count * 3_600_000)
}

async fn open(bench: &dyn Bench) -> Arc<dyn KeyStore> {
    ok(bench.open().await)
}

fn ok<T>(result: Result<T, impl fmt::Display>) -> T {
    result.unwrap_or_else(|error| panic!("{error}"))
}

/// Checks what is answered, by the first line of its text.
fn refused<T>(result: Result<T, KeyFault>, expected: &str) {
    match result {
        Ok(_) => panic!("expected {expected:?}, and it was done"),
        Err(error) => assert_eq!(error.to_string().lines().next(), Some(expected)),
    }
}

fn check_state(store: &dyn KeyStore, key: &KeyRecord, expected: KeyState) {
    let found = store.list().into_iter().find(|one| one.name == key.name);
    assert_eq!(found.map(|key| key.state), Some(expected), "{}", key.name);
}

fn unsigned(key: &KeyRecord) -> Result<Unsigned, KeyFault> {
    let did = Did::parse("did:web:node.example.org").expect("a did");
    let id = did.key(key.name.as_str()).expect("the name of a key is a fragment");
    let payload: Map<String, Value> =
        json!({"iss": did.to_string(), "sub": "x"}).as_object().cloned().unwrap_or_default();
    Ok(Unsigned::new(&id, key.algorithm, "JWT", &payload))
}

/// Checks a text by this product's own verifier, and by the library `jsonwebtoken`.
fn check_text(text: &str, key: &KeyRecord) {
    let jws = ok(Jws::read(text, 4096));
    assert_eq!(jws.key().fragment(), key.name.as_str());
    ok(jws.verify(&key.public));
    let algorithm = match key.algorithm {
        Algorithm::Es256 => jsonwebtoken::Algorithm::ES256,
        _ => jsonwebtoken::Algorithm::EdDSA,
    };
    let jwk = ok(serde_json::from_value(Value::Object(key.public.to_jwk())));
    let decoding = ok(jsonwebtoken::DecodingKey::from_jwk(&jwk));
    let mut validation = jsonwebtoken::Validation::new(algorithm);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    let read = ok(jsonwebtoken::decode::<Value>(text, &decoding, &validation));
    assert_eq!(read.claims["sub"], "x");
    // A verifier that accepts everything would have passed until here.
    let other = text.replacen('.', ".e", 1);
    assert!(jsonwebtoken::decode::<Value>(&other, &decoding, &validation).is_err());
}

/// Signatures have the form that tokens need, and belong to the public half.
pub async fn signatures_are_verified_by_two_libraries(bench: &dyn Bench) {
    let store = open(bench).await;
    for (purpose, algorithm) in Purpose::ALL.into_iter().zip(bench.algorithms()) {
        let key = ok(store.generate(purpose, algorithm, start()).await);
        assert_eq!(key.algorithm, algorithm);
        let signature = ok(store.sign(&key.name, b"message").await);
        assert_eq!(signature.len(), 64);
        ok(key.public.verify(algorithm, b"message", &signature));
        assert!(key.public.verify(algorithm, b"massage", &signature).is_err());
        ok(store.sign(&key.name, b"").await);
        let text = ok(compact(store.as_ref(), purpose, unsigned).await);
        check_text(&text, &key);
    }
}

/// Keys of different purposes are different keys.
pub async fn a_purpose_has_one_key_and_no_other_purpose_shares_it(bench: &dyn Bench) {
    let store = open(bench).await;
    let made = ok(store.ensure(&Purpose::ALL, Algorithm::Es256, start()).await);
    assert_eq!(made.len(), 3);
    for (index, key) in made.iter().enumerate() {
        assert_eq!(ok(store.active(key.purpose)), *key);
        assert!(made[..index].iter().all(|other| other.public != key.public));
        assert!(key.name.as_str().starts_with(key.purpose.as_str()));
        let first = &key.name;
        refused(
            store.generate(key.purpose, Algorithm::Es256, start()).await,
            &format!("make a key for {}: {first} is there already and active", key.purpose),
        );
    }
    assert!(ok(store.ensure(&Purpose::ALL, Algorithm::Es256, start()).await).is_empty());
    assert_eq!(store.list(), made);
}

/// RSA is verified and never made.
pub async fn only_two_algorithms_are_made(bench: &dyn Bench) {
    let store = open(bench).await;
    for algorithm in [Algorithm::Es384, Algorithm::Rs256, Algorithm::Ps256] {
        refused(
            store.generate(Purpose::Identity, algorithm, start()).await,
            &format!("make a key: found the algorithm {algorithm}, expected ES256 or EdDSA"),
        );
    }
    assert!(store.list().is_empty());
    refused(store.active(Purpose::Identity).map(drop), "find the key for identity: none is active");
}

/// Others must know a key before they meet it, and as long as what it signed is valid.
pub async fn a_rotation_publishes_before_it_uses_and_trails_after(bench: &dyn Bench) {
    let store = open(bench).await;
    let purpose = Purpose::Identity;
    refused(
        store.rotate(purpose, Rotation::of(purpose), start()).await,
        "find the key for identity: none is active",
    );
    let old = ok(store.generate(purpose, Algorithm::Es256, start()).await);
    let new = ok(store.rotate(purpose, Rotation::of(purpose), start()).await);
    check_state(&*store, &new, KeyState::Next { from: hours(24), trail_seconds: 86_400 });
    assert_eq!(store.published(purpose, start()).len(), 2);
    assert_eq!(store.settles_at(), Some(hours(24)));
    refused(
        store.sign(&new.name, b"early").await,
        &format!("sign with the key {}: it is next, expected active", new.name),
    );
    refused(
        store.rotate(purpose, Rotation::of(purpose), start()).await,
        &format!("make a key for identity: {} is there already and next", new.name),
    );
    assert!(ok(store.settle(hours(23)).await).is_empty());
    assert_eq!(ok(store.active(purpose)).name, old.name);

    let changed = ok(store.settle(hours(25)).await);
    assert_eq!(changed.len(), 2);
    assert_eq!(store.settles_at(), None);
    check_state(&*store, &new, KeyState::Active { since: hours(25) });
    let retired = KeyState::Retired { since: hours(25), published_until: hours(49) };
    check_state(&*store, &old, retired);
    ok(store.sign(&new.name, b"now").await);
    refused(
        store.sign(&old.name, b"late").await,
        &format!("sign with the key {}: it is retired, expected active", old.name),
    );
    assert_eq!(store.published(purpose, hours(48)).len(), 2);
    assert_eq!(store.published(purpose, hours(49)).len(), 1);
}

/// The successor of a key may sign in another way.
pub async fn a_rotation_may_change_the_algorithm(bench: &dyn Bench) {
    let store = open(bench).await;
    let purpose = Purpose::Access;
    ok(store.generate(purpose, Algorithm::Es256, start()).await);
    for algorithm in bench.algorithms() {
        let rotation =
            Rotation { overlap_seconds: 0, trail_seconds: 0, algorithm: Some(algorithm) };
        let key = ok(store.rotate(purpose, rotation, start()).await);
        ok(store.settle(start()).await);
        let text = ok(compact(store.as_ref(), purpose, unsigned).await);
        check_text(&text, &key);
    }
}

/// Somebody who cannot wait does not have to.
pub async fn a_retirement_ends_the_overlap_early(bench: &dyn Bench) {
    let store = open(bench).await;
    let purpose = Purpose::Issuer;
    let old = ok(store.generate(purpose, Algorithm::Es256, start()).await);
    refused(
        store.retire(&old.name, start()).await,
        &format!(
            "retire the key {}: it is active, expected one that has a successor: rotate it first",
            old.name
        ),
    );
    let new = ok(store.rotate(purpose, Rotation::of(purpose), start()).await);
    let retired = ok(store.retire(&old.name, hours(1)).await);
    assert_eq!(retired.name, old.name);
    assert_eq!(
        retired.state,
        KeyState::Retired { since: hours(1), published_until: hours(1 + 400 * 24) }
    );
    assert_eq!(ok(store.active(purpose)).name, new.name);
    refused(
        store.retire(&old.name, hours(2)).await,
        &format!("retire the key {}: it is retired, expected the active one", old.name),
    );
}

/// A node without a key could not even say that it lost one.
pub async fn a_key_is_revoked_only_when_it_signs_no_longer(bench: &dyn Bench) {
    let store = open(bench).await;
    let purpose = Purpose::Identity;
    let old = ok(store.generate(purpose, Algorithm::Es256, start()).await);
    refused(
        store.revoke(&old.name, start()).await,
        &format!(
            "revoke the key {}: it is active, expected one that is not in use: retire it first",
            old.name
        ),
    );
    ok(store.rotate(purpose, Rotation::of(purpose), start()).await);
    ok(store.retire(&old.name, start()).await);
    let revoked = ok(store.revoke(&old.name, hours(1)).await);
    assert_eq!(revoked.state, KeyState::Revoked { since: hours(1) });
    assert_eq!(store.published(purpose, hours(1)).len(), 1);
    refused(
        store.sign(&old.name, b"stolen").await,
        &format!("sign with the key {}: it is revoked, expected active", old.name),
    );
}

/// What is still published is not forgotten.
pub async fn a_key_is_forgotten_only_when_nobody_needs_it(bench: &dyn Bench) {
    let store = open(bench).await;
    let purpose = Purpose::Access;
    let old = ok(store.generate(purpose, Algorithm::Es256, start()).await);
    let expected = "expected one that nobody has to find any longer";
    refused(
        store.destroy(&old.name, start()).await,
        &format!("destroy the key {}: it is active, {expected}", old.name),
    );
    // A key that was never used can be given up.
    let unused = ok(store.rotate(purpose, Rotation::of(purpose), start()).await);
    ok(store.destroy(&unused.name, start()).await);
    ok(store.rotate(purpose, Rotation::of(purpose), start()).await);
    ok(store.retire(&old.name, start()).await);
    refused(
        store.destroy(&old.name, hours(23)).await,
        &format!("destroy the key {}: it is retired, {expected}", old.name),
    );
    ok(store.destroy(&old.name, hours(24)).await);
    assert_eq!(store.list().len(), 1);
}

/// What was answered with `Ok` is on disk.
pub async fn what_was_changed_is_there_after_reopening(bench: &dyn Bench) {
    let store = open(bench).await;
    let made = ok(store.ensure(&Purpose::ALL, Algorithm::Es256, start()).await);
    let purpose = Purpose::Identity;
    ok(store.rotate(purpose, Rotation::of(purpose), start()).await);
    ok(store.settle(hours(24)).await);
    ok(store.rotate(purpose, Rotation::of(purpose), hours(24)).await);
    ok(store.revoke(&made[0].name, hours(25)).await);
    let before = store.list();
    drop(store);
    let store = open(bench).await;
    assert_eq!(store.list(), before);
    for purpose in Purpose::ALL {
        let key = ok(store.active(purpose));
        let signature = ok(store.sign(&key.name, b"message").await);
        ok(key.public.verify(key.algorithm, b"message", &signature));
    }
}

/// Two processes that write the same keys would lose some.
pub async fn a_store_is_open_once(bench: &dyn Bench) {
    let store = open(bench).await;
    match bench.open().await {
        Err(KeyFault::Locked { .. }) => {}
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("it was opened twice"),
    }
    drop(store);
    open(bench).await;
}

/// A rotation is not a time at which a node refuses to work.
pub async fn texts_are_signed_while_keys_change(bench: &dyn Bench) {
    let store = open(bench).await;
    let purpose = Purpose::Identity;
    ok(store.generate(purpose, Algorithm::Es256, start()).await);
    let other = Arc::clone(&store);
    let rotations = tokio::spawn(async move {
        let rotation = Rotation { overlap_seconds: 0, ..Rotation::of(purpose) };
        for hour in 0..8 {
            ok(other.rotate(purpose, rotation, hours(hour)).await);
            ok(other.settle(hours(hour)).await);
        }
    });
    let mut texts = Vec::new();
    while !rotations.is_finished() {
        texts.push(ok(compact(store.as_ref(), purpose, unsigned).await));
        tokio::task::yield_now().await;
    }
    ok(rotations.await);
    let keys = store.published(purpose, hours(8));
    assert_eq!(keys.len(), 9);
    for text in texts {
        let jws = ok(Jws::read(&text, 4096));
        let key = keys.iter().find(|key| key.name.as_str() == jws.key().fragment());
        ok(jws.verify(&key.expect("a published key signed").public));
    }
}

/// Who uses a key more than the node has reason to is seen.
pub async fn uses_are_counted(bench: &dyn Bench) {
    let store = open(bench).await;
    let key = ok(store.generate(Purpose::Access, Algorithm::Es256, start()).await);
    assert_eq!(store.uses(&key.name), 0);
    for count in 1..=3 {
        ok(store.sign(&key.name, b"message").await);
        assert_eq!(store.uses(&key.name), count);
    }
}

/// A name that is none of ours is refused by every act.
pub async fn nothing_is_said_of_unknown_keys(bench: &dyn Bench) {
    let store = open(bench).await;
    let name = ok(crate::KeyName::parse("identity-none"));
    let expected = "find the key \"identity-none\": there is none of that name";
    refused(store.sign(&name, b"message").await, expected);
    refused(store.retire(&name, start()).await, expected);
    refused(store.revoke(&name, start()).await, expected);
    refused(store.destroy(&name, start()).await, expected);
    assert_eq!(store.uses(&name), 0);
}
