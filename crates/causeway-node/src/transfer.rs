//! Transfers: what peers send, what operators decide, what the data plane and the dispatcher
//! learn. The bytes themselves are moved by the plane and by `pulls`.

mod plan;

use causeway_dsp::transfer::{Body, DataAddress, Decision, Input, Message, State, Transfer};
use causeway_dsp::{Question, Reason};
use causeway_policy::Iri;
use causeway_store::{
    AgreementEntry, ChangeSet, CommitError, Outcome, Settle, Starts, Stored, TransferEntry, Version,
};
use causeway_types::{
    AgreementId, ParticipantId, Problem, ProblemCode, ProcessId, Role, Timestamp,
};

use crate::automation::{known::Known, permits};
use crate::border::{Checked, Crossed, Ground};
use crate::clock::Mint;
use crate::commit::{CONFLICTS_MAX, Remember, commit_failed};
use crate::negotiate::busy;
use crate::outcome::{Story, TRANSFER};
use crate::push::Push;
use crate::settings::FORMAT_HTTP_PULL;
use crate::{Node, read_failed};

/// What an operator, a webhook or the data plane wants done with a transfer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Answer the open question with yes: start, or fetch.
    Accept,
    /// Hold.
    Suspend(Reason),
    /// Go on after a suspension of ours.
    Resume,
    /// Say that the transfer is done.
    Complete,
    /// Answer no, or end the transfer.
    Terminate(Reason),
}

/// What a transfer is about.
pub(crate) struct Basis {
    pub(crate) agreement: AgreementEntry,
    version: Version,
    ground: Ground,
    /// The other transfers under it that started, where its policy asks for that.
    starts: Option<Starts>,
}

struct Plan {
    entry: TransferEntry,
    changes: ChangeSet,
}

impl Node {
    /// A consumer's request. A repeated one finds the transfer it began.
    pub async fn transfer_requested(
        &self,
        peer: &ParticipantId,
        message: Message,
    ) -> Result<(TransferEntry, bool), Problem> {
        let bad = |text: &str| Problem::new(ProblemCode::BadRequest, text);
        let Body::Request { agreement_id, format, callback, .. } = &message.body else {
            return Err(bad("a transfer begins with a TransferRequestMessage"));
        };
        let pid = message.consumer_pid.as_ref().ok_or_else(|| bad("consumerPid is missing"))?;
        let pid = ProcessId::parse(pid.as_str()).map_err(|error| bad(&error.to_string()))?;
        for _ in 0..CONFLICTS_MAX {
            let known = self.0.store.transfer_of_peer(peer, &pid, Role::Provider).await;
            if let Some(known) = known.map_err(read_failed)? {
                return Ok((known.value, false));
            }
            let mint = self.mint();
            let id = mint.process();
            let basis = self.basis(agreement_id, peer, Role::Provider, true, Some(&id)).await?;
            if format != FORMAT_HTTP_PULL {
                return Err(bad(&format!("format is {format}, expected {FORMAT_HTTP_PULL}")));
            }
            self.check_callback(peer, callback)?;
            let transfer = Transfer::opening(
                id,
                Role::Provider,
                (self.0.settings.participant_id.clone(), peer.clone()),
                callback.clone(),
                agreement_id.clone(),
                format.clone(),
            );
            let entry = new_entry(transfer, &basis.agreement, mint.now);
            let push = Input::Received(message.clone()).into();
            let plan = self.plan_transfer(entry, None, &basis, push, &mint)?;
            match self.commit(plan.changes).await {
                Ok(()) => {
                    self.after_transfer(&plan.entry, basis.ground.published.as_ref()).await;
                    return Ok((plan.entry, true));
                }
                Err(CommitError::Conflict { .. }) => {}
                Err(error) => return Err(commit_failed(error)),
            }
        }
        Err(busy())
    }

    /// A peer's further message.
    pub async fn transfer_received(
        &self,
        peer: &ParticipantId,
        id: &ProcessId,
        message: Message,
    ) -> Result<TransferEntry, Problem> {
        self.drive_transfer(id, None, |entry, _, _| {
            let is_theirs = entry.transfer.peer == *peer;
            is_theirs.then(|| Input::Received(message.clone())).ok_or_else(|| unknown(id))
        })
        .await
    }

    /// A transfer, if it is one with this peer. Others' are as unknown as none.
    pub async fn transfer_of(
        &self,
        peer: &ParticipantId,
        id: &ProcessId,
    ) -> Result<TransferEntry, Problem> {
        let stored = self.0.store.transfer(id).await.map_err(read_failed)?;
        stored
            .map(|stored| stored.value)
            .filter(|entry| entry.transfer.peer == *peer)
            .ok_or_else(|| unknown(id))
    }

    /// Begins a transfer as the consumer.
    pub async fn request_transfer(
        &self,
        agreement_id: &AgreementId,
        remember: Remember<TransferEntry>,
    ) -> Result<TransferEntry, Problem> {
        let stored = self.0.store.agreement(agreement_id).await.map_err(read_failed)?;
        let Some(Stored { value: agreement, version, .. }) = stored else {
            return Err(no_agreement(agreement_id));
        };
        if agreement.role != Role::Consumer {
            return Err(Problem::new(
                ProblemCode::IllegalState,
                format!("in agreement {agreement_id} this node is the provider"),
            )
            .hint("the consumer requests the transfer"));
        }
        let peer = agreement.peer.clone();
        let ground = self.ground(&peer, None, None).await?;
        let basis = Basis { agreement, version, ground, starts: None };
        let agreement = &basis.agreement;
        let base = self.peer_base(&peer).await?;
        let mint = self.mint();
        let transfer = Transfer::opening(
            mint.process(),
            Role::Consumer,
            (self.0.settings.participant_id.clone(), peer),
            base,
            agreement_id.clone(),
            FORMAT_HTTP_PULL.to_owned(),
        );
        let entry = new_entry(transfer, agreement, mint.now);
        let decision = Decision::Request { callback: self.0.settings.protocol_base() };
        let push = Input::Decided { decision, message_id: mint.message() }.into();
        let mut plan = self.plan_transfer(entry, None, &basis, push, &mint)?;
        plan.changes.remember = remember.map(|remember| remember(&plan.entry));
        self.commit(plan.changes).await.map_err(commit_failed)?;
        Ok(plan.entry)
    }

    /// What an operator or a webhook decided.
    pub async fn decide_transfer(
        &self,
        id: &ProcessId,
        act: &Act,
    ) -> Result<TransferEntry, Problem> {
        self.drive_transfer(id, None, |entry, basis, mint| {
            let checked = match act {
                Act::Accept | Act::Resume => {
                    let checked = self.checked_transfer(basis, mint.now);
                    checked.must_pass()?;
                    Some(Box::new(checked))
                }
                Act::Suspend(_) | Act::Complete | Act::Terminate(_) => None,
            };
            let decision = self.transfer_decision(entry, act, mint)?;
            // A person may know more than this node; what it does not know is in the history.
            let doubt = checked.as_deref().and_then(|checked| {
                let known = self.known_of_transfer(basis, checked, mint.now);
                permits(&basis.agreement.agreement.policy, &known).err()
            });
            let input = Input::Decided { decision, message_id: mint.message() };
            Ok(Push { doubt, ..Push::checked(input, checked) })
        })
        .await
    }

    /// Asks a transfer's open question again, since something about it became known.
    pub(crate) async fn ask_transfer_again(&self, id: &ProcessId) -> Result<(), Problem> {
        self.drive_transfer(id, None, |_, _, _| Ok(Push::ask_again())).await.map(drop)
    }

    /// What the law says of a transfer under a contract.
    pub(crate) fn checked_transfer(&self, basis: &Basis, now: Timestamp) -> Checked {
        let entry = &basis.agreement;
        let own = basis.ground.published.as_ref().map(|offer| self.stated_by(offer));
        self.checked(
            &basis.ground,
            Crossed {
                peer: &entry.peer,
                role: entry.role,
                dataset: Some(&entry.agreement.target),
                terms: own.as_ref().unwrap_or(&entry.agreement.facts),
                is_agreed: true,
                now,
            },
        )
    }

    /// What is known of a use under a contract.
    pub(crate) fn known_of_transfer<'a>(
        &'a self,
        basis: &'a Basis,
        checked: &'a Checked,
        now: Timestamp,
    ) -> Known<'a> {
        let entry = &basis.agreement;
        let published = basis.ground.published.as_ref();
        let known = self.known((entry.role, &entry.peer), published, checked, now);
        Known { agreed_at: Some(entry.concluded_at), starts: basis.starts, ..known }
    }

    /// What the law says of a contract now.
    pub(crate) async fn checked_agreement(
        &self,
        entry: &AgreementEntry,
    ) -> Result<Checked, Problem> {
        let basis = self.basis(&entry.agreement.id, &entry.peer, entry.role, true, None).await?;
        Ok(self.checked_transfer(&basis, self.now()))
    }

    /// The data arrived and was verified: both are recorded in one commit with the message that
    /// tells the provider.
    pub(crate) async fn transfer_verified(
        &self,
        id: &ProcessId,
        outcome: &Outcome,
    ) -> Result<TransferEntry, Problem> {
        self.drive_transfer(id, None, |entry, _, mint| {
            entry.outcome = Some(outcome.clone());
            Ok(Input::Decided { decision: Decision::Complete, message_id: mint.message() })
        })
        .await
    }

    /// Something about a transfer that changes no state but belongs into its history.
    pub(crate) async fn transfer_trouble(&self, id: &ProcessId, subject: &str, text: String) {
        let mut story = Story::of(id.clone(), self.now(), TRANSFER);
        story.trouble(subject, text);
        let changes = ChangeSet { events: story.into_events(), ..ChangeSet::default() };
        if let Err(error) = self.commit(changes).await {
            tracing::warn!(process = %id, %error, "could not record trouble with a transfer");
        }
    }

    /// Loads, steps and commits; see `drive_negotiation`.
    pub(crate) async fn drive_transfer<P: Into<Push<Input>>>(
        &self,
        id: &ProcessId,
        settle: Option<Settle>,
        push: impl Fn(&mut TransferEntry, &Basis, &Mint<'_>) -> Result<P, Problem>,
    ) -> Result<TransferEntry, Problem> {
        for _ in 0..CONFLICTS_MAX {
            let stored = self.0.store.transfer(id).await.map_err(read_failed)?;
            let Stored { value: before, version, .. } = stored.ok_or_else(|| unknown(id))?;
            let mut value = before.clone();
            let (peer, role) = (value.transfer.peer.clone(), value.transfer.role);
            // A running transfer goes on; whether it still may is looked at when it starts again.
            let counts = value.is_open() && value.transfer.state() != Some(State::Started);
            let agreement_id = &value.transfer.agreement_id;
            let is_open = Some(id).filter(|_| value.is_open());
            let basis = self.basis(agreement_id, &peer, role, counts, is_open).await?;
            let mint = self.mint();
            let push = push(&mut value, &basis, &mint)?.into();
            let from = Some((&before, version));
            let mut plan = self.plan_transfer(value, from, &basis, push, &mint)?;
            plan.changes.settle.extend(settle.clone());
            if plan.changes.is_empty() {
                return Ok(plan.entry);
            }
            match self.commit(plan.changes).await {
                Ok(()) => {
                    self.after_transfer(&plan.entry, basis.ground.published.as_ref()).await;
                    return Ok(plan.entry);
                }
                Err(CommitError::Conflict { .. }) => {}
                Err(error) => return Err(commit_failed(error)),
            }
        }
        Err(busy())
    }

    /// The contract a transfer rests on, if it is one with this peer in which we have this role.
    /// `counts` says whether persons are counted, for a check; the transfer is not one of the
    /// others that started.
    async fn basis(
        &self,
        id: &AgreementId,
        peer: &ParticipantId,
        role: Role,
        counts: bool,
        transfer: Option<&ProcessId>,
    ) -> Result<Basis, Problem> {
        let stored = self.0.store.agreement(id).await.map_err(read_failed)?;
        let Stored { value: agreement, version, .. } = stored
            .filter(|Stored { value, .. }| value.peer == *peer && value.role == role)
            .ok_or_else(|| no_agreement(id))?;
        let offer = match role {
            Role::Consumer => None,
            Role::Provider => {
                let target = &agreement.agreement.target;
                let offer = self.0.store.offer_of_dataset(target).await.map_err(read_failed)?;
                offer.map(|stored| stored.value)
            }
        };
        let content = agreement.agreement.content.filter(|_| counts);
        let ground = self.ground(peer, offer, content).await?;
        let policy = &agreement.agreement.policy;
        let starts = match transfer {
            Some(transfer) if policy.asks(&Iri::COUNT) || policy.asks(&Iri::ELAPSED_TIME) => {
                Some(self.0.store.starts(id, transfer).await.map_err(read_failed)?)
            }
            _ => None,
        };
        Ok(Basis { agreement, version, ground, starts })
    }

    pub(crate) fn transfer_decision(
        &self,
        entry: &TransferEntry,
        act: &Act,
        mint: &Mint<'_>,
    ) -> Result<Decision, Problem> {
        let transfer = &entry.transfer;
        match act {
            Act::Suspend(reason) => Ok(Decision::Suspend { reason: reason.clone() }),
            Act::Complete => Ok(Decision::Complete),
            Act::Terminate(reason) => Ok(Decision::Terminate { reason: reason.clone() }),
            Act::Resume => Ok(match transfer.role {
                Role::Consumer => Decision::Start { data_address: None },
                Role::Provider => Decision::Start { data_address: Some(self.gate(entry, mint)) },
            }),
            Act::Accept => match transfer.question {
                Some(Question::TransferRequested) => {
                    Ok(Decision::Start { data_address: Some(self.gate(entry, mint)) })
                }
                Some(Question::TransferStarted) => {
                    fetchable(entry)
                        .map_err(|reason| Problem::new(ProblemCode::IllegalState, reason))?;
                    Ok(Decision::Fetch)
                }
                _ => Err(Problem::new(
                    ProblemCode::IllegalState,
                    format!("transfer {} waits for no answer of yours", transfer.id),
                )),
            },
        }
    }
}

fn new_entry(transfer: Transfer, agreement: &AgreementEntry, now: Timestamp) -> TransferEntry {
    TransferEntry {
        transfer,
        dataset_id: agreement.agreement.target.clone(),
        content: agreement.agreement.content,
        flow: None,
        outcome: None,
        script: 0,
        decision: None,
        started_at: None,
        created_at: now,
        updated_at: now,
    }
}

/// Whether this node can fetch the data and tell that it is what was agreed.
fn fetchable(entry: &TransferEntry) -> Result<(), String> {
    if entry.content.is_none() {
        return Err("the agreement names no digest, so what arrives could not be verified".into());
    }
    let endpoint = entry.transfer.data_address.as_ref().and_then(DataAddress::url);
    match endpoint {
        Some(_) => Ok(()),
        None => Err("the provider's start names no endpoint to fetch from".to_owned()),
    }
}

fn unknown(id: &ProcessId) -> Problem {
    Problem::new(ProblemCode::NotFound, format!("there is no transfer {id}"))
}

fn no_agreement(id: &AgreementId) -> Problem {
    Problem::new(ProblemCode::NotFound, format!("there is no agreement {id}"))
}
