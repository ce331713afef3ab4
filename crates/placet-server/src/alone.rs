//! Proposing where nobody else does.
//!
//! The log has a thread of its own, which takes all that come at the same time into one commit. A
//! proposal that comes alone gains nothing by that, and pays for waking that thread and for being
//! woken by it. It is written by the thread that carries the request instead, which the runtime
//! replaces meanwhile, so that nobody waits for it.
//!
//! Where many propose, each that came first would make a commit of its own while the others gather,
//! and the log would be slower for all of them. So a proposal counts as alone only when the one
//! before it was begun alone as well.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use placet::core::mode::Treatment;
use placet::{Action, Answer, Guard, GuardError};
use tokio::runtime::{Handle, RuntimeFlavor};

/// How many propose.
#[derive(Debug, Default)]
pub(crate) struct Proposals {
    open: AtomicUsize,
    /// Whether others were there when the latest of them began.
    is_crowded: AtomicBool,
}

/// A proposal that is not answered yet.
struct Open<'a> {
    proposals: &'a Proposals,
    is_alone: bool,
}

impl Proposals {
    /// Has a guard decide on an action.
    pub(crate) async fn propose(
        &self,
        guard: &Guard,
        action: &Action,
        treatment: Treatment,
    ) -> Result<Answer, GuardError> {
        let open = self.open();
        if open.is_alone && Handle::current().runtime_flavor() == RuntimeFlavor::MultiThread {
            return tokio::task::block_in_place(|| guard.blocking().propose_as(action, treatment));
        }
        guard.propose_as(action, treatment).await
    }

    fn open(&self) -> Open<'_> {
        let others = self.open.fetch_add(1, Ordering::Relaxed) > 0;
        let were_others = self.is_crowded.swap(others, Ordering::Relaxed);
        Open { proposals: self, is_alone: !others && !were_others }
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.proposals.open.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::Proposals;

    #[test]
    fn alone_is_who_comes_alone_after_one_who_did() {
        let proposals = Proposals::default();
        assert!(proposals.open().is_alone);
        let first = proposals.open();
        let second = proposals.open();
        assert!(first.is_alone && !second.is_alone);
        drop((first, second));
        // One of a crowd that came back first looks just like this.
        assert!(!proposals.open().is_alone);
        assert!(proposals.open().is_alone);
    }

    #[test]
    fn a_crowd_stays_one_until_it_is_gone() {
        let proposals = Proposals::default();
        let mut crowd: Vec<_> = (0..3).map(|_| proposals.open()).collect();
        for _ in 0..10 {
            drop(crowd.remove(0));
            crowd.push(proposals.open());
            assert!(crowd.last().is_some_and(|latest| !latest.is_alone));
        }
    }
}
