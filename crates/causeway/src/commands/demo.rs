//! `causeway demo`: the main job on real data. Complete nodes of three organisations in three
//! jurisdictions, each a process of its own, and of a registry that says who they are: two
//! exchange a table under a contract, and the file is checked against it; then three tables about
//! people meet the law. Nothing here reaches into a node: everything goes through its API.

mod crossings;
mod nodes;
mod register;
mod trust;

use std::path::PathBuf;
use std::time::Duration;

use http::Method;
use serde_json::{Value, json};
use sha2::Digest as _;
use tokio::time::Instant;

use self::nodes::{Place, Running, Site};
use crate::cli::Context;
use crate::client::Events;
use crate::exit::{Exit, Failure, Outcome};
use crate::values::{number, optional, short, size, text};

/// Longest wait for one step; the whole demo takes about a second.
const STEP_MAX: Duration = Duration::from_secs(60);

/// The table that is transferred.
const POPULATION: Table = Table {
    file: "un-wpp-2024-population.csv.gz",
    media_type: "application/gzip",
    title: "Population by place, year, sex and age group",
    title_fr: "Population par lieu, année, sexe et groupe d'âge",
    description: "United Nations World Population Prospects 2024, CC BY 3.0 IGO",
    bytes: include_bytes!("../../../../examples/data/un-wpp-2024-population.csv.gz"),
};

/// The table that is only offered.
const COUNTRIES: Table = Table {
    file: "gapminder.csv",
    media_type: "text/csv",
    title: "Life expectancy, population and income by country",
    title_fr: "Espérance de vie, population et revenu par pays",
    description: "Gapminder, CC BY 4.0",
    bytes: include_bytes!("../../../../examples/data/gapminder.csv"),
};

struct Table {
    file: &'static str,
    media_type: &'static str,
    title: &'static str,
    title_fr: &'static str,
    description: &'static str,
    bytes: &'static [u8],
}

/// Run nodes that exchange a table under a contract, and ask the law about others.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: Option<What>,
    /// Leave the nodes running at the end, and say how to go on by hand.
    #[arg(long)]
    keep: bool,
    /// Keep the nodes' data here; a temporary directory that is removed if missing.
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    Register(register::Args),
}

/// Runs the subcommand.
pub(crate) async fn run(context: &Context, args: Args) -> Outcome {
    if let Some(What::Register(args)) = &args.what {
        return register::run(context, args);
    }
    let place = Place::make(args.dir.as_deref(), args.keep)?;
    let mut story = Story::new(context);
    story.say("three organisations and a registry, one contract, a verified file, and the law");
    let provider = Site { name: "National Statistics Office", short: "office", country: "KE" };
    let consumer =
        Site { name: "Institute for Population Studies", short: "institute", country: "BR" };
    let hospital = Site { name: "Coast Hospital", short: "hospital", country: "AE" };
    let registry = Site { name: "Registry", short: "registry", country: "KE" };
    let nodes = nodes::start(&place, [provider, consumer, hospital, registry]).await?;
    let [provider, consumer, hospital, registry] = &nodes;
    let labels = [provider, consumer, hospital, registry].map(Running::label);
    story.step("start", &format!("{} are ready", labels.join(", ")));
    let result = async {
        trust::enrol(&mut story, registry, [provider, consumer, hospital]).await?;
        let facts = exchange(&mut story, provider, consumer).await?;
        let crossings = crossings::run(&mut story, [provider, consumer, hospital]).await?;
        Outcome::Ok((facts, crossings))
    };
    let (facts, crossings) = match result.await {
        Ok(facts) => facts,
        Err(failure) => {
            let logs = place.keep_logs();
            return Err(failure.hint(format!("the nodes' logs are in {}", logs.display())));
        }
    };
    let all = [provider, consumer, hospital, registry];
    let report = story.report(&facts, crossings, &all).await?;
    if context.output.is_json() {
        context.output.document(&report)?;
    } else {
        summary(context, &report)?;
    }
    if args.keep {
        nodes::leave_running(context, &place, nodes);
    } else {
        for node in nodes {
            node.stop().await?;
        }
        place.tidy_up(context);
    }
    Ok(())
}

/// What the exchange came to.
struct Facts {
    agreement_id: String,
    negotiation: Duration,
    transfer: Duration,
    bytes: u64,
    sha256: String,
    blake3: String,
}

async fn exchange(story: &mut Story<'_>, provider: &Running, consumer: &Running) -> Outcome<Facts> {
    for table in [&COUNTRIES, &POPULATION] {
        publish(provider, table).await?;
    }
    let published = size((POPULATION.bytes.len() + COUNTRIES.bytes.len()) as u64);
    story.step("publish", &format!("{} offers two tables, {published}", provider.site.name));

    let path = format!("/peers/{}/catalog", provider.site.short);
    let catalog = consumer.client.get(&path).await?;
    let datasets = catalog["datasets"].as_array().map_or(&[][..], Vec::as_slice);
    let titled = |dataset: &&Value| text(&dataset["title"], "en") == POPULATION.title;
    let dataset = datasets.iter().find(titled).ok_or_else(|| {
        Failure::new(Exit::NotFound, "the catalog does not list the published table")
    })?;
    let promised = &dataset["distributions"][0]["content"];
    let found = format!(
        "{} finds {} datasets in the catalog, asks for \"{}\"",
        consumer.site.name,
        datasets.len(),
        POPULATION.title
    );
    story.step("catalog", &found);

    let (agreement_id, negotiation) = negotiate(provider, consumer, dataset).await?;
    let agreed = format!("contract FINALIZED on both sides, agreement {}", short(&agreement_id));
    story.step("negotiate", &agreed);

    let (transfer_id, transfer) = transfer(provider, consumer, &agreement_id).await?;
    story.step("transfer", "file received, both sides COMPLETED");

    let facts = verify(provider, consumer, &agreement_id, &transfer_id, promised).await?;
    story.step("verify", "both sides hold the same contract, and the file is what it promises");
    Ok(Facts { negotiation, transfer, ..facts })
}

async fn publish(node: &Running, table: &Table) -> Outcome {
    let upload = node.client.request(Method::POST, "/objects").body(table.bytes);
    let answer = node.client.send(upload).await?;
    let content: Value = answer.json().await.map_err(|error| node.client.unreachable(&error))?;
    let offer = json!({
        "title": { "en": table.title, "fr": table.title_fr },
        "description": { "en": table.description },
        "media_type": table.media_type,
        "file_name": table.file,
        "content": content,
        "data": { "classes": ["non-personal"] },
    });
    node.client.post("/offers", &offer).await.map(drop)
}

async fn negotiate(
    provider: &Running,
    consumer: &Running,
    dataset: &Value,
) -> Outcome<(String, Duration)> {
    let mut theirs = provider.client.events(None).await?;
    let mut ours = consumer.client.events(None).await?;
    let began = now();
    let asked = json!({ "peer": provider.site.short, "offer": dataset["offers"][0]["offer"] });
    let negotiation = consumer.client.post("/negotiations", &asked).await?;
    let id = text(&negotiation, "id");
    reached(&mut ours, "negotiation.state", "FINALIZED", Some(id)).await?;
    reached(&mut theirs, "negotiation.state", "FINALIZED", None).await?;
    let took = began.elapsed();
    let negotiation = consumer.client.get(&format!("/negotiations/{id}")).await?;
    Ok((text(&negotiation, "agreement_id").to_owned(), took))
}

async fn transfer(
    provider: &Running,
    consumer: &Running,
    agreement_id: &str,
) -> Outcome<(String, Duration)> {
    let mut theirs = provider.client.events(None).await?;
    let mut ours = consumer.client.events(None).await?;
    let began = now();
    let asked = json!({ "agreement_id": agreement_id });
    let transfer = consumer.client.post("/transfers", &asked).await?;
    let id = text(&transfer, "id");
    reached(&mut ours, "transfer.state", "COMPLETED", Some(id)).await?;
    reached(&mut theirs, "transfer.state", "COMPLETED", None).await?;
    Ok((id.to_owned(), began.elapsed()))
}

/// Checks what both nodes recorded, and hashes the received file once more, independently of the
/// node that received it.
async fn verify(
    provider: &Running,
    consumer: &Running,
    agreement_id: &str,
    transfer_id: &str,
    promised: &Value,
) -> Outcome<Facts> {
    let path = format!("/agreements/{agreement_id}");
    let (theirs, ours) = (provider.client.get(&path).await?, consumer.client.get(&path).await?);
    for field in ["id", "dataset_id", "assigner", "assignee", "policy", "content", "timestamp"] {
        if theirs[field] != ours[field] {
            let detail = format!("the two sides recorded another {field} of the contract");
            return Err(Failure::new(Exit::Integrity, detail));
        }
    }
    let path = format!("/transfers/{transfer_id}/content");
    let download = consumer.client.request(Method::GET, &path);
    let answer = consumer.client.send(download).await?;
    let file = answer.bytes().await.map_err(|error| consumer.client.unreachable(&error))?;
    let sha256 = causeway_types::Sha256::from_bytes(sha2::Sha256::digest(&file).into());
    let sha256 = sha256.to_string();
    let agreed = &ours["content"];
    let is_promised =
        agreed == promised && text(agreed, "sha256") == sha256 && file.as_ref() == POPULATION.bytes;
    if !is_promised {
        let detail = format!("the received file has sha256 {sha256}, expected {agreed}");
        return Err(Failure::new(Exit::Integrity, detail));
    }
    Ok(Facts {
        agreement_id: agreement_id.to_owned(),
        negotiation: Duration::ZERO,
        transfer: Duration::ZERO,
        bytes: file.len() as u64,
        sha256,
        blake3: text(agreed, "blake3").to_owned(),
    })
}

/// Waits until a process (or the only one there is) reached a state.
async fn reached(events: &mut Events, kind: &str, state: &str, process: Option<&str>) -> Outcome {
    let waiting = async {
        while let Some(event) = events.next().await {
            let is_meant =
                process.is_none_or(|process| optional(&event, "process") == Some(process));
            if text(&event, "kind") == kind && is_meant {
                match text(&event, "subject") {
                    found if found == state => return Ok(()),
                    "TERMINATED" => {
                        let detail = text(&event, "text").to_owned();
                        return Err(Failure::new(Exit::Refused, detail));
                    }
                    _ => {}
                }
            }
        }
        Err(Failure::new(Exit::Unreachable, "a node stopped telling what happens"))
    };
    tokio::time::timeout(STEP_MAX, waiting).await.unwrap_or_else(|_| {
        let detail = format!("waited {} s for {state} in vain", STEP_MAX.as_secs());
        Err(Failure::new(Exit::Failure, detail))
    })
}

/// The demo measures real time.
#[expect(clippy::disallowed_methods, reason = "the demo shows how long its steps really take")]
fn now() -> std::time::Instant {
    std::time::Instant::now()
}

/// Tells each step with its time as it happens, and all of them in the end.
struct Story<'a> {
    context: &'a Context,
    began: Instant,
    steps: Vec<Value>,
}

impl<'a> Story<'a> {
    fn new(context: &'a Context) -> Self {
        Self { context, began: Instant::now(), steps: Vec::new() }
    }

    fn say(&self, line: &str) {
        self.context.output.say(line);
    }

    fn step(&mut self, name: &str, line: &str) {
        let ms = milliseconds(self.began.elapsed());
        self.began = Instant::now();
        self.steps.push(json!({ "name": name, "ms": ms }));
        self.say(&format!("{ms:>8.1} ms  {line}"));
    }

    async fn report(
        &self,
        facts: &Facts,
        crossings: Vec<Value>,
        nodes: &[&Running],
    ) -> Outcome<Value> {
        let mut told = Vec::new();
        for node in nodes {
            let info = node.client.get("/node").await?;
            told.push(json!({
                "name": node.site.name,
                "jurisdiction": node.site.country,
                "address": text(&info, "address"),
                "rss_bytes": number(&info, "/rss_bytes"),
                "ready_ms": milliseconds(node.ready),
            }));
        }
        Ok(json!({
            "outcome": "completed",
            "agreement_id": facts.agreement_id,
            "negotiation_ms": milliseconds(facts.negotiation),
            "transfer_ms": milliseconds(facts.transfer),
            "bytes": facts.bytes,
            "sha256": facts.sha256,
            "blake3": facts.blake3,
            "crossings": crossings,
            "nodes": told,
            "steps": self.steps,
        }))
    }
}

fn summary(context: &Context, report: &Value) -> Outcome {
    let line = |name: &str, value: String| context.output.line(&format!("{name:<13} {value}"));
    context.output.line("")?;
    line("agreement", text(report, "agreement_id").to_owned())?;
    line("file", format!("{} bytes", number(report, "/bytes").unwrap_or_default()))?;
    line("sha256", text(report, "sha256").to_owned())?;
    line("blake3", text(report, "blake3").to_owned())?;
    line(
        "negotiation",
        format!("{} ms, request to FINALIZED on both sides", report["negotiation_ms"]),
    )?;
    line("transfer", format!("{} ms, request to COMPLETED on both sides", report["transfer_ms"]))?;
    for crossing in report["crossings"].as_array().map_or(&[][..], Vec::as_slice) {
        let told = format!("{}: {}", text(crossing, "what"), text(crossing, "outcome"));
        line("crossing", told)?;
    }
    for node in report["nodes"].as_array().map_or(&[][..], Vec::as_slice) {
        let memory = number(node, "/rss_bytes").map_or_else(|| "unknown".to_owned(), size);
        let facts = format!(
            "{} ({}) at {}, ready in {} ms, {memory} resident",
            text(node, "name"),
            text(node, "jurisdiction"),
            text(node, "address"),
            node["ready_ms"],
        );
        line("node", facts)?;
    }
    Ok(())
}

/// Milliseconds with one decimal.
fn milliseconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 10_000.0).round() / 10.0
}
