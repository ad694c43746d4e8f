//! What it costs to know who is asking: the same negotiations between two real nodes of the release
//! build, on loopback, with SQLite and `synchronous=FULL`, once for each way of knowing peers. The
//! ways take turns, so that whatever else the machine does is done to all of them.
//!
//! `cargo xtask bench identity [-- --json] [-- --quick]`

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on has failed")]
#![expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]

mod shared;
#[path = "../tests/support/mod.rs"]
mod support;

use std::collections::HashSet;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};
use shared::load::Load;
use shared::{Report, ms, percentile};
use support::{Node, Setup};

/// Negotiations under way at the same time.
const WIDTH: usize = 16;
/// Negotiations before anything is measured.
const WARM: usize = 20;
/// Ticks of `/proc/PID/stat` in a second, on every Linux.
const TICKS: f64 = 100.0;

/// A way of knowing peers: its name here, the section `identity`, and a line for the peer.
struct Mode {
    name: &'static str,
    identity: &'static str,
    peer: &'static str,
}

const MODES: [Mode; 4] = [
    // The ratios are to this one, which proves nothing.
    Mode {
        name: "static-token",
        identity: "mode = \"static-token\"\nallow_insecure = true",
        peer: "static_token = \"Bearer of the benchmark\"",
    },
    Mode {
        name: "shared-secret",
        identity: "mode = \"shared-secret\"",
        peer: "secret = \"a secret of the benchmark, longer than 32 bytes\"",
    },
    Mode { name: "dcp", identity: "mode = \"dcp\"\npresentation_seconds = 300", peer: "" },
    Mode {
        name: "dcp, asked each time",
        identity: "mode = \"dcp\"\npresentation_seconds = 0",
        peer: "",
    },
];

/// Two nodes that know each other in one way.
struct Pair {
    provider: Node,
    consumer: Node,
    offer: Value,
}

/// What was measured of one way; an element for each round, or for each negotiation.
#[derive(Default)]
struct Figures {
    rates: Vec<f64>,
    times: Vec<Duration>,
    times_at_once: Vec<Duration>,
    processor_seconds: f64,
}

#[tokio::main]
async fn main() {
    let arguments: HashSet<String> = std::env::args().collect();
    let rounds = if arguments.contains("--quick") { 1 } else { 5 };
    let (one_by_one, at_once) = (40, 400);
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let mut report = Report::new(arguments.contains("--json"));
    report.tell("load_average_before", json!(load_average()));
    let (registry, mut pairs) = start(directory).await;

    let mut figures: [Figures; 4] = std::array::from_fn(|_| Figures::default());
    for pair in &pairs {
        pair.load().at_once(WARM, WIDTH).await;
    }
    for round in 0..rounds {
        for turn in 0..MODES.len() {
            // Each is the first of a round as often as the others.
            let mode = (round + turn) % MODES.len();
            let (pair, figures) = (&pairs[mode], &mut figures[mode]);
            figures.times.extend(pair.load().one_by_one(one_by_one).await);
            let used = || pair.processor_seconds() + processor_seconds(&registry);
            let before = used();
            let (took, times) = pair.load().at_once(at_once, WIDTH).await;
            figures.processor_seconds += used() - before;
            figures.rates.push(at_once as f64 / took.as_secs_f64());
            figures.times_at_once.extend(times);
        }
    }
    report.tell("load_average_after", json!(load_average()));
    tell(&mut report, figures, rounds * at_once);
    for pair in &mut pairs {
        assert!(pair.consumer.terminate().success());
        assert!(pair.provider.terminate().success());
    }
    report.finish();
}

fn tell(report: &mut Report, figures: [Figures; 4], negotiations: usize) {
    report.say(&format!(
        "{:<22}{:>7}{:>7}{:>9}{:>9}{:>7}{:>9}{:>9}{:>8}{:>7}",
        "", "per s", "ratio", "p50 ms", "p99 ms", "ratio", "16: p50", "p99 ms", "cpu ms", "ratio"
    ));
    let mut first: Option<(Vec<f64>, f64, f64)> = None;
    for (mode, mut figures) in MODES.iter().zip(figures) {
        figures.times.sort();
        figures.times_at_once.sort();
        let at = |percent| ms(percentile(&figures.times, percent));
        let many = |percent| ms(percentile(&figures.times_at_once, percent));
        let processor = figures.processor_seconds * 1_000.0 / negotiations as f64;
        let (rates, one, of_first) =
            first.get_or_insert_with(|| (figures.rates.clone(), at(50), processor));
        // Rounds are compared with rounds, since the machine is not equally busy in all of them.
        let slower = figures.rates.iter().zip(rates).map(|(rate, other)| rate / *other).collect();
        let found = json!({
            "negotiations_per_second": median(figures.rates.clone()).round(),
            "rate_to_static_token": hundredths(median(slower)),
            "p50_ms": at(50),
            "p99_ms": at(99),
            "p50_to_static_token": hundredths(at(50) / *one),
            "p50_ms_16_at_once": many(50),
            "p99_ms_16_at_once": many(99),
            "processor_ms": hundredths(processor),
            "processor_to_static_token": hundredths(processor / *of_first),
        });
        let cell = |name: &str, width: usize| format!("{:>width$}", found[name].to_string());
        report.say(&format!(
            "{:<22}{}{}{}{}{}{}{}{}{}",
            mode.name,
            cell("negotiations_per_second", 7),
            cell("rate_to_static_token", 7),
            cell("p50_ms", 9),
            cell("p99_ms", 9),
            cell("p50_to_static_token", 7),
            cell("p50_ms_16_at_once", 9),
            cell("p99_ms_16_at_once", 9),
            cell("processor_ms", 8),
            cell("processor_to_static_token", 7),
        ));
        report.keep(mode.name, found);
    }
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}

fn hundredths(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}

/// How many processes wanted to run lately: over one, five and fifteen minutes.
fn load_average() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap();
    text.split(' ').take(3).collect::<Vec<_>>().join(" ")
}

/// What a node has used of the processor since it was started.
fn processor_seconds(node: &Node) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", node.pid())).unwrap();
    let (_, numbers) = stat.rsplit_once(") ").unwrap();
    // Of the process itself: fields 14 and 15, and the first two are cut off.
    let used = numbers.split(' ').skip(11).take(2).map(|ticks| ticks.parse::<f64>().unwrap());
    used.sum::<f64>() / TICKS
}

impl Pair {
    fn load(&self) -> Load<'_> {
        Load { provider: &self.provider, consumer: &self.consumer, offer: &self.offer }
    }

    fn processor_seconds(&self) -> f64 {
        processor_seconds(&self.provider) + processor_seconds(&self.consumer)
    }
}

/// All nodes, with an offer at each provider, and with credentials where they are asked for.
async fn start(directory: &Path) -> (Node, Vec<Pair>) {
    let [port] = support::free_ports();
    let mut registry = node(directory, "registry", port, "mode = \"dcp\"", "");
    let mut made = Vec::new();
    for mode in &MODES {
        let place = directory.join(mode.name);
        let [one, two] = support::free_ports();
        let of = |name, port| peer(name, port, mode.peer);
        let provider = node(&place, "provider", one, mode.identity, &of("consumer", two));
        let consumer = node(&place, "consumer", two, mode.identity, &of("provider", one));
        made.push([(provider, one), (consumer, two)]);
    }
    let nodes = made.iter().flatten().map(|(node, _)| node).chain([&registry]);
    trust(directory, &did(port), nodes);
    registry.start().await;
    define(&registry).await;
    let mut pairs = Vec::new();
    for (mode, [mut provider, mut consumer]) in MODES.iter().zip(made) {
        for (node, port) in [&mut provider, &mut consumer] {
            node.start().await;
            if mode.identity.contains("dcp") {
                enrol(&registry, node, *port).await;
            }
        }
        let ((provider, _), (consumer, _)) = (provider, consumer);
        let offer = provider.publish(vec![1_u8; 1_000]).await;
        let offer = consumer.offer_of("provider", &offer["dataset_id"]).await;
        pairs.push(Pair { provider, consumer, offer });
    }
    (registry, pairs)
}

fn did(port: u16) -> String {
    format!("did:web:localhost%3A{port}")
}

fn peer(name: &str, port: u16, more: &str) -> String {
    format!(
        "[[peers]]\nname = \"{name}\"\nparticipant_id = \"{}\"\njurisdiction = \"KE\"\n\
         address = \"http://localhost:{port}\"\n{more}\n",
        did(port)
    )
}

/// A node that is not started, configured like all others but for the way it knows peers.
fn node(place: &Path, short: &'static str, port: u16, identity: &str, peers: &str) -> Node {
    let setup = Setup { short, port, peers: Vec::new(), more: String::new() };
    let node = Node::make(place, &setup);
    let config = format!(
        "[node]\nparticipant_id = \"{}\"\ndata_dir = \"data\"\njurisdiction = \"KE\"\n\
         address = \"http://localhost:{port}\"\n[protocol]\nlisten = \"127.0.0.1:{port}\"\n\
         [management]\nlisten = \"off\"\n[egress]\ninsecure_allow_loopback = true\n\
         [log]\nlevel = \"warn\"\n[identity]\n{identity}\n{peers}",
        did(port)
    );
    std::fs::write(node.directory.join("causeway.toml"), config).unwrap();
    node
}

/// Says whom all believe, in a file that is signed and installed by the commands people use.
fn trust<'n>(directory: &Path, registry: &str, nodes: impl Iterator<Item = &'n Node>) {
    let at = |name: &str| directory.join(name).to_str().unwrap().to_owned();
    let (file, key, public) = (at("trust.toml"), at("maintainer.key"), at("maintainer.key.pub"));
    run(&["trust", "key", &key]);
    let line = std::fs::read_to_string(&public).unwrap();
    let content = format!(
        "[trust]\ndataspace = \"benchmark\"\ntitle = \"Benchmark\"\nsequence = 1\n\
         valid_from = \"2026-01-01\"\nvalid_until = \"2036-01-01\"\nthreshold = 1\n\
         suites = [\"ES256\", \"EdDSA\"]\n[[maintainer]]\nname = \"Benchmark\"\nkey = \"{}\"\n\
         [[issuer]]\ndid = \"{registry}\"\nname = \"Registry\"\njurisdictions = [\"KE\"]\n\
         types = [\"MembershipCredential\", \"LegalParticipantCredential\"]\n",
        line.trim()
    );
    std::fs::write(&file, content).unwrap();
    run(&["trust", "sign", &file, "--key", &key]);
    for node in nodes {
        let data = node.directory.join("data");
        std::fs::DirBuilder::new().mode(0o700).create(&data).unwrap();
        run(&["trust", "install", &file, "--key", &public, "--dir", data.to_str().unwrap()]);
    }
}

fn run(arguments: &[&str]) {
    let ran = Command::new(env!("CARGO_BIN_EXE_causeway")).args(arguments).output().unwrap();
    let told = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{arguments:?}: {told}");
}

/// The registry can issue what the nodes ask each other for.
async fn define(registry: &Node) {
    for (id, kind, claims) in [
        ("membership", "MembershipCredential", json!({ "dataspace": "benchmark" })),
        ("legal-participant", "LegalParticipantCredential", json!({})),
    ] {
        let profile = "vc20-bssl/jwt";
        let definition =
            json!({ "id": id, "credential_type": kind, "profile": profile, "claims": claims });
        let defined = registry.post("/issuer/definitions", &definition).await;
        assert_eq!(defined["id"], id, "{defined}");
    }
}

/// The registry issues to a node, which receives it.
async fn enrol(registry: &Node, node: &Node, port: u16) {
    let mut events = node.events("credential.received").await;
    let legal = json!({
        "legalName": node.short, "registrationNumber": port.to_string(), "jurisdiction": "KE",
    });
    for (definition, claims) in [("membership", json!({})), ("legal-participant", legal)] {
        let issue = json!({ "holder": did(port), "definitions": [definition], "claims": claims });
        let issued = registry.post("/issuer/credentials", &issue).await;
        let received = tokio::time::timeout(support::PATIENCE, events.next()).await;
        assert!(received.is_ok(), "{definition} was not received: {issued}\n{}", registry.told());
    }
}
