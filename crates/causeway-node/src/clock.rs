//! Where time and randomness enter the node. Everything else takes them as arguments, so that a
//! test can choose both.

use causeway_types::{
    AgreementId, AttestationId, DatasetId, MessageId, OfferId, ProcessId, Timestamp,
};

/// What time it is.
pub trait Clock: Send + Sync + 'static {
    /// The present, UTC.
    fn now(&self) -> Timestamp;
}

/// Unpredictable bytes.
pub trait Entropy: Send + Sync + 'static {
    /// Fills the buffer.
    fn fill(&self, bytes: &mut [u8]);
}

/// The operating system's clock and generator.
#[derive(Debug, Clone, Copy, Default)]
pub struct System;

impl Clock for System {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
    fn now(&self) -> Timestamp {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let micros = since.map_or(0, |d| i64::try_from(d.as_micros()).unwrap_or(i64::MAX));
        Timestamp::from_unix_micros(micros).unwrap_or(Timestamp::EPOCH)
    }
}

impl Entropy for System {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that draws randomness")]
    fn fill(&self, bytes: &mut [u8]) {
        // The generator fails only where the operating system offers none; there is no safe way
        // to go on without unpredictable tokens, so the process ends.
        if getrandom::fill(bytes).is_err() {
            std::process::abort();
        }
    }
}

/// Mints ids from the two.
pub(crate) struct Mint<'a> {
    pub(crate) now: Timestamp,
    pub(crate) entropy: &'a dyn Entropy,
}

impl Mint<'_> {
    fn bits(&self) -> (u64, [u8; 10]) {
        let mut random = [0; 10];
        self.entropy.fill(&mut random);
        (self.now.unix_millis(), random)
    }

    pub(crate) fn attestation(&self) -> AttestationId {
        let (ms, random) = self.bits();
        AttestationId::mint(ms, random)
    }

    pub(crate) fn process(&self) -> ProcessId {
        let (ms, random) = self.bits();
        ProcessId::mint(ms, random)
    }

    pub(crate) fn message(&self) -> MessageId {
        let (ms, random) = self.bits();
        MessageId::mint(ms, random)
    }

    pub(crate) fn agreement(&self) -> AgreementId {
        let (ms, random) = self.bits();
        AgreementId::mint(ms, random)
    }

    pub(crate) fn offer(&self) -> OfferId {
        let (ms, random) = self.bits();
        OfferId::mint(ms, random)
    }

    pub(crate) fn dataset(&self) -> DatasetId {
        let (ms, random) = self.bits();
        DatasetId::mint(ms, random)
    }
}
