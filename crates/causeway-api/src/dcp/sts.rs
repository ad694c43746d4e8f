//! The token service: a program of the operator has tokens made in this node's name, in the way of
//! OAuth 2 client credentials (RFC 6749 section 4.4). Only there if a client is configured.

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::routing::post;
use causeway_node::{MadeToken, Node, TokenAsk, TokenServiceError};
use causeway_types::limits::TOKEN_FORM_BYTES_MAX;
use http::{HeaderValue, Response, StatusCode, header};
use serde_json::{Value, json};

use super::answer;

pub(super) fn router() -> Router<Node> {
    Router::new().route("/token", post(token))
}

/// Makes a token.
async fn token(State(node): State<Node>, request: Request) -> Response<Body> {
    match make(&node, request).await {
        Ok(made) => told(
            StatusCode::OK,
            &json!({
                "access_token": made.token, "token_type": "Bearer", "expires_in": made.seconds,
            }),
        ),
        Err((status, code, description)) => {
            tracing::warn!(code, "no token was made: {description}");
            told(status, &json!({ "error": code, "error_description": description }))
        }
    }
}

/// A status, a code of RFC 6749 section 5.2, and a sentence.
type OAuthError = (StatusCode, &'static str, String);

async fn make(node: &Node, request: Request) -> Result<MadeToken, OAuthError> {
    let invalid = |text: &str| (StatusCode::BAD_REQUEST, "invalid_request", text.to_owned());
    let bytes = axum::body::to_bytes(request.into_body(), TOKEN_FORM_BYTES_MAX).await;
    let bytes = bytes.map_err(|_| {
        let text = format!("the form is larger than {TOKEN_FORM_BYTES_MAX} bytes, or broke off");
        (StatusCode::PAYLOAD_TOO_LARGE, "invalid_request", text)
    })?;
    let form = Form::read(&bytes).map_err(|text| invalid(&text))?;
    let need =
        |name: &str| form.field(name).ok_or_else(|| invalid(&format!("expected the field {name}")));
    let grant = need("grant_type")?;
    if grant != "client_credentials" {
        let text = "expected the grant_type client_credentials".to_owned();
        return Err((StatusCode::BAD_REQUEST, "unsupported_grant_type", text));
    }
    let ask = TokenAsk {
        client_id: need("client_id")?,
        client_secret: need("client_secret")?,
        audience: need("audience")?,
        scope: form.field("bearer_access_scope"),
        token: form.field("token"),
    };
    node.make_token(ask).await.map_err(|error| {
        let (status, code) = match &error {
            TokenServiceError::Off => (StatusCode::NOT_FOUND, "invalid_request"),
            TokenServiceError::Client => (StatusCode::UNAUTHORIZED, "invalid_client"),
            TokenServiceError::Ask(_) => (StatusCode::BAD_REQUEST, "invalid_request"),
            TokenServiceError::Scope(_) => (StatusCode::BAD_REQUEST, "invalid_scope"),
            TokenServiceError::Identity(internal) => {
                tracing::error!("a token cannot be made: {internal}");
                let text = "the token cannot be made now; try again".to_owned();
                return (StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable", text);
            }
        };
        (status, code, error.to_string())
    })
}

/// The fields of a form. It holds secrets, so it has no `Debug`.
struct Form(Vec<(String, String)>);

impl Form {
    /// Reads a form. A field that is there twice is an error (RFC 6749 section 3.2).
    fn read(bytes: &[u8]) -> Result<Self, String> {
        let mut fields: Vec<(String, String)> = Vec::new();
        for (name, value) in url::form_urlencoded::parse(bytes) {
            if fields.iter().any(|(known, _)| *known == name) {
                return Err("found a field twice".to_owned());
            }
            fields.push((name.into_owned(), value.into_owned()));
        }
        Ok(Self(fields))
    }

    /// A field; an empty one is none.
    fn field(&self, name: &str) -> Option<&str> {
        let field = self.0.iter().find(|(known, value)| known == name && !value.is_empty());
        field.map(|(_, value)| value.as_str())
    }
}

/// Nothing on the way may keep a token (RFC 6749 section 5.1).
fn told(status: StatusCode, body: &Value) -> Response<Body> {
    let mut response = answer::message(status, body.to_string());
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_has_each_field_once() {
        let form = Form::read(b"a=1&b=x+y%3Az&c=").unwrap_or_else(|text| panic!("{text}"));
        assert_eq!((form.field("a"), form.field("b")), (Some("1"), Some("x y:z")));
        assert_eq!((form.field("c"), form.field("d")), (None, None));
        assert!(Form::read(b"a=1&a=2").is_err());
        assert!(Form::read(b"").is_ok());
    }
}
