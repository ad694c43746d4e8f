//! Worlds of two negotiation machines.

use causeway_dsp::negotiation::{Decision, Effect, Input, Message, Negotiation, State, Step, step};
use causeway_dsp::{Reason, Rejection};
use causeway_types::{DatasetId, MessageId, ProcessId, Role, StatedFacts, Timestamp};

use crate::chance::{Chance, in_worlds};
use crate::samples;
use crate::world::{Machine, Moved, World};

#[test]
fn in_100_000_worlds_both_sides_of_a_negotiation_end_in_the_same_state() {
    in_worlds(100_000, |seed| {
        World::<Negotiation>::new(seed, false).run();
    });
}

#[test]
fn without_terminations_every_world_ends_in_a_contract() {
    in_worlds(10_000, |seed| {
        let end = World::<Negotiation>::new(seed, true).run();
        assert_eq!(end, Some(State::Finalized), "world {seed}");
    });
}

fn moved(step: Step) -> Moved<Negotiation> {
    let mut moved = Moved { next: step.next, takes_back: false, sends: None };
    for effect in step.effects {
        match effect {
            Effect::Send(message) => moved.sends = Some(*message),
            Effect::CancelSend => moved.takes_back = true,
            Effect::Ask(_) => {}
        }
    }
    moved
}

impl Machine for Negotiation {
    type Message = Message;
    type Decision = Decision;
    type State = State;

    const TAKEN_BACK_IS_GONE: bool = false;

    fn opening(role: Role) -> Self {
        samples::negotiation(role)
    }

    fn id(&self) -> ProcessId {
        self.id.clone()
    }

    fn state(&self) -> Option<State> {
        self.stage.state()
    }

    fn is_final(state: State) -> bool {
        state.is_final()
    }

    fn has_sent(&self) -> bool {
        self.in_flight.is_some()
    }

    fn message_id(message: &Message) -> MessageId {
        message.id.clone().unwrap()
    }

    fn received(&self, message: Message) -> Result<Moved<Self>, Rejection> {
        step(self, Input::Received(message)).map(moved)
    }

    fn decided(&self, decision: Decision, message_id: MessageId) -> Result<Moved<Self>, Rejection> {
        step(self, Input::Decided { decision, message_id }).map(moved)
    }

    fn acked(&self, message_id: MessageId, pid: ProcessId) -> Result<Moved<Self>, Rejection> {
        step(self, Input::Acked { message_id, peer_pid: Some(pid) }).map(moved)
    }

    fn refused(
        &self,
        message_id: MessageId,
        text: String,
        peer_state: Option<State>,
        termination_id: MessageId,
    ) -> Result<Moved<Self>, Rejection> {
        let reason = Reason::of("refused", text);
        step(self, Input::Refused { message_id, reason, peer_state, termination_id }).map(moved)
    }

    fn first(chance: &mut Chance) -> (Role, Decision) {
        let offer = samples::offer();
        if chance.once_in(5) {
            let callback = samples::address(Role::Provider);
            (Role::Provider, Decision::Offer { offer, callback })
        } else {
            let callback = samples::address(Role::Consumer);
            (Role::Consumer, Decision::Request { offer, callback })
        }
    }

    fn answer(&self, chance: &mut Chance, peaceful: bool) -> Option<Decision> {
        self.question?;
        let (offer, callback) = (samples::offer(), samples::address(self.role));
        let end = !peaceful && chance.once_in(12);
        let counter = chance.once_in(4);
        Some(match (self.state()?, self.role) {
            _ if end => Decision::Terminate { reason: Reason::of("no", "not today") },
            (State::Requested, _) if counter => Decision::Offer { offer, callback },
            (State::Requested | State::Accepted, Role::Provider) => Decision::Agree {
                id: samples::agreement_id(),
                timestamp: Timestamp::EPOCH,
                target: DatasetId::parse("dataset-1").unwrap(),
                facts: StatedFacts::new(),
            },
            (State::Offered, _) if counter => Decision::Request { offer, callback },
            (State::Offered, _) => Decision::Accept,
            (State::Agreed, _) => Decision::Verify,
            (State::Verified, _) => Decision::Finalize,
            _ => return None,
        })
    }

    fn whim(chance: &mut Chance, peaceful: bool) -> Option<Decision> {
        let end = !peaceful && chance.once_in(8);
        let reason = Reason::of("changed-mind", "no longer wanted");
        end.then_some(Decision::Terminate { reason })
    }
}
