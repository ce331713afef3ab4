//! Lines of a policy, as one would write them.

use placet_core::terms::Budget;
use placet_core::{ActionClass, Amount, AutonomyState, RiskTier};

use crate::commands::init::render::{key, quoted};

/// What it takes to be supervised where the policy does not say: a proposal like that of a new
/// policy.
const SUPERVISED: &str = "\n[graduation.supervised]\npass_rate = 0.95\nmin_samples = 50\n";

/// The same for autonomous.
const AUTONOMOUS: &str = "\n[graduation.autonomous]\npass_rate = 0.99\nmin_samples = 200\n";

/// An entry for a tool.
pub(super) fn tool(name: &str, risk: RiskTier) -> String {
    format!("[actions.{}]\nrisk = {}\n", key(name), quoted(risk.as_str()))
}

/// What unknown tools come to.
pub(super) fn unclassified(word: &str) -> String {
    format!("unclassified = {}\n", quoted(word))
}

/// A setting of a class.
pub(super) fn setting(class: &ActionClass, name: &str, value: &str) -> String {
    format!("[actions.{}]\n{name} = {}\n", key(class.name.as_str()), quoted(value))
}

/// What lets a class earn a state that it cannot earn now.
#[derive(Debug)]
pub(super) struct Ladder<'a> {
    pub(super) class: &'a ActionClass,
    pub(super) to: AutonomyState,
    pub(super) auto_cap: Option<Amount>,
    pub(super) hard_cap: Option<Amount>,
    /// Whether the policy says what the states take.
    pub(super) has_supervised: bool,
    pub(super) has_autonomous: bool,
}

impl Ladder<'_> {
    /// The lines; none where evidence is all that is missing.
    pub(super) fn lines(&self) -> Option<String> {
        let mut settings = String::new();
        let caps = [("auto_cap", self.auto_cap), ("hard_cap", self.hard_cap)];
        for (name, cap) in caps {
            if let Some(cap) = cap {
                settings.push_str(&format!("{name} = \"{cap}\"\n"));
            }
        }
        if self.class.max_state < self.to {
            settings.push_str(&format!("max_state = {}\n", quoted(self.to.as_str())));
        }
        let mut text = String::new();
        if !settings.is_empty() {
            text = format!("[actions.{}]\n{settings}", key(self.class.name.as_str()));
        }
        if !self.has_supervised {
            text.push_str(SUPERVISED);
        }
        if self.to == AutonomyState::Autonomous && !self.has_autonomous {
            text.push_str(AUTONOMOUS);
        }
        (!text.is_empty()).then(|| text.trim_start().to_owned())
    }
}

/// Another limit of a budget.
pub(super) fn budget(budget: &Budget, most: Amount) -> String {
    let name = quoted(budget.name.as_str());
    let limit = match budget.count {
        Some(_) => format!("count = {most}"),
        None => format!("value = \"{most}\""),
    };
    format!("[[budgets]]\nname = {name}\n{limit}\n")
}
