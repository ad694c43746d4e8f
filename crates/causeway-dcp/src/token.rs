//! Self-issued ID tokens (DCP 1.0 §4.3): who asks proves with a key of its DID document that it
//! is asking. Remembering which tokens were used is the caller's business.
//!
//! The check has two steps, because a document has to be fetched between them: nothing is fetched
//! for a token that is already known to be wrong.

use causeway_types::Timestamp;
use causeway_types::limits::{
    CLOCK_SKEW_SECONDS_MAX, IDENTITY_TOKEN_BYTES_MAX, IDENTITY_TOKEN_SECONDS_MAX,
    TOKEN_ID_BYTES_MAX,
};
use serde_json::Map;

use crate::claims::{self, ClaimError};
use crate::did::{Did, DidError, KeyId};
use crate::document::{DidDocument, KeyLookupError, Relationship};
use crate::json::cut;
use crate::jwk::{Algorithm, KeyError};
use crate::jws::{Jws, JwsError, Unsigned};

/// What a token may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenRules {
    /// Longest life that is accepted, in seconds.
    pub lifetime_seconds_max: u64,
    /// How far the peer's clock may be ahead, in seconds.
    pub skew_seconds: u64,
}

impl Default for TokenRules {
    fn default() -> Self {
        Self {
            lifetime_seconds_max: IDENTITY_TOKEN_SECONDS_MAX,
            skew_seconds: CLOCK_SKEW_SECONDS_MAX,
        }
    }
}

/// What presentations and credentials have, in both data models.
const FOREIGN_CLAIMS: [&str; 4] = ["vp", "vc", "verifiableCredential", "credentialSubject"];

/// Why a token does not prove who is asking. Each is the fault of whoever sent it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It is no signed text.
    #[error("check an id token: it is no signed text that is accepted")]
    Jws(#[source] JwsError),
    /// Its header says that it is something else.
    #[error("check an id token: found the type {found:?}, expected JWT or none")]
    Type {
        /// The `typ`, cut to a printable length.
        found: String,
    },
    /// Its payload is that of something else.
    #[error("check an id token: found the claim `{claim}`, which only another kind of token has")]
    Kind {
        /// The claim.
        claim: &'static str,
    },
    /// A claim is not what it should be.
    #[error("check an id token")]
    Claim(#[from] ClaimError),
    /// A claim is missing.
    #[error("check an id token: expected the claim `{claim}`")]
    Missing {
        /// The claim.
        claim: &'static str,
    },
    /// Its issuer is no DID.
    #[error("check an id token: its issuer is no did")]
    Issuer(#[source] DidError),
    /// It speaks of somebody else than who made it.
    #[error("check an id token: found another `sub` than `iss` {issuer}, expected them equal")]
    Subject {
        /// Who made it.
        issuer: Did,
    },
    /// It is for somebody else.
    #[error("check an id token: found another audience, expected only {expected}")]
    Audience {
        /// Who checks it.
        expected: Did,
    },
    /// Its id is empty or too long to be remembered.
    #[error("check an id token: expected a `jti` of 1 to {TOKEN_ID_BYTES_MAX} bytes")]
    Id,
    /// It is over.
    #[error("check an id token: it expired at {at}")]
    Expired {
        /// When.
        at: Timestamp,
    },
    /// It lives too long, or ends before it begins.
    #[error(
        "check an id token: it is issued at {issued} until {expires}, expected a life of 1 to \
         {limit} seconds"
    )]
    Lifetime {
        /// When it was made.
        issued: Timestamp,
        /// When it ends.
        expires: Timestamp,
        /// The longest life, in seconds.
        limit: u64,
    },
    /// It was made in the future.
    #[error(
        "check an id token: it is issued at {at}, which is still to come\nhint: compare the clocks \
         of both sides"
    )]
    IssuedInFuture {
        /// When.
        at: Timestamp,
    },
    /// It is not valid yet.
    #[error(
        "check an id token: it is not valid before {at}\nhint: compare the clocks of both sides"
    )]
    NotYetValid {
        /// From when it is.
        at: Timestamp,
    },
    /// It names a key of somebody else.
    #[error("check an id token: found the key {key}, expected one of its issuer {issuer}")]
    KeyOfOther {
        /// The key.
        key: KeyId,
        /// Who made it.
        issuer: Did,
    },
    /// The document that was given is not its issuer's; the caller's mistake, and still no proof.
    #[error("check an id token: given the did document of {found}, expected that of {expected}")]
    Document {
        /// Whose document was needed.
        expected: Did,
        /// Whose document was given.
        found: Did,
    },
    /// Its key is not there, or not for this.
    #[error("check an id token: its key is not accepted")]
    Key(#[source] KeyLookupError),
    /// Its signature is not that key's.
    #[error("check an id token: its signature is not accepted")]
    Signature(#[source] KeyError),
}

/// A token that is to be made. `iat` is rounded down to the second.
pub struct NewToken<'t> {
    /// The key that signs; its DID is `iss` and `sub`.
    pub key: &'t KeyId,
    /// How it signs.
    pub algorithm: Algorithm,
    /// The DID of who will check it.
    pub audience: &'t Did,
    /// An id that is never used again.
    pub id: &'t str,
    /// When it is made.
    pub issued: Timestamp,
    /// How long it lives, in seconds.
    pub lifetime_seconds: u64,
    /// What lets the other side ask for presentations.
    pub access_token: Option<&'t str>,
}

impl NewToken<'_> {
    /// The token, waiting for its signature.
    pub fn unsigned(&self) -> Unsigned {
        let issued = self.issued.unix_seconds();
        let own = self.key.did().as_str();
        let mut payload = Map::new();
        payload.insert("iss".to_owned(), own.into());
        payload.insert("sub".to_owned(), own.into());
        payload.insert("aud".to_owned(), self.audience.as_str().into());
        payload.insert("jti".to_owned(), self.id.into());
        payload.insert("iat".to_owned(), issued.into());
        payload.insert("exp".to_owned(), issued.saturating_add(self.lifetime_seconds).into());
        if let Some(access_token) = self.access_token {
            payload.insert("token".to_owned(), access_token.into());
        }
        Unsigned::new(self.key, self.algorithm, "JWT", &payload)
    }
}

/// An access token of somebody else, opaque to everyone but its maker. It is a secret: it has
/// neither `Debug` nor `Display`.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessToken(String);

impl AccessToken {
    /// The text, to be sent to its maker and to nobody else.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// Who is asking.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifiedToken {
    /// The DID that made the token.
    pub issuer: Did,
    /// Its id, which must not be accepted again before [`Self::expires`].
    pub id: String,
    /// When it ends.
    pub expires: Timestamp,
    /// What lets us ask the issuer for presentations.
    pub access_token: Option<AccessToken>,
}

/// A token of which everything was checked but its key.
pub struct TokenCheck {
    jws: Jws,
    token: VerifiedToken,
}

impl TokenCheck {
    /// Checks everything that needs no key. `own` is who checks.
    pub fn start(
        text: &str,
        own: &Did,
        now: Timestamp,
        rules: &TokenRules,
    ) -> Result<Self, TokenError> {
        let jws = Jws::read(text, IDENTITY_TOKEN_BYTES_MAX).map_err(TokenError::Jws)?;
        // Presentations and credentials are signed texts with the same issuer and audience.
        if let Some(typ) = jws.typ().filter(|typ| *typ != "jwt") {
            return Err(TokenError::Type { found: cut(typ) });
        }
        let payload = jws.payload();
        if let Some(claim) = FOREIGN_CLAIMS.into_iter().find(|claim| payload.contains_key(*claim)) {
            return Err(TokenError::Kind { claim });
        }
        let required = |claim| claims::text(payload, claim)?.ok_or(TokenError::Missing { claim });
        let issuer = Did::parse(required("iss")?).map_err(TokenError::Issuer)?;
        if required("sub")? != issuer.as_str() {
            return Err(TokenError::Subject { issuer });
        }
        if !claims::audience_is(payload, own) {
            return Err(TokenError::Audience { expected: own.clone() });
        }
        let id = required("jti")?.to_owned();
        if !(1..=TOKEN_ID_BYTES_MAX).contains(&id.len()) {
            return Err(TokenError::Id);
        }
        let expires = check_times(&jws, now, rules)?;
        if jws.key().did() != &issuer {
            return Err(TokenError::KeyOfOther { key: jws.key().clone(), issuer });
        }
        let access_token = claims::text(payload, "token")?.map(|text| AccessToken(text.to_owned()));
        let token = VerifiedToken { issuer, id, expires, access_token };
        Ok(Self { jws, token })
    }

    /// Who says to be asking; its DID document is needed next.
    pub fn issuer(&self) -> &Did {
        &self.token.issuer
    }

    /// The key that is said to have signed.
    pub fn key(&self) -> &KeyId {
        self.jws.key()
    }

    /// Checks the signature by a key that the issuer's document lists under
    /// `capabilityInvocation` (DCP 1.0 §4.3.3).
    pub fn finish(self, document: &DidDocument) -> Result<VerifiedToken, TokenError> {
        if document.id() != self.issuer() {
            let (expected, found) = (self.issuer().clone(), document.id().clone());
            return Err(TokenError::Document { expected, found });
        }
        let key = document
            .key(self.jws.key(), Relationship::CapabilityInvocation)
            .map_err(TokenError::Key)?;
        self.jws.verify(key).map_err(TokenError::Signature)?;
        Ok(self.token)
    }
}

/// Checks `exp`, `iat` and `nbf`, and gives the end.
fn check_times(jws: &Jws, now: Timestamp, rules: &TokenRules) -> Result<Timestamp, TokenError> {
    let required = |claim| claims::time(jws.payload(), claim)?.ok_or(TokenError::Missing { claim });
    let (expires, issued) = (required("exp")?, required("iat")?);
    let latest = now.plus_millis(rules.skew_seconds.saturating_mul(1_000));
    if let Some(at) = claims::time(jws.payload(), "nbf")?.filter(|at| *at > latest) {
        return Err(TokenError::NotYetValid { at });
    }
    if issued > latest {
        return Err(TokenError::IssuedInFuture { at: issued });
    }
    if expires <= now {
        return Err(TokenError::Expired { at: expires });
    }
    let limit = rules.lifetime_seconds_max;
    if expires.micros_since(issued) > limit.saturating_mul(1_000_000) || expires <= issued {
        return Err(TokenError::Lifetime { issued, expires, limit });
    }
    Ok(expires)
}
