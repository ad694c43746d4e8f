//! Keys in a token that is reached by PKCS #11: a hardware security module, a smart card, or a
//! program that acts like one. They are made in the token, and no private half ever leaves it. What
//! is known of them beside that, which is nothing secret, is in a file of the data directory.
//!
//! A token is for one node: the keys of two would be told apart by nothing but that file.

mod device;
mod objects;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use async_trait::async_trait;
use causeway_types::Timestamp;
use causeway_types::limits::{KEY_FILE_BYTES_MAX, KEYS_MAX};
use serde::{Deserialize, Serialize};

use self::device::Device;
use crate::KeyStore;
use crate::book::{self, Act, Plan, Wanted};
use crate::disk::{self, Guard, Lock};
use crate::fault::KeyFault;
use crate::file::LOCK;
use crate::record::{KeyName, KeyRecord, Written};
use crate::unlock::Pin;

/// The file with what is known of the keys.
const FILE: &str = "keys.pkcs11.json";
const FORMAT: &str = "causeway-token-keys";
const VERSION: u64 = 1;
/// What a key signs to show that it is the one that is known; no token of any kind looks like it.
const PROBE: &[u8] = b"causeway: is this the key that it is said to be?";

/// How a token is reached.
pub struct TokenSettings {
    /// The library of the token's maker. It is loaded into this process and can do what it likes.
    pub module: PathBuf,
    /// The label of the token.
    pub label: String,
    /// The PIN of its user.
    pub pin: Pin,
}

/// A store in a token.
#[derive(Clone)]
pub struct TokenStore {
    shared: Arc<Shared>,
}

struct Shared {
    path: PathBuf,
    keys: RwLock<Arc<Keys>>,
    /// Held by whoever changes something; taken before `device`.
    writer: Mutex<()>,
    device: Mutex<Device>,
    _lock: Lock,
}

/// Every key at one moment.
#[derive(Clone, Default)]
struct Keys {
    entries: Vec<Entry>,
    /// Private halves that are not used again and may still be in the token.
    doomed: Vec<ObjectId>,
}

#[derive(Clone)]
struct Entry {
    record: KeyRecord,
    id: ObjectId,
    uses: Arc<AtomicU64>,
}

/// The `CKA_ID` of both halves of a key.
#[derive(Clone, PartialEq, Eq, Hash)]
struct ObjectId([u8; 16]);

#[derive(Serialize, Deserialize)]
struct File {
    format: String,
    version: u64,
    token: String,
    keys: Vec<FileEntry>,
    doomed: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct FileEntry {
    key: Written,
    id: String,
}

impl TokenStore {
    /// Takes a token that no node has yet. Blocks while it logs in.
    pub fn create(directory: &Path, settings: TokenSettings) -> Result<Self, KeyFault> {
        let lock = Lock::take(directory, LOCK)?;
        let path = directory.join(FILE);
        if Self::look(directory)? {
            return Err(KeyFault::Present { path });
        }
        let mut device = Device::new(settings);
        if device.has_keys()? {
            return Err(KeyFault::TokenTaken { label: device.label().to_owned(), path });
        }
        write(&path, device.label(), &Keys::default())?;
        Ok(Self::with(path, Keys::default(), device, lock))
    }

    /// Opens the token of this node, and lets each key that is used show that it is the right one.
    /// Blocks while it logs in.
    pub fn open(directory: &Path, settings: TokenSettings) -> Result<Self, KeyFault> {
        let path = directory.join(FILE);
        if !Self::look(directory)? {
            return Err(KeyFault::Absent { path });
        }
        let lock = Lock::take(directory, LOCK)?;
        let mut device = Device::new(settings);
        let keys = read(&path, device.label())?;
        disk::remove(&disk::draft(&path))?;
        for entry in keys.entries.iter().filter(|entry| entry.record.state.has_private()) {
            let record = &entry.record;
            let signature = device.sign(&entry.id, &record.name, record.algorithm, PROBE)?;
            if record.public.verify(record.algorithm, PROBE, &signature).is_err() {
                return Err(KeyFault::Damaged { path, what: "a key in the token is another one" });
            }
        }
        let store = Self::with(path, keys, device, lock);
        store.shared.sweep();
        Ok(store)
    }

    /// Whether a directory has the file of such a store. Needs no lock and no secret.
    pub fn look(directory: &Path) -> Result<bool, KeyFault> {
        let path = directory.join(FILE);
        path.try_exists().map_err(|error| disk::io_fault("look at", &path, error))
    }

    fn with(path: PathBuf, keys: Keys, device: Device, lock: Lock) -> Self {
        let shared = Shared {
            path,
            keys: RwLock::new(Arc::new(keys)),
            writer: Mutex::new(()),
            device: Mutex::new(device),
            _lock: lock,
        };
        Self { shared: Arc::new(shared) }
    }

    /// Asks the token on a thread that may wait for it.
    async fn blocking<T: Send + 'static>(
        &self,
        doing: &'static str,
        work: impl FnOnce(&Shared) -> Result<T, KeyFault> + Send + 'static,
    ) -> Result<T, KeyFault> {
        let shared = Arc::clone(&self.shared);
        let task = tokio::task::spawn_blocking(move || work(&shared));
        task.await.map_err(|_| KeyFault::Ending { doing })?
    }
}

impl Shared {
    fn keys(&self) -> Arc<Keys> {
        Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// A panic while the device was used leaves at worst a session that is opened anew.
    fn device(&self) -> MutexGuard<'_, Device> {
        self.device.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn publish(&self, keys: Keys) {
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
    }

    /// The key is made in the token first, and written down second: if we die in between, the token
    /// holds a key that nobody knows and nothing uses. Private halves are written off first and
    /// erased second: if we die in between, they are erased at the next opportunity.
    fn change(&self, act: &Act, now: Timestamp) -> Result<Vec<KeyRecord>, KeyFault> {
        let _writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.keys();
        let records: Vec<KeyRecord> =
            before.entries.iter().map(|entry| entry.record.clone()).collect();
        let Plan { after, wanted, mut touched } = book::plan(&records, act, now)?;
        if touched.is_empty() && wanted.is_none() {
            return Ok(Vec::new());
        }
        let mut keys = follow(&before, after);
        let mut made = None;
        if let Some(wanted) = wanted {
            let entry = self.make(&wanted, now)?;
            touched = vec![entry.record.name.clone()];
            made = Some(entry.id.clone());
            keys.entries.push(entry);
        }
        let label = self.device().label().to_owned();
        if let Err(fault) = write(&self.path, &label, &keys) {
            // Nobody will ever look for it; that it may stay is no reason to say something else.
            let _ = made.map(|id| self.device().erase(&id));
            return Err(fault);
        }
        let found = |name: &KeyName| keys.entries.iter().find(|entry| entry.record.name == *name);
        let records =
            touched.iter().filter_map(|name| found(name).map(|entry| entry.record.clone()));
        let records = records.collect();
        self.publish(keys);
        self.sweep();
        Ok(records)
    }

    fn make(&self, wanted: &Wanted, now: Timestamp) -> Result<Entry, KeyFault> {
        let mut device = self.device();
        let (id, public) = device.make(wanted.purpose, wanted.algorithm)?;
        let record = KeyRecord {
            name: KeyName::of(wanted.purpose, &public),
            purpose: wanted.purpose,
            algorithm: wanted.algorithm,
            public,
            made: now,
            state: wanted.state,
        };
        let signature = device.sign(&id, &record.name, record.algorithm, PROBE)?;
        if record.public.verify(record.algorithm, PROBE, &signature).is_err() {
            device.erase(&id)?;
            return Err(KeyFault::Library { doing: "verify what a new key of the token signed" });
        }
        Ok(Entry { record, id, uses: Arc::default() })
    }

    /// Erases what was written off. What cannot be erased now is tried again after the next change
    /// and when the store is opened; it is not used meanwhile.
    fn sweep(&self) {
        let mut keys = Keys::clone(&self.keys());
        let before = keys.doomed.len();
        let mut device = self.device();
        keys.doomed.retain(|id| device.erase(id).is_err());
        if keys.doomed.len() < before && write(&self.path, device.label(), &keys).is_ok() {
            self.publish(keys);
        }
    }

    fn sign(&self, key: &KeyName, message: &[u8]) -> Result<Vec<u8>, KeyFault> {
        // The device first: whoever waits for it sees the keys as they are when it is free.
        let mut device = self.device();
        let keys = self.keys();
        let entry = keys.entries.iter().find(|entry| entry.record.name == *key);
        let entry = entry.ok_or_else(|| KeyFault::Unknown { found: key.to_string() })?;
        if !entry.record.is_active() {
            return Err(book::refused("sign with", &entry.record, "active"));
        }
        let signature = device.sign(&entry.id, key, entry.record.algorithm, message)?;
        entry.uses.fetch_add(1, Ordering::Relaxed);
        Ok(signature)
    }
}

/// The entries of `before` as `after` has them, and what is left over for erasing.
fn follow(before: &Keys, after: Vec<KeyRecord>) -> Keys {
    let mut keys = Keys { entries: Vec::with_capacity(after.len()), doomed: before.doomed.clone() };
    for entry in &before.entries {
        let record = after.iter().find(|record| record.name == entry.record.name);
        let is_kept = record.is_some_and(|record| record.state.has_private());
        if entry.record.state.has_private() && !is_kept {
            keys.doomed.push(entry.id.clone());
        }
        if let Some(record) = record {
            keys.entries.push(Entry { record: record.clone(), ..entry.clone() });
        }
    }
    keys
}

#[async_trait]
impl KeyStore for TokenStore {
    fn kind(&self) -> &'static str {
        "pkcs11"
    }

    fn list(&self) -> Vec<KeyRecord> {
        self.shared.keys().entries.iter().map(|entry| entry.record.clone()).collect()
    }

    fn uses(&self, key: &KeyName) -> u64 {
        let keys = self.shared.keys();
        let entry = keys.entries.iter().find(|entry| entry.record.name == *key);
        entry.map_or(0, |entry| entry.uses.load(Ordering::Relaxed))
    }

    async fn sign(&self, key: &KeyName, message: &[u8]) -> Result<Vec<u8>, KeyFault> {
        let (key, message) = (key.clone(), message.to_vec());
        self.blocking("sign", move |shared| shared.sign(&key, &message)).await
    }

    async fn change(&self, act: Act, now: Timestamp) -> Result<Vec<KeyRecord>, KeyFault> {
        self.blocking("change the keys", move |shared| shared.change(&act, now)).await
    }
}

impl ObjectId {
    fn hex(&self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn parse(text: &str) -> Option<Self> {
        let mut id = [0; 16];
        if text.len() != 2 * id.len() || !text.is_ascii() {
            return None;
        }
        for (index, byte) in id.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * index..2 * index + 2], 16).ok()?;
        }
        Some(Self(id))
    }
}

fn write(path: &Path, label: &str, keys: &Keys) -> Result<(), KeyFault> {
    let entry = |entry: &Entry| FileEntry { key: (&entry.record).into(), id: entry.id.hex() };
    let file = File {
        format: FORMAT.to_owned(),
        version: VERSION,
        token: label.to_owned(),
        keys: keys.entries.iter().map(entry).collect(),
        doomed: keys.doomed.iter().map(ObjectId::hex).collect(),
    };
    let text = serde_json::to_string_pretty(&file)
        .map_err(|_| KeyFault::Library { doing: "write what is known of the keys" })?;
    disk::replace(path, text.as_bytes())
}

fn read(path: &Path, label: &str) -> Result<Keys, KeyFault> {
    #[derive(Deserialize)]
    struct Probe {
        format: String,
        version: u64,
    }
    let damaged = |what| KeyFault::Damaged { path: path.to_owned(), what };
    let bytes = disk::read_secret(path, KEY_FILE_BYTES_MAX, Guard::Permissions)?
        .ok_or_else(|| KeyFault::Absent { path: path.to_owned() })?;
    let unknown = || damaged("what it holds is no list of keys");
    let probe: Probe = serde_json::from_slice(&bytes).map_err(|_| unknown())?;
    if probe.format == FORMAT && probe.version > VERSION {
        let (path, found) = (path.to_owned(), probe.version);
        return Err(KeyFault::Newer { path, found, known: VERSION });
    }
    let file: File = serde_json::from_slice(&bytes).map_err(|_| unknown())?;
    if file.format != FORMAT || file.version != VERSION || file.keys.len() > KEYS_MAX {
        return Err(unknown());
    }
    if file.token != label {
        return Err(damaged("it is of a token with another label"));
    }
    let mut keys = Keys::default();
    for entry in file.keys {
        let record = entry.key.read().ok_or_else(unknown)?;
        let id = ObjectId::parse(&entry.id).ok_or_else(unknown)?;
        keys.entries.push(Entry { record, id, uses: Arc::default() });
    }
    for id in file.doomed {
        keys.doomed.push(ObjectId::parse(&id).ok_or_else(unknown)?);
    }
    Ok(keys)
}
