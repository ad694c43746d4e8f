//! What the configuration says of private keys: where they are, what opens them, and how long a
//! new one waits. Opening them is for the commands.

use std::path::PathBuf;

use super::Config;

/// Where private keys are and how they are replaced.
pub(crate) struct Custody {
    /// Where they are.
    pub(crate) place: Place,
    /// How long a new key is published before it is used, in seconds.
    pub(crate) overlap_seconds: u64,
}

/// Where private keys are.
pub(crate) enum Place {
    /// In an encrypted file of the data directory.
    File {
        /// Where its passphrase is.
        passphrase: Option<PathBuf>,
    },
    /// In a token.
    Token {
        /// The library of the token's maker.
        module: PathBuf,
        /// The label of the token.
        label: String,
        /// Where the PIN of its user is.
        pin: PathBuf,
    },
}

impl Config {
    /// `keys.*`.
    pub(crate) fn custody(&self) -> Custody {
        let file = || Place::File { passphrase: self.path("keys.passphrase_file") };
        let place = if self.is_in_token() { self.token().unwrap_or_else(file) } else { file() };
        Custody { place, overlap_seconds: self.count("keys.overlap_hours") * 3_600 }
    }

    fn is_in_token(&self) -> bool {
        self.text("keys.store") == Some("pkcs11")
    }

    fn token(&self) -> Option<Place> {
        Some(Place::Token {
            module: self.path("keys.pkcs11_module")?,
            label: self.text("keys.pkcs11_token")?.to_owned(),
            pin: self.path("keys.pkcs11_pin_file")?,
        })
    }

    /// A token needs all that it is reached by; a passphrase is for a file.
    pub(super) fn check_custody(&self, wrong: &mut impl FnMut(&str, &str)) {
        if self.is_in_token() && self.token().is_none() {
            let expected = "file, or that keys.pkcs11_module, keys.pkcs11_token and \
                            keys.pkcs11_pin_file are set too";
            wrong("keys.store", expected);
        }
        if self.is_in_token() && self.text("keys.passphrase_file").is_some() {
            wrong("keys.passphrase_file", "nothing, because keys.store is pkcs11");
        }
    }
}
