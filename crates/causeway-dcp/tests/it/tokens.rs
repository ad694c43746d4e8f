//! Self-issued tokens and access tokens: every way in which one can be wrong, and the ways in
//! which it may differ and still be right.

use causeway_dcp::access::AccessGrant;
use causeway_dcp::document::{DidDocument, Relationship};
use causeway_dcp::jwk::Algorithm;
use causeway_dcp::jws::Unsigned;
use causeway_dcp::testing::TestKey;
use causeway_dcp::token::{NewToken, TokenCheck, TokenRules};
use serde_json::{Map, Value, json};

use super::{HOLDER, OTHER, VERIFIER, chain, did, now, seconds};

/// A token as a conformance suite makes it, with members changed; null takes one away.
fn claims(change: &Value) -> Map<String, Value> {
    let mut claims = json!({
        "iss": HOLDER, "sub": HOLDER, "aud": VERIFIER, "jti": "id-1",
        "iat": seconds(0), "exp": seconds(600), "token": "opaque",
    });
    for (name, value) in change.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims.as_object().unwrap().iter().filter(|(_, v)| !v.is_null()).map(clone).collect()
}

fn clone((name, value): (&String, &Value)) -> (String, Value) {
    (name.clone(), value.clone())
}

/// What is found with such a document: nothing if the token is accepted.
fn outcome(text: &str, document: &DidDocument) -> String {
    TokenCheck::start(text, &did(VERIFIER), now(), &TokenRules::default())
        .and_then(|check| check.finish(document))
        .map_or_else(|error| chain(&error), |_| String::new())
}

fn check(change: Value, expectation: &str) {
    let key = TestKey::new(HOLDER);
    let text = key.finish(Unsigned::new(key.id(), Algorithm::Es256, "JWT", &claims(&change)));
    let found = outcome(&text, &key.document());
    assert!(found.contains(expectation), "{change}: {found}");
    assert_eq!(found.is_empty(), expectation.is_empty(), "{change}: {found}");
}

#[test]
fn a_token_is_accepted_in_each_form_that_it_may_have() {
    check(json!({}), "");
    check(json!({"aud": [VERIFIER]}), "");
    check(json!({"token": null}), "");
    check(json!({"nbf": seconds(0), "unknown": {"a": [1]}}), "");
    check(json!({"iat": seconds(5), "nbf": seconds(5)}), "");
    check(json!({"exp": 0.5 + seconds(1) as f64}), "");
}

#[test]
fn an_issuer_is_a_did_that_speaks_of_itself() {
    check(json!({"iss": null}), "expected the claim `iss`");
    check(json!({"sub": null}), "expected the claim `sub`");
    check(json!({"iss": 7}), "expected the claim `iss` as a text");
    check(json!({"sub": OTHER}), "found another `sub`");
    check(json!({"iss": OTHER}), "found another `sub`");
    check(json!({"iss": "me", "sub": "me"}), "its issuer is no did");
}

#[test]
fn an_audience_is_exactly_who_checks() {
    for aud in [
        Value::Null,
        json!(HOLDER),
        json!([]),
        json!([VERIFIER, OTHER]),
        json!([[VERIFIER]]),
        json!("DID:web:verifier.example"),
        json!("https://verifier.example"),
        json!("did:web:verifier.example "),
    ] {
        check(json!({"aud": aud}), "found another audience");
    }
}

#[test]
fn an_id_is_there_and_can_be_remembered() {
    check(json!({"jti": null}), "expected the claim `jti`");
    check(json!({"jti": ""}), "expected a `jti`");
    check(json!({"jti": "x".repeat(256)}), "");
    check(json!({"jti": "x".repeat(257)}), "expected a `jti`");
    check(json!({"jti": 1}), "expected the claim `jti` as a text");
}

#[test]
fn a_token_is_shown_within_its_short_life() {
    check(json!({"exp": null}), "expected the claim `exp`");
    check(json!({"iat": null}), "expected the claim `iat`");
    check(json!({"exp": seconds(-60), "iat": seconds(-120)}), "it expired at");
    check(json!({"exp": seconds(0), "iat": seconds(-9)}), "it expired at");
    check(json!({"iat": seconds(60)}), "which is still to come");
    check(json!({"iat": seconds(3_600), "exp": seconds(3_700)}), "which is still to come");
    check(json!({"nbf": seconds(60)}), "not valid before");
    check(json!({"nbf": seconds(1_000_000)}), "not valid before");
    check(json!({"iat": seconds(0), "exp": seconds(900)}), "");
    check(json!({"iat": seconds(0), "exp": seconds(901)}), "a life of 1 to 900 seconds");
    check(json!({"iat": seconds(3), "exp": seconds(2)}), "a life of 1 to 900 seconds");
    for time in [json!("1"), json!(-1), json!(1e300), json!(i64::MAX), json!(true)] {
        check(json!({"exp": time}), "expected the claim `exp` as seconds");
        check(json!({"nbf": time}), "expected the claim `nbf` as seconds");
    }
}

#[test]
fn another_kind_of_token_is_never_a_self_issued_one() {
    check(json!({"vp": {}}), "found the claim `vp`");
    check(json!({"vc": {}}), "found the claim `vc`");
    let key = TestKey::new(HOLDER);
    let mut outcomes = Vec::new();
    for typ in ["vp+jwt", "vc+jwt", "at+jwt", "causeway-access+jwt", "JOSE", ""] {
        let text = key.finish(Unsigned::new(key.id(), Algorithm::Es256, typ, &claims(&json!({}))));
        outcomes.push(outcome(&text, &key.document()));
    }
    assert!(outcomes.iter().all(|found| found.contains("found the type")), "{outcomes:?}");
    for typ in ["JWT", "jwt", "application/jwt"] {
        let text = key.finish(Unsigned::new(key.id(), Algorithm::Es256, typ, &claims(&json!({}))));
        assert_eq!(outcome(&text, &key.document()), "", "{typ}");
    }
}

#[test]
fn an_access_token_inside_is_a_text() {
    check(json!({"token": {"a": 1}}), "expected the claim `token` as a text");
}

#[test]
fn a_token_is_signed_by_a_key_of_its_issuer_for_this_purpose() {
    let (key, other) = (TestKey::new(HOLDER), TestKey::new(HOLDER));
    let text = key.finish(Unsigned::new(key.id(), Algorithm::Es256, "JWT", &claims(&json!({}))));
    let found = |document: &DidDocument| outcome(&text, document);
    assert_eq!(found(&key.document()), "");
    assert!(found(&other.document()).contains("not one of this text by this key"));
    assert!(found(&DidDocument::new(did(HOLDER))).contains("no key of that name"));
    assert!(found(&TestKey::new(OTHER).document()).contains("given the did document of"));
    for wrong in [Relationship::Authentication, Relationship::AssertionMethod] {
        let document = DidDocument::new(did(HOLDER)).with_key("key-1", key.public(), &[wrong]);
        assert!(found(&document.unwrap()).contains("under `capabilityInvocation`"));
    }
    let p384 = TestKey::with(HOLDER, "key-1", Algorithm::Es384);
    assert!(found(&p384.document()).contains("which the key is not for"));
}

#[test]
fn a_key_of_another_did_does_not_sign_for_the_issuer() {
    let other = TestKey::new(OTHER);
    let text =
        other.finish(Unsigned::new(other.id(), Algorithm::Es256, "JWT", &claims(&json!({}))));
    assert!(outcome(&text, &other.document()).contains("expected one of its issuer"));
    let named = TestKey::new(HOLDER);
    let forged = Unsigned::new(named.id(), Algorithm::Es256, "JWT", &claims(&json!({})));
    let text = other.finish(forged);
    assert!(outcome(&text, &named.document()).contains("not one of this text by this key"));
}

#[test]
fn a_token_that_is_made_here_is_accepted_with_every_kind_of_key() {
    for algorithm in Algorithm::ALL {
        let key = TestKey::with(HOLDER, "key-1", algorithm);
        let audience = did(VERIFIER);
        let new = NewToken {
            key: key.id(),
            algorithm,
            audience: &audience,
            id: "id-1",
            issued: now(),
            lifetime_seconds: 60,
            access_token: Some("opaque"),
        };
        let text = key.finish(new.unsigned());
        let check = TokenCheck::start(&text, &audience, now(), &TokenRules::default())
            .unwrap_or_else(|error| panic!("{algorithm}: {error}"));
        assert_eq!(check.issuer(), &did(HOLDER));
        let token =
            check.finish(&key.document()).unwrap_or_else(|error| panic!("{algorithm}: {error}"));
        assert_eq!((token.issuer.as_str(), token.id.as_str()), (HOLDER, "id-1"));
        assert_eq!(token.expires.unix_seconds(), seconds(60) as u64);
        assert_eq!(token.access_token.unwrap().expose(), "opaque");
    }
}

fn grant() -> AccessGrant {
    AccessGrant {
        bearer: did(VERIFIER),
        scopes: vec!["a:b:read".to_owned(), "c:d:read".to_owned()],
        id: "id-2".to_owned(),
        issued: causeway_types::Timestamp::from_unix_micros(seconds(0) * 1_000_000).unwrap(),
        expires: causeway_types::Timestamp::from_unix_micros(seconds(60) * 1_000_000).unwrap(),
    }
}

fn check_access(change: impl FnOnce(&mut AccessGrant), presenter: &str, expectation: &str) {
    let key = TestKey::new(HOLDER);
    let mut grant = grant();
    change(&mut grant);
    let text = key.finish(grant.unsigned(key.id(), Algorithm::Es256));
    let found = AccessGrant::verify(&text, &key.document(), &did(presenter), now());
    let found = match found {
        Ok(read) => {
            assert_eq!(read, grant);
            String::new()
        }
        Err(error) => chain(&error),
    };
    assert!(found.contains(expectation), "{found}");
    assert_eq!(found.is_empty(), expectation.is_empty(), "{found}");
}

#[test]
fn an_access_token_is_good_for_its_bearer_until_it_ends() {
    let at = |offset: i64| {
        causeway_types::Timestamp::from_unix_micros(seconds(offset) * 1_000_000).unwrap()
    };
    check_access(|_| (), VERIFIER, "");
    check_access(|grant| grant.scopes.clear(), VERIFIER, "");
    check_access(|_| (), OTHER, "given to another party");
    check_access(|grant| grant.bearer = did(OTHER), VERIFIER, "given to another party");
    check_access(|grant| grant.expires = at(0), VERIFIER, "it expired at");
    check_access(|grant| grant.issued = at(6), VERIFIER, "still to come");
    check_access(|grant| grant.id = String::new(), VERIFIER, "within their limits");
    check_access(|grant| grant.scopes = vec!["s".to_owned(); 65], VERIFIER, "within their limits");
    check_access(|grant| grant.scopes = vec!["s".repeat(513)], VERIFIER, "within their limits");
}

#[test]
fn an_access_token_is_made_by_who_checks_it() {
    let (key, other, thief) = (TestKey::new(HOLDER), TestKey::new(OTHER), TestKey::new(HOLDER));
    let found = |text: &str| {
        AccessGrant::verify(text, &key.document(), &did(VERIFIER), now())
            .map_or_else(|error| chain(&error), |_| String::new())
    };
    let made = |key: &TestKey| key.finish(grant().unsigned(key.id(), Algorithm::Es256));
    assert_eq!(found(&made(&key)), "");
    assert!(found(&made(&other)).contains("not made by"));
    assert!(found(&made(&thief)).contains("not one of this text by this key"));
    assert!(found("faketoken").contains("found 1 parts"));
    let id_token =
        key.finish(Unsigned::new(key.id(), Algorithm::Es256, "JWT", &claims(&json!({}))));
    assert!(found(&id_token).contains("expected the type"));
}
