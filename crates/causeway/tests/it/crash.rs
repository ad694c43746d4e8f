//! `kill -9` of either node at any moment of an exchange, followed by a restart: the exchange
//! completes, and nothing is lost or done twice.
//!
//! The moments are the lines of the node's debug log: at the n-th line it is killed.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Api, Node, pair};

const BYTES: usize = 3_000_000;
/// Moments at which each of the two nodes is killed.
const MOMENTS: usize = 12;

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_is_killed_at_any_moment_completes_the_exchange_after_its_restart() {
    for victim in ["provider", "consumer"] {
        // A run without a death shows how many moments there are.
        let lines = run(victim, usize::MAX).await;
        assert!(lines > MOMENTS, "only {lines} lines in the log of the {victim}");
        for moment in 0..MOMENTS {
            run(victim, 1 + moment * lines / MOMENTS).await;
        }
    }
}

/// One exchange in which the victim is killed at the given line. Returns the lines it logged.
async fn run(victim: &str, moment: usize) -> usize {
    let directory = tempfile::tempdir().unwrap();
    let (mut provider, mut consumer) = pair(directory.path(), "[log]\nlevel = \"debug\"").await;
    let offer = provider.publish(vec![7_u8; BYTES]).await;
    let node = if victim == "provider" { &mut provider } else { &mut consumer };
    assert!(node.terminate().success());
    let killer = Killer::start(node, moment).await;

    let exchange = tokio::spawn(exchange(consumer.api(), offer["dataset_id"].clone()));
    let node = if victim == "provider" { &mut provider } else { &mut consumer };
    if moment != usize::MAX {
        // The death comes in the middle of the exchange, or after it for the last lines.
        tokio::task::block_in_place(|| killer.died.recv_timeout(Duration::from_secs(20)).ok());
        node.kill();
        node.start().await;
    }
    let transfer = exchange.await.unwrap();
    once(&consumer, &transfer).await;
    let path = format!("/transfers/{}", transfer["provider_pid"].as_str().unwrap());
    provider.until(&path, |t| t["state"] == "COMPLETED").await;
    // The provider may still be waiting for the acknowledgement that the consumer, killed, owes.
    provider.until("/negotiations", |list| list["items"][0]["state"] == "FINALIZED").await;
    once(&provider, &transfer).await;
    let file = transfer["outcome"]["file"].as_str().unwrap();
    let file = std::fs::read(consumer.directory.join("data/received").join(file)).unwrap();
    assert_eq!(file, vec![7_u8; BYTES]);
    killer.lines.load(Ordering::SeqCst)
}

/// What a program that can be interrupted at any time does: it asks again with the same key.
async fn exchange(consumer: Api, dataset: Value) -> Value {
    let asked = json!({ "peer": "provider", "dataset_id": dataset });
    let negotiation = insist(&consumer, "/negotiations", "key-1", &asked).await;
    let path = format!("/negotiations/{}", negotiation["id"].as_str().unwrap());
    let finalized = consumer.until(&path, |n| n["state"] == "FINALIZED").await;
    let asked = json!({ "agreement_id": finalized["agreement_id"] });
    let transfer = insist(&consumer, "/transfers", "key-2", &asked).await;
    let path = format!("/transfers/{}", transfer["id"].as_str().unwrap());
    consumer.until(&path, |t| t["state"] == "COMPLETED").await
}

/// Asks until there is an answer that created something.
async fn insist(node: &Api, path: &str, key: &str, body: &Value) -> Value {
    let mut look = tokio::time::interval(Duration::from_millis(10));
    for _ in 0..6_000 {
        look.tick().await;
        let request = node.request(reqwest::Method::POST, path).header("idempotency-key", key);
        if let Ok(answer) = request.json(body).send().await
            && answer.status() == reqwest::StatusCode::CREATED
            && let Ok(created) = answer.json().await
        {
            return created;
        }
    }
    panic!("{}: {path} is never answered: {}", node.short, node.told());
}

/// One negotiation, one agreement, one transfer; each concluded once.
async fn once(node: &Api, transfer: &Value) {
    for list in ["/negotiations", "/agreements", "/transfers"] {
        let found = node.get(list).await;
        assert_eq!(found["items"].as_array().unwrap().len(), 1, "{}: {found}", node.short);
    }
    let agreement = node.get("/agreements").await["items"][0].clone();
    assert_eq!(agreement["id"], transfer["agreement_id"]);
    let id = agreement["negotiation_id"].as_str().unwrap();
    let history = node.get(&format!("/negotiations/{id}/history?limit=500")).await;
    let events = history["items"].as_array().unwrap();
    let concluded = events.iter().filter(|event| event["kind"] == "agreement.concluded").count();
    assert_eq!(concluded, 1, "{}: {history}", node.short);
}

/// Reads a node's log and kills it at the given line.
struct Killer {
    died: mpsc::Receiver<()>,
    lines: Arc<AtomicUsize>,
}

impl Killer {
    async fn start(node: &mut Node, moment: usize) -> Self {
        let mut log = node.log();
        let child = node.spawn(Stdio::piped());
        let stderr = child.stderr.take().unwrap();
        let pid = rustix::process::Pid::from_child(child);
        let (tell, died) = mpsc::channel();
        let lines = Arc::new(AtomicUsize::new(0));
        let armed = Arc::new(AtomicUsize::new(usize::MAX));
        let (count, trigger) = (Arc::clone(&lines), Arc::clone(&armed));
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                writeln!(log, "{line}").unwrap();
                if count.fetch_add(1, Ordering::SeqCst) == trigger.load(Ordering::SeqCst) {
                    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
                    tell.send(()).ok();
                }
            }
            tell.send(()).ok();
        });
        node.ready().await;
        // The moments are counted from here: starting is no part of the exchange.
        let so_far = lines.swap(0, Ordering::SeqCst);
        assert!(so_far > 0, "a node says when it is ready");
        armed.store(moment, Ordering::SeqCst);
        Self { died, lines }
    }
}
