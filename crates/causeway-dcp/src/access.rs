//! Access tokens: what a holder's token service gives away inside a self-issued token, so that one
//! named peer may ask for presentations of some scopes (DCP 1.0 §4.3.1). They are opaque to others
//! and only ever read by who made them. That each is used once is the caller's business.

use causeway_types::Timestamp;
use causeway_types::limits::{
    ACCESS_SCOPE_BYTES_MAX, ACCESS_SCOPES_MAX, CLOCK_SKEW_SECONDS_MAX, IDENTITY_TOKEN_BYTES_MAX,
    TOKEN_ID_BYTES_MAX,
};
use serde_json::Map;

use crate::claims::{self, ClaimError};
use crate::did::{Did, DidError, KeyId};
use crate::document::{DidDocument, KeyLookupError, Relationship};
use crate::jwk::{Algorithm, KeyError};
use crate::jws::{Jws, JwsError, Unsigned};

/// The type in the header, which no other kind of token has.
pub const ACCESS_TYPE: &str = "causeway-access+jwt";

/// Why a text does not let anybody see anything.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AccessError {
    /// It is no signed text.
    #[error("check an access token: it is no signed text that is accepted")]
    Jws(#[source] JwsError),
    /// It is another kind of token.
    #[error("check an access token: expected the type {ACCESS_TYPE}")]
    Type,
    /// A claim is not what it should be.
    #[error("check an access token")]
    Claim(#[from] ClaimError),
    /// A claim is missing.
    #[error("check an access token: expected the claim `{claim}`")]
    Missing {
        /// The claim.
        claim: &'static str,
    },
    /// It was made by somebody else.
    #[error("check an access token: it was not made by {expected}")]
    Issuer {
        /// Who checks it, and must have made it.
        expected: Did,
    },
    /// It was given to somebody else.
    #[error("check an access token: it was given to another party than {presenter}")]
    Bearer {
        /// Who shows it.
        presenter: Did,
    },
    /// Its bearer is no DID.
    #[error("check an access token: its bearer is no did")]
    Did(#[source] DidError),
    /// It names too many or too long scopes, or its id has no length that is remembered.
    #[error("check an access token: expected scopes and an id within their limits")]
    Limits,
    /// It is over.
    #[error("check an access token: it expired at {at}")]
    Expired {
        /// When.
        at: Timestamp,
    },
    /// It was made in the future.
    #[error("check an access token: it is issued at {at}, which is still to come")]
    IssuedInFuture {
        /// When.
        at: Timestamp,
    },
    /// Its key is not there, or not for this.
    #[error("check an access token: its key is not accepted")]
    Key(#[source] KeyLookupError),
    /// Its signature is not that key's.
    #[error("check an access token: its signature is not accepted")]
    Signature(#[source] KeyError),
}

/// What an access token allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessGrant {
    /// Who may show it.
    pub bearer: Did,
    /// What the bearer may ask for.
    pub scopes: Vec<String>,
    /// An id that is never used again.
    pub id: String,
    /// When it was made, to the second.
    pub issued: Timestamp,
    /// When it ends, to the second.
    pub expires: Timestamp,
}

impl AccessGrant {
    /// The token, waiting for the signature of our own key.
    pub fn unsigned(&self, key: &KeyId, algorithm: Algorithm) -> Unsigned {
        let own = key.did().as_str();
        let mut payload = Map::new();
        payload.insert("iss".to_owned(), own.into());
        payload.insert("aud".to_owned(), own.into());
        payload.insert("sub".to_owned(), self.bearer.as_str().into());
        payload.insert("jti".to_owned(), self.id.as_str().into());
        payload.insert("iat".to_owned(), self.issued.unix_seconds().into());
        payload.insert("exp".to_owned(), self.expires.unix_seconds().into());
        payload.insert("scope".to_owned(), self.scopes.join(" ").into());
        Unsigned::new(key, algorithm, ACCESS_TYPE, &payload)
    }

    /// Checks a token that `presenter` shows, by the keys of our own document.
    pub fn verify(
        text: &str,
        own: &DidDocument,
        presenter: &Did,
        now: Timestamp,
    ) -> Result<Self, AccessError> {
        let jws = Jws::read(text, IDENTITY_TOKEN_BYTES_MAX).map_err(AccessError::Jws)?;
        if jws.typ() != Some(ACCESS_TYPE) {
            return Err(AccessError::Type);
        }
        let payload = jws.payload();
        let required = |claim| claims::text(payload, claim)?.ok_or(AccessError::Missing { claim });
        let made_here = required("iss")? == own.id().as_str()
            && claims::audience_is(payload, own.id())
            && jws.key().did() == own.id();
        if !made_here {
            return Err(AccessError::Issuer { expected: own.id().clone() });
        }
        let key =
            own.key(jws.key(), Relationship::CapabilityInvocation).map_err(AccessError::Key)?;
        jws.verify(key).map_err(AccessError::Signature)?;
        let bearer = Did::parse(required("sub")?).map_err(AccessError::Did)?;
        if &bearer != presenter {
            return Err(AccessError::Bearer { presenter: presenter.clone() });
        }
        let time = |claim| claims::time(payload, claim)?.ok_or(AccessError::Missing { claim });
        let (issued, expires) = (time("iat")?, time("exp")?);
        if expires <= now {
            return Err(AccessError::Expired { at: expires });
        }
        if issued > now.plus_millis(CLOCK_SKEW_SECONDS_MAX * 1_000) {
            return Err(AccessError::IssuedInFuture { at: issued });
        }
        let scopes: Vec<String> =
            required("scope")?.split(' ').filter(|s| !s.is_empty()).map(str::to_owned).collect();
        let id = required("jti")?.to_owned();
        let fits = scopes.len() <= ACCESS_SCOPES_MAX
            && scopes.iter().all(|scope| scope.len() <= ACCESS_SCOPE_BYTES_MAX)
            && (1..=TOKEN_ID_BYTES_MAX).contains(&id.len());
        if !fits {
            return Err(AccessError::Limits);
        }
        Ok(Self { bearer, scopes, id, issued, expires })
    }
}
