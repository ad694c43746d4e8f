//! `causeway init`: a commented configuration, the data directory, the management token and the
//! private keys, all readable by their owner only. Nothing that is there is overwritten unless
//! asked.

use std::fs;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use causeway_node::clock::{Entropy, System};
use causeway_types::{ParticipantId, Sha256};
use serde_json::json;

use crate::cli::Context;
use crate::config::render::{commented_file, quoted};
use crate::config::{Config, FILE_NAME, Sources};
use crate::exit::{Doing as _, Exit, Failure, Outcome};

/// Write a configuration and make the data directory.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Where to write; made if need be.
    #[arg(long, value_name = "DIR", default_value = ".")]
    dir: PathBuf,
    /// The id under which peers will know the node; a random one if missing.
    #[arg(long, value_name = "ID")]
    participant_id: Option<ParticipantId>,
    /// The name shown to people.
    #[arg(long)]
    title: Option<String>,
    /// The jurisdiction the node sits in, ISO 3166.
    #[arg(long, value_name = "CC")]
    jurisdiction: Option<String>,
    /// Where to listen for peers.
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// A file with a passphrase for the private keys; without one, a key of the machine opens
    /// them.
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// Overwrite the configuration; the data directory, its token and its keys stay.
    #[arg(long)]
    force: bool,
}

/// Runs the subcommand.
pub(crate) fn run(context: &Context, args: &Args) -> Outcome {
    let file = args.dir.join(FILE_NAME);
    let shown = file.display().to_string();
    let participant_id = match &args.participant_id {
        Some(id) => id.to_string(),
        None => random_participant_id(),
    };
    let mut given = vec![("node.participant_id", participant_id.clone())];
    let listen = args.listen.map(|listen| listen.to_string());
    let passphrase = args.passphrase_file.as_ref().map(std::path::absolute).transpose();
    let passphrase = passphrase.doing("find the working directory")?;
    let passphrase = passphrase.map(|path| path.display().to_string());
    let optional = [
        ("node.title", &args.title),
        ("node.jurisdiction", &args.jurisdiction),
        ("keys.passphrase_file", &passphrase),
        ("protocol.listen", &listen),
    ];
    given.extend(optional.into_iter().filter_map(|(key, value)| Some((key, value.clone()?))));
    crate::config::check_flags(&given)?;
    if !args.force && file.exists() {
        return Err(exists(&shown));
    }
    private_directory(&args.dir).doing(format_args!("make {}", args.dir.display()))?;
    let literals: Vec<_> = given.iter().map(|(key, value)| (*key, quoted(value))).collect();
    write_file(&file, &commented_file(&literals), args.force)?;
    let config = Config::load(&Sources { file: Some(file), flags: Vec::new() })?;
    let data = config.data_dir();
    private_directory(&data).doing(format_args!("make {}", data.display()))?;
    token(&config.token_file(), &System)?;
    super::keys::make(&config)?;
    tell(context, args, &shown, &data, &participant_id)
}

fn tell(context: &Context, args: &Args, file: &str, data: &Path, participant_id: &str) -> Outcome {
    if context.output.is_json() {
        return context.output.document(&json!({
            "file": file,
            "data_dir": data.display().to_string(),
            "participant_id": participant_id,
        }));
    }
    context.output.line(&format!("wrote {file} for {participant_id}"))?;
    let option =
        if file == "./causeway.toml" { String::new() } else { format!(" --config {file}") };
    if args.jurisdiction.is_none() {
        context.output.warn(
            "no jurisdiction was given: until node.jurisdiction is set, nothing crosses a border \
             without a person",
        );
    }
    context.output.say("what to do next:");
    context.output.say(&format!(
        "  1. add your peers under [[peers]] in {file}, each with its jurisdiction: without one, \
         whatever would cross a border waits"
    ));
    context.output.say(&format!("  2. causeway serve{option}"));
    context.output.say(&format!("  3. causeway doctor{option}"));
    Ok(())
}

fn exists(file: &str) -> Failure {
    Failure::new(Exit::Conflict, format!("write {file}: it is already there"))
        .hint("overwrite it with --force, or write elsewhere with --dir")
}

/// Written beside its place first, so that a file of that name is always a whole one.
fn write_file(file: &Path, text: &str, force: bool) -> Outcome {
    let draft = file.with_extension("toml.draft");
    let doing = format!("write {}", file.display());
    write_private(&draft, text.as_bytes(), true).doing(&doing)?;
    if force {
        return fs::rename(&draft, file).doing(doing);
    }
    // A hard link never replaces, so of two at the same time one loses.
    let linked = fs::hard_link(&draft, file);
    fs::remove_file(&draft).doing(&doing)?;
    match linked {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            Err(exists(&file.display().to_string()))
        }
        linked => linked.doing(doing),
    }
}

/// The token of the management listener, made if it is not there yet.
pub(super) fn token(path: &Path, entropy: &dyn Entropy) -> Outcome<String> {
    let shown = path.display();
    match fs::read_to_string(path) {
        Ok(text) if text.trim().len() >= 32 => return Ok(text.trim().to_owned()),
        Ok(_) => {
            let text = format!("read the token in {shown}: expected at least 32 characters");
            return Err(Failure::new(Exit::Usage, text).hint("remove the file to get a new token"));
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error).doing(format_args!("read the token in {shown}")),
    }
    let token = random_hex(entropy);
    write_private(path, format!("{token}\n").as_bytes(), false)
        .doing(format_args!("write the token to {shown}"))?;
    Ok(token)
}

/// 256 random bits in hexadecimal.
fn random_hex(entropy: &dyn Entropy) -> String {
    let mut bytes = [0; 32];
    entropy.fill(&mut bytes);
    Sha256::from_bytes(bytes).to_string()
}

/// A random UUID (RFC 9562, version 4).
fn random_participant_id() -> String {
    let mut bytes = [0; 16];
    System.fill(&mut bytes);
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let (a, b, c, d, e) = (&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]);
    format!("urn:uuid:{a}-{b}-{c}-{d}-{e}")
}

/// A directory for its owner only; one that is there keeps its permissions.
pub(crate) fn private_directory(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// A file for its owner only; without `replace`, one that is there is an error.
pub(crate) fn write_private(path: &Path, bytes: &[u8], replace: bool) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).mode(0o600).truncate(replace);
    options.create(replace).create_new(!replace);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}
