//! Which rules can apply to an action.
//!
//! The scope of a rule names actions, a group or nothing. So a class has the rules that name it,
//! each risk has the rules that name its group or nothing, and no other rule is looked at: what a
//! decision costs does not grow with the number of classes.
#![expect(clippy::disallowed_types, reason = "classes are looked up and never iterated")]

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use cedar_policy::{ActionConstraint, EntityUid};
use placet_core::{ClassName, RiskTier};

use super::ClassSpec;
use super::schema::{Params, TIERS, UNCLASSIFIED, group};
use crate::params::ParamType;

/// The place of a rule in the order of the files.
pub(super) type RuleNumber = usize;

/// Declared params, sorted by name. Classes that declare the same share them, so that deciding for
/// one class finds in the processor's cache what it needed for another.
pub(super) type Shape = Arc<[(Box<str>, ParamType)]>;

/// What rules need to know of a class.
#[derive(Debug)]
pub(super) struct Class {
    pub(super) action: Box<str>,
    pub(super) risk: Option<RiskTier>,
    pub(super) params: Shape,
    /// The rules that name it.
    own: Vec<RuleNumber>,
}

/// Every class, and which rules can apply to it.
#[derive(Debug)]
pub(super) struct Index {
    classes: HashMap<ClassName, Class>,
    unclassified: Class,
    /// The rules that name the group of a risk, in the order of [`TIERS`].
    grouped: [Vec<RuleNumber>; 3],
    /// The rules that name nothing.
    everywhere: Vec<RuleNumber>,
}

impl Index {
    pub(super) fn new(classes: &[ClassSpec]) -> Self {
        let mut shapes: BTreeMap<&Params, Shape> = BTreeMap::new();
        let classes = classes.iter().map(|spec| {
            let shape = shapes.entry(&spec.params).or_insert_with(|| shape(&spec.params));
            (spec.name.clone(), Class::new(spec, Arc::clone(shape)))
        });
        Self {
            classes: classes.collect(),
            unclassified: Class {
                action: UNCLASSIFIED.into(),
                risk: None,
                params: Arc::default(),
                own: Vec::new(),
            },
            grouped: Default::default(),
            everywhere: Vec::new(),
        }
    }

    /// Adds a rule. Rules are added in their order.
    pub(super) fn add(&mut self, rule: RuleNumber, scope: &ActionConstraint) {
        match scope {
            ActionConstraint::Any => self.everywhere.push(rule),
            ActionConstraint::Eq(action) => self.add_to_class(rule, action),
            ActionConstraint::In(actions) => {
                for action in actions {
                    self.add_to_class(rule, action);
                    self.add_to_group(rule, action);
                }
            }
        }
    }

    /// The class of a name.
    pub(super) fn class(&self, name: &str) -> Option<&Class> {
        self.classes.get(name)
    }

    /// What is asked about where the policy knows no class.
    pub(super) fn unclassified(&self) -> &Class {
        &self.unclassified
    }

    /// The rules that can apply to a class, in their order.
    pub(super) fn applicable<'a>(&'a self, class: &'a Class) -> impl Iterator<Item = RuleNumber> {
        let place = TIERS.iter().position(|tier| Some(*tier) == class.risk);
        let grouped = place.and_then(|place| self.grouped.get(place));
        let grouped = grouped.map(Vec::as_slice).unwrap_or_default();
        Merged([&class.own, grouped, &self.everywhere])
    }

    fn add_to_class(&mut self, rule: RuleNumber, action: &EntityUid) {
        let name = action.id().unescaped();
        let class = match self.classes.get_mut(name) {
            Some(class) => class,
            None if name == UNCLASSIFIED => &mut self.unclassified,
            None => return,
        };
        push(&mut class.own, rule);
    }

    fn add_to_group(&mut self, rule: RuleNumber, action: &EntityUid) {
        let named = |(tier, _): &(RiskTier, _)| group(*tier) == action.id().unescaped();
        if let Some((_, rules)) = TIERS.into_iter().zip(&mut self.grouped).find(named) {
            push(rules, rule);
        }
    }
}

/// A rule may name an action twice.
fn push(rules: &mut Vec<RuleNumber>, rule: RuleNumber) {
    if rules.last() != Some(&rule) {
        rules.push(rule);
    }
}

impl Class {
    fn new(spec: &ClassSpec, params: Shape) -> Self {
        let action = spec.name.as_str().into();
        Self { action, risk: Some(spec.risk), params, own: Vec::new() }
    }
}

fn shape(params: &Params) -> Shape {
    params.iter().map(|(name, kind)| (name.as_str().into(), *kind)).collect()
}

/// Ascending lists, merged. A rule that names a class and its group is in two of them.
struct Merged<'a, const N: usize>([&'a [RuleNumber]; N]);

impl<const N: usize> Iterator for Merged<'_, N> {
    type Item = RuleNumber;

    fn next(&mut self) -> Option<RuleNumber> {
        let least = self.0.iter().filter_map(|list| list.first()).min().copied()?;
        for list in &mut self.0 {
            if let Some((first, rest)) = list.split_first()
                && *first == least
            {
                *list = rest;
            }
        }
        Some(least)
    }
}
