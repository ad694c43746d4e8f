//! Words in a language: the engine's own sentences as Fluent messages, and translations of the
//! texts of packs, which are English in the packs themselves.
//!
//! What has no translation is said in English, and counted, so that a page can say so. A
//! translation of a pack's text counts only beside the very English text it was made for: a
//! changed rule never keeps its old translation. Which messages there are is in `messages`, the
//! keys of texts of packs in `texts`. Nothing here decides anything.

pub(crate) mod messages;
mod template;
mod texts;

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use fluent_syntax::ast::Entry;
use fluent_syntax::parser::{self, ParserError};
use unic_langid::LanguageIdentifier;

pub use self::template::{template, template_of_classes, template_of_facts};
use crate::classes::Class;
use crate::facts::Fact;
use crate::pack::{Conflict, Obligation, Pack, Rule, Source};

/// The engine's own sentences in English.
const ENGLISH: &[&str] =
    &[include_str!("../messages/en/check.ftl"), include_str!("../messages/en/law.ftl")];

/// A language that pages are written in: the official ones of the United Nations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Language {
    /// Arabic.
    Arabic,
    /// Chinese.
    Chinese,
    /// English, which everything is written in first.
    English,
    /// French.
    French,
    /// Russian.
    Russian,
    /// Spanish.
    Spanish,
}

impl Language {
    /// Every language.
    pub const ALL: [Self; 6] =
        [Self::Arabic, Self::Chinese, Self::English, Self::French, Self::Russian, Self::Spanish];

    /// Its tag, such as `fr`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Arabic => "ar",
            Self::Chinese => "zh",
            Self::English => "en",
            Self::French => "fr",
            Self::Russian => "ru",
            Self::Spanish => "es",
        }
    }

    /// Reads a tag; a region or script behind it does not matter.
    pub fn parse(tag: &str) -> Option<Self> {
        let language = tag.split(['-', '_', '.']).next()?.to_ascii_lowercase();
        Self::ALL.into_iter().find(|known| known.as_str() == language)
    }

    /// Whether it is written from right to left.
    pub fn is_right_to_left(self) -> bool {
        self == Self::Arabic
    }

    /// The translations that come with this program: each file of `messages/LANGUAGE`.
    fn shipped(self) -> &'static [&'static str] {
        match self {
            // English is written in the packs and in `ENGLISH`.
            Self::English => &[],
            Self::Arabic | Self::Chinese | Self::French | Self::Russian | Self::Spanish => &[],
        }
    }
}

/// Why a file of translations cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("translation into {language}: {reason}")]
pub struct WordsError {
    language: &'static str,
    reason: String,
}

/// One language with everything that is translated into it.
pub struct Words {
    language: Language,
    english: FluentBundle<FluentResource>,
    own: FluentBundle<FluentResource>,
    /// Translations of texts of packs: key, attribute, and the English text they were made for.
    texts: HashMap<(String, Option<String>), (String, String)>,
}

impl Words {
    /// A language as it comes with this program.
    pub fn of(language: Language) -> Self {
        let mut words = Self {
            language,
            english: bundle(Language::English),
            own: bundle(language),
            texts: HashMap::new(),
        };
        for text in ENGLISH {
            // What cannot be read is left out here, and found by a test.
            let resource = FluentResource::try_new((*text).to_owned());
            words.english.add_resource_overriding(resource.unwrap_or_else(|(read, _)| read));
        }
        for text in language.shipped() {
            words.add(text);
        }
        words
    }

    /// The same with one more file of translations, which wins over what was there.
    pub fn with(mut self, file: &str) -> Result<Self, WordsError> {
        let errors = self.add(file);
        match errors.is_empty() {
            true => Ok(self),
            false => Err(WordsError {
                language: self.language.as_str(),
                reason: errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "),
            }),
        }
    }

    /// The language.
    pub fn language(&self) -> Language {
        self.language
    }

    /// Takes every message of a file that can be read, and says what cannot.
    fn add(&mut self, file: &str) -> Vec<ParserError> {
        // Read twice: the bundle forgets comments, and comments say what a text was made for.
        let (read, errors) = match parser::parse(file) {
            Ok(read) => (read, Vec::new()),
            Err((read, errors)) => (read, errors),
        };
        let resource = FluentResource::try_new(file.to_owned());
        self.own.add_resource_overriding(resource.unwrap_or_else(|(read, _)| read));
        for entry in read.body {
            let Entry::Message(message) = entry else { continue };
            for line in message.comment.iter().flat_map(|comment| &comment.content) {
                let Some((attribute, english)) = texts::made_for(line) else { continue };
                let key = message.id.name;
                if let Some(text) = self.plain(key, attribute.as_deref()) {
                    self.texts.insert((key.to_owned(), attribute), (english, text));
                }
            }
        }
        errors
    }

    /// A message that takes nothing.
    fn plain(&self, key: &str, attribute: Option<&str>) -> Option<String> {
        let message = self.own.get_message(key)?;
        let pattern = match attribute {
            None => message.value()?,
            Some(name) => message.get_attribute(name)?.value(),
        };
        let mut errors = Vec::new();
        let text = self.own.format_pattern(pattern, None, &mut errors);
        errors.is_empty().then(|| text.into_owned())
    }
}

fn bundle(language: Language) -> FluentBundle<FluentResource> {
    let tag: LanguageIdentifier = language.as_str().parse().unwrap_or_default();
    let mut bundle = FluentBundle::new_concurrent(vec![tag]);
    // Only where directions mix must what is filled in be kept apart.
    bundle.set_use_isolating(language.is_right_to_left());
    bundle
}

/// A sentence of the engine with what is filled in.
pub(crate) struct Message<'a> {
    key: &'static str,
    args: Vec<(&'static str, FluentValue<'a>)>,
}

/// One page in one language: remembers what it had to say in English.
pub(crate) struct Telling<'w> {
    words: &'w Words,
    fallen: RefCell<BTreeSet<String>>,
}

impl<'w> Telling<'w> {
    pub(crate) fn new(words: &'w Words) -> Self {
        Self { words, fallen: RefCell::default() }
    }

    pub(crate) fn language(&self) -> Language {
        self.words.language
    }

    /// How many texts had no translation.
    pub(crate) fn fallen(&self) -> usize {
        self.fallen.borrow().len()
    }

    /// A sentence of the engine.
    pub(crate) fn say(&self, message: Message<'_>) -> String {
        let Message { key, args } = message;
        let args: FluentArgs<'_> = args.into_iter().collect();
        let is_english = self.words.language == Language::English;
        let bundles = if is_english {
            [None, Some(&self.words.english)]
        } else {
            [Some(&self.words.own), Some(&self.words.english)]
        };
        for (is_other, bundle) in bundles.into_iter().enumerate() {
            let Some(bundle) = bundle else { continue };
            let message = bundle.get_message(key);
            let Some(pattern) = message.and_then(|message| message.value()) else { continue };
            let mut errors = Vec::new();
            let text = bundle.format_pattern(pattern, Some(&args), &mut errors);
            if errors.is_empty() || is_other == 1 {
                if is_other == 1 && !is_english {
                    self.fallen.borrow_mut().insert(key.to_owned());
                }
                return text.into_owned();
            }
        }
        key.to_owned()
    }

    /// A text of a pack, in this language if it was translated as it stands there.
    fn text(&self, key: String, attribute: Option<String>, english: &str) -> String {
        let english = texts::on_one_line(english);
        if self.words.language == Language::English {
            return english;
        }
        let place = (key, attribute);
        match self.words.texts.get(&place) {
            Some((made_for, text)) if *made_for == english => text.clone(),
            _ => {
                let (key, attribute) = place;
                let name = attribute.map_or(key.clone(), |name| format!("{key}.{name}"));
                self.fallen.borrow_mut().insert(name);
                english
            }
        }
    }

    pub(crate) fn pack(&self, pack: &Pack) -> String {
        self.text(texts::pack(pack), None, &pack.title)
    }

    pub(crate) fn otherwise(&self, pack: &Pack, because: &str) -> String {
        self.text(texts::pack(pack), Some(texts::OTHERWISE.to_owned()), because)
    }

    pub(crate) fn source(&self, pack: &Pack, source: &Source) -> String {
        self.text(texts::source(pack, source), None, &source.title)
    }

    pub(crate) fn rule(&self, rule: &Rule) -> String {
        self.text(texts::rule(rule), None, &rule.text)
    }

    /// The documents that a rule asks for.
    pub(crate) fn documents(&self, rule: &Rule) -> Vec<String> {
        let documents = rule.documents.iter().enumerate();
        documents
            .map(|(place, text)| self.text(texts::rule(rule), Some(texts::document(place)), text))
            .collect()
    }

    pub(crate) fn conflict(&self, pack: &Pack, conflict: &Conflict) -> String {
        self.text(texts::conflict(pack, conflict), None, &conflict.text)
    }

    pub(crate) fn duty(&self, duty: &Obligation) -> String {
        self.text(texts::obligation(duty), None, &duty.text)
    }

    pub(crate) fn due(&self, duty: &Obligation) -> String {
        self.text(texts::obligation(duty), Some(texts::DUE.to_owned()), &duty.due)
    }

    /// What a word of the command line means.
    pub(crate) fn class(&self, topic: &str, class: &Class) -> String {
        self.text(texts::class(topic, class), None, &class.text)
    }

    /// Why a word says nothing under other laws.
    pub(crate) fn elsewhere(&self, topic: &str, class: &Class) -> Option<String> {
        let why = class.elsewhere.as_ref().filter(|why| !why.is_empty())?;
        Some(self.text(texts::class(topic, class), Some(texts::ELSEWHERE.to_owned()), why))
    }

    /// How the thing is said under a pack's law, where the word by itself says nothing.
    pub(crate) fn note(&self, topic: &str, class: &Class, pack: &str) -> Option<String> {
        let clause = class.expand.iter().find(|clause| clause.pack == pack)?;
        let note = clause.note.as_ref()?;
        Some(self.text(texts::class(topic, class), Some(texts::note(pack)), note))
    }

    pub(crate) fn question(&self, fact: &Fact) -> String {
        self.text(texts::fact(fact), None, &fact.question)
    }

    pub(crate) fn unit(&self, fact: &Fact) -> Option<String> {
        let unit = fact.unit.as_ref()?;
        Some(self.text(texts::fact(fact), Some(texts::UNIT.to_owned()), unit))
    }
}

#[cfg(test)]
mod tests;
