//! Evaluates cases given as JSON, one a line, and writes a report a line: how other programs, such
//! as `cargo xtask odrl-suite`, use the evaluator. It reads no RDF and compares nothing.
//!
//! A case has `policy` (JSON-LD) and `request` (`action`, `target`, `assignee`, `facts`), and may
//! have `parents` (of the policy), `world`, `vocabulary` (see `Vocabulary::with_document`) and
//! `options`; what is in them stands in the functions below. Names are full IRIs or have a known
//! prefix.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, Write as _};

use causeway_policy::{
    Behaviour, Compiled, Contexts, Deed, Deontic, Duration, DutyMode, Event, Fact, Facts, Iri,
    Number, Options, Request, Term, TimeSource, Vocabulary, World, odrl,
};
use causeway_types::Timestamp;
use serde_json::{Value, json};

type Reading<T> = Result<T, String>;

fn main() -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let report = evaluate(&line?).unwrap_or_else(|error| json!({ "error": error }));
        writeln!(out, "{report}")?;
    }
    Ok(())
}

fn evaluate(line: &str) -> Reading<Value> {
    let case: Value = serde_json::from_str(line).map_err(|error| error.to_string())?;
    let policy = policy_of(&case["policy"])?;
    let document = match &case["vocabulary"] {
        Value::Null => json!({}),
        document => document.clone(),
    };
    let vocabulary = Vocabulary::odrl().with_document(&document).map_err(|e| e.to_string())?;
    let parents = many(&case["parents"]).map(policy_of).collect::<Reading<Vec<_>>>()?;
    let policy = odrl::inherited(&policy, &parents).map_err(|e| e.to_string())?;
    let compiled = Compiled::whole(&policy, &vocabulary).map_err(|e| e.to_string())?;
    let compiled = compiled.with_options(options(&case["options"])?);
    let request = request(&case["request"])?;
    let world = world(&case["world"])?;
    Ok(compiled.evaluate(&request, &world).report().to_value())
}

fn policy_of(value: &Value) -> Reading<odrl::Policy> {
    odrl::read(value, &Contexts::dsp()).map_err(|error| error.to_string())
}

fn request(value: &Value) -> Reading<Request> {
    Ok(Request {
        action: optional(&value["action"], iri)?.ok_or("request: found no action")?,
        target: optional(&value["target"], iri)?,
        assignee: optional(&value["assignee"], iri)?,
        facts: facts(&value["facts"])?,
    })
}

fn world(value: &Value) -> Reading<World> {
    let is = |name: &str| value[name] == Value::Bool(true);
    let mut world = World {
        now: optional(&value["now"], time)?,
        agreed_at: optional(&value["agreedAt"], time)?,
        facts: facts(&value["facts"])?,
        knows_all_members: is("knowsAllMembers"),
        knows_all_deeds: is("knowsAllDeeds"),
        knows_all_duties: is("knowsAllDuties"),
        ..World::default()
    };
    for (thing, known) in members(&value["things"]) {
        world.things.insert(iri(&Value::from(thing))?, facts(known)?);
    }
    for (thing, collections) in members(&value["members"]) {
        let collections = many(collections).map(iri).collect::<Reading<BTreeSet<_>>>()?;
        world.members.insert(iri(&Value::from(thing))?, collections);
    }
    for (duty, state) in members(&value["duties"]) {
        let state = match state.as_str() {
            Some("fulfilled") => Deontic::Fulfilled,
            Some("not-set") => Deontic::NotSet,
            Some("violated") => Deontic::Violated,
            _ => return Err(format!("duties: found {state}, expected the state of a duty")),
        };
        world.duties.insert(iri(&Value::from(duty))?, state);
    }
    world.references = members(&value["references"])
        .map(|(reference, value)| Ok((iri(&Value::from(reference))?, fact(value)?)))
        .collect::<Reading<BTreeMap<_, _>>>()?;
    world.deeds = many(&value["deeds"]).map(deed).collect::<Reading<_>>()?;
    world.events = many(&value["events"]).map(event).collect::<Reading<_>>()?;
    Ok(world)
}

fn deed(value: &Value) -> Reading<Deed> {
    let request = request(value)?;
    Ok(Deed {
        action: request.action,
        target: request.target,
        assignee: request.assignee,
        at: time(&value["at"])?,
        duration: optional(&value["duration"], duration)?.unwrap_or(Duration::ZERO),
        facts: request.facts,
    })
}

fn event(value: &Value) -> Reading<Event> {
    let (from, until) = (time(&value["from"])?, optional(&value["until"], time)?);
    Ok(Event { event: iri(&value["event"])?, from, until })
}

fn options(value: &Value) -> Reading<Options> {
    let mut options = Options::default();
    for (name, value) in members(value) {
        match (name, value.as_str()) {
            ("dutyMode", Some("pre-condition")) => options.duty_mode = DutyMode::PreCondition,
            ("dutyMode", Some("eventual")) => options.duty_mode = DutyMode::Eventual,
            ("timeSource", Some("action")) => options.time_source = TimeSource::Action,
            ("timeSource", Some("world")) => options.time_source = TimeSource::World,
            ("behaviour", Some("closed")) => options.behaviour = Behaviour::Closed,
            ("behaviour", Some("open")) => options.behaviour = Behaviour::Open,
            ("missingAction", Some("any")) => options.takes_missing_action_for_any = true,
            ("offsetMinutes", _) => {
                let minutes = value.as_i64().and_then(|minutes| i32::try_from(minutes).ok());
                options.offset_minutes = Some(minutes.ok_or("offsetMinutes: found no number")?);
            }
            _ => return Err(format!("options: found {name:?} with {value}")),
        }
    }
    Ok(options)
}

fn facts(value: &Value) -> Reading<Facts> {
    members(value).try_fold(Facts::new(), |facts, (left, value)| {
        Ok(facts.with(iri(&Value::from(left))?, fact(value)?))
    })
}

fn fact(value: &Value) -> Reading<Fact> {
    match value {
        Value::String(text) => Ok(Fact::Text(text.clone())),
        Value::Bool(value) => Ok(Fact::Boolean(*value)),
        Value::Number(value) => number(&value.to_string()).map(Fact::Number),
        Value::Array(values) => values.iter().map(fact).collect::<Reading<_>>().map(Fact::Set),
        Value::Object(object) if object.contains_key("@id") => iri(&value["@id"]).map(Fact::Iri),
        Value::Object(_) => literal(value),
        Value::Null => Err("facts: found null".to_owned()),
    }
}

fn literal(value: &Value) -> Reading<Fact> {
    let text = value["@value"].as_str().ok_or_else(|| format!("facts: found {value}"))?;
    if let Some(unit) = value["unit"].as_str() {
        return Ok(Fact::Quantity(number(text)?, unit.into()));
    }
    let datatype = value["@type"].as_str().unwrap_or_default();
    let fact = match datatype.strip_prefix("http://www.w3.org/2001/XMLSchema#").unwrap_or(datatype)
    {
        "dateTime" | "dateTimeStamp" | "date" => time(&value["@value"]).map(Fact::Timestamp).ok(),
        "duration" | "dayTimeDuration" | "yearMonthDuration" => {
            duration(&value["@value"]).map(Fact::Duration).ok()
        }
        "boolean" => Some(Fact::Boolean(matches!(text, "true" | "1"))),
        "anyURI" => iri(&value["@value"]).map(Fact::Iri).ok(),
        _ => Number::parse(text).filter(|_| is_numeric(datatype)).map(Fact::Number),
    };
    // What is not what its datatype says stays text, and is compared as such.
    Ok(fact.unwrap_or_else(|| Fact::Text(text.to_owned())))
}

fn is_numeric(datatype: &str) -> bool {
    let name = datatype.rsplit('#').next().unwrap_or_default();
    let is_integer = name.ends_with("nteger");
    is_integer
        || matches!(name, "decimal" | "double" | "float" | "int" | "long" | "short" | "byte")
        || name.starts_with("unsigned")
}

fn number(text: &str) -> Reading<Number> {
    Number::parse(text).ok_or_else(|| format!("found {text:?}, expected a number"))
}

fn iri(value: &Value) -> Reading<Iri> {
    let text = value.as_str().unwrap_or_default();
    match Contexts::dsp().resolve(text) {
        Ok(Term::Iri(iri)) => Ok(iri),
        _ => Err(format!("found {value}, expected an IRI")),
    }
}

/// A time without an offset is taken for UTC.
fn time(value: &Value) -> Reading<Timestamp> {
    let text = value.as_str().unwrap_or_default();
    let in_utc = || Timestamp::parse(&format!("{text}Z"));
    let at_midnight = || Timestamp::parse(&format!("{text}T00:00:00Z"));
    Timestamp::parse(text)
        .or_else(|_| in_utc())
        .or_else(|_| at_midnight())
        .map_err(|error| error.to_string())
}

fn duration(value: &Value) -> Reading<Duration> {
    let text = value.as_str().unwrap_or_default();
    Duration::parse(text).ok_or_else(|| format!("found {value}, expected an xsd:duration"))
}

fn optional<T>(value: &Value, read: fn(&Value) -> Reading<T>) -> Reading<Option<T>> {
    (!value.is_null()).then(|| read(value)).transpose()
}

fn members(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let object = value.as_object().into_iter().flatten();
    object.map(|(name, member)| (name.as_str(), member))
}

fn many(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}
