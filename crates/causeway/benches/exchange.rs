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

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use shared::{ByHand, Report, ms, percentile};
use support::{Node, Setup};
use tokio::task::JoinSet;

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
    sequential(&options, &mut report, &provider, &consumer, &offer).await;
    parallel(&options, &mut report, &provider, &consumer, &offer).await;
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
async fn sequential(
    options: &Options,
    report: &mut Report,
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
    let at = |percent| ms(percentile(&times, percent));
    report.tell("negotiation_p50_ms", json!(at(50)));
    report.tell("negotiation_p99_ms", json!(at(99)));
}

/// Many at the same time: how many are FINALIZED on both sides each second.
async fn parallel(
    options: &Options,
    report: &mut Report,
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
