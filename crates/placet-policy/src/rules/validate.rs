//! Checks rules against the schema of the classes, in schemas that are as small as they can be.
//!
//! Cedar checks each policy against every action of its schema. With ten thousand rules on ten
//! thousand classes that would take minutes, and nearly all of it to find that a rule on one
//! class says nothing of another. So rules that name their actions are checked against schemas
//! with those actions, a few rules at a time; and the others against one action for each kind of
//! class (its risk and its params), for Cedar cannot tell two of a kind apart unless a rule
//! names one of them.

use std::collections::{BTreeMap, BTreeSet};

use cedar_policy::{
    ActionConstraint, ParseErrors, Policy, PolicyId, PolicySet, Schema, ValidationError,
    ValidationMode, ValidationWarning, Validator,
};
use miette::Diagnostic;
use placet_core::RiskTier;

use super::ClassSpec;
use super::error::{RuleError, RuleProblem, Source};
use super::limits::ACTIONS_PER_SCHEMA;
use super::load::Draft;
use super::schema::{self, Params, UNCLASSIFIED};
use crate::file::suggest;

/// The classes of a policy by their names.
pub(super) struct Classes<'a> {
    pub(super) specs: &'a [ClassSpec],
    by_name: BTreeMap<&'a str, &'a ClassSpec>,
    groups: [&'static str; 3],
}

impl<'a> Classes<'a> {
    pub(super) fn new(specs: &'a [ClassSpec]) -> Self {
        Self {
            specs,
            by_name: specs.iter().map(|spec| (spec.name.as_str(), spec)).collect(),
            groups: schema::TIERS.map(schema::group),
        }
    }

    /// The classes that a rule names, each with its group.
    pub(super) fn named_in(&self, rule: &Policy) -> Vec<(String, &'static str)> {
        let classes = actions(rule).into_iter().filter_map(|name| self.by_name.get(name.as_str()));
        classes.map(|class| (class.name.to_string(), schema::group(class.risk))).collect()
    }

    fn knows(&self, action: &str) -> bool {
        action == UNCLASSIFIED || self.by_name.contains_key(action) || self.groups.contains(&action)
    }

    fn nearest(&self, name: &str) -> Option<&'a str> {
        suggest::nearest(name, self.by_name.keys().copied())
    }

    /// The schema of the classes that `named` names, or of those and one of each other kind.
    fn schema(&self, named: &BTreeSet<String>, every_kind: bool) -> String {
        let named_classes =
            named.iter().filter_map(|name| self.by_name.get(name.as_str())).copied();
        if !every_kind {
            return schema::text(named_classes);
        }
        let mut kinds: BTreeSet<(RiskTier, &Params)> = BTreeSet::new();
        let others = self.specs.iter().filter(|class| !named.contains(class.name.as_str()));
        let others = others.filter(|class| kinds.insert((class.risk, &class.params)));
        schema::text(named_classes.chain(others))
    }
}

/// What is wrong with the rules in terms of the classes.
pub(super) fn validate(drafts: &[Draft<'_>], classes: &Classes<'_>) -> Vec<RuleError> {
    let mut errors = Vec::new();
    let (mut everywhere, mut batch) = (Batch::everywhere(), Batch::default());
    for draft in drafts {
        let named = actions(&draft.policy);
        let unknown = unknown_actions(draft, &named, classes);
        if !unknown.is_empty() {
            errors.extend(unknown);
        } else if names_its_actions(&draft.policy, classes) {
            batch.add(draft, named);
            if batch.named.len() >= ACTIONS_PER_SCHEMA {
                errors.extend(std::mem::take(&mut batch).check(classes));
            }
        } else {
            everywhere.add(draft, named);
        }
    }
    errors.extend(batch.check(classes));
    errors.extend(everywhere.check(classes));
    errors
}

/// What the parser says of a rule that begins at `start`.
pub(super) fn syntax_errors(
    source: Source<'_>,
    start: usize,
    errors: &ParseErrors,
) -> Vec<RuleError> {
    let problem = |error: &cedar_policy::ParseError| RuleProblem::Syntax {
        message: error.to_string(),
        remedy: help(error).unwrap_or_else(|| SYNTAX_REMEDY.to_owned()),
    };
    errors.iter().map(|error| source.error(start + offset(error), problem(error))).collect()
}

const SYNTAX_REMEDY: &str =
    "write @verdict(\"…\") @reason(\"…\") forbid(principal, action, resource) when { … };";

/// Rules that are checked together.
#[derive(Default)]
struct Batch<'a> {
    drafts: Vec<&'a Draft<'a>>,
    named: BTreeSet<String>,
    every_kind: bool,
}

impl<'a> Batch<'a> {
    fn everywhere() -> Self {
        Self { every_kind: true, ..Self::default() }
    }

    fn add(&mut self, draft: &'a Draft<'a>, named: BTreeSet<String>) {
        self.drafts.push(draft);
        self.named.extend(named);
    }

    fn check(self, classes: &Classes<'_>) -> Vec<RuleError> {
        if self.drafts.is_empty() {
            return Vec::new();
        }
        let schema = classes.schema(&self.named, self.every_kind);
        let validator = match Schema::from_cedarschema_str(&schema) {
            Ok((schema, _)) => Validator::new(schema),
            Err(error) => return vec![unfit_schema(&error)],
        };
        let renamed = |(number, draft): (usize, &&Draft<'_>)| {
            draft.policy.new_id(PolicyId::new(number.to_string()))
        };
        let policies = PolicySet::from_policies(self.drafts.iter().enumerate().map(renamed));
        let policies = match policies {
            Ok(policies) => policies,
            Err(error) => return vec![unfit_schema(&error)],
        };
        let result = validator.validate(&policies, ValidationMode::Strict);
        let errors = result
            .validation_errors()
            .map(|it| self.error(it.policy_id(), it, invalid(it, self.every_kind)));
        let warnings =
            result.validation_warnings().map(|it| self.error(it.policy_id(), it, warned(it)));
        let errors: Vec<_> = errors.flatten().collect();
        // Where a condition is wrong, that it can never hold is no news.
        if errors.is_empty() { warnings.flatten().collect() } else { errors }
    }

    fn error(
        &self,
        id: &PolicyId,
        diagnostic: &dyn Diagnostic,
        problem: RuleProblem,
    ) -> Option<RuleError> {
        let number: usize = AsRef::<str>::as_ref(id).parse().ok()?;
        let draft = self.drafts.get(number)?;
        Some(draft.source.error(draft.start + offset(diagnostic), problem))
    }
}

/// A schema that Cedar refuses cannot come from classes that the policy accepts.
fn unfit_schema(error: &dyn std::error::Error) -> RuleError {
    let problem = RuleProblem::Invalid {
        message: format!("the classes make no schema for rules: {error}"),
        remedy: "rename the class or the param".to_owned(),
    };
    RuleError { place: None, problem }
}

fn invalid(error: &ValidationError, every_kind: bool) -> RuleProblem {
    let message = plain(&error.to_string());
    let unknown = matches!(error, ValidationError::UnsafeAttributeAccess(_));
    let remedy = if matches!(error, ValidationError::UnrecognizedEntityType(_)) {
        // Cedar's own suggestion is not always the same.
        Some("write Agent, Tenant, Tool or Action")
    } else if unknown && message.contains("on entity type") {
        Some("ask the context, which has what is known of a call")
    } else if unknown && every_kind && message.contains("`params.") {
        Some("name the classes that declare it in the scope, as in action == Action::\"refund\"")
    } else {
        None
    };
    let remedy = remedy.map(str::to_owned).or_else(|| help(error));
    RuleProblem::Invalid { message, remedy: remedy.unwrap_or_else(|| usual_remedy(error)) }
}

fn usual_remedy(error: &ValidationError) -> String {
    let remedy = match error {
        ValidationError::UnsafeAttributeAccess(_) => {
            "declare the param in the class, or correct its name"
        }
        ValidationError::EmptySetForbidden(_) => "write .isEmpty() to ask for an empty set",
        _ => "see placet policy schema for the types of what a rule can ask about",
    };
    remedy.to_owned()
}

fn warned(warning: &ValidationWarning) -> RuleProblem {
    match warning {
        ValidationWarning::ImpossiblePolicy(_) => RuleProblem::Impossible,
        ValidationWarning::InvalidActionApplication(_) => RuleProblem::Invalid {
            message: "the scope covers no call".to_owned(),
            remedy: "write an Agent for the principal, a Tool for the resource and a class for \
                     the action, or action in Action::\"risk:read\" for a group"
                .to_owned(),
        },
        other => RuleProblem::Invalid {
            message: plain(&other.to_string()),
            remedy: help(other).unwrap_or_else(|| {
                "write it in the characters of one script, without invisible ones".to_owned()
            }),
        },
    }
}

/// Cedar's words without the number that the rule had while it was checked.
fn plain(message: &str) -> String {
    let rest = message.strip_prefix("for policy `").and_then(|rest| rest.split_once("`, "));
    rest.map_or(message, |(_, rest)| rest).to_owned()
}

fn help(diagnostic: &dyn Diagnostic) -> Option<String> {
    diagnostic.help().map(|help| help.to_string())
}

/// Where a diagnostic points, in bytes from the start of its rule.
fn offset(diagnostic: &dyn Diagnostic) -> usize {
    let first = diagnostic.labels().and_then(|mut labels| labels.next());
    first.map_or(0, |label| label.offset())
}

/// The actions that a rule names, in its scope or its condition.
fn actions(rule: &Policy) -> BTreeSet<String> {
    let literals = rule.entity_literals().into_iter();
    let actions = literals.filter(|uid| uid.type_name().to_string() == "Action");
    actions.map(|uid| uid.id().unescaped().to_owned()).collect()
}

/// Whether the scope of a rule is made of classes that it names.
fn names_its_actions(rule: &Policy, classes: &Classes<'_>) -> bool {
    let group = |name: &str| classes.groups.contains(&name);
    match rule.action_constraint() {
        ActionConstraint::Any => false,
        ActionConstraint::Eq(_) => true,
        ActionConstraint::In(actions) => !actions.iter().any(|uid| group(uid.id().unescaped())),
    }
}

fn unknown_actions(
    draft: &Draft<'_>,
    named: &BTreeSet<String>,
    classes: &Classes<'_>,
) -> Vec<RuleError> {
    let unknown = named.iter().filter(|name| !classes.knows(name));
    unknown
        .map(|name| {
            let written = format!("Action::{}", schema::quoted(name));
            let text = draft.source.text.get(draft.start..).unwrap_or_default();
            let at = draft.start + text.find(&written).unwrap_or(0);
            let remedy = match classes.nearest(name) {
                Some(near) => format!("write Action::{}", schema::quoted(near)),
                None => "write the key of a class, \"unclassified\" or \"risk:read\"".to_owned(),
            };
            draft.source.error(at, RuleProblem::UnknownAction { name: name.clone(), remedy })
        })
        .collect()
}
