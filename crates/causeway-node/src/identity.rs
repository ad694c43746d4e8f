//! Who is asking. Participants prove who they are with credentials ([`IdentityMode::Dcp`]), or a
//! pair of them shares a secret (`pairwise`). Nothing here decides what an authenticated peer may
//! do.

mod custody;
mod documents;
mod holder;
mod issuer;
mod lapse;
mod own;
mod pairwise;
mod present;
mod renewal;
mod requests;
mod seen;
mod shown;
mod strangers;
mod sts;
mod tokens;
pub(crate) mod trusted;

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use causeway_dcp::did::Did;
use causeway_keys::KeyStore;
use causeway_types::{FactValue, ParticipantId, Problem, ProblemCode};

use tokio::sync::Notify;

use self::custody::Custody;
pub use self::custody::KeyAct;
use self::documents::Documents;
pub use self::holder::HolderError;
use self::issuer::Issuer;
pub use self::issuer::{IssuanceAct, NewDefinition, StatusDocument, request_status};
pub use self::lapse::Lapses;
pub(crate) use self::lapse::watch;
use self::own::Own;
pub(crate) use self::own::watch_keys;
pub(crate) use self::renewal::watch as tend;
pub use self::requests::NewCredentialRequest;
use self::seen::Seen;
use self::shown::Shown;
pub use self::shown::{PeerIdentity, ShownCredential};
pub use self::sts::{MadeToken, TokenAsk, TokenServiceError};
use self::tokens::AccessTokens;
use crate::Node;
use crate::settings::{Asks, IdentityMode, Peer, Settings};
use crate::transport::TransportError;

/// The participants this node knows: those of the configuration, and those that showed credentials.
pub struct Directory {
    own: ParticipantId,
    mode: IdentityMode,
    configured: Vec<Arc<Peer>>,
    learned: RwLock<BTreeMap<ParticipantId, Arc<Peer>>>,
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
    /// The token was used before.
    #[error("the token was used before")]
    Replayed,
    /// This node is asked for more than it can remember.
    #[error("too many tokens, or documents, are known at the moment")]
    Busy,
    /// A token is not what it should be.
    #[error("{reason}")]
    Token {
        /// Why.
        reason: String,
    },
    /// A DID document cannot be had.
    #[error("the document of {did} cannot be had: {reason}")]
    Unresolved {
        /// Whose.
        did: Did,
        /// Why.
        reason: String,
    },
    /// The keys of a party changed without proof.
    #[error("the keys of {did} changed without proof, and nobody has approved the new ones")]
    Changed {
        /// Whose.
        did: Did,
    },
    /// The caller did not show what is required.
    #[error("the caller did not show what is required: {reason}")]
    NotShown {
        /// Why.
        reason: String,
    },
    /// It cannot be found out at the moment what the caller has to show.
    #[error("what the caller has to show cannot be had at the moment: {reason}")]
    Unreachable {
        /// Why.
        reason: String,
    },
    /// The caller is not one of those that may exchange with this node.
    #[error("{did} is not a configured peer, and only those are admitted")]
    NotListed {
        /// Who.
        did: Did,
    },
    /// Our own key cannot sign.
    #[error("a key of this node cannot sign: {reason}")]
    Key {
        /// Why.
        reason: String,
    },
    /// The store does not answer.
    #[error("the store does not answer: {reason}")]
    Store {
        /// Why.
        reason: String,
    },
}

impl IdentityError {
    fn unshown(reason: &str) -> Self {
        Self::NotShown { reason: reason.to_owned() }
    }

    /// What a stranger is told: which of the reasons it was is for our log.
    pub fn for_stranger(&self) -> Problem {
        tracing::warn!(error = %self, "a request was not authenticated");
        match self {
            Self::Busy | Self::Store { .. } | Self::Key { .. } => {
                Problem::new(ProblemCode::Unavailable, "the node is busy; try again")
            }
            Self::Unreachable { .. } => {
                let text = "the caller's credential service, or an issuer, cannot be reached";
                Problem::new(ProblemCode::Unavailable, text).hint("try again")
            }
            Self::Changed { .. } => Problem::new(
                ProblemCode::Unavailable,
                "the keys of the caller changed without proof; somebody has to look at them",
            ),
            _ => Problem::new(ProblemCode::Unauthorized, "the request is not authenticated"),
        }
    }
}

/// What this node knows of who is who, besides its directory.
#[derive(Default)]
pub(crate) struct Identity {
    /// Who we are, if we have a DID and show credentials.
    did: Option<Did>,
    /// Where our private keys are.
    keys: Option<Arc<dyn KeyStore>>,
    pub(crate) seen: Seen,
    documents: Documents,
    shown: Shown,
    access: AccessTokens,
    own: Own,
    custody: Custody,
    issuer: Issuer,
    /// What peers showed is to be looked at again now.
    look_again: Notify,
}

impl Identity {
    pub(crate) fn new(
        settings: &Settings,
        keys: Option<Arc<dyn KeyStore>>,
    ) -> Result<Self, Problem> {
        let did = match settings.identity {
            IdentityMode::Dcp => Some(own::did_of(settings)?),
            _ => None,
        };
        Ok(Self { did, keys, ..Self::default() })
    }
}

/// A fact that a verified credential states of a party.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvenFact {
    /// Its name in the law's dictionary, with the side.
    pub name: String,
    /// What it is.
    pub value: FactValue,
    /// The credential and its issuer, in words.
    pub source: String,
}

impl Node {
    /// Who made a request, by the value of its `Authorization` header, and that they may ask for
    /// it.
    pub async fn authenticate(
        &self,
        authorization: Option<&str>,
        asks: Asks,
    ) -> Result<ParticipantId, IdentityError> {
        if self.own_did().is_none() {
            return self.0.directory.authenticate(authorization, self.now());
        }
        let token = self.verify_token(authorization).await?;
        let peer =
            ParticipantId::parse(token.issuer.as_str()).map_err(|_| IdentityError::Unknown)?;
        if self.0.settings.dcp.is_listed_only && self.0.directory.peer(&peer).is_none() {
            return Err(IdentityError::NotListed { did: token.issuer });
        }
        self.admit(&token, asks).await?;
        if self.0.directory.peer(&peer).is_none() {
            self.learn(&token.issuer).await?;
        }
        Ok(peer)
    }

    /// The value of the `Authorization` header for one request to a peer; none if nobody told us
    /// how to make it.
    pub(crate) async fn authorization(
        &self,
        peer: &ParticipantId,
    ) -> Result<Option<String>, TransportError> {
        if self.own_did().is_none() {
            return Ok(self.0.directory.authorization(peer, self.now()));
        }
        let made = async { self.self_issued(&self.audience(peer).await?).await };
        made.await.map(Some).map_err(|error| no_token(peer, &error))
    }

    /// The DID of a party for which a token is made. Nothing goes to whoever may have taken its
    /// place.
    async fn audience(&self, peer: &ParticipantId) -> Result<Did, IdentityError> {
        let did = Did::parse(peer.as_str())
            .map_err(|error| IdentityError::Token { reason: error.to_string() })?;
        match self.resolve(&did).await {
            Err(error @ IdentityError::Changed { .. }) => Err(error),
            _ => Ok(did),
        }
    }
}

/// A request to a party that cannot be told who we are.
fn no_token(peer: &ParticipantId, error: &IdentityError) -> TransportError {
    TransportError::NoToken { reason: format!("make a token for {peer}: {error}") }
}

impl Directory {
    /// The peers of the settings.
    pub fn new(settings: &Settings) -> Self {
        Self::of(settings.participant_id.clone(), settings.identity, settings.peers.clone())
    }

    fn of(own: ParticipantId, mode: IdentityMode, peers: Vec<Peer>) -> Self {
        let configured = peers.into_iter().map(Arc::new).collect();
        Self { own, mode, configured, learned: RwLock::default() }
    }

    /// Every peer: in the order of the configuration, then by id.
    pub fn peers(&self) -> Vec<Arc<Peer>> {
        let learned = self.learned.read().unwrap_or_else(PoisonError::into_inner);
        self.configured.iter().chain(learned.values()).cloned().collect()
    }

    /// A peer by name, participant id or address.
    pub fn find(&self, text: &str) -> Option<Arc<Peer>> {
        let address = text.trim_end_matches('/');
        self.peers().into_iter().find(|peer| {
            peer.name == text
                || peer.participant_id.as_str() == text
                || peer.address.as_str() == address
        })
    }

    /// A peer by participant id.
    pub fn peer(&self, id: &ParticipantId) -> Option<Arc<Peer>> {
        let configured = self.configured.iter().find(|peer| peer.participant_id == *id);
        configured.cloned().or_else(|| {
            // A panic elsewhere leaves the map as it was; each entry stands for itself.
            self.learned.read().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
        })
    }

    /// How many peers are not in the configuration.
    pub(crate) fn learned(&self) -> usize {
        self.learned.read().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Remembers a peer that is not in the configuration, or what it showed since.
    pub(crate) fn learn(&self, peer: Peer) -> Arc<Peer> {
        let mut learned = self.learned.write().unwrap_or_else(PoisonError::into_inner);
        let peer = Arc::new(peer);
        learned.insert(peer.participant_id.clone(), Arc::clone(&peer));
        peer
    }
}
