//! What we show of ourselves: credentials that somebody asked for, that an access token of ours
//! grants, and that count now, as presentations to that party alone.

use causeway_dcp::credential::Profile;
use causeway_dcp::did::Did;
use causeway_dcp::presentation::NewPresentation;
use causeway_dcp::scope::{Scope, both_grant};
use causeway_keys::Purpose;
use causeway_store::Page;
use causeway_store::records::HeldCredential;
use causeway_types::Timestamp;
use causeway_types::limits::{
    CREDENTIAL_TEXT_BYTES_MAX, HELD_CREDENTIALS_READ_MAX, PRESENTATION_CREDENTIALS_MAX,
};

use super::IdentityError;
use super::documents::unwritten;
use super::shown::read_verified;
use crate::{Node, read_failed};

/// How long a presentation may be looked at.
const PRESENTATION_SECONDS: u64 = 300;
/// Most bytes of credentials in one presentation: in its own text each takes half as much again.
const CREDENTIALS_BYTES_MAX: usize = CREDENTIAL_TEXT_BYTES_MAX / 2;

impl Node {
    /// Whether a query is refused because it asks for more than was granted.
    pub fn refuses_query(&self, asked: &[Scope], granted: &[Scope]) -> bool {
        self.0.settings.dcp.dialect.refuses(asked, granted)
    }

    /// Presentations to a verifier of what it asked for, as far as that was granted to it: one for
    /// each data model, and none if there is nothing to show.
    pub async fn present(
        &self,
        verifier: &Did,
        asked: &[Scope],
        granted: &[Scope],
    ) -> Result<Vec<String>, IdentityError> {
        let own = self.own_did().ok_or(IdentityError::Unknown)?;
        let now = self.now();
        let page = Page { after: None, limit: HELD_CREDENTIALS_READ_MAX };
        let held = causeway_store::list::<HeldCredential>(self.store(), None, page).await;
        let held = held.map_err(|error| unwritten(&read_failed(error)))?;
        let shown: Vec<(Profile, String)> = held
            .into_iter()
            .map(|stored| stored.value)
            .filter(|held| is_shown(held, asked, granted, now))
            .filter_map(|held| Some((Profile::parse(&held.profile)?, held.signed.0)))
            .take(PRESENTATION_CREDENTIALS_MAX)
            .collect();
        let mut presentations = Vec::new();
        for profile in Profile::ALL {
            let mut bytes = 0;
            let fits = |text: &&String| {
                bytes += text.len();
                bytes <= CREDENTIALS_BYTES_MAX
            };
            let of_profile = shown.iter().filter(|(of, _)| *of == profile).map(|(_, text)| text);
            let credentials: Vec<String> = of_profile.take_while(fits).cloned().collect();
            if credentials.is_empty() {
                continue;
            }
            let id = self.mint().message().to_string();
            let presentation = NewPresentation {
                holder: own,
                verifier,
                id: &id,
                now,
                seconds: PRESENTATION_SECONDS,
                profile,
                credentials: &credentials,
            };
            let signed = self
                .sign(Purpose::Identity, |key, algorithm| presentation.unsigned(key, algorithm))
                .await?;
            presentations.push(signed);
        }
        Ok(presentations)
    }
}

/// Whether a credential was asked for, is granted, and counts now.
fn is_shown(held: &HeldCredential, asked: &[Scope], granted: &[Scope], now: Timestamp) -> bool {
    let types: Vec<&str> = held.types.iter().map(AsRef::as_ref).collect();
    held.revoked_at.is_none()
        && both_grant(asked, granted, &types, held.credential_id.as_deref())
        && read_verified(&held.signed.0).is_some_and(|read| read.credential.check_time(now).is_ok())
}

#[cfg(test)]
mod tests {
    use causeway_dcp::credential::Credential;
    use causeway_dcp::testing::TestKey;
    use causeway_store::records::SignedCredential;
    use causeway_types::{CredentialType, ParticipantId};

    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::EPOCH.plus_millis(seconds * 1_000)
    }

    fn held(revoked_at: Option<Timestamp>) -> HeldCredential {
        let key = TestKey::new("did:web:issuer.example");
        let credential = Credential {
            id: Some("urn:uuid:1".to_owned()),
            issuer: key.did().clone(),
            subject: "did:web:holder.example".to_owned(),
            types: vec!["VerifiableCredential".to_owned(), "MembershipCredential".to_owned()],
            claims: serde_json::Map::new(),
            valid_from: at(100),
            valid_until: Some(at(200)),
            status: Vec::new(),
            schemas: Vec::new(),
            profile: Profile::Vc11,
        };
        HeldCredential {
            id: "1".to_owned(),
            credential_id: credential.id.clone(),
            issuer: ParticipantId::parse("did:web:issuer.example").unwrap(),
            types: vec![CredentialType::parse("MembershipCredential").unwrap()],
            profile: Profile::Vc11.name().to_owned(),
            signed: SignedCredential(key.finish(credential.unsigned(key.id(), key.algorithm()))),
            valid_from: at(100),
            valid_until: Some(at(200)),
            received_at: at(100),
            object: None,
            checked_at: None,
            revoked_at,
        }
    }

    #[test]
    fn only_what_is_asked_granted_and_counts_now_is_shown() {
        let scopes = |text: &str| Scope::parse_all(text);
        let membership = scopes("org.eclipse.dspace.dcp.vc.type:MembershipCredential:read");
        let other = scopes("org.eclipse.dspace.dcp.vc.type:SensitiveDataCredential:read");
        let every = scopes("org.eclipse.dspace.dcp.vc.type:VerifiableCredential:read");
        let by_id = scopes("org.eclipse.dspace.dcp.vc.id:urn:uuid:1:read");
        let check = |held: &HeldCredential, asked: &[Scope], granted: &[Scope], now, expected| {
            assert_eq!(is_shown(held, asked, granted, at(now)), expected, "{asked:?} {granted:?}");
        };
        let fresh = held(None);
        check(&fresh, &membership, &membership, 150, true);
        check(&fresh, &by_id, &membership, 150, true);
        check(&fresh, &membership, &other, 150, false);
        check(&fresh, &other, &membership, 150, false);
        check(&fresh, &membership, &[], 150, false);
        check(&fresh, &every, &every, 150, false);
        check(&fresh, &membership, &membership, 90, false);
        check(&fresh, &membership, &membership, 200, false);
        check(&held(Some(at(120))), &membership, &membership, 150, false);
    }
}
