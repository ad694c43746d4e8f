//! `causeway offer`: publish files, list and withdraw offers.

mod bulk;
mod data;

use std::path::{Path, PathBuf};

use causeway_dsp::Question;
use causeway_types::limits::SLICE_BYTES;
use clap::Subcommand;
use futures_util::StreamExt as _;
use http::Method;
use serde_json::{Map, Value, json};

use super::{confirm, json_file, show, show_list};
use crate::cli::{Context, key_value};
use crate::client::{Client, segment};
use crate::config::keys::nearest;
use crate::exit::{Doing as _, Exit, Failure, Outcome};
use crate::manifest;
use crate::progress::Progress;
use crate::values::{number, optional, short, size, text, time, title};

const PATH: &str = "/offers";

/// Publish files, list and withdraw offers.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Publish a file to the peers of this node.
    Publish(Box<Publish>),
    /// List the offers of this node.
    List {
        /// The withdrawn ones instead.
        #[arg(long)]
        withdrawn: bool,
    },
    /// Show one offer.
    Show {
        /// The offer's id, or its beginning.
        id: String,
    },
    /// Say for each peer what the law says of an offer; nothing is recorded.
    Crossings {
        /// The offer's id, or its beginning.
        id: String,
    },
    /// Take an offer out of the catalog; agreements that were concluded stay.
    Withdraw {
        /// The offer's id, or its beginning.
        id: String,
        /// Do not ask.
        #[arg(long)]
        yes: bool,
    },
}

/// What describes one file makes no sense for many.
const ALONE: [&str; 20] = [
    "file",
    "title",
    "title_lang",
    "description",
    "description_lang",
    "theme",
    "keyword",
    "licence",
    "spatial",
    "time",
    "audience",
    "id",
    "dataset_id",
    "media_type",
    "policy",
    "automation",
    "data",
    "fact",
    "persons",
    "persons_column",
];

#[derive(Debug, clap::Args)]
struct Publish {
    /// The file.
    #[arg(required_unless_present = "from")]
    file: Option<PathBuf>,
    /// Publish many instead: a directory, a CSV table, or JSON lines (`.jsonl`).
    #[arg(long, value_name = "PATH", conflicts_with_all = ALONE)]
    from: Option<PathBuf>,
    /// The title shown to people; the file's name if missing.
    #[arg(long)]
    title: Option<String>,
    /// The language of title and description, BCP 47.
    #[arg(long, value_name = "TAG", default_value = "en")]
    lang: String,
    /// The title in one more language; repeatable.
    #[arg(long, value_name = "TAG=TEXT", value_parser = key_value)]
    title_lang: Vec<(String, String)>,
    /// What it is, for people.
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// The description in one more language; repeatable.
    #[arg(long, value_name = "TAG=TEXT", value_parser = key_value)]
    description_lang: Vec<(String, String)>,
    /// A theme, as an IRI or a word of a vocabulary; repeatable.
    #[arg(long, value_name = "THEME")]
    theme: Vec<String>,
    /// A word that people search for; repeatable.
    #[arg(long, value_name = "WORD")]
    keyword: Vec<String>,
    /// The licence, as an IRI or an SPDX name.
    #[arg(long, value_name = "LICENCE")]
    licence: Option<String>,
    /// A place, as an ISO 3166 code or an IRI; repeatable.
    #[arg(long, value_name = "PLACE")]
    spatial: Vec<String>,
    /// The time it is about: two days or RFC 3339 times.
    #[arg(long, value_name = "START/END")]
    time: Option<String>,
    /// A participant that may know of it, and nobody else; repeatable.
    #[arg(long, value_name = "PARTICIPANT")]
    audience: Vec<String>,
    /// The offer's id; a fresh one if missing.
    #[arg(long)]
    id: Option<String>,
    /// The dataset's id; a fresh one if missing.
    #[arg(long, value_name = "ID")]
    dataset_id: Option<String>,
    /// The media type; guessed from the file's name if missing.
    #[arg(long, value_name = "TYPE/SUBTYPE")]
    media_type: Option<String>,
    /// A JSON file with ODRL permissions, prohibitions and obligations; any use if missing.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Who answers a question about this offer: `contract_requested=hold`; repeatable.
    #[arg(long, value_name = "QUESTION=RULE", value_parser = rule)]
    automation: Vec<(String, String)>,
    #[command(flatten)]
    declared: data::Data,
}

/// Runs the subcommand.
pub(crate) async fn run(context: &Context, args: Args) -> Outcome {
    match args.what {
        What::Publish(publish) => publish_file(context, *publish).await,
        What::List { withdrawn } => {
            let list = context.client()?.list(&format!("{PATH}?withdrawn={withdrawn}")).await?;
            show_list(context, &list, &["id", "title", "type", "size", "since", "dataset"], row)
        }
        What::Show { id } => show(context, &context.client()?.find(PATH, &id).await?),
        What::Crossings { id } => {
            let client = context.client()?;
            let offer = client.find(PATH, &id).await?;
            let path = format!("{PATH}/{}/crossings", segment(text(&offer, "id")));
            show_list(context, &client.get(&path).await?, data::HEADER, data::row)
        }
        What::Withdraw { id, yes } => withdraw(context, &id, yes).await,
    }
}

async fn publish_file(context: &Context, publish: Publish) -> Outcome {
    let Some(file) = publish.file.clone() else {
        let from = publish.from.unwrap_or_default();
        return bulk::run(context, &from, &publish.lang).await;
    };
    let column = publish.declared.column().map(str::to_owned);
    let mut offer = described(publish, &file)?;
    let client = context.client()?;
    let bytes = tokio::fs::metadata(&file).await.map_or(0, |metadata| metadata.len());
    let mut progress = Progress::new(&context.output, "publishing", bytes);
    let content = upload(&client, &file, move |bytes| progress.add(bytes)).await?;
    if let Some(column) = &column {
        data::count_and_tell(context, &client, &content, column).await?;
    }
    let is_declared = offer.contains_key("data");
    offer.insert("content".to_owned(), content);
    let offer = client.post(PATH, &Value::Object(offer)).await?;
    context.output.say(&format!(
        "published; take it back with: causeway offer withdraw {}",
        short(text(&offer, "id"))
    ));
    if !is_declared {
        data::warn_undeclared(context, None);
    }
    data::tell_crossings(context, &client, text(&offer, "id")).await;
    show(context, &offer)
}

/// The offer that the options describe, without content.
fn described(publish: Publish, file: &Path) -> Outcome<Map<String, Value>> {
    let mut offer = Map::new();
    let file_name = file.file_name().map(|name| name.to_string_lossy().into_owned());
    let file_name = file_name.unwrap_or_default();
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            offer.insert(name.to_owned(), value);
        }
    };
    let in_languages = |text: Option<String>, more: Vec<(String, String)>| {
        let first = text.map(|text| (publish.lang.clone(), text));
        let all = first.into_iter().chain(more).map(|(tag, text)| (tag, Value::from(text)));
        Value::Object(all.collect())
    };
    let list = |items: Vec<String>| (!items.is_empty()).then(|| Value::from(items));
    let wrong = |reason| Failure::new(Exit::Usage, reason);
    let title = publish.title.unwrap_or_else(|| file_name.clone());
    put("id", publish.id.map(Value::from));
    put("dataset_id", publish.dataset_id.map(Value::from));
    put("title", Some(in_languages(Some(title), publish.title_lang)));
    put("description", Some(in_languages(publish.description, publish.description_lang)));
    put("themes", list(publish.theme));
    put("keywords", list(publish.keyword));
    put("licence", publish.licence.map(Value::from));
    put("spatial", list(publish.spatial));
    let period = publish.time.as_deref().map(manifest::period).transpose();
    put("temporal", period.map_err(wrong)?);
    put("audience", list(publish.audience));
    put("media_type", Some(publish.media_type.unwrap_or_else(|| media_type(file).into()).into()));
    put("file_name", Some(file_name.into()));
    put("data", publish.declared.declared());
    put("policy", publish.policy.as_deref().map(json_file).transpose()?);
    if !publish.automation.is_empty() {
        let rules = publish.automation.into_iter().map(|(question, rule)| (question, rule.into()));
        put("automation", Some(Value::Object(rules.collect())));
    }
    Ok(offer)
}

/// Sends a file to the node, which answers what it is. `sent` is told the bytes of each slice.
async fn upload(
    client: &Client,
    path: &Path,
    mut sent: impl FnMut(u64) + Send + 'static,
) -> Outcome<Value> {
    let name = path.display();
    let file = tokio::fs::File::open(path).await.doing(format_args!("read {name}"))?;
    let metadata = file.metadata().await.doing(format_args!("read {name}"))?;
    if !metadata.is_file() {
        let detail = format!("publish {name}: found something else, expected a file");
        return Err(Failure::new(Exit::Usage, detail));
    }
    let stream = tokio_util::io::ReaderStream::with_capacity(file, SLICE_BYTES);
    let counted = stream.map(move |slice| {
        if let Ok(slice) = &slice {
            sent(slice.len() as u64);
        }
        slice
    });
    let request = client
        .request(Method::POST, "/objects")
        .header(http::header::CONTENT_TYPE, "application/octet-stream")
        .header(http::header::CONTENT_LENGTH, metadata.len())
        .body(reqwest::Body::wrap_stream(counted));
    let answer = client.send(request).await?;
    answer.json().await.map_err(|error| client.unreachable(&error))
}

async fn withdraw(context: &Context, id: &str, yes: bool) -> Outcome {
    let client = context.client()?;
    let offer = client.find(PATH, id).await?;
    let id = text(&offer, "id");
    let question = format!("withdraw {:?} ({})", title(&offer, "title"), short(id));
    confirm(context, &question, yes).await?;
    let after = client.post(&format!("{PATH}/{}/withdraw", segment(id)), &json!({})).await?;
    show(context, &after)
}

fn row(offer: &Value) -> Vec<String> {
    let since = optional(offer, "withdrawn_at").unwrap_or(text(offer, "published_at"));
    vec![
        short(text(offer, "id")).to_owned(),
        title(offer, "title").to_owned(),
        text(offer, "media_type").to_owned(),
        number(offer, "/content/bytes").map(size).unwrap_or_default(),
        time(since),
        short(text(offer, "dataset_id")).to_owned(),
    ]
}

fn rule(text: &str) -> Result<(String, String), String> {
    let (question, rule) = key_value(text)?;
    if Question::parse(&question).is_none() {
        let known = Question::ALL.map(Question::as_str);
        let meant = nearest(&question, known.into_iter());
        return Err(match meant {
            Some(meant) => format!("there is no question {question:?}; did you mean {meant}?"),
            None => format!("there is no question {question:?}, only {}", known.join(", ")),
        });
    }
    match crate::config::rule(&rule) {
        Some(_) => Ok((question, rule)),
        None => Err(format!("found {rule:?}, expected hold, auto or an http or https URL")),
    }
}

/// The media type that a file name suggests.
fn media_type(path: &Path) -> &'static str {
    let extension = path.extension().map(|e| e.to_string_lossy().to_ascii_lowercase());
    let extension = extension.as_deref().unwrap_or_default();
    MEDIA_TYPES
        .iter()
        .find(|(known, _)| *known == extension)
        .map_or("application/octet-stream", |(_, media_type)| media_type)
}

/// The extension that a media type suggests.
pub(super) fn extension(media_type: &str) -> Option<&'static str> {
    let bare = media_type.split(';').next().unwrap_or_default().trim();
    MEDIA_TYPES.iter().find(|(_, known)| *known == bare).map(|(extension, _)| *extension)
}

/// Extensions and media types of what is exchanged; the first extension of a type is the one a
/// received file gets.
const MEDIA_TYPES: &[(&str, &str)] = &[
    ("csv", "text/csv"),
    ("tsv", "text/tab-separated-values"),
    ("txt", "text/plain"),
    ("md", "text/markdown"),
    ("html", "text/html"),
    ("htm", "text/html"),
    ("json", "application/json"),
    ("jsonl", "application/jsonl"),
    ("ndjson", "application/x-ndjson"),
    ("jsonld", "application/ld+json"),
    ("geojson", "application/geo+json"),
    ("xml", "application/xml"),
    ("ttl", "text/turtle"),
    ("nt", "application/n-triples"),
    ("yaml", "application/yaml"),
    ("yml", "application/yaml"),
    ("pdf", "application/pdf"),
    ("parquet", "application/vnd.apache.parquet"),
    ("arrow", "application/vnd.apache.arrow.file"),
    ("avro", "application/vnd.apache.avro"),
    ("sqlite", "application/vnd.sqlite3"),
    ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ("ods", "application/vnd.oasis.opendocument.spreadsheet"),
    ("zip", "application/zip"),
    ("gz", "application/gzip"),
    ("zst", "application/zstd"),
    ("tar", "application/x-tar"),
    ("png", "image/png"),
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("tif", "image/tiff"),
    ("tiff", "image/tiff"),
    ("svg", "image/svg+xml"),
    ("mp4", "video/mp4"),
    ("nc", "application/netcdf"),
    ("h5", "application/x-hdf5"),
    ("dcm", "application/dicom"),
    ("gpkg", "application/geopackage+sqlite3"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_suggests_its_media_type_and_back() {
        let check = |name: &str, expected: &str| {
            assert_eq!(media_type(Path::new(name)), expected, "{name}");
        };
        check("a.csv", "text/csv");
        check("A.CSV", "text/csv");
        check("a.tar.gz", "application/gzip");
        check("a.unknown", "application/octet-stream");
        check("README", "application/octet-stream");
        assert_eq!(extension("text/csv; charset=utf-8"), Some("csv"));
        assert_eq!(extension("image/jpeg"), Some("jpg"));
        assert_eq!(extension("application/octet-stream"), None);
    }

    #[test]
    fn a_rule_names_a_question_of_the_protocol() {
        let check = |text: &str, expected: Result<(), &str>| {
            let found = rule(text).map(drop);
            assert_eq!(found, expected.map_err(str::to_owned), "{text}");
        };
        check("contract_requested=hold", Ok(()));
        check("transfer_requested=https://rules.example/x", Ok(()));
        check(
            "contract_request=hold",
            Err("there is no question \"contract_request\"; did you mean contract_requested?"),
        );
        check(
            "contract_requested=ask",
            Err("found \"ask\", expected hold, auto or an http or https URL"),
        );
    }
}
