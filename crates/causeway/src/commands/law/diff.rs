//! `causeway law diff`: what two packs, or two versions of one, say differently.

use std::path::Path;

use causeway_law::{Engine, Pack, diff};

use crate::cli::Context;
use crate::exit::{Exit, Failure, Outcome};

/// Largest file that is read as a pack, in bytes; the engine refuses smaller ones already.
const FILE_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// Compare two packs, or two versions of one; ends with 1 if they differ.
///
/// Each is a file, or an installed pack: its id, with @VERSION or @DAY (since when it is known)
/// where there are several. Ends with 0 if they say the same, with 1 if they differ, like diff;
/// what cannot be compared ends with 2 or 8.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The old pack: a file, or `ID[@VERSION]`.
    old: String,
    /// The new pack: a file, or `ID[@VERSION]`.
    new: String,
}

/// Runs the subcommand.
pub(super) fn run(context: &Context, installed: &Engine, args: &Args) -> Outcome {
    let (old, new) = (Side::open(installed, &args.old)?, Side::open(installed, &args.new)?);
    let difference = diff(old.pack(installed, &args.old)?, new.pack(installed, &args.new)?);
    match context.output.is_json() {
        true => context.output.document(&difference.to_json())?,
        false if difference.is_empty() => {
            context.output.say("both say the same");
        }
        false => context.output.text(&difference.to_string())?,
    }
    match difference.is_empty() {
        true => Ok(()),
        false => Err(Failure::silent(Exit::Failure)),
    }
}

/// One of the two packs.
enum Side {
    /// Read from a file, by itself.
    File(Box<Engine>),
    /// One of those that come with this program.
    Installed,
}

impl Side {
    fn open(installed: &Engine, name: &str) -> Outcome<Self> {
        let is_id = installed.packs().iter().any(|pack| Some(pack.id.as_str()) == id(name));
        if is_id && !name.contains(['/', '\\']) && !name.ends_with(".toml") {
            return Ok(Self::Installed);
        }
        let path = Path::new(name);
        let metadata = match std::fs::metadata(path) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(super::unknown_pack(installed, name)
                    .hint("a pack that is not installed is given as a file"));
            }
            Err(error) => {
                let detail = format!("read the pack {}: {error}", path.display());
                return Err(Failure::new(Exit::Failure, detail));
            }
        };
        if metadata.len() > FILE_BYTES_MAX {
            let found = metadata.len();
            let detail = format!("{name}: found {found} bytes, expected at most {FILE_BYTES_MAX}");
            return Err(Failure::new(Exit::Usage, detail));
        }
        let text = std::fs::read_to_string(path).map_err(|error| {
            Failure::new(Exit::Failure, format!("read the pack {}: {error}", path.display()))
        })?;
        let engine = Engine::with_packs([(name, text.as_str())])
            .map_err(|error| Failure::new(Exit::Usage, error.to_string()))?;
        Ok(Self::File(Box::new(engine)))
    }

    /// The pack with the engine that read it.
    fn pack<'s>(&'s self, installed: &'s Engine, name: &str) -> Outcome<(&'s Engine, &'s Pack)> {
        let engine = match self {
            Self::File(engine) => {
                let pack = engine.packs().first();
                let pack = pack.ok_or_else(|| super::unknown_pack(installed, name))?;
                return Ok((engine, pack));
            }
            Self::Installed => installed,
        };
        let (id, version) = name.split_once('@').map_or((name, None), |(id, v)| (id, Some(v)));
        let fits = |pack: &&Pack| {
            let is_version =
                |wanted: &str| pack.version == wanted || pack.known_from.to_string() == wanted;
            pack.id == id && version.is_none_or(is_version)
        };
        let found: Vec<&Pack> = engine.packs().iter().filter(fits).collect();
        match found[..] {
            [pack] => Ok((engine, pack)),
            [] => {
                let known = engine.packs().iter().filter(|pack| pack.id == id);
                let known: Vec<&str> = known.map(|pack| pack.version.as_str()).collect();
                Err(Failure::new(Exit::NotFound, format!("there is no pack {name:?}"))
                    .hint(format!("there are the versions {}", known.join(", "))))
            }
            _ => {
                let known =
                    found.iter().map(|p| format!("{id}@{} or {id}@{}", p.version, p.known_from));
                let known: Vec<String> = known.collect();
                let detail = format!("found several packs {name:?}, expected one of them");
                Err(Failure::new(Exit::Usage, detail).hint(known.join(", ")))
            }
        }
    }
}

fn id(name: &str) -> Option<&str> {
    name.split('@').next()
}
