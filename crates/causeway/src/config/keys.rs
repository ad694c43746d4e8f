//! Every configuration key in one table. The file that `init` writes, the reference page, the
//! names of environment variables and the checks are all made from it; no other place lists keys.
//!
//! Where values come from and what they become is not here.

/// What a value must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Any text.
    Text,
    /// A participant id.
    ParticipantId,
    /// A legal area: ISO 3166-1 alpha-2 or ISO 3166-2, or an area with a law of its own, by shape.
    Jurisdiction,
    /// A path; relative to the directory of the file it stands in.
    Path,
    /// An absolute http(s) URL.
    Url,
    /// IP address and port.
    Listen,
    /// IP address and port, or `off`.
    ListenOrOff,
    /// `true` or `false`.
    Flag,
    /// A whole number.
    Count {
        /// The smallest.
        min: u64,
        /// The largest.
        max: u64,
    },
    /// `hold`, `auto` or an http(s) URL.
    Rule,
    /// A list of networks.
    Networks,
    /// A list of facts, each with its value.
    Facts,
    /// A filter directive of the log.
    LogLevel,
    /// `text` or `json`.
    LogFormat,
    /// How peers are known.
    IdentityMode,
}

impl Kind {
    /// The type in words, as errors and the reference say it.
    pub(crate) fn expected(self) -> String {
        match self {
            Self::Text => "a text".to_owned(),
            Self::ParticipantId => {
                "a participant id without white space, at most 1024 bytes".to_owned()
            }
            Self::Jurisdiction => {
                "a legal area: an ISO 3166 code such as KE or BR-SP, or one such as AE-DIFC"
                    .to_owned()
            }
            Self::Path => "a path".to_owned(),
            Self::Url => "an absolute http or https URL".to_owned(),
            Self::Listen => "an IP address and a port such as 127.0.0.1:8180".to_owned(),
            Self::ListenOrOff => {
                "an IP address and a port such as 127.0.0.1:8181, or \"off\"".to_owned()
            }
            Self::Flag => "true or false".to_owned(),
            Self::Count { min, max } => format!("a whole number from {min} to {max}"),
            Self::Rule => "\"hold\", \"auto\" or an http or https URL".to_owned(),
            Self::Networks => "a list of networks such as [\"10.0.0.0/8\"]".to_owned(),
            Self::Facts => "a list of facts such as [\"exporter.ciio=false\"]".to_owned(),
            Self::LogLevel => {
                "error, warn, info, debug, trace or directives such as info,causeway_node=debug"
                    .to_owned()
            }
            Self::LogFormat => "\"text\" or \"json\"".to_owned(),
            Self::IdentityMode => {
                "\"shared-secret\", or for closed test networks \"static-token\" or \"edc-mock\""
                    .to_owned()
            }
        }
    }
}

/// What holds where nothing is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Preset {
    /// The node does not start without it.
    Required,
    /// A value, as it is written in the file.
    Value(&'static str),
    /// Unset, or made from something else; in words.
    Words(&'static str),
}

/// One key.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Key {
    /// `section.name`.
    pub(crate) path: &'static str,
    /// What its value must be.
    pub(crate) kind: Kind,
    /// What holds without it.
    pub(crate) preset: Preset,
    /// A value for the commented file, as it is written there.
    pub(crate) example: &'static str,
    /// One sentence.
    pub(crate) doc: &'static str,
}

impl Key {
    /// The part before the dot.
    pub(crate) fn section(&self) -> &'static str {
        self.path.split_once('.').map_or("", |(section, _)| section)
    }

    /// The part after the dot.
    pub(crate) fn name(&self) -> &'static str {
        self.path.split_once('.').map_or(self.path, |(_, name)| name)
    }

    /// `CAUSEWAY_SECTION__NAME`.
    pub(crate) fn environment(&self) -> String {
        format!("{PREFIX}{}", self.path.replace('.', "__").to_uppercase())
    }
}

/// How the environment's names begin.
pub(crate) const PREFIX: &str = "CAUSEWAY_";

/// Environment variables that are no configuration keys.
pub(crate) const OTHER_VARIABLES: &[(&str, &str)] = &[
    ("CAUSEWAY_CONFIG", "The configuration file, as `--config`."),
    ("CAUSEWAY_NODE", "The node to talk to, as `--node`."),
    ("CAUSEWAY_NODE_TOKEN", "The management token for a node that is reached by URL."),
];

/// The sections in their order, each with one sentence.
pub(crate) const SECTIONS: &[(&str, &str)] = &[
    ("node", "Who this node is."),
    ("identity", "How peers are known."),
    ("protocol", "The listener for peers."),
    ("management", "The listeners for the node's own people and programs."),
    (
        "automation",
        "Who answers the protocol's questions: \"hold\" waits for a person, \"auto\" goes on if \
         the policy is understood and permits it, a URL asks a program of yours.",
    ),
    ("law", "What the law of both sides has to know of this node's organisation."),
    ("retry", "How undelivered messages and interrupted downloads are tried again."),
    ("catalog", "Copies of peers' catalogs, which `causeway search` finds datasets in."),
    ("transfer", "Transfers of which this node is the provider."),
    ("egress", "What this node may call."),
    ("log", "What is written to stderr."),
];

/// Every key, in the order of the file.
pub(crate) const KEYS: &[Key] = &[
    Key {
        path: "node.participant_id",
        kind: Kind::ParticipantId,
        preset: Preset::Required,
        example: "\"urn:example:my-organisation\"",
        doc: "The id under which peers know this node; it stands in every agreement.",
    },
    Key {
        path: "node.title",
        kind: Kind::Text,
        preset: Preset::Words("the participant id"),
        example: "\"My organisation\"",
        doc: "The name shown to people.",
    },
    Key {
        path: "node.jurisdiction",
        kind: Kind::Jurisdiction,
        preset: Preset::Words("unset"),
        example: "\"KE\"",
        doc: "The legal area the node sits in, an ISO 3166 code or an area with a law of its own; \
              without it, whatever may cross a border waits for a person.",
    },
    Key {
        path: "node.data_dir",
        kind: Kind::Path,
        preset: Preset::Value("\"data\""),
        example: "\"data\"",
        doc: "Where the node keeps its database, published and received files.",
    },
    Key {
        path: "node.address",
        kind: Kind::Url,
        preset: Preset::Words("http:// and protocol.listen"),
        example: "\"https://node.example.org\"",
        doc: "The root URL under which peers reach this node.",
    },
    Key {
        path: "identity.mode",
        kind: Kind::IdentityMode,
        preset: Preset::Value("\"shared-secret\""),
        example: "\"shared-secret\"",
        doc: "How peers are known; with \"static-token\" each peer has one fixed header, with \
              \"edc-mock\" everybody is who they say.",
    },
    Key {
        path: "identity.allow_insecure",
        kind: Kind::Flag,
        preset: Preset::Value("false"),
        example: "false",
        doc: "Whether identity.mode may be one that anybody who reaches the node can abuse.",
    },
    Key {
        path: "protocol.listen",
        kind: Kind::Listen,
        preset: Preset::Value("\"127.0.0.1:8180\""),
        example: "\"127.0.0.1:8180\"",
        doc: "Where the node listens for peers; port 0 takes any free port.",
    },
    Key {
        path: "management.listen",
        kind: Kind::ListenOrOff,
        preset: Preset::Value("\"127.0.0.1:8181\""),
        example: "\"127.0.0.1:8181\"",
        doc: "Where the node listens for its own people and programs, who show the token; \
              \"off\" leaves only the socket.",
    },
    Key {
        path: "management.allow_remote",
        kind: Kind::Flag,
        preset: Preset::Value("false"),
        example: "false",
        doc: "Whether management.listen may be an address that other machines reach.",
    },
    Key {
        path: "management.socket",
        kind: Kind::Path,
        preset: Preset::Words("causeway.sock in node.data_dir"),
        example: "\"data/causeway.sock\"",
        doc: "The Unix socket of the command line; whoever may open it is the operator.",
    },
    Key {
        path: "management.token_file",
        kind: Kind::Path,
        preset: Preset::Words("management.token in node.data_dir"),
        example: "\"data/management.token\"",
        doc: "The file with the token for management.listen; made at the first start if missing.",
    },
    Key {
        path: "automation.contract_requested",
        kind: Kind::Rule,
        preset: Preset::Value("\"auto\""),
        example: "\"auto\"",
        doc: "Provider: a consumer requests a contract.",
    },
    Key {
        path: "automation.offer_received",
        kind: Kind::Rule,
        preset: Preset::Value("\"hold\""),
        example: "\"hold\"",
        doc: "Consumer: a provider offers other terms than were requested.",
    },
    Key {
        path: "automation.offer_accepted",
        kind: Kind::Rule,
        preset: Preset::Value("\"auto\""),
        example: "\"auto\"",
        doc: "Provider: a consumer accepted the terms this node offered.",
    },
    Key {
        path: "automation.agreement_received",
        kind: Kind::Rule,
        preset: Preset::Value("\"auto\""),
        example: "\"auto\"",
        doc: "Consumer: the provider agreed; verify the agreement.",
    },
    Key {
        path: "automation.agreement_verified",
        kind: Kind::Rule,
        preset: Preset::Value("\"auto\""),
        example: "\"auto\"",
        doc: "Provider: the consumer verified the agreement; finalize it.",
    },
    Key {
        path: "automation.transfer_requested",
        kind: Kind::Rule,
        preset: Preset::Value("\"auto\""),
        example: "\"auto\"",
        doc: "Provider: a consumer with an agreement requests the data.",
    },
    Key {
        path: "automation.transfer_started",
        kind: Kind::Rule,
        preset: Preset::Value("\"auto\""),
        example: "\"auto\"",
        doc: "Consumer: the provider opened the transfer; fetch the data.",
    },
    Key {
        path: "automation.scripts_file",
        kind: Kind::Path,
        preset: Preset::Words("unset"),
        example: "\"scripts.toml\"",
        doc: "A file with further scripts, there as `[[script]]`.",
    },
    Key {
        path: "law.facts",
        kind: Kind::Facts,
        preset: Preset::Words("none"),
        example: "[\"exporter.public_body=false\"]",
        doc: "Facts of the organisation, as an exporter and as an importer; `causeway law facts` \
              lists them.",
    },
    Key {
        path: "law.counts",
        kind: Kind::Facts,
        preset: Preset::Words("none"),
        example: "[\"count.ordinary_year=50000\"]",
        doc: "Of how many persons data left by other ways than this node, by the counts of the \
              law; what this node counts is added.",
    },
    Key {
        path: "retry.attempts_max",
        kind: Kind::Count { min: 1, max: 100_000 },
        preset: Preset::Value("150"),
        example: "150",
        doc: "Attempts before a message or a download that gets nowhere is given up.",
    },
    Key {
        path: "retry.wait_first_ms",
        kind: Kind::Count { min: 10, max: 3_600_000 },
        preset: Preset::Value("500"),
        example: "500",
        doc: "The wait after the first failure, in milliseconds; it doubles with every further \
              one.",
    },
    Key {
        path: "retry.wait_max_ms",
        kind: Kind::Count { min: 10, max: 86_400_000 },
        preset: Preset::Value("600000"),
        example: "600000",
        doc: "The longest wait between two attempts, in milliseconds.",
    },
    Key {
        path: "retry.answer_timeout_ms",
        kind: Kind::Count { min: 100, max: 600_000 },
        preset: Preset::Value("30000"),
        example: "30000",
        doc: "How long a peer may take to answer one message, in milliseconds.",
    },
    Key {
        path: "catalog.refresh_minutes",
        kind: Kind::Count { min: 0, max: 525_600 },
        preset: Preset::Value("360"),
        example: "360",
        doc: "How old the copy of a peer's catalog may become before the node reads it by itself, \
              in minutes; a peer without a copy is read soon after the start. 0 for never.",
    },
    Key {
        path: "catalog.peer_datasets_max",
        kind: Kind::Count { min: 1, max: 10_000_000 },
        preset: Preset::Value("200000"),
        example: "200000",
        doc: "Most datasets that are copied from one peer.",
    },
    Key {
        path: "transfer.token_lifetime_seconds",
        kind: Kind::Count { min: 60, max: 2_592_000 },
        preset: Preset::Value("86400"),
        example: "86400",
        doc: "How long a consumer may fetch after a transfer started, in seconds.",
    },
    Key {
        path: "egress.reachable",
        kind: Kind::Networks,
        preset: Preset::Value("[]"),
        example: "[\"10.0.0.0/8\"]",
        doc: "Networks that are not public and that the node may call all the same.",
    },
    Key {
        path: "log.level",
        kind: Kind::LogLevel,
        preset: Preset::Value("\"info\""),
        example: "\"info\"",
        doc: "How much is logged.",
    },
    Key {
        path: "log.format",
        kind: Kind::LogFormat,
        preset: Preset::Value("\"text\""),
        example: "\"text\"",
        doc: "The form of the log.",
    },
];

/// The keys of an `[[automation.script]]` entry: name, what is expected, one sentence.
pub(crate) const SCRIPT_KEYS: &[(&str, &str, &str)] = &[
    ("dataset", "a dataset's id", "The dataset the script is for."),
    ("role", "\"provider\" or \"consumer\"", "The side this node is on."),
    ("process", "\"negotiation\" or \"transfer\"", "The kind of process."),
    (
        "steps",
        "a list of at most 64 steps",
        "What is done, in this order; after the last step, and without any, everything is held.",
    ),
];

/// The keys of a step of a script, likewise.
pub(crate) const STEP_KEYS: &[(&str, &str, &str)] = &[
    (
        "on",
        "a state of the protocol such as REQUESTED",
        "The state that, once entered, sets it off.",
    ),
    (
        "do",
        "offer, agree, accept, counter, verify, finalize, terminate, hold; of a transfer start, \
         suspend, complete, terminate, hold",
        "What is done then.",
    ),
    ("delay_ms", "a whole number from 0 to 86400000", "How long after that; 0 if it is missing."),
];

/// One key of a `[[peers]]` entry.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PeerKey {
    /// Its name.
    pub(crate) name: &'static str,
    /// The type in words.
    pub(crate) expected: &'static str,
    /// Whether it must be there, in words.
    pub(crate) needed: &'static str,
    /// A value for the commented file.
    pub(crate) example: &'static str,
    /// One sentence.
    pub(crate) doc: &'static str,
}

/// The keys of a `[[peers]]` entry. Peers stand only in the file.
pub(crate) const PEER_KEYS: &[PeerKey] = &[
    PeerKey {
        name: "name",
        expected: "a text of 1 to 64 letters, digits, `-`, `_` or `.`",
        needed: "required",
        example: "\"nairobi\"",
        doc: "A short name for the command line.",
    },
    PeerKey {
        name: "participant_id",
        expected: "a participant id without white space, at most 1024 bytes",
        needed: "required",
        example: "\"urn:example:nairobi\"",
        doc: "The peer's own `node.participant_id`.",
    },
    PeerKey {
        name: "address",
        expected: "an absolute http or https URL",
        needed: "required",
        example: "\"https://nairobi.example.org\"",
        doc: "The root URL under which the peer serves `/.well-known/dspace-version`.",
    },
    PeerKey {
        name: "jurisdiction",
        expected: "a legal area: an ISO 3166 code such as KE, or one such as AE-DIFC",
        needed: "without it, whatever may cross a border waits for a person",
        example: "\"KE\"",
        doc: "The legal area the peer sits in.",
    },
    PeerKey {
        name: "facts",
        expected: "a list of facts such as [\"importer.dpf_listed=true\"]",
        needed: "optional",
        example: "[\"importer.covered_person=false\"]",
        doc: "What the law has to know of the peer, as an exporter and as an importer; \
              `causeway law facts` lists them.",
    },
    PeerKey {
        name: "secret_file",
        expected: "a path",
        needed: "this or secret, with the mode shared-secret",
        example: "\"nairobi.secret\"",
        doc: "A file with the secret that both sides were told; white space at its ends is \
              dropped.",
    },
    PeerKey {
        name: "secret",
        expected: "a text of 32 to 1024 bytes",
        needed: "this or secret_file",
        example: "\"at least 32 bytes, the same on both sides\"",
        doc: "The secret itself; prefer secret_file.",
    },
    PeerKey {
        name: "base",
        expected: "an absolute http or https URL",
        needed: "optional",
        example: "\"https://nairobi.example.org/dsp/2025-1\"",
        doc: "The base of the peer's protocol endpoints, for one without a version document.",
    },
    PeerKey {
        name: "static_token",
        expected: "a text of 1 to 1024 bytes",
        needed: "with the mode static-token",
        example: "\"Bearer only-for-closed-test-networks\"",
        doc: "The whole `Authorization` header of both directions.",
    },
];

/// What lies in the data directory.
pub(crate) const DATA_LAYOUT: &[(&str, &str)] = &[
    ("causeway.db", "the database, with `causeway.db-wal`, `-shm` and `.lock` while it is open"),
    ("objects/", "published files, each under the BLAKE3 digest of its content"),
    ("received/", "received files, each under the id of its transfer"),
    ("causeway.sock", "the socket of the command line (mode 0600), while the node runs"),
    ("subjects.key", "the key under which persons are remembered, to count each once (mode 0600)"),
    ("management.token", "the token of the management listener (mode 0600)"),
    ("ready.json", "process id and addresses of the running node"),
];

/// The key with this path.
pub(crate) fn find(path: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.path == path)
}

/// The nearest of `known`, if it is near enough to be what was meant.
pub(crate) fn nearest<'a>(found: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    known
        .map(|candidate| (strsim::jaro_winkler(found, candidate), candidate))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;
    use causeway_dsp::Question;

    #[test]
    fn every_question_of_the_protocol_has_a_key() {
        let keys: Vec<_> =
            KEYS.iter().filter(|key| key.kind == Kind::Rule).map(Key::name).collect();
        let questions: Vec<_> = Question::ALL.iter().map(|question| question.as_str()).collect();
        assert_eq!(keys, questions);
    }

    #[test]
    fn every_key_is_in_a_known_section_and_explained_in_one_sentence() {
        for key in KEYS {
            assert!(SECTIONS.iter().any(|(name, _)| *name == key.section()), "{}", key.path);
            assert!(key.doc.ends_with('.'), "{}", key.path);
        }
    }

    #[test]
    fn a_slip_of_the_finger_finds_its_key_and_nonsense_does_not() {
        let check = |found: &str, expected: Option<&str>| {
            assert_eq!(nearest(found, KEYS.iter().map(|key| key.path)), expected, "{found}");
        };
        check("node.titel", Some("node.title"));
        check("protocol.listn", Some("protocol.listen"));
        check("retry.attempt_max", Some("retry.attempts_max"));
        check("zzz", None);
    }
}
