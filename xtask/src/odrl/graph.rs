//! The Turtle files of a suite as small graphs: triples in the order of the file, looked up by
//! subject and property. Nothing is inferred.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use oxrdf::{NamedOrBlankNode, Term, Triple};
use oxttl::TurtleParser;

pub(super) const RDF: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";

/// The triples of one file.
#[derive(Debug, Default, Clone)]
pub(super) struct Graph {
    pub(super) path: PathBuf,
    /// Why the file has no triples, if it cannot be read.
    pub(super) fault: Option<String>,
    triples: Vec<Triple>,
}

impl Graph {
    /// Reads one file. What is wrong with one says nothing about the others.
    fn read(path: &Path) -> Self {
        let read = || Self::parse(&fs::read(path)?);
        let mut graph = read().unwrap_or_else(|error| {
            let fault = format!("{}: {error:#}", path.display());
            Self { fault: Some(fault), ..Self::default() }
        });
        graph.path = path.to_owned();
        graph
    }

    /// Parses Turtle; relative names are names of nothing that exists.
    pub(super) fn parse(text: &[u8]) -> Result<Self> {
        let parser = TurtleParser::new().lenient().with_base_iri("urn:suite:")?;
        let triples = parser.for_slice(text).collect::<Result<_, _>>()?;
        Ok(Self { triples, ..Self::default() })
    }

    /// Reads every Turtle file of a folder, by name; a folder that is not there has none.
    pub(super) fn read_all(folder: &Path) -> Result<Vec<Self>> {
        if !folder.is_dir() {
            return Ok(Vec::new());
        }
        let entries = fs::read_dir(folder)
            .with_context(|| format!("cannot list {}", folder.display()))?
            .collect::<std::io::Result<Vec<_>>>()?;
        let mut paths: Vec<PathBuf> = entries.into_iter().map(|entry| entry.path()).collect();
        paths.retain(|path| path.extension().is_some_and(|ending| ending == "ttl"));
        paths.sort();
        Ok(paths.iter().map(|path| Self::read(path)).collect())
    }

    /// All triples.
    pub(super) fn triples(&self) -> impl Iterator<Item = (&NamedOrBlankNode, &str, &Term)> {
        self.triples.iter().map(|one| (&one.subject, one.predicate.as_str(), &one.object))
    }

    /// The properties of a subject, in the order of the file.
    pub(super) fn of(&self, subject: &str) -> impl Iterator<Item = (&str, &Term)> {
        self.triples()
            .filter(move |(one, ..)| name(one) == subject)
            .map(|(_, property, object)| (property, object))
    }

    /// The objects of one property.
    pub(super) fn objects(&self, subject: &str, property: &str) -> Vec<&Term> {
        self.of(subject).filter(|(own, _)| *own == property).map(|(_, object)| object).collect()
    }

    /// The names of the objects of one property.
    pub(super) fn names(&self, subject: &str, property: &str) -> Vec<String> {
        self.objects(subject, property).into_iter().filter_map(object_name).collect()
    }

    /// The one object of a property, as a name.
    pub(super) fn name(&self, subject: &str, property: &str) -> Option<String> {
        self.names(subject, property).into_iter().next()
    }

    /// Whether anything is said about `subject`.
    pub(super) fn describes(&self, subject: &str) -> bool {
        self.of(subject).next().is_some()
    }

    /// The subjects of a class.
    pub(super) fn instances(&self, class: &str) -> Vec<String> {
        let is_one = |(subject, property, object): (&NamedOrBlankNode, &str, &Term)| {
            let fits =
                property == format!("{RDF}type") && object_name(object).as_deref() == Some(class);
            fits.then(|| name(subject))
        };
        self.triples().filter_map(is_one).collect()
    }

    /// The items of an RDF list, or nothing if it is none.
    pub(super) fn list(&self, head: &str) -> Option<Vec<&Term>> {
        let (first, rest, nil) = (format!("{RDF}first"), format!("{RDF}rest"), format!("{RDF}nil"));
        let mut items = Vec::new();
        let mut node = head.to_owned();
        while node != nil {
            let item = self.objects(&node, &first).into_iter().next()?;
            items.push(item);
            node = self.name(&node, &rest)?;
            // A list that leads back to itself has more steps than triples.
            if items.len() > self.triples.len() {
                return None;
            }
        }
        Some(items)
    }
}

/// The name of a subject; blank nodes have one within their file.
pub(super) fn name(subject: &NamedOrBlankNode) -> String {
    match subject {
        NamedOrBlankNode::NamedNode(node) => absolute(node.as_str()),
        NamedOrBlankNode::BlankNode(node) => format!("_:{}", node.as_str()),
    }
}

/// The name of an object that is a node.
pub(super) fn object_name(object: &Term) -> Option<String> {
    match object {
        Term::NamedNode(node) => Some(absolute(node.as_str())),
        Term::BlankNode(node) => Some(format!("_:{}", node.as_str())),
        Term::Literal(_) => None,
    }
}

/// The evaluator takes names such as `mailto:x` for prefixes that nobody declared; in Turtle they
/// are absolute, so they are given a form in which nobody can doubt that.
fn absolute(iri: &str) -> String {
    let is_plain = iri.contains("://")
        || ["urn:", "did:", "tag:"].iter().any(|scheme| iri.starts_with(scheme));
    if is_plain { iri.to_owned() } else { format!("urn:absolute:{iri}") }
}
