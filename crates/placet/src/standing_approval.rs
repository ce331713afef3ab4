//! Standing approvals: giving them, looking at them, taking them back.

use std::collections::{BTreeMap, BTreeSet};

use placet_core::assessment::Assessment;
use placet_core::event::Payload;
use placet_core::json::Pointer;
use placet_core::standing_approval::{Bounds, StandingApproval as Given, pin, pinned};
use placet_core::{
    ActionId, AgentId, ClassName, Command, Finding, Json, ParamTag, PersonId, StandingApprovalId,
    TenantId, Timestamp,
};
use placet_store::{StoreError, View};
use serde::{Deserialize, Serialize};

use crate::error::GuardError;
use crate::followed::{Followed, payload};
use crate::guard::{Change, Guard};
use crate::ids;

/// How far what is approved may be done again without asking.
///
/// It holds for the tenant, the agent and the class of the action that is approved, for amounts
/// that are no higher, and only for what is held for the same reasons.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// The params that must have the values that they have in that action: 1 to
    /// [`MAX_PINS`](placet_core::limits::MAX_PINS) places. The root pins all params at once.
    pub pins: BTreeSet<Pointer>,
    /// How often at the most; none for as often as there is time.
    pub uses: Option<u32>,
    /// Until when; none for [as long as any may last](placet_core::limits::MAX_STANDING_TIME).
    pub until: Option<Timestamp>,
}

/// A standing approval in force, as people see it. Serialises to the shape of the wire.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StandingApproval {
    /// Its id.
    pub id: StandingApprovalId,
    /// Who gave it.
    pub by: PersonId,
    /// The action that it was given with.
    pub action: ActionId,
    /// For whom.
    pub tenant: TenantId,
    /// For which agent; none for those without a name.
    pub agent: Option<AgentId>,
    /// For which class.
    pub class: ClassName,
    /// The values that are pinned, by their places.
    pub pins: BTreeMap<String, Json>,
    /// No action is covered that is worth more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_most: Option<String>,
    /// What held the first action.
    pub held_by: Vec<Finding>,
    /// How often it may be used in all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uses: Option<u32>,
    /// How often it was used.
    pub used: u32,
    /// Since when.
    pub since: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// The entry of the log that gave it.
    pub log_index: u64,
}

impl StandingApproval {
    /// One that is in force, with the values that it pins as a view of the log has them.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn read(view: &dyn View, of: &Given) -> Result<Self, StoreError> {
        let stored = view.entries(of.entry, 1)?.into_iter().next();
        let pins = match stored.as_ref().map_or(Ok(None), payload)? {
            Some(Payload::Pins(pins)) => pins,
            _ => BTreeMap::new(),
        };
        Ok(Self::new(of.clone(), pins))
    }

    fn new(of: Given, pins: BTreeMap<String, Json>) -> Self {
        let Given { granted, entry, since, used } = of;
        let at_most = granted.worth.money().map(ToString::to_string);
        Self {
            id: granted.id,
            by: granted.by.person,
            action: granted.action,
            tenant: granted.tenant,
            agent: granted.agent,
            class: granted.class,
            pins,
            at_most,
            held_by: granted.held_by,
            uses: granted.uses,
            used,
            since,
            until: granted.until,
            log_index: entry,
        }
    }
}

impl Guard {
    /// The standing approvals in force, the latest first: all, or those of one tenant.
    ///
    /// Blocks while the log is read.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn standing_approvals(
        &self,
        tenant: Option<&TenantId>,
    ) -> Result<Vec<StandingApproval>, GuardError> {
        let found: Vec<Given> = {
            let state = self.log().state();
            let now = state.clock(self.log().environment().now());
            let is_wanted = |standing: &&Given| {
                let granted = &standing.granted;
                granted.until > now && tenant.is_none_or(|tenant| granted.tenant == *tenant)
            };
            state.standing_approvals().iter().rev().filter(is_wanted).cloned().collect()
        };
        let read = |given: &Given| self.log().read(|view| StandingApproval::read(view, given));
        Ok(found.iter().map(read).collect::<Result<_, _>>()?)
    }

    /// Takes a standing approval back. What it signed off on before stays signed off on.
    ///
    /// # Errors
    /// When it is not in force, or it could not be recorded.
    pub async fn revoke_standing(
        &self,
        id: StandingApprovalId,
        reason: &str,
        by: Option<PersonId>,
    ) -> Result<Change, GuardError> {
        self.command(Command::RevokeStanding { id, reason: reason.to_owned(), by }).await
    }

    /// What a standing approval is bound by that is given with a held action.
    pub(crate) fn bounds(&self, of: &Followed, reach: Reach) -> Result<Bounds, GuardError> {
        let Reach { pins, uses, until } = reach;
        let frozen = of.frozen.as_ref().ok_or(GuardError::Erased)?;
        let params = params(&frozen.action).ok_or(GuardError::Erased)?;
        let pins = pin(self.log().pepper(), params, pins).map_err(GuardError::NoSuchParam)?;
        let id = StandingApprovalId::new(ids::fresh(self.log().environment())?);
        Ok(Bounds { id, pins, uses, until })
    }

    /// Which of the values that standing approvals pin for its class a frozen action has.
    pub(crate) fn pins(&self, of: &Assessment, frozen: &Json) -> BTreeSet<ParamTag> {
        let (Some(class), Some(params)) = (&of.class, params(frozen)) else {
            return BTreeSet::new();
        };
        let wanted: BTreeSet<_> = {
            let state = self.log().state();
            let standing = state.standing_approvals().of_class(&of.subject.tenant, class);
            standing.flat_map(|standing| standing.granted.pins.iter().copied()).collect()
        };
        match wanted.is_empty() {
            true => wanted,
            false => pinned(self.log().pepper(), params, &wanted),
        }
    }
}

/// The params of a frozen action.
fn params(frozen: &Json) -> Option<&Json> {
    frozen.as_object()?.get("params")
}
