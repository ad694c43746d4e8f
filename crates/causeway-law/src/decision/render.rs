//! A decision as JSON and as a page that a legal officer can read.

use std::fmt::Write as _;

use serde_json::{Map, Value as Json, json};

use super::{Alternative, Decision, PackDecision, Remedy};
use crate::facts::FactId;
use crate::outcome::{Interval, Truth};
use crate::pack::{Citation, Effect, Pack, Rule, Status};

/// What every page and document says.
pub const DISCLAIMER: &str = "This is decision support, not legal advice.";

impl Decision<'_> {
    /// As JSON. The same facts, packs and days give the same bytes.
    pub fn to_json(&self) -> Json {
        let mut document = Map::new();
        interval(&mut document, self.outcome);
        document.insert("as_of".to_owned(), self.as_of.to_string().into());
        document.insert("known_at".to_owned(), self.known_at.to_string().into());
        let missing = self.missing.iter().map(|missing| {
            let fact = self.engine.dictionary().fact(missing.fact);
            json!({ "fact": fact.name, "question": fact.question,
                    "settles": missing.settles, "of": missing.of })
        });
        document.insert("missing".to_owned(), missing.collect());
        let uncovered = self.uncovered.iter().map(|fact| Json::from(self.name(*fact)));
        document.insert("uncovered".to_owned(), uncovered.collect());
        let packs = self.packs.iter().map(|decided| self.pack_json(decided));
        document.insert("packs".to_owned(), packs.collect());
        document.insert("conflicts".to_owned(), self.conflicts_json());
        document.insert("advice".to_owned(), self.advice_json());
        let alternatives = self.alternatives();
        let alternatives =
            alternatives.iter().map(|alternative| self.alternative_json(alternative));
        document.insert("alternatives".to_owned(), alternatives.collect());
        document.insert("facts".to_owned(), self.facts_json(false));
        document.insert("derived".to_owned(), self.facts_json(true));
        document.insert("disclaimer".to_owned(), DISCLAIMER.into());
        Json::Object(document)
    }

    fn name(&self, fact: FactId) -> &str {
        &self.engine.dictionary().fact(fact).name
    }

    /// What was given, or what follows from it.
    fn facts_json(&self, derived: bool) -> Json {
        let dictionary = self.engine.dictionary();
        let mut known = Map::new();
        for (id, fact) in dictionary.iter() {
            let value = self.facts.get(id).filter(|_| self.facts.is_derived(id) == derived);
            if let Some(value) = value {
                let value = match value {
                    crate::facts::Value::Flag(flag) => Json::Bool(flag),
                    crate::facts::Value::Count(count) => count.into(),
                    other => dictionary.show(other, &self.facts).into(),
                };
                known.insert(fact.name.clone(), value);
            }
        }
        Json::Object(known)
    }

    fn pack_json(&self, decided: &PackDecision<'_>) -> Json {
        let PackDecision { pack, applies, outcome, .. } = decided;
        let mut document = Map::new();
        document.insert("id".to_owned(), pack.id.as_str().into());
        document.insert("version".to_owned(), pack.version.as_str().into());
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
                "says": rule.outcome.as_str(),
                "text": rule.text,
                "when": rule.when.show(self.engine.dictionary(), &pack.names),
                "articles": articles(pack, &rule.cite),
                "in_force_from": rule.from.to_string(),
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
            Remedy::Mechanism { pack, rule, needs } => {
                let pack = self.packs[*pack].pack;
                let rule = &pack.rules[*rule];
                let needs: Vec<&str> = needs.iter().map(|fact| self.name(*fact)).collect();
                json!({ "kind": "mechanism", "rule": rule.id, "text": rule.text, "needs": needs,
                        "articles": articles(pack, &rule.cite), "at_worst": at_worst })
            }
            Remedy::Wait(day) => {
                json!({ "kind": "wait", "until": day.to_string(), "at_worst": at_worst })
            }
            Remedy::ComputeToData => json!({ "kind": "compute-to-data", "at_worst": at_worst }),
        }
    }

    /// As a page of text.
    pub fn to_text(&self) -> String {
        let mut page = String::new();
        // Writing to a string cannot fail.
        let _ = self.write(&mut page);
        page
    }

    fn write(&self, page: &mut String) -> std::fmt::Result {
        let dictionary = self.engine.dictionary();
        writeln!(page, "{}", in_words(self.outcome))?;
        writeln!(page, "law of {}, packs known on {}", self.as_of, self.known_at)?;
        for line in self.unknown_laws() {
            writeln!(page, "\n{line}")?;
        }
        for decided in &self.packs {
            let pack = decided.pack;
            let status =
                if pack.status == Status::Reviewed { "" } else { ", not reviewed by a lawyer" };
            writeln!(page, "\n{} {} ({}{status})", pack.title, pack.version, pack.status.as_str())?;
            writeln!(page, "  {}", in_words(decided.outcome))?;
            for (rule, truth, effect) in told(decided) {
                let held = match truth {
                    Truth::Unknown => "may hold".to_owned(),
                    _ => effect_text(pack, effect),
                };
                writeln!(page, "  - {} [{held}]", rule.text)?;
                writeln!(page, "      {}", articles(pack, &rule.cite).join("; "))?;
            }
            for duty in obligations(decided) {
                writeln!(page, "  * owed: {} ({})", duty.text, duty.due)?;
                writeln!(page, "      {}", articles(pack, &duty.cite).join("; "))?;
            }
        }
        page.push_str(&self.conflicts_text());
        page.push_str(&self.advice_text());
        if !self.missing.is_empty() {
            writeln!(page, "\nto settle it, answer:")?;
        }
        for missing in &self.missing {
            let fact = dictionary.fact(missing.fact);
            writeln!(page, "  ? {} ({})", fact.question, fact.name)?;
        }
        let alternatives = self.alternatives();
        if !alternatives.is_empty() {
            writeln!(page, "\nwhat would help:")?;
        }
        for alternative in &alternatives {
            let what = match &alternative.what {
                Remedy::Mechanism { pack, rule, .. } => {
                    self.packs[*pack].pack.rules[*rule].text.clone()
                }
                Remedy::Wait(day) => format!("wait until {day}"),
                Remedy::ComputeToData => {
                    "take the computation to the data and let out only results about nobody"
                        .to_owned()
                }
            };
            writeln!(page, "  + {what}: then {} at worst", alternative.at_worst)?;
        }
        writeln!(page, "\n{DISCLAIMER}")
    }
}

fn in_words(outcome: Interval) -> String {
    match outcome.determined() {
        Some(outcome) => outcome.to_string(),
        None => format!("unknown: {} at best, {} at worst", outcome.at_best, outcome.at_worst),
    }
}

fn interval(document: &mut Map<String, Json>, outcome: Interval) {
    let text = outcome.determined().map_or("unknown", |outcome| outcome.as_str());
    document.insert("outcome".to_owned(), text.into());
    document.insert("at_best".to_owned(), outcome.at_best.as_str().into());
    document.insert("at_worst".to_owned(), outcome.at_worst.as_str().into());
}

/// The rules worth telling: those that hold or may hold.
fn told<'d>(decided: &'d PackDecision<'_>) -> Vec<(&'d Rule, Truth, Effect)> {
    let rules = decided.rules.iter().filter(|rule| rule.truth != Truth::False);
    let rules = rules.filter(|rule| rule.effect != Effect::Idle);
    rules.map(|rule| (&decided.pack.rules[rule.rule], rule.truth, rule.effect)).collect()
}

fn counts(effect: Effect) -> bool {
    matches!(effect, Effect::Counts)
}

/// The duties of the rules that count, each once.
fn obligations<'d>(decided: &'d PackDecision<'_>) -> Vec<&'d crate::pack::Obligation> {
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

fn effect_text(pack: &Pack, effect: Effect) -> String {
    match effect {
        Effect::None => "does not count".to_owned(),
        Effect::Counts => "counts".to_owned(),
        Effect::Overridden(by) => format!("overridden by {}", pack.rules[by].id),
        Effect::Satisfied(by) => format!("satisfied by {}", pack.rules[by].id),
        Effect::Idle => "not needed".to_owned(),
    }
}
