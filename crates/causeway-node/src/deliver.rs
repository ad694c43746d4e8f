//! One attempt to deliver one outbox message. What a peer's answer means is decided by the protocol
//! machines; here it is only sorted into acknowledged, refused, and not yet.

use std::time::Duration;

use causeway_dsp::{Reason, negotiation, peer_pid, transfer, wire};
use causeway_store::{ChangeSet, NewEvent, OutboxRow, OutboxSubject, Settle};
use causeway_types::{Problem, ProblemCode};

use crate::dispatch::Finished;
use crate::egress::Purpose;
use crate::negotiate::encoded;
use crate::outcome::{CREDENTIALS, Kinds, NEGOTIATION, Story, TRANSFER};
use crate::pulls::backoff;
use crate::transport::{Answer, Outgoing};
use crate::webhook::{self, Verdict};
use crate::{NegotiationAct, Node, TransferAct};

/// Attempts at a message that a peer answers with a conflict before that counts as a refusal.
const BUSY_ATTEMPTS_MAX: u32 = 4;

/// Whether a refusal may only mean that the peer is still writing what came before: it answers 409
/// (EDC does, if our answer overtakes its own commit), and its process has not ended.
fn is_busy(status: u16, state: &str, row: &OutboxRow) -> bool {
    let has_ended = match row.subject {
        OutboxSubject::Negotiation => negotiation::State::parse(state).map(|s| s.is_final()),
        _ => transfer::State::parse(state).map(|s| s.is_final()),
    };
    status == 409 && row.attempts < BUSY_ATTEMPTS_MAX && has_ended == Some(false)
}

/// Whether a message about credentials was refused by somebody who may not yet know our newest key,
/// or what we answer.
fn is_early(status: u16, row: &OutboxRow) -> bool {
    let is_about_credentials = row.subject.is_about_credentials();
    is_about_credentials && matches!(status, 401 | 409) && row.attempts < BUSY_ATTEMPTS_MAX
}

/// What a peer's answer to a message means.
enum Outcome {
    Acked(Answer),
    /// The peer does not want it. With the peer's state, read again; `None` if it knows no such
    /// process.
    Refused(Reason, Option<String>),
    /// Not delivered, or not answered: try again.
    Again(String),
}

impl Node {
    /// One attempt to deliver one message, to its end: the answer is committed before this
    /// returns.
    pub(crate) async fn attempt(&self, mut row: OutboxRow) -> Finished {
        if matches!(row.subject, OutboxSubject::NegotiationTimer | OutboxSubject::TransferTimer) {
            let settled = self.timer_fired(&row).await;
            return self.settled(row, settled).await;
        }
        let outcome = self.deliver(&row).await;
        let attempts = row.attempts + 1;
        let settled = match outcome {
            Outcome::Again(error) if attempts < self.0.settings.retry.attempts_max => {
                let wait = self.wait_before(attempts);
                self.postpone(&row, attempts, wait, &error).await;
                row.attempts = attempts;
                row.last_error = Some(error);
                return Finished { row, again: Some(wait) };
            }
            Outcome::Again(error) => {
                let text =
                    format!("{} was not delivered in {attempts} attempts: {error}", row.kind);
                self.lapsed(&row, Reason::of("unreachable", text)).await
            }
            Outcome::Acked(answer) => self.acked(&row, &answer).await,
            Outcome::Refused(reason, state) => self.refused(&row, reason, state).await,
        };
        self.settled(row, settled).await
    }

    /// Whether the end of an attempt was recorded; if not, everything is done once more.
    async fn settled(&self, row: OutboxRow, settled: Result<(), Problem>) -> Finished {
        match settled {
            Ok(()) => Finished { row, again: None },
            Err(problem) if problem.code() == ProblemCode::NotFound => {
                // The process is gone from the store; so is every reason to keep its message.
                let done = vec![Settle::Done { id: row.id }];
                let changes = ChangeSet { settle: done, ..ChangeSet::default() };
                self.commit(changes).await.ok();
                Finished { row, again: None }
            }
            Err(problem) => {
                // The answer could not be recorded. The row is still in the outbox; the peer
                // recognises the repeated message by its id and answers again.
                let (process, internal) = (&row.process, problem.for_log());
                tracing::warn!(%process, internal, "cannot record a peer's answer: {problem}");
                let wait = self.wait_before(row.attempts + 1);
                Finished { row, again: Some(wait) }
            }
        }
    }

    /// The wait before the next attempt, spread by chance so that many do not return at once.
    fn wait_before(&self, attempts: u32) -> Duration {
        let mut bits = [0; 2];
        self.0.entropy.fill(&mut bits);
        let spread = 0.5 + f64::from(u16::from_be_bytes(bits)) / f64::from(u16::MAX);
        backoff(&self.0.settings.retry, attempts).mul_f64(spread)
    }

    async fn deliver(&self, row: &OutboxRow) -> Outcome {
        let (url, body) = (row.url.clone(), Some(row.body.clone().into()));
        let answer = if row.subject.is_webhook() {
            let timeout = self.0.settings.retry.answer_timeout;
            let request = Outgoing { body, ..Outgoing::to(Purpose::Webhook, url, timeout) };
            self.0.transport.send(request).await
        } else if row.subject == OutboxSubject::CredentialRequest {
            self.send_request(row).await
        } else if row.subject.is_about_credentials() {
            self.send_about_credentials(row).await
        } else {
            self.send_to(&row.peer, url, body).await
        };
        match answer {
            Ok(answer) if answer.is_success() => Outcome::Acked(answer),
            Ok(answer)
                if answer.is_transient() || answer.status < 400 || is_early(answer.status, row) =>
            {
                let said = wire::read_error(&answer.body);
                Outcome::Again(format!("status {}: {said}", answer.status))
            }
            Ok(answer) => {
                let said = wire::read_error(&answer.body);
                let code = said.code().map_or_else(|| answer.status.to_string(), str::to_owned);
                let texts = if said.texts().is_empty() {
                    vec![format!("status {}", answer.status)]
                } else {
                    said.texts().to_vec()
                };
                let reason = Reason::new(Some(code), texts);
                match self.peer_state(row).await {
                    Ok(Some(state)) if is_busy(answer.status, &state, row) => {
                        Outcome::Again(format!("{reason}, while it is in {state}"))
                    }
                    Ok(state) => Outcome::Refused(reason, state),
                    Err(error) => Outcome::Again(error),
                }
            }
            Err(error) => Outcome::Again(error.to_string()),
        }
    }

    /// The peer's state of the process, read after a refusal.
    async fn peer_state(&self, row: &OutboxRow) -> Result<Option<String>, String> {
        let read = |problem: Problem| problem.to_string();
        let (address, pid, path) = match row.subject {
            OutboxSubject::Negotiation => {
                let entry = self.negotiation_of(&row.peer, &row.process).await.map_err(read)?;
                let n = entry.negotiation;
                (n.peer_address, n.peer_pid, "negotiations")
            }
            OutboxSubject::Transfer => {
                let entry = self.transfer_of(&row.peer, &row.process).await.map_err(read)?;
                let t = entry.transfer;
                (t.peer_address, t.peer_pid, "transfers")
            }
            _ => return Ok(None),
        };
        let Some(pid) = pid else { return Ok(None) };
        let url = address.join(&format!("/{path}/{}", encoded(pid.as_str())));
        let answer = self.send_to(&row.peer, url, None).await.map_err(|e| e.to_string())?;
        if answer.is_transient() {
            return Err(format!("status {} when the peer's state was read", answer.status));
        }
        if !answer.is_success() {
            return Ok(None);
        }
        let document = wire::parse_answer(&answer.body).map_err(|error| error.to_string())?;
        let state = match row.subject {
            OutboxSubject::Negotiation => {
                wire::read_negotiation_ack(&document).map(|ack| ack.state.as_str())
            }
            _ => wire::read_transfer_ack(&document).map(|ack| ack.state.as_str()),
        };
        state.map(|state| Some(state.to_owned())).map_err(|error| error.to_string())
    }

    async fn postpone(&self, row: &OutboxRow, attempts: u32, wait: Duration, error: &str) {
        let millis = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        let not_before = self.now().plus_millis(millis);
        let error = error.to_owned();
        // The first failure is news; after that, only every doubling.
        let events = if attempts.is_power_of_two() {
            let text = format!(
                "{} was not delivered (attempt {attempts}), trying again: {error}",
                row.kind
            );
            trouble(row, text, self)
        } else {
            Vec::new()
        };
        let settle = vec![Settle::Retry { id: row.id, attempts, not_before, error }];
        let changes = ChangeSet { settle, events, ..ChangeSet::default() };
        if let Err(error) = self.commit(changes).await {
            tracing::warn!(process = %row.process, %error, "cannot record a failed attempt");
        }
    }

    async fn acked(&self, row: &OutboxRow, answer: &Answer) -> Result<(), Problem> {
        let settle = Some(Settle::Done { id: row.id });
        match row.subject {
            OutboxSubject::Negotiation => {
                let document = wire::parse_answer(&answer.body).ok();
                let ack = document.as_ref().and_then(|d| wire::read_negotiation_ack(d).ok());
                let message_id = row.message_id.clone();
                self.drive_negotiation(&row.process, settle, |entry, _, _| {
                    let peer_pid = ack.as_ref().and_then(|ack| {
                        let (consumer, provider) = (&ack.consumer_pid, &ack.provider_pid);
                        peer_pid(entry.negotiation.role, consumer.as_ref(), provider.as_ref())
                    });
                    Ok(negotiation::Input::Acked { message_id: message_id.clone(), peer_pid })
                })
                .await
                .map(drop)
            }
            OutboxSubject::Transfer => {
                let document = wire::parse_answer(&answer.body).ok();
                let ack = document.as_ref().and_then(|d| wire::read_transfer_ack(d).ok());
                let message_id = row.message_id.clone();
                self.drive_transfer(&row.process, settle, |entry, _, _| {
                    let peer_pid = ack.as_ref().and_then(|ack| {
                        let (consumer, provider) = (&ack.consumer_pid, &ack.provider_pid);
                        peer_pid(entry.transfer.role, consumer.as_ref(), provider.as_ref())
                    });
                    Ok(transfer::Input::Acked { message_id: message_id.clone(), peer_pid })
                })
                .await
                .map(drop)
            }
            OutboxSubject::CredentialRequest => self.request_acked(row, answer).await,
            OutboxSubject::Issuance | OutboxSubject::CredentialOffer => {
                self.issuance_told(row, None).await
            }
            _ => self.webhook_answered(row, answer).await,
        }
    }

    async fn refused(
        &self,
        row: &OutboxRow,
        reason: Reason,
        state: Option<String>,
    ) -> Result<(), Problem> {
        let settle = Some(Settle::Done { id: row.id });
        let message_id = row.message_id.clone();
        match row.subject {
            OutboxSubject::Negotiation => self
                .drive_negotiation(&row.process, settle, |_, _, mint| {
                    Ok(negotiation::Input::Refused {
                        message_id: message_id.clone(),
                        reason: reason.clone(),
                        peer_state: state.as_deref().and_then(negotiation::State::parse),
                        termination_id: mint.message(),
                    })
                })
                .await
                .map(drop),
            OutboxSubject::Transfer => self
                .drive_transfer(&row.process, settle, |_, _, mint| {
                    Ok(transfer::Input::Refused {
                        message_id: message_id.clone(),
                        reason: reason.clone(),
                        peer_state: state.as_deref().and_then(transfer::State::parse),
                        termination_id: mint.message(),
                    })
                })
                .await
                .map(drop),
            OutboxSubject::CredentialRequest => self.request_refused(row, &reason).await,
            OutboxSubject::Issuance | OutboxSubject::CredentialOffer => {
                self.issuance_told(row, Some(reason.to_string())).await
            }
            _ => self.leave_to_a_person(row, format!("the webhook refused: {reason}")).await,
        }
    }

    async fn lapsed(&self, row: &OutboxRow, reason: Reason) -> Result<(), Problem> {
        let settle = Some(Settle::Done { id: row.id });
        let message_id = row.message_id.clone();
        match row.subject {
            OutboxSubject::Negotiation => self
                .drive_negotiation(&row.process, settle, |_, _, _| {
                    let (message_id, reason) = (message_id.clone(), reason.clone());
                    Ok(negotiation::Input::Lapsed { message_id, reason })
                })
                .await
                .map(drop),
            OutboxSubject::Transfer => self
                .drive_transfer(&row.process, settle, |_, _, _| {
                    let (message_id, reason) = (message_id.clone(), reason.clone());
                    Ok(transfer::Input::Lapsed { message_id, reason })
                })
                .await
                .map(drop),
            OutboxSubject::CredentialRequest => self.request_refused(row, &reason).await,
            OutboxSubject::Issuance | OutboxSubject::CredentialOffer => {
                self.issuance_told(row, Some(reason.to_string())).await
            }
            _ => self.leave_to_a_person(row, reason.to_string()).await,
        }
    }

    /// A timer is due. A step that the state no longer allows is dropped, and that is told.
    async fn timer_fired(&self, row: &OutboxRow) -> Result<(), Problem> {
        match self.timer_due(row).await {
            Err(problem) if problem.code() == ProblemCode::IllegalState => {
                let text = format!("a step of the script was not taken: {problem}");
                self.leave_outbox(row, trouble(row, text, self)).await
            }
            other => other,
        }
    }

    /// Applies a webhook's decision. It settles first: a decision that the state no longer allows
    /// (a person was faster) is dropped, and asking again would not change that.
    async fn webhook_answered(&self, row: &OutboxRow, answer: &Answer) -> Result<(), Problem> {
        let verdict = match webhook::read(answer.status, &answer.body) {
            Ok(verdict) => verdict,
            Err(text) => return self.leave_to_a_person(row, text).await,
        };
        let is_negotiation = row.subject == OutboxSubject::NegotiationWebhook;
        let decided = match (verdict, is_negotiation) {
            (Verdict::Hold, _) => {
                let text = "the webhook leaves the decision to a person".to_owned();
                return self.leave_to_a_person(row, text).await;
            }
            (Verdict::Accept, true) => {
                self.decide_negotiation(&row.process, &NegotiationAct::Accept).await.map(drop)
            }
            (Verdict::Reject(reason), true) => self
                .decide_negotiation(&row.process, &NegotiationAct::Terminate(reason))
                .await
                .map(drop),
            (Verdict::Accept, false) => {
                self.decide_transfer(&row.process, &TransferAct::Accept).await.map(drop)
            }
            (Verdict::Reject(reason), false) => {
                self.decide_transfer(&row.process, &TransferAct::Terminate(reason)).await.map(drop)
            }
        };
        match decided {
            Ok(()) => self.leave_outbox(row, Vec::new()).await,
            Err(problem) if problem.code() == ProblemCode::IllegalState => {
                let text = format!("the webhook's decision came too late: {problem}");
                self.leave_outbox(row, trouble(row, text, self)).await
            }
            Err(problem) => Err(problem),
        }
    }

    async fn leave_to_a_person(&self, row: &OutboxRow, text: String) -> Result<(), Problem> {
        let kinds = kinds(row.subject);
        let mut story = Story::of(row.process.clone(), self.now(), kinds);
        story.push(kinds.waiting, &row.kind, format!("waiting for you: {text}"));
        self.leave_outbox(row, story.into_events()).await
    }

    async fn leave_outbox(&self, row: &OutboxRow, events: Vec<NewEvent>) -> Result<(), Problem> {
        let settle = vec![Settle::Done { id: row.id }];
        let changes = ChangeSet { settle, events, ..ChangeSet::default() };
        self.commit(changes).await.map_err(crate::commit::commit_failed)
    }
}

fn trouble(row: &OutboxRow, text: String, node: &Node) -> Vec<NewEvent> {
    let mut story = Story::of(row.process.clone(), node.now(), kinds(row.subject));
    story.trouble("delivery", text);
    story.into_events()
}

/// The kinds of events of the process a message belongs to.
fn kinds(subject: OutboxSubject) -> Kinds {
    match subject {
        OutboxSubject::Negotiation
        | OutboxSubject::NegotiationWebhook
        | OutboxSubject::NegotiationTimer => NEGOTIATION,
        OutboxSubject::Transfer | OutboxSubject::TransferWebhook | OutboxSubject::TransferTimer => {
            TRANSFER
        }
        OutboxSubject::Issuance
        | OutboxSubject::CredentialRequest
        | OutboxSubject::CredentialOffer => CREDENTIALS,
    }
}
