//! What it means to search the offers, and the copies of other nodes' datasets: which words a text
//! has, what something is filed under, and what a selection takes. Drivers are free in how they
//! find it; the suite compares.
//!
//! A text is searched word by word, without case, accents and vowel marks. Scripts that put no
//! spaces between words (Chinese, Japanese, Thai and others) are cut into characters, and what is
//! searched for must then occur as it is written. The Arabic article is no part of a word.

use causeway_dsp::catalog::{Dataset, Metadata};
use causeway_types::limits::{SEARCH_WORDS_MAX, SEARCH_YEARS_MAX};
use causeway_types::{LangText, ParticipantId, Timestamp};
use icu_normalizer::DecomposingNormalizer;

use crate::PublishedOffer;

/// Which offers are wanted. What is `None` does not matter.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Selection {
    /// Only offers that this party may know of; `None` is the operator, who sees everything.
    pub visible_to: Option<ParticipantId>,
    /// All of these words occur in titles, descriptions and keywords; `rain*` is the beginning
    /// of a word.
    pub text: Option<String>,
    /// The offer has this theme.
    pub theme: Option<String>,
    /// The bytes have this media type; parameters do not matter.
    pub media_type: Option<String>,
    /// The provider's jurisdiction is this country, this part of one, or in it.
    pub jurisdiction: Option<String>,
    /// The data is about this place, or about a part of this country.
    pub spatial: Option<String>,
    /// The offer has this licence.
    pub licence: Option<String>,
    /// The data is about some of this time, both ends included.
    pub temporal: Option<(Timestamp, Timestamp)>,
    /// Whether withdrawn offers are wanted too.
    pub withdrawn: bool,
    /// Newest first.
    pub newest_first: bool,
}

/// What is searched of an offer or of a dataset.
#[derive(Debug, Clone)]
pub struct Subject<'a> {
    titles: &'a [LangText],
    descriptions: &'a [LangText],
    metadata: &'a Metadata,
    media_types: Vec<&'a str>,
}

impl<'a> From<&'a PublishedOffer> for Subject<'a> {
    fn from(offer: &'a PublishedOffer) -> Self {
        Self {
            titles: &offer.titles,
            descriptions: &offer.descriptions,
            metadata: &offer.metadata,
            media_types: vec![&offer.media_type],
        }
    }
}

impl<'a> From<&'a Dataset> for Subject<'a> {
    fn from(dataset: &'a Dataset) -> Self {
        let media_types = dataset.distributions.iter().filter_map(|d| d.media_type.as_deref());
        Self {
            titles: &dataset.titles,
            descriptions: &dataset.descriptions,
            metadata: &dataset.metadata,
            media_types: media_types.collect(),
        }
    }
}

impl Subject<'_> {
    /// All pieces of the titles, descriptions and keywords, in their order.
    pub fn pieces(&self) -> Vec<String> {
        let texts = self.titles.iter().chain(self.descriptions).map(|text| text.value());
        let texts = texts.chain(self.metadata.keywords.iter().map(String::as_str));
        texts.flat_map(words).flat_map(|word| word.pieces).collect()
    }

    /// The time it is about.
    pub fn temporal(&self) -> Option<(Timestamp, Timestamp)> {
        self.metadata.temporal
    }
}

/// Something that offers are filed under.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Facet {
    /// What it is about.
    Theme,
    /// The media type without parameters.
    MediaType,
    /// Where the provider sits.
    Jurisdiction,
    /// The place it is about.
    Spatial,
    /// The licence.
    Licence,
}

impl Facet {
    /// Every facet.
    pub const ALL: [Self; 5] =
        [Self::Theme, Self::MediaType, Self::Jurisdiction, Self::Spatial, Self::Licence];

    /// A value as it is compared.
    pub fn key(self, value: &str) -> String {
        match self {
            Self::Theme | Self::Licence => value.to_owned(),
            Self::MediaType => {
                let bare = value.split(';').next().unwrap_or_default();
                bare.trim().to_ascii_lowercase()
            }
            Self::Jurisdiction | Self::Spatial if is_code(value) => value.to_ascii_uppercase(),
            Self::Jurisdiction | Self::Spatial => value.to_owned(),
        }
    }

    /// What something is filed under.
    pub fn keys(self, subject: &Subject<'_>) -> Vec<String> {
        let metadata = subject.metadata;
        let values: Vec<&str> = match self {
            Self::Theme => metadata.themes.iter().map(String::as_str).collect(),
            Self::MediaType => subject.media_types.clone(),
            Self::Jurisdiction => metadata.jurisdiction.as_deref().into_iter().collect(),
            Self::Spatial => metadata.spatial.iter().map(String::as_str).collect(),
            Self::Licence => metadata.licence.as_deref().into_iter().collect(),
        };
        let mut keys = Vec::with_capacity(values.len());
        for value in values {
            let key = self.key(value);
            // A part of a country is filed under the country too.
            if matches!(self, Self::Jurisdiction | Self::Spatial)
                && is_code(&key)
                && let Some((country, _)) = key.split_once('-')
            {
                keys.push(country.to_owned());
            }
            keys.push(key);
        }
        keys.sort();
        keys.dedup();
        keys
    }
}

/// Whether a place is shaped like an ISO 3166 code.
fn is_code(place: &str) -> bool {
    let (country, part) = place.split_once('-').map_or((place, None), |(c, p)| (c, Some(p)));
    matches!(country.len(), 2 | 3)
        && country.bytes().all(|b| b.is_ascii_alphabetic())
        && part.is_none_or(|part| {
            (1..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric())
        })
}

/// A word that is searched for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// What must follow one another: one piece, or the characters of a script without spaces.
    pub pieces: Vec<String>,
    /// Whether the last piece is only the beginning of one.
    pub is_beginning: bool,
}

impl Word {
    fn occurs_in(&self, text: &[String]) -> bool {
        let Some((last, first)) = self.pieces.split_last() else {
            return true;
        };
        let same = |found: &[String]| {
            let ends = match self.is_beginning {
                true => found[first.len()].starts_with(last.as_str()),
                false => found[first.len()] == *last,
            };
            ends && found[..first.len()] == *first
        };
        text.windows(self.pieces.len()).any(same)
    }
}

impl Selection {
    /// Whether an offer is wanted.
    pub fn takes(&self, offer: &PublishedOffer) -> bool {
        let is_visible = |party| offer.audience.admits(party);
        (self.withdrawn || offer.withdrawn_at.is_none())
            && self.visible_to.as_ref().is_none_or(is_visible)
            && self.describes(&offer.into())
    }

    /// Whether this is wanted by what it says of itself.
    pub fn describes(&self, subject: &Subject<'_>) -> bool {
        let overlaps = |(from, to): (Timestamp, Timestamp)| {
            subject.temporal().is_some_and(|(start, end)| start <= to && end >= from)
        };
        let is_filed = |(facet, key): (Facet, String)| facet.keys(subject).contains(&key);
        self.temporal.is_none_or(overlaps) && self.facets().into_iter().all(is_filed) && {
            let words = self.words();
            let pieces = if words.is_empty() { Vec::new() } else { subject.pieces() };
            words.iter().all(|word| word.occurs_in(&pieces))
        }
    }

    /// The facets that matter.
    pub fn facets(&self) -> Vec<(Facet, String)> {
        let wanted = |facet| match facet {
            Facet::Theme => &self.theme,
            Facet::MediaType => &self.media_type,
            Facet::Jurisdiction => &self.jurisdiction,
            Facet::Spatial => &self.spatial,
            Facet::Licence => &self.licence,
        };
        let key = |facet: Facet| wanted(facet).as_ref().map(|value| (facet, facet.key(value)));
        Facet::ALL.into_iter().filter_map(key).collect()
    }

    /// The words that matter.
    pub fn words(&self) -> Vec<Word> {
        let mut words = words(self.text.as_deref().unwrap_or_default());
        words.truncate(SEARCH_WORDS_MAX);
        words
    }
}

/// The years, counted from 1970, that a time touches; `None` if they are too many to be listed.
/// A year here is the mean one, since only both sides of a comparison have to agree.
pub fn years((start, end): (Timestamp, Timestamp)) -> Option<Vec<i64>> {
    const YEAR_MICROS: i64 = 31_556_952_000_000;
    let year = |at: Timestamp| at.unix_micros().div_euclid(YEAR_MICROS);
    let (first, last) = (year(start), year(end));
    let count = usize::try_from(last.checked_sub(first)?).ok()?;
    (count < SEARCH_YEARS_MAX).then(|| (first..=last).collect())
}

/// The words of a text.
pub fn words(text: &str) -> Vec<Word> {
    let decomposed = DecomposingNormalizer::new_nfkd().normalize(text).to_lowercase();
    let mut words = Vec::new();
    let mut characters = decomposed.chars().filter(|c| !is_passed_over(*c)).peekable();
    while let Some(first) = characters.next() {
        if !first.is_alphanumeric() {
            continue;
        }
        let mut word = String::from(folded(first));
        while let Some(next) = characters.next_if(|c| c.is_alphanumeric()) {
            word.push(folded(next));
        }
        let is_beginning = characters.next_if(|c| *c == '*').is_some();
        words.push(Word { pieces: pieces(&word), is_beginning });
    }
    words
}

/// A word without article, cut where its script has no spaces.
fn pieces(word: &str) -> Vec<String> {
    let word = without_article(word);
    let mut pieces = Vec::new();
    let mut joined = String::new();
    for character in word.chars() {
        if !has_no_spaces(character) {
            joined.push(character);
            continue;
        }
        if !joined.is_empty() {
            pieces.push(std::mem::take(&mut joined));
        }
        pieces.push(character.into());
    }
    if !joined.is_empty() {
        pieces.push(joined);
    }
    pieces
}

/// The Arabic article, alone or with a particle before it, is written together with its word.
fn without_article(word: &str) -> &str {
    const ARTICLES: [&str; 6] = ["وال", "بال", "كال", "فال", "ال", "لل"];
    const LETTERS_LEFT_MIN: usize = 3;
    ARTICLES
        .iter()
        .filter_map(|article| word.strip_prefix(article))
        .find(|rest| rest.chars().count() >= LETTERS_LEFT_MIN)
        .unwrap_or(word)
}

/// Accents, vowel marks and the Arabic stretching line.
fn is_passed_over(character: char) -> bool {
    matches!(character,
        '\u{300}'..='\u{36f}' | '\u{591}'..='\u{5c7}' | '\u{610}'..='\u{61a}'
        | '\u{640}' | '\u{64b}'..='\u{65f}' | '\u{670}')
}

/// Letters that are written one for another.
fn folded(character: char) -> char {
    match character {
        'ى' => 'ي',
        'ة' => 'ه',
        'ς' => 'σ',
        other => other,
    }
}

fn has_no_spaces(character: char) -> bool {
    matches!(character,
        '\u{e00}'..='\u{fff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}'
        | '\u{3040}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}' | '\u{3400}'..='\u{9fff}'
        | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_the_words_of_its_script() {
        let check = |text: &str, expected: &[&[&str]]| {
            let found: Vec<Vec<String>> = words(text).into_iter().map(|w| w.pieces).collect();
            assert_eq!(found, expected, "{text}");
        };
        check("Rain, daily (2026)", &[&["rain"], &["daily"], &["2026"]]);
        check("Précipitations journalières", &[&["precipitations"], &["journalieres"]]);
        check("Объём осадков", &[&["объем"], &["осадков"]]);
        check("降雨量数据", &[&["降", "雨", "量", "数", "据"]]);
        check("GDP增长", &[&["gdp", "增", "长"]]);
        check("الأَمْطَار اليومية", &[&["امطار"], &["يوميه"]]);
        check("\0\u{202e}--", &[]);
    }

    #[test]
    fn a_code_of_a_place_is_told_from_other_texts() {
        let check = |text: &str, expected: bool| assert_eq!(is_code(text), expected, "{text}");
        check("DE", true);
        check("de-by", true);
        check("KEN", true);
        check("https://example.org/EU", false);
        check("Kenya", false);
    }

    #[test]
    fn a_long_time_is_not_listed_by_years() {
        let at = |text: &str| Timestamp::parse(text).unwrap();
        let start = at("2000-06-01T00:00:00Z");
        assert_eq!(years((start, start)), Some(vec![30]));
        assert_eq!(years((start, at("2002-06-01T00:00:00Z"))), Some(vec![30, 31, 32]));
        assert_eq!(years((start, at("2200-06-01T00:00:00Z"))), None);
        assert_eq!(years((at("2002-06-01T00:00:00Z"), start)), None);
    }
}
