//! Listeners: accept connections, serve HTTP/1.1 on them, and end them when the node stops. Every
//! connection counts against a limit and must keep pace.

mod pace;
mod shares;
#[cfg(test)]
mod tests;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::response::IntoResponse as _;
use causeway_types::limits::{
    CONNECTIONS_MAX, HEADERS_MAX, REQUEST_HEAD_BYTES_MAX, REQUEST_HEAD_SECONDS_MAX,
};
use http::{Request, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use rustix::fs::Mode;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::pace::{Paced, PacedBody, Serving};
use self::shares::Shares;
use crate::exit::{Doing as _, Exit, Failure, Outcome};

/// The wait after a failed accept: most often there are no more file descriptors.
const ACCEPT_WAIT: Duration = Duration::from_millis(100);

/// Where connections come from.
pub(super) trait Accept: Send + Sync + 'static {
    /// A connection.
    type Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    /// The next connection, and where it comes from, if it comes over a network.
    fn next(&self) -> impl Future<Output = io::Result<(Self::Stream, Option<SocketAddr>)>> + Send;
}

impl Accept for TcpListener {
    type Stream = TcpStream;

    async fn next(&self) -> io::Result<(TcpStream, Option<SocketAddr>)> {
        let (stream, from) = self.accept().await?;
        // Answers are small and whole; waiting to fill a packet only delays them.
        stream.set_nodelay(true)?;
        Ok((stream, Some(from)))
    }
}

impl Accept for UnixListener {
    type Stream = UnixStream;

    async fn next(&self) -> io::Result<(UnixStream, Option<SocketAddr>)> {
        Ok((self.accept().await?.0, None))
    }
}

/// Binds a socket that only its owner can open. One that a dead node left is replaced.
pub(super) fn socket(path: &Path) -> Outcome<UnixListener> {
    let shown = path.display().to_string();
    match std::fs::symlink_metadata(path) {
        Ok(found) if !found.file_type().is_socket() => {
            let text = format!("listen on {shown}: found a file that is no socket");
            return Err(Failure::new(Exit::Failure, text).hint("set management.socket elsewhere"));
        }
        Ok(_) if std::os::unix::net::UnixStream::connect(path).is_ok() => {
            let text = format!("listen on {shown}: another node listens there");
            return Err(Failure::new(Exit::Failure, text).hint("stop it, or set management.socket"));
        }
        Ok(_) => std::fs::remove_file(path).doing(format_args!("remove {shown}"))?,
        Err(_) => {}
    }
    // Closed to others from the start: there is no moment in which they could open it.
    let before = rustix::process::umask(Mode::from_bits_truncate(0o077));
    let bound = UnixListener::bind(path);
    rustix::process::umask(before);
    let private = |listener| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).map(|()| listener)
    };
    bound.and_then(private).map_err(|error| {
        let text = format!("listen on {shown}: {error}");
        Failure::new(Exit::Failure, text)
            .hint("a socket's path has at most 107 bytes; set management.socket to a shorter one")
    })
}

/// Serves `router` on a listener until `stop`; `connections` ends when the last one has.
pub(super) fn serve(
    listener: impl Accept,
    router: Router,
    stop: &CancellationToken,
    connections: &TaskTracker,
) {
    let (stop, tracker) = (stop.clone(), connections.clone());
    connections.spawn(async move {
        let slots = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        let shares = Shares::default();
        loop {
            let next = async {
                // The semaphore is never closed, so a permit always comes.
                let permit = Arc::clone(&slots).acquire_owned().await.ok();
                (listener.next().await, permit)
            };
            let (accepted, permit) = tokio::select! {
                () = stop.cancelled() => return,
                next = next => next,
            };
            let (stream, from) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!("cannot accept a connection: {error}");
                    pause().await;
                    continue;
                }
            };
            let share = from.map(|from| (from, shares.take(from.ip())));
            if let Some((from, None)) = share {
                tracing::debug!(%from, "closed a connection: its address has too many");
                continue;
            }
            let (router, stop) = (router.clone(), stop.clone());
            tracker.spawn(async move {
                connection(stream, from, router, stop).await;
                drop((permit, share));
            });
        }
    });
}

#[expect(clippy::disallowed_methods, reason = "a back-off: nothing tells when accepting works")]
async fn pause() {
    tokio::time::sleep(ACCEPT_WAIT).await;
}

async fn connection<S>(stream: S, from: Option<SocketAddr>, router: Router, stop: CancellationToken)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .max_headers(HEADERS_MAX)
        .header_read_timeout(Duration::from_secs(REQUEST_HEAD_SECONDS_MAX));
    let (serving, router) = (Serving::default(), TowerToHyperService::new(router));
    let stream = TokioIo::new(Paced::new(stream, serving.clone()));
    let service = service_fn(move |request: Request<Incoming>| {
        serving.set(true);
        let is_large = head_bytes(&request) > REQUEST_HEAD_BYTES_MAX;
        let mut request = request.map(|body| axum::body::Body::new(PacedBody::new(body)));
        if let Some(from) = from {
            request.extensions_mut().insert(ConnectInfo(from));
        }
        let (serving, answering) = (serving.clone(), (!is_large).then(|| router.call(request)));
        async move {
            let answer = match answering {
                Some(answering) => answering.await,
                None => Ok(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE.into_response()),
            };
            serving.set(false);
            answer
        }
    });
    let served = builder.serve_connection(stream, service);
    let mut served = std::pin::pin!(served);
    let ended = tokio::select! {
        ended = served.as_mut() => ended,
        () = stop.cancelled() => {
            served.as_mut().graceful_shutdown();
            served.await
        }
    };
    if let Err(error) = ended {
        // Mostly a client that went away; nothing is lost by it.
        tracing::debug!("a connection ended: {error}");
    }
}

/// Bytes of the target of a request, and of the names and values of its headers.
fn head_bytes<B>(request: &Request<B>) -> usize {
    let headers = request.headers().iter();
    let target = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
    target + headers.map(|(name, value)| name.as_str().len() + value.len()).sum::<usize>()
}
