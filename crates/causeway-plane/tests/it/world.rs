//! What the tests share: a provider on a real port, which can hold and cut its answers at a given
//! byte, and a consumer with its directory. No tests here.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use causeway_plane::{
    Authorization, Cut, DataBody, FlowSpec, FlowState, Flows, Objects, Progress, PullError,
    PullOrder, PullToken, Pulled, entity_tag, flow_path, pull, serve,
};
use causeway_types::{Content, ProcessId, Timestamp};
use futures_util::stream;
use http_body::{Body, Frame};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

pub(crate) const SLICE: u64 = causeway_types::limits::SLICE_BYTES as u64;
pub(crate) const TOKEN: [u8; 32] = [7; 32];

/// The time of every request.
pub(crate) fn now() -> Timestamp {
    Timestamp::parse("2026-11-24T08:00:00Z").unwrap()
}

pub(crate) fn flow_id() -> ProcessId {
    ProcessId::parse("urn:uuid:flow/1").unwrap()
}

/// Bytes without a short period, so that a shifted resume cannot go unnoticed.
pub(crate) fn sample(bytes: u64) -> Vec<u8> {
    (0..bytes).map(|i| (i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8).collect()
}

pub(crate) fn chunks(bytes: &[u8]) -> impl Stream<Item = Result<Bytes, Infallible>> + use<> {
    let chunks: Vec<_> = bytes.chunks(100_000).map(|c| Ok(Bytes::copy_from_slice(c))).collect();
    stream::iter(chunks)
}

pub(crate) use futures_util::Stream;

/// How an answer's body misbehaves, once `at` bytes have passed and the test releases it.
#[derive(Clone)]
pub(crate) struct Fault {
    pub(crate) at: u64,
    /// Cuts the connection; otherwise only holds the body.
    pub(crate) cut: bool,
    pub(crate) release: watch::Receiver<bool>,
}

pub(crate) struct Provider {
    pub(crate) flows: Flows,
    pub(crate) objects: Objects,
    pub(crate) content: Content,
    pub(crate) address: SocketAddr,
    fault: Arc<Mutex<Option<Fault>>>,
    _directory: TempDir,
}

impl Provider {
    /// Publishes `bytes` and opens a flow to them.
    pub(crate) async fn with(bytes: &[u8]) -> Self {
        let provider = Self::empty().await;
        let content = provider.objects.ingest(chunks(bytes), None).await.unwrap();
        provider.deliver(content)
    }

    /// For an object that is put in place by hand.
    pub(crate) async fn with_object(content: Content, place: impl FnOnce(&Path)) -> Self {
        let provider = Self::empty().await;
        place(&provider.objects.path(&content.blake3()));
        provider.deliver(content)
    }

    async fn empty() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let objects = Objects::open(directory.path().join("objects")).unwrap();
        let content = objects.ingest(chunks(b""), None).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let provider = Self {
            flows: Flows::new(),
            objects,
            content,
            address: listener.local_addr().unwrap(),
            fault: Arc::default(),
            _directory: directory,
        };
        let (flows, objects) = (provider.flows.clone(), provider.objects.clone());
        let fault = Arc::clone(&provider.fault);
        tokio::spawn(accept(listener, flows, objects, fault));
        provider
    }

    pub(crate) fn deliver(mut self, content: Content) -> Self {
        self.content = content;
        self.flows.open(self.spec()).unwrap();
        self
    }

    pub(crate) fn spec(&self) -> FlowSpec {
        FlowSpec {
            id: flow_id(),
            token_hash: PullToken::from_random(TOKEN).hash(),
            content: self.content,
            media_type: "text/csv; charset=utf-8".into(),
            file_name: Some("rain.csv".into()),
            expires_at: now().plus_millis(3_600_000),
            state: FlowState::Open,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}{}", self.address, flow_path(&flow_id()))
    }

    /// Holds (or cuts) all bodies from now on at byte `at`, each when the sender says so.
    pub(crate) fn fault(&self, at: u64, cut: bool) -> watch::Sender<bool> {
        let (release, released) = watch::channel(false);
        *self.fault.lock().unwrap() = Some(Fault { at, cut, release: released });
        release
    }

    pub(crate) fn heal(&self) {
        *self.fault.lock().unwrap() = None;
    }
}

async fn accept(
    listener: TcpListener,
    flows: Flows,
    objects: Objects,
    fault: Arc<Mutex<Option<Fault>>>,
) {
    while let Ok((stream, _)) = listener.accept().await {
        let (flows, objects, fault) = (flows.clone(), objects.clone(), Arc::clone(&fault));
        let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
            let (flows, objects) = (flows.clone(), objects.clone());
            let fault = fault.lock().unwrap().clone();
            async move {
                let (parts, _) = request.into_parts();
                let response = serve(&flows, &objects, &parts, now()).await;
                Ok::<_, Infallible>(response.map(|body| Faulty::new(body, fault)))
            }
        });
        let connection = hyper::server::conn::http1::Builder::new();
        tokio::spawn(connection.serve_connection(TokioIo::new(stream), service));
    }
}

/// A body that stops at one byte until it is released.
struct Faulty {
    body: DataBody,
    passed: u64,
    rest: Option<Bytes>,
    hold: Option<Hold>,
}

struct Hold {
    at: u64,
    cut: bool,
    released: Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl Faulty {
    fn new(body: DataBody, fault: Option<Fault>) -> Self {
        let hold = fault.map(|Fault { at, cut, mut release }| Hold {
            at,
            cut,
            released: Box::pin(async move {
                let _ = release.wait_for(|released| *released).await;
            }),
        });
        Self { body, passed: 0, rest: None, hold }
    }
}

impl Body for Faulty {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        let passed = self.passed;
        if let Some(hold) = &mut self.hold
            && hold.at == passed
        {
            ready!(hold.released.as_mut().poll(cx));
            if hold.cut {
                return Poll::Ready(Some(Err(Cut::Expired)));
            }
            self.hold = None;
        }
        let mut data = match self.rest.take() {
            Some(rest) => rest,
            None => match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
                Some(Ok(frame)) => frame.into_data().unwrap_or_default(),
                end => return Poll::Ready(end),
            },
        };
        let room = self.hold.as_ref().map_or(u64::MAX, |hold| hold.at - self.passed);
        if data.len() as u64 > room {
            self.rest = Some(data.split_off(room as usize));
        }
        self.passed += data.len() as u64;
        Poll::Ready(Some(Ok(Frame::data(data))))
    }

    fn size_hint(&self) -> http_body::SizeHint {
        self.body.size_hint()
    }
}

/// A consumer's directory and what it was promised.
pub(crate) struct Consumer {
    pub(crate) content: Content,
    pub(crate) url: String,
    pub(crate) progress: watch::Sender<Progress>,
    pub(crate) cancel: CancellationToken,
    directory: TempDir,
}

impl Consumer {
    pub(crate) fn of(provider: &Provider) -> Self {
        Self::promised(provider.content, provider.url())
    }

    pub(crate) fn promised(content: Content, url: String) -> Self {
        Self {
            content,
            url,
            progress: watch::Sender::default(),
            cancel: CancellationToken::new(),
            directory: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn part(&self) -> PathBuf {
        self.directory.path().join("file.part")
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.directory.path().join("file")
    }

    pub(crate) fn order(&self) -> PullOrder {
        PullOrder {
            url: self.url.parse().unwrap(),
            authorization: Authorization::bearer(&PullToken::from_random(TOKEN)),
            content: self.content,
            entity_tag: Some(entity_tag(&self.content.blake3())),
            part_path: self.part(),
            final_path: self.file(),
        }
    }

    pub(crate) async fn pull(&self) -> Result<Pulled, PullError> {
        pull(&client(), self.order(), &self.progress, &self.cancel).await
    }

    /// Pulls, and meanwhile does `act` once `bytes` have arrived.
    pub(crate) async fn pull_and_at<T>(
        &self,
        bytes: u64,
        act: impl FnOnce() -> T,
    ) -> Result<Pulled, PullError> {
        let acting = async {
            let mut progress = self.progress.subscribe();
            let _ = progress.wait_for(|progress| progress.bytes >= bytes).await;
            act();
        };
        tokio::join!(self.pull(), acting).0
    }

    pub(crate) fn part_bytes(&self) -> Option<u64> {
        std::fs::metadata(self.part()).ok().map(|found| found.len())
    }
}

#[expect(clippy::disallowed_methods, reason = "the node's guarded client is not in this crate")]
pub(crate) fn client() -> reqwest::Client {
    let builder = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    builder.no_proxy().build().unwrap()
}

/// A server that gives one connection the literal `answer` whatever it asks, and then ends it, or
/// holds it open.
pub(crate) async fn answering(answer: Vec<u8>, hold: bool) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        read_head(&mut stream).await;
        // The pull may hang up before it has everything: that is what some tests are about.
        let _ = stream.write_all(&answer).await;
        if hold {
            let _ = stream.read(&mut [0]).await;
        }
    });
    format!("http://{address}/data/x")
}

/// Reads up to the empty line.
pub(crate) async fn read_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    String::from_utf8(head).unwrap()
}
