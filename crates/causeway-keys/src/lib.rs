//! Private keys: what a node signs with, where they are kept, and how they are replaced.
//!
//! A [`KeyStore`] signs and never shows what it signs with. Keys are made for one [`Purpose`] each,
//! and go from *next* to *active* to *retired*. The default store is one encrypted file,
//! [`FileStore`]; with the feature `pkcs11` there is one in a token.
//!
//! What is signed, and for how long it is valid, is not decided here. Ring 1: files and tokens;
//! time is an argument.

mod book;
mod disk;
mod fault;
mod file;
mod record;
mod seal;
#[cfg(feature = "testing")]
pub mod suite;
#[cfg(feature = "pkcs11")]
mod token;
mod unlock;

use async_trait::async_trait;
use causeway_dcp::jwk::Algorithm;
use causeway_dcp::jws::Unsigned;
use causeway_types::Timestamp;
use causeway_types::limits::KEY_RETIRES_MEANWHILE_MAX;

pub use crate::book::Act;
pub use crate::disk::Guard;
pub use crate::fault::KeyFault;
pub use crate::file::FileStore;
pub use crate::record::{ALGORITHMS, KeyName, KeyRecord, KeyState, Purpose, Rotation};
#[cfg(feature = "pkcs11")]
pub use crate::token::{TokenSettings, TokenStore};
pub use crate::unlock::{Passphrase, Pin, Protection, Unlock};

/// Where private keys are, and what is done with them.
///
/// **Secrecy.** No private byte crosses this trait, in either direction.
///
/// **Durability.** When a method that changes something has returned `Ok`, the change is on disk
/// or in the token. When it has returned an error, nothing has changed that [`Self::list`] shows,
/// and a key that was made on the way is never used; a write whose end is unknown may have left a
/// change on disk, which the next successful one replaces. Dropping the future of a change does not
/// stop it.
///
/// **Concurrency.** Every method may be called from any thread at any time. Changes happen one
/// after the other; signing goes on while another key is changed. One process holds the store: a
/// second that opens it gets [`KeyFault::Locked`].
///
/// **Order.** A key signs only while it is active. A text that names a key which is retired before
/// it is signed is refused with [`KeyFault::State`]; [`compact`] then builds it again.
#[async_trait]
pub trait KeyStore: Send + Sync + 'static {
    /// What kind of store it is, in words: for people and logs.
    fn kind(&self) -> &'static str;

    /// Every key, oldest first, with public halves only.
    fn list(&self) -> Vec<KeyRecord>;

    /// How often a key signed since the store was opened.
    fn uses(&self, key: &KeyName) -> u64;

    /// The signature of `message` by an active key: 64 bytes for both algorithms, for ECDSA the two
    /// numbers one after the other (RFC 7518 §3.4).
    async fn sign(&self, key: &KeyName, message: &[u8]) -> Result<Vec<u8>, KeyFault>;

    /// Does something to keys. Returns those that it is about or that changed, the one that was
    /// asked for or made first; writes nothing if none did.
    async fn change(&self, act: Act, now: Timestamp) -> Result<Vec<KeyRecord>, KeyFault>;

    /// Makes the first key of a purpose, active at once. Refused while the purpose has one.
    async fn generate(
        &self,
        purpose: Purpose,
        algorithm: Algorithm,
        now: Timestamp,
    ) -> Result<KeyRecord, KeyFault> {
        first(self.change(Act::Generate(purpose, algorithm), now).await)
    }

    /// Makes the key that replaces the active one. It is published at once and signs only after
    /// the overlap, when [`Self::settle`] is called. Refused while there is one already.
    async fn rotate(
        &self,
        purpose: Purpose,
        rotation: Rotation,
        now: Timestamp,
    ) -> Result<KeyRecord, KeyFault> {
        first(self.change(Act::Rotate(purpose, rotation), now).await)
    }

    /// Lets time pass: keys whose overlap is over become active, and retire those before them.
    /// Returns the keys that changed; writes nothing if none did.
    async fn settle(&self, now: Timestamp) -> Result<Vec<KeyRecord>, KeyFault> {
        self.change(Act::Settle, now).await
    }

    /// Ends an overlap early: the active key retires now, and the next one takes its place.
    /// The private half of a retired key is erased.
    async fn retire(&self, key: &KeyName, now: Timestamp) -> Result<KeyRecord, KeyFault> {
        first(self.change(Act::Retire(key.clone()), now).await)
    }

    /// Takes a key back that somebody else may have: it is published no longer, and what it signed
    /// is believed no longer. The active key must be retired first.
    async fn revoke(&self, key: &KeyName, now: Timestamp) -> Result<KeyRecord, KeyFault> {
        first(self.change(Act::Revoke(key.clone()), now).await)
    }

    /// Forgets a key, with its public half: a next one that was never used, one that was revoked,
    /// or a retired one that is no longer published.
    async fn destroy(&self, key: &KeyName, now: Timestamp) -> Result<(), KeyFault> {
        self.change(Act::Destroy(key.clone()), now).await.map(drop)
    }

    /// The key that signs for a purpose.
    fn active(&self, purpose: Purpose) -> Result<KeyRecord, KeyFault> {
        self.list()
            .into_iter()
            .find(|key| key.purpose == purpose && key.is_active())
            .ok_or(KeyFault::NoActive { purpose })
    }

    /// The keys of a purpose that others must be able to find now.
    fn published(&self, purpose: Purpose, now: Timestamp) -> Vec<KeyRecord> {
        let keys = self.list().into_iter();
        keys.filter(|key| key.purpose == purpose && key.is_published(now)).collect()
    }

    /// When [`Self::settle`] has something to do next.
    fn settles_at(&self) -> Option<Timestamp> {
        let due = |key: &KeyRecord| match key.state {
            KeyState::Next { from, .. } => Some(from),
            _ => None,
        };
        self.list().iter().filter_map(due).min()
    }

    /// Makes a key for each of these purposes that has none. Returns those that were made.
    async fn ensure(
        &self,
        purposes: &[Purpose],
        algorithm: Algorithm,
        now: Timestamp,
    ) -> Result<Vec<KeyRecord>, KeyFault> {
        let mut made = Vec::new();
        for purpose in purposes {
            if matches!(self.active(*purpose), Err(KeyFault::NoActive { .. })) {
                made.push(self.generate(*purpose, algorithm, now).await?);
            }
        }
        Ok(made)
    }
}

/// The key that an act was about.
fn first(changed: Result<Vec<KeyRecord>, KeyFault>) -> Result<KeyRecord, KeyFault> {
    let doing = "change the keys";
    changed?.into_iter().next().ok_or(KeyFault::Library { doing })
}

/// Builds a text for the active key of a purpose and signs it. If that key retires in between, the
/// text is built again for its successor.
pub async fn compact<E: From<KeyFault>>(
    store: &dyn KeyStore,
    purpose: Purpose,
    build: impl Fn(&KeyRecord) -> Result<Unsigned, E> + Send + Sync,
) -> Result<String, E> {
    let mut attempt = 1;
    loop {
        let key = store.active(purpose)?;
        let unsigned = build(&key)?;
        match store.sign(&key.name, unsigned.signing_input()).await {
            Err(KeyFault::State { .. } | KeyFault::Unknown { .. })
                if attempt < KEY_RETIRES_MEANWHILE_MAX =>
            {
                attempt += 1;
            }
            signed => {
                let wrong = |_| KeyFault::Algorithm { found: key.algorithm };
                return Ok(unsigned.finish(&signed?).map_err(wrong)?);
            }
        }
    }
}
