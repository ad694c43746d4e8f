//! What an evaluation costs once the policy is ready: an ordinary agreement, and a large one with
//! the hours of every working day of a year (262 pairs of times under one `or`, 787 constraints).
//! Each is measured up to the verdict, with the states
//! of all rules, with everything in words, and made ready.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on has failed")]

use std::hint::black_box;

use causeway_policy::{Compiled, Contexts, Facts, Iri, Request, Vocabulary, World, odrl};
use causeway_types::Timestamp;
use criterion::{Criterion, criterion_group, criterion_main};
use serde_json::{Value, json};

fn time(operator: &str, at: &str) -> Value {
    let right = json!({ "@value": at, "@type": "xsd:dateTime" });
    json!({ "leftOperand": "dateTime", "operator": operator, "rightOperand": right })
}

fn policy(constraint: &Value) -> odrl::Policy {
    let rule = json!({
        "uid": "urn:rule:1", "action": "read", "target": "urn:asset:x",
        "assignee": "urn:party:alice", "constraint": constraint,
    });
    let policy = json!({ "@type": "Agreement", "uid": "urn:policy:1", "permission": [rule] });
    odrl::read(&policy, &Contexts::dsp()).unwrap()
}

fn ordinary() -> odrl::Policy {
    policy(&json!([
        time("gteq", "2024-01-01T00:00:00Z"),
        time("lt", "2025-01-01T00:00:00Z"),
        { "leftOperand": "purpose", "operator": "isAnyOf", "rightOperand": ["research", "care"] },
    ]))
}

fn large() -> odrl::Policy {
    let days = (0..262).map(|number| {
        let (month, day) = (number / 22 + 1, number % 22 + 1);
        let at = |hour: u8| format!("2024-{month:02}-{day:02}T{hour:02}:00:00.000Z");
        json!({ "and": [time("gt", &at(9)), time("lt", &at(17))] })
    });
    policy(&json!({ "or": days.collect::<Vec<_>>() }))
}

fn evaluate(criterion: &mut Criterion) {
    let (vocabulary, world) = (Vocabulary::odrl(), World::default());
    let now = Timestamp::parse("2024-02-12T11:20:10.999Z").unwrap();
    let iri = |name: &str| Iri::parse(name).unwrap();
    let facts =
        Facts::at(now).with(Iri::PURPOSE, causeway_policy::Fact::Text("research".to_owned()));
    let mut request = Request::of(iri("http://www.w3.org/ns/odrl/2/read"), facts);
    request.target = Some(iri("urn:asset:x"));
    request.assignee = Some(iri("urn:party:alice"));
    for (name, policy) in [("ordinary", ordinary()), ("large", large())] {
        let compiled = Compiled::whole(&policy, &vocabulary).unwrap();
        let verdict = compiled.evaluate(&request, &world).verdict();
        assert_eq!(verdict.as_str(), "permitted");
        criterion.bench_function(&format!("{name}, verdict"), |bencher| {
            bencher.iter(|| black_box(&compiled).evaluate(black_box(&request), &world));
        });
        criterion.bench_function(&format!("{name}, states of all rules"), |bencher| {
            bencher.iter(|| black_box(&compiled).evaluate(black_box(&request), &world).rules());
        });
        criterion.bench_function(&format!("{name}, report in words"), |bencher| {
            bencher.iter(|| black_box(&compiled).evaluate(black_box(&request), &world).report());
        });
        criterion.bench_function(&format!("{name}, make ready"), |bencher| {
            bencher.iter(|| Compiled::whole(black_box(&policy), &vocabulary));
        });
    }
}

criterion_group!(benches, evaluate);
criterion_main!(benches);
