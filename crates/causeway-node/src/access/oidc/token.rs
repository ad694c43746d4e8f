//! Whether a token of an identity provider counts here, and for whom: a function of the token, the
//! provider's keys, the configuration and the time. Fetching is not here.
//!
//! Two kinds of tokens count: an access token for this API (RFC 9068, or one of a provider that
//! does not mark its kind), and an ID token for this node's own client (OpenID Connect Core 1.0,
//! section 3.1.3.7). Anything that is marked as another kind is refused, and so is a token that is
//! bound to a key of its holder, which a bearer has not shown.

use causeway_types::Timestamp;
use causeway_types::limits::{OIDC_SKEW_SECONDS_MAX, OIDC_TOKEN_BYTES_MAX};
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation};
use serde_json::{Map, Value};

use super::OidcSettings;
use crate::access::{Caller, Role, Scopes, person};

/// Why a token does not count. For the log: whoever shows it learns only that it does not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is no token that can be checked.
    #[error("it cannot be read: {reason}")]
    Unreadable {
        /// Why.
        reason: String,
    },
    /// The provider's keys that are known do not have it.
    #[error("it names the key {kid:?}, which the provider does not have")]
    UnknownKey {
        /// The key that is named.
        kid: Option<String>,
    },
    /// The signature is not the provider's.
    #[error("its signature is not by the key it names")]
    Signature,
    /// It was made for something else.
    #[error("{what}: found {found}, expected {expected}")]
    NotForUs {
        /// Which part.
        what: &'static str,
        /// What it says.
        found: String,
        /// What would count.
        expected: String,
    },
}

/// Whoever shows the token, if it counts.
pub(super) fn check(
    token: &str,
    keys: &[Jwk],
    settings: &OidcSettings,
    now: Timestamp,
) -> Result<Caller, Refusal> {
    let (header, key) = key_of(token, keys)?;
    let mut validation = Validation::new(header.alg);
    // The times are checked below, by this node's clock; so is the audience, by kind of token.
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    let claims = jsonwebtoken::decode::<Map<String, Value>>(token, &key, &validation)
        .map_err(|_| Refusal::Signature)?
        .claims;
    let found = claims.get("iss").and_then(Value::as_str).unwrap_or_default();
    if found != settings.issuer {
        return Err(not_for_us("iss", found, &settings.issuer));
    }
    times(&claims, now)?;
    for (name, expected) in [("cnf", "a token that is bound to no key"), ("events", "no events")] {
        if claims.contains_key(name) {
            return Err(not_for_us(name, "it", expected));
        }
    }
    let is_access = audience(&header, &claims, settings)?;
    caller(&claims, settings, is_access)
}

/// The key that the header names, if its algorithm is one for such a key.
fn key_of(token: &str, keys: &[Jwk]) -> Result<(Header, DecodingKey), Refusal> {
    let unreadable = |reason: &str| Refusal::Unreadable { reason: reason.to_owned() };
    if token.len() > OIDC_TOKEN_BYTES_MAX {
        return Err(unreadable("it is too long"));
    }
    let header = jsonwebtoken::decode_header(token).map_err(|_| unreadable("its header"))?;
    if header.crit.is_some() {
        return Err(unreadable("its header has critical parts"));
    }
    let allowed = [Algorithm::RS256, Algorithm::PS256, Algorithm::ES256, Algorithm::EdDSA];
    if !allowed.contains(&header.alg) {
        let expected = "RS256, PS256, ES256 or EdDSA";
        return Err(not_for_us("alg", &format!("{:?}", header.alg), expected));
    }
    let named = |key: &&Jwk| match &header.kid {
        Some(kid) => key.common.key_id.as_ref() == Some(kid),
        // Without a name there must be no choice.
        None => keys.len() == 1,
    };
    let unknown = || Refusal::UnknownKey { kid: header.kid.clone() };
    // A provider may have two keys of one name but different kinds.
    let mut named = keys.iter().filter(named).peekable();
    named.peek().ok_or_else(unknown)?;
    let key = named.find(|key| fits(key, header.alg)).ok_or_else(|| {
        not_for_us("alg", &format!("{:?}", header.alg), "an algorithm of the key that is named")
    })?;
    let key = DecodingKey::from_jwk(key).map_err(|_| unreadable("the key of the provider"))?;
    Ok((header, key))
}

/// Whether signatures by this algorithm are made with such a key. An algorithm never says what a
/// key is: the key does.
fn fits(key: &Jwk, algorithm: Algorithm) -> bool {
    let of_kind = match (&key.algorithm, algorithm) {
        (AlgorithmParameters::RSA(_), Algorithm::RS256 | Algorithm::PS256) => true,
        (AlgorithmParameters::EllipticCurve(of), Algorithm::ES256) => {
            of.curve == EllipticCurve::P256
        }
        (AlgorithmParameters::OctetKeyPair(of), Algorithm::EdDSA) => {
            of.curve == EllipticCurve::Ed25519
        }
        _ => false,
    };
    let of_algorithm = match key.common.key_algorithm {
        None => true,
        Some(KeyAlgorithm::RS256) => algorithm == Algorithm::RS256,
        Some(KeyAlgorithm::PS256) => algorithm == Algorithm::PS256,
        Some(KeyAlgorithm::ES256) => algorithm == Algorithm::ES256,
        Some(KeyAlgorithm::EdDSA) => algorithm == Algorithm::EdDSA,
        Some(_) => false,
    };
    let of_use = matches!(key.common.public_key_use, None | Some(PublicKeyUse::Signature));
    of_kind && of_algorithm && of_use
}

fn times(claims: &Map<String, Value>, now: Timestamp) -> Result<(), Refusal> {
    let now = now.unix_seconds();
    // NumericDate may have a fraction (RFC 7519, section 2); it is left out to the strict side.
    let time = |name: &str| claims.get(name).map(|value| value.as_f64().unwrap_or(f64::NAN));
    let skew = OIDC_SKEW_SECONDS_MAX as f64;
    let now = now as f64;
    match time("exp") {
        Some(exp) if now < exp + skew => {}
        found => return Err(not_for_us("exp", &format!("{found:?}"), &format!("after {now}"))),
    }
    for name in ["nbf", "iat"] {
        match time(name) {
            None => {}
            Some(at) if at <= now + skew => {}
            found => return Err(not_for_us(name, &format!("{found:?}"), &format!("until {now}"))),
        }
    }
    Ok(())
}

/// Whether it is an access token; an ID token otherwise.
fn audience(
    header: &Header,
    claims: &Map<String, Value>,
    settings: &OidcSettings,
) -> Result<bool, Refusal> {
    let found: Vec<&str> = match claims.get("aud") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let has = |wanted: &Option<String>| wanted.as_deref().is_some_and(|one| found.contains(&one));
    let kind = header.typ.as_deref().unwrap_or("JWT").to_ascii_lowercase();
    let (may_be_access, may_be_id) = match kind.trim_start_matches("application/") {
        "at+jwt" => (true, false),
        "jwt" => (true, true),
        _ => return Err(not_for_us("typ", &kind, "at+jwt or JWT")),
    };
    // An ID token is told from an access token by what only it has.
    let is_marked_id = claims.contains_key("nonce") || claims.contains_key("at_hash");
    if may_be_access && !is_marked_id && has(&settings.audience) {
        return Ok(true);
    }
    if may_be_id && has(&settings.client_id) {
        let azp = claims.get("azp").and_then(Value::as_str);
        let is_ours =
            azp.map_or(found.len() == 1, |azp| Some(azp) == settings.client_id.as_deref());
        if is_ours {
            return Ok(false);
        }
    }
    let expected = [&settings.audience, &settings.client_id];
    let expected: Vec<&str> = expected.into_iter().filter_map(Option::as_deref).collect();
    Err(not_for_us("aud", &found.join(" "), &expected.join(" or ")))
}

fn caller(
    claims: &Map<String, Value>,
    settings: &OidcSettings,
    is_access: bool,
) -> Result<Caller, Refusal> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str).filter(|t| !t.is_empty());
    let sub = text("sub").ok_or_else(|| not_for_us("sub", "nothing", "who it is about"))?;
    let who = match settings.person_claim.as_str() {
        "sub" => sub,
        // An address that was not verified is what its owner says.
        "email" if claims.get("email_verified") == Some(&Value::Bool(false)) => {
            return Err(not_for_us("email", "one that is not verified", "a verified one"));
        }
        name => text(name).ok_or_else(|| Refusal::NotForUs {
            what: "the claim of the person",
            found: "nothing".to_owned(),
            expected: name.to_owned(),
        })?,
    };
    let mut scopes = Scopes::default();
    let mut roles: Vec<Role> = Vec::new();
    for rule in settings.roles.iter().filter(|rule| rule.fits(claims)) {
        scopes.extend(&rule.role.scopes());
        roles.push(rule.role);
    }
    if is_access && settings.accept_scopes {
        let mut told = Scopes::default();
        for word in text("scope").unwrap_or_default().split(' ') {
            if let Ok(scope) = Scopes::read(word) {
                told.extend(&scope);
            }
        }
        if roles.is_empty() {
            scopes = told;
        } else if !told.is_empty() {
            // What a program was given narrows what its user may do.
            scopes = scopes.within(&told);
        }
    }
    let called = text("preferred_username").or_else(|| text("email")).unwrap_or(who);
    let called: String = called.chars().filter(|c| !c.is_control()).take(128).collect();
    Ok(Caller {
        id: format!("{}#{sub}", settings.issuer),
        person: person(who),
        name: called,
        role: match roles.as_slice() {
            [one] => Some(*one),
            _ => None,
        },
        scopes,
        is_local: false,
    })
}

fn not_for_us(what: &'static str, found: &str, expected: &str) -> Refusal {
    let found = found.chars().take(120).collect();
    Refusal::NotForUs { what, found, expected: expected.to_owned() }
}
