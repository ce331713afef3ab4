//! Rules: what a policy says in Cedar, beside its classes.
//!
//! A rule names what should not simply pass:
//!
//! ```cedar
//! @verdict("require_approval")
//! @reason("refunds above 500 are looked at by a person")
//! forbid(principal, action == Action::"issue_refund", resource)
//! when { context.params.amount > 500 };
//! ```
//!
//! Loading checks every rule against a schema made of the policy's classes, so a misspelt param
//! is an error with its line and not a rule that never applies. Deciding looks only at the rules
//! that can apply to the action, and a rule that fails is a hit like one that applies: Cedar by
//! itself would pass over it.

mod annotations;
mod cedar;
mod compile;
mod error;
mod index;
pub mod limits;
mod load;
mod pattern;
mod program;
mod request;
mod schema;
mod split;
mod touches;
mod validate;

use std::collections::BTreeMap;

use placet_core::assessment::RuleHit;
use placet_core::{ClassName, RiskTier, Verdict};

pub use error::{Place, RuleError, RuleProblem};
pub use request::RuleRequest;

use crate::params::ParamType;
use cedar::{CedarRule, Question};
use index::Index;
use program::{Failure, Node};
use request::Facts;
use touches::Touches;

/// A class, as rules see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassSpec {
    /// Its key in the policy.
    pub name: ClassName,
    /// How much harm it can do.
    pub risk: RiskTier,
    /// The params that it declares.
    pub params: BTreeMap<String, ParamType>,
}

/// The rules of a policy, checked and indexed.
#[derive(Debug)]
pub struct Rules {
    rules: Vec<Rule>,
    index: Index,
}

/// What the rules say of one call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ruling {
    /// The rules that apply or failed, in the order of the files.
    pub hits: Vec<RuleHit>,
    /// Whether a declared param has another type than declared, or is missing though required.
    pub param_fault: bool,
}

impl Rules {
    /// Reads the rules in `files`, each a name and its text, in terms of `classes`.
    ///
    /// # Errors
    /// Everything that is wrong, up to [`limits::MAX_RULE_ERRORS`], in the order of the files.
    pub fn load(files: &[(&str, &str)], classes: &[ClassSpec]) -> Result<Self, Vec<RuleError>> {
        stacker::maybe_grow(limits::LOADING_STACK_BYTES, limits::LOADING_STACK_BYTES, || {
            load::load(files, classes)
        })
    }

    /// What the rules say of one call.
    #[must_use]
    pub fn evaluate(&self, request: &RuleRequest<'_>) -> Ruling {
        let known = request.class.map(|name| self.index.class(name.as_str()));
        let class = known.flatten().unwrap_or(self.index.unclassified());
        let (facts, question) = (Facts::new(request, class), Question::default());
        let applicable = self.index.applicable(class).filter_map(|number| self.rules.get(number));
        Ruling {
            hits: applicable.filter_map(|rule| rule.hit(&facts, &question)).collect(),
            // A class that these rules were not loaded with has params that nobody checked.
            param_fault: facts.has_fault() || matches!(known, Some(None)),
        }
    }

    /// How many rules there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rules.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// The ids of the rules that Cedar itself evaluates, because their conditions use more of it
    /// than is compiled. They cost microseconds instead of nanoseconds.
    pub fn interpreted(&self) -> impl Iterator<Item = &str> {
        let interpreted = |rule: &&Rule| matches!(rule.condition, Condition::Interpreted(_));
        self.rules.iter().filter(interpreted).map(|rule| rule.id.as_str())
    }
}

/// The Cedar schema that rules are checked against: for `placet policy schema` and for editors.
#[must_use]
pub fn schema_text(classes: &[ClassSpec]) -> String {
    schema::text(classes.iter())
}

#[derive(Debug)]
struct Rule {
    id: String,
    verdict: Verdict,
    reason: String,
    touches: Touches,
    condition: Condition,
}

#[derive(Debug)]
enum Condition {
    Compiled(Node),
    Interpreted(Box<CedarRule>),
}

impl Rule {
    fn hit(&self, facts: &Facts<'_>, question: &Question) -> Option<RuleHit> {
        let (verdict, reason) = match self.holds(facts, question) {
            Ok(false) => return None,
            Ok(true) => (self.verdict, self.reason.clone()),
            Err(failure) => (
                self.verdict.max(Verdict::RequireApproval),
                format!("the rule could not be evaluated: {}", failure.reason()),
            ),
        };
        Some(RuleHit { rule: self.id.clone(), verdict, reason })
    }

    fn holds(&self, facts: &Facts<'_>, question: &Question) -> Result<bool, Failure> {
        if !self.touches.are_usable(facts) {
            return Err(Failure::Unusable);
        }
        match &self.condition {
            Condition::Compiled(node) => node.holds(facts),
            Condition::Interpreted(rule) => rule.holds(facts, question),
        }
    }
}
