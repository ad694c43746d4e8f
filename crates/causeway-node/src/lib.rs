//! The node's use cases. Each is one move: load, decide, commit, then wake whoever must act.
//!
//! ```text
//! request -> load -> step(state, input) -> ChangeSet -> commit -> reply -> wake dispatcher
//! ```
//!
//! Nothing is acknowledged before the commit, and nothing is sent that is not in the outbox. HTTP
//! routes, configuration files and the command line are not here.

pub mod access;
mod automation;
mod batch;
mod border;
mod callback;
mod catalog;
pub mod clock;
mod commit;
mod deliver;
mod dispatch;
mod egress;
mod gates;
mod identity;
mod looser;
mod negotiate;
mod offers;
mod outcome;
mod pulls;
mod push;
mod settings;
mod sync;
mod timers;
mod transfer;
mod transport;
mod webhook;

use std::sync::Arc;

use causeway_keys::KeyStore;
use causeway_law::Engine;
use causeway_plane::{Flows, Objects};
use causeway_store::{CatalogCache, Event, Store};
use causeway_types::{Problem, ProblemCode, Timestamp};
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use causeway_dcp::dialect::Dialect;

pub use self::automation::script::{
    NegotiationMove, NegotiationStep, Script, Step as ScriptStep, Steps, TransferMove, TransferStep,
};
pub use self::batch::InBatch;
pub use self::border::{Drift, NewAttestation, Preview, PreviewOutcome, read_facts};
pub use self::catalog::{CatalogPage, Probe, ProbeStep, REACH_PATH};
use self::clock::{Clock, Entropy, Mint};
pub use self::commit::Remember;
pub use self::egress::{Egress, EgressError, Names, Purpose, SystemNames};
pub use self::identity::trusted::TrustSource;
pub use self::identity::{
    Directory, HolderError, IdentityError, IssuanceAct, KeyAct, Lapses, MadeToken,
    NewCredentialRequest, NewDefinition, PeerIdentity, ProvenFact, ShownCredential, StatusDocument,
    TokenAsk, TokenServiceError, request_status,
};
pub use self::looser::Loosened;
pub use self::negotiate::{Act as NegotiationAct, Opened, Terms};
pub use self::offers::{NewOffer, OwnPage, Place};
pub use self::pulls::PullProgress;
pub use self::settings::{
    Asks, CREDENTIAL_SERVICE_PATH, CatalogCopies, DATA_PATH, DcpSettings, ENDPOINT_TYPE_HTTP,
    FORMAT_HTTP_PULL, HeldBack, ISSUER_SERVICE_PATH, IdentityMode, LawSettings, Network,
    PROTOCOL_PATH, Peer, Retry, Secret, Settings, TOKEN_SERVICE_PATH, TokenClient, VERSIONS_PATH,
};
pub use self::sync::{CatalogSync, SyncState};
pub use self::transfer::Act as TransferAct;
pub use self::transport::{Answer, HttpTransport, Outgoing, Transport, TransportError};

/// Events kept for listeners that read slower than the node writes; a listener that falls further
/// behind reads the rest from the store.
const EVENTS_BUFFERED_MAX: usize = 1024;

/// What a node is made of.
pub struct Parts {
    /// Who it is and what it may do.
    pub settings: Settings,
    /// Where it remembers.
    pub store: Arc<dyn Store>,
    /// Where it keeps copies of peers' catalogs.
    pub catalogs: Arc<dyn CatalogCache>,
    /// How it reaches others.
    pub transport: Arc<dyn Transport>,
    /// The door for downloads.
    pub egress: Egress,
    /// Published files.
    pub objects: Objects,
    /// The rule packs.
    pub law: Arc<Engine>,
    /// The trust files.
    pub trust: TrustSource,
    /// The key under which persons are remembered.
    pub subject_key: Secret,
    /// The private keys; a node that knows its peers by secrets needs none.
    pub keys: Option<Arc<dyn KeyStore>>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Unpredictable bytes.
    pub entropy: Arc<dyn Entropy>,
}

/// A running node. Cheap to clone.
#[derive(Clone)]
pub struct Node(Arc<Inner>);

struct Inner {
    settings: Settings,
    directory: Directory,
    identity: identity::Identity,
    trusted: identity::trusted::Trusted,
    store: Arc<dyn Store>,
    catalogs: Arc<dyn CatalogCache>,
    transport: Arc<dyn Transport>,
    egress: Egress,
    objects: Objects,
    flows: Flows,
    law: Arc<Engine>,
    subject_key: Secret,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    events: broadcast::Sender<Event>,
    dispatcher: dispatch::Handle,
    pulls: pulls::Pulls,
    /// Held by whoever brings the data plane into line with what was committed.
    plane_turn: tokio::sync::Mutex<()>,
    bases: catalog::Bases,
    syncs: sync::Syncs,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Node {
    /// Starts the dispatcher and takes up whatever was unfinished when the node last stopped.
    pub async fn start(parts: Parts) -> Result<Self, Problem> {
        let (events, _) = broadcast::channel(EVENTS_BUFFERED_MAX);
        let (dispatcher, inbox) = dispatch::Handle::new(parts.entropy.as_ref());
        let node = Self(Arc::new(Inner {
            directory: Directory::new(&parts.settings),
            identity: identity::Identity::new(&parts.settings, parts.keys)?,
            trusted: identity::trusted::Trusted::new(parts.trust),
            settings: parts.settings,
            store: parts.store,
            catalogs: parts.catalogs,
            transport: parts.transport,
            egress: parts.egress,
            objects: parts.objects,
            flows: Flows::new(),
            law: parts.law,
            subject_key: parts.subject_key,
            clock: parts.clock,
            entropy: parts.entropy,
            events,
            dispatcher,
            pulls: pulls::Pulls::default(),
            plane_turn: tokio::sync::Mutex::default(),
            bases: catalog::Bases::default(),
            syncs: sync::Syncs::default(),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
        }));
        node.reload_trust().await?;
        node.recall_tokens().await?;
        node.recall_peers().await?;
        node.compare_settings().await?;
        node.take_up().await?;
        node.0.tasks.spawn(dispatch::run(node.clone(), inbox));
        node.0.tasks.spawn(sync::refresh(node.clone()));
        node.0.tasks.spawn(border::watch(node.clone()));
        node.0.tasks.spawn(identity::watch(node.clone()));
        node.0.tasks.spawn(identity::tend(node.clone()));
        node.0.tasks.spawn(identity::watch_keys(node.clone()));
        Ok(node)
    }

    /// Stops taking up new work and waits for what is under way. Whatever is left in the outbox
    /// is sent after the next start.
    pub async fn stop(&self) {
        self.0.stop.cancel();
        self.0.tasks.close();
        self.0.tasks.wait().await;
    }

    /// Does something to its end, even if whoever waits for it goes away: a commit must be followed
    /// by telling those who act on it. `None` if it panicked, or the process is about to end.
    pub async fn to_its_end<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Option<T> {
        self.0.tasks.spawn(work).await.ok()
    }

    /// What this node was told.
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// Who this node knows.
    pub fn directory(&self) -> &Directory {
        &self.0.directory
    }

    /// Where this node remembers; for reading.
    pub fn store(&self) -> &dyn Store {
        self.0.store.as_ref()
    }

    /// Copies of peers' catalogs; for reading.
    pub fn catalogs(&self) -> &dyn CatalogCache {
        self.0.catalogs.as_ref()
    }

    /// Published files.
    pub fn objects(&self) -> &Objects {
        &self.0.objects
    }

    /// The rule packs that crossings are checked against.
    pub fn law(&self) -> &Engine {
        &self.0.law
    }

    /// The gates of running flows.
    pub fn flows(&self) -> &Flows {
        &self.0.flows
    }

    /// The present, by this node's clock.
    pub fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// Everything that happens from now on.
    pub fn events(&self) -> broadcast::Receiver<Event> {
        self.0.events.subscribe()
    }

    /// Cancelled when the node stops.
    pub fn stopping(&self) -> &CancellationToken {
        &self.0.stop
    }

    fn mint(&self) -> Mint<'_> {
        Mint { now: self.0.clock.now(), entropy: self.0.entropy.as_ref() }
    }
}

/// The store cannot be read.
pub(crate) fn read_failed(error: causeway_store::ReadError) -> Problem {
    let code = match error {
        causeway_store::ReadError::Unavailable { .. } => ProblemCode::Unavailable,
        causeway_store::ReadError::Corrupt { .. } => ProblemCode::Internal,
    };
    Problem::new(code, "the node could not read its store").internal(error.to_string())
}
