//! The JSON of trust files.

use causeway_dcp::trust::{Issuer, TrustFile as File};
use causeway_types::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// Whom this node believes.
#[derive(Debug, Serialize, ToSchema)]
pub struct Trust {
    /// The trust files, one a dataspace.
    pub items: Vec<TrustFile>,
}

/// The trust file of a dataspace.
#[derive(Debug, Serialize, ToSchema)]
pub struct TrustFile {
    /// The dataspace.
    pub dataspace: String,
    /// What people call it.
    pub title: String,
    /// Which revision it is.
    pub sequence: u64,
    /// Whether it is in force now; if not, it grants nothing.
    pub counts: bool,
    /// RFC 3339.
    pub valid_from: String,
    /// RFC 3339; the first moment at which it no longer holds.
    pub valid_until: String,
    /// How many maintainers have to sign the next one.
    pub threshold: usize,
    /// Signature algorithms that credentials may use.
    pub suites: Vec<String>,
    /// Who keeps it.
    pub maintainers: Vec<TrustMaintainer>,
    /// Who may vouch for what.
    pub issuers: Vec<TrustedIssuer>,
    /// The ids of schemas that credentials may name.
    pub schemas: Vec<String>,
    /// SHA-256 of the file.
    pub sha256: String,
}

/// Somebody who keeps a trust file with others.
#[derive(Debug, Serialize, ToSchema)]
pub struct TrustMaintainer {
    /// What people call them.
    pub name: String,
    /// The id of their key.
    pub key: String,
}

/// Somebody who may vouch for something.
#[derive(Debug, Serialize, ToSchema)]
pub struct TrustedIssuer {
    /// Their DID.
    pub did: String,
    /// What people call them.
    pub name: String,
    /// Types of credentials.
    pub types: Vec<String>,
    /// Legal areas.
    pub jurisdictions: Vec<String>,
    /// Certification schemes.
    pub schemes: Vec<String>,
    /// Whether they may do so now.
    pub counts: bool,
    /// RFC 3339.
    pub valid_from: String,
    /// RFC 3339; the first moment at which they may not.
    pub valid_until: String,
}

impl Trust {
    /// As it is at a moment.
    pub fn of(trust: &causeway_dcp::trust::Trust, now: Timestamp) -> Self {
        Self { items: trust.files().iter().map(|file| TrustFile::of(file, now)).collect() }
    }
}

impl TrustFile {
    /// As it is at a moment.
    pub fn of(file: &File, now: Timestamp) -> Self {
        let maintainers = file.maintainers.iter().map(|maintainer| TrustMaintainer {
            name: maintainer.name.clone(),
            key: maintainer.key.id().to_string(),
        });
        let counts = file.period.contains(now);
        let issuer = |issuer: &Issuer| TrustedIssuer {
            did: issuer.did.to_string(),
            name: issuer.name.clone(),
            types: issuer.types.iter().map(ToString::to_string).collect(),
            jurisdictions: issuer.jurisdictions.clone(),
            schemes: issuer.schemes.clone(),
            counts: counts && issuer.period.contains(now),
            valid_from: issuer.period.from.to_string(),
            valid_until: issuer.period.until.to_string(),
        };
        Self {
            dataspace: file.dataspace.clone(),
            title: file.title.clone(),
            sequence: file.sequence,
            counts,
            valid_from: file.period.from.to_string(),
            valid_until: file.period.until.to_string(),
            threshold: file.threshold,
            suites: file.suites.clone(),
            maintainers: maintainers.collect(),
            issuers: file.issuers.iter().map(issuer).collect(),
            schemas: file.schemas.iter().map(|schema| schema.id.clone()).collect(),
            sha256: file.sha256.clone(),
        }
    }
}
