//! Two transfer machines over a channel that loses, repeats and reorders messages and their
//! acknowledgements. In every world both sides must end in the same final state.
//!
//! Every attempt is a request of its own: its answer is of use only while the sender still waits
//! for it. The one thing the channel does not do: let an old copy of a message take effect after a
//! later copy of it was refused, or after its sender took it back because the other side's message
//! won. (Should that happen all the same, one side believes the transfer held; suspending it there
//! too brings both together again.)

use causeway_dsp::Reason;
use causeway_dsp::transfer::{Decision, Effect, Input, Message, Stage, State, Transfer, step};
use causeway_types::{MessageId, ProcessId, Role};

use crate::chance::{Chance, in_worlds};
use crate::samples;

const WORLDS: u64 = 100_000;

#[test]
fn in_100_000_worlds_both_sides_of_a_transfer_end_in_the_same_state() {
    in_worlds(WORLDS, |seed| {
        World::new(seed).run();
    });
}

#[test]
fn without_terminations_every_transfer_completes() {
    in_worlds(10_000, |seed| {
        let mut world = World::new(seed);
        world.peaceful = true;
        assert_eq!(world.run(), State::Completed, "world {seed}");
    });
}

enum Packet {
    Message { to: Role, attempt: u64, message: Box<Message> },
    Ack { to: Role, attempt: u64, id: MessageId, pid: ProcessId },
    Refusal { to: Role, attempt: u64, id: MessageId, text: String },
}

struct World {
    seed: u64,
    chance: Chance,
    peaceful: bool,
    sides: [Option<Transfer>; 2],
    outbox: [Option<Message>; 2],
    packets: Vec<Packet>,
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

impl World {
    fn new(seed: u64) -> Self {
        Self {
            seed,
            chance: Chance::of(seed),
            peaceful: false,
            sides: [None, None],
            outbox: [None, None],
            packets: Vec::new(),
            ids: 0,
            attempts: [0, 0],
        }
    }

    fn run(mut self) -> State {
        self.sides[index(Role::Consumer)] = Some(samples::transfer(Role::Consumer));
        let callback = samples::address(Role::Consumer);
        self.decide(Role::Consumer, Decision::Request { callback });
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

    fn verdict(&self) -> State {
        let state = |role| self.sides[index(role)].as_ref().and_then(Transfer::state);
        match (state(Role::Consumer), state(Role::Provider)) {
            (Some(consumer), Some(provider)) => {
                assert_eq!(consumer, provider, "world {}", self.seed);
                assert!(
                    consumer.is_final(),
                    "world {} rests in {consumer}: {:#?}",
                    self.seed,
                    self.sides
                );
                consumer
            }
            // The opening message never arrived and was taken back.
            (Some(State::Terminated), None) | (None, Some(State::Terminated)) => State::Terminated,
            other => panic!("world {} ends in {other:?}", self.seed),
        }
    }

    /// Anything may happen.
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
                let reason = Reason::of("changed-mind", "not now");
                let decision = match self.chance.below(12) {
                    0 if !self.peaceful => Decision::Terminate { reason },
                    1..=4 => Decision::Suspend { reason },
                    5 => Decision::Complete,
                    6..=8 => Decision::Start { data_address: None },
                    _ => return,
                };
                self.decide(role, decision);
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
            self.packets.push(Packet::Message {
                to: from.other(),
                attempt,
                message: Box::new(message),
            });
        }
    }

    fn deliver(&mut self, at: usize, repeat: bool) {
        match self.packets.swap_remove(at) {
            Packet::Message { to, attempt, message } => {
                if repeat {
                    let message = message.clone();
                    self.packets.push(Packet::Message { to, attempt, message });
                }
                self.receive(to, attempt, *message);
            }
            Packet::Ack { to, attempt, .. } | Packet::Refusal { to, attempt, .. }
                if attempt != self.attempts[index(to)] => {}
            Packet::Ack { to, id, pid, .. } => {
                self.settled(to, &id);
                self.apply(to, Input::Acked { message_id: id, peer_pid: Some(pid) });
            }
            Packet::Refusal { to, id, text, .. } => {
                self.settled(to, &id);
                let peer = &self.sides[index(to.other())];
                let peer_state = peer.as_ref().and_then(Transfer::state);
                let input = Input::Refused {
                    message_id: id,
                    reason: Reason::of("refused", text),
                    peer_state,
                    termination_id: self.fresh(),
                };
                self.apply(to, input);
            }
        }
    }

    fn receive(&mut self, to: Role, attempt: u64, message: Message) {
        let id = message.id.clone().unwrap();
        let side = self.sides[index(to)].take().unwrap_or_else(|| samples::transfer(to));
        let known = side.state().is_some() || side.in_flight.is_some();
        match step(&side, Input::Received(message)) {
            Ok(done) => {
                let pid = side.id.clone();
                self.commit(to, done.next, done.effects);
                self.packets.push(Packet::Ack { to: to.other(), attempt, id, pid });
            }
            Err(rejection) => {
                self.sides[index(to)] = known.then_some(side);
                self.packets.retain(|packet| {
                    !matches!(packet, Packet::Message { message, .. }
                        if message.id.as_ref() == Some(&id))
                });
                let text = rejection.to_string();
                self.packets.push(Packet::Refusal { to: to.other(), attempt, id, text });
            }
        }
    }

    fn settled(&mut self, side: Role, id: &MessageId) {
        self.outbox[index(side)].take_if(|message| message.id.as_ref() == Some(id));
    }

    /// What a party that wants the transfer to go on does next. False if it is not its turn.
    fn answer(&mut self, role: Role) -> bool {
        let Some(side) = &self.sides[index(role)] else { return false };
        if side.in_flight.is_some() {
            return false;
        }
        let end = !self.peaceful && self.chance.once_in(20);
        let decision = match (&side.stage, role) {
            (Stage::Completed | Stage::Terminated { .. } | Stage::Opening, _) => return false,
            _ if end => Decision::Terminate { reason: Reason::of("no", "not today") },
            (Stage::Requested, Role::Provider) => Decision::Start { data_address: None },
            (Stage::Started, Role::Consumer) => Decision::Complete,
            (Stage::Suspended { by, .. }, _) if *by == role => {
                Decision::Start { data_address: None }
            }
            _ => return false,
        };
        self.decide(role, decision);
        true
    }

    fn decide(&mut self, role: Role, decision: Decision) {
        let message_id = self.fresh();
        self.apply(role, Input::Decided { decision, message_id });
    }

    fn apply(&mut self, role: Role, input: Input) {
        let Some(side) = &self.sides[index(role)] else { return };
        if let Ok(done) = step(side, input) {
            self.commit(role, done.next, done.effects);
        }
    }

    fn commit(&mut self, role: Role, next: Transfer, effects: Vec<Effect>) {
        let outbox = &mut self.outbox[index(role)];
        for effect in effects {
            match effect {
                Effect::Send(message) => *outbox = Some(*message),
                Effect::CancelSend => {
                    if let Some(taken_back) = outbox.take() {
                        self.packets.retain(|packet| {
                            !matches!(packet, Packet::Message { message, .. }
                                if message.id == taken_back.id)
                        });
                    }
                }
                Effect::Ask(_) => {}
            }
        }
        self.sides[index(role)] = Some(next);
    }

    fn fresh(&mut self) -> MessageId {
        self.ids += 1;
        samples::message_id(self.ids)
    }
}
