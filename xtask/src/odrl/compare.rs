//! The comparators of the suite. `activation`: for each rule the same activation and attempt state,
//! about the same rule of the request. `simple`: besides, as many reports about target, party,
//! action and constraints with the same satisfaction, constraints by their names.
//!
//! Reports of the suite know two states; what the evaluator cannot tell counts as not satisfied and
//! not active.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::case::REPORT;
use super::graph::{Graph, RDF, object_name};

/// What a report says about one rule.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct RuleReport {
    pub(super) rule: String,
    pub(super) request: String,
    pub(super) attempt: String,
    pub(super) activation: String,
    pub(super) premises: Premises,
    /// A name of a premise report leads nowhere.
    is_broken: bool,
    is_obligation: bool,
}

/// How many premises of a kind have a state, and the states of named constraints.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Premises {
    counts: BTreeMap<(String, String), usize>,
    constraints: BTreeSet<(String, String)>,
}

impl Premises {
    fn add(&mut self, kind: &str, constraint: Option<String>, satisfaction: &str) {
        match constraint {
            Some(constraint) => {
                self.constraints.insert((constraint, satisfaction.to_owned()));
            }
            None => {
                *self.counts.entry((kind.to_owned(), satisfaction.to_owned())).or_default() += 1;
            }
        }
    }

    fn extend(&mut self, other: &Self) {
        for (key, count) in &other.counts {
            *self.counts.entry(key.clone()).or_default() += count;
        }
        self.constraints.extend(other.constraints.iter().cloned());
    }

    fn differences(&self, expected: &Self) -> Vec<String> {
        let keys: BTreeSet<_> = self.counts.keys().chain(expected.counts.keys()).collect();
        let mut found = Vec::new();
        for key in keys {
            let count = |premises: &Self| premises.counts.get(key).copied().unwrap_or_default();
            let (own, other) = (count(self), count(expected));
            if own != other {
                found.push(format!("{} {}: found {own}, expected {other}", key.0, key.1));
            }
        }
        let state = |premises: &Self, name: &str| {
            let states = premises.constraints.iter().filter(|(own, _)| own == name);
            let states: Vec<&str> = states.map(|(_, state)| state.as_str()).collect();
            if states.is_empty() { "no report".to_owned() } else { states.join(" and ") }
        };
        let differing = self.constraints.symmetric_difference(&expected.constraints);
        let names: BTreeSet<&String> = differing.map(|(name, _)| name).collect();
        for name in names {
            let (own, other) = (state(self, name), state(expected, name));
            found.push(format!("constraint {name}: found {own}, expected {other}"));
        }
        found
    }
}

const KINDS: &[&str] = &["TargetReport", "PartyReport", "ActionReport", "ConstraintReport"];
const RULE_KINDS: &[&str] =
    &["PermissionReport", "ProhibitionReport", "ObligationReport", "DutyReport", "RuleReport"];

/// What the suite expects of one case.
pub(super) fn expected(graph: &Graph, report: &str) -> Vec<RuleReport> {
    let mut reports = graph.names(report, &format!("{REPORT}ruleReport"));
    if !reports.iter().any(|report| graph.describes(report)) {
        // A link that leads nowhere: all reports of the file are meant.
        let all = RULE_KINDS.iter().flat_map(|kind| graph.instances(&format!("{REPORT}{kind}")));
        reports = all.collect();
    }
    reports.iter().map(|report| expected_rule(graph, report)).collect()
}

fn expected_rule(graph: &Graph, report: &str) -> RuleReport {
    let one = |property: &str| {
        let value = graph.name(report, &format!("{REPORT}{property}")).unwrap_or_default();
        value.strip_prefix(REPORT).map_or(value.clone(), str::to_owned)
    };
    let class = graph.name(report, &format!("{RDF}type")).unwrap_or_default();
    let mut rule = RuleReport {
        rule: one("rule"),
        request: one("ruleRequest"),
        attempt: one("attemptState"),
        activation: one("activationState"),
        is_obligation: ["ObligationReport", "DutyReport"].iter().any(|kind| class.ends_with(kind)),
        ..RuleReport::default()
    };
    let mut seen = BTreeSet::new();
    let mut next = vec![report.to_owned()];
    while let Some(node) = next.pop() {
        for premise in graph.names(&node, &format!("{REPORT}premiseReport")) {
            rule.is_broken |= !graph.describes(&premise);
            if seen.insert(premise.clone()) {
                add_premise(graph, &premise, &mut rule.premises);
                next.push(premise);
            }
        }
    }
    rule
}

fn add_premise(graph: &Graph, premise: &str, premises: &mut Premises) {
    let types = graph.objects(premise, &format!("{RDF}type")).into_iter().filter_map(object_name);
    let kinds: Vec<String> =
        types.filter_map(|class| class.strip_prefix(REPORT).map(str::to_owned)).collect();
    let state = graph.name(premise, &format!("{REPORT}satisfactionState")).unwrap_or_default();
    let state = state.strip_prefix(REPORT).unwrap_or(&state);
    let constraint = graph.name(premise, &format!("{REPORT}constraint"));
    for kind in kinds.iter().filter(|kind| KINDS.contains(&kind.as_str())) {
        let name = constraint.clone().filter(|name| !name.starts_with("_:"));
        premises.add(kind, name.filter(|_| kind == "ConstraintReport"), state);
    }
}

/// All premise reports of a file, for one whose links lead nowhere.
fn all_premises(graph: &Graph) -> Premises {
    let mut premises = Premises::default();
    for kind in KINDS {
        for premise in graph.instances(&format!("{REPORT}{kind}")) {
            add_premise(graph, &premise, &mut premises);
        }
    }
    premises
}

/// What the evaluator found; atomic rules of one rule count as that rule.
pub(super) fn found(report: &Value, request: &str) -> Vec<RuleReport> {
    let mut rules: Vec<RuleReport> = Vec::new();
    let mut places: Vec<&Value> = Vec::new();
    for rule in report["report:ruleReport"].as_array().into_iter().flatten() {
        let one = found_rule(rule, request);
        match places.iter().position(|place| **place == rule["report:place"]) {
            Some(index) => merge(&mut rules[index], &one),
            None => {
                places.push(&rule["report:place"]);
                rules.push(one);
            }
        }
    }
    rules
}

/// A rule of several actions, targets or assignees is active if one of the rules that it stands for
/// is; the premises reported are those of the first, or of the first that is active.
fn merge(rule: &mut RuleReport, other: &RuleReport) {
    if rule.activation != "Active" && other.activation == "Active" {
        rule.activation.clone_from(&other.activation);
        rule.premises = other.premises.clone();
    }
}

fn found_rule(rule: &Value, request: &str) -> RuleReport {
    let state = |value: &Value| {
        let text = value.as_str().unwrap_or_default();
        text.strip_prefix("report:").unwrap_or(text).to_owned()
    };
    let mut report = RuleReport {
        rule: rule["report:rule"]["@id"].as_str().unwrap_or_default().to_owned(),
        request: request.to_owned(),
        attempt: state(&rule["report:attemptState"]),
        activation: match state(&rule["report:activationState"]).as_str() {
            "Active" => "Active".to_owned(),
            _ => "Inactive".to_owned(),
        },
        is_obligation: rule["@type"] == "report:ObligationReport",
        ..RuleReport::default()
    };
    let mut next: Vec<&Value> = vec![rule];
    while let Some(node) = next.pop() {
        for premise in node["report:premiseReport"].as_array().into_iter().flatten() {
            let constraint = premise["report:constraint"]["@id"].as_str().map(str::to_owned);
            let satisfaction = match state(&premise["report:satisfactionState"]).as_str() {
                "Satisfied" => "Satisfied",
                _ => "Unsatisfied",
            };
            report.premises.add(&state(&premise["@type"]), constraint, satisfaction);
            next.push(premise);
        }
    }
    report
}

/// In what two reports differ: by activation, and by the rest of `simple`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Differences {
    pub(super) activation: Vec<String>,
    pub(super) premises: Vec<String>,
}

/// Compares what was found with what is expected in `graph`.
pub(super) fn differences(
    found: &[RuleReport],
    expected: &[RuleReport],
    graph: &Graph,
) -> Differences {
    let mut differences = Differences::default();
    let mut rest: Vec<&RuleReport> = expected.iter().collect();
    let is_broken = expected.iter().any(|rule| rule.is_broken);
    let mut all = Premises::default();
    for own in found {
        let same = |other: &&RuleReport| own.rule == other.rule && own.request == other.request;
        let Some(index) = rest.iter().position(same) else {
            // Obligations are reported or not, as the case likes.
            if !own.is_obligation {
                let rule = &own.rule;
                differences.activation.push(format!("rule {rule}: found a report, expected none"));
            }
            continue;
        };
        let other = rest.remove(index);
        for (what, found, expected) in [
            ("activation", &own.activation, &other.activation),
            ("attempt", &own.attempt, &other.attempt),
        ] {
            if found != expected {
                let line = format!("rule {}: {what}: found {found}, expected {expected}", own.rule);
                differences.activation.push(line);
            }
        }
        all.extend(&own.premises);
        if !is_broken {
            differences.premises.extend(own.premises.differences(&other.premises));
        }
    }
    for other in rest {
        differences.activation.push(format!(
            "rule {} for {}: found no report, expected {}",
            other.rule, other.request, other.activation
        ));
    }
    if is_broken {
        differences.premises.extend(all.differences(&all_premises(graph)));
    }
    differences
}
