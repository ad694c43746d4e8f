//! Names resolve to IRIs once, here, by the message's `@context`. This is not a JSON-LD processor:
//! contexts are static tables, nothing is fetched, and what no table defines stays an opaque term.
//!
//! - A full IRI means itself.
//! - `odrl:use` is the prefix's namespace with `use`. The prefixes `odrl`, `edc`, `xsd`, `rdf`,
//!   `dct` and `dcat` are known everywhere, `cx-policy` under the Catena-X context, others if they
//!   are declared inline.
//! - `use` is the ODRL name; under the EDC and Catena-X contexts their names are known too.
//! - Under `@vocab` any other name is in that namespace. Without the DSP or ODRL context this goes
//!   for ODRL's names as well, as in JSON-LD.
//! - Whatever else, such as `other` and `x:other`, is opaque and kept verbatim.
//!
//! JSON-LD takes any `x:other` for an absolute IRI. Here it is one only with `//` after the colon
//! or the scheme `did`, `tag` or `urn`: an undeclared prefix must not pass for a known thing.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use causeway_types::limits::{
    CONTEXT_ENTRIES_MAX, CONTEXT_NAMESPACE_BYTES_MAX, CONTEXT_PREFIX_BYTES_MAX, URL_BYTES_MAX,
};
use serde_json::{Map, Value};

use crate::names;

/// An absolute IRI.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Iri(Cow<'static, str>);

/// A compact name that no known context defines, kept as it was written. It never grants.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Opaque(Box<str>);

/// A name after resolution.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Term {
    /// It means this IRI.
    Iri(Iri),
    /// Nobody known says what it means.
    Opaque(Opaque),
}

/// The meaning of names in one message: which tables count, and what is declared inline.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Contexts {
    /// The DSP or ODRL context is listed, or no context at all.
    odrl: bool,
    edc: bool,
    catenax: bool,
    /// A context is listed whose names are not known here.
    foreign: bool,
    vocabulary: Option<Iri>,
    prefixes: BTreeMap<Box<str>, Iri>,
}

/// Why a text is not an absolute IRI.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("iri: found {found:?}, expected an absolute IRI of at most {URL_BYTES_MAX} bytes")]
pub struct IriError {
    /// What was found, cut to a printable length.
    pub found: String,
}

/// Why a text cannot be a name at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TermError {
    /// Names are never empty.
    #[error("found an empty name")]
    Empty,
    /// Names are bounded.
    #[error("found a name of {found} bytes, expected at most {URL_BYTES_MAX}")]
    TooLong {
        /// How many bytes the name has, after its prefix was resolved.
        found: usize,
    },
    /// Control characters could forge log lines; bidirectional ones could show another name.
    #[error("found the character {found:?} in a name")]
    Character {
        /// The first character that is not allowed.
        found: char,
    },
}

/// Why a message's `@context` cannot be followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ContextError {
    /// Neither text, array nor object.
    #[error("@context: found {found}, expected a URL or an array of URLs")]
    Shape {
        /// The JSON type that was found.
        found: &'static str,
    },
    /// An inline context that does more than declare prefixes and a vocabulary.
    #[error(
        "@context: found the inline declaration {name:?}, expected only \"@vocab\" and prefixes of \
         at most {CONTEXT_PREFIX_BYTES_MAX} bytes, for absolute IRIs of at most \
         {CONTEXT_NAMESPACE_BYTES_MAX} bytes ending in one of / # : ?"
    )]
    Inline {
        /// The declared name, cut to a printable length.
        name: String,
    },
    /// A known prefix with another meaning could make one rule pass for another.
    #[error("@context: found the prefix {prefix:?} declared anew, expected its meaning {known}")]
    Redefined {
        /// The prefix.
        prefix: String,
        /// What it means everywhere.
        known: &'static str,
    },
    /// Contexts are bounded.
    #[error("@context: found more than {CONTEXT_ENTRIES_MAX} entries")]
    TooMany,
}

impl Iri {
    /// The action `odrl:use`.
    pub const USE: Self = Self(Cow::Borrowed("http://www.w3.org/ns/odrl/2/use"));
    /// The left operand `odrl:dateTime`: when the action happens.
    pub const DATE_TIME: Self = Self(Cow::Borrowed("http://www.w3.org/ns/odrl/2/dateTime"));
    /// The left operand `odrl:purpose`: what the action is for.
    pub const PURPOSE: Self = Self(Cow::Borrowed("http://www.w3.org/ns/odrl/2/purpose"));
    /// The left operand `odrl:recipient`: who gets the outcome.
    pub const RECIPIENT: Self = Self(Cow::Borrowed("http://www.w3.org/ns/odrl/2/recipient"));
    /// The left operand `odrl:spatial`: where the action happens.
    pub const SPATIAL: Self = Self(Cow::Borrowed("http://www.w3.org/ns/odrl/2/spatial"));

    /// The left operand `odrl:count`: how often the action is done.
    pub const COUNT: Self = Self(Cow::Borrowed("http://www.w3.org/ns/odrl/2/count"));
    /// The left operand `odrl:elapsedTime`: how long it is done.
    pub const ELAPSED_TIME: Self = Self(Cow::Borrowed("http://www.w3.org/ns/odrl/2/elapsedTime"));

    /// The connective `odrl:andSequence`, for findings.
    pub(crate) const AND_SEQUENCE: Self =
        Self(Cow::Borrowed("http://www.w3.org/ns/odrl/2/andSequence"));

    /// Takes an absolute IRI; compact names such as `odrl:use` need [`Contexts::resolve`].
    pub fn parse(text: &str) -> Result<Self, IriError> {
        if text.len() <= URL_BYTES_MAX && is_absolute(text) {
            Ok(Self(text.to_owned().into()))
        } else {
            Err(IriError { found: text.chars().take(80).collect() })
        }
    }

    /// An IRI that is written out in this crate.
    pub(crate) const fn known(text: &'static str) -> Self {
        Self(Cow::Borrowed(text))
    }

    /// A name of this crate in a namespace of this crate.
    pub(crate) fn from_cow(text: Cow<'static, str>) -> Self {
        Self(text)
    }

    /// The IRI.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name inside the ODRL namespace, where it is in that namespace.
    pub fn odrl_name(&self) -> Option<&str> {
        self.0.strip_prefix(names::ODRL).filter(|name| !name.is_empty() && !name.starts_with('/'))
    }

    /// The name inside the namespace of XML Schema datatypes.
    pub(crate) fn xsd_name(&self) -> Option<&str> {
        self.0.strip_prefix(names::XSD)
    }

    pub(crate) fn xsd(name: &str) -> Self {
        Self(format!("{}{name}", names::XSD).into())
    }
}

impl Opaque {
    /// The name as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Term {
    /// The IRI or the opaque name.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Iri(iri) => iri.as_str(),
            Self::Opaque(name) => name.as_str(),
        }
    }

    /// The IRI, where the term is one.
    pub fn iri(&self) -> Option<&Iri> {
        match self {
            Self::Iri(iri) => Some(iri),
            Self::Opaque(_) => None,
        }
    }

    pub(crate) fn odrl_name(&self) -> Option<&str> {
        self.iri().and_then(Iri::odrl_name)
    }
}

impl From<Iri> for Term {
    fn from(iri: Iri) -> Self {
        Self::Iri(iri)
    }
}

impl Contexts {
    /// The context of DSP 2025-1 alone: what a message without `@context` is read with, and what
    /// written policies are meant for.
    pub fn dsp() -> Self {
        Self { odrl: true, ..Self::default() }
    }

    /// Reads the `@context` member of a message; a missing or null one counts as
    /// [`Contexts::dsp`].
    pub fn read(value: Option<&Value>) -> Result<Self, ContextError> {
        match value {
            None | Some(Value::Null) => Ok(Self::dsp()),
            Some(value) => Self::default().extended(value),
        }
    }

    /// These contexts with those of an inner `@context` added.
    pub fn extended(&self, value: &Value) -> Result<Self, ContextError> {
        let mut contexts = self.clone();
        let entries = match value {
            Value::Array(entries) => entries.as_slice(),
            single => std::slice::from_ref(single),
        };
        if entries.len() > CONTEXT_ENTRIES_MAX {
            return Err(ContextError::TooMany);
        }
        for entry in entries {
            match entry {
                Value::String(url) => contexts.add(url),
                Value::Object(inline) => contexts.declare(inline)?,
                Value::Null => {}
                other => return Err(ContextError::Shape { found: kind(other) }),
            }
        }
        Ok(contexts)
    }

    /// What a name means as a value: an action, a left operand, a datatype.
    pub fn resolve(&self, text: &str) -> Result<Term, TermError> {
        self.name(text, self.vocabulary.as_ref().filter(|_| !self.odrl))
    }

    /// What a name means as a property or operator. ODRL's own are understood bare in any
    /// context: overlooking a `prohibition` would be worse than reading one that was not meant.
    pub(crate) fn resolve_key(&self, text: &str) -> Result<Term, TermError> {
        self.name(text, None)
    }

    /// What an `@id` refers to: prefixes count, bare names are relative and so stay opaque.
    pub(crate) fn resolve_reference(&self, text: &str) -> Result<Term, TermError> {
        match self.prefixed(text) {
            Some(iri) => known(iri),
            None => literal(text),
        }
    }

    fn name(&self, text: &str, before_odrl: Option<&Iri>) -> Result<Term, TermError> {
        if text.starts_with('@') || is_absolute(text) {
            return literal(text);
        }
        if text.contains(':') {
            return self.resolve_reference(text);
        }
        let namespace = match before_odrl {
            Some(vocabulary) if names::is_odrl(text) => vocabulary.as_str(),
            _ if names::is_odrl(text) => names::ODRL,
            _ if self.catenax && names::CATENAX_NAMES.contains(&text) => names::CATENAX,
            _ if self.edc && names::EDC_NAMES.contains(&text) => names::EDC,
            // A foreign context might define the name: the vocabulary is then only a guess.
            _ => match &self.vocabulary {
                Some(vocabulary) if !self.foreign && !text.is_empty() => vocabulary.as_str(),
                _ => return literal(text),
            },
        };
        known(format!("{namespace}{text}"))
    }

    fn prefixed(&self, text: &str) -> Option<String> {
        let (prefix, local) = text.split_once(':')?;
        if local.starts_with("//") {
            return None;
        }
        self.namespace(prefix).map(|namespace| format!("{namespace}{local}"))
    }

    fn namespace(&self, prefix: &str) -> Option<&str> {
        match names::PREFIXES.iter().find(|(name, _)| *name == prefix) {
            Some((_, namespace)) => Some(namespace),
            None => match self.prefixes.get(prefix) {
                Some(declared) => Some(declared.as_str()),
                None => (self.catenax && prefix == "cx-policy").then_some(names::CATENAX),
            },
        }
    }

    fn add(&mut self, url: &str) {
        match url {
            _ if names::ODRL_CONTEXTS.contains(&url) => self.odrl = true,
            names::EDC_CONTEXT => self.edc = true,
            names::CATENAX_CONTEXT => self.catenax = true,
            _ => self.foreign = true,
        }
    }

    fn declare(&mut self, inline: &Map<String, Value>) -> Result<(), ContextError> {
        if inline.len() + self.prefixes.len() > CONTEXT_ENTRIES_MAX {
            return Err(ContextError::TooMany);
        }
        for (name, value) in inline {
            let refused = || ContextError::Inline { name: name.chars().take(80).collect() };
            match (name.as_str(), value) {
                ("@version", Value::Number(_)) | ("@protected", Value::Bool(_)) => {}
                ("@vocab", Value::Null) => self.vocabulary = None,
                ("@vocab", Value::String(text)) => {
                    self.vocabulary = Some(namespace(text).ok_or_else(refused)?);
                }
                (name, Value::String(text)) if !name.starts_with('@') => {
                    let iri = namespace(text).ok_or_else(refused)?;
                    self.declare_prefix(name, iri)?;
                }
                _ => return Err(refused()),
            }
        }
        Ok(())
    }

    fn declare_prefix(&mut self, prefix: &str, iri: Iri) -> Result<(), ContextError> {
        let redefined =
            |known| ContextError::Redefined { prefix: prefix.chars().take(80).collect(), known };
        let is_name = (1..=CONTEXT_PREFIX_BYTES_MAX).contains(&prefix.len());
        if !is_name || prefix.contains(':') || !iri.0.ends_with(['/', '#', ':', '?']) {
            return Err(ContextError::Inline { name: prefix.chars().take(80).collect() });
        }
        match names::PREFIXES.iter().find(|(name, _)| *name == prefix) {
            Some((_, known)) if *known != iri.as_str() => Err(redefined(known)),
            Some(_) => Ok(()),
            // A scheme as a prefix would change what absolute IRIs mean.
            None if names::SCHEMES_WITHOUT_AUTHORITY.contains(&prefix) => {
                Err(redefined("an IRI scheme"))
            }
            None => {
                self.prefixes.insert(prefix.into(), iri);
                Ok(())
            }
        }
    }
}

/// `odrl:use` for IRIs of known namespaces, the IRI itself otherwise: for people to read.
impl fmt::Display for Iri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let compact = names::PREFIXES
            .iter()
            .chain(&[("cx-policy", names::CATENAX)])
            .find_map(|(prefix, namespace)| Some((prefix, self.0.strip_prefix(namespace)?)));
        match compact {
            Some((prefix, name)) => write!(f, "{prefix}:{name}"),
            None => f.write_str(&self.0),
        }
    }
}

impl fmt::Debug for Iri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Iri({})", self.0)
    }
}

impl fmt::Debug for Opaque {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Opaque({})", self.0)
    }
}

/// The IRI in short, or the opaque name in quotes.
impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Iri(iri) => iri.fmt(f),
            Self::Opaque(name) => write!(f, "{:?}", name.as_str()),
        }
    }
}

/// What a JSON value is, for error texts.
pub(crate) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// A name whose namespace is known: an IRI, unless its local part cannot stand in one.
/// The IRI that short names stand below. It is bounded more tightly than others, because each
/// short name in a message grows by it.
fn namespace(text: &str) -> Option<Iri> {
    Iri::parse(text).ok().filter(|iri| iri.as_str().len() <= CONTEXT_NAMESPACE_BYTES_MAX)
}

fn known(iri: String) -> Result<Term, TermError> {
    literal(&iri)
}

/// A text that stands for itself.
fn literal(text: &str) -> Result<Term, TermError> {
    if text.is_empty() {
        return Err(TermError::Empty);
    }
    if text.len() > URL_BYTES_MAX {
        return Err(TermError::TooLong { found: text.len() });
    }
    if let Some(found) = text.chars().find(|c| c.is_control() || is_bidi_control(*c)) {
        return Err(TermError::Character { found });
    }
    Ok(match Iri::parse(text) {
        Ok(iri) => Term::Iri(iri),
        Err(_) => Term::Opaque(Opaque(text.into())),
    })
}

fn is_absolute(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else {
        return false;
    };
    let scheme_is_well_formed = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    let rest_is_well_formed = rest.chars().all(|c| {
        !c.is_control()
            && !c.is_whitespace()
            && !is_bidi_control(c)
            && !matches!(c, '<' | '>' | '"' | '{' | '}' | '|' | '\\' | '^' | '`')
    });
    let is_known_form = rest.strip_prefix("//").is_some_and(|rest| !rest.is_empty())
        || (names::SCHEMES_WITHOUT_AUTHORITY.contains(&scheme) && !rest.is_empty());
    scheme_is_well_formed && rest_is_well_formed && is_known_form
}

pub(crate) fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
