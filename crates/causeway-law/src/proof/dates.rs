//! Dates: every case on the day before, of and after each day on which something begins or ends.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::Proof;
use crate::outcome::Truth;
use crate::pack::Severity;

impl Proof<'_> {
    /// No case falls into a gap around a date, and nothing changes from one day to the next unless
    /// something is dated on it.
    pub(super) fn dates(&mut self) {
        let pack = self.pack;
        let dated = pack.days();
        let mut days = dated.clone();
        for day in &dated {
            days.extend([day.yesterday().ok(), day.tomorrow().ok()].into_iter().flatten());
        }
        days.retain(|day| *day >= pack.in_force);
        days.sort_unstable();
        days.dedup();
        let mut gaps: BTreeMap<Date, Vec<usize>> = BTreeMap::new();
        let mut line = 0;
        for (place, case) in pack.cases.iter().enumerate() {
            // The days of one case have the same facts.
            if std::mem::replace(&mut line, case.line) == case.line {
                continue;
            }
            let facts = self.complete[place].clone();
            // What is missing may still make a rule hold: then it is no gap.
            let is_gap = |proof: &mut Self, day| {
                pack.applies(&facts, day) == Truth::True
                    && proof.work.known(pack, &facts, day).is_none()
                    && proof.work.is_complete()
            };
            let is_known = case.at >= pack.in_force && !is_gap(self, case.at);
            let mut before = None;
            for &day in &days {
                self.report.dates += 1;
                if is_known && is_gap(self, day) {
                    gaps.entry(day).or_default().push(place);
                    break;
                }
                let found = self.says(pack, &facts, day);
                let is_next = day.yesterday().ok() == before.as_ref().map(|(before, _)| *before);
                let changed = before.filter(|(_, outcome)| *outcome != found);
                if let Some((previous, outcome)) =
                    changed.filter(|_| is_next && !dated.contains(&day))
                {
                    let (was, is) = (super::shown(outcome), super::shown(found));
                    let text = format!(
                        "case {}: found {was} on {previous} and {is} on {day}, without a date",
                        case.id
                    );
                    self.note(Severity::Error, case.line, text);
                }
                before = Some((day, found));
            }
        }
        for (day, cases) in gaps {
            let case = &pack.cases[cases[0]];
            let others = match cases.len() - 1 {
                0 => String::new(),
                1 => " and another".to_owned(),
                more => format!(" and {more} others"),
            };
            let text =
                format!("found a gap on {day}: no rule says anything of case {}{others}", case.id);
            let help = format!(
                "in_force is {}; let it begin later, or add the rules of that time",
                pack.in_force
            );
            // A case that leaves facts unknown may be there to show that something is not known.
            let is_sure = cases.iter().any(|place| pack.cases[*place].otherwise_no);
            let severity = if is_sure { Severity::Error } else { Severity::Warning };
            self.note_with(severity, case.line, text, help);
        }
    }
}
