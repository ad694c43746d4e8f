//! The files of the repository as rules see them: a path relative to the root, and the text.
//!
//! Ignored files and build output are never read. Binary files have no text and are listed only
//! by path, so that links to them resolve.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use anyhow::{Context, Result, bail};

/// Files larger than this are data, not text that rules read, in bytes.
const TEXT_BYTES_MAX: u64 = 1024 * 1024;

/// One text file of the repository.
pub(crate) struct TextFile {
    /// Relative to the root, with `/` between its parts.
    pub(crate) path: String,
    pub(crate) text: String,
}

/// Every file that is tracked, or would be if it were added now.
pub(crate) struct Tree {
    /// All paths, binary files included.
    pub(crate) paths: BTreeSet<String>,
    /// The text files among them, in the order of their paths.
    pub(crate) files: Vec<TextFile>,
}

/// The root of the checkout. Cargo says at run time where it found this package; what was true when
/// it was compiled can be another checkout that shares the build folder.
pub(crate) fn root() -> &'static Path {
    static ROOT: OnceLock<PathBuf> = OnceLock::new();
    ROOT.get_or_init(|| {
        let manifest = std::env::var_os("CARGO_MANIFEST_DIR")
            .unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
        let manifest = PathBuf::from(manifest);
        manifest.parent().map(Path::to_path_buf).unwrap_or(manifest)
    })
}

impl Tree {
    /// Reads the checkout at `root`; new files that are not yet added count as well, so a finding
    /// comes before the commit and not after it.
    pub(crate) fn read(root: &Path) -> Result<Self> {
        let output = Command::new("git")
            .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
            .current_dir(root)
            .output()
            .context("cannot start git, which lists the files to check")?;
        if !output.status.success() {
            bail!("`git ls-files` failed: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        let listed = String::from_utf8(output.stdout).context("a file name is not UTF-8")?;
        let mut paths = BTreeSet::new();
        for path in listed.split('\0').filter(|path| !path.is_empty()) {
            // A file that is deleted but not yet committed is still listed.
            if root.join(path).is_file() {
                paths.insert(path.to_owned());
            }
        }
        let mut files = Vec::new();
        for path in &paths {
            if let Some(text) = read_text(&root.join(path))? {
                files.push(TextFile { path: path.clone(), text });
            }
        }
        Ok(Self { paths, files })
    }

    /// The text of one file, if it is there.
    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        self.files.iter().find(|file| file.path == path).map(|file| file.text.as_str())
    }
}

fn read_text(path: &PathBuf) -> Result<Option<String>> {
    let size = std::fs::metadata(path).with_context(|| format!("{}", path.display()))?.len();
    if size > TEXT_BYTES_MAX {
        return Ok(None);
    }
    let bytes = std::fs::read(path).with_context(|| format!("{}", path.display()))?;
    Ok(String::from_utf8(bytes).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checkout_lists_this_file_and_no_build_output() {
        let tree = Tree::read(root()).unwrap();
        assert!(tree.text("xtask/src/tree.rs").is_some());
        assert!(tree.paths.iter().all(|path| !path.starts_with("target/")));
    }

    #[test]
    fn a_binary_file_is_listed_without_text() {
        let tree = Tree::read(root()).unwrap();
        let data = "examples/data/un-wpp-2024-population.csv.gz";
        assert!(tree.paths.contains(data));
        assert!(tree.text(data).is_none());
    }
}
