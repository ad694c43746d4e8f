//! How implementations speak that keep to a draft of DCP 1.0, as the release candidates of the
//! official TCK do. Everything that is read or written otherwise for them is told here, and nothing
//! of it happens unless the operator says so: each is a little less than the text asks.
//!
//! - a DID document says of none of its keys what they are for;
//! - a credential lacks the type `VerifiableCredential`, and the `sub` of its token is its own id;
//! - the format of a delivered credential is `VC1_0_JWT`;
//! - a query for more than its access token allows is refused, not answered in part.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::credential::{Profile, VERIFIABLE_CREDENTIAL};
use crate::scope::Scope;

/// Which texts of others count, and which are written for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Dialect {
    /// DCP 1.0.
    #[default]
    Final,
    /// As well those of its drafts.
    Draft,
}

impl Dialect {
    /// The format by which a delivered credential is called.
    pub fn format(self, profile: Profile) -> &'static str {
        match (self, profile) {
            (Self::Final, profile) => profile.name(),
            (Self::Draft, Profile::Vc11) => "VC1_0_JWT",
            (Self::Draft, Profile::Vc20) => "VC2_0_JOSE",
        }
    }

    /// Reads that format, by whichever name.
    pub fn profile(format: &str) -> Option<Profile> {
        let called = |profile: &Profile| Self::Draft.format(*profile) == format;
        Profile::parse(format).or_else(|| Profile::ALL.into_iter().find(called))
    }

    /// Whether a query for more than its access token grants is refused as a whole. DCP 1.0 wants
    /// it answered in part (§5.4.1.2).
    pub fn refuses(self, asked: &[Scope], granted: &[Scope]) -> bool {
        self == Self::Draft && asked.iter().any(|scope| !granted.contains(scope))
    }

    /// The payload of a credential as DCP 1.0 has it. The subject of the credential stays what it
    /// is: only a `sub` that repeats the credential's own id, and so says nothing, goes.
    pub(crate) fn translate(self, payload: &Map<String, Value>) -> Cow<'_, Map<String, Value>> {
        let Some(Value::Object(content)) = payload.get("vc").filter(|_| self == Self::Draft) else {
            return Cow::Borrowed(payload);
        };
        let mut payload = payload.clone();
        if content.contains_key("id") && payload.get("sub") == content.get("id") {
            payload.remove("sub");
        }
        let named = |types: &[Value]| types.iter().any(|name| name == VERIFIABLE_CREDENTIAL);
        if let Some(Value::Array(types)) = payload["vc"].get_mut("type")
            && !types.is_empty()
            && !named(types)
        {
            types.insert(0, VERIFIABLE_CREDENTIAL.into());
        }
        Cow::Owned(payload)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::document::{DidDocument, Relationship};
    use crate::testing::TestKey;

    fn check(dialect: Dialect, payload: &Value, expected: &Value) {
        let found = dialect.translate(payload.as_object().unwrap()).into_owned();
        assert_eq!(Value::Object(found), *expected);
    }

    #[test]
    fn a_draft_credential_is_read_as_the_final_text_has_it() {
        let draft = json!({
            "sub": "a-credential",
            "vc": { "id": "a-credential", "type": ["MembershipCredential"] },
        });
        let meant = json!({
            "vc": {
                "id": "a-credential",
                "type": ["VerifiableCredential", "MembershipCredential"],
            },
        });
        check(Dialect::Draft, &draft, &meant);
        check(Dialect::Final, &draft, &draft);
    }

    #[test]
    fn a_subject_that_says_something_stays() {
        let types = json!(["VerifiableCredential"]);
        for sub in ["did:web:example.org", ""] {
            let other = json!({ "sub": sub, "vc": { "id": "a-credential", "type": types } });
            check(Dialect::Draft, &other, &other);
        }
        let nameless = json!({ "sub": "did:web:example.org", "vc": { "type": types } });
        check(Dialect::Draft, &nameless, &nameless);
    }

    #[test]
    fn what_is_no_credential_does_not_become_one() {
        for payload in [
            json!({ "vc": { "type": [] } }),
            json!({ "vc": { "type": "MembershipCredential" } }),
            json!({ "vc": [] }),
            json!({ "type": ["MembershipCredential"] }),
        ] {
            check(Dialect::Draft, &payload, &payload);
        }
    }

    #[test]
    fn keys_without_any_purpose_are_for_everything_only_in_a_draft() {
        let key = TestKey::new("did:web:example.org");
        let document = |purposes: &[Relationship]| {
            let document = DidDocument::new(key.id().did().clone());
            document.with_key("key-1", key.public(), purposes).unwrap()
        };
        let check = |dialect, purposes: &[Relationship], expected: &[Relationship]| {
            let read = document(purposes).read_as(dialect);
            assert_eq!(read.relationships(key.id()), expected, "{dialect:?} {purposes:?}");
        };
        check(Dialect::Final, &[], &[]);
        check(Dialect::Draft, &[], &Relationship::ALL);
        for purpose in Relationship::ALL {
            check(Dialect::Draft, &[purpose], &[purpose]);
        }
    }

    #[test]
    fn a_query_for_more_than_is_granted_is_refused_only_in_a_draft() {
        let scopes = |names: &[&str]| -> Vec<Scope> {
            names.iter().map(|name| Scope::of_type(name).unwrap()).collect()
        };
        let check = |dialect: Dialect, asked: &[&str], granted: &[&str], expected| {
            let found = dialect.refuses(&scopes(asked), &scopes(granted));
            assert_eq!(found, expected, "{dialect:?}: {asked:?} of {granted:?}");
        };
        check(Dialect::Final, &["A", "B"], &["A"], false);
        check(Dialect::Draft, &["A", "B"], &["A"], true);
        check(Dialect::Draft, &["A"], &["A", "B"], false);
        check(Dialect::Draft, &["A"], &[], true);
    }

    #[test]
    fn a_format_is_known_by_both_of_its_names() {
        for profile in Profile::ALL {
            for dialect in [Dialect::Final, Dialect::Draft] {
                assert_eq!(Dialect::profile(dialect.format(profile)), Some(profile));
            }
        }
        assert_eq!(Dialect::profile("jwt"), None);
    }
}
