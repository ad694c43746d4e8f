//! What would make a crossing possible: what to put in place and to record, which questions to
//! answer, and the ways around. Nothing is recorded here; the commands are for a person who knows
//! that what they say is so.

use serde_json::{Value, json};

use super::decisions::{Found, head, outcome};
use crate::values::{optional, shell_word, text};

/// The remedies of a decision, as a document and as a page.
pub(super) fn tell(found: &Found) -> (Value, String) {
    let decided = found.decided();
    let ways: Vec<Value> = each(decided, "alternatives").map(|way| remedy(found, way)).collect();
    let questions: Vec<Value> =
        each(decided, "missing").map(|asked| question(found, asked)).collect();
    let document = json!({
        "id": found.decision["id"], "replayed": found.decision["replayed"],
        "at_best": decided["at_best"], "at_worst": decided["at_worst"],
        "peer": found.peer, "dataset_id": found.dataset(), "questions": questions,
        "remedies": ways, "uncovered": decided["uncovered"],
    });
    (document, page(found, &ways, &questions))
}

fn page(found: &Found, ways: &[Value], questions: &[Value]) -> String {
    let decided = found.decided();
    let mut page = head(&found.decision);
    page.push_str(&format!("\n{}\n", outcome(decided)));
    for fact in each(decided, "uncovered").filter_map(Value::as_str) {
        page.push_str(&format!("no rule pack knows the law of {fact}\n"));
    }
    if found.peer.is_none() {
        page.push_str("nothing rests on this decision any more, so the peer is not named below\n");
    }
    if !questions.is_empty() {
        page.push_str("\nto be answered, the most decisive first:\n");
    }
    for (place, asked) in (1..).zip(questions) {
        page.push_str(&format!("{place}. {}\n", text(asked, "question")));
        page.push_str(&format!("   if it is {}:\n", text(asked, "answers")));
        page.push_str(&format!("   {}\n", text(asked, "command")));
    }
    if !ways.is_empty() {
        page.push_str("\nwhat would make it possible:\n");
    }
    for (place, way) in (1..).zip(ways) {
        let then = text(way, "at_worst");
        page.push_str(&format!("{place}. {}; then it is {then}\n", text(way, "text")));
        let mut list = |what: &str, name: &str| {
            let all: Vec<&str> = each(way, name).filter_map(Value::as_str).collect();
            if !all.is_empty() {
                page.push_str(&format!("   {what}: {}\n", all.join("; ")));
            }
        };
        list("law", "articles");
        list("documents", "documents");
        if let Some(command) = optional(way, "command") {
            page.push_str(&format!("   when it is in place:\n   {command}\n"));
        }
    }
    if ways.is_empty() && questions.is_empty() {
        page.push_str(match super::decisions::lets_pass(&found.decision) {
            true => "it passes; nothing has to be recorded\n",
            false => "no remedy is known; change what crosses\n",
        });
    } else {
        page.push_str("\nrecord only what is so: what is recorded is what the law is asked with\n");
    }
    page
}

fn remedy(found: &Found, way: &Value) -> Value {
    let mut told = way.clone();
    match text(way, "kind") {
        "mechanism" => {
            let needs = each(way, "needs").filter_map(Value::as_str);
            let mut facts: Vec<String> = needs.map(|fact| format!("{fact}=true")).collect();
            // What has to turn out to be so is recorded too, unless it is known already.
            let provided = way["provided"].as_object().into_iter().flatten();
            let open = provided.filter(|(name, _)| !is_known(found, name));
            facts.extend(open.map(|(name, value)| format!("{name}={value}")));
            told["command"] = command(found, &facts).into();
        }
        "wait" => told["text"] = format!("wait until {}", text(way, "until")).into(),
        "compute-to-data" => {
            told["text"] = "take the computation to the data, so that only results cross".into();
        }
        other => told["text"] = other.into(),
    }
    told
}

fn question(found: &Found, asked: &Value) -> Value {
    let fact = text(asked, "fact");
    let (answers, first) = match &asked["kind"] {
        Value::Array(words) => {
            let words: Vec<&str> = words.iter().filter_map(Value::as_str).collect();
            let first = words.first().map_or("WORD", |first| *first).to_owned();
            (format!("{first} (or else {})", words[1.min(words.len())..].join(", ")), first)
        }
        Value::String(kind) if kind == "count" => ("a number N".to_owned(), "N".to_owned()),
        Value::String(kind) if kind == "day" => ("a day".to_owned(), "YYYY-MM-DD".to_owned()),
        Value::String(kind) if kind == "area" => ("an area such as KE".to_owned(), "CC".to_owned()),
        _ => ("so (or else =false)".to_owned(), "true".to_owned()),
    };
    let mut told = asked.clone();
    told["answers"] = answers.into();
    told["command"] = command(found, &[format!("{fact}={first}")]).into();
    told
}

/// A command that records facts. Without a reference it ends where one is to be written.
fn command(found: &Found, facts: &[String]) -> String {
    let peer = found.peer.as_deref().unwrap_or("PEER");
    let mut words = vec!["causeway attestation add".to_owned(), shell_word(peer)];
    words.extend(facts.iter().map(|fact| shell_word(fact)));
    if let Some(dataset) = found.dataset() {
        words.push(format!("--dataset {}", shell_word(dataset)));
    }
    let reference = found.reference.as_deref().map(shell_word).unwrap_or_default();
    words.push(format!("--reference {reference}"));
    words.join(" ")
}

fn is_known(found: &Found, name: &str) -> bool {
    let decided = found.decided();
    ["facts", "derived"].iter().any(|part| decided[part].get(name).is_some_and(|v| !v.is_null()))
}

fn each<'v>(value: &'v Value, name: &str) -> impl Iterator<Item = &'v Value> {
    value[name].as_array().into_iter().flatten()
}
