//! What the value of a configuration key must be. Whether a value is that is checked elsewhere.

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
    /// Which holders of credentials may exchange with the node.
    Admit,
    /// A list of types of credentials.
    CredentialTypes,
    /// A list of roles, each with the claim that comes with it.
    RoleRules,
    /// Where private keys are.
    KeyStore,
}

impl Kind {
    /// Whether it is a list of texts.
    pub(crate) fn is_list(self) -> bool {
        matches!(self, Self::Networks | Self::Facts | Self::CredentialTypes | Self::RoleRules)
    }

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
                "\"dcp\" or \"shared-secret\", or for closed test networks \"static-token\" or \
                 \"edc-mock\""
                    .to_owned()
            }
            Self::Admit => "\"credentials\" or \"listed\"".to_owned(),
            Self::CredentialTypes => {
                "a list of types of credentials such as [\"MembershipCredential\"]".to_owned()
            }
            Self::KeyStore => "\"file\" or \"pkcs11\"".to_owned(),
            Self::RoleRules => {
                "a list of roles with claims such as [\"legal=groups:legal-team\"]".to_owned()
            }
        }
    }
}
