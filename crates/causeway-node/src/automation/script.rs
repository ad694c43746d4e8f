//! Scripts: for one dataset, what this node does when a process reaches a state. For rehearsals,
//! for closed test networks and for partners whose course is agreed on beforehand.
//!
//! A script says when to go on, never what may be agreed to: terms that `auto` would not take are
//! held for a person all the same. How a step is carried out is not here.

use std::time::Duration;

use causeway_dsp::{negotiation, transfer};
use causeway_types::{DatasetId, Role};

/// The script for one dataset, one side and one kind of process. Where there is one, no other
/// rule counts; after its last step everything is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// The dataset.
    pub dataset: DatasetId,
    /// The side this node is on.
    pub role: Role,
    /// What is done, in this order.
    pub steps: Steps,
}

/// The steps, by the kind of process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Steps {
    /// Of a contract negotiation.
    Negotiation(Vec<NegotiationStep>),
    /// Of a transfer process.
    Transfer(Vec<TransferStep>),
}

/// A step of a negotiation.
pub type NegotiationStep = Step<negotiation::State, NegotiationMove>;
/// A step of a transfer.
pub type TransferStep = Step<transfer::State, TransferMove>;

/// One step: taken when the process enters the state and all steps before it were taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step<S, M> {
    /// The state, as both sides have acknowledged it.
    pub on: S,
    /// What is done then.
    pub act: M,
    /// How long after that.
    pub delay: Duration,
}

/// What can be done in a negotiation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NegotiationMove {
    /// Provider: offer the published terms.
    Offer,
    /// Provider: agree to the terms on the table, if they are the published ones.
    Agree,
    /// Consumer: accept the offer.
    Accept,
    /// Consumer: request the terms on the table again.
    Counter,
    /// Consumer: verify the agreement.
    Verify,
    /// Provider: conclude the contract.
    Finalize,
    /// Either: end it.
    Terminate,
    /// Either: do nothing this time.
    Hold,
}

impl NegotiationMove {
    /// Whether it brings the contract nearer, which the law must let pass.
    pub(crate) fn goes_on(self) -> bool {
        matches!(self, Self::Agree | Self::Accept | Self::Verify | Self::Finalize)
    }
}

/// What can be done in a transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransferMove {
    /// Provider: start. Either: resume what it suspended.
    Start,
    /// Either: hold the data.
    Suspend,
    /// Either: say that it is done.
    Complete,
    /// Either: end it.
    Terminate,
    /// Either: do nothing this time.
    Hold,
}

impl NegotiationMove {
    const ALL: [(&str, Self); 8] = [
        ("offer", Self::Offer),
        ("agree", Self::Agree),
        ("accept", Self::Accept),
        ("counter", Self::Counter),
        ("verify", Self::Verify),
        ("finalize", Self::Finalize),
        ("terminate", Self::Terminate),
        ("hold", Self::Hold),
    ];

    fn kind(self) -> Option<negotiation::Kind> {
        use negotiation::Kind;
        match self {
            Self::Offer => Some(Kind::Offer),
            Self::Agree => Some(Kind::Agreement),
            Self::Accept => Some(Kind::Accepted),
            Self::Counter => Some(Kind::Request),
            Self::Verify => Some(Kind::Verification),
            Self::Finalize => Some(Kind::Finalized),
            Self::Terminate => Some(Kind::Termination),
            Self::Hold => None,
        }
    }
}

impl TransferMove {
    const ALL: [(&str, Self); 5] = [
        ("start", Self::Start),
        ("suspend", Self::Suspend),
        ("complete", Self::Complete),
        ("terminate", Self::Terminate),
        ("hold", Self::Hold),
    ];

    fn kind(self) -> Option<transfer::Kind> {
        use transfer::Kind;
        match self {
            Self::Start => Some(Kind::Start),
            Self::Suspend => Some(Kind::Suspension),
            Self::Complete => Some(Kind::Completion),
            Self::Terminate => Some(Kind::Termination),
            Self::Hold => None,
        }
    }
}

impl NegotiationStep {
    /// Reads a step by its names; the error says what is expected. A step that the protocol never
    /// allows is refused, and a hold with a delay, at whose end nothing would be done.
    pub fn parse(role: Role, on: &str, act: &str, delay: Duration) -> Result<Self, String> {
        use negotiation::{State, target};
        let on = named(on, State::ALL.map(|state| (state.as_str(), state)))?;
        let act = named(act, NegotiationMove::ALL)?;
        match act.kind() {
            Some(kind) if target(Some(on), kind, role).is_none() => {
                Err(never(role, on, kind, &negotiation::allowed(Some(on), role)))
            }
            None if !delay.is_zero() => Err(idle(delay)),
            _ => Ok(Self { on, act, delay }),
        }
    }
}

impl TransferStep {
    /// Reads a step by its names; the error says what is expected. A step that the protocol never
    /// allows is refused, and a hold with a delay, at whose end nothing would be done.
    pub fn parse(role: Role, on: &str, act: &str, delay: Duration) -> Result<Self, String> {
        use transfer::{State, target};
        let on = named(on, State::ALL.map(|state| (state.as_str(), state)))?;
        let act = named(act, TransferMove::ALL)?;
        match act.kind() {
            Some(kind) if target(Some(on), kind, role).is_none() => {
                Err(never(role, on, kind, &transfer::allowed(Some(on), role)))
            }
            None if !delay.is_zero() => Err(idle(delay)),
            _ => Ok(Self { on, act, delay }),
        }
    }
}

fn named<T: Copy, const N: usize>(name: &str, known: [(&str, T); N]) -> Result<T, String> {
    let found = known.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
    found.ok_or_else(|| {
        let known: Vec<&str> = known.iter().map(|(known, _)| *known).collect();
        format!("found {name:?}, expected {}", known.join(", "))
    })
}

fn never(
    role: Role,
    on: impl std::fmt::Display,
    kind: impl std::fmt::Display,
    allowed: &[&str],
) -> String {
    let allowed = if allowed.is_empty() { "nothing".to_owned() } else { allowed.join(" or ") };
    format!("found a {kind} of the {role} in {on}, expected {allowed}")
}

fn idle(delay: Duration) -> String {
    format!("found a hold with a delay of {} ms, expected one without", delay.as_millis())
}

/// The script of a negotiation.
pub(crate) fn of_negotiation<'s>(
    scripts: impl IntoIterator<Item = &'s Script>,
    dataset: Option<&DatasetId>,
    role: Role,
) -> Option<&'s [NegotiationStep]> {
    scripts.into_iter().filter(|s| Some(&s.dataset) == dataset && s.role == role).find_map(
        |script| match &script.steps {
            Steps::Negotiation(steps) => Some(steps.as_slice()),
            Steps::Transfer(_) => None,
        },
    )
}

/// The script of a transfer.
pub(crate) fn of_transfer<'s>(
    scripts: impl IntoIterator<Item = &'s Script>,
    dataset: &DatasetId,
    role: Role,
) -> Option<&'s [TransferStep]> {
    scripts.into_iter().filter(|s| s.dataset == *dataset && s.role == role).find_map(|script| {
        match &script.steps {
            Steps::Transfer(steps) => Some(steps.as_slice()),
            Steps::Negotiation(_) => None,
        }
    })
}

/// The step to take when a process enters `now`, having taken `taken` steps.
pub(crate) fn due<S: Copy + PartialEq, M: Copy>(
    steps: &[Step<S, M>],
    taken: u32,
    now: Option<S>,
) -> Option<Step<S, M>> {
    let next = steps.get(usize::try_from(taken).ok()?)?;
    (Some(next.on) == now).then_some(*next)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::ZERO;

    #[test]
    fn a_step_the_protocol_never_allows_is_refused_with_what_it_allows() {
        let check = |role, on: &str, act: &str, expected: Result<NegotiationMove, &str>| {
            let found = NegotiationStep::parse(role, on, act, NOW).map(|step| step.act);
            assert_eq!(found.as_ref().copied().map_err(String::as_str), expected, "{on} {act}");
        };
        check(Role::Provider, "REQUESTED", "offer", Ok(NegotiationMove::Offer));
        check(Role::Provider, "FINALIZED", "hold", Ok(NegotiationMove::Hold));
        check(Role::Consumer, "OFFERED", "counter", Ok(NegotiationMove::Counter));
        check(
            Role::Consumer,
            "REQUESTED",
            "accept",
            Err("found a ContractNegotiationEventMessage ACCEPTED of the consumer in REQUESTED, \
                 expected ContractNegotiationTerminationMessage"),
        );
        check(
            Role::Provider,
            "FINALIZED",
            "terminate",
            Err("found a ContractNegotiationTerminationMessage of the provider in FINALIZED, \
                 expected nothing"),
        );
        check(
            Role::Provider,
            "OFFERED",
            "sing",
            Err("found \"sing\", expected offer, agree, accept, counter, verify, finalize, \
                 terminate, hold"),
        );
    }

    #[test]
    fn a_transfer_is_started_by_its_provider_and_resumed_by_either() {
        let check = |role, on: &str, act: &str, expected: bool| {
            let found = TransferStep::parse(role, on, act, NOW);
            assert_eq!(found.is_ok(), expected, "{role} {on} {act}: {found:?}");
        };
        check(Role::Provider, "REQUESTED", "start", true);
        check(Role::Consumer, "REQUESTED", "start", false);
        check(Role::Consumer, "SUSPENDED", "start", true);
        check(Role::Consumer, "SUSPENDED", "complete", false);
        check(Role::Consumer, "STARTED", "complete", true);
        check(Role::Consumer, "started", "complete", false);
    }

    #[test]
    fn a_hold_has_no_delay() {
        let refused = |millis: u64| {
            Err(format!("found a hold with a delay of {millis} ms, expected one without"))
        };
        let check = |act: &str, millis: u64, expected: Result<(), String>| {
            let delay = Duration::from_millis(millis);
            for role in [Role::Provider, Role::Consumer] {
                let step = NegotiationStep::parse(role, "AGREED", act, delay);
                let found = step.map(|step| assert_eq!(step.delay, delay));
                assert_eq!(found, expected, "negotiation: {role} {act} {millis}");
                let step = TransferStep::parse(role, "STARTED", act, delay);
                let found = step.map(|step| assert_eq!(step.delay, delay));
                assert_eq!(found, expected, "transfer: {role} {act} {millis}");
            }
        };
        check("hold", 0, Ok(()));
        check("hold", 1, refused(1));
        check("hold", 86_400_000, refused(86_400_000));
        check("terminate", 0, Ok(()));
        check("terminate", 86_400_000, Ok(()));
    }

    #[test]
    fn only_the_next_step_is_taken_and_only_in_its_state() {
        use negotiation::State::{Offered, Requested, Terminated};
        let step =
            |on: &str, act: &str| NegotiationStep::parse(Role::Provider, on, act, NOW).unwrap();
        let steps =
            [step("REQUESTED", "offer"), step("REQUESTED", "hold"), step("OFFERED", "hold")];
        let check = |taken, now, expected: Option<NegotiationMove>| {
            assert_eq!(due(&steps, taken, now).map(|step| step.act), expected, "{taken} {now:?}");
        };
        check(0, Some(Requested), Some(NegotiationMove::Offer));
        check(0, Some(Offered), None);
        check(0, None, None);
        check(1, Some(Requested), Some(NegotiationMove::Hold));
        check(2, Some(Requested), None);
        check(3, Some(Offered), None);
        check(3, Some(Terminated), None);
    }

    #[test]
    fn a_script_is_for_its_dataset_its_side_and_its_kind_of_process() {
        let id = |text: &str| DatasetId::parse(text).unwrap();
        let script = Script {
            dataset: id("a"),
            role: Role::Provider,
            steps: Steps::Negotiation(Vec::new()),
        };
        let scripts = [script];
        let check = |dataset: &str, role, expected: bool| {
            let found = of_negotiation(&scripts, Some(&id(dataset)), role);
            assert_eq!(found.is_some(), expected, "{dataset} {role}");
            assert_eq!(of_transfer(&scripts, &id(dataset), role), None);
        };
        check("a", Role::Provider, true);
        check("a", Role::Consumer, false);
        check("b", Role::Provider, false);
    }
}
