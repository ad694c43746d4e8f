//! The consumer's side: one attempt to fetch one promised file, resumed where the last one ended
//! and verified to the last bit before it gets its name. Trying again is the caller's decision.

mod answer;
mod error;
mod part;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use causeway_types::Content;
use causeway_types::limits::PULL_IDLE_SECONDS_MAX;
use http::header::{ACCEPT_ENCODING, AUTHORIZATION, IF_RANGE, RANGE};
use http::{HeaderValue, StatusCode};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

pub use self::error::{Found, Interruption, PullError, Refusal};

use self::answer::Answer;
use self::part::Part;
use crate::pipeline::Pipeline;
use crate::token::PullToken;

const IDLE_MAX: Duration = Duration::from_secs(PULL_IDLE_SECONDS_MAX);

/// The secret value of an `Authorization` header. It has neither `Debug` nor `Display`.
#[derive(Clone)]
pub struct Authorization(HeaderValue);

/// Why a text cannot be sent as `Authorization`; the text itself is secret and not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("authorization: found a control or non-ASCII character, expected printable ASCII")]
pub struct AuthorizationError;

/// What to fetch, and to where.
pub struct PullOrder {
    /// Address of the file.
    pub url: reqwest::Url,
    /// What the provider wants to see.
    pub authorization: Authorization,
    /// What the contract promises.
    pub content: Content,
    /// The provider's strong entity tag of exactly this content, where it is known: a node of ours
    /// has [`crate::entity_tag`]. It makes resuming safe; without it, only the digests do.
    pub entity_tag: Option<HeaderValue>,
    /// Where bytes gather; in the file system of `final_path`. Its directory exists.
    pub part_path: PathBuf,
    /// Where the verified file appears, at once and complete. Its directory exists.
    pub final_path: PathBuf,
}

/// What an attempt does at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Phase {
    /// Hashing bytes that are already here.
    #[default]
    Checking,
    /// Receiving bytes of the file.
    Receiving,
}

/// How far an attempt is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// What it does.
    pub phase: Phase,
    /// How many bytes, from the start of the file, are hashed or received.
    pub bytes: u64,
}

/// A verified file lies at the final path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pulled {
    /// Bytes received in this attempt; 0 where everything was here already.
    pub received: u64,
    /// Bytes taken over from earlier attempts.
    pub resumed: u64,
}

/// Fetches the promised file: one attempt.
///
/// Runs in constant memory and accepts not one byte more than promised. `client` follows no
/// redirects and sets no time-out for whole bodies. The attempt ends early when `cancel` does, or
/// when no byte comes for [`PULL_IDLE_SECONDS_MAX`]. Dropping the future is as good as a kill: what
/// is written stays and the next attempt resumes it. Needs a tokio runtime around it.
pub async fn pull(
    client: &reqwest::Client,
    order: PullOrder,
    progress: &watch::Sender<Progress>,
    cancel: &CancellationToken,
) -> Result<Pulled, PullError> {
    let promised = order.content;
    if part::is_delivered(&order.final_path, &promised, progress, cancel).await? {
        return Ok(Pulled { received: 0, resumed: promised.bytes() });
    }
    let mut part = Part::open(order.part_path.clone()).await?;
    if part.bytes() > promised.bytes() {
        part.restart().await?;
    }
    let Some(pipeline) = take_over(&mut part, &promised, progress, cancel).await? else {
        part.publish(&order.final_path).await?;
        return Ok(Pulled { received: 0, resumed: promised.bytes() });
    };
    if let Err(error) = part.ensure_room(promised.bytes() - part.bytes()) {
        part.leave().await?;
        return Err(error);
    }
    let attempt = Attempt { promised, part, pipeline, progress, cancel };
    let (part, pulled) = attempt.run(client, &order).await?;
    part.publish(&order.final_path).await?;
    Ok(pulled)
}

/// Hashes what the part file holds. `None`: it is the promised file already. One that is full but
/// wrong is emptied: after a crash the last writes may be missing, which is nobody's fault.
async fn take_over(
    part: &mut Part,
    promised: &Content,
    progress: &watch::Sender<Progress>,
    cancel: &CancellationToken,
) -> Result<Option<Pipeline>, PullError> {
    if part.bytes() == 0 {
        return Ok(Some(Pipeline::new()));
    }
    let hashed = part::hash(Arc::clone(&part.file), part.bytes(), progress, cancel).await;
    let Some(pipeline) = hashed.map_err(|error| part.explain(error, 0))? else {
        let (received, reason) = (part.bytes(), Interruption::Cancelled);
        return Err(PullError::Interrupted { received, reason });
    };
    if part.bytes() < promised.bytes() {
        return Ok(Some(pipeline));
    }
    let digested = pipeline.finish().await.map_err(|error| part.explain(error, 0))?;
    if digested.is(promised) {
        return Ok(None);
    }
    part.restart().await?;
    Ok(Some(Pipeline::new()))
}

/// One exchange with the provider, from request to verified part file.
struct Attempt<'a> {
    promised: Content,
    part: Part,
    pipeline: Pipeline,
    progress: &'a watch::Sender<Progress>,
    cancel: &'a CancellationToken,
}

impl Attempt<'_> {
    async fn run(
        mut self,
        client: &reqwest::Client,
        order: &PullOrder,
    ) -> Result<(Part, Pulled), PullError> {
        let mut response = match self.wait(request(client, order, self.part.bytes()).send()).await {
            Ok(response) => response,
            Err(reason) => return Err(self.interrupted(reason).await),
        };
        let (status, version) = (response.status(), response.version());
        let promised = self.promised.bytes();
        match answer::read(status, version, response.headers(), self.part.bytes(), promised) {
            Answer::Body { offset, end_is_certain } => {
                if offset == 0 && self.part.bytes() > 0 {
                    self.part.restart().await?;
                    self.part.ensure_room(promised)?;
                    self.pipeline = Pipeline::new();
                }
                self.pipeline.write_to(Arc::clone(&self.part.file));
                self.receive(&mut response, end_is_certain).await
            }
            Answer::OtherLength(found) => Err(self.integrity(found).await),
            Answer::Refused(refusal) => {
                self.part.leave().await?;
                Err(refused(status, refusal, response).await)
            }
            Answer::Nonsense(detail) => {
                self.part.leave().await?;
                Err(PullError::Misbehaved { detail })
            }
        }
    }

    async fn receive(
        mut self,
        response: &mut reqwest::Response,
        end_is_certain: bool,
    ) -> Result<(Part, Pulled), PullError> {
        let promised = self.promised.bytes();
        // Where the length is announced, HTTP itself lets nothing come after it.
        let bounded = response.content_length().is_some();
        loop {
            let left = promised - self.pipeline.bytes();
            if left == 0 && bounded {
                break;
            }
            match self.wait(response.chunk()).await {
                Ok(Some(chunk)) if chunk.len() as u64 > left => {
                    return Err(self.integrity(Found::MoreBytes).await);
                }
                Ok(Some(chunk)) => {
                    let pushed = self.pipeline.push(chunk).await;
                    pushed.map_err(|error| self.part.explain(error, left))?;
                    let bytes = self.pipeline.bytes();
                    self.progress.send_replace(Progress { phase: Phase::Receiving, bytes });
                }
                // With all bytes here, how the connection ends says nothing about the file.
                Ok(None) | Err(_) if left == 0 => break,
                Ok(None) if end_is_certain => {
                    let bytes = self.pipeline.bytes();
                    return Err(self.integrity(Found::FewerBytes { bytes }).await);
                }
                Ok(None) => return Err(self.interrupted(Interruption::EndedEarly).await),
                Err(reason) => return Err(self.interrupted(reason).await),
            }
        }
        self.verify().await
    }

    async fn verify(self) -> Result<(Part, Pulled), PullError> {
        let Self { promised, part, pipeline, .. } = self;
        let digested = pipeline.finish().await.map_err(|error| part.explain(error, 0))?;
        let resumed = part.bytes();
        if digested.is(&promised) {
            let received = promised.bytes() - resumed;
            return Ok((part, Pulled { received, resumed }));
        }
        let found = Found::OtherBytes { sha256: digested.sha256, blake3: digested.blake3 };
        part.discard().await?;
        Err(PullError::Integrity { expected: Box::new(promised), found, resumed })
    }

    /// Waits for the provider, but neither for ever nor beyond the caller's will.
    async fn wait<T>(
        &self,
        exchange: impl Future<Output = reqwest::Result<T>>,
    ) -> Result<T, Interruption> {
        let bounded = tokio::time::timeout(IDLE_MAX, exchange);
        match self.cancel.run_until_cancelled(bounded).await {
            None => Err(Interruption::Cancelled),
            Some(Err(_)) => Err(Interruption::Idle),
            Some(Ok(done)) => done.map_err(Interruption::of),
        }
    }

    /// Keeps what has been received.
    async fn interrupted(mut self, reason: Interruption) -> PullError {
        let received = self.pipeline.bytes();
        if let Err(error) = self.pipeline.flush().await {
            return self.part.explain(error, self.promised.bytes() - received);
        }
        match self.part.leave().await {
            Ok(()) => PullError::Interrupted { received, reason },
            Err(error) => error,
        }
    }

    /// Throws away what has been received. How writing it went does not matter any more.
    async fn integrity(mut self, found: Found) -> PullError {
        let _ = self.pipeline.flush().await;
        let resumed = self.part.bytes();
        match self.part.discard().await {
            Ok(()) => PullError::Integrity { expected: Box::new(self.promised), found, resumed },
            Err(error) => error,
        }
    }
}

fn request(client: &reqwest::Client, order: &PullOrder, offset: u64) -> reqwest::RequestBuilder {
    let mut request = client
        .get(order.url.clone())
        .header(AUTHORIZATION, order.authorization.0.clone())
        // The digests are of the file as it is, not of a compressed form.
        .header(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    if offset > 0 {
        request = request.header(RANGE, format!("bytes={offset}-"));
        if let Some(tag) = &order.entity_tag {
            request = request.header(IF_RANGE, tag.clone());
        }
    }
    request
}

async fn refused(status: StatusCode, refusal: Refusal, response: reqwest::Response) -> PullError {
    let retry_after_seconds = answer::retry_after_seconds(response.headers());
    let detail = answer::detail(response).await;
    PullError::Refused { status: status.as_u16(), refusal, detail, retry_after_seconds }
}

impl Authorization {
    /// Takes the whole header value, scheme included.
    pub fn parse(value: &str) -> Result<Self, AuthorizationError> {
        let mut value = HeaderValue::from_str(value).map_err(|_| AuthorizationError)?;
        value.to_str().map_err(|_| AuthorizationError)?;
        value.set_sensitive(true);
        Ok(Self(value))
    }

    /// `Bearer` and the token's text.
    pub fn bearer(token: &PullToken) -> Self {
        let text = format!("Bearer {}", token.expose());
        // Base64url is valid in a header; an empty value would only be refused by the provider.
        let mut value = HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""));
        value.set_sensitive(true);
        Self(value)
    }
}

#[cfg(test)]
mod tests {
    use causeway_types::{Blake3, Sha256};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    /// A part file must be a regular file, so the device that is always full comes in by the back
    /// door; all else, the connection included, is as in earnest.
    #[tokio::test]
    async fn a_disk_that_fills_up_on_the_way_is_named_with_what_is_missing() {
        const BYTES: u64 = 3_000_000;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.read_u8().await.unwrap();
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {BYTES}\r\n\r\n");
            stream.write_all(head.as_bytes()).await.unwrap();
            // The pull hangs up half-way.
            let _ = stream.write_all(&[0; BYTES as usize]).await;
        });
        let digests = (Sha256::from_bytes([0; 32]), Blake3::from_bytes([0; 32]));
        let promised = Content::new(BYTES, digests.0, digests.1).unwrap();
        let order = PullOrder {
            url: url.parse().unwrap(),
            authorization: Authorization::parse("Bearer x").unwrap(),
            content: promised,
            entity_tag: None,
            part_path: "/dev/full".into(),
            final_path: "/nowhere".into(),
        };
        let attempt = Attempt {
            promised,
            part: Part::always_full(),
            pipeline: Pipeline::new(),
            progress: &watch::Sender::default(),
            cancel: &CancellationToken::new(),
        };
        #[expect(clippy::disallowed_methods, reason = "a test without the node's client")]
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let error = attempt.run(&client, &order).await.err().unwrap();
        let PullError::DiskFull { needed, .. } = error else { panic!("{error}") };
        assert!((1..=BYTES).contains(&needed), "{needed}");
    }

    #[test]
    fn a_secret_that_is_no_header_value_is_refused_without_showing_it() {
        for text in ["a\nb", "ключ", "\u{0}"] {
            let error = Authorization::parse(text).err().unwrap();
            assert!(!error.to_string().contains(text));
        }
        assert!(Authorization::parse("Bearer abc").is_ok());
    }
}
