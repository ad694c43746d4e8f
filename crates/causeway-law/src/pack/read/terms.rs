//! Reading what stands in many places of a pack: conditions, citations, areas, names, days, words.

use jiff::civil::Date;
use toml::Spanned;

use super::{Cited, Reader};
use crate::expression::{Expression, Names, parse};
use crate::facts::{Symbol, is_area};
use crate::outcome::Outcome;
use crate::pack::Citation;

impl Reader<'_> {
    pub(super) fn condition(
        &mut self,
        text: &Spanned<String>,
        names: &Names,
    ) -> Option<Expression> {
        match parse(text.get_ref(), self.dictionary, names) {
            Ok(expression) => Some(expression),
            Err(error) => {
                let at = self.inside(text, error.at);
                let reason = format!("condition: {}", error.reason);
                match error.help {
                    Some(help) => self.error_with(at..at, reason, help),
                    None => self.error(at..at, reason),
                }
                None
            }
        }
    }

    /// Where a place inside a quoted text is in the file. Where something in it is escaped, it is
    /// known only roughly.
    fn inside(&self, text: &Spanned<String>, at: usize) -> usize {
        let span = text.span();
        let raw = self.text.get(span.clone()).unwrap_or_default();
        span.start + raw.find(text.get_ref().as_str()).unwrap_or_default() + at
    }

    pub(super) fn cite(
        &mut self,
        texts: &Spanned<Vec<String>>,
        cited: &mut Cited,
    ) -> Vec<Citation> {
        if texts.get_ref().is_empty() {
            let help =
                "name the article: cite = [\"SOURCE:ARTICLE\"], with the key of a [[source]]";
            self.error_with(texts.span(), "found no citation".to_owned(), help);
        }
        let mut all = Vec::new();
        for text in texts.get_ref() {
            let parts = text.split_once(':');
            let source = parts.and_then(|(key, _)| cited.sources.iter().position(|s| s.key == key));
            let (Some(source), Some((_, article))) = (source, parts) else {
                let expected = "expected SOURCE:ARTICLE with a source of this pack";
                let keys: Vec<&str> = cited.sources.iter().map(|s| s.key.as_str()).collect();
                let help = match keys.is_empty() {
                    true => "list the instrument as a [[source]] with a key".to_owned(),
                    false => format!("the sources of this pack are {}", keys.join(", ")),
                };
                let quoted = format!("\"{text}\"");
                let raw = self.text.get(texts.span()).unwrap_or_default();
                let at = raw.find(&quoted).map(|at| texts.span().start + at);
                let span = at.map_or(texts.span(), |at| at..at + quoted.len());
                self.error_with(span, format!("cite: found {text:?}, {expected}"), &help);
                continue;
            };
            let known = cited.articles.iter().position(|known| known == article);
            let article = known.unwrap_or_else(|| {
                cited.articles.push(article.to_owned());
                cited.articles.len() - 1
            });
            all.push(Citation { source, article });
        }
        all
    }

    pub(super) fn areas(&mut self, texts: &Spanned<Vec<String>>) -> Vec<Symbol> {
        let mut symbols = Vec::new();
        for text in texts.get_ref() {
            if is_area(text) {
                symbols.push(self.dictionary.symbols_mut().intern(text));
            } else {
                self.error(texts.span(), format!("found {text:?}, expected a legal area"));
            }
        }
        symbols
    }

    pub(super) fn name(&mut self, text: &Spanned<String>) -> Option<String> {
        if !is_id(text.get_ref()) {
            let expected = "expected lower-case letters, digits, - and ., at most 64";
            self.error(text.span(), format!("found {:?}, {expected}", text.get_ref()));
            return None;
        }
        Some(text.get_ref().clone())
    }

    pub(super) fn day(&mut self, text: &Spanned<String>) -> Option<Date> {
        let day = text.get_ref().parse().ok();
        if day.is_none() {
            let found = text.get_ref();
            self.error(text.span(), format!("found {found:?}, expected a day such as 2026-06-01"));
        }
        day
    }

    pub(super) fn time(
        &mut self,
        from: &Spanned<String>,
        until: Option<&Spanned<String>>,
    ) -> Option<(Date, Option<Date>)> {
        let first = self.day(from)?;
        let Some(text) = until else { return Some((first, None)) };
        let until = self.day(text)?;
        if until <= first {
            self.error(text.span(), format!("found the end {until} not after the start {first}"));
        }
        Some((first, Some(until)))
    }

    pub(super) fn outcome(&mut self, text: &Spanned<String>) -> Option<Outcome> {
        self.one_of(text, Outcome::ALL.map(|outcome| (outcome.as_str(), outcome)))
    }

    pub(super) fn one_of<T: Copy, const N: usize>(
        &mut self,
        text: &Spanned<String>,
        known: [(&str, T); N],
    ) -> Option<T> {
        let found = known.iter().find(|(name, _)| *name == text.get_ref()).map(|(_, value)| *value);
        if found.is_none() {
            let names = known.map(|(name, _)| name).join(", ");
            self.error(text.span(), format!("found {:?}, expected {names}", text.get_ref()));
        }
        found
    }
}

/// Whether a text can be the id of a pack, which is part of a file's name too.
pub(crate) fn is_id(text: &str) -> bool {
    let is_part = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.".contains(c);
    (1..=64).contains(&text.len()) && text.chars().all(is_part) && !text.starts_with('.')
}
