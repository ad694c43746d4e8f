//! Status lists of our own: places that are given away, and the signed list that everybody may look
//! at. Its address stays the same for as long as a credential on it counts.

use std::sync::Arc;

use causeway_dcp::credential::{Credential, Profile};
use causeway_dcp::status::{STATUS_BITS, StatusEntry, StatusForm, StatusList};
use causeway_keys::Purpose;
use causeway_store::records::{IssuedEntry, StatusListEntry};
use causeway_store::{Page, Put, RecordKind, Stored, Version};
use causeway_types::limits::STATUS_LISTS_SIGNED_MAX;
use causeway_types::{Problem, ProblemCode, Timestamp};
use serde_json::Value;

use super::{internal, unsigned};

use crate::settings::ISSUER_SERVICE_PATH;
use crate::{Node, read_failed};

/// What a set bit means.
const PURPOSE: &str = "revocation";
/// How long a signed list may be believed.
const VALID_MILLIS: u64 = 86_400_000;
/// How old a signed list becomes before it is signed anew.
const ANEW_MILLIS: u64 = 3_600_000;

/// A status list as everybody may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusDocument {
    /// The profile of the credentials on it.
    pub profile: Profile,
    /// The credential that carries the list, signed.
    pub signed: String,
    /// The same without a signature, as JSON, for readers that know nothing else.
    pub plain: String,
}

/// A list that was signed, with what it was made of.
pub(super) struct Signed {
    version: Version,
    made_at: Timestamp,
    document: Arc<StatusDocument>,
}

/// The lists of which places are given away in one commit.
#[derive(Default)]
pub(super) struct Lists(Vec<Open>);

struct Open {
    entry: StatusListEntry,
    version: Option<Version>,
    is_changed: bool,
}

impl Lists {
    fn take(&mut self, profile: Profile) -> Option<(String, u32)> {
        let mut of_profile = self.0.iter_mut().filter(|open| open.entry.profile == profile.name());
        of_profile.find_map(|open| {
            let place = open.entry.take()?;
            open.is_changed = true;
            Some((open.entry.id.clone(), place))
        })
    }

    fn count(&self, profile: Profile) -> usize {
        self.0.iter().filter(|open| open.entry.profile == profile.name()).count()
    }

    /// What is to be written of them.
    pub(super) fn puts(self, now: Timestamp) -> impl Iterator<Item = Put> {
        self.0.into_iter().filter(|open| open.is_changed).map(move |mut open| {
            open.entry.updated_at = now;
            Put::of(&open.entry, open.version)
        })
    }
}

impl Node {
    /// Gives away a place on the newest list of a profile, or on a new one. Only for who has the
    /// turn.
    pub(super) async fn take_place(
        &self,
        lists: &mut Lists,
        profile: Profile,
    ) -> Result<(String, u32), Problem> {
        if let Some(place) = lists.take(profile) {
            return Ok(place);
        }
        let is_first_look = lists.count(profile) == 0;
        if is_first_look {
            let page = Page { after: None, limit: 1 };
            let newest = causeway_store::list(self.store(), Some(profile.name()), page).await;
            for Stored { value: entry, version, .. } in newest.map_err(read_failed)? {
                let version = Some(version);
                lists.0.push(Open { entry, version, is_changed: false });
            }
            if let Some(place) = lists.take(profile) {
                return Ok(place);
            }
        }
        let stored = self.store().count_records(RecordKind::StatusList, profile.name()).await;
        let made_now = lists
            .0
            .iter()
            .filter(|open| open.version.is_none() && open.entry.profile == profile.name());
        let number = stored.map_err(read_failed)? + made_now.count() as u64 + 1;
        let entry = StatusListEntry {
            id: format!("{}-{number}", short(profile)),
            profile: profile.name().to_owned(),
            size: u32::try_from(STATUS_BITS).map_err(internal)?,
            next: 0,
            revoked: Vec::new(),
            updated_at: self.now(),
        };
        lists.0.push(Open { entry, version: None, is_changed: false });
        lists.take(profile).ok_or_else(|| internal("a new status list has no room"))
    }

    /// The list of a credential, as it is once the credential was taken back.
    pub(super) async fn revoked_on_list(
        &self,
        issued: &IssuedEntry,
        now: Timestamp,
    ) -> Result<Put, Problem> {
        let found = self.stored::<StatusListEntry>(&issued.list).await?;
        let missing = || internal(format!("the status list {} is gone", issued.list));
        let Stored { value: mut list, version, .. } = found.ok_or_else(missing)?;
        list.revoke(issued.index);
        list.updated_at = now;
        Ok(Put::of(&list, Some(version)))
    }

    /// Where it is written whether a credential was taken back.
    pub(super) fn status_entry(&self, profile: Profile, list: &str, index: u32) -> StatusEntry {
        StatusEntry {
            form: form_of(profile),
            purpose: PURPOSE.to_owned(),
            // A place is smaller than the size of a list, which is a usize.
            index: usize::try_from(index).unwrap_or(usize::MAX),
            list: self.list_url(list),
        }
    }

    fn list_url(&self, list: &str) -> String {
        self.0.settings.address.join(&format!("{ISSUER_SERVICE_PATH}/status/{list}"))
    }

    /// A status list, for everybody. It is signed again when it changed, and every hour.
    pub async fn issued_status_list(&self, id: &str) -> Result<Arc<StatusDocument>, Problem> {
        // Whoever asks for the same list at the same time waits for one signature.
        let mut signed = self.0.identity.issuer.signed.lock().await;
        let found = self.stored::<StatusListEntry>(id).await?;
        let missing = || Problem::new(ProblemCode::NotFound, "there is no such status list");
        let Stored { value: entry, version, .. } = found.ok_or_else(missing)?;
        let now = self.now();
        let known = signed.get(id).filter(|known| {
            known.version == version && now < known.made_at.plus_millis(ANEW_MILLIS)
        });
        if let Some(known) = known {
            return Ok(Arc::clone(&known.document));
        }
        let document = Arc::new(self.sign_list(&entry, now).await?);
        if signed.len() >= STATUS_LISTS_SIGNED_MAX {
            signed.clear();
        }
        let kept = Signed { version, made_at: now, document: Arc::clone(&document) };
        signed.insert(id.to_owned(), kept);
        Ok(document)
    }

    async fn sign_list(
        &self,
        entry: &StatusListEntry,
        now: Timestamp,
    ) -> Result<StatusDocument, Problem> {
        let unknown = || internal(format!("found the profile {:?} in a record", entry.profile));
        let profile = Profile::parse(&entry.profile).ok_or_else(unknown)?;
        let mut list = StatusList::empty(form_of(profile), PURPOSE);
        for place in &entry.revoked {
            list.set(usize::try_from(*place).map_err(internal)?).map_err(internal)?;
        }
        let url = self.list_url(&entry.id);
        let mut claims = list.to_subject(&url);
        let subject = match claims.remove("id") {
            Some(Value::String(subject)) => subject,
            _ => return Err(internal("a status list has no id")),
        };
        let credential = Credential {
            id: Some(url),
            issuer: self.issuing_did()?.clone(),
            subject,
            types: list.types(),
            claims,
            valid_from: now,
            valid_until: Some(now.plus_millis(VALID_MILLIS)),
            status: Vec::new(),
            schemas: Vec::new(),
            profile,
        };
        let build = |key: &_, algorithm| credential.unsigned(key, algorithm);
        let signed = self.sign(Purpose::Issuer, build).await.map_err(unsigned)?;
        let plain = Value::Object(credential.content()).to_string();
        Ok(StatusDocument { profile, signed, plain })
    }
}

fn form_of(profile: Profile) -> StatusForm {
    match profile {
        Profile::Vc11 => StatusForm::StatusList2021,
        Profile::Vc20 => StatusForm::Bitstring,
    }
}

/// The part of an address that stands for a profile.
fn short(profile: Profile) -> &'static str {
    match profile {
        Profile::Vc11 => "vc11",
        Profile::Vc20 => "vc20",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_list_gives_no_place_and_is_not_written() {
        let list = |id: &str, profile: Profile, next| Open {
            entry: StatusListEntry {
                id: id.to_owned(),
                profile: profile.name().to_owned(),
                size: 3,
                next,
                revoked: Vec::new(),
                updated_at: Timestamp::EPOCH,
            },
            version: None,
            is_changed: false,
        };
        let mut lists = Lists(vec![
            list("full", Profile::Vc11, 3),
            list("open", Profile::Vc11, 1),
            list("other", Profile::Vc20, 0),
        ]);
        assert_eq!(lists.take(Profile::Vc11), Some(("open".to_owned(), 1)));
        assert_eq!(lists.take(Profile::Vc11), Some(("open".to_owned(), 2)));
        assert_eq!(lists.take(Profile::Vc11), None);
        assert_eq!(lists.count(Profile::Vc11), 2);
        assert_eq!(lists.puts(Timestamp::EPOCH).count(), 1);
    }
}
