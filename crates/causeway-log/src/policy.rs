//! Policy files (C2SP `tlog-policy`): which logs are known, and whose cosignatures are enough.
//!
//! Other than the specification allows, a file has to be UTF-8.

use std::collections::{BTreeMap, BTreeSet};

use causeway_types::limits::{WITNESS_POLICY_BYTES_MAX, WITNESS_POLICY_NAMES_MAX};

use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::note::{Note, NoteError};
use crate::vkey::{Algorithm, VerifierKey, VkeyError};

/// A log that the policy knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyLog {
    /// Its key, whose name is its origin.
    pub key: VerifierKey,
    /// Where it is, if the file says so.
    pub url: Option<String>,
}

/// A witness that the policy knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyWitness {
    /// Its name within the file.
    pub name: String,
    /// Its key.
    pub key: VerifierKey,
    /// Where it is, if the file says so.
    pub url: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Rule {
    /// The witness at this place.
    Witness(usize),
    /// So many of the rules at these places.
    Group { needed: usize, members: Vec<usize> },
}

/// Logs, witnesses, and the rule by which witnesses are enough.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    logs: Vec<PolicyLog>,
    witnesses: Vec<PolicyWitness>,
    rules: Vec<Rule>,
    quorum: Option<usize>,
}

/// What a checkpoint is that meets a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witnessed<'p> {
    /// What the log says.
    pub checkpoint: Checkpoint,
    /// Which log.
    pub log: &'p PolicyLog,
    /// Which witnesses cosigned it, with the time at which each did, in seconds since 1970.
    pub witnesses: Vec<(&'p PolicyWitness, u64)>,
}

/// Why a checkpoint does not meet a policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unmet {
    /// No log of the policy has this origin.
    #[error("check a checkpoint: found the origin {origin:?}, expected a log of the policy")]
    Log {
        /// What stands there.
        origin: String,
    },
    /// It is not signed by the log, or is none.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// A witness's signature is not valid.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// Too few witnesses cosigned it.
    #[error("check a checkpoint: found cosignatures of {found} witnesses, expected the quorum")]
    Quorum {
        /// How many known witnesses did.
        found: usize,
    },
}

/// Why a text is no policy, with its line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("read a witness policy, line {line}: {reason}")]
pub struct PolicyError {
    /// Which line, counted from one; the last for what is missing.
    pub line: usize,
    /// What is wrong with it.
    pub reason: PolicyFault,
}

/// What can be wrong with a line of a policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyFault {
    /// The file is too large, or has control characters, or is no UTF-8.
    #[error("found other characters or more of them than expected")]
    Characters,
    /// The line has another form.
    #[error("expected {0}")]
    Form(&'static str),
    /// The key is none.
    #[error(transparent)]
    Key(#[from] VkeyError),
    /// The key is of the wrong kind: a log's where a witness's belongs, or the other way round.
    #[error("found a key of the kind {found:?}, expected {expected:?}")]
    Kind {
        /// What kind it is.
        found: Algorithm,
        /// What kind belongs there.
        expected: Algorithm,
    },
    /// The key stands there already.
    #[error("found a key that an earlier line has")]
    DuplicateKey,
    /// The name is taken, or is `none`.
    #[error("found the name {0:?}, which is taken")]
    DuplicateName(String),
    /// No line before has the name.
    #[error("found the name {0:?}, expected a witness or a group of a line before")]
    UnknownName(String),
    /// The name is a member of a group already.
    #[error("found {0:?}, which is a member of a group already, expected each name once")]
    SecondMembership(String),
    /// There are too many lines of a kind.
    #[error("found more than {WITNESS_POLICY_NAMES_MAX} lines of a kind")]
    Many,
}

impl Policy {
    /// Reads a policy.
    ///
    /// # Errors
    /// The first line that is wrong, and why.
    pub fn parse(text: &[u8]) -> Result<Self, PolicyError> {
        let at = |line| move |reason| PolicyError { line, reason };
        let unreadable = PolicyError { line: 1, reason: PolicyFault::Characters };
        if text.len() > WITNESS_POLICY_BYTES_MAX {
            return Err(unreadable);
        }
        let text = std::str::from_utf8(text).map_err(|_| unreadable)?;
        let mut reader = Reader::default();
        let mut last = 1;
        for (line, number) in text.split_terminator('\n').zip(1..) {
            last = number;
            reader.line(line).map_err(at(number))?;
        }
        let missing = PolicyFault::Form("a line quorum <name>, or quorum none");
        let quorum = reader.quorum.ok_or(missing).map_err(at(last))?;
        let Reader { logs, witnesses, rules, .. } = reader;
        Ok(Self { logs, witnesses, rules, quorum })
    }

    /// The logs that it knows.
    #[must_use]
    pub fn logs(&self) -> &[PolicyLog] {
        &self.logs
    }

    /// The witnesses that it knows.
    #[must_use]
    pub fn witnesses(&self) -> &[PolicyWitness] {
        &self.witnesses
    }

    /// Whether these witnesses are enough, by their places in [`Self::witnesses`].
    #[must_use]
    pub fn is_quorum(&self, cosigned: &BTreeSet<usize>) -> bool {
        let Some(quorum) = self.quorum else { return true };
        // Rules only name rules before them, so each is known when it is asked for.
        let mut met = Vec::with_capacity(self.rules.len());
        for rule in &self.rules {
            met.push(match rule {
                Rule::Witness(place) => cosigned.contains(place),
                Rule::Group { needed, members } => {
                    members.iter().filter(|member| met[**member]).count() >= *needed
                }
            });
        }
        met[quorum]
    }

    /// Checks a checkpoint against the policy: signed by a log that it knows, cosigned by enough.
    ///
    /// # Errors
    /// If it is not.
    pub fn check(&self, note: &Note) -> Result<Witnessed<'_>, Unmet> {
        let origin = note.first_line();
        let of_origin = |log: &&PolicyLog| log.key.name().as_str() == origin;
        let mut refused = Unmet::Log { origin: origin.to_owned() };
        let opened = self.logs.iter().filter(of_origin).find_map(|log| {
            Checkpoint::open(note, &log.key)
                .map(|checkpoint| (log, checkpoint))
                .map_err(|error| refused = error.into())
                .ok()
        });
        let (log, checkpoint) = opened.ok_or(refused)?;
        let mut cosigned = BTreeSet::new();
        let mut witnesses = Vec::new();
        for (place, witness) in self.witnesses.iter().enumerate() {
            match note.verify([&witness.key]) {
                Ok(_) => {}
                Err(NoteError::Unsigned) => continue,
                Err(error) => return Err(error.into()),
            }
            cosigned.insert(place);
            witnesses.extend(note.cosigned_at(&witness.key).map(|at| (witness, at)));
        }
        match self.is_quorum(&cosigned) {
            true => Ok(Witnessed { checkpoint, log, witnesses }),
            false => Err(Unmet::Quorum { found: cosigned.len() }),
        }
    }
}

#[derive(Default)]
struct Reader {
    logs: Vec<PolicyLog>,
    witnesses: Vec<PolicyWitness>,
    rules: Vec<Rule>,
    names: BTreeMap<String, usize>,
    members: BTreeSet<usize>,
    quorum: Option<Option<usize>>,
}

impl Reader {
    fn line(&mut self, line: &str) -> Result<(), PolicyFault> {
        if line.bytes().any(|b| (b < 0x20 && b != b'\t') || b == 0x7f) {
            return Err(PolicyFault::Characters);
        }
        let words: Vec<&str> = line.split([' ', '\t']).filter(|word| !word.is_empty()).collect();
        match words.as_slice() {
            [] => Ok(()),
            [first, ..] if first.starts_with('#') => Ok(()),
            ["log", key] => self.log(key, None),
            ["log", key, url] => self.log(key, Some((*url).to_owned())),
            ["log", ..] => Err(PolicyFault::Form("log <key> [<url>]")),
            ["witness", name, key] => self.witness(name, key, None),
            ["witness", name, key, url] => self.witness(name, key, Some((*url).to_owned())),
            ["witness", ..] => Err(PolicyFault::Form("witness <name> <key> [<url>]")),
            ["group", name, threshold, members @ ..] => self.group(name, threshold, members),
            ["quorum", name] => self.quorum(name),
            ["quorum", ..] => Err(PolicyFault::Form("quorum <name>")),
            _ => Err(PolicyFault::Form("a line with log, witness, group or quorum")),
        }
    }

    fn log(&mut self, key: &str, url: Option<String>) -> Result<(), PolicyFault> {
        let key = read_key(key, Algorithm::Ed25519)?;
        if self.logs.iter().any(|log| log.key.public() == key.public()) {
            return Err(PolicyFault::DuplicateKey);
        }
        self.logs.push(PolicyLog { key, url });
        bounded(self.logs.len())
    }

    fn witness(&mut self, name: &str, key: &str, url: Option<String>) -> Result<(), PolicyFault> {
        let key = read_key(key, Algorithm::CosignatureV1)?;
        if self.witnesses.iter().any(|witness| witness.key.public() == key.public()) {
            return Err(PolicyFault::DuplicateKey);
        }
        self.name(name, Rule::Witness(self.witnesses.len()))?;
        self.witnesses.push(PolicyWitness { name: name.to_owned(), key, url });
        bounded(self.witnesses.len())
    }

    fn group(&mut self, name: &str, threshold: &str, names: &[&str]) -> Result<(), PolicyFault> {
        const FORM: PolicyFault =
            PolicyFault::Form("group <name> all|any|<number> and at least as many members");
        let mut members = Vec::with_capacity(names.len());
        for member in names {
            let place = self.named(member)?;
            if !self.members.insert(place) {
                return Err(PolicyFault::SecondMembership((*member).to_owned()));
            }
            members.push(place);
        }
        let needed = match threshold {
            "all" => members.len(),
            "any" => 1,
            number => crate::text::decimal(number)
                .and_then(|number| usize::try_from(number).ok())
                .ok_or(FORM)?,
        };
        if !(1..=members.len()).contains(&needed) {
            return Err(FORM);
        }
        self.name(name, Rule::Group { needed, members })?;
        bounded(self.rules.len() - self.witnesses.len())
    }

    fn quorum(&mut self, name: &str) -> Result<(), PolicyFault> {
        if self.quorum.is_some() {
            return Err(PolicyFault::Form("one line with quorum"));
        }
        self.quorum = Some(match name {
            "none" => None,
            name => Some(self.named(name)?),
        });
        Ok(())
    }

    fn named(&self, name: &str) -> Result<usize, PolicyFault> {
        self.names.get(name).copied().ok_or_else(|| PolicyFault::UnknownName(name.to_owned()))
    }

    fn name(&mut self, name: &str, rule: Rule) -> Result<(), PolicyFault> {
        let place = self.rules.len();
        if name == "none" || self.names.contains_key(name) {
            return Err(PolicyFault::DuplicateName(name.to_owned()));
        }
        self.names.insert(name.to_owned(), place);
        self.rules.push(rule);
        Ok(())
    }
}

fn read_key(text: &str, expected: Algorithm) -> Result<VerifierKey, PolicyFault> {
    let key: VerifierKey = text.parse()?;
    match key.algorithm() {
        found if found == expected => Ok(key),
        found => Err(PolicyFault::Kind { found, expected }),
    }
}

fn bounded(count: usize) -> Result<(), PolicyFault> {
    if count > WITNESS_POLICY_NAMES_MAX { Err(PolicyFault::Many) } else { Ok(()) }
}
