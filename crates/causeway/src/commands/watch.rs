//! Waiting for a negotiation or transfer: its events as they happen, across broken connections.

use std::time::Duration;

use serde_json::Value;

use crate::cli::Context;
use crate::client::{Client, Events, segment};
use crate::exit::{Exit, Failure, Outcome};
use crate::values::{optional, same_id, short, text, time};

/// Attempts to reach the node again after the stream of events broke.
const ATTEMPTS_MAX: u32 = 20;
/// The wait between two of them.
const ATTEMPT_WAIT: Duration = Duration::from_millis(500);
/// Longest wait for an event before the state is read all the same.
const LOOK_AGAIN: Duration = Duration::from_secs(15);

/// The columns of events.
pub(super) const HEADER: &[&str] = &["at", "kind", "subject", "text"];

/// An event as a row.
pub(super) fn row(event: &Value) -> Vec<String> {
    let field = |name| text(event, name).to_owned();
    vec![time(text(event, "at")), field("kind"), field("subject"), field("text")]
}

/// Whether nothing can happen to a process any more.
pub(super) fn is_final(process: &Value) -> bool {
    matches!(text(process, "state"), "FINALIZED" | "COMPLETED" | "TERMINATED")
}

/// The failure that a terminated process is.
pub(super) fn terminated(what: &str, process: &Value) -> Failure {
    let reason = optional(process, "reason").unwrap_or("no reason was given");
    let id = short(text(process, "id"));
    let hint = format!("see what happened: causeway {what} history {id}");
    Failure::new(Exit::Refused, format!("the {what} {id} was terminated {reason}")).hint(hint)
}

/// The events of one process.
pub(super) struct Watch<'a> {
    client: &'a Client,
    events: Events,
}

impl<'a> Watch<'a> {
    /// From now on. Open it before the state is read, so that nothing falls between.
    pub(super) async fn open(client: &'a Client) -> Outcome<Self> {
        Ok(Self { client, events: client.events(None).await? })
    }

    /// Waits for the next event of `process`, at most `longest`.
    pub(super) async fn next(
        &mut self,
        process: &str,
        longest: Duration,
    ) -> Outcome<Option<Value>> {
        let wait = async {
            loop {
                match self.events.next().await {
                    Some(event) if same_id(text(&event, "process"), process) => {
                        return Ok(Some(event));
                    }
                    Some(_) => {}
                    None => self.open_again().await?,
                }
            }
        };
        match tokio::time::timeout(longest, wait).await {
            Ok(found) => found,
            Err(_) => Ok(None),
        }
    }

    #[expect(clippy::disallowed_methods, reason = "a back-off: the node may be starting again")]
    async fn open_again(&mut self) -> Outcome {
        let mut attempts = 0;
        loop {
            tokio::time::sleep(ATTEMPT_WAIT).await;
            match self.client.events(self.events.last()).await {
                Ok(events) => {
                    self.events = events;
                    return Ok(());
                }
                Err(failure) if failure.exit() == Exit::Unreachable && attempts < ATTEMPTS_MAX => {
                    attempts += 1;
                }
                Err(failure) => return Err(failure),
            }
        }
    }
}

/// Shows the events of a process until it ends; `--json`: one event a line.
pub(super) async fn run(context: &Context, what: &str, collection: &str, id: &str) -> Outcome {
    let client = context.client()?;
    let mut watch = Watch::open(&client).await?;
    let mut process = client.find(collection, id).await?;
    let id = text(&process, "id").to_owned();
    context.output.say(&format!("{what} {}: {}", short(&id), crate::values::state(&process)));
    while !is_final(&process) {
        if let Some(event) = watch.next(&id, LOOK_AGAIN).await? {
            if context.output.is_json() {
                context.output.json_line(&event)?;
            } else {
                context.output.line(&row(&event).join("  "))?;
            }
        }
        process = client.get(&format!("{collection}/{}", segment(&id))).await?;
    }
    match text(&process, "state") {
        "TERMINATED" => Err(terminated(what, &process)),
        _ => Ok(()),
    }
}
