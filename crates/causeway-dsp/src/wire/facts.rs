//! What a provider states of data that may cross a border, on offers and agreements. DSP has no
//! name for it, so it is written under an absolute IRI as texts such as `data.personal=true`, which
//! need no context. What the facts mean is not here.

use causeway_types::StatedFacts;
use serde_json::Value;

use super::build::Object;
use super::error::WireError;
use super::fields::Node;
use super::terms::FACT;

impl Object {
    /// Adds the statements, where there are any.
    pub(super) fn facts(self, facts: &StatedFacts) -> Self {
        self.list(FACT, facts.iter().map(|(name, value)| Value::from(format!("{name}={value}"))))
    }
}

/// The statements. What cannot be understood states nothing, so the fact stays unknown; two values
/// of one fact are refused, since which one counts would depend on the reader.
pub(super) fn read_facts(node: &Node<'_>) -> Result<StatedFacts, WireError> {
    let mut facts = StatedFacts::new();
    for found in node.find_all(FACT)? {
        let Ok(text) = found.text() else { continue };
        match facts.read(text) {
            Ok(()) | Err(causeway_types::StatedError::Shape { .. }) => {}
            Err(error) => return Err(WireError::field(found.pointer, error.to_string())),
        }
    }
    Ok(facts)
}

#[cfg(test)]
mod tests {
    use super::super::{parse, read_offer};

    fn read(fact: &str) -> Result<Vec<String>, String> {
        let offer = format!(
            r#"{{"@context":["https://w3id.org/dspace/2025/1/context.jsonld"],"@type":"Offer",
                "@id":"o","permission":[{{"action":"use"}}],
                "https://w3id.org/causeway/v1/fact":{fact}}}"#
        );
        let document = parse(offer.as_bytes()).map_err(|error| error.to_string())?;
        let offer = read_offer(&document).map_err(|error| error.to_string())?;
        Ok(offer.facts.iter().map(|(name, value)| format!("{name}={value}")).collect())
    }

    #[test]
    fn what_is_no_statement_states_nothing() {
        let mixed = r#"["data.personal=true", 7, {"@id": "x"}, "data.special", "DATA=1"]"#;
        assert_eq!(read(mixed).unwrap(), ["data.personal=true"]);
        assert_eq!(read(r#"{"@value": "data.hr=false"}"#).unwrap(), ["data.hr=false"]);
    }

    #[test]
    fn two_values_of_one_fact_are_refused() {
        let error = read(r#"["data.personal=true", "data.personal=false"]"#).unwrap_err();
        assert!(error.contains("data.personal: found true and false"), "{error}");
    }
}
