//! What a node remembers of its own keeping: what was done with its keys and by whom, and which of
//! its settings are loose. No private half of a key is here, and nothing is decided.

use causeway_types::Timestamp;

/// Something that was done with a key of ours, for one key that changed by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyEvent {
    /// Its id.
    pub id: String,
    /// The name of the key.
    pub key: String,
    /// What the key is for.
    pub purpose: String,
    /// What was done: `rotate`, `retire`, `revoke`, `destroy`, `settle` when time did it, and
    /// `found` where it was done while the node could not see it.
    pub act: String,
    /// What the key was afterwards: a state of keys, or `destroyed`.
    pub state: String,
    /// By what whoever did it was known.
    pub by: Option<String>,
    /// The person who did it.
    pub person: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// The settings of the last start that let more happen than others would.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LooseSettings {
    /// Those that were there at the first start, or that somebody has acknowledged.
    pub known: Vec<String>,
    /// Those that are new and wait for somebody to acknowledge them.
    pub waiting: Vec<String>,
    /// By what whoever acknowledged last was known.
    pub by: Option<String>,
    /// The person who did.
    pub person: Option<String>,
    /// When it was last changed.
    pub at: Timestamp,
}

impl LooseSettings {
    /// The id of the one record of its kind.
    pub const ID: &str = "latest";
}
