//! All packs together: which of them apply to a crossing, what each says, and what they say as a
//! whole.
//!
//! A missing fact is tried with every value that a rule could tell apart, so an outcome that does
//! not depend on it is determined without it, and what does depend on it becomes a question.

mod areas;
mod decide;
mod search;
mod shipped;
mod work;

use jiff::civil::Date;

use self::areas::Areas;
pub(crate) use self::search::Reach;
pub(crate) use self::work::Work;
use crate::facts::{Dictionary, FactError, FactId, Facts, Value};
use crate::installed::InstalledPack;
use crate::outcome::{Interval, Outcome};
use crate::pack::{self, Finding, Pack};
use crate::proof::Report;

/// The packs that are installed.
#[derive(Debug, Clone)]
pub struct Engine {
    dictionary: Dictionary,
    packs: Vec<Pack>,
    exporter: FactId,
    importer: FactId,
    areas: Areas,
}

/// Why an engine cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The dictionary cannot be read, or lacks the two areas.
    #[error(transparent)]
    Facts(#[from] FactError),
    /// Packs are refused.
    #[error("{}", shown(findings))]
    Packs {
        /// Everything that is wrong with them.
        findings: Vec<Finding>,
    },
}

fn shown(findings: &[Finding]) -> String {
    findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

impl Engine {
    /// Reads a dictionary and packs, each with the name of its file.
    pub fn new<'t>(
        dictionary: &str,
        packs: impl IntoIterator<Item = (&'t str, &'t str)>,
    ) -> Result<Self, EngineError> {
        let dictionary = Dictionary::read(dictionary)?;
        let (exporter, importer) =
            (dictionary.named("exporter.area")?, dictionary.named("importer.area")?);
        let (none, areas) = (Vec::new(), Areas::default());
        Self { dictionary, packs: none, exporter, importer, areas }.with(packs)
    }

    fn with<'t>(
        mut self,
        packs: impl IntoIterator<Item = (&'t str, &'t str)>,
    ) -> Result<Self, EngineError> {
        let mut findings = Vec::new();
        for (file, text) in packs {
            match pack::read(file, text, &mut self.dictionary) {
                Ok(pack) => {
                    findings.extend(twins(&pack, &self.packs));
                    self.packs.push(pack);
                }
                Err(found) => findings.extend(found),
            }
        }
        if !findings.is_empty() {
            return Err(EngineError::Packs { findings });
        }
        let packs = &mut self.packs;
        packs.sort_by(|a, b| (&a.id, a.known_from).cmp(&(&b.id, b.known_from)));
        for place in 1..packs.len() {
            if packs[place].id == packs[place - 1].id {
                packs[place - 1].known_until = Some(packs[place].known_from);
            }
        }
        self.areas = Areas::of(packs, self.exporter, self.importer);
        Ok(self)
    }

    /// The same with packs that were installed. What a later version of this program ships too is
    /// there once.
    pub fn with_installed(
        self,
        installed: impl IntoIterator<Item = InstalledPack>,
    ) -> Result<Self, EngineError> {
        let is_new =
            |new: &InstalledPack| self.packs.iter().all(|p| p.sha256 != new.revision().sha256);
        let installed = installed.into_iter().filter(is_new);
        let installed: Vec<(String, InstalledPack)> =
            installed.map(|pack| (pack.revision().file_name(), pack)).collect();
        self.with(installed.iter().map(|(file, pack)| (file.as_str(), pack.text())))
    }

    /// The packs that come with this program and those that were installed: what a node goes by.
    pub fn load(installed: impl IntoIterator<Item = InstalledPack>) -> Result<Self, EngineError> {
        Self::shipped()?.with_installed(installed)
    }

    /// Everything that is wrong with a pack, or worth a look, beside the others. A pack that cannot
    /// be read is not proved, and not counted.
    pub fn lint(&self, file: &str, text: &str) -> Report {
        let mut beside = self.clone();
        let pack = match pack::read(file, text, &mut beside.dictionary) {
            Ok(pack) => pack,
            Err(findings) => return Report { findings, ..Report::default() },
        };
        let others: Vec<Pack> =
            beside.packs.iter().filter(|known| known.id != pack.id).cloned().collect();
        let mut report = beside.prove_pack(&pack);
        report.findings.extend(twins(&pack, &others));
        report
    }

    /// Reads a pack as if it stood beside the others, which it does not afterwards.
    pub fn read_beside(&self, file: &str, text: &str) -> Result<Pack, Vec<Finding>> {
        pack::read(file, text, &mut self.dictionary.clone())
    }

    /// The dictionary and the packs that come with this program.
    pub fn shipped() -> Result<Self, EngineError> {
        Self::new(&shipped::FACTS.join("\n"), shipped::PACKS.iter().copied())
    }

    /// The dictionary that comes with this program, and other packs.
    pub fn with_packs<'t>(
        packs: impl IntoIterator<Item = (&'t str, &'t str)>,
    ) -> Result<Self, EngineError> {
        Self::new(&shipped::FACTS.join("\n"), packs)
    }

    /// An area that some rule or pack names.
    pub(crate) fn area(&self, code: &str) -> Option<Value> {
        self.dictionary.symbols().find(code).map(Value::Text)
    }

    /// The facts that say where the exporter and the importer sit.
    pub(crate) fn parties(&self) -> [FactId; 2] {
        [self.exporter, self.importer]
    }

    /// The facts that may be given.
    pub fn dictionary(&self) -> &Dictionary {
        &self.dictionary
    }

    /// Every revision of every pack.
    pub fn packs(&self) -> &[Pack] {
        &self.packs
    }

    /// The revision of each pack that was the newest on a day.
    pub fn packs_known_at(&self, known_at: Date) -> impl Iterator<Item = &Pack> {
        self.packs.iter().filter(move |pack| pack.is_newest(known_at))
    }

    /// Those of them that may apply to a crossing.
    fn candidates(&self, facts: &Facts, known_at: Date) -> impl Iterator<Item = &Pack> {
        let places = self.areas.candidates(facts, self.exporter, self.importer);
        places.map(|place| &self.packs[place]).filter(move |pack| pack.is_newest(known_at))
    }

    /// Those of them whose outcome counts.
    fn counted(&self, facts: &Facts, known_at: Date) -> impl Iterator<Item = &Pack> {
        self.candidates(facts, known_at).filter(|pack| pack.role.counts())
    }

    /// Between which outcomes the truth lies, without reasons.
    pub fn check(&self, facts: &Facts, as_of: Date, known_at: Date) -> Interval {
        let mut work = Work::default();
        self.outcome(facts, as_of, known_at, &mut work)
    }

    fn outcome(&self, facts: &Facts, as_of: Date, known_at: Date, work: &mut Work) -> Interval {
        let mut all = Interval::of(Outcome::Permitted);
        for pack in self.counted(facts, known_at) {
            all = all.and(self.of_pack(pack, facts, as_of, work));
        }
        match self.uncovered(facts, as_of, known_at).is_empty() {
            true => all,
            false => all.and(Interval::OPEN),
        }
    }

    /// The parties whose law no pack knows on a day.
    fn uncovered(&self, facts: &Facts, as_of: Date, known_at: Date) -> Vec<FactId> {
        let is_covered = |fact: FactId| match facts.get(fact) {
            Some(Value::Text(area)) => {
                let mut packs = self.areas.covering(area).map(|place| &self.packs[place]);
                packs.any(|pack| pack.is_newest(known_at) && pack.in_force <= as_of)
            }
            _ => false,
        };
        [self.exporter, self.importer].into_iter().filter(|fact| !is_covered(*fact)).collect()
    }
}

/// Two revisions of a pack on the same day, or two packs with the same rule, are a mistake.
fn twins(pack: &Pack, others: &[Pack]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut note = |line: usize, text: String| {
        findings.push(pack.finding(line, pack::Severity::Error, text));
    };
    for other in others {
        if other.id == pack.id {
            if other.known_from == pack.known_from {
                let (id, day) = (&pack.id, pack.known_from);
                note(1, format!("found two revisions of {id} known from {day} on"));
            }
            continue;
        }
        for rule in &pack.rules {
            if other.rules.iter().any(|known| known.id == rule.id) {
                note(rule.line, format!("found the rule {} in {} too", rule.id, other.id));
            }
        }
    }
    findings
}
