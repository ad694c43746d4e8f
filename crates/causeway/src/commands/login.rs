//! `causeway login`, `logout` and `whoami`: sign in at the identity provider of the organisation on
//! another device (RFC 8628), for a node that is used by its URL. No password passes this program.

use std::time::Duration;

use causeway_node::Egress;
use causeway_node::access::oidc::{self, OidcError};
use causeway_node::clock::{Clock as _, System};
use causeway_types::Timestamp;
use serde_json::{Value, json};

use super::show;
use crate::cli::Context;
use crate::client::Client;
use crate::exit::{Doing as _, Exit, Failure, Outcome};
use crate::logins;
use crate::values::{number, optional, text, time};

/// The grant of a device (RFC 8628, section 3.4).
const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// Between two questions, where the provider does not say (RFC 8628, section 3.2), in seconds.
const INTERVAL_SECONDS: u64 = 5;
/// How long one may take to sign in at most, in seconds.
const SIGN_IN_SECONDS_MAX: u64 = 1_800;
/// How long a sign-in counts whose end the provider does not say, in seconds.
const LOGIN_SECONDS: u64 = 3_600;

/// Sign in at the identity provider, to use a node by its URL.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The provider; oidc.issuer of the configuration if missing.
    #[arg(long, value_name = "URL")]
    issuer: Option<String>,
    /// The client as which to sign in; oidc.client_id of the configuration if missing.
    #[arg(long, value_name = "ID")]
    client_id: Option<String>,
    /// Ask for an access token with this audience, instead of an ID token; oidc.audience of the
    /// configuration if missing.
    #[arg(long, value_name = "AUDIENCE")]
    audience: Option<String>,
    /// What to ask the provider for.
    #[arg(long, value_name = "SCOPES", default_value = "openid profile email")]
    scope: String,
}

/// Forget that sign-in.
#[derive(Debug, clap::Args)]
pub(crate) struct LogoutArgs {}

/// Show who the node takes you for, and what you may do.
#[derive(Debug, clap::Args)]
pub(crate) struct WhoamiArgs {}

/// Runs `login`.
pub(crate) async fn run(context: &Context, args: Args) -> Outcome {
    let url = node(context)?;
    let told = context.config().ok().and_then(|config| config.oidc());
    let told = |of: fn(&oidc::OidcSettings) -> Option<String>| told.as_ref().and_then(of);
    let need = |what: &str| Failure::new(Exit::Usage, format!("{what} is missing"));
    let issuer = args.issuer.or_else(|| told(|oidc| Some(oidc.issuer.clone())));
    let issuer = issuer.ok_or_else(|| need("--issuer"))?;
    let client_id = args.client_id.or_else(|| told(|oidc| oidc.client_id.clone()));
    let client_id = client_id.ok_or_else(|| need("--client-id"))?;
    let audience = args.audience.or_else(|| told(|oidc| oidc.audience.clone()));
    let wanted = Wanted { client_id, audience, scope: args.scope };
    let egress = Egress::of_operator().doing("set up TLS")?;
    let provider = oidc::discover(&egress, &issuer).await.map_err(unreachable)?;
    let answer = sign_in(context, &egress, &provider, &wanted).await?;
    let kind = if wanted.audience.is_some() { "access_token" } else { "id_token" };
    let token = optional(&answer, kind).ok_or_else(|| {
        let text = format!("the provider answered no {kind}");
        Failure::new(Exit::Refused, text).hint("ask for it with --scope, such as openid")
    })?;
    let lasts = number(&answer, "/expires_in").unwrap_or(LOGIN_SECONDS);
    let expires_at = System.now().plus_millis(lasts.saturating_mul(1000));
    // What the node does not take is not kept.
    let client = Client::at_url(context, &url, Some(token.to_owned()))?;
    let me = client.get("/access").await.map_err(|failure| match failure.exit() {
        Exit::Permission => {
            failure.hint("the node's log says why; see oidc.* in the node's configuration")
        }
        _ => failure,
    })?;
    let path = logins::remember(&url, token, expires_at)?;
    let until = time(&expires_at.to_string());
    let (name, path) = (text(&me, "name"), path.display());
    context.output.say(&format!("signed in at {url} as {name} until {until}, kept in {path}"));
    show(context, &me)
}

/// Runs `logout`.
pub(crate) fn forget(context: &Context, _: &LogoutArgs) -> Outcome {
    let url = node(context)?;
    let was = logins::forget(&url)?;
    let said = if was { "signed out at" } else { "nobody was signed in at" };
    context.output.say(&format!("{said} {url}"));
    if context.output.is_json() {
        return context.output.document(&json!({ "node": url, "was_signed_in": was }));
    }
    Ok(())
}

/// Runs `whoami`.
pub(crate) async fn whoami(context: &Context, _: WhoamiArgs) -> Outcome {
    show(context, &context.client()?.get("/access").await?)
}

/// The node's URL: a sign-in counts there and nowhere else.
fn node(context: &Context) -> Outcome<String> {
    let asked = context.globals.node.as_deref().filter(|node| !node.is_empty());
    match asked {
        Some(url) if url.starts_with("http://") || url.starts_with("https://") => {
            Ok(url.trim_end_matches('/').to_owned())
        }
        Some(_) => Err(Failure::new(Exit::Usage, "a socket needs no sign-in")
            .hint("give the node's URL with --node")),
        None => match context.config()?.management_listen() {
            Some(address) => Ok(format!("http://{address}")),
            None => Err(Failure::new(Exit::Usage, "the node has no URL: management.listen is off")
                .hint("give the node's URL with --node")),
        },
    }
}

struct Wanted {
    client_id: String,
    audience: Option<String>,
    scope: String,
}

/// Shows where to sign in, and waits until that happened.
async fn sign_in(
    context: &Context,
    egress: &Egress,
    provider: &Value,
    wanted: &Wanted,
) -> Outcome<Value> {
    let endpoint = optional(provider, "device_authorization_endpoint").ok_or_else(|| {
        let text = "the identity provider does not offer sign-in on another device (RFC 8628)";
        Failure::new(Exit::Refused, text).hint("use a token: causeway token create")
    })?;
    let mut form = vec![("client_id", wanted.client_id.as_str()), ("scope", &wanted.scope)];
    if let Some(audience) = &wanted.audience {
        // Two names of one thing: RFC 8707 has the first, some providers know only the second.
        form.extend([("resource", audience.as_str()), ("audience", audience)]);
    }
    let (status, begun) = oidc::post(egress, endpoint, &form).await.map_err(unreachable)?;
    if status != 200 {
        return Err(refused("begin the sign-in", &begun));
    }
    let place = optional(&begun, "verification_uri_complete");
    let place = place.unwrap_or_else(|| text(&begun, "verification_uri"));
    context.output.say(&format!("open {place} and confirm the code {}", text(&begun, "user_code")));
    let mut wait = number(&begun, "/interval").unwrap_or(INTERVAL_SECONDS).clamp(1, 60);
    let lasts = number(&begun, "/expires_in").unwrap_or(600).min(SIGN_IN_SECONDS_MAX);
    let ends_at = System.now().plus_millis(lasts * 1000);
    let mut form = vec![
        ("grant_type", GRANT),
        ("device_code", text(&begun, "device_code")),
        ("client_id", &wanted.client_id),
    ];
    if let Some(audience) = &wanted.audience {
        form.push(("resource", audience.as_str()));
    }
    loop {
        pause(wait, ends_at).await?;
        let endpoint = text(provider, "token_endpoint");
        let (status, answer) = oidc::post(egress, endpoint, &form).await.map_err(unreachable)?;
        match (status, text(&answer, "error")) {
            (200, _) => return Ok(answer),
            (_, "authorization_pending") => {}
            (_, "slow_down") => wait += INTERVAL_SECONDS,
            _ => return Err(refused("sign in", &answer)),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "nothing tells when somebody has signed in")]
async fn pause(seconds: u64, ends_at: Timestamp) -> Outcome {
    if System.now() >= ends_at {
        return Err(Failure::new(Exit::Unreachable, "nobody signed in in time"));
    }
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    Ok(())
}

fn unreachable(error: OidcError) -> Failure {
    Failure::new(Exit::Unreachable, error.to_string())
}

/// The provider's own reason (RFC 6749, section 5.2).
fn refused(what: &str, answer: &Value) -> Failure {
    let (code, more) = (text(answer, "error"), text(answer, "error_description"));
    let detail = format!("{what}: the provider answered {code}: {more}");
    Failure::new(Exit::Refused, detail.trim_end_matches([' ', ':']).to_owned())
}
