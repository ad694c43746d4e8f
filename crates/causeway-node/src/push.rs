//! What sets a process in motion: an input, or its open question asked again. Negotiations and
//! transfers have inputs of their own and everything else here in common.

use crate::border::Checked;

/// What sets a process in motion.
pub(crate) struct Push<I> {
    /// The input; without one, the open question is asked again.
    pub(crate) input: Option<I>,
    /// The check that it rests on, where there was one.
    pub(crate) checked: Option<Box<Checked>>,
    /// Why automation would not have decided so.
    pub(crate) doubt: Option<String>,
}

impl<I> Push<I> {
    /// The open question is asked again.
    pub(crate) fn ask_again() -> Self {
        Self { input: None, checked: None, doubt: None }
    }

    /// An input that rests on a check.
    pub(crate) fn checked(input: I, checked: Option<Box<Checked>>) -> Self {
        Self { input: Some(input), checked, doubt: None }
    }
}

impl<I> From<I> for Push<I> {
    fn from(input: I) -> Self {
        Self::checked(input, None)
    }
}
