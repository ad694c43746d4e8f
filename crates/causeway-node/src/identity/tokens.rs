//! Self-issued tokens: those that others show us, and those that we show. What a caller who is
//! known may do is not decided here.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use causeway_dcp::access::AccessGrant;
use causeway_dcp::did::Did;
use causeway_dcp::scope::Scope;
use causeway_dcp::token::{NewToken, TokenCheck, TokenError, TokenRules, VerifiedToken};
use causeway_keys::Purpose;
use causeway_store::SeenToken;
use causeway_types::Timestamp;
use causeway_types::limits::{ACCESS_TOKENS_CACHED_MAX, CLOCK_SKEW_SECONDS_MAX};

use super::IdentityError;
use crate::Node;

/// How long a token of ours is accepted.
pub(super) const TOKEN_SECONDS: u64 = 60;
/// How long a peer may look at our credentials with one access token.
const ACCESS_SECONDS: u64 = 600;
/// How long before its end an access token is made anew.
const ACCESS_MARGIN_MILLIS: u64 = 120_000;

/// Access tokens that were made and last for a while, by who may show them.
#[derive(Default)]
pub(crate) struct AccessTokens(Mutex<HashMap<Did, (Arc<str>, Timestamp)>>);

impl AccessTokens {
    /// Makes them all anew, since what is granted or the key has changed.
    pub(crate) fn forget(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn known(&self, bearer: &Did, now: Timestamp) -> Option<Arc<str>> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (text, until) = known.get(bearer)?;
        (*until > now).then(|| Arc::clone(text))
    }

    fn keep(&self, bearer: &Did, text: &str, now: Timestamp) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= ACCESS_TOKENS_CACHED_MAX {
            known.clear();
        }
        let until = now.plus_millis(ACCESS_SECONDS * 1_000 - ACCESS_MARGIN_MILLIS);
        known.insert(bearer.clone(), (text.into(), until));
    }
}

impl Node {
    /// Who shows a self-issued token, by the value of the `Authorization` header. The token counts
    /// once.
    pub async fn verify_token(
        &self,
        authorization: Option<&str>,
    ) -> Result<VerifiedToken, IdentityError> {
        let text = bearer(authorization)?;
        let own = self.own_did().ok_or(IdentityError::Unknown)?;
        let now = self.now();
        let start = || TokenCheck::start(text, own, now, &TokenRules::default());
        let refused = |error: TokenError| IdentityError::Token { reason: in_words(&error) };
        let check = start().map_err(refused)?;
        let issuer = check.issuer().clone();
        if issuer == *own {
            return Err(IdentityError::Unknown);
        }
        let document = self.resolve(&issuer).await?;
        let token = match check.finish(&document) {
            // The key may be newer than the document that we have.
            Err(TokenError::Key(_)) => {
                let document = self.resolve_anew(&issuer).await?;
                start().map_err(refused)?.finish(&document).map_err(refused)?
            }
            finished => finished.map_err(refused)?,
        };
        let seen = SeenToken {
            issuer: token.issuer.to_string(),
            id: token.id.clone(),
            seen_at: now,
            expires_at: token.expires.plus_millis(CLOCK_SKEW_SECONDS_MAX * 1_000),
        };
        self.0.identity.seen.take(seen, now)?;
        Ok(token)
    }

    /// A token that says to `audience` who we are. With `access` the other side may ask our
    /// credential service for what was granted.
    pub async fn sign_token(
        &self,
        audience: &Did,
        access: Option<&str>,
    ) -> Result<String, IdentityError> {
        let (id, issued) = (self.mint().message().to_string(), self.now());
        self.sign(Purpose::Identity, |key, algorithm| {
            let lifetime_seconds = TOKEN_SECONDS;
            let id = id.as_str();
            NewToken {
                key,
                algorithm,
                audience,
                id,
                issued,
                lifetime_seconds,
                access_token: access,
            }
            .unsigned()
        })
        .await
    }

    /// A token by which `bearer` may ask for these of our credentials.
    pub async fn mint_access(
        &self,
        bearer: &Did,
        scopes: &[Scope],
    ) -> Result<String, IdentityError> {
        let issued = self.now();
        let grant = AccessGrant {
            bearer: bearer.clone(),
            scopes: scopes.iter().map(Scope::to_string).collect(),
            id: self.mint().message().to_string(),
            issued,
            expires: issued.plus_millis(ACCESS_SECONDS * 1_000),
        };
        self.sign(Purpose::Access, |key, algorithm| grant.unsigned(key, algorithm)).await
    }

    /// What `bearer` may ask for, by a token that we once made for it.
    pub async fn check_access(
        &self,
        token: &str,
        bearer: &Did,
    ) -> Result<Vec<Scope>, IdentityError> {
        let own = self.access_document()?;
        let grant = AccessGrant::verify(token, &own, bearer, self.now());
        let grant = grant.map_err(|error| IdentityError::Token { reason: in_words(&error) })?;
        Ok(Scope::parse_all(&grant.scopes.join(" ")))
    }

    /// The value of the `Authorization` header for one request to a party that has a DID.
    pub(crate) async fn self_issued(&self, audience: &Did) -> Result<String, IdentityError> {
        let now = self.now();
        let known = self.0.identity.access.known(audience, now);
        let access = match known {
            Some(known) => known,
            None => {
                let shown = self.0.settings.dcp.shows.iter();
                let scopes: Vec<Scope> =
                    shown.filter_map(|name| Scope::of_type(name).ok()).collect();
                let made = self.mint_access(audience, &scopes).await?;
                self.0.identity.access.keep(audience, &made, now);
                made.into()
            }
        };
        Ok(format!("Bearer {}", self.sign_token(audience, Some(&access)).await?))
    }
}

fn bearer(authorization: Option<&str>) -> Result<&str, IdentityError> {
    let (scheme, token) =
        authorization.and_then(|value| value.split_once(' ')).ok_or(IdentityError::Missing)?;
    let is_bearer = scheme.eq_ignore_ascii_case("bearer");
    if is_bearer { Ok(token.trim()) } else { Err(IdentityError::Missing) }
}

/// An error with its causes; none of them repeats anything secret.
pub(crate) fn in_words(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text.push_str(&format!(": {next}"));
        cause = next.source();
    }
    text
}
