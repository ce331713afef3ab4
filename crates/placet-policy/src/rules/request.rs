//! What rules are asked about, and its typed form.

use placet_core::amount::Amount;
use placet_core::assessment::Money;
use placet_core::json::{Json, Object};
use placet_core::{ClassName, RiskTier};

use super::index::Class;
use super::program::{Entity, EntityKind, Scalar, Set, Value};
use super::schema::group;
use crate::params::{ParamKind, ParamType};

/// Digits after the point that a Cedar decimal has.
const DECIMAL_DIGITS: u32 = 4;

/// One call, as rules see it.
#[derive(Clone, Copy, Debug)]
pub struct RuleRequest<'a> {
    /// On whose behalf.
    pub tenant: &'a str,
    /// The software that asks.
    pub agent: Option<&'a str>,
    /// The conversation or task.
    pub session: Option<&'a str>,
    /// The person for whom the agent acts.
    pub user: Option<&'a str>,
    /// The version of the software.
    pub build: Option<&'a str>,
    /// The tool, by its whole name.
    pub tool: &'a str,
    /// The class that the tool falls into, if the policy knows it.
    pub class: Option<&'a ClassName>,
    /// How much harm the call can do, as far as that is known.
    pub risk: Option<RiskTier>,
    /// What the action is worth, where it has a value that can be counted.
    pub value: Option<&'a Money>,
    /// What inspection says the call does.
    pub effects: &'a [&'a str],
    /// The arguments of the call.
    pub params: &'a Object,
}

/// A field of the context besides `params`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Tool,
    Tenant,
    Agent,
    Session,
    User,
    Build,
    Value,
    Currency,
    Risk,
    Effects,
}

impl Field {
    pub(super) const ALL: [Self; 10] = [
        Self::Tool,
        Self::Tenant,
        Self::Agent,
        Self::Session,
        Self::User,
        Self::Build,
        Self::Value,
        Self::Currency,
        Self::Risk,
        Self::Effects,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Tool => "tool",
            Self::Tenant => "tenant",
            Self::Agent => "agent",
            Self::Session => "session",
            Self::User => "user",
            Self::Build => "build",
            Self::Value => "value",
            Self::Currency => "currency",
            Self::Risk => "risk",
            Self::Effects => "effects",
        }
    }

    pub(super) fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.name() == name)
    }
}

/// What became of something that a rule may look at.
#[derive(Clone, Copy)]
pub(super) enum Slot<'a> {
    Absent,
    Is(Value<'a>),
    /// Not of the declared type, or missing though required.
    Fault,
    /// A decimal that Cedar cannot hold.
    Beyond,
}

impl<'a> Slot<'a> {
    fn value(self) -> Option<Value<'a>> {
        match self {
            Self::Is(value) => Some(value),
            Self::Absent | Self::Fault | Self::Beyond => None,
        }
    }

    fn is_usable(self) -> bool {
        matches!(self, Self::Is(_) | Self::Absent)
    }
}

/// A call with its params in the types that its class declares.
pub(super) struct Facts<'a> {
    pub(super) request: &'a RuleRequest<'a>,
    pub(super) class: &'a Class,
    value: Slot<'a>,
    /// In the order of the class's declarations.
    params: Vec<Slot<'a>>,
    /// Whether everything that a rule may look at can be looked at.
    pub(super) usable: bool,
}

impl<'a> Facts<'a> {
    pub(super) fn new(request: &'a RuleRequest<'a>, class: &'a Class) -> Self {
        let value = request.value.map_or(Slot::Absent, |money| decimal(money.amount));
        let slot = |(name, kind): &(Box<str>, ParamType)| convert(request.params.get(name), *kind);
        let params: Vec<_> = class.params.iter().map(slot).collect();
        let usable = value.is_usable() && params.iter().all(|slot| slot.is_usable());
        Self { request, class, value, params, usable }
    }

    /// Whether a declared param has another type than declared, or is missing though required.
    pub(super) fn has_fault(&self) -> bool {
        !self.usable && self.params.iter().any(|slot| matches!(slot, Slot::Fault))
    }

    /// Whether a rule can look at the value.
    pub(super) fn can_use_value(&self) -> bool {
        self.value.is_usable()
    }

    /// Whether a rule can look at every param.
    pub(super) fn can_use_params(&self) -> bool {
        self.params.iter().all(|slot| slot.is_usable())
    }

    /// Whether a rule can look at a param. One that is not declared is not there for any rule.
    pub(super) fn can_use(&self, param: &str) -> bool {
        self.slot(param).is_none_or(Slot::is_usable)
    }

    pub(super) fn field(&self, field: Field) -> Option<Value<'a>> {
        let request = self.request;
        let text = |text| Value::Scalar(Scalar::Text(text));
        match field {
            Field::Tool => Some(text(request.tool)),
            Field::Tenant => Some(text(request.tenant)),
            Field::Agent => request.agent.map(text),
            Field::Session => request.session.map(text),
            Field::User => request.user.map(text),
            Field::Build => request.build.map(text),
            Field::Value => self.value.value(),
            Field::Currency => {
                request.value.and_then(|money| money.currency.as_ref()).map(|it| text(it.as_str()))
            }
            Field::Risk => Some(text(request.risk.map_or("unknown", RiskTier::as_str))),
            Field::Effects => Some(Value::Set(Set::Texts(request.effects))),
        }
    }

    pub(super) fn param(&self, name: &str) -> Option<Value<'a>> {
        self.slot(name)?.value()
    }

    pub(super) fn declared(&self) -> impl Iterator<Item = (&'a str, Slot<'a>)> {
        self.class.params.iter().map(|(name, _)| name.as_ref()).zip(self.params.iter().copied())
    }

    pub(super) fn principal(&self) -> Entity<'a> {
        // No agent has an empty name, so this one is nobody else.
        Entity { kind: EntityKind::Agent, id: self.request.agent.unwrap_or_default() }
    }

    pub(super) fn resource(&self) -> Entity<'a> {
        Entity { kind: EntityKind::Tool, id: self.request.tool }
    }

    pub(super) fn action(&self) -> Entity<'a> {
        Entity { kind: EntityKind::Action, id: &self.class.action }
    }

    /// The one entity that `of` is in, besides itself.
    pub(super) fn parent(&self, of: Entity<'a>) -> Option<Entity<'a>> {
        if of == self.principal() {
            Some(Entity { kind: EntityKind::Tenant, id: self.request.tenant })
        } else if of == self.action() {
            self.class.risk.map(|risk| Entity { kind: EntityKind::Action, id: group(risk) })
        } else {
            None
        }
    }

    fn slot(&self, param: &str) -> Option<Slot<'a>> {
        let place =
            self.class.params.binary_search_by(|(name, _)| name.as_ref().cmp(param)).ok()?;
        self.params.get(place).copied()
    }
}

fn convert(json: Option<&Json>, declared: ParamType) -> Slot<'_> {
    let Some(json) = json else {
        return if declared.optional { Slot::Absent } else { Slot::Fault };
    };
    let scalar = match (declared.kind, json) {
        (ParamKind::String, Json::String(text)) => Some(Scalar::Text(text)),
        (ParamKind::Boolean, Json::Bool(flag)) => Some(Scalar::Bool(*flag)),
        (ParamKind::Long, Json::Number(number)) => number.as_i64().map(Scalar::Long),
        (ParamKind::Decimal, _) => return Amount::from_json(json).map_or(Slot::Fault, decimal),
        (ParamKind::Strings, Json::Array(items)) => {
            let all = items.iter().all(|item| matches!(item, Json::String(_)));
            return if all { Slot::Is(Value::Set(Set::Json(items))) } else { Slot::Fault };
        }
        _ => None,
    };
    scalar.map_or(Slot::Fault, |scalar| Slot::Is(Value::Scalar(scalar)))
}

fn decimal<'a>(amount: Amount) -> Slot<'a> {
    let units = amount.at_scale(DECIMAL_DIGITS).and_then(|units| i64::try_from(units).ok());
    units.map_or(Slot::Beyond, |units| Slot::Is(Value::Scalar(Scalar::Decimal(units))))
}
