//! Committing a change set and telling those who must act on it.

use causeway_store::{ChangeSet, CommitError, Lease, Remembered};
use causeway_types::{Problem, ProblemCode};

use crate::Node;

/// Makes the answer to record under an idempotency key, in the commit that creates the thing.
pub type Remember<T> = Option<Box<dyn Fn(&T) -> Remembered + Send + Sync>>;

/// How often a decision is made anew because somebody else wrote meanwhile.
pub(crate) const CONFLICTS_MAX: usize = 16;
/// How long the committing node alone may send the messages it committed. If the commit's outcome
/// was not known, nobody was handed the messages, and this is how long they wait to be found.
pub(crate) const LEASE_MILLIS: u64 = 5_000;

impl Node {
    /// Commits, then hands new messages to the dispatcher and events to the listeners. If the
    /// process dies right after the commit, both are found again in the store.
    pub(crate) async fn commit(&self, mut changes: ChangeSet) -> Result<(), CommitError> {
        if !changes.outbox.is_empty() {
            changes.lease = Some(self.lease());
        }
        let cancelled = changes.cancel.clone();
        // Tokens that were taken meanwhile are written along: it costs no commit of its own.
        let taken = self.0.identity.seen.pending();
        changes.tokens.extend(taken.iter().cloned());
        let committed = match self.0.store.commit(changes).await {
            Ok(committed) => committed,
            Err(error) => {
                // Whether they were written is not known, so they are not part of what is tried
                // next.
                if !taken.is_empty() {
                    self.write_tokens(taken).await.ok();
                }
                return Err(error);
            }
        };
        for process in cancelled {
            self.0.dispatcher.cancel(process);
        }
        for row in committed.outbox {
            self.0.dispatcher.send(row);
        }
        for event in committed.events {
            tracing::info!(
                kind = event.kind.as_str(),
                process = event.process.as_ref().map(|p| p.as_str()),
                subject = %event.subject,
                "{}",
                event.text
            );
            // Nobody listening is not a failure.
            self.0.events.send(event).ok();
        }
        Ok(())
    }

    /// Records an answer under its idempotency key, unless it is recorded already.
    pub async fn remember(&self, answer: Remembered) -> Result<(), Problem> {
        let changes = ChangeSet { remember: Some(answer), ..ChangeSet::default() };
        match self.commit(changes).await {
            Ok(()) | Err(CommitError::Conflict { .. }) => Ok(()),
            Err(error) => Err(commit_failed(error)),
        }
    }

    pub(crate) fn lease(&self) -> Lease {
        Lease {
            owner: self.0.dispatcher.owner().to_owned(),
            until: self.now().plus_millis(LEASE_MILLIS),
        }
    }
}

/// A commit that did not happen, for whoever asked.
pub(crate) fn commit_failed(error: CommitError) -> Problem {
    match error {
        CommitError::Conflict { what } => {
            Problem::new(ProblemCode::Conflict, "somebody else changed this at the same time")
                .hint("read it again and repeat the request")
                .internal(what)
        }
        CommitError::Full => Problem::new(
            ProblemCode::DiskFull,
            "the node's disk is full, so nothing new can be recorded",
        )
        .hint("make room on the disk of the data directory; nothing acknowledged is lost"),
        CommitError::Unavailable { reason } => {
            Problem::new(ProblemCode::Unavailable, "the node could not write to its store")
                .hint("try again; if it persists, look at the node's log")
                .internal(reason)
        }
    }
}
