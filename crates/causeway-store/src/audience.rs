//! Who may know of an offer. How the offers that a party may know of are found is in `search`.

use std::collections::BTreeSet;

use causeway_types::ParticipantId;

/// Who may know of an offer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Audience {
    /// Every party that can authenticate.
    #[default]
    Everyone,
    /// These parties; nobody, if there are none.
    Only(BTreeSet<ParticipantId>),
}

impl Audience {
    /// Whether this party may know of it.
    pub fn admits(&self, party: &ParticipantId) -> bool {
        match self {
            Self::Everyone => true,
            Self::Only(parties) => parties.contains(party),
        }
    }
}
