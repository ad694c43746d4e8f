//! Titles and descriptions in several languages, as JSON-LD tags them. Choosing one is not here.

use causeway_types::LangText;
use causeway_types::limits::TEXT_LANGUAGES_MAX;
use serde_json::Value;

use super::build::Object;
use super::error::WireError;
use super::fields::{Found, Node};
use super::terms::Term;

/// The tag of a text whose language nobody named (BCP 47).
const UNDETERMINED: &str = "und";

impl Object {
    /// Adds tagged texts, if there are any.
    pub(super) fn texts(self, term: Term, texts: &[LangText]) -> Self {
        let tagged = |text: &LangText| {
            Self::plain()
                .member("@language", Value::from(text.language()))
                .member("@value", Value::from(text.value()))
                .into()
        };
        self.list(term, texts.iter().map(tagged))
    }
}

/// Texts with their tags, from tagged values, language maps and bare texts, of the first of
/// `terms` that is there. What is no text in a language is noted in `problems` and left out.
pub(super) fn read_texts(
    node: &Node<'_>,
    terms: &[Term],
    problems: &mut Vec<WireError>,
) -> Result<Vec<LangText>, WireError> {
    let mut texts = Vec::new();
    for term in terms {
        for found in node.find_all(*term)? {
            match read_text(&found) {
                Ok(more) => texts.extend(more),
                Err(problem) => problems.push(problem),
            }
        }
        if !texts.is_empty() {
            break;
        }
    }
    texts.truncate(TEXT_LANGUAGES_MAX);
    Ok(texts)
}

fn read_text(found: &Found<'_>) -> Result<Vec<LangText>, WireError> {
    let text = |language: &str, value: &str| {
        LangText::new(language, value)
            .map_err(|error| WireError::field(&*found.pointer, error.to_string()))
    };
    match found.value {
        Value::Object(map) if !map.keys().any(|key| key.starts_with('@')) => map
            .iter()
            .filter_map(|(language, value)| Some(text(language, value.as_str()?)))
            .collect(),
        value => {
            let language = value.get("@language").and_then(Value::as_str).unwrap_or(UNDETERMINED);
            Ok(vec![text(language, found.text()?)?])
        }
    }
}
