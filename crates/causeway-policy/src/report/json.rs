//! A report as JSON-LD in the vocabulary of compliance reports (`report:`), for other tools. What
//! cannot be told is `report:Unknown`; the sentences are under `report:finding`.

use serde_json::{Map, Value, json};

use super::{Deontic, Premise, PremiseKind, Report, RuleKind, RuleReport};
use crate::terms::Term;
use crate::truth::Truth;

/// The namespace of compliance reports.
const REPORT: &str = "https://w3id.org/force/compliance-report#";

impl Report {
    /// The report as JSON-LD.
    pub fn to_value(&self) -> Value {
        let rules = self.rules.iter().map(|rule| rule_value(rule, false)).collect::<Vec<_>>();
        let findings = self.findings.iter().map(ToString::to_string).collect::<Vec<_>>();
        json!({
            "@context": { "report": REPORT },
            "@type": "report:PolicyReport",
            "report:result": self.verdict.as_str(),
            "report:ruleReport": rules,
            "report:finding": findings,
        })
    }
}

fn rule_value(rule: &RuleReport, is_condition: bool) -> Value {
    let kind = match (is_condition, rule.place.kind) {
        (false, RuleKind::Permission) => "report:PermissionReport",
        (false, RuleKind::Prohibition) => "report:ProhibitionReport",
        (false, RuleKind::Obligation) => "report:ObligationReport",
        (true, _) => "report:DutyReport",
    };
    let mut value = Map::new();
    value.insert("@type".to_owned(), kind.into());
    value.insert("report:place".to_owned(), rule.place.to_string().into());
    name(&mut value, "report:rule", rule.uid.as_ref());
    // Every rule is held against the request, so it is attempted.
    value.insert("report:attemptState".to_owned(), "report:Attempted".into());
    let active = state(rule.active, "report:Active", "report:Inactive");
    value.insert("report:activationState".to_owned(), active);
    if let Some(performed) = rule.performed {
        let performed = state(performed, "report:Performed", "report:Unperformed");
        value.insert("report:performanceState".to_owned(), performed);
    }
    if let Some(deontic) = rule.deontic {
        let deontic = match deontic {
            Deontic::Fulfilled => "report:Fulfilled",
            Deontic::NotSet => "report:NonSet",
            Deontic::Violated => "report:Violated",
        };
        value.insert("report:deonticState".to_owned(), deontic.into());
    }
    list(&mut value, "report:premiseReport", &rule.premises, premise_value);
    list(&mut value, "report:conditionReport", &rule.conditions, |rule| rule_value(rule, true));
    Value::Object(value)
}

fn premise_value(premise: &Premise) -> Value {
    let (kind, property) = match premise.kind {
        PremiseKind::Action => ("report:ActionReport", "report:action"),
        PremiseKind::Target => ("report:TargetReport", "report:target"),
        PremiseKind::Party => ("report:PartyReport", "report:party"),
        PremiseKind::Constraint => ("report:ConstraintReport", "report:constraint"),
    };
    let mut value = Map::new();
    value.insert("@type".to_owned(), kind.into());
    name(&mut value, property, premise.name.as_ref());
    let satisfied = state(premise.satisfied, "report:Satisfied", "report:Unsatisfied");
    value.insert("report:satisfactionState".to_owned(), satisfied);
    list(&mut value, "report:premiseReport", &premise.parts, premise_value);
    Value::Object(value)
}

fn state(truth: Truth, yes: &'static str, no: &'static str) -> Value {
    Value::from(match truth {
        Truth::True => yes,
        Truth::False => no,
        Truth::Unknown => "report:Unknown",
    })
}

fn name(value: &mut Map<String, Value>, property: &str, name: Option<&Term>) {
    if let Some(name) = name {
        value.insert(property.to_owned(), json!({ "@id": name.as_str() }));
    }
}

fn list<T>(value: &mut Map<String, Value>, property: &str, items: &[T], of: impl Fn(&T) -> Value) {
    if !items.is_empty() {
        value.insert(property.to_owned(), items.iter().map(of).collect());
    }
}
