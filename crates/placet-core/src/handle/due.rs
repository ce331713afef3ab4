//! What time, a kill switch or the policy has ended, and nobody has said so yet.

use crate::event::{Event, Expired, Fact, Indeterminate, Void, Voided};
use crate::limits;
use crate::state::State;
use crate::time::Timestamp;

/// Ends what is due, at most so much at a time.
pub(super) fn tick(state: &State, now: Timestamp) -> Vec<Fact> {
    let stopped = state
        .stopped()
        .map(|(action, scope)| Event::Voided(Voided { action, why: Void::Switch(scope.clone()) }));
    let approvals = state.approvals().due(now).filter(|(_, open)| !state.is_stopped(open.action));
    let unanswered =
        approvals.map(|(approval, open)| Event::Expired(Expired { approval, action: open.action }));
    let executions = state.executions().due(now).filter(|action| !state.is_stopped(*action));
    let unfinished = executions.map(|action| {
        if state.executions().run(action).is_some() {
            Event::Indeterminate(Indeterminate { action })
        } else {
            Event::Expired(Expired { approval: action.approval(), action })
        }
    });
    let due = stopped.chain(unanswered).chain(unfinished);
    due.take(limits::MAX_EXPIRIES_PER_TICK).map(Fact::from).collect()
}
