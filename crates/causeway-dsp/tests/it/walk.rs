//! Every state × message × sender of both protocols, told twice: once by the table as the
//! specification prints it, once by what `step` really does.

use causeway_dsp::negotiation::{self, Agreement};
use causeway_dsp::transfer;
use causeway_dsp::{Reason, Rejection};
use causeway_types::{DatasetId, Role, StatedFacts, Timestamp};

use crate::samples;

/// Rows: the state before. Columns: Request C, Offer P, ACCEPTED C, Agreement P, Verification C,
/// FINALIZED P, Termination C, Termination P. A dot is an error. All other senders are errors.
const NEGOTIATION: [(&str, [&str; 8]); 8] = [
    ("NONE", ["REQUESTED", "OFFERED", ".", ".", ".", ".", ".", "."]),
    ("REQUESTED", [".", "OFFERED", ".", "AGREED", ".", ".", "TERMINATED", "TERMINATED"]),
    ("OFFERED", ["REQUESTED", ".", "ACCEPTED", ".", ".", ".", "TERMINATED", "TERMINATED"]),
    ("ACCEPTED", [".", ".", ".", "AGREED", ".", ".", "TERMINATED", "TERMINATED"]),
    ("AGREED", [".", ".", ".", ".", "VERIFIED", ".", "TERMINATED", "TERMINATED"]),
    ("VERIFIED", [".", ".", ".", ".", ".", "FINALIZED", "TERMINATED", "TERMINATED"]),
    ("FINALIZED", [".", ".", ".", ".", ".", ".", ".", "."]),
    ("TERMINATED", [".", ".", ".", ".", ".", ".", ".", "."]),
];

/// Rows: the state before. Columns: Request C, Start P, Start C, Suspension C, Suspension P,
/// Completion C, Completion P, Termination C, Termination P. SUSPENDED is one that the sender of
/// the message caused.
const TRANSFER: [(&str, [&str; 9]); 6] = [
    ("NONE", ["REQUESTED", ".", ".", ".", ".", ".", ".", ".", "."]),
    ("REQUESTED", [".", "STARTED", ".", ".", ".", ".", ".", "TERMINATED", "TERMINATED"]),
    (
        "STARTED",
        [
            ".",
            "STARTED",
            ".",
            "SUSPENDED",
            "SUSPENDED",
            "COMPLETED",
            "COMPLETED",
            "TERMINATED",
            "TERMINATED",
        ],
    ),
    ("SUSPENDED", [".", "STARTED", "STARTED", ".", ".", ".", ".", "TERMINATED", "TERMINATED"]),
    ("COMPLETED", [".", ".", ".", ".", ".", ".", ".", ".", "."]),
    ("TERMINATED", [".", ".", ".", ".", ".", ".", ".", ".", "."]),
];

#[test]
fn every_negotiation_message_in_every_state_does_what_the_specification_says() {
    use Role::{Consumer, Provider};
    use negotiation::Kind;
    let columns = [
        (Kind::Request, Consumer),
        (Kind::Offer, Provider),
        (Kind::Accepted, Consumer),
        (Kind::Agreement, Provider),
        (Kind::Verification, Consumer),
        (Kind::Finalized, Provider),
        (Kind::Termination, Consumer),
        (Kind::Termination, Provider),
    ];
    let mut walked = 0;
    for (before, row) in NEGOTIATION {
        for kind in Kind::ALL {
            for sender in [Consumer, Provider] {
                let expected = columns
                    .iter()
                    .position(|column| *column == (kind, sender))
                    .map_or(".", |index| row[index]);
                check_negotiation(before, kind, sender, expected);
                walked += 1;
            }
        }
    }
    assert_eq!(walked, 8 * 7 * 2);
}

#[test]
fn every_transfer_message_in_every_state_does_what_the_specification_says() {
    use Role::{Consumer, Provider};
    use transfer::Kind;
    let columns = [
        (Kind::Request, Consumer),
        (Kind::Start, Provider),
        (Kind::Start, Consumer),
        (Kind::Suspension, Consumer),
        (Kind::Suspension, Provider),
        (Kind::Completion, Consumer),
        (Kind::Completion, Provider),
        (Kind::Termination, Consumer),
        (Kind::Termination, Provider),
    ];
    let mut walked = 0;
    for (before, row) in TRANSFER {
        for kind in Kind::ALL {
            for sender in [Consumer, Provider] {
                let expected = columns
                    .iter()
                    .position(|column| *column == (kind, sender))
                    .map_or(".", |index| row[index]);
                check_transfer(before, kind, sender, expected);
                walked += 1;
            }
        }
    }
    assert_eq!(walked, 6 * 5 * 2);
}

#[test]
fn only_the_party_that_suspended_may_resume() {
    for by in [Role::Consumer, Role::Provider] {
        let receiver = by;
        let mut transfer = samples::transfer(receiver);
        transfer.stage = transfer::Stage::Suspended { by, reason: Reason::default() };
        let message = transfer::Message {
            id: None,
            consumer_pid: None,
            provider_pid: None,
            body: transfer::Body::Start { data_address: None },
        };
        let rejection = transfer::step(&transfer, transfer::Input::Received(message)).unwrap_err();
        assert_eq!(rejection, Rejection::SuspendedByOther { by });
    }
}

#[test]
fn a_rejection_says_what_was_got_and_what_would_have_been_right() {
    let mut negotiation = samples::negotiation(Role::Provider);
    negotiation.stage = negotiation_stage("OFFERED");
    let message = negotiation_message(negotiation::Kind::Verification);
    let rejection =
        negotiation::step(&negotiation, negotiation::Input::Received(message)).unwrap_err();
    assert_eq!(
        rejection.to_string(),
        "got ContractAgreementVerificationMessage from the consumer in state OFFERED, expected \
         ContractRequestMessage or ContractNegotiationEventMessage ACCEPTED or \
         ContractNegotiationTerminationMessage"
    );
}

#[test]
fn an_agreement_with_other_terms_than_offered_is_refused() {
    let mut negotiation = samples::negotiation(Role::Consumer);
    negotiation.stage = negotiation_stage("REQUESTED");
    let check = |change: fn(&mut Agreement), expected: &str| {
        let mut agreement = agreement();
        change(&mut agreement);
        let message = negotiation::Message {
            id: None,
            consumer_pid: None,
            provider_pid: None,
            body: negotiation::Body::Agreement { agreement },
        };
        let rejection =
            negotiation::step(&negotiation, negotiation::Input::Received(message)).unwrap_err();
        assert!(rejection.to_string().contains(expected), "{rejection}");
    };
    check(|a| a.target = DatasetId::parse("other").unwrap(), "target is other");
    check(|a| a.assigner = samples::participant(Role::Consumer), "assigner is");
    check(|a| a.assignee = samples::participant(Role::Provider), "assignee is");
    check(|a| a.policy = causeway_policy::Policy::default(), "the rules are not");
}

#[test]
fn a_message_for_another_process_is_refused() {
    let mut negotiation = samples::negotiation(Role::Provider);
    negotiation.stage = negotiation_stage("AGREED");
    let mut message = negotiation_message(negotiation::Kind::Verification);
    message.provider_pid = Some(samples::pid(Role::Consumer).as_provider_pid());
    let rejection =
        negotiation::step(&negotiation, negotiation::Input::Received(message)).unwrap_err();
    assert!(matches!(rejection, Rejection::WrongPid { field: "providerPid", .. }));
}

#[test]
fn endless_counter_offers_come_to_an_end() {
    let mut consumer = samples::negotiation(Role::Consumer);
    let mut provider = samples::negotiation(Role::Provider);
    for n in 0..100 {
        let offer = samples::offer();
        let callback = samples::address(Role::Consumer);
        let decision = negotiation::Decision::Request { offer, callback };
        let input =
            negotiation::Input::Decided { decision, message_id: samples::message_id(2 * n) };
        let Ok(step) = negotiation::step(&consumer, input) else { return };
        consumer = deliver(step, &mut provider);
        let offer = samples::offer();
        let callback = samples::address(Role::Provider);
        let decision = negotiation::Decision::Offer { offer, callback };
        let input =
            negotiation::Input::Decided { decision, message_id: samples::message_id(2 * n + 1) };
        let Ok(step) = negotiation::step(&provider, input) else { return };
        provider = deliver(step, &mut consumer);
    }
    panic!("100 rounds were accepted");
}

/// Hands the step's message to the other side and its acknowledgement back.
fn deliver(
    step: negotiation::Step,
    other: &mut negotiation::Negotiation,
) -> negotiation::Negotiation {
    let id = step.next.in_flight.as_ref().unwrap().id.clone();
    for effect in step.effects {
        if let negotiation::Effect::Send(message) = effect {
            *other = negotiation::step(other, negotiation::Input::Received(*message)).unwrap().next;
        }
    }
    let acked = negotiation::Input::Acked { message_id: id, peer_pid: Some(other.id.clone()) };
    negotiation::step(&step.next, acked).unwrap().next
}

fn check_negotiation(before: &str, kind: negotiation::Kind, sender: Role, expected: &str) {
    let mut negotiation = samples::negotiation(sender.other());
    negotiation.stage = negotiation_stage(before);
    let input = negotiation::Input::Received(negotiation_message(kind));
    let place = format!("{before} × {kind} × {sender}");
    match negotiation::step(&negotiation, input) {
        Ok(step) => {
            assert_eq!(step.next.state().unwrap().as_str(), expected, "{place}");
        }
        Err(rejection) => {
            assert_eq!(expected, ".", "{place}: {rejection}");
            assert!(matches!(rejection, Rejection::IllegalTransition { .. }), "{place}");
        }
    }
}

fn check_transfer(before: &str, kind: transfer::Kind, sender: Role, expected: &str) {
    let mut transfer = samples::transfer(sender.other());
    transfer.stage = match before {
        "NONE" => transfer::Stage::Opening,
        "REQUESTED" => transfer::Stage::Requested,
        "STARTED" => transfer::Stage::Started,
        "SUSPENDED" => transfer::Stage::Suspended { by: sender, reason: Reason::default() },
        "COMPLETED" => transfer::Stage::Completed,
        _ => transfer::Stage::Terminated { by: sender, reason: Reason::default() },
    };
    let body = match kind {
        transfer::Kind::Request => transfer::Body::Request {
            agreement_id: samples::agreement_id(),
            format: "HttpData-PULL".to_owned(),
            callback: samples::address(sender),
            data_address: None,
        },
        transfer::Kind::Start => transfer::Body::Start { data_address: None },
        transfer::Kind::Suspension => transfer::Body::Suspension { reason: Reason::default() },
        transfer::Kind::Completion => transfer::Body::Completion,
        transfer::Kind::Termination => transfer::Body::Termination { reason: Reason::default() },
    };
    let message = transfer::Message {
        id: Some(samples::message_id(1)),
        consumer_pid: Some(samples::pid(Role::Consumer).as_consumer_pid()),
        provider_pid: None,
        body,
    };
    let place = format!("{before} × {kind} × {sender}");
    match transfer::step(&transfer, transfer::Input::Received(message)) {
        Ok(step) => assert_eq!(step.next.state().unwrap().as_str(), expected, "{place}"),
        Err(rejection) => assert_eq!(expected, ".", "{place}: {rejection}"),
    }
}

fn negotiation_stage(state: &str) -> negotiation::Stage {
    use negotiation::Stage;
    let (offer, agreement) = (samples::offer(), agreement());
    match state {
        "NONE" => Stage::Opening,
        "REQUESTED" => Stage::Requested { offer },
        "OFFERED" => Stage::Offered { offer },
        "ACCEPTED" => Stage::Accepted { offer },
        "AGREED" => Stage::Agreed { agreement },
        "VERIFIED" => Stage::Verified { agreement },
        "FINALIZED" => Stage::Finalized { agreement },
        _ => Stage::Terminated { by: Role::Consumer, reason: Reason::default() },
    }
}

fn negotiation_message(kind: negotiation::Kind) -> negotiation::Message {
    use negotiation::{Body, Kind};
    let body = match kind {
        Kind::Request => Body::Request { offer: samples::offer(), callback: None },
        Kind::Offer => Body::Offer { offer: samples::offer(), callback: None },
        Kind::Accepted => Body::Accepted,
        Kind::Agreement => Body::Agreement { agreement: agreement() },
        Kind::Verification => Body::Verification,
        Kind::Finalized => Body::Finalized,
        Kind::Termination => Body::Termination { reason: Reason::default() },
    };
    negotiation::Message {
        id: Some(samples::message_id(1)),
        consumer_pid: None,
        provider_pid: None,
        body,
    }
}

fn agreement() -> Agreement {
    Agreement {
        id: samples::agreement_id(),
        target: DatasetId::parse("dataset-1").unwrap(),
        assigner: samples::participant(Role::Provider),
        assignee: samples::participant(Role::Consumer),
        timestamp: Some(Timestamp::EPOCH),
        policy: causeway_policy::Policy::open(),
        content: None,
        facts: StatedFacts::new(),
    }
}
