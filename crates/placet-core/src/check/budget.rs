//! What ran in each sliding window, and this action on top of it, must fit the budget. Equal passes.

use super::Context;
use crate::terms::Budget;
use crate::time::human_duration;
use crate::verdict::{CheckName, Finding};

pub(super) fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let class = context.of.class.as_ref();
    for budget in context.terms.budgets.iter().filter(|budget| budget.covers(class)) {
        if let Some(reason) = overrun(context, budget) {
            findings.push(Finding { check: CheckName::Budget, verdict: budget.over, reason });
        }
    }
}

/// Why the action does not fit, if it does not.
fn overrun(context: &Context<'_>, budget: &Budget) -> Option<String> {
    let windows = context.state.windows();
    if !windows.has_room(budget, context.of) {
        return Some(format!("{}: too many windows are open to count one more", budget.name));
    }
    let used = windows.usage(budget, context.of, context.now);
    let scope = format_args!("per {} in {}", budget.per.as_str(), human_duration(budget.window));
    if let Some(most) = budget.count.filter(|most| used.count >= *most) {
        return Some(format!("{}: {} of {most} actions {scope} have run", budget.name, used.count));
    }
    let (most, money) = (budget.value?, context.of.value.money()?);
    // A sum that cannot be held is certainly more than the budget.
    let fits = used.value.checked_add(money.amount).is_some_and(|sum| sum <= most);
    let spent = used.value;
    (!fits).then(|| {
        format!(
            "{}: {spent} of {most} {scope} is spent, and {} more is too much",
            budget.name, money.amount
        )
    })
}
