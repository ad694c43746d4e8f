//! `causeway task`: everything that waits for a person, with what to do next: negotiations,
//! transfers, duties that are not done, records that end soon, looser settings; for whoever may
//! answer them, changed keys of peers and requests for credentials. It only lists; other commands
//! act.

use causeway_node::clock::{Clock as _, System};
use causeway_types::Timestamp;
use clap::Subcommand;
use serde_json::{Value, json};

use super::config::LOOSENED;
use super::{attestation, check, duties, show_list, waiting};
use crate::cli::Context;
use crate::client::{Client, segment};
use crate::exit::{Exit, Outcome};
use crate::values::{items, optional, shell_word, short, text, time};

/// Days before its end from which on a record is a task.
const ENDS_SOON_DAYS: u64 = 30;
const DAY_MICROS: u64 = 86_400_000_000;

/// List what waits for a person, with what to do next.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List what to decide, open duties, ending records, changed keys, requests, looser settings.
    List,
}

/// Runs the subcommand.
pub(crate) async fn run(context: &Context, args: Args) -> Outcome {
    match args.what {
        What::List => {
            let client = context.client()?;
            let list = json!({ "items": all(&client).await? });
            show_list(context, &list, &["kind", "id", "peer", "why", "next"], |task| {
                let field = |name| text(task, name).to_owned();
                let id = short(text(task, "id")).to_owned();
                vec![field("kind"), id, field("peer"), field("why"), field("next")]
            })
        }
    }
}

/// Everything that waits for a person.
async fn all(client: &Client) -> Outcome<Vec<Value>> {
    let mut tasks = Vec::new();
    for (kind, collection) in [("negotiation", "/negotiations"), ("transfer", "/transfers")] {
        let list = client.list(collection).await?;
        for process in items(&list) {
            if waiting::waits(process) {
                tasks.push(to_decide(client, kind, collection, process).await?);
            } else if is_held_by_law(process) {
                tasks.push(to_resume(process));
            }
        }
    }
    tasks.extend(duties::all(client, true).await?.iter().map(to_do));
    let attestations = client.list(attestation::PATH).await?;
    let soon = items(&attestations).iter().filter(|record| ends_soon(record, System.now()));
    tasks.extend(soon.map(to_renew));
    tasks.extend(items(&client.get(LOOSENED).await?).iter().map(to_acknowledge));
    let restricted = restricted(client).await?;
    tasks.extend(restricted.changed_keys.iter().map(to_compare));
    tasks.extend(restricted.requests.iter().map(to_issue));
    Ok(tasks)
}

/// What only some may answer, if the caller is one of them.
struct Restricted {
    /// Peers whose changed keys wait.
    changed_keys: Vec<Value>,
    /// Requests for our credentials.
    requests: Vec<Value>,
}

async fn restricted(client: &Client) -> Outcome<Restricted> {
    let caller = client.get("/access").await?;
    let scopes = || caller["scopes"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let may = |rights: &[&str]| scopes().any(|scope| rights.contains(&scope));
    let (mut changed_keys, mut requests) = (Vec::new(), Vec::new());
    if may(&["causeway:trust:admin"]) {
        changed_keys = items(&client.get("/changed-keys").await?).to_vec();
    }
    if may(&["causeway:credentials:write", "causeway:credentials:admin"]) {
        requests = items(&client.list("/issuer/requests").await?).to_vec();
        requests.retain(|request| text(request, "state") == "RECEIVED");
    }
    Ok(Restricted { changed_keys, requests })
}

/// How much waits for a person, by kind. Unlike the list this asks for no reasons.
pub(super) async fn counts(client: &Client) -> Outcome<Vec<(&'static str, usize)>> {
    let negotiations = client.list("/negotiations").await?;
    let transfers = client.list("/transfers").await?;
    let waits = |list: &Value| {
        let items = items(list).iter();
        items.filter(|item| waiting::waits(item) || is_held_by_law(item)).count()
    };
    let attestations = client.list(attestation::PATH).await?;
    let now = System.now();
    let soon = items(&attestations).iter().filter(|record| ends_soon(record, now)).count();
    let restricted = restricted(client).await?;
    Ok(vec![
        ("negotiations", waits(&negotiations)),
        ("transfers", waits(&transfers)),
        ("duties", duties::all(client, true).await?.len()),
        ("records that end soon", soon),
        ("looser settings", items(&client.get(LOOSENED).await?).len()),
        ("changed keys of peers", restricted.changed_keys.len()),
        ("requests for credentials", restricted.requests.len()),
    ])
}

/// A transfer that we suspended because the law no longer lets it pass.
fn is_held_by_law(process: &Value) -> bool {
    optional(process, "suspended_by").is_some_and(|by| by == text(process, "role"))
        && text(process, "reason").contains("law-not-satisfied")
}

async fn to_decide(
    client: &Client,
    kind: &str,
    collection: &str,
    process: &Value,
) -> Outcome<Value> {
    let id = short(text(process, "id"));
    let reason = waiting::reason(client, collection, process).await?.unwrap_or_default();
    let decision = match optional(process, "decision_id") {
        None => None,
        Some(decision) => match client.get(&format!("/decisions/{}", segment(decision))).await {
            Err(failure) if failure.exit() == Exit::NotFound => None,
            answer => Some(answer?),
        },
    };
    let passes = decision.as_ref().is_none_or(check::lets_pass);
    let next = match passes && !reason.contains("contradicts itself") {
        true => format!("causeway {kind} accept {id}"),
        false if decision.is_some() => format!("causeway check remedies {id}"),
        false => format!("causeway attestation list {}", shell_word(text(process, "peer"))),
    };
    Ok(task(kind, process, &reason, &next))
}

fn to_resume(transfer: &Value) -> Value {
    let id = short(text(transfer, "id"));
    let next = format!("causeway check remedies {}", short(text(transfer, "agreement_id")));
    let why = text(transfer, "reason");
    task("transfer", transfer, why, &format!("{next}; then causeway transfer resume {id}"))
}

fn to_do(duty: &Value) -> Value {
    let agreement = short(text(duty, "agreement_id"));
    let id = text(duty, "id");
    let why = format!("{}: {}, due {}", id, text(duty, "text"), text(duty, "due"));
    let words = format!("{} {}", shell_word(agreement), shell_word(id));
    let next = format!("causeway agreement duty-done {words} --reference ");
    let mut told = task("duty", duty, &why, &next);
    told["id"] = duty["agreement_id"].clone();
    told["duty"] = duty["id"].clone();
    told
}

fn to_renew(record: &Value) -> Value {
    let facts: Vec<String> = attestation::facts(record).into_iter().map(shell_word).collect();
    let until = time(text(record, "valid_until"));
    let why = format!("{} ends on {until} ({})", facts.join(" "), text(record, "reference"));
    let dataset = optional(record, "dataset_id");
    let dataset = dataset.map(|id| format!(" --dataset {}", shell_word(id))).unwrap_or_default();
    let peer = shell_word(text(record, "peer"));
    let facts = facts.join(" ");
    let next = format!("causeway attestation add {peer} {facts}{dataset} --reference ");
    task("attestation", record, &why, &next)
}

fn to_acknowledge(loosened: &Value) -> Value {
    let held = if loosened["held"] == true { ", and held back until then" } else { "" };
    let why = format!("looser than at the last start{held}");
    let mut told = task("setting", loosened, &why, "causeway config acknowledge");
    told["id"] = loosened["setting"].clone();
    told
}

/// The thumbprints are left out of the command: whoever approves has them from the peer's people.
fn to_compare(party: &Value) -> Value {
    let id = text(party, "participant_id");
    let reason = text(&party["changed"], "reason");
    let why = format!("its keys changed without proof ({reason}); ask its people by another way");
    let peer = shell_word(optional(party, "name").unwrap_or(id));
    let mut told =
        task("peer-keys", party, &why, &format!("causeway peer approve-keys {peer} --key "));
    (told["id"], told["peer"]) = (id.into(), id.into());
    told["keys"] = party["changed"]["keys"].clone();
    told
}

fn to_issue(request: &Value) -> Value {
    let id = short(text(request, "id"));
    let names = request["definitions"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let why = format!("asks for {}", names.collect::<Vec<_>>().join(", "));
    let next = format!("causeway issuer approve {id}; or causeway issuer reject {id}");
    let mut told = task("credential-request", request, &why, &next);
    told["peer"] = request["holder"].clone();
    told
}

fn task(kind: &str, of: &Value, why: &str, next: &str) -> Value {
    json!({
        "kind": kind, "id": of["id"], "peer": of["peer"], "dataset_id": of["dataset_id"],
        "waiting_for": of["waiting_for"], "why": why, "next": next,
    })
}

/// Whether a record counts now and will not for much longer.
fn ends_soon(record: &Value, now: Timestamp) -> bool {
    let until = optional(record, "valid_until").and_then(|until| Timestamp::parse(until).ok());
    let left = until.map(|until| until.micros_since(now));
    record["counts"] == true && left.is_some_and(|left| left <= ENDS_SOON_DAYS * DAY_MICROS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_a_task_in_its_last_thirty_days() {
        let now = Timestamp::parse("2026-06-01T00:00:00Z").unwrap();
        let check = |until: Value, counts: bool, expected: bool| {
            let record = json!({ "valid_until": until, "counts": counts });
            assert_eq!(ends_soon(&record, now), expected, "{until}");
        };
        check(json!("2026-07-01T00:00:00Z"), true, true);
        check(json!("2026-07-01T00:00:01Z"), true, false);
        check(json!("2026-06-02T00:00:00Z"), false, false);
        check(Value::Null, true, false);
    }

    #[test]
    fn each_task_says_the_command_that_settles_it() {
        let duty = json!({ "agreement_id": "urn:uuid:1", "id": "eu.x", "text": "t", "due": "d" });
        let told = to_do(&duty);
        assert_eq!(told["next"], "causeway agreement duty-done 1 eu.x --reference ");
        let party = json!({ "participant_id": "did:web:p", "changed": { "keys": ["k"] } });
        let told = to_compare(&party);
        assert_eq!(told["next"], "causeway peer approve-keys did:web:p --key ");
        assert_eq!((&told["id"], &told["keys"]), (&json!("did:web:p"), &json!(["k"])));
        let request = json!({ "id": "urn:uuid:12", "holder": "h", "definitions": ["a", "b"] });
        let told = to_issue(&request);
        assert_eq!(told["next"], "causeway issuer approve 12; or causeway issuer reject 12");
        assert_eq!((&told["peer"], &told["why"]), (&json!("h"), &json!("asks for a, b")));
        let record = json!({ "peer": "p", "facts": ["tool.a=true"], "dataset_id": "d e" });
        let expected = "causeway attestation add p tool.a=true --dataset 'd e' --reference ";
        assert_eq!(to_renew(&record)["next"], expected);
    }
}
