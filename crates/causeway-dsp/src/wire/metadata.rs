//! What a dataset is about, in the words of DCAT and Dublin Core. Texts that the DSP context has
//! no name for are written with absolute IRIs.

use causeway_types::Timestamp;
use causeway_types::limits::{CATALOG_TERM_BYTES_MAX, CATALOG_TERMS_MAX};
use serde_json::Value;

use super::build::Object;
use super::error::WireError;
use super::fields::Node;
use super::problems::Problems;
use super::terms::{END_DATE, KEYWORD, LICENCE, SPATIAL, START_DATE, TEMPORAL, THEME, Term};
use crate::catalog::Metadata;

const PERIOD_OF_TIME: &str = "http://purl.org/dc/terms/PeriodOfTime";

impl Object {
    /// Adds what is said of the dataset.
    pub(super) fn metadata(self, metadata: &Metadata) -> Self {
        // The jurisdiction is the provider's, for which DCAT has no term.
        let Metadata { themes, keywords, licence, spatial, temporal, jurisdiction: _ } = metadata;
        let period = temporal.map(|(start, end)| {
            Value::from(
                Self::node(PERIOD_OF_TIME)
                    .text(START_DATE, start.to_string())
                    .text(END_DATE, end.to_string()),
            )
        });
        self.list(THEME, themes.iter().map(|theme| reference(theme)))
            .list(KEYWORD, keywords.iter().map(|keyword| Value::from(keyword.as_str())))
            .value_if(LICENCE, licence.as_deref().map(reference))
            .list(SPATIAL, spatial.iter().map(|place| reference(place)))
            .value_if(TEMPORAL, period)
    }
}

/// An IRI is a reference, and a word is a text.
fn reference(text: &str) -> Value {
    if text.contains("://") || text.starts_with("urn:") {
        Object::plain().id(Some(text)).into()
    } else {
        Value::from(text)
    }
}

/// Reads what is said of a dataset. What cannot be read is noted in `problems` and left out.
pub(super) fn read_metadata(
    node: &Node<'_>,
    problems: &mut Problems,
) -> Result<Metadata, WireError> {
    Ok(Metadata {
        themes: words(node, THEME, problems)?,
        keywords: words(node, KEYWORD, problems)?,
        licence: words(node, LICENCE, problems)?.into_iter().next(),
        spatial: words(node, SPATIAL, problems)?,
        temporal: period(node).unwrap_or_else(|problem| {
            problems.note(problem);
            None
        }),
        jurisdiction: None,
    })
}

fn words(node: &Node<'_>, term: Term, problems: &mut Problems) -> Result<Vec<String>, WireError> {
    let mut words = Vec::new();
    for found in node.find_all(term)?.take(CATALOG_TERMS_MAX) {
        match found.bounded(CATALOG_TERM_BYTES_MAX) {
            Ok(word) => words.push(word),
            Err(problem) => problems.note(problem),
        }
    }
    Ok(words)
}

/// A time without start or end is none that one could search for.
fn period(node: &Node<'_>) -> Result<Option<(Timestamp, Timestamp)>, WireError> {
    let Some(period) = node.node(TEMPORAL)? else {
        return Ok(None);
    };
    let time = |text: Option<&str>| text.and_then(|text| Timestamp::parse(text).ok());
    let (start, end) = (time(period.text(START_DATE)?), time(period.text(END_DATE)?));
    Ok(start.zip(end).filter(|(start, end)| start <= end))
}
