//! Timing side by side: every subject runs in every round, so that whatever else the machine does
//! meanwhile falls on all of them. The median of the rounds counts.

#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

use std::time::{Duration, Instant};

const ROUNDS: usize = 31;
const ROUND: Duration = Duration::from_millis(20);

/// Something that is timed.
pub struct Subject<'a> {
    /// What it is, for the table.
    pub name: String,
    /// What one call answers.
    pub answers: &'static str,
    /// One call.
    pub call: Box<dyn FnMut() + 'a>,
}

/// Nanoseconds a call.
#[derive(Debug, Clone, Copy)]
pub struct Timing {
    /// The median round.
    pub median: f64,
    /// The fastest round.
    pub least: f64,
    /// The slowest round.
    pub most: f64,
}

/// Times all subjects, in order.
pub fn time(subjects: &mut [Subject<'_>]) -> Vec<Timing> {
    let calls: Vec<u32> = subjects.iter_mut().map(calls_a_round).collect();
    let mut rounds = vec![Vec::with_capacity(ROUNDS); subjects.len()];
    for _ in 0..ROUNDS {
        for (index, subject) in subjects.iter_mut().enumerate() {
            rounds[index].push(nanoseconds(subject, calls[index]));
        }
    }
    rounds
        .into_iter()
        .map(|mut found| {
            found.sort_by(f64::total_cmp);
            Timing { median: found[ROUNDS / 2], least: found[0], most: found[ROUNDS - 1] }
        })
        .collect()
}

/// As many calls as fill a round; finding out warms the caches too.
fn calls_a_round(subject: &mut Subject<'_>) -> u32 {
    let mut calls = 1;
    loop {
        let took = nanoseconds(subject, calls) * f64::from(calls);
        if took >= ROUND.as_nanos() as f64 || calls >= 1 << 24 {
            return calls;
        }
        calls *= 2;
    }
}

fn nanoseconds(subject: &mut Subject<'_>, calls: u32) -> f64 {
    let start = Instant::now();
    for _ in 0..calls {
        (subject.call)();
    }
    start.elapsed().as_nanos() as f64 / f64::from(calls)
}
