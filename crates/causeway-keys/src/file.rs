//! The default store: all keys in one encrypted file of the data directory. While it is open, the
//! private halves are in the memory of the process, which is what this store cannot protect from:
//! for that, keep the keys in a token.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use async_trait::async_trait;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use causeway_dcp::jwk::{Algorithm, PublicKey};
use causeway_types::Timestamp;
use causeway_types::limits::{KEY_FILE_BYTES_MAX, KEYS_MAX};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::KeyStore;
use crate::book::{self, Act, Plan, Wanted};
use crate::disk::{self, Guard, Lock};
use crate::fault::KeyFault;
use crate::record::{KeyName, KeyRecord, Written};
use crate::seal::{Sealed, Sealer};
use crate::unlock::{self, Protection, Unlock};

/// The file.
const FILE: &str = "keys.sealed";
/// The file that is locked while the store is open.
pub(crate) const LOCK: &str = "keys.lock";
/// Room for one key in the content, in bytes: a record and its private half are less.
const KEY_BYTES: usize = 2 * 1024;

/// A store in an encrypted file.
#[derive(Clone)]
pub struct FileStore {
    shared: Arc<Shared>,
}

struct Shared {
    directory: PathBuf,
    path: PathBuf,
    keys: RwLock<Arc<Keys>>,
    /// Held by whoever changes something, from reading the old keys to publishing the new ones.
    writer: Mutex<Sealer>,
    _lock: Lock,
}

/// Every key at one moment.
#[derive(Default)]
struct Keys {
    records: Vec<KeyRecord>,
    held: HashMap<KeyName, Arc<Held>>,
}

struct Held {
    pair: Pair,
    uses: AtomicU64,
}

/// The library erases both kinds when they are dropped.
enum Pair {
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl FileStore {
    /// Makes an empty store. Blocks: a passphrase costs about a tenth of a second on purpose.
    pub fn create(directory: &Path, unlock: &Unlock) -> Result<Self, KeyFault> {
        let lock = Lock::take(directory, LOCK)?;
        let path = directory.join(FILE);
        match path.try_exists() {
            Ok(false) => {}
            Ok(true) => return Err(KeyFault::Present { path }),
            Err(error) => return Err(disk::io_fault("look at", &path, error)),
        }
        // If we die between the two files, the next attempt finds the machine's key and uses it.
        let sealer = Sealer::new(directory, unlock)?;
        write(&path, &sealer, &Keys::default())?;
        Ok(Self::with(directory, path, Keys::default(), sealer, lock))
    }

    /// Opens a store. Blocks like [`Self::create`].
    pub fn open(directory: &Path, unlock: &Unlock) -> Result<Self, KeyFault> {
        let path = directory.join(FILE);
        if !path.try_exists().map_err(|error| disk::io_fault("look at", &path, error))? {
            return Err(KeyFault::Absent { path });
        }
        let lock = Lock::take(directory, LOCK)?;
        let bytes = disk::read_secret(&path, KEY_FILE_BYTES_MAX, Guard::Permissions)?
            .ok_or_else(|| KeyFault::Absent { path: path.clone() })?;
        let (content, sealer) = Sealed::read(&path, &bytes)?.open(directory, unlock)?;
        let keys = read(&path, &content)?;
        // The rest of a write that did not end; the file itself was just found whole.
        disk::remove(&disk::draft(&path))?;
        Ok(Self::with(directory, path, keys, sealer, lock))
    }

    fn with(directory: &Path, path: PathBuf, keys: Keys, sealer: Sealer, lock: Lock) -> Self {
        let shared = Shared {
            directory: directory.to_owned(),
            path,
            keys: RwLock::new(Arc::new(keys)),
            writer: Mutex::new(sealer),
            _lock: lock,
        };
        Self { shared: Arc::new(shared) }
    }

    /// What locks the store of a directory; nothing if there is none. Needs no lock and no secret.
    pub fn look(directory: &Path) -> Result<Option<Protection>, KeyFault> {
        let path = directory.join(FILE);
        let bytes = disk::read_secret(&path, KEY_FILE_BYTES_MAX, Guard::Permissions)?;
        bytes.map(|bytes| Ok(Sealed::read(&path, &bytes)?.protection())).transpose()
    }

    /// What locks this store.
    pub fn protection(&self) -> Protection {
        self.shared.writer().protection()
    }

    /// Locks the store in another way from now on. Blocks like [`Self::create`]. Copies that were
    /// made before are opened by what opened them then.
    pub fn relock(&self, unlock: &Unlock) -> Result<(), KeyFault> {
        let mut writer = self.shared.writer();
        let sealer = Sealer::new(&self.shared.directory, unlock)?;
        write(&self.shared.path, &sealer, &self.shared.keys())?;
        *writer = sealer;
        if unlock.protection() == Protection::Passphrase {
            disk::remove(&unlock::machine_key_path(&self.shared.directory))?;
        }
        Ok(())
    }
}

impl Shared {
    fn keys(&self) -> Arc<Keys> {
        Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// What is behind the lock is only replaced as a whole, so a panic elsewhere spoils nothing.
    fn writer(&self) -> MutexGuard<'_, Sealer> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, act: &Act, now: Timestamp) -> Result<Vec<KeyRecord>, KeyFault> {
        let sealer = self.writer();
        let before = self.keys();
        let Plan { after, wanted, mut touched } = book::plan(&before.records, act, now)?;
        if touched.is_empty() && wanted.is_none() {
            return Ok(Vec::new());
        }
        let mut keys = Keys { records: after, held: HashMap::new() };
        for key in keys.records.iter().filter(|key| key.state.has_private()) {
            if let Some(held) = before.held.get(&key.name) {
                keys.held.insert(key.name.clone(), Arc::clone(held));
            }
        }
        if let Some(wanted) = wanted {
            let (record, held) = make(&wanted, now)?;
            touched = vec![record.name.clone()];
            keys.held.insert(record.name.clone(), Arc::new(held));
            keys.records.push(record);
        }
        write(&self.path, &sealer, &keys)?;
        let records = touched
            .iter()
            .filter_map(|name| keys.records.iter().find(|key| key.name == *name).cloned())
            .collect();
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
        Ok(records)
    }
}

#[async_trait]
impl KeyStore for FileStore {
    fn kind(&self) -> &'static str {
        "file"
    }

    fn list(&self) -> Vec<KeyRecord> {
        self.shared.keys().records.clone()
    }

    fn uses(&self, key: &KeyName) -> u64 {
        self.shared.keys().held.get(key).map_or(0, |held| held.uses.load(Ordering::Relaxed))
    }

    async fn sign(&self, key: &KeyName, message: &[u8]) -> Result<Vec<u8>, KeyFault> {
        let keys = self.shared.keys();
        let record = keys.records.iter().find(|record| record.name == *key);
        let record = record.ok_or_else(|| KeyFault::Unknown { found: key.to_string() })?;
        let refused = || book::refused("sign with", record, "active");
        if !record.is_active() {
            return Err(refused());
        }
        let held = keys.held.get(key).ok_or_else(refused)?;
        let signature = held.pair.sign(message)?;
        held.uses.fetch_add(1, Ordering::Relaxed);
        Ok(signature)
    }

    async fn change(&self, act: Act, now: Timestamp) -> Result<Vec<KeyRecord>, KeyFault> {
        let shared = Arc::clone(&self.shared);
        let task = tokio::task::spawn_blocking(move || shared.change(&act, now));
        task.await.map_err(|_| KeyFault::Ending { doing: "change the keys" })?
    }
}

impl Pair {
    fn make(algorithm: Algorithm) -> Result<Self, KeyFault> {
        let refused = |_| KeyFault::Library { doing: "make a key" };
        match algorithm {
            Algorithm::Es256 => EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)
                .map(Self::Ecdsa)
                .map_err(refused),
            Algorithm::EdDsa => Ed25519KeyPair::generate().map(Self::Ed25519).map_err(refused),
            found => Err(KeyFault::Algorithm { found }),
        }
    }

    /// From what [`Self::private`] returned, if it is the other half of `public`.
    fn read(public: &PublicKey, algorithm: Algorithm, private: &[u8]) -> Option<Self> {
        let pair = match algorithm {
            Algorithm::Es256 => EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, private)
                .map(Self::Ecdsa)
                .ok()?,
            Algorithm::EdDsa => {
                Ed25519KeyPair::from_pkcs8_maybe_unchecked(private).map(Self::Ed25519).ok()?
            }
            _ => return None,
        };
        (pair.public().ok()? == *public).then_some(pair)
    }

    fn public(&self) -> Result<PublicKey, KeyFault> {
        let public = match self {
            Self::Ecdsa(pair) => PublicKey::p256(pair.public_key().as_ref()),
            Self::Ed25519(pair) => PublicKey::ed25519(pair.public_key().as_ref()),
        };
        public.map_err(|_| KeyFault::Library { doing: "read the public half of a key" })
    }

    /// The private half: PKCS #8 in base64.
    fn private(&self) -> Result<Zeroizing<String>, KeyFault> {
        // The library erases the document when it is dropped.
        let document = match self {
            Self::Ecdsa(pair) => pair.to_pkcs8v1(),
            Self::Ed25519(pair) => pair.to_pkcs8v1(),
        };
        let document = document.map_err(|_| KeyFault::Library { doing: "write a key" })?;
        Ok(Zeroizing::new(STANDARD.encode(document)))
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyFault> {
        let refused = |_| KeyFault::Library { doing: "sign" };
        let signature = match self {
            Self::Ecdsa(pair) => pair.sign(&SystemRandom::new(), message).map_err(refused)?,
            Self::Ed25519(pair) => pair.try_sign(message).map_err(refused)?,
        };
        Ok(signature.as_ref().to_vec())
    }
}

fn make(wanted: &Wanted, now: Timestamp) -> Result<(KeyRecord, Held), KeyFault> {
    let pair = Pair::make(wanted.algorithm)?;
    let public = pair.public()?;
    let record = KeyRecord {
        name: KeyName::of(wanted.purpose, &public),
        purpose: wanted.purpose,
        algorithm: wanted.algorithm,
        public,
        made: now,
        state: wanted.state,
    };
    Ok((record, Held { pair, uses: AtomicU64::new(0) }))
}

#[derive(Serialize)]
struct Content<'a> {
    keys: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Entry<'a> {
    key: Written,
    #[serde(skip_serializing_if = "Option::is_none")]
    private: Option<&'a str>,
}

/// The private halves are borrowed from the content, which is erased.
#[derive(Deserialize)]
struct ContentRead<'a> {
    #[serde(borrow)]
    keys: Vec<EntryRead<'a>>,
}

#[derive(Deserialize)]
struct EntryRead<'a> {
    key: Written,
    #[serde(borrow)]
    private: Option<&'a str>,
}

fn write(path: &Path, sealer: &Sealer, keys: &Keys) -> Result<(), KeyFault> {
    let mut privates = Vec::with_capacity(keys.records.len());
    for key in &keys.records {
        let held = keys.held.get(&key.name);
        privates.push(held.map(|held| held.pair.private()).transpose()?);
    }
    let mut entries = Vec::with_capacity(privates.len());
    for (key, private) in keys.records.iter().zip(&privates) {
        let private = private.as_ref().map(|text| text.as_str());
        entries.push(Entry { key: key.into(), private });
    }
    let content = Content { keys: entries };
    let mut bytes = Zeroizing::new(Vec::with_capacity(KEY_BYTES * (keys.records.len() + 1)));
    serde_json::to_writer(&mut *bytes, &content)
        .map_err(|_| KeyFault::Library { doing: "write the keys" })?;
    disk::replace(path, sealer.seal(&bytes)?.as_bytes())
}

fn read(path: &Path, content: &[u8]) -> Result<Keys, KeyFault> {
    let damaged = |what| KeyFault::Damaged { path: path.to_owned(), what };
    let unknown = || damaged("what it holds is no list of keys");
    let content: ContentRead<'_> = serde_json::from_slice(content).map_err(|_| unknown())?;
    if content.keys.len() > KEYS_MAX {
        return Err(unknown());
    }
    let mut keys = Keys::default();
    for entry in content.keys {
        let record = entry.key.read().ok_or_else(unknown)?;
        if record.state.has_private() {
            let private = entry.private.ok_or_else(|| damaged("a private half is missing"))?;
            let private = STANDARD.decode(private).map_err(|_| unknown())?;
            let private = Zeroizing::new(private);
            let pair = Pair::read(&record.public, record.algorithm, &private)
                .ok_or_else(|| damaged("the halves of a key do not belong together"))?;
            let held = Held { pair, uses: AtomicU64::new(0) };
            keys.held.insert(record.name.clone(), Arc::new(held));
        }
        keys.records.push(record);
    }
    Ok(keys)
}

#[cfg(test)]
mod tests;
