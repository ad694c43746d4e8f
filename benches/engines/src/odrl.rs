//! Our own evaluator of ODRL on an ordinary case: one permission with a time and a purpose.

use causeway_policy::{
    Compiled, Contexts, Fact, Facts, Iri, Request, Verdict, Vocabulary, World, evaluate, read,
};
use causeway_types::Timestamp;
use serde_json::{Value, json};

use crate::Result;

/// A policy, as text and made ready, and a request that it permits.
pub struct Odrl {
    /// The JSON that a peer sends.
    wire: Value,
    policy: Compiled,
    request: Request,
    world: World,
}

impl Odrl {
    /// Reads the policy and makes it ready, once.
    pub fn new() -> Result<Self> {
        let on = |left: &str, operator: &str, right: Value| json!({ "leftOperand": left, "operator": operator, "rightOperand": right });
        let time = json!({
            "@value": "2027-01-01T00:00:00Z",
            "@type": "http://www.w3.org/2001/XMLSchema#dateTime",
        });
        let wire = json!({ "permission": [{
            "action": "use",
            "constraint": [
                on("odrl:dateTime", "lt", time),
                on("odrl:purpose", "isAnyOf", json!(["urn:example:research", "urn:example:teaching"])),
            ],
        }] });
        let policy = Compiled::new(&read(&wire, &Contexts::dsp())?, &Vocabulary::odrl())?;
        let facts = Facts::at(Timestamp::parse("2026-06-01T00:00:00Z")?)
            .with(Iri::PURPOSE, Fact::Iri(Iri::parse("urn:example:research")?));
        Ok(Self { wire, policy, request: Request::to_use(facts), world: World::default() })
    }

    /// The verdict alone.
    pub fn evaluate(&self) -> Verdict {
        self.policy.evaluate(&self.request, &self.world).verdict()
    }

    /// The verdict with the report of every rule.
    pub fn report(&self) -> Verdict {
        self.policy.evaluate(&self.request, &self.world).report().verdict
    }

    /// The same, with the policy read for it.
    pub fn read_and_evaluate(&self) -> Option<Verdict> {
        let policy = read(&self.wire, &Contexts::dsp()).ok()?;
        Some(evaluate(&policy, &self.request).verdict)
    }
}
