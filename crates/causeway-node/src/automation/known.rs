//! What this node knows of a use, by the left operands of policies: who the consumer is, under
//! which law, what crosses, what the law says of it, and how often it was used. What is not said
//! here stays unknown. Each value is made only for a policy that asks for it; whether it meets a
//! condition is not decided here.

use causeway_law::{Dictionary, Value};
use causeway_policy::{Compiled, Duration, Fact, Facts, Iri, Number, World, operands};
use causeway_store::Starts;
use causeway_types::{FactValue, ParticipantId, StatedFacts, Timestamp};

use crate::border::{Checked, read_facts};

const CONNECTOR: &str = "https://w3id.org/idsa/code/CONNECTOR";
const HAS_JURISDICTION: &str = "https://w3id.org/dpv#hasJurisdiction";
const THEME: &str = "http://www.w3.org/ns/dcat#theme";

/// What is known of a use.
#[derive(Debug, Clone)]
pub(crate) struct Known<'a> {
    pub(crate) consumer: &'a ParticipantId,
    /// The address of its node, as it is configured.
    pub(crate) address: Option<String>,
    /// The area whose law it is under.
    pub(crate) area: Option<String>,
    /// What the dataset was published under.
    pub(crate) themes: &'a [String],
    /// What the law says at the same moment, and what it went by.
    pub(crate) checked: &'a Checked,
    pub(crate) law: &'a Dictionary,
    /// When the agreement was concluded; nothing before.
    pub(crate) agreed_at: Option<Timestamp>,
    /// The uses before this one, where somebody counted them.
    pub(crate) starts: Option<Starts>,
    pub(crate) now: Timestamp,
}

impl Known<'_> {
    /// The facts that a policy asks for.
    pub(crate) fn facts(&self, policy: &Compiled) -> Facts {
        policy.left_operands().fold(Facts::at(self.now), |facts, left| match self.fact(left) {
            Some(fact) => facts.with(left.clone(), fact),
            None => facts,
        })
    }

    /// The world that goes with them.
    pub(crate) fn world(&self) -> World {
        World { now: Some(self.now), agreed_at: self.agreed_at, ..World::default() }
    }

    fn fact(&self, left: &Iri) -> Option<Fact> {
        // Text is compared with IRIs and with texts, and peers write both.
        let text = |text: &str| Fact::Text(text.to_owned());
        match left.odrl_name() {
            Some("recipient") => return Some(text(self.consumer.as_str())),
            Some("count") => {
                let count = self.starts?.count.saturating_add(1);
                return Some(Fact::Number(Number::from(i64::try_from(count).unwrap_or(i64::MAX))));
            }
            Some("elapsedTime") => {
                let first = self.starts?.first.unwrap_or(self.now);
                let micros = i64::try_from(self.now.micros_since(first)).unwrap_or(i64::MAX);
                return Some(Fact::Duration(Duration::from_micros(micros)));
            }
            Some(_) => return None,
            None => {}
        }
        if left.as_str() == CONNECTOR {
            return self.address.as_deref().map(text);
        }
        if left.as_str() == HAS_JURISDICTION || *left == operands::JURISDICTION {
            return self.area.as_deref().map(text);
        }
        if left.as_str() == THEME {
            return several(self.themes.to_vec());
        }
        if *left == operands::LEGAL_DECISION {
            return self.checked.outcome.map(|outcome| text(outcome.as_str()));
        }
        let stated = &self.checked.stated;
        if *left == operands::DATA_CATEGORY {
            return several(flags(self.law, stated, "data.")?);
        }
        if *left == operands::MECHANISM {
            return several(flags(self.law, stated, "tool.")?);
        }
        if *left == operands::PERSONS_IN_WINDOW {
            return persons(stated);
        }
        None
    }
}

/// All of them; where there is none, nothing can be compared.
fn several(texts: Vec<String>) -> Option<Fact> {
    (!texts.is_empty()).then(|| Fact::Set(texts.into_iter().map(Fact::Text).collect()))
}

/// The flags of a group that are true, with what follows from them, without the group's name.
/// Nothing if one of them is stated to be unknown: then the list is not complete.
fn flags(law: &Dictionary, stated: &StatedFacts, group: &str) -> Option<Vec<String>> {
    let mut of_group = stated.iter().filter(|(name, _)| name.starts_with(group));
    if of_group.any(|(_, value)| *value == FactValue::Unknown) {
        return None;
    }
    let facts = read_facts(law, stated).ok()?;
    let is_true = |id| facts.get(id) == Some(Value::Flag(true));
    let names = law.iter().filter(|(id, _)| is_true(*id));
    Some(names.filter_map(|(_, fact)| fact.name.strip_prefix(group)).map(str::to_owned).collect())
}

/// The largest count of persons, if every count that was begun could be told.
fn persons(stated: &StatedFacts) -> Option<Fact> {
    let counts = stated.iter().filter(|(name, _)| name.starts_with("count."));
    let counts = counts.map(|(_, value)| match value {
        FactValue::Count(count) => Some(*count),
        _ => None,
    });
    let most = counts.collect::<Option<Vec<_>>>()?.into_iter().max()?;
    Some(Fact::Number(Number::from(i64::try_from(most).unwrap_or(i64::MAX))))
}
