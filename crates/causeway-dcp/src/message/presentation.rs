//! Asking for presentations, and the answer (DCP 1.0 section 5). What a scope means is in `scope`,
//! what a presentation proves in `presentation`.

use causeway_types::limits::{CREDENTIAL_TEXT_BYTES_MAX, PRESENTATIONS_MAX, SCOPES_MAX};
use serde_json::{Value, json};

use super::error::{MessageError, MessageProblem};
use super::node::Node;
use super::{Kind, head, read, text};
use crate::scope::Scope;

/// A `PresentationQueryMessage` that asks by scope; the other way of asking is not supported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PresentationQuery {
    /// What is asked for; never empty.
    pub scopes: Vec<Scope>,
}

impl PresentationQuery {
    /// Reads a query. A scope that is not known here asks for nothing that is here, so it is
    /// passed over (DCP 1.0 section 5.4.1.2: fewer credentials, and no error).
    pub fn read(bytes: &[u8]) -> Result<Self, MessageError> {
        read(Kind::PresentationQuery, bytes, |node| {
            let has_definition = says_something(node)?;
            let scopes = node.list("scope", SCOPES_MAX)?;
            // Emptiness first: a definition that says nothing is wrong, not unsupported.
            match (scopes.is_empty(), has_definition) {
                (false, true) => return Err(MessageProblem::TwoQueries),
                (true, true) => return Err(MessageProblem::PresentationDefinition),
                (true, false) => return Err(MessageProblem::EmptyQuery),
                (false, false) => {}
            }
            let mut known: Vec<Scope> = Vec::new();
            for scope in scopes {
                let scope = Scope::parse(scope.text()?).ok();
                known.extend(scope.filter(|scope| !known.contains(scope)));
            }
            Ok(Self { scopes: known })
        })
    }

    /// The message as it is sent.
    pub fn write(&self) -> String {
        let mut message = head(Kind::PresentationQuery);
        let scopes = self.scopes.iter().map(|scope| Value::from(scope.to_string()));
        message.insert("scope".to_owned(), scopes.collect());
        text(message)
    }
}

/// Whether there is a definition; null and an empty object say nothing.
fn says_something(node: &Node<'_>) -> Result<bool, MessageProblem> {
    Ok(match node.find("presentationDefinition")?.map(|found| found.value) {
        None => false,
        Some(Value::Object(object)) => !object.is_empty(),
        Some(Value::Array(items)) => !items.is_empty(),
        Some(_) => true,
    })
}

/// A `PresentationResponseMessage` with presentations as JWTs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PresentationResponse {
    /// The presentations; whether none is an answer is for whoever asked.
    pub presentations: Vec<String>,
}

impl PresentationResponse {
    /// Reads an answer. A presentation that is no text is in a form that is not read here.
    pub fn read(bytes: &[u8]) -> Result<Self, MessageError> {
        read(Kind::PresentationResponse, bytes, |node| {
            let found = node.need("presentation", "presentations")?;
            let pointer = found.pointer.clone();
            let items = found.items();
            if items.len() > PRESENTATIONS_MAX {
                let expected = format!("at most {PRESENTATIONS_MAX}");
                return Err(MessageProblem::found(&pointer, &items.len().to_string(), &expected));
            }
            let presentations = items.iter().map(|item| item.bounded(CREDENTIAL_TEXT_BYTES_MAX));
            Ok(Self { presentations: presentations.collect::<Result<_, _>>()? })
        })
    }

    /// The message as it is sent.
    pub fn write(&self) -> String {
        let mut message = head(Kind::PresentationResponse);
        message.insert("presentation".to_owned(), json!(self.presentations));
        text(message)
    }
}
