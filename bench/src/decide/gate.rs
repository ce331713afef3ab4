//! Placet in process, with and without what is kept for the record, and in parts.

use anyhow::{Result, anyhow};
use placet::core::{Assessment, Pepper, RiskTier, State, decide};
use placet::policy::inspect::Inspection;
use placet::policy::params::{ParamKind, ParamType};
use placet::policy::rules::{ClassSpec, RuleRequest, Rules};
use placet::{Action, ClassName, Policy, Verdict};

use crate::sample::{self, Refund};

pub(super) struct Gate {
    pub(super) policy: Policy,
    /// The policy's rules once more, to be asked alone.
    pub(super) rules: Rules,
    pub(super) state: State,
    pub(super) pepper: Pepper,
    pub(super) calls: Vec<Prepared>,
}

/// An action, with what the stages of a decision leave of it.
pub(super) struct Prepared {
    pub(super) action: Action,
    pub(super) inspection: Inspection,
    pub(super) assessment: Assessment,
}

impl Gate {
    pub(super) fn new(classes: usize, refunds: &[Refund]) -> Result<Self> {
        let policy = Policy::load(&sample::policy(classes))?;
        let state = sample::state(&policy);
        let specs: Vec<ClassSpec> = policy.terms().classes.keys().cloned().map(spec).collect();
        let rules = Rules::load(&[("rules.cedar", &sample::cedar(classes))], &specs)
            .map_err(|errors| anyhow!("the rules have errors: {errors:?}"))?;
        let pepper = Pepper::from_bytes([7; 32]);
        let actions = sample::actions(refunds)?.into_iter();
        let calls = actions.map(|action| Prepared::new(action, &policy, &pepper)).collect();
        Ok(Self { policy, rules, state, pepper, calls })
    }

    /// From the action to the decision, as [`placet::Guard::evaluate`] does it.
    pub(super) fn decide(&self, action: &Action) -> Verdict {
        let evaluated = self.policy.evaluate(action, &self.pepper);
        std::hint::black_box(evaluated.digest);
        decide(&self.state, &evaluated.assessment, sample::now()).verdict
    }

    /// The same, with all that is kept of it, as [`placet::Guard::propose`] needs it.
    pub(super) fn decide_for_record(&self, action: &Action) -> Verdict {
        let assessed = self.policy.assess(action, &self.pepper);
        std::hint::black_box(assessed.payload);
        decide(&self.state, &assessed.assessment, sample::now()).verdict
    }

    /// Class, rules and decision; what else there is to know is known.
    pub(super) fn check(&self, call: &Prepared) -> Verdict {
        std::hint::black_box(self.policy.class_of(call.action.tool.as_str()));
        std::hint::black_box(self.rules.evaluate(&call.question()));
        decide(&self.state, &call.assessment, sample::now()).verdict
    }
}

impl Prepared {
    fn new(action: Action, policy: &Policy, pepper: &Pepper) -> Self {
        let assessed = policy.evaluate(&action, pepper);
        let inspection = policy.inspect(&action);
        Self { action, inspection, assessment: assessed.assessment }
    }

    /// What rules are asked.
    pub(super) fn question(&self) -> RuleRequest<'_> {
        RuleRequest {
            tenant: self.action.tenant.as_str(),
            agent: self.action.agent.as_ref().map(|agent| agent.as_str()),
            session: self.action.session.as_ref().map(|session| session.as_str()),
            user: self.action.user.as_ref().map(|user| user.as_str()),
            build: None,
            tool: self.action.tool.as_str(),
            class: self.assessment.class.as_ref(),
            risk: Some(RiskTier::ReversibleWrite),
            value: self.assessment.value.money(),
            effects: &[],
            params: &self.action.params,
        }
    }
}

/// A class of the sample policy, as its rules see it.
fn spec(name: ClassName) -> ClassSpec {
    let kinds = [
        ("order", ParamKind::String),
        ("amount", ParamKind::Long),
        ("currency", ParamKind::String),
    ];
    let params = kinds.map(|(name, kind)| (name.to_owned(), ParamType { kind, optional: false }));
    ClassSpec { name, risk: RiskTier::ReversibleWrite, params: params.into() }
}
