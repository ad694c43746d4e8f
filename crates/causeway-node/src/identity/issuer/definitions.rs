//! What an issuer issues: definitions by name, and how they are told to others.

use causeway_dcp::credential::Profile;
use causeway_dcp::message::{IssuerMetadata, Situation};
use causeway_dcp::metadata::{Supported, check_claims, check_complete, metadata};
use causeway_dcp::types;
use causeway_store::records::{DefinitionEntry, IssueRule};
use causeway_store::{ChangeSet, CommitError, Page, Put, RecordKind, Stored};
use causeway_types::limits::{
    CREDENTIAL_DEFINITIONS_MAX, CREDENTIAL_VALIDITY_DAYS_MAX, MESSAGE_CREDENTIALS_MAX,
    REASON_BYTES_MAX, URL_BYTES_MAX,
};
use causeway_types::{CredentialObjectId, CredentialType, Problem, ProblemCode};
use serde_json::{Map, Value};

use super::{profile_of, refused};
use crate::commit::{CONFLICTS_MAX, commit_failed};
use crate::negotiate::busy;
use crate::settings::ISSUER_SERVICE_PATH;
use crate::{Node, read_failed};

/// A definition as a person writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDefinition {
    /// The name by which it is asked for; one that is there is replaced.
    pub id: CredentialObjectId,
    /// The type of the credential.
    pub credential_type: CredentialType,
    /// The data model.
    pub profile: Profile,
    /// How long it counts, in days.
    pub valid_days: u32,
    /// What becomes of a request.
    pub rule: IssueRule,
    /// What is claimed of every holder.
    pub claims: Map<String, Value>,
    /// Where the schema of its claims is; ours, for a type that is known here.
    pub schema: Option<String>,
    /// Why it is offered, for people.
    pub offer_reason: Option<String>,
}

impl NewDefinition {
    fn check(&self) -> Result<(), Problem> {
        let days = self.valid_days;
        if !(1..=CREDENTIAL_VALIDITY_DAYS_MAX).contains(&days) {
            let limit = CREDENTIAL_VALIDITY_DAYS_MAX;
            return Err(refused(format!("valid_days: found {days}, expected 1 to {limit}")));
        }
        let texts = [
            ("credential_schema", &self.schema, URL_BYTES_MAX),
            ("offer_reason", &self.offer_reason, REASON_BYTES_MAX),
        ];
        for (name, text, limit) in texts {
            let found = text.as_ref().map_or(0, String::len);
            if found > limit {
                return Err(refused(format!("{name}: found {found} bytes, expected <= {limit}")));
            }
        }
        match self.rule {
            IssueRule::Hold => check_claims(&self.credential_type, &self.claims),
            // Nobody is there who could add what is missing.
            IssueRule::Auto => check_complete(&self.credential_type, &self.claims),
        }
        .map_err(refused)
    }
}

impl Node {
    /// Defines what is issued under a name from now on.
    pub async fn define_credential(&self, new: NewDefinition) -> Result<DefinitionEntry, Problem> {
        self.issuing_did()?;
        new.check()?;
        for _ in 0..CONFLICTS_MAX {
            let known = self.stored::<DefinitionEntry>(new.id.as_str()).await?;
            if known.is_none() && self.definitions().await?.len() >= CREDENTIAL_DEFINITIONS_MAX {
                let text = format!("there are {CREDENTIAL_DEFINITIONS_MAX} definitions already");
                return Err(Problem::new(ProblemCode::IllegalState, text)
                    .hint("withdraw one that is not needed any more"));
            }
            let (version, now) = (known.as_ref().map(|known| known.version), self.now());
            let entry = DefinitionEntry {
                id: new.id.clone(),
                credential_type: new.credential_type.clone(),
                profile: new.profile.name().to_owned(),
                valid_days: new.valid_days,
                rule: new.rule,
                claims: new.claims.clone(),
                schema: new.schema.clone(),
                offer_reason: new.offer_reason.clone(),
                created_at: known.map_or(now, |known| known.value.created_at),
                updated_at: now,
            };
            let puts = vec![Put::of(&entry, version)];
            match self.commit(ChangeSet { puts, ..ChangeSet::default() }).await {
                Ok(()) => return Ok(entry),
                Err(CommitError::Conflict { .. }) => {}
                Err(error) => return Err(commit_failed(error)),
            }
        }
        Err(busy())
    }

    /// Issues nothing under this name any more. What was issued stays as it is.
    pub async fn withdraw_definition(
        &self,
        id: &CredentialObjectId,
    ) -> Result<DefinitionEntry, Problem> {
        let found = self.stored::<DefinitionEntry>(id.as_str()).await?.ok_or_else(|| {
            Problem::new(ProblemCode::NotFound, format!("nothing is issued under the name {id}"))
        })?;
        let forget = vec![(RecordKind::CredentialDefinition, id.to_string())];
        let changes = ChangeSet { forget, ..ChangeSet::default() };
        self.commit(changes).await.map_err(commit_failed)?;
        Ok(found.value)
    }

    /// Everything that is issued here, newest first.
    pub async fn definitions(&self) -> Result<Vec<DefinitionEntry>, Problem> {
        let page = Page { after: None, limit: CREDENTIAL_DEFINITIONS_MAX };
        let found = causeway_store::list(self.store(), None, page).await.map_err(read_failed)?;
        Ok(found.into_iter().map(|stored| stored.value).collect())
    }

    /// What this node tells of itself as an issuer.
    pub async fn issuer_metadata(&self) -> Result<IssuerMetadata, Problem> {
        let issuer = self.issuing_did()?;
        let supported = self.definitions().await?.into_iter();
        let supported = supported.map(|definition| self.supported(definition));
        Ok(metadata(issuer, &supported.collect::<Result<Vec<_>, Problem>>()?))
    }

    /// What others are told of a definition. A type that is known here has a schema of ours.
    pub(super) fn supported(&self, definition: DefinitionEntry) -> Result<Supported, Problem> {
        let profile = profile_of(&definition)?;
        let known = types::credential_type(definition.credential_type.as_str());
        let ours = known.map(|known| self.schema_url(&known.name));
        Ok(Supported {
            id: definition.id,
            credential_type: definition.credential_type,
            profile,
            schema: definition.schema.or(ours),
            reason: definition.offer_reason,
        })
    }

    fn schema_url(&self, name: &str) -> String {
        self.0.settings.address.join(&format!("{ISSUER_SERVICE_PATH}/schemas/{name}"))
    }

    /// The schema of a type of credentials that is known here.
    pub fn credential_schema(&self, name: &str) -> Result<Value, Problem> {
        let known = types::credential_type(name);
        let schema = known.map(|known| known.json_schema(&self.schema_url(name)));
        schema.ok_or_else(|| Problem::new(ProblemCode::NotFound, "there is no such schema"))
    }

    /// What is issued under these names, all of which must be known.
    pub(super) async fn definitions_of(
        &self,
        objects: &[CredentialObjectId],
    ) -> Result<Vec<DefinitionEntry>, Problem> {
        self.issuing_did()?;
        if objects.is_empty() || objects.len() > MESSAGE_CREDENTIALS_MAX {
            let (found, limit) = (objects.len(), MESSAGE_CREDENTIALS_MAX);
            return Err(refused(format!("credentials: found {found}, expected 1 to {limit}")));
        }
        let mut definitions = Vec::with_capacity(objects.len());
        for object in objects {
            let found = self.stored::<DefinitionEntry>(object.as_str()).await?;
            let Stored { value, .. } = found.ok_or_else(|| {
                refused(Situation::CredentialUnknown.text())
                    .hint(format!("{object} is none of what the issuer's metadata lists"))
            })?;
            definitions.push(value);
        }
        Ok(definitions)
    }
}
