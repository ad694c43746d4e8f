//! The demo's nodes: where they keep their data, how they are configured, started, left
//! running and stopped. Each is this same binary with `serve`.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use causeway_node::clock::{Entropy as _, System};
use serde_json::Value;
use tokio::process::{Child, Command};

use super::trust;
use crate::cli::Context;
use crate::client::Client;
use crate::commands::init::private_directory;
use crate::exit::{Doing as _, Exit, Failure, Outcome};
use crate::values::text;

/// Marks a directory as the demo's own, to be used again.
const MARKER: &str = ".causeway-demo";
/// The nodes' directories.
const SHORTS: [&str; 4] = ["office", "institute", "hospital", "registry"];
/// Longest wait for a node to be ready, and to stop.
const READY_MAX: Duration = Duration::from_secs(30);
/// How often the file is looked for by which a node says that it is ready.
const LOOK: Duration = Duration::from_millis(2);

/// An organisation.
pub(super) struct Site {
    pub(super) name: &'static str,
    pub(super) short: &'static str,
    pub(super) country: &'static str,
}

/// The DID of a node of the demo, whose document it serves itself.
fn did(port: u16) -> String {
    format!("did:web:localhost%3A{port}")
}

/// A node that runs.
pub(super) struct Running {
    pub(super) site: Site,
    pub(super) client: Client,
    pub(super) ready: Duration,
    pub(super) did: String,
    address: String,
    pid: u32,
    config: PathBuf,
    child: Child,
}

/// Where the nodes keep their data.
pub(super) struct Place {
    path: PathBuf,
    is_temporary: bool,
}

impl Place {
    /// The given directory, or a temporary one. A directory of an earlier demo is used again; any
    /// other must be empty, so that nobody's files are ever removed.
    pub(super) fn make(given: Option<&Path>, keep: bool) -> Outcome<Self> {
        let Some(given) = given else {
            let mut bits = [0; 6];
            System.fill(&mut bits);
            let name: String = bits.iter().map(|byte| format!("{byte:02x}")).collect();
            let path = std::env::temp_dir().join(format!("causeway-{name}"));
            mark(&path)?;
            return Ok(Self { path, is_temporary: !keep });
        };
        let doing = format!("use {} for the demo", given.display());
        let marker = given.join(MARKER);
        let is_ours = marker.exists();
        let is_empty = match std::fs::read_dir(given) {
            Ok(mut entries) => entries.next().is_none(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => true,
            Err(error) => return Err(error).doing(doing),
        };
        if !is_ours && !is_empty {
            let detail = format!("{doing}: it holds files that are not the demo's");
            return Err(Failure::new(Exit::Conflict, detail).hint("name an empty directory"));
        }
        for short in SHORTS {
            let old = given.join(short);
            if let Some(pid) = still_running(&old) {
                let detail = format!("{doing}: a node of an earlier demo still runs there");
                let hint = format!("stop it first: kill {pid}");
                return Err(Failure::new(Exit::Conflict, detail).hint(hint));
            }
            if old.exists() {
                std::fs::remove_dir_all(&old).doing(&doing)?;
            }
        }
        mark(given)?;
        let path = std::fs::canonicalize(given).doing(&doing)?;
        Ok(Self { path, is_temporary: false })
    }

    /// After a failure the logs stay.
    pub(super) fn keep_logs(&self) -> &Path {
        &self.path
    }

    /// Removes a temporary directory, or says where the data is.
    pub(super) fn tidy_up(&self, context: &Context) {
        if self.is_temporary {
            if let Err(error) = std::fs::remove_dir_all(&self.path) {
                context.output.warn(&format!("remove {}: {error}", self.path.display()));
            }
        } else {
            context.output.say(&format!("the data of the nodes is in {}", self.path.display()));
        }
    }
}

fn mark(path: &Path) -> Outcome {
    let doing = format!("make {}", path.display());
    private_directory(path).doing(&doing)?;
    std::fs::write(path.join(MARKER), "the data of causeway demo; it is used again\n").doing(doing)
}

/// The process id of a node that runs in this directory.
fn still_running(directory: &Path) -> Option<u64> {
    let ready = std::fs::read(directory.join("data/ready.json")).ok()?;
    let ready: Value = serde_json::from_slice(&ready).ok()?;
    let socket = std::os::unix::net::UnixStream::connect(text(&ready, "socket")).ok()?;
    drop(socket);
    ready["pid"].as_u64()
}

/// Configures and starts the nodes. All believe the last one, which is the registry; of the others,
/// each knows where its peers are, and nothing else of them.
pub(super) async fn start<const N: usize>(
    place: &Place,
    sites: [Site; N],
) -> Outcome<[Running; N]> {
    let ports = free_ports::<N>()?;
    let registry = N - 1;
    let mut configs = Vec::new();
    for own in 0..N {
        let peers = (0..registry).filter(|peer| *peer != own && own != registry);
        let peers: Vec<String> =
            peers.map(|peer| peer_section(&sites[peer], ports[peer])).collect();
        configs.push(configure(place, &sites[own], ports[own], &peers)?);
    }
    let areas: Vec<&str> = sites[..registry].iter().map(|site| site.country).collect();
    trust::found(&place.path, &did(ports[registry]), &areas, &SHORTS[..N]).await?;
    let starting = sites.into_iter().zip(configs).zip(ports);
    let starting = starting.map(|((site, at), port)| Running::start(site, at, did(port)));
    let running = futures_util::future::try_join_all(starting).await?;
    // One for each site.
    running.try_into().map_err(|_| Failure::new(Exit::Failure, "a node is missing"))
}

/// Ports that were free a moment ago, taken at once so that they differ.
fn free_ports<const N: usize>() -> Outcome<[u16; N]> {
    let doing = "find a free port on 127.0.0.1";
    let mut listeners = Vec::new();
    let mut ports = [0; N];
    for port in &mut ports {
        let listener = TcpListener::bind("127.0.0.1:0").doing(doing)?;
        *port = listener.local_addr().doing(doing)?.port();
        listeners.push(listener);
    }
    Ok(ports)
}

fn peer_section(peer: &Site, port: u16) -> String {
    format!(
        r#"
[[peers]]
name = "{name}"
participant_id = "{id}"
address = "http://localhost:{port}"
"#,
        name = peer.short,
        id = did(port),
    )
}

fn configure(place: &Place, own: &Site, port: u16, peers: &[String]) -> Outcome<PathBuf> {
    let directory = place.path.join(own.short);
    private_directory(&directory).doing(format_args!("make {}", directory.display()))?;
    let file = directory.join("causeway.toml");
    let config = format!(
        r#"# {name}, a node of causeway demo.
[node]
participant_id = "{id}"
title = "{name}"
jurisdiction = "{country}"
address = "http://localhost:{port}"
data_dir = "data"

[protocol]
listen = "127.0.0.1:{port}"

[management]
listen = "off"

[egress]
# The other nodes are on this machine; without this line only public addresses are called, with TLS.
insecure_allow_loopback = true
{peers}"#,
        name = own.name,
        id = did(port),
        country = own.country,
        peers = peers.concat(),
    );
    let doing = format!("write {}", file.display());
    crate::commands::init::write_private(&file, config.as_bytes(), true).doing(doing)?;
    Ok(file)
}

impl Running {
    async fn start(site: Site, config: PathBuf, did: String) -> Outcome<Self> {
        let doing = format!("start the node of {}", site.name);
        let directory = config.parent().unwrap_or(Path::new(".")).to_owned();
        let log = std::fs::File::create(directory.join("node.log")).doing(&doing)?;
        let program = std::env::current_exe().doing(&doing)?;
        let began = super::now();
        let mut child = Command::new(program)
            .arg("--config")
            .arg(&config)
            .arg("serve")
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            // A node that is to stay must not get the terminal's Ctrl-C.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .doing(&doing)?;
        let ready = wait_until_ready(&directory, &mut child, &site).await?;
        let client = Client::at_socket(PathBuf::from(text(&ready, "socket")))?;
        Ok(Self {
            client,
            ready: began.elapsed(),
            did,
            address: text(&ready, "protocol").to_owned(),
            pid: child.id().unwrap_or_default(),
            site,
            config,
            child,
        })
    }

    /// The organisation, its country and its address.
    pub(super) fn label(&self) -> String {
        format!("{} ({}) at {}", self.site.name, self.site.country, self.address)
    }

    /// Tells the node to end and waits for it.
    pub(super) async fn stop(mut self) -> Outcome {
        let pid = i32::try_from(self.pid).ok().and_then(rustix::process::Pid::from_raw);
        if let Some(pid) = pid {
            // It may have ended by itself; then waiting says so.
            rustix::process::kill_process(pid, rustix::process::Signal::TERM).ok();
        }
        let doing = format!("stop the node of {}", self.site.name);
        match tokio::time::timeout(READY_MAX, self.child.wait()).await {
            Ok(status) => {
                let status = status.doing(&doing)?;
                if status.success() {
                    return Ok(());
                }
                Err(Failure::new(Exit::Failure, format!("{doing}: it ended with {status}")))
            }
            Err(_) => Err(Failure::new(Exit::Failure, format!("{doing}: it does not end"))),
        }
    }
}

async fn wait_until_ready(directory: &Path, child: &mut Child, site: &Site) -> Outcome<Value> {
    let file = directory.join("data/ready.json");
    let mut look = tokio::time::interval(LOOK);
    let looking = async {
        loop {
            look.tick().await;
            if let Ok(ready) = std::fs::read(&file)
                && let Ok(ready) = serde_json::from_slice(&ready)
            {
                return Ok(ready);
            }
            if let Ok(Some(status)) = child.try_wait() {
                return Err(format!("it ended with {status}"));
            }
        }
    };
    let waited = tokio::time::timeout(READY_MAX, looking).await;
    waited.unwrap_or_else(|_| Err("it is not ready in time".to_owned())).map_err(|reason| {
        let log = directory.join("node.log");
        Failure::new(Exit::Failure, format!("start the node of {}: {reason}", site.name))
            .hint(format!("its log is {}", log.display()))
    })
}

/// Says how to go on with the nodes by hand, and lets them run.
pub(super) fn leave_running<const N: usize>(context: &Context, place: &Place, nodes: [Running; N]) {
    let mut pids = Vec::new();
    for node in &nodes {
        let config = node.config.display();
        context.output.say(&format!("{} keeps running, process {}", node.label(), node.pid));
        context.output.say(&format!("  causeway --config {config} status"));
        pids.push(node.pid.to_string());
    }
    if let [provider, consumer, ..] = &nodes[..] {
        let (config, peer) = (consumer.config.display(), provider.site.short);
        context.output.say("to go on by hand, as the one who asks:");
        context.output.say(&format!("  causeway --config {config} catalog {peer}"));
        context.output.say(&format!("  causeway --config {config} doctor {peer}"));
        context.output.say(&format!("  causeway --config {config} agreement list"));
    }
    context.output.say(&format!("stop them: kill {}", pids.join(" ")));
    context.output.say(&format!("then remove {}", place.path.display()));
    // Dropping the handles would end the nodes.
    nodes.into_iter().for_each(|node| std::mem::forget(node.child));
}
