//! Rego, by regorus: interpreted, and compiled for its register machine.

use std::sync::Arc;

use regorus::languages::rego::compiler::Compiler;
use regorus::rvm::program::Program;
use regorus::rvm::vm::RegoVM;
use regorus::{CompiledPolicy, Engine, Value};
use serde_json::Map;

use crate::{OUTCOMES, Result};

/// The rules.
pub const RULES: &str = include_str!("../rules/cn.rego");
const ENTRY: &str = "data.cn.outcome";

/// The compiled rules.
pub struct Rego {
    policy: CompiledPolicy,
    program: Arc<Program>,
}

impl Rego {
    /// Compiles the rules for both.
    pub fn new(rules: &str) -> Result<Self> {
        let mut engine = Engine::new();
        engine.add_policy("cn.rego".to_owned(), rules.to_owned())?;
        let policy = engine.compile_with_entrypoint(&ENTRY.into())?;
        let program = Compiler::compile_from_policy(&policy, &[ENTRY])?;
        Ok(Self { policy, program })
    }

    /// The facts as input.
    pub fn request(facts: &Map<String, serde_json::Value>) -> Result<Value> {
        Ok(Value::from_json_str(&serde_json::to_string(facts)?)?)
    }

    /// The outcome, interpreted.
    pub fn interpret(&self, input: &Value) -> Option<&'static str> {
        self.policy.eval_with_input(input.clone()).ok().as_ref().and_then(outcome)
    }

    /// A machine that is ready to run.
    pub fn machine(&self) -> RegoVM {
        let mut machine = RegoVM::new();
        machine.load_program(self.program.clone());
        machine
    }
}

/// The outcome, on the register machine.
pub fn execute(machine: &mut RegoVM, input: &Value) -> Option<&'static str> {
    machine.set_input(input.clone());
    machine.execute().ok().as_ref().and_then(outcome)
}

fn outcome(value: &Value) -> Option<&'static str> {
    let text = value.as_string().ok()?;
    OUTCOMES.into_iter().find(|known| *known == &**text)
}
