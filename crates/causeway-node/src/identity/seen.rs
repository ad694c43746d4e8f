//! Each self-issued token is taken once. What was taken is known in memory and written with the
//! next commit, or at the latest before the request is answered, so a restart forgets none of it.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use causeway_store::{ChangeSet, CommitError, SeenToken};
use causeway_types::limits::SEEN_TOKENS_MAX;
use causeway_types::{Problem, Timestamp};

use super::IdentityError;
use crate::commit::commit_failed;
use crate::{Node, read_failed};

/// The tokens that were taken and have not expired.
#[derive(Default)]
pub(crate) struct Seen {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    known: HashSet<Key>,
    by_expiry: BTreeMap<Timestamp, Vec<Key>>,
    /// Not written yet.
    pending: Vec<SeenToken>,
}

/// Issuer and id.
type Key = (String, String);

impl Seen {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A panic elsewhere can only have left a token known that is nowhere filed under its end.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a token, unless it was taken before. There is one winner, whoever else tries.
    pub(crate) fn take(&self, token: SeenToken, now: Timestamp) -> Result<(), IdentityError> {
        let mut inner = self.lock();
        inner.forget_expired(now);
        if inner.known.len() >= SEEN_TOKENS_MAX {
            return Err(IdentityError::Busy);
        }
        if !inner.know(&token) {
            return Err(IdentityError::Replayed);
        }
        inner.pending.push(token);
        Ok(())
    }

    /// What is to be written with the next commit.
    pub(crate) fn pending(&self) -> Vec<SeenToken> {
        std::mem::take(&mut self.lock().pending)
    }

    fn pend(&self, tokens: Vec<SeenToken>) {
        self.lock().pending.extend(tokens);
    }
}

impl Inner {
    /// Whether it was not known.
    fn know(&mut self, token: &SeenToken) -> bool {
        let key = (token.issuer.clone(), token.id.clone());
        let is_new = self.known.insert(key.clone());
        if is_new {
            self.by_expiry.entry(token.expires_at).or_default().push(key);
        }
        is_new
    }

    fn forget_expired(&mut self, now: Timestamp) {
        while let Some(entry) = self.by_expiry.first_entry().filter(|entry| *entry.key() <= now) {
            for key in entry.remove() {
                self.known.remove(&key);
            }
        }
    }
}

impl Node {
    /// Reads what was taken before the node last stopped.
    pub(crate) async fn recall_tokens(&self) -> Result<(), Problem> {
        let known = self.0.store.unexpired_tokens(self.now(), SEEN_TOKENS_MAX).await;
        let mut inner = self.0.identity.seen.lock();
        for token in known.map_err(read_failed)? {
            inner.know(&token);
        }
        Ok(())
    }

    /// Writes what was taken and is not written yet. A request is answered only after this.
    pub async fn settle_tokens(&self) -> Result<(), Problem> {
        let pending = self.0.identity.seen.pending();
        if pending.is_empty() { Ok(()) } else { self.write_tokens(pending).await }
    }

    /// Writes tokens that go with nothing else. A store that had written some of them before it
    /// failed to say so is a conflict here; then each is written alone.
    pub(crate) async fn write_tokens(&self, tokens: Vec<SeenToken>) -> Result<(), Problem> {
        let changes = |tokens| ChangeSet { tokens, ..ChangeSet::default() };
        let mut written = self.0.store.commit(changes(tokens.clone())).await;
        if matches!(written, Err(CommitError::Conflict { .. })) {
            for token in &tokens {
                written = self.0.store.commit(changes(vec![token.clone()])).await;
                if !matches!(written, Ok(_) | Err(CommitError::Conflict { .. })) {
                    break;
                }
            }
        }
        match written {
            Ok(_) | Err(CommitError::Conflict { .. }) => Ok(()),
            Err(error) => {
                self.0.identity.seen.pend(tokens);
                Err(commit_failed(error))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::EPOCH.plus_millis(seconds * 1000)
    }

    fn token(issuer: &str, id: &str, expires: u64) -> SeenToken {
        SeenToken {
            issuer: issuer.to_owned(),
            id: id.to_owned(),
            seen_at: at(0),
            expires_at: at(expires),
        }
    }

    #[test]
    fn a_token_is_taken_once_until_it_has_expired() {
        let seen = Seen::default();
        assert_eq!(seen.take(token("a", "1", 10), at(0)), Ok(()));
        assert_eq!(seen.take(token("a", "1", 10), at(9)), Err(IdentityError::Replayed));
        // Another end does not make it another token, and another issuer does.
        assert_eq!(seen.take(token("a", "1", 99), at(9)), Err(IdentityError::Replayed));
        assert_eq!(seen.take(token("b", "1", 10), at(9)), Ok(()));
        assert_eq!(seen.take(token("a", "2", 10), at(9)), Ok(()));
        assert_eq!(seen.pending().len(), 3);
        assert_eq!(seen.take(token("c", "1", 30), at(10)), Ok(()));
        assert_eq!(seen.lock().known.len(), 1);
    }

    #[test]
    fn of_a_thousand_at_once_one_wins() {
        let seen = Seen::default();
        let take = |_| {
            std::thread::scope(|scope| {
                let tries: Vec<_> = (0..8)
                    .map(|_| {
                        scope.spawn(|| {
                            (0..125)
                                .filter(|_| seen.take(token("a", "1", 10), at(0)).is_ok())
                                .count()
                        })
                    })
                    .collect();
                tries.into_iter().map(|tried| tried.join().unwrap()).sum::<usize>()
            })
        };
        assert_eq!(take(()), 1);
    }
}
