//! Files of TOML as a whole: one that people write, and the register of those that were installed.
//! What the entries mean is not here.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::{Finding, Severity};

/// SHA-256 in hexadecimal digits, by which a file is known.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The entries of a file of at most so many bytes, or the one thing that is wrong with it as a
/// whole.
pub fn read_toml<T: DeserializeOwned>(
    file: &str,
    text: &str,
    bytes_max: usize,
) -> Result<T, Vec<Finding>> {
    let wrong = |span, said: String| vec![Finding::at(file, text, span, Severity::Error, said)];
    let found = text.len();
    if found > bytes_max {
        return Err(wrong(0..0, format!("found {found} bytes, expected at most {bytes_max}")));
    }
    toml::from_str(text)
        .map_err(|error| wrong(error.span().unwrap_or(0..0), error.message().to_owned()))
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, bound(deserialize = "E: DeserializeOwned"))]
struct Register<E> {
    version: u32,
    #[serde(default = "Vec::new")]
    revision: Vec<E>,
}

/// The entries of a register in the form of this version, or what is wrong with it.
pub fn read_register<E: DeserializeOwned>(text: &str, version: u32) -> Result<Vec<E>, String> {
    let register: Register<E> = toml::from_str(text).map_err(|error| error.message().to_owned())?;
    match register.version == version {
        true => Ok(register.revision),
        false => Err(format!("found version {}, expected {version}", register.version)),
    }
}

/// A register as it is written, with a line for whoever opens it.
pub fn write_register<E: Serialize>(
    note: &str,
    version: u32,
    revision: Vec<E>,
) -> Result<String, String> {
    let text = toml::to_string(&Register { version, revision });
    Ok(format!("# {note}\n{}", text.map_err(|error| error.to_string())?))
}
