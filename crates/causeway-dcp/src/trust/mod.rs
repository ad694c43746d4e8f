//! The trust file of a dataspace: who may vouch for what, signed by several maintainers.
//!
//! A node believes nothing because somebody says it, and nothing because a signature is right: a
//! credential counts if a trust file that is in force names its issuer for that type, that legal
//! area and that scheme. What is not named is not granted. How the file is written is in `file`,
//! how one follows another in `accept`, how they are kept in `register`.

mod accept;
mod file;
mod question;
mod register;
mod schemas;
#[cfg(test)]
mod tests;

use causeway_types::{CredentialType, Timestamp};

pub use self::accept::{Acceptance, Pins, TrustError, accept, check_signatures};
pub use self::question::{Distrust, Trust, Vouching};
pub use self::register::{StoredTrust, TrustRegister, TrustRegisterError, TrustRevision};
pub use self::schemas::{CompiledSchema, CredentialSchema, Schemas};
use crate::did::Did;

/// Trust files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrustForm;

impl causeway_seal::Form for TrustForm {
    const DOMAIN: &'static [u8] = b"causeway trust file v1\0";
    const SIGNATURE: &'static str = "causeway-trust-signature-v1";
    const PUBLIC_KEY: &'static str = "causeway-trust-public-key-v1";
    const PRIVATE_KEY: &'static str = "causeway-trust-private-key-v1";
}

/// The key by which a maintainer's signature is verified.
pub type MaintainerKey = causeway_seal::PublicKey<TrustForm>;
/// The key with which a maintainer signs.
pub type MaintainerSigningKey = causeway_seal::SigningKey<TrustForm>;
/// A maintainer's signature of a trust file.
pub type TrustSignature = causeway_seal::Signature<TrustForm>;

/// From when until when something holds: the end no longer belongs to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// The first moment.
    pub from: Timestamp,
    /// The first moment after it.
    pub until: Timestamp,
}

impl Period {
    /// Whether a moment lies in it.
    pub fn contains(&self, at: Timestamp) -> bool {
        self.from <= at && at < self.until
    }
}

/// Somebody who keeps the file with others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Maintainer {
    /// What people call them.
    pub name: String,
    /// By what their signatures are verified.
    pub key: MaintainerKey,
}

/// Somebody who may vouch for something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issuer {
    /// Who.
    pub did: Did,
    /// What people call them.
    pub name: String,
    /// The types of credentials they may issue.
    pub types: Vec<CredentialType>,
    /// The legal areas they may vouch for.
    pub jurisdictions: Vec<String>,
    /// The certification schemes they may vouch for.
    pub schemes: Vec<String>,
    /// When.
    pub period: Period,
}

/// A schema that credentials may name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schema {
    /// Its id, a URL: it is never fetched.
    pub id: String,
    /// SHA-256 of its file.
    pub sha256: String,
    /// The name of its file, which lies beside the trust file.
    pub file: String,
}

/// A trust file that was read. Whether it is signed and in force is asked separately.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustFile {
    /// The dataspace it is about.
    pub dataspace: String,
    /// What people call the dataspace.
    pub title: String,
    /// Which revision it is; a later one has a higher number.
    pub sequence: u64,
    /// When it is in force.
    pub period: Period,
    /// How many maintainers have to sign.
    pub threshold: usize,
    /// The signature algorithms that credentials may use, such as `ES256`.
    pub suites: Vec<String>,
    /// Who keeps it.
    pub maintainers: Vec<Maintainer>,
    /// Who may vouch for what.
    pub issuers: Vec<Issuer>,
    /// Schemas that credentials may name.
    pub schemas: Vec<Schema>,
    /// SHA-256 of the file, in hexadecimal digits.
    pub sha256: String,
}

impl Schema {
    /// Whether these are the bytes of its file.
    pub fn is_file(&self, bytes: &[u8]) -> bool {
        causeway_seal::sha256(bytes) == self.sha256
    }
}

impl TrustFile {
    /// The keys of those who keep it.
    pub fn keys(&self) -> Vec<MaintainerKey> {
        self.maintainers.iter().map(|maintainer| maintainer.key.clone()).collect()
    }

    /// The name under which it is stored; that of its signatures has `.sig` behind it.
    pub fn file_name(&self) -> String {
        format!("{}-{}.toml", self.dataspace, self.sequence)
    }
}
