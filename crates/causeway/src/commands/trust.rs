//! `causeway trust`: the trust files of the dataspaces that a node is in, from the key of a
//! maintainer to the file that a node goes by. What they mean is for the node.

mod directory;
mod install;
mod sign;
mod verify;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use causeway_api::management::models;
use causeway_dcp::trust::{
    MaintainerKey, Pins, TrustError, TrustFile, TrustForm, TrustRegister, TrustSignature,
};
use causeway_node::TrustSource;
use causeway_node::clock::{Clock as _, System};
use causeway_seal::{Finding, SignatureError};
use causeway_types::{Problem, ProblemCode, Timestamp};
use clap::Subcommand;
use serde_json::{Value, json};

use super::signed::{make_key, sized_file, text_file};
use crate::cli::Context;
use crate::exit::{Exit, Failure, Outcome};

/// Look at whom this node believes, and install another trust file.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
    /// A node's data directory; that of the configuration, if missing.
    #[arg(long, global = true, value_name = "DIR")]
    dir: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List who may vouch for what, by the trust files that are installed.
    List,
    /// Show a trust file, who keeps it, and what was installed before.
    Show {
        /// The dataspace; it can be left out if there is only one.
        dataspace: Option<String>,
    },
    /// Make a pair of keys for signing trust files.
    Key {
        /// Where to write the private key; the public one gets `.pub` behind its name.
        file: PathBuf,
    },
    Sign(sign::Args),
    Verify(verify::Args),
    Install(install::Args),
}

/// Runs the subcommand.
pub(crate) fn run(context: &Context, args: &Args) -> Outcome {
    let node = || match &args.dir {
        Some(directory) => Ok(directory.clone()),
        None => context.config().map(|config| config.data_dir()),
    };
    match &args.what {
        What::List => list(context, &node()?),
        What::Show { dataspace } => show(context, &node()?, dataspace.as_deref()),
        What::Key { file } => make_key::<TrustForm>(context, file),
        What::Sign(args) => sign::run(context, args),
        What::Verify(args) => verify::run(context, args),
        What::Install(install) => install::run(context, install, args.dir.as_deref()),
    }
}

/// Where a node reads its trust files from; they have to be whole for it to start.
pub(super) fn source(node: PathBuf) -> Outcome<TrustSource> {
    directory::installed(&node)?;
    Ok(Arc::new(move || match directory::installed(&node) {
        Ok((_, trust)) => Ok(trust),
        Err(failure) => {
            let problem = Problem::new(ProblemCode::Internal, failure.detail());
            Err(problem.hint(failure.hints().join("; ")))
        }
    }))
}

fn list(context: &Context, node: &Path) -> Outcome {
    let (_, loaded) = directory::installed(node)?;
    let trust = models::Trust::of(&loaded, System.now());
    if context.output.is_json() {
        return context.output.document(&json!(trust));
    }
    let mut rows = Vec::new();
    for file in &trust.items {
        for issuer in &file.issuers {
            rows.push(vec![
                file.dataspace.clone(),
                issuer.did.clone(),
                issuer.name.clone(),
                issuer.types.join(" "),
                issuer.jurisdictions.join(" "),
                issuer.schemes.join(" "),
                issuer.valid_until.clone(),
                if issuer.counts { "yes" } else { "no" }.to_owned(),
            ]);
        }
    }
    if trust.items.is_empty() {
        context.output.say("no trust file is installed: nobody is believed");
    }
    let header =
        ["dataspace", "issuer", "name", "types", "jurisdictions", "schemes", "until", "counts"];
    context.output.table(&header, &rows)
}

fn show(context: &Context, node: &Path, dataspace: Option<&str>) -> Outcome {
    let (register, loaded) = directory::installed(node)?;
    let files = loaded.files();
    let known = || files.iter().map(|file| file.dataspace.as_str()).collect::<Vec<_>>().join(", ");
    let file = match (dataspace, files) {
        (Some(name), _) => loaded.of(name).ok_or_else(|| {
            let text = format!("there is no trust file of {name:?}");
            Failure::new(Exit::NotFound, text).hint(format!("there are: {}", known()))
        })?,
        (None, [only]) => only,
        (None, []) => {
            return Err(Failure::new(Exit::NotFound, "no trust file is installed")
                .hint("causeway trust install FILE"));
        }
        (None, _) => {
            return Err(Failure::new(Exit::Usage, "there are several trust files")
                .hint(format!("name one of: {}", known())));
        }
    };
    let shown = models::TrustFile::of(file, System.now());
    let revisions = revisions(&register, &file.dataspace);
    if context.output.is_json() {
        let mut document = json!(shown);
        document["revisions"] = revisions;
        return context.output.document(&document);
    }
    let mut rows: Vec<[String; 2]> = vec![
        ["dataspace".to_owned(), shown.dataspace],
        ["title".to_owned(), shown.title],
        ["sequence".to_owned(), shown.sequence.to_string()],
        ["counts".to_owned(), if shown.counts { "yes" } else { "no" }.to_owned()],
        ["valid".to_owned(), format!("{} until {}", shown.valid_from, shown.valid_until)],
        ["suites".to_owned(), shown.suites.join(" ")],
        ["threshold".to_owned(), format!("{} of {}", shown.threshold, shown.maintainers.len())],
        ["sha256".to_owned(), shown.sha256],
    ];
    let kept = shown.maintainers.into_iter();
    rows.extend(kept.map(|by| ["maintainer".to_owned(), format!("{} ({})", by.name, by.key)]));
    rows.extend(shown.issuers.into_iter().map(|issuer| {
        let until = if issuer.counts { issuer.valid_until } else { "not now".to_owned() };
        let may = [issuer.types, issuer.jurisdictions, issuer.schemes].concat().join(" ");
        ["issuer".to_owned(), format!("{} ({}): {may}, until {until}", issuer.did, issuer.name)]
    }));
    rows.extend(revisions.as_array().into_iter().flatten().map(|revision| {
        let text = |name: &str| crate::output::cell(&revision[name]);
        ["installed".to_owned(), format!("{} at {}", text("sequence"), text("installed_at"))]
    }));
    let rows: Vec<Vec<String>> = rows.into_iter().map(Vec::from).collect();
    context.output.table(&["field", "value"], &rows)
}

fn revisions(register: &TrustRegister, dataspace: &str) -> Value {
    let of = register.revisions().iter().filter(|revision| revision.dataspace == dataspace);
    of.map(|revision| {
        json!({
            "sequence": revision.sequence, "sha256": revision.sha256, "signers": revision.signers,
            "installed_at": revision.installed_at.to_string(),
        })
    })
    .collect()
}

/// A trust file as it lies somewhere, with its signatures.
struct Offered {
    name: String,
    bytes: Vec<u8>,
    file: TrustFile,
    signatures: Vec<TrustSignature>,
    signature_text: String,
}

impl Offered {
    fn read(context: &Context, path: &Path) -> Outcome<Self> {
        let (name, bytes, file) = trust_file(context, path)?;
        let beside = super::signed::beside(path, "sig");
        let signature_text = text_file(&beside)?;
        let signatures = TrustSignature::read_all(&signature_text).map_err(|error| {
            Failure::new(Exit::Usage, format!("read {}: {error}", beside.display()))
        })?;
        Ok(Self { name, bytes, file, signatures, signature_text })
    }
}

/// A trust file without its signatures; what is wrong with it is shown line by line.
fn trust_file(context: &Context, path: &Path) -> Outcome<(String, Vec<u8>, TrustFile)> {
    use causeway_types::limits::TRUST_FILE_BYTES_MAX;
    let name = path.display().to_string();
    let bytes = sized_file(path, TRUST_FILE_BYTES_MAX as u64)?;
    let text = std::str::from_utf8(&bytes)
        .map_err(|_| Failure::new(Exit::Failure, format!("read {name}: expected UTF-8")))?;
    match TrustFile::read(&name, text) {
        Ok(file) => Ok((name, bytes, file)),
        Err(findings) => {
            show_findings(context, &findings);
            let text = format!("read {name}: it is no trust file that could be used");
            Err(Failure::new(Exit::Failure, text).hint("docs/reference/trust-file.md"))
        }
    }
}

/// The keys by which a first file is recognised.
#[derive(Debug, clap::Args)]
struct Keys {
    /// A public key by which the first file of a dataspace is recognised: its line, or a file with
    /// such lines. Can be given several times.
    #[arg(long = "key", value_name = "LINE|FILE")]
    keys: Vec<String>,
    /// How many of these keys have to sign; all of them, if missing.
    #[arg(long, value_name = "COUNT", requires = "keys")]
    threshold: Option<usize>,
}

impl Keys {
    /// None if no key was given.
    fn pins(&self) -> Outcome<Option<Pins>> {
        let mut keys = Vec::new();
        for given in &self.keys {
            let is_line = given.starts_with("causeway-trust-");
            let text = if is_line { given.clone() } else { text_file(Path::new(given))? };
            let name = if is_line { "--key" } else { given };
            keys.extend(read_keys(name, &text)?);
        }
        pins(keys, self.threshold)
    }
}

fn read_keys(name: &str, text: &str) -> Outcome<Vec<MaintainerKey>> {
    MaintainerKey::read_all(text)
        .map_err(|error| Failure::new(Exit::Usage, format!("read the keys of {name}: {error}")))
}

/// Each key counts once, and all have to sign if nobody says how many.
fn pins(read: Vec<MaintainerKey>, threshold: Option<usize>) -> Outcome<Option<Pins>> {
    let mut keys: Vec<MaintainerKey> = Vec::new();
    for key in read {
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    let (found, most) = (threshold.unwrap_or(keys.len()), keys.len());
    match (most, found) {
        (0, _) => Ok(None),
        (most, found) if found == 0 || found > most => {
            let text =
                format!("found a threshold of {found} with {most} keys, expected 1 to {most}");
            Err(Failure::new(Exit::Usage, text))
        }
        (_, threshold) => Ok(Some(Pins { keys, threshold })),
    }
}

/// Why a file is not taken, with what to do.
fn refused(context: &Context, name: &str, error: &TrustError) -> Failure {
    let (exit, hint) = match error {
        TrustError::File(findings) => {
            show_findings(context, findings);
            let text = format!("{name}: it is no trust file that could be used");
            return Failure::new(Exit::Failure, text).hint("docs/reference/trust-file.md");
        }
        TrustError::Signature(SignatureError::Invalid { .. }) => {
            let hint = "whoever changed the file last: have it signed again by everybody";
            (Exit::Integrity, hint)
        }
        TrustError::Signature(_) => (Exit::Permission, "causeway trust sign FILE --key KEY"),
        TrustError::Threshold { .. } => {
            (Exit::Permission, "have more of them sign it: causeway trust sign FILE --key KEY")
        }
        TrustError::NoPins { .. } => {
            let hint = "name the keys that you were given by another way than the file: --key \
                        FILE, or trust.keys_file in the configuration";
            (Exit::Permission, hint)
        }
        TrustError::Dataspace { .. } => (Exit::Conflict, "each dataspace has its own file"),
        TrustError::Rollback { .. } => (Exit::Conflict, "ask the maintainers for the newest file"),
        TrustError::Fork { .. } => (
            Exit::Conflict,
            "ask the maintainers which one is theirs, and how there came to be two",
        ),
        TrustError::Over { .. } | TrustError::NotYet { .. } => {
            (Exit::Conflict, "ask the maintainers for one that is in force")
        }
    };
    Failure::new(exit, format!("{name}: {error}")).hint(hint)
}

/// Each with its line and what to do.
fn show_findings(context: &Context, findings: &[Finding]) {
    for line in findings.iter().map(Finding::render).collect::<Vec<_>>().join("\n").lines() {
        context.output.say(line);
    }
}

/// The present, for what is judged here and not by the node.
fn now() -> Timestamp {
    System.now()
}

#[cfg(test)]
mod tests {
    use causeway_dcp::types;
    use causeway_law::{Engine, Kind};

    #[test]
    fn every_fact_that_a_credential_leads_to_is_one_of_the_law() {
        let engine = Engine::shipped().unwrap();
        let kind = |name: &str| {
            let found = engine.dictionary().iter().find(|(_, fact)| fact.name == name);
            let (_, fact) = found.unwrap_or_else(|| panic!("{name}"));
            &fact.kind
        };
        for known in types::all() {
            for fact in &known.facts {
                let claim = known.claims.iter().find(|claim| claim.name == fact.claim).unwrap();
                let is_fit = match claim.kind {
                    types::ClaimKind::Area => matches!(kind(&fact.fact), Kind::Area),
                    types::ClaimKind::Flag => matches!(kind(&fact.fact), Kind::Flag),
                    _ => false,
                };
                assert!(is_fit, "{fact:?}");
            }
        }
        for scheme in types::all_schemes() {
            for fact in &scheme.facts {
                assert!(matches!(kind(&fact.fact), Kind::Flag), "{fact:?}");
            }
        }
    }
}
