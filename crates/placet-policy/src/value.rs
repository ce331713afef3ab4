//! What an action is worth: the value that its class names, or else the one it claims.

use placet_core::amount::{Amount, AmountError, Currency};
use placet_core::assessment::{Money, Value, ValueFault};
use placet_core::json::Object;
use placet_core::{Action, ActionClass, Json};

/// Reads the value of an action. With a class that names the param that carries it, nothing else
/// can set it, and a claim that disagrees with it is a fault.
pub(crate) fn read(action: &Action, class: Option<&ActionClass>) -> Value {
    let claimed = action.value.as_ref().map(amount);
    let amount = match class.and_then(|class| class.value.as_ref()) {
        None => claimed,
        Some(pointer) => match (action.params.pointer(pointer).map(amount), claimed) {
            (Some(Ok(own)), Some(Ok(claimed))) if own != claimed => {
                Some(Err(ValueFault::Disagrees))
            }
            (own, Some(Err(fault))) => own.and_then(Result::err).or(Some(fault)).map(Err),
            (own, _) => own,
        },
    };
    match amount {
        None => Value::Missing,
        Some(Err(fault)) => Value::Bad(fault),
        Some(Ok(amount)) => with_currency(amount, action, class),
    }
}

/// The params with the amount that the class names in its plainest spelling, where it is spelled in
/// another way: `10` where they say `"10.00"`.
///
/// Only text has more than one spelling. A number has one, and is the plainest.
pub(crate) fn respelled(params: &Object, class: Option<&ActionClass>) -> Option<Object> {
    let pointer = class?.value.as_ref()?;
    let spelled = params.pointer(pointer)?;
    let plain = plainest(spelled.as_str()?.parse().ok()?);
    if plain == *spelled {
        return None;
    }
    let mut params = Json::Object(params.clone());
    params.replace(pointer, plain);
    match params {
        Json::Object(params) => Some(params),
        _ => None,
    }
}

/// An amount as a number, or as text where a double does not hold it.
fn plainest(amount: Amount) -> Json {
    let text = amount.to_string();
    text.parse().map_or(Json::String(text), Json::Number)
}

fn amount(json: &Json) -> Result<Amount, ValueFault> {
    let amount = Amount::from_json(json).map_err(|error| match error {
        AmountError::TooManyIntegerDigits { .. } | AmountError::TooManyFractionDigits { .. } => {
            ValueFault::OutOfRange
        }
        _ => ValueFault::NotANumber,
    })?;
    if amount.is_negative() { Err(ValueFault::Negative) } else { Ok(amount) }
}

fn with_currency(amount: Amount, action: &Action, class: Option<&ActionClass>) -> Value {
    let pointer = class.and_then(|class| class.currency.as_ref());
    let currency = match pointer.and_then(|pointer| action.params.pointer(pointer)) {
        None => None,
        Some(json) => match json.as_str().map(str::parse::<Currency>) {
            Some(Ok(currency)) => Some(currency),
            _ => return Value::Bad(ValueFault::BadCurrency),
        },
    };
    let meant = class.map_or(&[][..], |class| &class.currencies);
    match &currency {
        Some(currency) if !meant.is_empty() && !meant.contains(currency) => {
            Value::Bad(ValueFault::OtherCurrency)
        }
        // Caps in certain currencies say nothing about an amount whose currency nobody named.
        None if !meant.is_empty() && pointer.is_some() => Value::Missing,
        _ => Value::Is(Money { amount, currency }),
    }
}
