//! Cedar. It answers allow or deny with the policies that hold; the strictest outcome that one of
//! them says in its name is what the others return directly.

use cedar_policy::{
    Authorizer, Context, Entities, EntityUid, Policy, PolicyId, PolicySet, Request,
    RestrictedExpression,
};
use serde_json::{Map, Value};

use crate::{OUTCOMES, Result};

/// The rules.
pub const RULES: &str = include_str!("../rules/cn.cedar");

/// The policies and who asks.
pub struct Cedar {
    authorizer: Authorizer,
    policies: PolicySet,
    entities: Entities,
    who: [EntityUid; 3],
}

impl Cedar {
    /// How many policies there are.
    pub fn policies(&self) -> usize {
        self.policies.policies().count()
    }

    /// Reads the policies and gives each the name in its annotation.
    pub fn new(rules: &str) -> Result<Self> {
        let mut policies = PolicySet::new();
        for policy in rules.parse::<PolicySet>()?.policies() {
            let id = policy.annotation("id").ok_or("a policy has no @id")?;
            policies.add(Policy::parse(Some(PolicyId::new(id)), policy.to_string())?)?;
        }
        let who = [
            r#"Party::"exporter""#.parse()?,
            r#"Action::"export""#.parse()?,
            r#"Data::"set""#.parse()?,
        ];
        let (authorizer, entities) = (Authorizer::new(), Entities::empty());
        Ok(Self { authorizer, policies, entities, who })
    }

    /// A request with the facts as its context.
    pub fn request(&self, facts: &Map<String, Value>) -> Result<Request> {
        let pairs = facts.iter().map(|(name, value)| {
            let value = match value {
                Value::Bool(value) => RestrictedExpression::new_bool(*value),
                other => RestrictedExpression::new_long(other.as_i64().unwrap_or_default()),
            };
            (name.clone(), value)
        });
        let context = Context::from_pairs(pairs)?;
        let [principal, action, resource] = self.who.clone();
        Ok(Request::new(principal, action, resource, context, None)?)
    }

    /// The strictest outcome that a policy says; nothing if one could not be evaluated.
    pub fn check(&self, request: &Request) -> Option<&'static str> {
        let response = self.authorizer.is_authorized(request, &self.policies, &self.entities);
        if response.diagnostics().errors().next().is_some() {
            return None;
        }
        let said = response.diagnostics().reason().filter_map(|id| {
            let (outcome, _) = <PolicyId as AsRef<str>>::as_ref(id).split_once(':')?;
            OUTCOMES.iter().position(|known| *known == outcome)
        });
        said.max().map(|strictest| OUTCOMES[strictest])
    }
}
