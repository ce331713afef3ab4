//! What may run, what runs, and what has run: from a warrant to its outcome.
//!
//! A warrant is spent by an entry of the log. Those of actions that people approved are remembered
//! until they are spent; the others are found again by the entry that allowed them. What was spent
//! is remembered until its warrant would have expired, and so can never be spent again.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::approval::decrement;
use crate::assessment::Subject;
use crate::digest::Digest;
use crate::id::ActionId;
use crate::limits;
use crate::name::{ClassName, TenantId};
use crate::switch::{Scope, Switches, Target, inside};
use crate::terms::Terms;
use crate::time::Timestamp;
use crate::verdict::Verdict;

/// How an action that ran has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It did what it should.
    Succeeded,
    /// It did not, or not all of it.
    Failed,
    /// It did, and it was taken back.
    Reversed,
}

impl Outcome {
    /// The word used on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Reversed => "reversed",
        }
    }
}

/// An action that people approved and that has not run yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// Who asks for what.
    pub subject: Subject,
    /// Its class.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<ClassName>,
    /// The policy that it was approved under.
    pub policy: Digest,
    /// The entry that decided on it: what was signed off is what stands there, and nothing else of
    /// the same id.
    pub decided: u64,
    /// The entry with the last sign-off.
    pub entry: u64,
    /// Until when it may be redeemed.
    pub expires: Timestamp,
}

/// An action that runs: its warrant is spent, and nobody has said how it ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// On whose behalf.
    pub tenant: TenantId,
    /// When it is in doubt how it ended.
    pub report_by: Timestamp,
}

/// Why a warrant is not redeemed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Refusal {
    /// It was redeemed before.
    #[error("the warrant is spent: an action runs once")]
    Spent,
    /// It is too late.
    #[error("the warrant expired at {0}; propose the action again")]
    Expired(Timestamp),
    /// Nobody allowed the action, or what was allowed was taken back.
    #[error("the action is not allowed, or no longer")]
    NotGranted,
    /// A kill switch was tripped since.
    #[error(
        "the kill switch {0} was tripped after the warrant was given; propose the action again"
    )]
    Stopped(Scope),
    /// Another policy holds since.
    #[error("another policy holds than the one the warrant was given under; propose it again")]
    OtherPolicy,
    /// It is shown for another action than the one that it is for.
    #[error("the warrant is for another action: tool or params differ from what was decided")]
    OtherAction,
    /// It is shown by somebody whom it is not meant for.
    #[error("the warrant is meant for another audience")]
    OtherAudience,
    /// It says that another log gave it.
    #[error("the warrant was given by another log")]
    OtherIssuer,
    /// The key that signed it is good no more.
    #[error("the key that signed the warrant is good no more; propose the action again")]
    OldKey,
}

/// What may run, what runs, and what was spent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Executions {
    grants: BTreeMap<ActionId, Grant>,
    runs: BTreeMap<ActionId, Run>,
    /// Redeemed, and when the warrant would have expired.
    spent: BTreeMap<ActionId, Timestamp>,
    /// When a grant or a run ends by itself.
    due: BTreeSet<(Timestamp, ActionId)>,
    by_tenant: BTreeMap<TenantId, usize>,
    /// The entry that tripped each switch last, also of those that were reset since, and when: no
    /// warrant from before it lives.
    #[serde(with = "crate::pairs")]
    trips: BTreeMap<Scope, (u64, Timestamp)>,
}

impl Executions {
    /// An approved action that has not run yet.
    #[must_use]
    pub fn grant(&self, action: ActionId) -> Option<&Grant> {
        self.grants.get(&action)
    }

    /// An action that runs.
    #[must_use]
    pub fn run(&self, action: ActionId) -> Option<&Run> {
        self.runs.get(&action)
    }

    /// Whether its warrant was redeemed. Known until it would have expired.
    #[must_use]
    pub fn is_spent(&self, action: ActionId) -> bool {
        self.spent.contains_key(&action)
    }

    /// How many actions run.
    #[must_use]
    pub fn running(&self) -> usize {
        self.runs.len()
    }

    /// How many actions of a tenant run.
    #[must_use]
    pub fn running_of(&self, tenant: &TenantId) -> usize {
        self.by_tenant.get(tenant).copied().unwrap_or_default()
    }

    /// When the next grant or run ends by itself.
    #[must_use]
    pub fn next_due(&self) -> Option<Timestamp> {
        self.due.first().map(|(at, _)| *at)
    }

    /// The grants and runs that end now, the earliest first.
    pub fn due(&self, now: Timestamp) -> impl Iterator<Item = ActionId> {
        self.due.iter().take_while(move |(at, _)| *at <= now).map(|(_, action)| *action)
    }

    /// The switch that was tripped after an entry and covers what it allowed, if one was.
    pub(crate) fn tripped_since(
        &self,
        entry: u64,
        subject: &Subject,
        class: Option<&ClassName>,
    ) -> Option<&Scope> {
        let is_later = |(scope, (tripped, _)): &(&Scope, &(u64, Timestamp))| {
            *tripped > entry && scope.covers(subject, class)
        };
        let of_all = inside(&self.trips, None);
        let both = of_all.chain(inside(&self.trips, Some(&subject.tenant)));
        let mut later = both.filter(is_later);
        later.next().map(|(scope, _)| scope)
    }

    /// The approved actions that a switch covers and that have not run.
    pub(crate) fn stopped_by(&self, scope: &Scope) -> Vec<ActionId> {
        let is_stopped = |grant: &Grant| scope.covers(&grant.subject, grant.class.as_ref());
        self.grants.iter().filter(|(_, grant)| is_stopped(grant)).map(|(id, _)| *id).collect()
    }

    pub(crate) fn granted(&mut self, action: ActionId, grant: Grant) {
        self.due.insert((grant.expires, action));
        self.grants.insert(action, grant);
    }

    /// Takes back what was granted.
    pub(crate) fn withdraw(&mut self, action: ActionId) {
        if let Some(grant) = self.grants.remove(&action) {
            self.due.remove(&(grant.expires, action));
        }
    }

    pub(crate) fn redeemed(&mut self, action: ActionId, expires: Timestamp, run: Run) {
        self.withdraw(action);
        self.spent.insert(action, expires);
        self.due.insert((run.report_by, action));
        *self.by_tenant.entry(run.tenant.clone()).or_default() += 1;
        self.runs.insert(action, run);
    }

    /// Notes that it is known how an action ended, or that nobody knows.
    pub(crate) fn ended(&mut self, action: ActionId) {
        if let Some(run) = self.runs.remove(&action) {
            self.due.remove(&(run.report_by, action));
            decrement(&mut self.by_tenant, run.tenant);
        }
    }

    pub(crate) fn tripped(&mut self, scope: Scope, entry: u64, at: Timestamp) {
        let tenant = scope.tenant.clone();
        self.trips.insert(scope, (entry, at));
        // Where there are too many to remember, everything there counts as stopped by the last one.
        if inside(&self.trips, tenant.as_ref()).count() > limits::MAX_TRIPS_PER_TENANT {
            self.trips.retain(|scope, _| scope.tenant != tenant);
            self.trips.insert(Scope { tenant, target: Target::Everything }, (entry, at));
        }
    }

    /// Forgets what no warrant can be older than.
    pub(crate) fn sweep(&mut self, now: Timestamp) {
        self.spent.retain(|_, expires| *expires > now);
        let lives = |at: Timestamp| at.saturating_add(limits::MAX_WARRANT_TIME) > now;
        self.trips.retain(|_, (_, at)| lives(*at));
    }
}

/// What a warrant was given for, by the entry that decided on its action.
pub(crate) struct Given<'a> {
    pub(crate) action: ActionId,
    /// The entry that decided.
    pub(crate) entry: u64,
    pub(crate) verdict: Verdict,
    pub(crate) subject: &'a Subject,
    pub(crate) class: Option<&'a ClassName>,
    pub(crate) policy: &'a Digest,
    /// Until when, where it was allowed at once.
    pub(crate) expires: Option<Timestamp>,
}

/// What a warrant is good for.
#[derive(Debug)]
pub(crate) struct Permit<'a> {
    /// Until when.
    pub(crate) expires: Timestamp,
    /// The class of the action under the policy that permits it.
    pub(crate) class: Option<&'a ClassName>,
}

/// Asks whether a warrant may be redeemed here, and what it is good for.
pub(crate) fn redeemable<'a>(
    executions: &'a Executions,
    switches: &'a Switches,
    terms: &Terms,
    given: &Given<'a>,
    now: Timestamp,
) -> Result<Permit<'a>, Refusal> {
    if executions.is_spent(given.action) {
        return Err(Refusal::Spent);
    }
    let grant = executions.grant(given.action).filter(|grant| grant.decided == given.entry);
    let (entry, expires, policy, class) = match (grant, given.verdict) {
        (Some(grant), _) => (grant.entry, grant.expires, &grant.policy, grant.class.as_ref()),
        (None, Verdict::Allow) => {
            (given.entry, given.expires.ok_or(Refusal::NotGranted)?, given.policy, given.class)
        }
        (None, _) => return Err(Refusal::NotGranted),
    };
    if expires <= now {
        return Err(Refusal::Expired(expires));
    }
    let stops = terms.kill_switch == Verdict::Block;
    let tripped = switches.covering(given.subject, class).next().map(|switch| &switch.scope);
    let since = executions.tripped_since(entry, given.subject, class);
    if let Some(scope) = since.or(tripped.filter(|_| stops)) {
        return Err(Refusal::Stopped(scope.clone()));
    }
    if *policy == terms.policy { Ok(Permit { expires, class }) } else { Err(Refusal::OtherPolicy) }
}
