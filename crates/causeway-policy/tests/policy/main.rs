//! Tests of the crate from outside, one binary: dialects on the wire, hostile input, properties,
//! and the evaluator. Unit tests of private helpers stand beside them in `src`.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod dialects;
mod duties;
mod evaluation;
mod explain;
mod hostile;
mod kleene;
mod lint;
mod lint_model;
mod monotone;
mod operators;
mod properties;
mod templates;
mod terms;
mod time;
mod whole;

use causeway_policy::{Contexts, Policy, read};
use serde_json::Value;

/// The context of the specification.
pub(crate) const DSP: &str = "https://w3id.org/dspace/2025/1/context.jsonld";
/// The context that EDC adds.
pub(crate) const EDC: &str = "https://w3id.org/edc/dspace/v0.0.1";
/// The context that Tractus-X adds.
pub(crate) const CATENAX: &str = "https://w3id.org/catenax/2025/9/policy/context.jsonld";

/// Reads a policy that must be readable under the DSP context.
pub(crate) fn policy(value: &Value) -> Policy {
    match read(value, &Contexts::dsp()) {
        Ok(policy) => policy,
        Err(error) => panic!("{error}: {value}"),
    }
}
