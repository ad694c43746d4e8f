//! What had to be left out of a peer's answer. Every entry of a large catalog can be wrong, so
//! notes are bounded like everything else; deciding what is left out is for the readers.

use causeway_types::limits::READING_PROBLEMS_MAX;

use super::error::WireError;

/// Notes in the order of the document, the first [`READING_PROBLEMS_MAX`] of them.
#[derive(Default)]
pub(super) struct Problems(Vec<WireError>);

impl Problems {
    pub(super) fn note(&mut self, problem: WireError) {
        if self.0.len() < READING_PROBLEMS_MAX {
            self.0.push(problem);
        }
    }

    pub(super) fn into_vec(self) -> Vec<WireError> {
        self.0
    }
}
