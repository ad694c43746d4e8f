//! Signed texts: every algorithm against a second implementation in both directions, and headers
//! that are refused before anything else.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use causeway_dcp::jwk::{Algorithm, PublicKey};
use causeway_dcp::jws::{Jws, Unsigned};
use causeway_dcp::testing::TestKey;
use jsonwebtoken::jwk::Jwk;
use serde_json::{Map, Value, json};

use super::{HOLDER, chain};

const BYTES_MAX: usize = 4096;

fn payload() -> Map<String, Value> {
    json!({"iss": HOLDER, "exp": 4_000_000_000u64}).as_object().unwrap().clone()
}

fn text(header: &Value, payload: &str) -> String {
    let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
    format!("{}.{}.AAAA", encode(&header.to_string()), encode(payload))
}

#[test]
fn another_implementation_verifies_what_is_made_here() {
    let names = [
        (Algorithm::Es256, jsonwebtoken::Algorithm::ES256),
        (Algorithm::Es384, jsonwebtoken::Algorithm::ES384),
        (Algorithm::EdDsa, jsonwebtoken::Algorithm::EdDSA),
        (Algorithm::Rs256, jsonwebtoken::Algorithm::RS256),
        (Algorithm::Ps256, jsonwebtoken::Algorithm::PS256),
    ];
    for (algorithm, theirs) in names {
        let key = TestKey::with(HOLDER, "k", algorithm);
        let made = key.finish(Unsigned::new(key.id(), algorithm, "JWT", &payload()));
        let jwk: Jwk = serde_json::from_value(Value::Object(key.public().to_jwk())).unwrap();
        let decoding = jsonwebtoken::DecodingKey::from_jwk(&jwk).unwrap();
        let mut validation = jsonwebtoken::Validation::new(theirs);
        validation.validate_aud = false;
        let read = jsonwebtoken::decode::<Map<String, Value>>(&made, &decoding, &validation);
        let read = read.unwrap_or_else(|error| panic!("{algorithm}: {error}"));
        assert_eq!(read.claims, payload());
        assert_eq!(read.header.kid.as_deref(), Some("did:web:holder.example#k"));
    }
}

#[test]
fn what_another_implementation_makes_is_verified_here() {
    use aws_lc_rs::signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _,
    };
    let p256 = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let ed25519 = Ed25519KeyPair::generate().unwrap();
    let kinds = [
        (
            jsonwebtoken::Algorithm::ES256,
            jsonwebtoken::EncodingKey::from_ec_der(p256.to_pkcs8v1().unwrap().as_ref()),
            PublicKey::p256(p256.public_key().as_ref()).unwrap(),
        ),
        (
            jsonwebtoken::Algorithm::EdDSA,
            jsonwebtoken::EncodingKey::from_ed_der(ed25519.to_pkcs8v1().unwrap().as_ref()),
            PublicKey::ed25519(ed25519.public_key().as_ref()).unwrap(),
        ),
    ];
    for (algorithm, signing, public) in kinds {
        let mut header = jsonwebtoken::Header::new(algorithm);
        header.kid = Some("did:web:holder.example#k".to_owned());
        let made = jsonwebtoken::encode(&header, &payload(), &signing).unwrap();
        let read = Jws::read(&made, BYTES_MAX).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(read.verify(&public), Ok(()));
        assert_eq!((read.payload(), read.typ()), (&payload(), Some("jwt")));
    }
}

fn check(text: &str, expectation: &str) {
    let found = Jws::read(text, BYTES_MAX).map_or_else(|error| chain(&error), |_| String::new());
    assert!(found.contains(expectation), "{text}: {found}");
    assert_eq!(found.is_empty(), expectation.is_empty(), "{text}: {found}");
}

fn header(change: &Value) -> Value {
    let mut header = json!({"alg": "ES256", "typ": "JWT", "kid": "did:web:holder.example#k"});
    for (name, value) in change.as_object().unwrap() {
        header[name] = value.clone();
    }
    header
}

#[test]
fn a_header_that_brings_or_replaces_keys_is_refused() {
    check(&text(&header(&json!({})), "{}"), "");
    check(&text(&header(&json!({"cty": "x", "custom": 1})), "{}"), "");
    for name in ["crit", "jwk", "jku", "x5u", "x5c", "x5t", "x5t#S256", "b64", "enc"] {
        let bare = text(&header(&json!({ name: "x" })), "{}");
        check(&bare, &format!("found {name:?} in its header"));
    }
}

#[test]
fn an_algorithm_that_proves_nothing_is_refused() {
    for name in ["none", "None", "", "HS256", "HS384", "es256", "ES512", "ES256K", "RS1", "RS512"] {
        check(&text(&header(&json!({"alg": name})), "{}"), "found the algorithm");
    }
    check(&text(&header(&json!({"alg": 1})), "{}"), "found the algorithm");
    check(&text(&json!({"kid": "did:web:a#k"}), "{}"), "found the algorithm");
}

#[test]
fn a_key_is_always_named_and_named_in_full() {
    check(&text(&json!({"alg": "ES256"}), "{}"), "expected `kid`");
    check(&text(&header(&json!({"kid": 1})), "{}"), "expected `kid`");
    check(&text(&header(&json!({"kid": "#k"})), "{}"), "`kid` is refused");
    check(&text(&header(&json!({"kid": "did:web:a"})), "{}"), "`kid` is refused");
    check(&text(&header(&json!({"typ": 1})), "{}"), "expected `typ`");
}

#[test]
fn text_that_is_no_compact_jws_is_refused() {
    let good = text(&header(&json!({})), "{}");
    check("", "found 1 parts");
    check("a.b", "found 2 parts");
    check(&format!("{good}.AAAA"), "found 4 parts");
    check(&format!("{good}="), "the signature is not base64url");
    check(&format!("{good} "), "the signature is not base64url");
    // `AB` decodes to the byte of `AA`: a second spelling of one signature.
    check(&good.replace(".AAAA", ".AB"), "the signature is not base64url");
    check(&good.replace(".AAAA", ".+/+/"), "the signature is not base64url");
    check(&text(&header(&json!({})), "[]"), "expected an object");
    check(&text(&header(&json!({})), r#"{"a":1,"a":2}"#), "twice");
    let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let twice = r#"{"alg":"ES256","kid":"did:web:a#k","alg":"none"}"#;
    check(&format!("{}.{}.AAAA", encode(twice), encode("{}")), "twice");
    check(&text(&header(&json!({"x": "y".repeat(4096)})), "{}"), "expected at most 4096");
    check(&"a".repeat(BYTES_MAX + 1), "expected at most 4096");
}

#[test]
fn a_signature_of_the_wrong_length_is_not_put_into_a_text() {
    let key = TestKey::new(HOLDER);
    let lengths = [(Algorithm::Es256, 70), (Algorithm::EdDsa, 63), (Algorithm::Rs256, 64)];
    for (algorithm, length) in lengths {
        let unsigned = Unsigned::new(key.id(), algorithm, "JWT", &payload());
        assert!(unsigned.finish(&vec![0; length]).is_err(), "{algorithm}");
    }
}

#[test]
fn every_changed_character_breaks_a_text() {
    let key = TestKey::new(HOLDER);
    let made = key.finish(Unsigned::new(key.id(), Algorithm::Es256, "JWT", &payload()));
    for index in 0..made.len() {
        let mut changed = made.clone().into_bytes();
        changed[index] = if changed[index] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();
        let verified =
            Jws::read(&changed, BYTES_MAX).is_ok_and(|read| read.verify(&key.public()).is_ok());
        assert!(!verified, "character {index}");
    }
}
