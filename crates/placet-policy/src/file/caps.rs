//! What the keys of one class say together.

use placet_core::class::{AutonomyState, RiskTier};

use super::actions::Written;
use super::reader::Reader;
use super::report::{At, Report};

/// Reports keys that contradict each other or that never count.
pub(crate) fn check(class: &Written, table: &Reader<'_>, report: &mut Report<'_>) {
    check_order(class, report);
    check_reach(class, table, report);
    check_currency(class, table, report);
    check_claims(class, table, report);
    check_secrets(class, report);
}

fn check_order(class: &Written, report: &mut Report<'_>) {
    if let (Some(auto), Some(hard)) = (&class.auto_cap, &class.hard_cap)
        && auto.value > hard.value
    {
        let message = format!("auto_cap {} is above hard_cap {}", auto.value, hard.value);
        report.error(
            auto.span,
            message,
            format!("write at most \"{}\", or raise hard_cap", hard.value),
        );
    }
}

/// Caps that no call ever comes to, and states that change nothing.
fn check_reach(class: &Written, table: &Reader<'_>, report: &mut Report<'_>) {
    let risk = class.risk.as_ref().map(|at| at.value);
    let max_state = class.max_state.as_ref().map(|at| at.value);
    let caps = [("auto_cap", &class.auto_cap), ("hard_cap", &class.hard_cap)];
    if risk == Some(RiskTier::Read) {
        for (name, cap) in caps {
            let Some(At { span, .. }) = cap else { continue };
            report.error(
                *span,
                format!("{name} never applies to a read"),
                "remove it, or write another risk",
            );
        }
    } else if let (Some(AutonomyState::Manual), Some(At { span, .. })) =
        (max_state, &class.auto_cap)
    {
        let message = "auto_cap never applies, because max_state is \"manual\"";
        report.error(*span, message, "remove it, or write max_state = \"supervised\"");
    }
    let earns =
        class.max_state.as_ref().filter(|at| at.value > AutonomyState::Manual).map(|at| at.span);
    let span = earns.or(class.auto_cap.as_ref().map(|at| at.span));
    if let (Some(RiskTier::Consequential), Some(span), false) = (risk, span, table.says("hard_cap"))
    {
        let message = "a person approves every call of a consequential class without hard_cap, whatever it earns";
        report.warning(
            span,
            message,
            "add hard_cap, or write max_state = \"manual\" and no auto_cap",
        );
    }
}

fn check_currency(class: &Written, table: &Reader<'_>, report: &mut Report<'_>) {
    let is_capped = class.auto_cap.is_some() || class.hard_cap.is_some();
    if let (Some(At { span, .. }), false) = (&class.currency, table.says("value")) {
        report.error(
            *span,
            "currency names a param, but value names none",
            "add value, or remove currency",
        );
    }
    match (&class.currency, &class.currencies) {
        (Some(At { span, .. }), None) if is_capped && !table.says("currencies") => {
            let message =
                "the caps count for any currency: 100 of one is far more than 100 of another";
            report.warning(*span, message, "add currencies = [\"USD\"], or those that you mean");
        }
        (None, Some(At { span, .. })) if !table.says("currency") => {
            let message = "currencies names some, but no param says which one a call is in";
            report.error(*span, message, "add currency = \"/currency\", or remove currencies");
        }
        _ => {}
    }
}

/// A cap on a value that the agent may set as it likes.
fn check_claims(class: &Written, table: &Reader<'_>, report: &mut Report<'_>) {
    let is_read = matches!(class.risk, Some(At { value: RiskTier::Read, .. }));
    let cap = class.hard_cap.as_ref().or(class.auto_cap.as_ref());
    if let (Some(At { span, .. }), false, false) = (cap, table.says("value"), is_read) {
        let message = "the caller itself says what a call is worth, so the cap rests on its word";
        report.warning(*span, message, "add value = \"/amount\", or the param that carries it");
    }
}

/// A value is compared with caps in the public part of the log, so it cannot be secret.
fn check_secrets(class: &Written, report: &mut Report<'_>) {
    for (name, pointer) in [("value", &class.value), ("currency", &class.currency)] {
        let Some(pointer) = pointer else { continue };
        for secret in class.secret.iter().filter(|secret| secret.value.contains(&pointer.value)) {
            let message = format!("\"{}\" hides the {name} that the log records", secret.value);
            report.error(
                secret.span,
                message,
                format!("write a param that does not hold the {name}"),
            );
        }
    }
}
