//! Input that cannot be trusted to mean anything stops the action, whatever its class.

use super::Context;
use crate::assessment::{InputFault, Value, ValueFault};
use crate::verdict::{CheckName, Finding};

pub(super) fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let fault = match &context.of.value {
        Value::Bad(fault) => Some(*fault),
        // Whoever assesses should have said so. A negative value would slip under every cap and
        // refill every budget, so this is not left to them.
        Value::Is(money) if money.amount.is_negative() => Some(ValueFault::Negative),
        Value::Is(_) | Value::Missing => None,
    };
    if let Some(fault) = fault {
        findings.push(Finding::block(CheckName::Input, value_reason(fault)));
    }
    for fault in &context.of.faults {
        findings.push(Finding::block(CheckName::Input, input_reason(*fault)));
    }
}

fn value_reason(fault: ValueFault) -> &'static str {
    match fault {
        ValueFault::NotANumber => "the value is not a decimal number",
        ValueFault::Negative => "the value is negative",
        ValueFault::OutOfRange => "the value has more digits than an amount can hold",
        ValueFault::Disagrees => "the value that is claimed is not the one in the params",
        ValueFault::BadCurrency => "the currency is not a currency code",
        ValueFault::OtherCurrency => "the class's caps are not meant for this currency",
    }
}

fn input_reason(fault: InputFault) -> &'static str {
    match fault {
        InputFault::TooDeep => "the params are nested more deeply than the limit",
        InputFault::TooLarge => "the params are larger than the limit",
        InputFault::Placeholder => "the params hold the placeholder of a redacted secret",
        InputFault::ParamType => "a param has another type than the class declares",
    }
}
