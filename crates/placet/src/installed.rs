//! The policy that a guard holds to: the one that its log has.

use std::sync::{Arc, MutexGuard, PoisonError, Weak};

use placet_core::event::PolicyFile;
use placet_core::{Command, Digest, PersonId, Rejection};
use placet_policy::Policy;
use placet_store::sequencer::wait;

use crate::error::{GuardError, OpenError};
use crate::guard::{Change, Guard, MAX_REASSESSMENTS};
use crate::log::{Log, Way};

/// A policy in whose place another one was put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replaced {
    /// The digest of its files.
    pub policy: Digest,
    /// The entry that had installed it.
    pub installed_by_entry: u64,
}

impl Guard {
    /// Holds to another policy from here on. When it has errors the one before stays.
    ///
    /// # Errors
    /// When the policy has errors, or it could not be recorded.
    pub async fn install_policy(
        &self,
        files: &[PolicyFile],
        by: Option<PersonId>,
    ) -> Result<Change, GuardError> {
        let policy = Policy::load(files)?;
        let change = self.command(installation(&policy, by)).await?;
        if self.take_over(policy) {
            self.recheck_unasked().await;
        }
        Ok(change)
    }

    /// The policy that the log holds, and the entry that installed it; none while nothing was ever
    /// installed.
    ///
    /// Blocks while it is read, where somebody else installed it a moment ago.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn installed(&self) -> Result<(Arc<Policy>, Option<u64>), GuardError> {
        for _ in 0..MAX_REASSESSMENTS {
            self.follow_policy()?;
            let policy = self.policy();
            let state = self.log().state();
            if *state.terms() == *policy.terms() {
                return Ok((policy, state.installed_at()));
            }
        }
        Err(GuardError::Rejected(Rejection::StalePolicy))
    }

    /// Holds to a policy that was recorded just now; false where the log holds another one. A
    /// repetition installs nothing, and another policy may have come after this one.
    fn take_over(&self, policy: Policy) -> bool {
        let _turn = self.turn_to_take_over();
        let is_held = *self.log().state().terms() == *policy.terms();
        if is_held {
            self.shared().policy.store(Arc::new(policy));
        }
        is_held
    }

    fn turn_to_take_over(&self) -> MutexGuard<'_, ()> {
        self.shared().taking_over.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends what another policy forbids of what waits. It follows from the policy and is nobody's
    /// request; what is left out by a failure is judged again when somebody answers it.
    pub(crate) async fn recheck_unasked(&self) {
        drop(self.without_caller().recheck().await);
    }

    /// Takes over the policy of the log, where it is another than the one at hand: somebody else
    /// installed it, on this node or another, or nobody waited until it was.
    pub(crate) fn follow_policy(&self) -> Result<(), GuardError> {
        let is_known = || *self.log().state().terms() == *self.policy().terms();
        if is_known() {
            return Ok(());
        }
        let _turn = self.turn_to_take_over();
        if !is_known() {
            let policy = self.log().policy().map_err(|error| match error {
                OpenError::Policy(diagnostics) => GuardError::Policy(diagnostics),
                other => GuardError::PolicyUnreadable(other.to_string()),
            })?;
            self.shared().policy.store(Arc::new(policy));
        }
        Ok(())
    }

    /// The policy that the log holds. Where that one cannot be read it is the one before: nothing is
    /// permitted by saying what that says.
    pub(crate) fn latest_policy(&self) -> Arc<Policy> {
        if !self.holds_to(&self.shared().policy.load()) {
            drop(self.follow_policy());
        }
        self.policy()
    }

    /// Whether this very policy is at hand, and the one that the log holds.
    pub(crate) fn still_holds_to(&self, policy: &Weak<Policy>) -> bool {
        let at_hand = self.shared().policy.load();
        std::ptr::eq(policy.as_ptr(), Arc::as_ptr(&at_hand)) && self.holds_to(&at_hand)
    }

    fn holds_to(&self, policy: &Policy) -> bool {
        self.log().state().terms().policy == policy.terms().policy
    }
}

fn installation(policy: &Policy, by: Option<PersonId>) -> Command {
    Command::InstallPolicy { terms: Arc::clone(policy.terms()), files: policy.files().to_vec(), by }
}

/// The terms are compared and not just the digest, because another version of this software may
/// read the same file in another way.
pub(crate) fn install_if_changed(log: &Log, policy: &Policy) -> Result<(), GuardError> {
    let is_new = *log.state().terms() != *policy.terms();
    if is_new {
        wait(log.submit(Way::Block, installation(policy, None), None))?;
    }
    Ok(())
}
