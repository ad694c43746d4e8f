//! Samples of what a holder and an issuer remember.

use causeway_types::{CredentialObjectId, CredentialType, HolderPid, IssuerPid, Role};
use serde_json::json;

use super::{at, participant};
use crate::records::{
    CredentialOfferEntry, CredentialRequestEntry, DefinitionEntry, HeldCredential, IssuanceEntry,
    IssuanceState, IssueRule, IssuedEntry, RequestState, SignedCredential, StatusListEntry,
};

fn object(name: &str) -> CredentialObjectId {
    CredentialObjectId::parse(name).unwrap()
}

fn membership() -> CredentialType {
    CredentialType::parse("MembershipCredential").unwrap()
}

/// A credential with nothing optional, and one with everything.
pub fn held_credentials() -> Vec<HeldCredential> {
    let plain = HeldCredential {
        id: "held-1".to_owned(),
        credential_id: None,
        issuer: participant(Role::Provider),
        types: vec![membership()],
        profile: "vc11-sl2021/jwt".to_owned(),
        signed: SignedCredential("head.body.signature".to_owned()),
        valid_from: at(0),
        valid_until: None,
        received_at: at(9),
        object: None,
        checked_at: None,
        revoked_at: None,
    };
    let full = HeldCredential {
        id: "held-2".to_owned(),
        credential_id: Some("urn:uuid:credential".to_owned()),
        valid_until: Some(at(3600)),
        object: Some(object("membership")),
        checked_at: Some(at(60)),
        revoked_at: Some(at(61)),
        ..plain.clone()
    };
    vec![plain, full]
}

/// A request in every state.
pub fn credential_requests() -> Vec<CredentialRequestEntry> {
    let fresh = CredentialRequestEntry {
        id: HolderPid::parse("urn:uuid:request-1").unwrap(),
        issuer: participant(Role::Provider),
        objects: vec![object("membership")],
        state: RequestState::Created,
        issuer_pid: None,
        status_url: None,
        reason: None,
        renews: None,
        created_at: at(0),
        updated_at: at(0),
        checked_at: None,
    };
    let known = CredentialRequestEntry {
        state: RequestState::Received,
        issuer_pid: Some(IssuerPid::parse("urn:uuid:issuance-1").unwrap()),
        status_url: Some("https://provider.example/issuer/requests/1".to_owned()),
        renews: Some("held-1".to_owned()),
        checked_at: Some(at(9)),
        ..fresh.clone()
    };
    let rejected = CredentialRequestEntry {
        state: RequestState::Rejected,
        reason: Some("not a member \"yet\"".to_owned()),
        ..known.clone()
    };
    let other = |state| CredentialRequestEntry { state, ..fresh.clone() };
    vec![
        fresh.clone(),
        known,
        rejected,
        other(RequestState::Requested),
        other(RequestState::Issued),
    ]
}

/// Offers of an issuer.
pub fn credential_offers() -> Vec<CredentialOfferEntry> {
    let plain = CredentialOfferEntry {
        id: "offer-1".to_owned(),
        issuer: participant(Role::Provider),
        objects: vec![object("membership"), object("sensitive")],
        reason: None,
        received_at: at(5),
    };
    let reason = Some("renewal".to_owned());
    vec![plain.clone(), CredentialOfferEntry { id: "offer-2".to_owned(), reason, ..plain }]
}

/// What is issued to whoever asks, and what a person decides.
pub fn definitions() -> Vec<DefinitionEntry> {
    let plain = DefinitionEntry {
        id: object("membership"),
        credential_type: membership(),
        profile: "vc11-sl2021/jwt".to_owned(),
        valid_days: 90,
        rule: IssueRule::Hold,
        claims: serde_json::Map::new(),
        schema: None,
        offer_reason: None,
        created_at: at(0),
        updated_at: at(1),
    };
    let claims = json!({ "membershipType": "full", "since": { "year": 2026, "day": [1, null] } });
    let full = DefinitionEntry {
        profile: "vc20-bssl/jwt".to_owned(),
        rule: IssueRule::Auto,
        claims: claims.as_object().unwrap().clone(),
        schema: Some("https://provider.example/schema.json".to_owned()),
        offer_reason: Some("加入".to_owned()),
        ..plain.clone()
    };
    vec![plain, full]
}

/// An issuance in every state.
pub fn issuances() -> Vec<IssuanceEntry> {
    let received = IssuanceEntry {
        id: IssuerPid::parse("urn:uuid:issuance-1").unwrap(),
        holder: participant(Role::Consumer),
        holder_pid: HolderPid::parse("any-text-of-theirs").unwrap(),
        objects: vec![object("membership")],
        state: IssuanceState::Received,
        reason: None,
        delivered_at: None,
        created_at: at(0),
        updated_at: at(0),
    };
    let issued = IssuanceEntry {
        state: IssuanceState::Issued,
        delivered_at: Some(at(3)),
        ..received.clone()
    };
    let reason = Some("no such member".to_owned());
    let rejected = IssuanceEntry { state: IssuanceState::Rejected, reason, ..received.clone() };
    vec![received, issued, rejected]
}

/// A credential that counts, and one that was taken back.
pub fn issued_credentials() -> Vec<IssuedEntry> {
    let plain = IssuedEntry {
        id: "urn:uuid:credential-1".to_owned(),
        holder: participant(Role::Consumer),
        definition: object("membership"),
        credential_type: membership(),
        profile: "vc11-sl2021/jwt".to_owned(),
        issuance: IssuerPid::parse("urn:uuid:issuance-1").unwrap(),
        list: "vc11-1".to_owned(),
        index: 7,
        issued_at: at(1),
        expires_at: at(3600),
        revoked_at: None,
        revoked_because: None,
    };
    let revoked = IssuedEntry {
        revoked_at: Some(at(60)),
        revoked_because: Some("left".to_owned()),
        ..plain.clone()
    };
    vec![plain, revoked]
}

/// A status list.
pub fn status_list() -> StatusListEntry {
    StatusListEntry {
        id: "vc11-1".to_owned(),
        profile: "vc11-sl2021/jwt".to_owned(),
        size: 131_072,
        next: 8,
        revoked: vec![3, 7],
        updated_at: at(60),
    }
}

/// One with places that were taken back, and a fresh one.
pub fn status_lists() -> Vec<StatusListEntry> {
    vec![status_list(), StatusListEntry { next: 0, revoked: vec![], ..status_list() }]
}
