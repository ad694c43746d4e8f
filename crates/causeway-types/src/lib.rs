//! The vocabulary every other crate shares: identifiers, time, text, digests, addresses, limits.
//!
//! Ring 0: nothing here reads a clock, draws randomness or touches the outside. The types are not
//! `Serialize` on purpose; wire, record and API types live in the crates that own those formats
//! and convert from and to these.

mod address;
mod content;
mod facts;
mod ids;
pub mod limits;
mod problem;
mod text;
mod time;

pub use address::{Address, AddressError};
pub use content::{Blake3, Content, DigestError, Sha256};
pub use facts::{FactValue, StatedError, StatedFacts};
pub use ids::{
    AgreementId, AttestationId, ConsumerPid, CredentialObjectId, CredentialType, DatasetId,
    DecisionId, HolderPid, IdError, IssuerPid, MessageId, OfferId, ParticipantId, ProcessId,
    ProviderPid, Role,
};
pub use problem::{Fault, Problem, ProblemCode};
pub use text::{LangText, TextError};
pub use time::{Timestamp, TimestampError};
