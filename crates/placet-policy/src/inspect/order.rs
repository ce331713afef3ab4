//! Orders in params other than switches: a name that is a verb and has something to act on, a word
//! among the options, a mode in which a file is opened to be written.

use super::effect::Effect;
use super::lexicon::{Lean, Role, may_be_verb};
use super::name::{roles, verb_within};

/// Verbs that, as a param's name, say what is looked for or how, more often than what to do.
const DESCRIBING: &[&str] = &[
    "accept",
    "allow",
    "begin",
    "check in",
    "check off",
    "check out",
    "checkin",
    "choose",
    "compress",
    "connect",
    "crop",
    "dim",
    "enter",
    "expire",
    "extract",
    "feed",
    "fill",
    "finish",
    "fit",
    "follow",
    "generate",
    "handle",
    "hover",
    "join",
    "login",
    "logon",
    "mount",
    "pick",
    "populate",
    "press",
    "ring",
    "seed",
    "signin",
    "stake",
    "swap",
    "tap",
    "train",
    "transform",
    "trust",
    "tune",
    "verify",
    "wire",
];

/// Words that are verbs and nouns, and as the whole name of a param order a change.
const CHANGING: &[&str] = &[
    "archive",
    "drop",
    "merge",
    "patch",
    "publish",
    "push",
    "reset",
    "restore",
    "share",
    "unpublish",
    "update",
    "upgrade",
];

/// Nouns behind a verb that make it the name of a moment, a bound or a cause.
const MEASURES: &[&str] = &[
    "count",
    "date",
    "day",
    "duration",
    "interval",
    "limit",
    "month",
    "reason",
    "time",
    "timeout",
    "timestamp",
    "timezone",
    "ttl",
    "year",
];

/// Ways to open a file in which it may be changed.
const OPENED_TO_WRITE: &[&str] = &[
    "a", "a+", "a+b", "ab", "ab+", "at", "r+", "r+b", "rb+", "rw", "rw+", "w", "w+", "w+b", "wb",
    "wb+", "wo", "wt", "x", "x+", "xb",
];

/// Names of params that say whether anything happens at all.
const REHEARSALS: &[&str] = &[
    "check_mode",
    "dry_run",
    "dryrun",
    "no_op",
    "noop",
    "read_only",
    "readonly",
    "simulate",
    "simulation",
    "what_if",
    "whatif",
];

/// What a param of that name orders once it has something to act on (`delete: "5"`,
/// `ids_to_remove: [1]`, `forward_to: "…"`). A header of an extension (`X-…`) is
/// none of the tool's params.
pub(super) fn ordered_by_name(key: &str) -> Option<(Effect, String)> {
    if may_order(key) { ordered(key) } else { None }
}

fn ordered(key: &str) -> Option<(Effect, String)> {
    let words = roles(key);
    let is = |list: &[&str], word: &str| list.contains(&word);
    if key.starts_with("x_") || words.iter().any(|(word, _)| is(MEASURES, word)) {
        return None;
    }
    let is_alone = words.len() == 1;
    let goes_to =
        matches!(words.as_slice(), [(first, _), (last, _)] if last == "to" && first != "close");
    words.into_iter().find_map(|(word, role)| {
        let Role::Act(effect, lean) = role else { return None };
        let acts = match lean {
            Lean::Verb => !is(DESCRIBING, &word),
            Lean::Either | Lean::Noun => goes_to || is_alone && is(CHANGING, &word),
        };
        acts.then_some((effect, word))
    })
}

/// A first look, without copying: most params have plain names and no verb in them.
fn may_order(key: &str) -> bool {
    let is_plain = key.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'));
    !is_plain || key.ends_with("_to") || CHANGING.contains(&key) || key.split('_').any(may_be_verb)
}

/// What a text among the options orders (`options: "delete"`, `flags: "force,purge"`).
pub(super) fn ordered_by_option(text: &str) -> Option<(Effect, String)> {
    text.split(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | '-')).find_map(verb_within)
}

/// Whether `text` is a mode in which a file may be changed.
pub(super) fn opens_to_write(text: &str) -> bool {
    let text = text.trim();
    OPENED_TO_WRITE.iter().any(|mode| mode.eq_ignore_ascii_case(text))
}

/// Whether a param of that name, when it is off, says that this is no rehearsal.
pub(super) fn is_rehearsal(key: &str) -> bool {
    REHEARSALS.contains(&key)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::lexicon_words::{PAIRS, WORDS};
    use super::{may_order, ordered_by_name};

    #[test]
    fn the_first_look_overlooks_no_verb() {
        let pairs = PAIRS.iter().flat_map(|(first, seconds, _)| {
            seconds.split(' ').map(move |second| format!("{first}_{second}"))
        });
        let words = WORDS.iter().flat_map(|(_, words)| words.split_whitespace());
        for key in words.map(str::to_owned).chain(pairs) {
            assert!(may_order(&key) || super::ordered(&key).is_none(), "{key}");
        }
    }

    proptest! {
        #[test]
        fn no_name_orders_that_was_not_looked_at(key in "[a-z_]{0,12}") {
            prop_assert!(may_order(&key) || super::ordered(&key).is_none());
            prop_assert!(ordered_by_name(&key) == super::ordered(&key));
        }
    }
}
