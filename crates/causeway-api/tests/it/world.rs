//! A world of nodes: each with its own store, files and listener, connected by a network that a
//! test can cut and make lossy.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use axum::Router;
use causeway_api::limiter::Rate;
use causeway_api::{Access, AccessSettings, Gate, management_router, protocol_router};
use causeway_dcp::jwk::Algorithm;
use causeway_dcp::trust::Trust;
use causeway_dsp::Question;
use causeway_dsp::catalog::Metadata;
use causeway_keys::{FileStore, KeyStore, Purpose, Unlock};
use causeway_law::Engine;
use causeway_node::clock::{Clock, System};
use causeway_node::{
    CatalogCopies, DcpSettings, Egress, HeldBack, HttpTransport, IdentityMode, LawSettings,
    Network, NewOffer, Node, PROTOCOL_PATH, Parts, Peer, Script, Secret, Settings, Transport,
};
use causeway_plane::Objects;
use causeway_policy::Policy;
use causeway_store::{
    AgreementEntry, Audience, Declaration, EventKind, MemoryCatalogCache, MemoryStore,
    NegotiationEntry, Page, PublishedOffer, Rule, Store, TransferEntry,
};
use causeway_types::{Address, LangText, ParticipantId, ProcessId, StatedFacts};
use futures_util::stream;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::network::{Ahead, Lossy};

/// Longer than any step of a test takes; when it passes, the test has failed.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where a node serves everything that has no version document.
const ASIDE: &str = "/of/a/partner";

/// What a node in a world is made from.
pub(crate) struct Plan {
    pub(crate) rules: Vec<(Question, Rule)>,
    pub(crate) scripts: Vec<Script>,
    pub(crate) attempts_max: u32,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) loss: Option<u64>,
    pub(crate) copied_max: u64,
    /// Where it sits; all in one area unless a test says otherwise, so that no border is crossed.
    pub(crate) area: Option<&'static str>,
    /// What the law has to know of it, also told to its peers.
    pub(crate) facts: &'static [&'static str],
    pub(crate) law: Arc<Engine>,
    /// What it asks of peers that it knows by credentials; it knows them by secrets without.
    pub(crate) claims: Option<Claims>,
    /// Whether it serves no version document where its peers look for one and everything else
    /// aside; they are told its base.
    pub(crate) is_bare: bool,
    pub(crate) access: AccessSettings,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            rules: Vec::new(),
            scripts: Vec::new(),
            attempts_max: 1_000,
            store: Arc::new(MemoryStore::new()),
            loss: None,
            copied_max: 1_000,
            area: Some("DE"),
            facts: &[],
            law: shipped_law(),
            claims: None,
            is_bare: false,
            access: AccessSettings {
                rate: Rate { per_second: 1_000_000, burst: 1_000_000 },
                ..AccessSettings::default()
            },
        }
    }
}

/// What a node goes by that knows its peers by credentials.
#[derive(Clone)]
pub(crate) struct Claims {
    pub(crate) settings: DcpSettings,
    /// The trust files; read again by `reload_trust`.
    pub(crate) trust: Arc<Mutex<Trust>>,
    keys: Option<Arc<dyn KeyStore>>,
}

impl Claims {
    /// Asks for membership whatever is asked for, and believes what was shown for so long.
    pub(crate) fn members(trust: Trust, presentation: Duration) -> Self {
        let membership = || vec!["MembershipCredential".to_owned()];
        let settings = DcpSettings {
            requires: [membership(), membership(), membership()],
            also_asks: vec!["LegalParticipantCredential".to_owned()],
            shows: membership(),
            presentation,
            ..DcpSettings::default()
        };
        Self { settings, trust: Arc::new(Mutex::new(trust)), keys: None }
    }
}

/// A node with a DID and no configured peers.
pub(crate) async fn member(claims: Claims, plan: Plan) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let id = ParticipantId::parse(format!("did:web:localhost%3A{port}")).unwrap();
    let address = Address::parse(&format!("http://localhost:{port}")).unwrap();
    let plan = Plan { claims: Some(claims), ..plan };
    Running::start(id, address, Vec::new(), plan, listener).await
}

/// A node that is running.
pub(crate) struct Running {
    pub(crate) node: Node,
    pub(crate) id: ParticipantId,
    pub(crate) address: Address,
    pub(crate) management: String,
    pub(crate) network: Arc<Lossy>,
    store: Arc<dyn Store>,
    settings: Settings,
    pub(crate) law: Arc<Engine>,
    claims: Option<Claims>,
    directory: TempDir,
    stop: CancellationToken,
    listeners: TaskTracker,
    is_bare: bool,
    gate: Arc<Gate>,
}

/// Three participants: a provider, a consumer, and one that has no part in their exchange.
pub(crate) struct World {
    pub(crate) provider: Running,
    pub(crate) consumer: Running,
    pub(crate) stranger: Running,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::of(Plan::default(), Plan::default()).await
    }

    pub(crate) async fn of(provider: Plan, consumer: Plan) -> Self {
        let names = ["provider", "consumer", "stranger"];
        let mut listeners = Vec::new();
        for _ in names {
            listeners.push(TcpListener::bind("127.0.0.1:0").await.unwrap());
        }
        let addresses: Vec<Address> = listeners
            .iter()
            .map(|l| Address::parse(&format!("http://{}", l.local_addr().unwrap())).unwrap())
            .collect();
        let mut listeners = listeners.into_iter();
        let plans = [provider, consumer, Plan::default()];
        let bare = plans.each_ref().map(|plan| plan.is_bare);
        let areas = plans.each_ref().map(|plan| plan.area);
        let facts = plans.each_ref().map(|plan| plan.facts);
        let mut plans = plans.into_iter();
        let mut nodes = Vec::new();
        for own in 0..names.len() {
            let peers = (0..names.len()).filter(|other| *other != own).map(|other| Peer {
                name: names[other].to_owned(),
                participant_id: participant(names[other]),
                address: addresses[other].clone(),
                base: bare[other]
                    .then(|| join(&addresses[other], &format!("{ASIDE}{PROTOCOL_PATH}"))),
                jurisdiction: areas[other].map(str::to_owned),
                facts: stated(facts[other]),
                secret: secret(own, other),
                callback_hosts: Vec::new(),
            });
            let peers = peers.collect();
            let plan = plans.next().unwrap();
            let listener = listeners.next().unwrap();
            let id = participant(names[own]);
            nodes.push(Running::start(id, addresses[own].clone(), peers, plan, listener).await);
        }
        let mut nodes = nodes.into_iter();
        let mut next = || nodes.next().unwrap();
        Self { provider: next(), consumer: next(), stranger: next() }
    }

    /// Publishes at the provider, negotiates at the consumer, and returns both once FINALIZED.
    pub(crate) async fn contract(&self, bytes: &[u8]) -> AgreementEntry {
        let offer = self.provider.publish(bytes, Policy::open()).await;
        let id = self.consumer.request(&self.provider, &offer).await;
        self.consumer.negotiation_in(&id, "FINALIZED").await;
        self.consumer.agreement_of(&id).await
    }
}

/// The packs that come with the program, read once for all tests.
pub(crate) fn shipped_law() -> Arc<Engine> {
    static LAW: OnceLock<Arc<Engine>> = OnceLock::new();
    Arc::clone(LAW.get_or_init(|| Arc::new(Engine::shipped().unwrap())))
}

pub(crate) fn stated(facts: &[&str]) -> StatedFacts {
    let mut stated = StatedFacts::new();
    facts.iter().for_each(|fact| stated.read(fact).unwrap());
    stated
}

/// A node, "consumer", whose only peer is "provider" at this base: something that is no node.
pub(crate) async fn facing(base: &str, plan: Plan) -> Running {
    let base = Address::parse(base).unwrap();
    let peer = Peer {
        name: "provider".to_owned(),
        participant_id: participant("provider"),
        address: base.clone(),
        base: Some(base),
        jurisdiction: Some("DE".to_owned()),
        facts: StatedFacts::new(),
        secret: secret(0, 1),
        callback_hosts: Vec::new(),
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = Address::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    Running::start(participant("consumer"), address, vec![peer], plan, listener).await
}

fn join(address: &Address, path: &str) -> Address {
    Address::parse(&address.join(path)).unwrap()
}

/// The same for both sides of a pair.
fn secret(one: usize, other: usize) -> Secret {
    let (low, high) = (one.min(other), one.max(other));
    Secret::new(format!("{low}-{high}-a-secret-of-at-least-32-bytes"))
}

pub(crate) fn participant(name: &str) -> ParticipantId {
    ParticipantId::parse(format!("did:web:{name}.example")).unwrap()
}

impl Running {
    async fn start(
        id: ParticipantId,
        address: Address,
        peers: Vec<Peer>,
        plan: Plan,
        listener: TcpListener,
    ) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let received = directory.path().join("received");
        std::fs::create_dir(&received).unwrap();
        let settings = Settings {
            participant_id: id.clone(),
            title: id.to_string(),
            jurisdiction: plan.area.map(str::to_owned),
            address: if plan.is_bare { join(&address, ASIDE) } else { address.clone() },
            objects: directory.path().join("objects"),
            received,
            peers,
            token_client: None,
            identity: match &plan.claims {
                Some(_) => IdentityMode::Dcp,
                None => IdentityMode::SharedSecret,
            },
            dcp: plan.claims.as_ref().map(|claims| claims.settings.clone()).unwrap_or_default(),
            rules: plan.rules,
            scripts: plan.scripts,
            law: LawSettings { facts: stated(plan.facts), ..LawSettings::default() },
            retry: crate::base::retry(plan.attempts_max),
            catalog: CatalogCopies { refresh_every: None, peer_datasets_max: plan.copied_max },
            token_lifetime: Duration::from_secs(600),
            reachable: ["127.0.0.0/8", "::1/128"].map(|n| Network::parse(n).unwrap()).to_vec(),
            is_loopback_allowed: true,
            key_overlap_seconds: 3_600,
            four_eyes: plan.access.four_eyes,
            held: HeldBack::default(),
        };
        let claims = match plan.claims {
            Some(claims) => {
                let keys = FileStore::create(directory.path(), &Unlock::MachineKey).unwrap();
                keys.ensure(&Purpose::ALL, Algorithm::Es256, System.now()).await.unwrap();
                Some(Claims { keys: Some(Arc::new(keys)), ..claims })
            }
            None => None,
        };
        let egress = Egress::new(&settings).unwrap();
        let network = Arc::new(Lossy::new(HttpTransport::new(egress), plan.loss));
        let objects = Objects::open(&settings.objects).unwrap();
        let parts = (&plan.store, &network, objects, &plan.law);
        let node = start(&settings, parts, claims.as_ref(), Arc::new(System)).await;
        let mut running = Self {
            node,
            id,
            address,
            management: String::new(),
            network,
            store: plan.store,
            settings,
            law: plan.law,
            claims,
            directory,
            stop: CancellationToken::new(),
            listeners: TaskTracker::new(),
            is_bare: plan.is_bare,
            gate: Arc::new(Gate::new(plan.access, None)),
        };
        running.listen(listener).await;
        running
    }

    async fn listen(&mut self, protocol: TcpListener) {
        let router = protocol_router(self.node.clone());
        let router = if self.is_bare { Router::new().nest(ASIDE, router) } else { router };
        self.serve(protocol, router);
        let management = TcpListener::bind("127.0.0.1:0").await.unwrap();
        self.management = format!("http://{}", management.local_addr().unwrap());
        let access = Access::token("operator").through(&self.gate);
        self.serve(management, management_router(self.node.clone(), access));
    }

    fn serve(&self, listener: TcpListener, router: Router) {
        let stop = self.stop.clone();
        self.listeners.spawn(async move {
            let shutdown = async move { stop.cancelled().await };
            let router = router.into_make_service_with_connect_info::<SocketAddr>();
            axum::serve(listener, router).with_graceful_shutdown(shutdown).await.unwrap();
        });
    }

    /// Stops the node as an operator does, and starts another one in its place, with the same
    /// store, files and address, whose clock is ahead by so much.
    pub(crate) async fn restart(&mut self, ahead: Duration) {
        self.stop.cancel();
        self.listeners.close();
        tokio::join!(self.listeners.wait(), self.node.stop());
        (self.stop, self.listeners) = (CancellationToken::new(), TaskTracker::new());
        let (objects, clock) = (self.node.objects().clone(), Arc::new(Ahead(ahead)));
        let parts = (&self.store, &self.network, objects, &self.law);
        self.node = start(&self.settings, parts, self.claims.as_ref(), clock).await;
        let own = self.address.as_str().trim_start_matches("http://");
        self.listen(TcpListener::bind(own).await.unwrap()).await;
    }

    pub(crate) fn received(&self) -> PathBuf {
        self.settings.received.clone()
    }

    pub(crate) fn files_received(&self) -> usize {
        std::fs::read_dir(&self.settings.received).unwrap().count()
    }

    pub(crate) fn object_path(&self, offer: &PublishedOffer) -> PathBuf {
        self.directory.path().join("objects").join(offer.content.blake3().to_string())
    }

    pub(crate) async fn publish(&self, bytes: &[u8], policy: Policy) -> PublishedOffer {
        self.publish_with(bytes, policy, Vec::new()).await
    }

    pub(crate) async fn publish_with(
        &self,
        bytes: &[u8],
        policy: Policy,
        rules: Vec<(Question, Rule)>,
    ) -> PublishedOffer {
        self.publish_all(bytes, policy, rules, None, &[]).await
    }

    /// Publishes with what a steward declares of the data.
    pub(crate) async fn publish_declared(
        &self,
        bytes: &[u8],
        declaration: Option<Declaration>,
    ) -> PublishedOffer {
        self.publish_all(bytes, Policy::open(), Vec::new(), declaration, &[]).await
    }

    pub(crate) async fn publish_themed(
        &self,
        bytes: &[u8],
        policy: Policy,
        themes: &[&str],
    ) -> PublishedOffer {
        self.publish_all(bytes, policy, Vec::new(), None, themes).await
    }

    async fn publish_all(
        &self,
        bytes: &[u8],
        policy: Policy,
        rules: Vec<(Question, Rule)>,
        declaration: Option<Declaration>,
        themes: &[&str],
    ) -> PublishedOffer {
        let chunk = bytes::Bytes::copy_from_slice(bytes);
        let body = stream::iter([Ok::<_, std::io::Error>(chunk)]);
        let content = self.node.objects().ingest(body, None).await.unwrap();
        let offer = NewOffer {
            id: None,
            dataset_id: None,
            titles: vec![LangText::new("en", "a table").unwrap()],
            descriptions: Vec::new(),
            media_type: "text/csv".to_owned(),
            file_name: Some("table.csv".to_owned()),
            content,
            policy,
            metadata: Metadata {
                themes: themes.iter().map(|theme| (*theme).to_owned()).collect(),
                ..Metadata::default()
            },
            audience: Audience::Everyone,
            declaration,
            rules,
        };
        self.node.publish(offer, None).await.unwrap()
    }

    /// Requests a contract on the offer as the peer's catalog shows it.
    pub(crate) async fn request(&self, peer: &Self, offer: &PublishedOffer) -> ProcessId {
        let dataset = self.node.peer_dataset(&peer.id, &offer.dataset_id).await.unwrap();
        let mut terms = dataset.offers[0].clone();
        terms.target = Some(offer.dataset_id.clone());
        let entry = self.node.request_contract(&peer.id, terms, None).await.unwrap();
        entry.negotiation.id
    }

    pub(crate) async fn transfer(&self, agreement: &AgreementEntry) -> ProcessId {
        let entry = self.node.request_transfer(&agreement.agreement.id, None).await.unwrap();
        entry.transfer.id
    }

    pub(crate) async fn negotiation(&self, id: &ProcessId) -> NegotiationEntry {
        self.store.negotiation(id).await.unwrap().unwrap().value
    }

    pub(crate) async fn negotiations(&self) -> Vec<NegotiationEntry> {
        let all = Page { after: None, limit: 1_000 };
        let all = self.store.negotiations(all).await.unwrap();
        all.into_iter().map(|stored| stored.value).collect()
    }

    pub(crate) async fn transfers(&self) -> Vec<TransferEntry> {
        let all = Page { after: None, limit: 1_000 };
        self.store.transfers(all).await.unwrap().into_iter().map(|stored| stored.value).collect()
    }

    pub(crate) async fn agreements(&self) -> Vec<AgreementEntry> {
        let all = Page { after: None, limit: 1_000 };
        self.store.agreements(all).await.unwrap().into_iter().map(|stored| stored.value).collect()
    }

    pub(crate) async fn agreement_of(&self, negotiation: &ProcessId) -> AgreementEntry {
        let all = self.agreements().await;
        all.into_iter().find(|entry| entry.negotiation == *negotiation).unwrap()
    }

    /// Waits until the negotiation is in this state.
    pub(crate) async fn negotiation_in(&self, id: &ProcessId, state: &str) -> NegotiationEntry {
        self.until(state, async || {
            let entry = self.store.negotiation(id).await.unwrap()?.value;
            let found = entry.negotiation.state().map(|s| s.as_str());
            (found == Some(state)).then_some(entry)
        })
        .await
    }

    /// Waits until the negotiation waits for an answer.
    pub(crate) async fn negotiation_asks(&self, id: &ProcessId, question: Question) {
        self.until(question.as_str(), async || {
            let entry = self.store.negotiation(id).await.unwrap()?.value;
            (entry.negotiation.question == Some(question)).then_some(())
        })
        .await
    }

    /// Waits until the transfer is in this state.
    pub(crate) async fn transfer_in(&self, id: &ProcessId, state: &str) -> TransferEntry {
        self.until(state, async || {
            let entry = self.store.transfer(id).await.unwrap()?.value;
            let found = entry.transfer.state().map(|s| s.as_str());
            (found == Some(state)).then_some(entry)
        })
        .await
    }

    /// Waits until the transfer waits for an answer.
    pub(crate) async fn transfer_asks(&self, id: &ProcessId, question: Question) {
        self.until(question.as_str(), async || {
            let entry = self.store.transfer(id).await.unwrap()?.value;
            (entry.transfer.question == Some(question)).then_some(())
        })
        .await
    }

    /// Waits until something of this kind has been told about the process, and returns its text.
    pub(crate) async fn told(&self, id: &ProcessId, kind: EventKind) -> String {
        self.until(kind.as_str(), async || {
            let all = Page { after: None, limit: 1_000 };
            let events = self.store.history(id, all).await.unwrap();
            events.into_iter().find(|event| event.kind == kind).map(|event| event.text)
        })
        .await
    }

    /// What was told of a kind.
    pub(crate) async fn all_told(&self, kind: EventKind) -> Vec<String> {
        let all = Page { after: None, limit: 1_000 };
        let events = self.store.events(all).await.unwrap();
        events.into_iter().filter(|event| event.kind == kind).map(|event| event.text).collect()
    }

    /// Everything that was told about the process so far.
    pub(crate) async fn history_of(&self, id: &ProcessId) -> String {
        let all = Page { after: None, limit: 1_000 };
        let events = self.store.history(id, all).await.unwrap();
        events.iter().map(|event| format!("{}: {}\n", event.kind.as_str(), event.text)).collect()
    }

    /// The provider's side of a process the consumer knows.
    pub(crate) async fn counterpart(&self, peer_pid: &ProcessId) -> ProcessId {
        self.until("the counterpart", async || {
            let negotiations = self.negotiations().await.into_iter();
            let mut of_negotiations = negotiations.filter_map(|entry| {
                (entry.negotiation.peer_pid.as_ref() == Some(peer_pid))
                    .then(|| entry.negotiation.id.clone())
            });
            let transfers = self.transfers().await.into_iter();
            let mut of_transfers = transfers.filter_map(|entry| {
                (entry.transfer.peer_pid.as_ref() == Some(peer_pid))
                    .then(|| entry.transfer.id.clone())
            });
            of_negotiations.next().or_else(|| of_transfers.next())
        })
        .await
    }

    /// Looks again whenever something happens, until there is an answer.
    pub(crate) async fn until<T>(&self, what: &str, look: impl AsyncFn() -> Option<T>) -> T {
        let mut events = self.node.events();
        let looking = async {
            loop {
                if let Some(found) = look().await {
                    return found;
                }
                // A commit without an event (an acknowledgement) is found at the next tick.
                tokio::time::timeout(Duration::from_millis(20), events.recv()).await.ok();
            }
        };
        match tokio::time::timeout(PATIENCE, looking).await {
            Ok(found) => found,
            Err(_) => panic!("{}: {what} did not come about: {}", self.id, self.story().await),
        }
    }

    /// Everything that was told, for a failed test.
    async fn story(&self) -> String {
        let all = Page { after: None, limit: 1_000 };
        let events = self.store.events(all).await.unwrap();
        let lines =
            events.iter().map(|event| format!("\n  {} {}", event.kind.as_str(), event.text));
        lines.collect()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn start(
    settings: &Settings,
    (store, network, objects, law): (&Arc<dyn Store>, &Arc<Lossy>, Objects, &Arc<Engine>),
    claims: Option<&Claims>,
    clock: Arc<dyn Clock>,
) -> Node {
    let trust = claims.map(|claims| Arc::clone(&claims.trust)).unwrap_or_default();
    let parts = Parts {
        settings: settings.clone(),
        store: Arc::clone(store),
        catalogs: Arc::new(MemoryCatalogCache::new()),
        transport: Arc::clone(network) as Arc<dyn Transport>,
        egress: Egress::new(settings).unwrap(),
        objects,
        law: Arc::clone(law),
        trust: Arc::new(move || Ok(trust.lock().unwrap().clone())),
        subject_key: Secret::new([7; 32]),
        keys: claims.and_then(|claims| claims.keys.clone()),
        clock,
        entropy: Arc::new(System),
    };
    Node::start(parts).await.unwrap()
}
