//! `causeway check`: may this cross the border, under which law, why, and what would help? No node
//! is asked.

use std::path::PathBuf;

use causeway_node::clock::{Clock as _, System};
use serde_json::{Map, Value};

use super::{json_file, law};
use crate::cli::{Context, key_value};
use crate::exit::{Exit, Failure, Outcome};

/// Check whether a crossing is lawful, on both sides.
///
/// A fact that is not given is unknown: the answer then says between which outcomes the truth lies,
/// and which questions would settle it. `causeway law facts` lists what may be given.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The legal area of the exporter, such as KE or DE.
    #[arg(requires = "to")]
    from: Option<String>,
    /// The legal area of the importer.
    to: Option<String>,
    /// A JSON object of facts.
    #[arg(long, value_name = "FILE")]
    facts: Option<PathBuf>,
    /// One more fact, such as data.personal=true or count.ordinary_year=12000; repeatable.
    #[arg(long, value_name = "NAME=VALUE", value_parser = key_value)]
    fact: Vec<(String, String)>,
    /// The day whose law is applied; today if missing.
    #[arg(long, value_name = "DATE")]
    at: Option<String>,
    /// The day whose rule packs are applied; today if missing.
    #[arg(long, value_name = "DATE")]
    known_at: Option<String>,
}

/// Runs the subcommand.
pub(crate) fn run(context: &Context, args: &Args) -> Outcome {
    let engine = law::engine()?;
    let today = System.now().to_string().chars().take(10).collect::<String>();
    let day = |name: &str, given: &Option<String>| {
        let text = given.as_ref().unwrap_or(&today);
        text.parse().map_err(|_| {
            let detail = format!("{name}: found {text:?}, expected a day such as 2026-06-01");
            Failure::new(Exit::Usage, detail)
        })
    };
    let (as_of, known_at) = (day("at", &args.at)?, day("known-at", &args.known_at)?);
    let facts = engine.dictionary().read_facts(&given(args)?).map_err(|error| {
        Failure::new(Exit::Usage, error.to_string())
            .hint("the facts are listed by: causeway law facts")
    })?;
    let decision = engine.decide(&facts, as_of, known_at);
    match context.output.is_json() {
        true => context.output.document(&decision.to_json())?,
        false => context.output.text(&decision.to_text())?,
    }
    match decision.outcome.at_worst.lets_pass() {
        true => Ok(()),
        false => Err(Failure::silent(Exit::Blocked)),
    }
}

/// What is known, from the file and the command line.
fn given(args: &Args) -> Outcome<Map<String, Value>> {
    let mut all = match &args.facts {
        None => Map::new(),
        Some(path) => match json_file(path)? {
            Value::Object(facts) => facts,
            _ => {
                let detail = format!("{}: expected a JSON object of facts", path.display());
                return Err(Failure::new(Exit::Usage, detail));
            }
        },
    };
    let areas = [("exporter.area", &args.from), ("importer.area", &args.to)];
    let areas = areas.into_iter().filter_map(|(name, area)| Some((name, area.clone()?)));
    let areas = areas.map(|(name, area)| (name.to_owned(), Value::from(area)));
    let typed = args.fact.iter().map(|(name, text)| {
        // A number or true is itself; everything else is a text.
        let value = serde_json::from_str(text).unwrap_or_else(|_| Value::from(text.as_str()));
        (name.clone(), value)
    });
    for (name, value) in areas.chain(typed) {
        if let Some(other) = all.get(&name).filter(|other| **other != value) {
            let detail = format!("{name}: found {other} and {value}, expected one of them");
            return Err(Failure::new(Exit::Usage, detail));
        }
        all.insert(name, value);
    }
    Ok(all)
}
