//! Switches: params that are on or off, and what one orders that is on.

use super::effect::Effect;
use super::lexicon::{Lean, Role};
use super::name::roles;

/// How a switch is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum On {
    /// By a word (`true`, `yes`).
    Said,
    /// By the number one, which may also be a count or a place (`page: 1`).
    Counted,
}

/// Before a noun these make a filter of it (`include_refund`). An acting verb stays one.
const QUALIFIERS: &[&str] =
    &["include", "exclude", "with", "without", "only", "is", "has", "show", "no", "return"];

/// Verbs of which a switch changes only how the answer looks.
const SHAPING: &[&str] =
    &["sort", "format", "select", "stream", "convert", "take", "turn", "scale"];

/// Words that are numbered.
const NUMBERED: &[&str] = &[
    "start", "stop", "skip", "run", "build", "exit", "release", "patch", "order", "bid", "tip",
    "gift",
];

/// What a switch of that name orders when it is on, with the verb.
pub(super) fn switched_effect(key: &str, on: On) -> Option<(Effect, String)> {
    let words = roles(key);
    let is_qualified = words.first().is_some_and(|(word, _)| QUALIFIERS.contains(&word.as_str()));
    words.iter().enumerate().find_map(|(at, (word, role))| {
        let Role::Act(effect, lean) = *role else { return None };
        let acts = match lean {
            Lean::Verb => true,
            _ if is_qualified || on == On::Counted && NUMBERED.contains(&word.as_str()) => false,
            Lean::Either => !SHAPING.contains(&word.as_str()),
            Lean::Noun if on == On::Counted => effect == Effect::Spends,
            Lean::Noun => stands_as_verb(at, &words),
        };
        acts.then(|| (effect, word.clone()))
    })
}

/// Whether a noun that may be a verb is the whole name, its end (`issue_refund`), or governs
/// another noun (`email_customer`).
fn stands_as_verb(at: usize, words: &[(String, Role)]) -> bool {
    let next = words.get(at + 1).map(|(_, role)| *role);
    next.is_none() || (at == 0 && next == Some(Role::Noun))
}
