//! The templates of usage-control classes: all 25 are there, each makes a policy, and each keeps
//! what it says of itself. What is enforced denies when its condition is not met; what is not is
//! never permitted by the evaluator.

use std::path::Path;

use causeway_policy::{
    Contexts, Fact, Facts, Honesty, Iri, MakeError, Number, ParameterKind, Peer, Policy, Request,
    Template, Truth, Verdict, evaluate, lint, read, write,
};
use causeway_types::Timestamp;
use serde_json::{Map, Value};

fn shipped() -> Vec<Template> {
    Template::shipped().unwrap()
}

fn made(template: &Template) -> Policy {
    template.make(&template.examples()).unwrap()
}

/// The whole file of a template, with the facts under which it permits and denies.
fn file(template: &Template) -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
    let name = format!("{:02}-{}.json", template.class, template.id);
    serde_json::from_str(&std::fs::read_to_string(folder.join(name)).unwrap()).unwrap()
}

fn iri(name: &str) -> Iri {
    Contexts::dsp().resolve(name).unwrap().iri().unwrap().clone()
}

fn fact(name: &str, value: &Value) -> Fact {
    match value {
        Value::String(text) if name == "odrl:dateTime" => {
            Fact::Timestamp(Timestamp::parse(text).unwrap())
        }
        Value::String(text) => Fact::Text(text.clone()),
        Value::Number(number) => Fact::Number(Number::parse(&number.to_string()).unwrap()),
        Value::Array(items) => Fact::Set(items.iter().map(|item| fact(name, item)).collect()),
        other => Fact::Iri(Iri::parse(other["@id"].as_str().unwrap()).unwrap()),
    }
}

fn verdict(policy: &Policy, given: &Map<String, Value>) -> Verdict {
    let facts = given
        .iter()
        .fold(Facts::new(), |facts, (name, value)| facts.with(iri(name), fact(name, value)));
    evaluate(policy, &Request::to_use(facts)).verdict
}

fn at_some_time() -> Facts {
    Facts::at(Timestamp::parse("2026-07-01T00:00:00Z").unwrap())
}

#[test]
fn all_25_classes_are_there_each_once_and_in_order() {
    let templates = shipped();
    let classes: Vec<u8> = templates.iter().map(|template| template.class).collect();
    assert_eq!(classes, (1..=25).collect::<Vec<u8>>());
    let mut ids: Vec<&str> = templates.iter().map(|template| template.id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 25);
}

#[test]
fn every_template_makes_a_policy_that_is_written_and_read_back_unchanged() {
    for template in shipped() {
        let policy = made(&template);
        let written = Value::Object(write(&policy));
        let again = read(&written, &Contexts::dsp()).unwrap();
        assert_eq!(again, policy, "{}: {written}", template.id);
        for parameter in &template.parameters {
            let blank = format!("{{{}}}", parameter.name);
            assert!(!written.to_string().contains(&blank), "{}: {written}", template.id);
        }
        // The shape of DSP has no duties inside permissions and no conditions on actions.
        assert!(!policy.has_refinements(), "{}", template.id);
        assert!(policy.permissions.iter().all(|rule| rule.duties.is_empty()), "{}", template.id);
        let names = lint(&policy, Peer::Dsp);
        let is_known = |code: &str| names.iter().all(|hazard| hazard.code.as_str() != code);
        assert!(is_known("name-unknown") && is_known("rule-missing"), "{names:?}");
    }
}

#[test]
fn every_parameter_changes_the_policy() {
    for template in shipped() {
        let example = made(&template);
        for (index, parameter) in template.parameters.iter().enumerate() {
            let mut given = template.examples();
            given[index].1 = match parameter.kind {
                ParameterKind::Time => "2031-05-05T05:05:05Z".to_owned(),
                ParameterKind::Count | ParameterKind::Decimal => "7".to_owned(),
                ParameterKind::Duration => "P2M".to_owned(),
                _ => format!("{}x", parameter.example),
            };
            let other = template.make(&given).unwrap();
            assert_ne!(other, example, "{}: {}", template.id, parameter.name);
        }
    }
}

#[test]
fn what_is_enforced_permits_denies_and_without_its_facts_waits() {
    let mut enforced = 0;
    for template in shipped() {
        let Honesty::Enforced(how) = &template.honesty else { continue };
        enforced += 1;
        let (policy, file) = (made(&template), file(&template));
        assert!(!how.at.is_empty() && !how.facts.is_empty(), "{}", template.id);
        for (list, expected) in [("met", Verdict::Permitted), ("unmet", Verdict::Denied)] {
            let cases = file[list].as_array().unwrap();
            assert!(!cases.is_empty(), "{}: {list}", template.id);
            for case in cases {
                let case = case.as_object().unwrap();
                let mut named: Vec<&str> = case.keys().map(String::as_str).collect();
                named.sort_unstable();
                let mut needed: Vec<&str> = how.facts.iter().map(|f| f.name.as_str()).collect();
                needed.sort_unstable();
                assert_eq!(named, needed, "{}", template.id);
                assert_eq!(verdict(&policy, case), expected, "{}: {case:?}", template.id);
            }
        }
        assert_eq!(verdict(&policy, &Map::new()), Verdict::Unknown, "{}", template.id);
    }
    assert_eq!(enforced, 10);
}

#[test]
fn what_is_unenforceable_is_never_permitted_and_the_report_names_what_is_open() {
    let mut unenforceable = 0;
    for template in shipped() {
        let Honesty::Unenforceable(why) = &template.honesty else { continue };
        unenforceable += 1;
        assert!(!why.because.is_empty() && !why.instead.is_empty(), "{}", template.id);
        let report = evaluate(&made(&template), &Request::to_use(at_some_time()));
        assert_eq!(report.verdict, Verdict::Unknown, "{}: {:?}", template.id, report.findings);
        assert!(report.findings.iter().any(|finding| finding.truth == Truth::Unknown));
        assert!(file(&template).get("met").is_none(), "{}", template.id);
    }
    assert_eq!(unenforceable, 15);
}

#[test]
fn a_deletion_with_a_deadline_ends_deliveries_at_it() {
    let templates = shipped();
    let policy = made(templates.iter().find(|template| template.id == "delete").unwrap());
    let after = Facts::at(Timestamp::parse("2027-10-01T08:00:00Z").unwrap());
    assert_eq!(evaluate(&policy, &Request::to_use(after)).verdict, Verdict::Denied);
}

#[test]
fn a_duration_ends_so_many_days_after_its_beginning() {
    let templates = shipped();
    let duration = templates.iter().find(|template| template.id == "duration").unwrap();
    let make = |days: &str| {
        let given = [("from", "2028-02-28T00:00:00Z"), ("days", days)];
        duration.make(&given.map(|(name, value)| (name.to_owned(), value.to_owned())))
    };
    let written = Value::Object(write(&make("2").unwrap())).to_string();
    assert!(written.contains("2028-03-01T00:00:00"), "{written}");
    let error = make("4000000000").unwrap_err().to_string();
    assert_eq!(error, "days: found \"4000000000\", expected at most 100 years of days");
}

#[test]
fn what_does_not_fit_a_blank_is_refused_with_what_would() {
    let templates = shipped();
    let check = |id: &str, given: &[(&str, &str)], expected: &str| {
        let template = templates.iter().find(|template| template.id == id).unwrap();
        let given: Vec<_> =
            given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let error: MakeError = template.make(&given).unwrap_err();
        assert_eq!(error.to_string(), expected);
    };
    check(
        "consumer",
        &[],
        "found no consumer, expected one such as consumer=did:web:institute.example",
    );
    check("consumer", &[("who", "x")], "found the parameter \"who\", expected consumer");
    check("log", &[("who", "x")], "found the parameter \"who\", expected none");
    let wrong = "consumer: found \"institute\", expected an absolute IRI";
    check("consumer", &[("consumer", "institute")], wrong);
    let twice = [("consumer", "urn:a:b"), ("consumer", "urn:a:c")];
    check("consumer", &twice, "found consumer more than once, expected one");
    let wrong = "times: found \"-1\", expected a whole number from 0 on";
    check("number-of-uses", &[("times", "-1")], wrong);
    let wrong = "until: found \"2027\", expected a time such as 2026-06-01T08:00:00Z";
    check("event", &[("from", "2027-03-01T08:00:00Z"), ("until", "2027")], wrong);
    let wrong = "roles: found \"a,,b\", expected texts with commas between";
    check("role", &[("roles", "a,,b")], wrong);
    let rental = [("amount", "5"), ("currency", "urn:x:eur"), ("period", "month")];
    check("rental", &rental, "period: found \"month\", expected a duration such as P3M");
}
