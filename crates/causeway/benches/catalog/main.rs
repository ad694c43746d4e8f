//! What a catalog of many datasets costs the node that offers them: publishing in bulk, and what a
//! peer asks for, over HTTP with its token. One real node of the release build, on loopback, with
//! SQLite and `synchronous=FULL`. Requests come one after the other: these are times, no rates.
//!
//! `cargo xtask bench catalog [-- --json] [-- --sizes 1000,100000] [-- --requests 1000]`

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on has failed")]
#![expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]

mod rows;
#[path = "../shared/mod.rs"]
mod shared;
#[path = "../../tests/support/mod.rs"]
mod support;

use std::ops::Range;
use std::path::Path;
use std::time::{Duration, Instant};

use http::{HeaderMap, StatusCode, header};
use serde_json::{Map, Value, json};
use shared::{ByHand, Report, ms, percentile};
use support::{Node, Setup, participant_id};

/// Rows of one manifest.
const MANIFEST_ROWS: u64 = 100_000;
/// The page that is read deep in the catalog, or the last one if there are fewer.
const DEEP_PAGE: usize = 500;
const READER: &str = "reader";

struct Options {
    is_json: bool,
    sizes: Vec<u64>,
    requests: u64,
}

impl Options {
    fn read() -> Self {
        let mut options =
            Self { is_json: false, sizes: vec![1_000, 100_000, 1_000_000], requests: 1_000 };
        let mut words = std::env::args().skip(1);
        while let Some(word) = words.next() {
            let mut value = || words.next().unwrap_or_default();
            match word.as_str() {
                "--json" => options.is_json = true,
                "--sizes" => options.sizes = value().split(',').map(number).collect(),
                "--requests" => options.requests = number(&value()),
                // Cargo says it to every benchmark.
                "--bench" => {}
                other => panic!("found {other}, expected --json, --sizes or --requests"),
            }
        }
        assert!(options.sizes.is_sorted() && options.requests > 0, "sizes grow, requests happen");
        options
    }
}

fn number(text: &str) -> u64 {
    text.parse().unwrap_or_else(|_| panic!("found {text:?}, expected a number"))
}

#[tokio::main]
async fn main() {
    let options = Options::read();
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let [one, two] = support::free_ports();
    let setup = Setup {
        short: "provider",
        port: one,
        peers: vec![(READER, two)],
        more: "[log]\nlevel = \"warn\"".to_owned(),
    };
    let mut provider = Node::make(directory, &setup);
    provider.start().await;
    let hand = ByHand::start(directory, READER, one, two).await;
    let reader = Reader::new(&hand, one);
    std::fs::write(directory.join(rows::FILE), "station,month,value\nK-1,2026-01,3.5\n").unwrap();

    let mut report = Report::new(options.is_json);
    let mut figures: Vec<Map<String, Value>> = Vec::new();
    let mut published = 0;
    for size in &options.sizes {
        report.say(&format!("{size} datasets"));
        let mut found = Map::new();
        publish(&mut found, &report, &provider, directory, published..*size);
        published = *size;
        measure(&mut found, &report, &options, &provider, &reader, *size).await;
        report.keep(&size.to_string(), Value::Object(found.clone()));
        figures.push(found);
    }
    if let [first, .., last] = figures.as_slice() {
        let ends = [options.sizes[0], published];
        report.say(&format!("from {} to {} datasets", ends[0], ends[1]));
        let growth = growth(first, last);
        growth.iter().for_each(|(name, ratio)| report.say(&format!("  {name:<44} x {ratio}")));
        report.keep("growth", Value::Object(growth));
    }
    assert!(provider.terminate().success());
    report.finish();
}

/// Publishes rows with the shipped command.
fn publish(
    found: &mut Map<String, Value>,
    report: &Report,
    provider: &Node,
    directory: &Path,
    rows: Range<u64>,
) {
    let path = directory.join("manifest.jsonl");
    let (mut start, mut times) = (rows.start, Vec::new());
    while start < rows.end {
        let part = start..rows.end.min(start + MANIFEST_ROWS);
        let count = part.end - part.start;
        start = part.end;
        rows::write(&path, part, &participant_id(READER)).unwrap();
        let mut command = provider.command();
        let began = Instant::now();
        let output = command.args(["--json", "offer", "publish", "--from"]).arg(&path).output();
        let (output, time) = (output.unwrap(), began.elapsed());
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{told}");
        let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(summary["published"], json!(count), "{told}");
        times.push((count, time));
    }
    let (Some((count, last)), total) = (times.last(), times.iter().map(|(_, time)| *time).sum())
    else {
        return;
    };
    let rate = |count: u64, time: Duration| (count as f64 / time.as_secs_f64()).round() as u64;
    let seconds = |time: Duration| (time.as_secs_f64() * 100.0).round() / 100.0;
    let all = rows.end - rows.start;
    let facts = [
        ("published", json!(all)),
        ("publish_seconds", json!(seconds(total))),
        ("published_per_second", json!(rate(all, total))),
        ("last_manifest_rows", json!(count)),
        ("last_manifest_seconds", json!(seconds(*last))),
        ("last_manifest_per_second", json!(rate(*count, *last))),
    ];
    for (name, value) in facts {
        report.say(&format!("  {name:<30} {value}"));
        found.insert(name.to_owned(), value);
    }
}

/// A peer that reads the catalog.
struct Reader<'a> {
    hand: &'a ByHand,
    client: reqwest::Client,
    base: String,
}

/// What is asked for.
enum Ask {
    /// A page: its query, a filter, and whether it may come compressed.
    Page { query: String, filter: Option<Value>, is_compressed: bool },
    /// A dataset by its id.
    Dataset(String),
}

impl Ask {
    fn page(query: &str) -> Self {
        Self::Page { query: query.to_owned(), filter: None, is_compressed: false }
    }

    fn search(text: String) -> Self {
        let filter = Some(json!({ "text": text }));
        Self::Page { query: String::new(), filter, is_compressed: false }
    }
}

impl<'a> Reader<'a> {
    fn new(hand: &'a ByHand, port: u16) -> Self {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { hand, client, base: format!("http://127.0.0.1:{port}/dsp/2025-1/catalog") }
    }

    /// The answer, and the time from the request to its last byte.
    async fn ask(&self, ask: &Ask) -> (Duration, HeaderMap, Vec<u8>) {
        let mut request = match ask {
            Ask::Dataset(id) => self.client.get(format!("{}/datasets/{id}", self.base)),
            Ask::Page { query, filter, is_compressed } => {
                let mut message = json!({
                    "@context": ["https://w3id.org/dspace/2025/1/context.jsonld"],
                    "@type": "CatalogRequestMessage",
                });
                if let Some(filter) = filter {
                    message["filter"] = filter.clone();
                }
                let request = self.client.post(format!("{}/request{query}", self.base));
                let request = request.header(header::CONTENT_TYPE, "application/json");
                let coding = if *is_compressed { "gzip" } else { "identity" };
                request.header(header::ACCEPT_ENCODING, coding).body(message.to_string())
            }
        };
        request = request.header(header::AUTHORIZATION, self.hand.authorization());
        let began = Instant::now();
        let answer = request.send().await.unwrap();
        let (status, headers) = (answer.status(), answer.headers().clone());
        let body = answer.bytes().await.unwrap();
        let time = began.elapsed();
        assert_eq!(status, StatusCode::OK, "{}", String::from_utf8_lossy(&body));
        (time, headers, body.to_vec())
    }

    /// Pages forward to the deep page; its query and its number.
    async fn deep_page(&self) -> (String, usize) {
        let (mut query, mut number) = (String::new(), 1);
        while number < DEEP_PAGE {
            let (_, headers, _) = self.ask(&Ask::page(&query)).await;
            let links = headers.get(header::LINK).map(|links| links.to_str().unwrap());
            let next = links.and_then(|links| links.split(", ").find(|l| l.ends_with("\"next\"")));
            let Some((link, _)) = next.and_then(|next| next.split_once('>')) else { break };
            query = link[link.find('?').unwrap()..].to_owned();
            number += 1;
        }
        (query, number)
    }
}

/// What a catalog of this size costs to read.
async fn measure(
    found: &mut Map<String, Value>,
    report: &Report,
    options: &Options,
    provider: &Node,
    reader: &Reader<'_>,
    size: u64,
) {
    let data = provider.directory.join("data");
    tell(found, report, "disk_bytes", json!(bytes_below(&data)));
    tell(found, report, "memory_peak_publishing_bytes", json!(provider.memory("VmHWM")));
    reset_peak(provider.pid());
    tell(found, report, "memory_before_bytes", json!(provider.memory("VmRSS")));
    let (deep, number) = reader.deep_page().await;
    tell(found, report, "deep_page_number", json!(number));
    let compressed = |query| Ask::Page { query, filter: None, is_compressed: true };
    // Datasets that the reader may see, all over the catalog.
    let visible = |n: u64| {
        let drawn = rows::mixed(n) % size;
        if drawn % 50 == 1 { drawn - 1 } else { drawn }
    };
    let themed = |n: u64| Ask::Page {
        query: String::new(),
        filter: Some(json!({ "theme": format!("https://themes.example/{}", n % 10),
            "licence": "CC0-1.0", "text": rows::words(n) })),
        is_compressed: false,
    };
    let kinds: [(&str, &dyn Fn(u64) -> Ask); 7] = [
        ("first_page", &|_| Ask::page("")),
        ("first_page_compressed", &|_| compressed(String::new())),
        ("deep_page", &|_| Ask::page(&deep)),
        ("search_words", &|n| Ask::search(rows::words(visible(n)))),
        ("search_words_and_facets", &|n| themed(visible(n))),
        ("search_without_hits", &|_| Ask::search(rows::never_together())),
        ("dataset_by_id", &|n| Ask::Dataset(rows::id(visible(n)))),
    ];
    for (name, ask) in kinds {
        let (mut times, mut bytes) = (Vec::new(), 0);
        for n in 0..options.requests {
            let (time, _, body) = reader.ask(&ask(n)).await;
            times.push(time);
            bytes += body.len();
        }
        times.sort();
        let [p50, p99] = [50, 99].map(|percent| ms(percentile(&times, percent)));
        let mean = bytes as u64 / options.requests;
        report.say(&format!("  {name:<30} p50 {p50:>7} ms   p99 {p99:>7} ms   {mean:>8} bytes"));
        found.insert(format!("{name}_p50_ms"), json!(p50));
        found.insert(format!("{name}_p99_ms"), json!(p99));
        found.insert(format!("{name}_mean_bytes"), json!(mean));
    }
    tell(found, report, "memory_after_bytes", json!(provider.memory("VmRSS")));
    tell(found, report, "memory_peak_reading_bytes", json!(provider.memory("VmHWM")));
}

fn tell(found: &mut Map<String, Value>, report: &Report, name: &str, value: Value) {
    report.say(&format!("  {name:<30} {value}"));
    found.insert(name.to_owned(), value);
}

/// From here on the peak counts anew (proc(5), `clear_refs`).
fn reset_peak(pid: u32) {
    std::fs::write(format!("/proc/{pid}/clear_refs"), "5").unwrap();
}

fn bytes_below(directory: &Path) -> u64 {
    let entries = std::fs::read_dir(directory).unwrap().map(Result::unwrap);
    let bytes = entries.map(|entry| match entry.file_type().unwrap().is_dir() {
        true => bytes_below(&entry.path()),
        false => entry.metadata().map_or(0, |metadata| metadata.len()),
    });
    bytes.sum()
}

/// How often the last figure holds the first, for times, memory and the disk.
fn growth(first: &Map<String, Value>, last: &Map<String, Value>) -> Map<String, Value> {
    let is_cost = |name: &str| {
        name.ends_with("_ms") || name.starts_with("memory_") || name.starts_with("disk_")
    };
    let ratio = |(name, last): (&String, &Value)| {
        let first = first.get(name)?.as_f64().filter(|first| *first > 0.0)?;
        let ratio = (last.as_f64()? / first * 100.0).round() / 100.0;
        is_cost(name).then(|| (name.clone(), json!(ratio)))
    };
    last.iter().filter_map(ratio).collect()
}
