//! The names of the classes and their aliases among each other.

use std::collections::BTreeMap;
use std::sync::Arc;

use placet_core::ActionClass;

use super::actions::Draft;
use super::confusable;
use super::diagnostic::quote;
use super::report::{Report, Span};
use crate::limits::MAX_CLASSES;
use crate::matcher::{Conflict, Matcher, is_pattern};

/// Reports names that say the same or look the same; a matcher, if no tool is left in doubt.
pub(crate) fn check(drafts: &[Draft], report: &mut Report<'_>) -> Option<Matcher> {
    let names: Vec<Name<'_>> = drafts.iter().flat_map(Name::all).collect();
    if let Some(name) = names.get(MAX_CLASSES.saturating_mul(2)) {
        let message = format!("the policy has {} classes and aliases", names.len());
        report.error(name.span, message, format!("write at most {MAX_CLASSES} of each"));
        return None;
    }
    for name in &names {
        if let Some(fault) = confusable::disguise(name.text) {
            report.fault(name.span, fault);
        }
    }
    check_looks(&names, report);
    let entries: Vec<_> =
        names.iter().map(|name| (name.text.to_owned(), name.class.clone())).collect();
    match Matcher::new(&entries) {
        Ok(matcher) => Some(matcher),
        Err(conflicts) => {
            for conflict in conflicts {
                report_conflict(&names, &conflict, report);
            }
            None
        }
    }
}

/// The key of a class or one of its aliases.
struct Name<'d> {
    text: &'d str,
    span: Span,
    class: &'d Arc<ActionClass>,
}

impl<'d> Name<'d> {
    fn all(draft: &'d Draft) -> impl Iterator<Item = Self> {
        let class = &draft.class;
        let key = Self { text: class.name.as_str(), span: draft.span, class };
        let aliases = draft.aliases.iter();
        let aliases =
            aliases.map(move |alias| Self { text: alias.value.as_str(), span: alias.span, class });
        std::iter::once(key).chain(aliases)
    }
}

fn report_conflict(names: &[Name<'_>], conflict: &Conflict, report: &mut Report<'_>) {
    let (Some(first), Some(second)) = (names.get(conflict.first), names.get(conflict.second))
    else {
        return;
    };
    let place = report.place(first.span);
    if is_pattern(second.text) {
        let message = format!(
            "{} and {} on {place} are equally specific, and {} matches both",
            quote(second.text),
            quote(first.text),
            quote(&conflict.tool),
        );
        report.error(second.span, message, "write more of the name in one of them");
    } else {
        let message = format!(
            "{} is already a name of the class {}, on {place}",
            quote(second.text),
            quote(first.class.name.as_str())
        );
        report.error(second.span, message, "remove one of the two");
    }
}

/// Names that a reader could take for each other.
fn check_looks(names: &[Name<'_>], report: &mut Report<'_>) {
    let mut by_look: BTreeMap<String, &Name<'_>> = BTreeMap::new();
    let mut by_letters: BTreeMap<String, &Name<'_>> = BTreeMap::new();
    for name in names {
        let alike = by_look
            .insert(confusable::look(name.text), name)
            .filter(|other| other.text != name.text);
        let same_letters = by_letters
            .insert(name.text.to_lowercase(), name)
            .filter(|other| other.text != name.text);
        if let Some(other) = alike {
            let message = format!(
                "{} looks like {} on {}",
                quote(name.text),
                quote(other.text),
                report.place(other.span)
            );
            report.error(
                name.span,
                message,
                "remove one of the two, or write names that differ to the eye",
            );
        } else if let Some(other) = same_letters {
            let message = format!(
                "{} differs only in capital letters from {} on {}",
                quote(name.text),
                quote(other.text),
                report.place(other.span),
            );
            report.warning(name.span, message, "check that both tools exist");
        }
    }
}
