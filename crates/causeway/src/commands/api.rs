//! `causeway api`: a raw call of the management API.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use http::Method;
use serde_json::{Map, Value};

use crate::cli::{Context, key_value};
use crate::exit::{Doing as _, Exit, Failure, Outcome};

/// Call the management API.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// GET, POST and so on.
    method: String,
    /// The path, such as `/offers` or `/api/v1/offers`.
    path: String,
    /// Send this file as the body; `-` is stdin.
    #[arg(long, value_name = "FILE", conflicts_with = "fields")]
    input: Option<PathBuf>,
    /// Send a JSON object with this field, or a query parameter with GET; repeatable.
    #[arg(short = 'f', long = "field", value_name = "KEY=VALUE", value_parser = key_value)]
    fields: Vec<(String, String)>,
}

/// Runs the subcommand.
pub(crate) async fn run(context: &Context, args: Args) -> Outcome {
    let method = Method::from_bytes(args.method.to_ascii_uppercase().as_bytes())
        .map_err(|_| Failure::new(Exit::Usage, format!("{:?} is no method", args.method)))?;
    if !args.path.starts_with('/') {
        let text = format!("path: found {:?}, expected a path such as /offers", args.path);
        return Err(Failure::new(Exit::Usage, text));
    }
    let client = context.client()?;
    let mut request = client.request(method.clone(), &with_query(&method, &args));
    if let Some(path) = &args.input {
        let is_json = path.extension().is_none_or(|extension| extension == "json");
        let kind = if is_json { "application/json" } else { "application/octet-stream" };
        request = request.header(http::header::CONTENT_TYPE, kind).body(input(path)?);
    } else if method != Method::GET && !args.fields.is_empty() {
        let fields: Map<String, Value> =
            args.fields.into_iter().map(|(key, value)| (key, value.into())).collect();
        request = request.json(&fields);
    }
    let mut response = client.send(request).await?;
    let mut stdout = std::io::stdout();
    let mut ends_line = true;
    while let Some(chunk) = response.chunk().await.map_err(|e| client.unreachable(&e))? {
        stdout.write_all(&chunk)?;
        stdout.flush()?;
        ends_line = chunk.ends_with(b"\n");
    }
    if !ends_line && context.output.stderr_is_terminal() {
        stdout.write_all(b"\n")?;
    }
    Ok(())
}

/// The path, with the fields of a GET as its query.
fn with_query(method: &Method, args: &Args) -> String {
    if method != Method::GET || args.fields.is_empty() {
        return args.path.clone();
    }
    let query =
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&args.fields).finish();
    let mark = if args.path.contains('?') { '&' } else { '?' };
    format!("{}{mark}{query}", args.path)
}

fn input(path: &Path) -> Outcome<Vec<u8>> {
    if path.as_os_str() != "-" {
        return std::fs::read(path).doing(format_args!("read {}", path.display()));
    }
    let mut body = Vec::new();
    std::io::stdin().lock().read_to_end(&mut body).doing("read stdin")?;
    Ok(body)
}
