//! The decision: the maximum of what every check finds, bound by the mode.

use serde::{Deserialize, Serialize};

use crate::assessment::Assessment;
use crate::autonomy::{Metrics, earned};
use crate::check::{self, Context};
use crate::class::{ActionClass, AutonomyState, RiskTier};
use crate::mode::{self, Mode};
use crate::state::State;
use crate::time::Timestamp;
use crate::verdict::{Finding, Verdict};

/// Room for the findings of an ordinary action.
const USUAL_FINDINGS: usize = 4;

/// A verdict with everything that led to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    /// What its class has earned.
    pub autonomy: Option<AutonomyState>,
    /// All that held it, and what let it pass.
    pub findings: Vec<Finding>,
    /// The policy's mode.
    pub mode: Mode,
    /// How much harm the action can do; unknown for a tool that the policy does not know.
    pub risk: Option<RiskTier>,
    /// What the caller must obey.
    pub verdict: Verdict,
    /// What the verdict would have been, where the mode changed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub would_have: Option<Verdict>,
}

impl Decision {
    /// The verdict before the mode was applied.
    #[must_use]
    pub fn real(&self) -> Verdict {
        self.would_have.unwrap_or(self.verdict)
    }
}

/// Decides on an action. The same arguments always give the same decision.
#[must_use]
pub fn decide(state: &State, of: &Assessment, now: Timestamp) -> Decision {
    let findings = Vec::with_capacity(USUAL_FINDINGS);
    decide_with(state, of, now, findings, |class| state.autonomy(class, &of.subject))
}

/// The same, where figures that a program keeps itself stand in for the evidence of the log. Nobody
/// could judge that again from the log, so it is never recorded.
#[must_use]
pub fn decide_by(state: &State, of: &Assessment, now: Timestamp, metrics: &Metrics) -> Decision {
    let findings = Vec::with_capacity(USUAL_FINDINGS);
    decide_with(state, of, now, findings, |class| earned(class, &state.terms().graduation, metrics))
}

/// Decides with what a class has earned, and with findings that stand already.
pub(crate) fn decide_with(
    state: &State,
    of: &Assessment,
    now: Timestamp,
    mut findings: Vec<Finding>,
    autonomy: impl Fn(&ActionClass) -> AutonomyState,
) -> Decision {
    let terms = &**state.terms();
    let class = of.class.as_ref().and_then(|name| terms.classes.get(name)).map(|class| &**class);
    let autonomy = class.map_or(AutonomyState::Manual, autonomy);
    check::find(&Context { state, terms, of, class, autonomy, now }, &mut findings);
    let real = join(&findings);
    let effective = mode::bind(terms, of, real);
    Decision {
        verdict: effective.verdict,
        would_have: effective.would_have,
        mode: terms.mode,
        risk: class.map(|class| class.risk),
        autonomy: class.map(|_| autonomy),
        findings,
    }
}

/// The maximum of the findings. Without any finding at all nothing spoke for the action, and a
/// person has to.
pub(crate) fn join(findings: &[Finding]) -> Verdict {
    findings.iter().map(|finding| finding.verdict).max().unwrap_or(Verdict::RequireApproval)
}
