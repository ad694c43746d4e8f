//! The version document: plain JSON, no JSON-LD. Choosing a version is for the node.

use causeway_types::limits::ID_BYTES_MAX;
use serde_json::{Value, json};

use super::error::WireError;
use super::fields::kind;
use super::syntax::{Limits, parse_value};
use crate::version::{BINDING, ProtocolVersion};

const VERSIONS: &str = "protocolVersions";

/// Reads the versions a peer speaks. Entries that cannot be followed are left out, as they are of
/// no use; having none at all is an error. The binding may be missing, as there is only one.
pub fn read_version(bytes: &[u8]) -> Result<Vec<ProtocolVersion>, WireError> {
    let value = parse_value(bytes, Limits::ANSWER)?;
    let found = value.get(VERSIONS).ok_or_else(|| {
        let found = if value.is_object() { "nothing" } else { kind(&value) };
        WireError::found(format!("/{VERSIONS}"), found, "an array of versions")
    })?;
    let entries = match found {
        Value::Array(entries) => entries.as_slice(),
        one => std::slice::from_ref(one),
    };
    let versions: Vec<_> = entries.iter().filter_map(entry).collect();
    if versions.is_empty() {
        return Err(WireError::found(
            format!("/{VERSIONS}"),
            &format!("{} entries without a version and path", entries.len()),
            "at least one version with its path",
        ));
    }
    Ok(versions)
}

fn entry(value: &Value) -> Option<ProtocolVersion> {
    let text = |name: &str| {
        let text = value.get(name)?.as_str()?;
        let is_fit = text.len() <= ID_BYTES_MAX
            && !text.chars().any(|c| c.is_control() || c.is_whitespace());
        is_fit.then(|| text.to_owned())
    };
    let path = text("path")?;
    // The path is appended to the peer's root; it must not be able to name another host, query
    // or fragment there.
    let path = if path.starts_with('/') { path } else { format!("/{path}") };
    if path.contains(['?', '#', '\\']) {
        return None;
    }
    Some(ProtocolVersion {
        version: text("version")?,
        path,
        binding: text("binding").unwrap_or_else(|| BINDING.to_owned()),
    })
}

/// Writes the version document.
pub fn write_version(versions: &[ProtocolVersion]) -> Vec<u8> {
    let entries: Vec<Value> = versions
        .iter()
        .map(|v| json!({ "version": v.version, "path": v.path, "binding": v.binding }))
        .collect();
    json!({ VERSIONS: entries }).to_string().into_bytes()
}
