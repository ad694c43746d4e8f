//! The issuer of credentials: what is issued, who asks for it, what was issued and taken back.

use axum::extract::{self, Path};
use axum::{Extension, Json};
use causeway_dcp::credential::Profile;
use causeway_dcp::did::Did;
use causeway_node::{IssuanceAct, NewDefinition, Node};
use causeway_store::records::{IssuanceEntry, IssueRule, IssuedEntry};
use causeway_store::{Page as StorePage, Typed};
use causeway_types::{CredentialObjectId, CredentialType, Problem, ProblemCode};
use http::StatusCode;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::State;
use super::idempotency::Key;
use super::models::{
    CredentialDefinition, CredentialDefinitions, Event, Issuance, IssuanceApproval, IssuanceReason,
    IssuedCredential, NewCredentialDefinition, NewCredentialOffer, NewIssuance, Page,
    SentCredentialOffer,
};
use super::problem::{Failed, ProblemBody};
use super::request::{self, Listing, Query, answer, bad, full, process, unreadable};

/// How long a credential counts, where nobody says.
const VALID_DAYS: u32 = 365;

pub(super) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(definitions, define))
        .routes(routes!(withdraw))
        .routes(routes!(requests))
        .routes(routes!(request))
        .routes(routes!(history))
        .routes(routes!(approve))
        .routes(routes!(reject))
        .routes(routes!(credentials, issue))
        .routes(routes!(credential))
        .routes(routes!(revoke))
        .routes(routes!(offer))
}

/// Everything that is issued here.
#[utoipa::path(
    get,
    path = "/issuer/definitions",
    tag = "issuer",
    responses((status = 200, body = CredentialDefinitions)),
)]
async fn definitions(
    extract::State(state): extract::State<State>,
) -> Result<Json<CredentialDefinitions>, Failed> {
    let known = state.node.definitions().await?;
    Ok(Json(CredentialDefinitions { items: known.iter().map(CredentialDefinition::of).collect() }))
}

/// Defines what is issued under a name from now on.
#[utoipa::path(
    post,
    path = "/issuer/definitions",
    tag = "issuer",
    request_body = NewCredentialDefinition,
    responses(
        (status = 201, body = CredentialDefinition),
        (status = 400, body = ProblemBody),
        (status = 409, body = ProblemBody, description = "The node has no DID"),
    ),
)]
async fn define(
    extract::State(state): extract::State<State>,
    request::Json(new): request::Json<NewCredentialDefinition>,
) -> Result<(StatusCode, Json<CredentialDefinition>), Failed> {
    let defined = state.node.define_credential(read_definition(new)?).await?;
    Ok((StatusCode::CREATED, Json(CredentialDefinition::of(&defined))))
}

/// Issues nothing under a name any more. What was issued stays as it is.
#[utoipa::path(
    post,
    path = "/issuer/definitions/{id}/withdraw",
    tag = "issuer",
    params(("id" = String, Path, description = "The name")),
    responses((status = 200, body = CredentialDefinition), (status = 404, body = ProblemBody)),
)]
async fn withdraw(
    extract::State(state): extract::State<State>,
    Path(id): Path<String>,
) -> Result<Json<CredentialDefinition>, Failed> {
    let id = CredentialObjectId::parse(id).map_err(|error| bad(&error))?;
    Ok(Json(CredentialDefinition::of(&state.node.withdraw_definition(&id).await?)))
}

/// Whose.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Whose {
    /// Only those of this holder: a DID, or the name or address of a peer.
    holder: Option<String>,
}

/// Requests for credentials, newest first.
#[utoipa::path(
    get,
    path = "/issuer/requests",
    tag = "issuer",
    params(Listing, Whose),
    responses((status = 200, body = Page<Issuance>)),
)]
async fn requests(
    extract::State(state): extract::State<State>,
    Query(listing): Query<Listing>,
    Query(whose): Query<Whose>,
) -> Result<Json<Page<Issuance>>, Failed> {
    list(&state.node, &listing, &whose, Issuance::of).await.map(Json)
}

/// A request for credentials.
#[utoipa::path(
    get,
    path = "/issuer/requests/{id}",
    tag = "issuer",
    params(("id" = String, Path, description = "Our id of it")),
    responses((status = 200, body = Issuance), (status = 404, body = ProblemBody)),
)]
async fn request(
    extract::State(state): extract::State<State>,
    Path(id): Path<String>,
) -> Result<Json<Issuance>, Failed> {
    let entry: IssuanceEntry = find(&state.node, &full(&id), "request").await?;
    Ok(Json(Issuance::of(&entry)))
}

/// What happened to a request for credentials, oldest first.
#[utoipa::path(
    get,
    path = "/issuer/requests/{id}/history",
    tag = "issuer",
    params(("id" = String, Path, description = "Our id of it"), Listing),
    responses((status = 200, body = Page<Event>)),
)]
async fn history(
    extract::State(state): extract::State<State>,
    Path(id): Path<String>,
    Query(listing): Query<Listing>,
) -> Result<Json<Page<Event>>, Failed> {
    super::events::history(&state.node, &process(&id)?, &listing).await.map(Json)
}

/// Issues what a request asks for.
#[utoipa::path(
    post,
    path = "/issuer/requests/{id}/approve",
    tag = "issuer",
    params(("id" = String, Path, description = "Our id of it")),
    request_body = IssuanceApproval,
    responses(
        (status = 200, body = Issuance),
        (status = 400, body = ProblemBody, description = "A claim is missing or wrong"),
        (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody, description = "It is decided already"),
        (status = 504, body = ProblemBody, description = "The holder's service cannot be found"),
    ),
)]
async fn approve(
    extract::State(state): extract::State<State>,
    Path(id): Path<String>,
    request::Json(approval): request::Json<IssuanceApproval>,
) -> Result<Json<Issuance>, Failed> {
    let act = IssuanceAct::Approve(approval.claims);
    Ok(Json(Issuance::of(&state.node.decide_issuance(&full(&id), &act).await?)))
}

/// Says that a request leads to no credentials.
#[utoipa::path(
    post,
    path = "/issuer/requests/{id}/reject",
    tag = "issuer",
    params(("id" = String, Path, description = "Our id of it")),
    request_body = IssuanceReason,
    responses(
        (status = 200, body = Issuance),
        (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody, description = "It is decided already"),
        (status = 504, body = ProblemBody, description = "The holder's service cannot be found"),
    ),
)]
async fn reject(
    extract::State(state): extract::State<State>,
    Path(id): Path<String>,
    request::Json(why): request::Json<IssuanceReason>,
) -> Result<Json<Issuance>, Failed> {
    let act = IssuanceAct::Reject(why.reason);
    Ok(Json(Issuance::of(&state.node.decide_issuance(&full(&id), &act).await?)))
}

/// Credentials that were issued, newest first.
#[utoipa::path(
    get,
    path = "/issuer/credentials",
    tag = "issuer",
    params(Listing, Whose),
    responses((status = 200, body = Page<IssuedCredential>)),
)]
async fn credentials(
    extract::State(state): extract::State<State>,
    Query(listing): Query<Listing>,
    Query(whose): Query<Whose>,
) -> Result<Json<Page<IssuedCredential>>, Failed> {
    list(&state.node, &listing, &whose, IssuedCredential::of).await.map(Json)
}

/// Issues credentials that nobody asked for.
#[utoipa::path(
    post,
    path = "/issuer/credentials",
    tag = "issuer",
    request_body = NewIssuance,
    responses(
        (status = 201, body = Issuance),
        (status = 400, body = ProblemBody),
        (status = 504, body = ProblemBody, description = "The holder's service cannot be found"),
    ),
)]
async fn issue(
    extract::State(state): extract::State<State>,
    key: Option<Extension<Key>>,
    request::Json(new): request::Json<NewIssuance>,
) -> Result<(StatusCode, Json<Issuance>), Failed> {
    let (holder, objects) = (holder(&state.node, &new.holder)?, objects(new.definitions)?);
    let remember = key.map(|Extension(key)| {
        let answer = move |entry: &_| key.remember(StatusCode::CREATED, &Issuance::of(entry));
        Box::new(answer) as Box<dyn Fn(&_) -> _ + Send + Sync>
    });
    let entry = state.node.issue_unasked(&holder, objects, new.claims, remember).await?;
    Ok((StatusCode::CREATED, Json(Issuance::of(&entry))))
}

/// A credential that was issued.
#[utoipa::path(
    get,
    path = "/issuer/credentials/{id}",
    tag = "issuer",
    params(("id" = String, Path, description = "The credential's id")),
    responses((status = 200, body = IssuedCredential), (status = 404, body = ProblemBody)),
)]
async fn credential(
    extract::State(state): extract::State<State>,
    Path(id): Path<String>,
) -> Result<Json<IssuedCredential>, Failed> {
    let entry: IssuedEntry = find(&state.node, &full(&id), "credential").await?;
    Ok(Json(IssuedCredential::of(&entry)))
}

/// Takes a credential back: its status list says so from now on.
#[utoipa::path(
    post,
    path = "/issuer/credentials/{id}/revoke",
    tag = "issuer",
    params(("id" = String, Path, description = "The credential's id")),
    request_body = IssuanceReason,
    responses((status = 200, body = IssuedCredential), (status = 404, body = ProblemBody)),
)]
async fn revoke(
    extract::State(state): extract::State<State>,
    Path(id): Path<String>,
    request::Json(why): request::Json<IssuanceReason>,
) -> Result<Json<IssuedCredential>, Failed> {
    let issued = state.node.revoke_credential(&full(&id), why.reason).await?;
    Ok(Json(IssuedCredential::of(&issued)))
}

/// Offers credentials to a holder, who may then ask for them.
#[utoipa::path(
    post,
    path = "/issuer/offers",
    tag = "issuer",
    request_body = NewCredentialOffer,
    responses(
        (status = 202, body = SentCredentialOffer),
        (status = 400, body = ProblemBody),
        (status = 504, body = ProblemBody, description = "The holder's service cannot be found"),
    ),
)]
async fn offer(
    extract::State(state): extract::State<State>,
    request::Json(new): request::Json<NewCredentialOffer>,
) -> Result<(StatusCode, Json<SentCredentialOffer>), Failed> {
    let (holder, objects) = (holder(&state.node, &new.holder)?, objects(new.definitions)?);
    let id = state.node.offer_credentials(&holder, &objects).await?;
    let definitions = objects.iter().map(ToString::to_string).collect();
    let sent = SentCredentialOffer { id: id.to_string(), holder: holder.to_string(), definitions };
    Ok((StatusCode::ACCEPTED, Json(sent)))
}

/// Whether a definition lets anybody have a credential whom no person looked at.
pub(super) fn is_automatic(body: &[u8]) -> bool {
    // What cannot be read is refused by whoever handles it.
    serde_json::from_slice::<NewCredentialDefinition>(body)
        .is_ok_and(|new| new.rule.as_deref() == Some(IssueRule::Auto.as_str()))
}

async fn list<T: Typed, U: utoipa::ToSchema>(
    node: &Node,
    listing: &Listing,
    whose: &Whose,
    convert: impl Fn(&T) -> U,
) -> Result<Page<U>, Failed> {
    let page: StorePage = listing.page()?;
    let holder = whose.holder.as_deref().map(|text| holder(node, text)).transpose()?;
    let owner = holder.as_ref().map(Did::as_str);
    answer(page, causeway_store::list(node.store(), owner, page).await, convert)
}

async fn find<T: Typed>(node: &Node, id: &str, what: &str) -> Result<T, Problem> {
    let found = causeway_store::read(node.store(), id).await.map_err(unreadable)?;
    let missing = || Problem::new(ProblemCode::NotFound, format!("there is no {what} {id}"));
    Ok(found.ok_or_else(missing)?.value)
}

/// The DID that a caller means.
fn holder(node: &Node, text: &str) -> Result<Did, Problem> {
    let known = node.directory().find(text);
    let id = known.as_ref().map_or(text, |peer| peer.participant_id.as_str());
    Did::parse(id).map_err(|error| bad(&format!("holder: {error}")))
}

fn objects(names: Vec<String>) -> Result<Vec<CredentialObjectId>, Problem> {
    names.into_iter().map(|name| CredentialObjectId::parse(name).map_err(|e| bad(&e))).collect()
}

fn read_definition(new: NewCredentialDefinition) -> Result<NewDefinition, Problem> {
    let profiles = || Profile::ALL.map(Profile::name).join(" or ");
    let profile = match new.profile.as_deref() {
        None => Profile::Vc11,
        Some(name) => Profile::parse(name)
            .ok_or_else(|| bad(&format!("profile: found {name:?}, expected {}", profiles())))?,
    };
    let rule = match new.rule.as_deref() {
        None => IssueRule::Hold,
        Some(name) => IssueRule::parse(name)
            .ok_or_else(|| bad(&format!("rule: found {name:?}, expected hold or auto")))?,
    };
    Ok(NewDefinition {
        id: CredentialObjectId::parse(new.id).map_err(|error| bad(&error))?,
        credential_type: CredentialType::parse(new.credential_type).map_err(|error| bad(&error))?,
        profile,
        valid_days: new.valid_days.unwrap_or(VALID_DAYS),
        rule,
        claims: new.claims,
        schema: new.credential_schema,
        offer_reason: new.offer_reason,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_definition_that_asks_nobody_is_told_from_others() {
        let check = |body: &str, expected: bool| {
            assert_eq!(is_automatic(body.as_bytes()), expected, "{body}");
        };
        check(r#"{"id":"a","credential_type":"T","rule":"auto"}"#, true);
        check(r#"{"id":"a","credential_type":"T","rule":"hold"}"#, false);
        check(r#"{"id":"a","credential_type":"T"}"#, false);
        check(r#"{"rule":"auto"}"#, false);
    }
}
