//! `causeway law lint`: what is wrong with packs that are not installed, as a compiler says it.

use std::path::PathBuf;

use causeway_law::{Engine, Finding, Severity};
use serde_json::{Value, json};

use super::directory::pack_file;
use crate::cli::Context;
use crate::exit::{Exit, Failure, Outcome};

/// Read packs beside the others and prove what can be proved about them.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The packs' files.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// Runs the subcommand.
pub(super) fn run(context: &Context, engine: &Engine, args: &Args) -> Outcome {
    let (mut findings, mut summaries) = (Vec::new(), Vec::new());
    for file in &args.files {
        let name = file.display().to_string();
        let bytes = pack_file(file)?;
        let text = std::str::from_utf8(&bytes).map_err(|_| {
            Failure::new(Exit::Failure, format!("read {name}: expected a text in UTF-8"))
        })?;
        let report = engine.lint(&name, text);
        if report.packs > 0 {
            summaries.push(format!("{name}: {report}"));
        }
        findings.extend(report.findings);
    }
    let errors = findings.iter().filter(|f| f.severity == Severity::Error).count();
    if context.output.is_json() {
        let items: Vec<Value> = findings.iter().map(document).collect();
        context.output.document(&json!({ "items": items, "errors": errors }))?;
    } else {
        for finding in &findings {
            context.output.line(&finding.render())?;
        }
        for summary in &summaries {
            context.output.say(summary);
        }
    }
    match errors {
        0 => Ok(()),
        // The document has said everything.
        _ if context.output.is_json() => Err(Failure::silent(Exit::Failure)),
        1 => Err(Failure::new(Exit::Failure, "found an error")),
        errors => Err(Failure::new(Exit::Failure, format!("found {errors} errors"))),
    }
}

fn document(finding: &Finding) -> Value {
    json!({
        "file": finding.file, "line": finding.line,
        "column": (!finding.columns.is_empty()).then_some(finding.columns.start + 1),
        "severity": finding.severity.as_str(), "text": finding.text,
        "source": finding.source, "help": finding.help,
    })
}
