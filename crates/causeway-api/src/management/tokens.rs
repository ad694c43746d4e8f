//! `/access`, `/tokens` and `/persons`: who is calling, and who else may.

use axum::extract::{self, Path};
use axum::{Extension, Json};
use causeway_node::access::{Caller, NewToken, Role};
use causeway_store::ApiToken;
use causeway_types::limits::API_TOKEN_SECONDS_MAX;
use causeway_types::{Problem, ProblemCode, Timestamp};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::State;
use super::models::Page;
use super::problem::{Failed, ProblemBody};
use super::request::{self, Listing, Query, answer, bad, unreadable};

pub(super) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(whoami))
        .routes(routes!(list, create))
        .routes(routes!(show))
        .routes(routes!(revoke))
        .routes(routes!(revoke_person))
}

/// Who is calling.
#[derive(Debug, Serialize, ToSchema)]
struct Whoami {
    /// What to call them.
    name: String,
    /// Who stands behind it.
    person: String,
    /// The role, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<String>,
    /// What they may do; each right holds those below it.
    scopes: Vec<String>,
}

/// A new token.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TokenRequest {
    /// What it is for.
    name: String,
    /// Who stands behind it; the caller, if missing.
    person: Option<String>,
    /// operator, steward, legal, developer or auditor.
    role: Option<String>,
    /// Scopes such as `causeway:offers:write`, beside those of the role.
    #[serde(default)]
    scopes: Vec<String>,
    /// The networks it may be used from; any, if there are none.
    #[serde(default)]
    networks: Vec<String>,
    /// RFC 3339; at most a year from now.
    expires_at: Option<String>,
    /// Instead of `expires_at`: how many days it counts, 1 to 366.
    expires_in_days: Option<u64>,
}

/// A token, without its secret.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct Token {
    /// The SHA-256 of the token.
    id: String,
    /// What it is for.
    name: String,
    /// Who stands behind it.
    person: String,
    /// Its role.
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<String>,
    /// Its scopes, beside those of the role.
    scopes: Vec<String>,
    /// The networks it may be used from; any, if there are none.
    networks: Vec<String>,
    /// `active`, `expired` or `revoked`.
    state: String,
    /// By what its maker was known.
    created_by: String,
    /// When it was made.
    created_at: String,
    /// From then on it counts no more.
    expires_at: String,
    /// When it was last used, to the hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    used_at: Option<String>,
    /// When it was taken back.
    #[serde(skip_serializing_if = "Option::is_none")]
    revoked_at: Option<String>,
}

/// A token that was just made.
#[derive(Debug, Serialize, ToSchema)]
struct MadeToken {
    /// The token itself. It is shown this once and cannot be had again.
    token: String,
    #[serde(flatten)]
    about: Token,
}

/// Tokens that were taken back.
#[derive(Debug, Serialize, ToSchema)]
struct Revoked {
    /// Each of them.
    items: Vec<Token>,
}

/// Whose tokens.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Whose {
    /// A person; all, if missing.
    person: Option<String>,
}

impl Token {
    fn of(token: &ApiToken, now: Timestamp) -> Self {
        let state = match token.revoked_at {
            Some(_) => "revoked",
            None if token.expires_at <= now => "expired",
            None => "active",
        };
        Self {
            id: token.id.clone(),
            name: token.name.clone(),
            person: token.person.clone(),
            role: token.role.clone(),
            scopes: token.scopes.clone(),
            networks: token.networks.clone(),
            state: state.to_owned(),
            created_by: token.created_by.clone(),
            created_at: token.created_at.to_string(),
            expires_at: token.expires_at.to_string(),
            used_at: token.used_at.map(|at| at.to_string()),
            revoked_at: token.revoked_at.map(|at| at.to_string()),
        }
    }
}

/// Who is calling, and what they may do.
#[utoipa::path(get, path = "/access", tag = "access", responses((status = 200, body = Whoami)))]
async fn whoami(Extension(caller): Extension<Caller>) -> Json<Whoami> {
    Json(Whoami {
        name: caller.name,
        person: caller.person,
        role: caller.role.map(|role| role.to_string()),
        scopes: caller.scopes.texts(),
    })
}

/// Tokens of the management API, newest first; those that no longer count too.
#[utoipa::path(
    get,
    path = "/tokens",
    tag = "access",
    params(Listing, Whose),
    responses((status = 200, body = Page<Token>)),
)]
async fn list(
    extract::State(state): extract::State<State>,
    Query(listing): Query<Listing>,
    Query(whose): Query<Whose>,
) -> Result<Json<Page<Token>>, Failed> {
    let page = listing.page()?;
    let owner = whose.person.as_deref().map(causeway_node::access::person);
    let found = causeway_store::list(state.node.store(), owner.as_deref(), page).await;
    let now = state.node.now();
    answer(page, found, |token| Token::of(token, now)).map(Json)
}

/// Makes a token, which allows at most what the caller may do. The token is shown this once. With
/// `access.four_eyes`, one that can change who may do what needs a second person: then the answer
/// is 202 with an approval. An Idempotency-Key is refused: the answer is not kept.
#[utoipa::path(
    post,
    path = "/tokens",
    tag = "access",
    request_body = TokenRequest,
    responses(
        (status = 201, body = MadeToken),
        (
            status = 202,
            body = super::approvals::Approval,
            description = "A second person has to agree",
        ),
        (status = 400, body = ProblemBody),
        (status = 403, body = ProblemBody, description = "More than the caller may do"),
    ),
)]
async fn create(
    extract::State(state): extract::State<State>,
    Extension(caller): Extension<Caller>,
    request::Json(wanted): request::Json<TokenRequest>,
) -> Result<(StatusCode, Json<MadeToken>), Failed> {
    let now = state.node.now();
    let expires_at = match (&wanted.expires_at, wanted.expires_in_days) {
        (Some(text), None) => Timestamp::parse(text).map_err(|error| bad(&error))?,
        (None, Some(days)) if (1..=API_TOKEN_SECONDS_MAX / 86_400).contains(&days) => {
            now.plus_millis(days * 86_400_000)
        }
        (None, Some(days)) => {
            let most = API_TOKEN_SECONDS_MAX / 86_400;
            return Err(bad(&format!("expires_in_days: found {days}, expected 1 to {most}")).into());
        }
        _ => return Err(bad(&"expected either expires_at or expires_in_days").into()),
    };
    let new = NewToken {
        name: wanted.name,
        person: wanted.person,
        role: wanted.role.as_deref().map(role).transpose()?,
        scopes: wanted.scopes,
        networks: wanted.networks,
        expires_at,
    };
    let (secret, token) = state.node.create_token(&caller, new).await?;
    let made = MadeToken { token: secret.expose().to_owned(), about: Token::of(&token, now) };
    Ok((StatusCode::CREATED, Json(made)))
}

/// A token, without its secret.
#[utoipa::path(
    get,
    path = "/tokens/{id}",
    tag = "access",
    params(("id" = String, Path, description = "The token's id")),
    responses((status = 200, body = Token), (status = 404, body = ProblemBody)),
)]
async fn show(
    extract::State(state): extract::State<State>,
    Path(id): Path<String>,
) -> Result<Json<Token>, Failed> {
    let found = causeway_store::read::<ApiToken>(state.node.store(), &id).await;
    let found = found.map_err(unreadable)?.ok_or_else(|| {
        let text = "there is no token with this id";
        Problem::new(ProblemCode::NotFound, text).hint("list them with: causeway token list")
    })?;
    Ok(Json(Token::of(&found.value, state.node.now())))
}

/// Takes a token back. It counts no more from the moment of the answer.
#[utoipa::path(
    post,
    path = "/tokens/{id}/revoke",
    tag = "access",
    params(("id" = String, Path, description = "The token's id")),
    responses((status = 200, body = Token), (status = 404, body = ProblemBody)),
)]
async fn revoke(
    extract::State(state): extract::State<State>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Json<Token>, Failed> {
    let token = state.node.revoke_token(&caller, &id).await?;
    Ok(Json(Token::of(&token, state.node.now())))
}

/// Takes all tokens of a person back, as when they leave.
#[utoipa::path(
    post,
    path = "/persons/{person}/revoke",
    tag = "access",
    params(("person" = String, Path, description = "The person, as the tokens name them")),
    responses((status = 200, body = Revoked)),
)]
async fn revoke_person(
    extract::State(state): extract::State<State>,
    Extension(caller): Extension<Caller>,
    Path(person): Path<String>,
) -> Result<Json<Revoked>, Failed> {
    let revoked = state.node.revoke_person(&caller, &person).await?;
    let now = state.node.now();
    Ok(Json(Revoked { items: revoked.iter().map(|token| Token::of(token, now)).collect() }))
}

/// Whether a request for a token asks for one whose holder could change who may do what. What
/// cannot be read makes no token.
pub(super) fn is_powerful(body: &[u8]) -> bool {
    let Ok(wanted) = serde_json::from_slice::<TokenRequest>(body) else { return false };
    let Ok(role) = wanted.role.as_deref().map(role).transpose() else { return false };
    let new = NewToken {
        name: wanted.name,
        person: wanted.person,
        role,
        scopes: wanted.scopes,
        networks: wanted.networks,
        expires_at: Timestamp::EPOCH,
    };
    new.allows().is_ok_and(|scopes| scopes.is_powerful())
}

fn role(text: &str) -> Result<Role, Problem> {
    Role::parse(text).ok_or_else(|| {
        let known: Vec<&str> =
            Role::ALL.iter().filter(|r| **r != Role::Admin).map(|role| role.as_str()).collect();
        bad(&format!("role: found {text:?}, expected one of {}", known.join(", ")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_that_can_change_who_may_do_what_is_told_from_others() {
        let check = |body: &str, expected: bool| {
            assert_eq!(is_powerful(body.as_bytes()), expected, "{body}");
        };
        check(r#"{"name":"a","role":"operator"}"#, true);
        check(r#"{"name":"a","role":"auditor"}"#, false);
        check(r#"{"name":"a","scopes":["causeway:keys:write"]}"#, true);
        check(r#"{"name":"a","role":"auditor","scopes":["causeway:node:admin"]}"#, true);
        check(r#"{"name":"a","scopes":["management-api:admin"]}"#, true);
        check(r#"{"name":"a","scopes":["management-api:write"]}"#, false);
        check(r#"{"name":"a","scopes":["causeway:offers:write"]}"#, false);
        check("", false);
        check(r#"{"name":"a","role":"boss"}"#, false);
    }
}
