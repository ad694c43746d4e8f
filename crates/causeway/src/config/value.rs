//! One value of the configuration: read from TOML or from a text, and checked against what its key
//! expects. What keys exist and where values come from is not here.

use std::fmt;
use std::net::SocketAddr;

use causeway_node::access::oidc::RoleRule;
use causeway_node::{IdentityMode, Network};
use causeway_store::Rule;
use causeway_types::limits::ID_BYTES_MAX;
use causeway_types::{Address, ParticipantId, StatedFacts};
use toml::de::DeValue;

use super::keys::Kind;

/// A value as it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    /// A text.
    Text(String),
    /// A whole number.
    Count(u64),
    /// `true` or `false`.
    Flag(bool),
    /// A list of texts.
    List(Vec<String>),
}

impl Value {
    /// From TOML; the error says what was found instead.
    pub(crate) fn from_toml(kind: Kind, value: &DeValue<'_>) -> Result<Self, String> {
        match (kind, value) {
            (Kind::Count { .. }, DeValue::Integer(number)) => {
                u64::from_str_radix(number.as_str(), number.radix())
                    .map(Self::Count)
                    .map_err(|_| number.to_string())
            }
            (Kind::Flag, DeValue::Boolean(flag)) => Ok(Self::Flag(*flag)),
            (kind, DeValue::Array(items)) if kind.is_list() => items
                .iter()
                .map(|item| match item.get_ref() {
                    DeValue::String(text) => Ok(text.to_string()),
                    other => Err(describe(other)),
                })
                .collect::<Result<_, _>>()
                .map(Self::List),
            (Kind::Count { .. } | Kind::Flag, other) => Err(describe(other)),
            (kind, other) if kind.is_list() => Err(describe(other)),
            (_, DeValue::String(text)) => Ok(Self::Text(text.to_string())),
            (_, other) => Err(describe(other)),
        }
    }

    /// From the environment or the command line; the error says what was found instead.
    pub(crate) fn from_text(kind: Kind, text: &str) -> Result<Self, String> {
        match kind {
            Kind::Count { .. } => text.parse().map(Self::Count).map_err(|_| shown(text)),
            Kind::Flag => text.parse().map(Self::Flag).map_err(|_| shown(text)),
            // Separated by commas, or written as in the file.
            kind if kind.is_list() => Ok(Self::List(
                text.trim()
                    .trim_matches(['[', ']'])
                    .split(',')
                    .map(|item| item.trim().trim_matches('"'))
                    .filter(|item| !item.is_empty())
                    .map(Into::into)
                    .collect(),
            )),
            _ => Ok(Self::Text(text.to_owned())),
        }
    }

    /// Whether the value is what `kind` expects; the error says what was found instead.
    pub(crate) fn check(&self, kind: Kind) -> Result<(), String> {
        let fits = match (kind, self) {
            (Kind::Text, Self::Text(_)) | (Kind::Flag, Self::Flag(_)) => true,
            (Kind::Path, Self::Text(text)) => !text.is_empty(),
            (Kind::ParticipantId, Self::Text(text)) => ParticipantId::parse(text).is_ok(),
            (Kind::Jurisdiction, Self::Text(text)) => is_jurisdiction(text),
            (Kind::Url, Self::Text(text)) => Address::parse(text).is_ok(),
            (Kind::Listen, Self::Text(text)) => text.parse::<SocketAddr>().is_ok(),
            (Kind::ListenOrOff, Self::Text(text)) => {
                text == "off" || text.parse::<SocketAddr>().is_ok()
            }
            (Kind::Count { min, max }, Self::Count(count)) => (min..=max).contains(count),
            (Kind::Rule, Self::Text(text)) => rule(text).is_some(),
            (Kind::Networks, Self::List(items)) => {
                return match items.iter().find(|item| Network::parse(item).is_none()) {
                    Some(wrong) => Err(shown(wrong)),
                    None => Ok(()),
                };
            }
            (Kind::Facts, Self::List(items)) => {
                return match items.iter().find(|item| StatedFacts::new().read(item).is_err()) {
                    Some(wrong) => Err(shown(wrong)),
                    None => Ok(()),
                };
            }
            (Kind::LogLevel, Self::Text(text)) => {
                !text.trim().is_empty() && tracing_subscriber::EnvFilter::try_new(text).is_ok()
            }
            (Kind::LogFormat, Self::Text(text)) => matches!(text.as_str(), "text" | "json"),
            (Kind::IdentityMode, Self::Text(text)) => identity_mode(text).is_some(),
            (Kind::KeyStore, Self::Text(text)) => matches!(text.as_str(), "file" | "pkcs11"),
            (Kind::Admit, Self::Text(text)) => matches!(text.as_str(), "credentials" | "listed"),
            (Kind::CredentialTypes, Self::List(items)) => {
                return match items.iter().find(|item| !is_credential_type(item)) {
                    Some(wrong) => Err(shown(wrong)),
                    None => Ok(()),
                };
            }
            (Kind::RoleRules, Self::List(items)) => {
                return match items.iter().find(|item| RoleRule::parse(item).is_none()) {
                    Some(wrong) => Err(shown(wrong)),
                    None => Ok(()),
                };
            }
            _ => false,
        };
        if fits { Ok(()) } else { Err(self.to_string()) }
    }

    /// The text; empty for other values, which [`Self::check`] has excluded.
    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Text(text) => text,
            _ => "",
        }
    }

    /// The number; 0 for other values, which [`Self::check`] has excluded.
    pub(crate) fn count(&self) -> u64 {
        match self {
            Self::Count(count) => *count,
            _ => 0,
        }
    }

    /// As JSON, for `config show --json`.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Text(text) => text.as_str().into(),
            Self::Count(count) => (*count).into(),
            Self::Flag(flag) => (*flag).into(),
            Self::List(items) => items.clone().into(),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(&shown(text)),
            Self::Count(count) => write!(f, "{count}"),
            Self::Flag(flag) => write!(f, "{flag}"),
            Self::List(items) => {
                let items: Vec<String> = items.iter().map(|item| shown(item)).collect();
                write!(f, "[{}]", items.join(", "))
            }
        }
    }
}

/// Reads `hold`, `auto` or a webhook's URL.
pub(crate) fn rule(text: &str) -> Option<Rule> {
    match text {
        "hold" => Some(Rule::Hold),
        "auto" => Some(Rule::Auto),
        url => {
            let parsed = url::Url::parse(url).ok()?;
            let is_http = matches!(parsed.scheme(), "http" | "https") && parsed.has_host();
            (is_http && url.len() <= causeway_types::limits::URL_BYTES_MAX)
                .then(|| Rule::Webhook(url.to_owned()))
        }
    }
}

/// Reads how peers are known.
pub(crate) fn identity_mode(text: &str) -> Option<IdentityMode> {
    IdentityMode::ALL.into_iter().find(|(name, _)| *name == text).map(|(_, mode)| mode)
}

/// Whether a text has the shape of a type of credentials.
fn is_credential_type(text: &str) -> bool {
    (1..=ID_BYTES_MAX).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
}

/// What a TOML value is, for errors.
pub(crate) fn describe(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => format!("the text {}", shown(text)),
        DeValue::Integer(number) => format!("the number {number}"),
        DeValue::Float(number) => format!("the number {number}"),
        DeValue::Boolean(flag) => format!("{flag}"),
        DeValue::Datetime(time) => format!("the time {time}"),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a section".to_owned(),
    }
}

fn shown(text: &str) -> String {
    let cut: String = text.chars().take(80).collect();
    format!("{cut:?}")
}

/// A country, and perhaps an area of it: `KE`, `BR-SP`, `AE-DIFC`, `CN-FTZ-SH`.
pub(super) fn is_jurisdiction(text: &str) -> bool {
    let mut parts = text.split('-');
    let country = parts.next().unwrap_or_default();
    let is_area = |part: &str| {
        (1..=8).contains(&part.len())
            && part.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
    };
    country.len() == 2
        && country.bytes().all(|b| b.is_ascii_uppercase())
        && parts.clone().count() <= 2
        && parts.all(is_area)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kind: Kind, text: &str, expected: bool) {
        let found = Value::from_text(kind, text).and_then(|value| value.check(kind));
        assert_eq!(found.is_ok(), expected, "{kind:?} {text:?}");
    }

    #[test]
    fn a_value_is_taken_only_if_it_is_what_its_key_expects() {
        for (text, expected) in [
            ("KE", true),
            ("BR-SP", true),
            ("GB-ENG", true),
            ("ke", false),
            ("KEN", false),
            ("KE-", false),
            ("KE-123456789", false),
            ("", false),
        ] {
            check(Kind::Jurisdiction, text, expected);
        }
        for (text, expected) in [
            ("hold", true),
            ("auto", true),
            ("https://rules.example/decide?x=1", true),
            ("ask", false),
            ("ftp://x/", false),
            ("", false),
        ] {
            check(Kind::Rule, text, expected);
        }
        for (text, expected) in
            [("127.0.0.1:8180", true), ("[::1]:0", true), ("localhost:1", false), ("8180", false)]
        {
            check(Kind::Listen, text, expected);
        }
        check(Kind::Listen, "off", false);
        check(Kind::ListenOrOff, "off", true);
        check(Kind::Count { min: 1, max: 9 }, "9", true);
        check(Kind::Count { min: 1, max: 9 }, "10", false);
        check(Kind::Count { min: 1, max: 9 }, "-1", false);
        check(Kind::Flag, "yes", false);
        check(Kind::Networks, "10.0.0.0/8, ::1", true);
        check(Kind::Networks, "[\"10.0.0.0/8\", \"::1\"]", true);
        check(Kind::Networks, "10.0.0.0/99", false);
        check(Kind::Facts, "[\"exporter.ciio=false\", \"count.ordinary_year=5\"]", true);
        check(Kind::Facts, "exporter.ciio", false);
        check(Kind::Facts, "exporter.ciio=a b", false);
        check(Kind::LogLevel, "info,causeway_node=debug", true);
        check(Kind::LogLevel, "causeway=loud", false);
        check(Kind::ParticipantId, "two words", false);
        check(Kind::RoleRules, "legal=groups:legal-team, auditor=groups:all", true);
        check(Kind::RoleRules, "admin=groups:all", false);
    }
}
