//! From a tool's whole name to the class it falls into.
//!
//! A name that the policy spells out, as a key or as an alias, wins over every pattern. Among the
//! patterns that match, the one with the most literal characters wins: `github.delete_*` before
//! `github.*` before `*`. Two patterns with equally many literal characters that some tool could
//! match at once are refused when the matcher is made, so the answer never depends on any order.
//!
//! Neither search slows down with the number of classes: names are hashed, and patterns are hashed
//! by what stands before their first and after their last `*`.

mod conflict;
mod glob;

use std::collections::{BTreeMap, hash_map};
use std::hash::{BuildHasherDefault, DefaultHasher};
use std::sync::Arc;

use placet_core::ActionClass;

use crate::inspect::Tool;

pub use conflict::Conflict;
use glob::Pattern;
pub use glob::is_pattern;

/// A hash map without randomness. Its keys come from the policy, never from an agent, so nobody can
/// fill it with colliding ones.
#[expect(clippy::disallowed_types, reason = "it is only looked up, so its order is never seen")]
type Map<V> = hash_map::HashMap<Box<str>, V, BuildHasherDefault<DefaultHasher>>;

/// A tool that the policy spells out.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) class: Arc<ActionClass>,
    /// Its name, which need not be read again for every call.
    pub(crate) tool: Tool,
}

/// Finds the class of a tool.
#[derive(Clone, Debug, Default)]
pub struct Matcher {
    names: Map<Known>,
    /// INVARIANT: the highest rank first.
    shapes: Vec<Shape>,
}

/// The patterns whose ends are equally long.
#[derive(Clone, Debug)]
struct Shape {
    prefix_bytes: usize,
    suffix_bytes: usize,
    /// The rank of the most specific among them.
    rank: usize,
    /// By what stands before the first `*`, then by what stands after the last.
    by_ends: Map<Map<Vec<Target>>>,
}

#[derive(Clone, Debug)]
struct Target {
    pattern: Pattern,
    class: Arc<ActionClass>,
}

impl Matcher {
    /// A matcher for these names and patterns, each with the class that it leads to.
    ///
    /// # Errors
    /// When a name is there twice, or when two patterns of equal rank can match the same tool. Each
    /// name is reported at most once.
    pub fn new(entries: &[(String, Arc<ActionClass>)]) -> Result<Self, Vec<Conflict>> {
        let names: Vec<&str> = entries.iter().map(|(name, _)| name.as_str()).collect();
        let conflicts = conflict::find(&names);
        if !conflicts.is_empty() {
            return Err(conflicts);
        }
        let mut matcher = Self::default();
        let mut shapes = Shapes::new();
        for (name, class) in entries {
            match Pattern::parse(name) {
                None => {
                    let known = Known { class: class.clone(), tool: Tool::read(name) };
                    matcher.names.insert(name.as_str().into(), known);
                }
                Some(pattern) => add(&mut shapes, Target { pattern, class: class.clone() }),
            }
        }
        matcher.shapes = shapes.into_values().collect();
        matcher.shapes.iter_mut().for_each(Shape::sort);
        matcher.shapes.sort_by_key(|shape| std::cmp::Reverse(shape.rank));
        Ok(matcher)
    }

    /// The class of a tool, if the policy knows it.
    #[must_use]
    pub fn class_of(&self, tool: &str) -> Option<&Arc<ActionClass>> {
        self.known(tool).map(|known| &known.class).or_else(|| self.by_pattern(tool))
    }

    /// A tool that the policy spells out.
    pub(crate) fn known(&self, tool: &str) -> Option<&Known> {
        self.names.get(tool)
    }

    /// The class of a tool that the policy does not spell out.
    pub(crate) fn by_pattern(&self, tool: &str) -> Option<&Arc<ActionClass>> {
        self.best_pattern(tool).map(|target| &target.class)
    }

    fn best_pattern(&self, tool: &str) -> Option<&Target> {
        let mut best: Option<&Target> = None;
        for shape in &self.shapes {
            let rank = best.map_or(0, |target| target.pattern.rank());
            if best.is_some() && rank >= shape.rank {
                break;
            }
            best = shape
                .find(tool)
                .filter(|found| best.is_none() || found.pattern.rank() > rank)
                .or(best);
        }
        best
    }
}

type Shapes = BTreeMap<(usize, usize), Shape>;

fn add(shapes: &mut Shapes, target: Target) {
    let (prefix, suffix) = target.pattern.ends();
    let shape = shapes.entry((prefix.len(), suffix.len())).or_insert_with(|| Shape {
        prefix_bytes: prefix.len(),
        suffix_bytes: suffix.len(),
        rank: 0,
        by_ends: Map::default(),
    });
    shape.rank = shape.rank.max(target.pattern.rank());
    let by_suffix = shape.by_ends.entry(prefix.into()).or_default();
    by_suffix.entry(suffix.into()).or_default().push(target);
}

impl Shape {
    /// Puts the most specific first where the ends are the same.
    fn sort(&mut self) {
        for targets in self.by_ends.values_mut().flat_map(Map::values_mut) {
            targets.sort_by_key(|target| std::cmp::Reverse(target.pattern.rank()));
        }
    }

    fn find(&self, tool: &str) -> Option<&Target> {
        let middle = tool.len().checked_sub(self.suffix_bytes)?;
        if middle < self.prefix_bytes {
            return None;
        }
        // An end that would cut a character in two is no end of this name.
        let by_suffix = self.by_ends.get(tool.get(..self.prefix_bytes)?)?;
        let targets = by_suffix.get(tool.get(middle..)?)?;
        targets.iter().find(|target| target.pattern.matches(tool))
    }
}
