//! The credential service (DCP 1.0 section 5 and 6): others ask for our credentials, issuers bring
//! and offer them. What is shown and what is taken is decided by the node.

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::routing::post;
use causeway_dcp::message::{
    CredentialMessage, CredentialOffer, PresentationQuery, PresentationResponse, Situation,
};
use causeway_node::{HolderError, IdentityError, Node};
use http::{Response, StatusCode};

use super::answer::{Refused, incoming, message, unknown};

pub(super) fn router() -> Router<Node> {
    Router::new()
        .route("/presentations/query", post(query))
        .route("/credentials", post(credentials))
        .route("/offers", post(offers))
}

/// Somebody asks for presentations, with an access token that we once made for it.
async fn query(State(node): State<Node>, request: Request) -> Response<Body> {
    match present(&node, request).await {
        Ok(response) => message(StatusCode::OK, response.write()),
        Err(refused) => refused.into_response(),
    }
}

async fn present(node: &Node, request: Request) -> Result<PresentationResponse, Refused> {
    let (token, bytes) = incoming(node, request).await?;
    let no_access = || Refused::of(Situation::AccessTokenInvalid);
    let access = token.access_token.as_ref().ok_or_else(no_access)?;
    let granted = node.check_access(access.expose(), &token.issuer).await;
    let granted = granted.map_err(|error| match error {
        IdentityError::Token { .. } => {
            tracing::info!(verifier = %token.issuer, "refused: {error}");
            no_access()
        }
        other => unknown(&other),
    })?;
    let query = PresentationQuery::read(&bytes)?;
    if node.refuses_query(&query.scopes, &granted) {
        return Err(no_access());
    }
    let presentations = node.present(&token.issuer, &query.scopes, &granted).await;
    let presentations = presentations.map_err(|error| unknown(&error))?;
    let (verifier, shown) = (&token.issuer, presentations.len());
    tracing::info!(%verifier, shown, "credentials were asked for");
    Ok(PresentationResponse { presentations })
}

/// An issuer brings credentials, or says that there will be none.
async fn credentials(State(node): State<Node>, request: Request) -> Response<Body> {
    let take = async {
        let (token, bytes) = incoming(&node, request).await?;
        let brought = CredentialMessage::read(&bytes)?;
        let taken = node.take_credentials(&token.issuer, &brought).await;
        taken.map_err(|error| refused(&error))
    };
    done(take.await)
}

/// An issuer offers credentials.
async fn offers(State(node): State<Node>, request: Request) -> Response<Body> {
    let take = async {
        let (token, bytes) = incoming(&node, request).await?;
        let offer = CredentialOffer::read(&bytes)?;
        let taken = node.take_offer(&token.issuer, &offer).await;
        taken.map_err(|error| refused(&error))
    };
    done(take.await)
}

fn done(taken: Result<(), Refused>) -> Response<Body> {
    match taken {
        Ok(()) => Response::new(Body::empty()),
        Err(refused) => refused.into_response(),
    }
}

/// The issuer learns what is wrong with its credential, and of everything else only the kind.
fn refused(error: &HolderError) -> Refused {
    tracing::warn!("an issuer was refused: {error}");
    match (error, error.situation()) {
        (HolderError::Credential { reason, .. }, _) => {
            Refused::telling(StatusCode::BAD_REQUEST, reason)
        }
        (_, Some(situation)) => Refused::of(situation),
        (HolderError::Full { .. }, None) => Refused::telling(
            StatusCode::INSUFFICIENT_STORAGE,
            "there is no room for more credentials of this issuer",
        ),
        (HolderError::Identity(error), None) => unknown(error),
        (_, None) => Refused::busy(),
    }
}
