//! The stored forms of what was done with our keys, and of our loose settings.

use causeway_types::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Record, RecordError, decode_v1, text, to_json};
use crate::custody::{KeyEvent, LooseSettings};
use crate::{RecordKind, Typed};

impl Record for KeyEvent {
    const KIND: &'static str = RecordKind::KeyEvent.as_str();

    fn id(&self) -> &str {
        &self.id
    }

    fn encode(&self) -> String {
        to_json(&KeyEventV1::from(self.clone()))
    }

    fn decode(text: &str) -> Result<Self, RecordError> {
        decode_v1::<KeyEventV1, Self>(text)
    }
}

impl Typed for KeyEvent {
    const RECORD: RecordKind = RecordKind::KeyEvent;

    fn owner(&self) -> Option<&str> {
        Some(&self.key)
    }

    fn at(&self) -> Timestamp {
        self.at
    }
}

impl Record for LooseSettings {
    const KIND: &'static str = RecordKind::LooseSettings.as_str();

    fn id(&self) -> &str {
        Self::ID
    }

    fn encode(&self) -> String {
        to_json(&LooseSettingsV1::from(self.clone()))
    }

    fn decode(text: &str) -> Result<Self, RecordError> {
        decode_v1::<LooseSettingsV1, Self>(text)
    }
}

impl Typed for LooseSettings {
    const RECORD: RecordKind = RecordKind::LooseSettings;

    fn owner(&self) -> Option<&str> {
        None
    }

    fn at(&self) -> Timestamp {
        self.at
    }
}

#[derive(Serialize, Deserialize)]
struct KeyEventV1 {
    format: u32,
    id: String,
    key: String,
    purpose: String,
    act: String,
    state: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    by: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    person: Option<String>,
    #[serde(with = "text")]
    at: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct LooseSettingsV1 {
    format: u32,
    known: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    waiting: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    by: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    person: Option<String>,
    #[serde(with = "text")]
    at: Timestamp,
}

impl From<KeyEvent> for KeyEventV1 {
    fn from(event: KeyEvent) -> Self {
        let KeyEvent { id, key, purpose, act, state, by, person, at } = event;
        Self { format: 1, id, key, purpose, act, state, by, person, at }
    }
}

impl From<KeyEventV1> for KeyEvent {
    fn from(event: KeyEventV1) -> Self {
        let KeyEventV1 { format: _, id, key, purpose, act, state, by, person, at } = event;
        Self { id, key, purpose, act, state, by, person, at }
    }
}

impl From<LooseSettings> for LooseSettingsV1 {
    fn from(settings: LooseSettings) -> Self {
        let LooseSettings { known, waiting, by, person, at } = settings;
        Self { format: 1, known, waiting, by, person, at }
    }
}

impl From<LooseSettingsV1> for LooseSettings {
    fn from(settings: LooseSettingsV1) -> Self {
        let LooseSettingsV1 { format: _, known, waiting, by, person, at } = settings;
        Self { known, waiting, by, person, at }
    }
}
