//! What a policy should say about a tool, and why.

use std::collections::BTreeSet;

use placet_core::RiskTier;
use placet_core::json::Object;
use placet_policy::inspect::{Annotations, Call, Classification, Confidence, classify};

use super::money::Money;

/// Reasons that are kept for one tool: enough to judge by, few enough to read.
const MAX_REASONS: usize = 5;

/// What is known about a tool.
#[derive(Debug, Default)]
pub(super) struct Facts {
    calls: u64,
    risk: Option<RiskTier>,
    is_unknown: bool,
    reasons: BTreeSet<String>,
    money: Money,
}

/// A class of the policy.
#[derive(Debug)]
pub(super) struct Draft {
    /// The whole name of the tool.
    pub(super) name: String,
    /// The risk that fits everything that was seen.
    pub(super) risk: RiskTier,
    /// Why.
    pub(super) reasons: Vec<String>,
    /// How many calls were seen.
    pub(super) calls: u64,
    /// Whether nothing is known, so that the risk is only the safe assumption.
    pub(super) is_unknown: bool,
    /// Where the amount is, and what was seen there.
    pub(super) money: Money,
}

impl Facts {
    /// Takes in a tool as a list has it.
    pub(super) fn listed(&mut self, tool: &str, params: &Object, hints: Option<&Annotations>) {
        self.money.declared(params);
        self.add(&classify(&Call { tool, params, annotations: hints }));
    }

    /// Takes in a call.
    pub(super) fn called(&mut self, tool: &str, params: &Object) {
        self.calls += 1;
        self.money.called(params);
        self.add(&classify(&Call { tool, params, annotations: None }));
    }

    pub(super) fn into_draft(self, name: String) -> Draft {
        Draft {
            name,
            risk: self.risk.unwrap_or(RiskTier::Consequential),
            reasons: self.reasons.into_iter().collect(),
            calls: self.calls,
            is_unknown: self.is_unknown,
            money: self.money,
        }
    }

    /// The gravest call makes the class; of equal ones all reasons count.
    fn add(&mut self, found: &Classification) {
        if self.risk > Some(found.risk) {
            return;
        }
        if self.risk < Some(found.risk) {
            self.reasons.clear();
            self.is_unknown = false;
        }
        self.risk = Some(found.risk);
        self.is_unknown |= found.confidence == Confidence::Unknown;
        for reason in reasons(found) {
            if self.reasons.len() < MAX_REASONS {
                self.reasons.insert(reason);
            }
        }
    }
}

/// The evidence in words. Beside an act the reads do not matter.
fn reasons(found: &Classification) -> impl Iterator<Item = String> {
    let evidence = found.inspection.evidence().iter();
    let acts = evidence
        .filter(|evidence| {
            found.risk == RiskTier::Read || evidence.effect != placet_policy::inspect::Effect::Reads
        })
        .map(|evidence| format!("{}: {}", evidence.effect.as_str(), evidence.reason));
    let unclear = found.inspection.uninspectable().iter().chain(found.inspection.confusables());
    acts.chain(unclear.map(|concern| format!("unclear: {concern}")))
}
