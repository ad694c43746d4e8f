//! The identity provider of an organisation (OpenID Connect): where it is, its keys, and what its
//! groups may do here. Its keys are fetched when they are needed, kept, and asked for again when a
//! token names one that is not known, at most once a minute.

mod settings;
#[cfg(test)]
mod tests;
mod token;

use causeway_json::Limits;
use causeway_types::Timestamp;
use causeway_types::limits::{OIDC_KEYS_SECONDS, OIDC_KEYS_SECONDS_MAX, OIDC_REFRESH_SECONDS_MIN};
use jsonwebtoken::jwk::Jwk;
use serde_json::Value;
use tokio::sync::Mutex;

pub use self::settings::{OidcSettings, RoleRule};
pub use self::token::Refusal;
use super::Caller;
use crate::transport::root_cause;
use crate::{Egress, Purpose};

/// Where a provider says where everything is (OpenID Connect Discovery 1.0, section 4).
const DISCOVERY: &str = "/.well-known/openid-configuration";

/// Why nothing can be said of a token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OidcError {
    /// The token does not count.
    #[error("a token of the identity provider was not taken: {0}")]
    Refused(#[from] Refusal),
    /// The provider's keys cannot be had.
    #[error("cannot get {url} of the identity provider: {reason}")]
    Provider {
        /// What was asked for.
        url: String,
        /// Why not.
        reason: String,
    },
}

/// A provider, with its keys as far as they are known.
pub struct Oidc {
    settings: OidcSettings,
    egress: Egress,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    keys: Vec<Jwk>,
    fetched_at: Option<Timestamp>,
    tried_at: Option<Timestamp>,
}

impl Oidc {
    /// A provider of which nothing is known yet.
    pub fn new(settings: OidcSettings, egress: Egress) -> Self {
        Self { settings, egress, known: Mutex::new(Known::default()) }
    }

    /// What was configured.
    pub fn settings(&self) -> &OidcSettings {
        &self.settings
    }

    /// Whoever shows the token.
    pub async fn caller(&self, token: &str, now: Timestamp) -> Result<Caller, OidcError> {
        let keys = self.keys(now, false).await?;
        match token::check(token, &keys, &self.settings, now) {
            Err(Refusal::UnknownKey { .. }) => {
                let keys = self.keys(now, true).await?;
                Ok(token::check(token, &keys, &self.settings, now)?)
            }
            checked => Ok(checked?),
        }
    }

    /// The provider's keys; asked for again if they are old, or one is missing. Callers that come
    /// while somebody asks wait for the same answer.
    async fn keys(&self, now: Timestamp, is_missing: bool) -> Result<Vec<Jwk>, OidcError> {
        let mut known = self.known.lock().await;
        let age = |at: Option<Timestamp>| at.map(|at| now.micros_since(at) / 1_000_000);
        let is_old = age(known.fetched_at).is_none_or(|age| age >= OIDC_KEYS_SECONDS);
        let may_ask = age(known.tried_at).is_none_or(|age| age >= OIDC_REFRESH_SECONDS_MIN);
        let mut failed = None;
        if (is_old || is_missing) && may_ask {
            known.tried_at = Some(now);
            match self.fetch().await {
                Ok(keys) => {
                    known.keys = keys;
                    known.fetched_at = Some(now);
                }
                Err(error) => {
                    tracing::warn!("{error}");
                    failed = Some(error);
                }
            }
        }
        if age(known.fetched_at).is_some_and(|age| age < OIDC_KEYS_SECONDS_MAX) {
            return Ok(known.keys.clone());
        }
        Err(failed.unwrap_or_else(|| OidcError::Provider {
            url: self.settings.issuer.clone(),
            reason: "it could not be reached a moment ago".to_owned(),
        }))
    }

    async fn fetch(&self) -> Result<Vec<Jwk>, OidcError> {
        let metadata = discover(&self.egress, &self.settings.issuer).await?;
        let url = metadata["jwks_uri"].as_str().unwrap_or_default();
        let set = document(&self.egress, url).await?;
        let keys = set["keys"].as_array().into_iter().flatten();
        // A key of a kind that is not known here does not spoil the others.
        Ok(keys.filter_map(|key| serde_json::from_value(key.clone()).ok()).collect())
    }
}

/// Where the provider says everything is. It has to call itself as it was called: a provider for
/// many says with it for whom it speaks.
pub async fn discover(egress: &Egress, issuer: &str) -> Result<Value, OidcError> {
    let url = format!("{}{DISCOVERY}", issuer.trim_end_matches('/'));
    let metadata = document(egress, &url).await?;
    let found = metadata["issuer"].as_str().unwrap_or_default();
    if found != issuer {
        let reason = format!("it calls itself {found:?}, expected {issuer:?}");
        return Err(OidcError::Provider { url, reason });
    }
    // Keys that come over an open line are anybody's, unless the provider itself does.
    let is_open = issuer.starts_with("http:");
    for name in ["jwks_uri", "token_endpoint", "device_authorization_endpoint"] {
        let found = match &metadata[name] {
            Value::Null if name.starts_with("device") => continue,
            found => found.as_str().unwrap_or_default(),
        };
        if !(found.starts_with("https:") || is_open && found.starts_with("http:")) {
            let reason = format!("{name}: found {found:?}, expected an https URL");
            return Err(OidcError::Provider { url, reason });
        }
    }
    Ok(metadata)
}

/// Sends a form to an endpoint of a provider; the status, and the document it answers.
pub async fn post(
    egress: &Egress,
    url: &str,
    form: &[(&str, &str)],
) -> Result<(u16, Value), OidcError> {
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    let kind = "application/x-www-form-urlencoded";
    let (client, place) = door(egress, url)?;
    let asked = client.post(place).header(http::header::CONTENT_TYPE, kind).body(body);
    ask(url, asked).await
}

async fn document(egress: &Egress, url: &str) -> Result<Value, OidcError> {
    let (client, place) = door(egress, url)?;
    match ask(url, client.get(place)).await? {
        (200..=299, document) => Ok(document),
        (status, _) => {
            let reason = format!("it answered {status}");
            Err(OidcError::Provider { url: url.to_owned(), reason })
        }
    }
}

fn door<'e>(egress: &'e Egress, url: &str) -> Result<(&'e reqwest::Client, url::Url), OidcError> {
    egress.door(Purpose::Oidc, url).map_err(|error| {
        let reason = error.to_string();
        OidcError::Provider { url: url.to_owned(), reason }
    })
}

async fn ask(url: &str, asked: reqwest::RequestBuilder) -> Result<(u16, Value), OidcError> {
    let failed = |reason: String| OidcError::Provider { url: url.to_owned(), reason };
    let asked =
        asked.header(http::header::ACCEPT, "application/json").timeout(Purpose::Oidc.time_max());
    let mut response = asked.send().await.map_err(|error| failed(root_cause(&error)))?;
    let status = response.status().as_u16();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| failed(root_cause(&error)))? {
        if body.len() + chunk.len() > Purpose::Oidc.bytes_max() {
            return Err(failed(format!("it is larger than {} bytes", Purpose::Oidc.bytes_max())));
        }
        body.extend_from_slice(&chunk);
    }
    let document = causeway_json::parse(&body, Limits::ANSWER);
    let document =
        document.map_err(|error| failed(format!("status {status}, no JSON: {error}")))?;
    Ok((status, document))
}
