//! `causeway demo register`: a table of persons who do not exist, to try with it what laws say of
//! tables of persons. No node is asked.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use causeway_types::limits::SLICE_BYTES;
use serde_json::json;

use crate::cli::Context;
use crate::exit::{Doing as _, Exit, Failure, Outcome};
use crate::register::{self, Columns, REGISTER_PERSONS_MAX};

/// Write a synthetic health register: the same seed gives the same bytes.
///
/// Every person in it is invented, and every row says so. Two files of one seed are about the same
/// persons, as far as both of them go.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// How many persons.
    #[arg(long, value_name = "NUMBER", default_value_t = 10_000,
          value_parser = clap::value_parser!(u64).range(1..=REGISTER_PERSONS_MAX))]
    persons: u64,
    /// Leave out so many persons of the seed before the first one.
    #[arg(long, value_name = "NUMBER", default_value_t = 0,
          value_parser = clap::value_parser!(u64).range(..REGISTER_PERSONS_MAX))]
    skip: u64,
    /// Which persons.
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
    /// Without diagnoses: id, sex, year of birth and region only.
    #[arg(long)]
    ordinary: bool,
    /// Where to write the table; `-` for standard output.
    #[arg(short, long, alias = "out", value_name = "FILE|-")]
    output: PathBuf,
}

/// Runs the subcommand.
pub(super) fn run(context: &Context, args: &Args) -> Outcome {
    let end = args.skip + args.persons;
    if end > REGISTER_PERSONS_MAX {
        let detail = format!(
            "persons: found {end} with those skipped, expected at most {REGISTER_PERSONS_MAX}"
        );
        return Err(Failure::new(Exit::Usage, detail));
    }
    if args.output == Path::new("-") {
        return Ok(write(args, io::stdout().lock())?);
    }
    let shown = args.output.display().to_string();
    let file = create(&args.output)?;
    if let Err(error) = write(args, &file) {
        // Half a table looks like a whole one.
        let _ = std::fs::remove_file(&args.output);
        return Err(error).doing(format_args!("write {shown}"));
    }
    let bytes = file.metadata().doing(format_args!("look at {shown}"))?.len();
    if context.output.is_json() {
        return context.output.document(&json!({
            "file": shown,
            "bytes": bytes,
            "persons": args.persons,
            "seed": args.seed,
            "synthetic": true,
        }));
    }
    context.output.say(&format!("{} persons who do not exist", args.persons));
    context.output.line(&shown)
}

fn create(path: &Path) -> Outcome<File> {
    match OpenOptions::new().write(true).create_new(true).open(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let detail = format!("write {}: it is already there", path.display());
            Err(Failure::new(Exit::Conflict, detail).hint("write elsewhere with -o"))
        }
        opened => opened.doing(format_args!("write {}", path.display())),
    }
}

fn write(args: &Args, to: impl Write) -> io::Result<()> {
    let columns = if args.ordinary { Columns::Ordinary } else { Columns::Health };
    let mut to = BufWriter::with_capacity(SLICE_BYTES, to);
    register::write(args.seed, args.skip..args.skip + args.persons, columns, &mut to)?;
    to.flush()
}
