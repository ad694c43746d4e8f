//! Whom the demo's nodes believe, and what they show: a trust file that is signed and installed by
//! the commands that people use, and credentials that the registry issues.

use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};
use tokio::process::Command;

use super::nodes::Running;
use super::{STEP_MAX, Story};
use crate::client::Events;
use crate::exit::{Doing as _, Exit, Failure, Outcome};
use crate::values::text;

/// The dataspace of the demo.
const DATASPACE: &str = "demo-commons";

/// Writes the trust file, signs it, and installs it for each node.
pub(super) async fn found(place: &Path, registry: &str, areas: &[&str], nodes: &[&str]) -> Outcome {
    let areas: Vec<String> = areas.iter().map(|area| format!("\"{area}\"")).collect();
    let file = place.join(format!("{DATASPACE}.toml"));
    let key = place.join("maintainer.key");
    for old in ["maintainer.key", "maintainer.key.pub", "demo-commons.toml.sig"] {
        // A directory of an earlier demo is used again.
        let _ = std::fs::remove_file(place.join(old));
    }
    causeway(&["trust".as_ref(), "key".as_ref(), key.as_os_str()]).await?;
    let public = place.join("maintainer.key.pub");
    let doing = format!("read {}", public.display());
    let line = std::fs::read_to_string(&public).doing(doing)?;
    let content = format!(
        r#"# Whom the members of the demo's dataspace believe.
[trust]
dataspace = "{DATASPACE}"
title = "Commons of the demo"
sequence = 1
valid_from = "2026-01-01"
valid_until = "2036-01-01"
threshold = 1
suites = ["ES256", "EdDSA"]

[[maintainer]]
name = "Whoever runs the demo"
key = "{key}"

[[issuer]]
did = "{registry}"
name = "Registry"
types = ["MembershipCredential", "LegalParticipantCredential"]
jurisdictions = [{areas}]
"#,
        key = line.trim(),
        areas = areas.join(", "),
    );
    let doing = format!("write {}", file.display());
    std::fs::write(&file, content).doing(doing)?;
    let sign = ["trust".as_ref(), "sign".as_ref(), file.as_os_str(), "--key".as_ref()];
    causeway(&[&sign[..], &[key.as_os_str()]].concat()).await?;
    for node in nodes {
        let data = place.join(node).join("data");
        let doing = format!("make {}", data.display());
        crate::commands::init::private_directory(&data).doing(doing)?;
        let install = ["trust".as_ref(), "install".as_ref(), file.as_os_str(), "--key".as_ref()];
        let whose = [public.as_os_str(), "--dir".as_ref(), data.as_os_str()];
        causeway(&[&install[..], &whose].concat()).await?;
    }
    Ok(())
}

/// Runs this program with other arguments.
async fn causeway(arguments: &[&std::ffi::OsStr]) -> Outcome {
    let doing = "set up the trust of the demo";
    let program = std::env::current_exe().doing(doing)?;
    let ran = Command::new(program).args(arguments).env_clear().stdin(Stdio::null()).output();
    let ran = ran.await.doing(doing)?;
    if ran.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&ran.stderr);
    Err(Failure::new(Exit::Failure, format!("{doing}: {}", said.trim())))
}

/// The registry issues each member what it shows from now on.
pub(super) async fn enrol(
    story: &mut Story<'_>,
    registry: &Running,
    members: [&Running; 3],
) -> Outcome {
    for (id, kind, claims) in [
        ("membership", "MembershipCredential", json!({ "dataspace": DATASPACE })),
        ("legal-participant", "LegalParticipantCredential", json!({})),
    ] {
        let definition = json!({
            "id": id, "credential_type": kind, "profile": "vc20-bssl/jwt", "claims": claims,
        });
        registry.client.post("/issuer/definitions", &definition).await?;
    }
    let enrolling =
        members.iter().enumerate().map(|(n, member)| enrol_one(registry, member, n + 1));
    futures_util::future::try_join_all(enrolling).await?;
    let names: Vec<&str> = members.iter().map(|member| member.site.name).collect();
    let line = format!("{} hold credentials of the {}", names.join(", "), registry.site.name);
    story.step("enrol", &line);
    Ok(())
}

async fn enrol_one(registry: &Running, member: &Running, number: usize) -> Outcome {
    let mut events = member.client.events(None).await?;
    let legal = json!({
        "legalName": member.site.name,
        "registrationNumber": format!("DEMO-{number}"),
        "jurisdiction": member.site.country,
    });
    for (definition, claims) in [("membership", json!({})), ("legal-participant", legal)] {
        let issue = json!({
            "holder": member.did, "definitions": [definition], "claims": claims,
        });
        registry.client.post("/issuer/credentials", &issue).await?;
    }
    let both = async {
        received(&mut events).await?;
        received(&mut events).await
    };
    tokio::time::timeout(STEP_MAX, both).await.unwrap_or_else(|_| {
        let detail = format!("{} waited for its credentials in vain", member.site.name);
        Err(Failure::new(Exit::Failure, detail))
    })
}

async fn received(events: &mut Events) -> Outcome {
    while let Some(event) = events.next().await {
        let event: Value = event;
        if text(&event, "kind") == "credential.received" {
            return Ok(());
        }
    }
    Err(Failure::new(Exit::Unreachable, "a node stopped telling what happens"))
}
