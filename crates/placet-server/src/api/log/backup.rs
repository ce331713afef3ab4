//! `GET /v1/log/backup`

use std::fs::File;
use std::io::{self, Read as _};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use futures_core::Stream;
use tokio::sync::{OwnedSemaphorePermit, mpsc};

use super::Bytes;
use crate::app::App;
use crate::auth::{Principal, Read, go_on, role};
use crate::limits::{BACKUP_AGAIN, BACKUP_AHEAD, BACKUP_PART};
use crate::wire::Problem;

/// Fetch a copy of the whole log, at one moment, while the daemon writes to it.
///
/// A SQLite database with what is kept beside the entries, so it is as private as the log. The key file
/// is no part of it: whoever has a key of the API shall not sign in the name of the log. One copy is made
/// and fetched at a time. `placet log backup --url` checks it as well.
#[utoipa::path(
    get,
    path = "/v1/log/backup",
    operation_id = "back_up_log",
    tag = "log",
    responses((status = OK, body = inline(Bytes), content_type = "application/vnd.sqlite3")),
)]
pub(crate) async fn backup(
    State(app): State<Arc<App>>,
    read: Read<role::Operator>,
) -> Result<Response, Problem> {
    let place = Arc::clone(&app.backups).try_acquire_owned().map_err(|_| {
        Problem::too_many("somebody fetches a copy of the log already", BACKUP_AGAIN)
    })?;
    // The place is kept until the copy is made, also when its client goes before.
    let (made, place) = app.blocking(move |guard| (guard.log().copy(), place)).await?;
    let Some(file) = made? else {
        return Err(Problem::unavailable("the log is in memory only, so there is no file to copy"));
    };
    let length = file.metadata().map_err(Problem::unreadable)?.len();
    let (sender, parts) = mpsc::channel(BACKUP_AHEAD);
    let copy = Copy { app, principal: read.principal, file, sender };
    go_on(copy.send(place));
    let headers = [(CONTENT_TYPE, "application/vnd.sqlite3"), (CACHE_CONTROL, "no-store")];
    let length = [(CONTENT_LENGTH, length.to_string())];
    Ok((headers, length, Body::from_stream(Parts(parts))).into_response())
}

/// A copy on its way to one client. The file has no name: closed, it is gone.
struct Copy {
    app: Arc<App>,
    principal: Principal,
    file: File,
    sender: mpsc::Sender<io::Result<Vec<u8>>>,
}

impl Copy {
    /// Until all of it is sent, the client goes or its key is revoked. What ends early is shorter than
    /// it says it is.
    async fn send(self, _place: OwnedSemaphorePermit) {
        let Self { app, principal, mut file, sender } = self;
        loop {
            let read =
                tokio::task::spawn_blocking(move || part(&mut file).map(|part| (part, file)));
            let sent = match read.await {
                Ok(Ok((part, _))) if part.is_empty() => return,
                Ok(Ok((part, rest))) => {
                    file = rest;
                    Ok(part)
                }
                Ok(Err(error)) => {
                    drop(sender.send(Err(error)).await);
                    return;
                }
                Err(_) => return,
            };
            if !app.guard.admits(&principal.caller) || sender.send(sent).await.is_err() {
                return;
            }
        }
    }
}

/// The next part of a file; nothing at its end.
fn part(file: &mut File) -> io::Result<Vec<u8>> {
    let mut part = Vec::with_capacity(BACKUP_PART);
    let limit = u64::try_from(BACKUP_PART).unwrap_or(u64::MAX);
    file.take(limit).read_to_end(&mut part)?;
    Ok(part)
}

/// What is sent.
struct Parts(mpsc::Receiver<io::Result<Vec<u8>>>);

impl Stream for Parts {
    type Item = io::Result<Vec<u8>>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(cx)
    }
}
