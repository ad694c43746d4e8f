//! A trust file as it is written. Every fault is found at once, each with its line; a file with a
//! fault is not used at all, and a key that is not known here is a fault: it might restrict.

use std::collections::HashSet;
use std::ops::Range;
use std::str::FromStr;

use causeway_seal::{Finding, Severity};
use causeway_types::Timestamp;
use causeway_types::limits::{
    ID_BYTES_MAX, TEXT_BYTES_MAX, TRUST_FILE_BYTES_MAX, TRUST_ISSUERS_MAX, TRUST_MAINTAINERS_MAX,
    TRUST_SCHEMAS_MAX, TRUST_TERMS_MAX, URL_BYTES_MAX,
};
use serde::Deserialize;
use toml::Spanned;

use super::{Issuer, Maintainer, MaintainerKey, Period, Schema, TrustFile};
use crate::types;

/// The signature algorithms that can be verified here.
const SUITES: [&str; 5] = ["ES256", "ES384", "EdDSA", "PS256", "RS256"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    trust: Head,
    #[serde(default)]
    maintainer: Vec<MaintainerEntry>,
    #[serde(default)]
    issuer: Vec<IssuerEntry>,
    #[serde(default)]
    schema: Vec<SchemaEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    dataspace: Spanned<String>,
    title: Spanned<String>,
    sequence: Spanned<u64>,
    valid_from: Spanned<String>,
    valid_until: Spanned<String>,
    threshold: Spanned<usize>,
    suites: Vec<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MaintainerEntry {
    name: Spanned<String>,
    key: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct IssuerEntry {
    did: Spanned<String>,
    name: Spanned<String>,
    types: Spanned<Vec<Spanned<String>>>,
    #[serde(default)]
    jurisdictions: Vec<Spanned<String>>,
    #[serde(default)]
    schemes: Vec<Spanned<String>>,
    valid_from: Option<Spanned<String>>,
    valid_until: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SchemaEntry {
    id: Spanned<String>,
    sha256: Spanned<String>,
    file: Spanned<String>,
}

impl TrustFile {
    /// Reads a trust file, or says everything that is wrong with it. `name` is that of the file.
    pub fn read(name: &str, text: &str) -> Result<Self, Vec<Finding>> {
        let entries: File = causeway_seal::read_toml(name, text, TRUST_FILE_BYTES_MAX)?;
        let mut reader = Reader { name, text, findings: Vec::new() };
        let file = reader.file(entries);
        match file {
            Some(file) if reader.findings.is_empty() => Ok(file),
            _ => Err(reader.findings),
        }
    }
}

struct Reader<'a> {
    name: &'a str,
    text: &'a str,
    findings: Vec<Finding>,
}

impl Reader<'_> {
    fn error(&mut self, span: Range<usize>, text: String) {
        self.findings.push(Finding::at(self.name, self.text, span, Severity::Error, text));
    }

    fn error_with(&mut self, span: Range<usize>, text: String, help: &str) {
        let finding = Finding::at(self.name, self.text, span, Severity::Error, text);
        self.findings.push(finding.help(help));
    }

    fn file(&mut self, file: File) -> Option<TrustFile> {
        let File { trust: head, maintainer, issuer, schema } = file;
        let counts = [
            ("maintainers", maintainer.len(), TRUST_MAINTAINERS_MAX),
            ("issuers", issuer.len(), TRUST_ISSUERS_MAX),
            ("schemas", schema.len(), TRUST_SCHEMAS_MAX),
            ("suites", head.suites.len(), SUITES.len()),
        ];
        for (what, found, most) in counts {
            if found > most {
                self.error(0..0, format!("found {found} {what}, expected at most {most}"));
                return None;
            }
        }
        let dataspace = self.dataspace(&head.dataspace);
        let title = self.line(&head.title);
        let period = self.period(&head.valid_from, &head.valid_until);
        let sequence = *head.sequence.get_ref();
        // Beyond it, other programs that read TOML or JSON would see another number.
        if sequence == 0 || sequence > (1 << 53) {
            let text = format!("found the sequence {sequence}, expected 1 or more, up to 2^53");
            self.error(head.sequence.span(), text);
        }
        let maintainers = self.maintainers(maintainer);
        self.threshold(&head.threshold, maintainers.len());
        let suites = self.suites(&head.suites, head.dataspace.span());
        let issuers = self.issuers(issuer, period);
        let schemas = self.schemas(schema);
        Some(TrustFile {
            dataspace: dataspace?,
            title: title?,
            sequence,
            period: period?,
            threshold: *head.threshold.get_ref(),
            suites,
            maintainers,
            issuers,
            schemas,
            sha256: causeway_seal::sha256(self.text.as_bytes()),
        })
    }

    /// It becomes part of a file's name.
    fn dataspace(&mut self, entry: &Spanned<String>) -> Option<String> {
        let name = entry.get_ref();
        if super::register::is_dataspace(name) {
            return Some(name.clone());
        }
        let text = format!("found {name:?}, expected up to 64 lower-case letters, digits and -");
        self.error(entry.span(), text);
        None
    }

    /// A text for people, on one line.
    fn line(&mut self, entry: &Spanned<String>) -> Option<String> {
        let text = entry.get_ref();
        let is_fit = !text.trim().is_empty()
            && text.len() <= TEXT_BYTES_MAX.min(1024)
            && !text.chars().any(is_unfit);
        if is_fit {
            return Some(text.clone());
        }
        let said = "expected a text on one line, without control characters, up to 1024 bytes";
        self.error(entry.span(), said.to_owned());
        None
    }

    fn time(&mut self, entry: &Spanned<String>) -> Option<Timestamp> {
        match types::moment(entry.get_ref()) {
            Ok(time) => Some(time),
            Err(_) => {
                let found = entry.get_ref();
                let text = format!("found {found:?}, expected a day or time");
                self.error_with(
                    entry.span(),
                    text,
                    "for example 2026-01-31 or 2026-01-31T08:00:00Z",
                );
                None
            }
        }
    }

    fn period(&mut self, from: &Spanned<String>, until: &Spanned<String>) -> Option<Period> {
        let (start, end) = (self.time(from), self.time(until));
        let (from, end) = (start?, end?);
        if from < end {
            return Some(Period { from, until: end });
        }
        self.error(until.span(), "found an end that does not come after the beginning".to_owned());
        None
    }

    fn threshold(&mut self, entry: &Spanned<usize>, maintainers: usize) {
        let threshold = *entry.get_ref();
        if threshold == 0 || threshold > maintainers {
            let text = format!(
                "found a threshold of {threshold} with {maintainers} maintainers, expected 1 to \
                 {maintainers}"
            );
            self.error_with(entry.span(), text, "it is how many of them have to sign");
        }
    }

    fn suites(&mut self, entries: &[Spanned<String>], place: Range<usize>) -> Vec<String> {
        if entries.is_empty() {
            let text = "found no suites, expected some of ES256, ES384, EdDSA, PS256, RS256";
            self.error(place, text.to_owned());
        }
        self.distinct(entries, |name| match SUITES.contains(&name) {
            true => Ok(name.to_owned()),
            false => {
                Err(format!("found the suite {name:?}, expected one of {}", SUITES.join(", ")))
            }
        })
    }

    /// Terms of a list, each once.
    fn distinct<T: PartialEq>(
        &mut self,
        entries: &[Spanned<String>],
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Vec<T> {
        let mut terms = Vec::new();
        if let Some(more) = entries.get(TRUST_TERMS_MAX) {
            let found = entries.len();
            self.error(
                more.span(),
                format!("found {found} terms, expected at most {TRUST_TERMS_MAX}"),
            );
            return terms;
        }
        for entry in entries {
            match parse(entry.get_ref()) {
                Ok(term) if terms.contains(&term) => {
                    self.error(entry.span(), format!("found {:?} twice", entry.get_ref()));
                }
                Ok(term) => terms.push(term),
                Err(text) => self.error(entry.span(), text),
            }
        }
        terms
    }

    fn maintainers(&mut self, entries: Vec<MaintainerEntry>) -> Vec<Maintainer> {
        let mut maintainers: Vec<Maintainer> = Vec::new();
        for MaintainerEntry { name, key: entry } in entries {
            let key = match MaintainerKey::read(entry.get_ref()) {
                Ok(key) => key,
                Err(error) => {
                    let help = "causeway trust key makes a pair; its public line belongs here";
                    self.error_with(entry.span(), error.to_string(), help);
                    continue;
                }
            };
            // One person with two entries would count twice.
            if maintainers.iter().any(|known| known.key.id() == key.id()) {
                self.error(entry.span(), format!("found the key {} twice", key.id()));
                continue;
            }
            if let Some(name) = self.line(&name) {
                maintainers.push(Maintainer { name, key });
            }
        }
        maintainers
    }

    fn issuers(&mut self, entries: Vec<IssuerEntry>, whole: Option<Period>) -> Vec<Issuer> {
        let mut seen = HashSet::new();
        let mut issuers = Vec::new();
        for entry in entries {
            let IssuerEntry { did, name, types, jurisdictions, schemes, valid_from, valid_until } =
                entry;
            let parsed = self.parsed::<crate::did::Did>(&did);
            if types.get_ref().is_empty() {
                self.error(types.span(), "found no types, expected at least one".to_owned());
            }
            let types = self.distinct(types.get_ref(), credential_type);
            let jurisdictions = self.distinct(&jurisdictions, |name| match types::is_area(name) {
                true => Ok(name.to_owned()),
                false => {
                    Err(format!("found {name:?}, expected a legal area such as DE or CN-FTZ-SH"))
                }
            });
            let schemes = self.distinct(&schemes, |name| match types::scheme(name) {
                Some(scheme) => Ok(scheme.name.clone()),
                None => {
                    Err(format!("found the scheme {name:?}, expected one of {}", types::schemes()))
                }
            });
            let from = valid_from.as_ref().map(|entry| self.time(entry));
            let until = valid_until.as_ref().map(|entry| self.time(entry));
            let (Some(did_value), Some(name), Some(whole)) = (parsed, self.line(&name), whole)
            else {
                continue;
            };
            let (Some(from), Some(until)) =
                (from.unwrap_or(Some(whole.from)), until.unwrap_or(Some(whole.until)))
            else {
                continue;
            };
            if from >= until {
                self.error(did.span(), "found a period of no length".to_owned());
            }
            if !seen.insert(did_value.clone()) {
                self.error(did.span(), format!("found the issuer {did_value} twice"));
            }
            let period = Period { from, until };
            issuers.push(Issuer { did: did_value, name, types, jurisdictions, schemes, period });
        }
        issuers
    }

    fn parsed<T: FromStr<Err: std::fmt::Display>>(&mut self, entry: &Spanned<String>) -> Option<T> {
        entry.get_ref().parse().map_err(|e: T::Err| self.error(entry.span(), e.to_string())).ok()
    }

    fn schemas(&mut self, entries: Vec<SchemaEntry>) -> Vec<Schema> {
        let mut schemas: Vec<Schema> = Vec::new();
        for SchemaEntry { id, sha256, file } in entries {
            let is_digit = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
            let is_id = id.get_ref().len() <= URL_BYTES_MAX
                && id.get_ref().starts_with("https://") | id.get_ref().starts_with("http://")
                && !id.get_ref().chars().any(|c| is_unfit(c) || c.is_whitespace());
            if !is_id {
                self.error(id.span(), "expected the URL that credentials name".to_owned());
            }
            if sha256.get_ref().len() != 64 || !sha256.get_ref().bytes().all(is_digit) {
                let text = "expected the SHA-256 of its file, 64 hexadecimal digits";
                self.error(sha256.span(), text.to_owned());
            }
            if !super::register::is_file_name(file.get_ref()) {
                let text = "expected the name of a file beside this one, such as member.json";
                self.error(file.span(), text.to_owned());
            }
            let is_twice =
                |known: &Schema| known.id == *id.get_ref() || known.file == *file.get_ref();
            if schemas.iter().any(is_twice) {
                self.error(id.span(), format!("found {:?} or its file twice", id.get_ref()));
            }
            schemas.push(Schema {
                id: id.into_inner(),
                sha256: sha256.into_inner(),
                file: file.into_inner(),
            });
        }
        schemas
    }
}

fn credential_type(name: &str) -> Result<causeway_types::CredentialType, String> {
    // Every credential has this type: whoever may issue it may issue everything.
    if name == "VerifiableCredential" || name == "*" || name.len() > ID_BYTES_MAX {
        return Err(format!("found the type {name:?}, expected one that says what it is about"));
    }
    name.parse().map_err(|error: causeway_types::IdError| error.to_string())
}

/// What could make a text look like another one.
fn is_unfit(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
