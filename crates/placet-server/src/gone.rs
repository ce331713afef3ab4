//! Requests whose client has gone.
//!
//! What a client asked for may be recorded by the time that it goes, and an agent must not choose which
//! of its calls are counted and written down by hanging up. So what may change something is worked on to
//! its end, whether or not anybody waits for the answer.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::response::Response;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;

tokio::task_local! {
    static GONE: ();
}

type Work = Pin<Box<dyn Future<Output = Response> + Send>>;

/// Whether the client of the request at hand has gone.
pub(crate) fn is_gone() -> bool {
    GONE.try_with(|()| ()).is_ok()
}

/// Works on a request to its end, also where nobody waits for it any more. There are only so many
/// `places` for those; what finds none is dropped as it is.
pub(crate) async fn to_its_end(
    places: &Arc<Semaphore>,
    work: impl Future<Output = Response> + Send + 'static,
) -> Response {
    let mut working = Working { places: Arc::clone(places), work: Some(Box::pin(work)) };
    poll_fn(|context| working.poll(context)).await
}

/// A request that is worked on; its work is none when it is answered.
struct Working {
    places: Arc<Semaphore>,
    work: Option<Work>,
}

impl Working {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Response> {
        let Some(work) = &mut self.work else { return Poll::Pending };
        let polled = work.as_mut().poll(context);
        if polled.is_ready() {
            self.work = None;
        }
        polled
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        let Some(work) = self.work.take() else { return };
        let (place, runtime) =
            (Arc::clone(&self.places).try_acquire_owned(), Handle::try_current());
        if let (Ok(place), Ok(runtime)) = (place, runtime) {
            runtime.spawn(GONE.scope((), async move {
                let _place = place;
                drop(work.await);
            }));
        }
    }
}
