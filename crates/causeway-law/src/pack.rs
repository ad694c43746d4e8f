//! A rule pack: the law of one area on data that leaves or enters it, as rules with their articles.
//!
//! A pack is refused as a whole if anything in it is doubtful: a condition that cannot be read, a
//! rule without an article, a source that is not listed, two rules that override each other in a
//! circle. How packs are read is in `read`, what their rules say together in `resolve`.

mod conflict;
mod file;
mod read;
mod resolve;

use std::sync::Arc;

use jiff::civil::Date;

pub use self::conflict::{Conflict, Other};
pub use self::read::PACK_BYTES_MAX;
pub(crate) use self::read::{is_id, read};
pub use self::resolve::Effect;
pub(crate) use self::resolve::{Resolution, resolve};
use crate::expression::{Expression, Names};
use crate::facts::{Dictionary, FactId, Facts, PackedFacts, Symbol};
use crate::outcome::{Outcome, Truth};
pub use causeway_seal::{Finding, Severity};

/// How far a pack or a rule was checked against its sources.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// Not every source was read; for orientation.
    Draft,
    /// Every rule was compared with its source by whoever wrote it.
    Checked,
    /// A lawyer signed it.
    Reviewed,
}

impl Status {
    /// Every status.
    pub const ALL: [Self; 3] = [Self::Draft, Self::Checked, Self::Reviewed];

    /// The name in a pack.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Checked => "checked",
            Self::Reviewed => "reviewed",
        }
    }
}

/// What a pack is to a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Law: its outcome counts, and it may cover areas.
    Law,
    /// Instruments that bind states and not the parties, or that nobody has to follow: what holds
    /// of it is told, and nothing of it counts or is asked for.
    Advisory,
    /// Rules an organisation gave itself: they count, and can only make an outcome stricter.
    Organisation,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 3] = [Self::Law, Self::Advisory, Self::Organisation];

    /// The name in a pack.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Law => "law",
            Self::Advisory => "advisory",
            Self::Organisation => "organisation",
        }
    }

    /// Whether its outcome counts.
    pub fn counts(self) -> bool {
        self != Self::Advisory
    }
}

/// What a rule does. In this order rules are thought of, not carried out: what overrides what is
/// said by each rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Forbids the crossing.
    Prohibition,
    /// Lets it pass, and overrides what would otherwise apply.
    Exemption,
    /// Asks for something, which a mechanism may satisfy.
    Trigger,
    /// Satisfies triggers, once it is in place.
    Mechanism,
    /// Adds a duty.
    Obligation,
    /// Tells something; only in advisory packs, whose rules have no other stage.
    Advice,
}

impl Stage {
    /// Every stage.
    pub const ALL: [Self; 6] = [
        Self::Prohibition,
        Self::Exemption,
        Self::Trigger,
        Self::Mechanism,
        Self::Obligation,
        Self::Advice,
    ];

    /// The name in a pack.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Prohibition => "prohibition",
            Self::Exemption => "exemption",
            Self::Trigger => "trigger",
            Self::Mechanism => "mechanism",
            Self::Obligation => "obligation",
            Self::Advice => "advice",
        }
    }

    /// Whether a rule of this stage may have this outcome.
    fn allows(self, outcome: Outcome) -> bool {
        match self {
            Self::Prohibition => outcome == Outcome::Prohibited,
            Self::Exemption | Self::Mechanism => outcome.lets_pass(),
            Self::Trigger => outcome > Outcome::Permitted && outcome < Outcome::Prohibited,
            Self::Obligation => outcome == Outcome::PermittedWithObligations,
            Self::Advice => outcome == Outcome::Permitted,
        }
    }
}

/// An instrument of law.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// What citations call it.
    pub key: String,
    /// Its title.
    pub title: String,
    /// Its official number.
    pub number: String,
    /// Where its text is.
    pub url: Option<String>,
    /// Whether its text was read for this pack.
    pub is_checked: bool,
}

/// An article of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Citation {
    /// The place in the pack's list of sources.
    pub source: usize,
    /// Where in the pack's list of articles its name stands.
    pub article: usize,
}

/// A duty that comes with a crossing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Obligation {
    /// Its name in the pack.
    pub id: String,
    /// What has to be done.
    pub text: String,
    /// Until when, in words such as `before the transfer`.
    pub due: String,
    /// The articles.
    pub cite: Vec<Citation>,
}

/// A rule.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Its name, unique over all packs.
    pub id: String,
    /// What it does.
    pub stage: Stage,
    /// What it says if it holds; `permitted`, which never counts, for advice.
    pub outcome: Outcome,
    /// The first day it is in force.
    pub from: Date,
    /// The first day it is no longer.
    pub until: Option<Date>,
    /// The articles.
    pub cite: Vec<Citation>,
    /// In one sentence.
    pub text: String,
    /// Duties that come with it.
    pub obligations: Vec<usize>,
    /// Papers that come with it.
    pub documents: Vec<String>,
    /// Rules that do not apply if it does.
    pub overrides: Vec<usize>,
    /// Rules that an exemption leaves standing on purpose.
    pub beside: Vec<usize>,
    /// Triggers that it satisfies.
    pub satisfies: Vec<usize>,
    /// The line in the pack's file.
    pub line: usize,
    pub(crate) when: Expression,
}

impl Rule {
    /// Whether it is in force on a day.
    pub fn is_in_force(&self, day: Date) -> bool {
        self.from <= day && self.until.is_none_or(|until| day < until)
    }
}

/// A crossing with the outcome that a lawyer expects.
#[derive(Debug, Clone)]
pub struct Case {
    /// Its name in the pack.
    pub id: String,
    /// The day.
    pub at: Date,
    /// What is known.
    pub facts: PackedFacts,
    /// Whether a fact that is not named is "no" or 0, instead of unknown.
    pub otherwise_no: bool,
    /// What must come out of this pack.
    pub expect: crate::outcome::Interval,
    /// Rules that must hold and be effective; of an advisory pack, all that hold.
    pub because: Vec<usize>,
    /// The conflicts of the pack that are there, and no others; `None` if it is not about them.
    pub conflicts: Option<Vec<usize>>,
    /// The line in the pack's file.
    pub line: usize,
}

/// A rule pack that was read.
#[derive(Debug, Clone)]
pub struct Pack {
    /// Its name.
    pub id: String,
    /// The name of its file.
    pub file: String,
    /// What it is about.
    pub title: String,
    /// Its version.
    pub version: String,
    /// The day from which this revision is known.
    pub known_from: Date,
    /// The day from which the next revision is known.
    pub known_until: Option<Date>,
    /// The first day whose law it knows: before it, the pack covers nothing and does not apply.
    pub in_force: Date,
    /// How far it was checked.
    pub status: Status,
    /// What it is to a decision.
    pub role: Role,
    /// The areas whose law on data that leaves or enters it says it knows.
    pub covers: Vec<Symbol>,
    /// What it says where no rule holds, with its reason; without it, such a crossing is unknown.
    pub otherwise: Option<(Outcome, String)>,
    /// Instruments.
    pub sources: Vec<Source>,
    /// Names of articles.
    pub articles: Vec<String>,
    /// Duties.
    pub obligations: Vec<Obligation>,
    /// Rules.
    pub rules: Vec<Rule>,
    /// Conflicts with other laws.
    pub conflicts: Vec<Conflict>,
    /// Cases.
    pub cases: Vec<Case>,
    /// SHA-256 of the file, in hexadecimal digits.
    pub sha256: String,
    /// The file as it is written, for findings about it.
    pub(crate) text: Arc<str>,
    pub(crate) applies: Expression,
    pub(crate) names: Names,
    /// Rules so that each comes after all that may override it.
    pub(crate) order: Vec<usize>,
}

impl Pack {
    /// Something about what stands in a line of its file.
    pub(crate) fn finding(&self, line: usize, severity: Severity, said: String) -> Finding {
        Finding::on_line(&self.file, &self.text, line, severity, said)
    }

    /// What it says where no rule does.
    pub(crate) fn silence(&self) -> Option<Outcome> {
        match (&self.otherwise, self.role) {
            (Some((outcome, _)), _) => Some(*outcome),
            (None, Role::Law) => None,
            (None, Role::Advisory | Role::Organisation) => Some(Outcome::Permitted),
        }
    }

    /// Whether it applies to a crossing.
    pub(crate) fn applies(&self, facts: &Facts, day: Date) -> Truth {
        match day < self.in_force {
            true => Truth::False,
            false => self.applies.truth(facts, &self.names, day),
        }
    }

    /// Whether it was the newest revision on a day.
    pub(crate) fn is_newest(&self, known_at: Date) -> bool {
        self.known_from <= known_at && self.known_until.is_none_or(|until| known_at < until)
    }

    /// Whether it knows the law of an area on a day.
    pub(crate) fn knows(&self, area: Symbol, day: Date) -> bool {
        self.in_force <= day && self.covers.contains(&area)
    }

    /// The days on which something it says may change, in order.
    pub fn days(&self) -> Vec<Date> {
        let mut days = vec![self.in_force];
        let mut note = |from: Date, until: Option<Date>| {
            days.push(from);
            days.extend(until);
        };
        self.rules.iter().for_each(|rule| note(rule.from, rule.until));
        self.conflicts.iter().for_each(|conflict| note(conflict.from, conflict.until));
        let params = self.names.params.iter().flat_map(|(_, dated)| &dated.entries);
        params.for_each(|period| note(period.from, period.until));
        let lists = self.names.lists.iter().flat_map(|(_, dated)| &dated.entries);
        lists.for_each(|period| note(period.from, period.until));
        days.sort_unstable();
        days.dedup();
        days
    }

    /// Whether each rule holds; one that is not in force does not.
    pub(crate) fn truths(&self, facts: &Facts, day: Date, into: &mut Vec<Truth>) {
        into.clear();
        into.extend(self.rules.iter().map(|rule| match rule.is_in_force(day) {
            true => rule.when.truth(facts, &self.names, day),
            false => Truth::False,
        }));
    }

    /// Whether a rule asks for a fact.
    pub fn reads(&self, fact: FactId) -> bool {
        let mut reads = false;
        self.asks(&mut |asked| reads |= asked == fact);
        reads
    }

    /// Every fact that it asks for, some more than once.
    pub(crate) fn asks(&self, each: &mut dyn FnMut(FactId)) {
        self.applies.facts(each);
        self.rules.iter().for_each(|rule| rule.when.facts(each));
        self.conflicts.iter().for_each(|conflict| conflict.when.facts(each));
    }

    /// Whether everything it refers to has a value on every day on which it is asked for.
    pub(crate) fn is_whole(&self) -> bool {
        let names = &self.names;
        let spans = |condition: &Expression, from: Date, until: Option<Date>| {
            let (mut params, mut lists) = (true, true);
            condition.dated(
                &mut |place| params &= names.params[place].1.spans(from, until),
                &mut |place| lists &= names.lists[place].1.spans(from, until),
            );
            params && lists
        };
        let mut rules = self.rules.iter();
        spans(&self.applies, self.in_force, None)
            && rules.all(|rule| spans(&rule.when, rule.from, rule.until))
    }

    /// The condition of a rule, as it is written in a pack.
    pub fn condition(&self, rule: &Rule, dictionary: &Dictionary) -> String {
        rule.when.show(dictionary, &self.names)
    }

    /// Articles as they are cited.
    pub(crate) fn articles_of(&self, cite: &[Citation]) -> Vec<String> {
        cite.iter().map(|citation| self.cite(*citation)).collect()
    }

    /// An article as it is cited.
    pub fn cite(&self, citation: Citation) -> String {
        let source = &self.sources[citation.source];
        format!("{} {}", source.number, self.articles[citation.article])
    }
}
