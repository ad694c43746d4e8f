//! What is known of a key without its private half: its name, its purpose, and where it stands in
//! its life.

use std::fmt;

use causeway_dcp::jwk::{Algorithm, PublicKey};
use causeway_types::Timestamp;
use causeway_types::limits::{
    KEY_NAME_BYTES_MAX, KEY_OVERLAP_SECONDS, KEY_TRAIL_SECONDS, KEY_TRAIL_SECONDS_ISSUER,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::fault::KeyFault;

/// How keys of ours sign; others may use more.
pub const ALGORITHMS: [Algorithm; 2] = [Algorithm::Es256, Algorithm::EdDsa];

/// What a key is for. A key has one purpose for its whole life, so that what is signed for one can
/// never pass as something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// The node itself: the tokens and presentations that it issues in its own name.
    Identity,
    /// The credentials and status lists that it issues about others.
    Issuer,
    /// The access tokens that it gives to others and checks itself.
    Access,
}

impl Purpose {
    /// Every purpose.
    pub const ALL: [Self; 3] = [Self::Identity, Self::Issuer, Self::Access];

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Issuer => "issuer",
            Self::Access => "access",
        }
    }

    /// The purpose of a name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.as_str() == text)
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The name of a key: its purpose and the beginning of its thumbprint. It is the fragment under
/// which the key stands in a DID document.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyName(Box<str>);

impl KeyName {
    /// Reads a name.
    pub fn parse(text: &str) -> Result<Self, KeyFault> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if (1..=KEY_NAME_BYTES_MAX).contains(&text.len()) && text.bytes().all(plain) {
            return Ok(Self(text.into()));
        }
        let found = text.chars().filter(|c| !c.is_control()).take(KEY_NAME_BYTES_MAX).collect();
        Err(KeyFault::Unknown { found })
    }

    /// The name of a key that was made just now. Sixteen characters of the thumbprint are 96 bits:
    /// two keys of one node never share them by chance.
    pub(crate) fn of(purpose: Purpose, public: &PublicKey) -> Self {
        let thumbprint: String = public.thumbprint().chars().take(16).collect();
        Self(format!("{purpose}-{thumbprint}").into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where a key stands in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyState {
    /// Published, so that others know it before they meet it, and not yet used.
    Next {
        /// When it becomes active.
        from: Timestamp,
        /// How long the key that it replaces stays published after that, in seconds.
        trail_seconds: u64,
    },
    /// The one that signs.
    Active {
        /// Since when.
        since: Timestamp,
    },
    /// Published for what it signed, and never used again: its private half is erased.
    Retired {
        /// Since when.
        since: Timestamp,
        /// Until when it is published.
        published_until: Timestamp,
    },
    /// Taken back: neither used nor published, and its private half is erased.
    Revoked {
        /// Since when.
        since: Timestamp,
    },
}

impl KeyState {
    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Next { .. } => "next",
            Self::Active { .. } => "active",
            Self::Retired { .. } => "retired",
            Self::Revoked { .. } => "revoked",
        }
    }

    /// Whether there is a private half.
    pub(crate) fn has_private(self) -> bool {
        matches!(self, Self::Next { .. } | Self::Active { .. })
    }
}

/// A key without its private half.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRecord {
    /// Its name.
    pub name: KeyName,
    /// What it is for.
    pub purpose: Purpose,
    /// How it signs.
    pub algorithm: Algorithm,
    /// Its public half.
    pub public: PublicKey,
    /// When it was made.
    pub made: Timestamp,
    /// Where it stands in its life.
    pub state: KeyState,
}

impl KeyRecord {
    /// Whether it signs.
    pub fn is_active(&self) -> bool {
        matches!(self.state, KeyState::Active { .. })
    }

    /// Whether others must be able to find it now.
    pub fn is_published(&self, now: Timestamp) -> bool {
        match self.state {
            KeyState::Next { .. } | KeyState::Active { .. } => true,
            KeyState::Retired { published_until, .. } => now < published_until,
            KeyState::Revoked { .. } => false,
        }
    }
}

/// How one key gives way to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rotation {
    /// How long the next key is published before it is used, in seconds; others may keep a DID
    /// document for as long.
    pub overlap_seconds: u64,
    /// How long the key before it stays published after that, in seconds: as long as anything that
    /// it signed is valid.
    pub trail_seconds: u64,
    /// How the next key signs; as the one before it if nothing is said.
    pub algorithm: Option<Algorithm>,
}

impl Rotation {
    /// What is usual for a purpose.
    pub fn of(purpose: Purpose) -> Self {
        let trail_seconds = match purpose {
            Purpose::Identity | Purpose::Access => KEY_TRAIL_SECONDS,
            Purpose::Issuer => KEY_TRAIL_SECONDS_ISSUER,
        };
        Self { overlap_seconds: KEY_OVERLAP_SECONDS, trail_seconds, algorithm: None }
    }
}

/// A record as it is written.
#[derive(Serialize, Deserialize)]
pub(crate) struct Written {
    name: String,
    purpose: Purpose,
    algorithm: String,
    public: Map<String, Value>,
    made: String,
    state: WrittenState,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
enum WrittenState {
    Next { from: String, trail_seconds: u64 },
    Active { since: String },
    Retired { since: String, published_until: String },
    Revoked { since: String },
}

impl From<&KeyRecord> for Written {
    fn from(key: &KeyRecord) -> Self {
        let state = match key.state {
            KeyState::Next { from, trail_seconds } => {
                WrittenState::Next { from: from.to_string(), trail_seconds }
            }
            KeyState::Active { since } => WrittenState::Active { since: since.to_string() },
            KeyState::Retired { since, published_until } => WrittenState::Retired {
                since: since.to_string(),
                published_until: published_until.to_string(),
            },
            KeyState::Revoked { since } => WrittenState::Revoked { since: since.to_string() },
        };
        Self {
            name: key.name.to_string(),
            purpose: key.purpose,
            algorithm: key.algorithm.name().to_owned(),
            public: key.public.to_jwk(),
            made: key.made.to_string(),
            state,
        }
    }
}

impl Written {
    /// The record, or nothing if it is not one of ours.
    pub(crate) fn read(self) -> Option<KeyRecord> {
        let time = |text: &str| Timestamp::parse(text).ok();
        let state = match &self.state {
            WrittenState::Next { from, trail_seconds } => {
                KeyState::Next { from: time(from)?, trail_seconds: *trail_seconds }
            }
            WrittenState::Active { since } => KeyState::Active { since: time(since)? },
            WrittenState::Retired { since, published_until } => {
                KeyState::Retired { since: time(since)?, published_until: time(published_until)? }
            }
            WrittenState::Revoked { since } => KeyState::Revoked { since: time(since)? },
        };
        let public = PublicKey::from_jwk(&self.public).ok()?;
        let algorithm = Algorithm::parse(&self.algorithm).filter(|one| public.fits(*one))?;
        let name = KeyName::parse(&self.name).ok()?;
        let made = time(&self.made)?;
        (name == KeyName::of(self.purpose, &public)).then_some(KeyRecord {
            name,
            purpose: self.purpose,
            algorithm,
            public,
            made,
            state,
        })
    }
}
