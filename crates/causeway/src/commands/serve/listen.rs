//! Listeners: accept connections, serve HTTP/1.1 on them, and end them when the node stops. Every
//! connection counts against a limit and must send its requests in time.

use std::io;
use std::os::unix::fs::FileTypeExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use causeway_types::limits::{CONNECTIONS_MAX, REQUEST_HEAD_SECONDS_MAX};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use rustix::fs::Mode;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::exit::{Doing as _, Exit, Failure, Outcome};

/// The wait after a failed accept: most often there are no more file descriptors.
const ACCEPT_WAIT: Duration = Duration::from_millis(100);

/// Serves `router` on a TCP listener until `stop`.
pub(super) fn tcp(
    listener: TcpListener,
    router: Router,
    stop: &CancellationToken,
    connections: &TaskTracker,
) {
    let accept = async move || {
        let (stream, _) = listener.accept().await?;
        // Answers are small and whole; waiting to fill a packet only delays them.
        stream.set_nodelay(true)?;
        Ok(stream)
    };
    spawn(accept, router, stop, connections);
}

/// Serves `router` on a Unix socket until `stop`.
pub(super) fn unix(
    listener: UnixListener,
    router: Router,
    stop: &CancellationToken,
    connections: &TaskTracker,
) {
    let accept = async move || Ok(listener.accept().await?.0);
    spawn(accept, router, stop, connections);
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
    // Bound with these permissions from the start: there is no moment in which others could open
    // it. No other file is made meanwhile that would need more.
    let before = rustix::process::umask(Mode::from_bits_truncate(0o177));
    let bound = UnixListener::bind(path);
    rustix::process::umask(before);
    bound.map_err(|error| {
        let text = format!("listen on {shown}: {error}");
        Failure::new(Exit::Failure, text)
            .hint("a socket's path has at most 107 bytes; set management.socket to a shorter one")
    })
}

fn spawn<A, S>(accept: A, router: Router, stop: &CancellationToken, connections: &TaskTracker)
where
    A: AsyncFn() -> io::Result<S> + Send + Sync + 'static,
    for<'a> A::CallRefFuture<'a>: Send,
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (stop, tracker) = (stop.clone(), connections.clone());
    connections.spawn(async move {
        let slots = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        loop {
            let next = async {
                // The semaphore is never closed, so a permit always comes.
                let permit = Arc::clone(&slots).acquire_owned().await.ok();
                (accept().await, permit)
            };
            let (accepted, permit) = tokio::select! {
                () = stop.cancelled() => return,
                next = next => next,
            };
            let stream = match accepted {
                Ok(stream) => stream,
                Err(error) => {
                    tracing::warn!("cannot accept a connection: {error}");
                    pause().await;
                    continue;
                }
            };
            let (router, stop) = (router.clone(), stop.clone());
            tracker.spawn(async move {
                connection(stream, router, stop).await;
                drop(permit);
            });
        }
    });
}

#[expect(clippy::disallowed_methods, reason = "a back-off: nothing tells when accepting works")]
async fn pause() {
    tokio::time::sleep(ACCEPT_WAIT).await;
}

async fn connection<S>(stream: S, router: Router, stop: CancellationToken)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(REQUEST_HEAD_SECONDS_MAX));
    let service = TowerToHyperService::new(router);
    let served = builder.serve_connection(TokioIo::new(stream), service);
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
