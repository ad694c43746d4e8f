//! `causeway token`: tokens of the management API, each with a person, what it allows, and an end.

use clap::Subcommand;
use serde_json::{Value, json};

use super::{show, show_list};
use crate::cli::Context;
use crate::client::segment;
use crate::exit::Outcome;
use crate::values::{text, time};

const PATH: &str = "/tokens";
/// How much of a token's id is shown.
const ID_SHOWN: usize = 12;

/// Make, list and take back tokens of the management API.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Make a token; it is shown this once.
    Create {
        /// What it is for.
        name: String,
        /// Who stands behind it; you, if missing. Two tokens of one person are one person.
        #[arg(long, value_name = "NAME")]
        person: Option<String>,
        /// operator, steward, legal, developer or auditor.
        #[arg(long, required_unless_present = "scopes")]
        role: Option<String>,
        /// A scope such as causeway:offers:write, beside the role or instead of one.
        #[arg(long = "scope", value_name = "SCOPE")]
        scopes: Vec<String>,
        /// A network it may be used from; any, if missing.
        #[arg(long = "network", value_name = "NETWORK")]
        networks: Vec<String>,
        /// How many days it counts, at most 366.
        #[arg(long, value_name = "DAYS", default_value_t = 90)]
        days: u64,
    },
    /// List tokens, those that no longer count too; their secrets are not known.
    List {
        /// Only of this person.
        #[arg(long, value_name = "NAME")]
        person: Option<String>,
    },
    /// Show one token, without its secret.
    Show {
        /// The token's id, or its beginning.
        id: String,
    },
    /// Take a token back, or all of a person.
    Revoke {
        /// The token's id, or its beginning.
        #[arg(required_unless_present = "person")]
        id: Option<String>,
        /// All tokens of this person, as when they leave.
        #[arg(long, value_name = "NAME", conflicts_with = "id")]
        person: Option<String>,
    },
}

/// Runs the subcommand.
pub(crate) async fn run(context: &Context, args: Args) -> Outcome {
    let client = context.client()?;
    match args.what {
        What::Create { name, person, role, scopes, networks, days } => {
            let body = json!({
                "name": name, "person": person, "role": role, "scopes": scopes,
                "networks": networks, "expires_in_days": days,
            });
            let made = client.post(PATH, &body).await?;
            if context.output.is_json() {
                return context.output.document(&made);
            }
            context.output.line(text(&made, "token"))?;
            let id = shown(&made);
            context.output.say(&format!(
                "this token of {} counts until {}; it is not shown again. take it back with: \
                 causeway token revoke {id}",
                text(&made, "person"),
                time(text(&made, "expires_at")),
            ));
            Ok(())
        }
        What::List { person } => {
            let of = person.map(|person| format!("?person={}", segment(&person)));
            let path = format!("{PATH}{}", of.unwrap_or_default());
            show_list(context, &client.list(&path).await?, HEADER, row)
        }
        What::Show { id } => show(context, &client.find(PATH, &id).await?),
        What::Revoke { id: Some(id), .. } => {
            let found = client.find(PATH, &id).await?;
            let id = segment(text(&found, "id"));
            show(context, &client.post(&format!("{PATH}/{id}/revoke"), &json!({})).await?)
        }
        What::Revoke { id: None, person } => {
            let person = segment(&person.unwrap_or_default());
            let revoked = client.post(&format!("/persons/{person}/revoke"), &json!({})).await?;
            show_list(context, &revoked, HEADER, row)
        }
    }
}

const HEADER: &[&str] = &["id", "state", "person", "name", "allows", "until", "used", "networks"];

fn row(token: &Value) -> Vec<String> {
    let words = |name: &str| -> Vec<&str> {
        token[name].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
    };
    let mut allows = vec![text(token, "role")];
    allows.extend(words("scopes"));
    allows.retain(|word| !word.is_empty());
    vec![
        shown(token).to_owned(),
        text(token, "state").to_owned(),
        text(token, "person").to_owned(),
        text(token, "name").to_owned(),
        allows.join(" "),
        time(text(token, "expires_at")),
        time(text(token, "used_at")),
        words("networks").join(" "),
    ]
}

fn shown(token: &Value) -> &str {
    let id = text(token, "id");
    id.get(..ID_SHOWN).unwrap_or(id)
}
