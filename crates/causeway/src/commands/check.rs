//! `causeway check`: may this cross the border, under which law, why, and what would help? Of
//! `FROM TO` no node is asked; decisions that a node made are told in `decisions`.

mod decisions;
mod remedies;

use std::path::PathBuf;

use causeway_law::{Classes, Description, Engine, Expansion, Language, Topic, Words};
use causeway_node::clock::{Clock as _, System};
use serde_json::{Map, Value};

use super::{json_file, law};
use crate::cli::{Context, client_command, key_value};
use crate::exit::{Exit, Failure, Outcome};

/// Check whether a crossing is lawful, on both sides.
///
/// What is known is said in words (`--data health --mechanism scc`), as facts, or in a file of
/// facts. A fact that is not given is unknown: the answer then says between which outcomes the
/// truth lies, and which questions would settle it. `causeway law classes` lists the words,
/// `causeway law facts` the facts. The subcommands tell the decisions that a node made.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: Option<decisions::What>,
    /// The legal area of the exporter, such as KE or DE.
    #[arg(requires = "to")]
    from: Option<String>,
    /// The legal area of the importer.
    to: Option<String>,
    /// What the data is, such as health or employee; repeatable, or with commas between.
    #[arg(long, value_name = "CLASS", value_delimiter = ',')]
    data: Vec<String>,
    /// About how many people it is, with everything else that the law counts with this crossing.
    #[arg(long, value_name = "COUNT", value_parser = count, allow_negative_numbers = true)]
    persons: Option<u64>,
    /// What it is for, such as research.
    #[arg(long, value_name = "PURPOSE", value_delimiter = ',')]
    purpose: Vec<String>,
    /// What is in place, such as scc, bcr, consent or cn-standard-contract.
    #[arg(long, value_name = "MECHANISM", value_delimiter = ',')]
    mechanism: Vec<String>,
    /// A JSON object of facts.
    #[arg(long, value_name = "FILE")]
    facts: Option<PathBuf>,
    /// One more fact, such as data.personal=true or count.ordinary_year=12000; repeatable.
    #[arg(long, value_name = "NAME=VALUE", value_parser = key_value)]
    fact: Vec<(String, String)>,
    /// Take every fact as no or 0 that is not given, and say so.
    #[arg(long)]
    assume_no: bool,
    /// Show which facts the words stand for.
    #[arg(long)]
    explain: bool,
    /// The day whose law is applied; today if missing.
    #[arg(long, value_name = "DATE")]
    at: Option<String>,
    /// The day whose rule packs are applied; today if missing.
    #[arg(long, value_name = "DATE")]
    known_at: Option<String>,
    /// The language of the page: ar, en, es, fr, ru or zh; JSON stays English.
    #[arg(long, value_name = "LANGUAGE", value_parser = language, default_value = "en")]
    lang: Language,
}

/// Runs the subcommand.
pub(crate) fn run(context: &Context, mut args: Args) -> Outcome {
    match args.what.take() {
        Some(what) => client_command(decisions::run(context, what)),
        None => here(context, &args),
    }
}

/// Asks the packs of this program.
fn here(context: &Context, args: &Args) -> Outcome {
    let engine = law::engine()?;
    let (as_of, known_at) = (day("at", &args.at)?, day("known-at", &args.known_at)?);
    let mut all = given(args)?;
    let words = words(args, &all, &engine)?;
    add(&mut all, words.facts.clone(), |fact| {
        let by = words.said.iter().find(|said| said.facts.iter().any(|(name, _)| name == fact));
        by.map(|said| format!(" from --{}", said.name())).unwrap_or_default()
    })?;
    let mut facts = engine.dictionary().read_facts(&all).map_err(|error| {
        Failure::new(Exit::Usage, error.to_string())
            .hint("the facts are listed by: causeway law facts")
    })?;
    if args.assume_no {
        facts.assume_no(engine.dictionary(), &words.counts);
    }
    let decision = engine.decide(&facts, as_of, known_at);
    if context.output.is_json() {
        context.output.document(&decision.to_json())?;
    } else {
        let said = if args.explain { &words.said[..] } else { &[] };
        let page = decision.page(&Words::of(args.lang), context.output.page_width(), said);
        context.output.text(&page)?;
    }
    match decision.outcome.at_worst.lets_pass() {
        true => Ok(()),
        false => Err(Failure::silent(Exit::Blocked)),
    }
}

/// What the words stand for.
fn words(args: &Args, known: &Map<String, Value>, engine: &Engine) -> Outcome<Expansion> {
    let topics = [
        (Topic::Data, &args.data),
        (Topic::Purpose, &args.purpose),
        (Topic::Mechanism, &args.mechanism),
    ];
    let words = topics
        .into_iter()
        .flat_map(|(topic, words)| words.iter().map(move |word| (topic, word.clone())));
    let exporter = known.get("exporter.area").and_then(Value::as_str).map(str::to_owned);
    let description = Description { words: words.collect(), persons: args.persons, exporter };
    let expanded =
        Classes::shipped(engine).and_then(|classes| classes.expand(engine, &description));
    expanded.map_err(|error| {
        Failure::new(Exit::Usage, error.to_string())
            .hint("the words are listed by: causeway law classes")
    })
}

pub(super) use self::decisions::lets_pass;

/// A day of the command line; today if it is missing.
pub(super) fn day(name: &str, given: &Option<String>) -> Outcome<jiff::civil::Date> {
    let today = || System.now().to_string().chars().take(10).collect::<String>();
    let text = given.clone().unwrap_or_else(today);
    text.parse().map_err(|_| {
        let detail = format!("{name}: found {text:?}, expected a day such as 2026-06-01");
        Failure::new(Exit::Usage, detail)
    })
}

/// Reads a number of people.
pub(super) fn count(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("found {text:?}, expected a whole number from 0 on"))
}

/// Reads a language.
pub(super) fn language(text: &str) -> Result<Language, String> {
    Language::parse(text).ok_or_else(|| {
        let known = Language::ALL.map(Language::as_str).join(", ");
        format!("found {text:?}, expected one of {known}")
    })
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
    add(&mut all, areas.chain(typed), |_| String::new())?;
    Ok(all)
}

/// Adds facts that must not contradict what is known. `null` is unknown and contradicts nothing.
fn add(
    all: &mut Map<String, Value>,
    more: impl IntoIterator<Item = (String, Value)>,
    source: impl Fn(&str) -> String,
) -> Outcome {
    for (name, value) in more {
        let other = all.get(&name).filter(|other| **other != value && !other.is_null());
        if let Some(other) = other {
            let source = source(&name);
            let detail = format!("{name}: found {other} and {value}{source}, expected one of them");
            return Err(Failure::new(Exit::Usage, detail));
        }
        all.insert(name, value);
    }
    Ok(())
}
