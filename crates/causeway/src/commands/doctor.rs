//! `causeway doctor`: what does not work, hop by hop, from the configuration to the peers. With a
//! peer, the node checks both directions.

use std::path::Path;

use causeway_law::Engine;
use causeway_types::limits::SLICE_BYTES;
use serde_json::{Value, json};

use super::{check, law};
use crate::cli::Context;
use crate::client::{Client, segment};
use crate::exit::{Exit, Failure, Outcome};
use crate::values::{items, optional, size, text};

/// The fact that an area is put to the law as.
const EXPORTER: &str = "exporter.area";
/// Free space below which a node is as good as full.
const FREE_BYTES_MIN: u64 = 4_096 * SLICE_BYTES as u64;

/// Find out what does not work.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Check this peer; without it, everything from the configuration to all peers.
    peer: Option<String>,
}

/// Runs the subcommand.
pub(crate) async fn run(context: &Context, args: Args) -> Outcome {
    let report = match &args.peer {
        Some(peer) => check_peer(&context.client()?, peer).await?,
        None => everything(context).await,
    };
    let steps = report["steps"].as_array().map_or(&[][..], Vec::as_slice);
    if context.output.is_json() {
        context.output.document(&report)?;
    } else {
        let rows: Vec<Vec<String>> = steps.iter().map(row).collect();
        context.output.table(&["", "hop", "found"], &rows)?;
        let warned = steps.iter().filter(|step| step["works"].is_null());
        for (hop, hint) in warned.filter_map(|s| Some((text(s, "hop"), optional(s, "hint")?))) {
            context.output.warn(&format!("{hop}: {hint}"));
        }
    }
    let Some(failing) = steps.iter().find(|step| step["works"] == false) else {
        return match report["works"].as_bool() {
            Some(false) => Err(Failure::silent(Exit::Unreachable)),
            _ => Ok(()),
        };
    };
    let hop = text(failing, "hop");
    let is_local = matches!(hop, "configuration" | "data directory" | "free space");
    let exit = if is_local { Exit::Failure } else { Exit::Unreachable };
    if context.output.is_json() {
        return Err(Failure::silent(exit));
    }
    let failure = Failure::new(exit, format!("{hop}: {}", text(failing, "detail")));
    Err(match optional(failing, "hint") {
        Some(hint) => failure.hint(hint),
        None => failure,
    })
}

fn row(step: &Value) -> Vec<String> {
    let mark = match step["works"].as_bool() {
        Some(true) => "ok",
        Some(false) => "FAILS",
        None => "?",
    };
    vec![mark.to_owned(), text(step, "hop").to_owned(), text(step, "detail").to_owned()]
}

async fn check_peer(client: &Client, peer: &str) -> Outcome<Value> {
    client.post(&format!("/peers/{}/check", segment(peer)), &json!({})).await
}

/// Stops at the first hop without which the next ones mean nothing.
async fn everything(context: &Context) -> Value {
    let mut steps = Vec::new();
    let is_here = context.globals.node.is_none();
    if is_here && let Err(failure) = on_this_machine(context, &mut steps) {
        steps.push(step("configuration", Err(failure)));
        return report(steps);
    }
    match node(context).await {
        Err(failure) => steps.push(step("node", Err(failure))),
        Ok((client, node)) => {
            let found = format!("{} {}", text(&node, "participant_id"), text(&node, "version"));
            steps.push(step("node", Ok(found)));
            let law = packs(context);
            steps.push(jurisdiction("jurisdiction", &node, &law, "node.jurisdiction"));
            peers(&client, &law, &mut steps).await;
        }
    }
    report(steps)
}

fn report(steps: Vec<Value>) -> Value {
    let works = steps.iter().all(|step| step["works"] != false);
    json!({ "works": works, "steps": steps })
}

fn on_this_machine(context: &Context, steps: &mut Vec<Value>) -> Outcome {
    let config = context.config()?;
    for peer in config.peers() {
        peer.read_secret()?;
    }
    let file = config.file().map_or("the environment".to_owned(), |f| f.display().to_string());
    let warnings = config.warnings();
    let detail =
        if warnings.is_empty() { file } else { format!("{file}; {}", warnings.join("; ")) };
    steps.push(step("configuration", Ok(detail)));
    let data = config.data_dir();
    steps.push(step("data directory", writable(&data)));
    steps.push(step("free space", free_space(&data)));
    Ok(())
}

fn writable(path: &Path) -> Outcome<String> {
    use rustix::fs::{Access, access};
    let shown = path.display();
    match access(path, Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK) {
        Ok(()) => Ok(shown.to_string()),
        Err(error) => Err(Failure::new(Exit::Failure, format!("use {shown}: {error}"))
            .hint("causeway init makes it, or set node.data_dir")),
    }
}

fn free_space(path: &Path) -> Outcome<String> {
    let stat = rustix::fs::statvfs(path).map_err(|error| {
        Failure::new(Exit::Failure, format!("read the free space of {}: {error}", path.display()))
    })?;
    let free = stat.f_bavail.saturating_mul(stat.f_frsize);
    let found = size(free);
    if free >= FREE_BYTES_MIN {
        return Ok(found);
    }
    let text = format!("found {found}, expected at least {}", size(FREE_BYTES_MIN));
    Err(Failure::new(Exit::Failure, text).hint("free some space, or move node.data_dir"))
}

async fn node(context: &Context) -> Outcome<(Client, Value)> {
    let client = context.client()?;
    let node = client.get("/node").await?;
    Ok((client, node))
}

async fn peers(client: &Client, law: &Outcome<Engine>, steps: &mut Vec<Value>) {
    let peers = match client.get("/peers").await {
        Ok(peers) => peers,
        Err(failure) => {
            steps.push(step("peers", Err(failure)));
            return;
        }
    };
    if items(&peers).is_empty() {
        steps.push(step("peers", Ok("none is configured yet".to_owned())));
    }
    for peer in items(&peers) {
        let name = text(peer, "name");
        let hop = format!("peer {name}");
        let checked = check_peer(client, name).await.and_then(|report| {
            let steps = report["steps"].as_array().map_or(&[][..], Vec::as_slice);
            match steps.iter().find(|step| step["works"] == false) {
                None => Ok(text(peer, "address").to_owned()),
                Some(failing) => {
                    let text = format!("{}: {}", text(failing, "hop"), text(failing, "detail"));
                    let failure = Failure::new(Exit::Unreachable, text);
                    Err(match optional(failing, "hint") {
                        Some(hint) => failure.hint(hint),
                        None => failure.hint(format!("see all hops: causeway doctor {name}")),
                    })
                }
            }
        });
        steps.push(step(&hop, checked));
        let hop = format!("jurisdiction of {name}");
        steps.push(jurisdiction(&hop, peer, law, "its jurisdiction under [[peers]]"));
    }
}

/// The rule packs of the node, as far as they are on this machine.
fn packs(context: &Context) -> Outcome<Engine> {
    match context.globals.node {
        None => law::engine_of(&context.config()?.data_dir()),
        Some(_) => law::engine(),
    }
}

/// Warns of a party whose law is not known: whatever crosses a border to it or from it waits.
fn jurisdiction(hop: &str, party: &Value, law: &Outcome<Engine>, key: &str) -> Value {
    let warns = |detail: String, hint: String| {
        let works = Value::Null;
        json!({ "hop": hop, "works": works, "detail": detail, "hint": hint })
    };
    let waits = "so whatever crosses a border waits for a person";
    let Some(area) = optional(party, "jurisdiction") else {
        return warns(format!("not configured, {waits}"), format!("set {key}"));
    };
    match law {
        Err(failure) => warns(format!("{area}; {}", failure.detail()), "causeway law test".into()),
        Ok(engine) if covers(engine, area) => step(hop, Ok(area.to_owned())),
        Ok(_) => {
            let hint = "causeway law list; an organisation's own pack can be installed";
            warns(format!("{area}: no rule pack knows its law, {waits}"), hint.to_owned())
        }
    }
}

/// Whether a pack says that it knows the law of an area today.
fn covers(engine: &Engine, area: &str) -> bool {
    let Ok(today) = check::day("today", &None) else { return false };
    let given = json!({ EXPORTER: area }).as_object().cloned().unwrap_or_default();
    let Ok(facts) = engine.dictionary().read_facts(&given) else { return false };
    let decision = engine.decide(&facts, today, today).to_json();
    let uncovered = decision["uncovered"].as_array();
    uncovered.is_some_and(|names| names.iter().all(|name| name != EXPORTER))
}

fn step(hop: &str, found: Outcome<String>) -> Value {
    match found {
        Ok(detail) => json!({ "hop": hop, "works": true, "detail": detail, "hint": null }),
        Err(failure) => {
            let hints = failure.hints();
            let hint = (!hints.is_empty()).then(|| hints.join("; "));
            json!({ "hop": hop, "works": false, "detail": failure.detail(), "hint": hint })
        }
    }
}
