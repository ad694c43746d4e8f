//! Asking for credentials, offering and bringing them (DCP 1.0 section 6). Whether an issuer gives
//! what is asked for is decided in `issuance`.

use causeway_types::limits::{
    CREDENTIAL_DEFINITIONS_MAX, CREDENTIAL_TEXT_BYTES_MAX, ID_BYTES_MAX, MESSAGE_CREDENTIALS_MAX,
    REASON_BYTES_MAX, URL_BYTES_MAX,
};
use causeway_types::{CredentialObjectId, CredentialType, HolderPid, IssuerPid};
use serde_json::{Map, Value, json};

use super::error::{MessageError, MessageProblem};
use super::node::{Found, Node};
use super::{Kind, head, read, text};
use crate::did::Did;

/// Most ways of binding a credential to its holder that one object names.
const BINDING_METHODS_MAX: usize = 32;

type Result<T, E = MessageError> = std::result::Result<T, E>;

/// A `CredentialMessage`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialMessage {
    /// The issuer's id of the issuance.
    pub issuer_pid: IssuerPid,
    /// The holder's id of its request. The specification lets it be missing; then nobody could say
    /// what it answers, so it is required here.
    pub holder_pid: HolderPid,
    /// What the issuer brings.
    pub delivery: Delivery,
}

/// What an issuer brings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// Credentials; at least one.
    Issued(Vec<CredentialContainer>),
    /// None, and why.
    Rejected(Option<String>),
}

/// A `CredentialContainer`: one credential as it was signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialContainer {
    /// What the issuer says its type is; what counts stands in the credential.
    pub credential_type: CredentialType,
    /// The credential, a JWT.
    pub payload: String,
    /// The alias of a profile such as `vc11-sl2021/jwt`.
    pub format: String,
}

impl CredentialMessage {
    /// Reads a message.
    pub fn read(bytes: &[u8]) -> Result<Self> {
        read(Kind::Credential, bytes, |node| {
            let (issuer_pid, holder_pid) = (node.id("issuerPid")?, node.id("holderPid")?);
            let expected = "ISSUED or REJECTED";
            let is_issued = node.need("status", expected)?.one_of(expected, |name| match name {
                "ISSUED" => Some(true),
                "REJECTED" => Some(false),
                _ => None,
            })?;
            let delivery = match is_issued {
                true => {
                    let items = node.some("credentials", MESSAGE_CREDENTIALS_MAX, "credentials")?;
                    let credentials = items.iter().map(CredentialContainer::of);
                    Delivery::Issued(credentials.collect::<Result<_, _>>()?)
                }
                false => Delivery::Rejected(node.text("rejectionReason", REASON_BYTES_MAX)?),
            };
            Ok(Self { issuer_pid, holder_pid, delivery })
        })
    }

    /// The message as it is sent.
    pub fn write(&self) -> String {
        let mut message = head(Kind::Credential);
        message.insert("issuerPid".to_owned(), self.issuer_pid.as_str().into());
        message.insert("holderPid".to_owned(), self.holder_pid.as_str().into());
        match &self.delivery {
            Delivery::Issued(credentials) => {
                message.insert("status".to_owned(), "ISSUED".into());
                let credentials = credentials.iter().map(CredentialContainer::to_json);
                message.insert("credentials".to_owned(), credentials.collect());
            }
            Delivery::Rejected(reason) => {
                message.insert("status".to_owned(), "REJECTED".into());
                let reason = reason.as_deref().map(Value::from);
                message.extend(reason.map(|reason| ("rejectionReason".to_owned(), reason)));
            }
        }
        text(message)
    }
}

impl CredentialContainer {
    fn of(found: &Found<'_>) -> Result<Self, MessageProblem> {
        let node = found.node()?;
        let payload = node.need("payload", "a credential as a JWT")?;
        Ok(Self {
            credential_type: node.id("credentialType")?,
            payload: payload.bounded(CREDENTIAL_TEXT_BYTES_MAX)?,
            format: node.need("format", "the alias of a profile")?.bounded(ID_BYTES_MAX)?,
        })
    }

    fn to_json(&self) -> Value {
        json!({
            "credentialType": self.credential_type.as_str(),
            "payload": self.payload,
            "format": self.format,
        })
    }
}

/// A `CredentialObject`: something that an issuer issues.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialObject {
    /// Its stable name with this issuer.
    pub id: CredentialObjectId,
    /// What type the credential has; missing where only the name is told, as all below.
    pub credential_type: Option<CredentialType>,
    /// Where the schema of its claims is.
    pub schema: Option<String>,
    /// Why it is offered.
    pub offer_reason: Option<String>,
    /// The methods of the DIDs that it can be bound to.
    pub binding_methods: Vec<String>,
    /// The alias of a profile such as `vc11-sl2021/jwt`.
    pub profile: Option<String>,
    /// What the holder has to show first, a presentation definition.
    pub issuance_policy: Option<Map<String, Value>>,
}

impl CredentialObject {
    /// One that tells nothing but its name.
    pub fn sparse(id: CredentialObjectId) -> Self {
        Self {
            id,
            credential_type: None,
            schema: None,
            offer_reason: None,
            binding_methods: Vec::new(),
            profile: None,
            issuance_policy: None,
        }
    }

    fn of(found: &Found<'_>) -> Result<Self, MessageProblem> {
        let node = found.node()?;
        let methods = node.list("bindingMethods", BINDING_METHODS_MAX)?;
        let policy = node.find("issuancePolicy")?;
        let credential_type = node.find("credentialType")?;
        Ok(Self {
            id: node.id("id")?,
            credential_type: credential_type.map(|found| found.id()).transpose()?,
            schema: node.text("credentialSchema", URL_BYTES_MAX)?,
            offer_reason: node.text("offerReason", REASON_BYTES_MAX)?,
            binding_methods: methods
                .iter()
                .map(|method| method.bounded(ID_BYTES_MAX))
                .collect::<Result<_, _>>()?,
            profile: node.text("profile", ID_BYTES_MAX)?,
            issuance_policy: policy.and_then(|found| found.value.as_object().cloned()),
        })
    }

    fn to_json(&self) -> Value {
        let mut object = Map::new();
        let mut put = |name: &str, value: Option<Value>| {
            object.extend(value.map(|value| (name.to_owned(), value)));
        };
        let text = |text: &Option<String>| text.as_deref().map(Value::from);
        put("id", Some(self.id.as_str().into()));
        put("type", Some("CredentialObject".into()));
        put("credentialType", self.credential_type.as_ref().map(|name| name.as_str().into()));
        put("credentialSchema", text(&self.schema));
        put("offerReason", text(&self.offer_reason));
        let methods = (!self.binding_methods.is_empty()).then(|| json!(self.binding_methods));
        put("bindingMethods", methods);
        put("profile", text(&self.profile));
        put("issuancePolicy", self.issuance_policy.clone().map(Value::Object));
        Value::Object(object)
    }
}

fn objects(found: Vec<Found<'_>>) -> Result<Vec<CredentialObject>, MessageProblem> {
    found.iter().map(CredentialObject::of).collect()
}

/// A `CredentialOfferMessage`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialOffer {
    /// Who offers.
    pub issuer: Did,
    /// What; at least one.
    pub credentials: Vec<CredentialObject>,
}

impl CredentialOffer {
    /// Reads a message.
    pub fn read(bytes: &[u8]) -> Result<Self> {
        read(Kind::CredentialOffer, bytes, |node| {
            let issuer = node.need("issuer", "a DID")?.parsed()?;
            let offered = node.some("credentials", MESSAGE_CREDENTIALS_MAX, "what is offered")?;
            Ok(Self { issuer, credentials: objects(offered)? })
        })
    }

    /// The message as it is sent.
    pub fn write(&self) -> String {
        let mut message = head(Kind::CredentialOffer);
        message.insert("issuer".to_owned(), self.issuer.to_string().into());
        let credentials = self.credentials.iter().map(CredentialObject::to_json);
        message.insert("credentials".to_owned(), credentials.collect());
        text(message)
    }
}

/// An `IssuerMetadata`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuerMetadata {
    /// Who it is.
    pub issuer: Did,
    /// What it issues; nothing if it does not tell.
    pub supported: Vec<CredentialObject>,
}

impl IssuerMetadata {
    /// Reads what an issuer tells of itself.
    pub fn read(bytes: &[u8]) -> Result<Self> {
        read(Kind::IssuerMetadata, bytes, |node| {
            let issuer = node.need("issuer", "a DID")?.parsed()?;
            let supported = node.list("credentialsSupported", CREDENTIAL_DEFINITIONS_MAX)?;
            Ok(Self { issuer, supported: objects(supported)? })
        })
    }

    /// The message as it is sent.
    pub fn write(&self) -> String {
        let mut message = head(Kind::IssuerMetadata);
        message.insert("issuer".to_owned(), self.issuer.to_string().into());
        let supported = self.supported.iter().map(CredentialObject::to_json);
        message.insert("credentialsSupported".to_owned(), supported.collect());
        text(message)
    }
}

/// A `CredentialRequestMessage`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialRequest {
    /// The holder's id of the request.
    pub holder_pid: HolderPid,
    /// What is asked for, each once; at least one.
    pub credentials: Vec<CredentialObjectId>,
}

impl CredentialRequest {
    /// Reads a message.
    pub fn read(bytes: &[u8]) -> Result<Self> {
        read(Kind::CredentialRequest, bytes, |node| {
            let holder_pid = node.id("holderPid")?;
            let asked = node.some("credentials", MESSAGE_CREDENTIALS_MAX, "what is asked for")?;
            let mut credentials = Vec::new();
            for found in asked {
                let id: CredentialObjectId = found.node()?.id("id")?;
                if !credentials.contains(&id) {
                    credentials.push(id);
                }
            }
            Ok(Self { holder_pid, credentials })
        })
    }

    /// The message as it is sent.
    pub fn write(&self) -> String {
        let mut message = head(Kind::CredentialRequest);
        message.insert("holderPid".to_owned(), self.holder_pid.as_str().into());
        let asked = self.credentials.iter().map(|id| json!({ "id": id.as_str() }));
        message.insert("credentials".to_owned(), asked.collect());
        text(message)
    }
}

/// How far a request for credentials is, as the issuer tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RequestStatus {
    /// It is there.
    Received,
    /// It was refused.
    Rejected,
    /// The credentials are on their way, or there.
    Issued,
}

impl RequestStatus {
    /// Every status.
    pub const ALL: [Self; 3] = [Self::Received, Self::Rejected, Self::Issued];

    /// The name in a message.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Received => "RECEIVED",
            Self::Rejected => "REJECTED",
            Self::Issued => "ISSUED",
        }
    }

    /// The status of a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }
}

/// A `CredentialStatus`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialStatus {
    /// The issuer's id of the issuance.
    pub issuer_pid: IssuerPid,
    /// The holder's id of its request.
    pub holder_pid: HolderPid,
    /// How far it is.
    pub status: RequestStatus,
}

impl CredentialStatus {
    /// Reads an answer.
    pub fn read(bytes: &[u8]) -> Result<Self> {
        read(Kind::CredentialStatus, bytes, |node: &Node<'_>| {
            let expected = "RECEIVED, REJECTED or ISSUED";
            Ok(Self {
                issuer_pid: node.id("issuerPid")?,
                holder_pid: node.id("holderPid")?,
                status: node.need("status", expected)?.one_of(expected, RequestStatus::parse)?,
            })
        })
    }

    /// The message as it is sent.
    pub fn write(&self) -> String {
        let mut message = head(Kind::CredentialStatus);
        message.insert("issuerPid".to_owned(), self.issuer_pid.as_str().into());
        message.insert("holderPid".to_owned(), self.holder_pid.as_str().into());
        message.insert("status".to_owned(), self.status.as_str().into());
        text(message)
    }
}
