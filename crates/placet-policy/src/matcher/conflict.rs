//! Names and patterns between which nothing decides.

use std::collections::BTreeMap;
use std::ops::Bound;

use super::glob::Pattern;

/// Two entries of equal rank that the same tool can match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The place of one among the entries.
    pub first: usize,
    /// The place of the other, which comes later.
    pub second: usize,
    /// A tool that both match.
    pub tool: String,
}

impl Conflict {
    fn new(one: usize, other: usize, tool: String) -> Self {
        Self { first: one.min(other), second: one.max(other), tool }
    }
}

/// The conflicts among these names and patterns, each entry against one other at most.
pub(super) fn find(names: &[&str]) -> Vec<Conflict> {
    let mut conflicts = Vec::new();
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let mut patterns = Vec::new();
    for (place, name) in names.iter().enumerate() {
        if let Some(pattern) = Pattern::parse(name) {
            patterns.push((place, pattern));
        } else if let Some(first) = seen.get(name) {
            conflicts.push(Conflict::new(*first, place, (*name).to_owned()));
        } else {
            seen.insert(name, place);
        }
    }
    conflicts.extend(overlaps(&mut patterns));
    conflicts.sort_by_key(|conflict| (conflict.second, conflict.first));
    conflicts
}

/// What stands after the last `*`, backwards, so that suffixes compare like prefixes.
type BySuffix = BTreeMap<String, usize>;

/// Patterns of equal rank overlap when their ends agree as far as both reach. With the short
/// prefixes first, each pattern has only to be looked up under the beginnings of its own.
fn overlaps(patterns: &mut [(usize, Pattern)]) -> Vec<Conflict> {
    patterns.sort_by_key(|(place, pattern)| (pattern.ends().0.len(), *place));
    let mut seen: BTreeMap<(usize, &str), BySuffix> = BTreeMap::new();
    let mut conflicts = Vec::new();
    for (index, (place, pattern)) in patterns.iter().enumerate() {
        let (prefix, suffix) = pattern.ends();
        let backwards: String = suffix.chars().rev().collect();
        let other = beginnings(prefix)
            .filter_map(|beginning| seen.get(&(pattern.rank(), beginning)))
            .find_map(|by_suffix| compatible(by_suffix, &backwards))
            .and_then(|other| patterns.get(other));
        let conflict = other.and_then(|(other_place, other)| {
            Some(Conflict::new(*place, *other_place, other.overlap(pattern)?))
        });
        if let Some(conflict) = conflict {
            conflicts.push(conflict);
        } else {
            seen.entry((pattern.rank(), prefix)).or_default().insert(backwards, index);
        }
    }
    conflicts
}

/// A pattern whose suffix extends this one, or is extended by it.
fn compatible(by_suffix: &BySuffix, backwards: &str) -> Option<usize> {
    let next = by_suffix.range::<str, _>((Bound::Included(backwards), Bound::Unbounded)).next();
    let longer = next.filter(|(suffix, _)| suffix.starts_with(backwards)).map(|(_, index)| index);
    longer.or_else(|| beginnings(backwards).find_map(|beginning| by_suffix.get(beginning))).copied()
}

/// Every beginning of a text, from nothing to the whole.
fn beginnings(text: &str) -> impl Iterator<Item = &str> {
    let ends = text.char_indices().map(|(at, _)| at).chain([text.len()]);
    ends.filter_map(|end| text.get(..end))
}
