//! What group commit is worth: change sets a second with one committer and with 64, on the disk
//! under the temporary directory (set `TMPDIR` to measure another one).

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use causeway_store::suite::samples;
use causeway_store::{ChangeSet, NegotiationEntry, NewMessage, Settle, Store};
use causeway_store_sql::{SqliteOptions, SqliteStore};
use causeway_types::Role;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

/// What a message of the protocol causes: one aggregate, one message, one settled, one event.
fn changes(sample: &NegotiationEntry, name: &str, settled: i64, token: bool) -> ChangeSet {
    let mut entry = sample.clone();
    entry.negotiation.id = samples::pid(name);
    entry.negotiation.peer_pid = Some(samples::pid(name));
    entry.negotiation.role = Role::Provider;
    let body = vec![b'x'; 800];
    let used = || samples::token("did:web:peer.example", name, 0);
    ChangeSet {
        tokens: token.then(used).into_iter().collect(),
        puts: vec![samples::put_negotiation(entry, None)],
        settle: vec![Settle::Done { id: settled }],
        outbox: vec![NewMessage { body, ..samples::message(name, name) }],
        events: vec![samples::event(Some(name), "REQUESTED")],
        ..ChangeSet::default()
    }
}

async fn commit_many(
    store: &Arc<SqliteStore>,
    (committers, token): (u64, bool),
    total: u64,
    serial: &AtomicU64,
) {
    let mut tasks = JoinSet::new();
    let sample = samples::negotiations().swap_remove(1);
    for task in 0..committers {
        let (store, sample) = (Arc::clone(store), sample.clone());
        let count = total / committers + u64::from(task < total % committers);
        let first = serial.fetch_add(count, Ordering::Relaxed);
        tasks.spawn(async move {
            let mut settled = 0;
            for n in first..first + count {
                let committed =
                    store.commit(changes(&sample, &format!("n{n}"), settled, token)).await;
                settled = committed.map_or(0, |committed| committed.outbox[0].id);
            }
        });
    }
    tasks.join_all().await;
}

fn bench(criterion: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime");
    let mut group = criterion.benchmark_group("commit");
    group.throughput(Throughput::Elements(1)).sample_size(10);
    for (committers, token) in [(1_u64, false), (8, false), (64, false), (1, true), (64, true)] {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let path = directory.path().join("store.db");
        let store = SqliteStore::open(path, &SqliteOptions::default()).expect("a store");
        let (store, serial) = (Arc::new(store), AtomicU64::new(0));
        let name =
            format!("{committers} committers{}", if token { " with a token each" } else { "" });
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|total| {
                #[expect(clippy::disallowed_methods, reason = "measuring is what a bench does")]
                let start = std::time::Instant::now();
                runtime.block_on(commit_many(&store, (committers, token), total, &serial));
                start.elapsed()
            });
        });
    }
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
