//! How a relay ends: nobody waits for what was asked, and nobody will answer it.

use tokio::time::timeout;

use super::{End, Relay, lock};
use crate::limits::LAST_WORDS;
use crate::parts::IN_DOUBT;
use crate::pending::Asked;
use crate::reply;

impl Relay {
    pub(super) async fn end(&self, end: End) {
        let judging: Vec<_> = lock(&self.judging).drain().map(|(_, it)| it).collect();
        // What a task asked the server is not answered any more either.
        lock(&self.asked).clear();
        let errands = lock(&self.tasks).errands();
        for (wanted, task) in judging.into_iter().chain(errands) {
            drop(wanted);
            drop(task.await);
        }
        self.give_up(end).await;
        // What came of calls is not lost with the process, if the log takes it.
        let concluding = std::mem::take(&mut *lock(&self.concluding));
        drop(timeout(LAST_WORDS, concluding.join_all()).await);
    }

    /// Tells the client of all that has no answer, if it is still there.
    async fn give_up(&self, end: End) {
        let left = lock(&self.pending).drain();
        let why = match end {
            End::Client => return,
            End::Server => "the server ended before it answered",
        };
        for (id, asked) in left {
            let text = match asked {
                Asked::Call(..) => format!("{why}; {IN_DOUBT}"),
                _ => why.to_owned(),
            };
            self.tell_client(reply::error(Some(&id), reply::INTERNAL_ERROR, &text)).await;
        }
    }
}
