//! Status lists: one bit a credential, set when it is taken back (StatusList2021, and
//! BitstringStatusList 1.0). Who may say so, and where a list is fetched, is not decided here.

use std::io::{Read as _, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use causeway_json::quoted;
use causeway_types::limits::{
    CREDENTIAL_STATUSES_MAX, STATUS_LIST_BYTES_MAX, STATUS_LIST_PACKED_BYTES_MAX, URL_BYTES_MAX,
};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde_json::{Map, Value, json};

/// The bits of a list that we make: as few as the specifications allow, so that the place of a
/// credential among many says little about its holder.
pub const STATUS_BITS: usize = 131_072;

/// The two forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StatusForm {
    /// `StatusList2021Entry`, as the profile `vc11-sl2021/jwt` has it.
    StatusList2021,
    /// `BitstringStatusListEntry`, as the profile `vc20-bssl/jwt` has it.
    Bitstring,
}

impl StatusForm {
    const ALL: [Self; 2] = [Self::StatusList2021, Self::Bitstring];

    fn entry(self) -> &'static str {
        match self {
            Self::StatusList2021 => "StatusList2021Entry",
            Self::Bitstring => "BitstringStatusListEntry",
        }
    }

    fn subject(self) -> &'static str {
        match self {
            Self::StatusList2021 => "StatusList2021",
            Self::Bitstring => "BitstringStatusList",
        }
    }

    fn credential(self) -> &'static str {
        match self {
            Self::StatusList2021 => "StatusList2021Credential",
            Self::Bitstring => "BitstringStatusListCredential",
        }
    }
}

/// Where it is written whether a credential was taken back.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct StatusEntry {
    /// The form.
    pub form: StatusForm,
    /// What a set bit means: `revocation` or `suspension`.
    pub purpose: String,
    /// The credential's bit.
    pub index: usize,
    /// Where the list is.
    pub list: String,
}

/// A list.
#[derive(Clone, PartialEq, Eq)]
pub struct StatusList {
    form: StatusForm,
    /// One, or as BitstringStatusList 1.0 §2.2 allows several.
    purposes: Vec<String>,
    bits: Vec<u8>,
}

/// Why a list or an entry cannot be used; then nobody knows whether the credential still counts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StatusError {
    /// A member is missing, or is not what it should be.
    #[error("read a status list: found {found} at {member}, expected {expected}")]
    Member {
        /// Which member.
        member: &'static str,
        /// What was found.
        found: String,
        /// What it should be.
        expected: String,
    },
    /// It cannot be unpacked.
    #[error("read a status list: the compressed bits are damaged")]
    Damaged,
    /// It is too large, packed or unpacked.
    #[error(
        "read a status list: found more than {STATUS_LIST_PACKED_BYTES_MAX} packed or \
         {STATUS_LIST_BYTES_MAX} unpacked bytes"
    )]
    TooLarge,
    /// The credential's bit is not in it.
    #[error("read a status list: found {bits} bits, expected more than {index}")]
    Short {
        /// How many bits it has.
        bits: usize,
        /// The bit that was looked for.
        index: usize,
    },
}

impl StatusEntry {
    /// Reads an entry of a credential.
    pub fn read(entry: &Value) -> Result<Self, StatusError> {
        let text = |member: &'static str| match &entry[member] {
            Value::String(text) if text.len() <= URL_BYTES_MAX => Ok(text.clone()),
            found => Err(wrong(member, found, "a text")),
        };
        let found = text("type")?;
        let form = StatusForm::ALL.into_iter().find(|form| form.entry() == found);
        let form = form.ok_or_else(|| {
            let expected = "StatusList2021Entry or BitstringStatusListEntry";
            wrong("type", &entry["type"], expected)
        })?;
        // The specifications write the number as a text; many write a number.
        let index = match &entry["statusListIndex"] {
            Value::String(text) => text.parse().ok(),
            Value::Number(number) => number.as_u64().and_then(|n| usize::try_from(n).ok()),
            _ => None,
        };
        let index = index.ok_or_else(|| {
            wrong("statusListIndex", &entry["statusListIndex"], "a number that is not negative")
        })?;
        if entry.get("statusSize").is_some_and(|size| *size != json!(1) && *size != json!("1")) {
            return Err(wrong("statusSize", &entry["statusSize"], "1"));
        }
        let (purpose, list) = (text("statusPurpose")?, text("statusListCredential")?);
        Ok(Self { form, purpose, index, list })
    }

    /// The entry as it stands in a credential.
    pub fn to_json(&self) -> Value {
        json!({
            "id": format!("{}#{}", self.list, self.index),
            "type": self.form.entry(),
            "statusPurpose": self.purpose,
            "statusListIndex": self.index.to_string(),
            "statusListCredential": self.list,
        })
    }
}

impl StatusList {
    /// A list in which nothing was taken back.
    pub fn empty(form: StatusForm, purpose: &str) -> Self {
        Self { form, purposes: vec![purpose.to_owned()], bits: vec![0; STATUS_BITS / 8] }
    }

    /// Sets a bit; one that is not in the list is an error.
    pub fn set(&mut self, index: usize) -> Result<(), StatusError> {
        let short = StatusError::Short { bits: self.bits.len() * 8, index };
        let byte = self.bits.get_mut(index / 8).ok_or(short)?;
        *byte |= mask(index);
        Ok(())
    }

    /// Whether a bit is set.
    pub fn is_set(&self, index: usize) -> Result<bool, StatusError> {
        let short = StatusError::Short { bits: self.bits.len() * 8, index };
        self.bits.get(index / 8).map(|byte| byte & mask(index) != 0).ok_or(short)
    }

    /// Whether the credential of this entry was taken back. A list of another purpose says nothing
    /// about it.
    pub fn has_revoked(&self, entry: &StatusEntry) -> Result<bool, StatusError> {
        // Issuers serve one list under the name of the other form; the bits mean the same.
        if !self.purposes.contains(&entry.purpose) {
            let found = Value::from(self.purposes.join(" "));
            return Err(wrong("statusPurpose", &found, &quoted(&entry.purpose)));
        }
        self.is_set(entry.index)
    }

    /// The types of the credential that carries the list.
    pub fn types(&self) -> Vec<String> {
        vec!["VerifiableCredential".to_owned(), self.form.credential().to_owned()]
    }

    /// The subject of the credential that carries the list.
    pub fn to_subject(&self, url: &str) -> Map<String, Value> {
        let mut packed = GzEncoder::new(Vec::new(), Compression::default());
        // Writing to memory does not fail, and an empty text would be refused by every reader.
        let packed = packed.write_all(&self.bits).and_then(|()| packed.finish());
        let mut encoded = URL_SAFE_NO_PAD.encode(packed.unwrap_or_default());
        if self.form == StatusForm::Bitstring {
            encoded.insert(0, 'u');
        }
        let mut subject = Map::new();
        subject.insert("id".to_owned(), format!("{url}#list").into());
        subject.insert("type".to_owned(), self.form.subject().into());
        let purpose = match &self.purposes[..] {
            [one] => one.as_str().into(),
            several => json!(several),
        };
        subject.insert("statusPurpose".to_owned(), purpose);
        subject.insert("encodedList".to_owned(), encoded.into());
        subject
    }

    /// Reads the subject of a credential that carries a list.
    pub fn read(subject: &Map<String, Value>) -> Result<Self, StatusError> {
        let member = |name: &'static str| match subject.get(name) {
            Some(Value::String(text)) => Ok(text.as_str()),
            found => Err(wrong(name, found.unwrap_or(&Value::Null), "a text")),
        };
        let found = member("type")?;
        let form = StatusForm::ALL.into_iter().find(|form| form.subject() == found);
        let form = form.ok_or_else(|| {
            wrong("type", &Value::from(found), "StatusList2021 or BitstringStatusList")
        })?;
        let purposes = purposes(subject.get("statusPurpose").unwrap_or(&Value::Null))?;
        let encoded = member("encodedList")?;
        if encoded.len() > STATUS_LIST_PACKED_BYTES_MAX {
            return Err(StatusError::TooLarge);
        }
        // Both forms are met with and without the multibase letter and padding.
        let encoded = encoded.strip_prefix('u').unwrap_or(encoded).trim_end_matches('=');
        let packed = URL_SAFE_NO_PAD.decode(encoded).map_err(|_| StatusError::Damaged)?;
        Ok(Self { form, purposes, bits: unpacked(&packed)? })
    }
}

/// Whether a credential with these types carries a list, and is about nobody.
pub(crate) fn carries_list(types: &[String]) -> bool {
    StatusForm::ALL.iter().any(|form| types.iter().any(|name| name == form.credential()))
}

fn purposes(found: &Value) -> Result<Vec<String>, StatusError> {
    let several = match found {
        Value::Array(several) => &several[..],
        one => std::slice::from_ref(one),
    };
    let texts = several.iter().map(|purpose| purpose.as_str().map(str::to_owned));
    let texts: Option<Vec<String>> = texts.collect();
    let fits = |texts: &Vec<String>| (1..=CREDENTIAL_STATUSES_MAX).contains(&texts.len());
    texts.filter(fits).ok_or_else(|| wrong("statusPurpose", found, "a text, or a few"))
}

/// A bomb costs no more than the limit: it is read as a stream and cut.
fn unpacked(packed: &[u8]) -> Result<Vec<u8>, StatusError> {
    let mut bits = Vec::new();
    let limit = u64::try_from(STATUS_LIST_BYTES_MAX).unwrap_or(u64::MAX) + 1;
    let read = GzDecoder::new(packed).take(limit).read_to_end(&mut bits);
    read.map_err(|_| StatusError::Damaged)?;
    if bits.len() > STATUS_LIST_BYTES_MAX { Err(StatusError::TooLarge) } else { Ok(bits) }
}

/// The first bit is the leftmost of the first byte.
fn mask(index: usize) -> u8 {
    0x80 >> (index % 8)
}

fn wrong(member: &'static str, found: &Value, expected: &str) -> StatusError {
    let found = match found {
        Value::String(text) => quoted(text),
        Value::Null => "nothing".to_owned(),
        other => causeway_json::kind(other).to_owned(),
    };
    StatusError::Member { member, found, expected: expected.to_owned() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn entry(index: usize) -> StatusEntry {
        StatusEntry {
            form: StatusForm::Bitstring,
            purpose: "revocation".to_owned(),
            index,
            list: "https://issuer.example/status/1".to_owned(),
        }
    }

    #[test]
    fn bits_are_counted_from_the_left_of_the_first_byte() {
        let mut list = StatusList::empty(StatusForm::Bitstring, "revocation");
        list.set(0).unwrap();
        list.set(9).unwrap();
        assert_eq!(list.bits[..2], [0b1000_0000, 0b0100_0000]);
        assert_eq!(list.has_revoked(&entry(9)), Ok(true));
        assert_eq!(list.has_revoked(&entry(8)), Ok(false));
    }

    #[test]
    fn a_bit_that_is_not_there_is_unknown_and_not_unset() {
        let list = StatusList::empty(StatusForm::StatusList2021, "revocation");
        let index = STATUS_BITS;
        assert_eq!(list.is_set(index), Err(StatusError::Short { bits: STATUS_BITS, index }));
        assert_eq!(list.is_set(index - 1), Ok(false));
        assert!(list.clone().set(usize::MAX).is_err());
        let other = StatusEntry { purpose: "suspension".to_owned(), ..entry(1) };
        assert!(matches!(list.has_revoked(&other), Err(StatusError::Member { .. })));
    }

    #[test]
    fn the_list_of_the_specification_is_read() {
        // BitstringStatusList 1.0, §3.2, example 5: nothing is set.
        let subject = json!({
            "id": "https://example.com/status/3#list",
            "type": "BitstringStatusList",
            "statusPurpose": "revocation",
            "encodedList":
                "uH4sIAAAAAAAAA-3BMQEAAADCoPVPbQwfoAAAAAAAAAAAAAAAAAAAAIC3AYbSVKsAQAAA",
        });
        let list = StatusList::read(subject.as_object().unwrap()).unwrap();
        assert_eq!(list.bits.len() * 8, STATUS_BITS);
        assert!(list.bits.iter().all(|byte| *byte == 0));
    }

    #[test]
    fn a_bomb_is_cut_and_damage_is_told() {
        let packed = |bytes: usize| {
            let mut packed = GzEncoder::new(Vec::new(), Compression::best());
            packed.write_all(&vec![0; bytes]).unwrap();
            packed.finish().unwrap()
        };
        let bomb = packed(STATUS_LIST_BYTES_MAX + 1);
        assert!(bomb.len() < STATUS_LIST_BYTES_MAX / 100);
        assert_eq!(unpacked(&bomb), Err(StatusError::TooLarge));
        assert_eq!(unpacked(&packed(STATUS_LIST_BYTES_MAX)).unwrap().len(), STATUS_LIST_BYTES_MAX);
        assert_eq!(unpacked(&bomb[..20]), Err(StatusError::Damaged));
        assert_eq!(unpacked(b"no gzip"), Err(StatusError::Damaged));
    }

    #[test]
    fn an_entry_of_another_form_is_refused() {
        let good = entry(7).to_json();
        assert_eq!(StatusEntry::read(&good), Ok(entry(7)));
        for (member, value) in [
            ("type", json!("RevocationList2020Status")),
            ("type", json!(null)),
            ("statusListIndex", json!(-1)),
            ("statusListIndex", json!("x")),
            ("statusListIndex", json!(null)),
            ("statusListCredential", json!(1)),
            ("statusPurpose", json!(null)),
            ("statusSize", json!(2)),
        ] {
            let mut bad = good.clone();
            bad[member] = value;
            assert!(StatusEntry::read(&bad).is_err(), "{bad}");
        }
        let mut number = good;
        number["statusListIndex"] = json!(7);
        assert_eq!(StatusEntry::read(&number), Ok(entry(7)));
    }

    proptest! {
        #[test]
        fn a_list_reads_as_it_was_written(set in proptest::collection::vec(0..STATUS_BITS, 0..20)) {
            for form in StatusForm::ALL {
                let mut list = StatusList::empty(form, "revocation");
                set.iter().for_each(|&index| list.set(index).unwrap());
                let subject = list.to_subject("https://issuer.example/status/1");
                prop_assert!(StatusList::read(&subject).unwrap() == list);
            }
        }
    }
}
