//! `causeway policy`: make a policy from a template, read it in words, and find out what peers of
//! other makes would lose of it. No node is asked.

use std::path::{Path, PathBuf};

use causeway_policy::{Contexts, Effect, Hazard, Honesty, Peer, Policy, Template};
use clap::Subcommand;
use serde_json::{Map, Value, json};

use super::json_file;
use crate::cli::{Context, key_value};
use crate::config::keys::nearest;
use crate::exit::{Exit, Failure, Outcome};

/// Make, explain and check policies.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List the templates: the 25 usage-control classes of IDSA.
    Templates,
    /// Write the policy that a template makes, for `causeway offer publish --policy`.
    Make {
        /// The template's name.
        template: String,
        /// A value for each parameter of the template.
        #[arg(value_name = "PARAM=VALUE", value_parser = key_value)]
        values: Vec<(String, String)>,
    },
    /// Tell a policy in words.
    Explain {
        /// A JSON file with ODRL permissions, prohibitions and obligations.
        file: PathBuf,
    },
    /// Tell what a peer of another make would ignore, misread or refuse.
    ///
    /// Ends with 10 if a peer would let through what the policy does not let through.
    Lint {
        /// A JSON file with ODRL permissions, prohibitions and obligations.
        file: PathBuf,
        /// The make of the peer.
        #[arg(long, value_enum, value_name = "MAKE", default_value = "all")]
        peer: Make,
    },
}

/// The makes of peers that are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Make {
    /// Eclipse EDC without extensions of policy.
    Edc,
    /// The connector of Catena-X.
    TractusX,
    /// Any peer that reads what the schema of the protocol describes.
    Dsp,
    /// Each of them.
    All,
}

/// Runs the subcommand.
pub(crate) fn run(context: &Context, args: &Args) -> Outcome {
    match &args.what {
        What::Templates => templates(context),
        What::Make { template, values } => make(context, template, values),
        What::Explain { file } => explain(context, &read(file)?),
        What::Lint { file, peer } => lint(context, &read(file)?, *peer),
    }
}

fn shipped() -> Outcome<Vec<Template>> {
    Template::shipped().map_err(|error| Failure::new(Exit::Failure, error.to_string()))
}

fn templates(context: &Context) -> Outcome {
    let templates = shipped()?;
    if context.output.is_json() {
        let items: Vec<Value> = templates.iter().map(document).collect();
        return context.output.document(&json!({ "items": items }));
    }
    let rows: Vec<Vec<String>> = templates
        .iter()
        .map(|template| {
            let parameters = template.examples().into_iter();
            let parameters = parameters.map(|(name, example)| format!("{name}={example}"));
            vec![
                template.id.clone(),
                template.class.to_string(),
                here(template),
                template.title.clone(),
                parameters.collect::<Vec<_>>().join(" "),
            ]
        })
        .collect();
    context.output.table(&["template", "class", "here", "title", "parameters"], &rows)
}

/// What becomes of a template here, in a few words.
fn here(template: &Template) -> String {
    match &template.honesty {
        Honesty::Unenforceable(_) => "unenforceable".to_owned(),
        Honesty::Enforced(_) => match missing(template).as_slice() {
            [] => "enforced".to_owned(),
            missing => format!("held until {} is known", missing.join(", ")),
        },
    }
}

/// The facts that decide and that a node does not know by itself.
fn missing(template: &Template) -> Vec<&str> {
    match &template.honesty {
        Honesty::Unenforceable(_) => Vec::new(),
        Honesty::Enforced(how) => {
            let missing = how.facts.iter().filter(|fact| !fact.supplied);
            missing.map(|fact| fact.name.as_str()).collect()
        }
    }
}

fn document(template: &Template) -> Value {
    let parameters = template.parameters.iter().map(|parameter| {
        json!({ "name": parameter.name, "expected": parameter.kind.expected(),
                "example": parameter.example, "text": parameter.text })
    });
    let honesty = match &template.honesty {
        Honesty::Enforced(how) => {
            let facts = how.facts.iter();
            let facts = facts.map(|f| json!({ "name": f.name, "supplied": f.supplied }));
            let points = how.at.iter().map(|point| point.as_str());
            json!({ "enforced": true, "at": points.collect::<Vec<_>>(),
                    "facts": facts.collect::<Vec<_>>(), "how": how.how })
        }
        Honesty::Unenforceable(why) => {
            json!({ "enforced": false, "because": why.because, "instead": why.instead })
        }
    };
    json!({ "id": template.id, "class": template.class, "title": template.title,
            "parameters": parameters.collect::<Vec<_>>(), "honesty": honesty })
}

fn make(context: &Context, name: &str, values: &[(String, String)]) -> Outcome {
    let templates = shipped()?;
    let found = templates.iter().find(|template| template.id == name);
    let template = found.ok_or_else(|| {
        let failure = Failure::new(Exit::NotFound, format!("there is no template {name:?}"));
        failure.hint(match nearest(name, templates.iter().map(|t| t.id.as_str())) {
            Some(meant) => format!("did you mean {meant}?"),
            None => "they are listed by: causeway policy templates".to_owned(),
        })
    })?;
    let policy = template.make(values).map_err(|error| {
        Failure::new(Exit::Usage, format!("make a policy from {name}: {error}"))
    })?;
    tell(context, template);
    let mut document = Map::new();
    document.insert("@context".to_owned(), json!([CONTEXT]));
    document.extend(causeway_policy::write(&policy));
    context.output.document(&Value::Object(document))
}

/// Tells whoever makes a policy what becomes of it here.
fn tell(context: &Context, template: &Template) {
    let how = match &template.honesty {
        Honesty::Enforced(how) => how,
        Honesty::Unenforceable(why) => {
            let (because, instead) = (&why.because, &why.instead);
            let text = format!("this cannot be enforced, because {because}; {instead}");
            return context.output.warn(&text);
        }
    };
    let points: Vec<&str> = how.at.iter().map(|point| point.as_str()).collect();
    let (points, missing) = (points.join(", "), missing(template));
    if missing.is_empty() {
        return context.output.say(&format!("enforced at {points}: {}", how.how));
    }
    context.output.warn(&format!(
        "such contracts wait for a person, because a node does not know {} by itself yet; where it \
         is known, it decides at {points}: {}",
        missing.join(", "),
        how.how
    ));
}

/// What the names in a written policy mean.
const CONTEXT: &str = "https://w3id.org/dspace/2025/1/context.jsonld";

fn read(file: &Path) -> Outcome<Policy> {
    let wrong = |error: &dyn std::fmt::Display| {
        Failure::new(Exit::Usage, format!("read {}: {error}", file.display()))
    };
    let value = json_file(file)?;
    let contexts = Contexts::read(value.get("@context")).map_err(|error| wrong(&error))?;
    causeway_policy::read(&value, &contexts).map_err(|error| wrong(&error))
}

fn explain(context: &Context, policy: &Policy) -> Outcome {
    let lines = causeway_policy::explain(policy);
    if context.output.is_json() {
        return context.output.document(&json!({ "lines": lines }));
    }
    lines.iter().try_for_each(|line| context.output.line(line))
}

fn lint(context: &Context, policy: &Policy, make: Make) -> Outcome {
    let peers: &[Peer] = match make {
        Make::Edc => &[Peer::Edc],
        Make::TractusX => &[Peer::TractusX],
        Make::Dsp => &[Peer::Dsp],
        Make::All => Peer::ALL,
    };
    let found: Vec<Hazard> =
        peers.iter().flat_map(|peer| causeway_policy::lint(policy, *peer)).collect();
    let lost = found.iter().filter(|hazard| hazard.effect == Effect::Lost).count();
    if context.output.is_json() {
        let items: Vec<Value> = found
            .iter()
            .map(|hazard| {
                json!({ "code": hazard.code.as_str(), "peer": hazard.peer.as_str(),
                        "effect": hazard.effect.as_str(), "at": hazard.at, "term": hazard.term,
                        "does": hazard.does(), "instead": hazard.instead() })
            })
            .collect();
        context.output.document(&json!({ "items": items, "lost": lost }))?;
    } else {
        let rows: Vec<Vec<String>> = found
            .iter()
            .map(|hazard| {
                let words = [hazard.effect.as_str(), hazard.code.as_str(), &hazard.at];
                let mut row: Vec<String> = words.map(str::to_owned).into();
                row.extend([hazard.does(), hazard.instead().to_owned()]);
                row
            })
            .collect();
        context.output.table(&["effect", "code", "place", "what it does", "instead"], &rows)?;
        context.output.say(&match (found.len(), lost) {
            (0, _) => "every peer that was asked about reads it as it is meant".to_owned(),
            (1, 0) => "1 finding, no protection lost".to_owned(),
            (1, _) => "1 finding, and protection is lost".to_owned(),
            (count, lost) => format!("{count} findings, {lost} of which lose protection"),
        });
    }
    match lost {
        0 => Ok(()),
        _ => Err(Failure::silent(Exit::Unportable)),
    }
}
