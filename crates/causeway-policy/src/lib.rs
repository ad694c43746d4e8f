//! ODRL policies as the Dataspace Protocol 2025-1 carries them in offers and agreements.
//!
//! A policy is [read](read()) tolerantly, held in one model, [written](write()) in exactly one
//! shape, compared and hashed in [normal form](Policy::normalised), and
//! [evaluated](evaluate()) with three truth values and a report. Names resolve to IRIs once, on
//! reading; a name that nobody defines stays opaque and never grants anything.
//!
//! Ring 0: no clock, no randomness, no network. Not here: the envelope of an offer or agreement
//! (its `@id`, `target` and parties), which belongs to the protocol crate, and the law.

mod compare;
mod eval;
mod explain;
mod lint;
mod model;
mod names;
mod normal;
mod number;
mod read;
mod report;
mod templates;
mod terms;
mod truth;
mod write;

pub use eval::{Fact, Facts, Request, evaluate};
pub use explain::explain;
pub use lint::{Code, Effect, Hazard, Peer, lint};
pub use model::{
    Atomic, Constraint, Literal, Logical, LogicalOperator, NonEmpty, Operand, Operator, Parts,
    Policy, RightOperand, Rule, Verbatim,
};
pub use number::Number;
pub use read::{ReadError, read};
pub use report::{Finding, Place, Reason, Report, RuleKind, Step, Verdict};
pub use templates::{
    Enforced, Honesty, MakeError, Needed, Parameter, ParameterKind, Point, Template, TemplateError,
    Unenforceable,
};
pub use terms::{ContextError, Contexts, Iri, IriError, Opaque, Term, TermError};
pub use truth::Truth;
pub use write::write;
