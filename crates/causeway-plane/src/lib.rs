//! Moving data: the store of published files, the gate and server of running flows, and the
//! consumer's verified pull.
//!
//! Ring 1. Everything here works on HTTP vocabulary types and knows no router, no protocol message
//! and no database: the node decides what may flow, and this crate makes the bytes obey.

mod body;
mod conditions;
mod disk;
mod disposition;
mod flow;
mod objects;
mod pipeline;
mod pull;
mod serve;
mod slices;
mod token;

pub use body::{Cut, DataBody};
pub use flow::{FlowError, FlowSpec, FlowState, Flows};
pub use objects::{IngestError, Objects, OpenError};
pub use pull::{
    Authorization, AuthorizationError, Found, Interruption, Phase, Progress, PullError, PullOrder,
    Pulled, Refusal, pull,
};
pub use serve::{entity_tag, flow_path, serve};
pub use token::PullToken;
