//! The outbox in memory: order, leases, settlements.

use std::collections::{BTreeMap, HashSet};

use causeway_types::{ProcessId, Timestamp};

use crate::{Lease, NewMessage, OutboxRow, Settle};

#[derive(Debug, Default)]
pub(super) struct Outbox {
    rows: BTreeMap<i64, Waiting>,
    last_id: i64,
}

#[derive(Debug)]
struct Waiting {
    row: OutboxRow,
    /// Claimable from then on: `not_before`, or the end of the lease where that is later.
    due: Timestamp,
}

impl Outbox {
    pub(super) fn push(&mut self, message: NewMessage, lease: Option<&Lease>) -> OutboxRow {
        self.last_id += 1;
        let row = message.into_row(self.last_id);
        let due = lease.map_or(row.not_before, |lease| row.not_before.max(lease.until));
        self.rows.insert(row.id, Waiting { row: row.clone(), due });
        row
    }

    pub(super) fn cancel(&mut self, process: &ProcessId) {
        self.rows.retain(|_, waiting| {
            waiting.row.process != *process || waiting.row.subject.is_inward()
        });
    }

    pub(super) fn settle(&mut self, settle: Settle) {
        match settle {
            Settle::Done { id } => {
                self.rows.remove(&id);
            }
            Settle::Retry { id, attempts, not_before, error } => {
                if let Some(waiting) = self.rows.get_mut(&id) {
                    waiting.row.attempts = attempts;
                    waiting.row.not_before = not_before;
                    waiting.row.last_error = Some(error);
                    waiting.due = not_before;
                }
            }
        }
    }

    pub(super) fn claim(&mut self, lease: &Lease, now: Timestamp, limit: usize) -> Vec<OutboxRow> {
        let mut due: Vec<(Timestamp, i64)> = self
            .heads()
            .filter(|waiting| waiting.due <= now)
            .map(|waiting| (waiting.due, waiting.row.id))
            .collect();
        due.sort_unstable();
        due.truncate(limit);
        let claimed = due.into_iter().filter_map(|(_, id)| {
            let waiting = self.rows.get_mut(&id)?;
            waiting.due = waiting.row.not_before.max(lease.until);
            Some(waiting.row.clone())
        });
        claimed.collect()
    }

    pub(super) fn due(&self) -> Option<Timestamp> {
        self.heads().map(|waiting| waiting.due).min()
    }

    pub(super) fn of(&self, process: &ProcessId) -> Vec<OutboxRow> {
        let rows = self.rows.values().map(|waiting| &waiting.row);
        rows.filter(|row| row.process == *process).cloned().collect()
    }

    /// The oldest message of each process to each side.
    fn heads(&self) -> impl Iterator<Item = &Waiting> {
        let mut seen = HashSet::new();
        self.rows.values().filter(move |waiting| {
            seen.insert((&waiting.row.process, waiting.row.subject.is_inward()))
        })
    }
}
