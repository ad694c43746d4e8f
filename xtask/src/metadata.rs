//! What `cargo metadata` says, reduced to what the rules and jobs of this program ask.
//!
//! The JSON is read by field name; fields that Cargo adds later are ignored.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// For what a dependency is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Normal,
    Build,
    Dev,
}

/// One crate of the dependency graph, our own or another's.
#[derive(Debug, Default)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    /// The SPDX expression of its manifest, if it has one.
    pub(crate) licence: Option<String>,
    /// Whether it is a member of our workspace.
    pub(crate) ours: bool,
    /// Names of its benchmark targets.
    pub(crate) benches: Vec<String>,
    /// The packages it resolved to, by id, with every kind of edge between the two.
    pub(crate) edges: Vec<(String, Vec<Kind>)>,
}

/// The resolved workspace.
#[derive(Debug, Default)]
pub(crate) struct Metadata {
    pub(crate) packages: BTreeMap<String, Package>,
    pub(crate) target_directory: PathBuf,
}

impl Metadata {
    /// Asks Cargo about the workspace at `root`, with the lock file as it stands.
    pub(crate) fn read(root: &Path) -> Result<Self> {
        let output = cargo()
            .args(["metadata", "--format-version", "1", "--locked"])
            .current_dir(root)
            .output()
            .context("cannot start cargo")?;
        if !output.status.success() {
            bail!("`cargo metadata` failed: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        Self::parse(&serde_json::from_slice(&output.stdout).context("cargo metadata: no JSON")?)
    }

    fn parse(document: &Value) -> Result<Self> {
        let members = texts(&document["workspace_members"]);
        let mut packages = BTreeMap::new();
        for package in items(&document["packages"]) {
            let id = text(&package["id"])?;
            let benches = items(&package["targets"])
                .iter()
                .filter(|target| texts(&target["kind"]).contains(&"bench".to_owned()))
                .map(|target| text(&target["name"]))
                .collect::<Result<_>>()?;
            let parsed = Package {
                name: text(&package["name"])?,
                version: text(&package["version"])?,
                licence: package["license"].as_str().map(str::to_owned),
                ours: members.contains(&id),
                benches,
                edges: Vec::new(),
            };
            packages.insert(id, parsed);
        }
        for node in items(&document["resolve"]["nodes"]) {
            let id = text(&node["id"])?;
            let package =
                packages.get_mut(&id).with_context(|| format!("no package for node {id}"))?;
            for edge in items(&node["deps"]) {
                let kinds = items(&edge["dep_kinds"]).iter().map(|kind| kind_of(&kind["kind"]));
                package.edges.push((text(&edge["pkg"])?, kinds.collect()));
            }
        }
        let target_directory = PathBuf::from(text(&document["target_directory"])?);
        Ok(Self { packages, target_directory })
    }
}

/// The Cargo that runs us, or the one on the path.
pub(crate) fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

fn kind_of(value: &Value) -> Kind {
    match value.as_str() {
        Some("dev") => Kind::Dev,
        Some("build") => Kind::Build,
        _ => Kind::Normal,
    }
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn texts(value: &Value) -> Vec<String> {
    items(value).iter().filter_map(|item| item.as_str().map(str::to_owned)).collect()
}

fn text(value: &Value) -> Result<String> {
    value.as_str().map(str::to_owned).with_context(|| format!("expected a text, found {value}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_reduced_to_packages_and_edges() {
        let document = serde_json::json!({
            "workspace_members": ["a 1"],
            "target_directory": "/t",
            "packages": [
                {"id": "a 1", "name": "a", "version": "1", "license": null,
                 "targets": [{"kind": ["bench"], "name": "fast"}, {"kind": ["lib"], "name": "a"}]},
                {"id": "b 2", "name": "b", "version": "2", "license": "MIT", "targets": []},
            ],
            "resolve": {"nodes": [
                {"id": "a 1", "deps": [{"pkg": "b 2", "dep_kinds": [
                    {"kind": null}, {"kind": "dev"}, {"kind": "build"}]}]},
                {"id": "b 2", "deps": []},
            ]},
        });
        let metadata = Metadata::parse(&document).unwrap();
        let (a, b) = (&metadata.packages["a 1"], &metadata.packages["b 2"]);
        assert!(a.ours && !b.ours);
        assert_eq!(a.benches, ["fast"]);
        assert_eq!(a.edges, [("b 2".to_owned(), vec![Kind::Normal, Kind::Dev, Kind::Build])]);
        assert_eq!((a.licence.as_deref(), b.licence.as_deref()), (None, Some("MIT")));
    }

    #[test]
    fn a_document_of_another_shape_is_refused() {
        let error = Metadata::parse(&serde_json::json!({"packages": [{"id": 1}]})).unwrap_err();
        assert!(error.to_string().contains("expected a text"), "{error}");
    }
}
