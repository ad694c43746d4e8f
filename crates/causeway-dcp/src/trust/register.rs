//! The register of the trust files that a node accepted: what was in force when, so that an older
//! file is never taken for a newer one. Reading and writing files is not here.
//!
//! Whoever can put back the whole directory with its register can put back older trust; against
//! that help only copies elsewhere.

use causeway_seal::{read_register, sha256, write_register};
use causeway_types::Timestamp;
use causeway_types::limits::{TRUST_FILES_MAX, TRUST_REVISIONS_MAX};
use serde::{Deserialize, Serialize};

use super::{
    CompiledSchema, Schema, Trust, TrustError, TrustFile, TrustSignature, check_signatures,
};

/// The version of the register's format.
const VERSION: u32 = 1;

/// A trust file that was accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustRevision {
    /// The dataspace.
    pub dataspace: String,
    /// Its number.
    pub sequence: u64,
    /// SHA-256 of the file.
    pub sha256: String,
    /// The ids of the keys whose signatures were counted.
    pub signers: Vec<String>,
    /// When it was installed.
    pub installed_at: Timestamp,
}

impl TrustRevision {
    /// The name of its file; that of its signatures has `.sig` behind it.
    pub fn file_name(&self) -> String {
        format!("{}-{}.toml", self.dataspace, self.sequence)
    }

    /// The name under which a schema of this revision is kept.
    pub fn schema_name(&self, schema: &Schema) -> String {
        format!("schema-{}.json", schema.sha256)
    }
}

/// What lies beside the register for one revision.
#[derive(Debug, Clone)]
pub struct StoredTrust {
    /// The trust file.
    pub file: Vec<u8>,
    /// The file of its signatures.
    pub signatures: String,
}

/// What is wrong with a register or with what it lists.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrustRegisterError {
    /// The register cannot be read.
    #[error("read the register of trust files: {reason}")]
    Format {
        /// What is wrong with it.
        reason: String,
    },
    /// A file is listed and not there.
    #[error("load {file}: the register lists it, and it is missing")]
    Missing {
        /// The file.
        file: String,
    },
    /// A file has other bytes than the register or the trust file says.
    #[error("load {file}: found other bytes than those that were installed, expected {sha256}")]
    Changed {
        /// The file.
        file: String,
        /// What it should be.
        sha256: String,
    },
    /// A trust file is not signed by those who keep it.
    #[error("load {file}: {error}")]
    Trust {
        /// The file.
        file: String,
        /// Why it is not taken.
        error: TrustError,
    },
}

/// What was accepted, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustRegister {
    revisions: Vec<TrustRevision>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RevisionEntry {
    dataspace: String,
    sequence: u64,
    sha256: String,
    signers: Vec<String>,
    installed_at: String,
}

impl TrustRegister {
    /// Reads what [`Self::to_text`] writes.
    pub fn read(text: &str) -> Result<Self, TrustRegisterError> {
        let wrong = |reason: String| TrustRegisterError::Format { reason };
        let entries: Vec<RevisionEntry> = read_register(text, VERSION).map_err(wrong)?;
        let mut register = Self::default();
        for entry in entries {
            let RevisionEntry { dataspace, sequence, sha256, signers, installed_at } = entry;
            // The name becomes part of a file's name.
            if !is_dataspace(&dataspace) {
                return Err(wrong(format!("found the dataspace {dataspace:?}")));
            }
            let installed_at = Timestamp::parse(&installed_at).map_err(|e| wrong(e.to_string()))?;
            let revision = TrustRevision { dataspace, sequence, sha256, signers, installed_at };
            if !register.add(revision) {
                let reason = "found a revision that is not newer than the one before, or too many";
                return Err(wrong(reason.to_owned()));
            }
        }
        Ok(register)
    }

    /// As a file.
    pub fn to_text(&self) -> Result<String, TrustRegisterError> {
        let revision = self.revisions.iter().map(|revision| RevisionEntry {
            dataspace: revision.dataspace.clone(),
            sequence: revision.sequence,
            sha256: revision.sha256.clone(),
            signers: revision.signers.clone(),
            installed_at: revision.installed_at.to_string(),
        });
        let note = "Trust files installed by `causeway trust install`. Not for editing.";
        let text = write_register(note, VERSION, revision.collect());
        text.map_err(|reason| TrustRegisterError::Format { reason })
    }

    /// Every revision, oldest first.
    pub fn revisions(&self) -> &[TrustRevision] {
        &self.revisions
    }

    /// The newest revision of a dataspace.
    pub fn newest(&self, dataspace: &str) -> Option<&TrustRevision> {
        self.revisions.iter().rfind(|revision| revision.dataspace == dataspace)
    }

    /// The newest revision of each dataspace.
    pub fn in_force(&self) -> impl Iterator<Item = &TrustRevision> {
        self.revisions.iter().filter(|revision| self.newest(&revision.dataspace) == Some(revision))
    }

    /// Adds a revision that was accepted; false, and nothing is added, if it is not newer than
    /// those of its dataspace, or there are too many.
    pub fn add(&mut self, revision: TrustRevision) -> bool {
        let newest = self.newest(&revision.dataspace).map(|newest| newest.sequence);
        let is_newer = newest.is_none_or(|newest| newest < revision.sequence);
        let has_room = self.revisions.len() < TRUST_REVISIONS_MAX
            && (newest.is_some() || self.in_force().count() < TRUST_FILES_MAX);
        if is_newer && has_room {
            self.revisions.push(revision);
        }
        is_newer && has_room
    }

    /// The newest file of each dataspace. What is missing, has other bytes, or is not signed by
    /// those who keep it, is named; then nothing is loaded, and nobody is believed. A schema that
    /// cannot be compiled is loaded with the reason, and refuses what names it.
    pub fn load(
        &self,
        mut stored: impl FnMut(&TrustRevision) -> Option<StoredTrust>,
        mut schema: impl FnMut(&str) -> Option<Vec<u8>>,
        compile: impl Fn(&[u8]) -> CompiledSchema,
    ) -> Result<Trust, Vec<TrustRegisterError>> {
        let (mut files, mut schemas, mut errors) = (Vec::new(), Vec::new(), Vec::new());
        for revision in self.in_force() {
            let file = match checked(revision, stored(revision)) {
                Ok(file) => file,
                Err(error) => {
                    errors.push(error);
                    continue;
                }
            };
            for named in &file.schemas {
                let file = revision.schema_name(named);
                let sha256 = named.sha256.clone();
                match schema(&file) {
                    None => errors.push(TrustRegisterError::Missing { file }),
                    Some(bytes) if named.is_file(&bytes) => {
                        schemas.push((sha256, compile(&bytes)));
                    }
                    Some(_) => errors.push(TrustRegisterError::Changed { file, sha256 }),
                }
            }
            files.push(file);
        }
        match errors.is_empty() {
            true => Ok(Trust::new(files).with_schemas(schemas)),
            false => Err(errors),
        }
    }
}

fn checked(
    revision: &TrustRevision,
    stored: Option<StoredTrust>,
) -> Result<TrustFile, TrustRegisterError> {
    let file = revision.file_name();
    let Some(StoredTrust { file: bytes, signatures }) = stored else {
        return Err(TrustRegisterError::Missing { file });
    };
    if sha256(&bytes) != revision.sha256 {
        let sha256 = revision.sha256.clone();
        return Err(TrustRegisterError::Changed { file, sha256 });
    }
    let trust = || {
        let text = String::from_utf8_lossy(&bytes);
        let read = TrustFile::read(&file, &text).map_err(TrustError::File)?;
        let signatures = TrustSignature::read_all(&signatures).map_err(TrustError::Signature)?;
        let whose = "its own maintainers";
        check_signatures(&bytes, &signatures, &read.keys(), read.threshold, whose)?;
        Ok(read)
    };
    let read = trust().map_err(|error| TrustRegisterError::Trust { file: file.clone(), error })?;
    match read.dataspace == revision.dataspace && read.sequence == revision.sequence {
        true => Ok(read),
        false => Err(TrustRegisterError::Changed { file, sha256: revision.sha256.clone() }),
    }
}

/// Lower-case letters, digits and hyphens: it becomes part of a file's name.
pub(super) fn is_dataspace(name: &str) -> bool {
    let is_letter = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    !name.is_empty()
        && name.len() <= 64
        && name.bytes().all(is_letter)
        && !name.starts_with('-')
        && !name.ends_with('-')
        // `schema-…` is how schemas are called.
        && !name.starts_with("schema-")
}

/// A name in the same directory.
pub(super) fn is_file_name(name: &str) -> bool {
    let is_letter = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    !name.is_empty() && name.len() <= 128 && name.bytes().all(is_letter) && !name.starts_with('.')
}
