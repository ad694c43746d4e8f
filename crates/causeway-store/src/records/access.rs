//! The stored forms of tokens of the management API and of acts that wait for a second person.

use causeway_types::{Sha256, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Record, RecordError, decode_v1, text, to_json};
use crate::access::{ApiToken, Approval, Verdict};
use crate::{RecordKind, Typed};

impl Record for ApiToken {
    const KIND: &'static str = RecordKind::ApiToken.as_str();

    fn id(&self) -> &str {
        &self.id
    }

    fn encode(&self) -> String {
        to_json(&ApiTokenV1::from(self.clone()))
    }

    fn decode(text: &str) -> Result<Self, RecordError> {
        decode_v1::<ApiTokenV1, Self>(text)
    }
}

impl Typed for ApiToken {
    const RECORD: RecordKind = RecordKind::ApiToken;

    fn owner(&self) -> Option<&str> {
        Some(&self.person)
    }

    fn at(&self) -> Timestamp {
        self.revoked_at.unwrap_or(self.created_at)
    }
}

impl Record for Approval {
    const KIND: &'static str = RecordKind::Approval.as_str();

    fn id(&self) -> &str {
        &self.id
    }

    fn encode(&self) -> String {
        to_json(&ApprovalV1::from(self.clone()))
    }

    fn decode(text: &str) -> Result<Self, RecordError> {
        decode_v1::<ApprovalV1, Self>(text)
    }
}

impl Typed for Approval {
    const RECORD: RecordKind = RecordKind::Approval;

    fn owner(&self) -> Option<&str> {
        Some(&self.asked_person)
    }

    fn at(&self) -> Timestamp {
        let decided = self.verdict.as_ref().map(|verdict| verdict.at);
        self.used_at.or(decided).unwrap_or(self.asked_at)
    }
}

#[derive(Serialize, Deserialize)]
struct ApiTokenV1 {
    format: u32,
    id: String,
    name: String,
    person: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    role: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    scopes: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    networks: Vec<String>,
    created_by: String,
    #[serde(with = "text")]
    created_at: Timestamp,
    #[serde(with = "text")]
    expires_at: Timestamp,
    #[serde(default, with = "text::option", skip_serializing_if = "Option::is_none")]
    used_at: Option<Timestamp>,
    #[serde(default, with = "text::option", skip_serializing_if = "Option::is_none")]
    revoked_at: Option<Timestamp>,
}

#[derive(Serialize, Deserialize)]
struct ApprovalV1 {
    format: u32,
    id: String,
    method: String,
    path: String,
    #[serde(with = "text")]
    body: Sha256,
    words: String,
    needs: Vec<String>,
    asked_by: String,
    asked_person: String,
    #[serde(with = "text")]
    asked_at: Timestamp,
    #[serde(with = "text")]
    expires_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    verdict: Option<VerdictV1>,
    #[serde(default, with = "text::option", skip_serializing_if = "Option::is_none")]
    used_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    outcome: Option<u16>,
}

#[derive(Serialize, Deserialize)]
struct VerdictV1 {
    approved: bool,
    by: String,
    person: String,
    #[serde(with = "text")]
    at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

impl From<ApiToken> for ApiTokenV1 {
    fn from(token: ApiToken) -> Self {
        Self {
            format: 1,
            id: token.id,
            name: token.name,
            person: token.person,
            role: token.role,
            scopes: token.scopes,
            networks: token.networks,
            created_by: token.created_by,
            created_at: token.created_at,
            expires_at: token.expires_at,
            used_at: token.used_at,
            revoked_at: token.revoked_at,
        }
    }
}

impl From<ApiTokenV1> for ApiToken {
    fn from(token: ApiTokenV1) -> Self {
        Self {
            id: token.id,
            name: token.name,
            person: token.person,
            role: token.role,
            scopes: token.scopes,
            networks: token.networks,
            created_by: token.created_by,
            created_at: token.created_at,
            expires_at: token.expires_at,
            used_at: token.used_at,
            revoked_at: token.revoked_at,
        }
    }
}

impl From<Approval> for ApprovalV1 {
    fn from(approval: Approval) -> Self {
        Self {
            format: 1,
            id: approval.id,
            method: approval.method,
            path: approval.path,
            body: approval.body,
            words: approval.words,
            needs: approval.needs,
            asked_by: approval.asked_by,
            asked_person: approval.asked_person,
            asked_at: approval.asked_at,
            expires_at: approval.expires_at,
            verdict: approval.verdict.map(VerdictV1::from),
            used_at: approval.used_at,
            outcome: approval.outcome,
        }
    }
}

impl From<ApprovalV1> for Approval {
    fn from(approval: ApprovalV1) -> Self {
        Self {
            id: approval.id,
            method: approval.method,
            path: approval.path,
            body: approval.body,
            words: approval.words,
            needs: approval.needs,
            asked_by: approval.asked_by,
            asked_person: approval.asked_person,
            asked_at: approval.asked_at,
            expires_at: approval.expires_at,
            verdict: approval.verdict.map(Verdict::from),
            used_at: approval.used_at,
            outcome: approval.outcome,
        }
    }
}

impl From<Verdict> for VerdictV1 {
    fn from(verdict: Verdict) -> Self {
        let Verdict { approved, by, person, at, reason } = verdict;
        Self { approved, by, person, at, reason }
    }
}

impl From<VerdictV1> for Verdict {
    fn from(verdict: VerdictV1) -> Self {
        let VerdictV1 { approved, by, person, at, reason } = verdict;
        Self { approved, by, person, at, reason }
    }
}
