//! Two machines of one protocol over a channel that loses, repeats and reorders messages and their
//! acknowledgements. In every world both sides must end in the same final state.
//!
//! Every attempt is a request of its own: its answer is of use only while the sender still waits
//! for it. The one thing the channel does not do: let an old copy of a message take effect after a
//! later copy of it was refused.

use std::fmt;

use causeway_dsp::Rejection;
use causeway_types::{MessageId, ProcessId, Role};

use crate::chance::Chance;
use crate::samples;

/// One side of a protocol, as the channel sees it.
pub(crate) trait Machine: Clone + fmt::Debug {
    type Message: Clone;
    type Decision;
    type State: Copy + PartialEq + fmt::Debug;

    /// Whether a message that its sender took back is never delivered any more.
    const TAKEN_BACK_IS_GONE: bool;

    fn opening(role: Role) -> Self;
    fn id(&self) -> ProcessId;
    fn state(&self) -> Option<Self::State>;
    fn is_final(state: Self::State) -> bool;
    fn has_sent(&self) -> bool;
    fn message_id(message: &Self::Message) -> MessageId;

    fn received(&self, message: Self::Message) -> Result<Moved<Self>, Rejection>;
    fn decided(&self, decision: Self::Decision, id: MessageId) -> Result<Moved<Self>, Rejection>;
    fn acked(&self, id: MessageId, pid: ProcessId) -> Result<Moved<Self>, Rejection>;
    fn refused(
        &self,
        id: MessageId,
        text: String,
        peer_state: Option<Self::State>,
        termination_id: MessageId,
    ) -> Result<Moved<Self>, Rejection>;

    /// Who begins, and how.
    fn first(chance: &mut Chance) -> (Role, Self::Decision);
    /// What a party that wants to go on does next, if it is its turn. Not peaceful: it may end.
    fn answer(&self, chance: &mut Chance, peaceful: bool) -> Option<Self::Decision>;
    /// What a party does out of the blue.
    fn whim(chance: &mut Chance, peaceful: bool) -> Option<Self::Decision>;
}

/// What a step led to.
pub(crate) struct Moved<M: Machine> {
    pub(crate) next: M,
    pub(crate) takes_back: bool,
    pub(crate) sends: Option<M::Message>,
}

enum Packet<M: Machine> {
    Message { to: Role, attempt: u64, message: M::Message },
    Ack { to: Role, attempt: u64, id: MessageId, pid: ProcessId },
    Refusal { to: Role, attempt: u64, id: MessageId, text: String },
}

/// One world, told by its number.
pub(crate) struct World<M: Machine> {
    seed: u64,
    chance: Chance,
    peaceful: bool,
    sides: [Option<M>; 2],
    outbox: [Option<M::Message>; 2],
    packets: Vec<Packet<M>>,
    ids: u64,
    /// The number of the last attempt of each side; answers to earlier ones find nobody waiting.
    attempts: [u64; 2],
}

fn index(role: Role) -> usize {
    match role {
        Role::Consumer => 0,
        Role::Provider => 1,
    }
}

impl<M: Machine> World<M> {
    pub(crate) fn new(seed: u64, peaceful: bool) -> Self {
        Self {
            seed,
            chance: Chance::of(seed),
            peaceful,
            sides: [None, None],
            outbox: [None, None],
            packets: Vec::new(),
            ids: 0,
            attempts: [0, 0],
        }
    }

    /// Sixty steps in which anything may happen, then quiet until nothing is left to do. The state
    /// both sides end in; `None` if the opening message never arrived and was taken back.
    pub(crate) fn run(mut self) -> Option<M::State> {
        let (opener, first) = M::first(&mut self.chance);
        self.sides[index(opener)] = Some(M::opening(opener));
        self.decide(opener, first);
        for _ in 0..60 {
            self.wild();
        }
        for _ in 0..2_000 {
            if !self.calm() {
                return self.verdict();
            }
        }
        panic!("world {} does not come to rest", self.seed);
    }

    fn verdict(&self) -> Option<M::State> {
        let state = |role| self.sides[index(role)].as_ref().and_then(M::state);
        let states = (state(Role::Consumer), state(Role::Provider));
        let (Some(consumer), Some(provider)) = states else {
            let one = states.0.or(states.1);
            assert!(one.is_some_and(M::is_final), "world {} ends in {states:?}", self.seed);
            return None;
        };
        assert_eq!(consumer, provider, "world {}: {:#?}", self.seed, self.sides);
        assert!(M::is_final(consumer), "world {}: {:#?}", self.seed, self.sides);
        Some(consumer)
    }

    fn wild(&mut self) {
        let role = if self.chance.once_in(2) { Role::Consumer } else { Role::Provider };
        match self.chance.below(10) {
            0..=2 => self.send(role),
            3..=6 if !self.packets.is_empty() => {
                let at = self.chance.below(self.packets.len());
                let repeat = self.chance.once_in(4);
                self.deliver(at, repeat);
            }
            7 if !self.packets.is_empty() => {
                let at = self.chance.below(self.packets.len());
                self.packets.swap_remove(at);
            }
            8 => drop(self.answer(role)),
            9 => {
                if let Some(decision) = M::whim(&mut self.chance, self.peaceful) {
                    self.decide(role, decision);
                }
            }
            _ => {}
        }
    }

    /// Everything is delivered, every question answered. False when nothing is left to do.
    fn calm(&mut self) -> bool {
        if !self.packets.is_empty() {
            self.deliver(0, false);
            return true;
        }
        for role in [Role::Consumer, Role::Provider] {
            if self.outbox[index(role)].is_some() {
                self.send(role);
                return true;
            }
            if self.answer(role) {
                return true;
            }
        }
        false
    }

    fn send(&mut self, from: Role) {
        if let Some(message) = self.outbox[index(from)].clone() {
            self.attempts[index(from)] += 1;
            let attempt = self.attempts[index(from)];
            self.packets.push(Packet::Message { to: from.other(), attempt, message });
        }
    }

    fn deliver(&mut self, at: usize, repeat: bool) {
        match self.packets.swap_remove(at) {
            Packet::Message { to, attempt, message } => {
                if repeat {
                    let message = message.clone();
                    self.packets.push(Packet::Message { to, attempt, message });
                }
                self.receive(to, attempt, message);
            }
            Packet::Ack { to, attempt, .. } | Packet::Refusal { to, attempt, .. }
                if attempt != self.attempts[index(to)] => {}
            Packet::Ack { to, id, pid, .. } => {
                self.settled(to, &id);
                self.apply(to, |side| side.acked(id, pid));
            }
            Packet::Refusal { to, id, text, .. } => {
                self.settled(to, &id);
                let peer_state = self.sides[index(to.other())].as_ref().and_then(M::state);
                let termination_id = self.fresh();
                self.apply(to, |side| side.refused(id, text, peer_state, termination_id));
            }
        }
    }

    fn receive(&mut self, to: Role, attempt: u64, message: M::Message) {
        let id = M::message_id(&message);
        let side = self.sides[index(to)].take().unwrap_or_else(|| M::opening(to));
        let is_known = side.state().is_some() || side.has_sent();
        match side.received(message) {
            Ok(moved) => {
                let pid = side.id();
                self.commit(to, moved);
                self.packets.push(Packet::Ack { to: to.other(), attempt, id, pid });
            }
            Err(rejection) => {
                self.sides[index(to)] = is_known.then_some(side);
                self.drop_copies(&id);
                let text = rejection.to_string();
                self.packets.push(Packet::Refusal { to: to.other(), attempt, id, text });
            }
        }
    }

    fn drop_copies(&mut self, id: &MessageId) {
        self.packets.retain(|packet| match packet {
            Packet::Message { message, .. } => M::message_id(message) != *id,
            _ => true,
        });
    }

    fn settled(&mut self, side: Role, id: &MessageId) {
        self.outbox[index(side)].take_if(|message| M::message_id(message) == *id);
    }

    fn answer(&mut self, role: Role) -> bool {
        let decision = match &self.sides[index(role)] {
            Some(side) if !side.has_sent() => side.answer(&mut self.chance, self.peaceful),
            _ => None,
        };
        decision.is_some_and(|decision| {
            self.decide(role, decision);
            true
        })
    }

    fn decide(&mut self, role: Role, decision: M::Decision) {
        let id = self.fresh();
        self.apply(role, |side| side.decided(decision, id));
    }

    fn apply(&mut self, role: Role, step: impl FnOnce(&M) -> Result<Moved<M>, Rejection>) {
        let Some(side) = &self.sides[index(role)] else { return };
        if let Ok(moved) = step(side) {
            self.commit(role, moved);
        }
    }

    fn commit(&mut self, role: Role, moved: Moved<M>) {
        let taken_back = moved.takes_back.then(|| self.outbox[index(role)].take()).flatten();
        if let Some(message) = taken_back.filter(|_| M::TAKEN_BACK_IS_GONE) {
            self.drop_copies(&M::message_id(&message));
        }
        if moved.sends.is_some() {
            self.outbox[index(role)] = moved.sends;
        }
        self.sides[index(role)] = Some(moved.next);
    }

    fn fresh(&mut self) -> MessageId {
        self.ids += 1;
        samples::message_id(self.ids)
    }
}
