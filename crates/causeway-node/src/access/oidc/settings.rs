//! What a node is told of the identity provider of its organisation.

use serde_json::{Map, Value};

use crate::access::Role;

/// A provider and what its groups may do here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OidcSettings {
    /// As it calls itself, to the letter.
    pub issuer: String,
    /// The audience of access tokens for this API.
    pub audience: Option<String>,
    /// The client as which people sign in: the audience of their ID tokens.
    pub client_id: Option<String>,
    /// Who has which role.
    pub roles: Vec<RoleRule>,
    /// The claim that says which person it is.
    pub person_claim: String,
    /// Whether scopes of this API in an access token count.
    pub accept_scopes: bool,
}

/// A claim that comes with a role: `legal=groups:legal-team`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleRule {
    /// The role.
    pub role: Role,
    /// The claim: its name, or from the slash on a JSON pointer.
    pub claim: String,
    /// What it must be or contain.
    pub value: String,
}

impl RoleRule {
    /// Reads `role=claim:value`. A claim that is a URL keeps its `://`.
    pub fn parse(text: &str) -> Option<Self> {
        let (role, rest) = text.split_once('=')?;
        let role = Role::parse(role.trim()).filter(|role| *role != Role::Admin)?;
        let at = rest.match_indices(':').map(|(at, _)| at);
        let at = at.into_iter().find(|at| !rest[at + 1..].starts_with("//"))?;
        let (claim, value) = (rest[..at].trim(), rest[at + 1..].trim());
        let (claim, value) = (claim.to_owned(), value.to_owned());
        (!claim.is_empty() && !value.is_empty()).then_some(Self { role, claim, value })
    }

    /// Whether the claims say so.
    pub(super) fn fits(&self, claims: &Map<String, Value>) -> bool {
        let found = match self.claim.strip_prefix('/') {
            None => claims.get(&self.claim),
            Some(pointer) => {
                let (first, rest) = match pointer.split_once('/') {
                    Some((first, rest)) => (first, format!("/{rest}")),
                    None => (pointer, String::new()),
                };
                let first = first.replace("~1", "/").replace("~0", "~");
                claims.get(&first).and_then(|value| value.pointer(&rest))
            }
        };
        match found {
            Some(Value::String(text)) => *text == self.value,
            Some(Value::Array(all)) => all.iter().any(|one| one.as_str() == Some(&self.value)),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_rule_names_a_role_a_claim_and_a_value() {
        let check = |text: &str, expected: Option<(&str, &str, &str)>| {
            let found = RoleRule::parse(text);
            let found =
                found.as_ref().map(|r| (r.role.as_str(), r.claim.as_str(), r.value.as_str()));
            assert_eq!(found, expected, "{text}");
        };
        check("legal=groups:legal-team", Some(("legal", "groups", "legal-team")));
        check("auditor = groups : a b", Some(("auditor", "groups", "a b")));
        check(
            "steward=eduperson_entitlement:urn:mace:x:y",
            Some(("steward", "eduperson_entitlement", "urn:mace:x:y")),
        );
        check(
            "operator=https://example.org/roles:ops",
            Some(("operator", "https://example.org/roles", "ops")),
        );
        check("operator=/realm_access/roles:ops", Some(("operator", "/realm_access/roles", "ops")));
        for text in ["", "legal", "legal=groups", "legal=:x", "legal=x:", "boss=x:y", "admin=x:y"] {
            check(text, None);
        }
    }

    #[test]
    fn a_rule_fits_the_whole_value_only() {
        let check = |rule: &str, claims: Value, expected: bool| {
            let Value::Object(claims) = claims else { panic!("no object") };
            assert_eq!(RoleRule::parse(rule).unwrap().fits(&claims), expected, "{rule} {claims:?}");
        };
        check("legal=groups:legal", json!({"groups": ["a", "legal"]}), true);
        check("legal=groups:legal", json!({"groups": "legal"}), true);
        check("legal=groups:legal", json!({"groups": ["legal-interns"]}), false);
        check("legal=groups:legal", json!({"groups": "a legal"}), false);
        check("legal=groups:legal", json!({"groups": {"legal": true}}), false);
        check("legal=groups:true", json!({"groups": true}), false);
        check("legal=groups:legal", json!({}), false);
        check("legal=/a/b:x", json!({"a": {"b": ["x"]}}), true);
        check("legal=/a/b:x", json!({"a": {"c": ["x"]}}), false);
        check("legal=/a:x", json!({"a": "x"}), true);
    }
}
