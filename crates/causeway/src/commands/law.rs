//! `causeway law`: the rule packs that come with this program, and those that are signed and
//! installed beside them. No node is asked, except to check its live contracts again.

mod diff;
pub(crate) mod directory;
mod install;
mod key;
mod lint;
mod matrix;
mod sign;

use std::path::{Path, PathBuf};

use causeway_law::{
    Classes, Engine, Fact, FactId, Kind, Language, Pack, Severity, Topic, Words, template,
    template_of_classes, template_of_facts,
};
use clap::Subcommand;
use serde_json::{Value, json};

use super::check::language;
use crate::cli::{Context, client_command};
use crate::exit::{Exit, Failure, Outcome};

/// Look at the rule packs: what they say, what they ask for, and whether they hold.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
    /// A node's data directory, whose installed packs are used too.
    #[arg(long, global = true, value_name = "DIR")]
    dir: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List the packs.
    List,
    /// Show the rules of a pack with their articles.
    Show {
        /// The pack's id.
        pack: String,
        /// As a page of HTML with every rule in words next to its article, for a lawyer to sign.
        #[arg(long, conflicts_with = "json")]
        html: bool,
        /// The language of the page: ar, en, es, fr, ru or zh.
        #[arg(long, value_name = "LANGUAGE", value_parser = language, default_value = "en")]
        lang: Language,
    },
    /// List the facts that rules ask for.
    Facts,
    /// List the words of `causeway check` with the facts that they stand for.
    Classes,
    /// Show who accepts which mechanism, from area to area.
    Matrix(matrix::Args),
    /// Compare two packs, or two versions of one; ends with 1 if they differ.
    Diff(diff::Args),
    /// Write what translators translate: the texts of a pack, of the facts, or of the words.
    Messages {
        /// The pack's id, `facts`, or `classes`.
        pack: String,
    },
    /// Prove what can be proved about the packs: cases, boundaries, gaps, mutations.
    Test,
    /// Have the node check its live contracts against the law again.
    Recheck,
    Lint(lint::Args),
    Key(key::Args),
    Sign(sign::Args),
    Install(install::Args),
}

/// The packs that come with this program.
pub(crate) fn engine() -> Outcome<Engine> {
    Engine::shipped().map_err(|error| Failure::new(Exit::Failure, error.to_string()))
}

/// The packs that come with this program, and those that are installed in a node's directory.
pub(crate) fn engine_of(node: &Path) -> Outcome<Engine> {
    let installed = directory::installed(node)?;
    Engine::load(installed).map_err(|error| Failure::new(Exit::Failure, error.to_string()))
}

/// Runs the subcommand.
pub(crate) fn run(context: &Context, args: &Args) -> Outcome {
    let node = args.dir.as_deref();
    let engine = || node.map_or_else(engine, engine_of);
    match &args.what {
        What::List => list(context, &engine()?),
        What::Show { pack, html: true, lang } => {
            let engine = engine()?;
            let page = find(&engine, pack)?.review(&engine, &Words::of(*lang));
            context.output.text(&page)
        }
        What::Show { pack, .. } => show(context, &engine()?, pack),
        What::Facts => facts(context, &engine()?),
        What::Classes => classes(context, &engine()?),
        What::Matrix(args) => matrix::run(context, &engine()?, args),
        What::Diff(args) => diff::run(context, &engine()?, args),
        What::Messages { pack } => messages(context, &engine()?, pack),
        What::Test => test(context, &engine()?),
        What::Recheck => client_command(recheck(context)),
        What::Lint(args) => lint::run(context, &engine()?, args),
        What::Key(args) => key::run(context, args),
        What::Sign(args) => sign::run(context, &engine()?, args),
        // It reads the directory itself, while nobody else writes to it.
        What::Install(args) => install::run(context, self::engine()?, args, node),
    }
}

/// What the law no longer lets pass is suspended by the node.
async fn recheck(context: &Context) -> Outcome {
    let drift = context.client()?.post("/law/recheck", &json!({})).await?;
    if context.output.is_json() {
        return context.output.document(&drift);
    }
    let short = |name: &str| -> Vec<String> {
        let ids = drift[name].as_array().into_iter().flatten();
        ids.map(crate::output::cell).collect()
    };
    let rows = [
        ("live contracts", drift["agreements"].to_string()),
        ("changed", short("changed").join(" ")),
        ("suspended", short("suspended").join(" ")),
    ];
    let rows = rows.map(|(field, value)| vec![field.to_owned(), value]);
    context.output.table(&["field", "value"], &rows)
}

fn list(context: &Context, engine: &Engine) -> Outcome {
    if context.output.is_json() {
        let items: Vec<Value> = engine.packs().iter().map(|pack| head(engine, pack)).collect();
        return context.output.document(&json!({ "items": items }));
    }
    let rows: Vec<Vec<String>> = engine
        .packs()
        .iter()
        .map(|pack| {
            vec![
                pack.id.clone(),
                pack.version.clone(),
                pack.status.as_str().to_owned(),
                pack.rules.len().to_string(),
                pack.title.clone(),
            ]
        })
        .collect();
    context.output.table(&["id", "version", "status", "rules", "title"], &rows)?;
    context.output.say(causeway_law::DISCLAIMER);
    Ok(())
}

fn head(engine: &Engine, pack: &Pack) -> Value {
    let covers = pack.covers.iter().map(|area| engine.dictionary().symbols().text(*area));
    json!({
        "id": pack.id,
        "title": pack.title,
        "version": pack.version,
        "known_from": pack.known_from.to_string(),
        "status": pack.status.as_str(),
        "role": pack.role.as_str(),
        "sha256": pack.sha256,
        "covers": covers.collect::<Vec<_>>(),
        "rules": pack.rules.len(),
        "cases": pack.cases.len(),
    })
}

/// The newest revision of a pack.
fn find<'e>(engine: &'e Engine, id: &str) -> Outcome<&'e Pack> {
    engine.packs().iter().rfind(|pack| pack.id == id).ok_or_else(|| unknown_pack(engine, id))
}

fn unknown_pack(engine: &Engine, id: &str) -> Failure {
    let mut known: Vec<&str> = engine.packs().iter().map(|pack| pack.id.as_str()).collect();
    known.dedup();
    Failure::new(Exit::NotFound, format!("there is no pack {id:?}"))
        .hint(format!("there are {}", known.join(", ")))
}

fn messages(context: &Context, engine: &Engine, id: &str) -> Outcome {
    let text = match id {
        "facts" => template_of_facts(engine.dictionary()),
        "classes" => template_of_classes(&shipped_classes(engine)?),
        id => template(find(engine, id)?),
    };
    match context.output.is_json() {
        true => context.output.document(&json!({ "messages": text })),
        false => context.output.text(&text),
    }
}

fn classes(context: &Context, engine: &Engine) -> Outcome {
    let classes = shipped_classes(engine)?;
    let all = Topic::ALL.into_iter().flat_map(|topic| classes.of(topic).map(move |c| (topic, c)));
    if context.output.is_json() {
        let items = all.map(|(topic, class)| {
            let clauses = class.expand.iter().map(|clause| {
                json!({ "pack": clause.pack, "facts": clause.facts, "counts": clause.counts,
                        "note": clause.note })
            });
            json!({ "topic": topic.as_str(), "word": class.word, "aliases": class.aliases,
                    "text": class.text, "facts": class.facts, "counts": class.counts,
                    "under": clauses.collect::<Vec<_>>() })
        });
        return context.output.document(&json!({ "items": items.collect::<Vec<_>>() }));
    }
    let rows = all.map(|(topic, class)| {
        let facts = class.facts.iter().map(|(name, value)| format!("{name}={value}"));
        let under = class.expand.iter().flat_map(|clause| {
            let under = format!("under {}: ", clause.pack);
            let facts = clause.facts.iter().map(|(name, value)| format!("{name}={value}"));
            let all = facts.chain(clause.note.clone());
            all.map(move |said| format!("{under}{said}"))
        });
        let facts: Vec<String> = facts.chain(under).collect();
        vec![
            format!("--{}", topic.as_str()),
            class.word.clone(),
            class.text.clone(),
            facts.join("; "),
        ]
    });
    context.output.table(&["flag", "word", "means", "facts"], &rows.collect::<Vec<_>>())
}

/// The words that come with this program.
fn shipped_classes(engine: &Engine) -> Outcome<Classes> {
    Classes::shipped(engine).map_err(|error| Failure::new(Exit::Failure, error.to_string()))
}

fn show(context: &Context, engine: &Engine, id: &str) -> Outcome {
    let pack = find(engine, id)?;
    let rules = pack.rules.iter().map(|rule| {
        json!({
            "id": rule.id,
            "stage": rule.stage.as_str(),
            "outcome": rule.outcome.as_str(),
            "from": rule.from.to_string(),
            "until": rule.until.map(|day| day.to_string()),
            "text": rule.text,
            "when": pack.condition(rule, engine.dictionary()),
            "articles": rule.cite.iter().map(|cite| pack.cite(*cite)).collect::<Vec<_>>(),
        })
    });
    if context.output.is_json() {
        let mut document = head(engine, pack);
        document["rules"] = rules.collect();
        return context.output.document(&document);
    }
    let text = |rule: &Value, name: &str| rule[name].as_str().unwrap_or_default().to_owned();
    let rows: Vec<Vec<String>> = rules
        .map(|rule| {
            let articles = rule["articles"].as_array().into_iter().flatten();
            let articles: Vec<&str> = articles.filter_map(Value::as_str).collect();
            let mut row: Vec<String> =
                ["id", "stage", "outcome", "text"].map(|name| text(&rule, name)).into();
            row.push(articles.join("; "));
            row
        })
        .collect();
    context.output.table(&["id", "stage", "outcome", "text", "articles"], &rows)
}

fn facts(context: &Context, engine: &Engine) -> Outcome {
    let dictionary = engine.dictionary();
    let all = dictionary.iter();
    let readers = |id: FactId| {
        let packs = engine.packs().iter().filter(|pack| pack.reads(id));
        packs.map(|pack| pack.id.as_str()).collect::<Vec<_>>()
    };
    if context.output.is_json() {
        let items = all.map(|(id, fact)| {
            json!({ "name": fact.name, "kind": kind(engine, fact), "unit": fact.unit,
                    "question": fact.question, "packs": readers(id) })
        });
        return context.output.document(&json!({ "items": items.collect::<Vec<_>>() }));
    }
    let rows: Vec<Vec<String>> = all
        .map(|(id, fact)| {
            let kind = fact.unit.clone().unwrap_or_else(|| kind(engine, fact));
            vec![fact.name.clone(), kind, readers(id).join(" "), fact.question.clone()]
        })
        .collect();
    context.output.table(&["fact", "kind", "packs", "question"], &rows)
}

fn kind(engine: &Engine, fact: &Fact) -> String {
    match &fact.kind {
        Kind::Flag => "yes or no".to_owned(),
        Kind::Count => "count".to_owned(),
        Kind::Day => "day".to_owned(),
        Kind::Area => "legal area".to_owned(),
        Kind::OneOf(values) => {
            let symbols = engine.dictionary().symbols();
            let values: Vec<&str> = values.iter().map(|value| symbols.text(*value)).collect();
            values.join(" | ")
        }
    }
}

fn test(context: &Context, engine: &Engine) -> Outcome {
    let report = engine.prove();
    for finding in &report.findings {
        match finding.severity {
            Severity::Warning => context.output.warn(&finding.to_string()),
            Severity::Error => context.output.say(&finding.render()),
        }
    }
    if context.output.is_json() {
        let findings: Vec<String> = report.findings.iter().map(ToString::to_string).collect();
        context.output.document(&json!({
            "packs": report.packs, "rules": report.rules, "cases": report.cases,
            "boundaries": report.boundaries, "dates": report.dates,
            "combinations": report.combinations, "killed": report.killed,
            "mutants": report.mutants, "mutants_killed": report.mutants_killed,
            "findings": findings, "holds": report.holds(),
        }))?;
    } else {
        context.output.line(&report.to_string())?;
    }
    match report.holds() {
        true => Ok(()),
        // The document has said everything.
        false if context.output.is_json() => Err(Failure::silent(Exit::Failure)),
        false => Err(Failure::new(Exit::Failure, "a pack does not hold what it says")),
    }
}
