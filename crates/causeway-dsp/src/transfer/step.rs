//! The transfer's one function. Every branch is exercised by the exhaustive walk and the worlds in
//! `tests/it`.

use causeway_types::{MessageId, ProcessId, Role};

use super::table::{self, Kind, State, target};
use super::{Body, Decision, Effect, InFlight, Input, Message, Stage, Step, Transfer};
use crate::process::{Question, Reason, Rejection, check_pids};

/// Applies one input. A rejection changes nothing and says what would have been accepted.
pub fn step(transfer: &Transfer, input: Input) -> Result<Step, Rejection> {
    match input {
        Input::Received(message) => received(transfer, message),
        Input::Decided { decision, message_id } => decided(transfer, decision, message_id),
        Input::Acked { message_id, peer_pid } => Ok(acked(transfer, &message_id, peer_pid)),
        Input::Refused { message_id, reason, peer_state, termination_id } => {
            Ok(refused(transfer, &message_id, reason, peer_state, termination_id))
        }
        Input::Lapsed { message_id, reason } => Ok(lapsed(transfer, &message_id, reason)),
    }
}

fn received(transfer: &Transfer, message: Message) -> Result<Step, Rejection> {
    if message.id.as_ref().is_some_and(|id| transfer.received.contains(id)) {
        return Ok(unchanged(transfer));
    }
    let ids = (&transfer.id, transfer.peer_pid.as_ref());
    let (consumer, provider) = (message.consumer_pid.as_ref(), message.provider_pid.as_ref());
    let peer_pid = check_pids(transfer.role, ids, consumer, provider)?;
    let kind = message.body.kind();
    let sender = transfer.role.other();
    let mut next = transfer.clone();
    let mut effects = Vec::new();

    let opening = next.stage == Stage::Opening && next.in_flight.is_some();
    if opening || allowed_from(&next.stage, kind, sender).is_err() {
        // The peer may answer before its acknowledgement of our message reaches us.
        let answers = |m: &InFlight| allowed_from(&m.next, kind, sender).is_ok();
        match next.in_flight.take_if(|m| answers(m)) {
            Some(in_flight) => next.stage = in_flight.next,
            None => return Err(refusal(transfer, kind, sender)),
        }
        effects.push(Effect::CancelSend);
    } else if let Some(in_flight) = &next.in_flight {
        if !overtakes(kind, sender, in_flight.kind) {
            return Err(Rejection::InFlight {
                in_flight: in_flight.kind.as_str(),
                sender: transfer.role,
            });
        }
        next.in_flight = None;
        effects.push(Effect::CancelSend);
    }

    apply(&mut next, sender, message.body);
    next.peer_pid = next.peer_pid.or(peer_pid);
    if let Some(id) = message.id {
        next.received.remember(id);
    }
    next.question = question(&next, kind);
    effects.extend(next.question.map(Effect::Ask));
    Ok(Step { next, effects })
}

fn decided(
    transfer: &Transfer,
    decision: Decision,
    message_id: MessageId,
) -> Result<Step, Rejection> {
    let mut next = transfer.clone();
    let mut effects = Vec::new();
    let Some(kind) = kind_of(&decision) else {
        // Fetching sends nothing; it only settles the question.
        return if transfer.is_flowing() && transfer.role == Role::Consumer {
            next.question = None;
            Ok(Step { next, effects })
        } else {
            Err(refusal(transfer, Kind::Start, transfer.role))
        };
    };
    if let Some(in_flight) = &transfer.in_flight {
        // Only an end may overtake a message on its way, and nothing another end: the peer may
        // have it already.
        let is_last = matches!(in_flight.kind, Kind::Completion | Kind::Termination);
        if kind != Kind::Termination || is_last {
            return Err(Rejection::InFlight {
                in_flight: in_flight.kind.as_str(),
                sender: transfer.role,
            });
        }
        effects.push(Effect::CancelSend);
        next.in_flight = None;
    }
    next.question = None;
    if let (Decision::Terminate { reason }, Stage::Opening, true) =
        (&decision, &transfer.stage, transfer.in_flight.is_some())
    {
        // The peer's pid is not known, so there is nothing the end could be addressed to.
        next.stage = Stage::Terminated { by: transfer.role, reason: reason.clone() };
        return Ok(Step { next, effects });
    }
    allowed_from(&transfer.stage, kind, transfer.role)
        .map_err(|_| refusal(transfer, kind, transfer.role))?;
    if let Decision::Start { data_address: Some(address) } = &decision {
        next.data_address = Some(address.clone());
    }
    let stage = stage_after(transfer.role, &decision);
    let body = body_of(&next, decision);
    effects.push(Effect::Send(Box::new(message(&next, message_id.clone(), body))));
    next.in_flight = Some(InFlight { id: message_id, kind, next: stage });
    Ok(Step { next, effects })
}

fn acked(transfer: &Transfer, id: &MessageId, peer_pid: Option<ProcessId>) -> Step {
    let mut next = transfer.clone();
    next.peer_pid = next.peer_pid.or(peer_pid);
    let mut effects = Vec::new();
    if let Some(in_flight) = next.in_flight.take_if(|m| m.id == *id) {
        next.stage = in_flight.next;
        next.question = question(&next, in_flight.kind);
        effects.extend(next.question.map(Effect::Ask));
    }
    Step { next, effects }
}

fn refused(
    transfer: &Transfer,
    id: &MessageId,
    reason: Reason,
    peer_state: Option<State>,
    termination_id: MessageId,
) -> Step {
    let mut next = transfer.clone();
    let Some(in_flight) = next.in_flight.take_if(|m| m.id == *id) else {
        return unchanged(transfer);
    };
    let arrived = in_flight.next.state();
    if in_flight.kind == Kind::Termination || (peer_state.is_some() && peer_state == arrived) {
        next.stage = in_flight.next;
        return Step { next, effects: Vec::new() };
    }
    let peer = transfer.role.other();
    match peer_state {
        Some(State::Completed) => next.stage = Stage::Completed,
        // The peer knows no such process, or has ended it.
        None | Some(State::Terminated) => next.stage = Stage::Terminated { by: peer, reason },
        // A message of the peer overtook ours; it will reach us, and nothing is decided yet.
        Some(_) if transfer.state() != Some(State::Requested) => {
            return Step { next, effects: Vec::new() };
        }
        // The peer does not take our start, so this transfer leads nowhere.
        Some(_) => {
            let body = Body::Termination { reason: reason.clone() };
            let send = Effect::Send(Box::new(message(&next, termination_id.clone(), body)));
            let stage = Stage::Terminated { by: transfer.role, reason };
            next.question = None;
            next.in_flight =
                Some(InFlight { id: termination_id, kind: Kind::Termination, next: stage });
            return Step { next, effects: vec![send] };
        }
    }
    next.question = None;
    Step { next, effects: Vec::new() }
}

fn lapsed(transfer: &Transfer, id: &MessageId, reason: Reason) -> Step {
    let mut next = transfer.clone();
    if let Some(in_flight) = next.in_flight.take_if(|m| m.id == *id) {
        next.question = None;
        next.stage = match in_flight.kind {
            // Without the peer a transfer cannot begin.
            Kind::Request => Stage::Terminated { by: transfer.role, reason },
            Kind::Start if transfer.state() == Some(State::Requested) => {
                Stage::Terminated { by: transfer.role, reason }
            }
            // Still held.
            Kind::Start => next.stage,
            // True on our side, whether or not the peer can be told.
            Kind::Suspension | Kind::Completion | Kind::Termination => in_flight.next,
        };
    }
    Step { next, effects: Vec::new() }
}

fn unchanged(transfer: &Transfer) -> Step {
    Step { next: transfer.clone(), effects: Vec::new() }
}

/// The table, and the rule that only the party that suspended may resume.
fn allowed_from(stage: &Stage, kind: Kind, sender: Role) -> Result<State, Option<Role>> {
    match stage {
        Stage::Suspended { by, .. } if kind == Kind::Start && *by != sender => Err(Some(*by)),
        _ => target(stage.state(), kind, sender).ok_or(None),
    }
}

fn refusal(transfer: &Transfer, kind: Kind, sender: Role) -> Rejection {
    match allowed_from(&transfer.stage, kind, sender) {
        Err(Some(by)) => Rejection::SuspendedByOther { by },
        _ => Rejection::IllegalTransition {
            state: transfer.state().map_or("NONE", State::as_str),
            got: kind.as_str(),
            sender,
            allowed: table::allowed(transfer.state(), sender),
        },
    }
}

/// Whether a peer's message wins over ours when the two crossed.
fn overtakes(kind: Kind, sender: Role, ours: Kind) -> bool {
    kind > ours || (kind == ours && (kind != Kind::Suspension || sender == Role::Provider))
}

fn apply(transfer: &mut Transfer, sender: Role, body: Body) {
    transfer.stage = match body {
        Body::Request { data_address, .. } => {
            transfer.data_address = data_address;
            Stage::Requested
        }
        Body::Start { data_address } => {
            transfer.data_address = data_address.or(transfer.data_address.take());
            Stage::Started
        }
        Body::Suspension { reason } => Stage::Suspended { by: sender, reason },
        Body::Completion => Stage::Completed,
        Body::Termination { reason } => Stage::Terminated { by: sender, reason },
    };
}

fn question(transfer: &Transfer, arrived_by: Kind) -> Option<Question> {
    match (transfer.role, transfer.state()?) {
        (Role::Provider, State::Requested) => Some(Question::TransferRequested),
        (Role::Consumer, State::Started) if arrived_by == Kind::Start => {
            Some(Question::TransferStarted)
        }
        _ => None,
    }
}

fn kind_of(decision: &Decision) -> Option<Kind> {
    match decision {
        Decision::Request { .. } => Some(Kind::Request),
        Decision::Start { .. } => Some(Kind::Start),
        Decision::Fetch => None,
        Decision::Suspend { .. } => Some(Kind::Suspension),
        Decision::Complete => Some(Kind::Completion),
        Decision::Terminate { .. } => Some(Kind::Termination),
    }
}

fn stage_after(role: Role, decision: &Decision) -> Stage {
    match decision {
        Decision::Request { .. } => Stage::Requested,
        Decision::Start { .. } | Decision::Fetch => Stage::Started,
        Decision::Suspend { reason } => Stage::Suspended { by: role, reason: reason.clone() },
        Decision::Complete => Stage::Completed,
        Decision::Terminate { reason } => Stage::Terminated { by: role, reason: reason.clone() },
    }
}

fn body_of(transfer: &Transfer, decision: Decision) -> Body {
    match decision {
        Decision::Request { callback } => Body::Request {
            agreement_id: transfer.agreement_id.clone(),
            format: transfer.format.clone(),
            callback,
            data_address: transfer.data_address.clone(),
        },
        Decision::Start { data_address } => Body::Start { data_address },
        Decision::Fetch | Decision::Complete => Body::Completion,
        Decision::Suspend { reason } => Body::Suspension { reason },
        Decision::Terminate { reason } => Body::Termination { reason },
    }
}

fn message(transfer: &Transfer, id: MessageId, body: Body) -> Message {
    Message {
        id: Some(id),
        consumer_pid: transfer.consumer_pid(),
        provider_pid: transfer.provider_pid(),
        body,
    }
}
