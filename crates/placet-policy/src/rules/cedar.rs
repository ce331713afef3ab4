//! A rule that is left to Cedar: asked alone, so that its answer and its error are its own.
//!
//! Cedar passes over a policy that fails; here a failure is a [`Failure`], which becomes a hit.
//! The context is made of typed values, never of JSON: Cedar would read `{"__entity": …}` and
//! `{"__extn": …}` in an agent's params as something else than what they are.
#![expect(clippy::disallowed_types, reason = "Cedar takes the parents of an entity as a HashSet")]

use std::cell::OnceCell;
use std::collections::HashSet;

use cedar_policy::{
    Authorizer, Context, Decision, Entities, Entity as CedarEntity, EntityId, EntityTypeName,
    EntityUid, EvaluationError, Policy, PolicyId, PolicySet, Request, RestrictedExpression,
};

use super::compile::PARAMS;
use super::program::{Entity, EntityKind, Failure, Scalar, Value};
use super::request::{Facts, Field, Slot};

/// A rule that is left to Cedar.
#[derive(Debug)]
pub(super) struct CedarRule {
    policies: PolicySet,
    /// The actions that the rule names, each in its group.
    actions: Entities,
}

/// What Cedar is asked, made when the first rule asks it.
#[derive(Default)]
pub(super) struct Question(OnceCell<Option<(Request, Entities)>>);

impl CedarRule {
    /// A rule, with the actions that it names and their groups. `None` when Cedar refuses to hold
    /// two policies with different ids or an action in a group, which it does not.
    pub(super) fn new(rule: &Policy, named: &[(String, &str)]) -> Option<Self> {
        let pass = Policy::parse(Some(PolicyId::new("pass")), PASS).ok()?;
        let rule = rule.new_id(PolicyId::new("rule"));
        let action = |(name, group): &(String, &str)| {
            let action = |id: &str| uid(Entity { kind: EntityKind::Action, id });
            Some(CedarEntity::new_no_attrs(action(name)?, HashSet::from([action(group)?])))
        };
        let actions = named.iter().map(action).collect::<Option<Vec<_>>>()?;
        Some(Self {
            policies: PolicySet::from_policies([pass, rule]).ok()?,
            actions: Entities::from_entities(actions, None).ok()?,
        })
    }

    /// Whether the condition holds.
    pub(super) fn holds(&self, facts: &Facts<'_>, question: &Question) -> Result<bool, Failure> {
        let asked = question.0.get_or_init(|| ask(facts));
        let (request, entities) = asked.as_ref().ok_or(Failure::Other)?;
        // An action that the rule names may be the one that is asked about; they are the same then.
        let entities = self.actions.clone().upsert_entities(entities.iter().cloned(), None);
        let entities = entities.map_err(|_| Failure::Other)?;
        let answer = Authorizer::new().is_authorized(request, &self.policies, &entities);
        match answer.diagnostics().errors().next() {
            Some(cedar_policy::AuthorizationError::PolicyEvaluationError(error)) => {
                Err(failure(error.inner()))
            }
            None => Ok(answer.decision() == Decision::Deny),
        }
    }
}

/// Passes everything, so that only the rule can deny.
const PASS: &str = "permit(principal, action, resource);";

fn failure(error: &EvaluationError) -> Failure {
    match error {
        EvaluationError::IntegerOverflow(_) => Failure::Overflow,
        EvaluationError::RecordAttrDoesNotExist(_) | EvaluationError::EntityAttrDoesNotExist(_) => {
            Failure::Missing
        }
        EvaluationError::TypeError(_) => Failure::Type,
        _ => Failure::Other,
    }
}

fn ask(facts: &Facts<'_>) -> Option<(Request, Entities)> {
    let [principal, action, resource] =
        [facts.principal(), facts.action(), facts.resource()].map(uid);
    let request = Request::new(principal?, action?, resource?, context(facts)?, None).ok()?;
    let entities =
        [facts.principal(), facts.action(), facts.resource()].map(|it| entity(it, facts));
    let entities = entities.into_iter().collect::<Option<Vec<_>>>()?;
    Some((request, Entities::from_entities(entities, None).ok()?))
}

fn entity(of: Entity<'_>, facts: &Facts<'_>) -> Option<CedarEntity> {
    let parents = match facts.parent(of) {
        Some(parent) => HashSet::from([uid(parent)?]),
        None => HashSet::new(),
    };
    Some(CedarEntity::new_no_attrs(uid(of)?, parents))
}

fn uid(entity: Entity<'_>) -> Option<EntityUid> {
    let kind: EntityTypeName = entity.kind.name().parse().ok()?;
    Some(EntityUid::from_type_name_and_id(kind, EntityId::new(entity.id)))
}

fn context(facts: &Facts<'_>) -> Option<Context> {
    let declared = facts.declared().filter_map(|(name, slot)| match slot {
        Slot::Is(value) => Some((name, value)),
        Slot::Absent | Slot::Fault | Slot::Beyond => None,
    });
    let params = RestrictedExpression::new_record(expressions(declared)?).ok()?;
    let present = |field: Field| facts.field(field).map(|value| (field.name(), value));
    let mut fields = expressions(Field::ALL.into_iter().filter_map(present))?;
    fields.push((PARAMS.to_owned(), params));
    Context::from_pairs(fields).ok()
}

/// All of them or none: one that was left out would look absent to a rule.
fn expressions<'a>(
    fields: impl Iterator<Item = (&'a str, Value<'a>)>,
) -> Option<Vec<(String, RestrictedExpression)>> {
    fields.map(|(name, value)| Some((name.to_owned(), expression(value)?))).collect()
}

fn expression(value: Value<'_>) -> Option<RestrictedExpression> {
    match value {
        Value::Scalar(scalar) => scalar_expression(scalar),
        Value::Set(set) => {
            let items = set.iter().map(scalar_expression).collect::<Option<Vec<_>>>()?;
            Some(RestrictedExpression::new_set(items))
        }
    }
}

fn scalar_expression(scalar: Scalar<'_>) -> Option<RestrictedExpression> {
    Some(match scalar {
        Scalar::Bool(flag) => RestrictedExpression::new_bool(flag),
        Scalar::Long(number) => RestrictedExpression::new_long(number),
        Scalar::Text(text) => RestrictedExpression::new_string(text.to_owned()),
        Scalar::Entity(entity) => RestrictedExpression::new_entity_uid(uid(entity)?),
        Scalar::Decimal(units) => {
            let (sign, units) = (if units < 0 { "-" } else { "" }, units.unsigned_abs());
            RestrictedExpression::new_decimal(format!(
                "{sign}{}.{:04}",
                units / 10_000,
                units % 10_000
            ))
        }
    })
}
