//! Who may use the management API, and for what: scopes and roles, tokens, the identity provider of
//! an organisation, and the yes of a second person. How callers show who they are over HTTP, and
//! what each route needs, is the API's business.

mod approvals;
pub mod oidc;
mod scope;
mod tokens;

pub use self::approvals::Act as GuardedAct;
pub use self::oidc::{Oidc, OidcError, OidcSettings};
pub use self::scope::{Resource, Right, Role, Scope, ScopeError, Scopes};
pub use self::tokens::{MintedToken, NewToken};

/// Whoever may open the socket or read the token file: one person, since one can do both.
pub const LOCAL_PERSON: &str = "local";

/// Somebody whose identity is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// By what they are known: the socket, the file, a token's id, an account.
    pub id: String,
    /// Who stands behind it. Two callers with one person are one.
    pub person: String,
    /// What to call them.
    pub name: String,
    /// The role that was given, if one was.
    pub role: Option<Role>,
    /// What they may do.
    pub scopes: Scopes,
    /// Whether they are on the node's own machine: whoever may open its socket, or read the file
    /// with its token.
    pub is_local: bool,
}

impl Caller {
    /// Whoever may open the socket.
    pub fn at_socket() -> Self {
        Self::local("socket", Role::Admin)
    }

    /// Whoever can read the token file.
    pub fn with_token_file() -> Self {
        Self::local("token-file", Role::Operator)
    }

    fn local(id: &str, role: Role) -> Self {
        Self {
            id: id.to_owned(),
            person: LOCAL_PERSON.to_owned(),
            name: format!("the local {role}"),
            role: Some(role),
            scopes: role.scopes(),
            is_local: true,
        }
    }
}

/// The form in which persons are compared: two spellings of one name are no two persons.
pub fn person(text: &str) -> String {
    let mut person = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !person.is_empty() {
            person.push(' ');
        }
        person.extend(word.chars().flat_map(char::to_lowercase));
    }
    person
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_spellings_of_a_name_are_one_person() {
        for text in ["Ada Lovelace", " ada  lovelace ", "ADA\tLOVELACE"] {
            assert_eq!(person(text), "ada lovelace", "{text:?}");
        }
        assert_ne!(person("ada"), person("ida"));
    }
}
