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
mod matrix;
mod outcome;
mod pack;
mod proof;
mod words;

pub use self::classes::{Class, ClassError, Classes, Clause, Description, Expansion, Said, Topic};
pub use self::decision::{
    Alternative, DISCLAIMER, Decision, Missing, PackDecision, Remedy, RuleDecision,
};
pub use self::diff::{CaseChange, Change, Difference, Field, Kind as ChangeKind, diff};
pub use self::engine::{Engine, EngineError};
pub use self::facts::{Dictionary, Fact, FactError, FactId, Facts, Kind, Symbol, Symbols, Value};
pub use self::matrix::{Cell, Matrix, MatrixError, Question, Way};
pub use self::outcome::{Interval, Outcome, Truth};
pub use self::pack::{
    Case, Citation, Effect, Finding, Obligation, Pack, Rule, Severity, Source, Stage, Status,
};
pub use self::proof::Report;
pub use self::words::{Language, Words, WordsError, template, template_of_facts};
