//! What is wrong with a pack, or worth a look, with its place.

use std::fmt;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth a look.
    Warning,
    /// The pack is not used.
    Error,
}

/// Something about a pack, with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The pack's file.
    pub file: String,
    /// The line, from 1 on.
    pub line: usize,
    /// How bad it is.
    pub severity: Severity,
    /// What was found and what was expected.
    pub text: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.text)
    }
}
