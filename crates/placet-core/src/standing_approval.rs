//! Standing approvals: what a person signed off on beforehand, within bounds.
//!
//! Ana approves a refund and says that the like of it may run without asking her: of this class,
//! for this order, twenty times, until Friday. The next refund is held as before, and where her
//! standing approval covers it, her sign-off follows in the same breath. So nothing changes in the
//! decision: a standing approval answers what is held and never makes anything pass that was not.
//!
//! It never widens by itself. It covers one tenant, agent and class, exactly the values that were
//! pinned, an amount that is no higher than the one that was read, and only what is held for
//! reasons that held the first one too. It ends with its time, its uses, the policy it was given
//! under, any kill switch that could stop what it covers, and with the right of its person to
//! approve.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::api_key::KeyScope;
use crate::approval::{Approver, OpenApproval};
use crate::assessment::{Assessment, Value};
use crate::command::Rejection;
use crate::decide::decide;
use crate::digest::{Digest, ParamTag, Pepper};
use crate::event::Erased;
use crate::handle::{approval, room};
use crate::id::{ActionId, StandingApprovalId};
use crate::json::{Json, Pointer};
use crate::limits;
use crate::name::{AgentId, ClassName, GroupName, PersonId, TenantId};
use crate::state::State;
use crate::switch::{Scope, Target};
use crate::time::Timestamp;
use crate::verdict::{CheckName, Finding, Verdict};

/// How far a person lets what they sign off on be done again without them.
#[derive(Clone, Debug, PartialEq)]
pub struct Bounds {
    /// The id that the standing approval shall have.
    pub id: StandingApprovalId,
    /// The values that params must have, by their places.
    pub pins: BTreeMap<Pointer, Pin>,
    /// How often at the most; none for as often as there is time.
    pub uses: Option<u32>,
    /// Until when; none for as long as any may last.
    pub until: Option<Timestamp>,
}

/// A param that has to have one value.
#[derive(Clone, Debug, PartialEq)]
pub struct Pin {
    /// Recognises the value in its place.
    pub tag: ParamTag,
    /// The value, for people to see.
    pub value: Json,
}

/// Pins params to the values that they have in a frozen action.
///
/// # Errors
/// The place that the params do not have.
pub fn pin(
    pepper: &Pepper,
    params: &Json,
    places: impl IntoIterator<Item = Pointer>,
) -> Result<BTreeMap<Pointer, Pin>, Pointer> {
    let pin = |place: Pointer| match params.pointer(&place) {
        Some(value) => {
            let tag = pepper.param_tag(&place, value);
            Ok((place, Pin { tag, value: value.clone() }))
        }
        None => Err(place),
    };
    places.into_iter().map(pin).collect()
}

/// Which of the pinned values the params of a frozen action have, each in its place. None of them
/// where the params have more places than are looked at.
#[must_use]
pub fn pinned(pepper: &Pepper, params: &Json, pins: &BTreeSet<ParamTag>) -> BTreeSet<ParamTag> {
    let mut places = vec![(Pointer::root(), params)];
    let mut found = BTreeSet::new();
    let mut seen = 0;
    while let Some((place, value)) = places.pop() {
        seen += 1;
        if seen > limits::MAX_PINNABLE_PLACES {
            return BTreeSet::new();
        }
        let inside = |token: &str| {
            let mut inside = place.clone();
            inside.push(token);
            inside
        };
        match value {
            Json::Object(object) => {
                places.extend(object.iter().map(|(key, value)| (inside(key), value)));
            }
            Json::Array(items) => {
                let numbered = (0_usize..).zip(items);
                places.extend(numbered.map(|(at, value)| (inside(&at.to_string()), value)));
            }
            _ => {}
        }
        let tag = pepper.param_tag(&place, value);
        if pins.contains(&tag) {
            found.insert(tag);
        }
    }
    found
}

/// A standing approval was given. The values that it pins are in the payload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StandingGranted {
    /// Its id.
    pub id: StandingApprovalId,
    /// The held action that it was given with.
    pub action: ActionId,
    /// Who gave it: each use is a sign-off of theirs.
    pub by: Approver,
    /// For whom.
    pub tenant: TenantId,
    /// For which agent; none for those without a name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<AgentId>,
    /// For which class.
    pub class: ClassName,
    /// Recognises the values that are pinned.
    pub pins: BTreeSet<ParamTag>,
    /// No action is covered that is worth more.
    #[serde(default, skip_serializing_if = "Value::is_missing")]
    pub worth: Value,
    /// What held the first action. Nothing is covered that is held for another reason.
    pub held_by: Vec<Finding>,
    /// How often it may be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uses: Option<u32>,
    /// Until when.
    pub until: Timestamp,
    /// The policy that it was given under, with which it ends.
    pub policy: Digest,
}

/// A standing approval was taken back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StandingRevoked {
    /// Which one.
    pub id: StandingApprovalId,
    /// The action that it was given with.
    pub action: ActionId,
    /// Why.
    pub reason: String,
    /// By whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<PersonId>,
}

/// A standing approval that is in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StandingApproval {
    /// What was given.
    pub granted: StandingGranted,
    /// The entry that says so.
    pub entry: u64,
    /// Since when.
    pub since: Timestamp,
    /// How often it was used.
    pub used: u32,
}

impl StandingApproval {
    /// Whether it signs off on a held action, as far as that action is concerned.
    fn covers(&self, of: &Assessment, findings: &[Finding], now: Timestamp) -> bool {
        let granted = &self.granted;
        let subject = &of.subject;
        granted.until > now
            && granted.policy == of.policy
            && (&granted.tenant, &granted.agent) == (&subject.tenant, &subject.agent)
            && of.class.as_ref() == Some(&granted.class)
            && granted.pins.iter().all(|pin| of.pins.contains(pin))
            && is_within(&of.value, &granted.worth)
            && holding(findings)
                .all(|finding| granted.held_by.iter().any(|it| is_like(finding, it)))
    }

    /// Whether a switch could stop what it covers.
    fn could_be_stopped_by(&self, scope: &Scope) -> bool {
        let granted = &self.granted;
        let here = scope.tenant.as_ref().is_none_or(|tenant| *tenant == granted.tenant);
        here && match &scope.target {
            // Which tools its class has is for the policy to know.
            Target::Everything | Target::Tool(_) => true,
            Target::Agent(agent) => granted.agent.as_ref() == Some(agent),
        }
    }
}

/// Whether something is worth at most as much as what was read.
fn is_within(value: &Value, worth: &Value) -> bool {
    match (value, worth) {
        (Value::Missing, Value::Missing) => true,
        (Value::Is(value), Value::Is(worth)) => {
            value.currency == worth.currency && value.amount <= worth.amount
        }
        _ => false,
    }
}

/// What holds an action for people.
fn holding(findings: &[Finding]) -> impl Iterator<Item = &Finding> {
    findings.iter().filter(|finding| finding.verdict == Verdict::RequireApproval)
}

/// Whether an action is held for the same reason as the one that was read.
///
/// What a check says of an amount differs with the amount, which is bounded by itself. A kill
/// switch and a budget hold everything for a while: nobody has answered for that beforehand.
fn is_like(finding: &Finding, read: &Finding) -> bool {
    let same_words = || finding.reason == read.reason;
    finding.check == read.check
        && match finding.check {
            CheckName::KillSwitch | CheckName::Budget => false,
            CheckName::Autonomy => true,
            _ => same_words(),
        }
}

/// The standing approvals that are in force.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Entries", into = "Entries")]
pub struct StandingApprovals {
    by_id: BTreeMap<StandingApprovalId, StandingApproval>,
    by_class: BTreeMap<(TenantId, ClassName), BTreeSet<StandingApprovalId>>,
}

impl StandingApprovals {
    /// One of them.
    #[must_use]
    pub fn get(&self, id: StandingApprovalId) -> Option<&StandingApproval> {
        self.by_id.get(&id)
    }

    /// All of them, the oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &StandingApproval> {
        self.by_id.values()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// Those for a class of a tenant, the oldest first.
    pub fn of_class(
        &self,
        tenant: &TenantId,
        class: &ClassName,
    ) -> impl Iterator<Item = &StandingApproval> {
        let key = (tenant.clone(), class.clone());
        let ids = self.by_class.get(&key).into_iter().flatten();
        ids.filter_map(|id| self.by_id.get(id))
    }

    fn of_tenant(&self, tenant: &TenantId) -> usize {
        self.iter().filter(|standing| standing.granted.tenant == *tenant).count()
    }

    /// Whose sign-offs cover a held action: at most as many as are missing.
    pub(crate) fn sign(
        &self,
        open: &OpenApproval,
        findings: &[Finding],
        now: Timestamp,
    ) -> Vec<&StandingGranted> {
        let Some(class) = &open.of.class else { return Vec::new() };
        let mut signed = BTreeMap::new();
        let covering = self
            .of_class(&open.of.subject.tenant, class)
            .filter(|standing| standing.covers(&open.of, findings, now))
            .filter(|standing| approval::may_sign(open, &standing.granted.by).is_ok());
        for standing in covering {
            signed.entry(&standing.granted.by.person).or_insert(&standing.granted);
        }
        signed.into_values().take(open.missing()).collect()
    }

    pub(crate) fn insert(&mut self, standing: StandingApproval) {
        let granted = &standing.granted;
        let key = (granted.tenant.clone(), granted.class.clone());
        self.by_class.entry(key).or_default().insert(granted.id);
        self.by_id.insert(granted.id, standing);
    }

    /// Counts a use, and ends what is used up.
    pub(crate) fn count(&mut self, id: StandingApprovalId) {
        let Some(standing) = self.by_id.get_mut(&id) else { return };
        standing.used = standing.used.saturating_add(1);
        if standing.granted.uses.is_some_and(|uses| standing.used >= uses) {
            self.revoke(id);
        }
    }

    /// Ends those that a switch could stop.
    pub(crate) fn tripped(&mut self, scope: &Scope) {
        self.retain(|standing| !standing.could_be_stopped_by(scope));
    }

    /// Ends those of other policies.
    pub(crate) fn installed(&mut self, policy: Digest) {
        self.retain(|standing| standing.granted.policy == policy);
    }

    /// Ends those of a person who may approve less than when they gave them.
    pub(crate) fn restrict(
        &mut self,
        person: &PersonId,
        roles: &BTreeSet<KeyScope>,
        groups: &BTreeSet<GroupName>,
    ) {
        let approves = roles.contains(&KeyScope::Approver);
        self.retain(|standing| {
            let by = &standing.granted.by;
            by.person != *person || (approves && by.groups.is_subset(groups))
        });
    }

    /// Ends what was taken back, and what nobody can read any more.
    pub(crate) fn revoke(&mut self, id: StandingApprovalId) {
        self.retain(|standing| standing.granted.id != id);
    }

    pub(crate) fn erased(&mut self, erased: &Erased) {
        self.retain(|standing| standing.entry != erased.index);
    }

    pub(crate) fn sweep(&mut self, now: Timestamp) {
        self.retain(|standing| standing.granted.until > now);
    }

    fn retain(&mut self, keep: impl Fn(&StandingApproval) -> bool) {
        let ended: Vec<_> = self.by_id.extract_if(.., |_, standing| !keep(standing)).collect();
        for (id, StandingApproval { granted, .. }) in ended {
            let key = (granted.tenant, granted.class);
            if let Some(ids) = self.by_class.get_mut(&key) {
                ids.remove(&id);
                if ids.is_empty() {
                    self.by_class.remove(&key);
                }
            }
        }
    }
}

/// The form in snapshots.
type Entries = Vec<StandingApproval>;

impl From<Entries> for StandingApprovals {
    fn from(entries: Entries) -> Self {
        let mut standing = Self::default();
        entries.into_iter().for_each(|entry| standing.insert(entry));
        standing
    }
}

impl From<StandingApprovals> for Entries {
    fn from(standing: StandingApprovals) -> Self {
        standing.by_id.into_values().collect()
    }
}

/// How far a standing approval reaches, as its event says it.
struct Reach {
    id: StandingApprovalId,
    pins: BTreeSet<ParamTag>,
    uses: Option<u32>,
    until: Timestamp,
}

/// What is given by whoever signs off on a held action within these bounds.
pub(crate) fn grant(
    state: &State,
    open: &OpenApproval,
    by: &Approver,
    bounds: &Bounds,
    now: Timestamp,
) -> Result<StandingGranted, Rejection> {
    let pins = bounds.pins.values().map(|pin| pin.tag).collect();
    let until = bounds.until.unwrap_or(now.saturating_add(limits::MAX_STANDING_TIME));
    granted(state, open, by, Reach { id: bounds.id, pins, uses: bounds.uses, until }, now)
}

/// Asks whether a standing approval could be given here.
pub(crate) fn audit(
    state: &State,
    given: &StandingGranted,
    at: Timestamp,
) -> Result<bool, Rejection> {
    let open = approval::pending(state, given.action.approval(), at)?;
    approval::may_sign(open, &given.by)?;
    let StandingGranted { id, pins, uses, until, .. } = given.clone();
    let expected = granted(state, open, &given.by, Reach { id, pins, uses, until }, at)?;
    Ok(expected == *given)
}

fn granted(
    state: &State,
    open: &OpenApproval,
    by: &Approver,
    reach: Reach,
    now: Timestamp,
) -> Result<StandingGranted, Rejection> {
    let Reach { id, pins, uses, until } = reach;
    let latest = now.saturating_add(limits::MAX_STANDING_TIME);
    let is_bound = (1..=limits::MAX_PINS).contains(&pins.len())
        && uses.is_none_or(|times| (1..=limits::MAX_STANDING_USES).contains(&times))
        && (now < until && until <= latest);
    if !is_bound {
        return Err(Rejection::StandingBounds);
    }
    let (policy, subject) = (state.terms().policy, &open.of.subject);
    if open.of.policy != policy {
        return Err(Rejection::StandingPolicy);
    }
    let others = state.standing_approvals();
    if others.get(id).is_some() {
        return Err(Rejection::KnownStanding(id));
    }
    room("standing approvals", others.len(), limits::MAX_STANDING)?;
    let own = others.of_tenant(&subject.tenant);
    room("standing approvals of this tenant", own, limits::MAX_STANDING_PER_TENANT)?;
    Ok(StandingGranted {
        id,
        action: open.action,
        by: by.clone(),
        tenant: subject.tenant.clone(),
        agent: subject.agent.clone(),
        class: open.of.class.clone().ok_or(Rejection::NoClass)?,
        pins,
        worth: open.of.value.clone(),
        held_by: holding(&decide(state, &open.of, now).findings).cloned().collect(),
        uses,
        until,
        policy,
    })
}

/// Asks whether the sign-off of a standing approval on a held action follows.
pub(crate) fn covers(
    state: &State,
    id: StandingApprovalId,
    open: &OpenApproval,
    by: &Approver,
    now: Timestamp,
) -> bool {
    let findings = decide(state, &open.of, now).findings;
    let standing = state.standing_approvals().get(id);
    standing.is_some_and(|it| it.granted.by == *by && it.covers(&open.of, &findings, now))
}
