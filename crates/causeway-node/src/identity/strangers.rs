//! Peers that nobody configured: whoever showed what is required becomes one, under the address
//! that its DID document gives. What a peer may do is not decided here.

use std::sync::Arc;

use causeway_dcp::did::Did;
use causeway_dcp::document::DidDocument;
use causeway_store::{Page, PeerCredentials, Pin};
use causeway_types::limits::PEERS_LEARNED_MAX;
use causeway_types::{Address, ParticipantId, Problem, ProblemCode, StatedFacts};
use url::Url;

use super::IdentityError;
use crate::settings::{Peer, Secret, VERSIONS_PATH};
use crate::{Node, read_failed};

/// Records that are read at a time.
const PAGE: usize = 200;

impl Node {
    /// Makes a peer of a party that showed what is required.
    pub(super) async fn learn(&self, did: &Did) -> Result<Arc<Peer>, IdentityError> {
        let document = self.resolve(did).await?;
        if self.0.directory.learned() >= PEERS_LEARNED_MAX {
            return Err(IdentityError::Busy);
        }
        let (address, base) =
            self.place_of(&document).ok_or_else(|| IdentityError::Unresolved {
                did: did.clone(),
                reason: "it names no address for the dataspace protocol".to_owned(),
            })?;
        let participant_id =
            ParticipantId::parse(did.as_str()).map_err(|_| IdentityError::Unknown)?;
        tracing::info!(peer = %did, %address, "a peer was met for the first time");
        Ok(self.0.directory.learn(stranger(participant_id, (address, base))))
    }

    /// A peer by name, participant id or address, or a party by its DID, that is looked for now.
    pub async fn find_peer(&self, text: &str) -> Result<Arc<Peer>, Problem> {
        if let Some(known) = self.0.directory.find(text) {
            return Ok(known);
        }
        let unknown = || {
            let peers = self.0.directory.peers();
            let names: Vec<&str> = peers.iter().map(|peer| peer.name.as_str()).collect();
            let known = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
            Problem::new(ProblemCode::NotFound, format!("there is no peer {text:?}"))
                .hint(format!("the configuration lists under [[peers]]: {known}"))
        };
        let is_open = self.own_did().is_some() && !self.0.settings.dcp.is_listed_only;
        let did = Did::parse(text).ok().filter(|_| is_open).ok_or_else(unknown)?;
        if self.own_did() == Some(&did) {
            return Err(Problem::new(
                ProblemCode::BadRequest,
                format!("{did} is this node itself"),
            ));
        }
        self.learn(&did).await.map_err(|error| {
            Problem::new(ProblemCode::PeerUnreachable, format!("look for {did}: {error}"))
                .hint("its DID document has to be served at the place that its DID names")
        })
    }

    /// Where a document says that the protocol is served: the root of the version document, or the
    /// base of the endpoints; without either, at the root of the host that the DID names.
    fn place_of(&self, document: &DidDocument) -> Option<(Address, Option<Address>)> {
        let of = |kind: &str, end: &str| {
            let service = document.service(kind)?;
            Address::parse(service.url("").strip_suffix(end)?).ok()
        };
        if let Some(address) = of("DataService", VERSIONS_PATH) {
            return Some((address, None));
        }
        let root =
            |url: &Url| Address::parse(url[..url::Position::BeforePath].trim_end_matches('/'));
        if let Some(base) = of("CatalogService", "/catalog") {
            let service = document.service("CatalogService")?;
            return Some((root(&service.endpoint).ok()?, Some(base)));
        }
        let web = document.id().web().ok()?;
        let url = web.document_url(self.scheme_of(&web)).ok()?;
        Some((root(&url).ok()?, None))
    }

    /// Reads who was met before the node last stopped.
    pub(crate) async fn recall_peers(&self) -> Result<(), Problem> {
        if self.own_did().is_none() {
            return Ok(());
        }
        let mut page = Page { after: None, limit: PAGE };
        loop {
            let known = causeway_store::list::<PeerCredentials>(self.store(), None, page).await;
            let known = known.map_err(read_failed)?;
            let Some(last) = known.last() else { return Ok(()) };
            page.after = Some(last.sequence);
            for stored in known {
                self.recall_peer(&stored.value.did).await?;
            }
        }
    }

    /// A peer that was met before, as its pinned document says.
    async fn recall_peer(&self, text: &str) -> Result<(), Problem> {
        let (Ok(did), Ok(participant_id)) = (Did::parse(text), ParticipantId::parse(text)) else {
            return Ok(());
        };
        if self.0.directory.peer(&participant_id).is_some() {
            return Ok(());
        }
        let pin = causeway_store::read::<Pin>(self.store(), text).await.map_err(read_failed)?;
        let document =
            pin.and_then(|pin| DidDocument::read(&did, pin.value.document.as_bytes()).ok());
        if let Some((address, base)) = document.and_then(|document| self.place_of(&document)) {
            self.0.directory.learn(stranger(participant_id, (address, base)));
        }
        Ok(())
    }
}

/// A peer of which nothing is known but where it is.
fn stranger(participant_id: ParticipantId, (address, base): (Address, Option<Address>)) -> Peer {
    Peer {
        name: participant_id.to_string(),
        participant_id,
        address,
        base,
        jurisdiction: None,
        facts: StatedFacts::new(),
        secret: Secret::new(""),
        callback_hosts: Vec::new(),
    }
}
