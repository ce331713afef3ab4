//! Names and patterns between which nothing decides.

use std::collections::BTreeMap;

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

/// Sorted by rank and prefix, everything that a pattern can overlap with lies right behind it: a
/// prefix that extends its own.
fn overlaps(patterns: &mut [(usize, Pattern)]) -> impl Iterator<Item = Conflict> {
    patterns.sort_by(|(_, a), (_, b)| (a.rank(), a.ends().0).cmp(&(b.rank(), b.ends().0)));
    let patterns = &*patterns;
    patterns.iter().enumerate().filter_map(|(index, (place, pattern))| {
        let behind = patterns.iter().skip(index + 1);
        behind
            .take_while(|(_, other)| {
                other.rank() == pattern.rank() && other.ends().0.starts_with(pattern.ends().0)
            })
            .find_map(|(other_place, other)| {
                pattern.overlap(other).map(|tool| Conflict::new(*place, *other_place, tool))
            })
    })
}
