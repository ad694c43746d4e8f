//! Held credentials are looked after: issuers are asked how far requests are and whether what they
//! gave still counts, and what ends soon is asked for anew. Nothing here is shown to anybody.

use std::time::Duration;

use causeway_dcp::did::Did;
use causeway_store::records::{CredentialRequestEntry, HeldCredential};
use causeway_store::{ChangeSet, CommitError, EventKind, NewEvent, Page, Put, Stored};
use causeway_types::limits::{CREDENTIAL_REQUESTS_READ_MAX, HELD_CREDENTIALS_READ_MAX};
use causeway_types::{CredentialObjectId, Problem, ProblemCode, Timestamp};

use super::holder::Standing;
use super::requests::NewCredentialRequest;
use super::shown::read_verified;
use crate::commit::{Remember, commit_failed};
use crate::{Node, read_failed};

/// How often it is looked whether there is anything to do.
const EVERY: Duration = Duration::from_secs(15);
/// How often an issuer is asked whether a credential still counts.
const STATUS_MILLIS: u64 = 15 * 60_000;
/// A credential that counts for less than this is brought by its issuer, not asked for.
const RENEWED_MICROS_MIN: u64 = 3_600 * 1_000_000;
/// How long after a renewal that came to nothing it is tried again.
const AGAIN_MILLIS: u64 = 3_600_000;

/// Looks after what we hold, until the node stops.
pub(crate) async fn watch(node: Node) {
    if node.own_did().is_none() {
        return;
    }
    loop {
        if let Err(problem) = node.tend_credentials().await {
            tracing::warn!(%problem, "could not look after the credentials of this node");
        }
        if !node.wait(EVERY, node.stopping()).await {
            return;
        }
    }
}

impl Node {
    /// Looks once after what we hold and what we asked for.
    pub async fn tend_credentials(&self) -> Result<(), Problem> {
        let page = Page { after: None, limit: CREDENTIAL_REQUESTS_READ_MAX };
        let requests =
            causeway_store::list::<CredentialRequestEntry>(self.store(), None, page).await;
        let requests = requests.map_err(read_failed)?;
        let open = requests.iter().filter(|stored| stored.value.state.is_open()).cloned();
        self.ask_after_requests(open.collect()).await?;
        let page = Page { after: None, limit: HELD_CREDENTIALS_READ_MAX };
        let held = causeway_store::list::<HeldCredential>(self.store(), None, page).await;
        for stored in held.map_err(read_failed)? {
            if is_renewed_now(&stored.value, &requests, self.now()) {
                let id = &stored.value.id;
                match self.renew_credential(id, None).await {
                    Ok(request) => {
                        tracing::info!(credential = %id, request = %request.id, "asked for anew");
                    }
                    Err(problem) => {
                        tracing::warn!(credential = %id, %problem, "could not be asked for anew");
                    }
                }
            }
            self.check_standing(stored).await?;
        }
        Ok(())
    }

    /// Asks its issuer for a credential anew. The one that is held stays until then.
    pub async fn renew_credential(
        &self,
        id: &str,
        remember: Remember<CredentialRequestEntry>,
    ) -> Result<CredentialRequestEntry, Problem> {
        let held = self.held_credential(id).await?.value;
        let issuer = Did::parse(held.issuer.as_str());
        let issuer = issuer.map_err(|e| Problem::new(ProblemCode::Internal, e.to_string()))?;
        let object = match &held.object {
            Some(object) => object.clone(),
            None => self.object_of(&issuer, &held).await?,
        };
        let renews = Some(held.id);
        let new = NewCredentialRequest { issuer, names: vec![object], id: None, renews };
        self.request_credentials(new, remember).await
    }

    /// What its issuer calls a credential that came with others, or unasked.
    async fn object_of(
        &self,
        issuer: &Did,
        held: &HeldCredential,
    ) -> Result<CredentialObjectId, Problem> {
        let metadata = self.metadata_of(issuer).await?;
        let of_type = metadata.supported.iter().filter(|object| {
            object.credential_type.as_ref().is_some_and(|name| held.types.contains(name))
        });
        let is_alike = |profile: &Option<String>| {
            profile.as_deref().is_none_or(|profile| profile == held.profile)
        };
        let found = of_type.clone().find(|object| is_alike(&object.profile));
        let found = found.or_else(|| of_type.clone().next());
        found.map(|object| object.id.clone()).ok_or_else(|| {
            let names: Vec<&str> = held.types.iter().map(AsRef::as_ref).collect();
            let text = format!("{issuer} says that it issues no {}", names.join(" "));
            Problem::new(ProblemCode::PeerRefused, text)
        })
    }

    /// Asks whether a credential still counts, if that was not asked for a while.
    async fn check_standing(&self, stored: Stored<HeldCredential>) -> Result<(), Problem> {
        let Stored { value: mut held, version, .. } = stored;
        let now = self.now();
        let is_fresh = held.checked_at.is_some_and(|at| at.plus_millis(STATUS_MILLIS) > now);
        let Some(read) = read_verified(&held.signed.0).filter(|read| {
            !is_fresh && held.revoked_at.is_none() && !read.credential.status.is_empty()
        }) else {
            return Ok(());
        };
        let mut events = Vec::new();
        match self.standing(&read.credential).await {
            Standing::Counts => {}
            // What is not known now is asked again at the next look.
            Standing::Unlisted(_) | Standing::Unknown => return Ok(()),
            Standing::TakenBack(reason) => {
                held.revoked_at = Some(now);
                let names: Vec<&str> = held.types.iter().map(AsRef::as_ref).collect();
                let text = format!(
                    "the {} of {} counts no more, so it is shown to nobody: {reason}",
                    names.join(" "),
                    held.issuer
                );
                let (kind, subject) = (EventKind::CredentialTrouble, held.id.clone());
                events.push(NewEvent { at: now, kind, process: None, subject, text });
            }
        }
        held.checked_at = Some(now);
        let puts = vec![Put::of(&held, Some(version))];
        let changes = ChangeSet { puts, events, ..ChangeSet::default() };
        match self.commit(changes).await {
            // A newer one took its place.
            Ok(()) | Err(CommitError::Conflict { .. }) => Ok(()),
            Err(error) => Err(commit_failed(error)),
        }
    }
}

/// Whether a credential is asked for anew by itself: what we once asked for and ends soon, unless
/// that was just tried. Each has a time of its own between seven and eight tenths of its life, so
/// that an issuer that gave many on one day is not asked for all of them at once.
fn is_renewed_now(
    held: &HeldCredential,
    requests: &[Stored<CredentialRequestEntry>],
    now: Timestamp,
) -> bool {
    let Some(until) = held.valid_until.filter(|_| held.revoked_at.is_none()) else { return false };
    let life = until.micros_since(held.valid_from);
    if life < RENEWED_MICROS_MIN || until <= now {
        return false;
    }
    let chance = u64::from_str_radix(held.id.get(..4).unwrap_or_default(), 16).unwrap_or(0);
    // 0.7 of the life, and up to 0.1 more.
    let share = 700_000 + chance * 100_000 / 0xffff;
    let due_after = (u128::from(life) * u128::from(share) / 1_000_000) as u64;
    if now.micros_since(held.valid_from) < due_after {
        return false;
    }
    let of_issuer = || requests.iter().map(|r| &r.value).filter(|r| r.issuer == held.issuer);
    let is_tried = |request: &CredentialRequestEntry| {
        request.renews.as_ref() == Some(&held.id)
            && (request.state.is_open() || request.created_at.plus_millis(AGAIN_MILLIS) > now)
    };
    of_issuer().next().is_some() && !of_issuer().any(is_tried)
}

#[cfg(test)]
mod tests {
    use causeway_store::Version;
    use causeway_store::records::{RequestState, SignedCredential};
    use causeway_types::ParticipantId;

    use super::*;

    const DAY: u64 = 86_400;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::EPOCH.plus_millis(seconds * 1_000)
    }

    fn held(id: &str, until: Option<u64>) -> HeldCredential {
        HeldCredential {
            id: id.to_owned(),
            credential_id: None,
            issuer: ParticipantId::parse("did:web:issuer.example").unwrap(),
            types: Vec::new(),
            profile: String::new(),
            signed: SignedCredential(String::new()),
            valid_from: at(0),
            valid_until: until.map(at),
            received_at: at(0),
            object: None,
            checked_at: None,
            revoked_at: None,
        }
    }

    fn request(
        state: RequestState,
        renews: Option<&str>,
        created: u64,
    ) -> Stored<CredentialRequestEntry> {
        let value = CredentialRequestEntry {
            id: "urn:uuid:1".parse().unwrap(),
            issuer: ParticipantId::parse("did:web:issuer.example").unwrap(),
            objects: Vec::new(),
            state,
            issuer_pid: None,
            status_url: None,
            reason: None,
            renews: renews.map(str::to_owned),
            created_at: at(created),
            updated_at: at(created),
            checked_at: None,
        };
        Stored { value, version: Version(1), sequence: 1 }
    }

    #[test]
    fn what_ends_soon_is_asked_for_once_in_a_time_of_its_own() {
        let first = request(RequestState::Issued, None, 0);
        let check = |id: &str, until, requests: &[_], now, expected| {
            assert_eq!(is_renewed_now(&held(id, until), requests, at(now)), expected, "{id} {now}");
        };
        let (end, asked) = (Some(100 * DAY), std::slice::from_ref(&first));
        check("0000", end, asked, 70 * DAY - 1, false);
        check("0000", end, asked, 70 * DAY, true);
        check("ffff", end, asked, 80 * DAY - 1, false);
        check("ffff", end, asked, 80 * DAY, true);
        check("0000", end, asked, 100 * DAY, false);
        check("0000", None, asked, 70 * DAY, false);
        check("0000", Some(3_000), asked, 2_900, false);
        // Nothing is asked of an issuer that only ever brought something unasked.
        check("0000", end, &[], 70 * DAY, false);
        let open = request(RequestState::Requested, Some("0000"), 70 * DAY);
        check("0000", end, &[first.clone(), open], 90 * DAY, false);
        let refused = request(RequestState::Rejected, Some("0000"), 70 * DAY);
        check("0000", end, &[first.clone(), refused.clone()], 70 * DAY + 3_599, false);
        check("0000", end, &[first.clone(), refused.clone()], 70 * DAY + 3_600, true);
        check("0001", end, &[first.clone(), refused], 71 * DAY, true);
    }

    #[test]
    fn what_was_taken_back_is_not_asked_for_anew() {
        let first = request(RequestState::Issued, None, 0);
        let mut held = held("0000", Some(100 * DAY));
        held.revoked_at = Some(at(1));
        assert!(!is_renewed_now(&held, &[first], at(90 * DAY)));
    }
}
