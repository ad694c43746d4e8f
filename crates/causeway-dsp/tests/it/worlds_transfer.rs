//! Worlds of two transfer machines. Both sides may hold, complete and end, so messages cross.
//!
//! A message that its sender took back, because the other side's message won, is not delivered any
//! more. (Should that happen all the same, one side believes the transfer held; suspending it
//! there too brings both together again.)

use causeway_dsp::transfer::{
    Decision, Effect, Input, Message, Stage, State, Step, Transfer, step,
};
use causeway_dsp::{Reason, Rejection};
use causeway_types::{MessageId, ProcessId, Role};

use crate::chance::{Chance, in_worlds};
use crate::samples;
use crate::world::{Machine, Moved, World};

#[test]
fn in_100_000_worlds_both_sides_of_a_transfer_end_in_the_same_state() {
    in_worlds(100_000, |seed| {
        World::<Transfer>::new(seed, false).run();
    });
}

#[test]
fn without_terminations_every_transfer_completes() {
    in_worlds(10_000, |seed| {
        let end = World::<Transfer>::new(seed, true).run();
        assert_eq!(end, Some(State::Completed), "world {seed}");
    });
}

fn moved(step: Step) -> Moved<Transfer> {
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

impl Machine for Transfer {
    type Message = Message;
    type Decision = Decision;
    type State = State;

    const TAKEN_BACK_IS_GONE: bool = true;

    fn opening(role: Role) -> Self {
        samples::transfer(role)
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

    fn first(_: &mut Chance) -> (Role, Decision) {
        let callback = samples::address(Role::Consumer);
        (Role::Consumer, Decision::Request { callback })
    }

    fn answer(&self, chance: &mut Chance, peaceful: bool) -> Option<Decision> {
        let end = !peaceful && chance.once_in(20);
        match (&self.stage, self.role) {
            (Stage::Completed | Stage::Terminated { .. } | Stage::Opening, _) => None,
            _ if end => Some(Decision::Terminate { reason: Reason::of("no", "not today") }),
            (Stage::Requested, Role::Provider) => Some(Decision::Start { data_address: None }),
            (Stage::Started, Role::Consumer) => Some(Decision::Complete),
            (Stage::Suspended { by, .. }, _) if *by == self.role => {
                Some(Decision::Start { data_address: None })
            }
            _ => None,
        }
    }

    fn whim(chance: &mut Chance, peaceful: bool) -> Option<Decision> {
        let reason = Reason::of("changed-mind", "not now");
        match chance.below(12) {
            0 if !peaceful => Some(Decision::Terminate { reason }),
            1..=4 => Some(Decision::Suspend { reason }),
            5 => Some(Decision::Complete),
            6..=8 => Some(Decision::Start { data_address: None }),
            _ => None,
        }
    }
}
