//! What opens the file of keys: a passphrase of a person, or a key of the machine in a file beside
//! it. Where a passphrase comes from is the caller's business; the environment is no such place.

use std::path::{Path, PathBuf};

use aws_lc_rs::rand::{SecureRandom as _, SystemRandom};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use causeway_types::limits::{PASSPHRASE_BYTES_MAX, PASSPHRASE_BYTES_MIN, PIN_BYTES_MAX};
use zeroize::Zeroizing;

use crate::disk::{self, Guard};
use crate::fault::KeyFault;

/// The file with the machine's key, beside the file of keys.
pub(crate) const MACHINE_KEY: &str = "keys.machine-key";
/// How its one line begins.
const MACHINE_KEY_PREFIX: &str = "causeway-machine-key-1 ";
/// Longest file of a machine's key, in bytes.
const MACHINE_KEY_BYTES_MAX: usize = 256;

/// What locks the file of keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protection {
    /// A key in a file beside it. It protects a copy of the file alone, such as one in a backup or
    /// a ticket, and not against somebody who reads the whole directory.
    MachineKey,
    /// A passphrase, which is not kept with it.
    Passphrase,
}

impl Protection {
    /// In words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MachineKey => "machine key",
            Self::Passphrase => "passphrase",
        }
    }
}

/// A passphrase. It has neither `Debug` nor `Display`, and is erased from memory when it is
/// dropped.
pub struct Passphrase(Zeroizing<String>);

impl Passphrase {
    /// From a text; one line end at its end is not part of it.
    pub fn new(text: Zeroizing<String>) -> Result<Self, KeyFault> {
        let line = text.strip_suffix('\n').unwrap_or(&text);
        let line = line.strip_suffix('\r').unwrap_or(line);
        let fits = (PASSPHRASE_BYTES_MIN..=PASSPHRASE_BYTES_MAX).contains(&line.len());
        if !fits || line.contains(['\n', '\r', '\0']) {
            return Err(KeyFault::Passphrase { found: line.len() });
        }
        Ok(Self(Zeroizing::new(line.to_owned())))
    }

    /// From a file, a pipe, or a descriptor such as `/dev/fd/3`.
    pub fn from_file(path: &Path, guard: Guard) -> Result<Self, KeyFault> {
        let bytes = disk::read_secret(path, PASSPHRASE_BYTES_MAX + 2, guard)?
            .ok_or_else(|| disk::io_fault("read", path, std::io::ErrorKind::NotFound.into()))?;
        match std::str::from_utf8(&bytes) {
            Ok(text) => Self::new(Zeroizing::new(text.to_owned())),
            Err(_) => Err(KeyFault::Passphrase { found: bytes.len() }),
        }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

/// The PIN of a token's user, as secret as a [`Passphrase`].
#[cfg_attr(
    not(feature = "pkcs11"),
    expect(dead_code, reason = "only a token asks for its PIN, and none is built in")
)]
pub struct Pin(Zeroizing<String>);

impl Pin {
    /// From a text; one line end at its end is not part of it.
    pub fn new(text: &str) -> Result<Self, KeyFault> {
        let line = text.strip_suffix('\n').unwrap_or(text);
        let line = line.strip_suffix('\r').unwrap_or(line);
        let fits = (1..=PIN_BYTES_MAX).contains(&line.len());
        if !fits || line.contains(['\n', '\r', '\0']) {
            return Err(KeyFault::PinForm { found: line.len() });
        }
        Ok(Self(Zeroizing::new(line.to_owned())))
    }

    /// From a file, a pipe, or a descriptor such as `/dev/fd/3`.
    pub fn from_file(path: &Path, guard: Guard) -> Result<Self, KeyFault> {
        let bytes = disk::read_secret(path, PIN_BYTES_MAX + 2, guard)?
            .ok_or_else(|| disk::io_fault("read", path, std::io::ErrorKind::NotFound.into()))?;
        match std::str::from_utf8(&bytes) {
            Ok(text) => Self::new(text),
            Err(_) => Err(KeyFault::PinForm { found: bytes.len() }),
        }
    }

    #[cfg(feature = "pkcs11")]
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// What is there to open the file with.
pub enum Unlock {
    /// The machine's key, in its file beside it.
    MachineKey,
    /// A passphrase.
    Passphrase(Passphrase),
}

impl Unlock {
    /// What it opens.
    pub fn protection(&self) -> Protection {
        match self {
            Self::MachineKey => Protection::MachineKey,
            Self::Passphrase(_) => Protection::Passphrase,
        }
    }
}

/// Where the machine's key is.
pub(crate) fn machine_key_path(directory: &Path) -> PathBuf {
    directory.join(MACHINE_KEY)
}

/// The machine's key, if there is one.
pub(crate) fn machine_key(directory: &Path) -> Result<Option<Zeroizing<[u8; 32]>>, KeyFault> {
    let path = machine_key_path(directory);
    let Some(bytes) = disk::read_secret(&path, MACHINE_KEY_BYTES_MAX, Guard::Permissions)? else {
        return Ok(None);
    };
    let damaged = || KeyFault::Damaged { path: path.clone(), what: "it is no machine key" };
    let text = std::str::from_utf8(&bytes).map_err(|_| damaged())?;
    let text = text.trim_end().strip_prefix(MACHINE_KEY_PREFIX).ok_or_else(damaged)?;
    let decoded = Zeroizing::new(URL_SAFE_NO_PAD.decode(text).map_err(|_| damaged())?);
    let mut key = Zeroizing::new([0; 32]);
    if decoded.len() != key.len() {
        return Err(damaged());
    }
    key.copy_from_slice(&decoded);
    Ok(Some(key))
}

/// The machine's key, made and on disk if there was none.
pub(crate) fn machine_key_made(directory: &Path) -> Result<Zeroizing<[u8; 32]>, KeyFault> {
    if let Some(key) = machine_key(directory)? {
        return Ok(key);
    }
    let mut key = Zeroizing::new([0; 32]);
    SystemRandom::new()
        .fill(&mut *key)
        .map_err(|_| KeyFault::Library { doing: "make a machine key" })?;
    let text = Zeroizing::new(URL_SAFE_NO_PAD.encode(*key));
    let line = Zeroizing::new(format!("{MACHINE_KEY_PREFIX}{}\n", *text));
    disk::replace(&machine_key_path(directory), line.as_bytes())?;
    Ok(key)
}
