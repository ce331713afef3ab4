//! The guard for synchronous code.

use placet_core::autonomy::{Evidence, LedgerKey};
use placet_core::event::PolicyFile;
use placet_core::{Action, ApprovalId, AutonomyState, Entry, KeyId, PersonId, Scope};
use placet_store::sequencer::wait;

use crate::answer::Answer;
use crate::error::GuardError;
use crate::guard::{Change, Guard, Reported};
use crate::key::{NewKey, Secret};
use crate::log::Way;
use crate::tail::{Tail, TailError};

/// A [`Guard`] whose methods block the calling thread until their answer is there.
///
/// They need no runtime. Inside one they work as well, but hold up its thread while they wait.
/// [`propose`](Self::propose) is also quicker than its async counterpart: where nobody else is at
/// the log this thread writes it, and no other has to be woken.
#[derive(Clone, Copy, Debug)]
pub struct Blocking<'a> {
    guard: &'a Guard,
}

impl<'a> Blocking<'a> {
    pub(crate) fn new(guard: &'a Guard) -> Self {
        Self { guard }
    }

    /// See [`Guard::propose`].
    ///
    /// # Errors
    /// As there.
    pub fn propose(&self, action: &Action) -> Result<Answer, GuardError> {
        wait(self.guard.propose_by(Way::Block, action))
    }

    /// See [`Guard::deny`].
    ///
    /// # Errors
    /// As there.
    pub fn deny(&self, approval: ApprovalId, by: PersonId, reason: &str) -> Result<(), GuardError> {
        wait(self.guard.deny(approval, by, reason))
    }

    /// See [`Guard::trip`].
    ///
    /// # Errors
    /// As there.
    pub fn trip(
        &self,
        scope: Scope,
        reason: &str,
        by: Option<PersonId>,
    ) -> Result<Change, GuardError> {
        wait(self.guard.trip(scope, reason, by))
    }

    /// See [`Guard::reset`].
    ///
    /// # Errors
    /// As there.
    pub fn reset(
        &self,
        scope: Scope,
        reason: &str,
        by: Option<PersonId>,
    ) -> Result<Change, GuardError> {
        wait(self.guard.reset(scope, reason, by))
    }

    /// See [`Guard::report`].
    ///
    /// # Errors
    /// As there.
    pub fn report(&self, evidence: Evidence) -> Result<Reported, GuardError> {
        wait(self.guard.report(evidence))
    }

    /// See [`Guard::ratify`].
    ///
    /// # Errors
    /// As there.
    pub fn ratify(&self, of: LedgerKey, by: PersonId) -> Result<AutonomyState, GuardError> {
        wait(self.guard.ratify(of, by))
    }

    /// See [`Guard::erase`].
    ///
    /// # Errors
    /// As there.
    pub fn erase(
        &self,
        index: u64,
        reason: &str,
        by: Option<PersonId>,
    ) -> Result<Change, GuardError> {
        wait(self.guard.erase(index, reason, by))
    }

    /// See [`Guard::create_key`].
    ///
    /// # Errors
    /// As there.
    pub fn create_key(&self, new: NewKey) -> Result<(Secret, Change), GuardError> {
        wait(self.guard.create_key(new, None))
    }

    /// See [`Guard::rotate_key`].
    ///
    /// # Errors
    /// As there.
    pub fn rotate_key(&self, id: KeyId) -> Result<(Secret, Change), GuardError> {
        wait(self.guard.rotate_key(id, None))
    }

    /// See [`Guard::revoke_key`].
    ///
    /// # Errors
    /// As there.
    pub fn revoke_key(&self, id: KeyId) -> Result<Change, GuardError> {
        wait(self.guard.revoke_key(id))
    }

    /// See [`Guard::install_policy`].
    ///
    /// # Errors
    /// As there.
    pub fn install_policy(
        &self,
        files: &[PolicyFile],
        by: Option<PersonId>,
    ) -> Result<Change, GuardError> {
        wait(self.guard.install_policy(files, by))
    }

    /// See [`Tail::next`].
    ///
    /// # Errors
    /// As there.
    pub fn next(&self, tail: &mut Tail) -> Result<Entry, TailError> {
        wait(tail.next())
    }
}
