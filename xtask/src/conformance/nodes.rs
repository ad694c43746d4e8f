//! The two nodes: their configurations, and the processes of the binary that run with them.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::client::Client;
use super::seed::Concluded;

/// The participant under test.
pub(super) const CUT: &str = "CAUSEWAY_CUT";
/// The TCK's participant; before the TCK is there, a second node of ours.
pub(super) const TCK: &str = "TCK_PARTICIPANT";

/// Everybody sits here: the tests are about the protocol, and no border is crossed.
pub(super) const AREA: &str = "DE";

/// The header by which the TCK is known, in both directions.
const TOKEN: &str = "Bearer a-fixed-token-of-a-closed-test-network";
/// The secret of the two nodes while they conclude contracts.
const SECRET: &str = "a secret of the conformance run, on this machine only";
/// How long a node may take to be ready, or to end.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long the TCK waits for something, in seconds.
const WAIT_SECONDS: u32 = 10;

/// Where everything is.
pub(super) struct Network {
    home: PathBuf,
    binary: PathBuf,
    cut_port: u16,
    other_port: u16,
    tck_port: u16,
}

/// A running node; ended when dropped.
pub(super) struct Node {
    child: Child,
    socket: PathBuf,
}

impl Network {
    /// Makes empty folders for both nodes.
    pub(super) fn make(home: &Path, binary: &Path, ports: [u16; 3]) -> Result<Self> {
        if home.exists() {
            fs::remove_dir_all(home).with_context(|| format!("cannot empty {}", home.display()))?;
        }
        let [cut_port, other_port, tck_port] = ports;
        let network = Self {
            home: home.to_owned(),
            binary: binary.to_owned(),
            cut_port,
            other_port,
            tck_port,
        };
        for node in [CUT, TCK] {
            let folder = network.folder(node);
            fs::create_dir_all(&folder)
                .with_context(|| format!("cannot make {}", folder.display()))?;
        }
        Ok(network)
    }

    /// Two nodes of ours that know each other.
    pub(super) fn pair_config(&self, own: &str, other: &str) -> String {
        format!(
            "{}\n[[peers]]\nname = \"peer\"\nparticipant_id = \"{other}\"\n\
             address = \"http://127.0.0.1:{}\"\nsecret = \"{SECRET}\"\n\
             jurisdiction = \"{AREA}\"\n",
            self.common(own),
            self.port(other),
        )
    }

    /// The node under test: it knows the TCK by its header, finds it without a version document,
    /// goes by its scripts, and gives up soon, since a late message would disturb the next test.
    pub(super) fn test_config(&self, scripts: Option<&Path>) -> String {
        let (common, port) = (self.common(CUT), self.tck_port);
        let scripts = scripts.map_or_else(String::new, |file| {
            format!("scripts_file = {}\n", toml::Value::String(file.display().to_string()))
        });
        format!(
            "{common}\n[identity]\nmode = \"static-token\"\n\
             [automation]\n{scripts}\
             [retry]\nattempts_max = 4\nwait_first_ms = 200\nwait_max_ms = 800\n\
             answer_timeout_ms = 5000\n\
             [[peers]]\nname = \"tck\"\nparticipant_id = \"{TCK}\"\n\
             address = \"http://127.0.0.1:{port}\"\nbase = \"http://127.0.0.1:{port}\"\n\
             static_token = \"{TOKEN}\"\njurisdiction = \"{AREA}\"\n"
        )
    }

    fn common(&self, own: &str) -> String {
        format!(
            "[node]\nparticipant_id = \"{own}\"\ndata_dir = \"data\"\njurisdiction = \"{AREA}\"\n\
             [protocol]\nlisten = \"127.0.0.1:{}\"\n[management]\nlisten = \"off\"\n\
             [egress]\nreachable = [\"127.0.0.0/8\"]\n[log]\nlevel = \"info\"\n",
            self.port(own)
        )
    }

    /// What the TCK must be told.
    pub(super) fn properties(&self, webhooks: &str, agreements: &[Concluded]) -> String {
        let (cut, tck) = (self.cut_port, self.tck_port);
        let mut text = format!(
            "dataspacetck.host=127.0.0.1\n\
             dataspacetck.port={tck}\n\
             dataspacetck.callback.address=http://127.0.0.1:{tck}\n\
             dataspacetck.dsp.local.connector=false\n\
             dataspacetck.dsp.connector.agent.id={CUT}\n\
             dataspacetck.dsp.connector.http.base.url=http://127.0.0.1:{cut}\n\
             dataspacetck.dsp.connector.http.url=http://127.0.0.1:{cut}/dsp/2025-1\n\
             dataspacetck.dsp.connector.http.headers.authorization={TOKEN}\n\
             dataspacetck.dsp.connector.negotiation.initiate.url={webhooks}/negotiations\n\
             dataspacetck.dsp.connector.transfer.initiate.url={webhooks}/transfers\n\
             dataspacetck.dsp.default.wait={WAIT_SECONDS}\n"
        );
        for test in super::seed::TESTS.lines().flat_map(str::split_whitespace) {
            // CN_C_0102 is the test CN_C:01-02, about the dataset ACNC0102.
            let (group, number) = test.rsplit_once('_').unwrap_or((test, ""));
            let dataset = super::seed::dataset(group, number);
            let key = format!("{group}_{}_{}", &number[..2], &number[2..]);
            let concluded = agreements.iter().find(|concluded| concluded.dataset == dataset);
            // Writing to a `String` cannot fail.
            let _ = match concluded {
                Some(Concluded { agreement, .. }) => {
                    writeln!(text, "{key}_AGREEMENTID={agreement}\n{key}_FORMAT=HttpData-PULL")
                }
                None => writeln!(
                    text,
                    "{key}_DATASETID={dataset}\n{key}_OFFERID={}",
                    super::seed::offer(&dataset)
                ),
            };
        }
        text
    }

    /// Starts a node with this configuration and waits until it is ready.
    pub(super) fn start(&self, name: &str, config: &str) -> Result<Node> {
        let folder = self.folder(name);
        let file = folder.join("causeway.toml");
        fs::write(&file, config).with_context(|| format!("cannot write {}", file.display()))?;
        Node::start(&self.binary, &folder)
    }

    fn folder(&self, name: &str) -> PathBuf {
        self.home.join(name.to_lowercase())
    }

    fn port(&self, name: &str) -> u16 {
        if name == CUT { self.cut_port } else { self.other_port }
    }
}

impl Node {
    /// Starts the binary in a folder with a `causeway.toml`, and waits until it is ready.
    pub(super) fn start(binary: &Path, folder: &Path) -> Result<Self> {
        let (ready, file) = (folder.join("data/ready.json"), folder.join("causeway.toml"));
        let log_file = folder.join("log.txt");
        let log =
            File::options().create(true).append(true).open(&log_file).context("cannot log")?;
        let mut command = Command::new(binary);
        command.arg("--config").arg(&file).args(["serve", "--insecure"]);
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn();
        let child = child.with_context(|| format!("cannot start {}", binary.display()))?;
        let mut node = Self { child, socket: folder.join("data/causeway.sock") };
        let is_ready =
            within(PATIENCE, || Ok(ready.is_file() || node.child.try_wait()?.is_some()))?;
        if !is_ready || !ready.is_file() {
            bail!("the node is not ready; see {}", log_file.display());
        }
        Ok(node)
    }

    /// The node's management API.
    pub(super) fn client(&self) -> Client {
        Client::new(self.socket.clone())
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // As an operator would: told to terminate, and killed only if it does not listen.
        let id = self.child.id().to_string();
        let told = Command::new("kill").args(["-TERM", &id]).status();
        let ended = told.is_ok_and(|status| status.success())
            && within(PATIENCE, || Ok(self.child.try_wait()?.is_some())).unwrap_or(false);
        if !ended {
            drop(self.child.kill());
            drop(self.child.wait());
        }
    }
}

/// Whether something comes true in time.
#[expect(clippy::disallowed_methods, reason = "real processes are waited for in real time")]
pub(super) fn within(time: Duration, mut is_true: impl FnMut() -> Result<bool>) -> Result<bool> {
    let began = std::time::Instant::now();
    while began.elapsed() < time {
        if is_true()? {
            return Ok(true);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_scripts_nothing_else_of_the_configuration_changes() {
        let network = Network {
            home: PathBuf::new(),
            binary: PathBuf::new(),
            cut_port: 1,
            other_port: 2,
            tck_port: 3,
        };
        let with = network.test_config(Some(Path::new("/a \"folder\"/scripts.toml")));
        let without = network.test_config(None);
        let removed: Vec<&str> =
            with.lines().filter(|line| !without.lines().any(|other| other == *line)).collect();
        assert_eq!(removed, [r#"scripts_file = '/a "folder"/scripts.toml'"#]);
        assert_eq!(with.lines().count(), without.lines().count() + 1);
        assert!(with.parse::<toml::Table>().is_ok() && without.parse::<toml::Table>().is_ok());
    }
}
