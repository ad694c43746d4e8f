//! Titles and descriptions in several languages, as JSON-LD tags them. Choosing one is not here.

use causeway_types::LangText;
use causeway_types::limits::TEXT_LANGUAGES_MAX;
use serde_json::Value;

use super::build::Object;
use super::error::WireError;
use super::fields::{Found, Node};
use super::problems::Problems;
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
    problems: &mut Problems,
) -> Result<Vec<LangText>, WireError> {
    let mut texts = Vec::new();
    for term in terms {
        for found in node.find_all(*term)? {
            read_text(&found, &mut |text| match text {
                Ok(_) if texts.len() == TEXT_LANGUAGES_MAX => {}
                Ok(text) => texts.push(text),
                Err(problem) => problems.note(problem),
            });
        }
        if !texts.is_empty() {
            break;
        }
    }
    Ok(texts)
}

fn read_text(found: &Found<'_>, each: &mut dyn FnMut(Result<LangText, WireError>)) {
    let text = |language: &str, value: &str| {
        LangText::new(language, value)
            .map_err(|error| WireError::field(&*found.pointer, error.to_string()))
    };
    match found.value {
        // A language map; a language may have several texts.
        Value::Object(map) if !map.keys().any(|key| key.starts_with('@')) => {
            for (language, values) in map {
                let values = match values {
                    Value::Array(values) => values.as_slice(),
                    single => std::slice::from_ref(single),
                };
                let values = values.iter().filter_map(Value::as_str);
                values.for_each(|value| each(text(language, value)));
            }
        }
        value => {
            let language = value.get("@language").and_then(Value::as_str).unwrap_or(UNDETERMINED);
            each(found.text().and_then(|value| text(language, value)));
        }
    }
}
