//! Law on data that crosses borders, as data: rule packs with articles and dates, and an engine
//! that says what they say of one crossing, why, what is missing, and what would help.
//!
//! Pure: no clock, no network, no files. What a fact means is in `facts`, what a rule does in
//! `pack`, how packs are put together in `engine`. Nothing here is legal advice.

mod classes;
mod decision;
mod diff;
mod engine;
mod expression;
mod facts;
mod html;
mod installed;
mod matrix;
mod outcome;
mod pack;
mod proof;
mod signature;
mod words;

pub use self::classes::{Class, ClassError, Classes, Clause, Description, Expansion, Said, Topic};
pub use self::decision::{
    Advice, Alternative, Clash, DISCLAIMER, Decision, Missing, PackDecision, Remedy, RuleDecision,
};
pub use self::diff::{CaseChange, Change, Difference, Field, Kind as ChangeKind, diff};
pub use self::engine::{Engine, EngineError};
pub use self::facts::{
    Dictionary, Fact, FactError, FactId, Facts, Kind, PackedFacts, Symbol, Symbols, Value, Window,
};
pub use self::installed::{
    Admission, AdmitError, InstalledPack, InstalledRevision, Register, RegisterError, Stored,
};
pub use self::matrix::{Cell, Matrix, MatrixError, Question, Way};
pub use self::outcome::{Interval, Outcome, Truth};
pub use self::pack::{
    Case, Citation, Conflict, Effect, Finding, Obligation, Other, PACK_BYTES_MAX, Pack, Role, Rule,
    Severity, Source, Stage, Status,
};
pub use self::proof::Report;
pub use self::signature::{KeyId, PackForm, PublicKey, Signature, SignatureError, SigningKey};
pub use self::words::{
    Language, Words, WordsError, template, template_of_classes, template_of_facts,
};
