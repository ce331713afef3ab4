//! A case to judge, and the names that every file here uses.

pub(crate) use std::time::Duration;

pub(crate) use placet_core::assessment::{InputFault, Inspected, Value, ValueFault};
pub(crate) use placet_core::terms::{Budget, Defaults, Per, Unclassified};
pub(crate) use placet_core::{
    ActionClass, Assessment, AutonomyState, CheckName as Check, Decision, Mode, RiskTier, Terms,
    Verdict, decide,
};

pub(crate) use crate::common::build::{
    amount, bucket, budget, call, class, deny, graduation, money, rule, share, tag, terms,
    terms_of, trip,
};
pub(crate) use crate::common::{World, approval_id, arbitrary, ms, seconds};

pub(crate) use AutonomyState::{Autonomous, Manual, Supervised};
pub(crate) use Verdict::{Allow, Block, RequireApproval};

/// What is judged, with everything that a case does not mention left harmless: an autonomous,
/// uncapped, reversible class with an action of no value.
pub(crate) struct Case {
    pub(crate) terms: Terms,
    pub(crate) class: ActionClass,
    pub(crate) earned: AutonomyState,
    pub(crate) of: Assessment,
}

impl Case {
    pub(crate) fn new() -> Self {
        Self {
            terms: Terms { graduation: graduation(), ..terms() },
            class: class("refund", RiskTier::ReversibleWrite),
            earned: Autonomous,
            of: call("refund"),
        }
    }

    /// A capped class, and an action of this value.
    pub(crate) fn worth(value: &str, earned: AutonomyState) -> Self {
        let mut case = Self::new();
        case.class.auto_cap = Some(amount("100"));
        case.class.hard_cap = Some(amount("1000"));
        case.earned = earned;
        case.of.value = money(value);
        case
    }

    pub(crate) fn unknown(unclassified: Unclassified, seen: Inspected) -> Self {
        let mut case = Self::new();
        case.terms.unclassified = unclassified;
        case.of = Assessment { class: None, inspected: seen, ..call("mystery") };
        case
    }

    pub(crate) fn but(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    pub(crate) fn world(&self) -> World {
        let classes = terms_of([self.class.clone()]).classes;
        let mut world = World::with(Terms { classes, ..self.terms.clone() });
        world.earn("refund", self.earned, ms(0));
        world
    }

    pub(crate) fn decision(&self) -> Decision {
        decide(&self.world().state, &self.of, ms(0))
    }

    /// Exactly these findings, in this order, and their maximum.
    #[track_caller]
    pub(crate) fn finds(self, expected: &[(Check, Verdict)]) {
        assert_finds(&self.decision(), expected);
    }
}

#[track_caller]
pub(crate) fn assert_finds(decision: &Decision, expected: &[(Check, Verdict)]) {
    let found: Vec<_> = decision.findings.iter().map(|f| (f.check, f.verdict)).collect();
    assert_eq!(found, expected);
    assert_eq!(decision.real(), expected.iter().map(|(_, verdict)| *verdict).max().unwrap());
    assert!(decision.findings.iter().all(|finding| !finding.reason.is_empty()));
}

pub(crate) const PASSES: (Check, Verdict) = (Check::Autonomy, Allow);
pub(crate) const HELD: (Check, Verdict) = (Check::Autonomy, RequireApproval);
