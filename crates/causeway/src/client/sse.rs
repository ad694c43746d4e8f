//! Server-sent events, read from a response as they come (HTML standard, section 9.2.6). Only what
//! the node sends is understood: `id`, `data`, comments.

use causeway_types::limits::API_BODY_BYTES_MAX;
use reqwest::Response;
use serde_json::Value;

/// A stream of events.
pub(crate) struct Events {
    response: Response,
    parser: Parser,
    last: Option<i64>,
}

impl Events {
    pub(super) fn new(response: Response, after: Option<i64>) -> Self {
        Self { response, parser: Parser::default(), last: after }
    }

    /// The next event; `None` when the connection ends, whatever ended it. Safe to cancel: what
    /// was read is kept.
    pub(crate) async fn next(&mut self) -> Option<Value> {
        loop {
            while let Some(Message { id, data }) = self.parser.message() {
                if let Some(id) = id.and_then(|id| id.parse().ok()) {
                    self.last = Some(id);
                }
                if let Ok(event) = serde_json::from_str(&data) {
                    return Some(event);
                }
            }
            let chunk = self.response.chunk().await.ok().flatten()?;
            self.parser.push(&chunk)?;
        }
    }

    /// The sequence number of the last event, to go on after it.
    pub(crate) fn last(&self) -> Option<i64> {
        self.last
    }
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Message {
    id: Option<String>,
    data: String,
}

#[derive(Default)]
struct Parser {
    buffer: Vec<u8>,
}

impl Parser {
    /// Takes bytes in; `None` if a message grows beyond any message of the node.
    fn push(&mut self, bytes: &[u8]) -> Option<()> {
        self.buffer.extend_from_slice(bytes);
        (self.buffer.len() <= API_BODY_BYTES_MAX).then_some(())
    }

    /// The next complete message with data.
    fn message(&mut self) -> Option<Message> {
        loop {
            let end = self.buffer.windows(2).position(|pair| pair == b"\n\n")?;
            let block: Vec<u8> = self.buffer.drain(..end + 2).collect();
            let mut message = Message::default();
            for line in String::from_utf8_lossy(&block).lines() {
                let (field, value) = line.split_once(':').unwrap_or((line, ""));
                let value = value.strip_prefix(' ').unwrap_or(value);
                match field {
                    "id" => message.id = Some(value.to_owned()),
                    "data" if message.data.is_empty() => message.data.push_str(value),
                    "data" => message.data.extend(["\n", value]),
                    _ => {}
                }
            }
            if !message.data.is_empty() {
                return Some(message);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_complete_wherever_the_network_cuts_it() {
        let stream = ": hello\n\nid: 7\nevent: x\ndata: {\"a\":\ndata: 1}\n\ndata:2\n\nid: 9\n";
        for cut in 1..stream.len() {
            let (mut parser, mut found) = (Parser::default(), Vec::new());
            for part in stream.as_bytes().chunks(cut) {
                parser.push(part).unwrap();
                found.extend(std::iter::from_fn(|| parser.message()));
            }
            let expected = [
                Message { id: Some("7".into()), data: "{\"a\":\n1}".into() },
                Message { id: None, data: "2".into() },
            ];
            assert_eq!(found, expected, "cut every {cut} bytes");
        }
    }

    #[test]
    fn a_message_without_end_is_not_collected_for_ever() {
        let mut parser = Parser::default();
        assert!(parser.push(&vec![b'x'; API_BODY_BYTES_MAX]).is_some());
        assert!(parser.push(b"x").is_none());
    }
}
