//! Tokens that look right and are not, one by one, and two that count.

mod refresh;

use causeway_types::Timestamp;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use super::token::{Refusal, check};
use super::{OidcSettings, RoleRule};

const ISSUER: &str = "https://id.example/tenant";
const NOW: u64 = 1_800_000_000;

/// Keys for tests only, made anew by every run.
struct Keys {
    pair: aws_lc_rs::signature::Ed25519KeyPair,
    document: Vec<u8>,
}

impl Keys {
    fn new() -> Self {
        use aws_lc_rs::signature::Ed25519KeyPair;
        let random = aws_lc_rs::rand::SystemRandom::new();
        let document = Ed25519KeyPair::generate_pkcs8(&random).unwrap().as_ref().to_vec();
        Self { pair: Ed25519KeyPair::from_pkcs8(&document).unwrap(), document }
    }

    fn x(&self) -> String {
        use aws_lc_rs::signature::KeyPair as _;
        use base64::Engine as _;
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(self.pair.public_key())
    }

    fn jwk(&self, more: Value) -> Jwk {
        let mut key = json!({"kty": "OKP", "crv": "Ed25519", "x": self.x(), "kid": "k1"});
        for (name, value) in more.as_object().unwrap() {
            key[name] = value.clone();
        }
        serde_json::from_value(key).unwrap()
    }

    fn sign(&self, header: &Header, claims: &Value) -> String {
        let key = EncodingKey::from_ed_der(&self.document);
        jsonwebtoken::encode(header, claims, &key).unwrap()
    }
}

fn header() -> Header {
    let mut header = Header::new(Algorithm::EdDSA);
    header.kid = Some("k1".to_owned());
    header
}

fn of_kind(kind: Option<&str>) -> Header {
    Header { typ: kind.map(str::to_owned), ..header() }
}

fn settings() -> OidcSettings {
    OidcSettings {
        issuer: ISSUER.to_owned(),
        audience: Some("https://node.example/api".to_owned()),
        client_id: Some("causeway".to_owned()),
        roles: vec![RoleRule::parse("legal=groups:legal-team").unwrap()],
        person_claim: "sub".to_owned(),
        accept_scopes: false,
    }
}

fn claims(more: Value) -> Value {
    let mut claims = json!({
        "iss": ISSUER, "aud": "https://node.example/api", "sub": "ada", "exp": NOW + 300,
        "iat": NOW, "groups": ["legal-team"],
    });
    for (name, value) in more.as_object().unwrap() {
        match value {
            Value::Null => claims.as_object_mut().unwrap().remove(name),
            value => claims.as_object_mut().unwrap().insert(name.clone(), value.clone()),
        };
    }
    claims
}

fn now() -> Timestamp {
    Timestamp::EPOCH.plus_millis(NOW * 1000)
}

/// What is said of a token by the right key: nothing, or which part is wrong.
fn verdict(token: &str, keys: &[Jwk]) -> String {
    match check(token, keys, &settings(), now()) {
        Ok(_) => String::new(),
        Err(Refusal::NotForUs { what, .. }) => what.to_owned(),
        Err(Refusal::Signature) => "signature".to_owned(),
        Err(Refusal::UnknownKey { .. }) => "key".to_owned(),
        Err(Refusal::Unreadable { reason }) => reason,
    }
}

#[test]
fn a_token_counts_only_with_the_right_claims() {
    let keys = Keys::new();
    let jwk = [keys.jwk(json!({}))];
    let check = |header: Header, more: Value, expected: &str| {
        let token = keys.sign(&header, &claims(more.clone()));
        assert_eq!(verdict(&token, &jwk), expected, "{:?} {more}", header.typ);
    };
    check(header(), json!({}), "");
    check(of_kind(Some("at+jwt")), json!({}), "");
    check(of_kind(Some("application/at+JWT")), json!({}), "");
    check(of_kind(None), json!({"aud": "causeway"}), "");
    check(header(), json!({"aud": ["causeway"], "nonce": "n"}), "");
    check(header(), json!({"aud": ["causeway", "other"], "azp": "causeway"}), "");
    for (more, part) in [
        (json!({"iss": format!("{ISSUER}/")}), "iss"),
        (json!({"iss": "https://id.example"}), "iss"),
        (json!({"iss": null}), "iss"),
        (json!({"iss": [ISSUER]}), "iss"),
        (json!({"aud": "another client"}), "aud"),
        (json!({"aud": null}), "aud"),
        (json!({"aud": "https://node.example/api/"}), "aud"),
        (json!({"aud": ["causeway", "other"]}), "aud"),
        (json!({"aud": ["causeway", "other"], "azp": "other"}), "aud"),
        (json!({"aud": "causeway", "azp": "other"}), "aud"),
        // An ID token of somebody whose client has the name of our API.
        (json!({"nonce": "n"}), "aud"),
        (json!({"exp": NOW - 61}), "exp"),
        (json!({"exp": null}), "exp"),
        (json!({"exp": "soon"}), "exp"),
        (json!({"nbf": NOW + 61}), "nbf"),
        (json!({"nbf": "now"}), "nbf"),
        (json!({"iat": NOW + 61}), "iat"),
        (json!({"sub": null}), "sub"),
        (json!({"sub": ""}), "sub"),
        (json!({"cnf": {"jkt": "x"}}), "cnf"),
        (json!({"events": {}}), "events"),
    ] {
        check(header(), more, part);
    }
    check(header(), json!({"exp": NOW - 59}), "");
    check(header(), json!({"nbf": NOW + 59}), "");
    check(of_kind(Some("at+jwt")), json!({"aud": "causeway"}), "aud");
    for kind in ["logout+jwt", "dpop+jwt", "secevent+jwt", "vc+jwt", "JOSE", "", "at+jwt2"] {
        check(of_kind(Some(kind)), json!({}), "typ");
    }
}

#[test]
fn a_token_counts_only_with_the_signature_of_the_key_it_names() {
    let (keys, other) = (Keys::new(), Keys::new());
    let jwk = keys.jwk(json!({}));
    let token = keys.sign(&header(), &claims(json!({})));
    assert_eq!(verdict(&token, std::slice::from_ref(&jwk)), "");
    assert_eq!(verdict(&token, &[other.jwk(json!({}))]), "signature");
    assert_eq!(verdict(&token, &[]), "key");
    assert_eq!(verdict(&token, &[keys.jwk(json!({"kid": "k2"}))]), "key");
    for more in [json!({"use": "enc"}), json!({"alg": "RS256"}), json!({"crv": "P-256"})] {
        assert_eq!(verdict(&token, &[keys.jwk(more.clone())]), "alg", "{more}");
    }
    assert_eq!(verdict(&token, &[keys.jwk(json!({"use": "sig", "alg": "EdDSA"}))]), "");
    let unnamed = keys.sign(&Header { kid: None, ..header() }, &claims(json!({})));
    assert_eq!(verdict(&unnamed, std::slice::from_ref(&jwk)), "");
    assert_eq!(verdict(&unnamed, &[jwk.clone(), other.jwk(json!({"kid": "k2"}))]), "key");
    let critical = Header { crit: Some(vec!["exp".to_owned()]), ..header() };
    let critical = keys.sign(&critical, &claims(json!({})));
    assert_ne!(verdict(&critical, std::slice::from_ref(&jwk)), "");
    let (head, rest) = token.split_once('.').unwrap();
    let (body, signature) = rest.split_once('.').unwrap();
    let more = keys.sign(&header(), &claims(json!({"groups": ["x"]})));
    let another_body = more.split('.').nth(1).unwrap();
    for (token, expected) in [
        (format!("{head}.{another_body}.{signature}"), "signature"),
        (format!("{head}.{body}."), "signature"),
        (format!("{head}.{body}"), "its header"),
        ("x".repeat(20_000), "it is too long"),
        (String::new(), "its header"),
        ("a.b.c".to_owned(), "its header"),
    ] {
        assert_eq!(verdict(&token, std::slice::from_ref(&jwk)), expected, "{token:.80}");
    }
}

#[test]
fn no_algorithm_is_taken_but_those_of_the_key() {
    use base64::Engine as _;
    let keys = Keys::new();
    let jwk = [keys.jwk(json!({}))];
    // The public key as a shared secret: as bytes, and as the text in which it is published.
    let public = keys.x();
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(&public).unwrap();
    for secret in [bytes.as_slice(), public.as_bytes()] {
        for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
            let header = Header { alg: algorithm, ..header() };
            let key = EncodingKey::from_secret(secret);
            let token = jsonwebtoken::encode(&header, &claims(json!({})), &key).unwrap();
            assert_eq!(verdict(&token, &jwk), "alg", "{algorithm:?}");
        }
    }
    let encode = |text: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
    let body = encode(&claims(json!({})).to_string());
    for none in ["none", "None", "NONE", "nOnE", ""] {
        let head = encode(&json!({"alg": none, "kid": "k1", "typ": "JWT"}).to_string());
        for signature in ["", "AA"] {
            let token = format!("{head}.{body}.{signature}");
            assert_eq!(verdict(&token, &jwk), "its header", "{none}");
        }
    }
    // A key that comes with the token is not the provider's.
    let thief = Keys::new();
    let with_key = Header { jwk: Some(thief.jwk(json!({}))), ..header() };
    assert_eq!(verdict(&thief.sign(&with_key, &claims(json!({}))), &jwk), "signature");
}

#[test]
fn a_shared_key_of_a_provider_is_never_used() {
    let secret = serde_json::from_value(json!({"kty": "oct", "k": "c2VjcmV0", "kid": "k1"}));
    let header = Header { alg: Algorithm::HS256, ..header() };
    let key = EncodingKey::from_secret(b"secret");
    let token = jsonwebtoken::encode(&header, &claims(json!({})), &key).unwrap();
    assert_eq!(verdict(&token, &[secret.unwrap()]), "alg");
}

#[test]
fn roles_come_from_claims_and_scopes_only_narrow_them() {
    let keys = Keys::new();
    let jwk = [keys.jwk(json!({}))];
    let check = |accept: bool, more: Value, expected: &[&str], hidden: &[&str]| {
        let settings = OidcSettings { accept_scopes: accept, ..settings() };
        let token = keys.sign(&of_kind(Some("at+jwt")), &claims(more.clone()));
        let caller = super::token::check(&token, &jwk, &settings, now()).unwrap();
        let texts = caller.scopes.texts();
        for scope in expected {
            assert!(texts.iter().any(|t| t == scope), "{more}: {scope} of {texts:?}");
        }
        for scope in hidden {
            assert!(!texts.iter().any(|t| t == scope), "{more}: {scope} of {texts:?}");
        }
    };
    let law = "causeway:law:write";
    let keys_admin = "causeway:keys:admin";
    check(false, json!({}), &[law], &[keys_admin]);
    check(false, json!({"groups": []}), &[], &[law, "causeway:law:read"]);
    check(false, json!({"scope": keys_admin, "groups": []}), &[], &[keys_admin]);
    check(true, json!({"scope": keys_admin, "groups": []}), &[keys_admin], &[law]);
    check(true, json!({"scope": keys_admin}), &["causeway:keys:read"], &[keys_admin, law]);
    check(true, json!({"scope": "openid profile"}), &[law], &[keys_admin]);
}

#[test]
fn the_person_is_who_the_configured_claim_says() {
    let keys = Keys::new();
    let jwk = [keys.jwk(json!({}))];
    let check = |claim: &str, more: Value, expected: Option<&str>| {
        let settings = OidcSettings { person_claim: claim.to_owned(), ..settings() };
        let token = keys.sign(&header(), &claims(more));
        let found = super::token::check(&token, &jwk, &settings, now());
        let found = found.ok().map(|caller| caller.person);
        assert_eq!(found.as_deref(), expected, "{claim}");
    };
    check("sub", json!({}), Some("ada"));
    check("email", json!({"email": "Ada@Example.org"}), Some("ada@example.org"));
    check("email", json!({"email": "a@b", "email_verified": false}), None);
    check("email", json!({}), None);
}
