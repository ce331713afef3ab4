//! Where each class stands on its ladder, and what it lacks for the next step.

use std::collections::BTreeMap;

use placet_core::autonomy::{LedgerKey, Record, standing};
use placet_core::{ActionClass, AutonomyState, ClassName, RiskTier, State, TenantId};
use serde::Serialize;

/// Where one class stands, for one tenant and one version of the agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// Whose autonomy.
    #[serde(flatten)]
    pub of: LedgerKey,
    /// How much harm it can do.
    pub risk: RiskTier,
    /// What it has earned.
    pub autonomy: AutonomyState,
    /// The most that it can earn.
    pub max_state: AutonomyState,
    /// What is missing for the next step.
    pub missing: Vec<String>,
}

/// Every class that earns anything, with its evidence; without any it stands where everything
/// begins. Reads need none and are left out.
///
/// For one tenant, or, where none is named, for all that have evidence.
#[must_use]
pub fn standings(state: &State, tenant: Option<&TenantId>) -> Vec<Standing> {
    let mut ledgers: BTreeMap<&ClassName, Vec<(&LedgerKey, &Record)>> = BTreeMap::new();
    let is_meant = |of: &LedgerKey| tenant.is_none_or(|tenant| of.tenant == *tenant);
    for (of, record) in state.ledgers().iter_where(is_meant) {
        ledgers.entry(&of.class).or_default().push((of, record));
    }
    let mut standings = Vec::new();
    for class in state.terms().classes.values().filter(|class| class.risk != RiskTier::Read) {
        match ledgers.remove(&class.name) {
            Some(found) => {
                let each = found.into_iter().map(|(of, record)| stands(state, class, of, record));
                standings.extend(each);
            }
            None => {
                let tenant = tenant.cloned().unwrap_or_default();
                let of = LedgerKey { tenant, class: class.name.clone(), build: None };
                standings.push(stands(state, class, &of, &Record::default()));
            }
        }
    }
    standings
}

fn stands(state: &State, class: &ActionClass, of: &LedgerKey, record: &Record) -> Standing {
    let standing = standing(class, &state.terms().graduation, record);
    Standing {
        of: of.clone(),
        risk: class.risk,
        autonomy: record.state.min(class.max_state),
        max_state: class.max_state,
        missing: standing.missing,
    }
}
