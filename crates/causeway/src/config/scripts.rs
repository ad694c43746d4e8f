//! The scripts of automation: `[[automation.script]]` in the configuration, or `[[script]]` in the
//! file that `automation.scripts_file` names. Read and checked here, carried out by the node.

use std::path::Path;
use std::time::Duration;

use causeway_node::{NegotiationStep, Script, Steps, TransferStep};
use causeway_types::limits::{SCRIPT_DELAY_MS_MAX, SCRIPT_STEPS_MAX, SCRIPTS_MAX};
use causeway_types::{DatasetId, Role};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::keys::{SCRIPT_KEYS, STEP_KEYS, nearest};
use super::source::{Origin, Wrong};
use super::value::describe;

type At<'a> = &'a dyn Fn(usize) -> Origin;

/// Reads the file of scripts.
pub(super) fn file(path: &Path, text: &str, wrong: &mut Vec<Wrong>) -> Vec<Script> {
    let at = |start: usize| {
        let before = text.get(..start).unwrap_or(text);
        Origin::File { path: path.to_owned(), line: before.matches('\n').count() + 1 }
    };
    let table = match DeTable::parse(text) {
        Ok(table) => table,
        Err(error) => {
            let origin = at(error.span().map_or(0, |span| span.start));
            wrong.push(Wrong::Syntax { origin, reason: error.message().to_owned() });
            return Vec::new();
        }
    };
    let mut scripts = Vec::new();
    for (name, value) in table.get_ref() {
        match (name.get_ref().as_ref(), value.get_ref()) {
            ("script", DeValue::Array(entries)) => scripts.extend(list(entries, &at, wrong)),
            (found, _) => wrong.push(Wrong::Unknown {
                origin: at(name.span().start),
                what: "section",
                found: found.to_owned(),
                suggestion: Some("[[script]]".to_owned()),
            }),
        }
    }
    scripts
}

/// Reads the entries; what is wrong is added to `wrong` and its entry left out.
pub(super) fn list(
    entries: &[Spanned<DeValue<'_>>],
    at: At<'_>,
    wrong: &mut Vec<Wrong>,
) -> Vec<Script> {
    entries.iter().filter_map(|entry| Reader { at, wrong: &mut *wrong }.script(entry)).collect()
}

/// What holds for all scripts together.
pub(super) fn check_together(scripts: &[Script], wrong: &mut Vec<Wrong>) {
    let mut refuse = |found: String, expected: String| {
        let (origin, key) = (Origin::Default, "automation.script".to_owned());
        wrong.push(Wrong::Value { origin, key, found, expected });
    };
    let kind = |script: &Script| std::mem::discriminant(&script.steps);
    for (index, script) in scripts.iter().enumerate() {
        let is_twin = |other: &Script| {
            (&other.dataset, other.role, kind(other))
                == (&script.dataset, script.role, kind(script))
        };
        if scripts[..index].iter().any(is_twin) {
            let found = format!("two for dataset {} as {}", script.dataset, script.role);
            refuse(found, "one for a dataset, role and process".to_owned());
        }
    }
    if scripts.len() > SCRIPTS_MAX {
        refuse(format!("{} scripts", scripts.len()), format!("at most {SCRIPTS_MAX}"));
    }
}

struct Reader<'a> {
    at: At<'a>,
    wrong: &'a mut Vec<Wrong>,
}

impl Reader<'_> {
    fn script(&mut self, entry: &Spanned<DeValue<'_>>) -> Option<Script> {
        let origin = (self.at)(entry.span().start);
        let table = self.table(entry, "automation.script")?;
        self.only(table, "automation.script", SCRIPT_KEYS);
        let dataset = self.text(table, "dataset", &origin, |t| DatasetId::parse(t).ok());
        let role = self.text(table, "role", &origin, |text| {
            [Role::Provider, Role::Consumer].into_iter().find(|role| role.as_str() == text)
        });
        let is_transfer = self.text(table, "process", &origin, |text| match text {
            "negotiation" => Some(false),
            "transfer" => Some(true),
            _ => None,
        });
        let steps = match table.get("steps").map(Spanned::get_ref) {
            Some(DeValue::Array(steps)) if steps.len() <= SCRIPT_STEPS_MAX => &steps[..],
            None => &[],
            Some(other) => {
                self.refuse(origin, "steps", describe(other));
                return None;
            }
        };
        let (dataset, role, is_transfer) = (dataset?, role?, is_transfer?);
        let steps = if is_transfer {
            let read = |step: &Read<'_>| TransferStep::parse(role, step.on, step.act, step.delay);
            Steps::Transfer(self.steps(steps, read)?)
        } else {
            let read =
                |step: &Read<'_>| NegotiationStep::parse(role, step.on, step.act, step.delay);
            Steps::Negotiation(self.steps(steps, read)?)
        };
        Some(Script { dataset, role, steps })
    }

    fn steps<T>(
        &mut self,
        steps: &[Spanned<DeValue<'_>>],
        read: impl Fn(&Read<'_>) -> Result<T, String>,
    ) -> Option<Vec<T>> {
        let mut all = Vec::new();
        for step in steps {
            let origin = (self.at)(step.span().start);
            let table = self.table(step, "automation.script.steps")?;
            self.only(table, "automation.script.steps", STEP_KEYS);
            let text = |name: &str| match table.get(name).map(Spanned::get_ref) {
                Some(DeValue::String(text)) => text.as_ref(),
                _ => "",
            };
            let delay = match table.get("delay_ms").map(Spanned::get_ref) {
                None => Some(0),
                Some(DeValue::Integer(number)) => {
                    u64::from_str_radix(number.as_str(), number.radix()).ok()
                }
                Some(_) => None,
            };
            let Some(delay) = delay.filter(|delay| *delay <= SCRIPT_DELAY_MS_MAX) else {
                self.refuse(origin, "delay_ms", "something else".to_owned());
                return None;
            };
            let delay = Duration::from_millis(delay);
            match read(&Read { on: text("on"), act: text("do"), delay }) {
                Ok(step) => all.push(step),
                Err(reason) => {
                    let key = "automation.script.steps".to_owned();
                    let (found, expected) = reason
                        .trim_start_matches("found ")
                        .split_once(", expected ")
                        .map_or((reason.as_str(), ""), |parts| parts);
                    let (found, expected) = (found.to_owned(), expected.to_owned());
                    self.wrong.push(Wrong::Value { origin, key, found, expected });
                    return None;
                }
            }
        }
        Some(all)
    }

    fn table<'t, 'v>(
        &mut self,
        value: &'t Spanned<DeValue<'v>>,
        key: &str,
    ) -> Option<&'t DeTable<'v>> {
        match value.get_ref() {
            DeValue::Table(table) => Some(table),
            other => {
                self.wrong.push(Wrong::Value {
                    origin: (self.at)(value.span().start),
                    key: key.to_owned(),
                    found: describe(other),
                    expected: "a table".to_owned(),
                });
                None
            }
        }
    }

    /// Refuses keys that are not known.
    fn only(&mut self, table: &DeTable<'_>, place: &str, known: &[(&str, &str, &str)]) {
        for (name, _) in table {
            let found = name.get_ref().as_ref();
            if !known.iter().any(|(known, ..)| *known == found) {
                self.wrong.push(Wrong::Unknown {
                    origin: (self.at)(name.span().start),
                    what: "key",
                    found: format!("{place}.{found}"),
                    suggestion: nearest(found, known.iter().map(|(known, ..)| *known))
                        .map(str::to_owned),
                });
            }
        }
    }

    fn text<T>(
        &mut self,
        table: &DeTable<'_>,
        name: &str,
        origin: &Origin,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let found = match table.get(name).map(Spanned::get_ref) {
            Some(DeValue::String(text)) => match parse(text) {
                Some(value) => return Some(value),
                None => format!("{:?}", text.chars().take(80).collect::<String>()),
            },
            Some(other) => describe(other),
            None => "nothing".to_owned(),
        };
        self.refuse(origin.clone(), name, found);
        None
    }

    fn refuse(&mut self, origin: Origin, name: &str, found: String) {
        let known = SCRIPT_KEYS.iter().chain(STEP_KEYS).find(|(known, ..)| *known == name);
        let expected = known.map_or_else(String::new, |(_, expected, _)| (*expected).to_owned());
        let key = format!("automation.script.{name}");
        self.wrong.push(Wrong::Value { origin, key, found, expected });
    }
}

/// A step as it stands in the file.
struct Read<'a> {
    on: &'a str,
    act: &'a str,
    delay: Duration,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        let mut wrong = Vec::new();
        let scripts = file(Path::new("s.toml"), text, &mut wrong);
        check_together(&scripts, &mut wrong);
        let found: Vec<String> = wrong.iter().map(ToString::to_string).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn every_fault_of_a_script_is_told_with_its_line() {
        let head = "[[script]]\ndataset = \"a\"\nrole = \"provider\"\nprocess = \"negotiation\"\n";
        check(head, &[]);
        check(&format!("{head}steps = [{{ on = \"REQUESTED\", do = \"offer\" }}]"), &[]);
        check(
            &format!("{head}steps = [\n{{ on = \"REQUESTED\", do = \"accept\" }}]"),
            &["s.toml:6: automation.script.steps: found a ContractNegotiationEventMessage \
               ACCEPTED of the provider in REQUESTED, expected ContractOfferMessage or \
               ContractAgreementMessage or ContractNegotiationTerminationMessage"],
        );
        check(
            &format!("{head}steps = [{{ on = \"OFFERED\", do = \"hold\", delay_ms = -1 }}]"),
            &["s.toml:5: automation.script.delay_ms: found something else, expected a whole \
               number from 0 to 86400000"],
        );
        check(
            &format!("{head}steps = [{{ on = \"OFFERED\", do = \"hold\", delay_ms = 500 }}]"),
            &["s.toml:5: automation.script.steps: found a hold with a delay of 500 ms, expected \
               one without"],
        );
        check(
            &format!("{head}step = []"),
            &["s.toml:5: unknown key `automation.script.step`; did you mean `steps`?"],
        );
        check(
            "[[script]]\ndataset = \"a\"\nrole = \"both\"\nprocess = \"negotiation\"",
            &["s.toml:1: automation.script.role: found \"both\", expected \"provider\" or \
               \"consumer\""],
        );
        check(
            "[[scripts]]\n",
            &["s.toml:1: unknown section `scripts`; did you mean `[[script]]`?"],
        );
        check(
            &format!("{head}{head}"),
            &["default: automation.script: found two for dataset a as provider, expected one \
               for a dataset, role and process"],
        );
    }
}
