//! Scopes: the short names by which credentials are asked for and access to them is given.
//!
//! `org.eclipse.dspace.dcp.vc.type:TYPE:read` and `org.eclipse.dspace.dcp.vc.id:ID:read`. The last
//! part is always written; DCP 1.0 knows no such part, so it may be missing when one is read. A
//! scope that is not of these forms grants nothing.

use std::fmt;
use std::str::FromStr;

use causeway_json::quoted;
use causeway_types::limits::SCOPE_BYTES_MAX;
use causeway_types::{CredentialType, IdError};

const BY_TYPE: &str = "org.eclipse.dspace.dcp.vc.type:";
const BY_ID: &str = "org.eclipse.dspace.dcp.vc.id:";
/// What EDC called the first before its release 0.17.
const BY_TYPE_OLD: &str = "org.eclipse.edc.vc.type:";
const READ: &str = ":read";

/// What somebody asks for or may see.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// All credentials of a type.
    Type(CredentialType),
    /// The credential of this id.
    Id(CredentialId),
}

/// The id of a credential, as it stands in it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CredentialId(String);

impl CredentialId {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why a text is no scope that is known here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScopeError {
    /// Scopes are bounded.
    #[error("a scope: found {found} bytes, expected at most {SCOPE_BYTES_MAX}")]
    TooLong {
        /// How many bytes there are.
        found: usize,
    },
    /// Of another form.
    #[error("a scope: found {found}, expected {BY_TYPE}TYPE:read or {BY_ID}ID:read")]
    Form {
        /// What is there, cut.
        found: String,
    },
    /// It asks to change something.
    #[error("a scope: found {found}, expected one that ends with :read: nothing else is given")]
    Operation {
        /// What is there, cut.
        found: String,
    },
    /// What stands for a type or id is none.
    #[error("a scope: {0}")]
    Id(#[from] IdError),
}

impl Scope {
    /// The scope of a type.
    pub fn of_type(name: &str) -> Result<Self, ScopeError> {
        Ok(Self::Type(CredentialType::parse(name)?))
    }

    /// Reads a scope.
    pub fn parse(text: &str) -> Result<Self, ScopeError> {
        if text.len() > SCOPE_BYTES_MAX {
            return Err(ScopeError::TooLong { found: text.len() });
        }
        let found = || quoted(text);
        let by_type = text.strip_prefix(BY_TYPE).or_else(|| text.strip_prefix(BY_TYPE_OLD));
        let (name, is_type) = match (by_type, text.strip_prefix(BY_ID)) {
            (Some(name), _) => (name, true),
            (None, Some(name)) => (name, false),
            (None, None) => return Err(ScopeError::Form { found: found() }),
        };
        // EDC's `*` is reading and writing; of it, reading is what can be given.
        let name = name.strip_suffix(READ).or_else(|| name.strip_suffix(":*")).unwrap_or(name);
        if name.ends_with(":write") {
            return Err(ScopeError::Operation { found: found() });
        }
        let is_word = |name: &str| !name.is_empty() && !name.contains([' ', '"', '*']);
        if !is_word(name) {
            return Err(ScopeError::Form { found: found() });
        }
        // Whatever names a credential obeys the same rules as a type: printable and bounded.
        let checked = CredentialType::parse(name)?;
        Ok(match is_type {
            true => Self::Type(checked),
            false => Self::Id(CredentialId(name.to_owned())),
        })
    }

    /// Reads scopes with spaces between them, as they stand in a token; what is no scope that is
    /// known here is passed over, for it grants nothing.
    pub fn parse_all(text: &str) -> Vec<Self> {
        let mut scopes: Vec<Self> = Vec::new();
        for scope in text.split_whitespace().filter_map(|word| Self::parse(word).ok()) {
            if !scopes.contains(&scope) {
                scopes.push(scope);
            }
        }
        scopes.truncate(causeway_types::limits::SCOPES_MAX);
        scopes
    }

    /// Whether it is about a credential with these types and this id.
    pub fn grants<'t>(&self, types: impl IntoIterator<Item = &'t str>, id: Option<&str>) -> bool {
        match self {
            // Every credential is a VerifiableCredential: a scope of that name would be one of all.
            Self::Type(name) if name.as_str() == "VerifiableCredential" => false,
            Self::Type(name) => types.into_iter().any(|found| found == name.as_str()),
            Self::Id(name) => id == Some(name.as_str()),
        }
    }
}

/// What is asked for together with what is granted: a credential passes both, or it is not shown.
pub fn both_grant(asked: &[Scope], granted: &[Scope], types: &[&str], id: Option<&str>) -> bool {
    let any = |scopes: &[Scope]| scopes.iter().any(|scope| scope.grants(types.iter().copied(), id));
    any(asked) && any(granted)
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Type(name) => write!(f, "{BY_TYPE}{name}{READ}"),
            Self::Id(id) => write!(f, "{BY_ID}{}{READ}", id.0),
        }
    }
}

impl FromStr for Scope {
    type Err = ScopeError;

    fn from_str(text: &str) -> Result<Self, ScopeError> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, written: &str) {
        let scope = Scope::parse(text).unwrap();
        assert_eq!(scope.to_string(), written);
        assert_eq!(Scope::parse(written).unwrap(), scope);
    }

    #[test]
    fn scopes_are_read_in_every_form_and_written_in_one() {
        let membership = "org.eclipse.dspace.dcp.vc.type:MembershipCredential:read";
        check(membership, membership);
        check("org.eclipse.dspace.dcp.vc.type:MembershipCredential", membership);
        check("org.eclipse.dspace.dcp.vc.type:MembershipCredential:*", membership);
        check("org.eclipse.edc.vc.type:MembershipCredential:read", membership);
        let id = "org.eclipse.dspace.dcp.vc.id:urn:uuid:8247b87d-8d72-47e1-8128-9ce47e3d829d:read";
        check(id, id);
        check(id.trim_end_matches(":read"), id);
        let iri = "org.eclipse.dspace.dcp.vc.type:https://w3id.org/x#Member:read";
        check(iri, iri);
    }

    #[test]
    fn what_is_no_scope_grants_nothing() {
        let table = [
            ("", "found \"\", expected"),
            ("read", "found \"read\", expected"),
            ("org.eclipse.dspace.dcp.vc.type:", "expected"),
            ("org.eclipse.dspace.dcp.vc.type::read", "expected"),
            ("org.eclipse.dspace.dcp.vc.type:*", "expected"),
            ("org.eclipse.dspace.dcp.vc.type:*:read", "expected"),
            ("org.eclipse.dspace.dcp.vc.type:A:write", "expected one that ends with :read"),
            ("org.eclipse.dspace.dcp.vc.typeX:A:read", "expected"),
            ("org.eclipse.dspace.dcp.vc.type:A\u{202e}:read", "no control character"),
        ];
        for (text, expected) in table {
            let error = Scope::parse(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
        let long = format!("{BY_TYPE}{}", "a".repeat(SCOPE_BYTES_MAX));
        assert!(matches!(Scope::parse(&long), Err(ScopeError::TooLong { .. })));
        assert_eq!(Scope::parse_all("x y org.eclipse.dspace.dcp.vc.type:A:write"), []);
    }

    #[test]
    fn a_credential_is_shown_only_if_it_is_asked_for_and_granted() {
        let scope = |name: &str| Scope::of_type(name).unwrap();
        let id = Scope::parse("org.eclipse.dspace.dcp.vc.id:urn:x:1").unwrap();
        let (member, sensitive) = (scope("Member"), scope("Sensitive"));
        let types = ["VerifiableCredential", "Member"];
        let table: [(Vec<Scope>, Vec<Scope>, bool); 7] = [
            (vec![member.clone()], vec![member.clone()], true),
            (vec![member.clone()], vec![sensitive.clone()], false),
            (vec![sensitive.clone()], vec![member.clone()], false),
            (vec![member.clone(), sensitive], vec![member.clone()], true),
            (vec![member.clone()], vec![id.clone()], true),
            (vec![member], vec![], false),
            (vec![scope("VerifiableCredential")], vec![scope("VerifiableCredential")], false),
        ];
        for (asked, granted, expected) in table {
            assert_eq!(
                both_grant(&asked, &granted, &types, Some("urn:x:1")),
                expected,
                "{asked:?} {granted:?}"
            );
        }
        let ids = [id];
        assert!(!both_grant(&ids, &ids, &types, None));
    }

    proptest::proptest! {
        #[test]
        fn what_is_written_is_read_back(name in "[A-Za-z][A-Za-z0-9#/._:-]{0,40}[A-Za-z0-9]") {
            proptest::prop_assume!(!name.ends_with(":read") && !name.ends_with(":write"));
            for scope in [format!("{BY_TYPE}{name}"), format!("{BY_ID}{name}")] {
                let scope = Scope::parse(&scope).unwrap();
                proptest::prop_assert_eq!(Scope::parse(&scope.to_string()).unwrap(), scope);
            }
        }

        #[test]
        fn no_text_makes_the_reader_fail_otherwise(text in ".{0,200}") {
            if let Ok(scope) = Scope::parse(&text) {
                proptest::prop_assert_eq!(Scope::parse(&scope.to_string()).unwrap(), scope);
            }
        }
    }
}
