//! `cargo xtask odrl-suite DIR`: the evaluator against a folder in the layout of the SolidLab ODRL
//! test suite: `data/test_cases`, `data/policies`, `data/requests` and `data/sotw`, all Turtle.
//!
//! This program turns RDF into JSON and compares reports; it evaluates nothing itself. That does
//! the example `evaluate` of `causeway-policy`, which is built and run, so that this program
//! depends on no crate of the product. The suite is no part of the repository.

mod case;
mod compare;
mod graph;
#[cfg(test)]
mod tests;

use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use self::case::{ODRL, SUITE};
use self::compare::{Differences, RuleReport};
use self::graph::Graph;
use crate::metadata::cargo;
use crate::tree;

/// The files of a suite.
struct Suite {
    cases: Vec<Graph>,
    others: Vec<Graph>,
}

/// One test case, with what it needs or why it cannot run.
struct Case<'a> {
    name: String,
    graph: &'a Graph,
    expected: Vec<RuleReport>,
    /// For each rule of the request, its name and what the evaluator is given.
    inputs: Result<Vec<(String, Value)>, String>,
}

/// Evaluates every case; `false` when a report differs.
pub(crate) fn command(options: &[&str]) -> Result<bool> {
    let [folder] = options else {
        bail!("odrl-suite takes one folder, found {}\nhint: cargo xtask help", options.len());
    };
    let suite = Suite::read(Path::new(folder))?;
    let cases: Vec<Case<'_>> = suite.cases.iter().flat_map(|graph| suite.cases_of(graph)).collect();
    if cases.is_empty() {
        bail!("{folder}/data/test_cases: found no case, expected Turtle files with ex:TestCase");
    }
    let lines: Vec<&Value> =
        cases.iter().flat_map(|case| case.inputs.iter().flatten().map(|(_, line)| line)).collect();
    let mut reports = evaluate(&lines)?.into_iter();
    let (mut activation, mut simple) = (0, 0);
    for case in &cases {
        let (differences, findings) = case.outcome(&mut reports);
        let same_activation = differences.activation.is_empty();
        let is_same = same_activation && differences.premises.is_empty();
        activation += usize::from(same_activation);
        simple += usize::from(is_same);
        if !is_same {
            println!("{}:", case.name);
            for line in differences.activation.iter().chain(&differences.premises) {
                println!("  {line}");
            }
            for finding in findings {
                println!("    because {finding}");
            }
        }
    }
    let count = cases.len();
    println!("activation {activation}/{count}, simple {simple}/{count}");
    Ok(activation == count && simple == count)
}

impl Suite {
    fn read(folder: &Path) -> Result<Self> {
        let data = folder.join("data");
        let mut others = Vec::new();
        for kind in ["policies", "requests", "sotw"] {
            others.extend(Graph::read_all(&data.join(kind))?);
        }
        for fault in others.iter().filter_map(|graph: &Graph| graph.fault.as_ref()) {
            eprintln!("warning: {fault}");
        }
        Ok(Self { cases: Graph::read_all(&data.join("test_cases"))?, others })
    }

    fn cases_of<'a>(&self, graph: &'a Graph) -> Vec<Case<'a>> {
        let cases = graph.instances(&format!("{SUITE}TestCase"));
        if cases.is_empty() {
            let fault = graph.fault.clone().unwrap_or("the file has no ex:TestCase".to_owned());
            let name = graph.path.display().to_string();
            return vec![Case { name, graph, expected: Vec::new(), inputs: Err(fault) }];
        }
        cases.into_iter().map(|case| self.case(graph, &case)).collect()
    }

    fn case<'a>(&self, graph: &'a Graph, case: &str) -> Case<'a> {
        let file = graph.path.file_stem().map(|name| name.to_string_lossy().into_owned());
        let one = |property: &str| graph.name(case, &format!("{SUITE}{property}"));
        let expected = one("expectedReport").map(|report| compare::expected(graph, &report));
        Case {
            name: file.unwrap_or_else(|| case.to_owned()),
            graph,
            expected: expected.unwrap_or_default(),
            inputs: self.inputs(graph, case),
        }
    }

    fn inputs(&self, graph: &Graph, case: &str) -> Result<Vec<(String, Value)>, String> {
        let part = |property: &str| {
            let names = graph.names(case, &format!("{SUITE}{property}"));
            if names.is_empty() {
                return Err(format!("the case names no {property}"));
            }
            let found = names.into_iter().map(|name| match self.describing(graph, &name) {
                Some(found) => Ok((found, name)),
                None => Err(format!("no file describes the {property} {name}")),
            });
            found.collect::<Result<Vec<_>, _>>()
        };
        let (policies, requests, sotw) = (part("policy")?, part("request")?, part("sotw")?);
        let [(world, sotw)] = sotw.as_slice() else {
            return Err(format!("the case names {} states of the world", sotw.len()));
        };
        let mut inputs = Vec::new();
        for (policy, policy_name) in &policies {
            let parents = self.parents(policy, policy_name);
            for (request, request_name) in &requests {
                let rules = request_rules(request, request_name);
                if rules.is_empty() {
                    return Err(format!("the request {request_name} asks for nothing"));
                }
                for rule in rules {
                    let (policy, request) = ((*policy, &**policy_name), (*request, &*rule));
                    let json = case::json(policy, request, (world, sotw), &parents);
                    inputs.push((rule, json));
                }
            }
        }
        Ok(inputs)
    }

    /// The file that says something about `name`; the case's own comes last.
    fn describing<'a>(&'a self, case: &'a Graph, name: &str) -> Option<&'a Graph> {
        self.others.iter().chain([case]).find(|graph| graph.describes(name))
    }

    /// The policies that a policy inherits from, and those that these inherit from.
    fn parents<'a>(&'a self, graph: &'a Graph, policy: &str) -> Vec<(&'a Graph, String)> {
        let mut parents: Vec<(&Graph, String)> = Vec::new();
        let mut next = vec![(graph, policy.to_owned())];
        while let Some((graph, name)) = next.pop() {
            for parent in graph.names(&name, &format!("{ODRL}inheritFrom")) {
                let is_new = parents.iter().all(|(_, known)| *known != parent);
                let found = self.describing(graph, &parent).filter(|_| is_new);
                let Some(found) = found else { continue };
                parents.push((found, parent.clone()));
                next.push((found, parent));
            }
        }
        parents
    }
}

/// The rules of a request; one without any is itself what is asked for.
fn request_rules(graph: &Graph, request: &str) -> Vec<String> {
    let lists = ["permission", "prohibition", "obligation"];
    let rules: Vec<String> =
        lists.iter().flat_map(|list| graph.names(request, &format!("{ODRL}{list}"))).collect();
    match rules.is_empty() && graph.name(request, &format!("{ODRL}action")).is_some() {
        true => vec![request.to_owned()],
        false => rules,
    }
}

impl Case<'_> {
    /// In what the reports differ, and what the evaluator says to explain it.
    fn outcome(&self, reports: &mut impl Iterator<Item = Value>) -> (Differences, Vec<String>) {
        let inputs = match &self.inputs {
            Ok(inputs) => inputs,
            Err(error) => {
                let differences =
                    Differences { activation: vec![error.clone()], ..Differences::default() };
                return (differences, Vec::new());
            }
        };
        let (mut found, mut findings, mut errors) = (Vec::new(), Vec::new(), Vec::new());
        for (request, _) in inputs {
            let report = reports.next().unwrap_or_default();
            match report["error"].as_str() {
                Some(error) => errors.push(format!("not evaluated: {error}")),
                None => found.extend(compare::found(&report, request)),
            }
            let sentences = report["report:finding"].as_array().into_iter().flatten();
            findings.extend(sentences.filter_map(Value::as_str).map(str::to_owned));
        }
        let mut differences = compare::differences(&found, &self.expected, self.graph);
        if self.expected.is_empty() {
            errors.push("the case expects no report".to_owned());
        }
        differences.activation.extend(errors);
        (differences, findings)
    }
}

/// Hands all cases to the evaluator at once, and takes one report a case.
fn evaluate(lines: &[&Value]) -> Result<Vec<Value>> {
    let mut child = cargo()
        .args(["run", "--quiet", "--locked", "-p", "causeway-policy", "--example", "evaluate"])
        .current_dir(tree::root())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start cargo")?;
    let mut stdin = child.stdin.take().context("the evaluator takes no input")?;
    let input: String = lines.iter().map(|line| format!("{line}\n")).collect();
    // Both pipes are served at the same time, or a full one would stop both programs.
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().context("the evaluator cannot be waited for")?;
    let written = writer.join().ok().context("the thread that writes has failed")?;
    if !output.status.success() {
        bail!("the evaluator failed: {}", output.status);
    }
    written.context("the evaluator stopped reading")?;
    let text = String::from_utf8(output.stdout).context("the evaluator wrote no UTF-8")?;
    let reports = text.lines().map(serde_json::from_str).collect::<Result<Vec<Value>, _>>()?;
    if reports.len() != lines.len() {
        bail!("the evaluator gave {} reports, expected {}", reports.len(), lines.len());
    }
    Ok(reports)
}
