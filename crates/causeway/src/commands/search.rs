//! `causeway search`: datasets in the copies of all peers' catalogs. No peer is asked.

use serde_json::Value;

use super::catalog::rows;
use crate::cli::Context;
use crate::client::segment;
use crate::exit::{Exit, Failure, Outcome};
use crate::manifest;
use crate::values::{items, optional, text};

/// Find datasets in the copies of peers' catalogs.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Words of titles, descriptions and keywords; all must occur, and `rain*` is the beginning of
    /// a word.
    #[arg(required_unless_present_any = ["theme", "format", "spatial", "licence", "time", "peer"])]
    words: Vec<String>,
    /// A theme, as the provider wrote it.
    #[arg(long, value_name = "THEME")]
    theme: Option<String>,
    /// A media type such as text/csv.
    #[arg(long, value_name = "TYPE/SUBTYPE")]
    format: Option<String>,
    /// A place, as an ISO 3166 code or an IRI; a country finds its parts too.
    #[arg(long, value_name = "PLACE")]
    spatial: Option<String>,
    /// A licence, as an IRI or an SPDX name.
    #[arg(long, value_name = "LICENCE")]
    licence: Option<String>,
    /// The time it is about: two days or RFC 3339 times.
    #[arg(long, value_name = "START/END")]
    time: Option<String>,
    /// Only datasets of this peer: its name, participant id or address.
    #[arg(long, value_name = "PEER")]
    peer: Option<String>,
    /// Most datasets to list, 1 to 500.
    #[arg(long, value_name = "COUNT", default_value_t = 50)]
    limit: u16,
    /// Go on behind an earlier answer, with what it named as next.
    #[arg(long, value_name = "NEXT")]
    after: Option<String>,
}

/// Runs the subcommand.
pub(crate) async fn run(context: &Context, args: Args) -> Outcome {
    let client = context.client()?;
    let found = client.get(&format!("/search?{}", query(&args)?)).await?;
    if context.output.is_json() {
        return context.output.document(&found);
    }
    let rows = items(&found).iter().flat_map(|item| {
        let peer = optional(item, "peer_name").unwrap_or_else(|| text(item, "peer"));
        rows(&item["dataset"]).into_iter().map(move |mut row| {
            row.insert(0, peer.to_owned());
            row
        })
    });
    let rows: Vec<Vec<String>> = rows.collect();
    if rows.is_empty() {
        let copies = client.get("/catalogs").await?;
        let told = match items(&copies).len() {
            0 => "no catalog was copied yet; copy them with: causeway catalog sync".to_owned(),
            1 => "nothing found in the copy of one catalog".to_owned(),
            count => format!("nothing found in the copies of {count} catalogs"),
        };
        context.output.say(&told);
        return Ok(());
    }
    context.output.table(&["peer", "offer", "title", "type", "size", "dataset"], &rows)?;
    if let Some(next) = optional(&found, "next") {
        context.output.say(&format!("there may be more; go on with --after {next}"));
    }
    Ok(())
}

fn query(args: &Args) -> Outcome<String> {
    let wrong = |reason: String| Failure::new(Exit::Usage, reason);
    let time = args.time.as_deref().map(manifest::period).transpose().map_err(wrong)?;
    let time =
        time.map(|period: Value| format!("{}/{}", text(&period, "start"), text(&period, "end")));
    let words = Some(args.words.join(" ")).filter(|words| !words.is_empty());
    let terms = [
        ("text", words),
        ("theme", args.theme.clone()),
        ("format", args.format.clone()),
        ("spatial", args.spatial.clone()),
        ("licence", args.licence.clone()),
        ("time", time),
        ("peer", args.peer.clone()),
        ("limit", Some(args.limit.to_string())),
        ("after", args.after.clone()),
    ];
    let terms = terms.into_iter().filter_map(|(name, value)| Some((name, value?)));
    let terms: Vec<String> =
        terms.map(|(name, value)| format!("{name}={}", segment(&value))).collect();
    Ok(terms.join("&"))
}
