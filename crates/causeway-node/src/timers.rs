//! Steps of scripts that are due later. A timer is a row of the outbox, committed with the state
//! it waits in, so it survives a crash; its delivery is the decision. What a step means is in
//! `automation`, and when one is due in its module `script`.

use std::time::Duration;

use causeway_dsp::negotiation::{self, Negotiation};
use causeway_dsp::transfer::{self, Transfer};
use causeway_store::{
    NegotiationEntry, NewMessage, OutboxRow, OutboxSubject, PublishedOffer, Settle, TransferEntry,
};
use causeway_types::{DatasetId, ParticipantId, Problem, ProblemCode, ProcessId, Role};

use crate::automation::script::{self, NegotiationStep, Script, TransferMove, TransferStep};
use crate::automation::{self, permits};
use crate::border::Ground;
use crate::clock::Mint;
use crate::push::Push;
use crate::settings::Settings;
use crate::transfer::Basis;
use crate::{Node, TransferAct};

/// Why a question waits although there is a script.
pub(crate) const NO_STEP: &str = "the script for this dataset has no step for this";

impl Node {
    /// The script a negotiation goes by.
    pub(crate) fn script_of_negotiation(
        &self,
        negotiation: &Negotiation,
        published: Option<&PublishedOffer>,
    ) -> Option<&[NegotiationStep]> {
        let dataset = dataset(negotiation, published);
        script::of_negotiation(self.scripts(), dataset, negotiation.role)
    }

    /// The scripts in force: one that is held back is as if it were not there.
    fn scripts(&self) -> impl Iterator<Item = &Script> {
        let Settings { scripts, held, .. } = &self.0.settings;
        let is_any_held = !held.is_empty();
        scripts.iter().filter(move |script| !is_any_held || !held.holds_script(script))
    }

    /// The script a transfer goes by.
    pub(crate) fn script_of_transfer(&self, entry: &TransferEntry) -> Option<&[TransferStep]> {
        let role = entry.transfer.role;
        script::of_transfer(self.scripts(), &entry.dataset_id, role)
    }

    /// What a step of a transfer's script decides; `Ok(None)` for a hold. The error says why it
    /// is held all the same.
    pub(crate) fn scripted_transfer(
        &self,
        entry: &TransferEntry,
        basis: &Basis,
        act: TransferMove,
        mint: &Mint<'_>,
    ) -> Result<Option<transfer::Decision>, String> {
        let act = match act {
            TransferMove::Hold => return Ok(None),
            TransferMove::Start => {
                let checked = self.checked_transfer(basis, mint.now);
                checked.must_pass().map_err(|problem| problem.to_string())?;
                if entry.transfer.role == Role::Provider {
                    let known = self.known_of_transfer(basis, &checked, mint.now);
                    permits(&basis.agreement.agreement.policy, &known)?;
                }
                TransferAct::Resume
            }
            TransferMove::Suspend => TransferAct::Suspend(automation::script_suspends()),
            TransferMove::Complete => TransferAct::Complete,
            TransferMove::Terminate => TransferAct::Terminate(automation::script_ends()),
        };
        self.transfer_decision(entry, &act, mint).map(Some).map_err(|problem| problem.to_string())
    }

    /// Takes the step a timer stands for, if the process is still where it waited.
    pub(crate) async fn timer_due(&self, row: &OutboxRow) -> Result<(), Problem> {
        let settle = Some(Settle::Done { id: row.id });
        match row.subject {
            OutboxSubject::NegotiationTimer => self.negotiation_timer(row, settle).await,
            _ => self.transfer_timer(row, settle).await,
        }
    }

    async fn negotiation_timer(
        &self,
        row: &OutboxRow,
        settle: Option<Settle>,
    ) -> Result<(), Problem> {
        let callback = self.0.settings.protocol_base();
        let input = |entry: &mut NegotiationEntry, ground: &Ground, mint: &Mint<'_>| {
            let published = ground.published.as_ref();
            let negotiation = &entry.negotiation;
            let steps = self.script_of_negotiation(negotiation, published);
            let step = script::due(steps.unwrap_or_default(), entry.script, negotiation.state())
                .filter(|_| waits(row, entry.script) && negotiation.in_flight.is_none())
                .ok_or_else(|| too_late(row))?;
            let checked = self.checked_negotiation(negotiation, ground, mint.now);
            let known = self.known_of_negotiation(negotiation, ground, &checked, mint.now);
            let decision =
                automation::scripted(published, negotiation, step.act, &known, &callback, mint)
                    .map_err(held)?
                    .ok_or_else(|| too_late(row))?;
            entry.script += 1;
            let input = negotiation::Input::Decided { decision, message_id: mint.message() };
            Ok(Push::checked(input, Some(Box::new(checked))))
        };
        self.drive_negotiation(&row.process, settle, input).await.map(drop)
    }

    async fn transfer_timer(&self, row: &OutboxRow, settle: Option<Settle>) -> Result<(), Problem> {
        let input = |entry: &mut TransferEntry, basis: &Basis, mint: &Mint<'_>| {
            let transfer = &entry.transfer;
            let steps = self.script_of_transfer(entry).unwrap_or_default();
            let step = script::due(steps, entry.script, transfer.state())
                .filter(|_| waits(row, entry.script) && transfer.in_flight.is_none())
                .ok_or_else(|| too_late(row))?;
            let decision = self.scripted_transfer(entry, basis, step.act, mint);
            let decision = decision.map_err(held)?.ok_or_else(|| too_late(row))?;
            entry.script += 1;
            Ok(transfer::Input::Decided { decision, message_id: mint.message() })
        };
        self.drive_transfer(&row.process, settle, input).await.map(drop)
    }
}

/// The dataset a negotiation is about, once something names it.
fn dataset<'n>(
    negotiation: &'n Negotiation,
    published: Option<&'n PublishedOffer>,
) -> Option<&'n DatasetId> {
    let agreed = || negotiation.stage.agreement().map(|agreement| &agreement.target);
    published
        .map(|published| &published.dataset_id)
        .or_else(|| negotiation.offer().and_then(|offer| offer.target.as_ref()))
        .or_else(agreed)
}

/// The timer of a negotiation that has taken `taken` steps.
pub(crate) fn of_negotiation(
    negotiation: &Negotiation,
    taken: u32,
    delay: Duration,
    mint: &Mint<'_>,
) -> NewMessage {
    let subject = OutboxSubject::NegotiationTimer;
    timer(&negotiation.id, &negotiation.participant, subject, taken, delay, mint)
}

/// The timer of a transfer that has taken `taken` steps.
pub(crate) fn of_transfer(
    transfer: &Transfer,
    taken: u32,
    delay: Duration,
    mint: &Mint<'_>,
) -> NewMessage {
    let subject = OutboxSubject::TransferTimer;
    timer(&transfer.id, &transfer.participant, subject, taken, delay, mint)
}

fn timer(
    process: &ProcessId,
    own: &ParticipantId,
    subject: OutboxSubject,
    taken: u32,
    delay: Duration,
    mint: &Mint<'_>,
) -> NewMessage {
    let millis = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
    NewMessage {
        process: process.clone(),
        subject,
        peer: own.clone(),
        message_id: mint.message(),
        kind: "step of a script".to_owned(),
        url: String::new(),
        // Which step: a process that has taken it otherwise has no use for this timer.
        body: taken.to_string().into_bytes(),
        not_before: mint.now.plus_millis(millis),
    }
}

/// Whether the process has taken no step since the timer was set.
fn waits(row: &OutboxRow, taken: u32) -> bool {
    row.body == taken.to_string().as_bytes()
}

fn too_late(row: &OutboxRow) -> Problem {
    let text = format!("the script's step comes too late for {}", row.process);
    Problem::new(ProblemCode::IllegalState, text)
}

fn held(reason: String) -> Problem {
    Problem::new(ProblemCode::IllegalState, reason)
}
