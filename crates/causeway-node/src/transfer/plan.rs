//! What one input causes in a transfer; see `negotiate::plan`.

use causeway_dsp::transfer::{
    self, Decision, Effect, Input, Message, Stage, State, Step, Transfer, step,
};
use causeway_dsp::{Question, wire};
use causeway_store::{
    ChangeSet, DecisionEntry, Entity, EventKind, NewMessage, OutboxSubject, Put, TransferEntry,
    Version,
};
use causeway_types::Problem;

use super::{Act, Basis, Plan, fetchable};
use crate::automation::{self, permits, script};
use crate::border::{self, Checked, Gate};
use crate::clock::Mint;
use crate::negotiate::encoded;
use crate::outcome::{Story, TRANSFER, rejected};
use crate::push::Push;
use crate::{Node, gates, timers, webhook};

/// A transfer on its way through one plan.
struct Course {
    entry: TransferEntry,
    changes: ChangeSet,
    story: Story,
}

impl Node {
    pub(super) fn plan_transfer(
        &self,
        entry: TransferEntry,
        from: Option<(&TransferEntry, Version)>,
        basis: &Basis,
        push: Push<Input>,
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
        let had_started = from.is_some_and(|(before, _)| before.started_at.is_some());
        if basis.starts.is_some() && !had_started && entry.started_at.is_some() {
            // Of two that start at the same time, the second one counts again.
            let entity = Entity::Agreement(Box::new(basis.agreement.clone()));
            changes.puts.push(Put { entity, expected: Some(basis.version) });
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
        push: Push<Input>,
        basis: &Basis,
        mint: &Mint<'_>,
    ) -> Result<(), Problem> {
        if let Some(checked) = push.checked {
            course.note(checked.decision, mint);
        }
        if let Some(doubt) = push.doubt {
            course.story.trouble("policy", format!("accepted all the same: {doubt}"));
        }
        if let Some(input) = push.input {
            tell_input(&mut course.story, &input);
            return self.go_transfer(course, input, basis, mint);
        }
        let waiting = &course.entry.transfer;
        let is_scripted = self.script_of_transfer(&course.entry).is_some();
        let answer = match waiting.question.filter(|_| waiting.in_flight.is_none() && !is_scripted)
        {
            Some(question) => self.ask_transfer(course, question, basis, mint),
            None => None,
        };
        answer.map_or(Ok(()), |input| self.go_transfer(course, input, basis, mint))
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
            let on_its_way = entry.transfer.in_flight.as_ref();
            let starts = on_its_way.is_some_and(|sent| sent.kind == transfer::Kind::Start);
            if starts || entry.transfer.state() == Some(State::Started) {
                entry.started_at.get_or_insert(mint.now);
            }
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
        let mut checked = self.checked_transfer(basis, mint.now);
        let decided = |decision| Some(Input::Decided { decision, message_id: mint.message() });
        course.note(checked.decision.take(), mint);
        match checked.gate.clone() {
            Gate::Pass => {}
            Gate::Refuse(reason) => return decided(Decision::Terminate { reason }),
            Gate::Hold(reason) => {
                course.story.waiting(question, &reason);
                return None;
            }
        }
        match self.answer(&course.entry, basis, question, &checked, mint) {
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
        checked: &Checked,
        mint: &Mint<'_>,
    ) -> automation::Answer<Decision> {
        use causeway_store::Rule;
        let (settings, published) = (&self.0.settings, basis.ground.published.as_ref());
        match automation::rule(settings, published, question) {
            Rule::Hold => {
                automation::Answer::Hold(automation::why_hold(settings, published, question))
            }
            Rule::Webhook(url) => automation::Answer::Ask(url),
            Rule::Auto => {
                let known = self.known_of_transfer(basis, checked, mint.now);
                let permitted = permits(&basis.agreement.agreement.policy, &known);
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
}

impl Course {
    /// Remembers what the law was found to say, if it is another thing than before.
    fn note(&mut self, found: Option<DecisionEntry>, mint: &Mint<'_>) {
        let Some(found) = found else { return };
        if self.entry.decision.as_ref() == Some(&found.id) {
            return;
        }
        self.entry.decision = Some(found.id.clone());
        self.story.add(border::decided(&self.entry.transfer.id, &found, mint.now));
        let entity = Entity::Decision(Box::new(found));
        self.changes.puts.push(Put { entity, expected: None });
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
