//! The store in a file.

use std::path::PathBuf;
use std::pin::Pin;
use std::process::Command;
use std::sync::Arc;

use async_trait::async_trait;
use causeway_keys::suite::Bench;
use causeway_keys::{FileStore, KeyFault, KeyStore, Unlock};

struct Directory(PathBuf);

#[async_trait]
impl Bench for Directory {
    async fn open(&self) -> Result<Arc<dyn KeyStore>, KeyFault> {
        let store = match FileStore::create(&self.0, &Unlock::MachineKey) {
            Err(KeyFault::Present { .. }) => FileStore::open(&self.0, &Unlock::MachineKey),
            made => made,
        };
        Ok(Arc::new(store?))
    }
}

type Test = fn(&dyn Bench) -> Pin<Box<dyn Future<Output = ()> + '_>>;

fn run(_name: &str, test: Test) {
    let directory = tempfile::tempdir().expect("a directory");
    let bench = Directory(directory.path().to_owned());
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().expect("a runtime");
    runtime.block_on(test(&bench));
}

causeway_keys::each_of_the_suite!(run);

/// Where the process that is started below finds the store of the one that started it.
const OF_ANOTHER: &str = "CAUSEWAY_TEST_KEYS_OF_ANOTHER";

#[test]
fn two_processes_do_not_share_a_file() {
    if let Some(directory) = std::env::var_os(OF_ANOTHER) {
        let directory = PathBuf::from(directory);
        let said = match FileStore::open(&directory, &Unlock::MachineKey) {
            Ok(_) => "opened",
            Err(KeyFault::Locked { .. }) => "locked",
            Err(_) => "failed",
        };
        std::fs::write(directory.join("said"), said).expect("a file");
        return;
    }
    let directory = tempfile::tempdir().expect("a directory");
    let check = |expected: &str| {
        let output = Command::new(std::env::current_exe().expect("this test"))
            .args(["--exact", "file::two_processes_do_not_share_a_file"])
            .env(OF_ANOTHER, directory.path())
            .output()
            .expect("a process");
        assert!(output.status.success(), "{output:?}");
        let said = std::fs::read_to_string(directory.path().join("said")).expect("its answer");
        assert_eq!(said, expected);
    };
    let store = FileStore::create(directory.path(), &Unlock::MachineKey).expect("a store");
    check("locked");
    drop(store);
    check("opened");
}
