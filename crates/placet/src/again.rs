//! Telling again what was told, where it cannot be judged any more.

use placet_core::{ApprovalId, Entry, Rejection};
use placet_store::sequencer::answered_before;

use crate::error::GuardError;
use crate::guard::Guard;

impl Guard {
    /// What an answer led to that can be judged no more, because what it is about was erased: to the
    /// same as the first time where it is a repetition, and to nothing where there was one before.
    pub(crate) fn answered_without_payload(
        &self,
        approval: ApprovalId,
    ) -> Result<Result<Vec<Entry>, GuardError>, GuardError> {
        if let Some(before) = self.answered_before()? {
            return Ok(before);
        }
        match self.log().state().approvals().open(approval) {
            Some(_) => Err(GuardError::Erased),
            None => Ok(Err(GuardError::Rejected(Rejection::UnknownApproval(approval)))),
        }
    }

    /// What the request at hand led to the first time, if it is a repetition.
    fn answered_before(&self) -> Result<Option<Result<Vec<Entry>, GuardError>>, GuardError> {
        let caller = self.caller().filter(|caller| self.admits(caller));
        let Some(request) = caller.and_then(|caller| caller.request) else { return Ok(None) };
        let before = self.log().read(|view| answered_before(&request, view, self.now()))?;
        Ok(before.map(|before| before.map_err(GuardError::from)))
    }
}
