//! What both sides offer, and the contracts they conclude before the TCK comes.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::client::Client;
use super::nodes::within;

/// Every test that is about a dataset or an agreement.
pub(super) const TESTS: &str = "\
    CAT_0101 CAT_0102 CAT_0103
    CN_0101 CN_0102 CN_0103 CN_0104 CN_0201 CN_0202 CN_0203 CN_0204 CN_0205 CN_0206 CN_0207
    CN_0301 CN_0302 CN_0303 CN_0304
    CN_C_0101 CN_C_0102 CN_C_0103 CN_C_0104 CN_C_0201 CN_C_0202 CN_C_0203 CN_C_0204 CN_C_0205
    CN_C_0206 CN_C_0301 CN_C_0302 CN_C_0303 CN_C_0304 CN_C_0305 CN_C_0306
    TP_0101 TP_0102 TP_0103 TP_0104 TP_0105 TP_0201 TP_0202 TP_0203 TP_0204 TP_0205
    TP_0301 TP_0302 TP_0303 TP_0304 TP_0305 TP_0306
    TP_C_0101 TP_C_0102 TP_C_0103 TP_C_0104 TP_C_0105 TP_C_0201 TP_C_0202 TP_C_0203 TP_C_0204
    TP_C_0205 TP_C_0301 TP_C_0302 TP_C_0303 TP_C_0304 TP_C_0305 TP_C_0306";

/// The dataset that no node offers: the TCK asks for it to be refused.
const UNKNOWN: &str = "CAT0103";
/// How long the contracts may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A contract that was concluded.
pub(super) struct Concluded {
    pub(super) dataset: String,
    pub(super) agreement: String,
}

/// The dataset of a test, as the TCK's sample configuration names it.
pub(super) fn dataset(group: &str, number: &str) -> String {
    match group {
        "CAT" => format!("CAT{number}"),
        group => format!("A{}{number}", group.replace('_', "")),
    }
}

/// The offer of a dataset; one test knows it by heart.
pub(super) fn offer(dataset: &str) -> String {
    format!("CD123:{dataset}:456")
}

/// Publishes at both nodes and concludes a contract for every transfer of the TCK.
pub(super) fn contracts(cut: &Client, other: &Client) -> Result<Vec<Concluded>> {
    let of = |group: &str| -> Vec<String> {
        let tests = TESTS.split_whitespace().filter_map(|test| test.rsplit_once('_'));
        tests.filter(|(g, _)| *g == group).map(|(g, number)| dataset(g, number)).collect()
    };
    for group in ["CAT", "CN", "TP"] {
        publish(cut, &of(group))?;
    }
    publish(other, &of("TP_C"))?;
    let mut concluded = conclude(other, &of("TP"))?;
    concluded.extend(conclude(cut, &of("TP_C"))?);
    // The provider holds a contract as concluded no later than the consumer.
    for (client, group) in [(cut, "TP"), (other, "TP_C")] {
        agreed(client, &of(group))?;
    }
    Ok(concluded)
}

fn publish(client: &Client, datasets: &[String]) -> Result<()> {
    for dataset in datasets.iter().filter(|dataset| *dataset != UNKNOWN) {
        let content = client.upload(format!("dataset\n{dataset}\n").as_bytes())?;
        let offer = json!({
            "id": offer(dataset),
            "dataset_id": dataset,
            "title": { "en": dataset },
            "media_type": "text/csv",
            "file_name": format!("{dataset}.csv"),
            "content": content,
        });
        client.post("/offers", &offer)?;
    }
    Ok(())
}

fn conclude(consumer: &Client, datasets: &[String]) -> Result<Vec<Concluded>> {
    for dataset in datasets {
        consumer.post("/negotiations", &json!({ "peer": "peer", "dataset_id": dataset }))?;
    }
    agreed(consumer, datasets)
}

/// Waits for an agreement on each dataset.
fn agreed(client: &Client, datasets: &[String]) -> Result<Vec<Concluded>> {
    let mut found = Vec::new();
    let all = within(PATIENCE, || {
        let list = client.read("/agreements?limit=100")?;
        found = datasets.iter().filter_map(|dataset| on(&list, dataset)).collect();
        Ok(found.len() == datasets.len())
    })?;
    if !all {
        let trouble = client.read("/negotiations?limit=100")?;
        bail!("{} of {} contracts were concluded: {trouble:#}", found.len(), datasets.len());
    }
    Ok(found)
}

fn on(list: &Value, dataset: &str) -> Option<Concluded> {
    let items = list["items"].as_array()?;
    let item = items.iter().find(|item| item["dataset_id"] == dataset)?;
    let agreement = item["id"].as_str().context("an agreement has no id").ok()?;
    Some(Concluded { dataset: dataset.to_owned(), agreement: agreement.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn datasets_have_the_names_of_the_sample_configuration() {
        let check = |group: &str, expected: &str| assert_eq!(dataset(group, "0102"), expected);
        check("CAT", "CAT0102");
        check("CN", "ACN0102");
        check("CN_C", "ACNC0102");
        check("TP_C", "ATPC0102");
        assert_eq!(offer("ACN0102"), "CD123:ACN0102:456");
        assert_eq!(TESTS.split_whitespace().count(), 66);
    }
}
