//! How two nodes without credentials know each other: tokens made from a secret that both were
//! told, or, for closed test networks, one of two insecure ways. What a peer may do is not decided
//! here.

use std::sync::Arc;

use causeway_json::Limits;
use causeway_types::{ParticipantId, Timestamp};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

use super::{Directory, IdentityError};
use crate::settings::{IdentityMode, Peer};

/// How long a token is valid.
const TOKEN_SECONDS: u64 = 300;
/// How far the clocks of two nodes may differ.
const LEEWAY_SECONDS: u64 = 60;

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: String,
    iat: u64,
    exp: u64,
}

/// What EDC's mock of an identity service puts into the header, as it is.
#[derive(Serialize, Deserialize)]
struct EdcMock {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    region: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    audience: Option<String>,
    #[serde(rename = "clientId")]
    client_id: String,
}

impl Directory {
    /// The value of the `Authorization` header for a request to `peer`; `None` if it is unknown.
    pub fn authorization(&self, peer: &ParticipantId, now: Timestamp) -> Option<String> {
        let peer = self.peer(peer)?;
        match self.mode {
            IdentityMode::SharedSecret => {}
            IdentityMode::Dcp => return None,
            IdentityMode::Static => return String::from_utf8(peer.secret.expose().to_vec()).ok(),
            IdentityMode::EdcMock => {
                let claims = EdcMock {
                    region: Some("any".to_owned()),
                    audience: Some(peer.participant_id.to_string()),
                    client_id: self.own.to_string(),
                };
                return serde_json::to_string(&claims).ok();
            }
        }
        let issued = now.unix_seconds();
        let claims = Claims {
            iss: self.own.to_string(),
            sub: self.own.to_string(),
            aud: peer.participant_id.to_string(),
            iat: issued,
            exp: issued + TOKEN_SECONDS,
        };
        let key = EncodingKey::from_secret(peer.secret.expose());
        // Encoding fails only for keys that do not fit the algorithm, and any bytes fit HMAC.
        let token = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &key).ok()?;
        Some(format!("Bearer {token}"))
    }

    /// Whom a request is from, by the value of its `Authorization` header.
    pub fn authenticate(
        &self,
        authorization: Option<&str>,
        now: Timestamp,
    ) -> Result<ParticipantId, IdentityError> {
        match self.mode {
            IdentityMode::SharedSecret => {}
            // Credentials are asked for over the network; that is not decided here.
            IdentityMode::Dcp => return Err(IdentityError::Missing),
            IdentityMode::Static => return self.by_static_token(authorization),
            IdentityMode::EdcMock => return self.by_own_word(authorization),
        }
        let token = authorization
            .and_then(|value| value.strip_prefix("Bearer "))
            .ok_or(IdentityError::Missing)?;
        let issuer = unverified_issuer(token).ok_or(IdentityError::Invalid)?;
        let is_issuer = |peer: &&Arc<Peer>| peer.participant_id.as_str() == issuer;
        let peer = self.configured.iter().find(is_issuer).ok_or(IdentityError::Unknown)?;
        let key = DecodingKey::from_secret(peer.secret.expose());
        let claims = jsonwebtoken::decode::<Claims>(token, &key, &self.validation())
            .map_err(|_| IdentityError::Invalid)?
            .claims;
        let now = now.unix_seconds();
        let in_time = claims.iat <= now + LEEWAY_SECONDS && now < claims.exp + LEEWAY_SECONDS;
        let lifetime = claims.exp.saturating_sub(claims.iat);
        let to_us = claims.aud == self.own.as_str() && claims.iss == claims.sub;
        if in_time && to_us && lifetime <= TOKEN_SECONDS {
            Ok(peer.participant_id.clone())
        } else {
            Err(IdentityError::Invalid)
        }
    }

    /// Every token is compared to its end, so that the time taken says nothing about a token.
    fn by_static_token(&self, authorization: Option<&str>) -> Result<ParticipantId, IdentityError> {
        let found = authorization.ok_or(IdentityError::Missing)?.as_bytes();
        let same = |known: &[u8]| {
            let differ = known.iter().zip(found).fold(0, |differ, (a, b)| differ | (a ^ b));
            !known.is_empty() && known.len() == found.len() && differ == 0
        };
        let peer = self.configured.iter().find(|peer| same(peer.secret.expose()));
        peer.map(|peer| peer.participant_id.clone()).ok_or(IdentityError::Unknown)
    }

    fn by_own_word(&self, authorization: Option<&str>) -> Result<ParticipantId, IdentityError> {
        let claims = authorization.ok_or(IdentityError::Missing)?;
        let claims: EdcMock = causeway_json::read(claims.as_bytes(), Limits::MESSAGE)
            .map_err(|_| IdentityError::Invalid)?;
        let peer = self.configured.iter().find(|p| p.participant_id.as_str() == claims.client_id);
        peer.map(|peer| peer.participant_id.clone()).ok_or(IdentityError::Unknown)
    }

    /// Times and audience are checked by us, with the injected clock.
    fn validation(&self) -> Validation {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.validate_exp = false;
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        validation
    }
}

/// The issuer as the token claims it: only to pick the key that proves or refutes it.
fn unverified_issuer(token: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Issuer {
        iss: String,
    }
    let data = jsonwebtoken::dangerous::insecure_decode::<Issuer>(token).ok()?;
    Some(data.claims.iss)
}

#[cfg(test)]
mod tests {
    use causeway_dcp::access::AccessGrant;
    use causeway_dcp::continuity::{self, KeySet};
    use causeway_dcp::credential::{Credential, Profile};
    use causeway_dcp::did::Did;
    use causeway_dcp::presentation::NewPresentation;
    use causeway_dcp::testing::TestKey;
    use causeway_dcp::token::NewToken;
    use causeway_types::{Address, StatedFacts};

    use super::*;
    use crate::settings::Secret;

    const US: &str = "urn:example:us";
    const SECRET: &str = "a secret of more than thirty-two bytes";

    fn id(text: &str) -> ParticipantId {
        ParticipantId::parse(text).unwrap()
    }

    fn now() -> Timestamp {
        Timestamp::parse("2026-11-24T12:00:00Z").unwrap()
    }

    /// A node that knows these peers, each by its id and what both sides were told.
    fn directory(own: &str, mode: IdentityMode, peers: &[(&str, &str)]) -> Directory {
        let peer = |(name, secret): &(&str, &str)| Peer {
            name: (*name).to_owned(),
            participant_id: id(name),
            address: Address::parse("https://peer.example").unwrap(),
            base: None,
            jurisdiction: None,
            facts: StatedFacts::new(),
            secret: Secret::new(*secret),
            callback_hosts: Vec::new(),
        };
        Directory::of(id(own), mode, peers.iter().map(peer).collect())
    }

    fn by_token() -> Directory {
        let peers = [("urn:example:a", "Bearer token-of-a"), ("urn:example:b", "token of b")];
        // No configuration has an empty token; if one had, an empty header were nobody's.
        directory(US, IdentityMode::Static, &[&peers[..], &[("urn:example:c", "")]].concat())
    }

    fn by_word() -> Directory {
        let peers = [("urn:example:a", ""), ("urn:example:b", "")];
        directory(US, IdentityMode::EdcMock, &peers)
    }

    fn by_secret() -> Directory {
        directory(US, IdentityMode::SharedSecret, &[("urn:example:a", SECRET), ("b", "another")])
    }

    /// What the other side of the pair puts into its header.
    fn token_of(name: &str, secret: &str, audience: &str) -> String {
        let theirs = directory(name, IdentityMode::SharedSecret, &[(audience, secret)]);
        theirs.authorization(&id(audience), now()).unwrap()
    }

    fn check(node: &Directory, header: Option<&str>, expected: Result<&str, IdentityError>) {
        let found = node.authenticate(header, now());
        let shown: String = header.unwrap_or("no header").chars().take(200).collect();
        assert_eq!(found, expected.map(id), "{:?}: {shown}", node.mode);
    }

    #[test]
    fn a_static_token_names_its_peer_and_nothing_like_it_does() {
        let node = by_token();
        check(&node, Some("Bearer token-of-a"), Ok("urn:example:a"));
        check(&node, Some("token of b"), Ok("urn:example:b"));
        check(&node, None, Err(IdentityError::Missing));
        let huge = format!("Bearer token-of-a{}", "a".repeat(1_000_000));
        let unsigned = r#"{"clientId":"urn:example:a"}"#;
        let signed = token_of("urn:example:a", "Bearer token-of-a", US);
        for header in [
            "",
            "Bearer",
            "Bearer token-of-",
            "Bearer token-of-b",
            "Bearer token-of-aa",
            "bearer token-of-a",
            "token-of-a",
            " Bearer token-of-a",
            "Bearer token-of-a\0",
            "Bearer token-of-\u{430}",
            "Bearer token of b",
            &huge,
            unsigned,
            &signed,
        ] {
            check(&node, Some(header), Err(IdentityError::Unknown));
        }
    }

    #[test]
    fn by_their_own_word_callers_are_peers_or_nobody() {
        let node = by_word();
        let known = |header: &str, peer: &str| check(&node, Some(header), Ok(peer));
        known(r#"{"region":"any","audience":"urn:example:us","clientId":"urn:example:a"}"#, {
            "urn:example:a"
        });
        known(r#"{"clientId":"urn:example:b","more":[1,{"deep":null}]}"#, "urn:example:b");
        known(r#"  {"region":null,"clientId":"urn:example:a"}  "#, "urn:example:a");
        check(&node, None, Err(IdentityError::Missing));
        let huge = format!(r#"{{"clientId":"urn:example:a{}"}}"#, "a".repeat(1_000_000));
        for header in [
            r#"{"clientId":"urn:example:nobody"}"#,
            r#"{"clientId":"urn:example:us"}"#,
            r#"{"clientId":"URN:EXAMPLE:A"}"#,
            r#"{"clientId":"urn:example:a "}"#,
            r#"{"clientId":"urn:example:a\u0000"}"#,
            r#"{"clientId":"\u202eurn:example:a"}"#,
            r#"{"clientId":""}"#,
            &huge,
        ] {
            check(&node, Some(header), Err(IdentityError::Unknown));
        }
        let (deep, signed) = ("[".repeat(1_000_000), token_of("urn:example:a", SECRET, US));
        for header in [
            "",
            "null",
            "[]",
            "{}",
            "urn:example:a",
            r#"{"clientId":null}"#,
            r#"{"clientId":["urn:example:a"]}"#,
            r#"{"clientId":{"@id":"urn:example:a"}}"#,
            r#"{"clientId":"urn:example:b","clientId":"urn:example:a"}"#,
            r#"{"client_id":"urn:example:a"}"#,
            r#"{"clientId":"urn:example:a""#,
            r#"{"clientId":"urn:example:a"}}"#,
            r#"{"clientId":"urn:example:a","region":1}"#,
            r#"Bearer {"clientId":"urn:example:a"}"#,
            "{\"clientId\":\"urn:example:a\0\"}",
            &deep,
            &format!(r#"{{"clientId":"urn:example:a","deep":{deep}"#),
            &signed,
        ] {
            check(&node, Some(header), Err(IdentityError::Invalid));
        }
    }

    #[test]
    fn a_node_with_shared_secrets_believes_neither_a_fixed_header_nor_a_word() {
        let node = by_secret();
        check(&node, Some(&token_of("urn:example:a", SECRET, US)), Ok("urn:example:a"));
        check(&node, Some(&token_of("urn:example:n", SECRET, US)), Err(IdentityError::Unknown));
        for header in [
            SECRET,
            r#"{"region":"any","audience":"urn:example:us","clientId":"urn:example:a"}"#,
            &by_own_word_of_a(),
            "",
            &"x".repeat(1_000_000),
        ] {
            check(&node, Some(header), Err(IdentityError::Missing));
        }
        let other = |part: usize, text: &str| {
            let token = token_of("urn:example:a", SECRET, US);
            let mut parts: Vec<&str> = token.split('.').collect();
            parts[part] = text;
            parts.join(".")
        };
        for header in [
            &format!("Bearer {SECRET}"),
            r#"Bearer {"clientId":"urn:example:a"}"#,
            &format!("Bearer {}", "x".repeat(1_000_000)),
            &token_of("urn:example:a", "another", US),
            &token_of("urn:example:a", SECRET, "urn:example:them"),
            // {"alg":"none"}, with the signature and without it.
            &other(0, "Bearer eyJhbGciOiJub25lIn0"),
            &format!("{}.", other(0, "Bearer eyJhbGciOiJub25lIn0").rsplit_once('.').unwrap().0),
            &other(2, ""),
        ] {
            check(&node, Some(header), Err(IdentityError::Invalid));
        }
    }

    /// A text of every kind that a key of a DID signs in the claims protocol.
    fn signed_by(key: &TestKey, own: &Did) -> Vec<String> {
        let (name, algorithm, them) = (key.id(), key.algorithm(), key.did());
        let (id, issued, seconds) = ("id-1", now(), 60);
        let expires = issued.plus_millis(60_000);
        let new = NewToken {
            key: name,
            algorithm,
            audience: own,
            id,
            issued,
            lifetime_seconds: seconds,
            access_token: Some("opaque"),
        };
        let (bearer, scopes) = (own.clone(), Vec::new());
        let grant = AccessGrant { bearer, scopes, id: id.to_owned(), issued, expires };
        let keys = KeySet::of(&key.document());
        let mut made = vec![
            new.unsigned(),
            grant.unsigned(name, algorithm),
            continuity::unsigned(name, algorithm, &keys, issued),
        ];
        for profile in Profile::ALL {
            let credential = Credential {
                id: None,
                issuer: them.clone(),
                subject: them.to_string(),
                types: vec!["VerifiableCredential".to_owned()],
                claims: serde_json::Map::new(),
                valid_from: issued,
                valid_until: Some(expires),
                status: Vec::new(),
                schemas: Vec::new(),
                profile,
            };
            made.push(credential.unsigned(name, algorithm));
            let credentials = [key.finish(credential.unsigned(name, algorithm))];
            let presentation = NewPresentation {
                holder: them,
                verifier: own,
                id,
                now: issued,
                seconds,
                profile,
                credentials: &credentials,
            };
            made.push(presentation.unsigned(name, algorithm));
        }
        made.into_iter().map(|unsigned| key.finish(unsigned)).collect()
    }

    /// The other side of the token confusion matrix of the claims protocol.
    #[test]
    fn a_node_with_shared_secrets_believes_nothing_that_a_key_of_a_did_signed() {
        const THEM: &str = "did:web:them.example";
        let own = Did::parse("did:web:us.example").unwrap();
        let node = directory(own.as_str(), IdentityMode::SharedSecret, &[(THEM, SECRET)]);
        check(&node, Some(&token_of(THEM, SECRET, own.as_str())), Ok(THEM));
        for key in [TestKey::new(THEM), TestKey::fixed(THEM, [7; 32])] {
            for text in signed_by(&key, &own) {
                check(&node, Some(&format!("Bearer {text}")), Err(IdentityError::Invalid));
            }
        }
    }

    #[test]
    fn in_every_mode_a_node_knows_the_header_that_its_peer_makes() {
        for (mode, told) in [
            (IdentityMode::SharedSecret, SECRET),
            (IdentityMode::Static, "Bearer what-both-were-told"),
            (IdentityMode::EdcMock, ""),
        ] {
            let ours = directory(US, mode, &[("urn:example:a", told)]);
            let theirs = directory("urn:example:a", mode, &[(US, told)]);
            let header = theirs.authorization(&id(US), now());
            check(&ours, header.as_deref(), Ok("urn:example:a"));
            assert_eq!(theirs.authorization(&id("urn:example:nobody"), now()), None);
        }
    }

    fn by_own_word_of_a() -> String {
        let theirs = directory("urn:example:a", IdentityMode::EdcMock, &[(US, "")]);
        theirs.authorization(&id(US), now()).unwrap()
    }
}
