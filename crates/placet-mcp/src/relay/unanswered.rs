//! Requests that have no answer, and what came of calls.

use std::sync::Arc;

use placet::{ActionId, Outcome};

use super::{Relay, lock};
use crate::parts::IN_DOUBT;
use crate::pending::Asked;
use crate::reply;
use crate::stdio::{Skipped, Unanswered};

impl Relay {
    /// Tells whoever waits for an answer that was skipped, as far as it can be made out.
    pub(super) async fn skipped(&self, skipped: Skipped) {
        if let Skipped::Unanswered(unanswered) = skipped {
            return self.unanswered(unanswered).await;
        }
        tracing::warn!(why = %skipped, "the server said something that was not passed on");
        for id in skipped.ids() {
            let asked = lock(&self.pending).answered_by_server(&id);
            if asked.is_some() {
                let text = format!("the server's answer was not passed on: {skipped}");
                return self
                    .tell_client(reply::error(Some(&id), reply::INTERNAL_ERROR, &text))
                    .await;
            }
        }
    }

    /// Tells whoever waits for an answer that there is none. What came of a call nobody knows then, unless
    /// it never reached the server.
    async fn unanswered(&self, Unanswered { id, mut why, never_came }: Unanswered) {
        if let Some(asked) = lock(&self.asked).remove(id.key()) {
            drop(asked.send(Err(why)));
            return;
        }
        let Some(asked) = lock(&self.pending).answered_by_server(&id) else { return };
        if let Asked::Call(action, done) = asked {
            if let Some(done) = lock(&done).take() {
                let _heard = done.send(());
            }
            match (action, never_came) {
                (Some(action), true) => self.conclude(action, Outcome::Failed, why.clone()),
                (None, true) => {}
                (_, false) => why = format!("{why}; {IN_DOUBT}"),
            }
        }
        self.tell_client(reply::error(Some(&id), reply::INTERNAL_ERROR, &why)).await;
    }

    /// Writes down what came of a call, beside whatever else passes.
    pub(super) fn conclude(&self, action: ActionId, outcome: Outcome, detail: String) {
        let judge = Arc::clone(&self.judge);
        let mut concluding = lock(&self.concluding);
        while concluding.try_join_next().is_some() {}
        concluding.spawn(async move { judge.conclude(action, outcome, &detail).await });
    }
}
