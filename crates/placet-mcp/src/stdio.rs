//! Lines on pipes.

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::sync::mpsc;

use crate::id::{Id, Key};
use crate::limits::{MAX_CLIENT_BYTES, QUEUE};
use crate::relay::{Duplex, queue};
use crate::reply;

/// The client that started this process, on its standard input and output.
#[must_use]
pub fn stdio() -> Duplex {
    duplex(tokio::io::stdin(), tokio::io::stdout(), MAX_CLIENT_BYTES)
}

/// Somebody who reads and writes lines.
pub(crate) fn duplex(
    from: impl AsyncRead + Send + Unpin + 'static,
    to: impl AsyncWrite + Send + Unpin + 'static,
    limit: usize,
) -> Duplex {
    let (lines, read) = queue();
    tokio::spawn(read_lines(from, lines, limit));
    let (write, written) = mpsc::channel(QUEUE);
    tokio::spawn(write_lines(to, written));
    Duplex { from: read, to: write }
}

/// How much of each end of a skipped line is kept.
const ENDS: usize = 256;

/// A line that was not kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Skipped {
    /// It was too long.
    #[error("a message of more than {limit} bytes was skipped")]
    TooLong {
        /// How long it may be.
        limit: usize,
        /// How it begins and ends.
        ends: [Bytes; 2],
    },
    /// It had no end.
    #[error("the last message has no end")]
    Half,
    /// It never came: a request has no answer.
    #[error("{}", .0.why)]
    Unanswered(Unanswered),
}

/// A request that its server has not answered and will not answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unanswered {
    pub(crate) id: Id,
    pub(crate) why: String,
    /// Whether it has not reached the server either.
    pub(crate) never_came: bool,
}

impl Skipped {
    /// What could be the id of the message: it stands near one of its ends.
    pub(crate) fn ids(&self) -> Vec<Id> {
        let Self::TooLong { ends, .. } = self else { return Vec::new() };
        ends.iter().flat_map(|end| ids_in(end)).collect()
    }

    /// What a client is told whose message this was, under its id as far as that can be made out: none
    /// that still waits for an answer.
    pub(crate) fn refusal(&self, waits: impl Fn(&Key) -> bool) -> Bytes {
        let id = self.ids().into_iter().find(|id| !waits(id.key()));
        reply::error(id.as_ref(), reply::PARSE_ERROR, &self.to_string())
    }
}

fn ids_in(part: &[u8]) -> Vec<Id> {
    let text = String::from_utf8_lossy(part);
    let values = text.split("\"id\":").skip(1);
    let first = |rest: &str| {
        let mut values = serde_json::Deserializer::from_str(rest).into_iter();
        Id::read(values.next()?.ok()?)
    };
    values.filter_map(first).collect()
}

/// A line as far as it is kept.
#[derive(Default)]
struct Line {
    kept: BytesMut,
    length: usize,
}

impl Line {
    fn add(&mut self, part: &[u8], limit: usize) {
        self.length = self.length.saturating_add(part.len());
        self.kept.extend_from_slice(part);
        if self.length > limit && self.kept.len() > 4 * ENDS {
            let last = self.kept.split_off(self.kept.len().saturating_sub(ENDS));
            self.kept.truncate(ENDS);
            self.kept.unsplit(last);
        }
    }

    /// The line; none if it is blank.
    fn end(&mut self, limit: usize) -> Option<Result<Bytes, Skipped>> {
        let whole = self.kept.split().freeze();
        if std::mem::take(&mut self.length) > limit {
            let first = whole.slice(..ENDS.min(whole.len()));
            let last = whole.slice(whole.len().saturating_sub(ENDS)..);
            return Some(Err(Skipped::TooLong { limit, ends: [first, last] }));
        }
        (!whole.trim_ascii().is_empty()).then_some(Ok(whole))
    }
}

/// Reads lines until there are no more. One that is too long is skipped, and said to be so.
async fn read_lines(
    from: impl AsyncRead + Unpin,
    lines: mpsc::Sender<Result<Bytes, Skipped>>,
    limit: usize,
) {
    let mut from = BufReader::new(from);
    let mut line = Line::default();
    loop {
        let (taken, is_end) = match from.fill_buf().await {
            Err(_) | Ok([]) => break,
            Ok(found) => {
                let end = found.iter().position(|byte| *byte == b'\n');
                line.add(found.get(..end.unwrap_or(found.len())).unwrap_or_default(), limit);
                (end.map_or(found.len(), |end| end + 1), end.is_some())
            }
        };
        from.consume(taken);
        if let Some(said) = is_end.then(|| line.end(limit)).flatten()
            && lines.send(said).await.is_err()
        {
            return;
        }
    }
    // Half a message is none.
    if line.length > 0 {
        drop(lines.send(Err(Skipped::Half)).await);
    }
}

async fn write_lines(mut to: impl AsyncWrite + Unpin, mut lines: mpsc::Receiver<Bytes>) {
    while let Some(line) = lines.recv().await {
        let written = async {
            to.write_all(&line).await?;
            to.write_all(b"\n").await?;
            if lines.is_empty() { to.flush().await } else { Ok(()) }
        };
        if written.await.is_err() {
            return;
        }
    }
}
