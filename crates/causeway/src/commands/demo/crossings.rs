//! What the law says of four crossings: of the table that went already, of one with duties, of one
//! that is held until a mechanism is recorded, and of one that is refused with its article. The
//! persons in these tables do not exist.

use http::Method;
use serde_json::{Value, json};

use super::nodes::Running;
use super::{STEP_MAX, Story, reached};
use crate::client::Events;
use crate::exit::{Exit, Failure, Outcome};
use crate::register::{self, Columns};
use crate::values::{optional, text};

/// How many persons each table is about.
const PERSONS: u64 = 10_000;
/// Whose tables they are.
const SEED: u64 = 1;
/// The column with one id a person.
const ID: &str = "synthetic_id";

/// Runs the three crossings that the law has more to say of, and tells all four.
pub(super) async fn run(
    story: &mut Story<'_>,
    [office, institute, hospital]: [&Running; 3],
) -> Outcome<Vec<Value>> {
    let mut told = Vec::new();
    let population = crossing(office, institute, "population by place, no persons");
    let agreements = institute.client.get("/agreements").await?;
    let decision = decision_of(institute, &agreements["items"][0]).await?;
    told.push(told_of(population, &decision, &Value::Null));

    let consented = json!({ "classes": ["ordinary"], "facts": { "basis.explicit_consent": true } });
    let offer = publish(office, "Panel of volunteers", Columns::Ordinary, consented).await?;
    let agreement = contract(office, institute, &offer, None).await?;
    let decision = decision_of(office, &agreement).await?;
    let count = agreement["duties"].as_array().map_or(0, Vec::len);
    let line = format!("a panel of {PERSONS} synthetic persons who consented: {count} duties");
    story.step("duties", &line);
    let what = crossing(office, institute, "a panel of persons who consented");
    told.push(told_of(what, &decision, &agreement["duties"]));

    let health = json!({ "classes": ["health"], "facts": { "basis.explicit_consent": true } });
    let offer = publish(office, "Synthetic health register", Columns::Health, health).await?;
    let record = json!({
        "peer": institute.site.short,
        "facts": { "tool.ke_safeguards": true },
        "reference": "data sharing agreement 7/2026, confirmed by the Data Commissioner",
    });
    let agreement = contract(office, institute, &offer, Some((&record, story))).await?;
    let decision = decision_of(office, &agreement).await?;
    let what = crossing(office, institute, "a synthetic health register");
    told.push(told_of(what, &decision, &agreement["duties"]));

    let patients = json!({ "classes": ["health"], "facts": { "data.ae_health": true } });
    let offer = publish(hospital, "Synthetic patients", Columns::Health, patients).await?;
    let reason = refused(hospital, institute, &offer).await?;
    story.step("refused", &format!("{}: {reason}", hospital.site.name));
    let what = crossing(hospital, institute, "a synthetic register of patients");
    told.push(json!({ "what": what, "outcome": "prohibited", "reason": reason }));
    Ok(told)
}

fn crossing(from: &Running, to: &Running, what: &str) -> String {
    format!("{} to {}, {what}", from.site.country, to.site.country)
}

fn told_of(what: String, decision: &Value, duties: &Value) -> Value {
    let duties = duties.as_array().into_iter().flatten().map(|duty| duty["id"].clone());
    json!({
        "what": what,
        "outcome": decision["document"]["decision"]["outcome"],
        "decision_id": decision["id"],
        "duties": duties.collect::<Vec<_>>(),
    })
}

async fn decision_of(node: &Running, agreement: &Value) -> Outcome<Value> {
    let id = text(agreement, "decision_id");
    node.client.get(&format!("/decisions/{id}")).await
}

/// Publishes a table of synthetic persons, counted by their ids.
async fn publish(node: &Running, title: &str, columns: Columns, data: Value) -> Outcome<Value> {
    let mut table = Vec::new();
    register::write(SEED, 0..PERSONS, columns, &mut table)?;
    let upload = node.client.request(Method::POST, "/objects").body(table);
    let answer = node.client.send(upload).await?;
    let content: Value = answer.json().await.map_err(|error| node.client.unreachable(&error))?;
    let path = format!("/objects/{}/persons", text(&content, "blake3"));
    node.client.post(&path, &json!({ "column": ID })).await?;
    let offer = json!({
        "title": { "en": title },
        "description": { "en": "Synthetic: no person in it exists" },
        "media_type": "text/csv",
        "content": content,
        "data": data,
    });
    node.client.post("/offers", &offer).await
}

/// Asks for a contract and returns the provider's agreement. Where the provider's node holds it,
/// what is missing is recorded there.
async fn contract(
    provider: &Running,
    consumer: &Running,
    offer: &Value,
    missing: Option<(&Value, &mut Story<'_>)>,
) -> Outcome<Value> {
    let mut theirs = provider.client.events(None).await?;
    let mut ours = consumer.client.events(None).await?;
    let id = request(provider, consumer, offer).await?;
    if let Some((record, story)) = missing {
        let reason = waiting(&mut theirs).await?;
        story.step("held", &format!("a health register of {PERSONS} persons, {reason}"));
        provider.client.post("/attestations", record).await?;
        reached(&mut ours, "negotiation.state", "FINALIZED", Some(&id)).await?;
        story.step("recorded", "safeguards recorded with their reference, contract FINALIZED");
    } else {
        reached(&mut ours, "negotiation.state", "FINALIZED", Some(&id)).await?;
    }
    reached(&mut theirs, "negotiation.state", "FINALIZED", None).await?;
    let negotiation = consumer.client.get(&format!("/negotiations/{id}")).await?;
    let agreement = text(&negotiation, "agreement_id");
    provider.client.get(&format!("/agreements/{agreement}")).await
}

/// Asks for a contract that the law refuses, and returns why.
async fn refused(provider: &Running, consumer: &Running, offer: &Value) -> Outcome<String> {
    let mut ours = consumer.client.events(None).await?;
    let id = match request(provider, consumer, offer).await {
        Ok(id) => id,
        // Our own node knows the law of both sides, too.
        Err(failure) => return Ok(failure.detail().to_owned()),
    };
    match reached(&mut ours, "negotiation.state", "FINALIZED", Some(&id)).await {
        Ok(()) => {
            let detail = "the law prohibits it, and it was agreed on all the same";
            Err(Failure::new(Exit::Failure, detail))
        }
        Err(failure) => Ok(failure.detail().to_owned()),
    }
}

async fn request(provider: &Running, consumer: &Running, offer: &Value) -> Outcome<String> {
    let asked = json!({ "peer": provider.site.short, "dataset_id": offer["dataset_id"] });
    let negotiation = consumer.client.post("/negotiations", &asked).await?;
    Ok(text(&negotiation, "id").to_owned())
}

/// Why a negotiation waits for a person.
async fn waiting(events: &mut Events) -> Outcome<String> {
    let looking = async {
        while let Some(event) = events.next().await {
            if optional(&event, "kind") == Some("negotiation.waiting") {
                return Ok(text(&event, "text").to_owned());
            }
        }
        Err(Failure::new(Exit::Unreachable, "a node stopped telling what happens"))
    };
    tokio::time::timeout(STEP_MAX, looking).await.unwrap_or_else(|_| {
        Err(Failure::new(Exit::Failure, "the law held nothing, expected it to hold the register"))
    })
}
