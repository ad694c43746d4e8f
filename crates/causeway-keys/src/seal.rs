//! The envelope around the keys: three lines of text.
//!
//! 1. What it is and how it is unlocked, as JSON. It is authenticated with the content.
//! 2. Nonce, content and tag of AES-256-GCM, in base64.
//! 3. SHA-256 of the two lines before it, in hexadecimal. It tells a damaged file from a wrong
//!    passphrase, before anybody is asked for one; it protects from nothing else.
//!
//! A passphrase becomes a key by Argon2id, with the parameters that the first line says, within
//! bounds.

use std::path::Path;

use argon2::{Argon2, Params, Version};
use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::{SecureRandom as _, SystemRandom};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use causeway_types::limits::{
    KEY_DERIVATION_LANES_MAX, KEY_DERIVATION_MEMORY_KIB_MAX, KEY_DERIVATION_PASSES_MAX,
};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::fault::KeyFault;
use crate::unlock::{self, Passphrase, Protection, Unlock};

const FORMAT: &str = "causeway-keys";
const VERSION: u64 = 1;
/// The second choice of RFC 9106 §4, for machines that cannot spare 2 GiB.
const MEMORY_KIB: u32 = 64 * 1024;
const PASSES: u32 = 3;
const LANES: u32 = 4;
const SALT_BYTES: usize = 16;

#[derive(Serialize, Deserialize)]
struct Head {
    format: String,
    version: u64,
    unlock: Means,
}

/// The part of the first line that every version has.
#[derive(Deserialize)]
struct Probe {
    format: String,
    version: u64,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "kebab-case")]
enum Means {
    MachineKey,
    Passphrase { kdf: Kdf, memory_kib: u32, passes: u32, lanes: u32, salt: String },
}

#[derive(Clone, Copy, Serialize, Deserialize)]
enum Kdf {
    #[serde(rename = "argon2id")]
    Argon2id,
}

/// The key that seals, and how it came to be.
pub(crate) struct Sealer {
    means: Means,
    key: Zeroizing<[u8; 32]>,
}

impl Sealer {
    /// A new one; the machine's key is made if there is none.
    pub(crate) fn new(directory: &Path, unlock: &Unlock) -> Result<Self, KeyFault> {
        let passphrase = match unlock {
            Unlock::MachineKey => {
                let key = unlock::machine_key_made(directory)?;
                return Ok(Self { means: Means::MachineKey, key });
            }
            Unlock::Passphrase(passphrase) => passphrase,
        };
        let mut salt = [0; SALT_BYTES];
        let doing = "make a salt";
        SystemRandom::new().fill(&mut salt).map_err(|_| KeyFault::Library { doing })?;
        let key = derive(passphrase, &salt, MEMORY_KIB, PASSES, LANES)?;
        let means = Means::Passphrase {
            kdf: Kdf::Argon2id,
            memory_kib: MEMORY_KIB,
            passes: PASSES,
            lanes: LANES,
            salt: URL_SAFE_NO_PAD.encode(salt),
        };
        Ok(Self { means, key })
    }

    /// How the file is unlocked.
    pub(crate) fn protection(&self) -> Protection {
        self.means.protection()
    }

    /// The whole text of a file with this content.
    pub(crate) fn seal(&self, content: &[u8]) -> Result<String, KeyFault> {
        let refused = || KeyFault::Library { doing: "seal the keys" };
        let head = Head { format: FORMAT.to_owned(), version: VERSION, unlock: self.means.clone() };
        let head = serde_json::to_string(&head).map_err(|_| refused())?;
        let key = RandomizedNonceKey::new(&AES_256_GCM, &*self.key).map_err(|_| refused())?;
        // Room for the tag, so that the content is never moved and a copy of it left behind.
        let mut sealed = Zeroizing::new(Vec::with_capacity(content.len() + AES_256_GCM.tag_len()));
        sealed.extend_from_slice(content);
        let nonce = key
            .seal_in_place_append_tag(Aad::from(head.as_bytes()), &mut *sealed)
            .map_err(|_| refused())?;
        let mut body = nonce.as_ref().to_vec();
        body.extend_from_slice(&sealed);
        let lines = format!("{head}\n{}\n", STANDARD.encode(body));
        let sum = checksum(&lines);
        Ok(format!("{lines}{sum}\n"))
    }
}

/// A file whose three lines are whole, and which is still locked.
pub(crate) struct Sealed<'a> {
    path: &'a Path,
    head: &'a str,
    means: Means,
    body: Vec<u8>,
}

impl<'a> Sealed<'a> {
    /// Reads the text of a file.
    pub(crate) fn read(path: &'a Path, bytes: &'a [u8]) -> Result<Self, KeyFault> {
        let damaged = |what| KeyFault::Damaged { path: path.to_owned(), what };
        let text = std::str::from_utf8(bytes).map_err(|_| damaged("it is not text"))?;
        let (head, rest) = text.split_once('\n').ok_or_else(|| damaged("it is cut short"))?;
        // A later version may look different from its second line on.
        if let Ok(probe) = serde_json::from_str::<Probe>(head)
            && probe.format == FORMAT
            && probe.version > VERSION
        {
            let (path, found) = (path.to_owned(), probe.version);
            return Err(KeyFault::Newer { path, found, known: VERSION });
        }
        let (body, sum) = rest.split_once('\n').ok_or_else(|| damaged("it is cut short"))?;
        let sum = sum.strip_suffix('\n').ok_or_else(|| damaged("it is cut short"))?;
        if sum != checksum(&text[..text.len() - sum.len() - 1]) {
            return Err(damaged("its bytes are not those that were written"));
        }
        let unknown = || damaged("its first line is none of ours");
        let known: Head = serde_json::from_str(head).map_err(|_| unknown())?;
        if known.format != FORMAT || known.version != VERSION {
            return Err(unknown());
        }
        let body = STANDARD.decode(body).map_err(|_| damaged("its content is not base64"))?;
        if body.len() < NONCE_LEN + AES_256_GCM.tag_len() {
            return Err(damaged("its content is cut short"));
        }
        Ok(Self { path, head, means: known.unlock, body })
    }

    /// What unlocks it.
    pub(crate) fn protection(&self) -> Protection {
        self.means.protection()
    }

    /// The content, and what seals the next one.
    pub(crate) fn open(
        self,
        directory: &Path,
        unlock: &Unlock,
    ) -> Result<(Zeroizing<Vec<u8>>, Sealer), KeyFault> {
        let key = self.key(directory, unlock)?;
        let by = self.means.protection().as_str();
        let refused = || KeyFault::Refused { path: self.path.to_owned(), by };
        let opener = RandomizedNonceKey::new(&AES_256_GCM, &*key).map_err(|_| refused())?;
        let (nonce, sealed) = self.body.split_at(NONCE_LEN);
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| refused())?;
        let mut content = Zeroizing::new(sealed.to_vec());
        let length = opener
            .open_in_place(nonce, Aad::from(self.head.as_bytes()), &mut content)
            .map_err(|_| refused())?
            .len();
        content.truncate(length);
        Ok((content, Sealer { means: self.means, key }))
    }

    fn key(&self, directory: &Path, unlock: &Unlock) -> Result<Zeroizing<[u8; 32]>, KeyFault> {
        let expected = self.means.protection().as_str();
        let missing = || KeyFault::Unlock { path: self.path.to_owned(), expected };
        match (&self.means, unlock) {
            (Means::MachineKey, Unlock::MachineKey) => {
                unlock::machine_key(directory)?.ok_or_else(missing)
            }
            (
                Means::Passphrase { kdf: Kdf::Argon2id, memory_kib, passes, lanes, salt },
                Unlock::Passphrase(passphrase),
            ) => {
                let what = "it asks for too much work";
                let bounded = *memory_kib <= KEY_DERIVATION_MEMORY_KIB_MAX
                    && *passes <= KEY_DERIVATION_PASSES_MAX
                    && *lanes <= KEY_DERIVATION_LANES_MAX;
                let salt = URL_SAFE_NO_PAD.decode(salt).ok().filter(|_| bounded);
                let salt = salt.filter(|salt| salt.len() == SALT_BYTES);
                let salt =
                    salt.ok_or_else(|| KeyFault::Damaged { path: self.path.to_owned(), what })?;
                derive(passphrase, &salt, *memory_kib, *passes, *lanes)
            }
            _ => Err(missing()),
        }
    }
}

impl Means {
    fn protection(&self) -> Protection {
        match self {
            Self::MachineKey => Protection::MachineKey,
            Self::Passphrase { .. } => Protection::Passphrase,
        }
    }
}

fn derive(
    passphrase: &Passphrase,
    salt: &[u8],
    memory_kib: u32,
    passes: u32,
    lanes: u32,
) -> Result<Zeroizing<[u8; 32]>, KeyFault> {
    let refused = |_| KeyFault::Library { doing: "make a key from a passphrase" };
    let parameters = Params::new(memory_kib, passes, lanes, Some(32)).map_err(refused)?;
    let argon = Argon2::new(argon2::Algorithm::Argon2id, Version::V0x13, parameters);
    let mut key = Zeroizing::new([0; 32]);
    argon.hash_password_into(passphrase.as_bytes(), salt, &mut *key).map_err(refused)?;
    Ok(key)
}

fn checksum(text: &str) -> String {
    digest(&SHA256, text.as_bytes()).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}
