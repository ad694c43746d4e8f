//! What is declared of an offer's data, for the law of both sides: its words, facts and persons,
//! and what the law then says of the offer for each peer. The node reads and checks all of it.

use serde_json::{Map, Value, json};

use crate::cli::{Context, key_value};
use crate::client::{Client, segment};
use crate::exit::Outcome;
use crate::progress::Line;
use crate::values::{fact_value, items, number, optional, short, text};

/// What is said of the data.
#[derive(Debug, Default, clap::Args)]
pub(super) struct Data {
    /// What the data is, such as health or non-personal, or with commas between; `causeway law
    /// classes` lists the words. What is not said is not so.
    #[arg(long = "data", value_name = "CLASS", value_delimiter = ',')]
    data: Vec<String>,
    /// One more fact of the data, such as basis.explicit_consent=true; repeatable. `null` is
    /// unknown.
    #[arg(long, value_name = "NAME=VALUE", value_parser = key_value)]
    fact: Vec<(String, String)>,
    /// At most so many persons are in it.
    #[arg(long, value_name = "N", conflicts_with = "persons_column")]
    persons: Option<u64>,
    /// Count the persons by this column of a CSV file, which holds one id a person.
    #[arg(long, value_name = "NAME")]
    persons_column: Option<String>,
}

impl Data {
    /// As the API takes it; nothing if nothing is declared.
    pub(super) fn declared(&self) -> Option<Value> {
        let is_silent = self.data.is_empty() && self.fact.is_empty() && self.persons.is_none();
        if is_silent && self.persons_column.is_none() {
            return None;
        }
        let facts = self.fact.iter().map(|(name, text)| (name.clone(), fact_value(text)));
        let facts: Map<String, Value> = facts.collect();
        Some(json!({ "classes": self.data, "facts": facts, "persons": self.persons }))
    }

    /// The column with one id a person.
    pub(super) fn column(&self) -> Option<&str> {
        self.persons_column.as_deref()
    }
}

/// Says what comes of offers whose data nobody declared.
pub(super) fn warn_undeclared(context: &Context, rows: Option<u64>) {
    let what = match rows {
        None => "the data is not declared (--data)".to_owned(),
        Some(rows) => format!("the data of {rows} rows is not declared (column data)"),
    };
    context.output.warn(&format!("{what}: whatever crosses a border will wait for a person"));
}

/// Has the node count the persons of an uploaded file.
pub(super) async fn count(client: &Client, content: &Value, column: &str) -> Outcome<u64> {
    let path = format!("/objects/{}/persons", segment(text(content, "blake3")));
    let answer = client.post(&path, &json!({ "column": column })).await?;
    Ok(number(&answer, "/persons").unwrap_or_default())
}

/// The same, for whoever watches.
pub(super) async fn count_and_tell(
    context: &Context,
    client: &Client,
    content: &Value,
    column: &str,
) -> Outcome {
    let mut line = Line::new(&context.output);
    line.show(&format!("counting persons by the column {column}"));
    let persons = count(client, content, column).await;
    line.finish();
    context.output.say(&format!("counted {} persons by the column {column}", persons?));
    Ok(())
}

/// Says for each peer what the law says of an offer.
pub(super) async fn tell_crossings(context: &Context, client: &Client, id: &str) {
    match client.get(&format!("/offers/{}/crossings", segment(id))).await {
        Ok(found) => items(&found).iter().for_each(|crossing| {
            context.output.say(&format!("{}: {}", peer(crossing), sentence(crossing)));
        }),
        // The offer is published all the same.
        Err(failure) => context
            .output
            .warn(&format!("what the law says of it could not be read: {}", failure.detail())),
    }
}

/// The columns of what the law says of an offer.
pub(super) const HEADER: &[&str] = &["peer", "gate", "at best", "at worst", "why"];

/// What the law says for one peer as a row.
pub(super) fn row(crossing: &Value) -> Vec<String> {
    let field = |name| text(crossing, name).to_owned();
    vec![
        peer(crossing).to_owned(),
        field("gate"),
        field("at_best"),
        field("at_worst"),
        because(crossing),
    ]
}

fn peer(crossing: &Value) -> &str {
    optional(crossing, "peer_name").unwrap_or(short(text(crossing, "peer")))
}

/// What would become of a request of this peer.
fn sentence(crossing: &Value) -> String {
    let (best, worst) = (text(crossing, "at_best"), text(crossing, "at_worst"));
    let outcome = match (worst.is_empty(), best == worst) {
        (true, _) => String::new(),
        (_, true) => format!(", {worst}"),
        (_, false) => format!(", {best} at best, {worst} at worst"),
    };
    let because = because(crossing);
    let because = if because.is_empty() { because } else { format!("; {because}") };
    match text(crossing, "gate") {
        "pass" if worst.is_empty() => "passes, no border is crossed".to_owned(),
        "pass" => format!("passes{outcome}"),
        "hold" => format!("will wait for a person{outcome}{because}"),
        _ => format!("will be refused{outcome}{because}"),
    }
}

fn because(crossing: &Value) -> String {
    let question = &crossing["question"];
    if let Some(asked) = optional(question, "question") {
        return format!("{asked} ({})", text(question, "fact"));
    }
    let articles = crossing["articles"].as_array().into_iter().flatten();
    let articles: Vec<&str> = articles.filter_map(Value::as_str).collect();
    match (optional(crossing, "reason"), articles.is_empty()) {
        (None, _) => String::new(),
        (Some(reason), true) => reason.to_owned(),
        (Some(reason), false) => format!("{reason} ({})", articles.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_become_of_a_request_is_one_sentence() {
        let check = |crossing: Value, expected: &str| assert_eq!(sentence(&crossing), expected);
        check(json!({ "gate": "pass" }), "passes, no border is crossed");
        let passes = json!({ "gate": "pass", "at_best": "permitted", "at_worst": "permitted" });
        check(passes, "passes, permitted");
        let held = json!({
            "gate": "hold", "at_best": "permitted", "at_worst": "needs-mechanism",
            "question": { "fact": "tool.x", "question": "Is it?" },
        });
        let expected = "will wait for a person, permitted at best, needs-mechanism at worst; \
                        Is it? (tool.x)";
        check(held, expected);
        let refused = json!({
            "gate": "refuse", "at_best": "prohibited", "at_worst": "prohibited",
            "reason": "never", "articles": ["Art. 1", "Art. 2"],
        });
        check(refused, "will be refused, prohibited; never (Art. 1, Art. 2)");
    }
}
