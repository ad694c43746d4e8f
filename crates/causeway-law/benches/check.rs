//! What a check costs with every shipped pack loaded: all facts known, and three of them missing;
//! what it costs to find the questions where nearly nothing is known; what the matrix of all areas
//! costs; and what it costs to prove everything about all packs.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on has failed")]

use std::hint::black_box;

use causeway_law::{Classes, Engine, Facts, Kind, Question, Topic};
use criterion::{Criterion, criterion_group, criterion_main};
use jiff::civil::date;
use serde_json::{Map, Value, json};

/// A crossing of which everything is known: what is not named is no, 0 or the first word.
fn complete(engine: &Engine, named: &Value) -> Facts {
    let mut all = Map::new();
    for fact in engine.dictionary().facts() {
        let value = match &fact.kind {
            Kind::Flag => json!(false),
            Kind::Count => json!(0),
            Kind::Day => json!("2026-06-01"),
            Kind::OneOf(values) => json!(engine.dictionary().symbols().text(values[0])),
            Kind::Area => json!("XX"),
        };
        all.insert(fact.name.clone(), value);
    }
    all.extend(named.as_object().unwrap().clone());
    engine.dictionary().read_facts(&all).unwrap()
}

fn check(criterion: &mut Criterion) {
    let engine = Engine::shipped().unwrap();
    let (as_of, known_at) = (date(2026, 6, 1), date(2026, 11, 25));
    let both_sides = json!({
        "exporter.area": "DE", "importer.area": "CN", "data.personal": true,
        "data.special": true, "tool.eu_scc": true, "tool.transfer_assessment": true,
    });
    let known = complete(&engine, &both_sides);
    criterion.bench_function("two sides, all facts known", |bencher| {
        bencher.iter(|| engine.check(black_box(&known), as_of, known_at));
    });
    let mut missing = known.clone();
    for name in ["tool.eu_scc", "data.special", "basis.explicit_consent"] {
        missing.set(engine.dictionary().find(name).unwrap(), None);
    }
    criterion.bench_function("two sides, three facts missing", |bencher| {
        bencher.iter(|| engine.check(black_box(&missing), as_of, known_at));
    });
    let classes = Classes::shipped(&engine).unwrap();
    let words = vec![(Topic::Data, "health".to_owned())];
    let (from, to) = (Vec::new(), Vec::new());
    let question = Question { words, persons: Some(12_000), from, to, as_of, known_at };
    let pairs = engine.matrix(&classes, question.clone()).unwrap().cells.len();
    criterion.bench_function(&format!("matrix of {pairs} pairs with mechanisms"), |bencher| {
        bencher.iter(|| engine.matrix(&classes, black_box(question.clone())).unwrap());
    });
    criterion.bench_function("two sides, as a page", |bencher| {
        bencher.iter(|| engine.decide(black_box(&known), as_of, known_at).to_text());
    });
    criterion.bench_function("two sides, with all reasons as JSON", |bencher| {
        bencher.iter(|| engine.decide(black_box(&known), as_of, known_at).to_json());
    });
    let areas = json!({ "exporter.area": "DE", "importer.area": "CN" });
    let areas = engine.dictionary().read_facts(areas.as_object().unwrap()).unwrap();
    let mut questions = criterion.benchmark_group("questions");
    questions.sample_size(10);
    questions.bench_function("two areas and nothing else known", |bencher| {
        bencher.iter(|| engine.decide(black_box(&areas), as_of, known_at));
    });
    let nothing = engine.dictionary().nothing();
    questions.bench_function("nothing known", |bencher| {
        bencher.iter(|| engine.decide(black_box(&nothing), as_of, known_at));
    });
    questions.finish();
    let mut proofs = criterion.benchmark_group("law");
    proofs.sample_size(10);
    proofs.bench_function("every proof of every pack", |bencher| bencher.iter(|| engine.prove()));
    proofs.finish();
}

criterion_group!(benches, check);
criterion_main!(benches);
