//! A decision as JSON: everything that the page says, in stable English words.

use serde_json::{Map, Value as Json, json};

use super::{Alternative, Decision, PackDecision, Remedy};
use crate::facts::{Dictionary, Fact, FactId, Kind};
use crate::outcome::{Interval, Outcome, Truth};
use crate::pack::{Citation, Effect, Obligation, Pack, Rule, Stage};

/// What every page and document says.
pub const DISCLAIMER: &str = "This is decision support, not legal advice.";

impl Decision<'_> {
    /// As JSON. The same facts, packs and days give the same bytes.
    pub fn to_json(&self) -> Json {
        let mut document = Map::new();
        interval(&mut document, self.outcome);
        document.insert("as_of".to_owned(), self.as_of.to_string().into());
        document.insert("known_at".to_owned(), self.known_at.to_string().into());
        let dictionary = self.engine.dictionary();
        let missing = self.missing.iter().map(|missing| {
            let fact = dictionary.fact(missing.fact);
            json!({ "fact": fact.name, "kind": kind(dictionary, fact), "unit": fact.unit,
                    "question": fact.question, "settles": missing.settles,
                    "of": missing.of })
        });
        document.insert("missing".to_owned(), missing.collect());
        let uncovered = self.uncovered.iter().map(|fact| Json::from(self.name(*fact)));
        document.insert("uncovered".to_owned(), uncovered.collect());
        let packs = self.packs.iter().map(|decided| self.pack_json(decided));
        document.insert("packs".to_owned(), packs.collect());
        let others = self.not_applying().into_iter().map(|pack| {
            json!({ "id": pack.id, "title": pack.title, "version": pack.version,
                    "sha256": pack.sha256, "status": pack.status.as_str() })
        });
        document.insert("not_applying".to_owned(), others.collect());
        document.insert("conflicts".to_owned(), self.conflicts_json());
        document.insert("advice".to_owned(), self.advice_json());
        let alternatives = self.alternatives();
        let alternatives =
            alternatives.iter().map(|alternative| self.alternative_json(alternative));
        document.insert("alternatives".to_owned(), alternatives.collect());
        document.insert("facts".to_owned(), self.facts_json(false));
        document.insert("derived".to_owned(), self.facts_json(true));
        document.insert("assumed".to_owned(), self.assumed().into());
        document.insert("disclaimer".to_owned(), DISCLAIMER.into());
        Json::Object(document)
    }

    fn name(&self, fact: FactId) -> &str {
        &self.engine.dictionary().fact(fact).name
    }

    /// What was given, or what follows from it.
    fn facts_json(&self, derived: bool) -> Json {
        let dictionary = self.engine.dictionary();
        let mut known = dictionary.write_facts(&self.facts);
        known.retain(|name, _| {
            let is_derived = dictionary.find(name).is_some_and(|id| self.facts.is_derived(id));
            is_derived == derived
        });
        Json::Object(known)
    }

    fn pack_json(&self, decided: &PackDecision<'_>) -> Json {
        let PackDecision { pack, applies, outcome, .. } = decided;
        let mut document = Map::new();
        document.insert("id".to_owned(), pack.id.as_str().into());
        document.insert("title".to_owned(), pack.title.as_str().into());
        document.insert("version".to_owned(), pack.version.as_str().into());
        document.insert("known_from".to_owned(), pack.known_from.to_string().into());
        document.insert("sha256".to_owned(), pack.sha256.as_str().into());
        document.insert("status".to_owned(), pack.status.as_str().into());
        document.insert("applies".to_owned(), applies.as_str().into());
        interval(&mut document, *outcome);
        let told = told(decided);
        let rules = told.iter().map(|(rule, truth, effect)| {
            json!({
                "rule": rule.id,
                "stage": rule.stage.as_str(),
                "holds": truth.as_str(),
                "effect": effect_text(pack, *effect),
                "overridden_by": match effect {
                    Effect::Overridden(by) => Some(pack.rules[*by].id.as_str()),
                    _ => None,
                },
                "satisfied_by": match effect {
                    Effect::Satisfied(by) => Some(pack.rules[*by].id.as_str()),
                    _ => None,
                },
                "says": rule.outcome.as_str(),
                "text": rule.text,
                "when": rule.when.show(self.engine.dictionary(), &pack.names),
                "articles": articles(pack, &rule.cite),
                "in_force_from": rule.from.to_string(),
                "in_force_until": rule.until.map(|day| day.to_string()),
                "facts": self.used(rule),
            })
        });
        document.insert("rules".to_owned(), rules.collect());
        let obligations = obligations(decided).into_iter().map(|duty| {
            json!({ "id": duty.id, "text": duty.text, "due": duty.due,
                    "articles": articles(pack, &duty.cite) })
        });
        document.insert("obligations".to_owned(), obligations.collect());
        let documents = told.iter().filter(|(_, _, effect)| counts(*effect));
        let documents =
            documents.flat_map(|(rule, ..)| &rule.documents).map(|d| Json::from(d.as_str()));
        document.insert("documents".to_owned(), documents.collect());
        let otherwise = otherwise(decided);
        let otherwise = otherwise
            .map(|(outcome, because)| json!({ "outcome": outcome.as_str(), "because": because }));
        document.insert("otherwise".to_owned(), otherwise.unwrap_or_default());
        Json::Object(document)
    }

    /// The facts that a rule asked for, as they are known.
    fn used(&self, rule: &Rule) -> Json {
        let mut used = Map::new();
        rule.when.facts(&mut |fact| {
            let value = self.facts.get(fact).map(|v| self.engine.dictionary().show(v, &self.facts));
            used.insert(self.name(fact).to_owned(), value.map_or(Json::Null, Json::from));
        });
        Json::Object(used)
    }

    fn alternative_json(&self, alternative: &Alternative) -> Json {
        let at_worst = alternative.at_worst.as_str();
        match &alternative.what {
            Remedy::Mechanism { pack, rule, needs, provided } => {
                let pack = self.packs[*pack].pack;
                let rule = &pack.rules[*rule];
                let needs: Vec<&str> = needs.iter().map(|fact| self.name(*fact)).collect();
                let provided: Map<String, Json> = provided
                    .iter()
                    .map(|(fact, is)| (self.name(*fact).to_owned(), (*is).into()))
                    .collect();
                json!({ "kind": "mechanism", "pack": pack.id, "rule": rule.id, "text": rule.text,
                        "needs": needs, "provided": provided, "documents": rule.documents,
                        "articles": articles(pack, &rule.cite), "at_worst": at_worst })
            }
            Remedy::Wait(day) => {
                json!({ "kind": "wait", "until": day.to_string(), "at_worst": at_worst })
            }
            Remedy::ComputeToData => json!({ "kind": "compute-to-data", "at_worst": at_worst }),
        }
    }
}

/// The stable word for an outcome: one of the five, or `unknown`.
pub(crate) fn outcome_text(outcome: Interval) -> &'static str {
    outcome.determined().map_or("unknown", Outcome::as_str)
}

fn interval(document: &mut Map<String, Json>, outcome: Interval) {
    document.insert("outcome".to_owned(), outcome_text(outcome).into());
    document.insert("at_best".to_owned(), outcome.at_best.as_str().into());
    document.insert("at_worst".to_owned(), outcome.at_worst.as_str().into());
}

/// The rules worth telling: those that hold or may hold.
pub(super) fn told<'d>(decided: &'d PackDecision<'_>) -> Vec<(&'d Rule, Truth, Effect)> {
    let rules = decided.rules.iter().filter(|rule| rule.truth != Truth::False);
    let rules = rules.filter(|rule| rule.effect != Effect::Idle);
    rules.map(|rule| (&decided.pack.rules[rule.rule], rule.truth, rule.effect)).collect()
}

pub(super) fn counts(effect: Effect) -> bool {
    matches!(effect, Effect::Counts)
}

/// What the pack says because no rule asks for anything, if that is so.
pub(super) fn otherwise<'d>(decided: &'d PackDecision<'_>) -> Option<&'d (Outcome, String)> {
    let asks = |rule: &super::RuleDecision| {
        // Mechanisms and duties ask for nothing by themselves.
        let stage = decided.pack.rules[rule.rule].stage;
        let is_heard = matches!(rule.effect, Effect::Counts | Effect::Satisfied(_));
        (rule.truth == Truth::Unknown || is_heard)
            && !matches!(stage, Stage::Mechanism | Stage::Obligation)
    };
    let is_silent = decided.applies == Truth::True && !decided.rules.iter().any(asks);
    decided.pack.otherwise.as_ref().filter(|_| is_silent)
}

/// The duties of the rules that count, each once.
pub(super) fn obligations<'d>(decided: &'d PackDecision<'_>) -> Vec<&'d Obligation> {
    let mut places: Vec<usize> = Vec::new();
    for rule in decided.rules.iter().filter(|rule| counts(rule.effect)) {
        places.extend(&decided.pack.rules[rule.rule].obligations);
    }
    places.sort_unstable();
    places.dedup();
    places.into_iter().map(|place| &decided.pack.obligations[place]).collect()
}

fn articles(pack: &Pack, cite: &[Citation]) -> Vec<String> {
    cite.iter().map(|citation| pack.cite(*citation)).collect()
}

/// What may be answered to the question of a fact.
fn kind(dictionary: &Dictionary, fact: &Fact) -> Json {
    match &fact.kind {
        Kind::Flag => "flag".into(),
        Kind::Count => "count".into(),
        Kind::Day => "day".into(),
        Kind::Area => "area".into(),
        Kind::OneOf(values) => {
            values.iter().map(|value| Json::from(dictionary.symbols().text(*value))).collect()
        }
    }
}

fn effect_text(pack: &Pack, effect: Effect) -> String {
    match effect {
        Effect::None => "does not count".to_owned(),
        Effect::Counts => "counts".to_owned(),
        Effect::Overridden(by) => format!("overridden by {}", pack.rules[by].id),
        Effect::Satisfied(by) => format!("satisfied by {}", pack.rules[by].id),
        Effect::Idle => "not needed".to_owned(),
    }
}
