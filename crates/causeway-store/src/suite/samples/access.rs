//! Samples of tokens of the management API and of acts that wait for a second person.

use causeway_types::Sha256;

use super::at;
use crate::{ApiToken, Approval, Verdict};

/// A token with every part, and one with none that may be missing.
pub fn api_tokens() -> Vec<ApiToken> {
    let plain = ApiToken {
        id: "a".repeat(64),
        name: "build server".to_owned(),
        person: "ada".to_owned(),
        role: Some("developer".to_owned()),
        scopes: Vec::new(),
        networks: Vec::new(),
        created_by: "socket".to_owned(),
        created_at: at(1),
        expires_at: at(3600),
        used_at: None,
        revoked_at: None,
    };
    let full = ApiToken {
        id: "b".repeat(64),
        name: "审计 \"7\"".to_owned(),
        role: None,
        scopes: vec!["causeway:offers:read".to_owned(), "causeway:law:write".to_owned()],
        networks: vec!["10.0.0.0/8".to_owned(), "::1/128".to_owned()],
        used_at: Some(at(60)),
        revoked_at: Some(at(61)),
        ..plain.clone()
    };
    vec![plain, full]
}

/// An act that waits, and one that was approved and carried out.
pub fn approvals() -> Vec<Approval> {
    let waiting = Approval {
        id: "urn:uuid:approval-1".to_owned(),
        method: "POST".to_owned(),
        path: "/api/v1/tokens".to_owned(),
        body: Sha256::from_bytes([7; 32]),
        words: "make a token that can change who may do what".to_owned(),
        needs: vec!["causeway:tokens:admin".to_owned()],
        asked_by: "socket".to_owned(),
        asked_person: "local".to_owned(),
        asked_at: at(1),
        expires_at: at(86_401),
        verdict: None,
        used_at: None,
        outcome: None,
    };
    let verdict = Verdict {
        approved: true,
        by: "b".repeat(64),
        person: "ada".to_owned(),
        at: at(2),
        reason: Some("as agreed".to_owned()),
    };
    let used = Approval {
        id: "urn:uuid:approval-2".to_owned(),
        verdict: Some(verdict),
        used_at: Some(at(3)),
        outcome: Some(201),
        ..waiting.clone()
    };
    vec![waiting, used]
}
