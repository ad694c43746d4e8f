//! What is wrong with a file, or worth a look, with its place: shown like a compiler shows it.

use std::fmt;
use std::ops::Range;

/// Most characters of a line that are shown; a longer one is cut around the place.
const LINE_CHARS_MAX: usize = 120;
/// How many characters before the place are shown of a line that is cut.
const BEFORE_CHARS: usize = 40;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth a look.
    Warning,
    /// The file is not used.
    Error,
}

impl Severity {
    /// The text form: `warning` or `error`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// Something about a file, with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The file's name.
    pub file: String,
    /// The line, from 1 on.
    pub line: usize,
    /// The characters of the line that it is about, from 0 on; empty if it is about no term.
    pub columns: Range<usize>,
    /// The line as it is written.
    pub source: String,
    /// How bad it is.
    pub severity: Severity,
    /// What was found and what was expected.
    pub text: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl Finding {
    /// A finding about a part of a file.
    pub fn at(
        file: &str,
        text: &str,
        span: Range<usize>,
        severity: Severity,
        said: String,
    ) -> Self {
        let is_file = span == (0..0);
        let start = (0..=span.start.min(text.len())).rev().find(|at| text.is_char_boundary(*at));
        let start = start.unwrap_or(0);
        let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
        let source = &text[line_start..line_end];
        let from = text[line_start..start].chars().count();
        let end = span.end.clamp(start, line_end);
        let term = match text.get(start..end) {
            Some(term) if !term.is_empty() => term.trim_end().chars().count(),
            _ => term_length(&text[start..line_end]),
        };
        Self {
            file: file.to_owned(),
            line: text[..start].matches('\n').count() + 1,
            columns: if is_file { 0..0 } else { from..from + term.max(1) },
            source: if is_file { String::new() } else { source.to_owned() },
            severity,
            text: said,
            help: None,
        }
    }

    /// A finding about what stands in a line of a file.
    pub fn on_line(file: &str, text: &str, line: usize, severity: Severity, said: String) -> Self {
        let start: usize = text.split_inclusive('\n').take(line.max(1) - 1).map(str::len).sum();
        let source = text[start..].lines().next().unwrap_or_default();
        // Of `id = "a"`, it is about `"a"`.
        let value = source.find("= ").map_or(0, |at| at + 2);
        Self::at(file, text, start + value..start + source.len(), severity, said)
    }

    /// The same with what to do about it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Over several lines: what is wrong, where, the line with the place under it, what to do.
    pub fn render(&self) -> String {
        let Self { file, line, columns, severity, text, help, .. } = self;
        let edge = " ".repeat(line.to_string().len());
        let mut page = format!("{}: {text}\n{edge}--> {file}:{line}", severity.as_str());
        if !columns.is_empty() {
            page += &format!(":{}", columns.start + 1);
        }
        if !self.source.is_empty() {
            let (shown, at) = self.shown();
            page += &format!("\n{edge} |\n{line} | {shown}");
            let length = columns.len().min(shown.chars().count().saturating_sub(at));
            if length > 0 {
                page += &format!("\n{edge} | {}{}", " ".repeat(at), "^".repeat(length));
            }
        }
        if let Some(help) = help {
            page += &format!("\n{edge} = help: {help}");
        }
        page
    }

    /// The line, cut around the place if it is long, and where the place is in what is shown.
    fn shown(&self) -> (String, usize) {
        let plain = |c: char| if c.is_control() { ' ' } else { c };
        let all: Vec<char> = self.source.chars().map(plain).collect();
        if all.len() <= LINE_CHARS_MAX {
            return (all.iter().collect::<String>().trim_end().to_owned(), self.columns.start);
        }
        let from = self.columns.start.saturating_sub(BEFORE_CHARS);
        let from = from.min(all.len() - LINE_CHARS_MAX);
        let until = from + LINE_CHARS_MAX;
        let mut shown: String = all[from..until].iter().collect();
        let mut at = self.columns.start - from;
        if from > 0 {
            shown.insert_str(0, "… ");
            at += 2;
        }
        if until < all.len() {
            shown += " …";
        }
        (shown, at)
    }
}

/// How long the term at the start of a text is: a quoted text, a name, or one sign.
fn term_length(text: &str) -> usize {
    let mut chars = text.chars();
    match chars.next() {
        Some('"') => chars.position(|c| c == '"').map_or(1, |at| at + 2),
        Some(first) if is_name(first) => 1 + chars.take_while(|c| is_name(*c)).count(),
        _ => 1,
    }
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '.' | '-')
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.text)
    }
}
