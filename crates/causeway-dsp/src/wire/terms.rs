//! The names of the envelope: DSP and DCAT properties, the ODRL properties around the rules, and
//! the absolute IRIs that carry what DSP has no name for. What they contain is not here.

use std::borrow::Cow;

use causeway_policy::Contexts;

/// The namespace of the Dataspace Protocol 2025-1.
pub(super) const DSPACE: &str = "https://w3id.org/dspace/2025/1/";
const DCAT: &str = "http://www.w3.org/ns/dcat#";
const ODRL: &str = "http://www.w3.org/ns/odrl/2/";
const DCT: &str = "http://purl.org/dc/terms/";
const SPDX: &str = "http://spdx.org/rdf/terms#";
const OWN: &str = "https://w3id.org/causeway/v1/";
const EDC: &str = crate::transfer::EDC_NAMESPACE;

/// Prefixes that are understood without being declared; `causeway_policy` knows the others.
const PREFIXES: &[(&str, &str)] = &[
    ("dspace", DSPACE),
    ("dcat", DCAT),
    ("odrl", ODRL),
    ("dct", DCT),
    ("dcterms", DCT),
    ("spdx", SPDX),
    ("edc", EDC),
];

/// A property.
#[derive(Debug, Clone, Copy)]
pub(super) struct Term {
    namespace: &'static str,
    name: &'static str,
    /// Whether the name alone means this property.
    bare: bool,
}

macro_rules! terms {
    ($($term:ident = $namespace:ident $name:literal $bare:literal;)*) => {
        $(pub(super) const $term: Term =
            Term { namespace: $namespace, name: $name, bare: $bare };)*
        #[cfg(test)]
        const ALL: &[Term] = &[$($term),*];
    };
}

terms! {
    ACCESS_SERVICE = DCAT "accessService" true;
    AGREEMENT = DSPACE "agreement" true;
    AGREEMENT_ID = DSPACE "agreementId" true;
    ASSIGNEE = ODRL "assignee" true;
    ASSIGNER = ODRL "assigner" true;
    CALLBACK_ADDRESS = DSPACE "callbackAddress" true;
    CATALOG = DCAT "catalog" true;
    CODE = DSPACE "code" true;
    CONSUMER_PID = DSPACE "consumerPid" true;
    DATASET = DCAT "dataset" true;
    DATA_ADDRESS = DSPACE "dataAddress" true;
    DISTRIBUTION = DCAT "distribution" true;
    ENDPOINT = DSPACE "endpoint" true;
    ENDPOINT_PROPERTIES = DSPACE "endpointProperties" true;
    ENDPOINT_TYPE = DSPACE "endpointType" true;
    ENDPOINT_URL = DCAT "endpointURL" true;
    EVENT_TYPE = DSPACE "eventType" true;
    FILTER = DSPACE "filter" true;
    FORMAT = DCT "format" true;
    HAS_POLICY = ODRL "hasPolicy" true;
    NAME = DSPACE "name" true;
    OFFER = DSPACE "offer" true;
    PARTICIPANT_ID = DSPACE "participantId" true;
    PROVIDER_PID = DSPACE "providerPid" true;
    REASON = DSPACE "reason" true;
    REFINEMENT = ODRL "refinement" true;
    SERVICE = DCAT "service" true;
    STATE = DSPACE "state" true;
    TARGET = ODRL "target" true;
    TIMESTAMP = DSPACE "timestamp" true;
    VALUE = DSPACE "value" true;

    BYTE_SIZE = DCAT "byteSize" false;
    CHECKSUM = SPDX "checksum" false;
    CHECKSUM_ALGORITHM = SPDX "algorithm" false;
    CHECKSUM_VALUE = SPDX "checksumValue" false;
    DESCRIPTION = DCT "description" false;
    EDC_DESCRIPTION = EDC "description" true;
    EDC_FILTER_EXPRESSION = EDC "filterExpression" true;
    EDC_NAME = EDC "name" true;
    END_DATE = DCAT "endDate" false;
    FACT = OWN "fact" false;
    KEYWORD = DCAT "keyword" false;
    LICENCE = DCT "license" false;
    MEDIA_TYPE = DCAT "mediaType" false;
    SPATIAL = DCT "spatial" false;
    START_DATE = DCAT "startDate" false;
    TEMPORAL = DCT "temporal" false;
    THEME = DCAT "theme" false;
    TITLE = DCT "title" false;
}

impl Term {
    /// The name that is written: bare where the DSP context defines it, the absolute IRI
    /// otherwise, which every JSON-LD processor keeps.
    pub(super) fn written(self) -> Cow<'static, str> {
        if self.bare { self.name.into() } else { format!("{}{}", self.namespace, self.name).into() }
    }

    /// What `key` has to do with this property.
    pub(super) fn matches(self, key: &str, contexts: &Contexts) -> Match {
        if key == self.name {
            return if self.bare { Match::Same } else { Match::Other };
        }
        if !key.strip_suffix(self.name).is_some_and(|start| start.ends_with([':', '/', '#'])) {
            return Match::Other;
        }
        match expanded(key, contexts).strip_suffix(self.name) {
            Some(namespace) if namespace == self.namespace => Match::Same,
            Some(EDC) if self.namespace == DSPACE => Match::Alias,
            _ => Match::Other,
        }
    }
}

/// Whether a key means a property.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Match {
    /// It does.
    Same,
    /// It does if nothing else does: connectors based on EDC have used their own namespace for
    /// names of the protocol.
    Alias,
    /// It means something else.
    Other,
}

/// The name without its namespace, for types and for values that are names of the protocol; a
/// name of another namespace stays as it is.
pub(super) fn local<'t>(text: &'t str, contexts: &Contexts) -> Cow<'t, str> {
    if !text.contains(':') {
        return text.into();
    }
    let iri = expanded(text, contexts);
    match PREFIXES.iter().find_map(|(_, namespace)| iri.strip_prefix(namespace)) {
        Some(name) => name.to_owned().into(),
        None => text.into(),
    }
}

/// The absolute IRI of a prefixed name; other texts stay as they are.
fn expanded<'t>(text: &'t str, contexts: &Contexts) -> Cow<'t, str> {
    let Some((prefix, name)) = text.split_once(':') else {
        return text.into();
    };
    if name.starts_with("//") {
        return text.into();
    }
    // What the message declares goes first, as it may give a familiar prefix another meaning.
    if let Ok(causeway_policy::Term::Iri(iri)) = contexts.resolve(text) {
        return iri.as_str().to_owned().into();
    }
    match PREFIXES.iter().find(|(known, _)| *known == prefix) {
        Some((_, namespace)) => format!("{namespace}{name}").into(),
        None => text.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_term_is_known_prefixed_and_in_full_but_not_in_another_namespace() {
        let contexts = Contexts::dsp();
        for term in ALL {
            let full = format!("{}{}", term.namespace, term.name);
            assert_eq!(term.matches(&full, &contexts), Match::Same, "{full}");
            for (prefix, namespace) in PREFIXES {
                let key = format!("{prefix}:{}", term.name);
                let expected = match (term.namespace, *namespace) {
                    (own, other) if own == other => Match::Same,
                    (DSPACE, EDC) => Match::Alias,
                    _ => Match::Other,
                };
                assert_eq!(term.matches(&key, &contexts), expected, "{key}");
            }
            for start in ["x", "x:", "http://example.com/"] {
                let key = format!("{start}{}", term.name);
                assert_eq!(term.matches(&key, &contexts), Match::Other, "{key}");
            }
            let bare = if term.bare { Match::Same } else { Match::Other };
            assert_eq!(term.matches(term.name, &contexts), bare);
        }
    }

    #[test]
    fn a_name_of_the_protocol_loses_its_namespace_and_another_does_not() {
        let contexts = Contexts::dsp();
        for (text, expected) in [
            ("REQUESTED", "REQUESTED"),
            ("dspace:REQUESTED", "REQUESTED"),
            ("https://w3id.org/dspace/2025/1/REQUESTED", "REQUESTED"),
            (
                "https://w3id.org/dspace/2024/1/REQUESTED",
                "https://w3id.org/dspace/2024/1/REQUESTED",
            ),
            ("urn:uuid:1", "urn:uuid:1"),
        ] {
            assert_eq!(local(text, &contexts), expected);
        }
    }
}
