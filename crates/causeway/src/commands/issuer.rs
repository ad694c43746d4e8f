//! `causeway issuer`: what this node issues as an issuer of credentials, who asks for it, and what
//! is taken back.

use clap::Subcommand;
use serde_json::{Map, Value, json};

use super::{history, show, show_list};
use crate::cli::{Context, key_value};
use crate::client::segment;
use crate::exit::Outcome;
use crate::values::{fact_value, items, short, text, time};

const DEFINITIONS: &str = "/issuer/definitions";
const REQUESTS: &str = "/issuer/requests";
const CREDENTIALS: &str = "/issuer/credentials";

/// Issue credentials: say what is issued, decide who gets it, take it back.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

/// What is claimed of a holder.
#[derive(Debug, clap::Args)]
struct Claims {
    /// What is claimed of the holder, such as legalName="Example Ltd"; may be repeated.
    #[arg(long = "claim", value_name = "NAME=VALUE", value_parser = key_value)]
    claims: Vec<(String, String)>,
}

impl Claims {
    fn body(self) -> Map<String, Value> {
        self.claims.into_iter().map(|(name, text)| (name, claim_value(&text))).collect()
    }
}

#[derive(Debug, Subcommand)]
enum What {
    /// Define what is issued under a name, or change it.
    Define {
        /// The name by which holders ask for it.
        name: String,
        /// The type of the credential, such as MembershipCredential.
        #[arg(value_name = "TYPE")]
        credential_type: String,
        /// The data model: vc11-sl2021/jwt or vc20-bssl/jwt.
        #[arg(long, default_value = "vc11-sl2021/jwt")]
        profile: String,
        /// How long a credential counts.
        #[arg(long, default_value_t = 365)]
        days: u32,
        /// Issue it to whoever asks, instead of waiting for a person.
        #[arg(long)]
        auto: bool,
        #[command(flatten)]
        claims: Claims,
        /// Where the schema of the claims is.
        #[arg(long, value_name = "URL")]
        schema: Option<String>,
        /// Why it is offered, for people.
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
    },
    /// List what is issued.
    Definitions,
    /// Issue nothing under a name any more; what was issued stays as it is.
    Withdraw {
        /// The name.
        name: String,
    },
    /// List requests that wait for a person.
    Requests {
        /// Those that are decided, too.
        #[arg(long)]
        all: bool,
        /// Only those of this holder: a DID, or a peer's name.
        #[arg(long, value_name = "HOLDER")]
        holder: Option<String>,
    },
    /// Show a request.
    Request {
        /// The request's id, or its beginning.
        id: String,
    },
    /// Show what happened to a request.
    History {
        /// The request's id, or its beginning.
        id: String,
    },
    /// Issue what a request asks for.
    Approve {
        /// The request's id, or its beginning.
        id: String,
        #[command(flatten)]
        claims: Claims,
    },
    /// Say that a request leads to no credentials.
    Reject {
        /// The request's id, or its beginning.
        id: String,
        /// Why; the holder is told.
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
    },
    /// Issue credentials that nobody asked for.
    Issue {
        /// The holder: a DID, or a peer's name.
        holder: String,
        /// The names of what is issued.
        #[arg(required = true, value_name = "NAME")]
        names: Vec<String>,
        #[command(flatten)]
        claims: Claims,
    },
    /// Offer credentials to a holder, who may then ask for them.
    Offer {
        /// The holder: a DID, or a peer's name.
        holder: String,
        /// The names of what is offered.
        #[arg(required = true, value_name = "NAME")]
        names: Vec<String>,
    },
    /// List credentials that were issued.
    Issued {
        /// Only those of this holder: a DID, or a peer's name.
        holder: Option<String>,
    },
    /// Take a credential back; whoever looks at its status list knows from then on.
    Revoke {
        /// The credential's id, or its beginning.
        id: String,
        /// Why, for the record.
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
    },
}

/// Runs the subcommand.
pub(crate) async fn run(context: &Context, args: Args) -> Outcome {
    match args.what {
        What::Define { name, credential_type, profile, days, auto, claims, schema, reason } => {
            let body = json!({
                "id": name, "credential_type": credential_type, "profile": profile,
                "valid_days": days, "rule": if auto { "auto" } else { "hold" },
                "claims": claims.body(), "credential_schema": schema, "offer_reason": reason,
            });
            show(context, &context.client()?.post(DEFINITIONS, &body).await?)
        }
        What::Definitions => {
            let known = context.client()?.get(DEFINITIONS).await?;
            show_list(context, &known, DEFINITION_HEADER, definition_row)
        }
        What::Withdraw { name } => {
            let path = format!("{DEFINITIONS}/{}/withdraw", segment(&name));
            show(context, &context.client()?.post(&path, &json!({})).await?)
        }
        What::Requests { all, holder } => requests(context, all, holder.as_deref()).await,
        What::Request { id } => show(context, &context.client()?.find(REQUESTS, &id).await?),
        What::History { id } => history(context, REQUESTS, &id).await,
        What::Approve { id, claims } => {
            let body = json!({ "claims": claims.body() });
            super::act(context, REQUESTS, &id, "approve", &body).await
        }
        What::Reject { id, reason } => {
            super::act(context, REQUESTS, &id, "reject", &json!({ "reason": reason })).await
        }
        What::Issue { holder, names, claims } => {
            let body = json!({ "holder": holder, "definitions": names, "claims": claims.body() });
            let issued = context.client()?.post(CREDENTIALS, &body).await?;
            context.output.say("signed and on the way to the holder");
            show(context, &issued)
        }
        What::Offer { holder, names } => {
            let body = json!({ "holder": holder, "definitions": names });
            show(context, &context.client()?.post("/issuer/offers", &body).await?)
        }
        What::Issued { holder } => {
            let path = format!("{CREDENTIALS}{}", of(holder.as_deref()));
            let issued = context.client()?.list(&path).await?;
            show_list(context, &issued, ISSUED_HEADER, issued_row)
        }
        What::Revoke { id, reason } => {
            super::act(context, CREDENTIALS, &id, "revoke", &json!({ "reason": reason })).await
        }
    }
}

async fn requests(context: &Context, all: bool, holder: Option<&str>) -> Outcome {
    let mut found = context.client()?.list(&format!("{REQUESTS}{}", of(holder))).await?;
    if !all {
        let waits = |request: &&Value| text(request, "state") == "RECEIVED";
        let waiting: Vec<Value> = items(&found).iter().filter(waits).cloned().collect();
        found = json!({ "items": waiting });
    }
    show_list(context, &found, REQUEST_HEADER, request_row)
}

fn of(holder: Option<&str>) -> String {
    holder.map(|holder| format!("?holder={}", segment(holder))).unwrap_or_default()
}

/// A list or an object as JSON; everything else as a fact is typed.
fn claim_value(text: &str) -> Value {
    match serde_json::from_str(text) {
        Ok(value @ (Value::Array(_) | Value::Object(_))) => value,
        _ => fact_value(text),
    }
}

const DEFINITION_HEADER: &[&str] = &["name", "type", "profile", "days", "rule", "claims"];

fn definition_row(definition: &Value) -> Vec<String> {
    let claims = definition["claims"].as_object().into_iter().flatten();
    let claims: Vec<String> = claims.map(|(name, value)| format!("{name}={value}")).collect();
    vec![
        text(definition, "id").to_owned(),
        text(definition, "credential_type").to_owned(),
        text(definition, "profile").to_owned(),
        definition["valid_days"].to_string(),
        text(definition, "rule").to_owned(),
        claims.join(" "),
    ]
}

const REQUEST_HEADER: &[&str] = &["id", "holder", "asks for", "state", "since", "why"];

fn request_row(request: &Value) -> Vec<String> {
    let names = request["definitions"].as_array().into_iter().flatten();
    let names: Vec<&str> = names.filter_map(Value::as_str).collect();
    let state = match (text(request, "state"), request.get("delivered_at")) {
        ("RECEIVED", _) => "RECEIVED, decide".to_owned(),
        (state, Some(_)) => format!("{state}, delivered"),
        (state, None) => state.to_owned(),
    };
    vec![
        short(text(request, "id")).to_owned(),
        text(request, "holder").to_owned(),
        names.join(" "),
        state,
        time(text(request, "created_at")),
        text(request, "reason").to_owned(),
    ]
}

const ISSUED_HEADER: &[&str] = &["id", "holder", "type", "issued", "until", "counts", "why"];

fn issued_row(issued: &Value) -> Vec<String> {
    let counts = match &issued["revoked_at"] {
        Value::String(at) => format!("revoked {}", time(at)),
        _ => "yes".to_owned(),
    };
    vec![
        short(text(issued, "id")).to_owned(),
        text(issued, "holder").to_owned(),
        text(issued, "credential_type").to_owned(),
        time(text(issued, "issued_at")),
        time(text(issued, "expires_at")),
        counts,
        text(issued, "revoked_because").to_owned(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_is_what_it_looks_like() {
        let check = |text: &str, expected: Value| assert_eq!(claim_value(text), expected, "{text}");
        check("true", json!(true));
        check("12", json!(12));
        check("2026-01-31", json!("2026-01-31"));
        check("Example Ltd", json!("Example Ltd"));
        check(r#"["research"]"#, json!(["research"]));
        check(r#"{"a":1}"#, json!({"a": 1}));
        check("[not json", json!("[not json"));
    }
}
