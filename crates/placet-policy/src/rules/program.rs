//! The condition of a rule, compiled: what Cedar would answer, in nanoseconds.
//!
//! Cedar's evaluator clones values and knows the whole language; most rules are a comparison or
//! two on typed facts. Those are compiled into a [`Node`], which borrows everything it looks at.
//! It keeps Cedar's order of evaluation, its short circuits and its errors, so that a rule means
//! the same on either path; a test runs both on random rules and calls.

use placet_core::Json;

use super::pattern::Pattern;
use super::request::{Facts, Field};

/// Why a rule could not be evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    Overflow,
    Missing,
    Type,
    Unusable,
    Other,
}

impl Failure {
    /// In words that quote nothing of the call, because they go into the public leaf.
    pub(super) fn reason(self) -> &'static str {
        match self {
            Self::Overflow => "a number in it is too large",
            Self::Missing => "something that it looks at is missing",
            Self::Type => "something that it looks at has another type than declared",
            Self::Unusable => {
                "something that it looks at is missing, has another type than declared, or has \
                 more digits than a rule can compare"
            }
            Self::Other => "its condition could not be computed",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum EntityKind {
    Tenant,
    Agent,
    Tool,
    Action,
}

impl EntityKind {
    pub(super) const ALL: [Self; 4] = [Self::Tenant, Self::Agent, Self::Tool, Self::Action];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Tenant => "Tenant",
            Self::Agent => "Agent",
            Self::Tool => "Tool",
            Self::Action => "Action",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entity<'a> {
    pub(super) kind: EntityKind,
    pub(super) id: &'a str,
}

/// A value that is no set. The order only serves to search in sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Scalar<'a> {
    Bool(bool),
    Long(i64),
    /// In ten-thousandths.
    Decimal(i64),
    Text(&'a str),
    Entity(Entity<'a>),
}

#[derive(Clone, Copy)]
pub(super) enum Value<'a> {
    Scalar(Scalar<'a>),
    Set(Set<'a>),
}

#[derive(Clone, Copy)]
pub(super) enum Set<'a> {
    /// Sorted.
    Literals(&'a [Literal]),
    Texts(&'a [&'a str]),
    /// Strings only.
    Json(&'a [Json]),
}

/// A scalar that the rule itself contains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Literal {
    Bool(bool),
    Long(i64),
    Decimal(i64),
    Text(Box<str>),
    Entity(EntityKind, Box<str>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Less,
    LessEq,
    Greater,
    GreaterEq,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arithmetic {
    Add,
    Sub,
    Mul,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Membership {
    Contains,
    All,
    Any,
}

/// A compiled expression.
#[derive(Debug)]
pub(super) enum Node {
    Literal(Literal),
    /// Sorted, without duplicates.
    Set(Box<[Literal]>),
    Principal,
    Action,
    Resource,
    Field(Field),
    HasField(Field),
    Param(Box<str>),
    HasParam(Box<str>),
    Not(Box<Node>),
    Negative(Box<Node>),
    IsEmpty(Box<Node>),
    And(Box<[Node; 2]>),
    Or(Box<[Node; 2]>),
    If(Box<[Node; 3]>),
    /// Whether they are equal, or, if not `wanted`, whether they differ.
    Equal {
        sides: Box<[Node; 2]>,
        wanted: bool,
    },
    Longs(Comparison, Box<[Node; 2]>),
    Decimals(Comparison, Box<[Node; 2]>),
    Arithmetic(Arithmetic, Box<[Node; 2]>),
    Membership(Membership, Box<[Node; 2]>),
    In(Box<[Node; 2]>),
    Is(Box<Node>, EntityKind),
    Like(Box<Node>, Pattern),
}

type Computed<T> = Result<T, Failure>;

impl Node {
    /// Whether the condition holds.
    pub(super) fn holds(&self, facts: &Facts<'_>) -> Computed<bool> {
        match self {
            Self::HasField(field) => Ok(facts.field(*field).is_some()),
            Self::HasParam(name) => Ok(facts.param(name).is_some()),
            Self::Not(inner) => Ok(!inner.holds(facts)?),
            Self::IsEmpty(inner) => Ok(inner.value(facts)?.set()?.len() == 0),
            Self::And(sides) => {
                let [left, right] = sides.as_ref();
                Ok(left.holds(facts)? && right.holds(facts)?)
            }
            Self::Or(sides) => {
                let [left, right] = sides.as_ref();
                Ok(left.holds(facts)? || right.holds(facts)?)
            }
            Self::Equal { sides, wanted } => {
                let [left, right] = both(sides, facts)?;
                Ok(left.equals(right) == *wanted)
            }
            Self::Longs(comparison, sides) => {
                let [left, right] = both(sides, facts)?;
                Ok(comparison.holds(left.long()?, right.long()?))
            }
            Self::Decimals(comparison, sides) => {
                let [left, right] = both(sides, facts)?;
                Ok(comparison.holds(left.decimal()?, right.decimal()?))
            }
            Self::Membership(membership, sides) => {
                let [left, right] = both(sides, facts)?;
                membership.holds(left.set()?, right)
            }
            Self::In(sides) => {
                let [left, right] = both(sides, facts)?;
                is_in(left.entity()?, right, facts)
            }
            Self::Is(inner, kind) => Ok(inner.value(facts)?.entity()?.kind == *kind),
            Self::Like(inner, pattern) => Ok(pattern.matches(inner.value(facts)?.text()?)),
            _ => self.value(facts)?.boolean(),
        }
    }

    fn value<'a>(&'a self, facts: &Facts<'a>) -> Computed<Value<'a>> {
        let entity = |entity| Ok(Value::Scalar(Scalar::Entity(entity)));
        match self {
            Self::Literal(literal) => Ok(Value::Scalar(literal.scalar())),
            Self::Set(items) => Ok(Value::Set(Set::Literals(items))),
            Self::Principal => entity(facts.principal()),
            Self::Action => entity(facts.action()),
            Self::Resource => entity(facts.resource()),
            Self::Field(field) => facts.field(*field).ok_or(Failure::Missing),
            Self::Param(name) => facts.param(name).ok_or(Failure::Missing),
            Self::Negative(inner) => long(inner.value(facts)?.long()?.checked_neg()),
            Self::Arithmetic(arithmetic, sides) => {
                let [left, right] = both(sides, facts)?;
                long(arithmetic.apply(left.long()?, right.long()?))
            }
            Self::If(parts) => {
                let [condition, then, otherwise] = parts.as_ref();
                if condition.holds(facts)? { then.value(facts) } else { otherwise.value(facts) }
            }
            _ => Ok(Value::Scalar(Scalar::Bool(self.holds(facts)?))),
        }
    }
}

fn both<'a>(sides: &'a [Node; 2], facts: &Facts<'a>) -> Computed<[Value<'a>; 2]> {
    let [left, right] = sides;
    Ok([left.value(facts)?, right.value(facts)?])
}

fn long<'a>(number: Option<i64>) -> Computed<Value<'a>> {
    number.map(|number| Value::Scalar(Scalar::Long(number))).ok_or(Failure::Overflow)
}

fn is_in<'a>(entity: Entity<'a>, of: Value<'a>, facts: &Facts<'a>) -> Computed<bool> {
    let parent = facts.parent(entity);
    let is = |other: Entity<'a>| other == entity || Some(other) == parent;
    match of {
        Value::Scalar(Scalar::Entity(other)) => Ok(is(other)),
        Value::Scalar(_) => Err(Failure::Type),
        Value::Set(set) => {
            let all: Vec<_> =
                set.iter().map(|item| Value::Scalar(item).entity()).collect::<Result<_, _>>()?;
            Ok(all.into_iter().any(is))
        }
    }
}

impl Comparison {
    fn holds(self, left: i64, right: i64) -> bool {
        match self {
            Self::Less => left < right,
            Self::LessEq => left <= right,
            Self::Greater => left > right,
            Self::GreaterEq => left >= right,
        }
    }
}

impl Arithmetic {
    fn apply(self, left: i64, right: i64) -> Option<i64> {
        match self {
            Self::Add => left.checked_add(right),
            Self::Sub => left.checked_sub(right),
            Self::Mul => left.checked_mul(right),
        }
    }
}

impl Membership {
    fn holds(self, set: Set<'_>, other: Value<'_>) -> Computed<bool> {
        match (self, other) {
            (Self::Contains, Value::Scalar(item)) => Ok(set.contains(item)),
            // No set of ours has sets in it.
            (Self::Contains, Value::Set(_)) => Ok(false),
            (Self::All, other) => Ok(other.set()?.iter().all(|item| set.contains(item))),
            (Self::Any, other) => Ok(other.set()?.iter().any(|item| set.contains(item))),
        }
    }
}

impl<'a> Value<'a> {
    fn scalar(self) -> Option<Scalar<'a>> {
        match self {
            Self::Scalar(scalar) => Some(scalar),
            Self::Set(_) => None,
        }
    }

    fn boolean(self) -> Computed<bool> {
        match self {
            Self::Scalar(Scalar::Bool(flag)) => Ok(flag),
            _ => Err(Failure::Type),
        }
    }

    fn long(self) -> Computed<i64> {
        match self {
            Self::Scalar(Scalar::Long(number)) => Ok(number),
            _ => Err(Failure::Type),
        }
    }

    fn decimal(self) -> Computed<i64> {
        match self {
            Self::Scalar(Scalar::Decimal(units)) => Ok(units),
            _ => Err(Failure::Type),
        }
    }

    fn text(self) -> Computed<&'a str> {
        match self {
            Self::Scalar(Scalar::Text(text)) => Ok(text),
            _ => Err(Failure::Type),
        }
    }

    fn entity(self) -> Computed<Entity<'a>> {
        match self {
            Self::Scalar(Scalar::Entity(entity)) => Ok(entity),
            _ => Err(Failure::Type),
        }
    }

    fn set(self) -> Computed<Set<'a>> {
        match self {
            Self::Set(set) => Ok(set),
            Self::Scalar(_) => Err(Failure::Type),
        }
    }

    fn equals(self, other: Self) -> bool {
        match (self, other) {
            (Self::Set(left), Self::Set(right)) => {
                left.iter().all(|item| right.contains(item))
                    && right.iter().all(|item| left.contains(item))
            }
            (left, right) => left.scalar().is_some() && left.scalar() == right.scalar(),
        }
    }
}

impl<'a> Set<'a> {
    fn len(self) -> usize {
        match self {
            Self::Literals(items) => items.len(),
            Self::Texts(items) => items.len(),
            Self::Json(items) => items.len(),
        }
    }

    pub(super) fn iter(self) -> impl Iterator<Item = Scalar<'a>> {
        (0..self.len()).filter_map(move |place| match self {
            Self::Literals(items) => items.get(place).map(Literal::scalar),
            Self::Texts(items) => items.get(place).copied().map(Scalar::Text),
            Self::Json(items) => items.get(place).and_then(Json::as_str).map(Scalar::Text),
        })
    }

    fn contains(self, item: Scalar<'_>) -> bool {
        match self {
            Self::Literals(items) => {
                items.binary_search_by(|literal| literal.scalar().cmp(&item)).is_ok()
            }
            Self::Texts(_) | Self::Json(_) => self.iter().any(|other| other == item),
        }
    }
}

impl Literal {
    pub(super) fn scalar(&self) -> Scalar<'_> {
        match self {
            Self::Bool(flag) => Scalar::Bool(*flag),
            Self::Long(number) => Scalar::Long(*number),
            Self::Decimal(units) => Scalar::Decimal(*units),
            Self::Text(text) => Scalar::Text(text),
            Self::Entity(kind, id) => Scalar::Entity(Entity { kind: *kind, id }),
        }
    }
}
