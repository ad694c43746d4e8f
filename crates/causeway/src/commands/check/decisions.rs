//! `causeway check show|why|remedies|list`: decisions that a node made of crossings. They are found
//! by their own id or by that of a process or agreement that rests on one. The node decides; this
//! only tells.

use causeway_law::Outcome as LawOutcome;
use clap::Subcommand;
use serde_json::{Map, Value, json};

use super::remedies;
use crate::cli::Context;
use crate::client::{Client, pick, segment};
use crate::commands::{show_list, waiting};
use crate::exit::{Exit, Failure, Outcome};
use crate::output::printable;
use crate::values::{items, optional, short, text, time};

const PATH: &str = "/decisions";
/// Where a decision is found that something rests on.
const RESTING: [&str; 3] = ["/negotiations", "/agreements", "/transfers"];
/// Characters from which on an id may be whole.
const WHOLE_CHARS_MIN: usize = 36;

/// A decision of a node.
#[derive(Debug, Subcommand)]
pub(crate) enum What {
    /// List the decisions of a node, newest first.
    List,
    /// Show a decision of a node as a page for people.
    Show {
        /// The id of a decision, negotiation, agreement or transfer, or its beginning.
        id: String,
    },
    /// Say why: the rules that counted, with their articles and where each fact comes from.
    Why {
        /// The id of a decision, negotiation, agreement or transfer, or its beginning.
        id: String,
    },
    /// Say what would make it possible, as commands to paste.
    Remedies {
        /// The id of a decision, negotiation, agreement or transfer, or its beginning.
        id: String,
        /// How it can be checked, for the commands to paste.
        #[arg(long, value_name = "TEXT")]
        reference: Option<String>,
    },
}

/// A decision as a document and as a page.
type Tell = fn(&Found) -> (Value, String);

/// Runs the subcommand.
pub(crate) async fn run(context: &Context, what: What) -> Outcome {
    let client = context.client()?;
    let (id, tell): (_, Tell) = match &what {
        What::List => {
            return show_list(context, &client.list(PATH).await?, HEADER, row);
        }
        What::Show { id } => (id, page),
        What::Why { id } => (id, why),
        What::Remedies { id, .. } => (id, remedies::tell),
    };
    let mut found = find(&client, id).await?;
    if let What::Remedies { reference, .. } = &what {
        found.reference = reference.clone();
        found.name_parties(&client).await?;
    }
    let (document, page) = tell(&found);
    if context.output.is_json() {
        context.output.document(&document)?;
    } else {
        let lines = page.lines().map(printable);
        context.output.text(&(lines.collect::<Vec<_>>().join("\n") + "\n"))?;
    }
    match lets_pass(&found.decision) {
        true => Ok(()),
        false => Err(Failure::silent(Exit::Blocked)),
    }
}

const HEADER: &[&str] = &["id", "at worst", "at"];

fn row(decision: &Value) -> Vec<String> {
    vec![
        short(text(decision, "id")).to_owned(),
        text(decision, "at_worst").to_owned(),
        time(text(decision, "decided_at")),
    ]
}

/// A decision, and what rests on it.
pub(super) struct Found {
    /// As the API gives it.
    pub(super) decision: Value,
    /// The negotiation, agreement or transfer that rests on it, where one is known.
    resting: Option<Value>,
    /// The other party as its short name.
    pub(super) peer: Option<String>,
    /// How what is to be recorded can be checked.
    pub(super) reference: Option<String>,
}

impl Found {
    /// What was decided.
    pub(super) fn decided(&self) -> &Value {
        &self.decision["document"]["decision"]
    }

    /// The dataset it is about.
    pub(super) fn dataset(&self) -> Option<&str> {
        self.resting.as_ref().and_then(|resting| optional(resting, "dataset_id"))
    }

    /// Finds out whom a decision is about.
    async fn name_parties(&mut self, client: &Client) -> Outcome {
        if self.resting.is_none() {
            self.resting = resting(client, text(&self.decision, "id")).await?;
        }
        let Some(peer) = self.resting.as_ref().map(|resting| text(resting, "peer")) else {
            return Ok(());
        };
        let peers = client.get("/peers").await?;
        let known = items(&peers).iter().find(|known| text(known, "participant_id") == peer);
        self.peer = Some(known.map_or(peer, |known| text(known, "name")).to_owned());
        Ok(())
    }
}

/// What rests on a decision, the newest first.
async fn resting(client: &Client, decision: &str) -> Outcome<Option<Value>> {
    for collection in RESTING {
        let list = client.list(collection).await?;
        let resting = items(&list).iter().find(|item| text(item, "decision_id") == decision);
        if resting.is_some() {
            return Ok(resting.cloned());
        }
    }
    Ok(None)
}

/// Whether a decision lets the crossing pass.
pub(crate) fn lets_pass(decision: &Value) -> bool {
    LawOutcome::parse(text(decision, "at_worst")).is_some_and(LawOutcome::lets_pass)
}

/// The decision that a person means.
async fn find(client: &Client, id: &str) -> Outcome<Found> {
    let mut hits: Vec<(&str, Value)> = Vec::new();
    for collection in RESTING.into_iter().chain([PATH]) {
        let Some(item) = look(client, collection, id).await? else { continue };
        let is_whole = crate::values::same_id(text(&item, "id"), id);
        hits.push((collection, item));
        if is_whole {
            hits = hits.split_off(hits.len() - 1);
            break;
        }
    }
    let (collection, item) = match hits.as_slice() {
        [(collection, item)] => (*collection, item.clone()),
        [] => {
            let detail = format!("there is no decision, negotiation, agreement or transfer {id:?}");
            return Err(Failure::new(Exit::NotFound, detail).hint("list: causeway check list"));
        }
        several => {
            let ids: Vec<&str> = several.iter().map(|(_, item)| short(text(item, "id"))).collect();
            let detail = format!("{id:?} is the beginning of several ids: {}", ids.join(", "));
            return Err(Failure::new(Exit::Usage, detail).hint("give more of the id"));
        }
    };
    let rests = collection != PATH;
    let decision = match (rests, optional(&item, "decision_id")) {
        (false, _) => text(&item, "id").to_owned(),
        (true, Some(decision)) => decision.to_owned(),
        (true, None) => return Err(undecided(client, collection, &item).await?),
    };
    let decision = client.get(&format!("{PATH}/{}", segment(&decision))).await?;
    let resting = rests.then_some(item);
    Ok(Found { decision, resting, peer: None, reference: None })
}

/// Of this nothing was decided.
async fn undecided(client: &Client, collection: &str, process: &Value) -> Outcome<Failure> {
    let id = short(text(process, "id"));
    let detail = format!("no decision was made of {id}");
    Ok(match waiting::reason(client, collection, process).await? {
        Some(reason) => Failure::new(Exit::Blocked, format!("{detail}: {reason}")),
        None => Failure::new(Exit::NotFound, detail)
            .hint("no border is crossed, or nothing was asked of it yet"),
    })
}

async fn look(client: &Client, collection: &str, id: &str) -> Outcome<Option<Value>> {
    if short(id).len() >= WHOLE_CHARS_MIN {
        match client.get(&format!("{collection}/{}", segment(id))).await {
            Err(failure) if matches!(failure.exit(), Exit::NotFound | Exit::Usage) => {}
            answer => return answer.map(Some),
        }
    }
    Ok(pick(items(&client.list(collection).await?).iter(), id)?.cloned())
}

fn page(found: &Found) -> (Value, String) {
    let decision = &found.decision;
    let mut page = head(decision);
    match optional(decision, "text") {
        Some(text) => {
            page.push('\n');
            page.push_str(text);
        }
        None => page.push_str("the rule packs it was made with are not here; see --json\n"),
    }
    (decision.clone(), page)
}

/// Which decision it is, and whether it can be found again.
pub(super) fn head(decision: &Value) -> String {
    let replayed = match decision["replayed"].as_bool() {
        Some(true) => "replayed: the rule packs here give the same decision, byte for byte",
        Some(false) => "NOT replayed: the rule packs here give another decision",
        None => "not replayed: this node has other rule packs",
    };
    let (id, at) = (text(decision, "id"), time(text(decision, "decided_at")));
    format!("{id}\ndecided {at}; {replayed}\n")
}

/// The outcome in a sentence.
pub(super) fn outcome(decided: &Value) -> String {
    let (best, worst) = (text(decided, "at_best"), text(decided, "at_worst"));
    match best == worst {
        true => format!("the law of both sides says {worst}"),
        false => format!("the law of both sides says {best} at best, {worst} at worst"),
    }
}

fn why(found: &Found) -> (Value, String) {
    let decided = found.decided();
    let mut page = head(&found.decision);
    page.push_str(&format!("\n{}\n", outcome(decided)));
    let mut packs = Vec::new();
    for pack in decided["packs"].as_array().into_iter().flatten() {
        let rules = pack["rules"].as_array().into_iter().flatten();
        let counting = rules.filter(|rule| rule["effect"] == "counts");
        let counting: Vec<Value> = counting.map(|rule| with_sources(rule, found)).collect();
        let silent = text(&pack["otherwise"], "because");
        if counting.is_empty() && silent.is_empty() {
            continue;
        }
        let (title, version) = (text(pack, "title"), text(pack, "version"));
        page.push_str(&format!("\n{title} ({version}, {})\n", text(pack, "status")));
        if !silent.is_empty() {
            page.push_str(&format!("  no rule asks for anything: {silent}\n"));
        }
        counting.iter().for_each(|rule| tell_rule(&mut page, rule));
        packs.push(json!({
            "id": pack["id"], "title": pack["title"], "version": pack["version"],
            "status": pack["status"], "rules": counting, "otherwise": pack["otherwise"],
        }));
    }
    if packs.is_empty() {
        page.push_str("no rule counts yet; what is missing: causeway check remedies ");
        page.push_str(&format!("{}\n", short(text(&found.decision, "id"))));
    }
    let document = json!({
        "id": found.decision["id"], "decided_at": found.decision["decided_at"],
        "replayed": found.decision["replayed"], "at_best": decided["at_best"],
        "at_worst": decided["at_worst"], "packs": packs, "disclaimer": decided["disclaimer"],
    });
    (document, page)
}

/// A rule whose facts say where they come from.
fn with_sources(rule: &Value, found: &Found) -> Value {
    let sources = &found.decision["document"]["sources"];
    let derived = &found.decided()["derived"];
    let facts = rule["facts"].as_object().into_iter().flatten().map(|(name, value)| {
        let told = optional(sources, name);
        let source = match (told, value.is_null()) {
            (Some(told), _) => told,
            (None, true) => "nobody said",
            (None, false) if derived.get(name).is_some() => "follows from other facts",
            (None, false) => text(sources, "everything else"),
        };
        (name.clone(), json!({ "value": value, "source": source }))
    });
    let facts: Map<String, Value> = facts.collect();
    json!({
        "rule": rule["rule"], "says": rule["says"], "text": rule["text"],
        "articles": rule["articles"], "in_force_from": rule["in_force_from"], "facts": facts,
    })
}

fn tell_rule(page: &mut String, rule: &Value) {
    let (id, says) = (text(rule, "rule"), text(rule, "says"));
    page.push_str(&format!("  {id}: {says}: {}\n", text(rule, "text")));
    for article in rule["articles"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        let since = text(rule, "in_force_from");
        page.push_str(&format!("    {article}, in force since {since}\n"));
    }
    for (name, fact) in rule["facts"].as_object().into_iter().flatten() {
        let value = optional(fact, "value").unwrap_or("not known");
        page.push_str(&format!("    {name} = {value} ({})\n", text(fact, "source")));
    }
}
