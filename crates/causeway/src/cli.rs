//! The command line: what holds for every subcommand, and the list of subcommands. Each of them
//! has its own file in `commands`, with its arguments and what it does.

use std::future::Future;
use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::client::Client;
use crate::commands::{
    agreement, api, approval, attestation, catalog, check, completion, config as config_command,
    credential, demo, doctor, get, init, issuer, keys, law, login, negotiation, offer, openapi,
    peer, policy, search, serve, status, task, token, transfer, trust,
};
use crate::config::{Config, Sources};
use crate::exit::{Exit, Failure, Outcome};
use crate::output::{ColorChoice, Output};

/// Exchange data across borders on fair terms.
///
/// One program: `causeway serve` runs a node, every other command talks to one.
#[derive(Debug, Parser)]
#[command(name = "causeway", version, max_term_width = 100, after_help = AFTER_HELP)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) globals: Globals,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// A test compares this with [`crate::exit::CODES`].
const AFTER_HELP: &str = "\
Results go to stdout, everything else to stderr. On a terminal, results are tables; otherwise they
are tab-separated, without header and never cut. With --json they are the API's JSON, and a failure
is also a problem document on stdout.

Exit codes:
    0  ok
    1  failure
    2  wrong usage or configuration, or a confirmation is missing
    3  the law does not let it pass as it stands, or that is not known
    4  the token is missing or wrong, or the act is not allowed
    5  the peer refused, or the negotiation or transfer ended
    6  the node, a peer or the network cannot be reached; trying again makes sense
    7  integrity: bytes do not match their digest
    8  not found
    9  conflict: the state does not allow it, or a file is in the way
   10  a peer would let through what the policy does not let through
  130  interrupted; the node goes on and the command can be run again";

/// What every subcommand takes.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Globals {
    /// The configuration file.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Set one configuration key; wins over the environment and the file.
    #[arg(long = "set", global = true, value_name = "KEY=VALUE", value_parser = key_value)]
    pub(crate) set: Vec<(String, String)>,
    /// Write JSON: the API's own documents.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// The node to talk to: the path of its socket, or a URL (with CAUSEWAY_NODE_TOKEN).
    #[arg(
        long,
        global = true,
        value_name = "SOCKET|URL",
        env = "CAUSEWAY_NODE",
        hide_env_values = true
    )]
    pub(crate) node: Option<String>,
    /// Carry out an act that a second person approved: the same command again, with this.
    #[arg(long, global = true, value_name = "ID")]
    pub(crate) approval: Option<String>,
    /// Say nothing but results and errors.
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// Say more; twice for everything.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
    /// Colour on stderr; `auto` obeys NO_COLOR.
    #[arg(long, global = true, value_enum, value_name = "WHEN")]
    #[arg(default_value_t = ColorChoice::Auto)]
    pub(crate) color: ColorChoice,
}

/// One file a subcommand.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Write a configuration and make the data directory.
    Init(init::Args),
    /// Run a node.
    Serve(serve::Args),
    /// Publish files, list and withdraw offers.
    Offer(offer::Args),
    /// List what a peer offers, or copy the catalogs of peers to search them offline.
    Catalog(catalog::Args),
    /// Check whether a crossing is lawful, on both sides.
    Check(check::Args),
    /// Look at the rule packs: what they say, what they ask for, and whether they hold.
    Law(law::Args),
    /// Make, explain and check policies.
    Policy(policy::Args),
    /// Find datasets in the copies of peers' catalogs.
    Search(search::Args),
    /// Get a dataset of a peer: negotiate, transfer, verify, write the file.
    Get(get::Args),
    /// Look at negotiations and decide them.
    Negotiation(negotiation::Args),
    /// Look at concluded agreements and their duties.
    Agreement(agreement::Args),
    /// Record what is in place for crossings, and take it back.
    Attestation(attestation::Args),
    /// Ask issuers for this node's own credentials, look at them, renew them.
    Credential(credential::Args),
    /// Issue credentials: say what is issued, decide who gets it, take it back.
    Issuer(issuer::Args),
    /// Look at transfers and decide them.
    Transfer(transfer::Args),
    /// Make, list and take back tokens of the management API.
    Token(token::Args),
    /// Look at acts that need a second person, and decide them.
    Approval(approval::Args),
    /// Sign in at the identity provider, to use a node by its URL.
    Login(login::Args),
    /// Forget that sign-in.
    Logout(login::LogoutArgs),
    /// Show who the node takes you for, and what you may do.
    Whoami(login::WhoamiArgs),
    /// Look at whom this node believes, and install another trust file.
    Trust(trust::Args),
    /// List the peers of the configuration.
    Peer(peer::Args),
    /// Find out what does not work.
    Doctor(doctor::Args),
    /// Look at the private keys of a node that does not run, and replace them.
    Keys(keys::Args),
    /// Run nodes that exchange a table under a contract, and ask the law.
    Demo(demo::Args),
    /// Show the node and how much waits for a person.
    Status(status::Args),
    /// List what waits for a person, with what to do next.
    Task(task::Args),
    /// Check, show and explain the configuration.
    Config(config_command::Args),
    /// Write the completion script of a shell.
    Completion(completion::Args),
    /// Call the management API.
    Api(api::Args),
    /// Write the management API's OpenAPI document.
    #[command(hide = true)]
    Openapi(openapi::Args),
}

impl Command {
    /// Does what was asked.
    pub(crate) fn run(self, context: &Context) -> Outcome {
        match self {
            Self::Init(args) => init::run(context, &args),
            Self::Serve(args) => serve::run(context, &args),
            Self::Offer(args) => client_command(offer::run(context, args)),
            Self::Catalog(args) => client_command(catalog::run(context, args)),
            Self::Check(args) => check::run(context, args),
            Self::Law(args) => law::run(context, &args),
            Self::Policy(args) => policy::run(context, &args),
            Self::Search(args) => client_command(search::run(context, args)),
            Self::Get(args) => client_command(get::run(context, args)),
            Self::Negotiation(args) => client_command(negotiation::run(context, args)),
            Self::Agreement(args) => client_command(agreement::run(context, args)),
            Self::Attestation(args) => client_command(attestation::run(context, args)),
            Self::Credential(args) => client_command(credential::run(context, args)),
            Self::Issuer(args) => client_command(issuer::run(context, args)),
            Self::Transfer(args) => client_command(transfer::run(context, args)),
            Self::Token(args) => client_command(token::run(context, args)),
            Self::Approval(args) => client_command(approval::run(context, args)),
            Self::Login(args) => client_command(login::run(context, args)),
            Self::Logout(args) => login::forget(context, &args),
            Self::Whoami(args) => client_command(login::whoami(context, args)),
            Self::Trust(args) => trust::run(context, &args),
            Self::Peer(args) => client_command(peer::run(context, args)),
            Self::Doctor(args) => client_command(doctor::run(context, args)),
            Self::Keys(args) => client_command(keys::run(context, args)),
            Self::Demo(args) => client_command(demo::run(context, args)),
            Self::Status(args) => client_command(status::run(context, args)),
            Self::Task(args) => client_command(task::run(context, args)),
            Self::Config(args) => client_command(config_command::run(context, &args)),
            Self::Completion(args) => completion::run(&args),
            Self::Api(args) => client_command(api::run(context, args)),
            Self::Openapi(args) => openapi::run(&args),
        }
    }
}

/// What a subcommand works with.
pub(crate) struct Context {
    /// What was asked for every subcommand.
    pub(crate) globals: Globals,
    /// Where results and talk go.
    pub(crate) output: Output,
}

impl Context {
    /// From the command line.
    pub(crate) fn new(globals: Globals) -> Self {
        let output = Output::new(globals.json, globals.quiet, globals.color);
        Self { globals, output }
    }

    /// The configuration, with its warnings said.
    pub(crate) fn config(&self) -> Outcome<Config> {
        self.config_with(Vec::new())
    }

    /// The configuration with further keys set.
    pub(crate) fn config_with(&self, more: Vec<(String, String)>) -> Outcome<Config> {
        let mut flags = self.globals.set.clone();
        flags.extend(more);
        Config::load(&Sources { file: self.globals.config.clone(), flags })
    }

    /// The client of the node that is meant.
    pub(crate) fn client(&self) -> Outcome<Client> {
        Client::open(self)
    }
}

/// Runs a command of the client on one thread, until it ends or the user interrupts it.
pub(crate) fn client_command(command: impl Future<Output = Outcome>) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(Exit::Failure, format!("start the runtime: {error}")))?;
    let outcome = runtime.block_on(async {
        tokio::select! {
            outcome = command => outcome,
            _ = tokio::signal::ctrl_c() => {
                Err(Failure::new(Exit::Interrupted, "interrupted"))
            }
        }
    });
    // A thread that waits for an answer at the terminal must not hold up the end.
    runtime.shutdown_background();
    outcome
}

/// Reads `KEY=VALUE`.
pub(crate) fn key_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err(format!("found {text:?}, expected KEY=VALUE")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_definition_of_the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_help_lists_every_exit_code() {
        for (code, meaning) in crate::exit::CODES {
            assert!(AFTER_HELP.contains(&format!("{code:>5}  {meaning}")), "{code}");
        }
    }
}
