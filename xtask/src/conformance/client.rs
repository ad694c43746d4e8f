//! A client of a node's management socket: one request a connection, JSON both ways. Just enough
//! HTTP/1.1 for a server we know.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// How long a node may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// A node's management API.
#[derive(Clone)]
pub(super) struct Client {
    socket: PathBuf,
}

impl Client {
    pub(super) fn new(socket: PathBuf) -> Self {
        Self { socket }
    }

    pub(super) fn read(&self, path: &str) -> Result<Value> {
        self.call("GET", path, "application/json", b"")
    }

    pub(super) fn post(&self, path: &str, body: &Value) -> Result<Value> {
        self.call("POST", path, "application/json", body.to_string().as_bytes())
    }

    pub(super) fn upload(&self, bytes: &[u8]) -> Result<Value> {
        self.call("POST", "/objects", "application/octet-stream", bytes)
    }

    fn call(&self, method: &str, path: &str, kind: &str, body: &[u8]) -> Result<Value> {
        let answer = self
            .exchange(method, path, kind, body)
            .with_context(|| format!("cannot call {method} {path} at {}", self.socket.display()))?;
        let (status, body) =
            parse(&answer).with_context(|| format!("cannot read the answer to {method} {path}"))?;
        if !(200..300).contains(&status) {
            bail!("{method} {path} was answered with {status}: {body}");
        }
        Ok(body)
    }

    fn exchange(
        &self,
        method: &str,
        path: &str,
        kind: &str,
        body: &[u8],
    ) -> std::io::Result<Vec<u8>> {
        let mut stream = UnixStream::connect(&self.socket)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let head = format!(
            "{method} /api/v1{path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
             content-type: {kind}\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes())?;
        stream.write_all(body)?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        Ok(answer)
    }
}

/// Status and JSON body.
pub(super) fn parse(answer: &[u8]) -> Result<(u16, Value)> {
    let text = std::str::from_utf8(answer).context("the answer is not UTF-8")?;
    let (head, body) = text.split_once("\r\n\r\n").context("the answer has no head")?;
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.with_context(|| format!("there is no status in {head:?}"))?;
    let is_chunked = head.to_ascii_lowercase().contains("transfer-encoding: chunked");
    let joined = if is_chunked { unchunked(body)? } else { body.to_owned() };
    Ok((status, serde_json::from_str(&joined).unwrap_or(Value::String(joined))))
}

fn unchunked(mut body: &str) -> Result<String> {
    let mut joined = String::new();
    loop {
        let (size, rest) = body.split_once("\r\n").context("a chunk has no size")?;
        let size = usize::from_str_radix(size.trim(), 16).context("a chunk's size is no number")?;
        if size == 0 {
            return Ok(joined);
        }
        joined.push_str(rest.get(..size).context("a chunk is cut short")?);
        body =
            rest.get(size..).and_then(|r| r.strip_prefix("\r\n")).context("a chunk is too long")?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_whole_or_in_chunks() {
        let check = |answer: &str, expected: Option<(u16, &str)>| {
            let found =
                parse(answer.as_bytes()).ok().map(|(status, body)| (status, body.to_string()));
            assert_eq!(found, expected.map(|(status, body)| (status, body.to_owned())), "{answer}");
        };
        check("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}", Some((200, "{}")));
        check(
            "HTTP/1.1 404 No\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[1\r\n1\r\n]\r\n0\r\n\r\n",
            Some((404, "[1]")),
        );
        check("HTTP/1.1 200 OK\r\n\r\nplain", Some((200, "\"plain\"")));
        check("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n9\r\n[1\r\n", None);
        check("nonsense", None);
    }
}
