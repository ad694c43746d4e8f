//! The provider's gate: which flows run, what each may deliver, and who holds its token. A registry
//! in memory, not a store; the node rebuilds it from its records at start.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use causeway_types::limits::FLOWS_MAX;
use causeway_types::{Content, ProcessId, Sha256, Timestamp};

use crate::body::Cut;

/// Whether a flow delivers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FlowState {
    /// Delivers to whoever holds the token.
    Open,
    /// Delivers nothing for now; the token stays good.
    Suspended,
    /// Delivers nothing any more; the token is void.
    Closed,
}

/// What one flow delivers, to whom, and until when.
#[derive(Debug, Clone)]
pub struct FlowSpec {
    /// The provider's id of the transfer.
    pub id: ProcessId,
    /// [`crate::PullToken::hash`] of the token that opens it.
    pub token_hash: Sha256,
    /// The file, by length and digests.
    pub content: Content,
    /// `Content-Type` of the file; one that is no valid header value is sent as
    /// `application/octet-stream`.
    pub media_type: String,
    /// Name offered to a downloading browser; sanitised before it is sent.
    pub file_name: Option<String>,
    /// From this time on the token is void and running downloads are cut.
    pub expires_at: Timestamp,
    /// The state to start in; opening a flow as closed only closes an earlier one of this id.
    pub state: FlowState,
}

/// Why a flow cannot be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FlowError {
    /// One token opens one flow; the caller's source of randomness repeated itself.
    #[error("open flow {id}: its token already opens flow {other}, expected a fresh token")]
    TokenInUse {
        /// The flow that was to be opened.
        id: ProcessId,
        /// The flow that has the token.
        other: ProcessId,
    },
    /// The gate is full.
    #[error("open flow {id}: found {FLOWS_MAX} flows, expected fewer; close some first")]
    TooMany {
        /// The flow that was to be opened.
        id: ProcessId,
    },
}

/// All flows of this node. Cheap to clone; every clone is the same gate.
///
/// A change of state takes effect on downloads already running: each asks again before each slice
/// it sends. Suspending and re-opening in quick succession still cuts whatever ran before.
#[derive(Clone, Default)]
pub struct Flows(Arc<RwLock<Registry>>);

#[derive(Default)]
struct Registry {
    by_id: HashMap<ProcessId, Arc<Flow>>,
    by_token: HashMap<Sha256, Arc<Flow>>,
}

struct Flow {
    spec: FlowSpec,
    /// The state in the low two bits, above them a count of changes: a download remembers the
    /// value it was admitted with, so a change and its reversal cannot pass unnoticed.
    gate: AtomicU64,
    served_bytes: AtomicU64,
}

/// Why a request does not pass the gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Denied {
    /// No flow of that id has that token, or not any more.
    Token,
    /// The token is good, the flow pauses.
    Suspended,
}

/// The right of one request to deliver one flow's file, for as long as the flow does not change.
#[derive(Clone)]
pub(crate) struct Admission {
    flow: Arc<Flow>,
    gate: u64,
}

impl Flows {
    /// An empty gate.
    pub fn new() -> Self {
        Self::default()
    }

    /// Opens a flow. An earlier flow of the same id is closed, its token void, its downloads cut;
    /// but if it is the same in all but its state, only the state changes, and nothing where the
    /// state is the same too.
    pub fn open(&self, spec: FlowSpec) -> Result<(), FlowError> {
        let mut registry = self.write();
        let holder = registry.by_token.get(&spec.token_hash).map(|flow| &flow.spec.id);
        if let Some(other) = holder.filter(|other| **other != spec.id) {
            return Err(FlowError::TokenInUse { id: spec.id, other: other.clone() });
        }
        if spec.state != FlowState::Closed
            && let Some(flow) = registry.by_id.get(&spec.id)
            && flow.is_same_but_for_state(&spec)
        {
            if state(flow.gate.load(Ordering::Relaxed)) != spec.state {
                flow.set(spec.state);
            }
            return Ok(());
        }
        registry.remove(&spec.id);
        if spec.state == FlowState::Closed {
            return Ok(());
        }
        if registry.by_id.len() >= FLOWS_MAX {
            return Err(FlowError::TooMany { id: spec.id });
        }
        let flow = Arc::new(Flow {
            gate: AtomicU64::new(bits(spec.state)),
            served_bytes: AtomicU64::new(0),
            spec,
        });
        registry.by_token.insert(flow.spec.token_hash, Arc::clone(&flow));
        registry.by_id.insert(flow.spec.id.clone(), flow);
        Ok(())
    }

    /// Changes a flow's state and says whether there is such a flow. [`FlowState::Closed`] is
    /// final and the same as [`Flows::close`].
    pub fn set_state(&self, id: &ProcessId, state: FlowState) -> bool {
        if state == FlowState::Closed {
            return self.close(id).is_some();
        }
        let registry = self.write();
        let flow = registry.by_id.get(id);
        flow.inspect(|flow| flow.set(state)).is_some()
    }

    /// Closes and forgets a flow; gives the bytes it served, or `None` where there is no such flow.
    pub fn close(&self, id: &ProcessId) -> Option<u64> {
        self.write().remove(id).map(|flow| flow.served_bytes.load(Ordering::Relaxed))
    }

    /// A flow's state; `None` for one that is closed or was never opened.
    pub fn state(&self, id: &ProcessId) -> Option<FlowState> {
        self.read().by_id.get(id).map(|flow| state(flow.gate.load(Ordering::Acquire)))
    }

    /// Bytes handed to the network for a flow since it was opened, repeated ones included.
    pub fn served_bytes(&self, id: &ProcessId) -> Option<u64> {
        self.read().by_id.get(id).map(|flow| flow.served_bytes.load(Ordering::Relaxed))
    }

    pub(crate) fn admit(
        &self,
        token_hash: &Sha256,
        id: &ProcessId,
        now: Timestamp,
    ) -> Result<Admission, Denied> {
        let registry = self.read();
        let flow = registry.by_token.get(token_hash).ok_or(Denied::Token)?;
        if flow.spec.id != *id || flow.spec.expires_at <= now {
            return Err(Denied::Token);
        }
        let gate = flow.gate.load(Ordering::Acquire);
        match state(gate) {
            FlowState::Open => Ok(Admission { flow: Arc::clone(flow), gate }),
            FlowState::Suspended => Err(Denied::Suspended),
            FlowState::Closed => Err(Denied::Token),
        }
    }

    // A panic elsewhere cannot leave the maps half changed: nothing below panics between the two.
    fn read(&self) -> RwLockReadGuard<'_, Registry> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Registry> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Registry {
    fn remove(&mut self, id: &ProcessId) -> Option<Arc<Flow>> {
        let flow = self.by_id.remove(id)?;
        self.by_token.remove(&flow.spec.token_hash);
        flow.set(FlowState::Closed);
        Some(flow)
    }
}

impl Flow {
    fn is_same_but_for_state(&self, spec: &FlowSpec) -> bool {
        self.spec.token_hash == spec.token_hash
            && self.spec.content == spec.content
            && self.spec.expires_at == spec.expires_at
    }

    /// Callers hold the registry's write lock, so load and store need no exchange.
    fn set(&self, state: FlowState) {
        let changes = self.gate.load(Ordering::Relaxed) >> 2;
        self.gate.store((changes + 1) << 2 | bits(state), Ordering::Release);
    }
}

impl Admission {
    pub(crate) fn spec(&self) -> &FlowSpec {
        &self.flow.spec
    }

    /// Asked before each slice.
    pub(crate) fn check(&self) -> Result<(), Cut> {
        let gate = self.flow.gate.load(Ordering::Acquire);
        if gate == self.gate { Ok(()) } else { Err(Cut::StateChanged { state: state(gate) }) }
    }

    pub(crate) fn count(&self, bytes: u64) {
        self.flow.served_bytes.fetch_add(bytes, Ordering::Relaxed);
    }
}

fn bits(state: FlowState) -> u64 {
    match state {
        FlowState::Open => 0,
        FlowState::Suspended => 1,
        FlowState::Closed => 2,
    }
}

fn state(gate: u64) -> FlowState {
    match gate & 0b11 {
        0 => FlowState::Open,
        1 => FlowState::Suspended,
        _ => FlowState::Closed,
    }
}

#[cfg(test)]
mod tests {
    use causeway_types::Blake3;

    use super::*;

    const TOKEN: [u8; 32] = [1; 32];

    fn spec(id: &str, token: [u8; 32]) -> FlowSpec {
        let zero = Sha256::from_bytes([0; 32]);
        FlowSpec {
            id: ProcessId::parse(id).unwrap(),
            token_hash: Sha256::from_bytes(token),
            content: Content::new(0, zero, Blake3::from_bytes([0; 32])).unwrap(),
            media_type: "text/csv".into(),
            file_name: None,
            expires_at: Timestamp::from_unix_micros(1_000).unwrap(),
            state: FlowState::Open,
        }
    }

    fn check(flows: &Flows, id: &str, token: [u8; 32], micros: i64, expected: Result<(), Denied>) {
        let now = Timestamp::from_unix_micros(micros).unwrap();
        let id = ProcessId::parse(id).unwrap();
        let found = flows.admit(&Sha256::from_bytes(token), &id, now).map(|_| ());
        assert_eq!(found, expected, "{id} at {micros}");
    }

    #[test]
    fn only_the_flow_s_own_token_passes_and_only_until_it_expires() {
        let flows = Flows::new();
        flows.open(spec("a", TOKEN)).unwrap();
        flows.open(spec("b", [2; 32])).unwrap();
        check(&flows, "a", TOKEN, 999, Ok(()));
        check(&flows, "a", TOKEN, 1_000, Err(Denied::Token));
        check(&flows, "a", [2; 32], 0, Err(Denied::Token));
        check(&flows, "a", [3; 32], 0, Err(Denied::Token));
        check(&flows, "c", TOKEN, 0, Err(Denied::Token));
    }

    #[test]
    fn a_suspended_flow_says_so_and_a_closed_one_is_forgotten() {
        let flows = Flows::new();
        let id = ProcessId::parse("a").unwrap();
        flows.open(spec("a", TOKEN)).unwrap();
        assert!(flows.set_state(&id, FlowState::Suspended));
        check(&flows, "a", TOKEN, 0, Err(Denied::Suspended));
        assert_eq!(flows.state(&id), Some(FlowState::Suspended));
        assert!(flows.set_state(&id, FlowState::Closed));
        check(&flows, "a", TOKEN, 0, Err(Denied::Token));
        assert_eq!(flows.state(&id), None);
        assert!(!flows.set_state(&id, FlowState::Open));
    }

    #[test]
    fn a_change_that_is_taken_back_still_ends_earlier_admissions() {
        let flows = Flows::new();
        let id = ProcessId::parse("a").unwrap();
        flows.open(spec("a", TOKEN)).unwrap();
        let admitted = flows.admit(&Sha256::from_bytes(TOKEN), &id, Timestamp::EPOCH);
        let admission = admitted.ok().unwrap();
        assert!(admission.check().is_ok());
        flows.set_state(&id, FlowState::Suspended);
        flows.set_state(&id, FlowState::Open);
        assert!(admission.check().is_err());
    }

    #[test]
    fn opening_again_voids_the_earlier_token_and_a_used_token_is_refused() {
        let flows = Flows::new();
        flows.open(spec("a", TOKEN)).unwrap();
        flows.open(spec("a", [2; 32])).unwrap();
        check(&flows, "a", TOKEN, 0, Err(Denied::Token));
        check(&flows, "a", [2; 32], 0, Ok(()));
        assert!(matches!(flows.open(spec("b", [2; 32])), Err(FlowError::TokenInUse { .. })));
    }
}
