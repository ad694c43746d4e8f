//! Duties of agreements: what each agreement still asks for, and a report over all of them.

use serde_json::{Value, json};

use crate::cli::Context;
use crate::client::{Client, segment};
use crate::exit::Outcome;
use crate::values::{csv_line, items, optional, short, text, time};

const PATH: &str = "/agreements";

/// How the report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// A table for people.
    Table,
    /// Comma-separated values with a header.
    Csv,
}

/// Every duty with its agreement, those of the newest agreement first.
pub(super) async fn all(client: &Client, is_open: bool) -> Outcome<Vec<Value>> {
    let agreements = client.list(PATH).await?;
    let duties = items(&agreements).iter().flat_map(|agreement| {
        let duties = agreement["duties"].as_array().into_iter().flatten();
        duties.map(move |duty| {
            let mut item = json!({
                "agreement_id": agreement["id"], "peer": agreement["peer"],
                "role": agreement["role"], "dataset_id": agreement["dataset_id"],
                "concluded_at": agreement["concluded_at"],
            });
            if let (Some(item), Some(duty)) = (item.as_object_mut(), duty.as_object()) {
                item.extend(duty.clone());
            }
            item
        })
    });
    Ok(duties.filter(|duty| !is_open || duty["done_at"].is_null()).collect())
}

/// The report.
pub(super) async fn report(context: &Context, is_open: bool, format: Format) -> Outcome {
    let duties = all(&context.client()?, is_open).await?;
    if context.output.is_json() {
        return context.output.document(&json!({ "items": duties }));
    }
    match format {
        Format::Csv => context.output.text(&csv(&duties)),
        Format::Table if duties.is_empty() => {
            context.output.say("nothing to show");
            Ok(())
        }
        Format::Table => {
            let rows: Vec<Vec<String>> = duties
                .iter()
                .map(|duty| {
                    let head = [short(text(duty, "agreement_id")), text(duty, "peer")];
                    [&head.map(str::to_owned)[..], &row(duty)].concat()
                })
                .collect();
            context.output.table(&[&["agreement", "peer"], HEADER].concat(), &rows)
        }
    }
}

/// The duties of one agreement, below its other fields.
pub(super) fn show(context: &Context, agreement: &Value) -> Outcome {
    if context.output.is_json() {
        return context.output.document(agreement);
    }
    let mut rest = agreement.clone();
    let duties = rest.as_object_mut().and_then(|fields| fields.remove("duties"));
    context.output.details(&rest)?;
    let rows: Vec<Vec<String>> =
        duties.as_ref().and_then(Value::as_array).into_iter().flatten().map(row).collect();
    if rows.is_empty() {
        context.output.say("no duty came with it");
        return Ok(());
    }
    context.output.say("duties:");
    context.output.table(HEADER, &rows)
}

/// Records that a duty was done.
pub(super) async fn done(context: &Context, id: &str, duty: &str, reference: &str) -> Outcome {
    let client = context.client()?;
    let agreement = client.find(PATH, id).await?;
    let id = segment(text(&agreement, "id"));
    let path = format!("{PATH}/{id}/duties/{}/done", segment(duty));
    show(context, &client.post(&path, &json!({ "reference": reference })).await?)
}

const HEADER: &[&str] = &["duty", "due", "done", "reference", "what", "articles"];

fn row(duty: &Value) -> Vec<String> {
    vec![
        text(duty, "id").to_owned(),
        text(duty, "due").to_owned(),
        optional(duty, "done_at").map_or_else(|| "no".to_owned(), time),
        text(duty, "reference").to_owned(),
        text(duty, "text").to_owned(),
        articles(duty),
    ]
}

fn articles(duty: &Value) -> String {
    let articles = duty["articles"].as_array().into_iter().flatten().filter_map(Value::as_str);
    articles.collect::<Vec<_>>().join("; ")
}

fn csv(duties: &[Value]) -> String {
    const COLUMNS: [&str; 10] = [
        "agreement_id",
        "role",
        "peer",
        "dataset_id",
        "concluded_at",
        "id",
        "text",
        "due",
        "done_at",
        "reference",
    ];
    let mut file = csv_line(COLUMNS.into_iter().chain(["articles"]));
    for duty in duties {
        let articles = articles(duty);
        let fields = COLUMNS.map(|name| text(duty, name));
        file.push_str(&csv_line(fields.into_iter().chain([articles.as_str()])));
    }
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_report_is_csv_with_a_line_for_each_duty() {
        let duty = json!({
            "agreement_id": "urn:uuid:1", "role": "provider", "peer": "p", "dataset_id": "d",
            "concluded_at": "2026-01-01T00:00:00Z", "id": "eu.assessment",
            "text": "assess, \"yearly\"", "due": "before", "done_at": null, "reference": null,
            "articles": ["Art. 1", "Art. 2"],
        });
        let text = csv(&[duty]);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 2);
        assert!(lines[0].ends_with("due,done_at,reference,articles"), "{text}");
        let expected = "urn:uuid:1,provider,p,d,2026-01-01T00:00:00Z,eu.assessment,\
                        \"assess, \"\"yearly\"\"\",before,,,Art. 1; Art. 2";
        assert_eq!(lines[1], expected);
    }
}
