//! Messages to holders: where they go, and what becomes of them. When they are tried again is in
//! `deliver`.

use causeway_dcp::did::Did;
use causeway_dcp::issuance::{self, Effect, Input};
use causeway_dcp::message::CredentialOffer;
use causeway_store::records::IssuanceEntry;
use causeway_store::{
    ChangeSet, CommitError, EventKind, NewEvent, NewMessage, OutboxRow, OutboxSubject, Put, Settle,
    Stored,
};
use causeway_types::limits::CLAIMS_MESSAGE_BYTES_MAX;
use causeway_types::{
    CredentialObjectId, MessageId, ParticipantId, Problem, ProblemCode, ProcessId,
};

use super::{named, refused, request_status, told};
use crate::Node;
use crate::clock::Mint;
use crate::commit::{CONFLICTS_MAX, commit_failed};
use crate::egress::Purpose;
use crate::identity::no_token;
use crate::negotiate::busy;
use crate::transport::{Answer, Outgoing, TransportError};

/// The service of a holder, as its DID document names it.
const SERVICE: &str = "CredentialService";

impl Node {
    /// Offers credentials to a holder, who may then ask for them.
    pub async fn offer_credentials(
        &self,
        holder: &Did,
        objects: &[CredentialObjectId],
    ) -> Result<MessageId, Problem> {
        let holder = ParticipantId::parse(holder.as_str()).map_err(refused)?;
        let definitions = self.definitions_of(objects).await?.into_iter();
        let credentials = definitions.map(|known| Ok(self.supported(known)?.object()));
        let credentials = credentials.collect::<Result<Vec<_>, Problem>>()?;
        let offer = CredentialOffer { issuer: self.issuing_did()?.clone(), credentials };
        let url = self.service_of(&holder, "/offers").await?;
        let process = self.mint().process();
        let row = NewMessage {
            subject: OutboxSubject::CredentialOffer,
            kind: "CredentialOfferMessage".to_owned(),
            ..message(process.clone(), &holder, url, offer.write(), self.mint())?
        };
        let id = row.message_id.clone();
        let event = NewEvent {
            at: self.now(),
            kind: EventKind::CredentialOffered,
            process: Some(process),
            subject: id.to_string(),
            text: format!("{} is offered to {holder}", named(objects)),
        };
        let (outbox, events) = (vec![row], vec![event]);
        let changes = ChangeSet { outbox, events, ..ChangeSet::default() };
        self.commit(changes).await.map_err(commit_failed)?;
        Ok(id)
    }

    /// Where a holder takes credentials.
    pub(super) async fn credential_service_of(
        &self,
        holder: &ParticipantId,
    ) -> Result<String, Problem> {
        self.service_of(holder, "/credentials").await
    }

    async fn service_of(&self, holder: &ParticipantId, path: &str) -> Result<String, Problem> {
        let did = Did::parse(holder.as_str()).map_err(refused)?;
        let document = self.resolve(&did).await.map_err(|error| {
            let text = format!("find the {SERVICE} of {holder}: {error}");
            Problem::new(ProblemCode::PeerUnreachable, text)
        })?;
        let service = document.service(SERVICE).ok_or_else(|| {
            let text = format!("the did document of {holder} names no {SERVICE}");
            Problem::new(ProblemCode::BadRequest, text)
                .hint("credentials are brought to the service that the document names")
        })?;
        Ok(service.url(path))
    }

    /// Sends one message about credentials, with a token that says who we are and gives no access
    /// to anything.
    pub(crate) async fn send_about_credentials(
        &self,
        row: &OutboxRow,
    ) -> Result<Answer, TransportError> {
        let made = async { self.sign_token(&self.audience(&row.peer).await?, None).await };
        let token = made.await.map_err(|error| no_token(&row.peer, &error))?;
        let timeout = self.0.settings.retry.answer_timeout;
        let request = Outgoing {
            authorization: Some(format!("Bearer {token}")),
            body: Some(row.body.clone().into()),
            ..Outgoing::to(Purpose::CredentialService, row.url.clone(), timeout)
        };
        self.0.transport.send(request).await
    }

    /// A message of ours as an issuer reached the holder, or will not.
    pub(crate) async fn issuance_told(
        &self,
        row: &OutboxRow,
        failure: Option<String>,
    ) -> Result<(), Problem> {
        for _ in 0..CONFLICTS_MAX {
            let mut changes = ChangeSet::default();
            changes.settle.push(Settle::Done { id: row.id });
            match (self.stored::<IssuanceEntry>(row.process.as_str()).await?, &failure) {
                (Some(stored), failure) => self.note(stored, failure.clone(), &mut changes)?,
                // An offer is not recorded, so only what went wrong is told.
                (None, Some(reason)) => changes.events.push(NewEvent {
                    at: self.now(),
                    kind: EventKind::CredentialTrouble,
                    process: Some(row.process.clone()),
                    subject: "delivery".to_owned(),
                    text: format!("{} did not take the {}: {reason}", row.peer, row.kind),
                }),
                (None, None) => {}
            }
            match self.commit(changes).await {
                Ok(()) => return Ok(()),
                Err(CommitError::Conflict { .. }) => {}
                Err(error) => return Err(commit_failed(error)),
            }
        }
        Err(busy())
    }

    fn note(
        &self,
        stored: Stored<IssuanceEntry>,
        failure: Option<String>,
        changes: &mut ChangeSet,
    ) -> Result<(), Problem> {
        let Stored { value: mut entry, version, .. } = stored;
        let input = if failure.is_none() { Input::Delivered } else { Input::Undelivered };
        let (_, effect) = issuance::step(request_status(entry.state), input)
            .map_err(|illegal| Problem::new(ProblemCode::IllegalState, illegal.to_string()))?;
        entry.updated_at = self.now();
        match effect {
            Effect::RecordDelivery => entry.delivered_at = Some(entry.updated_at),
            _ => {
                let reason = failure.unwrap_or_default();
                let text = format!("{} did not take what it was sent: {reason}", entry.holder);
                changes.events.push(told(EventKind::CredentialTrouble, &entry, text.clone()));
                entry.reason = Some(text);
            }
        }
        changes.puts.push(Put::of(&entry, Some(version)));
        Ok(())
    }
}

/// A message for the outbox.
pub(super) fn message(
    process: ProcessId,
    holder: &ParticipantId,
    url: String,
    body: String,
    mint: Mint<'_>,
) -> Result<NewMessage, Problem> {
    let found = body.len();
    if found > CLAIMS_MESSAGE_BYTES_MAX {
        let limit = CLAIMS_MESSAGE_BYTES_MAX;
        let text = format!("the message for {holder} has {found} bytes, expected at most {limit}");
        return Err(Problem::new(ProblemCode::TooLarge, text).hint("ask for fewer at a time"));
    }
    Ok(NewMessage {
        process,
        subject: OutboxSubject::Issuance,
        peer: holder.clone(),
        message_id: mint.message(),
        kind: "CredentialMessage".to_owned(),
        url,
        body: body.into_bytes(),
        not_before: mint.now,
    })
}
