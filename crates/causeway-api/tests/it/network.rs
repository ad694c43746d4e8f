//! The network of a world, which a test can cut and make lossy.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use causeway_node::clock::{Clock, System};
use causeway_node::{Answer, HttpTransport, Outgoing, Transport, TransportError};
use causeway_types::Timestamp;

/// A network that can be cut, and that loses, repeats and forgets to answer by chance.
pub(crate) struct Lossy {
    inner: HttpTransport,
    cut: AtomicBool,
    failing: AtomicBool,
    terse: AtomicBool,
    busy: AtomicU64,
    impatient: AtomicBool,
    chance: Option<Mutex<u64>>,
    sent: AtomicU64,
}

impl Lossy {
    pub(crate) fn new(inner: HttpTransport, seed: Option<u64>) -> Self {
        Self {
            inner,
            cut: AtomicBool::new(false),
            failing: AtomicBool::new(false),
            terse: AtomicBool::new(false),
            busy: AtomicU64::new(0),
            impatient: AtomicBool::new(false),
            chance: seed.map(Mutex::new),
            sent: AtomicU64::new(0),
        }
    }

    /// Nothing gets through any more, or everything again.
    pub(crate) fn cut(&self, cut: bool) {
        self.cut.store(cut, Ordering::SeqCst);
    }

    /// Whoever is called answers 500, or the truth again.
    pub(crate) fn fail(&self, fail: bool) {
        self.failing.store(fail, Ordering::SeqCst);
    }

    /// Whoever is sent a message acknowledges it with 200 and nothing else, as peers that do not
    /// follow the binding to the letter do.
    pub(crate) fn terse(&self) {
        self.terse.store(true, Ordering::SeqCst);
    }

    /// So many verifications of an agreement are answered 409, as a peer does that is busy with
    /// the negotiation.
    pub(crate) fn busy(&self, count: u64) {
        self.busy.store(count, Ordering::SeqCst);
    }

    /// The next start of a transfer is sent, and hung up on before it is answered.
    pub(crate) fn hang_up_on_start(&self) {
        self.impatient.store(true, Ordering::SeqCst);
    }

    pub(crate) fn sent(&self) -> u64 {
        self.sent.load(Ordering::SeqCst)
    }

    fn below(&self, bound: u64) -> u64 {
        let Some(chance) = &self.chance else { return bound };
        let mut state = chance.lock().unwrap();
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = *state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }
}

#[async_trait]
impl Transport for Lossy {
    async fn send(&self, request: Outgoing) -> Result<Answer, TransportError> {
        let gone = |reason: &str| {
            Err(TransportError::Unreachable { url: request.url.clone(), reason: reason.to_owned() })
        };
        self.sent.fetch_add(1, Ordering::SeqCst);
        if self.cut.load(Ordering::SeqCst) {
            return gone("the network is cut");
        }
        if self.failing.load(Ordering::SeqCst) {
            return Ok(Answer::of_status(500));
        }
        if request.url.ends_with("/start") && self.impatient.swap(false, Ordering::SeqCst) {
            let answer = self.inner.send(request.clone());
            tokio::time::timeout(Duration::from_millis(30), answer).await.ok();
            return gone("hung up");
        }
        let less_busy = |count: u64| count.checked_sub(1);
        if request.url.ends_with("/agreement/verification")
            && self.busy.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less_busy).is_ok()
        {
            return Ok(Answer::of_status(409));
        }
        if self.terse.load(Ordering::SeqCst) && is_message(&request) {
            let answer = self.inner.send(request).await?;
            return Ok(match answer.is_success() {
                true => Answer::of_status(200),
                false => answer,
            });
        }
        match self.below(10) {
            0 | 1 => gone("lost on the way"),
            2 | 3 => {
                self.inner.send(request.clone()).await.ok();
                gone("the answer was lost")
            }
            4 => {
                self.inner.send(request.clone()).await.ok();
                self.inner.send(request).await
            }
            _ => self.inner.send(request).await,
        }
    }
}

/// Whether a request carries a message of a negotiation or transfer, and not a question.
fn is_message(request: &Outgoing) -> bool {
    let is_process =
        ["/negotiations/", "/transfers/"].iter().any(|part| request.url.contains(part));
    is_process && request.body.is_some()
}

/// The system's clock, ahead by so much.
pub(crate) struct Ahead(pub(crate) Duration);

impl Clock for Ahead {
    fn now(&self) -> Timestamp {
        System.now().plus_millis(u64::try_from(self.0.as_millis()).unwrap())
    }
}
