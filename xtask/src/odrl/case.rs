//! From the graphs of a case to the JSON that the evaluator takes: the policy as nested JSON-LD,
//! the request, the state of the world, and what is said about the values of hierarchies.
//!
//! Nothing is judged here: a property is carried over whether or not the evaluator knows it.

use std::collections::BTreeMap;

use oxrdf::Term;
use serde_json::{Map, Value, json};

use super::graph::{Graph, RDF, name, object_name};

pub(super) const ODRL: &str = "http://www.w3.org/ns/odrl/2/";
pub(super) const REPORT: &str = "https://w3id.org/force/compliance-report#";
pub(super) const SUITE: &str = "http://example.org/";
const DCT: &str = "http://purl.org/dc/terms/";
const SKOS: &str = "http://www.w3.org/2004/02/skos/core#";
const RDFS: &str = "http://www.w3.org/2000/01/rdf-schema#";
/// Deeper nesting is a circle.
const DEPTH_MAX: usize = 40;

/// Properties whose objects are parts of the policy, so that what is said about them is nested.
const NESTED: &[&str] = &[
    "permission",
    "prohibition",
    "obligation",
    "duty",
    "remedy",
    "consequence",
    "constraint",
    "refinement",
    "action",
    "target",
    "assigner",
    "assignee",
    "and",
    "or",
    "xone",
    "andSequence",
];

/// The JSON of one case, for one rule of the request.
pub(super) fn json(
    policy: (&Graph, &str),
    request: (&Graph, &str),
    sotw: (&Graph, &str),
    parents: &[(&Graph, String)],
) -> Value {
    let (graph, rule) = request;
    let graphs = [policy.0, request.0, sotw.0];
    let parents: Vec<Value> = parents.iter().map(|(graph, name)| node(graph, name, 0)).collect();
    let one = |property: &str| graph.name(rule, &format!("{ODRL}{property}"));
    json!({
        "policy": node(policy.0, policy.1, 0),
        "parents": parents,
        "request": {
            "action": one("action").map(|action| action_name(graph, &action)),
            "target": one("target"),
            "assignee": one("assignee"),
            "facts": context(graph, rule),
        },
        "world": world(sotw, &graphs, &[one("assignee"), one("target")]),
        "vocabulary": vocabulary(&graphs),
        // What the suite was made for: duties that may be fulfilled later, the clock of the world,
        // rules without an action, and times of XML Schema in UTC.
        "options": {
            "dutyMode": "eventual", "timeSource": "world",
            "missingAction": "any", "offsetMinutes": 0,
        },
    })
}

/// An action that is narrowed is called by its `rdf:value`.
fn action_name(graph: &Graph, action: &str) -> String {
    graph.name(action, &format!("{RDF}value")).unwrap_or_else(|| action.to_owned())
}

fn node(graph: &Graph, subject: &str, depth: usize) -> Value {
    let mut object = Map::new();
    if !subject.starts_with("_:") {
        object.insert("@id".to_owned(), subject.into());
    }
    for (property, value) in graph.of(subject) {
        let (key, value) = if property == format!("{RDF}type") {
            // Classes of other vocabularies say nothing about a policy.
            let class = object_name(value).filter(|class| class.starts_with(ODRL));
            ("@type", class.map(Value::from))
        } else {
            let local = property.strip_prefix(ODRL).unwrap_or_default();
            (property, Some(member(graph, value, NESTED.contains(&local), depth)))
        };
        if let Some(value) = value {
            add(&mut object, key, value);
        }
    }
    Value::Object(object)
}

fn member(graph: &Graph, value: &Term, is_nested: bool, depth: usize) -> Value {
    match object_name(value) {
        None => literal(value),
        Some(head) if graph.list(&head).is_some() => {
            let items = graph.list(&head).unwrap_or_default().into_iter();
            let items: Vec<Value> =
                items.map(|item| member(graph, item, is_nested, depth + 1)).collect();
            json!({ "@list": items })
        }
        Some(name) if is_nested && depth < DEPTH_MAX && graph.describes(&name) => {
            node(graph, &name, depth + 1)
        }
        Some(name) => json!({ "@id": name }),
    }
}

/// One or many: a second value makes a list of them.
fn add(object: &mut Map<String, Value>, key: &str, value: Value) {
    match object.get_mut(key) {
        None => drop(object.insert(key.to_owned(), value)),
        Some(Value::Array(values)) => values.push(value),
        Some(first) => {
            let both = vec![first.take(), value];
            *first = Value::Array(both);
        }
    }
}

fn literal(value: &Term) -> Value {
    match value {
        Term::Literal(literal) => match literal.language() {
            Some(language) => json!({ "@value": literal.value(), "@language": language }),
            None => {
                json!({ "@value": literal.value(), "@type": literal.datatype().as_str() })
            }
        },
        other => json!({ "@id": object_name(other) }),
    }
}

/// What a request says besides who does what with what: properties that are left operands, and
/// statements in the form of constraints with `eq`, on its action too.
fn context(graph: &Graph, rule: &str) -> Value {
    let mut facts = Map::new();
    let of = |(_, _, object): &(_, &str, &Term)| object_name(object).as_deref() == Some(rule);
    let holders = graph.triples().filter(of).map(|(subject, ..)| name(subject));
    let actions = graph.names(rule, &format!("{ODRL}action"));
    let owners = std::iter::once(rule.to_owned()).chain(holders).chain(actions);
    for owner in owners {
        for (property, value) in graph.of(&owner) {
            if is_left_operand(property) {
                add(&mut facts, property, literal(value));
            } else if let Some(statement) = object_name(value) {
                state(graph, &statement, &mut facts);
            }
        }
    }
    Value::Object(facts)
}

/// A node that says what a left operand is, in the form of a constraint with `eq`.
fn state(graph: &Graph, statement: &str, facts: &mut Map<String, Value>) {
    let odrl = |property: &str| format!("{ODRL}{property}");
    let operator = graph.name(statement, &odrl("operator"));
    let left = graph.name(statement, &odrl("leftOperand"));
    let Some(left) = left.filter(|_| operator == Some(odrl("eq"))) else { return };
    for value in graph.objects(statement, &odrl("rightOperand")) {
        let mut value = literal(value);
        if let Some(unit) = graph.name(statement, &odrl("unit")) {
            value["unit"] = unit.into();
        }
        add(facts, &left, value);
    }
}

fn is_left_operand(property: &str) -> bool {
    const STRUCTURE: &[&str] = &[
        "uid",
        "action",
        "target",
        "assigner",
        "assignee",
        "permission",
        "prohibition",
        "obligation",
        "constraint",
        "profile",
        "partOf",
        "source",
        "refinement",
        "leftOperand",
        "operator",
        "rightOperand",
        "unit",
        "dataType",
        "status",
        "includedIn",
        "implies",
    ];
    let is_own = property.starts_with("https://w3id.org/causeway/policy/v1/");
    is_own || property.strip_prefix(ODRL).is_some_and(|name| !STRUCTURE.contains(&name))
}

fn world((graph, sotw): (&Graph, &str), graphs: &[&Graph], requested: &[Option<String>]) -> Value {
    let mut facts = Map::new();
    // What is said about a party or asset is no fact about a request of others.
    let is_thing = |name: &String| {
        let says = |property: String| !graph.objects(name, &property).is_empty();
        says(format!("{RDF}type")) || says(format!("{ODRL}partOf"))
    };
    let included = graph.names(sotw, &format!("{SUITE}includes")).into_iter().filter(|name| {
        !is_thing(name) || requested.iter().flatten().any(|requested| requested == name)
    });
    for owner in std::iter::once(sotw.to_owned()).chain(included) {
        for (property, value) in graph.of(&owner) {
            if is_left_operand(property) {
                add(&mut facts, property, literal(value));
            }
        }
        state(graph, &owner, &mut facts);
    }
    json!({
        "now": clock(graph),
        "facts": facts,
        "things": things(graph, sotw),
        "members": members(graphs),
        "duties": duties(graph),
        "deeds": deeds(graph),
        // A state of the world of the suite says all about who belongs where and about duties that
        // are violated, and nothing about what else was done.
        "knowsAllMembers": true,
        "knowsAllDuties": true,
    })
}

fn clock(graph: &Graph) -> Option<String> {
    let issued = format!("{DCT}issued");
    let of = |subject: &str| match graph.objects(subject, &issued).first() {
        Some(Term::Literal(literal)) => Some(literal.value().to_owned()),
        _ => None,
    };
    of("http://example.com/request/currentTime").or_else(|| {
        let mut clocks = graph.triples().map(|(subject, ..)| name(subject));
        let clock = clocks.find(|subject| subject.ends_with("currentTime"))?;
        of(&clock)
    })
}

/// Properties of parties and assets, for refinements and as values of left operands.
fn things(graph: &Graph, sotw: &str) -> Value {
    let mut things: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
    for (subject, property, value) in graph.triples() {
        let subject = name(subject);
        let is_structure = property.starts_with(REPORT)
            || property.starts_with(RDF)
            || property == format!("{ODRL}partOf");
        if subject != sotw && !subject.starts_with("_:") && !is_structure {
            add(things.entry(subject).or_default(), property, literal(value));
        }
    }
    json!(things)
}

fn members(graphs: &[&Graph]) -> Value {
    let mut members: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let (part_of, has_part) = (format!("{ODRL}partOf"), format!("{ODRL}hasPart"));
    for (subject, property, value) in graphs.iter().flat_map(|graph| graph.triples()) {
        let Some(object) = object_name(value) else { continue };
        let (part, whole) = match property {
            property if property == part_of => (name(subject), object),
            property if property == has_part => (object, name(subject)),
            _ => continue,
        };
        if !part.starts_with("_:") && !whole.starts_with("_:") {
            members.entry(part).or_default().push(whole);
        }
    }
    json!(members)
}

/// What earlier reports say about duties; the latest report counts.
fn duties(graph: &Graph) -> Value {
    let report = |property: &str| format!("{REPORT}{property}");
    let created = |rule_report: &str| {
        let holder = graph.triples().find(|(_, property, object)| {
            *property == report("ruleReport") && object_name(object).as_deref() == Some(rule_report)
        })?;
        match graph.objects(&name(holder.0), &format!("{DCT}created")).first() {
            Some(Term::Literal(literal)) => Some(literal.value().to_owned()),
            _ => None,
        }
    };
    let mut reports = Vec::new();
    for (subject, property, rule) in graph.triples() {
        let Some(rule) = object_name(rule).filter(|_| property == report("rule")) else {
            continue;
        };
        let subject = name(subject);
        let is = |property: &str| {
            let state = graph.name(&subject, &report(property))?;
            state.strip_prefix(REPORT).map(str::to_owned)
        };
        let state = match (is("deonticState").as_deref(), is("performanceState").as_deref()) {
            (Some("Violated"), _) => "violated",
            (Some("Fulfilled"), _) | (None, Some("Performed")) => "fulfilled",
            (Some(_), _) => "not-set",
            (None, _) => continue,
        };
        reports.push((created(&subject), rule, state));
    }
    reports.sort();
    let states: BTreeMap<String, &str> =
        reports.into_iter().map(|(_, rule, state)| (rule, state)).collect();
    json!(states)
}

/// What was done: anything of the state that has an action and a date.
fn deeds(graph: &Graph) -> Value {
    let mut deeds = Vec::new();
    for (subject, property, value) in graph.triples() {
        let Some(action) = object_name(value).filter(|_| property == format!("{ODRL}action"))
        else {
            continue;
        };
        let subject = name(subject);
        let at = ["issued", "date", "created"].iter().find_map(|property| {
            match graph.objects(&subject, &format!("{DCT}{property}")).first() {
                Some(Term::Literal(literal)) => Some(literal.value().to_owned()),
                _ => None,
            }
        });
        if let Some(at) = at {
            let one = |property: &str| graph.name(&subject, &format!("{ODRL}{property}"));
            deeds.push(json!({
                "action": action_name(graph, &action), "at": at,
                "target": one("target"), "assignee": one("assignee"),
                "facts": context(graph, &subject),
            }));
        }
    }
    Value::from(deeds)
}

/// What the graphs say about values and actions, as a profile.
fn vocabulary(graphs: &[&Graph]) -> Value {
    let (mut part_of, mut is_a, mut actions) = (Map::new(), Map::new(), Map::new());
    for (subject, property, value) in graphs.iter().flat_map(|graph| graph.triples()) {
        let Some(object) = object_name(value).filter(|name| !name.starts_with("_:")) else {
            continue;
        };
        let subject = name(subject);
        if subject.starts_with("_:") {
            continue;
        }
        let local = |namespace: &str| property.strip_prefix(namespace);
        match (local(DCT), local(SKOS), local(RDFS), local(RDF), local(ODRL)) {
            (Some("isPartOf"), ..) => add(&mut part_of, &subject, object.into()),
            (Some("hasPart"), ..) => add(&mut part_of, &object, subject.into()),
            (_, Some("broader" | "broaderTransitive"), ..) => {
                add(&mut part_of, &subject, object.clone().into());
                add(&mut is_a, &subject, object.into());
            }
            (_, Some("narrower"), ..) => {
                add(&mut part_of, &object, subject.clone().into());
                add(&mut is_a, &object, subject.into());
            }
            (_, _, Some("subClassOf"), ..) | (_, _, _, Some("type"), _) => {
                add(&mut is_a, &subject, object.into());
            }
            (.., Some(relation @ ("includedIn" | "implies"))) => {
                let action = actions.entry(subject).or_insert_with(|| json!({}));
                if let Some(action) = action.as_object_mut() {
                    add(action, relation, object.into());
                }
            }
            _ => {}
        }
    }
    json!({ "partOf": part_of, "isA": is_a, "actions": actions })
}
