//! Every configuration key in one table. The file that `init` writes, the reference page, the
//! names of environment variables and the checks are all made from it; no other place lists keys.
//!
//! Where values come from and what they become is not here.

mod entries;
mod table;

pub(crate) use self::entries::{
    DATA_LAYOUT, OTHER_VARIABLES, PEER_KEYS, SCRIPT_KEYS, SECTIONS, STEP_KEYS,
};
pub(crate) use self::table::KEYS;
pub(crate) use super::kind::Kind;

/// What holds where nothing is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Preset {
    /// The node does not start without it.
    Required,
    /// A value, as it is written in the file.
    Value(&'static str),
    /// Unset, or made from something else; in words.
    Words(&'static str),
}

/// One key.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Key {
    /// `section.name`.
    pub(crate) path: &'static str,
    /// What its value must be.
    pub(crate) kind: Kind,
    /// What holds without it.
    pub(crate) preset: Preset,
    /// A value for the commented file, as it is written there.
    pub(crate) example: &'static str,
    /// One sentence.
    pub(crate) doc: &'static str,
}

impl Key {
    /// The part before the dot.
    pub(crate) fn section(&self) -> &'static str {
        self.path.split_once('.').map_or("", |(section, _)| section)
    }

    /// The part after the dot.
    pub(crate) fn name(&self) -> &'static str {
        self.path.split_once('.').map_or(self.path, |(_, name)| name)
    }

    /// `CAUSEWAY_SECTION__NAME`.
    pub(crate) fn environment(&self) -> String {
        format!("{PREFIX}{}", self.path.replace('.', "__").to_uppercase())
    }
}

/// How the environment's names begin.
pub(crate) const PREFIX: &str = "CAUSEWAY_";

/// The key with this path.
pub(crate) fn find(path: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.path == path)
}

/// The nearest of `known`, if it is near enough to be what was meant.
pub(crate) fn nearest<'a>(found: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    known
        .map(|candidate| (strsim::jaro_winkler(found, candidate), candidate))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;
    use causeway_dsp::Question;

    #[test]
    fn every_question_of_the_protocol_has_a_key() {
        let keys: Vec<_> =
            KEYS.iter().filter(|key| key.kind == Kind::Rule).map(Key::name).collect();
        let questions: Vec<_> = Question::ALL.iter().map(|question| question.as_str()).collect();
        assert_eq!(keys, questions);
    }

    #[test]
    fn every_key_is_in_a_known_section_and_explained_in_one_sentence() {
        for key in KEYS {
            assert!(SECTIONS.iter().any(|(name, _)| *name == key.section()), "{}", key.path);
            assert!(key.doc.ends_with('.'), "{}", key.path);
        }
    }

    #[test]
    fn a_slip_of_the_finger_finds_its_key_and_nonsense_does_not() {
        let check = |found: &str, expected: Option<&str>| {
            assert_eq!(nearest(found, KEYS.iter().map(|key| key.path)), expected, "{found}");
        };
        check("node.titel", Some("node.title"));
        check("protocol.listn", Some("protocol.listen"));
        check("retry.attempt_max", Some("retry.attempts_max"));
        check("zzz", None);
    }
}
