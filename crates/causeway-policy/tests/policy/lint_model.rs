//! The lint against a model of EDC's policy engine: the scope filter and the evaluator as its
//! sources have them, for the scope in which transfers start. Without a finding of lost
//! protection, what the model lets through is permitted; without a finding of refusal, what is
//! permitted the model lets through.

use causeway_policy::{
    Constraint, Contexts, Effect, Fact, Facts, Iri, LogicalOperator, Operator, Peer, Policy,
    Request, Rule, Term, Verdict, evaluate, lint,
};
use causeway_types::Timestamp;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::policy;

const BOUND: &str = "edc:inForceDate";
const LIMIT: &str = "2027-01-01T00:00:00Z";

/// What is known of one request.
#[derive(Debug, Clone, Copy)]
struct World {
    is_in_force: bool,
    is_research: bool,
}

impl World {
    const ALL: [Self; 4] = [
        Self { is_in_force: false, is_research: false },
        Self { is_in_force: false, is_research: true },
        Self { is_in_force: true, is_research: false },
        Self { is_in_force: true, is_research: true },
    ];

    fn request(self) -> Request {
        let now = if self.is_in_force { "2026-06-01T00:00:00Z" } else { "2028-06-01T00:00:00Z" };
        let purpose = if self.is_research { "research" } else { "marketing" };
        let bound = Contexts::dsp().resolve(BOUND).unwrap().iri().unwrap().clone();
        let now = Fact::Timestamp(Timestamp::parse(now).unwrap());
        let facts = Facts::new().with(bound, now);
        Request::to_use(facts.with(Iri::PURPOSE, Fact::Text(purpose.to_owned())))
    }
}

/// One evaluation by the model; a problem anywhere fails the whole policy.
struct Model {
    world: World,
    has_problem: bool,
}

impl Model {
    fn permits(policy: &Policy, world: World) -> bool {
        let mut model = Self { world, has_problem: false };
        for rule in policy.permissions.iter().filter(|rule| is_bound(rule)) {
            for constraint in rule.constraints.iter().filter_map(filtered) {
                model.has_problem |= !model.holds(&constraint, true);
            }
        }
        for rule in policy.prohibitions.iter().filter(|rule| is_bound(rule)) {
            for constraint in rule.constraints.iter().filter_map(filtered) {
                model.has_problem |= model.holds(&constraint, false);
            }
        }
        !model.has_problem
    }

    fn holds(&mut self, constraint: &Constraint, in_permission: bool) -> bool {
        match constraint {
            Constraint::Atomic(atomic) => {
                // The function is registered for permissions alone.
                self.has_problem |= !in_permission;
                let holds = match atomic.operator {
                    Operator::Lteq => self.world.is_in_force,
                    _ => !self.world.is_in_force,
                };
                holds && in_permission
            }
            Constraint::Logical(logical) => {
                let mut operands = logical.operands.as_slice().iter();
                match logical.operator {
                    LogicalOperator::Or => operands.any(|one| self.holds(one, in_permission)),
                    LogicalOperator::Xone => {
                        operands.filter(|one| self.holds(one, in_permission)).count() == 1
                    }
                    _ => operands.all(|one| self.holds(one, in_permission)),
                }
            }
        }
    }
}

fn is_bound(rule: &Rule) -> bool {
    rule.action == Term::Iri(Iri::USE)
}

/// The scope filter: conditions that are not bound are removed, and what is left empty with them.
fn filtered(constraint: &Constraint) -> Option<Constraint> {
    match constraint {
        Constraint::Atomic(atomic) => {
            atomic.left.as_str().ends_with("inForceDate").then(|| constraint.clone())
        }
        Constraint::Logical(logical) => {
            let kept = logical.operands.as_slice().iter().filter_map(filtered).collect();
            let operands = causeway_policy::NonEmpty::new(kept)?;
            Some(Constraint::logical(logical.operator, operands))
        }
    }
}

fn on(left: &str, operator: &str, right: &str) -> Value {
    json!({ "leftOperand": left, "operator": operator, "rightOperand": right })
}

fn atom() -> impl Strategy<Value = Value> {
    prop_oneof![
        3 => Just(on(BOUND, "lteq", LIMIT)),
        3 => Just(on(BOUND, "gt", LIMIT)),
        1 => Just(on("odrl:purpose", "eq", "research")),
        1 => Just(on("odrl:purpose", "neq", "research")),
    ]
}

fn constraint() -> impl Strategy<Value = Value> {
    atom().prop_recursive(3, 12, 3, |inner| {
        let connective = prop::sample::select(vec!["and", "or", "xone"]);
        (connective, prop::collection::vec(inner, 1..4))
            .prop_map(|(connective, operands)| json!({ connective: operands }))
    })
}

fn rules(at_most: usize) -> impl Strategy<Value = Vec<Value>> {
    let action = prop_oneof![6 => Just("use"), 1 => Just("odrl:sell")];
    let rule = (action, prop::collection::vec(constraint(), 0..3))
        .prop_map(|(action, constraints)| json!({ "action": action, "constraint": constraints }));
    prop::collection::vec(rule, 0..=at_most)
}

fn check(permissions: &[Value], prohibitions: &[Value]) {
    let input = json!({ "permission": permissions, "prohibition": prohibitions });
    let policy = policy(&input);
    let hazards = lint(&policy, Peer::Edc);
    let has = |effect: Effect| hazards.iter().any(|hazard| hazard.effect == effect);
    // One operand less of exactly one: that goes both ways.
    let is_below_xone = hazards.iter().any(|h| h.effect == Effect::Lost && h.at.contains("/xone/"));
    for world in World::ALL {
        let is_permitted = evaluate(&policy, &world.request()).verdict == Verdict::Permitted;
        let is_let_through = Model::permits(&policy, world);
        let is_lost = is_let_through && !is_permitted;
        assert!(!is_lost || has(Effect::Lost), "{world:?} {input}: {hazards:#?}");
        let is_refused = is_permitted && !is_let_through;
        assert!(
            !is_refused || has(Effect::Refused) || is_below_xone,
            "{world:?} {input}: {hazards:#?}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn what_the_lint_does_not_find_the_model_does_not_do(
        permissions in rules(2),
        prohibitions in rules(1),
    ) {
        check(&permissions, &prohibitions);
    }
}
