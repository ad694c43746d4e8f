//! What a node remembers of who may use its management API: tokens, by their hash, and acts that
//! wait for the yes of a second person. Who is allowed what is not decided here.

use causeway_types::{Sha256, Timestamp};

/// A token of the management API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiToken {
    /// The SHA-256 of the token, in hexadecimal digits: its id, and all that is kept of it.
    pub id: String,
    /// What it is for.
    pub name: String,
    /// Who stands behind it.
    pub person: String,
    /// The name of its role, if it has one.
    pub role: Option<String>,
    /// Its scopes, beyond those of the role.
    pub scopes: Vec<String>,
    /// The networks it may be used from; any, if there are none.
    pub networks: Vec<String>,
    /// By what its maker was known.
    pub created_by: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// From then on it counts no more.
    pub expires_at: Timestamp,
    /// When it was last used, to the hour.
    pub used_at: Option<Timestamp>,
    /// When it was taken back.
    pub revoked_at: Option<Timestamp>,
}

/// An act that waits for the yes of a second person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// Its id.
    pub id: String,
    /// The method of the request.
    pub method: String,
    /// Its path and query.
    pub path: String,
    /// The SHA-256 of its body.
    pub body: Sha256,
    /// The act in words.
    pub words: String,
    /// Any of these scopes is needed for the act, and to approve it.
    pub needs: Vec<String>,
    /// By what whoever asked was known.
    pub asked_by: String,
    /// The person who asked.
    pub asked_person: String,
    /// When.
    pub asked_at: Timestamp,
    /// From then on nobody can approve or carry it out.
    pub expires_at: Timestamp,
    /// What a second person said.
    pub verdict: Option<Verdict>,
    /// When it was carried out.
    pub used_at: Option<Timestamp>,
    /// The status that was answered when it was carried out.
    pub outcome: Option<u16>,
}

/// What a second person said of an act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Yes or no.
    pub approved: bool,
    /// By what they were known.
    pub by: String,
    /// The person.
    pub person: String,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: Option<String>,
}
