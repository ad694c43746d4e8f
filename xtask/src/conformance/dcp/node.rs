//! The node under test: its configuration, and what it is told before the TCK comes.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use super::Role;
use crate::conformance::nodes::Node;

/// The name and the secret by which the TCK asks our token service.
const CLIENT: &str = "tck";
const CLIENT_SECRET: &str = "a secret of the conformance run, on this machine only";
/// Where the node reads that secret.
const SECRET_FILE: &str = "sts.secret";
/// The id that the TCK's issuer names when it brings credentials, and its holder when it asks.
const CORRELATION: &str = "conformance-request";
/// The credentials of the TCK.
const TYPES: [&str; 2] = ["MembershipCredential", "SensitiveDataCredential"];

/// How the node is set up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Setup {
    /// As the tests need it.
    Complete,
    /// The same, but another issuer than the TCK's is trusted, and requests wait for a person.
    Lacking,
}

/// Where everything is.
pub(super) struct Place {
    pub(super) folder: PathBuf,
    pub(super) binary: PathBuf,
    pub(super) own_port: u16,
    pub(super) tck_port: u16,
    pub(super) is_draft: bool,
}

/// The TCK in every role.
pub(super) fn both_sides(port: u16) -> String {
    format!(
        "dataspacetck.host=localhost\ndataspacetck.port={port}\n\
         dataspacetck.callback.address=http://localhost:{port}\n"
    )
}

/// The TCK in every role but one.
pub(super) fn properties(role: Role, own_port: u16, tck_port: u16) -> String {
    let (common, name) = (both_sides(tck_port), role.name());
    let own = own_did(own_port);
    let more = match role {
        Role::Holder => format!(
            "dataspacetck.sts.url=http://localhost:{own_port}/dcp/sts\n\
             dataspacetck.sts.client.id={CLIENT}\n\
             dataspacetck.sts.client.secret={CLIENT_SECRET}\n"
        ),
        Role::Issuer => String::new(),
        Role::Verifier => format!(
            "dataspacetck.vpp.trigger.endpoint=\
             http://localhost:{own_port}/dsp/2025-1/catalog/request\n"
        ),
    };
    format!(
        "{common}dataspacetck.did.{name}={own}\n\
         dataspacetck.credentials.correlation.id={CORRELATION}\n{more}"
    )
}

fn own_did(port: u16) -> String {
    format!("did:web:localhost%3A{port}")
}

/// A role of the TCK, as it calls itself.
fn tck_did(port: u16, role: &str) -> String {
    format!("did:web:localhost%3A{port}:{role}")
}

impl Place {
    /// What the TCK is told of the node.
    pub(super) fn properties(&self, role: Role) -> String {
        properties(role, self.own_port, self.tck_port)
    }

    /// Makes a node in an empty folder, tells it what it must know, and starts it.
    pub(super) fn start(&self, role: Role, setup: Setup) -> Result<Node> {
        if self.folder.exists() {
            fs::remove_dir_all(&self.folder)
                .with_context(|| format!("cannot empty {}", self.folder.display()))?;
        }
        let data = self.folder.join("data");
        fs::create_dir_all(&data).with_context(|| format!("cannot make {}", data.display()))?;
        self.write("causeway.toml", &self.config())?;
        self.write(SECRET_FILE, CLIENT_SECRET)?;
        self.trust(setup)?;
        let node = Node::start(&self.binary, &self.folder)?;
        if role == Role::Issuer {
            self.define(setup)?;
        }
        Ok(node)
    }

    /// The holder shows the types of the TCK to whoever has a token for them, a verifier asks for
    /// one of them with every request, and the token service has the TCK as its client.
    fn config(&self) -> String {
        let (port, did, [asked, _]) = (self.own_port, own_did(self.own_port), TYPES);
        format!(
            "[node]\nparticipant_id = \"{did}\"\naddress = \"http://localhost:{port}\"\n\
             data_dir = \"data\"\njurisdiction = \"DE\"\n\
             [protocol]\nlisten = \"127.0.0.1:{port}\"\n\
             [management]\nlisten = \"off\"\n\
             [identity]\nmode = \"dcp\"\nallow_drafts = {}\n\
             catalog_requires = [\"{asked}\"]\nalso_asks = []\nshows = {TYPES:?}\n\
             presentation_seconds = 0\nallow_unsigned_status_lists = true\n\
             sts_client_id = \"{CLIENT}\"\nsts_secret_file = \"{SECRET_FILE}\"\n\
             [egress]\ninsecure_allow_loopback = true\n[log]\nlevel = \"info\"\n",
            self.is_draft
        )
    }

    /// Installs a trust file that is signed by a maintainer made just now, and names one issuer.
    fn trust(&self, setup: Setup) -> Result<()> {
        let issuer = match setup {
            Setup::Complete => tck_did(self.tck_port, "issuer"),
            Setup::Lacking => tck_did(self.tck_port, "another-issuer"),
        };
        self.command(&["trust", "key", "maintainer"])?;
        let key = fs::read_to_string(self.folder.join("maintainer.pub"));
        let key = key.context("the maintainer has no public key")?;
        let file = format!(
            "[trust]\ndataspace = \"conformance\"\ntitle = \"A run of the TCK\"\n\
             sequence = 1\nvalid_from = \"2026-01-01\"\nvalid_until = \"2099-01-01\"\n\
             threshold = 1\nsuites = [\"ES256\"]\n\
             [[maintainer]]\nname = \"Who runs it\"\nkey = \"{}\"\n\
             [[issuer]]\ndid = \"{issuer}\"\nname = \"Issuer\"\ntypes = {TYPES:?}\n",
            key.trim()
        );
        self.write("trust.toml", &file)?;
        self.command(&["trust", "sign", "trust.toml", "--key", "maintainer"])?;
        self.command(&["trust", "install", "trust.toml", "--key", "maintainer.pub"])?;
        Ok(())
    }

    /// Defines what an issuer issues.
    fn define(&self, setup: Setup) -> Result<()> {
        for name in TYPES {
            let mut words = vec!["issuer", "define", name, name];
            // Without this word a request waits for a person.
            words.extend((setup == Setup::Complete).then_some("--auto"));
            self.command(&words)?;
        }
        Ok(())
    }

    fn write(&self, name: &str, content: &str) -> Result<()> {
        let path = self.folder.join(name);
        fs::write(&path, content).with_context(|| format!("cannot write {}", path.display()))?;
        let owner = fs::Permissions::from_mode(0o600);
        fs::set_permissions(&path, owner).with_context(|| format!("cannot keep {name} secret"))
    }

    /// Runs a command of the binary.
    fn command(&self, arguments: &[&str]) -> Result<String> {
        let mut command = Command::new(&self.binary);
        command.arg("--config").arg(self.folder.join("causeway.toml")).args(arguments);
        let output = command.current_dir(&self.folder).stdin(Stdio::null()).output();
        let output = output.with_context(|| format!("cannot start {}", self.binary.display()))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            bail!("causeway {} failed: {said}", arguments.join(" "));
        }
        String::from_utf8(output.stdout).context("it printed what is not UTF-8")
    }
}
