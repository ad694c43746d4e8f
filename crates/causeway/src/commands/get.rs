//! `causeway get`: one command from an offer in a peer's catalog to a verified file. The node does
//! the work; the command waits, says for what, and copies the file. Run again after anything
//! interrupted it, it goes on where the node is.

mod copy;
mod find;

use std::time::Duration;

use serde_json::{Value, json};

use self::copy::Target;
use self::find::{Found, Wanted};
use super::watch::{Watch, is_final, terminated};
use crate::cli::Context;
use crate::client::{Client, segment};
use crate::exit::{Exit, Failure, Outcome};
use crate::progress::Progress;
use crate::values::{duration, number, optional, short, text};

/// How often the progress of a download is read.
const PROGRESS_EVERY: Duration = Duration::from_millis(500);
/// Longest wait for an event before the state is read all the same.
const LOOK_AGAIN: Duration = Duration::from_secs(15);

/// Get a dataset of a peer: negotiate, transfer, verify, write the file.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The peer's name, participant id or address.
    peer: String,
    /// The offer or dataset, as `causeway catalog` lists it, or the beginning of its id.
    #[arg(value_name = "OFFER|DATASET")]
    id: String,
    /// A file, a directory, or `-` for stdout; the working directory if missing.
    #[arg(short, long, value_name = "FILE|DIR|-", default_value = ".")]
    output: String,
    /// Replace a file that is there.
    #[arg(long)]
    force: bool,
    /// Negotiate anew, even if there is an agreement or a negotiation under way.
    #[arg(long)]
    new: bool,
    /// Longest wait for the peer, such as 90s, 15m, 24h.
    #[arg(long, value_name = "TIME", default_value = "24h", value_parser = duration)]
    timeout: Duration,
}

/// Runs the subcommand.
pub(crate) async fn run(context: &Context, args: Args) -> Outcome {
    let target = Target::parse(&args.output, args.force)?;
    let client = context.client()?;
    let hint = "the node goes on; run the same command again to pick it up";
    let received = tokio::select! {
        received = tokio::time::timeout(args.timeout, receive(context, &client, &args)) => received,
        _ = tokio::signal::ctrl_c() => {
            return Err(Failure::new(Exit::Interrupted, "interrupted").hint(hint));
        }
    };
    let transfer = received.map_err(|_| {
        let detail = format!("the peer did not deliver within {} s", args.timeout.as_secs());
        Failure::new(Exit::Unreachable, detail).hint(hint)
    })??;
    copy::run(context, &client, &transfer, &target).await
}

/// Goes from whatever there is to a transfer whose file is verified.
async fn receive(context: &Context, client: &Client, args: &Args) -> Outcome<Value> {
    let wanted = Wanted::find(client, &args.peer, &args.id).await?;
    let found = if args.new { Found::Nothing } else { find::existing(client, &wanted).await? };
    let say = |text: String| context.output.say(&text);
    let agreement_id = match found {
        Found::Transfer(transfer) => {
            let id = short(text(&transfer, "id"));
            match transfer["outcome"].is_null() {
                true => say(format!("going on with the transfer {id}")),
                false => say(format!("already received by the transfer {id}; --new gets it anew")),
            }
            return wait_for_file(context, client, transfer).await;
        }
        Found::Agreement(agreement) => {
            let id = text(&agreement, "id");
            say(format!("using the agreement {}; --new negotiates anew", short(id)));
            id.to_owned()
        }
        Found::Negotiation(negotiation) => {
            say(format!("going on with the negotiation {}", short(text(&negotiation, "id"))));
            wait_for_agreement(context, client, negotiation).await?
        }
        Found::Nothing => {
            let negotiation = client.post("/negotiations", &wanted.request()).await?;
            say(format!("negotiation {}", short(text(&negotiation, "id"))));
            wait_for_agreement(context, client, negotiation).await?
        }
    };
    check_verifiable(client, &agreement_id).await?;
    let body = json!({ "agreement_id": agreement_id });
    let transfer = client.post("/transfers", &body).await?;
    say(format!("transfer {}", short(text(&transfer, "id"))));
    wait_for_file(context, client, transfer).await
}

/// A transfer without digest would wait for ever: the node takes nothing that it cannot verify.
async fn check_verifiable(client: &Client, agreement_id: &str) -> Outcome<()> {
    let agreement = client.get(&format!("/agreements/{}", segment(agreement_id))).await?;
    if !agreement["content"].is_null() {
        return Ok(());
    }
    let id = short(agreement_id);
    let detail = format!("the agreement {id} names no digest, so what arrives cannot be verified");
    let hint = "nothing was requested; the peer has to publish size and digest with its offer";
    Err(Failure::new(Exit::Failure, detail).hint(hint))
}

async fn wait_for_agreement(
    context: &Context,
    client: &Client,
    negotiation: Value,
) -> Outcome<String> {
    let id = text(&negotiation, "id").to_owned();
    let mut watch = Watch::open(client).await?;
    let mut said = String::new();
    loop {
        let negotiation = client.get(&format!("/negotiations/{}", segment(&id))).await?;
        if is_final(&negotiation) {
            return match optional(&negotiation, "agreement_id") {
                Some(agreement) if text(&negotiation, "state") == "FINALIZED" => {
                    context.output.say(&format!("agreement {}", short(agreement)));
                    Ok(agreement.to_owned())
                }
                _ => Err(terminated("negotiation", &negotiation)),
            };
        }
        let waiting = negotiation_waits(&negotiation);
        if waiting != said {
            context.output.say(&waiting);
            said = waiting;
        }
        if let Some(event) = watch.next(&id, LOOK_AGAIN).await? {
            tell_trouble(&event, |text| context.output.say(text));
        }
    }
}

async fn wait_for_file(context: &Context, client: &Client, transfer: Value) -> Outcome<Value> {
    let id = text(&transfer, "id").to_owned();
    let mut watch = Watch::open(client).await?;
    let mut progress: Option<Progress> = None;
    let mut said = String::new();
    loop {
        let transfer = client.get(&format!("/transfers/{}", segment(&id))).await?;
        if !transfer["outcome"].is_null() {
            if let Some(progress) = progress {
                progress.finish();
            }
            return Ok(transfer);
        }
        if is_final(&transfer) {
            return Err(ended(&transfer));
        }
        let say = |text: &str| match &progress {
            Some(progress) => progress.say(&context.output, text),
            None => context.output.say(text),
        };
        let waiting = transfer_waits(&transfer);
        if waiting != said {
            say(&waiting);
            said = waiting;
        }
        let bytes = number(&transfer, "/progress/bytes");
        let longest = if bytes.is_some() { PROGRESS_EVERY } else { LOOK_AGAIN };
        let event = watch.next(&id, longest).await?;
        if let Some(event) = event {
            tell_trouble(&event, say);
        }
        if let Some((bytes, total)) = bytes.zip(number(&transfer, "/progress/total")) {
            let new = || Progress::new(&context.output, "receiving", total);
            progress.get_or_insert_with(new).set(bytes);
        }
    }
}

/// A transfer that ended without a file.
fn ended(transfer: &Value) -> Failure {
    let failure = terminated("transfer", transfer);
    if text(transfer, "reason").contains("digest-mismatch") {
        let hint = "the peer sent other bytes than were agreed on; nothing was kept";
        return Failure::new(Exit::Integrity, failure.detail()).hint(hint);
    }
    failure
}

fn tell_trouble(event: &Value, say: impl Fn(&str)) {
    if text(event, "kind").ends_with(".trouble") {
        say(text(event, "text"));
    }
}

fn negotiation_waits(negotiation: &Value) -> String {
    let peer = text(negotiation, "peer");
    if let Some(question) = optional(negotiation, "waiting_for") {
        let id = short(text(negotiation, "id"));
        let offers =
            if question == "offer_received" { "the peer offers other terms: " } else { "" };
        return format!(
            "{offers}waiting for your decision ({question}): causeway negotiation show|accept|\
             terminate {id}"
        );
    }
    if let Some(message) = optional(negotiation, "in_flight") {
        return format!("sending {message} to {peer}");
    }
    match text(negotiation, "state") {
        "REQUESTED" | "ACCEPTED" => format!("waiting for {peer} to agree"),
        "VERIFIED" => format!("waiting for {peer} to finalize the agreement"),
        state => format!("waiting for {peer} ({state})"),
    }
}

fn transfer_waits(transfer: &Value) -> String {
    let peer = text(transfer, "peer");
    if let Some(question) = optional(transfer, "waiting_for") {
        let id = short(text(transfer, "id"));
        return format!(
            "waiting for your decision ({question}): causeway transfer show|accept|terminate {id}"
        );
    }
    match text(transfer, "state") {
        "STARTED" => "receiving".to_owned(),
        "SUSPENDED" => {
            let by = optional(transfer, "suspended_by").unwrap_or("somebody");
            let reason = optional(transfer, "reason").unwrap_or("no reason was given");
            format!("held by the {by}: {reason}")
        }
        "REQUESTED" => format!("waiting for {peer} to start the transfer"),
        _ => match optional(transfer, "in_flight") {
            Some(message) => format!("sending {message} to {peer}"),
            None => format!("waiting for {peer}"),
        },
    }
}
