//! Params whose names are orders, and switches.

use placet_core::json::Json;

use super::Walk;
use crate::inspect::effect::{Effect, Source, Weight};
use crate::inspect::order::{is_rehearsal, ordered_by_name};
use crate::inspect::switch::{On, switched_effect};

impl Walk<'_> {
    /// A switch whose name has a verb orders it (`delete_after: true`, `hard_delete: 1`).
    pub(super) fn switch(&mut self, key: &str, on: On) {
        if let Some((effect, verb)) = switched_effect(key, on) {
            let reason = format!("the switch {verb:?} is on");
            self.found(Source::ParamName, effect, reason, Weight::Proof);
        }
    }

    /// A rehearsal that is off is the act itself.
    pub(super) fn switched_off(&mut self, key: &str) {
        if is_rehearsal(key) {
            let reason = "it says that this is no rehearsal".to_owned();
            self.found(Source::ParamName, Effect::Writes, reason, Weight::Proof);
        }
    }

    /// A name that is a verb, with something to act on.
    pub(super) fn ordered(&mut self, key: &str, value: &Json) {
        if gives_something(value)
            && let Some((effect, verb)) = ordered_by_name(key)
        {
            let reason = format!("the parameter {verb:?} has something to act on");
            self.found(Source::ParamName, effect, reason, Weight::Claim);
        }
    }
}

/// Whether a value is there for a verb to act on. Switches and numbers that are switches are judged
/// as such.
pub(super) fn gives_something(value: &Json) -> bool {
    const OFF: [&str; 10] = ["", "0", "false", "no", "off", "n", "f", "none", "null", "never"];
    match value {
        Json::Null | Json::Bool(_) => false,
        Json::Number(number) => number.as_f64() != 0.0,
        Json::String(text) => !OFF.iter().any(|off| off.eq_ignore_ascii_case(text.trim())),
        Json::Array(items) => items.iter().any(gives_something),
        Json::Object(object) => !object.is_empty(),
    }
}
