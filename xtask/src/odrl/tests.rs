//! Tests of what happens around the evaluator: Turtle to JSON, and the comparators. A report is
//! written by hand here, so that a difference in any state must be found.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::Suite;
use super::case;
use super::compare::{Differences, differences, expected, found};
use super::graph::Graph;

const PREFIXES: &str = "
@prefix odrl: <http://www.w3.org/ns/odrl/2/>.
@prefix ex: <http://example.org/>.
@prefix temp: <http://example.com/request/>.
@prefix dct: <http://purl.org/dc/terms/>.
@prefix xsd: <http://www.w3.org/2001/XMLSchema#>.
@prefix skos: <http://www.w3.org/2004/02/skos/core#>.
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>.
@prefix report: <https://w3id.org/force/compliance-report#>.
";

fn graph(text: &str) -> Graph {
    Graph::parse(format!("{PREFIXES}{text}").as_bytes()).unwrap()
}

fn odrl(name: &str) -> String {
    format!("http://www.w3.org/ns/odrl/2/{name}")
}

fn ex(name: &str) -> String {
    format!("http://example.org/{name}")
}

#[test]
fn a_policy_in_turtle_becomes_nested_json_in_the_order_of_the_file() {
    let policy = graph(
        "ex:p a odrl:Agreement, ex:Own; odrl:permission ex:r.
         ex:r a odrl:Permission; odrl:assignee ex:alice;
            odrl:action [ rdf:value odrl:print; odrl:refinement ex:c ];
            odrl:constraint [ odrl:andSequence (ex:c ex:d) ].
         ex:c odrl:leftOperand odrl:count; odrl:operator odrl:lt; odrl:rightOperand 5.
         ex:d odrl:leftOperand odrl:language; odrl:operator odrl:isAnyOf;
            odrl:rightOperand \"en\", \"sw\"@sw.",
    );
    let request = graph("ex:q odrl:action odrl:print; odrl:target ex:x; odrl:assignee ex:alice.");
    let sotw = graph("ex:s a ex:Sotw.");
    let (rule, state) = (ex("q"), ex("s"));
    let json = case::json((&policy, &ex("p")), (&request, &rule), (&sotw, &state), &[]);
    let typed = |value: &str, name: &str| {
        let datatype = format!("http://www.w3.org/2001/XMLSchema#{name}");
        json!({ "@value": value, "@type": datatype })
    };
    let id = |name: String| json!({ "@id": name });
    let c = json!({
        "@id": ex("c"), odrl("leftOperand"): id(odrl("count")), odrl("operator"): id(odrl("lt")),
        odrl("rightOperand"): typed("5", "integer"),
    });
    let d = json!({
        "@id": ex("d"), odrl("leftOperand"): id(odrl("language")),
        odrl("operator"): id(odrl("isAnyOf")),
        odrl("rightOperand"):
            [typed("en", "string"), { "@value": "sw", "@language": "sw" }],
    });
    let value = "http://www.w3.org/1999/02/22-rdf-syntax-ns#value";
    let expected = json!({
        "@id": ex("p"), "@type": odrl("Agreement"),
        odrl("permission"): {
            "@id": ex("r"), "@type": odrl("Permission"), odrl("assignee"): id(ex("alice")),
            odrl("action"): { value: id(odrl("print")), odrl("refinement"): c },
            odrl("constraint"): { odrl("andSequence"): { "@list": [c, d] } },
        },
    });
    assert_eq!(json["policy"], expected);
    assert_eq!(json["request"]["action"], odrl("print"));
}

#[test]
fn the_state_of_the_world_is_read_with_clock_members_duties_and_hierarchies() {
    let sotw = graph(
        "ex:s a ex:Sotw; ex:includes temp:currentTime; odrl:spatial ex:DE.
         temp:currentTime dct:issued \"2024-02-12T11:20:10Z\"^^xsd:dateTime.
         ex:alice odrl:partOf ex:friends; ex:age 20. ex:DE skos:broader ex:EU.
         ex:old dct:created \"2024-01-01T00:00:00Z\"^^xsd:dateTime; report:ruleReport ex:o.
         ex:new dct:created \"2024-01-02T00:00:00Z\"^^xsd:dateTime; report:ruleReport ex:n.
         ex:n report:rule ex:duty; report:deonticState report:Violated.
         ex:o report:rule ex:duty; report:deonticState report:Fulfilled.
         [] odrl:action odrl:compensate; odrl:assignee <mailto:alice>;
            dct:issued \"2024-01-03T00:00:00Z\"^^xsd:dateTime.",
    );
    let request = graph(
        "ex:q odrl:action odrl:read; odrl:constraint
            [ odrl:leftOperand odrl:purpose; odrl:operator odrl:eq; odrl:rightOperand ex:care ],
            [ odrl:leftOperand odrl:count; odrl:operator odrl:lt; odrl:rightOperand 3 ].",
    );
    let policy = graph("ex:p odrl:permission ex:r.");
    let (rule, state) = (ex("q"), ex("s"));
    let json = case::json((&policy, &ex("p")), (&request, &rule), (&sotw, &state), &[]);
    let (world, vocabulary) = (&json["world"], &json["vocabulary"]);
    assert_eq!(world["now"], "2024-02-12T11:20:10Z");
    assert_eq!(world["facts"][odrl("spatial")], json!({ "@id": ex("DE") }));
    assert_eq!(world["members"][ex("alice")], json!([ex("friends")]));
    assert_eq!(world["things"][ex("alice")][ex("age")]["@value"], "20");
    assert_eq!(world["duties"], json!({ ex("duty"): "violated" }));
    assert_eq!(world["deeds"][0]["assignee"], "urn:absolute:mailto:alice");
    assert_eq!(vocabulary["partOf"][ex("DE")], ex("EU"));
    // Only `eq` states something; any other comparison leaves the value open.
    assert_eq!(json["request"]["facts"], json!({ odrl("purpose"): { "@id": ex("care") } }));
}

const EXPECTED: &str = "
ex:e a report:PolicyReport; report:ruleReport ex:rr.
ex:rr a report:PermissionReport; report:rule ex:r; report:ruleRequest ex:q;
    report:attemptState report:Attempted; report:activationState report:Inactive;
    report:premiseReport ex:a, ex:l.
ex:a a report:ActionReport; report:satisfactionState report:Satisfied.
ex:l a report:ConstraintReport; report:constraint ex:L; report:premiseReport ex:c;
    report:satisfactionState report:Unsatisfied.
ex:c a report:ConstraintReport; report:constraint ex:C;
    report:satisfactionState report:Unsatisfied.
";

/// The report that `EXPECTED` stands for, with what cannot be told as such.
fn report() -> Value {
    let constraint = |name: &str, parts: Value| {
        json!({
            "@type": "report:ConstraintReport", "report:constraint": { "@id": ex(name) },
            "report:satisfactionState": "report:Unknown", "report:premiseReport": parts,
        })
    };
    let action = json!({
        "@type": "report:ActionReport", "report:satisfactionState": "report:Satisfied",
    });
    json!({ "report:ruleReport": [{
        "@type": "report:PermissionReport", "report:place": "permission 1",
        "report:rule": { "@id": ex("r") }, "report:attemptState": "report:Attempted",
        "report:activationState": "report:Unknown",
        "report:premiseReport": [action, constraint("L", json!([constraint("C", json!([]))]))],
    }] })
}

fn compare(expected_text: &str, report: &Value) -> Differences {
    let graph = graph(expected_text);
    differences(&found(report, &ex("q")), &expected(&graph, &ex("e")), &graph)
}

#[test]
fn a_report_with_the_same_states_has_no_difference() {
    assert_eq!(compare(EXPECTED, &report()), Differences::default());
    // Links that lead nowhere: the reports of the file are meant, all together.
    let broken = EXPECTED.replace("report:premiseReport ex:a, ex:l", "report:premiseReport ex:z");
    assert_eq!(compare(&broken, &report()), Differences::default());
}

#[test]
fn every_state_that_differs_is_found() {
    for (from, to, activation, premises) in [
        ("report:Inactive", "report:Active", "found Inactive, expected Active", ""),
        ("report:Attempted", "report:NotAttempted", "attempt: found Attempted", ""),
        ("report:rule ex:r", "report:rule ex:other", "found a report, expected none", ""),
        ("report:ruleRequest ex:q", "report:ruleRequest ex:z", "expected none", ""),
        ("ex:a, ex:l", "ex:l", "", "ActionReport Satisfied: found 1, expected 0"),
        ("report:constraint ex:C", "report:constraint ex:D", "", "found no report"),
        (
            "ActionReport; report:satisfactionState report:Satisfied",
            "ActionReport; report:satisfactionState report:Unsatisfied",
            "",
            "ActionReport Unsatisfied: found 0, expected 1",
        ),
        (
            "constraint ex:C;\n    report:satisfactionState report:Unsatisfied",
            "constraint ex:C;\n    report:satisfactionState report:Satisfied",
            "",
            "constraint http://example.org/C: found Unsatisfied, expected Satisfied",
        ),
    ] {
        assert!(EXPECTED.contains(from), "{from}");
        let differences = compare(&EXPECTED.replacen(from, to, 1), &report());
        for (lines, part) in
            [(&differences.activation, activation), (&differences.premises, premises)]
        {
            let is_found = lines.iter().any(|line| line.contains(part));
            assert_eq!(is_found, !part.is_empty(), "{to}: {differences:?}");
        }
    }
}

#[test]
fn a_rule_of_many_actions_is_one_rule_of_the_report() {
    let mut report = report();
    let mut active = report["report:ruleReport"][0].clone();
    active["report:activationState"] = json!("report:Active");
    report["report:ruleReport"].as_array_mut().unwrap().push(active);
    let found = found(&report, &ex("q"));
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].activation, "Active");
}

#[test]
fn what_a_case_needs_and_no_file_describes_is_the_reason_of_its_difference() {
    let mut case = graph(
        "ex:t a ex:TestCase; ex:policy ex:p; ex:request ex:q; ex:sotw ex:s;
            ex:expectedReport ex:e.",
    );
    case.path = PathBuf::from("testcase-1.ttl");
    let request = graph("ex:q odrl:permission ex:qr. ex:qr odrl:action odrl:read.");
    let others = vec![request, graph("ex:s a ex:Sotw.")];
    let suite = Suite { cases: Vec::new(), others };
    let cases = suite.cases_of(&case);
    assert_eq!(cases[0].name, "testcase-1");
    let (differences, _) = cases[0].outcome(&mut std::iter::empty());
    assert_eq!(differences.activation, ["no file describes the policy http://example.org/p"]);
    let (empty, mut broken) = (Graph::default(), Graph::default());
    broken.fault = Some("x".to_owned());
    for (graph, expected) in [(&empty, "the file has no ex:TestCase"), (&broken, "x")] {
        let (differences, _) = suite.cases_of(graph)[0].outcome(&mut std::iter::empty());
        assert_eq!(differences.activation, [expected]);
    }
}

#[test]
fn a_list_that_leads_back_to_itself_is_none() {
    let graph = graph("ex:l rdf:first 1; rdf:rest ex:l. ex:m rdf:first 1; rdf:rest rdf:nil.");
    assert!(graph.list(&ex("l")).is_none());
    assert_eq!(graph.list(&ex("m")).map(|items| items.len()), Some(1));
    assert!(Graph::parse(b"ex:p a odrl:Set.").is_err());
}
