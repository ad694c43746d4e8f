//! ODRL policies as the Dataspace Protocol 2025-1 carries them in offers and agreements, and the
//! evaluator of ODRL 2.2.
//!
//! A policy of the wire is [read](read()) tolerantly, held in one model, [written](write()) in
//! exactly one shape, and compared and hashed in [normal form](Policy::normalised). Names resolve
//! to IRIs once, on reading; a name that nobody defines stays opaque and never grants anything.
//!
//! A policy is evaluated whole: [`odrl`] is the model of everything that ODRL can say. It is made
//! ready once, with [`Compiled::new`], and then [evaluated](Compiled::evaluate) against a
//! [`Request`] and a [`World`] as often as needed, with three truth values. The [`Report`] says how
//! every rule stands, and why, in words.
//!
//! Ring 0: no clock, no randomness, no network. Not here: the envelope of an offer or agreement
//! (its `@id`, `target` and parties), which belongs to the protocol crate, and the law.

mod compile;
mod eval;
mod explain;
mod lint;
mod model;
mod names;
mod normal;
mod number;
pub mod odrl;
pub mod operands;
mod options;
mod read;
mod report;
mod templates;
mod terms;
mod truth;
mod values;
mod vocabulary;
mod world;
mod write;

pub use compile::{CompileError, Compiled};
pub use eval::{Evaluation, evaluate};
pub use explain::explain;
pub use lint::{Code, Effect, Hazard, Peer, lint};
pub use model::{
    Atomic, Constraint, Literal, Logical, LogicalOperator, NonEmpty, Operand, Operator, Parts,
    Policy, RightOperand, Rule, Verbatim,
};
pub use number::Number;
pub use options::{Behaviour, DutyMode, Options, TimeSource};
pub use read::{ReadError, read};
pub use report::{
    Deontic, Finding, Place, Premise, PremiseKind, Reason, Report, RuleKind, RuleReport, Step,
    Verdict,
};
pub use templates::{
    Enforced, Honesty, MakeError, Needed, Parameter, ParameterKind, Point, Template, TemplateError,
    Unenforceable,
};
pub use terms::{ContextError, Contexts, Iri, IriError, Opaque, Term, TermError};
pub use truth::Truth;
pub use values::Duration;
pub use vocabulary::{ProfileError, Relation, Vocabulary};
pub use world::{Deed, Event, Fact, Facts, Request, World};
pub use write::write;
