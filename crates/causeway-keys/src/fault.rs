//! Why a key store does not do what it was asked. No variant holds, and no text shows, anything
//! secret.

use std::io;
use std::path::PathBuf;

use causeway_dcp::jwk::Algorithm;
use causeway_types::limits::{KEYS_MAX, PASSPHRASE_BYTES_MAX, PASSPHRASE_BYTES_MIN, PIN_BYTES_MAX};

use crate::record::Purpose;

/// Why a key store does not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum KeyFault {
    /// Another process has the store.
    #[error(
        "open the keys in {}: another process has them open\nhint: a node \
         answers for its keys at its socket, management.socket; otherwise wait until that process \
         ends",
        path.display()
    )]
    Locked {
        /// The directory.
        path: PathBuf,
    },
    /// There is no store yet.
    #[error(
        "open the keys in {}: there are none\nhint: `causeway keys make` makes them; a node that \
         had keys needs its copy back, since new ones are a new identity",
        path.display()
    )]
    Absent {
        /// The file that was looked for.
        path: PathBuf,
    },
    /// There is a store, which is never overwritten.
    #[error("make the keys in {}: there are some already", path.display())]
    Present {
        /// The file that is in the way.
        path: PathBuf,
    },
    /// The file system refused.
    #[error("{doing} {}: {error}", path.display())]
    Io {
        /// What was attempted.
        doing: &'static str,
        /// With which file.
        path: PathBuf,
        /// What was answered.
        #[source]
        error: io::Error,
    },
    /// Others than the owner may read or write a secret file.
    #[error(
        "read {}: found mode {mode:03o} of user {user}, expected that only this process's user \
         may read it\nhint: chmod 600, and chown it to the user the node runs as; assume that it \
         is known to others",
        path.display()
    )]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
        /// Its owner.
        user: u32,
    },
    /// The file is not whole, or was changed.
    #[error(
        "read {}: it is damaged: {what}\nhint: restore it from a copy; nothing was written",
        path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: &'static str,
    },
    /// The file was written by a later version of the program.
    #[error(
        "read {}: found format {found}, expected at most {known}\nhint: use the version of the \
         program that wrote it; nothing was written",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u64,
        /// The latest that is known here.
        known: u64,
    },
    /// The passphrase or machine key does not open the file.
    #[error(
        "unlock {}: the {by} does not open it\nhint: nothing was written; if it is the right one, \
         somebody changed the file on purpose, and a copy is needed",
        path.display()
    )]
    Refused {
        /// The file.
        path: PathBuf,
        /// What was tried.
        by: &'static str,
    },
    /// The file is locked in another way than it was tried to unlock.
    #[error("unlock {}: it is locked by a {expected}, and none was given", path.display())]
    Unlock {
        /// The file.
        path: PathBuf,
        /// What opens it.
        expected: &'static str,
    },
    /// A passphrase that cannot be one.
    #[error(
        "read a passphrase: found {found} bytes, expected {PASSPHRASE_BYTES_MIN} to \
         {PASSPHRASE_BYTES_MAX} of UTF-8 in one line"
    )]
    Passphrase {
        /// Its length.
        found: usize,
    },
    /// There is no key of that name.
    #[error("find the key {found:?}: there is none of that name")]
    Unknown {
        /// The name, cut to a printable length.
        found: String,
    },
    /// There is no key that signs for a purpose.
    #[error("find the key for {purpose}: none is active\nhint: `causeway keys make` makes it")]
    NoActive {
        /// The purpose.
        purpose: Purpose,
    },
    /// The state of the key does not allow it.
    #[error("{doing} the key {name}: it is {found}, expected {expected}")]
    State {
        /// What was attempted.
        doing: &'static str,
        /// The key.
        name: String,
        /// Its state.
        found: &'static str,
        /// What it should be.
        expected: &'static str,
    },
    /// The purpose has a key already, or one that comes next.
    #[error("make a key for {purpose}: {name} is there already and {found}")]
    Taken {
        /// The purpose.
        purpose: Purpose,
        /// The key that is there.
        name: String,
        /// Its state.
        found: &'static str,
    },
    /// There are too many keys.
    #[error(
        "make a key: there are {KEYS_MAX} already\nhint: destroy those that are published no longer"
    )]
    Full,
    /// Keys of this kind are not made here.
    #[error("make a key: found the algorithm {found}, expected ES256 or EdDSA")]
    Algorithm {
        /// The algorithm.
        found: Algorithm,
    },
    /// The cryptographic library failed.
    #[error("{doing}: the cryptographic library refused")]
    Library {
        /// What was attempted.
        doing: &'static str,
    },
    /// The token cannot be reached, or refused.
    #[error("{doing} {label:?}: {reason}\nhint: look whether it is plugged in and served")]
    Token {
        /// What was attempted.
        doing: &'static str,
        /// The label of the token.
        label: String,
        /// What it answered.
        reason: String,
    },
    /// The PIN of the token is refused.
    #[error(
        "log in to the token {label:?}: the pin is refused: {what}\nhint: a token locks itself \
         after a few wrong ones; put the right one into keys.pkcs11_pin_file, then start again"
    )]
    Pin {
        /// The label of the token.
        label: String,
        /// Why.
        what: &'static str,
    },
    /// A PIN that cannot be one.
    #[error("read a pin: found {found} bytes, expected 1 to {PIN_BYTES_MAX} of UTF-8 in one line")]
    PinForm {
        /// Its length.
        found: usize,
    },
    /// A key is known and not in the token.
    #[error(
        "find the key {name} in the token {label:?}: it is not there\nhint: it was erased by \
         another program, or this is another token; restore the token from its copy"
    )]
    Missing {
        /// The key.
        name: String,
        /// The label of the token.
        label: String,
    },
    /// The token does not make keys of this kind.
    #[error("make a key in the token {label:?}: it does not support {algorithm}")]
    Unsupported {
        /// The label of the token.
        label: String,
        /// The algorithm.
        algorithm: Algorithm,
    },
    /// The token has keys of a node, and nothing is known of them.
    #[error(
        "take the token {label:?}: a node has keys in it, and {} is missing\nhint: restore that \
         file, or take another token",
        path.display()
    )]
    TokenTaken {
        /// The label of the token.
        label: String,
        /// The file that was looked for.
        path: PathBuf,
    },
    /// The task that did it was ended with the program.
    #[error("{doing}: the program is ending")]
    Ending {
        /// What was attempted.
        doing: &'static str,
    },
}
