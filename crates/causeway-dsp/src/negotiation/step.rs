//! The negotiation's one function. Every branch is exercised by the exhaustive walk and the worlds
//! in `tests/it`.

use causeway_types::limits::NEGOTIATION_ROUNDS_MAX;
use causeway_types::{MessageId, ParticipantId, ProcessId, Role};

use super::table::{self, Kind, State, target};
use super::{
    Agreement, Body, Decision, Effect, InFlight, Input, Message, Negotiation, Offer, Stage, Step,
};
use crate::process::{Question, Reason, Rejection, check_pids};

/// Applies one input. A rejection changes nothing and says what would have been accepted.
pub fn step(negotiation: &Negotiation, input: Input) -> Result<Step, Rejection> {
    match input {
        Input::Received(message) => received(negotiation, message),
        Input::Decided { decision, message_id } => decided(negotiation, decision, message_id),
        Input::Acked { message_id, peer_pid } => Ok(acked(negotiation, &message_id, peer_pid)),
        Input::Refused { message_id, reason, peer_state, termination_id } => {
            Ok(refused(negotiation, &message_id, reason, peer_state, termination_id))
        }
        Input::Lapsed { message_id, reason } => Ok(lapsed(negotiation, &message_id, reason)),
    }
}

fn received(negotiation: &Negotiation, message: Message) -> Result<Step, Rejection> {
    if message.id.as_ref().is_some_and(|id| negotiation.received.contains(id)) {
        return Ok(unchanged(negotiation));
    }
    let ids = (&negotiation.id, negotiation.peer_pid.as_ref());
    let (consumer, provider) = (message.consumer_pid.as_ref(), message.provider_pid.as_ref());
    let peer_pid = check_pids(negotiation.role, ids, consumer, provider)?;
    let kind = message.body.kind();
    let sender = negotiation.role.other();
    let mut next = negotiation.clone();
    let mut effects = Vec::new();

    let opening = next.stage == Stage::Opening && next.in_flight.is_some();
    if opening || target(next.state(), kind, sender).is_none() {
        // The peer may answer before its acknowledgement of our message reaches us.
        let answers = |m: &InFlight| target(m.next.state(), kind, sender).is_some();
        match next.in_flight.take_if(|m| answers(m)) {
            Some(in_flight) => next.stage = in_flight.next,
            None => return Err(illegal(negotiation.state(), kind, sender)),
        }
        effects.push(Effect::CancelSend);
    } else if let Some(in_flight) = &next.in_flight {
        // The two messages crossed. Ending the negotiation wins over everything else, whoever
        // says it; the side that says anything else is refused and reads our state again.
        if kind != Kind::Termination {
            return Err(Rejection::InFlight {
                in_flight: in_flight.kind.as_str(),
                sender: negotiation.role,
            });
        }
        next.in_flight = None;
        effects.push(Effect::CancelSend);
    }

    let rounds = count_round(&next, kind)?;
    next.stage = stage_after(&next, sender, message.body)?;
    next.rounds = rounds;
    next.peer_pid = next.peer_pid.or(peer_pid);
    if let Some(id) = message.id {
        next.received.remember(id);
    }
    next.question = question(&next);
    effects.extend(next.question.map(Effect::Ask));
    Ok(Step { next, effects })
}

fn decided(
    negotiation: &Negotiation,
    decision: Decision,
    message_id: MessageId,
) -> Result<Step, Rejection> {
    let kind = decision.kind();
    let mut next = negotiation.clone();
    let mut effects = Vec::new();
    let opening = negotiation.state().is_none();
    if let Some(in_flight) = &negotiation.in_flight {
        // Only an end may overtake a message on its way, and nothing the one that concludes the
        // contract: the peer may hold it already.
        let is_last = matches!(in_flight.kind, Kind::Finalized | Kind::Termination);
        if kind != Kind::Termination || is_last {
            return Err(Rejection::InFlight {
                in_flight: in_flight.kind.as_str(),
                sender: negotiation.role,
            });
        }
        effects.push(Effect::CancelSend);
        next.in_flight = None;
    }
    next.question = None;
    if let (Decision::Terminate { reason }, true, true) =
        (&decision, opening, negotiation.in_flight.is_some())
    {
        // The peer's pid is not known, so there is nothing the end could be addressed to. Should
        // our request have reached the peer, its answer will find the negotiation terminated.
        next.stage = Stage::Terminated { by: negotiation.role, reason: reason.clone() };
        return Ok(Step { next, effects });
    }
    if target(negotiation.state(), kind, negotiation.role).is_none() {
        return Err(illegal(negotiation.state(), kind, negotiation.role));
    }
    let body = body_of(&next, decision, opening);
    next.rounds = count_round(&next, kind)?;
    let stage = stage_after(&next, negotiation.role, body.clone())?;
    effects.push(Effect::Send(Box::new(message(&next, message_id.clone(), body))));
    next.in_flight = Some(InFlight { id: message_id, kind, next: stage });
    Ok(Step { next, effects })
}

fn acked(negotiation: &Negotiation, id: &MessageId, peer_pid: Option<ProcessId>) -> Step {
    let mut next = negotiation.clone();
    next.peer_pid = next.peer_pid.or(peer_pid);
    if let Some(in_flight) = next.in_flight.take_if(|m| m.id == *id) {
        next.stage = in_flight.next;
    }
    Step { next, effects: Vec::new() }
}

fn refused(
    negotiation: &Negotiation,
    id: &MessageId,
    reason: Reason,
    peer_state: Option<State>,
    termination_id: MessageId,
) -> Step {
    let mut next = negotiation.clone();
    let Some(in_flight) = next.in_flight.take_if(|m| m.id == *id) else {
        return unchanged(negotiation);
    };
    let arrived = in_flight.next.state();
    let answered = Kind::ALL
        .into_iter()
        .filter_map(|kind| target(arrived, kind, negotiation.role.other()))
        .any(|state| Some(state) == peer_state && state != State::Terminated);
    if in_flight.kind == Kind::Termination || (peer_state.is_some() && peer_state == arrived) {
        // The message did take effect (or its effect no longer depends on the peer).
        next.stage = in_flight.next;
        return Step { next, effects: Vec::new() };
    }
    if answered {
        // The peer is one message ahead: ours arrived, and its answer is on its way.
        next.stage = in_flight.next;
        return Step { next, effects: Vec::new() };
    }
    let gone = peer_state.is_none() || peer_state == Some(State::Terminated);
    if gone || next.peer_pid.is_none() {
        next.stage = Stage::Terminated { by: negotiation.role.other(), reason };
        next.question = None;
        return Step { next, effects: Vec::new() };
    }
    // DSP 2025-1: if the two sides' states differ, the negotiation must be terminated.
    let body = Body::Termination { reason: reason.clone() };
    let send = Effect::Send(Box::new(message(&next, termination_id.clone(), body)));
    let stage = Stage::Terminated { by: negotiation.role, reason };
    next.question = None;
    next.in_flight = Some(InFlight { id: termination_id, kind: Kind::Termination, next: stage });
    Step { next, effects: vec![send] }
}

fn lapsed(negotiation: &Negotiation, id: &MessageId, reason: Reason) -> Step {
    let mut next = negotiation.clone();
    if next.in_flight.take_if(|m| m.id == *id).is_some() {
        next.stage = Stage::Terminated { by: negotiation.role, reason };
        next.question = None;
    }
    Step { next, effects: Vec::new() }
}

fn unchanged(negotiation: &Negotiation) -> Step {
    Step { next: negotiation.clone(), effects: Vec::new() }
}

fn illegal(state: Option<State>, kind: Kind, sender: Role) -> Rejection {
    Rejection::IllegalTransition {
        state: state.map_or("NONE", State::as_str),
        got: kind.as_str(),
        sender,
        allowed: table::allowed(state, sender),
    }
}

fn count_round(negotiation: &Negotiation, kind: Kind) -> Result<u32, Rejection> {
    match kind {
        Kind::Request | Kind::Offer if negotiation.rounds >= NEGOTIATION_ROUNDS_MAX => {
            Err(Rejection::TooManyRounds { rounds: NEGOTIATION_ROUNDS_MAX })
        }
        Kind::Request | Kind::Offer => Ok(negotiation.rounds + 1),
        _ => Ok(negotiation.rounds),
    }
}

/// Where a message that the table allows leads, after checking its terms against those on the
/// table.
fn stage_after(negotiation: &Negotiation, sender: Role, body: Body) -> Result<Stage, Rejection> {
    let stage = &negotiation.stage;
    match body {
        Body::Request { offer, .. } => {
            check_target(stage.offer(), &offer)?;
            Ok(Stage::Requested { offer: with_target(stage.offer(), offer) })
        }
        Body::Offer { offer, .. } => {
            check_target(stage.offer(), &offer)?;
            Ok(Stage::Offered { offer: with_target(stage.offer(), offer) })
        }
        Body::Agreement { agreement } => {
            check_agreement(negotiation, &agreement)?;
            Ok(Stage::Agreed { agreement })
        }
        Body::Termination { reason } => Ok(Stage::Terminated { by: sender, reason }),
        // The table leads to these three only from a stage that holds what they need.
        Body::Accepted => match stage.offer() {
            Some(offer) => Ok(Stage::Accepted { offer: offer.clone() }),
            None => Err(illegal(stage.state(), Kind::Accepted, sender)),
        },
        Body::Verification => match stage.agreement() {
            Some(agreement) => Ok(Stage::Verified { agreement: agreement.clone() }),
            None => Err(illegal(stage.state(), Kind::Verification, sender)),
        },
        Body::Finalized => match stage.agreement() {
            Some(agreement) => Ok(Stage::Finalized { agreement: agreement.clone() }),
            None => Err(illegal(stage.state(), Kind::Finalized, sender)),
        },
    }
}

fn check_target(last: Option<&Offer>, offer: &Offer) -> Result<(), Rejection> {
    match (last.and_then(|l| l.target.as_ref()), &offer.target) {
        (Some(expected), Some(found)) if expected != found => Err(Rejection::TermsDiffer {
            what: "offer",
            detail: format!("target is {found}, expected {expected}"),
        }),
        _ => Ok(()),
    }
}

fn with_target(last: Option<&Offer>, mut offer: Offer) -> Offer {
    if offer.target.is_none() {
        offer.target = last.and_then(|l| l.target.clone());
    }
    offer
}

fn check_agreement(negotiation: &Negotiation, agreement: &Agreement) -> Result<(), Rejection> {
    let (provider, consumer) = parties(negotiation);
    let differs = |detail: String| Err(Rejection::TermsDiffer { what: "agreement", detail });
    let Some(offer) = negotiation.stage.offer() else {
        return differs("no offer is on the table".to_owned());
    };
    if let Some(target) = offer.target.as_ref().filter(|target| **target != agreement.target) {
        return differs(format!("target is {}, expected {target}", agreement.target));
    }
    if agreement.assigner != *provider {
        return differs(format!("assigner is {}, expected {provider}", agreement.assigner));
    }
    if agreement.assignee != *consumer {
        return differs(format!("assignee is {}, expected {consumer}", agreement.assignee));
    }
    if !agreement.policy.same_as(&offer.policy) {
        return differs("the rules are not those of the offer".to_owned());
    }
    if !offer.facts.is_within(&agreement.facts) {
        return differs("what is stated of the data is not what the offer states".to_owned());
    }
    match (&offer.content, &agreement.content) {
        (Some(expected), Some(found)) if expected != found => differs(format!(
            "sha256 of the content is {}, expected {}",
            found.sha256(),
            expected.sha256()
        )),
        _ => Ok(()),
    }
}

/// Provider and consumer.
fn parties(negotiation: &Negotiation) -> (&ParticipantId, &ParticipantId) {
    match negotiation.role {
        Role::Provider => (&negotiation.participant, &negotiation.peer),
        Role::Consumer => (&negotiation.peer, &negotiation.participant),
    }
}

fn question(negotiation: &Negotiation) -> Option<Question> {
    match (negotiation.role, negotiation.state()?) {
        (Role::Provider, State::Requested) => Some(Question::ContractRequested),
        (Role::Provider, State::Accepted) => Some(Question::OfferAccepted),
        (Role::Provider, State::Verified) => Some(Question::AgreementVerified),
        (Role::Consumer, State::Offered) => Some(Question::OfferReceived),
        (Role::Consumer, State::Agreed) => Some(Question::AgreementReceived),
        _ => None,
    }
}

fn body_of(negotiation: &Negotiation, decision: Decision, opening: bool) -> Body {
    match decision {
        Decision::Request { offer, callback } => {
            Body::Request { offer, callback: opening.then_some(callback) }
        }
        Decision::Offer { offer, callback } => {
            Body::Offer { offer, callback: opening.then_some(callback) }
        }
        Decision::Accept => Body::Accepted,
        Decision::Agree { id, timestamp, target, facts } => {
            let (provider, consumer) = parties(negotiation);
            let offer = negotiation.stage.offer();
            Body::Agreement {
                agreement: Agreement {
                    id,
                    target: offer.and_then(|o| o.target.clone()).unwrap_or(target),
                    assigner: provider.clone(),
                    assignee: consumer.clone(),
                    timestamp: Some(timestamp),
                    // The table allows an agreement only where an offer is on the table.
                    policy: offer.map(|o| o.policy.clone()).unwrap_or_default(),
                    content: offer.and_then(|o| o.content),
                    facts,
                },
            }
        }
        Decision::Verify => Body::Verification,
        Decision::Finalize => Body::Finalized,
        Decision::Terminate { reason } => Body::Termination { reason },
    }
}

fn message(negotiation: &Negotiation, id: MessageId, body: Body) -> Message {
    Message {
        id: Some(id),
        consumer_pid: negotiation.consumer_pid(),
        provider_pid: negotiation.provider_pid(),
        body,
    }
}
