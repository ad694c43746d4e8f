//! Words for what people know about a crossing: `health`, `research`, `scc`. Each says some facts
//! of the dictionary, as `facts/classes.toml` lists them, and leaves everything else unknown.
//!
//! Nothing is guessed here: what a word leaves open is asked for by the engine.

use serde::Deserialize;
use serde_json::{Map, Value as Json};

use crate::engine::Engine;
use crate::facts::{Dictionary, FactId, Kind, Value};

/// The words that come with this program.
const SHIPPED: &str = include_str!("../facts/classes.toml");
/// Facts that are mechanisms by themselves.
const TOOL: &str = "tool.";
/// From which likeness on a word is taken for a slip.
const LIKENESS_MIN: f64 = 0.75;

/// What a word is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Topic {
    /// What the data is.
    Data,
    /// What it is for.
    Purpose,
    /// What the parties have put in place.
    Mechanism,
}

impl Topic {
    /// Every topic.
    pub const ALL: [Self; 3] = [Self::Data, Self::Purpose, Self::Mechanism];

    /// Its name: `data`, `purpose`, `mechanism`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Data => "data",
            Self::Purpose => "purpose",
            Self::Mechanism => "mechanism",
        }
    }
}

/// Every word.
#[derive(Debug, Clone)]
pub struct Classes {
    classes: Vec<(Topic, Class)>,
}

/// A word with what it says.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Class {
    /// The word.
    pub word: String,
    /// What it means, in a few words.
    pub text: String,
    /// Other words for the same.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// The facts that it always says.
    #[serde(default)]
    pub facts: Map<String, Json>,
    /// The counts of persons that it belongs to.
    #[serde(default)]
    pub counts: Vec<String>,
    /// What it says besides, under one law.
    #[serde(default)]
    pub expand: Vec<Clause>,
    /// Why it says no more where no clause fits; without it, that is a mistake. Empty if there is
    /// nothing to explain.
    pub elsewhere: Option<String>,
}

/// What a word says where one pack knows the exporter's law.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clause {
    /// The pack's id.
    pub pack: String,
    /// The facts that it says.
    #[serde(default)]
    pub facts: Map<String, Json>,
    /// The counts of persons that it belongs to.
    #[serde(default)]
    pub counts: Vec<String>,
    /// What to say instead, where this law knows several things by that word.
    pub note: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    data: Vec<Class>,
    purpose: Vec<Class>,
    mechanism: Vec<Class>,
}

/// What somebody says of a crossing in words.
#[derive(Debug, Clone, Default)]
pub struct Description {
    /// Words, each with its topic.
    pub words: Vec<(Topic, String)>,
    /// About how many people the data is, with everything else that the law counts with it.
    pub persons: Option<u64>,
    /// The exporter's area, if it is known.
    pub exporter: Option<String>,
}

/// What the words say in facts.
#[derive(Debug, Clone, Default)]
pub struct Expansion {
    /// All facts.
    pub facts: Map<String, Json>,
    /// Which word said what.
    pub said: Vec<Said>,
    /// The counts of persons that the words belong to.
    pub counts: Vec<FactId>,
}

/// What one word, or the number of persons, says.
#[derive(Debug, Clone)]
pub struct Said {
    /// What it is about: `data`, `purpose`, `mechanism`, or `persons`.
    pub topic: &'static str,
    /// The word.
    pub word: String,
    /// What the word means; nothing for a number.
    pub class: Option<Class>,
    /// Whether the word says nothing under this exporter's law.
    pub is_elsewhere: bool,
    /// The packs under which the class has a note on how the thing is said there.
    pub noted: Vec<String>,
    /// The facts; none if the packs need not be told.
    pub facts: Vec<(String, Json)>,
}

/// Why words cannot be taken for facts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClassError {
    /// The list of words is not what it should be.
    #[error("the list of classes: {reason}")]
    List {
        /// What is wrong with it.
        reason: String,
    },
    /// There is no such word.
    #[error("{topic}: there is no {word:?}{}; there are {known}", hint(nearest))]
    Unknown {
        /// What it should be about.
        topic: &'static str,
        /// The word.
        word: String,
        /// A word that looks like it.
        nearest: Option<String>,
        /// Every word.
        known: String,
    },
    /// A word says nothing under this law.
    #[error("{topic} {word}: found the exporter {exporter}, expected one under the law of {packs}")]
    Elsewhere {
        /// What it is about.
        topic: &'static str,
        /// The word.
        word: String,
        /// The exporter's area.
        exporter: String,
        /// The packs in which it says something.
        packs: String,
    },
    /// Two words say different things.
    #[error("{fact}: found {one} from {first} and {other} from {second}, expected one of them")]
    Contradiction {
        /// The fact.
        fact: String,
        /// What was said first.
        one: String,
        /// By which word.
        first: String,
        /// What was said then.
        other: String,
        /// By which word.
        second: String,
    },
    /// Persons were counted, and no word says for what.
    #[error(
        "persons: found a number without a class of data that is counted, expected one of {known}"
    )]
    Uncounted {
        /// The classes of data that are counted.
        known: String,
    },
}

fn hint(nearest: &Option<String>) -> String {
    nearest.as_ref().map(|word| format!("; did you mean {word}?")).unwrap_or_default()
}

impl Classes {
    /// The words that come with this program.
    pub fn shipped(engine: &Engine) -> Result<Self, ClassError> {
        Self::read(SHIPPED, engine)
    }

    /// Reads a list of words; each fact that one says must be in the dictionary.
    pub fn read(text: &str, engine: &Engine) -> Result<Self, ClassError> {
        let wrong = |reason: String| ClassError::List { reason };
        let file: File = toml::from_str(text).map_err(|error| wrong(error.to_string()))?;
        let File { data, purpose, mechanism } = file;
        let mut classes = Vec::new();
        for (topic, list) in Topic::ALL.into_iter().zip([data, purpose, mechanism]) {
            for class in list {
                check(&class, engine)
                    .map_err(|reason| wrong(format!("{}: {reason}", class.word)))?;
                classes.push((topic, class));
            }
        }
        let listed = classes.len();
        for fact in engine.dictionary().facts() {
            let Some(name) = fact.name.strip_prefix(TOOL).filter(|_| fact.kind == Kind::Flag)
            else {
                continue;
            };
            let word = name.replace('_', "-");
            if classes[..listed].iter().any(|(_, known)| known.word == word) {
                continue;
            }
            classes.push((Topic::Mechanism, tool(&fact.name, word, &fact.question)));
        }
        for place in 0..classes.len() {
            let (topic, class) = &classes[place];
            let words = [&class.word].into_iter().chain(&class.aliases);
            for word in words {
                let is_twice = classes[..place].iter().any(|(of, other)| {
                    of == topic && (other.word == *word || other.aliases.contains(word))
                });
                if is_twice {
                    return Err(wrong(format!("found the word {word} twice")));
                }
            }
        }
        Ok(Self { classes })
    }

    /// The words of a topic.
    pub fn of(&self, topic: Topic) -> impl Iterator<Item = &Class> {
        self.classes.iter().filter(move |(of, _)| *of == topic).map(|(_, class)| class)
    }

    /// A word, by itself or by another word for the same.
    pub fn find(&self, topic: Topic, word: &str) -> Result<&Class, ClassError> {
        let word = word.to_lowercase().replace('_', "-");
        let is_it = |class: &&Class| class.word == word || class.aliases.contains(&word);
        self.of(topic).find(is_it).ok_or_else(|| {
            let all = self.of(topic).flat_map(|c| [&c.word].into_iter().chain(&c.aliases));
            let near = all.map(|known| (strsim::jaro_winkler(known, &word), known));
            let near = near.max_by(|a, b| a.0.total_cmp(&b.0));
            ClassError::Unknown {
                topic: topic.as_str(),
                word: word.chars().take(80).collect(),
                nearest: near.filter(|(like, _)| *like > LIKENESS_MIN).map(|(_, w)| w.clone()),
                known: join(self.of(topic).map(|class| class.word.as_str())),
            }
        })
    }

    /// What a description says in facts.
    pub fn expand(
        &self,
        engine: &Engine,
        description: &Description,
    ) -> Result<Expansion, ClassError> {
        let mut expansion = Expansion::default();
        let mut counts: Vec<&str> = Vec::new();
        let exporter = description.exporter.as_deref();
        for (topic, word) in &description.words {
            let class = self.find(*topic, word)?;
            let clauses =
                class.expand.iter().filter(|clause| knows(engine, &clause.pack, exporter));
            let clauses: Vec<&Clause> = clauses.collect();
            let facts = class.facts.iter().chain(clauses.iter().flat_map(|clause| &clause.facts));
            let facts: Vec<(String, Json)> =
                facts.map(|(name, value)| (name.clone(), value.clone())).collect();
            counts.extend(class.counts.iter().map(String::as_str));
            counts.extend(clauses.iter().flat_map(|clause| &clause.counts).map(String::as_str));
            let says_elsewhere = class.expand.iter().any(|clause| !clause.facts.is_empty());
            let is_silent = clauses.is_empty() && says_elsewhere;
            if is_silent && class.elsewhere.is_none() {
                return Err(ClassError::Elsewhere {
                    topic: topic.as_str(),
                    word: class.word.clone(),
                    exporter: exporter.unwrap_or("(not given)").to_owned(),
                    packs: join(class.expand.iter().map(|clause| clause.pack.as_str())),
                });
            }
            expansion.add(Said {
                topic: topic.as_str(),
                word: class.word.clone(),
                class: Some(class.clone()),
                is_elsewhere: is_silent,
                noted: clauses
                    .iter()
                    .filter(|c| c.note.is_some())
                    .map(|c| c.pack.clone())
                    .collect(),
                facts,
            })?;
        }
        counts.sort_unstable();
        counts.dedup();
        let dictionary = engine.dictionary();
        expansion.counts = counts.iter().filter_map(|name| dictionary.find(name)).collect();
        if let Some(persons) = description.persons {
            if counts.is_empty() {
                let counted = self.of(Topic::Data).filter(|class| !class.counts.is_empty());
                let known = join(counted.map(|class| class.word.as_str()));
                return Err(ClassError::Uncounted { known });
            }
            let facts = counts.into_iter().map(|name| (name.to_owned(), persons.into())).collect();
            let word = persons.to_string();
            expansion.add(Said {
                topic: "persons",
                word,
                class: None,
                is_elsewhere: false,
                noted: Vec::new(),
                facts,
            })?;
        }
        Ok(expansion)
    }
}

impl Expansion {
    fn add(&mut self, said: Said) -> Result<(), ClassError> {
        for (fact, value) in &said.facts {
            match self.facts.get(fact) {
                Some(before) if before != value => {
                    let said_it = |by: &&Said| by.facts.iter().any(|(name, _)| name == fact);
                    let first = self.said.iter().find(said_it);
                    return Err(ClassError::Contradiction {
                        fact: fact.clone(),
                        one: before.to_string(),
                        first: first.map(Said::name).unwrap_or_default(),
                        other: value.to_string(),
                        second: said.name(),
                    });
                }
                _ => {
                    self.facts.insert(fact.clone(), value.clone());
                }
            }
        }
        self.said.push(said);
        Ok(())
    }
}

impl Said {
    /// What said it: `data health`.
    pub fn name(&self) -> String {
        format!("{} {}", self.topic, self.word)
    }
}

/// A fact that is a mechanism by itself.
fn tool(fact: &str, word: String, question: &str) -> Class {
    let facts = [(fact.to_owned(), Json::Bool(true))].into_iter().collect();
    Class {
        word,
        text: question.to_owned(),
        aliases: Vec::new(),
        facts,
        counts: Vec::new(),
        expand: Vec::new(),
        elsewhere: None,
    }
}

/// Whether everything that a word says is in the dictionary. What it says under a pack that is not
/// there is not looked at, as it is never said.
fn check(class: &Class, engine: &Engine) -> Result<(), String> {
    let dictionary = engine.dictionary();
    let is_there = |clause: &&Clause| engine.packs().iter().any(|pack| pack.id == clause.pack);
    let clauses =
        class.expand.iter().filter(is_there).map(|clause| (&clause.facts, &clause.counts));
    for (facts, counts) in [(&class.facts, &class.counts)].into_iter().chain(clauses) {
        dictionary.read_facts(facts).map_err(|error| error.to_string())?;
        counts.iter().try_for_each(|name| is_count(dictionary, name))?;
    }
    Ok(())
}

fn is_count(dictionary: &Dictionary, name: &str) -> Result<(), String> {
    let id = dictionary.named(name).map_err(|error| error.to_string())?;
    match dictionary.fact(id).kind {
        Kind::Count => Ok(()),
        _ => Err(format!("found {name}, expected a count")),
    }
}

/// Whether a pack knows the law of an area.
fn knows(engine: &Engine, pack: &str, area: Option<&str>) -> bool {
    let Some(Value::Text(area)) = area.and_then(|area| engine.area(area)) else { return false };
    engine.packs().iter().any(|known| known.id == pack && known.covers.contains(&area))
}

fn join<'w>(words: impl Iterator<Item = &'w str>) -> String {
    words.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expand(words: &[(Topic, &str)], persons: Option<u64>, exporter: &str) -> String {
        let engine = Engine::shipped().unwrap();
        let classes = Classes::shipped(&engine).unwrap();
        let words = words.iter().map(|(topic, word)| (*topic, (*word).to_owned())).collect();
        let exporter = Some(exporter.to_owned());
        let description = Description { words, persons, exporter };
        match classes.expand(&engine, &description) {
            Ok(expansion) => Json::Object(expansion.facts).to_string(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn a_word_says_its_facts_and_persons_set_the_counts_it_belongs_to() {
        let health = [(Topic::Data, "health")];
        assert_eq!(
            expand(&health, Some(12_000), "CN"),
            r#"{"data.personal":true,"data.special":true,"count.sensitive_year":12000}"#
        );
        let us = expand(&health, Some(7), "US");
        assert!(us.contains(r#""count.sensitive_year":7,"count.us_health":7"#), "{us}");
        assert_eq!(expand(&[(Topic::Data, "MEDICAL")], None, "CN"), expand(&health, None, "CN"));
    }

    #[test]
    fn a_mechanism_means_what_it_is_under_the_exporters_law() {
        let check = |word: &str, exporter: &str, expected: &str| {
            assert_eq!(expand(&[(Topic::Mechanism, word)], None, exporter), expected, "{word}");
        };
        check("scc", "DE", r#"{"tool.eu_scc":true}"#);
        check("scc", "CN", r#"{"tool.cn_standard_contract":true}"#);
        check("cn-standard-contract", "DE", r#"{"tool.cn_standard_contract":true}"#);
        check("adequacy", "DE", "{}");
        check("adequacy", "ZA", r#"{"importer.za_adequate_law":true}"#);
        let nowhere = expand(&[(Topic::Mechanism, "scc")], None, "XX");
        assert!(nowhere.starts_with("mechanism scc: found the exporter XX"), "{nowhere}");
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_what_to_write_instead() {
        let check = |words: &[(Topic, &str)], persons: Option<u64>, expected: &str| {
            let found = expand(words, persons, "CN");
            assert!(found.starts_with(expected), "{words:?}: {found}");
        };
        check(
            &[(Topic::Data, "helth")],
            None,
            "data: there is no \"helth\"; did you mean health?; there are ordinary, special",
        );
        check(
            &[(Topic::Data, "ordinary"), (Topic::Data, "health")],
            None,
            "data.special: found false from data ordinary and true from data health, expected one",
        );
        check(&[(Topic::Data, "important")], Some(1), "persons: found a number without a class");
        check(&[], Some(1), "persons: found a number without a class");
        check(&[(Topic::Purpose, "\u{202e}")], None, "purpose: there is no \"\\u{202e}\"");
    }

    #[test]
    fn words_can_be_used_with_fewer_packs_and_name_none_that_is_not_shipped() {
        let engine = Engine::shipped().unwrap();
        let classes = Classes::shipped(&engine).unwrap();
        for clause in classes.classes.iter().flat_map(|(_, class)| &class.expand) {
            assert!(engine.packs().iter().any(|pack| pack.id == clause.pack), "{}", clause.pack);
        }
        let none = Engine::with_packs([]).unwrap();
        let words = vec![(Topic::Mechanism, "scc".to_owned())];
        let exporter = Some("DE".to_owned());
        let description = Description { words, persons: None, exporter };
        let classes = Classes::shipped(&none).unwrap();
        assert!(matches!(classes.expand(&none, &description), Err(ClassError::Elsewhere { .. })));
    }

    #[test]
    fn a_doubtful_list_of_words_is_refused() {
        let engine = Engine::shipped().unwrap();
        let list = |data: &str| {
            let rest = "[[purpose]]\nword = \"p\"\ntext = \"\"\n[[mechanism]]\nword = \"m\"\n";
            format!("[[data]]\nword = \"d\"\n{data}\n{rest}text = \"\"\n")
        };
        assert!(Classes::read(&list("text = \"\""), &engine).is_ok());
        for (data, expected) in [
            ("", "missing field"),
            ("text = \"\"\nfacts = { \"data.nothing\" = true }", "there is no fact"),
            ("text = \"\"\nfacts = { \"data.personal\" = 3 }", "expected true or false"),
            ("text = \"\"\ncounts = [\"data.personal\"]", "expected a count"),
            (
                "text = \"\"\nexpand = [{ pack = \"eu\", facts = { \"data.nothing\" = true } }]",
                "there is no fact",
            ),
            ("text = \"\"\naliases = [\"d\"]\n[[data]]\nword = \"d\"\ntext = \"\"", "twice"),
        ] {
            let error = Classes::read(&list(data), &engine).unwrap_err().to_string();
            assert!(error.contains(expected), "{data}: {error}");
        }
    }
}
