//! Gaps: crossings to which a pack applies and of which no rule says anything. Every flag, count
//! and word around a case is varied; a branch is left as soon as some rule is sure to speak in it.

use jiff::civil::Date;

use super::Proof;
use crate::facts::{Facts, Kind};
use crate::outcome::Truth;
use crate::pack::{Pack, Severity, Stage};

/// Most combinations of facts that are tried around one case.
const AROUND_CASE_MAX: usize = 4_096;

impl Proof<'_> {
    /// Wherever the pack applies near a case, it must say something.
    pub(super) fn gaps(&mut self) {
        let pack = self.pack;
        // Where nothing holds, such a pack says what it says otherwise.
        if pack.silence().is_some() {
            return;
        }
        let speaks = speakers(pack);
        let mut seen: Vec<(Date, Vec<(String, String)>)> = Vec::new();
        for (place, case) in pack.cases.iter().enumerate().filter(|(_, case)| case.otherwise_no) {
            if case.at < pack.in_force {
                continue;
            }
            let mut facts = self.complete[place].clone();
            let mut fixed = Vec::new();
            for (id, fact) in self.engine.dictionary().iter() {
                match (&fact.kind, facts.get(id)) {
                    (Kind::Area | Kind::Day, Some(value)) => {
                        let value = self.engine.dictionary().show(value, &facts);
                        fixed.push((fact.name.clone(), value));
                    }
                    _ => facts.set(id, None),
                }
            }
            // What is left of two cases is often the same.
            let key = (case.at, fixed);
            if seen.contains(&key) {
                continue;
            }
            seen.push(key);
            let mut left = AROUND_CASE_MAX;
            let found = self.gap(&mut facts, case.at, &speaks, &mut left);
            self.report.combinations += AROUND_CASE_MAX - left;
            if found {
                let text = format!(
                    "found a crossing near case {} of which no rule says anything",
                    case.id
                );
                let help = format!("nothing holds with {}", self.named(&facts));
                self.note_with(Severity::Error, case.line, text, help);
            }
        }
    }

    /// Looks for values of the missing facts with which the pack applies and says nothing. They are
    /// left in `facts` if there are any.
    fn gap(&mut self, facts: &mut Facts, day: Date, speaks: &[bool], left: &mut usize) -> bool {
        let pack = self.pack;
        if *left == 0 || pack.applies(facts, day) == Truth::False {
            return false;
        }
        *left -= 1;
        let mut truths = Vec::new();
        pack.truths(facts, day, &mut truths);
        if truths.iter().zip(speaks).any(|(truth, speaks)| *speaks && *truth == Truth::True) {
            return false;
        }
        let missing = self.engine.missing(pack, facts, day);
        let Some(first) = missing.first() else {
            return self.work.known(pack, facts, day).is_none();
        };
        for value in self.engine.cells(pack, *first, facts, day) {
            if !self.engine.dictionary().is_possible(*first, value, facts) {
                continue;
            }
            facts.set(*first, Some(value));
            if self.gap(facts, day, speaks, left) {
                return true;
            }
        }
        facts.set(*first, None);
        false
    }

    /// The facts that are known, with their values; a no is left out if there is a yes.
    pub(super) fn named(&self, facts: &Facts) -> String {
        let dictionary = self.engine.dictionary();
        let known = dictionary.iter().filter_map(|(id, fact)| {
            let value = dictionary.show(facts.get(id)?, facts);
            Some(format!("{} = {value}", fact.name))
        });
        known.collect::<Vec<_>>().join(", ")
    }
}

/// The rules of which it is enough that they hold for the pack to say something: whatever overrides
/// them then says something in their place.
fn speakers(pack: &Pack) -> Vec<bool> {
    let is_loud = |rule: usize| {
        matches!(pack.rules[rule].stage, Stage::Prohibition | Stage::Exemption | Stage::Trigger)
    };
    let mut speaks: Vec<bool> = (0..pack.rules.len()).map(is_loud).collect();
    // Each rule comes after all that may override it.
    for &rule in &pack.order {
        if !speaks[rule] {
            for &other in &pack.rules[rule].overrides {
                speaks[other] = false;
            }
        }
    }
    speaks
}
