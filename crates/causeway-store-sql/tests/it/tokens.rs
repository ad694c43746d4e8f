//! Used tokens and the file: a second use fails after opening again too.

use std::sync::Arc;

use causeway_store::suite::samples;
use causeway_store::{ChangeSet, CommitError, Records as _, Store};
use tokio::task::JoinSet;

use crate::support::{file, open};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_was_used_before_the_file_was_opened_again_stays_used() {
    let directory = tempfile::tempdir().unwrap();
    let token = || samples::token("did:web:a", "1", 0);
    let mut won = 0;
    for _ in 0..3 {
        let store = Arc::new(open(&file(&directory)).unwrap());
        let mut tasks = JoinSet::new();
        for _ in 0..1_000 {
            let store = Arc::clone(&store);
            tasks.spawn(async move {
                match store.commit(ChangeSet::token(token())).await {
                    Ok(_) => 1,
                    Err(CommitError::Conflict { .. }) => 0,
                    Err(other) => panic!("{other}"),
                }
            });
        }
        won += tasks.join_all().await.into_iter().sum::<u32>();
        assert_eq!(store.unexpired_tokens(samples::at(0), 9).await.unwrap(), [token()]);
    }
    assert_eq!(won, 1);
}
