//! The names that known contexts define, as static tables. Which table counts for a message is
//! decided by `terms`; what a name means for a decision is not here.

/// The ODRL namespace.
pub(crate) const ODRL: &str = "http://www.w3.org/ns/odrl/2/";
/// The namespace of Eclipse Dataspace Components.
pub(crate) const EDC: &str = "https://w3id.org/edc/v0.0.1/ns/";
/// The namespace of the Catena-X policy profile of September 2025.
pub(crate) const CATENAX: &str = "https://w3id.org/catenax/2025/9/policy/";
/// The namespace of XML Schema datatypes.
pub(crate) const XSD: &str = "http://www.w3.org/2001/XMLSchema#";

/// Contexts that define the names of ODRL.
pub(crate) const ODRL_CONTEXTS: &[&str] = &[
    "https://w3id.org/dspace/2025/1/context.jsonld",
    "https://w3id.org/dspace/2025/1/odrl-profile.jsonld",
    "http://www.w3.org/ns/odrl.jsonld",
    "https://www.w3.org/ns/odrl.jsonld",
    "https://w3id.org/catenax/2025/9/policy/odrl.jsonld",
];
/// The context that EDC adds to its protocol messages.
pub(crate) const EDC_CONTEXT: &str = "https://w3id.org/edc/dspace/v0.0.1";
/// The context that Tractus-X adds to its protocol messages.
pub(crate) const CATENAX_CONTEXT: &str = "https://w3id.org/catenax/2025/9/policy/context.jsonld";

/// Prefixes that mean the same everywhere; an inline context may repeat but not redefine them.
pub(crate) const PREFIXES: &[(&str, &str)] = &[
    ("odrl", ODRL),
    ("edc", EDC),
    ("xsd", XSD),
    ("rdf", "http://www.w3.org/1999/02/22-rdf-syntax-ns#"),
    ("dct", "http://purl.org/dc/terms/"),
    ("dcat", "http://www.w3.org/ns/dcat#"),
];

/// Schemes of absolute IRIs that have no `//` after the colon.
pub(crate) const SCHEMES_WITHOUT_AUTHORITY: &[&str] = &["did", "tag", "urn"];

/// Properties of policies, rules and constraints in ODRL 2.2.
pub(crate) const ODRL_PROPERTIES: &[&str] = &[
    "action",
    "and",
    "andSequence",
    "assignee",
    "assigner",
    "conflict",
    "consequence",
    "constraint",
    "dataType",
    "duty",
    "failure",
    "function",
    "hasPolicy",
    "inheritFrom",
    "leftOperand",
    "obligation",
    "operator",
    "or",
    "output",
    "partOf",
    "permission",
    "profile",
    "prohibition",
    "refinement",
    "relation",
    "remedy",
    "rightOperand",
    "rightOperandReference",
    "scope",
    "source",
    "status",
    "target",
    "uid",
    "unit",
    "xone",
];

/// Left operands of the ODRL 2.2 common vocabulary.
pub(crate) const ODRL_LEFT_OPERANDS: &[&str] = &[
    "absolutePosition",
    "absoluteSize",
    "absoluteSpatialPosition",
    "absoluteTemporalPosition",
    "count",
    "dateTime",
    "delayPeriod",
    "deliveryChannel",
    "elapsedTime",
    "event",
    "fileFormat",
    "industry",
    "language",
    "media",
    "meteredTime",
    "payAmount",
    "percentage",
    "product",
    "purpose",
    "recipient",
    "relativePosition",
    "relativeSize",
    "relativeSpatialPosition",
    "relativeTemporalPosition",
    "resolution",
    "spatial",
    "spatialCoordinates",
    "system",
    "systemDevice",
    "timeInterval",
    "unitOfCount",
    "version",
    "virtualLocation",
];

/// Actions of ODRL 2.2 that the vocabulary places, directly or through another, below `use`.
pub(crate) const ODRL_ACTIONS_OF_USE: &[&str] = &[
    "acceptTracking",
    "aggregate",
    "annotate",
    "anonymize",
    "archive",
    "attribute",
    "compensate",
    "concurrentUse",
    "delete",
    "derive",
    "digitize",
    "display",
    "distribute",
    "ensureExclusivity",
    "execute",
    "extract",
    "grantUse",
    "include",
    "index",
    "inform",
    "install",
    "modify",
    "move",
    "nextPolicy",
    "obtainConsent",
    "play",
    "present",
    "print",
    "read",
    "reproduce",
    "reviewPolicy",
    "stream",
    "synchronize",
    "textToSpeech",
    "transform",
    "translate",
    "uninstall",
    "watermark",
];

/// Actions of ODRL 2.2 below `transfer`.
pub(crate) const ODRL_ACTIONS_OF_TRANSFER: &[&str] = &["give", "sell"];

/// Operators of ODRL 2.2.
pub(crate) const ODRL_OPERATORS: &[&str] = &[
    "eq", "gt", "gteq", "hasPart", "isA", "isAllOf", "isAnyOf", "isNoneOf", "isPartOf", "lt",
    "lteq", "neq",
];

/// Bare names in EDC's context for protocol messages.
pub(crate) const EDC_NAMES: &[&str] = &["description", "id", "inForceDate", "isCatalog"];

/// Bare names in the Catena-X policy context.
pub(crate) const CATENAX_NAMES: &[&str] = &[
    "AffiliatesBpnl",
    "AffiliatesRegion",
    "BusinessPartnerGroup",
    "BusinessPartnerNumber",
    "ConfidentialInformationMeasures",
    "ConfidentialInformationSharing",
    "ContractReference",
    "ContractTermination",
    "DataFrequency",
    "DataProvisioningEndDate",
    "DataProvisioningEndDurationDays",
    "DataUsageEndDate",
    "DataUsageEndDefinition",
    "DataUsageEndDurationDays",
    "ExclusiveUsage",
    "FrameworkAgreement",
    "JurisdictionLocation",
    "JurisdictionLocationReference",
    "Liability",
    "ManagedLegalEntityBpnl",
    "ManagedLegalEntityRegion",
    "Membership",
    "ParticipationEnd",
    "Precedence",
    "UsagePurpose",
    "UsageRestriction",
    "VersionChanges",
    "Warranty",
    "WarrantyDuration",
    "access",
];

/// Whether ODRL defines the bare `name`.
pub(crate) fn is_odrl(name: &str) -> bool {
    matches!(name, "use" | "transfer")
        || [
            ODRL_PROPERTIES,
            ODRL_LEFT_OPERANDS,
            ODRL_ACTIONS_OF_USE,
            ODRL_ACTIONS_OF_TRANSFER,
            ODRL_OPERATORS,
        ]
        .iter()
        .any(|table| table.contains(&name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_sorted_and_say_nothing_twice() {
        for table in [
            ODRL_PROPERTIES,
            ODRL_LEFT_OPERANDS,
            ODRL_ACTIONS_OF_USE,
            ODRL_ACTIONS_OF_TRANSFER,
            ODRL_OPERATORS,
            EDC_NAMES,
            CATENAX_NAMES,
        ] {
            assert!(table.is_sorted_by(|a, b| a < b), "{table:?}");
        }
    }

    #[test]
    fn no_name_of_another_context_shadows_one_of_odrl() {
        for name in EDC_NAMES.iter().chain(CATENAX_NAMES) {
            assert!(!is_odrl(name), "{name}");
        }
    }
}
