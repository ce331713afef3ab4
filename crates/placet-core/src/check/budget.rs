//! What ran in each sliding window, and this action on top of it, must fit the budget. Equal passes.

use super::Context;
use crate::terms::{Budget, Defaults};
use crate::time::human_duration;
use crate::verdict::{CheckName, Finding, Verdict};

pub(super) fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let class = context.of.class.as_ref();
    for budget in context.terms.budgets.iter().filter(|budget| budget.covers(class)) {
        if let Some(reason) = overrun(context, budget) {
            let verdict = budget.over.max(Verdict::RequireApproval);
            findings.push(Finding { check: CheckName::Budget, verdict, reason });
        }
    }
}

/// Why the action does not fit, if it does not.
fn overrun(context: &Context<'_>, budget: &Budget) -> Option<String> {
    let windows = context.state.windows();
    if !windows.has_room(budget, context.of) {
        return Some(format!("{}: too much is being counted to count this as well", budget.name));
    }
    let used = windows.usage(budget, context.of, context.now);
    let scope = format_args!("per {} in {}", budget.per.as_str(), human_duration(budget.window));
    if let Some(most) = budget.count.filter(|most| used.count >= *most) {
        return Some(format!("{}: {} of {most} actions {scope} have run", budget.name, used.count));
    }
    let most = budget.value?;
    let Some(money) = context.of.value.money() else { return hidden_value(context, budget) };
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

/// A value that is not named cannot be counted. It must be named where the budget lists the class or
/// the class says where its value is; elsewhere a call may well have none.
fn hidden_value(context: &Context<'_>, budget: &Budget) -> Option<String> {
    let class = context.writing_class()?;
    let is_expected = budget.actions.is_some() || class.value.is_some();
    let is_hidden =
        is_expected && context.of.value.is_missing() && context.terms.defaults == Defaults::Strict;
    is_hidden.then(|| format!("{}: the action names no value to count", budget.name))
}
