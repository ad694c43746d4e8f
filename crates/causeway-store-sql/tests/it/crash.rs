//! A process that dies at the worst moment: everything that was acknowledged is there, and
//! nothing is there by half. The dying process is this test binary, run again.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::Arc;

use causeway_store::suite::samples;
use causeway_store::{ChangeSet, Store};
use causeway_types::Role;
use tokio::task::JoinSet;

use crate::support::{file, open};

const PATH: &str = "CAUSEWAY_TEST_CRASH_PATH";
const ACKNOWLEDGED: &str = "acknowledged ";

fn changes(name: &str) -> ChangeSet {
    ChangeSet {
        puts: vec![samples::put_negotiation(samples::negotiation(name, Role::Consumer), None)],
        outbox: vec![samples::message(name, name)],
        events: vec![samples::event(Some(name), name)],
        ..ChangeSet::default()
    }
}

/// Not a test of its own: does nothing unless the test below runs it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn helper_that_commits_until_it_aborts() {
    let Some(path) = std::env::var_os(PATH) else { return };
    let store = Arc::new(open(path.as_ref()).unwrap());
    let mut tasks = JoinSet::new();
    for task in 0..32 {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            for n in 0.. {
                let name = format!("n-{task}-{n}");
                store.commit(changes(&name)).await.unwrap();
                let mut out = std::io::stdout().lock();
                writeln!(out, "{ACKNOWLEDGED}{name}").unwrap();
                out.flush().unwrap();
                if task == 0 && n == 10 {
                    // The other tasks have commits under way.
                    std::process::abort();
                }
            }
        });
    }
    tasks.join_all().await;
}

#[tokio::test]
async fn everything_acknowledged_before_an_abort_is_there_and_whole() {
    let directory = tempfile::tempdir().unwrap();
    let path = file(&directory);
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "crash::helper_that_commits_until_it_aborts", "--nocapture"])
        .env(PATH, &path)
        .stderr(Stdio::null())
        .output()
        .unwrap();
    assert!(!child.status.success());
    let output = String::from_utf8(child.stdout).unwrap();
    let acknowledged: BTreeSet<&str> =
        output.lines().filter_map(|line| line.split_once(ACKNOWLEDGED)).map(|(_, n)| n).collect();
    assert!(acknowledged.len() > 50, "{output}");

    let store = open(&path).unwrap();
    let all = causeway_store::Page { after: None, limit: usize::MAX };
    let stored: BTreeSet<String> = store
        .negotiations(all)
        .await
        .unwrap()
        .into_iter()
        .map(|stored| stored.value.negotiation.id.to_string())
        .collect();
    for name in acknowledged {
        assert!(stored.contains(name), "{name} was acknowledged and is gone");
    }
    for name in &stored {
        let id = samples::pid(name);
        assert_eq!(store.history(&id, all).await.unwrap().len(), 1, "{name}");
        assert_eq!(store.outbox_of(&id).await.unwrap().len(), 1, "{name}");
    }
    assert_eq!(store.events(all).await.unwrap().len(), stored.len());
}

#[tokio::test]
async fn what_was_queued_when_the_store_is_dropped_is_committed() {
    let directory = tempfile::tempdir().unwrap();
    let path = file(&directory);
    let store = open(&path).unwrap();
    for n in 0..100 {
        // Polled once, so that the change set is queued; then nobody waits any more.
        let name = format!("n{n}");
        let commit = store.commit(changes(&name));
        let _ = tokio::time::timeout(std::time::Duration::ZERO, commit).await;
    }
    drop(store);
    assert!(!path.with_extension("db-wal").exists(), "the log was not moved into the file");
    let store = open(&path).unwrap();
    assert_eq!(store.negotiations(samples::ALL).await.unwrap().len(), 100);
}
