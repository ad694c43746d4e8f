//! What becomes of a request for credentials at its issuer (DCP 1.0 §6): a state machine as data.
//! Who decides, how credentials are signed and how they reach the holder is not here.

use std::fmt;

use crate::message::RequestStatus;

/// What happens to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Input {
    /// A rule or a person said yes.
    Approved,
    /// A person said no.
    Refused,
    /// The holder took the message about it.
    Delivered,
    /// The holder did not take the message about it, and nobody tries again.
    Undelivered,
}

impl Input {
    /// Every input.
    pub const ALL: [Self; 4] = [Self::Approved, Self::Refused, Self::Delivered, Self::Undelivered];
}

impl fmt::Display for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Approved => "approved",
            Self::Refused => "refused",
            Self::Delivered => "delivered",
            Self::Undelivered => "given up",
        })
    }
}

/// What follows from an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Effect {
    /// The credentials are signed, recorded and sent.
    Issue,
    /// The holder is told that there will be none.
    TellRefusal,
    /// It is recorded that the holder knows.
    RecordDelivery,
    /// Somebody is told that the holder does not know.
    TellTrouble,
}

/// An input that the state does not allow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the request is {}, so it cannot be {input}; expected {}", state.as_str(), allowed(*state))]
pub struct Illegal {
    /// The state.
    pub state: RequestStatus,
    /// The input.
    pub input: Input,
}

/// Every step: from, input, to, effect. What is not here is illegal.
pub const TABLE: [(RequestStatus, Input, RequestStatus, Effect); 6] = {
    use RequestStatus::{Issued, Received, Rejected};
    [
        (Received, Input::Approved, Issued, Effect::Issue),
        (Received, Input::Refused, Rejected, Effect::TellRefusal),
        (Issued, Input::Delivered, Issued, Effect::RecordDelivery),
        (Issued, Input::Undelivered, Issued, Effect::TellTrouble),
        (Rejected, Input::Delivered, Rejected, Effect::RecordDelivery),
        (Rejected, Input::Undelivered, Rejected, Effect::TellTrouble),
    ]
};

/// The next state, and what follows.
pub fn step(state: RequestStatus, input: Input) -> Result<(RequestStatus, Effect), Illegal> {
    let row = TABLE.iter().find(|(from, on, ..)| (*from, *on) == (state, input));
    row.map(|(_, _, to, effect)| (*to, *effect)).ok_or(Illegal { state, input })
}

/// What happens to a request as soon as it is there: only if everything that it asks for is issued
/// to whoever asks, it is approved. Otherwise it waits for a person.
pub fn opening(are_automatic: impl IntoIterator<Item = bool>) -> Option<Input> {
    let mut all = are_automatic.into_iter().peekable();
    let is_empty = all.peek().is_none();
    (!is_empty && all.all(|is_automatic| is_automatic)).then_some(Input::Approved)
}

fn allowed(state: RequestStatus) -> String {
    let rows = TABLE.iter().filter(|(from, ..)| *from == state);
    rows.map(|(_, input, ..)| input.to_string()).collect::<Vec<_>>().join(" or ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_and_input_is_a_row_once_or_refused_with_what_is_allowed() {
        for state in RequestStatus::ALL {
            for input in Input::ALL {
                let rows: Vec<_> =
                    TABLE.iter().filter(|(from, on, ..)| (*from, *on) == (state, input)).collect();
                match (step(state, input), &rows[..]) {
                    (Ok(found), [(_, _, to, effect)]) => assert_eq!(found, (*to, *effect)),
                    (Err(illegal), []) => {
                        let text = illegal.to_string();
                        assert!(text.contains(state.as_str()), "{text}");
                        assert!(text.ends_with(&allowed(state)), "{text}");
                    }
                    (found, rows) => panic!("{state:?} {input:?}: {found:?} {rows:?}"),
                }
            }
        }
    }

    #[test]
    fn nothing_is_issued_or_refused_twice_on_any_path() {
        // Every sequence of five inputs, from the beginning.
        let inputs = Input::ALL.len();
        for path in 0..inputs.pow(5) {
            let (mut state, mut decided) = (RequestStatus::Received, 0);
            for at in 0..5_u32 {
                let input = Input::ALL[path / inputs.pow(at) % inputs];
                let Ok((next, effect)) = step(state, input) else { continue };
                assert!(state == RequestStatus::Received || next == state, "{state:?} {input:?}");
                decided += usize::from(matches!(effect, Effect::Issue | Effect::TellRefusal));
                state = next;
            }
            assert_eq!(decided, usize::from(state != RequestStatus::Received));
        }
    }

    #[test]
    fn one_definition_that_waits_for_a_person_holds_the_whole_request() {
        assert_eq!(opening([true, true]), Some(Input::Approved));
        assert_eq!(opening([true, false]), None);
        assert_eq!(opening([]), None);
    }
}
