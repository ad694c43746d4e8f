//! The configuration: found, layered, checked. A value comes from the command line, else the
//! environment, else the file, else the default in the table of keys.
//!
//! Starting a node from it is `serve`'s business.

mod access;
mod custody;
pub(crate) mod keys;
mod kind;
mod peers;
pub(crate) mod render;
mod scripts;
mod source;
mod tokens;
mod value;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use causeway_dsp::Question;
use causeway_node::{
    CatalogCopies, DcpSettings, Dialect, IdentityMode, LawSettings, Network, Retry, Script,
};
use causeway_store::Rule;
use causeway_types::{Address, FactValue, ParticipantId, StatedFacts};

pub(crate) use self::custody::Place;
use self::keys::{KEYS, Preset, find};
pub(crate) use self::peers::PeerConfig;
pub(crate) use self::source::user_directory;
use self::source::{Layer, Origin, Wrong, locate, open_to_others};
use self::value::Value;
pub(crate) use self::value::rule;
use crate::exit::{Exit, Failure, Outcome};

/// The name of the file, wherever it is looked for.
pub(crate) const FILE_NAME: &str = "causeway.toml";

/// A value in effect.
pub(crate) struct Setting {
    /// The value.
    pub(crate) value: Value,
    /// Where it comes from.
    pub(crate) origin: Origin,
}

/// Everything that is in effect. Every value has passed its key's check.
pub(crate) struct Config {
    file: Option<PathBuf>,
    settings: BTreeMap<&'static str, Setting>,
    peers: Vec<PeerConfig>,
    scripts: Vec<Script>,
    warnings: Vec<String>,
}

/// What the configuration is read from.
pub(crate) struct Sources {
    /// `--config`.
    pub(crate) file: Option<PathBuf>,
    /// `--set KEY=VALUE` and flags of their own.
    pub(crate) flags: Vec<(String, String)>,
}

impl Config {
    /// Reads all layers.
    pub(crate) fn load(sources: &Sources) -> Outcome<Self> {
        let file = locate(sources.file.as_deref());
        let mut layers = Vec::new();
        if let Some(path) = &file {
            let text = std::fs::read_to_string(path).map_err(|error| {
                let text = format!("read the configuration {}: {error}", path.display());
                Failure::new(Exit::Usage, text)
            })?;
            layers.push(Layer::file(path, &text));
        }
        // A variable that is not UTF-8 cannot be a value of any key.
        let variables = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
            .map(|(name, value)| (name, value.to_string_lossy().into_owned()));
        layers.push(Layer::environment(variables));
        layers.push(Layer::flags(sources.flags.iter()));
        Self::of_layers(file, layers).map_err(|wrong| report(&wrong))
    }

    fn of_layers(file: Option<PathBuf>, layers: Vec<Layer>) -> Result<Self, Vec<Wrong>> {
        let mut settings = defaults();
        let mut entries = Vec::new();
        let mut scripts = Vec::new();
        let mut wrong = Vec::new();
        for layer in layers {
            for found in layer.found {
                let Setting { value, origin } =
                    Setting { value: found.value, origin: found.origin };
                settings.insert(found.key.path, Setting { value, origin });
            }
            entries.extend(layer.peers);
            scripts.extend(layer.scripts);
            wrong.extend(layer.wrong);
        }
        let (peers, warnings) = (Vec::new(), Vec::new());
        let mut config = Self { file, settings, peers, scripts, warnings };
        config.peers = peers::read(&entries, config.identity(), config.base(), &mut wrong);
        config.read_scripts(&mut wrong);
        config.check_together(&mut wrong);
        config.warn();
        if wrong.is_empty() { Ok(config) } else { Err(wrong) }
    }

    /// The file that was read, if there was one.
    pub(crate) fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// Every key with its value, in alphabetical order; keys that are unset are left out.
    pub(crate) fn settings(&self) -> impl Iterator<Item = (&'static str, &Setting)> {
        self.settings.iter().map(|(path, setting)| (*path, setting))
    }

    /// The peers, in the order of the file.
    pub(crate) fn peers(&self) -> &[PeerConfig] {
        &self.peers
    }

    /// What is allowed but unwise.
    pub(crate) fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// `node.participant_id`; `None` is impossible after [`Config::load`].
    pub(crate) fn participant_id(&self) -> Option<ParticipantId> {
        ParticipantId::parse(self.text("node.participant_id")?).ok()
    }

    /// `node.title`, else the participant id.
    pub(crate) fn title(&self) -> String {
        let title = self.text("node.title").filter(|title| !title.is_empty());
        title.or_else(|| self.text("node.participant_id")).unwrap_or_default().to_owned()
    }

    /// `node.jurisdiction`.
    pub(crate) fn jurisdiction(&self) -> Option<String> {
        self.text("node.jurisdiction").map(str::to_owned)
    }

    /// `node.address`, else made from the address the node really listens on.
    pub(crate) fn address(&self, listening: SocketAddr) -> Option<Address> {
        if let Some(text) = self.text("node.address") {
            return Address::parse(text).ok();
        }
        let mut reached = listening;
        if listening.ip().is_unspecified() {
            reached.set_ip(IpAddr::V4(Ipv4Addr::LOCALHOST));
        }
        Address::parse(&format!("http://{reached}")).ok()
    }

    /// `node.data_dir`, absolute or relative to the working directory.
    pub(crate) fn data_dir(&self) -> PathBuf {
        self.path("node.data_dir").unwrap_or_else(|| PathBuf::from("data"))
    }

    /// `protocol.listen`.
    pub(crate) fn protocol_listen(&self) -> SocketAddr {
        let fallback = SocketAddr::from((Ipv4Addr::LOCALHOST, 8180));
        self.text("protocol.listen").and_then(|text| text.parse().ok()).unwrap_or(fallback)
    }

    /// `management.listen`; `None` where it is off.
    pub(crate) fn management_listen(&self) -> Option<SocketAddr> {
        self.text("management.listen").and_then(|text| text.parse().ok())
    }

    /// `management.socket`.
    pub(crate) fn socket(&self) -> PathBuf {
        self.path("management.socket").unwrap_or_else(|| self.data_dir().join("causeway.sock"))
    }

    /// `management.token_file`.
    pub(crate) fn token_file(&self) -> PathBuf {
        self.path("management.token_file")
            .unwrap_or_else(|| self.data_dir().join("management.token"))
    }

    /// `automation.*`.
    pub(crate) fn rules(&self) -> Vec<(Question, Rule)> {
        let rule = |question: Question| {
            let text = self.text(&format!("automation.{question}"))?;
            Some((question, value::rule(text)?))
        };
        Question::ALL.into_iter().filter_map(rule).collect()
    }

    /// `[[automation.script]]` and the file of scripts.
    pub(crate) fn scripts(&self) -> &[Script] {
        &self.scripts
    }

    /// `identity.mode`.
    pub(crate) fn identity(&self) -> IdentityMode {
        let is_did = self.text("node.participant_id").is_some_and(|id| id.starts_with("did:web:"));
        let preset = if is_did { IdentityMode::Dcp } else { IdentityMode::SharedSecret };
        self.text("identity.mode").and_then(value::identity_mode).unwrap_or(preset)
    }

    /// `identity.*` of credentials.
    pub(crate) fn dcp(&self) -> DcpSettings {
        let types = |path| self.list(path).to_vec();
        DcpSettings {
            requires: [
                types("identity.catalog_requires"),
                types("identity.negotiation_requires"),
                types("identity.transfer_requires"),
            ],
            is_listed_only: self.text("identity.admit") == Some("listed"),
            also_asks: types("identity.also_asks"),
            shows: types("identity.shows"),
            presentation: Duration::from_secs(self.count("identity.presentation_seconds")),
            allows_unsigned_lists: self.flag("identity.allow_unsigned_status_lists"),
            dialect: match self.flag("identity.allow_drafts") {
                true => Dialect::Draft,
                false => Dialect::Final,
            },
        }
    }

    /// `trust.keys_file`.
    pub(crate) fn trust_keys_file(&self) -> Option<PathBuf> {
        self.path("trust.keys_file")
    }

    /// `trust.threshold`.
    pub(crate) fn trust_threshold(&self) -> Option<usize> {
        let threshold = self.settings.get("trust.threshold")?;
        usize::try_from(threshold.value.count()).ok()
    }

    /// `identity.allow_insecure`.
    pub(crate) fn is_insecure_allowed(&self) -> bool {
        self.flag("identity.allow_insecure")
    }

    /// `egress.insecure_allow_loopback`.
    pub(crate) fn is_loopback_allowed(&self) -> bool {
        self.flag("egress.insecure_allow_loopback")
    }

    /// `law.*`.
    pub(crate) fn law(&self) -> LawSettings {
        let mut law = LawSettings::default();
        for text in self.list("law.facts") {
            // The table of keys has checked each by itself.
            let _ = law.facts.read(text);
        }
        let mut counts = StatedFacts::new();
        for text in self.list("law.counts") {
            let _ = counts.read(text);
        }
        for (name, value) in counts.iter() {
            if let FactValue::Count(count) = value {
                law.counts.insert(name.to_owned(), *count);
            }
        }
        law
    }

    /// `retry.*`.
    pub(crate) fn retry(&self) -> Retry {
        let millis = |path| Duration::from_millis(self.count(path));
        Retry {
            attempts_max: u32::try_from(self.count("retry.attempts_max")).unwrap_or(u32::MAX),
            wait_first: millis("retry.wait_first_ms"),
            wait_max: millis("retry.wait_max_ms"),
            answer_timeout: millis("retry.answer_timeout_ms"),
        }
    }

    /// `catalog.*`.
    pub(crate) fn catalog(&self) -> CatalogCopies {
        let minutes = self.count("catalog.refresh_minutes");
        CatalogCopies {
            refresh_every: (minutes > 0).then(|| Duration::from_secs(minutes * 60)),
            peer_datasets_max: self.count("catalog.peer_datasets_max"),
        }
    }

    /// `transfer.token_lifetime_seconds`.
    pub(crate) fn token_lifetime(&self) -> Duration {
        Duration::from_secs(self.count("transfer.token_lifetime_seconds"))
    }

    /// `egress.reachable`.
    pub(crate) fn reachable(&self) -> Vec<Network> {
        self.list("egress.reachable").iter().filter_map(|item| Network::parse(item)).collect()
    }

    /// `log.level`, a filter directive.
    pub(crate) fn log_level(&self) -> &str {
        self.text("log.level").unwrap_or("info")
    }

    /// Whether the level was set, rather than left to the default.
    pub(crate) fn is_log_level_set(&self) -> bool {
        self.settings.get("log.level").is_some_and(|s| s.origin != Origin::Default)
    }

    /// Whether `log.format` is `json`.
    pub(crate) fn is_log_json(&self) -> bool {
        self.text("log.format") == Some("json")
    }

    fn text(&self, path: &str) -> Option<&str> {
        self.settings.get(path).map(|setting| setting.value.text())
    }

    fn list(&self, path: &str) -> &[String] {
        match self.settings.get(path).map(|setting| &setting.value) {
            Some(Value::List(items)) => items,
            _ => &[],
        }
    }

    fn flag(&self, path: &str) -> bool {
        self.settings.get(path).is_some_and(|setting| setting.value == Value::Flag(true))
    }

    fn count(&self, path: &str) -> u64 {
        self.settings.get(path).map_or(0, |setting| setting.value.count())
    }

    /// Paths of the file are relative to it, all others to the working directory. The default of
    /// the data directory belongs to the file too, so that a file and its data stay together.
    fn path(&self, path: &str) -> Option<PathBuf> {
        let setting = self.settings.get(path)?;
        let text = setting.value.text();
        match setting.origin {
            Origin::File { .. } | Origin::Default => Some(self.base().join(text)),
            Origin::Environment(_) | Origin::Flag => Some(PathBuf::from(text)),
        }
    }

    fn base(&self) -> &Path {
        self.file.as_deref().and_then(Path::parent).unwrap_or(Path::new(""))
    }

    fn read_scripts(&mut self, wrong: &mut Vec<Wrong>) {
        if let Some(path) = self.path("automation.scripts_file") {
            match std::fs::read_to_string(&path) {
                Ok(text) => self.scripts.extend(scripts::file(&path, &text, wrong)),
                Err(error) => wrong.push(Wrong::Value {
                    origin: self.settings["automation.scripts_file"].origin.clone(),
                    key: "automation.scripts_file".to_owned(),
                    found: format!("{} ({error})", path.display()),
                    expected: "a file that can be read".to_owned(),
                }),
            }
        }
        scripts::check_together(&self.scripts, wrong);
    }

    fn check_together(&self, wrong: &mut Vec<Wrong>) {
        let is_missing = |path: &str| !self.settings.contains_key(path);
        for key in KEYS.iter().filter(|k| k.preset == Preset::Required && is_missing(k.path)) {
            let already = |w: &Wrong| matches!(w, Wrong::Value { key: k, .. } if k == key.path);
            if !wrong.iter().any(already) {
                let place = self.file.as_deref().map_or("the environment".to_owned(), |file| {
                    format!("{} and the environment", file.display())
                });
                wrong.push(Wrong::Missing {
                    place,
                    key: key.path.to_owned(),
                    expected: key.kind.expected(),
                });
            }
        }
        let mut value = |path: &str, expected: &str| {
            if let Some(setting) = self.settings.get(path) {
                wrong.push(Wrong::Value {
                    origin: setting.origin.clone(),
                    key: path.to_owned(),
                    found: setting.value.to_string(),
                    expected: expected.to_owned(),
                });
            }
        };
        let is_remote = self.management_listen().is_some_and(|a| !a.ip().is_loopback());
        let allow_remote = self.settings.get("management.allow_remote");
        if is_remote && allow_remote.is_none_or(|s| s.value != Value::Flag(true)) {
            let expected = "a loopback address, unless management.allow_remote is true";
            value("management.listen", expected);
        }
        if let Some((path, expected)) = self.check_access() {
            value(path, expected);
        }
        self.check_custody(&mut value);
        let retry = self.retry();
        if retry.wait_max < retry.wait_first {
            value("retry.wait_max_ms", "at least retry.wait_first_ms");
        }
        let own = self.text("node.participant_id");
        if let Some(peer) = self.peers.iter().find(|p| Some(p.participant_id.as_str()) == own) {
            wrong.push(Wrong::Value {
                origin: peer.origin.clone(),
                key: "peers.participant_id".to_owned(),
                found: format!("{:?}, this node's own", peer.participant_id.as_str()),
                expected: "another participant".to_owned(),
            });
        }
    }

    fn warn(&mut self) {
        let mut warnings = Vec::new();
        if let Some(file) = &self.file
            && self.peers.iter().any(|peer| peer.secret.is_inline())
        {
            warnings.extend(open_to_others(file));
        }
        for path in self.peers.iter().filter_map(|peer| peer.secret.path()) {
            warnings.extend(open_to_others(path));
        }
        if let Some(path) = self.path("identity.sts_secret_file") {
            warnings.extend(open_to_others(&path));
        }
        if self.identity().is_insecure() {
            warnings.push(format!(
                "identity.mode is {}: whoever reaches this node can pass for a peer",
                self.identity().as_str()
            ));
        }
        if self.is_loopback_allowed() {
            warnings.push(
                "egress.insecure_allow_loopback is true: others can make this node call this \
                 machine, over plain HTTP"
                    .to_owned(),
            );
        }
        if self.dcp().dialect == Dialect::Draft {
            warnings.push(
                "identity.allow_drafts is true: keys count whose owners do not say what they are \
                 for"
                .to_owned(),
            );
        }
        let listen = self.protocol_listen();
        if !listen.ip().is_loopback() && self.text("node.address").is_none() {
            warnings.push(format!(
                "node.address is not set, so peers are told http://{listen}, which they may not \
                 reach"
            ));
        }
        self.warnings = warnings;
    }
}

/// Whether these values would be taken, before they are written to a file.
pub(crate) fn check_flags(given: &[(&str, String)]) -> Outcome {
    let given: Vec<_> =
        given.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
    match Layer::flags(given.iter()).wrong.as_slice() {
        [] => Ok(()),
        wrong => Err(report(wrong)),
    }
}

fn defaults() -> BTreeMap<&'static str, Setting> {
    let preset = |key: &'static keys::Key| {
        let literal = render::preset_literal(key.path)?;
        let parsed = toml::de::DeValue::parse(literal).ok()?;
        let value = Value::from_toml(key.kind, parsed.get_ref()).ok()?;
        Some((key.path, Setting { value, origin: Origin::Default }))
    };
    KEYS.iter().filter_map(preset).collect()
}

fn report(wrong: &[Wrong]) -> Failure {
    let lines: Vec<String> = wrong.iter().map(ToString::to_string).collect();
    let detail = match lines.as_slice() {
        [one] => one.clone(),
        many => format!("the configuration has {} faults\n  {}", many.len(), many.join("\n  ")),
    };
    let is_unset =
        wrong.iter().any(|w| matches!(w, Wrong::Missing { key, .. } if find(key).is_some()));
    let hint = if is_unset {
        "write a configuration with: causeway init"
    } else {
        "every key is explained by: causeway config reference"
    };
    Failure::new(Exit::Usage, detail).hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str) -> Result<Config, Vec<String>> {
        let path = PathBuf::from("/etc/causeway.toml");
        let layers = vec![Layer::file(&path, text)];
        Config::of_layers(Some(path), layers)
            .map_err(|wrong| wrong.iter().map(ToString::to_string).collect())
    }

    fn check(text: &str, expected: &[&str]) {
        let wrong = load(text).err().unwrap_or_default();
        assert_eq!(wrong, expected, "{text}");
    }

    const NODE: &str = "[node]\nparticipant_id = \"a\"\n";

    #[test]
    fn wrong_files_are_told_with_line_and_expectation() {
        let of = |rest: &str| format!("{NODE}{rest}");
        check(NODE, &[]);
        check(
            &of("titel = \"x\""),
            &["/etc/causeway.toml:3: unknown key `node.titel`; did you mean `node.title`?"],
        );
        check(
            &of("[nodes]\nx = 1"),
            &["/etc/causeway.toml:3: unknown section `nodes`; did you mean `node`?"],
        );
        check(
            &of("[retry]\nattempts_max = 0"),
            &["/etc/causeway.toml:4: retry.attempts_max: found 0, expected a whole number from 1 \
               to 100000"],
        );
        check(
            &of("[retry]\nattempts_max = \"many\""),
            &["/etc/causeway.toml:4: retry.attempts_max: found the text \"many\", expected a \
               whole number from 1 to 100000"],
        );
        check(
            &of("[management]\nlisten = \"0.0.0.0:8181\""),
            &["/etc/causeway.toml:4: management.listen: found \"0.0.0.0:8181\", expected a \
               loopback address, unless management.allow_remote is true"],
        );
        check(&of("[management]\nlisten = \"0.0.0.0:8181\"\nallow_remote = true"), &[]);
        check(
            &of("[retry]\nwait_first_ms = 1000\nwait_max_ms = 999"),
            &["/etc/causeway.toml:5: retry.wait_max_ms: found 999, expected at least \
               retry.wait_first_ms"],
        );
        check(
            "title = \"x\"",
            &[
                "/etc/causeway.toml:1: unknown key `title`; did you mean `node.title`?",
                "/etc/causeway.toml and the environment: node.participant_id: found nothing, \
                 expected a participant id without white space, at most 1024 bytes",
            ],
        );
    }

    #[test]
    fn without_anything_the_documented_defaults_hold() {
        let Ok(config) = load(NODE) else { panic!("a file with the required key is complete") };
        assert_eq!(config.title(), "a");
        assert_eq!(config.data_dir(), Path::new("/etc/data"));
        assert_eq!(config.socket(), Path::new("/etc/data/causeway.sock"));
        assert_eq!(config.retry().attempts_max, 150);
        assert_eq!(config.retry().wait_max, Duration::from_secs(600));
        assert_eq!(config.rules().len(), Question::ALL.len());
        let address = config.address(config.protocol_listen());
        assert_eq!(address.unwrap().as_str(), "http://127.0.0.1:8180");
    }

    #[test]
    fn the_defaults_of_the_rules_are_the_node_s_own() {
        let Ok(config) = load(NODE) else { panic!("a file with the required key is complete") };
        for (question, rule) in config.rules() {
            let expected = match question {
                Question::OfferReceived => Rule::Hold,
                _ => Rule::Auto,
            };
            assert_eq!(rule, expected, "{question}");
        }
    }

    #[test]
    fn the_command_line_wins_over_the_environment_and_that_over_the_file() {
        let path = PathBuf::from("causeway.toml");
        let file = || Layer::file(&path, "[node]\nparticipant_id = \"file\"\ntitle = \"file\"\n");
        let environment = || {
            let variable = ("CAUSEWAY_NODE__TITLE".to_owned(), "environment".to_owned());
            Layer::environment([variable].into_iter())
        };
        let setting = ("node.title".to_owned(), "flag".to_owned());
        let flags = || Layer::flags([&setting].into_iter());
        let check = |layers: Vec<Layer>, expected: &str| {
            let Ok(config) = Config::of_layers(None, layers) else { panic!("layers are fine") };
            assert_eq!(config.title(), expected);
        };
        check(vec![file()], "file");
        check(vec![file(), environment()], "environment");
        check(vec![file(), environment(), flags()], "flag");
    }
}
