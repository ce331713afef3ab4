//! Warrants: giving, checking and spending them.

use placet_core::command::{Conclusion, Mismatch, Redemption};
use placet_core::event::Event;
use placet_core::json::Object;
use placet_core::warrant::{self, Claims, PublicKey, WarrantError, WarrantKey};
use placet_core::{
    Action, ActionId, Command, Outcome, PersonId, Refusal, Rejection, TenantId, Timestamp,
    ToolName, redeemable_until,
};
use placet_policy::call_tag;
use placet_store::SubmitError;
use placet_store::projection::Status;

use crate::answer::Answer;
use crate::error::GuardError;
use crate::followed::Followed;
use crate::guard::{Change, Guard};

/// Why a warrant was not spent.
#[derive(Debug, thiserror::Error)]
pub enum RedeemError {
    /// It is none that can be used here.
    #[error(transparent)]
    Warrant(#[from] WarrantError),
    /// It is worth nothing, or not for this. The log says that somebody tried.
    #[error(transparent)]
    Refused(Refusal),
    /// Nothing was recorded, so nothing may run.
    #[error(transparent)]
    Guard(#[from] GuardError),
}

/// A spent warrant: this action may run now, once, and with these params.
#[derive(Clone, Debug, PartialEq)]
pub struct Spent {
    /// The action.
    pub id: ActionId,
    /// The tool.
    pub tool: ToolName,
    /// The frozen params.
    pub params: Object,
}

/// A warrant that is shown for a call, held against what the log has of its action. Nothing is spent
/// yet.
#[derive(Debug)]
pub struct Shown {
    claims: Claims,
    followed: Followed,
    mismatch: Option<Mismatch>,
    tool: ToolName,
    params: Object,
}

impl Guard {
    /// The name under which the log gives warrants.
    #[must_use]
    pub fn issuer(&self) -> &str {
        self.log().verifier().name()
    }

    /// The public keys by which anybody can check a warrant: the one that signs first, then those
    /// before it whose warrants may live.
    #[must_use]
    pub fn warrant_keys(&self) -> Vec<PublicKey> {
        let (keyring, good) = self.log().warrant_keys();
        keyring.split(good).0.to_vec()
    }

    /// The warrant of an action that was just allowed; none for any other. What was allowed when a
    /// request was made for the first time is not just allowed when it is made again: see
    /// [`Guard::warrant_of`].
    #[must_use]
    pub fn warrant(&self, action: &Action, answer: &Answer) -> Option<String> {
        if answer.is_repeated {
            return None;
        }
        let (id, digest) = (answer.id?, answer.digest?);
        let (at, expires) = (answer.at?, answer.expires?);
        self.sign(&Claims {
            iss: self.issuer().to_owned(),
            aud: warrant::audience(&action.tenant),
            sub: action.agent.clone(),
            jti: id.warrant(),
            iat: warrant::seconds(at),
            exp: warrant::seconds(expires),
            action: id,
            tool: action.tool.clone(),
            digest,
            approval: None,
            log_index: answer.log_index?,
        })
    }

    /// Why an action that was allowed or approved may not run any more: what whoever shows its
    /// warrant is told. None where it may run still, ran already, or never was permitted.
    #[must_use]
    pub fn refusal(&self, followed: &Followed) -> Option<Refusal> {
        followed.permit?;
        let now = self.log().environment().now();
        redeemable_until(&self.log().state(), &followed.decided, now).err()
    }

    /// The warrant of an action of the log that may run now; none for any other, because a warrant
    /// that is dead is not handed out.
    #[must_use]
    pub fn warrant_of(&self, followed: &Followed) -> Option<String> {
        if self.refusal(followed).is_some() {
            return None;
        }
        let (expires, log_index) = followed.permit?;
        let (id, digest) = (followed.answer.id?, followed.answer.digest?);
        let approval = (followed.status == Status::Approved).then(|| id.approval());
        let at = followed.steps.first().map(|step| step.at).or(followed.answer.at)?;
        self.sign(&Claims {
            iss: self.issuer().to_owned(),
            aud: warrant::audience(&followed.subject.tenant),
            sub: followed.subject.agent.clone(),
            jti: id.warrant(),
            iat: warrant::seconds(at),
            exp: warrant::seconds(expires),
            action: id,
            tool: followed.subject.tool.clone(),
            digest,
            approval,
            log_index,
        })
    }

    fn sign(&self, claims: &Claims) -> Option<String> {
        let (keyring, _) = self.log().warrant_keys();
        keyring.signing().sign(claims).ok()
    }

    /// Spends a warrant for a call, at the tip of the log: once, not after it expired, not under a
    /// kill switch that was tripped since, and not for another tool or other params.
    ///
    /// Blocks while the log is read; see [`Guard::shown`].
    ///
    /// # Errors
    /// When it is not spent. What was shown with a signature of ours is then in the log.
    pub async fn redeem(
        &self,
        token: &str,
        audience: Option<&TenantId>,
        tool: &ToolName,
        params: &Object,
    ) -> Result<Spent, RedeemError> {
        self.redeem_shown(self.shown(token, audience, tool, params)?).await
    }

    /// Reads a warrant that is shown for a call, for those who read the log where nobody waits for
    /// it and then have [`Guard::redeem_shown`] spend it.
    ///
    /// Blocks while the log is read.
    ///
    /// # Errors
    /// When it is none of ours, or the log cannot be read.
    pub fn shown(
        &self,
        token: &str,
        audience: Option<&TenantId>,
        tool: &ToolName,
        params: &Object,
    ) -> Result<Shown, RedeemError> {
        let (claims, is_good) = self.opened(token)?;
        let missing = GuardError::Rejected(Rejection::UnknownAction(claims.action));
        let followed = self.log().action(claims.action).map_err(GuardError::from)?;
        let followed = followed.ok_or(missing)?;
        let tenant = followed.subject.tenant.clone();
        let is_meant = audience.is_none_or(|audience| *audience == tenant);
        let tag = call_tag(&tenant, tool, params, self.log().pepper());
        let is_same_call = followed.is_call(&tag) && followed.answer.digest == Some(claims.digest);
        let mismatch = if !is_good {
            Some(Mismatch::Key)
        } else if claims.iss != self.issuer() {
            Some(Mismatch::Issuer)
        } else if claims.aud != warrant::audience(&tenant) || !is_meant {
            Some(Mismatch::Audience)
        } else {
            (!is_same_call).then_some(Mismatch::Call)
        };
        Ok(Shown { claims, followed, mismatch, tool: tool.clone(), params: params.clone() })
    }

    /// Spends a warrant that was read.
    ///
    /// # Errors
    /// As [`Guard::redeem`].
    pub async fn redeem_shown(&self, shown: Shown) -> Result<Spent, RedeemError> {
        let Shown { claims, followed, mismatch, tool, params } = shown;
        match self.spend(&followed, mismatch).await {
            // What people approved is forgotten once it has expired, and then it is not granted.
            Err(RedeemError::Refused(Refusal::NotGranted)) if self.is_over(&claims) => {
                let exp = Timestamp::from_millis(claims.exp.saturating_mul(1_000));
                return Err(RedeemError::Refused(Refusal::Expired(exp)));
            }
            spent => spent?,
        };
        Ok(Spent { id: claims.action, tool, params })
    }

    /// Spends what permits an action, for a program that embeds the guard and has no warrant to
    /// show. It still says which call it is about to make, and another than the one that was
    /// decided on is refused.
    ///
    /// # Errors
    /// When it is worth nothing, or nothing could be recorded.
    pub async fn redeem_call(
        &self,
        action: ActionId,
        tool: &ToolName,
        params: &Object,
    ) -> Result<Spent, RedeemError> {
        let missing = GuardError::Rejected(Rejection::UnknownAction(action));
        let followed = self.log().action(action).map_err(GuardError::from)?.ok_or(missing)?;
        let tag = call_tag(&followed.subject.tenant, tool, params, self.log().pepper());
        let mismatch = (!followed.is_call(&tag)).then_some(Mismatch::Call);
        self.spend(&followed, mismatch).await?;
        Ok(Spent { id: action, tool: tool.clone(), params: params.clone() })
    }

    /// Reads a warrant that we signed, and says whether the key that did is good still.
    fn opened(&self, token: &str) -> Result<(Claims, bool), WarrantError> {
        let (keyring, good) = self.log().warrant_keys();
        let (good, old) = keyring.split(good);
        match warrant::open(token, good) {
            Err(WarrantError::Signature) => Ok((warrant::open(token, old)?, false)),
            opened => Ok((opened?, true)),
        }
    }

    fn is_over(&self, claims: &Claims) -> bool {
        claims.exp <= warrant::seconds(self.log().environment().now())
    }

    /// Spends what permits an action of the log.
    pub(crate) async fn spend(
        &self,
        followed: &Followed,
        mismatch: Option<Mismatch>,
    ) -> Result<u64, RedeemError> {
        let action = followed.id();
        let decided = followed.decided.clone();
        let redemption = Redemption { action, decided, mismatch };
        let committed = self.submit(Command::Redeem(Box::new(redemption))).await?;
        match committed.entries.first().map(|entry| (&entry.event, entry.index)) {
            Some((Event::Redeemed(_), index)) => Ok(index),
            Some((Event::RedemptionRefused(refused), _)) => {
                Err(RedeemError::Refused(refused.why.clone()))
            }
            _ => Err(RedeemError::Refused(Refusal::NotGranted)),
        }
    }

    /// Signs warrants with another key from here on, and says which: to a request that is repeated
    /// the one that it made the first time. Those that earlier keys signed can be redeemed until they
    /// expire.
    ///
    /// # Errors
    /// When so many keys are good that it has to wait, or it could not be recorded.
    pub async fn rotate_warrant_key(&self, by: Option<PersonId>) -> Result<PublicKey, GuardError> {
        let committed = self.submit(Command::RotateWarrantKey { by }).await?;
        let made = committed.entries.iter().find_map(|entry| match &entry.event {
            Event::WarrantKeyRotated(rotated) => Some(rotated.generation),
            _ => None,
        });
        let made = made.ok_or(GuardError::Unrecorded(SubmitError::Closed))?;
        Ok(WarrantKey::of(self.log().pepper(), made).public().clone())
    }

    /// Says what came of an action that was allowed to run.
    ///
    /// Blocks while the log is read; see [`Guard::conclusion`].
    ///
    /// # Errors
    /// When it never was, or the report could not be recorded.
    pub async fn conclude(
        &self,
        action: ActionId,
        outcome: Outcome,
        detail: &str,
    ) -> Result<Change, GuardError> {
        self.conclude_with(self.conclusion(action, outcome, detail)?).await
    }

    /// Says what came of an action, where the log was read for it before.
    ///
    /// # Errors
    /// As [`Guard::conclude`].
    pub async fn conclude_with(&self, conclusion: Conclusion) -> Result<Change, GuardError> {
        self.command(Command::Conclude(Box::new(conclusion))).await
    }

    /// Says it to the log, and does not wait until it is recorded; whether it was said.
    pub(crate) fn conclude_unawaited(
        &self,
        action: ActionId,
        outcome: Outcome,
        detail: &str,
    ) -> bool {
        let conclusion = self.conclusion(action, outcome, detail);
        conclusion.is_ok_and(|of| self.send(Command::Conclude(Box::new(of))))
    }

    /// What [`Guard::conclude_with`] says, with the entry that let the action run: for those who read
    /// the log where nobody waits for it.
    ///
    /// Blocks while the log is read.
    ///
    /// # Errors
    /// When there is no such action, or the log cannot be read.
    pub fn conclusion(
        &self,
        action: ActionId,
        outcome: Outcome,
        detail: &str,
    ) -> Result<Conclusion, GuardError> {
        let missing = GuardError::Rejected(Rejection::UnknownAction(action));
        let followed = self.log().action(action)?.ok_or(missing)?;
        let redeemed = followed.steps.iter().find(|step| step.status == Status::Redeemed);
        let of = match redeemed {
            Some(step) => self.log().entry(step.entry)?,
            None => followed.decided,
        };
        let detail = self.report_without_secrets(detail);
        Ok(Conclusion { action, of, outcome, detail })
    }
}

#[cfg(test)]
mod tests;
