//! The two webhooks by which the TCK asks the node under test to begin something. They are the
//! operator's side of the run: each becomes one call of the node's management API.

use std::io::{BufRead, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::client::Client;

/// Longest body that is read, in bytes.
const BODY_BYTES_MAX: usize = 64 * 1024;
/// How long a caller may be silent.
const PATIENCE: Duration = Duration::from_secs(10);

/// Serves until the program ends; the base of the two URLs.
pub(super) fn serve(client: Client) -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").context("cannot listen for webhooks")?;
    let base = format!("http://{}", listener.local_addr()?);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            if let Err(error) = answer(&client, stream) {
                eprintln!("webhook: {error:#}");
            }
        }
    });
    Ok(base)
}

fn answer(client: &Client, mut stream: TcpStream) -> Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let outcome = request(&mut reader).and_then(|(path, body)| begin(client, &path, &body));
    let (status, body) = match &outcome {
        Ok(begun) => ("200 OK", begun.to_string()),
        Err(error) => ("500 Internal Server Error", json!(format!("{error:#}")).to_string()),
    };
    write!(
        stream,
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\nconnection: close\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )?;
    outcome.map(drop)
}

/// Path and body.
fn request(reader: &mut impl BufRead) -> Result<(String, Value)> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let path = line.split(' ').nth(1).context("the request has no path")?.to_owned();
    let mut length = 0;
    loop {
        line.clear();
        if reader.read_line(&mut line)? == 0 || line.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().context("the content-length is no number")?;
        }
    }
    if length > BODY_BYTES_MAX {
        bail!("the body has {length} bytes, expected at most {BODY_BYTES_MAX}");
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok((path, serde_json::from_slice(&body).context("the body is not JSON")?))
}

fn begin(client: &Client, path: &str, body: &Value) -> Result<Value> {
    match path {
        "/negotiations" => {
            let offer = json!({
                "@context": ["https://w3id.org/dspace/2025/1/context.jsonld"],
                "@id": body["offerId"],
                "@type": "Offer",
                "target": body["datasetId"],
                "permission": [{ "action": "use" }],
            });
            client.post("/negotiations", &json!({ "peer": "tck", "offer": offer }))
        }
        "/transfers" => client.post("/transfers", &json!({ "agreement_id": body["agreementId"] })),
        other => bail!("there is no webhook {other}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_read_with_path_and_body() {
        let check = |text: &str, expected: Option<(&str, Value)>| {
            let found = request(&mut text.as_bytes()).ok();
            assert_eq!(found, expected.map(|(path, body)| (path.to_owned(), body)), "{text}");
        };
        check(
            "POST /transfers HTTP/1.1\r\nHost: x\r\nContent-Length: 7\r\n\r\n{\"a\":1}",
            Some(("/transfers", json!({ "a": 1 }))),
        );
        check("POST /transfers HTTP/1.1\r\ncontent-length: 9\r\n\r\n{}", None);
        check("POST /x HTTP/1.1\r\ncontent-length: 99999999\r\n\r\n{}", None);
        check("", None);
    }
}
