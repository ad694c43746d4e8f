//! The corpus: messages as other products of the protocol write them, and as those write them who
//! mean harm. Beside each stands what it is read as, in the official shape that this crate would
//! write for it, or the refusal, word for word. Names of folders say which reader is meant.
//!
//! `<<TEXT*COUNT>>` in a message stands for a text repeated, so that a megabyte fits on a line.

use std::fs;
use std::path::{Path, PathBuf};

use causeway_dsp::catalog::{Catalog, Dataset};
use causeway_dsp::wire::{self, Document, Reading, WireError};
use causeway_types::{ConsumerPid, ProviderPid};
use serde_json::Value;

/// What the messages of a folder are read with.
type Read = fn(&[u8]) -> Result<String, WireError>;

/// The folders, each with the function that tells what its messages are read as.
const FAMILIES: &[(&str, Read)] = &[
    ("catalog", catalog),
    ("catalog_request", catalog_request),
    ("dataset", dataset),
    ("error", error),
    ("negotiation", negotiation),
    ("negotiation_ack", negotiation_ack),
    ("transfer", transfer),
    ("transfer_ack", transfer_ack),
    ("version", version),
];

fn negotiation(bytes: &[u8]) -> Result<String, WireError> {
    let message = wire::read_negotiation(&wire::parse(bytes)?)?;
    let written = wire::write_negotiation(&message);
    assert_eq!(wire::read_negotiation(&again(&written)), Ok(message));
    Ok(pretty(&written))
}

fn transfer(bytes: &[u8]) -> Result<String, WireError> {
    let message = wire::read_transfer(&wire::parse(bytes)?)?;
    let written = wire::write_transfer(&message);
    assert_eq!(wire::read_transfer(&again(&written)), Ok(message));
    Ok(pretty(&written))
}

fn catalog(bytes: &[u8]) -> Result<String, WireError> {
    let reading = wire::read_catalog(&wire::parse_answer(bytes)?)?;
    let written = wire::write_catalog(&reading.value);
    let (again, told) = (wire::read_catalog(&again(&written)), left_out(&reading));
    assert_eq!(again, Ok::<Reading<Catalog>, _>(whole(reading)));
    Ok(pretty(&written) + &told)
}

fn dataset(bytes: &[u8]) -> Result<String, WireError> {
    let reading = wire::read_dataset(&wire::parse_answer(bytes)?)?;
    let written = wire::write_dataset(&reading.value);
    let (again, told) = (wire::read_dataset(&again(&written)), left_out(&reading));
    assert_eq!(again, Ok::<Reading<Dataset>, _>(whole(reading)));
    Ok(pretty(&written) + &told)
}

fn catalog_request(bytes: &[u8]) -> Result<String, WireError> {
    let request = wire::read_catalog_request(&wire::parse(bytes)?)?;
    Ok(format!("{request:#?}"))
}

fn negotiation_ack(bytes: &[u8]) -> Result<String, WireError> {
    let ack = wire::read_negotiation_ack(&wire::parse_answer(bytes)?)?;
    let (consumer, provider) = (ack.consumer_pid.as_ref(), ack.provider_pid.as_ref());
    Ok(pretty(&wire::write_negotiation_ack(consumer, provider, ack.state)))
}

fn transfer_ack(bytes: &[u8]) -> Result<String, WireError> {
    let ack = wire::read_transfer_ack(&wire::parse_answer(bytes)?)?;
    let (consumer, provider) = (ack.consumer_pid.as_ref(), ack.provider_pid.as_ref());
    Ok(pretty(&wire::write_transfer_ack(consumer, provider, ack.state)))
}

fn error(bytes: &[u8]) -> Result<String, WireError> {
    let reason = wire::read_error(bytes);
    let (consumer, provider) = (ConsumerPid::parse("c-1").ok(), ProviderPid::parse("p-1").ok());
    for written in [
        wire::write_negotiation_error(consumer.as_ref(), provider.as_ref(), &reason),
        wire::write_transfer_error(consumer.as_ref(), provider.as_ref(), &reason),
        wire::write_catalog_error(&reason),
    ] {
        assert!(reason.is_empty() || wire::read_error(&written) == reason);
    }
    Ok(format!("{reason:#?}"))
}

fn version(bytes: &[u8]) -> Result<String, WireError> {
    let versions = wire::read_version(bytes)?;
    Ok(pretty(&wire::write_version(&versions)))
}

fn again(written: &[u8]) -> Document {
    wire::parse_answer(written).unwrap()
}

fn whole<T>(reading: Reading<T>) -> Reading<T> {
    Reading { problems: Vec::new(), ..reading }
}

fn left_out<T>(reading: &Reading<T>) -> String {
    reading.problems.iter().map(|problem| format!("\nleft out: {problem}")).collect()
}

fn pretty(written: &[u8]) -> String {
    serde_json::to_string_pretty(&serde_json::from_slice::<Value>(written).unwrap()).unwrap()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus")
}

/// The messages of one folder by their names.
fn messages(family: &str) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(folder().join(family)).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|e| e == "json")).collect();
    paths.sort();
    let message = |path: PathBuf| {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        (name, expanded(&fs::read_to_string(&path).unwrap()))
    };
    paths.into_iter().map(message).collect()
}

fn expanded(text: &str) -> Vec<u8> {
    let mut parts = text.split("<<");
    let mut whole = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (repeated, rest) = part.split_once(">>").unwrap();
        let (text, count) = repeated.rsplit_once('*').unwrap();
        whole.push_str(&text.repeat(count.parse().unwrap()));
        whole.push_str(rest);
    }
    whole.into_bytes()
}

/// What a message is read as, in the words of the files beside the messages.
fn told(read: Result<String, WireError>) -> String {
    match read {
        Ok(reading) => format!("read as\n{reading}"),
        Err(refusal) => format!("refused\n{refusal}"),
    }
}

#[test]
fn every_message_of_the_corpus_is_read_or_refused_as_it_says() {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let mut count = 0;
    for (family, read) in FAMILIES {
        settings.set_snapshot_path(folder().join(family));
        for (name, message) in messages(family) {
            settings.bind(|| insta::assert_snapshot!(name.as_str(), told(read(&message))));
            count += 1;
        }
    }
    assert!(count >= 60, "{count}");
}

#[test]
fn a_name_that_says_refused_is_refused_and_no_other() {
    for (family, read) in FAMILIES {
        for (name, message) in messages(family) {
            let is_told = ["_refused", "_no_document"].iter().any(|end| name.ends_with(end));
            let is_of_one_entry = name.contains("_kept_and_");
            assert_eq!(read(&message).is_err(), is_told && !is_of_one_entry, "{family}/{name}");
        }
    }
}

#[test]
fn no_reader_is_harmed_by_a_message_of_another_family() {
    for (family, _) in FAMILIES {
        for (name, message) in messages(family) {
            for (_, read) in FAMILIES {
                let told = told(read(&message));
                let is_refusal = told.starts_with("refused");
                assert!(!is_refusal || told.len() < 4_096, "{family}/{name}: {told}");
            }
        }
    }
}

#[test]
fn every_snapshot_has_its_message() {
    for (family, _) in FAMILIES {
        for entry in fs::read_dir(folder().join(family)).unwrap() {
            let path = entry.unwrap().path();
            assert!(path.with_extension("json").exists(), "{}", path.display());
        }
    }
}
