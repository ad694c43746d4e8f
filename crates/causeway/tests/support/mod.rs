//! Real nodes for tests and benchmarks: processes of the shipped binary with their own
//! directories, driven through their management sockets.

#![expect(dead_code, reason = "each user of this module needs another part of it")]

use std::fs::File;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

/// Longer than anything takes; when it passes, the test has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);
const SECRET: &str = "a secret of the tests, at least 32 bytes long";

/// How a node is configured.
pub(crate) struct Setup {
    pub(crate) short: &'static str,
    pub(crate) port: u16,
    pub(crate) peers: Vec<(&'static str, u16)>,
    /// Further configuration, appended.
    pub(crate) more: String,
}

/// A node, running or not.
pub(crate) struct Node {
    api: Api,
    child: Option<Child>,
}

/// A node's management API; stays good when the node is killed and started again.
#[derive(Clone)]
pub(crate) struct Api {
    pub(crate) short: &'static str,
    pub(crate) directory: PathBuf,
    client: reqwest::Client,
}

impl std::ops::Deref for Node {
    type Target = Api;

    fn deref(&self) -> &Api {
        &self.api
    }
}

/// Ports that nobody listens on. A node whose address is written down binds its port later, and
/// once more after each restart; so they lie below the range from which the system gives a port to
/// every outgoing connection, which could take one of them meanwhile.
pub(crate) fn free_ports<const N: usize>() -> [u16; N] {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    const LOWEST: u32 = 12_000;
    const HIGHEST: u32 = 32_000;
    let free = || {
        loop {
            // Other test processes begin elsewhere.
            let step = NEXT.fetch_add(1, Ordering::Relaxed);
            let offset = std::process::id().wrapping_mul(7_919).wrapping_add(step);
            let port = u16::try_from(LOWEST + offset % (HIGHEST - LOWEST)).unwrap();
            if TcpListener::bind(("127.0.0.1", port)).is_ok() {
                return port;
            }
        }
    };
    std::array::from_fn(|_| free())
}

/// The participant id of a node of the tests.
pub(crate) fn participant_id(short: &str) -> String {
    format!("urn:example:{short}")
}

/// The secret all pairs of the tests share.
pub(crate) fn secret() -> &'static str {
    SECRET
}

/// Two nodes that know each other.
pub(crate) async fn pair(directory: &Path, more: &str) -> (Node, Node) {
    let [one, two] = free_ports();
    let setup = |short, port, peer, peer_port| Setup {
        short,
        port,
        peers: vec![(peer, peer_port)],
        more: more.to_owned(),
    };
    let mut provider = Node::make(directory, &setup("provider", one, "consumer", two));
    let mut consumer = Node::make(directory, &setup("consumer", two, "provider", one));
    provider.start().await;
    consumer.start().await;
    (provider, consumer)
}

impl Node {
    /// Writes the configuration; starts nothing.
    pub(crate) fn make(directory: &Path, setup: &Setup) -> Self {
        let directory = directory.join(setup.short);
        std::fs::create_dir_all(&directory).unwrap();
        let peers = setup.peers.iter().map(|(name, port)| {
            format!(
                "[[peers]]\nname = \"{name}\"\nparticipant_id = \"{}\"\n\
                 address = \"http://127.0.0.1:{port}\"\nsecret = \"{SECRET}\"\n\
                 jurisdiction = \"KE\"\n",
                participant_id(name)
            )
        });
        let config = format!(
            "[node]\nparticipant_id = \"{}\"\ndata_dir = \"data\"\njurisdiction = \"KE\"\n\
             [protocol]\nlisten = \"127.0.0.1:{}\"\n[management]\nlisten = \"off\"\n\
             [egress]\nreachable = [\"127.0.0.0/8\"]\n{}\n{}",
            participant_id(setup.short),
            setup.port,
            setup.more,
            peers.collect::<String>()
        );
        std::fs::write(directory.join("causeway.toml"), config).unwrap();
        let client = client(directory.join("data/causeway.sock"));
        Self { api: Api { short: setup.short, directory, client }, child: None }
    }

    /// The management API.
    pub(crate) fn api(&self) -> Api {
        self.api.clone()
    }

    /// The shipped binary with this node's configuration.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_causeway"));
        command.arg("--config").arg(self.directory.join("causeway.toml"));
        command
    }

    /// Starts the node and waits until it is ready; says how long that took.
    pub(crate) async fn start(&mut self) -> Duration {
        self.spawn(Stdio::from(self.log()));
        self.ready().await
    }

    /// Starts the node; its log goes where it is told.
    pub(crate) fn spawn(&mut self, stderr: Stdio) -> &mut Child {
        std::fs::remove_file(self.directory.join("data/ready.json")).ok();
        let child = self.command().arg("serve").stdin(Stdio::null()).stderr(stderr).spawn();
        self.child.insert(child.unwrap())
    }

    /// Waits until the node answers.
    #[expect(clippy::disallowed_methods, reason = "start-up time is measured for real")]
    pub(crate) async fn ready(&mut self) -> Duration {
        let began = std::time::Instant::now();
        let ready = self.directory.join("data/ready.json");
        let mut look = tokio::time::interval(Duration::from_millis(1));
        while began.elapsed() < PATIENCE {
            look.tick().await;
            if ready.exists() {
                return began.elapsed();
            }
            if let Some(status) = self.child.as_mut().and_then(|c| c.try_wait().unwrap()) {
                panic!("{} ended with {status}: {}", self.short, self.told());
            }
        }
        panic!("{} is not ready: {}", self.short, self.told());
    }

    /// The node's log, to be appended to.
    pub(crate) fn log(&self) -> File {
        File::options().create(true).append(true).open(self.directory.join("node.log")).unwrap()
    }

    /// `kill -9`
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// SIGTERM, and the exit status it leads to.
    pub(crate) fn terminate(&mut self) -> std::process::ExitStatus {
        let mut child = self.child.take().unwrap();
        let pid = rustix::process::Pid::from_raw(child.id().try_into().unwrap()).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        child.wait().unwrap()
    }

    /// The process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.as_ref().unwrap().id()
    }

    /// A line of `/proc/PID/status` such as `VmRSS` or `VmHWM`, in bytes.
    pub(crate) fn memory(&self, line: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let value = status.lines().find_map(|l| l.strip_prefix(line)).unwrap();
        value.trim_matches([':', ' ', '\t', 'k', 'B']).parse::<u64>().unwrap() * 1024
    }
}

impl Api {
    /// The node's log so far.
    pub(crate) fn told(&self) -> String {
        std::fs::read_to_string(self.directory.join("node.log")).unwrap_or_default()
    }

    /// A request to the management API.
    pub(crate) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.client.request(method, format!("http://localhost/api/v1{path}"))
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let answer = self.request(Method::GET, path).send().await.unwrap();
        answer.json().await.unwrap()
    }

    pub(crate) async fn try_post(&self, path: &str, body: &Value) -> reqwest::Result<Value> {
        self.request(Method::POST, path).json(body).send().await?.json().await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Value {
        self.try_post(path, body).await.unwrap()
    }

    /// Publishes bytes under open terms; returns the offer.
    pub(crate) async fn publish(&self, bytes: impl Into<reqwest::Body>) -> Value {
        let upload = self.request(Method::POST, "/objects").body(bytes);
        let content: Value = upload.send().await.unwrap().json().await.unwrap();
        let offer = json!({ "title": { "en": "test data" }, "content": content });
        let offer = self.post("/offers", &offer).await;
        assert!(offer["id"].is_string(), "{offer}");
        offer
    }

    /// The complete offer of a dataset in a peer's catalog.
    pub(crate) async fn offer_of(&self, peer: &str, dataset: &Value) -> Value {
        let path = format!("/peers/{peer}/datasets/{}", dataset.as_str().unwrap());
        self.get(&path).await["offers"][0]["offer"].clone()
    }

    /// Looks at a resource until it is as wanted.
    pub(crate) async fn until(&self, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let looking = async {
            let mut look = tokio::time::interval(Duration::from_millis(5));
            loop {
                look.tick().await;
                if let Ok(answer) = self.request(Method::GET, path).send().await
                    && let Ok(found) = answer.json::<Value>().await
                    && wanted(&found)
                {
                    return found;
                }
            }
        };
        match tokio::time::timeout(PATIENCE, looking).await {
            Ok(found) => found,
            Err(_) => {
                let last = self.request(Method::GET, path).send().await;
                let last = match last {
                    Ok(answer) => answer.text().await.unwrap_or_default(),
                    Err(error) => error.to_string(),
                };
                panic!("{}: {path} is {last}\n{}", self.short, self.told())
            }
        }
    }

    /// Events as they happen.
    pub(crate) async fn events(&self, types: &str) -> Events {
        let request = self.request(Method::GET, &format!("/events?types={types}"));
        Events { response: request.send().await.unwrap(), text: String::new() }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Server-sent events.
pub(crate) struct Events {
    response: reqwest::Response,
    text: String,
}

impl Events {
    /// The next event's data.
    pub(crate) async fn next(&mut self) -> Value {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let data = event.lines().find_map(|line| line.strip_prefix("data: "));
                let found = data.map(|data| serde_json::from_str(data).unwrap());
                self.text = rest.to_owned();
                if let Some(found) = found {
                    return found;
                }
                continue;
            }
            let chunk = self.response.chunk().await.unwrap().expect("the node goes on telling");
            self.text += std::str::from_utf8(&chunk).unwrap();
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a test talks to its own node's socket")]
fn client(socket: PathBuf) -> reqwest::Client {
    reqwest::Client::builder().no_proxy().unix_socket(socket).build().unwrap()
}
