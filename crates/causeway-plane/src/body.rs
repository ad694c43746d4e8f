//! The body of a download: slices of one file, each let through only while its flow may deliver.

use std::fs::File;
use std::future::{Future, Pending};
use std::io;
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::combinators::BoxBody;
use tokio::time::Timeout;

use crate::flow::{Admission, FlowState};
use crate::slices::SliceReader;

/// The body of every answer of [`crate::serve`].
pub type DataBody = BoxBody<Bytes, Cut>;

/// Why a download ends before its last byte. The connection is cut, so that a consumer never takes
/// a shortened file for a complete one.
#[derive(Debug, thiserror::Error)]
pub enum Cut {
    /// The flow was suspended or closed meanwhile, even if it is open again by now.
    #[error("send a file: the flow changed during the download and is now {state:?}")]
    StateChanged {
        /// The state found before the slice that was not sent.
        state: FlowState,
    },
    /// The flow's time ran out during the download.
    #[error("send a file: the flow expired during the download")]
    Expired,
    /// The stored file could not be read, or is shorter than it was.
    #[error("send a file: reading the stored file failed")]
    Read(#[source] io::Error),
}

/// A range of a stored file, as long as the admission holds.
pub(crate) struct FlowBody {
    admission: Admission,
    expiry: Pin<Box<Timeout<Pending<()>>>>,
    slices: SliceReader,
    left_bytes: u64,
}

impl FlowBody {
    /// `lifetime` is what remains until the flow expires. Call inside a tokio runtime.
    pub(crate) fn new(
        admission: Admission,
        lifetime: Duration,
        file: File,
        range: Range<u64>,
    ) -> Self {
        Self {
            admission,
            expiry: Box::pin(tokio::time::timeout(lifetime, std::future::pending())),
            left_bytes: range.end - range.start,
            slices: SliceReader::new(Arc::new(file), range),
        }
    }

    fn cut(&self, cut: Cut) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        let flow = &self.admission.spec().id;
        match &cut {
            Cut::Read(error) => tracing::error!(%flow, %error, "a stored file cannot be read"),
            cut => tracing::info!(%flow, %cut, "a running download of flow {flow} was cut"),
        }
        Poll::Ready(Some(Err(cut)))
    }
}

impl Body for FlowBody {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        if let Err(cut) = self.admission.check() {
            return self.cut(cut);
        }
        if self.expiry.as_mut().poll(cx).is_ready() {
            return self.cut(Cut::Expired);
        }
        match ready!(self.slices.poll_next(cx)) {
            None => Poll::Ready(None),
            Some(Err(error)) => self.cut(Cut::Read(error)),
            Some(Ok(slice)) => {
                let bytes = slice.len() as u64;
                self.left_bytes -= bytes;
                self.admission.count(bytes);
                Poll::Ready(Some(Ok(Frame::data(slice))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.left_bytes == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left_bytes)
    }
}
