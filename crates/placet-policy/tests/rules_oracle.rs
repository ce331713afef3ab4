//! Random rules and calls: the index and the compiled conditions give what Cedar gives, asked
//! about every rule by itself, with a schema, a context and entities that are made here afresh.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_types, reason = "Cedar takes the parents of an entity as a HashSet")]

mod rules_generator;
mod rules_support;

use std::collections::{BTreeSet, HashSet};
use std::sync::LazyLock;

use cedar_policy::{
    ActionConstraint, AuthorizationError, Authorizer, Context, Decision, Entities, Entity,
    EntityId, EntityUid, EvaluationError, Policy, PolicySet, Request,
    RestrictedExpression as Expression, Schema,
};
use placet_core::assessment::RuleHit;
use placet_core::{ClassName, Json, RiskTier, Verdict};
use placet_policy::params::{ParamKind, ParamType};
use placet_policy::rules::{Rules, schema_text};
use proptest::prelude::*;
use rules_generator::{Generated, call, generated};
use rules_support::{Call, classes};

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, max_shrink_iters: 200, ..ProptestConfig::with_cases(cases()) })]

    #[test]
    fn random_rules_mean_what_cedar_says(
        rules in proptest::collection::vec(generated(), 12),
        calls in proptest::collection::vec(call(), 24),
    ) {
        let (rules, loaded) = accepted(rules);
        prop_assume!(!rules.is_empty());
        let oracle = Oracle::new(&rules);
        for call in &calls {
            prop_assert_eq!(call.evaluate(&loaded).hits, oracle.hits(call));
        }
    }
}

/// Histories of rules and calls: more where there is time.
fn cases() -> u32 {
    if std::env::var_os("PLACET_NIGHTLY").is_some() { 512 } else { 32 }
}

/// The rules that are well typed and can apply, loaded. The others are refused, with their places.
fn accepted(mut rules: Vec<Generated>) -> (Vec<Generated>, Rules) {
    loop {
        let texts = rules.iter().enumerate().map(|(number, rule)| rule.text(number));
        let text: String = texts.collect();
        let errors = match Rules::load(&[("random.cedar", &text)], &classes()) {
            Ok(loaded) => return (rules, loaded),
            Err(errors) => errors,
        };
        let lines = errors.iter().map(|error| error.place.as_ref().unwrap().line - 1);
        let refused: BTreeSet<_> = lines.map(|line| line / Generated::LINES).collect();
        let mut number = 0..;
        rules.retain(|_| !refused.contains(&number.next().unwrap()));
    }
}

/// What Cedar says, without an index and without a second evaluator.
struct Oracle<'a> {
    schema: &'static Schema,
    actions: &'static Entities,
    rules: Vec<Alone<'a>>,
}

/// A rule by itself, beside one that permits everything.
struct Alone<'a> {
    rule: &'a Generated,
    policy: Policy,
    policies: PolicySet,
}

impl<'a> Oracle<'a> {
    fn new(rules: &'a [Generated]) -> Self {
        static CLASSES: LazyLock<(Schema, Entities)> = LazyLock::new(|| {
            let (schema, _) = Schema::from_cedarschema_str(&schema_text(&classes())).unwrap();
            let actions = schema.action_entities().unwrap();
            (schema, actions)
        });
        let (schema, actions) = &*CLASSES;
        let rules = rules.iter().enumerate().map(|(number, rule)| Alone::new(number, rule));
        Self { schema, actions, rules: rules.collect() }
    }

    fn hits(&self, call: &Call) -> Vec<RuleHit> {
        let request = self.request(call);
        let tenant = HashSet::from([uid("Tenant", &call.tenant)]);
        let agent = Entity::new_no_attrs(agent(call), tenant);
        let entities = self.actions.clone().add_entities([agent], None).unwrap();
        let rules = self.rules.iter().enumerate();
        rules.filter_map(|(number, rule)| hit(number, rule, call, &request, &entities)).collect()
    }

    fn request(&self, call: &Call) -> Request {
        // The schema judges the context too, unless a fault is what is being tried.
        let schema = faults(call).is_empty().then_some(self.schema);
        let action = uid("Action", call.class.as_ref().map_or("unclassified", ClassName::as_str));
        Request::new(agent(call), action, uid("Tool", &call.tool), context(call), schema).unwrap()
    }
}

impl<'a> Alone<'a> {
    fn new(number: usize, rule: &'a Generated) -> Self {
        let policy = Policy::parse(None, rule.text(number)).unwrap();
        let all = "permit(principal, action, resource);";
        let pass = Policy::parse(Some("pass".parse().unwrap()), all).unwrap();
        let policies = PolicySet::from_policies([pass, policy.clone()]).unwrap();
        Self { rule, policy, policies }
    }
}

fn hit(
    number: usize,
    Alone { rule, policy, policies }: &Alone<'_>,
    call: &Call,
    request: &Request,
    entities: &Entities,
) -> Option<RuleHit> {
    let answer = if !covers(policy, request, entities) {
        return None;
    } else if rule.condition.touched.is_disjoint(&faults(call)) {
        ask(policies, request, entities)
    } else {
        Err(UNUSABLE)
    };
    let reason = match answer {
        Ok(false) => return None,
        Ok(true) => format!("reason {number}"),
        Err(why) => format!("the rule could not be evaluated: {why}"),
    };
    let verdict = if rule.block { Verdict::Block } else { Verdict::RequireApproval };
    Some(RuleHit { rule: number.to_string(), verdict, reason })
}

const UNUSABLE: &str = "something that it looks at is missing, has another type than declared, \
                        or has more digits than a rule can compare";

fn ask(rule: &PolicySet, request: &Request, entities: &Entities) -> Result<bool, &'static str> {
    let answer = Authorizer::new().is_authorized(request, rule, entities);
    match answer.diagnostics().errors().next() {
        None => Ok(answer.decision() == Decision::Deny),
        Some(AuthorizationError::PolicyEvaluationError(error)) => match error.inner() {
            EvaluationError::IntegerOverflow(_) => Err("a number in it is too large"),
            other => panic!("a checked rule failed with {other}"),
        },
    }
}

/// Whether the scope of the action covers the one that is asked about.
fn covers(policy: &Policy, request: &Request, entities: &Entities) -> bool {
    let action = request.action().unwrap();
    match policy.action_constraint() {
        ActionConstraint::Any => true,
        ActionConstraint::Eq(one) => one == *action,
        ActionConstraint::In(some) => {
            some.iter().any(|one| one == action || entities.is_ancestor_of(one, action))
        }
    }
}

/// What a rule cannot look at.
fn faults(call: &Call) -> BTreeSet<String> {
    let beyond = call.value.as_ref().filter(|money| decimal(&money.amount.to_string()).is_none());
    let params = declared(call).into_iter().filter(|(name, kind)| match call.params.get(name) {
        None => !kind.optional,
        Some(json) => expression(kind.kind, json).is_none(),
    });
    params.map(|(name, _)| name).chain(beyond.map(|_| "value".to_owned())).collect()
}

fn declared(call: &Call) -> Vec<(String, ParamType)> {
    let spec = classes().into_iter().find(|spec| Some(&spec.name) == call.class.as_ref());
    spec.map(|spec| spec.params.into_iter().collect()).unwrap_or_default()
}

fn context(call: &Call) -> Context {
    let params = declared(call).into_iter().filter_map(|(name, kind)| {
        let value = expression(kind.kind, call.params.get(&name)?)?;
        Some((name, value))
    });
    let risk = call.risk.map_or("unknown", RiskTier::as_str);
    let currency = call.value.as_ref().and_then(|money| money.currency.as_ref());
    let fields = [
        ("tool", Some(text(&call.tool))),
        ("tenant", Some(text(&call.tenant))),
        ("risk", Some(text(risk))),
        ("agent", call.agent.as_deref().map(text)),
        ("user", call.user.as_deref().map(text)),
        ("session", call.session.as_deref().map(text)),
        ("build", call.build.as_deref().map(text)),
        ("currency", currency.map(|code| text(code.as_str()))),
        ("value", call.value.as_ref().and_then(|money| decimal(&money.amount.to_string()))),
        ("effects", Some(Expression::new_set(call.effects.iter().map(|effect| text(effect))))),
        ("params", Some(Expression::new_record(params).unwrap())),
    ];
    let present = fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Context::from_pairs(present).unwrap()
}

fn expression(kind: ParamKind, json: &Json) -> Option<Expression> {
    match (kind, json) {
        (ParamKind::String, Json::String(it)) => Some(text(it)),
        (ParamKind::Long, Json::Number(number)) => {
            number.to_string().parse().ok().map(Expression::new_long)
        }
        (ParamKind::Boolean, Json::Bool(flag)) => Some(Expression::new_bool(*flag)),
        (ParamKind::Decimal, Json::String(it)) => decimal(it),
        (ParamKind::Decimal, Json::Number(number)) => decimal(&number.to_string()),
        (ParamKind::Strings, Json::Array(items)) => {
            let items = items.iter().map(|item| item.as_str().map(text));
            Some(Expression::new_set(items.collect::<Option<Vec<_>>>()?))
        }
        _ => None,
    }
}

fn text(text: &str) -> Expression {
    Expression::new_string(text.to_owned())
}

/// A decimal, if Cedar itself can hold it.
fn decimal(text: &str) -> Option<Expression> {
    let point = if text.contains('.') { "" } else { ".0" };
    let expression = || Expression::new_decimal(format!("{text}{point}"));
    Context::from_pairs([("it".to_owned(), expression())]).ok().map(|_| expression())
}

fn agent(call: &Call) -> EntityUid {
    uid("Agent", call.agent.as_deref().unwrap_or_default())
}

fn uid(kind: &str, id: &str) -> EntityUid {
    EntityUid::from_type_name_and_id(kind.parse().unwrap(), EntityId::new(id))
}
