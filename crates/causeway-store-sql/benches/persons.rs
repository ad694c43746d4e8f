//! What counting persons costs: adding those of a file, and asking how many different ones were in
//! twenty files of a window, on the disk under the temporary directory (set `TMPDIR` to measure
//! another one).

use causeway_store::suite::samples;
use causeway_store::{ChangeSet, Crossings, Persons, Store};
use causeway_store_sql::{SqliteOptions, SqliteStore};
use causeway_types::Role;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use tempfile::TempDir;
use tokio::runtime::Runtime;

const FILES: u8 = 20;

fn store() -> (TempDir, SqliteStore) {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let path = directory.path().join("store.db");
    let store = SqliteStore::open(path, &SqliteOptions::default()).expect("a store");
    (directory, store)
}

/// Files of so many persons, each beginning so many persons after the one before.
async fn fill(store: &SqliteStore, persons: u64, step: u64) {
    for n in 0..FILES {
        let first = u64::from(n) * step;
        let subjects = samples::persons(first..first + persons);
        store.add_subjects(&samples::file(n), subjects).await.expect("added");
        let crossings = vec![samples::crossing("a", Role::Consumer, n, 1)];
        store.commit(ChangeSet { crossings, ..ChangeSet::default() }).await.expect("crossed");
    }
}

fn count(criterion: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime");
    let mut group = criterion.benchmark_group("persons");
    group.sample_size(10);
    let query = Persons { count: "a".to_owned(), since: samples::at(0), peer: None, with: None };
    for (name, persons, step, different) in [
        ("a million, each in one file", 50_000, 50_000, 1_000_000),
        ("a million, nearly each in two files", 95_240, 47_620, 1_000_020),
        ("fifty thousand, each in twenty files", 50_000, 0, 50_000),
    ] {
        let (_directory, store) = store();
        runtime.block_on(fill(&store, persons, step));
        let found = runtime.block_on(store.persons(&query)).expect("counted");
        assert_eq!(found, different, "{name}");
        group.bench_function(name, |bencher| {
            bencher.iter(|| runtime.block_on(store.persons(&query)));
        });
    }
    group.finish();
}

fn add(criterion: &mut Criterion) {
    const PERSONS: u64 = 1_000_000;
    let runtime = Runtime::new().expect("a runtime");
    let mut group = criterion.benchmark_group("persons");
    group.throughput(Throughput::Elements(PERSONS)).sample_size(10);
    let all = samples::persons(0..PERSONS);
    group.bench_function("adding a million", |bencher| {
        bencher.iter_custom(|times| {
            let mut took = std::time::Duration::ZERO;
            for _ in 0..times {
                let ((_directory, store), all) = (store(), all.clone());
                #[expect(clippy::disallowed_methods, reason = "measuring is what a bench does")]
                let start = std::time::Instant::now();
                runtime.block_on(store.add_subjects(&samples::file(1), all)).expect("added");
                took += start.elapsed();
            }
            took
        });
    });
    group.finish();
}

criterion_group!(benches, count, add);
criterion_main!(benches);
