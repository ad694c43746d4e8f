//! The outbox dispatcher: strictly in order per process and side (to the peer, or inward to a
//! webhook or a timer), parallel across all others, woken by the commit that filled the outbox.
//! Looking into the store by the clock is the safety net, and how a timer far ahead is found.
//!
//! One attempt to deliver one message is in `deliver`.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::time::Duration;

use causeway_store::OutboxRow;
use causeway_types::{ParticipantId, ProcessId};
use tokio::sync::mpsc;

use crate::Node;
use crate::clock::Entropy;

/// Messages under way at the same time, to all peers together.
const SENDING_MAX: usize = 256;
/// Messages under way at the same time to one peer, so that a silent one cannot starve others.
const SENDING_PEER_MAX: usize = 64;
/// How often the store is asked for messages that nobody handed over.
const LOOK_SECONDS: u64 = 2;
/// Messages taken from the store at once.
const CLAIM_MAX: usize = 256;
/// Messages held in memory at most; the others wait in the store.
const OUTBOX_HELD_MAX: usize = 10_000;

/// How the rest of the node talks to the dispatcher.
pub(crate) struct Handle {
    owner: String,
    sender: mpsc::UnboundedSender<Signal>,
}

/// Something the dispatcher has to know.
pub(crate) enum Signal {
    /// A committed message, leased to us.
    Send(OutboxRow),
    /// The protocol messages of a process were taken back.
    Cancel(ProcessId),
    /// An attempt ended.
    Done(Finished),
}

/// How an attempt ended.
pub(crate) struct Finished {
    pub(crate) row: OutboxRow,
    /// When to try again; `None` if the row has left the outbox.
    pub(crate) again: Option<Duration>,
}

pub(crate) type Inbox = (mpsc::UnboundedSender<Signal>, mpsc::UnboundedReceiver<Signal>);

impl Handle {
    pub(crate) fn new(entropy: &dyn Entropy) -> (Self, Inbox) {
        let mut bits = [0; 8];
        entropy.fill(&mut bits);
        let owner = format!("node-{:016x}", u64::from_be_bytes(bits));
        let (sender, receiver) = mpsc::unbounded_channel();
        (Self { owner, sender: sender.clone() }, (sender, receiver))
    }

    pub(crate) fn owner(&self) -> &str {
        &self.owner
    }

    pub(crate) fn send(&self, row: OutboxRow) {
        // After the dispatcher has ended, the row is found at the next start.
        self.sender.send(Signal::Send(row)).ok();
    }

    pub(crate) fn cancel(&self, process: ProcessId) {
        self.sender.send(Signal::Cancel(process)).ok();
    }
}

/// Runs until the node stops, then waits for the attempts under way.
pub(crate) async fn run(node: Node, inbox: Inbox) {
    let (sender, mut receiver) = inbox;
    let mut lanes = Lanes::new(node.clone(), sender);
    let mut look = tokio::time::interval(Duration::from_secs(LOOK_SECONDS));
    loop {
        tokio::select! {
            () = node.0.stop.cancelled() => break,
            Some(signal) = receiver.recv() => lanes.take(signal),
            _ = look.tick() => lanes.look().await,
            () = lanes.due() => lanes.retry(),
        }
        lanes.start();
    }
    while lanes.sending > 0 {
        match receiver.recv().await {
            Some(Signal::Done(finished)) => lanes.finish(finished),
            Some(_) => {}
            None => break,
        }
    }
}

/// Whose order is kept: a process, and whether its messages go inward. A webhook that cannot be
/// reached must not hold up the message that a person decides on.
type LaneKey = (ProcessId, bool);

/// The messages of one side of a process, oldest first.
struct Lane {
    rows: VecDeque<OutboxRow>,
    first: First,
}

/// What becomes of a lane's first message.
#[derive(Clone, Copy, PartialEq, Eq)]
enum First {
    /// It can be sent now; the lane is in `ready`.
    Ready,
    /// It is tried again later; the lane is in `waiting`.
    Waiting(Due),
    /// It is being sent.
    Sending,
    /// It is being sent although it was taken back meanwhile: it is not tried again.
    TakenBack,
}

/// When a message is due, made unique by its row.
type Due = (tokio::time::Instant, i64);

struct Lanes {
    node: Node,
    sender: mpsc::UnboundedSender<Signal>,
    lanes: HashMap<LaneKey, Lane>,
    /// Rows in `lanes`.
    known: HashSet<i64>,
    /// Lanes whose first row can be sent now, and some that have changed since.
    ready: VecDeque<LaneKey>,
    /// Lanes that wait, by when their first row is due.
    waiting: BTreeMap<Due, LaneKey>,
    sending: usize,
    sending_to: HashMap<ParticipantId, usize>,
}

impl Lanes {
    fn new(node: Node, sender: mpsc::UnboundedSender<Signal>) -> Self {
        Self {
            node,
            sender,
            lanes: HashMap::new(),
            known: HashSet::new(),
            ready: VecDeque::new(),
            waiting: BTreeMap::new(),
            sending: 0,
            sending_to: HashMap::new(),
        }
    }

    fn take(&mut self, signal: Signal) {
        match signal {
            Signal::Send(row) => self.add(row),
            Signal::Cancel(process) => self.cancel(process),
            Signal::Done(finished) => self.finish(finished),
        }
    }

    fn add(&mut self, row: OutboxRow) {
        // What is not due before its lease ends, and what does not fit, stays in the store and is
        // found there when it is due and there is room.
        if row.not_before >= self.node.lease().until {
            return;
        }
        if self.known.len() >= OUTBOX_HELD_MAX || !self.known.insert(row.id) {
            return;
        }
        let key = key(&row);
        if let Some(lane) = self.lanes.get_mut(&key) {
            // The first row may be on its way, so nothing gets ahead of it.
            let at = (1..lane.rows.len()).find(|at| lane.rows[*at].id > row.id);
            lane.rows.insert(at.unwrap_or(lane.rows.len()), row);
        } else {
            let lane = Lane { rows: VecDeque::from([row]), first: First::Ready };
            self.lanes.insert(key.clone(), lane);
            self.go_on(&key);
        }
    }

    /// Drops what was taken back. A message that is being sent in this moment is sent to its end:
    /// its answer finds that it is no longer in flight.
    fn cancel(&mut self, process: ProcessId) {
        let key = (process, false);
        let Some(lane) = self.lanes.get_mut(&key) else { return };
        let kept = match lane.first {
            First::Sending | First::TakenBack => {
                lane.first = First::TakenBack;
                1
            }
            First::Waiting(due) => {
                self.waiting.remove(&due);
                0
            }
            First::Ready => 0,
        };
        for row in lane.rows.drain(kept..) {
            self.known.remove(&row.id);
        }
        if kept == 0 {
            self.lanes.remove(&key);
        }
    }

    /// The lane's first row is another one than before, or there is none left.
    fn go_on(&mut self, key: &LaneKey) {
        let Some(lane) = self.lanes.get_mut(key) else { return };
        let Some(row) = lane.rows.front() else {
            self.lanes.remove(key);
            return;
        };
        let early = row.not_before.micros_since(self.node.now());
        if early == 0 {
            lane.first = First::Ready;
            self.ready.push_back(key.clone());
        } else {
            let due = (tokio::time::Instant::now() + Duration::from_micros(early), row.id);
            lane.first = First::Waiting(due);
            self.waiting.insert(due, key.clone());
        }
    }

    fn finish(&mut self, finished: Finished) {
        let Finished { row, again } = finished;
        self.sending -= 1;
        if let Some(count) = self.sending_to.get_mut(&row.peer) {
            *count -= 1;
            if *count == 0 {
                self.sending_to.remove(&row.peer);
            }
        }
        let key = key(&row);
        let Some(lane) = self.lanes.get_mut(&key) else { return };
        match again.filter(|_| lane.first != First::TakenBack) {
            Some(wait) => {
                let due = (tokio::time::Instant::now() + wait, row.id);
                lane.first = First::Waiting(due);
                self.waiting.insert(due, key);
                if let Some(first) = lane.rows.front_mut() {
                    *first = row;
                }
            }
            None => {
                lane.rows.pop_front();
                self.known.remove(&row.id);
                self.go_on(&key);
            }
        }
    }

    /// Starts as many attempts as the limits allow.
    fn start(&mut self) {
        for _ in 0..self.ready.len() {
            if self.sending >= SENDING_MAX {
                return;
            }
            let Some(key) = self.ready.pop_front() else { return };
            let Some(lane) = self.lanes.get_mut(&key) else { continue };
            let (First::Ready, Some(row)) = (lane.first, lane.rows.front()) else { continue };
            let to_peer = self.sending_to.entry(row.peer.clone()).or_default();
            if *to_peer >= SENDING_PEER_MAX {
                self.ready.push_back(key);
                continue;
            }
            *to_peer += 1;
            self.sending += 1;
            lane.first = First::Sending;
            let (node, sender, row) = (self.node.clone(), self.sender.clone(), row.clone());
            self.node.0.tasks.spawn(async move {
                let finished = node.attempt(row).await;
                sender.send(Signal::Done(finished)).ok();
            });
        }
    }

    /// Resolves when the next waiting row is due.
    async fn due(&self) {
        match self.waiting.first_key_value() {
            Some(((due, _), _)) => tokio::time::sleep_until(*due).await,
            None => std::future::pending().await,
        }
    }

    fn retry(&mut self) {
        let now = tokio::time::Instant::now();
        while let Some(first) = self.waiting.first_entry() {
            if first.key().0 > now {
                return;
            }
            let key = first.remove();
            if let Some(lane) = self.lanes.get_mut(&key) {
                lane.first = First::Ready;
                self.ready.push_back(key);
            }
        }
    }

    /// Takes messages from the store that nobody handed over: after a start, or when a lease of
    /// another replica ran out.
    async fn look(&mut self) {
        let lease = self.node.lease();
        let rows = self.node.0.store.claim_outbox(&lease, self.node.now(), CLAIM_MAX).await;
        match rows {
            Ok(rows) => rows.into_iter().for_each(|row| self.add(row)),
            Err(error) => tracing::warn!(%error, "could not look into the outbox"),
        }
    }
}

fn key(row: &OutboxRow) -> LaneKey {
    (row.process.clone(), row.subject.is_inward())
}
