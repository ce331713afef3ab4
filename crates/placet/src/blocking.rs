//! The guard for synchronous code.

use std::collections::BTreeSet;

use placet_core::autonomy::{Evidence, LedgerKey};
use placet_core::event::PolicyFile;
use placet_core::mode::Treatment;
use placet_core::{
    Action, ApprovalId, AutonomyState, Entry, GroupName, KeyId, KeyScope, PersonId, Scope,
    StandingApprovalId,
};
use placet_store::sequencer::wait;

use crate::answer::Answer;
use crate::approval::{Approver, Reply, Resolution};
use crate::error::GuardError;
use crate::evidence::Reported;
use crate::guard::{Change, Guard};
use crate::key::{NewKey, Secret};
use crate::log::Way;
use crate::person::{InviteToken, Invited, NewPerson};
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
        wait(self.guard.propose_by(Way::Block, action, Treatment::Binding, &[], |_| {}))
    }

    /// See [`Guard::propose_as`].
    ///
    /// # Errors
    /// As there.
    pub fn propose_as(&self, action: &Action, treatment: Treatment) -> Result<Answer, GuardError> {
        self.guard.check_permitted(treatment)?;
        wait(self.guard.propose_by(Way::Block, action, treatment, &[], |_| {}))
    }

    /// See [`Guard::deny`].
    ///
    /// # Errors
    /// As there.
    pub fn deny(&self, approval: ApprovalId, by: PersonId, reason: &str) -> Result<(), GuardError> {
        wait(self.guard.deny(approval, by, reason))
    }

    /// See [`Guard::revoke_standing`].
    ///
    /// # Errors
    /// As there.
    pub fn revoke_standing(
        &self,
        id: StandingApprovalId,
        reason: &str,
        by: Option<PersonId>,
    ) -> Result<Change, GuardError> {
        wait(self.guard.revoke_standing(id, reason, by))
    }

    /// See [`Guard::resolve`].
    ///
    /// # Errors
    /// As there.
    pub fn resolve(
        &self,
        approval: ApprovalId,
        by: &Approver,
        reply: Reply,
    ) -> Result<Resolution, GuardError> {
        wait(self.guard.resolve(approval, by, reply))
    }

    /// See [`Guard::withdraw`].
    ///
    /// # Errors
    /// As there.
    pub fn withdraw(&self, approval: ApprovalId) -> Result<Resolution, GuardError> {
        wait(self.guard.withdraw(approval))
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

    /// See [`Guard::invite`].
    ///
    /// # Errors
    /// As there.
    pub fn invite(&self, new: NewPerson) -> Result<Invited, GuardError> {
        wait(self.guard.invite(new, None))
    }

    /// See [`Guard::enrol`].
    ///
    /// # Errors
    /// As there.
    pub fn enrol(&self, token: &InviteToken, password: &str) -> Result<PersonId, GuardError> {
        wait(self.guard.enrol(token, password))
    }

    /// See [`Guard::sign_in`].
    ///
    /// # Errors
    /// As there.
    pub fn sign_in(&self, person: &str, password: &str) -> Result<Secret, GuardError> {
        wait(self.guard.sign_in(person, password))
    }

    /// See [`Guard::sign_out`].
    ///
    /// # Errors
    /// As there.
    pub fn sign_out(&self) -> Result<Change, GuardError> {
        wait(self.guard.sign_out())
    }

    /// See [`Guard::change_person`].
    ///
    /// # Errors
    /// As there.
    pub fn change_person(
        &self,
        person: PersonId,
        roles: BTreeSet<KeyScope>,
        groups: BTreeSet<GroupName>,
    ) -> Result<Change, GuardError> {
        wait(self.guard.change_person(person, roles, groups))
    }

    /// See [`Guard::remove_person`].
    ///
    /// # Errors
    /// As there.
    pub fn remove_person(&self, person: PersonId) -> Result<Change, GuardError> {
        wait(self.guard.remove_person(person))
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
