//! What two packs, or two revisions of one, say differently: part by part, in the words of the
//! packs, and the cases of both whose outcome differs.
//!
//! The order of parts means nothing and is not compared; neither are comments.

use std::fmt;

use serde_json::{Map, Value as Json, json};

use crate::decision::outcome_text;
use crate::engine::{Engine, Work};
use crate::outcome::Interval;
use crate::pack::{Case, Citation, Conflict, Other, Pack, Rule};

/// What became of a part of a pack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Only the new pack has it.
    Added,
    /// Only the old pack has it.
    Removed,
    /// Both have it, and it says something else.
    Changed,
}

impl Kind {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Changed => "changed",
        }
    }
}

/// A part of a pack that is not what it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What it is: `pack`, `source`, `param`, `list`, `obligation`, `rule`,
    /// `conflict` or `case`.
    pub part: &'static str,
    /// Its id.
    pub id: String,
    /// What became of it.
    pub kind: Kind,
    /// What it says, or said, differently.
    pub fields: Vec<Field>,
}

/// One thing that a part says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Its name in the pack.
    pub name: &'static str,
    /// What it was; `None` if there was none.
    pub old: Option<String>,
    /// What it is.
    pub new: Option<String>,
}

/// A case whose outcome differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseChange {
    /// Its id.
    pub id: String,
    /// Whose case it is: `old`, `new` or `both`.
    pub of: &'static str,
    /// What the old pack says of it.
    pub old: Interval,
    /// What the new pack says of it.
    pub new: Interval,
    /// The facts of the case.
    pub facts: Json,
    /// Its day.
    pub at: String,
}

/// Everything that two packs say differently.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Difference {
    /// Parts.
    pub changes: Vec<Change>,
    /// Cases.
    pub cases: Vec<CaseChange>,
    /// How many cases were compared.
    pub compared: usize,
}

/// Compares two packs, each with the engine that it was read by.
pub fn diff(old: (&Engine, &Pack), new: (&Engine, &Pack)) -> Difference {
    let (parts_old, parts_new) = (parts(old), parts(new));
    let mut changes = Vec::new();
    for before in &parts_old {
        match parts_new.iter().find(|after| after.is(before)) {
            None => changes.push(before.change(Kind::Removed)),
            Some(after) => changes.extend(before.against(after)),
        }
    }
    for after in &parts_new {
        if !parts_old.iter().any(|before| before.is(after)) {
            changes.push(after.change(Kind::Added));
        }
    }
    // As the parts stand in a pack; what was added comes last of its kind.
    changes.sort_by_key(|change| PARTS.iter().position(|part| *part == change.part));
    let (cases, compared) = cases(old, new);
    Difference { changes, cases, compared }
}

/// The field of a list that is told member by member.
const MEMBERS: &str = "members";
/// What stands between several things.
const GAP: &str = ", ";

const PARTS: [&str; 8] =
    ["pack", "source", "param", "list", "obligation", "rule", "conflict", "case"];

/// A part of a pack with everything that it says.
struct Part {
    part: &'static str,
    id: String,
    fields: Vec<(&'static str, Option<String>)>,
}

impl Part {
    fn is(&self, other: &Self) -> bool {
        // The pack itself may have another name.
        self.part == other.part && (self.id == other.id || self.part == "pack")
    }

    fn change(&self, kind: Kind) -> Change {
        let fields = self.fields.iter().filter(|(_, text)| text.is_some());
        let fields = fields.map(|(name, text)| match kind {
            Kind::Removed => Field { name, old: text.clone(), new: None },
            Kind::Added | Kind::Changed => Field { name, old: None, new: text.clone() },
        });
        Change { part: self.part, id: self.id.clone(), kind, fields: fields.collect() }
    }

    fn against(&self, new: &Self) -> Option<Change> {
        let pairs = self.fields.iter().zip(&new.fields).filter(|((_, old), (_, new))| old != new);
        let fields =
            pairs.map(|((name, old), (_, new))| Field { name, old: old.clone(), new: new.clone() });
        let fields: Vec<Field> = fields.collect();
        let (part, id) = (self.part, new.id.clone());
        (!fields.is_empty()).then_some(Change { part, id, kind: Kind::Changed, fields })
    }
}

fn parts((engine, pack): (&Engine, &Pack)) -> Vec<Part> {
    let mut parts = vec![head(engine, pack)];
    parts.extend(pack.sources.iter().map(|source| Part {
        part: "source",
        id: source.key.clone(),
        fields: vec![
            ("title", Some(source.title.clone())),
            ("number", Some(source.number.clone())),
            ("url", source.url.clone()),
            ("checked", Some(source.is_checked.to_string())),
        ],
    }));
    for (key, dated) in &pack.names.params {
        parts.extend(dated.entries.iter().map(|period| Part {
            part: "param",
            id: format!("{key} from {}", period.from),
            fields: vec![
                ("value", Some(period.value.to_string())),
                ("until", period.until.map(|day| day.to_string())),
                ("cite", articles(pack, &period.cite)),
            ],
        }));
    }
    let symbols = engine.dictionary().symbols();
    for (key, dated) in &pack.names.lists {
        parts.extend(dated.entries.iter().map(|period| {
            let members = period.value.iter().map(|member| symbols.text(*member).to_owned());
            Part {
                part: "list",
                id: format!("{key} from {}", period.from),
                fields: vec![
                    (MEMBERS, listed(members.collect())),
                    ("until", period.until.map(|day| day.to_string())),
                    ("cite", articles(pack, &period.cite)),
                ],
            }
        }));
    }
    parts.extend(pack.obligations.iter().map(|duty| Part {
        part: "obligation",
        id: duty.id.clone(),
        fields: vec![
            ("text", Some(duty.text.clone())),
            ("due", Some(duty.due.clone())),
            ("cite", articles(pack, &duty.cite)),
        ],
    }));
    parts.extend(pack.rules.iter().map(|rule| rule_part(engine, pack, rule)));
    parts.extend(pack.conflicts.iter().map(|conflict| conflict_part(engine, pack, conflict)));
    parts.extend(pack.cases.iter().map(|case| case_part(engine, pack, case)));
    parts
}

fn conflict_part(engine: &Engine, pack: &Pack, conflict: &Conflict) -> Part {
    let dictionary = engine.dictionary();
    let with = match &conflict.with {
        Other::Exporter => "exporter".to_owned(),
        Other::Importer => "importer".to_owned(),
        Other::Area(area) => dictionary.symbols().text(*area).to_owned(),
        Other::Pack(id) => id.clone(),
    };
    let rules = conflict.rules.iter().map(|rule| pack.rules[*rule].id.clone());
    Part {
        part: "conflict",
        id: conflict.id.clone(),
        fields: vec![
            ("text", Some(conflict.text.clone())),
            ("from", Some(conflict.from.to_string())),
            ("until", conflict.until.map(|day| day.to_string())),
            ("with", Some(with)),
            ("when", Some(conflict.when.show(dictionary, &pack.names))),
            ("rules", listed(rules.collect())),
            ("cite", articles(pack, &conflict.cite)),
        ],
    }
}

fn rule_part(engine: &Engine, pack: &Pack, rule: &Rule) -> Part {
    let rules = |places: &[usize]| {
        listed(places.iter().map(|place| pack.rules[*place].id.clone()).collect())
    };
    let duties = rule.obligations.iter().map(|place| pack.obligations[*place].id.clone());
    Part {
        part: "rule",
        id: rule.id.clone(),
        fields: vec![
            ("text", Some(rule.text.clone())),
            ("stage", Some(rule.stage.as_str().to_owned())),
            ("outcome", Some(rule.outcome.to_string())),
            ("from", Some(rule.from.to_string())),
            ("until", rule.until.map(|day| day.to_string())),
            ("when", Some(pack.condition(rule, engine.dictionary()))),
            ("cite", articles(pack, &rule.cite)),
            ("obligations", listed(duties.collect())),
            ("documents", listed(rule.documents.clone())),
            ("overrides", rules(&rule.overrides)),
            ("beside", rules(&rule.beside)),
            ("satisfies", rules(&rule.satisfies)),
        ],
    }
}

fn head(engine: &Engine, pack: &Pack) -> Part {
    let symbols = engine.dictionary().symbols();
    let covers = pack.covers.iter().map(|area| symbols.text(*area).to_owned()).collect();
    let otherwise = pack.otherwise.as_ref();
    Part {
        part: "pack",
        id: pack.id.clone(),
        fields: vec![
            ("id", Some(pack.id.clone())),
            ("title", Some(pack.title.clone())),
            ("version", Some(pack.version.clone())),
            ("known_from", Some(pack.known_from.to_string())),
            ("in_force", Some(pack.in_force.to_string())),
            ("status", Some(pack.status.as_str().to_owned())),
            ("role", Some(pack.role.as_str().to_owned())),
            ("covers", listed(covers)),
            ("applies", Some(pack.applies.show(engine.dictionary(), &pack.names))),
            ("otherwise", otherwise.map(|(outcome, _)| outcome.to_string())),
            ("otherwise_because", otherwise.map(|(_, because)| because.clone())),
        ],
    }
}

fn case_part(engine: &Engine, pack: &Pack, case: &Case) -> Part {
    let facts = engine.dictionary().write_facts(&case.facts.unpack());
    let because = case.because.iter().map(|rule| pack.rules[*rule].id.clone()).collect();
    Part {
        part: "case",
        id: case.id.clone(),
        fields: vec![
            ("at", Some(case.at.to_string())),
            ("facts", Some(Json::Object(facts).to_string())),
            ("otherwise", Some(if case.otherwise_no { "no" } else { "unknown" }.to_owned())),
            ("expect", Some(in_words(case.expect))),
            ("because", listed(because)),
        ],
    }
}

fn articles(pack: &Pack, cite: &[Citation]) -> Option<String> {
    let all: Vec<String> = cite.iter().map(|citation| pack.cite(*citation)).collect();
    (!all.is_empty()).then(|| all.join("; "))
}

/// Several things whose order means nothing.
fn listed(mut texts: Vec<String>) -> Option<String> {
    texts.sort_unstable();
    (!texts.is_empty()).then(|| texts.join(GAP))
}

/// The cases of both packs of which they say something else, and how many there are.
fn cases(old: (&Engine, &Pack), new: (&Engine, &Pack)) -> (Vec<CaseChange>, usize) {
    let said = |(engine, pack): (&Engine, &Pack), facts: &Map<String, Json>, case: &Case| {
        // A fact that one dictionary does not know leaves that pack without an answer.
        let facts = engine.dictionary().read_facts(facts).ok()?;
        let whole = Case { facts: facts.into(), ..case.clone() }.complete(engine.dictionary());
        Some(engine.of_pack(pack, &whole, case.at, &mut Work::default()))
    };
    let (mut changes, mut compared) = (Vec::new(), 0);
    let mut note = |case: &Case, facts: Map<String, Json>, of: &'static str| {
        let (before, after) = (said(old, &facts, case), said(new, &facts, case));
        compared += 1;
        let (before, after) = (before.unwrap_or(Interval::OPEN), after.unwrap_or(Interval::OPEN));
        if before != after {
            let (id, at) = (case.id.clone(), case.at.to_string());
            let facts = Json::Object(facts);
            changes.push(CaseChange { id, of, old: before, new: after, facts, at });
        }
    };
    let known = |(engine, pack): (&Engine, &Pack)| -> Vec<Map<String, Json>> {
        pack.cases
            .iter()
            .map(|case| engine.dictionary().write_facts(&case.facts.unpack()))
            .collect()
    };
    let (facts_old, facts_new) = (known(old), known(new));
    let is_same =
        |one: &Case, other: &Case| (one.at, one.otherwise_no) == (other.at, other.otherwise_no);
    for (case, facts) in old.1.cases.iter().zip(&facts_old) {
        let mut others = new.1.cases.iter().zip(&facts_new);
        let is_shared = others.any(|(other, theirs)| is_same(case, other) && facts == theirs);
        note(case, facts.clone(), if is_shared { "both" } else { "old" });
    }
    for (case, facts) in new.1.cases.iter().zip(&facts_new) {
        let mut others = old.1.cases.iter().zip(&facts_old);
        if !others.any(|(other, theirs)| is_same(case, other) && facts == theirs) {
            note(case, facts.clone(), "new");
        }
    }
    (changes, compared)
}

fn in_words(outcome: Interval) -> String {
    match outcome.determined() {
        Some(outcome) => outcome.to_string(),
        None => format!("unknown ({} at best, {} at worst)", outcome.at_best, outcome.at_worst),
    }
}

impl Difference {
    /// Whether both say the same.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.cases.is_empty()
    }

    /// As JSON.
    pub fn to_json(&self) -> Json {
        let changes = self.changes.iter().map(|change| {
            let fields = change
                .fields
                .iter()
                .map(|Field { name, old, new }| json!({ "name": name, "old": old, "new": new }));
            json!({ "part": change.part, "id": change.id, "kind": change.kind.as_str(),
                    "fields": fields.collect::<Vec<_>>() })
        });
        let outcome = |of: Interval| {
            json!({ "outcome": outcome_text(of), "at_best": of.at_best.as_str(),
                    "at_worst": of.at_worst.as_str() })
        };
        let cases = self.cases.iter().map(|case| {
            json!({ "id": case.id, "of": case.of, "at": case.at, "facts": case.facts,
                    "old": outcome(case.old), "new": outcome(case.new) })
        });
        json!({
            "differs": !self.is_empty(),
            "changes": changes.collect::<Vec<_>>(),
            "cases": cases.collect::<Vec<_>>(),
            "compared": self.compared,
        })
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Change { part, id, kind, fields } in &self.changes {
            writeln!(f, "{part} {id}: {}", kind.as_str())?;
            for Field { name, old, new } in fields {
                match (old, new) {
                    (Some(old), Some(new)) if *name == MEMBERS => members(f, old, new)?,
                    (Some(old), Some(new)) => {
                        writeln!(f, "  {name}:\n    - {old}\n    + {new}")?;
                    }
                    (Some(old), None) => writeln!(f, "  - {name}: {old}")?,
                    (None, Some(new)) => writeln!(f, "  + {name}: {new}")?,
                    (None, None) => {}
                }
            }
        }
        let (differ, compared) = (self.cases.len(), self.compared);
        writeln!(f, "{differ} of {compared} cases have another outcome")?;
        for case in &self.cases {
            let (old, new) = (in_words(case.old), in_words(case.new));
            writeln!(f, "  case {} ({}): {old} -> {new}", case.id, case.of)?;
            writeln!(f, "    on {}: {}", case.at, case.facts)?;
        }
        Ok(())
    }
}

/// Long lists are told by what left and what came.
fn members(f: &mut fmt::Formatter<'_>, old: &str, new: &str) -> fmt::Result {
    let has = |list: &str, word: &str| list.split(GAP).any(|known| known == word);
    for word in old.split(GAP).filter(|word| !has(new, word)) {
        writeln!(f, "  - member: {word}")?;
    }
    for word in new.split(GAP).filter(|word| !has(old, word)) {
        writeln!(f, "  + member: {word}")?;
    }
    Ok(())
}
