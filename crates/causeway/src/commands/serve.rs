//! `causeway serve`: one node from its configuration, until a signal ends it. What a node does is
//! not here, and neither is how one connection is served.

mod keys;
mod law;
mod listen;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use causeway_api::{Access, Gate, management_router, protocol_router};
use causeway_node::access::Oidc;
use causeway_node::clock::System;
use causeway_node::{Egress, HeldBack, HttpTransport, IdentityMode, Node, Parts, Peer, Settings};
use causeway_plane::Objects;
use causeway_store_sql::{SqliteCatalogCache, SqliteOptions, SqliteStore};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing_subscriber::EnvFilter;

use super::init::{private_directory, token};
use crate::cli::Context;
use crate::config::Config;
use crate::exit::{Doing as _, Exit, Failure, Outcome};

/// Threads that run the node's tasks; more only cost memory, since the work is waiting.
const WORKERS_MAX: usize = 4;
/// Threads for files and the database.
const BLOCKING_THREADS_MAX: usize = 64;
/// How long such a thread stays without work.
const BLOCKING_IDLE: Duration = Duration::from_secs(5);
/// Longest wait for what is under way when the node is told to stop.
const DRAIN_MAX: Duration = Duration::from_secs(10);

/// Run a node.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Where to listen for peers; the same as --set protocol.listen=ADDRESS.
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Where to keep everything; the same as --set node.data_dir=DIR.
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Allow ways of knowing peers that are only for closed test networks; the same as
    /// --set identity.allow_insecure=true.
    #[arg(long)]
    insecure: bool,
    /// Allow the node to call this machine itself, over plain HTTP; the same as
    /// --set egress.insecure_allow_loopback=true.
    #[arg(long)]
    insecure_allow_loopback: bool,
}

/// Runs the subcommand.
pub(crate) fn run(context: &Context, args: &Args) -> Outcome {
    let mut flags = Vec::new();
    if let Some(listen) = args.listen {
        flags.push(("protocol.listen".to_owned(), listen.to_string()));
    }
    if let Some(directory) = &args.data_dir {
        flags.push(("node.data_dir".to_owned(), directory.display().to_string()));
    }
    if args.insecure {
        flags.push(("identity.allow_insecure".to_owned(), "true".to_owned()));
    }
    if args.insecure_allow_loopback {
        flags.push(("egress.insecure_allow_loopback".to_owned(), "true".to_owned()));
    }
    let config = context.config_with(flags)?;
    let mode = config.identity();
    if mode.is_insecure() && !config.is_insecure_allowed() {
        let detail = format!("identity.mode is {}, which is not secure", mode.as_str());
        return Err(Failure::new(Exit::Usage, detail)
            .hint("in a closed test network, allow it with --insecure"));
    }
    start_log(context, &config)?;
    for warning in config.warnings() {
        tracing::warn!("{warning}");
    }
    raise_file_limit();
    crate::memory::keep_buffers();
    let workers = std::thread::available_parallelism().map_or(1, usize::from).min(WORKERS_MAX);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(workers)
        .max_blocking_threads(BLOCKING_THREADS_MAX)
        .thread_keep_alive(BLOCKING_IDLE)
        .thread_name("causeway")
        .enable_all()
        .build()
        .doing("start the runtime")?;
    let data = config.data_dir();
    private_directory(&data).doing(format_args!("make {}", data.display()))?;
    let store = SqliteStore::open(data.join("causeway.db"), &SqliteOptions::default())
        .map_err(|error| Failure::new(Exit::Failure, error.to_string()))?;
    let store = Arc::new(store);
    let outcome = runtime.block_on(serve(context, &config, Arc::clone(&store)));
    runtime.shutdown_timeout(DRAIN_MAX);
    // The last user of the store is gone with the runtime: here it is closed.
    drop(store);
    outcome
}

async fn serve(context: &Context, config: &Config, store: Arc<SqliteStore>) -> Outcome {
    let mut interrupt = signal(SignalKind::interrupt()).doing("listen for SIGINT")?;
    let mut terminate = signal(SignalKind::terminate()).doing("listen for SIGTERM")?;
    // Listening before the node starts: only now the port is known that peers are told.
    let protocol = bind(config.protocol_listen(), "protocol.listen").await?;
    let address = protocol.local_addr().doing("listen for peers")?;
    let settings = settings(config, address)?;
    let egress = Egress::new(&settings).doing("set up TLS")?;
    let oidc = config.oidc().map(|settings| Oidc::new(settings, egress.clone()));
    let gate = Arc::new(Gate::new(config.access(), oidc));
    let node = start_node(config, settings, store, egress).await?;

    let stop = CancellationToken::new();
    let connections = TaskTracker::new();
    let mut ready = json!({ "pid": std::process::id(), "protocol": format!("http://{address}") });
    listen::serve(protocol, protocol_router(node.clone()), &stop, &connections);
    if let Some(wanted) = config.management_listen() {
        let token = token(&config.token_file(), &System)?;
        let listener = bind(wanted, "management.listen").await?;
        let address = listener.local_addr().doing("listen for management")?;
        ready["management"] = format!("http://{address}").into();
        let router = management_router(node.clone(), Access::token(&token).through(&gate));
        listen::serve(listener, router, &stop, &connections);
    }
    let socket = std::path::absolute(config.socket()).doing("find the working directory")?;
    let listener = listen::socket(&socket)?;
    ready["socket"] = socket.display().to_string().into();
    let router = management_router(node.clone(), Access::local().through(&gate));
    listen::serve(listener, router, &stop, &connections);
    connections.close();

    let ready_file = config.data_dir().join("ready.json");
    write_ready(&ready_file, &ready)?;
    tell_ready(context, &node, &ready);
    tokio::select! {
        _ = interrupt.recv() => tracing::info!("interrupted, stopping"),
        _ = terminate.recv() => tracing::info!("told to terminate, stopping"),
    }
    // Neither is there to be found any more; that somebody removed them already is fine.
    let _ = std::fs::remove_file(&ready_file);
    let _ = std::fs::remove_file(&socket);
    stop.cancel();
    let drained = async { tokio::join!(connections.wait(), node.stop()) };
    tokio::select! {
        _ = drained => {}
        _ = tokio::time::timeout(DRAIN_MAX, std::future::pending::<()>()) => {
            tracing::warn!("cut what was still under way after {} s", DRAIN_MAX.as_secs());
        }
        _ = interrupt.recv() => tracing::warn!("interrupted again, cut what was under way"),
    }
    tracing::info!("stopped");
    Ok(())
}

async fn bind(address: SocketAddr, key: &str) -> Outcome<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| {
        let detail = format!("listen on {address}: {error}");
        Failure::new(Exit::Failure, detail).hint(format!("choose another address with {key}"))
    })
}

async fn start_node(
    config: &Config,
    settings: Settings,
    store: Arc<SqliteStore>,
    egress: Egress,
) -> Outcome<Node> {
    private_directory(&settings.received)
        .doing(format_args!("make {}", settings.received.display()))?;
    private_directory(&settings.objects)
        .doing(format_args!("make {}", settings.objects.display()))?;
    let objects = Objects::open(&settings.objects)
        .map_err(|error| Failure::new(Exit::Failure, error.to_string()))?;
    let catalogs = SqliteCatalogCache::open(config.data_dir().join("catalogs.db"));
    let catalogs = catalogs.map_err(|error| {
        Failure::new(Exit::Failure, error.to_string())
            .hint("the file holds only copies of peers' catalogs and may be deleted")
    })?;
    let engine = super::law::engine_of(&config.data_dir())?;
    law::check_facts(&engine, &settings)?;
    let keys = match settings.identity {
        IdentityMode::Dcp => Some(keys::open(config).await?),
        _ => None,
    };
    let parts = Parts {
        settings,
        store,
        catalogs: Arc::new(catalogs),
        transport: Arc::new(HttpTransport::new(egress.clone())),
        egress,
        objects,
        law: Arc::new(engine),
        trust: super::trust::source(config.data_dir())?,
        subject_key: law::subject_key(&config.data_dir().join("subjects.key"))?,
        keys,
        clock: Arc::new(System),
        entropy: Arc::new(System),
    };
    Node::start(parts).await.map_err(|problem| {
        let internal = problem.for_log();
        tracing::error!(code = %problem.code(), internal, "{problem}");
        Failure::new(Exit::Failure, format!("start the node: {problem}"))
    })
}

fn settings(config: &Config, listening: SocketAddr) -> Outcome<Settings> {
    let required = |what: &str| Failure::new(Exit::Usage, format!("{what} is not set"));
    let data = config.data_dir();
    let peer = |peer: &crate::config::PeerConfig| {
        Ok(Peer {
            name: peer.name.clone(),
            participant_id: peer.participant_id.clone(),
            address: peer.address.clone(),
            base: peer.base.clone(),
            jurisdiction: peer.jurisdiction.clone(),
            facts: peer.facts.clone(),
            secret: peer.read_secret()?,
            callback_hosts: peer.callback_hosts.clone(),
        })
    };
    Ok(Settings {
        participant_id: config.participant_id().ok_or_else(|| required("node.participant_id"))?,
        title: config.title(),
        jurisdiction: config.jurisdiction(),
        address: config.address(listening).ok_or_else(|| required("node.address"))?,
        objects: data.join("objects"),
        received: data.join("received"),
        peers: config.peers().iter().map(peer).collect::<Outcome<_>>()?,
        identity: config.identity(),
        dcp: config.dcp(),
        token_client: config.token_client()?,
        rules: config.rules(),
        scripts: config.scripts().to_vec(),
        law: config.law(),
        retry: config.retry(),
        catalog: config.catalog(),
        token_lifetime: config.token_lifetime(),
        reachable: config.reachable(),
        is_loopback_allowed: config.is_loopback_allowed(),
        key_overlap_seconds: config.custody().overlap_seconds,
        four_eyes: config.access().four_eyes,
        held: HeldBack::default(),
    })
}

fn start_log(context: &Context, config: &Config) -> Outcome {
    let level = match context.globals.verbose {
        _ if config.is_log_level_set() => config.log_level(),
        0 => config.log_level(),
        1 => "debug",
        _ => "trace",
    };
    let filter = EnvFilter::try_new(level).doing("read log.level")?;
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(context.output.is_colored());
    let started = if config.is_log_json() { log.json().try_init() } else { log.try_init() };
    started.doing("start the log")
}

/// Every connection is a file: take all that the system allows.
fn raise_file_limit() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        tracing::debug!("the limit of open files stays as it is: {error}");
    }
}

/// Renamed into place, so that whoever waits for the file reads all of it.
fn write_ready(path: &Path, ready: &serde_json::Value) -> Outcome {
    let draft = path.with_extension("json.draft");
    std::fs::write(&draft, format!("{ready:#}\n"))
        .and_then(|()| std::fs::rename(&draft, path))
        .doing(format_args!("write {}", path.display()))
}

fn tell_ready(context: &Context, node: &Node, ready: &serde_json::Value) {
    let of = |name: &str| ready[name].as_str().map(str::to_owned);
    let management: Vec<String> = [of("management"), of("socket")].into_iter().flatten().collect();
    context.output.say(&format!(
        "ready: {} listens for peers on {}, for management on {}",
        node.settings().title,
        of("protocol").unwrap_or_default(),
        management.join(" and "),
    ));
}
