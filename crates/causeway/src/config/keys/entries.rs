//! What stands beside the table of keys: the sections, the keys of entries that stand only in the
//! file, variables that are no keys, and what lies in the data directory.

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
    ("trust", "By whom the first trust file of a dataspace is signed."),
    ("keys", "Where this node's private keys are, and how they are replaced."),
    ("protocol", "The listener for peers."),
    ("management", "The listeners for the node's own people and programs."),
    ("access", "How people and programs use the management listeners together."),
    ("oidc", "The identity provider of the organisation (OpenID Connect)."),
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
    PeerKey {
        name: "callback_hosts",
        expected: "a list of at most 16 hosts such as [\"answers.example.org\"]",
        needed: "optional",
        example: "[\"answers.nairobi.example.org\"]",
        doc: "Hosts beside those of `address` and `base` at which the peer may have answers sent.",
    },
];

/// What lies in the data directory.
pub(crate) const DATA_LAYOUT: &[(&str, &str)] = &[
    (
        "keys.sealed",
        "the private keys, encrypted (mode 0600), with `keys.lock` while they are open",
    ),
    ("keys.machine-key", "what opens `keys.sealed` if no passphrase does (mode 0600)"),
    (
        "keys.pkcs11.json",
        "what is known of the keys in a token, without anything secret (mode 0600)",
    ),
    ("causeway.db", "the database, with `causeway.db-wal`, `-shm` and `.lock` while it is open"),
    ("objects/", "published files, each under the BLAKE3 digest of its content"),
    ("received/", "received files, each under the id of its transfer"),
    ("causeway.sock", "the socket of the command line (mode 0600), while the node runs"),
    ("subjects.key", "the key under which persons are remembered, to count each once (mode 0600)"),
    ("management.token", "the token of the management listener (mode 0600)"),
    ("ready.json", "process id and addresses of the running node"),
];
