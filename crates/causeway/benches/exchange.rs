//! What an exchange costs: negotiations one after the other and in parallel, a transfer beside
//! curl, and what a node that does nothing holds. Two real nodes of the release build, on loopback,
//! with SQLite and `synchronous=FULL`.
//!
//! `cargo xtask bench exchange [-- --json] [-- --quick]`

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on has failed")]
#![expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]

mod shared;
#[path = "../tests/support/mod.rs"]
mod support;

use std::collections::HashSet;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::json;
use shared::load::Load;
use shared::{ByHand, Report, ms, percentile};
use support::{Node, Setup};

const GIB: u64 = 1 << 30;

struct Options {
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
    let mut report = Report::new(arguments.contains("--json"));

    let binary = std::fs::metadata(env!("CARGO_BIN_EXE_causeway")).unwrap().len();
    let ready = [provider.start().await, consumer.start().await];
    // A node has settled once it has answered somebody.
    consumer.get("/node").await;
    report.tell("binary_bytes", json!(binary));
    report.tell("ready_ms", json!(ready.map(ms)));
    let idle = [provider.memory("VmRSS"), consumer.memory("VmRSS")];
    report.tell("idle_rss_bytes", json!(idle));

    let offer = provider.publish(vec![1_u8; 1_000]).await;
    let offer = consumer.offer_of("provider", &offer["dataset_id"]).await;
    let load = Load { provider: &provider, consumer: &consumer, offer: &offer };
    sequential(&options, &mut report, load).await;
    parallel(&options, &mut report, load).await;
    let busy = [provider.memory("VmRSS"), consumer.memory("VmRSS")];
    report.tell("rss_after_negotiations_bytes", json!(busy));

    let hand = ByHand::start(directory, "by-hand", one, three).await;
    transfers(&options, &mut report, &provider, &consumer, &hand, directory).await;
    let peak = [provider.memory("VmHWM"), consumer.memory("VmHWM")];
    report.tell("peak_rss_bytes", json!(peak));
    assert!(provider.terminate().success());
    assert!(consumer.terminate().success());
    report.finish();
}

/// One after the other: from the request to FINALIZED on both sides.
async fn sequential(options: &Options, report: &mut Report, load: Load<'_>) {
    let mut times = load.one_by_one(options.sequential).await;
    times.sort();
    let at = |percent| ms(percentile(&times, percent));
    report.tell("negotiation_p50_ms", json!(at(50)));
    report.tell("negotiation_p99_ms", json!(at(99)));
}

/// Many at the same time: how many are FINALIZED on both sides each second.
async fn parallel(options: &Options, report: &mut Report, load: Load<'_>) {
    let (took, mut times) = load.at_once(options.parallel, 64).await;
    let rate = options.parallel as f64 / took.as_secs_f64();
    report.tell("negotiations_per_second_64_parallel", json!(rate.round()));
    times.sort();
    if !times.is_empty() {
        let at = |percent| ms(percentile(&times, percent));
        report.tell("negotiation_64_parallel_p50_ms", json!(at(50)));
        report.tell("negotiation_64_parallel_p99_ms", json!(at(99)));
    }
}

/// The same file, from the same node: fetched and verified by the other node, and by curl.
async fn transfers(
    options: &Options,
    report: &mut Report,
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
    report.tell("transfer_bytes", json!(options.transfer_bytes));
    report.tell("transfer_ms", json!(ms(ours)));
    report.tell("curl_ms", json!(ms(curls)));
    report.tell("curl_and_fsync_ms", json!(ms(synced)));
    let ratio = |curl: Duration| (curl.as_secs_f64() / ours.as_secs_f64() * 100.0).round() / 100.0;
    report.tell("ratio_to_curl", json!(ratio(curls)));
    report.tell("ratio_to_curl_and_fsync", json!(ratio(synced)));
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
