//! Which param carries an amount, and in which currency.

use std::collections::BTreeSet;

use placet_core::amount::{Amount, Currency};
use placet_core::json::{Object, Pointer};

/// Last words of the names of params that hold an amount.
const AMOUNTS: [&str; 5] = ["amount", "total", "price", "fee", "sum"];

/// What is known about the money in a tool's params.
#[derive(Debug, Default)]
pub(super) struct Money {
    /// The param with the amount.
    pub(super) value: Option<Pointer>,
    /// The param with its currency.
    pub(super) currency: Option<Pointer>,
    /// The currencies that were seen.
    pub(super) currencies: BTreeSet<String>,
    /// The largest amount that was seen.
    pub(super) largest: Option<Amount>,
}

impl Money {
    /// Takes in the names of params.
    pub(super) fn declared(&mut self, params: &Object) {
        for (name, _) in params.iter() {
            self.name(name);
        }
    }

    /// Takes in a call. A param with an amount's name that holds something else is none.
    pub(super) fn called(&mut self, params: &Object) {
        for (name, value) in params.iter() {
            if is_amount(name)
                && let Ok(amount) = Amount::from_json(value)
            {
                self.name(name);
                self.largest = self.largest.max(Some(amount));
            }
            if is_currency(name)
                && let Some(Ok(code)) = value.as_str().map(str::parse::<Currency>)
            {
                self.name(name);
                self.currencies.insert(code.to_string());
            }
        }
    }

    fn name(&mut self, name: &str) {
        let mut pointer = Pointer::root();
        pointer.push(name);
        if is_amount(name) {
            self.value.get_or_insert(pointer);
        } else if is_currency(name) {
            self.currency.get_or_insert(pointer);
        }
    }
}

fn is_amount(name: &str) -> bool {
    AMOUNTS.contains(&last_word(name).as_str())
}

fn is_currency(name: &str) -> bool {
    last_word(name) == "currency"
}

/// The last word of a name in whatever case: `refundAmount`, `refund_amount`, `refund-amount`.
fn last_word(name: &str) -> String {
    let start = name.rfind(|c: char| c.is_ascii_uppercase() || !c.is_ascii_alphanumeric());
    let word = start.and_then(|start| name.get(start..)).unwrap_or(name);
    word.trim_start_matches(|c: char| !c.is_ascii_alphanumeric()).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_word_counts() {
        for name in
            ["amount", "refund_amount", "refundAmount", "refund-amount", "Amount", "grand.total"]
        {
            assert!(is_amount(name), "{name}");
        }
        for name in ["amounts", "amount_of_rain", "total_items", "priced"] {
            assert!(!is_amount(name), "{name}");
        }
    }
}
