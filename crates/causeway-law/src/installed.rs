//! Packs that were installed beside the shipped ones: the register of their revisions, and what a
//! file must be to become one. Reading and writing files is not here.
//!
//! A revision is admitted only if a trusted key signed it, every proof about it holds, and it is
//! newer than every revision of its pack that is there: whoever could install an older one could
//! bring back law that was found wrong.

use causeway_seal::{read_register, sha256, write_register};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::engine::{Engine, EngineError};
use crate::pack::{Finding, Pack, Severity};
use crate::signature::{PublicKey, Signature, SignatureError};

/// The version of the register's format.
const VERSION: u32 = 1;
/// Most revisions of one register.
const REVISIONS_MAX: usize = 10_000;

/// A revision that was installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstalledRevision {
    /// The pack's id.
    pub id: String,
    /// The pack's version.
    pub version: String,
    /// The day from which it is known.
    pub known_from: Date,
    /// SHA-256 of the file, in hexadecimal digits.
    pub sha256: String,
    /// Who signed it.
    pub signer: PublicKey,
    /// When it was installed.
    pub installed_at: Timestamp,
}

impl InstalledRevision {
    /// The name of its file; that of its signature has `.sig` behind it.
    pub fn file_name(&self) -> String {
        format!("{}-{}.toml", self.id, self.known_from)
    }
}

/// An installed pack whose bytes and signature were checked against the register.
#[derive(Debug, Clone)]
pub struct InstalledPack {
    revision: InstalledRevision,
    text: String,
}

impl InstalledPack {
    /// What the register says of it.
    pub fn revision(&self) -> &InstalledRevision {
        &self.revision
    }

    /// The file.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// What lies beside the register for one revision.
#[derive(Debug, Clone)]
pub struct Stored {
    /// The pack's file.
    pub file: Vec<u8>,
    /// The signature's file.
    pub signature: String,
}

/// The revisions that were installed, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Register {
    revisions: Vec<InstalledRevision>,
}

/// What is wrong with a register or with what it lists.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegisterError {
    /// The register cannot be read.
    #[error("read the register of installed packs: {reason}")]
    Format {
        /// What is wrong with it.
        reason: String,
    },
    /// A revision is listed and not there.
    #[error("load {file}: the register lists it, and it or its signature is missing")]
    Missing {
        /// The file.
        file: String,
    },
    /// A revision has other bytes than the register says.
    #[error("load {file}: found other bytes than those that were installed, expected {sha256}")]
    Changed {
        /// The file.
        file: String,
        /// What the register says.
        sha256: String,
    },
    /// A revision is not signed by the key that the register names.
    #[error("load {file}: {error}")]
    Signature {
        /// The file.
        file: String,
        /// What is wrong with the signature.
        error: SignatureError,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RevisionEntry {
    id: String,
    version: String,
    known_from: String,
    sha256: String,
    signer: String,
    installed_at: String,
}

impl Register {
    /// Reads what [`Self::to_text`] writes.
    pub fn read(text: &str) -> Result<Self, RegisterError> {
        let wrong = |reason: String| RegisterError::Format { reason };
        let entries: Vec<RevisionEntry> = read_register(text, VERSION).map_err(wrong)?;
        if entries.len() > REVISIONS_MAX {
            let count = entries.len();
            return Err(wrong(format!(
                "found {count} revisions, expected at most {REVISIONS_MAX}"
            )));
        }
        let mut register = Self::default();
        for entry in entries {
            let RevisionEntry { id, version, known_from, sha256, signer, installed_at } = entry;
            // The id becomes part of a file's name.
            if !crate::pack::is_id(&id) {
                return Err(wrong(format!("found the id {id:?}, expected that of a pack")));
            }
            let of = |what: &str| wrong(format!("{id}: {what} cannot be read"));
            let revision = InstalledRevision {
                known_from: known_from.parse().map_err(|_| of("known_from"))?,
                signer: PublicKey::read(&signer).map_err(|_| of("signer"))?,
                installed_at: installed_at.parse().map_err(|_| of("installed_at"))?,
                id,
                version,
                sha256,
            };
            if !register.add(revision) {
                return Err(wrong("found a revision that is not newer than the one before".into()));
            }
        }
        Ok(register)
    }

    /// As a file.
    pub fn to_text(&self) -> Result<String, RegisterError> {
        let revision = self.revisions.iter().map(|revision| RevisionEntry {
            id: revision.id.clone(),
            version: revision.version.clone(),
            known_from: revision.known_from.to_string(),
            sha256: revision.sha256.clone(),
            signer: revision.signer.to_text(),
            installed_at: revision.installed_at.to_string(),
        });
        let note = "Rule packs installed by `causeway law install`. Not for editing.";
        let text = write_register(note, VERSION, revision.collect());
        text.map_err(|reason| RegisterError::Format { reason })
    }

    /// The revisions, oldest first.
    pub fn revisions(&self) -> &[InstalledRevision] {
        &self.revisions
    }

    /// Adds a revision that was admitted; false, and nothing is added, if it is not newer than
    /// those of its pack.
    pub fn add(&mut self, revision: InstalledRevision) -> bool {
        let mut own = self.revisions.iter().filter(|known| known.id == revision.id);
        let is_newer = own.all(|known| known.known_from < revision.known_from);
        if is_newer {
            self.revisions.push(revision);
        }
        is_newer
    }

    /// Every revision with its file. What is missing, has other bytes, or is not signed by whoever
    /// signed it when it was installed, is named; then nothing is loaded.
    pub fn load(
        &self,
        mut stored: impl FnMut(&InstalledRevision) -> Option<Stored>,
    ) -> Result<Vec<InstalledPack>, Vec<RegisterError>> {
        let (mut packs, mut errors) = (Vec::new(), Vec::new());
        for revision in &self.revisions {
            match checked(revision, stored(revision)) {
                Ok(text) => packs.push(InstalledPack { revision: revision.clone(), text }),
                Err(error) => errors.push(error),
            }
        }
        if errors.is_empty() { Ok(packs) } else { Err(errors) }
    }
}

fn checked(revision: &InstalledRevision, stored: Option<Stored>) -> Result<String, RegisterError> {
    let file = revision.file_name();
    let Some(Stored { file: bytes, signature }) = stored else {
        return Err(RegisterError::Missing { file });
    };
    let changed = || RegisterError::Changed { file: file.clone(), sha256: revision.sha256.clone() };
    if sha256(&bytes) != revision.sha256 {
        return Err(changed());
    }
    let signed = Signature::read(&signature).and_then(|signature| {
        signature.verify(&bytes, std::slice::from_ref(&revision.signer)).map(|_| ())
    });
    signed.map_err(|error| RegisterError::Signature { file: file.clone(), error })?;
    String::from_utf8(bytes).map_err(|_| changed())
}

/// What became of a file that somebody wants to install.
#[derive(Debug, Clone)]
pub enum Admission {
    /// It is new, and can be added to the register.
    New(InstalledPack),
    /// These very bytes are there already; nothing is to be done.
    Same,
}

/// Why a file is not installed.
#[derive(Debug, thiserror::Error)]
pub enum AdmitError {
    /// Nobody who is trusted signed it.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// It cannot be read as a pack, or not beside the others.
    #[error("{}", .0.iter().map(Finding::render).collect::<Vec<_>>().join("\n"))]
    Pack(Vec<Finding>),
    /// An older revision is never installed over a newer one.
    #[error(
        "install {id} known from {found} on: a newer revision is there, known from {newest} on; \
         law is not rolled back"
    )]
    Rollback {
        /// The pack.
        id: String,
        /// The day of the file.
        found: Date,
        /// The day of the newest revision.
        newest: Date,
    },
    /// Another file says it is the same revision.
    #[error(
        "install {id} known from {known_from} on: a revision of that day is there and has other \
         bytes; a correction has a day of its own"
    )]
    Conflict {
        /// The pack.
        id: String,
        /// The day.
        known_from: Date,
    },
    /// A law does not become advice, nor an organisation's rules a law.
    #[error("install {id}: found the role {found}, expected {expected}, as in its other revisions")]
    Role {
        /// The pack.
        id: String,
        /// The role in the file.
        found: &'static str,
        /// The role of the other revisions.
        expected: &'static str,
    },
}

impl Engine {
    /// Whether a file may be installed beside the packs that are here. `now` is when that happens.
    pub fn admit(
        &self,
        name: &str,
        file: &[u8],
        signature: &Signature,
        trusted: &[PublicKey],
        now: Timestamp,
    ) -> Result<Admission, AdmitError> {
        // Nothing of a file is looked at before it is known who answers for it.
        let signer = signature.verify(file, trusted)?;
        let refused = |reason: &str| {
            let finding = Finding::at(name, "", 0..0, Severity::Error, reason.to_owned());
            AdmitError::Pack(vec![finding])
        };
        let text = std::str::from_utf8(file).map_err(|_| refused("expected UTF-8"))?;
        let sha256 = sha256(file);
        if self.packs().iter().any(|known| known.sha256 == sha256) {
            return Ok(Admission::Same);
        }
        let pack = self.read_beside(name, text).map_err(AdmitError::Pack)?;
        self.is_newer(&pack)?;
        let (id, version) = (pack.id.clone(), pack.version.clone());
        let (known_from, signer) = (pack.known_from, signer.clone());
        let revision =
            InstalledRevision { id, version, known_from, sha256, signer, installed_at: now };
        let installed = InstalledPack { revision, text: text.to_owned() };
        let beside =
            self.clone().with_installed([installed.clone()]).map_err(|error| match error {
                EngineError::Packs { findings } => AdmitError::Pack(findings),
                EngineError::Facts(error) => refused(&error.to_string()),
            })?;
        let new = beside.packs().iter().find(|known| known.sha256 == installed.revision.sha256);
        let mut findings = new.map(|new| beside.prove_pack(new).findings).unwrap_or_default();
        findings.retain(|finding| finding.severity == Severity::Error);
        match findings.is_empty() {
            true => Ok(Admission::New(installed)),
            false => Err(AdmitError::Pack(findings)),
        }
    }

    fn is_newer(&self, pack: &Pack) -> Result<(), AdmitError> {
        let known = self.packs().iter().filter(|known| known.id == pack.id);
        let Some(newest) = known.max_by_key(|known| known.known_from) else { return Ok(()) };
        let (id, found) = (pack.id.clone(), pack.known_from);
        if found == newest.known_from {
            return Err(AdmitError::Conflict { id, known_from: found });
        }
        if found < newest.known_from {
            return Err(AdmitError::Rollback { id, found, newest: newest.known_from });
        }
        if pack.role != newest.role {
            let (found, expected) = (pack.role.as_str(), newest.role.as_str());
            return Err(AdmitError::Role { id, found, expected });
        }
        Ok(())
    }
}
