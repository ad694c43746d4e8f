//! Who is asking. Each pair of participants shares a secret; from it both make short-lived tokens
//! that name who sends, whom to and until when. Verifiable credentials are not here yet.
//!
//! Closed test networks may use one of two insecure ways instead, see [`IdentityMode`]. Nothing
//! here decides what an authenticated peer may do.

use causeway_types::{ParticipantId, Timestamp};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

use crate::settings::{IdentityMode, Peer, Settings};

/// How long a token is valid.
const TOKEN_SECONDS: u64 = 300;
/// How far the clocks of two nodes may differ.
const LEEWAY_SECONDS: u64 = 60;

/// The participants this node knows.
pub struct Directory {
    own: ParticipantId,
    mode: IdentityMode,
    peers: Vec<Peer>,
}

/// Why a caller is not believed. What the caller is told is the same for all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// No header, or not `Bearer`.
    #[error("the Authorization header is missing or is not a bearer token")]
    Missing,
    /// The token names nobody this node knows.
    #[error("the token's issuer is not a known peer")]
    Unknown,
    /// The signature, the audience or the time is wrong.
    #[error("the token is not valid here or now")]
    Invalid,
}

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
    /// The peers of the settings.
    pub fn new(settings: &Settings) -> Self {
        let own = settings.participant_id.clone();
        Self { own, mode: settings.identity, peers: settings.peers.clone() }
    }

    /// Every peer, in the order of the configuration.
    pub fn peers(&self) -> &[Peer] {
        &self.peers
    }

    /// A peer by name, participant id or address.
    pub fn find(&self, text: &str) -> Option<&Peer> {
        let address = text.trim_end_matches('/');
        self.peers.iter().find(|peer| {
            peer.name == text
                || peer.participant_id.as_str() == text
                || peer.address.as_str() == address
        })
    }

    /// A peer by participant id.
    pub fn peer(&self, id: &ParticipantId) -> Option<&Peer> {
        self.peers.iter().find(|peer| peer.participant_id == *id)
    }

    /// The value of the `Authorization` header for a request to `peer`; `None` if it is unknown.
    pub fn authorization(&self, peer: &ParticipantId, now: Timestamp) -> Option<String> {
        let peer = self.peer(peer)?;
        match self.mode {
            IdentityMode::SharedSecret => {}
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
            IdentityMode::Static => return self.by_static_token(authorization),
            IdentityMode::EdcMock => return self.by_own_word(authorization),
        }
        let token = authorization
            .and_then(|value| value.strip_prefix("Bearer "))
            .ok_or(IdentityError::Missing)?;
        let issuer = unverified_issuer(token).ok_or(IdentityError::Invalid)?;
        let peer = self
            .peers
            .iter()
            .find(|peer| peer.participant_id.as_str() == issuer)
            .ok_or(IdentityError::Unknown)?;
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
        let peer = self.peers.iter().find(|peer| same(peer.secret.expose()));
        peer.map(|peer| peer.participant_id.clone()).ok_or(IdentityError::Unknown)
    }

    fn by_own_word(&self, authorization: Option<&str>) -> Result<ParticipantId, IdentityError> {
        let claims = authorization.ok_or(IdentityError::Missing)?;
        let claims: EdcMock = serde_json::from_str(claims).map_err(|_| IdentityError::Invalid)?;
        let peer = self.peers.iter().find(|p| p.participant_id.as_str() == claims.client_id);
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
