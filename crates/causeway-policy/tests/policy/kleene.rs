//! Kleene's strong logic, exhaustively, against its definition: a connective of unknowns is what
//! it is for every way to settle them, or unknown if that differs.

use causeway_policy::Truth;

const ALL: [Truth; 3] = [Truth::False, Truth::Unknown, Truth::True];

/// Every way to settle the unknowns.
fn settlements(values: &[Truth]) -> Vec<Vec<bool>> {
    values.iter().fold(vec![Vec::new()], |ways, value| {
        let choices: &[bool] = match value {
            Truth::False => &[false],
            Truth::True => &[true],
            Truth::Unknown => &[false, true],
        };
        ways.iter()
            .flat_map(|way| choices.iter().map(|choice| [way.as_slice(), &[*choice]].concat()))
            .collect()
    })
}

fn check(connective: fn(Vec<Truth>) -> Truth, definition: fn(&[bool]) -> bool) {
    for length in 0..=5_u32 {
        for code in 0..3_usize.pow(length) {
            let values: Vec<_> =
                (0..length).map(|digit| ALL[code / 3_usize.pow(digit) % 3]).collect();
            let outcomes: Vec<_> = settlements(&values).iter().map(|way| definition(way)).collect();
            let expected = match (outcomes.contains(&true), outcomes.contains(&false)) {
                (true, false) => Truth::True,
                (false, _) => Truth::False,
                (true, true) => Truth::Unknown,
            };
            assert_eq!(connective(values.clone()), expected, "{values:?}");
        }
    }
}

#[test]
fn and_is_what_it_is_for_every_way_to_settle_the_unknowns() {
    check(Truth::all, |values| values.iter().all(|value| *value));
}

#[test]
fn or_is_what_it_is_for_every_way_to_settle_the_unknowns() {
    check(Truth::any, |values| values.iter().any(|value| *value));
}

#[test]
fn xone_is_what_it_is_for_every_way_to_settle_the_unknowns() {
    check(Truth::exactly_one, |values| values.iter().filter(|value| **value).count() == 1);
}

#[test]
fn negation_swaps_the_known_and_keeps_the_unknown() {
    let expected = [Truth::True, Truth::Unknown, Truth::False];
    assert_eq!(ALL.map(Truth::negated), expected);
}
