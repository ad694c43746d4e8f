//! Tokens that a program of the operator has made in our name (DCP 1.0, the example of a secure
//! token service): whoever shows the client's secret speaks for this node to others. What a token
//! is good for there is not decided here.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use causeway_dcp::did::Did;
use causeway_dcp::scope::Scope;
use causeway_types::limits::{ACCESS_SCOPES_MAX, IDENTITY_TOKEN_BYTES_MAX};

use super::IdentityError;
use super::tokens::TOKEN_SECONDS;
use crate::Node;
use crate::settings::TokenClient;

/// What a client asks for.
pub struct TokenAsk<'a> {
    /// Who it is.
    pub client_id: &'a str,
    /// How it proves that.
    pub client_secret: &'a str,
    /// Whom the token is for.
    pub audience: &'a str,
    /// What that party may then ask our credential service for; scopes with spaces between.
    pub scope: Option<&'a str>,
    /// An access token to pass on instead.
    pub token: Option<&'a str>,
}

/// A token that was made.
pub struct MadeToken {
    /// The token.
    pub token: String,
    /// How long it is accepted.
    pub seconds: u64,
}

/// Why no token is made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenServiceError {
    /// There is no such service here.
    #[error("this node makes no tokens for others")]
    Off,
    /// The client is not the one that is configured, or its secret is wrong.
    #[error("the client is not known, or its secret is wrong")]
    Client,
    /// It asks for something that cannot be.
    #[error("{0}")]
    Ask(String),
    /// It asks for scopes that are none.
    #[error("found the scope {0:?}, which gives access to nothing here")]
    Scope(String),
    /// The token cannot be made.
    #[error(transparent)]
    Identity(#[from] IdentityError),
}

impl Node {
    /// Makes a token for the configured client.
    pub async fn make_token(&self, ask: TokenAsk<'_>) -> Result<MadeToken, TokenServiceError> {
        let client = self.0.settings.token_client.as_ref();
        let client = client.filter(|_| self.own_did().is_some()).ok_or(TokenServiceError::Off)?;
        if !is_client(client, &ask) {
            return Err(TokenServiceError::Client);
        }
        let audience = Did::parse(ask.audience);
        let audience =
            audience.map_err(|error| TokenServiceError::Ask(format!("the audience: {error}")))?;
        if self.own_did() == Some(&audience) {
            return Err(TokenServiceError::Ask("the audience is this node itself".to_owned()));
        }
        let access = match (ask.scope.map(str::trim).filter(|text| !text.is_empty()), ask.token) {
            (Some(_), Some(_)) => {
                let text = "found both token and bearer_access_scope, expected one of them";
                return Err(TokenServiceError::Ask(text.to_owned()));
            }
            (Some(scope), None) => Some(self.mint_access(&audience, &scopes(scope)?).await?),
            (None, Some(token)) if token.len() <= IDENTITY_TOKEN_BYTES_MAX / 2 => {
                Some(token.to_owned())
            }
            (None, Some(_)) => {
                let text = "the token is too long to be a part of another one";
                return Err(TokenServiceError::Ask(text.to_owned()));
            }
            (None, None) => None,
        };
        let token = self.sign_token(&audience, access.as_deref()).await?;
        Ok(MadeToken { token, seconds: TOKEN_SECONDS })
    }
}

fn scopes(text: &str) -> Result<Vec<Scope>, TokenServiceError> {
    let mut scopes = Vec::new();
    for word in text.split_whitespace() {
        let scope = Scope::parse(word);
        let scope = scope.map_err(|_| TokenServiceError::Scope(word.chars().take(80).collect()))?;
        if !scopes.contains(&scope) {
            scopes.push(scope);
        }
    }
    if scopes.len() > ACCESS_SCOPES_MAX {
        let found = scopes.len();
        let text = format!("found {found} scopes, expected at most {ACCESS_SCOPES_MAX}");
        return Err(TokenServiceError::Ask(text));
    }
    Ok(scopes)
}

/// Digests are compared in constant time, so a guesser learns neither a part nor a length.
fn is_client(client: &TokenClient, ask: &TokenAsk<'_>) -> bool {
    let same = |one: &[u8], other: &[u8]| {
        let (one, other) = (digest(&SHA256, one), digest(&SHA256, other));
        verify_slices_are_equal(one.as_ref(), other.as_ref()).is_ok()
    };
    let is_id = same(client.id.as_bytes(), ask.client_id.as_bytes());
    let is_secret = same(client.secret.expose(), ask.client_secret.as_bytes());
    is_id & is_secret
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Secret;

    #[test]
    fn a_client_is_known_by_its_id_and_its_secret() {
        let client = TokenClient { id: "plane".to_owned(), secret: Secret::new("a-long-secret") };
        let check = |client_id: &str, client_secret: &str, expected: bool| {
            let (audience, scope, token) = ("", None, None);
            let ask = TokenAsk { client_id, client_secret, audience, scope, token };
            assert_eq!(is_client(&client, &ask), expected, "{client_id} {client_secret}");
        };
        check("plane", "a-long-secret", true);
        check("plane", "a-long-secret ", false);
        check("plane", "", false);
        check("Plane", "a-long-secret", false);
        check("", "a-long-secret", false);
        check("", "", false);
    }

    #[test]
    fn a_scope_that_is_none_is_refused_and_not_passed_over() {
        let one = "org.eclipse.dspace.dcp.vc.type:MembershipCredential:read";
        assert_eq!(scopes(&format!("{one} {one}")).unwrap().len(), 1);
        for wrong in ["x", "org.eclipse.dspace.dcp.vc.type:A:write"] {
            let found = scopes(&format!("{one} {wrong}"));
            assert_eq!(found, Err(TokenServiceError::Scope(wrong.to_owned())));
        }
    }
}
