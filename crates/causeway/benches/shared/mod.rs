//! What the benchmarks of whole nodes share: their figures, and a participant that is the benchmark
//! itself, and a load of negotiations.

#![expect(dead_code, reason = "each benchmark needs another part of it")]

pub(crate) mod load;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use causeway_dsp::Question;
use causeway_node::clock::{Clock as _, System};
use causeway_node::{
    CatalogCopies, Egress, HttpTransport, LawSettings, Network, Parts, Peer, Retry, Secret,
    Settings,
};
use causeway_plane::Objects;
use causeway_store::{MemoryCatalogCache, MemoryStore, Rule};
use causeway_types::{Address, AgreementId, ParticipantId, ProcessId, StatedFacts};
use serde_json::{Map, Value};

use crate::support::{self, participant_id};

/// What was measured: told at once to people, or at the end as one JSON document.
pub(crate) struct Report {
    is_json: bool,
    figures: Map<String, Value>,
}

impl Report {
    pub(crate) fn new(is_json: bool) -> Self {
        Self { is_json, figures: Map::new() }
    }

    /// A figure, and a line for it.
    pub(crate) fn tell(&mut self, name: &str, value: Value) {
        self.say(&format!("{name:<40} {value}"));
        self.keep(name, value);
    }

    /// A line that only people read.
    pub(crate) fn say(&self, line: &str) {
        if !self.is_json {
            println!("{line}");
        }
    }

    /// A figure that only machines read.
    pub(crate) fn keep(&mut self, name: &str, value: Value) {
        self.figures.insert(name.to_owned(), value);
    }

    pub(crate) fn finish(self) {
        if self.is_json {
            println!("{}", Value::Object(self.figures));
        }
    }
}

/// Of times in their order, the one that so many percent do not exceed.
pub(crate) fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    sorted[(sorted.len() - 1) * percent / 100]
}

/// Milliseconds with two decimals.
pub(crate) fn ms(time: Duration) -> f64 {
    (time.as_secs_f64() * 100_000.0).round() / 100.0
}

/// A participant that fetches nothing itself: it says with which token others may, and where.
pub(crate) struct ByHand {
    node: causeway_node::Node,
    provider: ParticipantId,
}

impl ByHand {
    pub(crate) async fn start(
        directory: &Path,
        short: &str,
        provider_port: u16,
        port: u16,
    ) -> Self {
        let received = directory.join(short);
        std::fs::create_dir_all(&received).unwrap();
        let address = |port| Address::parse(&format!("http://127.0.0.1:{port}")).unwrap();
        let provider = ParticipantId::parse(participant_id("provider")).unwrap();
        let settings = Settings {
            participant_id: ParticipantId::parse(participant_id(short)).unwrap(),
            title: short.to_owned(),
            jurisdiction: Some("KE".to_owned()),
            address: address(port),
            objects: directory.join(format!("{short}-objects")),
            received,
            peers: vec![Peer {
                name: "provider".to_owned(),
                participant_id: provider.clone(),
                address: address(provider_port),
                base: None,
                jurisdiction: Some("KE".to_owned()),
                facts: StatedFacts::new(),
                secret: Secret::new(support::secret()),
                callback_hosts: Vec::new(),
            }],
            identity: causeway_node::IdentityMode::SharedSecret,
            dcp: causeway_node::DcpSettings::default(),
            token_client: None,
            rules: vec![(Question::TransferStarted, Rule::Hold)],
            scripts: Vec::new(),
            law: LawSettings::default(),
            retry: Retry {
                attempts_max: 10,
                wait_first: Duration::from_millis(100),
                wait_max: Duration::from_secs(1),
                answer_timeout: Duration::from_secs(10),
            },
            catalog: CatalogCopies { refresh_every: None, peer_datasets_max: 1 },
            token_lifetime: Duration::from_secs(3_600),
            reachable: vec![Network::parse("127.0.0.0/8").unwrap()],
            is_loopback_allowed: false,
            key_overlap_seconds: 0,
            four_eyes: false,
            held: causeway_node::HeldBack::default(),
        };
        let egress = Egress::new(&settings).unwrap();
        let parts = Parts {
            store: Arc::new(MemoryStore::new()),
            catalogs: Arc::new(MemoryCatalogCache::new()),
            transport: Arc::new(HttpTransport::new(egress.clone())),
            egress,
            objects: Objects::open(&settings.objects).unwrap(),
            law: Arc::new(causeway_law::Engine::shipped().unwrap()),
            trust: Arc::new(|| Ok(causeway_dcp::trust::Trust::default())),
            subject_key: Secret::new([0; 32]),
            keys: None,
            clock: Arc::new(System),
            entropy: Arc::new(System),
            settings,
        };
        let node = causeway_node::Node::start(parts).await.unwrap();
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        let router = causeway_api::protocol_router(node.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { node, provider }
    }

    /// The `Authorization` header of a request to the provider's protocol endpoints.
    pub(crate) fn authorization(&self) -> String {
        self.node.directory().authorization(&self.provider, System.now()).unwrap()
    }

    /// Where the dataset is fetched, and with which token.
    pub(crate) async fn address(&self, dataset: &str) -> (String, String) {
        let id = causeway_types::DatasetId::parse(dataset).unwrap();
        let dataset = self.node.peer_dataset(&self.provider, &id).await.unwrap();
        let mut offer = dataset.offers[0].clone();
        offer.target = Some(id);
        let entry = self.node.request_contract(&self.provider, offer, None).await.unwrap();
        let agreement = self.agreement(&entry.negotiation.id).await;
        let entry = self.node.request_transfer(&agreement, None).await.unwrap();
        let mut look = tokio::time::interval(Duration::from_millis(2));
        loop {
            look.tick().await;
            let stored = self.node.store().transfer(&entry.transfer.id).await.unwrap().unwrap();
            if let Some(address) = stored.value.transfer.data_address {
                let token = address.property("authorization").unwrap().to_owned();
                return (address.endpoint.unwrap(), token);
            }
        }
    }

    async fn agreement(&self, negotiation: &ProcessId) -> AgreementId {
        let mut look = tokio::time::interval(Duration::from_millis(2));
        loop {
            look.tick().await;
            let stored = self.node.store().negotiation(negotiation).await.unwrap().unwrap();
            if let Some(agreement) = stored.value.negotiation.concluded() {
                return agreement.id.clone();
            }
        }
    }
}
