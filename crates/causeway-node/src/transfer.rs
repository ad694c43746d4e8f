//! Transfers: what peers send, what operators decide, what the data plane and the dispatcher
//! learn. The bytes themselves are moved by the plane and by `pulls`.

use causeway_dsp::transfer::{
    self, Body, DataAddress, Decision, Effect, Input, Message, Stage, State, Step, Transfer, step,
};
use causeway_dsp::{Question, Reason, wire};
use causeway_store::{
    AgreementEntry, ChangeSet, CommitError, Entity, EventKind, NewMessage, OutboxSubject, Outcome,
    Put, Settle, Stored, TransferEntry, Version,
};
use causeway_types::{
    AgreementId, ParticipantId, Problem, ProblemCode, ProcessId, Role, Timestamp,
};

use crate::automation::{self, permits, script};
use crate::border::{self, Checked, Crossed, Gate, Ground};
use crate::clock::Mint;
use crate::commit::{CONFLICTS_MAX, Remember, commit_failed};
use crate::negotiate::{busy, encoded};
use crate::outcome::{Story, TRANSFER, rejected};
use crate::settings::FORMAT_HTTP_PULL;
use crate::{Node, gates, read_failed, timers, webhook};

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
    ground: Ground,
}

/// What sets a transfer in motion.
pub(crate) enum Push {
    /// An input, with the check that it rests on where there was one.
    Input(Input, Option<Box<Checked>>),
    /// The open question is asked again.
    AskAgain,
}

impl From<Input> for Push {
    fn from(input: Input) -> Self {
        Self::Input(input, None)
    }
}

struct Plan {
    entry: TransferEntry,
    changes: ChangeSet,
}

/// A transfer on its way through one plan.
struct Course {
    entry: TransferEntry,
    changes: ChangeSet,
    story: Story,
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
            let basis = self.basis(agreement_id, peer, Role::Provider, true).await?;
            if format != FORMAT_HTTP_PULL {
                return Err(bad(&format!("format is {format}, expected {FORMAT_HTTP_PULL}")));
            }
            let mint = self.mint();
            let transfer = Transfer::opening(
                mint.process(),
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
                    self.after_transfer(&plan.entry, basis.ground.published.as_ref());
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
        let Some(Stored { value: agreement, .. }) = stored else {
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
        let basis = Basis { agreement, ground };
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
            Ok(Push::Input(Input::Decided { decision, message_id: mint.message() }, checked))
        })
        .await
    }

    /// Asks a transfer's open question again, since something about it became known.
    pub(crate) async fn ask_transfer_again(&self, id: &ProcessId) -> Result<(), Problem> {
        self.drive_transfer(id, None, |_, _, _| Ok(Push::AskAgain)).await.map(drop)
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

    /// What the law says of a contract now.
    pub(crate) async fn checked_agreement(
        &self,
        entry: &AgreementEntry,
    ) -> Result<Checked, Problem> {
        let basis = self.basis(&entry.agreement.id, &entry.peer, entry.role, true).await?;
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
    pub(crate) async fn drive_transfer<P: Into<Push>>(
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
            let basis = self.basis(&value.transfer.agreement_id, &peer, role, counts).await?;
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
                    self.after_transfer(&plan.entry, basis.ground.published.as_ref());
                    return Ok(plan.entry);
                }
                Err(CommitError::Conflict { .. }) => {}
                Err(error) => return Err(commit_failed(error)),
            }
        }
        Err(busy())
    }

    /// The contract a transfer rests on, if it is one with this peer in which we have this role.
    /// `counts` says whether persons are counted, for a check.
    async fn basis(
        &self,
        id: &AgreementId,
        peer: &ParticipantId,
        role: Role,
        counts: bool,
    ) -> Result<Basis, Problem> {
        let stored = self.0.store.agreement(id).await.map_err(read_failed)?;
        let agreement = stored
            .map(|stored| stored.value)
            .filter(|entry| entry.peer == *peer && entry.role == role)
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
        Ok(Basis { agreement, ground })
    }

    fn plan_transfer(
        &self,
        entry: TransferEntry,
        from: Option<(&TransferEntry, Version)>,
        basis: &Basis,
        push: Push,
        mint: &Mint<'_>,
    ) -> Result<Plan, Problem> {
        let before = entry.transfer.state();
        let story = Story::of(entry.transfer.id.clone(), mint.now, TRANSFER);
        let mut course = Course { entry, changes: ChangeSet::default(), story };
        self.push_transfer(&mut course, push, basis, mint)?;
        self.go_transfer_by_script(&mut course, before, basis, mint);
        let Course { mut entry, mut changes, mut story } = course;
        if entry.transfer.state().is_some_and(State::is_final) {
            entry.flow = None;
        }
        if from.is_some_and(|(before, _)| *before == entry) {
            return Ok(Plan { entry, changes: ChangeSet::default() });
        }
        let had_outcome = from.is_some_and(|(before, _)| before.outcome.is_some());
        if let (false, Some(outcome)) = (had_outcome, &entry.outcome) {
            let text = format!(
                "{} bytes verified against the contract, sha256 {}",
                outcome.content.bytes(),
                outcome.content.sha256()
            );
            story.push(EventKind::TransferVerified, &outcome.content.sha256().to_string(), text);
        }
        entry.updated_at = mint.now;
        let entity = Entity::Transfer(Box::new(entry.clone()));
        changes.puts.push(Put { entity, expected: from.map(|(_, version)| version) });
        changes.events = story.into_events();
        Ok(Plan { entry, changes })
    }

    fn push_transfer(
        &self,
        course: &mut Course,
        push: Push,
        basis: &Basis,
        mint: &Mint<'_>,
    ) -> Result<(), Problem> {
        let input = match push {
            Push::Input(input, checked) => {
                tell_input(&mut course.story, &input);
                if let Some(checked) = checked {
                    course.note(*checked, mint);
                }
                Some(input)
            }
            Push::AskAgain => {
                let waiting = &course.entry.transfer;
                let is_scripted = self.script_of_transfer(&course.entry).is_some();
                match waiting.question.filter(|_| waiting.in_flight.is_none() && !is_scripted) {
                    Some(question) => self.ask_transfer(course, question, basis, mint),
                    None => None,
                }
            }
        };
        input.map_or(Ok(()), |input| self.go_transfer(course, input, basis, mint))
    }

    /// Applies an input and whatever automation answers; see `go` of a negotiation.
    fn go_transfer(
        &self,
        course: &mut Course,
        input: Input,
        basis: &Basis,
        mint: &Mint<'_>,
    ) -> Result<(), Problem> {
        let mut todo = vec![input];
        while let Some(input) = todo.pop() {
            let Course { entry, story, .. } = &mut *course;
            let Step { next, effects } =
                step(&entry.transfer, input).map_err(|rejection| rejected(&rejection))?;
            tell_state(story, &entry.transfer, &next);
            entry.transfer = next;
            for effect in effects {
                let Course { entry, changes, .. } = &mut *course;
                match effect {
                    Effect::Send(message) => {
                        gates::open_flow(entry, &message, self.0.settings.token_lifetime, mint.now);
                        if message.body.kind() == transfer::Kind::Start {
                            let (peer, content) = (&entry.transfer.peer, entry.content);
                            let leaves = self.crossings(&basis.ground, peer, content, mint.now);
                            changes.crossings.extend(leaves);
                        }
                        changes.outbox.push(outgoing(&entry.transfer, *message, mint));
                    }
                    Effect::CancelSend => {
                        changes.outbox.retain(|message| message.subject.is_inward());
                        changes.cancel.push(entry.transfer.id.clone());
                    }
                    // A script answers when everything else has settled.
                    Effect::Ask(_) if self.script_of_transfer(entry).is_some() => {}
                    Effect::Ask(question) => {
                        todo.extend(self.ask_transfer(course, question, basis, mint));
                    }
                }
            }
        }
        Ok(())
    }

    /// Asks the law, then whoever decides; see `ask` of a negotiation.
    fn ask_transfer(
        &self,
        course: &mut Course,
        question: Question,
        basis: &Basis,
        mint: &Mint<'_>,
    ) -> Option<Input> {
        let checked = self.checked_transfer(basis, mint.now);
        let decided = |decision| Some(Input::Decided { decision, message_id: mint.message() });
        let gate = checked.gate.clone();
        course.note(checked, mint);
        match gate {
            Gate::Pass => {}
            Gate::Refuse(reason) => return decided(Decision::Terminate { reason }),
            Gate::Hold(reason) => {
                course.story.waiting(question, &reason);
                return None;
            }
        }
        match self.answer(&course.entry, basis, question, mint) {
            automation::Answer::Decide(decision) => decided(decision),
            automation::Answer::Hold(reason) => {
                course.story.waiting(question, &reason);
                None
            }
            automation::Answer::Ask(url) => {
                let call = webhook::transfer(&course.entry.transfer, question, url, mint);
                course.changes.outbox.push(call);
                None
            }
        }
    }

    /// Takes the script's step for the state that was entered, or sets its timer; see
    /// `go_by_script` of a negotiation.
    fn go_transfer_by_script(
        &self,
        course: &mut Course,
        before: Option<State>,
        basis: &Basis,
        mint: &Mint<'_>,
    ) {
        let (transfer, taken) = (&course.entry.transfer, course.entry.script);
        let Some(steps) = self.script_of_transfer(&course.entry) else { return };
        if transfer.state() == before || transfer.in_flight.is_some() {
            return;
        }
        let Some(step) = script::due(steps, taken, transfer.state()) else {
            if let Some(question) = transfer.question {
                course.story.waiting(question, timers::NO_STEP);
            }
            return;
        };
        if !step.delay.is_zero() {
            let timer = timers::of_transfer(transfer, taken, step.delay, mint);
            course.changes.outbox.push(timer);
            return;
        }
        let done = match self.scripted_transfer(&course.entry, basis, step.act, mint) {
            Ok(None) => Ok(()),
            Ok(Some(decision)) => {
                let input = Input::Decided { decision, message_id: mint.message() };
                self.go_transfer(course, input, basis, mint).map_err(|problem| problem.to_string())
            }
            Err(reason) => Err(reason),
        };
        match done {
            Ok(()) => course.entry.script += 1,
            Err(reason) => course.story.trouble("script", format!("held, {reason}")),
        }
    }

    fn answer(
        &self,
        entry: &TransferEntry,
        basis: &Basis,
        question: Question,
        mint: &Mint<'_>,
    ) -> automation::Answer<Decision> {
        use causeway_store::Rule;
        match automation::rule(&self.0.settings, basis.ground.published.as_ref(), question) {
            Rule::Hold => automation::Answer::Hold("the rule for this question is hold".to_owned()),
            Rule::Webhook(url) => automation::Answer::Ask(url),
            Rule::Auto => {
                let permitted = permits(&basis.agreement.agreement.policy, mint.now);
                let act = Act::Accept;
                match permitted.and_then(|()| {
                    if question == Question::TransferStarted {
                        fetchable(entry)?;
                    }
                    self.transfer_decision(entry, &act, mint).map_err(|p| p.to_string())
                }) {
                    Ok(decision) => automation::Answer::Decide(decision),
                    Err(reason) => automation::Answer::Hold(reason),
                }
            }
        }
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

impl Course {
    /// Remembers what the law was found to say, if it is another thing than before.
    fn note(&mut self, checked: Checked, mint: &Mint<'_>) {
        let Some(found) = checked.decision else { return };
        if self.entry.decision.as_ref() == Some(&found.id) {
            return;
        }
        self.entry.decision = Some(found.id.clone());
        self.story.add(border::decided(&self.entry.transfer.id, &found, mint.now));
        let entity = Entity::Decision(Box::new(found));
        self.changes.puts.push(Put { entity, expected: None });
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

fn tell_input(story: &mut Story, input: &Input) {
    match input {
        Input::Refused { reason, peer_state, .. } => {
            let state = peer_state.map_or("unknown there", State::as_str);
            story.trouble("refused", format!("the peer refused ({state}): {reason}"));
        }
        Input::Lapsed { reason, .. } => {
            story.trouble("lapsed", format!("gave up sending: {reason}"));
        }
        Input::Received(_) | Input::Decided { .. } | Input::Acked { .. } => {}
    }
}

fn tell_state(story: &mut Story, before: &Transfer, after: &Transfer) {
    let Some(state) = after.state().filter(|state| before.state() != Some(*state)) else {
        return;
    };
    let reason = match &after.stage {
        Stage::Terminated { by, reason } | Stage::Suspended { by, reason } => {
            format!("by the {by}, {reason}")
        }
        _ => String::new(),
    };
    story.state(state.as_str(), &after.peer, &reason);
}

fn outgoing(transfer: &Transfer, message: Message, mint: &Mint<'_>) -> NewMessage {
    use transfer::Kind;
    let kind = message.body.kind();
    let own = match kind {
        Kind::Request => "request",
        Kind::Start => "start",
        Kind::Suspension => "suspension",
        Kind::Completion => "completion",
        Kind::Termination => "termination",
    };
    let path = match &transfer.peer_pid {
        Some(pid) => format!("/transfers/{}/{own}", encoded(pid.as_str())),
        None => format!("/transfers/{own}"),
    };
    NewMessage {
        process: transfer.id.clone(),
        subject: OutboxSubject::Transfer,
        peer: transfer.peer.clone(),
        message_id: message.id.clone().unwrap_or_else(|| mint.message()),
        kind: kind.as_str().to_owned(),
        url: transfer.peer_address.join(&path),
        body: wire::write_transfer(&message),
        not_before: mint.now,
    }
}

fn unknown(id: &ProcessId) -> Problem {
    Problem::new(ProblemCode::NotFound, format!("there is no transfer {id}"))
}

fn no_agreement(id: &AgreementId) -> Problem {
    Problem::new(ProblemCode::NotFound, format!("there is no agreement {id}"))
}
