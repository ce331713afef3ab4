//! A connection that knows when a request began and where it ends, and does not wait for ever to be
//! read from.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

use super::framing::Framing;
use super::waste::Waste;
use crate::limits::{LEAST_TAKEN, LINGER_BYTES, LINGER_TIME};

/// When the first byte of the request at hand arrived.
#[derive(Clone, Debug, Default)]
pub(crate) struct Beginning(Arc<Mutex<Option<Instant>>>);

impl Beginning {
    /// When it was; now, if the request came together with the one before it.
    pub(crate) fn get(&self) -> Instant {
        self.lock().unwrap_or_else(Instant::now)
    }

    /// The request is answered: the next byte begins another.
    pub(crate) fn reset(&self) {
        *self.lock() = None;
    }

    fn mark(&self) {
        self.lock().get_or_insert_with(Instant::now);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How much of it is read at a time.
const MOUTHFUL: usize = 8 * 1024;

/// How long to wait when all connections together have sent too much of that.
const WASTE_PAUSE: Duration = Duration::from_millis(20);

/// A stream with a time limit for writing, which watches over the framing of what it reads.
pub(crate) struct Timed<S> {
    stream: S,
    beginning: Beginning,
    framing: Framing,
    patience: Duration,
    /// Since bytes wait to be taken.
    blocked: Option<Pin<Box<Sleep>>>,
    /// How many were taken since.
    taken: usize,
    waste: Waste,
    lingering: Option<Lingering>,
}

/// The end of a connection whose other side still sends.
struct Lingering {
    until: Pin<Box<Sleep>>,
    left: usize,
    /// Whether the next mouthful is counted already.
    is_allowed: bool,
    /// Until more may be read, when all together read too much.
    pause: Option<Pin<Box<Sleep>>>,
}

impl<S> Timed<S> {
    pub(crate) fn new(stream: S, beginning: Beginning, patience: Duration, waste: Waste) -> Self {
        Self {
            stream,
            beginning,
            framing: Framing::default(),
            patience,
            blocked: None,
            taken: 0,
            waste,
            lingering: None,
        }
    }

    /// Limits how long a write may stay pending.
    fn limit<T>(&mut self, cx: &mut Context<'_>, done: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if done.is_ready() {
            return done;
        }
        let patience = self.patience;
        let blocked = self.blocked.get_or_insert_with(|| Box::pin(sleep(patience)));
        ready!(blocked.as_mut().poll(cx));
        Poll::Ready(Err(io::Error::new(
            io::ErrorKind::TimedOut,
            "the answer was not taken in time",
        )))
    }

    /// The same, counting what was taken.
    fn limit_write(
        &mut self,
        cx: &mut Context<'_>,
        done: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Ok(taken)) = done {
            self.taken = self.taken.saturating_add(taken);
            if self.taken >= LEAST_TAKEN {
                self.unblock();
            }
        }
        self.limit(cx, done)
    }

    fn unblock(&mut self) {
        self.blocked = None;
        self.taken = 0;
    }
}

impl<S: AsyncRead + Unpin> Timed<S> {
    /// Takes what still comes in, for a while.
    fn linger(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let lingering = self.lingering.get_or_insert_with(|| Lingering {
            until: Box::pin(sleep(LINGER_TIME)),
            left: LINGER_BYTES,
            is_allowed: false,
            pause: None,
        });
        if lingering.until.as_mut().poll(cx).is_ready() {
            return Poll::Ready(());
        }
        let mut mouthful = [0; MOUTHFUL];
        while lingering.left > 0 {
            ready!(lingering.rest(&self.waste, cx));
            let mut mouthful = ReadBuf::new(&mut mouthful);
            let read = ready!(Pin::new(&mut self.stream).poll_read(cx, &mut mouthful));
            lingering.is_allowed = false;
            match mouthful.filled().len() {
                taken if read.is_ok() && taken > 0 => {
                    lingering.left = lingering.left.saturating_sub(taken);
                }
                _ => break,
            }
        }
        Poll::Ready(())
    }
}

impl Lingering {
    /// Waits until there is something left of what all together may throw away.
    fn rest(&mut self, waste: &Waste, cx: &mut Context<'_>) -> Poll<()> {
        while !self.is_allowed {
            if let Some(pause) = &mut self.pause {
                ready!(pause.as_mut().poll(cx));
            }
            self.is_allowed = waste.allows(MOUTHFUL);
            self.pause = (!self.is_allowed).then(|| Box::pin(sleep(WASTE_PAUSE)));
        }
        Poll::Ready(())
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Timed<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        let fresh = buffer.filled_mut().get_mut(before..).unwrap_or_default();
        if !fresh.is_empty() {
            self.beginning.mark();
            self.framing.watch(fresh);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Timed<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let done = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.limit_write(cx, done)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let done = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.limit_write(cx, done)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// Done, it says that everything has been taken.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let done = Pin::new(&mut self.stream).poll_flush(cx);
        if done.is_ready() {
            self.unblock();
        }
        self.limit(cx, done)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.lingering.is_none() {
            let done = Pin::new(&mut self.stream).poll_shutdown(cx);
            ready!(self.limit(cx, done))?;
        }
        if self.framing.is_within() {
            ready!(self.linger(cx));
        }
        Poll::Ready(Ok(()))
    }
}
