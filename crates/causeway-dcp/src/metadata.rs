//! What an issuer issues: how it is told to others (DCP 1.0 §6.7), and which claims a credential of
//! a type may and must have. Who gets one is not decided here.

use causeway_json::quoted;
use causeway_types::limits::{CREDENTIAL_CLAIMS_BYTES_MAX, CREDENTIAL_CLAIMS_MAX};
use causeway_types::{CredentialObjectId, CredentialType};
use serde_json::{Map, Value};

use crate::credential::{Profile, VERIFIABLE_CREDENTIAL};
use crate::did::Did;
use crate::message::{CredentialObject, IssuerMetadata};
use crate::types::{self, BuiltIn};

/// How holders of ours are named in credentials.
const BINDING_METHOD: &str = "did:web";
/// Why somebody would ask, where the issuer does not say.
const OFFER_REASON: &str = "issuance";
/// Longest name of a claim, in bytes.
const CLAIM_NAME_BYTES_MAX: usize = 128;

/// One kind of credential that is issued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Supported {
    /// The name by which it is asked for.
    pub id: CredentialObjectId,
    /// The type of the credential.
    pub credential_type: CredentialType,
    /// The data model.
    pub profile: Profile,
    /// Where the schema of its claims is.
    pub schema: Option<String>,
    /// Why it is offered, for people.
    pub reason: Option<String>,
}

impl Supported {
    /// Everything that a holder has to know, with every member that the specification names.
    pub fn object(&self) -> CredentialObject {
        CredentialObject {
            id: self.id.clone(),
            credential_type: Some(self.credential_type.clone()),
            schema: self.schema.clone(),
            offer_reason: Some(self.reason.clone().unwrap_or_else(|| OFFER_REASON.to_owned())),
            binding_methods: vec![BINDING_METHOD.to_owned()],
            profile: Some(self.profile.name().to_owned()),
            issuance_policy: None,
        }
    }
}

/// What an issuer tells of itself.
pub fn metadata(issuer: &Did, supported: &[Supported]) -> IssuerMetadata {
    let supported = supported.iter().map(Supported::object).collect();
    IssuerMetadata { issuer: issuer.clone(), supported }
}

/// Why claims cannot stand in a credential.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClaimsError {
    /// There are too many, or they are too long.
    #[error(
        "claims: found {claims} of them in {bytes} bytes, expected at most \
         {CREDENTIAL_CLAIMS_MAX} in {CREDENTIAL_CLAIMS_BYTES_MAX} bytes"
    )]
    TooMany {
        /// How many there are.
        claims: usize,
        /// Their bytes as JSON.
        bytes: usize,
    },
    /// A name that means something else in a credential, or that nobody could read.
    #[error(
        "claims: found the name {found}, expected one of 1 to {CLAIM_NAME_BYTES_MAX} bytes without \
         control characters that is neither id nor type and does not begin with @"
    )]
    Name {
        /// The name, cut.
        found: String,
    },
    /// A claim that is known has another kind of value.
    #[error("claims: the value of {claim} is not what it stands for: {text}")]
    Value {
        /// The claim.
        claim: String,
        /// What it stands for.
        text: String,
    },
    /// Claims without which the credential says nothing.
    #[error("claims: {credential_type} says nothing without {}", missing.join(", "))]
    Missing {
        /// The type.
        credential_type: String,
        /// The claims.
        missing: Vec<String>,
    },
    /// Every credential is one, so it says nothing.
    #[error(
        "the type {VERIFIABLE_CREDENTIAL} says nothing, expected what kind of credential it is"
    )]
    Type,
}

/// Whether a credential of this type may claim this; something may be missing yet.
pub fn check_claims(
    credential_type: &CredentialType,
    claims: &Map<String, Value>,
) -> Result<(), ClaimsError> {
    if credential_type.as_str() == VERIFIABLE_CREDENTIAL {
        return Err(ClaimsError::Type);
    }
    let bytes: usize =
        claims.iter().map(|(name, value)| name.len() + value.to_string().len() + 6).sum();
    if claims.len() > CREDENTIAL_CLAIMS_MAX || bytes > CREDENTIAL_CLAIMS_BYTES_MAX {
        return Err(ClaimsError::TooMany { claims: claims.len(), bytes });
    }
    if let Some(name) = claims.keys().find(|name| !is_name(name)) {
        return Err(ClaimsError::Name { found: quoted(name) });
    }
    let known = types::credential_type(credential_type.as_str());
    for claim in known.iter().flat_map(|known| &known.claims) {
        if claims.get(&claim.name).is_some_and(|value| !claim.fits(value)) {
            let (claim, text) = (claim.name.clone(), claim.text.clone());
            return Err(ClaimsError::Value { claim, text });
        }
    }
    Ok(())
}

/// Whether a credential of this type that claims this can be issued.
pub fn check_complete(
    credential_type: &CredentialType,
    claims: &Map<String, Value>,
) -> Result<(), ClaimsError> {
    check_claims(credential_type, claims)?;
    let required = |known: &BuiltIn| -> Vec<String> {
        let required = known.claims.iter().filter(|claim| claim.required);
        let missing = required.filter(|claim| !claims.contains_key(&claim.name));
        missing.map(|claim| claim.name.clone()).collect()
    };
    let missing = types::credential_type(credential_type.as_str()).map(required);
    match missing.filter(|missing| !missing.is_empty()) {
        Some(missing) => {
            Err(ClaimsError::Missing { credential_type: credential_type.to_string(), missing })
        }
        None => Ok(()),
    }
}

/// The subject's id and type are not the issuer's to choose, and `@` begins JSON-LD's own words.
fn is_name(name: &str) -> bool {
    (1..=CLAIM_NAME_BYTES_MAX).contains(&name.len())
        && !name.starts_with('@')
        && !matches!(name, "id" | "type")
        && !name.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn kind(name: &str) -> CredentialType {
        CredentialType::parse(name).unwrap()
    }

    fn claims(value: &Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn metadata_names_every_member_and_reads_back() {
        let supported = Supported {
            id: CredentialObjectId::parse("membership").unwrap(),
            credential_type: kind("MembershipCredential"),
            profile: Profile::Vc11,
            schema: Some("https://issuer.example/schema".to_owned()),
            reason: None,
        };
        let issuer = Did::parse("did:web:issuer.example").unwrap();
        let text = metadata(&issuer, &[supported]).write();
        let document: Value = serde_json::from_str(&text).unwrap();
        let object = document["credentialsSupported"][0].as_object().unwrap();
        for name in [
            "id",
            "type",
            "credentialType",
            "credentialSchema",
            "offerReason",
            "bindingMethods",
            "profile",
        ] {
            assert!(object.contains_key(name), "{name}: {text}");
        }
        let read = IssuerMetadata::read(text.as_bytes()).unwrap();
        assert_eq!(read.issuer, issuer);
        assert_eq!(read.supported[0].profile.as_deref(), Some("vc11-sl2021/jwt"));
    }

    #[test]
    fn claims_that_would_change_whom_it_is_about_are_refused() {
        let check = |value: &Value, expected: &str| {
            let found = check_claims(&kind("X"), &claims(value)).unwrap_err().to_string();
            assert!(found.contains(expected), "{found}");
        };
        check(&json!({"id": "did:web:somebody.example"}), "neither id nor type");
        check(&json!({"type": "Person"}), "neither id nor type");
        check(&json!({"@context": "https://x.example"}), "begin with @");
        check(&json!({"": 1}), "1 to 128 bytes");
        check(&json!({"a\nb": 1}), "control characters");
        check(&json!({"a": "x".repeat(CREDENTIAL_CLAIMS_BYTES_MAX)}), "at most");
        let many: Map<String, Value> =
            (0..=CREDENTIAL_CLAIMS_MAX).map(|n| (n.to_string(), Value::Null)).collect();
        check(&Value::Object(many), "found 65 of them");
        let found = check_claims(&kind("VerifiableCredential"), &Map::new());
        assert_eq!(found, Err(ClaimsError::Type));
    }

    #[test]
    fn claims_of_a_known_type_have_their_kind_and_are_all_there() {
        let legal = kind("LegalParticipantCredential");
        let wrong = claims(&json!({"jurisdiction": "kenya"}));
        let found = check_claims(&legal, &wrong).unwrap_err().to_string();
        assert!(found.contains("jurisdiction"), "{found}");
        let some = claims(&json!({"jurisdiction": "KE"}));
        assert_eq!(check_claims(&legal, &some), Ok(()));
        let found = check_complete(&legal, &some).unwrap_err().to_string();
        assert!(found.contains("legalName, registrationNumber"), "{found}");
        let other = claims(&json!({"foo": {"bar": [1, 2]}}));
        assert_eq!(check_complete(&kind("SensitiveDataCredential"), &other), Ok(()));
    }
}
