//! Opening the private keys of a node: from what the configuration says, with a passphrase from a
//! file, a credential of systemd or, if somebody is there, the terminal. Never from the
//! environment, which every process of the same user and every report of a crash can show.

use std::fs::File;
use std::io::{BufRead as _, BufReader, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use causeway_keys::{FileStore, Guard, KeyFault, KeyStore, Passphrase, Protection, Unlock};
use causeway_types::limits::PASSPHRASE_BYTES_MIN;
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

use crate::config::{Config, Place};
use crate::exit::{Doing as _, Exit, Failure, Outcome};

/// The name of the credential that systemd hands over (`LoadCredential=`).
const CREDENTIAL: &str = "causeway-keys";

/// Opens the store that the configuration names.
pub(crate) fn open(config: &Config) -> Outcome<Arc<dyn KeyStore>> {
    match config.custody().place {
        Place::File { passphrase } => {
            let data = config.data_dir();
            let unlock = unlock(&data, passphrase.as_deref())?;
            Ok(Arc::new(FileStore::open(&data, &unlock).map_err(failure)?))
        }
        Place::Token { module, label, pin } => token::open(&config.data_dir(), module, label, &pin),
    }
}

/// Opens the store that the configuration names, or makes an empty one where there is none.
pub(crate) fn open_or_make(config: &Config) -> Outcome<Arc<dyn KeyStore>> {
    let data = config.data_dir();
    let passphrase = match config.custody().place {
        Place::File { passphrase } => passphrase,
        Place::Token { module, label, pin } => {
            return token::open_or_make(&data, module, label, &pin);
        }
    };
    if FileStore::look(&data).map_err(failure)?.is_some() {
        return open(config);
    }
    let unlock = match from_file(passphrase.as_deref())? {
        Some(passphrase) => Unlock::Passphrase(passphrase),
        None => Unlock::MachineKey,
    };
    Ok(Arc::new(FileStore::create(&data, &unlock).map_err(failure)?))
}

/// Opens the encrypted file, which is the only store that has a passphrase.
pub(super) fn open_file(config: &Config) -> Outcome<FileStore> {
    let Place::File { passphrase } = config.custody().place else {
        let text = "change the passphrase: the keys are in a token, which has a PIN";
        return Err(Failure::new(Exit::Usage, text)
            .hint("change the PIN with the tool of the token's maker"));
    };
    let data = config.data_dir();
    let unlock = unlock(&data, passphrase.as_deref())?;
    FileStore::open(&data, &unlock).map_err(failure)
}

/// Keys in a token.
#[cfg(feature = "pkcs11")]
mod token {
    use causeway_keys::{Pin, TokenSettings, TokenStore};

    use super::*;

    pub(super) fn open(
        data: &Path,
        module: PathBuf,
        label: String,
        pin: &Path,
    ) -> Outcome<Arc<dyn KeyStore>> {
        let pin = Pin::from_file(pin, guard(pin)).map_err(failure)?;
        let settings = TokenSettings { module, label, pin };
        Ok(Arc::new(TokenStore::open(data, settings).map_err(failure)?))
    }

    pub(super) fn open_or_make(
        data: &Path,
        module: PathBuf,
        label: String,
        pin: &Path,
    ) -> Outcome<Arc<dyn KeyStore>> {
        if TokenStore::look(data).map_err(failure)? {
            return open(data, module, label, pin);
        }
        let pin = Pin::from_file(pin, guard(pin)).map_err(failure)?;
        let settings = TokenSettings { module, label, pin };
        Ok(Arc::new(TokenStore::create(data, settings).map_err(failure)?))
    }
}

/// Without the feature, a token is named and not opened.
#[cfg(not(feature = "pkcs11"))]
mod token {
    use super::*;

    pub(super) fn open(
        _data: &Path,
        module: PathBuf,
        label: String,
        _pin: &Path,
    ) -> Outcome<Arc<dyn KeyStore>> {
        let text = format!(
            "open the token {label:?} by {}: this program was built without support of tokens",
            module.display()
        );
        Err(Failure::new(Exit::Usage, text).hint("build it with the feature pkcs11"))
    }

    pub(super) use open as open_or_make;
}

/// What opens the file of a data directory.
fn unlock(data: &Path, passphrase: Option<&Path>) -> Outcome<Unlock> {
    if FileStore::look(data).map_err(failure)? != Some(Protection::Passphrase) {
        return Ok(Unlock::MachineKey);
    }
    if let Some(passphrase) = from_file(passphrase)? {
        return Ok(Unlock::Passphrase(passphrase));
    }
    if !std::io::stdin().is_terminal() {
        let text = format!("unlock the keys in {}: they have a passphrase", data.display());
        return Err(Failure::new(Exit::Permission, text).hint(
            "name its file with keys.passphrase_file, or hand over the systemd credential \
             causeway-keys",
        ));
    }
    Ok(Unlock::Passphrase(ask("passphrase of the keys: ")?))
}

/// The passphrase from the file of the configuration, else from the credential of systemd.
fn from_file(configured: Option<&Path>) -> Outcome<Option<Passphrase>> {
    let handed = credentials().map(|directory| directory.join(CREDENTIAL));
    let path = match (configured, &handed) {
        (Some(path), _) => path,
        (None, Some(path)) if path.exists() => path,
        _ => return Ok(None),
    };
    Passphrase::from_file(path, guard(path)).map(Some).map_err(failure)
}

/// Where systemd puts what it hands over.
fn credentials() -> Option<PathBuf> {
    std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from)
}

/// What systemd hands over is guarded by systemd.
fn guard(path: &Path) -> Guard {
    let is_handed = credentials().is_some_and(|directory| path.starts_with(directory));
    if is_handed { Guard::Supervisor } else { Guard::Permissions }
}

/// A new passphrase, asked for twice.
pub(super) fn ask_new() -> Outcome<Passphrase> {
    if !std::io::stdin().is_terminal() {
        let text = "read the new passphrase: nobody is there to type it";
        return Err(Failure::new(Exit::Usage, text).hint("name its file with --new-file"));
    }
    let question = format!("new passphrase, at least {PASSPHRASE_BYTES_MIN} characters: ");
    let (first, second) = (read_hidden(&question)?, read_hidden("once more: ")?);
    if *first != *second {
        let text = "read the new passphrase: the two are not the same; nothing was changed";
        return Err(Failure::new(Exit::Usage, text));
    }
    Passphrase::new(first).map_err(failure)
}

fn ask(question: &str) -> Outcome<Passphrase> {
    Passphrase::new(read_hidden(question)?).map_err(failure)
}

/// Reads a line from the terminal without showing it.
fn read_hidden(question: &str) -> Outcome<Zeroizing<String>> {
    let doing = "read from the terminal";
    let mut terminal = File::options().read(true).write(true).open("/dev/tty").doing(doing)?;
    let shown = tcgetattr(&terminal).doing(doing)?;
    let mut hidden = shown.clone();
    hidden.local_modes.remove(LocalModes::ECHO);
    tcsetattr(&terminal, OptionalActions::Flush, &hidden).doing(doing)?;
    let read = (|| {
        terminal.write_all(question.as_bytes())?;
        let mut line = Zeroizing::new(String::with_capacity(2 * 1024));
        BufReader::new(&terminal).read_line(&mut line)?;
        terminal.write_all(b"\n")?;
        Ok::<_, std::io::Error>(line)
    })();
    // Whatever happened, the terminal shows again what is typed.
    tcsetattr(&terminal, OptionalActions::Flush, &shown).doing(doing)?;
    read.doing(doing)
}

/// A fault as the command line tells it.
pub(crate) fn failure(fault: KeyFault) -> Failure {
    let exit = match &fault {
        KeyFault::Locked { .. }
        | KeyFault::Present { .. }
        | KeyFault::State { .. }
        | KeyFault::Taken { .. }
        | KeyFault::TokenTaken { .. }
        | KeyFault::Full => Exit::Conflict,
        KeyFault::Absent { .. } | KeyFault::Unknown { .. } | KeyFault::NoActive { .. } => {
            Exit::NotFound
        }
        KeyFault::Damaged { .. } | KeyFault::Newer { .. } | KeyFault::Missing { .. } => {
            Exit::Integrity
        }
        KeyFault::Token { .. } => Exit::Unreachable,
        KeyFault::Exposed { .. }
        | KeyFault::Refused { .. }
        | KeyFault::Unlock { .. }
        | KeyFault::Pin { .. } => Exit::Permission,
        KeyFault::Passphrase { .. }
        | KeyFault::PinForm { .. }
        | KeyFault::Algorithm { .. }
        | KeyFault::Unsupported { .. } => Exit::Usage,
        _ => Exit::Failure,
    };
    let text = fault.to_string();
    match text.split_once("\nhint: ") {
        Some((detail, hint)) => Failure::new(exit, detail).hint(hint),
        None => Failure::new(exit, text),
    }
}
