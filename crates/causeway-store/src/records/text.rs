//! Values that are one text in a record: how serde writes and reads them. Used through
//! `#[serde(with = ...)]`; values with structure are in `parts`.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use causeway_dsp::{Question, negotiation, transfer};
use causeway_types::{
    Address, AgreementId, AttestationId, Blake3, CredentialObjectId, CredentialType, DatasetId,
    DecisionId, HolderPid, IssuerPid, MessageId, OfferId, ParticipantId, ProcessId, Role, Sha256,
    Timestamp,
};
use serde::de::{self, Deserializer, Visitor};
use serde::ser::Serializer;

use super::{IssuanceState, IssueRule, RequestState};

/// A value whose text reads back as the same value.
pub(super) trait Text: Sized {
    /// The text.
    fn write(&self) -> Cow<'_, str>;
    /// The value, or why there is none.
    fn read(text: &str) -> Result<Self, String>;
}

macro_rules! displayed {
    ($($type:ty),* $(,)?) => {$(
        impl Text for $type {
            fn write(&self) -> Cow<'_, str> {
                self.to_string().into()
            }
            fn read(text: &str) -> Result<Self, String> {
                Self::parse(text).map_err(|error| error.to_string())
            }
        }
    )*};
}

macro_rules! named {
    ($($type:ty),* $(,)?) => {$(
        impl Text for $type {
            fn write(&self) -> Cow<'_, str> {
                self.as_str().into()
            }
            fn read(text: &str) -> Result<Self, String> {
                let unknown = || format!("found {text:?}, expected a {}", stringify!($type));
                Self::parse(text).ok_or_else(unknown)
            }
        }
    )*};
}

displayed!(
    Address,
    AgreementId,
    AttestationId,
    CredentialObjectId,
    CredentialType,
    DecisionId,
    Blake3,
    DatasetId,
    HolderPid,
    IssuerPid,
    MessageId,
    OfferId,
    ParticipantId,
    ProcessId,
    Sha256,
    Timestamp,
);
named!(Question, negotiation::Kind, transfer::Kind, RequestState, IssueRule, IssuanceState);

impl Text for Role {
    fn write(&self) -> Cow<'_, str> {
        self.as_str().into()
    }

    fn read(text: &str) -> Result<Self, String> {
        [Self::Consumer, Self::Provider]
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or_else(|| format!("found {text:?}, expected consumer or provider"))
    }
}

pub(super) fn serialize<T: Text, S: Serializer>(value: &T, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&value.write())
}

pub(super) fn deserialize<'de, T: Text, D: Deserializer<'de>>(from: D) -> Result<T, D::Error> {
    from.deserialize_str(Reader(PhantomData))
}

struct Reader<T>(PhantomData<T>);

impl<T: Text> Visitor<'_> for Reader<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        T::read(text).map_err(E::custom)
    }
}

/// A text or nothing.
pub(super) mod option {
    use serde::de::{Deserialize, Deserializer};
    use serde::ser::Serializer;

    use super::Text;

    pub(in super::super) fn serialize<T: Text, S: Serializer>(
        value: &Option<T>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => super::serialize(value, to),
            None => to.serialize_none(),
        }
    }

    pub(in super::super) fn deserialize<'de, T: Text, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<T>, D::Error> {
        let item = Option::<super::Item<T>>::deserialize(from)?;
        Ok(item.map(|item| item.0))
    }
}

/// Any number of texts.
pub(super) mod list {
    use serde::de::{Deserialize, Deserializer};
    use serde::ser::Serializer;

    use super::{Item, Text};

    pub(in super::super) fn serialize<T: Text, S: Serializer>(
        values: &[T],
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.collect_seq(values.iter().map(|value| value.write()))
    }

    pub(in super::super) fn deserialize<'de, T: Text, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Vec<T>, D::Error> {
        let items = Vec::<Item<T>>::deserialize(from)?;
        Ok(items.into_iter().map(|item| item.0).collect())
    }
}

/// One text of an array.
pub(super) struct Item<T>(pub(super) T);

impl<T: Text> serde::Serialize for Item<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        serialize(&self.0, to)
    }
}

impl<'de, T: Text> serde::Deserialize<'de> for Item<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        deserialize(from).map(Self)
    }
}
