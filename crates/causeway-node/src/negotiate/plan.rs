//! What one input causes in a negotiation: the step, the law's word, the answers of whoever
//! decides, and everything for one commit. Loading and committing are not here.

use causeway_dsp::negotiation::{
    self, Decision, Effect, Input, Message, Negotiation, Stage, State, Step, step,
};
use causeway_dsp::{Question, wire};
use causeway_store::{
    AgreementEntry, ChangeSet, Entity, NegotiationEntry, NewMessage, OutboxSubject, Put,
};
use causeway_types::Problem;

use super::{Plan, encoded};
use crate::automation::{self, Answer, script};
use crate::border::{self, Checked, Gate, Ground};
use crate::clock::Mint;
use crate::outcome::{NEGOTIATION, Story, rejected};
use crate::push::Push;
use crate::{Node, timers, webhook};

impl Node {
    /// Steps, answers the questions that automation answers, and collects everything for one
    /// commit.
    pub(super) fn plan(
        &self,
        entry: NegotiationEntry,
        version: Option<causeway_store::Version>,
        ground: &Ground,
        push: Push<Input>,
        mint: &Mint<'_>,
    ) -> Result<Plan, Problem> {
        let before = entry.clone();
        let id = before.negotiation.id.clone();
        let story = Story::of(id.clone(), mint.now, NEGOTIATION);
        let mut course = Course { entry, changes: ChangeSet::default(), story };
        self.pushed(&mut course, push, ground, mint)?;
        self.go_by_script(&mut course, before.negotiation.state(), ground, mint);
        let Course { mut entry, mut changes, story } = course;
        if entry == before {
            return Ok(Plan { entry, changes: ChangeSet::default() });
        }
        entry.updated_at = mint.now;
        let entity = Entity::Negotiation(Box::new(entry.clone()));
        changes.puts.push(Put { entity, expected: version });
        let concluded = (before.negotiation.concluded(), entry.negotiation.concluded());
        if let (None, Some(agreement)) = concluded {
            let checked = self.checked_negotiation(&entry.negotiation, ground, mint.now);
            let concluded = AgreementEntry {
                agreement: agreement.clone(),
                role: entry.negotiation.role,
                peer: entry.negotiation.peer.clone(),
                negotiation: id,
                decision: checked.decision.as_ref().map(|entry| entry.id.clone()),
                duties: checked.duties,
                concluded_at: mint.now,
            };
            let entity = Entity::Agreement(Box::new(concluded));
            changes.puts.push(Put { entity, expected: None });
            let found = checked.decision.map(|entry| Entity::Decision(Box::new(entry)));
            changes.puts.extend(found.map(|entity| Put { entity, expected: None }));
        }
        changes.events = story.into_events();
        Ok(Plan { entry, changes })
    }

    fn pushed(
        &self,
        course: &mut Course,
        push: Push<Input>,
        ground: &Ground,
        mint: &Mint<'_>,
    ) -> Result<(), Problem> {
        if let Some(checked) = push.checked {
            course.note(*checked, mint);
        }
        if let Some(doubt) = push.doubt {
            course.story.trouble("policy", format!("accepted all the same: {doubt}"));
        }
        if let Some(input) = push.input {
            tell_input(&mut course.story, &input);
            return self.go(course, input, ground, mint);
        }
        let waiting = &course.entry.negotiation;
        let is_scripted = self.script_of_negotiation(waiting, ground.published.as_ref()).is_some();
        let answer = match waiting.question.filter(|_| waiting.in_flight.is_none() && !is_scripted)
        {
            Some(question) => self.ask(course, question, ground, mint),
            None => None,
        };
        answer.map_or(Ok(()), |input| self.go(course, input, ground, mint))
    }

    /// Applies an input and whatever automation answers to the questions it raises. If the input
    /// is refused, nothing has changed.
    fn go(
        &self,
        course: &mut Course,
        input: Input,
        ground: &Ground,
        mint: &Mint<'_>,
    ) -> Result<(), Problem> {
        let mut todo = vec![input];
        while let Some(input) = todo.pop() {
            let Course { entry, story, .. } = &mut *course;
            let current = &mut entry.negotiation;
            let Step { next, effects } =
                step(current, input).map_err(|rejection| rejected(&rejection))?;
            tell_state(story, current, &next);
            *current = next;
            for effect in effects {
                let Course { entry, changes, .. } = &mut *course;
                let current = &entry.negotiation;
                let published = ground.published.as_ref();
                match effect {
                    Effect::Send(message) => changes.outbox.push(outgoing(current, *message, mint)),
                    Effect::CancelSend => {
                        changes.outbox.retain(|message| message.subject.is_inward());
                        changes.cancel.push(current.id.clone());
                    }
                    // A script answers when everything else has settled.
                    Effect::Ask(_) if self.script_of_negotiation(current, published).is_some() => {}
                    Effect::Ask(question) => todo.extend(self.ask(course, question, ground, mint)),
                }
            }
        }
        Ok(())
    }

    /// Asks the law, then whoever decides; the decision, if there is one at once.
    fn ask(
        &self,
        course: &mut Course,
        question: Question,
        ground: &Ground,
        mint: &Mint<'_>,
    ) -> Option<Input> {
        let checked = self.checked_negotiation(&course.entry.negotiation, ground, mint.now);
        let decided = |decision| Some(Input::Decided { decision, message_id: mint.message() });
        match &checked.gate {
            Gate::Pass => {}
            Gate::Refuse(reason) => {
                let reason = reason.clone();
                course.note(checked, mint);
                return decided(Decision::Terminate { reason });
            }
            Gate::Hold(reason) => {
                course.story.waiting(question, reason);
                course.note(checked, mint);
                return None;
            }
        }
        let (settings, published) = (&self.0.settings, ground.published.as_ref());
        let current = &course.entry.negotiation;
        let known = self.known_of_negotiation(current, ground, &checked, mint.now);
        let answer = automation::negotiation(settings, published, current, question, &known, mint);
        let asked = match &answer {
            Answer::Ask(url) => Some(webhook::negotiation(current, question, url.clone(), mint)),
            Answer::Decide(_) | Answer::Hold(_) => None,
        };
        course.changes.outbox.extend(asked);
        course.note(checked, mint);
        match answer {
            Answer::Decide(decision) => decided(decision),
            Answer::Hold(reason) => {
                course.story.waiting(question, &reason);
                None
            }
            Answer::Ask(_) => None,
        }
    }

    /// If the negotiation entered a state for which its script has the next step: takes it, or
    /// sets the timer for it.
    fn go_by_script(
        &self,
        course: &mut Course,
        before: Option<State>,
        ground: &Ground,
        mint: &Mint<'_>,
    ) {
        let published = ground.published.as_ref();
        let (negotiation, taken) = (&course.entry.negotiation, course.entry.script);
        let Some(steps) = self.script_of_negotiation(negotiation, published) else { return };
        if negotiation.state() == before || negotiation.in_flight.is_some() {
            return;
        }
        let Some(step) = script::due(steps, taken, negotiation.state()) else {
            if let Some(question) = negotiation.question {
                course.story.waiting(question, timers::NO_STEP);
            }
            return;
        };
        if !step.delay.is_zero() {
            course.changes.outbox.push(timers::of_negotiation(
                negotiation,
                taken,
                step.delay,
                mint,
            ));
            return;
        }
        let callback = self.0.settings.protocol_base();
        let checked = self.checked_negotiation(negotiation, ground, mint.now);
        let known = self.known_of_negotiation(negotiation, ground, &checked, mint.now);
        let decided =
            automation::scripted(published, negotiation, step.act, &known, &callback, mint);
        course.note(checked, mint);
        let done = match decided {
            Ok(None) => Ok(()),
            Ok(Some(decision)) => {
                let input = Input::Decided { decision, message_id: mint.message() };
                self.go(course, input, ground, mint).map_err(|problem| problem.to_string())
            }
            Err(reason) => Err(reason),
        };
        match done {
            Ok(()) => course.entry.script += 1,
            Err(reason) => course.story.trouble("script", format!("held, {reason}")),
        }
    }
}

/// A negotiation on its way through one plan.
struct Course {
    entry: NegotiationEntry,
    changes: ChangeSet,
    story: Story,
}

impl Course {
    /// Remembers what the law was found to say, if it is another thing than before.
    fn note(&mut self, checked: Checked, mint: &Mint<'_>) {
        let Some(found) = checked.decision else { return };
        if self.entry.decision.as_ref() == Some(&found.id) {
            return;
        }
        self.entry.decision = Some(found.id.clone());
        self.story.add(border::decided(&self.entry.negotiation.id, &found, mint.now));
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

fn tell_state(story: &mut Story, before: &Negotiation, after: &Negotiation) {
    let Some(state) = after.state().filter(|state| before.state() != Some(*state)) else {
        return;
    };
    let reason = match &after.stage {
        Stage::Terminated { by, reason } => format!("by the {by}, {reason}"),
        _ => String::new(),
    };
    story.state(state.as_str(), &after.peer, &reason);
    if let Stage::Finalized { agreement } = &after.stage {
        let text = format!("agreement {} on dataset {}", agreement.id, agreement.target);
        let kind = causeway_store::EventKind::AgreementConcluded;
        story.push(kind, agreement.id.as_str(), text);
    }
}

/// The outbox row of a protocol message: URL and bytes are fixed now, for every attempt.
fn outgoing(negotiation: &Negotiation, message: Message, mint: &Mint<'_>) -> NewMessage {
    let kind = message.body.kind();
    NewMessage {
        process: negotiation.id.clone(),
        subject: OutboxSubject::Negotiation,
        peer: negotiation.peer.clone(),
        message_id: message.id.clone().unwrap_or_else(|| mint.message()),
        kind: kind.as_str().to_owned(),
        url: negotiation.peer_address.join(&path(negotiation, kind)),
        body: wire::write_negotiation(&message),
        not_before: mint.now,
    }
}

/// Where the peer takes a message (DSP 2025-1, Contract Negotiation Protocol, HTTPS binding).
fn path(negotiation: &Negotiation, kind: negotiation::Kind) -> String {
    use negotiation::Kind;
    let own = match kind {
        Kind::Request => "request",
        Kind::Offer => "offers",
        Kind::Accepted | Kind::Finalized => "events",
        Kind::Agreement => "agreement",
        Kind::Verification => "agreement/verification",
        Kind::Termination => "termination",
    };
    match &negotiation.peer_pid {
        Some(pid) => format!("/negotiations/{}/{own}", encoded(pid.as_str())),
        None => format!("/negotiations/{own}"),
    }
}
