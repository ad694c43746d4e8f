//! Sign-ins of this user: one token of an identity provider for each node, in a file that only its
//! owner can read. How one signs in is the business of `causeway login`.

use std::io;
use std::path::{Path, PathBuf};

use causeway_node::clock::{Clock as _, System};
use causeway_types::Timestamp;
use serde_json::{Value, json};

use crate::commands::init::{private_directory, write_private};
use crate::config::user_directory;
use crate::exit::{Doing as _, Exit, Failure, Outcome};
use crate::values::text;

const FILE_NAME: &str = "logins.json";

/// The token for the node at this URL, if its sign-in still counts.
pub(crate) fn token(url: &str) -> Option<String> {
    let logins = read(&path()?).ok()?;
    let login = logins.get(url)?;
    let expires_at = Timestamp::parse(text(login, "expires_at")).ok()?;
    (System.now() < expires_at).then(|| text(login, "token").to_owned())
}

/// Remembers a sign-in in place of an earlier one.
pub(crate) fn remember(url: &str, token: &str, expires_at: Timestamp) -> Outcome<PathBuf> {
    let path = path().ok_or_else(nowhere)?;
    let mut logins = read(&path).doing(format_args!("read {}", path.display()))?;
    logins[url] = json!({ "token": token, "expires_at": expires_at.to_string() });
    write(&path, &logins)?;
    Ok(path)
}

/// Forgets the sign-in at this URL; whether there was one.
pub(crate) fn forget(url: &str) -> Outcome<bool> {
    let path = path().ok_or_else(nowhere)?;
    let mut logins = read(&path).doing(format_args!("read {}", path.display()))?;
    let found = logins.as_object_mut().and_then(|logins| logins.remove(url)).is_some();
    if found {
        write(&path, &logins)?;
    }
    Ok(found)
}

fn path() -> Option<PathBuf> {
    user_directory().map(|directory| directory.join("causeway").join(FILE_NAME))
}

fn nowhere() -> Failure {
    Failure::new(
        Exit::Usage,
        "find a place for the sign-in: neither HOME nor XDG_CONFIG_HOME is set",
    )
}

fn read(path: &Path) -> io::Result<Value> {
    match std::fs::read(path) {
        Ok(bytes) => {
            let logins: Value = serde_json::from_slice(&bytes)?;
            if logins.is_object() { Ok(logins) } else { Ok(json!({})) }
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(json!({})),
        Err(error) => Err(error),
    }
}

/// Renamed into place, so that a sign-in is never half written.
fn write(path: &Path, logins: &Value) -> Outcome {
    let doing = format!("write {}", path.display());
    if let Some(directory) = path.parent() {
        private_directory(directory).doing(&doing)?;
    }
    let draft = path.with_extension("draft");
    // One that was left is not reused: others might be able to read it.
    let _ = std::fs::remove_file(&draft);
    write_private(&draft, format!("{logins:#}\n").as_bytes(), false).doing(&doing)?;
    std::fs::rename(&draft, path).doing(&doing)
}
