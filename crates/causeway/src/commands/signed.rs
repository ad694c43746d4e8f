//! What the commands share that sign files and install signed files: keys, bounded reading, durable
//! writing, and the directory to which one command writes at a time.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use causeway_node::clock::{Entropy as _, System};
use causeway_seal::{Form, SigningKey};
use rustix::fs::FlockOperation;
use serde_json::json;

use super::init::{private_directory, write_private};
use crate::cli::Context;
use crate::exit::{Doing as _, Exit, Failure, Outcome};

const LOCK: &str = ".lock";
/// Largest file of a key, of trusted keys, or of signatures, in bytes.
pub(super) const TEXT_BYTES_MAX: u64 = 64 * 1024;

/// Makes a pair of keys for signing files of one kind: the private one is a file that only its
/// owner reads, the public one is what others put into their list of trusted keys.
pub(super) fn make_key<F: Form>(context: &Context, file: &Path) -> Outcome {
    let public_file = beside(file, "pub");
    let mut seed = [0; 32];
    System.fill(&mut seed);
    let failed = |error| Failure::new(Exit::Failure, format!("make a key: {error}"));
    let key = SigningKey::<F>::from_seed(seed).map_err(failed)?;
    // If we die between the two, the private key is there and signing works; the public key can be
    // had again only from a signature's verification, so it is written first.
    write_new(&public_file, &key.public().to_text())?;
    if let Err(failure) = write_new(file, &key.to_secret_text()) {
        fs::remove_file(&public_file).doing(format_args!("remove {}", public_file.display()))?;
        return Err(failure);
    }
    let (private, public) = (file.display(), public_file.display());
    if context.output.is_json() {
        return context.output.document(&json!({
            "key": key.public().id().to_string(),
            "private": private.to_string(), "public": public.to_string(),
        }));
    }
    context.output.line(&format!("wrote key {} to {private} and {public}", key.public().id()))?;
    context.output.say("keep the first secret; give the second to whoever is to trust it");
    Ok(())
}

/// Never over a file that is there: a lost key cannot be made again.
fn write_new(file: &Path, line: &str) -> Outcome {
    let shown = file.display();
    match write_private(file, format!("{line}\n").as_bytes(), false) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            Err(Failure::new(Exit::Conflict, format!("write {shown}: it is already there"))
                .hint("write elsewhere, or move the old key away"))
        }
        written => written.doing(format_args!("write {shown}")),
    }
}

/// A name with something behind it.
pub(super) fn beside(file: &Path, extension: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".");
    name.push(extension);
    PathBuf::from(name)
}

/// Makes a directory in a node's directory if need be, and keeps other commands from it as long as
/// the file that is returned is open.
pub(super) fn lock(node: &Path, name: &str, what: &str) -> Outcome<(PathBuf, File)> {
    if !node.is_dir() {
        let text = format!("install into {}: there is no such directory", node.display());
        return Err(Failure::new(Exit::NotFound, text));
    }
    let path = node.join(name);
    private_directory(&path).doing(format_args!("make {}", path.display()))?;
    let lock = fs::OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(path.join(LOCK))
        .doing(format_args!("lock {}", path.display()))?;
    match rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok((path, lock)),
        Err(rustix::io::Errno::WOULDBLOCK) => {
            let text = format!("lock {}: another command installs {what}", path.display());
            Err(Failure::new(Exit::Conflict, text))
        }
        Err(error) => Err(io::Error::from(error)).doing(format_args!("lock {}", path.display())),
    }
}

/// A file that has to be there and is not larger than it may be.
pub(super) fn sized_file(path: &Path, bytes_max: u64) -> Outcome<Vec<u8>> {
    bounded(path, bytes_max)?.ok_or_else(|| {
        Failure::new(Exit::NotFound, format!("read {}: there is no such file", path.display()))
    })
}

/// A file of a few lines.
pub(super) fn text_file(path: &Path) -> Outcome<String> {
    String::from_utf8(sized_file(path, TEXT_BYTES_MAX)?)
        .map_err(|_| Failure::new(Exit::Usage, format!("read {}: expected a text", path.display())))
}

/// A file that is not larger than it may be; `None` if there is none.
pub(super) fn bounded(path: &Path, bytes_max: u64) -> Outcome<Option<Vec<u8>>> {
    let doing = format!("read {}", path.display());
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).doing(doing),
    };
    let mut bytes = Vec::new();
    file.take(bytes_max + 1).read_to_end(&mut bytes).doing(&doing)?;
    match bytes.len() as u64 > bytes_max {
        true => {
            let text = format!("{doing}: found more than {bytes_max} bytes");
            Err(Failure::new(Exit::Usage, text))
        }
        false => Ok(Some(bytes)),
    }
}

/// Written beside its place and synced first: a file of that name is always a whole one, and is
/// still there after a power cut.
pub(super) fn write_durably(path: &Path, bytes: &[u8], mode: u32) -> Outcome {
    let draft = beside(path, "draft");
    let write = || {
        let mut options = fs::OpenOptions::new();
        let mut file = options.write(true).create(true).truncate(true).mode(mode).open(&draft)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&draft, path)?;
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        File::open(parent.unwrap_or(Path::new(".")))?.sync_all()
    };
    write().doing(format_args!("write {}", path.display()))
}
