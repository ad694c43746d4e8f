//! The subcommands, one file each: the arguments, and what is done with them.

pub(crate) mod agreement;
pub(crate) mod api;
pub(crate) mod approval;
pub(crate) mod attestation;
pub(crate) mod catalog;
pub(crate) mod check;
pub(crate) mod completion;
pub(crate) mod config;
pub(crate) mod credential;
pub(crate) mod demo;
pub(crate) mod doctor;
mod duties;
pub(crate) mod get;
pub(crate) mod init;
pub(crate) mod issuer;
pub(crate) mod keys;
pub(crate) mod law;
pub(crate) mod login;
pub(crate) mod negotiation;
pub(crate) mod offer;
pub(crate) mod openapi;
pub(crate) mod peer;
pub(crate) mod policy;
pub(crate) mod search;
pub(crate) mod serve;
mod signed;
pub(crate) mod status;
pub(crate) mod task;
pub(crate) mod token;
pub(crate) mod transfer;
pub(crate) mod trust;
mod waiting;
mod watch;

use std::io::IsTerminal as _;
use std::path::Path;

use serde_json::Value;

use crate::cli::Context;
use crate::exit::{Doing as _, Exit, Failure, Outcome};

/// Why something is ended or held.
#[derive(Debug, clap::Args)]
pub(crate) struct Why {
    /// A word for programs.
    #[arg(long, value_name = "CODE")]
    code: Option<String>,
    /// A sentence for people.
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

impl Why {
    fn body(&self) -> Value {
        let mut body = serde_json::Map::new();
        let fields = [("code", &self.code), ("reason", &self.reason)];
        for (name, value) in fields {
            if let Some(value) = value {
                body.insert(name.to_owned(), value.as_str().into());
            }
        }
        Value::Object(body)
    }
}

/// Asks for a yes. Where nobody can be asked, the answer must have been given.
async fn confirm(context: &Context, question: &str, is_given: bool) -> Outcome {
    if is_given {
        return Ok(());
    }
    if !std::io::stdin().is_terminal() || !context.output.stderr_is_terminal() {
        let detail = format!("{question}: nobody is there to confirm it");
        return Err(Failure::new(Exit::Usage, detail).hint("confirm with --yes"));
    }
    eprint!("{question}? [y/N] ");
    let read = tokio::task::spawn_blocking(|| {
        let mut answer = String::new();
        std::io::stdin().read_line(&mut answer).map(|_| answer)
    });
    let answer = read.await.doing("read the answer")?.doing("read the answer")?;
    if matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes") {
        Ok(())
    } else {
        Err(Failure::new(Exit::Usage, "not confirmed; nothing was changed"))
    }
}

/// Reads a JSON file.
fn json_file(path: &Path) -> Outcome<Value> {
    let name = path.display();
    let text = std::fs::read_to_string(path).doing(format_args!("read {name}"))?;
    serde_json::from_str(&text)
        .map_err(|error| Failure::new(Exit::Usage, format!("read {name} as JSON: {error}")))
}

/// Shows one resource: as it came, or a field a line.
fn show(context: &Context, value: &Value) -> Outcome {
    if context.output.is_json() {
        context.output.document(value)
    } else {
        context.output.details(value)
    }
}

/// Shows a list: as it came, or a row an item.
fn show_list(
    context: &Context,
    list: &Value,
    header: &[&str],
    row: impl Fn(&Value) -> Vec<String>,
) -> Outcome {
    if context.output.is_json() {
        return context.output.document(list);
    }
    let rows: Vec<Vec<String>> = crate::values::items(list).iter().map(row).collect();
    if rows.is_empty() {
        context.output.say("nothing to show");
        return Ok(());
    }
    context.output.table(header, &rows)
}

/// The events of one process.
async fn history(context: &Context, collection: &str, id: &str) -> Outcome {
    let client = context.client()?;
    let found = client.find(collection, id).await?;
    let id = crate::client::segment(crate::values::text(&found, "id"));
    let events = client.list(&format!("{collection}/{id}/history")).await?;
    show_list(context, &events, watch::HEADER, watch::row)
}

/// Does something to one process and shows what became of it.
async fn act(context: &Context, collection: &str, id: &str, act: &str, body: &Value) -> Outcome {
    let client = context.client()?;
    let found = client.find(collection, id).await?;
    let id = crate::client::segment(crate::values::text(&found, "id"));
    let after = client.post(&format!("{collection}/{id}/{act}"), body).await?;
    show(context, &after)
}
