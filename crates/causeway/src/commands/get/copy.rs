//! The last step of `get`: the verified file of the node becomes a file of the user. It is checked
//! once more on the way, and has its name only when it is complete and durable.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use causeway_types::Sha256;
use http::Method;
use rustix::fs::{CWD, RenameFlags};
use serde_json::{Value, json};
use sha2::Digest as _;

use super::super::offer::extension;
use crate::cli::Context;
use crate::client::{Client, segment};
use crate::exit::{Doing as _, Exit, Failure, Outcome};
use crate::progress::Progress;
use crate::values::{number, short, size, text, title};

/// Longest name made from a title, in characters.
const NAME_CHARS_MAX: usize = 80;

/// Where the file goes.
pub(super) struct Target {
    place: Place,
    force: bool,
}

enum Place {
    Stdout,
    File(PathBuf),
    Directory(PathBuf),
}

impl Target {
    /// Reads `-o`, and fails before any work where the file is already there.
    pub(super) fn parse(output: &str, force: bool) -> Outcome<Self> {
        let path = PathBuf::from(output);
        let place = match output {
            "-" => Place::Stdout,
            _ if path.is_dir() => Place::Directory(path),
            _ if output.ends_with('/') => {
                let text = format!("write to {output}: there is no such directory");
                return Err(Failure::new(Exit::Usage, text));
            }
            _ if path.symlink_metadata().is_ok() && !force => return Err(exists(&path)),
            _ => Place::File(path),
        };
        Ok(Self { place, force })
    }
}

/// Copies the file of a transfer.
pub(super) async fn run(
    context: &Context,
    client: &Client,
    transfer: &Value,
    target: &Target,
) -> Outcome {
    let path = match &target.place {
        Place::Stdout => return to_stdout(context, client, transfer).await,
        Place::File(path) => path.clone(),
        Place::Directory(directory) => directory.join(name(client, transfer).await),
    };
    if !target.force && path.symlink_metadata().is_ok() {
        return Err(exists(&path));
    }
    let part = Part::new(&path);
    let shown = part.0.display().to_string();
    let mut file = std::fs::File::create(&part.0).doing(format_args!("write {shown}"))?;
    let write = |bytes: &[u8]| file.write_all(bytes).doing(format_args!("write {shown}"));
    let sha256 = copy(context, client, transfer, write).await?;
    file.sync_all().doing(format_args!("write {shown}"))?;
    rename(&part.0, &path, target.force)?;
    tell(context, transfer, &path, sha256)
}

async fn to_stdout(context: &Context, client: &Client, transfer: &Value) -> Outcome {
    let mut stdout = std::io::stdout();
    copy(context, client, transfer, |bytes| Ok(stdout.write_all(bytes)?)).await?;
    Ok(stdout.flush()?)
}

/// Hands the bytes over, and fails at the end if they are not those that were verified.
async fn copy(
    context: &Context,
    client: &Client,
    transfer: &Value,
    mut write: impl FnMut(&[u8]) -> Outcome,
) -> Outcome<Sha256> {
    let path = format!("/transfers/{}/content", segment(text(transfer, "id")));
    let mut response = client.send(client.request(Method::GET, &path)).await?;
    let expected = number(transfer, "/outcome/bytes").unwrap_or_default();
    let mut progress = Progress::new(&context.output, "writing", expected);
    let (mut hasher, mut bytes) = (sha2::Sha256::new(), 0);
    while let Some(chunk) = response.chunk().await.map_err(|e| client.unreachable(&e))? {
        hasher.update(&chunk);
        bytes += chunk.len() as u64;
        write(&chunk)?;
        progress.add(chunk.len() as u64);
    }
    progress.finish();
    let sha256 = Sha256::from_bytes(hasher.finalize().into());
    let agreed = text(&transfer["outcome"], "sha256");
    if bytes != expected || sha256.to_string() != agreed {
        let detail = format!(
            "copy the received file: found {bytes} bytes with sha256 {sha256}, expected \
             {expected} bytes with {agreed}"
        );
        let hint = "the node's copy is damaged; get it anew with --new";
        return Err(Failure::new(Exit::Integrity, detail).hint(hint));
    }
    Ok(sha256)
}

fn tell(context: &Context, transfer: &Value, path: &Path, sha256: Sha256) -> Outcome {
    let bytes = number(transfer, "/outcome/bytes").unwrap_or_default();
    let shown = path.display().to_string();
    if context.output.is_json() {
        return context.output.document(&json!({
            "file": shown,
            "bytes": bytes,
            "sha256": sha256.to_string(),
            "transfer": transfer,
        }));
    }
    context.output.say(&format!("verified {} sha256 {sha256}", size(bytes)));
    context.output.line(&shown)
}

/// The unfinished file; removed unless it was renamed.
struct Part(PathBuf);

impl Part {
    fn new(path: &Path) -> Self {
        let mut name = path.as_os_str().to_owned();
        name.push(".part");
        Self(name.into())
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // After the rename there is none, and otherwise the next run writes it from the start.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// If we die before, only the part is there; after, the whole file is.
fn rename(part: &Path, path: &Path, force: bool) -> Outcome {
    let doing = format!("write {}", path.display());
    if force {
        return std::fs::rename(part, path).doing(doing);
    }
    match rustix::fs::renameat_with(CWD, part, CWD, path, RenameFlags::NOREPLACE) {
        Ok(()) => Ok(()),
        Err(rustix::io::Errno::EXIST) => Err(exists(path)),
        // File systems without this flag; the check at the start has to do.
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS) => {
            std::fs::rename(part, path).doing(doing)
        }
        Err(error) => Err(error).doing(doing),
    }
}

fn exists(path: &Path) -> Failure {
    Failure::new(Exit::Conflict, format!("write {}: it is already there", path.display()))
        .hint("replace it with --force, or write elsewhere with -o")
}

/// A name from the dataset's title and media type; its id where the peer cannot be asked.
async fn name(client: &Client, transfer: &Value) -> String {
    let dataset_id = text(transfer, "dataset_id");
    let peer = segment(text(transfer, "peer"));
    let path = format!("/peers/{peer}/datasets/{}", segment(dataset_id));
    let dataset = client.get(&path).await.unwrap_or_default();
    let media_type = text(&dataset["distributions"][0], "media_type");
    file_name(title(&dataset, "title"), media_type)
        .or_else(|| file_name(short(dataset_id), media_type))
        .unwrap_or_else(|| "received".to_owned())
}

/// A file name that a peer's title cannot turn into a path, a hidden file or an option.
fn file_name(title: &str, media_type: &str) -> Option<String> {
    let safe = |c: char| if c.is_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '-' };
    let name: String = title.trim().chars().take(NAME_CHARS_MAX).map(safe).collect();
    let name = name.trim_matches(['-', '.']);
    if name.is_empty() {
        return None;
    }
    Some(match extension(media_type) {
        Some(extension) if !name.to_lowercase().ends_with(&format!(".{extension}")) => {
            format!("{name}.{extension}")
        }
        _ => name.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_becomes_a_harmless_file_name() {
        let check = |title: &str, media_type: &str, expected: Option<&str>| {
            assert_eq!(file_name(title, media_type).as_deref(), expected, "{title}");
        };
        check("Rainfall 2026", "text/csv", Some("Rainfall-2026.csv"));
        check("rain.csv", "text/csv", Some("rain.csv"));
        check("../../etc/passwd", "", Some("etc-passwd"));
        check("-rf", "", Some("rf"));
        check(".bashrc", "", Some("bashrc"));
        check("降水量", "application/json", Some("降水量.json"));
        check("a\0b\u{1b}[2J", "", Some("a-b--2J"));
        check("..", "text/csv", None);
        check("", "text/csv", None);
    }
}
