//! Accepting connections, and carrying requests over them.

use std::convert::Infallible;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::Response;
use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use hyper::body::Incoming as HyperBody;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use prometheus_client::metrics::gauge::Gauge;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::server::TlsStream;
use tower::ServiceExt;

use super::io::{Beginning, Timed};
use super::listen::{Incoming, Listener, Peer};
use super::slots::{Busy, Room, Slot, Slots};
use super::tls::Secured;
use super::waste::Waste;
use crate::app::App;
use crate::limits::{
    EVICTIONS_AT_ONCE, MAX_HEAD_BYTES, MAX_HEADERS, PAUSE_AFTER_EVICTIONS, REFUSAL_PAUSE,
};
use crate::telemetry::FirstByte;

/// How long to wait when the system gives no connections, for want of file descriptors for example.
const RETRY_AFTER: Duration = Duration::from_millis(50);

/// What every connection of a listener shares.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) app: Arc<App>,
    pub(crate) router: Router,
    pub(crate) slots: Slots,
    pub(crate) waste: Waste,
    pub(crate) tls: Option<Arc<Secured>>,
}

/// Accepts connections until the daemon is asked to stop. Each is a task, which holds `shared`.
pub(crate) async fn accept(listener: Listener, shared: Shared) {
    let stop = shared.app.stop.clone();
    let mut asked = pin!(stop.asked());
    let mut pace = Pace::default();
    loop {
        let incoming = tokio::select! {
            () = &mut asked => return,
            incoming = listener.accept() => incoming,
        };
        match incoming.map(|incoming| begin(incoming, &shared)) {
            Ok(Room::Free) => {}
            Ok(Room::Made | Room::None) => pace.keep().await,
            Err(error) => {
                tracing::warn!(%error, "a connection cannot be accepted");
                tokio::time::sleep(RETRY_AFTER).await;
            }
        }
    }
}

/// Keeps those at bay who come back as soon as they were sent away.
#[derive(Default)]
struct Pace(u32);

impl Pace {
    /// Somebody had to make room, or there was none.
    async fn keep(&mut self) {
        self.0 += 1;
        if self.0 >= EVICTIONS_AT_ONCE {
            self.0 = 0;
            tokio::time::sleep(PAUSE_AFTER_EVICTIONS).await;
        }
    }
}

/// Begins a connection, if there is a place for it. Dropped, it is closed.
fn begin(incoming: Incoming, shared: &Shared) -> Room {
    let (slot, room) = shared.slots.take();
    if room != Room::Free {
        shared.app.telemetry.evicted.inc();
    }
    let Some(slot) = slot else { return room };
    let shared = shared.clone();
    let peer = incoming.peer();
    tokio::spawn(async move {
        let _counted = Counted::new(&shared.app.telemetry.connections);
        match incoming {
            Incoming::Unix(stream) => serve(stream, peer, slot, &shared).await,
            Incoming::Tcp(stream) => match &shared.tls {
                None => serve(stream, peer, slot, &shared).await,
                Some(tls) => {
                    if let Some(stream) = handshake(tls, stream, &slot, &shared.app).await {
                        serve(stream, peer, slot, &shared).await;
                    }
                }
            },
        }
    });
    room
}

/// Counts for as long as it is there, however that ends.
struct Counted(Gauge);

impl Counted {
    fn new(gauge: &Gauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// Agrees on keys; none when that takes too long, or the connection must go before it is done.
async fn handshake(
    tls: &Secured,
    stream: TcpStream,
    slot: &Slot,
    app: &App,
) -> Option<TlsStream<TcpStream>> {
    tokio::select! {
        () = slot.evicted() => None,
        () = app.stop.asked() => None,
        done = timeout(app.config.limits.head_time, tls.accept(stream)) => done.ok()?.ok(),
    }
}

/// Carries requests until the other side goes, dawdles, must make room, or the daemon stops.
async fn serve(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    peer: Peer,
    slot: Arc<Slot>,
    shared: &Shared,
) {
    let limits = &shared.app.config.limits;
    let beginning = Beginning::default();
    let timed = Timed::new(stream, beginning.clone(), limits.write_time, shared.waste.clone());
    let stream = TokioIo::new(timed);
    let service = service_fn(|request| carry(request, &slot, &beginning, peer, &shared.router));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head_time)
        .max_headers(MAX_HEADERS)
        .max_header_size(MAX_HEAD_BYTES)
        // It bounds what is read ahead as well, and with it a head that does not end.
        .max_buf_size(MAX_HEAD_BYTES)
        .serve_connection(stream, service);
    let mut connection = pin!(connection);
    let stop = &shared.app.stop;
    tokio::select! {
        // Nobody is told: whoever causes an error here has gone, or has earned none.
        _ = connection.as_mut() => return,
        () = slot.evicted() => return,
        () = stop.asked() => connection.as_mut().graceful_shutdown(),
    }
    tokio::select! {
        _ = connection.as_mut() => {}
        () = stop.insisted() => {}
    }
}

/// The connection was told to go when the request came.
#[derive(Debug, thiserror::Error)]
#[error("the connection made room for another")]
struct Evicted;

async fn carry(
    request: hyper::Request<HyperBody>,
    slot: &Arc<Slot>,
    beginning: &Beginning,
    peer: Peer,
    router: &Router,
) -> Result<Response<Carried>, Evicted> {
    let busy = slot.work().ok_or(Evicted)?;
    let mut request: Request = request.map(Body::new);
    request.extensions_mut().insert(peer);
    request.extensions_mut().insert(busy.carrier());
    request.extensions_mut().insert(FirstByte(beginning.get()));
    let answer: Result<Response, Infallible> = router.clone().oneshot(request).await;
    let Ok(response) = answer;
    if matches!(response.status(), StatusCode::TOO_MANY_REQUESTS | StatusCode::PAYLOAD_TOO_LARGE) {
        let resting = busy.rest();
        tokio::time::sleep(REFUSAL_PAUSE).await;
        if !resting.end() {
            return Err(Evicted);
        }
    }
    let carried = Carrying { _busy: busy, beginning: beginning.clone() };
    Ok(response.map(|body| Carried { body, _carrying: carried }))
}

/// An answer on its way. When all of it is written the connection is idle.
struct Carried {
    body: Body,
    _carrying: Carrying,
}

struct Carrying {
    _busy: Busy,
    beginning: Beginning,
}

impl Drop for Carrying {
    fn drop(&mut self) {
        self.beginning.reset();
    }
}

impl HttpBody for Carried {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::panic, reason = "tests")]

    use std::time::{Duration, Instant};

    use prometheus_client::metrics::gauge::Gauge;

    use super::{Counted, Pace};

    #[tokio::test]
    async fn a_connection_whose_task_panics_is_counted_no_more() {
        let gauge = Gauge::default();
        let counted = Counted::new(&gauge);
        assert_eq!(gauge.get(), 1);
        let task = tokio::spawn(async move {
            let _counted = counted;
            panic!("as a handler might");
        });
        assert!(task.await.is_err());
        assert_eq!(gauge.get(), 0);
    }

    #[tokio::test]
    async fn who_comes_again_and_again_is_let_in_at_a_pace() {
        let (begun, mut pace) = (Instant::now(), Pace::default());
        for _ in 0..800 {
            pace.keep().await;
        }
        assert!(begun.elapsed() >= Duration::from_millis(100));
    }
}
