//! `causeway offer publish --from`: publishing many files. A file is read once to know its digests,
//! and sent only if the node does not have it; a dataset that is offered already is passed over by
//! the node. What this costs depends on the manifest and not on how much the node offers.
//! Interrupted at any point, the same command goes on where it was.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use causeway_types::limits::{OFFERS_BATCH_BYTES_MAX, OFFERS_BATCH_MAX, SLICE_BYTES};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{data, upload};
use crate::cli::Context;
use crate::client::Client;
use crate::exit::{Doing as _, Exit, Failure, Outcome};
use crate::manifest::{self, Entry, Row};
use crate::progress::Progress;
use crate::values::{items, text};

/// What became of a bulk publication.
#[derive(Default)]
struct Summary {
    published: u64,
    unchanged: u64,
    refused: Vec<(String, String)>,
}

/// Publishes what a directory or manifest lists.
pub(super) async fn run(context: &Context, from: &Path, language: &str) -> Outcome {
    let rows = manifest::read(from, language)?;
    let client = context.client()?;
    let node = client.get("/node").await?;
    let mut bulk = Bulk {
        context,
        client: &client,
        participant: text(&node, "participant_id").to_owned(),
        files: HashMap::new(),
        counted: HashSet::new(),
        undeclared: 0,
        waiting: Vec::new(),
        waiting_bytes: 0,
        summary: Summary::default(),
        progress: Progress::of_rows(&context.output, "publishing", rows.len() as u64),
    };
    for row in rows {
        bulk.add(row).await?;
    }
    bulk.send().await?;
    bulk.progress.finish();
    if bulk.undeclared > 0 {
        data::warn_undeclared(context, Some(bulk.undeclared));
    }
    let Summary { published, unchanged, refused } = bulk.summary;
    if context.output.is_json() {
        let refused: Vec<Value> = refused
            .iter()
            .map(|(place, detail)| json!({ "place": place, "detail": detail }))
            .collect();
        let document =
            json!({ "published": published, "unchanged": unchanged, "refused": refused });
        context.output.document(&document)?;
    }
    let count = refused.len();
    let told = format!("{published} published, {unchanged} unchanged, {count} refused");
    context.output.say(&told);
    match count {
        0 => Ok(()),
        _ => Err(Failure::new(Exit::Failure, format!("{count} rows were not published"))
            .hint("correct them and run the command again; what is published stays as it is")),
    }
}

struct Bulk<'a> {
    context: &'a Context,
    client: &'a Client,
    participant: String,
    /// Contents of files that were read already.
    files: HashMap<PathBuf, Value>,
    /// Files whose persons were counted, with the column.
    counted: HashSet<(PathBuf, String)>,
    /// Rows that declare no data.
    undeclared: u64,
    /// Places and offers of the next request.
    waiting: Vec<(String, Value)>,
    waiting_bytes: usize,
    summary: Summary,
    progress: Progress,
}

impl Bulk<'_> {
    /// Takes a row in. A row that is wrong is told and passed over; the node failing is an end.
    async fn add(&mut self, row: Row) -> Outcome {
        let Row { place, says } = row;
        let entry = match says {
            Ok(entry) => entry,
            Err(reason) => {
                self.refuse(place, reason);
                return Ok(());
            }
        };
        let dataset_id = match entry.offer.get("dataset_id").and_then(Value::as_str) {
            Some(id) => id.to_owned(),
            None => dataset_id(&self.participant, &entry.name),
        };
        let content = match self.content(&entry).await? {
            Ok(content) => content,
            Err(reason) => {
                self.refuse(place, reason);
                return Ok(());
            }
        };
        if let Err(reason) = self.count(&entry, &content).await? {
            self.refuse(place, reason);
            return Ok(());
        }
        self.undeclared += u64::from(!entry.offer.contains_key("data"));
        self.queue(place, entry, dataset_id, content).await
    }

    /// Completes an offer and puts it into the next request.
    async fn queue(
        &mut self,
        place: String,
        entry: Entry,
        dataset_id: String,
        content: Value,
    ) -> Outcome {
        let mut offer = entry.offer;
        let file_name = entry.path.file_name().map(|name| name.to_string_lossy().into_owned());
        let mut fill = |name: &str, value: Value| {
            offer.entry(name).or_insert(value);
        };
        fill("media_type", super::media_type(&entry.path).into());
        fill("file_name", file_name.into());
        fill("dataset_id", dataset_id.into());
        fill("content", content);
        let offer = Value::Object(offer);
        let bytes = offer.to_string().len();
        if bytes > OFFERS_BATCH_BYTES_MAX {
            // Alone in its request it would still be too large, and keep the others from theirs.
            let expected = format!("expected at most {OFFERS_BATCH_BYTES_MAX}");
            self.refuse(place, format!("found a row of {bytes} bytes, {expected}"));
            return Ok(());
        }
        let is_full = self.waiting.len() == OFFERS_BATCH_MAX
            || self.waiting_bytes + bytes > OFFERS_BATCH_BYTES_MAX;
        if is_full {
            self.send().await?;
        }
        self.waiting_bytes += bytes;
        self.waiting.push((place, offer));
        Ok(())
    }

    /// The content of a file, which the node has afterwards; or why the file cannot be read.
    async fn content(&mut self, entry: &Entry) -> Outcome<Result<Value, String>> {
        if let Some(content) = self.files.get(&entry.path) {
            return Ok(Ok(content.clone()));
        }
        let path = entry.path.clone();
        let content = tokio::task::spawn_blocking(move || content_of(&path)).await;
        let content = match content.doing("read a file")? {
            Ok(content) => content,
            Err(error) => return Ok(Err(format!("read {}: {error}", entry.path.display()))),
        };
        let object = format!("/objects/{}", text(&content, "blake3"));
        let content = match self.client.send(self.client.request(Method::HEAD, &object)).await {
            Ok(_) => content,
            Err(failure) if failure.exit() == Exit::NotFound => {
                upload(self.client, &entry.path, |_| {}).await?
            }
            Err(failure) => return Err(failure),
        };
        self.files.insert(entry.path.clone(), content.clone());
        Ok(Ok(content))
    }

    /// Has the persons of a file counted, where the row names their column; or why they cannot be.
    async fn count(&mut self, entry: &Entry, content: &Value) -> Outcome<Result<(), String>> {
        let Some(column) = &entry.persons_column else { return Ok(Ok(())) };
        let key = (entry.path.clone(), column.clone());
        if self.counted.contains(&key) {
            return Ok(Ok(()));
        }
        match data::count(self.client, content, column).await {
            Ok(_) => drop(self.counted.insert(key)),
            Err(failure) if matches!(failure.exit(), Exit::Usage | Exit::Failure) => {
                return Ok(Err(format!("count persons: {}", failure.detail())));
            }
            Err(failure) => return Err(failure),
        }
        Ok(Ok(()))
    }

    /// Sends what waits, as one commit of the node.
    async fn send(&mut self) -> Outcome {
        if self.waiting.is_empty() {
            return Ok(());
        }
        self.waiting_bytes = 0;
        let (places, offers): (Vec<String>, Vec<Value>) = self.waiting.drain(..).unzip();
        let count = places.len() as u64;
        let answer = self.client.post("/offers/batch", &json!({ "offers": offers })).await?;
        for (place, outcome) in places.into_iter().zip(items(&answer)) {
            match text(outcome, "outcome") {
                "published" => self.summary.published += 1,
                "unchanged" => self.summary.unchanged += 1,
                _ => self.told(place, text(outcome, "detail").to_owned()),
            }
        }
        self.progress.add(count);
        Ok(())
    }

    fn refuse(&mut self, place: String, reason: String) {
        self.progress.add(1);
        self.told(place, reason);
    }

    fn told(&mut self, place: String, reason: String) {
        self.progress.say(&self.context.output, &format!("{place}: {reason}"));
        self.summary.refused.push((place, reason));
    }
}

/// The identity of a file's bytes, as the node gives it.
fn content_of(path: &Path) -> std::io::Result<Value> {
    use std::io::Read as _;
    let mut file = std::fs::File::open(path)?;
    if !file.metadata()?.is_file() {
        return Err(std::io::Error::other("found something else, expected a file"));
    }
    let (mut sha256, mut blake3) = (Sha256::new(), blake3::Hasher::new());
    let (mut bytes, mut slice) = (0, vec![0; SLICE_BYTES]);
    loop {
        let count = file.read(&mut slice)?;
        if count == 0 {
            break;
        }
        bytes += count as u64;
        sha256.update(&slice[..count]);
        blake3.update(&slice[..count]);
    }
    let blake3 = blake3.finalize().to_string();
    Ok(json!({ "bytes": bytes, "sha256": hexadecimal(&sha256.finalize()), "blake3": blake3 }))
}

/// The same node gives the same file the same id on every run (a UUID of version 8, RFC 9562).
fn dataset_id(participant: &str, name: &str) -> String {
    let digest = Sha256::digest(format!("causeway dataset\n{participant}\n{name}"));
    let mut bytes: Vec<u8> = digest[..16].to_vec();
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let digits = hexadecimal(&bytes);
    let parts = [0..8, 8..12, 12..16, 16..20, 20..32].map(|part| &digits[part]);
    format!("urn:uuid:{}", parts.join("-"))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_file_of_the_same_node_has_the_same_id() {
        let id = dataset_id("did:web:a.example", "rain.csv");
        assert_eq!(id, dataset_id("did:web:a.example", "rain.csv"));
        assert_ne!(id, dataset_id("did:web:b.example", "rain.csv"));
        assert_ne!(id, dataset_id("did:web:a.example", "snow.csv"));
        assert_eq!(id.len(), "urn:uuid:".len() + 36);
        assert_eq!(&id[23..24], "8");
    }
}
