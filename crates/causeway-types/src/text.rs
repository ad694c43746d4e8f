//! Text for people, tagged with its language (BCP 47). Rendering and choosing a language are not
//! here.

use crate::limits::TEXT_BYTES_MAX;

/// A text in one language.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LangText {
    language: Box<str>,
    value: Box<str>,
}

/// Why a text cannot be shown to people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Not shaped like a language tag.
    #[error("language tag: found {found:?}, expected BCP 47 such as en, ar or zh-Hans")]
    Language {
        /// What was found, cut to a printable length.
        found: String,
    },
    /// Texts are bounded.
    #[error("text: found {found} bytes, expected at most {TEXT_BYTES_MAX}")]
    TooLong {
        /// How many bytes the text had.
        found: usize,
    },
    /// NUL and other controls have no place in a title.
    #[error("text: found the control character {found:?}")]
    Control {
        /// The first character that is not allowed.
        found: char,
    },
}

impl LangText {
    /// Checks the tag's shape and the text's length; tabs and line breaks are allowed.
    pub fn new(language: &str, value: &str) -> Result<Self, TextError> {
        if !is_language_tag(language) {
            return Err(TextError::Language { found: language.chars().take(40).collect() });
        }
        if value.len() > TEXT_BYTES_MAX {
            return Err(TextError::TooLong { found: value.len() });
        }
        match value.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
            Some(found) => Err(TextError::Control { found }),
            None => Ok(Self { language: language.into(), value: value.into() }),
        }
    }

    /// The BCP 47 tag.
    pub fn language(&self) -> &str {
        &self.language
    }

    /// The text itself.
    pub fn value(&self) -> &str {
        &self.value
    }
}

fn is_language_tag(tag: &str) -> bool {
    let mut parts = tag.split('-');
    let primary = parts.next().unwrap_or("");
    (2..=8).contains(&primary.len())
        && primary.bytes().all(|b| b.is_ascii_alphabetic())
        && parts.all(|p| (1..=8).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_alphanumeric()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_six_un_languages_and_their_variants_are_tags() {
        for tag in ["ar", "en", "es", "fr", "ru", "zh", "zh-Hans", "pt-BR", "en-XA"] {
            assert!(LangText::new(tag, "x").is_ok(), "{tag}");
        }
        for tag in ["", "e", "en_US", "en-", "-en", "12"] {
            assert!(LangText::new(tag, "x").is_err(), "{tag}");
        }
    }

    #[test]
    fn control_characters_and_endless_texts_are_refused() {
        assert!(LangText::new("en", "a\0b").is_err());
        assert!(LangText::new("en", &"x".repeat(TEXT_BYTES_MAX + 1)).is_err());
        assert!(LangText::new("en", "two\nlines").is_ok());
    }
}
