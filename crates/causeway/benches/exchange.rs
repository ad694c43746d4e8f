//! What an exchange costs: negotiations one after the other and in parallel, a transfer beside
//! curl, and what a node that does nothing holds. Two real nodes of the release build, on loopback,
//! with SQLite and `synchronous=FULL`.
//!
//! `cargo xtask bench exchange [-- --json] [-- --quick]`

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on has failed")]
#![expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]

#[path = "../tests/support/mod.rs"]
mod support;

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use causeway_dsp::Question;
use causeway_node::clock::System;
use causeway_node::{Egress, HttpTransport, Network, Parts, Peer, Retry, Secret, Settings};
use causeway_plane::Objects;
use causeway_store::{MemoryStore, Rule};
use causeway_types::{Address, AgreementId, ParticipantId, ProcessId};
use serde_json::{Value, json};
use support::{Node, Setup, participant_id};
use tokio::task::JoinSet;

const GIB: u64 = 1 << 30;

struct Options {
    json: bool,
    sequential: usize,
    parallel: usize,
    transfer_bytes: u64,
    rounds: usize,
}

#[tokio::main]
async fn main() {
    let arguments: HashSet<String> = std::env::args().collect();
    let is_quick = arguments.contains("--quick");
    let options = Options {
        json: arguments.contains("--json"),
        sequential: if is_quick { 50 } else { 1_000 },
        parallel: if is_quick { 200 } else { 5_000 },
        transfer_bytes: if is_quick { GIB / 64 } else { GIB },
        rounds: if is_quick { 1 } else { 5 },
    };
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let [one, two, three] = support::free_ports();
    let setup = |short, port, peers| Setup {
        short,
        port,
        peers,
        more: "[log]\nlevel = \"warn\"".to_owned(),
    };
    let peers = vec![("consumer", two), ("by-hand", three)];
    let mut provider = Node::make(directory, &setup("provider", one, peers));
    let mut consumer = Node::make(directory, &setup("consumer", two, vec![("provider", one)]));
    let mut report = serde_json::Map::new();

    let binary = std::fs::metadata(env!("CARGO_BIN_EXE_causeway")).unwrap().len();
    let ready = [provider.start().await, consumer.start().await];
    // A node has settled once it has answered somebody.
    consumer.get("/node").await;
    tell(&options, &mut report, "binary_bytes", json!(binary));
    tell(&options, &mut report, "ready_ms", json!(ready.map(ms)));
    let idle = [provider.memory("VmRSS"), consumer.memory("VmRSS")];
    tell(&options, &mut report, "idle_rss_bytes", json!(idle));

    let offer = provider.publish(vec![1_u8; 1_000]).await;
    let offer = consumer.offer_of("provider", &offer["dataset_id"]).await;
    sequential(&options, &mut report, &provider, &consumer, &offer).await;
    parallel(&options, &mut report, &provider, &consumer, &offer).await;
    let busy = [provider.memory("VmRSS"), consumer.memory("VmRSS")];
    tell(&options, &mut report, "rss_after_negotiations_bytes", json!(busy));

    let hand = ByHand::start(directory, one, three).await;
    transfers(&options, &mut report, &provider, &consumer, &hand, directory).await;
    let peak = [provider.memory("VmHWM"), consumer.memory("VmHWM")];
    tell(&options, &mut report, "peak_rss_bytes", json!(peak));
    assert!(provider.terminate().success());
    assert!(consumer.terminate().success());
    if options.json {
        println!("{}", Value::Object(report));
    }
}

/// One after the other: from the request to FINALIZED on both sides.
async fn sequential(
    options: &Options,
    report: &mut serde_json::Map<String, Value>,
    provider: &Node,
    consumer: &Node,
    offer: &Value,
) {
    let mut theirs = provider.events("negotiation.state").await;
    let mut ours = consumer.events("negotiation.state").await;
    let asked = json!({ "peer": "provider", "offer": offer });
    let mut times = Vec::new();
    for _ in 0..options.sequential {
        let began = Instant::now();
        consumer.post("/negotiations", &asked).await;
        for events in [&mut ours, &mut theirs] {
            while events.next().await["subject"] != "FINALIZED" {}
        }
        times.push(began.elapsed());
    }
    times.sort();
    let at = |percent: usize| ms(times[(times.len() - 1) * percent / 100]);
    tell(options, report, "negotiation_p50_ms", json!(at(50)));
    tell(options, report, "negotiation_p99_ms", json!(at(99)));
}

/// Many at the same time: how many are FINALIZED on both sides each second.
async fn parallel(
    options: &Options,
    report: &mut serde_json::Map<String, Value>,
    provider: &Node,
    consumer: &Node,
    offer: &Value,
) {
    const AT_ONCE: usize = 64;
    let mut theirs = provider.events("negotiation.state").await;
    let mut ours = consumer.events("negotiation.state").await;
    let asked = json!({ "peer": "provider", "offer": offer });
    let began = Instant::now();
    let mut requests = JoinSet::new();
    let (mut sent, mut done, mut done_there) = (0, 0, 0);
    let mut begun: HashMap<String, Instant> = HashMap::new();
    let mut times = Vec::new();
    while done < options.parallel || done_there < options.parallel {
        // 64 under way: each that is FINALIZED here makes room for the next request.
        while sent < options.parallel && sent < done + AT_ONCE {
            let request = consumer.request(reqwest::Method::POST, "/negotiations").json(&asked);
            requests.spawn(async move {
                let began = Instant::now();
                let answer: Value = request.send().await.unwrap().json().await.unwrap();
                (answer["id"].as_str().unwrap().to_owned(), began)
            });
            sent += 1;
        }
        tokio::select! {
            Some(request) = requests.join_next() => {
                let (id, began) = request.unwrap();
                begun.insert(id, began);
            }
            event = ours.next() => {
                if event["subject"] == "FINALIZED" {
                    done += 1;
                    let began = event["process"].as_str().and_then(|id| begun.remove(id));
                    times.extend(began.map(|began| began.elapsed()));
                }
            }
            event = theirs.next() => {
                done_there += usize::from(event["subject"] == "FINALIZED");
            }
        }
    }
    let rate = options.parallel as f64 / began.elapsed().as_secs_f64();
    tell(options, report, "negotiations_per_second_64_parallel", json!(rate.round()));
    times.sort();
    if !times.is_empty() {
        let at = |percent: usize| ms(times[(times.len() - 1) * percent / 100]);
        tell(options, report, "negotiation_64_parallel_p50_ms", json!(at(50)));
        tell(options, report, "negotiation_64_parallel_p99_ms", json!(at(99)));
    }
}

/// The same file, from the same node: fetched and verified by the other node, and by curl.
async fn transfers(
    options: &Options,
    report: &mut serde_json::Map<String, Value>,
    provider: &Node,
    consumer: &Node,
    hand: &ByHand,
    directory: &Path,
) {
    let source = directory.join("large");
    write_noise(&source, options.transfer_bytes);
    let file = tokio::fs::File::open(&source).await.unwrap();
    let offer = provider.publish(file).await;
    std::fs::remove_file(&source).unwrap();
    let dataset = &offer["dataset_id"];
    let terms = consumer.offer_of("provider", dataset).await;
    let asked = json!({ "peer": "provider", "offer": terms });
    let negotiation = consumer.post("/negotiations", &asked).await;
    let path = format!("/negotiations/{}", negotiation["id"].as_str().unwrap());
    let negotiation = consumer.until(&path, |n| n["state"] == "FINALIZED").await;
    let (url, token) = hand.address(dataset.as_str().unwrap()).await;

    let (mut ours, mut curls, mut synced) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..options.rounds {
        curls.push(curl(&url, &token, &directory.join("curl"), false));
        synced.push(curl(&url, &token, &directory.join("curl"), true));
        let mut events = consumer.events("transfer.state").await;
        let began = Instant::now();
        let asked = json!({ "agreement_id": negotiation["agreement_id"] });
        let transfer = consumer.post("/transfers", &asked).await;
        while events.next().await["subject"] != "COMPLETED" {}
        ours.push(began.elapsed());
        let path = format!("/transfers/{}", transfer["id"].as_str().unwrap());
        let done = consumer.get(&path).await;
        assert_eq!(done["outcome"]["sha256"], offer["content"]["sha256"]);
        let received = consumer.directory.join("data/received");
        std::fs::remove_file(received.join(done["outcome"]["file"].as_str().unwrap())).unwrap();
    }
    let median = |times: &mut Vec<Duration>| {
        times.sort();
        times[times.len() / 2]
    };
    let (ours, curls, synced) = (median(&mut ours), median(&mut curls), median(&mut synced));
    tell(options, report, "transfer_bytes", json!(options.transfer_bytes));
    tell(options, report, "transfer_ms", json!(ms(ours)));
    tell(options, report, "curl_ms", json!(ms(curls)));
    tell(options, report, "curl_and_fsync_ms", json!(ms(synced)));
    let ratio = |curl: Duration| (curl.as_secs_f64() / ours.as_secs_f64() * 100.0).round() / 100.0;
    tell(options, report, "ratio_to_curl", json!(ratio(curls)));
    tell(options, report, "ratio_to_curl_and_fsync", json!(ratio(synced)));
}

fn curl(url: &str, token: &str, file: &Path, sync: bool) -> Duration {
    std::fs::remove_file(file).ok();
    let began = Instant::now();
    let header = format!("Authorization: Bearer {token}");
    let status = Command::new("curl")
        .args(["--silent", "--show-error", "--fail", "--header", &header, "--output"])
        .arg(file)
        .arg(url)
        .status();
    assert!(status.expect("curl is installed").success());
    if sync {
        std::fs::File::open(file).unwrap().sync_all().unwrap();
    }
    began.elapsed()
}

/// Bytes that do not repeat.
fn write_noise(path: &Path, bytes: u64) {
    use std::io::Write as _;
    let mut file = std::fs::File::create(path).unwrap();
    let mut state = 1_u64;
    let mut slice = vec![0; 1 << 20];
    for _ in 0..bytes >> 20 {
        for word in slice.chunks_exact_mut(8) {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            word.copy_from_slice(&state.to_le_bytes());
        }
        file.write_all(&slice).unwrap();
    }
}

/// A participant that fetches nothing itself: it says where and with which token curl may.
struct ByHand {
    node: causeway_node::Node,
    provider: ParticipantId,
}

impl ByHand {
    async fn start(directory: &Path, provider_port: u16, port: u16) -> Self {
        let received = directory.join("by-hand");
        std::fs::create_dir_all(&received).unwrap();
        let address = |port| Address::parse(&format!("http://127.0.0.1:{port}")).unwrap();
        let provider = ParticipantId::parse(participant_id("provider")).unwrap();
        let settings = Settings {
            participant_id: ParticipantId::parse(participant_id("by-hand")).unwrap(),
            title: "by hand".to_owned(),
            jurisdiction: None,
            address: address(port),
            objects: directory.join("by-hand-objects"),
            received,
            peers: vec![Peer {
                name: "provider".to_owned(),
                participant_id: provider.clone(),
                address: address(provider_port),
                base: None,
                secret: Secret::new(support::secret()),
            }],
            identity: causeway_node::IdentityMode::SharedSecret,
            rules: vec![(Question::TransferStarted, Rule::Hold)],
            scripts: Vec::new(),
            retry: Retry {
                attempts_max: 10,
                wait_first: Duration::from_millis(100),
                wait_max: Duration::from_secs(1),
                answer_timeout: Duration::from_secs(10),
            },
            token_lifetime: Duration::from_secs(3_600),
            reachable: vec![Network::parse("127.0.0.0/8").unwrap()],
        };
        let egress = Egress::new(settings.reachable.clone()).unwrap();
        let parts = Parts {
            store: Arc::new(MemoryStore::new()),
            transport: Arc::new(HttpTransport::new(egress.clone())),
            egress,
            objects: Objects::open(&settings.objects).unwrap(),
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

    /// Where the dataset is fetched, and with which token.
    async fn address(&self, dataset: &str) -> (String, String) {
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

fn ms(time: Duration) -> f64 {
    (time.as_secs_f64() * 100_000.0).round() / 100.0
}

fn tell(options: &Options, report: &mut serde_json::Map<String, Value>, name: &str, value: Value) {
    if !options.json {
        println!("{name:<40} {value}");
    }
    report.insert(name.to_owned(), value);
}
