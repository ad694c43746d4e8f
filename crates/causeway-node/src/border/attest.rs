//! What people record of crossings: mechanisms that are in place, answers to questions. Recorded
//! facts never replace what is configured or declared: who disagrees with that changes it there.

use causeway_store::{
    Attestation, ChangeSet, CommitError, Duty, Entity, EventKind, NewEvent, Page, Put, Stored,
};
use causeway_types::limits::ATTESTATION_REFERENCE_BYTES_MAX;
use causeway_types::{
    AgreementId, AttestationId, DatasetId, ParticipantId, Problem, ProblemCode, StatedFacts,
    Timestamp,
};

use super::facts::read_facts;
use crate::commit::{CONFLICTS_MAX, Remember, commit_failed};
use crate::negotiate::busy;
use crate::{Node, read_failed};

/// Most open processes that are read at a time.
const PAGE: usize = 200;

/// What to record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAttestation {
    /// The other party of the crossings it is about.
    pub peer: ParticipantId,
    /// The dataset it is about; every dataset, if missing.
    pub dataset_id: Option<DatasetId>,
    /// What is stated.
    pub facts: StatedFacts,
    /// How it can be checked.
    pub reference: String,
    /// It counts from then on; at once, if missing.
    pub valid_from: Option<Timestamp>,
    /// It counts until then; until it is revoked, if missing.
    pub valid_until: Option<Timestamp>,
}

impl Node {
    /// Records what a person states, and asks again whatever waited for it.
    pub async fn attest(
        &self,
        new: NewAttestation,
        remember: Remember<Attestation>,
    ) -> Result<Attestation, Problem> {
        self.check_statement(&new)?;
        let mint = self.mint();
        let attestation = Attestation {
            id: mint.attestation(),
            peer: new.peer,
            dataset_id: new.dataset_id,
            facts: new.facts,
            reference: new.reference,
            valid_from: new.valid_from,
            valid_until: new.valid_until,
            recorded_at: mint.now,
            revoked_at: None,
        };
        let stated: Vec<String> =
            attestation.facts.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let text = format!(
            "recorded of {}: {} ({})",
            attestation.peer,
            stated.join(", "),
            attestation.reference
        );
        let changes = ChangeSet {
            puts: vec![Put {
                entity: Entity::Attestation(Box::new(attestation.clone())),
                expected: None,
            }],
            events: vec![told(&attestation.id, text, mint.now)],
            remember: remember.map(|remember| remember(&attestation)),
            ..ChangeSet::default()
        };
        self.commit(changes).await.map_err(commit_failed)?;
        self.reconsider(&attestation.peer).await;
        Ok(attestation)
    }

    /// Takes a record back. What rests on it is checked again at once.
    pub async fn revoke(&self, id: &AttestationId) -> Result<Attestation, Problem> {
        for _ in 0..CONFLICTS_MAX {
            let stored = self.0.store.attestation(id).await.map_err(read_failed)?;
            let Stored { value: mut attestation, version, .. } =
                stored.ok_or_else(|| no_attestation(id))?;
            if attestation.revoked_at.is_some() {
                return Ok(attestation);
            }
            let now = self.now();
            attestation.revoked_at = Some(now);
            let text = format!("taken back, of {}: {}", attestation.peer, attestation.reference);
            let entity = Entity::Attestation(Box::new(attestation.clone()));
            let changes = ChangeSet {
                puts: vec![Put { entity, expected: Some(version) }],
                events: vec![told(id, text, now)],
                ..ChangeSet::default()
            };
            match self.commit(changes).await {
                Ok(()) => {
                    if let Err(problem) = self.recheck().await {
                        tracing::warn!(%problem, "could not check live contracts again");
                    }
                    return Ok(attestation);
                }
                Err(CommitError::Conflict { .. }) => {}
                Err(error) => return Err(commit_failed(error)),
            }
        }
        Err(busy())
    }

    /// Records that a duty of an agreement was done.
    pub async fn duty_done(
        &self,
        agreement: &AgreementId,
        duty: &str,
        reference: &str,
    ) -> Result<causeway_store::AgreementEntry, Problem> {
        check_reference(reference)?;
        for _ in 0..CONFLICTS_MAX {
            let stored = self.0.store.agreement(agreement).await.map_err(read_failed)?;
            let Stored { value: mut entry, version, .. } = stored.ok_or_else(|| {
                Problem::new(ProblemCode::NotFound, format!("there is no agreement {agreement}"))
            })?;
            let now = self.now();
            let found = entry.duties.iter_mut().find(|known| known.id == duty);
            let Duty { text, done, .. } = found.ok_or_else(|| {
                let text = format!("agreement {agreement} has no duty {duty:?}");
                Problem::new(ProblemCode::NotFound, text)
            })?;
            *done = Some((now, reference.to_owned()));
            let event = NewEvent {
                at: now,
                kind: EventKind::DutyDone,
                process: Some(entry.negotiation.clone()),
                subject: duty.to_owned(),
                text: format!("done for {agreement}: {text} ({reference})"),
            };
            let entity = Entity::Agreement(Box::new(entry.clone()));
            let changes = ChangeSet {
                puts: vec![Put { entity, expected: Some(version) }],
                events: vec![event],
                ..ChangeSet::default()
            };
            match self.commit(changes).await {
                Ok(()) => return Ok(entry),
                Err(CommitError::Conflict { .. }) => {}
                Err(error) => return Err(commit_failed(error)),
            }
        }
        Err(busy())
    }

    fn check_statement(&self, new: &NewAttestation) -> Result<(), Problem> {
        let bad = |text: String| Problem::new(ProblemCode::BadRequest, text);
        check_reference(&new.reference)?;
        if new.facts.is_empty() {
            return Err(bad("the attestation states no fact".to_owned()));
        }
        read_facts(self.0.law.dictionary(), &new.facts).map_err(|error| {
            bad(error.to_string()).hint("the facts are listed by: causeway law facts")
        })?;
        if let (Some(from), Some(until)) = (new.valid_from, new.valid_until)
            && until <= from
        {
            return Err(bad(format!("it ends ({until}) before it begins ({from})")));
        }
        match new.valid_until.filter(|until| *until <= self.now()) {
            Some(until) => Err(bad(format!("it ended on {until}, so it would never count"))),
            None => Ok(()),
        }
    }

    /// Asks the open questions of a peer's processes again.
    async fn reconsider(&self, peer: &ParticipantId) {
        if let Err(problem) = self.ask_again(peer).await {
            tracing::warn!(%peer, %problem, "could not ask again what waits for a person");
        }
    }

    async fn ask_again(&self, peer: &ParticipantId) -> Result<(), Problem> {
        let mut page = Page { after: None, limit: PAGE };
        loop {
            let open = self.0.store.open_negotiations(page).await.map_err(read_failed)?;
            let Some(last) = open.last() else { break };
            page.after = Some(last.sequence);
            for entry in open.iter().map(|stored| &stored.value.negotiation) {
                if entry.peer == *peer && entry.question.is_some() {
                    self.ask_negotiation_again(&entry.id).await?;
                }
            }
        }
        page.after = None;
        loop {
            let open = self.0.store.open_transfers(page).await.map_err(read_failed)?;
            let Some(last) = open.last() else { return Ok(()) };
            page.after = Some(last.sequence);
            for entry in open.iter().map(|stored| &stored.value.transfer) {
                if entry.peer == *peer && entry.question.is_some() {
                    self.ask_transfer_again(&entry.id).await?;
                }
            }
        }
    }
}

fn check_reference(reference: &str) -> Result<(), Problem> {
    let length = reference.trim().len();
    if length > 0 && reference.len() <= ATTESTATION_REFERENCE_BYTES_MAX {
        return Ok(());
    }
    let text = format!(
        "the reference: found {} bytes, expected 1 to {ATTESTATION_REFERENCE_BYTES_MAX} that say \
         how it can be checked",
        reference.len()
    );
    Err(Problem::new(ProblemCode::BadRequest, text))
}

fn told(id: &AttestationId, text: String, now: Timestamp) -> NewEvent {
    let subject = id.to_string();
    NewEvent { at: now, kind: EventKind::LawAttested, process: None, subject, text }
}

fn no_attestation(id: &AttestationId) -> Problem {
    Problem::new(ProblemCode::NotFound, format!("there is no attestation {id}"))
}
