//! The manifest of a bulk publication: a directory, a CSV table or JSON lines, read into offers as
//! the management API takes them. A row that cannot be read does not keep the others from it; it
//! carries its place and the reason. A row becomes an offer when its turn comes: a manifest of a
//! million rows would take gigabytes as offers. Files are not opened here.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use causeway_types::limits::MANIFEST_BYTES_MAX;
use serde_json::{Map, Value, json};

use crate::config::keys::nearest;
use crate::exit::{Doing as _, Exit, Failure, Outcome};

mod csv;
mod data;

/// One dataset to publish.
#[derive(Debug, PartialEq)]
pub(crate) struct Row {
    /// `FILE:LINE` of the manifest, or the file's own path.
    pub(crate) place: String,
    /// What it says, or why it cannot be read.
    pub(crate) says: Result<Entry, String>,
}

/// What a row says.
#[derive(Debug, PartialEq)]
pub(crate) struct Entry {
    /// The file as the manifest names it, by which the dataset is known on the next run.
    pub(crate) name: String,
    /// The file.
    pub(crate) path: PathBuf,
    /// The offer, without content.
    pub(crate) offer: Map<String, Value>,
    /// The column of the file with one id a person.
    pub(crate) persons_column: Option<String>,
}

/// Columns that hold one text.
const TEXTS: [&str; 4] = ["media_type", "file_name", "licence", "dataset_id"];
/// Columns that hold several texts: a JSON array, or texts with semicolons between.
const LISTS: [&str; 4] = ["themes", "keywords", "spatial", "audience"];
/// Columns that also come with the tag of a language, as in `title_zh`.
const LANGUAGES: [&str; 2] = ["title", "description"];
/// The other columns.
const OTHERS: [&str; 3] = ["file", "time", "policy"];

/// Rows in their order.
pub(crate) type Rows = Box<dyn ExactSizeIterator<Item = Row>>;

/// Reads a directory or a manifest. `language` is that of `title` and `description`.
pub(crate) fn read(path: &Path, language: &str) -> Outcome<Rows> {
    let name = path.display();
    let metadata = std::fs::metadata(path).doing(format_args!("read {name}"))?;
    if metadata.is_dir() {
        return Ok(Box::new(directory(path, language)?.into_iter()));
    }
    if metadata.len() > MANIFEST_BYTES_MAX {
        let found = metadata.len();
        let detail = format!("read {name}: found {found} bytes, expected {MANIFEST_BYTES_MAX}");
        return Err(Failure::new(Exit::Usage, detail));
    }
    let text = std::fs::read_to_string(path).doing(format_args!("read {name}"))?;
    let base = path.parent().unwrap_or(Path::new("."));
    let extension = path.extension().map(|extension| extension.to_string_lossy());
    let rows = match extension.as_deref() {
        Some("jsonl" | "ndjson") => json_lines(&text, path, base, language),
        _ => table(&text, path, base, language)?,
    };
    let mut seen = HashSet::new();
    Ok(Box::new(rows.map(move |row| refuse_repeated(row, &mut seen))))
}

/// Every file below a directory, in the order of names; what begins with a dot is passed over.
fn directory(root: &Path, language: &str) -> Outcome<Vec<Row>> {
    let (mut rows, mut waiting) = (Vec::new(), vec![root.to_owned()]);
    while let Some(path) = waiting.pop() {
        let doing = format!("read {}", path.display());
        for entry in std::fs::read_dir(&path).doing(&doing)? {
            let entry = entry.doing(&doing)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            // A link could lead out of the directory, or round in it.
            let kind = entry.file_type().doing(&doing)?;
            if kind.is_dir() && !name.starts_with('.') {
                waiting.push(entry.path());
            } else if kind.is_file() && !name.starts_with('.') {
                let path = entry.path();
                let relative = path.strip_prefix(root).unwrap_or(&path).display().to_string();
                let offer = json!({ "title": { language: name } });
                let offer = offer.as_object().cloned().unwrap_or_default();
                let place = path.display().to_string();
                rows.push(Row {
                    place,
                    says: Ok(Entry { name: relative, path, offer, persons_column: None }),
                });
            }
        }
    }
    rows.sort_by(|a, b| a.place.cmp(&b.place));
    Ok(rows)
}

fn json_lines(text: &str, manifest: &Path, base: &Path, language: &str) -> Rows {
    let lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
    let lines: Vec<(usize, String)> = lines.map(|(n, line)| (n, line.to_owned())).collect();
    let manifest = manifest.display().to_string();
    let (base, language) = (base.to_owned(), language.to_owned());
    let row = move |(number, line): (usize, String)| {
        let says = serde_json::from_str::<Map<String, Value>>(&line)
            .map_err(|error| format!("found no JSON object: {error}"))
            .and_then(|members| entry(members, &base, &language));
        Row { place: format!("{manifest}:{number}"), says }
    };
    Box::new(lines.into_iter().map(row))
}

fn table(text: &str, manifest: &Path, base: &Path, language: &str) -> Outcome<Rows> {
    let name = manifest.display().to_string();
    let mut records = csv::records(text.strip_prefix('\u{feff}').unwrap_or(text));
    let header = match records.next() {
        Some(record) => record.fields,
        None => Err("found nothing, expected a line with the names of columns".to_owned()),
    };
    let header =
        header.map_err(|reason| Failure::new(Exit::Usage, format!("read {name}: {reason}")))?;
    for column in &header {
        check_column(column)
            .map_err(|reason| Failure::new(Exit::Usage, format!("read {name}:1: {reason}")))?;
    }
    let records: Vec<csv::Record> = records.collect();
    let (base, language) = (base.to_owned(), language.to_owned());
    let row = move |record: csv::Record| {
        let says = record.fields.and_then(|fields| {
            if fields.len() != header.len() {
                let (found, expected) = (fields.len(), header.len());
                return Err(format!("found {found} fields, expected {expected}"));
            }
            let filled = header.iter().cloned().zip(fields).filter(|(_, field)| !field.is_empty());
            let members = filled.map(|(column, field)| (column, Value::from(field))).collect();
            entry(members, &base, &language)
        });
        Row { place: format!("{name}:{}", record.line), says }
    };
    Ok(Box::new(records.into_iter().map(row)))
}

fn check_column(name: &str) -> Result<(), String> {
    let is_in_language = name.split_once('_').is_some_and(|(start, _)| LANGUAGES.contains(&start));
    let known = TEXTS.into_iter().chain(LISTS).chain(LANGUAGES).chain(OTHERS);
    let mut known = known.chain(data::COLUMNS);
    if is_in_language || known.clone().any(|known| known == name) {
        return Ok(());
    }
    Err(match nearest(name, known.clone()) {
        Some(meant) => format!("there is no column {name:?}; did you mean {meant}?"),
        None => format!(
            "there is no column {name:?}, only {}",
            known.by_ref().collect::<Vec<_>>().join(", ")
        ),
    })
}

/// The offer that the columns of a row stand for.
fn entry(members: Map<String, Value>, base: &Path, language: &str) -> Result<Entry, String> {
    let mut offer = Map::new();
    let mut name = None;
    let (mut titles, mut descriptions) = (Map::new(), Map::new());
    let mut declared = data::Declared::default();
    for (column, value) in members {
        check_column(&column)?;
        let (start, tag) = column.split_once('_').unwrap_or((&column, language));
        match (start, column.as_str()) {
            ("title", _) => drop(titles.insert(tag.to_owned(), text(&column, &value)?.into())),
            ("description", _) => {
                drop(descriptions.insert(tag.to_owned(), text(&column, &value)?.into()));
            }
            (_, "file") => name = Some(text(&column, &value)?.to_owned()),
            (_, "time") => {
                drop(offer.insert("temporal".to_owned(), period(text("time", &value)?)?))
            }
            (_, "policy") => drop(offer.insert(column.clone(), policy(value, base)?)),
            (_, of_data) if data::COLUMNS.contains(&of_data) => declared.take(&column, &value)?,
            (_, list) if LISTS.contains(&list) => {
                drop(offer.insert(column.clone(), texts(&column, &value)?));
            }
            _ => drop(offer.insert(column.clone(), text(&column, &value)?.into())),
        }
    }
    let name = name.ok_or("file: found nothing, expected the path of a file")?;
    let path = base.join(&name);
    if titles.is_empty() {
        let file = path.file_name().map(|file| file.to_string_lossy().into_owned());
        titles.insert(language.to_owned(), file.unwrap_or_else(|| name.clone()).into());
    }
    offer.insert("title".to_owned(), titles.into());
    offer.insert("description".to_owned(), descriptions.into());
    if let Some(declaration) = declared.offer()? {
        offer.insert("data".to_owned(), declaration);
    }
    Ok(Entry { name, path, offer, persons_column: declared.persons_column })
}

fn text<'v>(column: &str, value: &'v Value) -> Result<&'v str, String> {
    value.as_str().ok_or_else(|| format!("{column}: found {value}, expected a text"))
}

fn texts(column: &str, value: &Value) -> Result<Value, String> {
    match value {
        Value::String(text) => {
            let parts = text.split(';').map(str::trim).filter(|part| !part.is_empty());
            Ok(parts.map(Value::from).collect())
        }
        Value::Array(items) if items.iter().all(Value::is_string) => Ok(value.clone()),
        other => Err(format!("{column}: found {other}, expected texts")),
    }
}

/// Two times or days with a slash between; a day counts from its start to its end, in UTC.
pub(crate) fn period(text: &str) -> Result<Value, String> {
    let expected = "expected START/END, as days or RFC 3339 times";
    let (start, end) =
        text.split_once('/').ok_or_else(|| format!("time: found {text:?}, {expected}"))?;
    let time = |text: &str, of_day: &str| match text.contains('T') {
        true => text.to_owned(),
        false => format!("{text}T{of_day}Z"),
    };
    Ok(json!({ "start": time(start, "00:00:00"), "end": time(end, "23:59:59") }))
}

/// The policy itself, or the path of a JSON file that holds it.
fn policy(value: Value, base: &Path) -> Result<Value, String> {
    let Value::String(name) = value else {
        return Ok(value);
    };
    let path = base.join(&name);
    let told = |error: &dyn std::fmt::Display| format!("policy: read {}: {error}", path.display());
    let text = std::fs::read_to_string(&path).map_err(|error| told(&error))?;
    serde_json::from_str(&text).map_err(|error| told(&error))
}

/// A dataset is known again by its file or its id, so no two rows may share both.
fn refuse_repeated(mut row: Row, seen: &mut HashSet<String>) -> Row {
    if let Ok(entry) = &row.says {
        let id = entry.offer.get("dataset_id").and_then(Value::as_str);
        let key = id.map_or_else(|| entry.name.clone(), |id| format!("\0{id}"));
        if !seen.insert(key) {
            let reason = "this file or dataset_id was named before; give each row a dataset_id";
            row.says = Err(reason.to_owned());
        }
    }
    row
}

#[cfg(test)]
mod tests;
