//! `causeway credential`: what issuers say of this node. They are asked here, their credentials
//! come by themselves; what is issued to others is in `issuer`.

use clap::Subcommand;
use serde_json::{Value, json};

use super::{confirm, show, show_list};
use crate::cli::Context;
use crate::client::{Client, segment};
use crate::exit::{Exit, Failure, Outcome};
use crate::values::{optional, short, text, time};

const PATH: &str = "/credentials";
const REQUESTS: &str = "/credential-requests";

/// Ask issuers for this node's own credentials, look at them, renew them.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Ask an issuer for credentials; they come by themselves.
    Request {
        /// The issuer's DID.
        issuer: String,
        /// A type of credential, or the issuer's own name of one; may be given more than once.
        #[arg(long = "type", value_name = "TYPE", required = true)]
        types: Vec<String>,
        /// The id of the request, where the issuer was told one; a fresh one if missing.
        #[arg(long, value_name = "ID")]
        id: Option<String>,
        /// Wait until the credentials come, or are refused.
        #[arg(long)]
        wait: bool,
    },
    /// List the credentials that this node holds.
    List,
    /// Show one credential and what it says.
    Show {
        /// The credential's id, or its beginning.
        id: String,
    },
    /// List the requests for credentials and how far they are.
    Requests,
    /// List what issuers offered.
    Offers,
    /// Ask the issuer of a credential for it anew; the node does so by itself before one ends.
    Renew {
        /// The credential's id, or its beginning.
        id: String,
        /// Wait until the new one comes, or is refused.
        #[arg(long)]
        wait: bool,
    },
    /// Remove a credential: nobody is shown it any more.
    Remove {
        /// The credential's id, or its beginning.
        id: String,
        /// Do not ask.
        #[arg(long)]
        yes: bool,
    },
}

/// Runs the subcommand.
pub(crate) async fn run(context: &Context, args: Args) -> Outcome {
    let client = context.client()?;
    match args.what {
        What::Request { issuer, types, id, wait } => {
            let body = json!({ "issuer": issuer, "credentials": types, "holder_pid": id });
            ask(context, &client, REQUESTS, &body, wait).await
        }
        What::List => show_list(context, &client.list(PATH).await?, HEADER, row),
        What::Show { id } => show(context, &client.find(PATH, &id).await?),
        What::Requests => {
            show_list(context, &client.list(REQUESTS).await?, REQUEST_HEADER, request_row)
        }
        What::Offers => {
            let offers = client.list("/credential-offers").await?;
            show_list(context, &offers, OFFER_HEADER, offer_row)
        }
        What::Renew { id, wait } => {
            let found = client.find(PATH, &id).await?;
            let path = format!("{PATH}/{}/renew", segment(text(&found, "id")));
            ask(context, &client, &path, &json!({}), wait).await
        }
        What::Remove { id, yes } => {
            let found = client.find(PATH, &id).await?;
            let named = format!("the {} of {}", words(&found["types"]), text(&found, "issuer"));
            confirm(context, &format!("remove {named}"), yes).await?;
            let path = format!("{PATH}/{}", segment(text(&found, "id")));
            let removed = client.delete(&path).await?;
            context.output.say("removed; its issuer was not told");
            show(context, &removed)
        }
    }
}

/// Makes a request, and waits for its end if that is wanted.
async fn ask(
    context: &Context,
    client: &Client,
    path: &str,
    body: &Value,
    is_awaited: bool,
) -> Outcome {
    // Listening begins before the request, so that no event of it is missed.
    let events = if is_awaited { Some(client.events(None).await?) } else { None };
    let made = client.post(path, body).await?;
    let Some(mut events) = events else {
        context.output.say("asked; see how far it is with: causeway credential requests");
        return show(context, &made);
    };
    let place = format!("{REQUESTS}/{}", segment(text(&made, "id")));
    loop {
        let request = client.get(&place).await?;
        match text(&request, "state") {
            "ISSUED" => return show(context, &request),
            "REJECTED" => {
                let why = optional(&request, "reason").unwrap_or("no reason was given");
                let detail = format!("{} gives no credentials: {why}", text(&request, "issuer"));
                return Err(Failure::new(Exit::Refused, detail));
            }
            _ => {}
        }
        if events.next().await.is_none() {
            events = client.events(events.last()).await?;
        }
    }
}

const HEADER: &[&str] = &["id", "credential", "issuer", "state", "until"];

fn row(credential: &Value) -> Vec<String> {
    vec![
        text(credential, "id").to_owned(),
        words(&credential["types"]),
        text(credential, "issuer").to_owned(),
        text(credential, "state").to_owned(),
        optional(credential, "valid_until").map_or_else(|| "no end".to_owned(), time),
    ]
}

const REQUEST_HEADER: &[&str] = &["id", "credential", "issuer", "state", "updated", "reason"];

fn request_row(request: &Value) -> Vec<String> {
    vec![
        short(text(request, "id")).to_owned(),
        words(&request["credentials"]),
        text(request, "issuer").to_owned(),
        text(request, "state").to_owned(),
        time(text(request, "updated_at")),
        text(request, "reason").to_owned(),
    ]
}

const OFFER_HEADER: &[&str] = &["issuer", "credential", "since", "reason"];

fn offer_row(offer: &Value) -> Vec<String> {
    vec![
        text(offer, "issuer").to_owned(),
        words(&offer["credentials"]),
        time(text(offer, "received_at")),
        text(offer, "reason").to_owned(),
    ]
}

fn words(list: &Value) -> String {
    let words = list.as_array().into_iter().flatten().filter_map(Value::as_str);
    words.collect::<Vec<_>>().join(" ")
}
