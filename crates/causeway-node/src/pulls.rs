//! The consumer's downloads: one task a running transfer, taken up again after a crash, stopped
//! when the transfer is held or ended, and reported to the protocol when the file is verified.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use causeway_dsp::Reason;
use causeway_dsp::transfer::Stage;
use causeway_plane::{Authorization, Progress, PullError, PullOrder, Refusal};
use causeway_store::{Outcome, TransferEntry};
use causeway_types::{Content, ProcessId, Role};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::Node;
use crate::egress::Purpose;
use crate::settings::Retry;
use crate::transfer::Act;

/// Downloads under way.
#[derive(Default)]
pub(crate) struct Pulls(Mutex<HashMap<ProcessId, Running>>);

struct Running {
    stop: CancellationToken,
    progress: watch::Receiver<Progress>,
    content: Content,
    /// Tells this download from a later one of the same transfer.
    number: u64,
}

/// How far a download is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PullProgress {
    /// Bytes received or verified so far.
    pub bytes: u64,
    /// Bytes of the whole file.
    pub total: u64,
}

/// What to do after an attempt.
enum After {
    Verified,
    Again,
    Suspend(Reason),
    Terminate(Reason),
}

impl Node {
    /// How far the download of a transfer is; `None` if none is under way.
    pub fn pull_progress(&self, id: &ProcessId) -> Option<PullProgress> {
        let running = self.0.pulls.lock();
        let running = running.get(id)?;
        let bytes = running.progress.borrow().bytes;
        Some(PullProgress { bytes, total: running.content.bytes() })
    }

    /// The name under which a received file lies in the directory of received files.
    pub(crate) fn received_name(id: &ProcessId) -> String {
        let safe = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
        id.as_str().trim_start_matches("urn:uuid:").chars().map(safe).collect()
    }

    /// Starts or stops the download of a transfer, as its committed state says.
    pub(crate) fn set_pull(&self, entry: &TransferEntry) {
        let id = &entry.transfer.id;
        let wanted = entry.transfer.role == Role::Consumer
            && entry.transfer.is_flowing()
            && entry.transfer.question.is_none()
            && entry.outcome.is_none();
        let mut running = self.0.pulls.lock();
        match (wanted, running.contains_key(id)) {
            (true, false) if !self.0.stop.is_cancelled() => {
                let Some(content) = entry.content else { return };
                let (sender, progress) = watch::channel(Progress::default());
                let stop = self.0.stop.child_token();
                let number = self.0.pulls.next();
                let entry_running = Running { stop: stop.clone(), progress, content, number };
                running.insert(id.clone(), entry_running);
                let node = self.clone();
                let entry = entry.clone();
                self.0.tasks.spawn(async move {
                    node.fetch(&entry, content, &sender, &stop).await;
                    node.0.pulls.finished(&entry.transfer.id, number);
                });
            }
            (false, true) => {
                if let Some(running) = running.remove(id) {
                    running.stop.cancel();
                }
            }
            _ => {}
        }
        if matches!(entry.transfer.stage, Stage::Terminated { .. }) {
            // Nothing of a transfer that failed is kept. The file may not exist.
            let part = format!("{}.part", Self::received_name(id));
            std::fs::remove_file(self.0.settings.received.join(part)).ok();
        }
    }

    /// Attempts until the file is verified, the transfer is held, or nothing more helps.
    async fn fetch(
        &self,
        entry: &TransferEntry,
        content: Content,
        progress: &watch::Sender<Progress>,
        stop: &CancellationToken,
    ) {
        let id = &entry.transfer.id;
        let retry = self.0.settings.retry;
        let mut failures: u32 = 0;
        let mut reached = 0;
        loop {
            let result = match self.order(entry, content) {
                Ok((client, order)) => causeway_plane::pull(client, order, progress, stop)
                    .await
                    .map(drop)
                    .map_err(|error| (after(&error), error.to_string())),
                Err(reason) => {
                    let text = reason.to_string();
                    Err((After::Terminate(reason), text))
                }
            };
            if stop.is_cancelled() {
                return;
            }
            let (after, text) = match result {
                Ok(()) => (After::Verified, String::new()),
                Err(failed) => failed,
            };
            // A download that gets on may be interrupted as often as it likes.
            let bytes = progress.borrow().bytes;
            failures = if bytes > reached { 1 } else { failures + 1 };
            reached = reached.max(bytes);
            let done = match after {
                After::Verified => self.verified(id, content).await,
                After::Again if failures < retry.attempts_max => {
                    if failures == 1 || failures.is_power_of_two() {
                        self.transfer_trouble(id, "download", text).await;
                    }
                    false
                }
                After::Again => {
                    let reason = Reason::of("unreachable", text);
                    self.end_pull(id, Act::Terminate(reason)).await
                }
                After::Suspend(reason) => {
                    self.transfer_trouble(id, "download", text).await;
                    self.end_pull(id, Act::Suspend(reason)).await
                }
                After::Terminate(reason) => {
                    self.transfer_trouble(id, "download", text).await;
                    self.end_pull(id, Act::Terminate(reason)).await
                }
            };
            if done || !self.wait(backoff(&retry, failures), stop).await {
                return;
            }
        }
    }

    fn order(
        &self,
        entry: &TransferEntry,
        content: Content,
    ) -> Result<(&reqwest::Client, PullOrder), Reason> {
        let bad = |text: String| Reason::of("bad-data-address", text);
        let address = entry.transfer.data_address.as_ref();
        let address = address.ok_or_else(|| bad("no data address".to_owned()))?;
        let endpoint = address.url().unwrap_or_default();
        let door = self.0.egress.door(Purpose::DataAddress, endpoint);
        let (client, url) = door.map_err(|error| bad(error.to_string()))?;
        let authorization = Authorization::parse(&address.authorization())
            .map_err(|error| bad(error.to_string()))?;
        let name = Self::received_name(&entry.transfer.id);
        let order = PullOrder {
            url,
            authorization,
            content,
            entity_tag: Some(causeway_plane::entity_tag(&content.blake3())),
            part_path: self.0.settings.received.join(format!("{name}.part")),
            final_path: self.0.settings.received.join(name),
        };
        Ok((client, order))
    }

    /// Records the file. Should the process die between the file's rename and this commit, the
    /// next start finds the verified file and records it then.
    async fn verified(&self, id: &ProcessId, content: Content) -> bool {
        let file = Self::received_name(id);
        let outcome = Outcome { content, file, verified_at: self.now() };
        match self.transfer_verified(id, &outcome).await {
            Ok(_) => true,
            Err(problem) if problem.code() == causeway_types::ProblemCode::IllegalState => {
                // The transfer was held or ended in this very moment. If it goes on, the next
                // attempt finds the file in its place.
                true
            }
            Err(problem) => {
                tracing::warn!(
                    process = %id,
                    internal = problem.for_log(),
                    "could not record a verified file, trying again: {problem}"
                );
                false
            }
        }
    }

    async fn end_pull(&self, id: &ProcessId, act: Act) -> bool {
        match self.decide_transfer(id, &act).await {
            Ok(_) => true,
            Err(problem) => {
                tracing::warn!(process = %id, "could not end a download: {problem}");
                problem.code() == causeway_types::ProblemCode::IllegalState
            }
        }
    }

    /// Waits; false if the wait was cut short because the work is no longer wanted.
    pub(crate) async fn wait(&self, time: Duration, stop: &CancellationToken) -> bool {
        #[expect(clippy::disallowed_methods, reason = "a back-off that ends early on cancel")]
        let sleep = tokio::time::sleep(time);
        tokio::select! {
            () = stop.cancelled() => false,
            () = sleep => true,
        }
    }
}

impl Pulls {
    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<ProcessId, Running>> {
        // A panic elsewhere leaves the map as it was; each entry stands for itself.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next(&self) -> u64 {
        static NUMBER: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
        NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
    }

    fn finished(&self, id: &ProcessId, number: u64) {
        let mut running = self.lock();
        if running.get(id).is_some_and(|running| running.number == number) {
            running.remove(id);
        }
    }
}

/// The wait after the `failures`-th failure in a row.
pub(crate) fn backoff(retry: &Retry, failures: u32) -> Duration {
    let factor = 1_u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX);
    retry.wait_first.saturating_mul(factor).min(retry.wait_max)
}

fn after(error: &PullError) -> After {
    match error {
        // Bytes kept from before a crash may be the damaged ones: once more, from the start.
        PullError::Integrity { resumed, .. } if *resumed > 0 => After::Again,
        PullError::Integrity { .. } => {
            After::Terminate(Reason::of("digest-mismatch", error.to_string()))
        }
        PullError::Interrupted { .. } | PullError::PartInUse { .. } => After::Again,
        PullError::Refused { refusal, .. } => match refusal {
            Refusal::TokenInvalid | Refusal::NotFound => {
                After::Terminate(Reason::of("not-delivered", error.to_string()))
            }
            _ => After::Again,
        },
        PullError::Misbehaved { .. } => {
            After::Terminate(Reason::of("not-delivered", error.to_string()))
        }
        PullError::DiskFull { .. } => After::Suspend(Reason::of("disk-full", error.to_string())),
        PullError::FinalExists { .. } | PullError::Local { .. } => {
            After::Suspend(Reason::of("local-trouble", error.to_string()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_and_has_an_end() {
        let retry = Retry {
            attempts_max: 100,
            wait_first: Duration::from_millis(500),
            wait_max: Duration::from_secs(60),
            answer_timeout: Duration::from_secs(30),
        };
        let waits: Vec<u64> = [1, 2, 3, 8, 50, u32::MAX]
            .into_iter()
            .map(|failures| u64::try_from(backoff(&retry, failures).as_millis()).unwrap())
            .collect();
        assert_eq!(waits, [500, 1000, 2000, 60_000, 60_000, 60_000]);
    }
}
