//! The pace of one connection. Whoever begins a request must end its head soon, send its body at a
//! pace, and take the answer: a connection that only waits holds memory and a place.

use std::future::Future as _;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use causeway_types::limits::{
    ANSWER_STALL_SECONDS_MAX, BODY_BYTES_PER_SECOND_MIN, BODY_GRACE_SECONDS,
    REQUEST_HEAD_ARRIVAL_SECONDS_MAX, REQUEST_HEAD_BYTES_MAX,
};
use hyper::body::{Body, Bytes, Frame, SizeHint};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

const HEAD: Duration = Duration::from_secs(REQUEST_HEAD_ARRIVAL_SECONDS_MAX);
const STALL: Duration = Duration::from_secs(ANSWER_STALL_SECONDS_MAX);
const GRACE: Duration = Duration::from_secs(BODY_GRACE_SECONDS);

/// Whether the request that came last is still being served: until then, nothing that comes is the
/// head of another one. Shared by the connection and its service.
#[derive(Debug, Clone, Default)]
pub(super) struct Serving(Arc<AtomicBool>);

impl Serving {
    pub(super) fn set(&self, is_serving: bool) {
        self.0.store(is_serving, Ordering::Relaxed);
    }

    fn is(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// A connection whose other side must keep pace.
pub(super) struct Paced<S> {
    inner: S,
    serving: Serving,
    /// When the first byte of a head came, and how many came since.
    head: Option<(Instant, usize)>,
    /// Since when nothing can be written.
    stalled: Option<Instant>,
    /// Wakes the connection when it has waited long enough.
    alarm: Option<Pin<Box<Sleep>>>,
}

impl<S> Paced<S> {
    pub(super) fn new(inner: S, serving: Serving) -> Self {
        Self { inner, serving, head: None, stalled: None, alarm: None }
    }

    /// Ready once `until` is past; else the task is woken then.
    fn poll_alarm(&mut self, context: &mut Context<'_>, until: Instant) -> Poll<()> {
        if Instant::now() >= until {
            return Poll::Ready(());
        }
        let alarm = match &mut self.alarm {
            Some(alarm) => {
                if alarm.deadline() > until || alarm.is_elapsed() {
                    alarm.as_mut().reset(until);
                }
                alarm
            }
            None => self.alarm.insert(Box::pin(tokio::time::sleep_until(until))),
        };
        // An alarm of before may ring earlier; then all is looked at once more.
        if alarm.as_mut().poll(context).is_ready() {
            context.waker().wake_by_ref();
        }
        Poll::Pending
    }

    /// The outcome of an attempt to write; an error, if nothing could be written for too long.
    fn paced<T>(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let since = *self.stalled.get_or_insert_with(Instant::now);
        ready!(self.poll_alarm(context, since + STALL));
        Poll::Ready(Err(late("the other side does not take the answer")))
    }
}

fn late(text: &str) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, text)
}

impl<S: AsyncRead + Unpin> AsyncRead for Paced<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.serving.is() {
            self.head = None;
        } else if let Some((since, bytes)) = self.head {
            // More is wanted, so what has come is no whole head.
            if bytes > REQUEST_HEAD_BYTES_MAX {
                let error = io::Error::other("the head of a request is too large");
                return Poll::Ready(Err(error));
            }
            if self.poll_alarm(context, since + HEAD).is_ready() {
                return Poll::Ready(Err(late("the head of a request did not come in time")));
            }
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(context, buffer))?;
        let read = buffer.filled().len() - before;
        if !self.serving.is() && read > 0 {
            let (since, bytes) = self.head.unwrap_or_else(|| (Instant::now(), 0));
            self.head = Some((since, bytes + read));
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Paced<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write(context, bytes);
        self.paced(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write_vectored(context, bytes);
        self.paced(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.inner).poll_flush(context);
        self.paced(context, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.inner).poll_shutdown(context);
        self.paced(context, shut)
    }
}

/// The body of a request, which must come at a pace. Only the time counts in which we wait for it.
pub(super) struct PacedBody<B> {
    inner: B,
    bytes: u64,
    waited: Duration,
    since: Option<Instant>,
    alarm: Option<Pin<Box<Sleep>>>,
}

impl<B> PacedBody<B> {
    pub(super) fn new(inner: B) -> Self {
        Self { inner, bytes: 0, waited: Duration::ZERO, since: None, alarm: None }
    }

    /// How long we wait in all for a body of which this much has come.
    fn patience(&self) -> Duration {
        GRACE + Duration::from_millis(self.bytes * 1_000 / BODY_BYTES_PER_SECOND_MIN)
    }
}

impl<B> Body for PacedBody<B>
where
    B: Body<Data = Bytes, Error: Into<Box<dyn std::error::Error + Send + Sync>>> + Unpin,
{
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.inner).poll_frame(context) {
            if let Some(since) = self.since.take() {
                self.waited += since.elapsed();
                self.alarm = None;
            }
            if let Some(Ok(frame)) = &frame {
                self.bytes += frame.data_ref().map_or(0, |data| data.len() as u64);
            }
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let since = *self.since.get_or_insert_with(Instant::now);
        let until = since + self.patience().saturating_sub(self.waited);
        let alarm = self.alarm.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(until)));
        ready!(alarm.as_mut().poll(context));
        let text = format!("{} bytes came in {:?}", self.bytes, self.waited + since.elapsed());
        Poll::Ready(Some(Err(late(&format!("the body comes too slowly: {text}")).into())))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
