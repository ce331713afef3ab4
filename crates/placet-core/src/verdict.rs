//! The lattice of verdicts, and the findings that are joined in it.
//!
//! `Allow < RequireApproval < Block`. Each check contributes findings and the decision is their
//! maximum, so adding a check, a rule or a switch can only tighten.

use serde::{Deserialize, Serialize};

/// What the caller must obey.
///
/// The order is the lattice: the derived `Ord` follows the order of the variants, and joining
/// verdicts is taking their maximum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The action may run.
    Allow,
    /// The action waits until people sign off on exactly these bytes.
    RequireApproval,
    /// The action does not run.
    Block,
}

impl Verdict {
    /// The word used on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::RequireApproval => "require_approval",
            Self::Block => "block",
        }
    }
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// The checks of a decision, in the order in which their findings are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckName {
    /// A kill switch is tripped.
    KillSwitch,
    /// The action carries input that cannot be trusted to mean anything.
    Input,
    /// The policy does not know the tool.
    Class,
    /// The value is above the class's `hard_cap`.
    HardCap,
    /// The class only reads.
    Risk,
    /// The class is capped and the action names no value.
    Value,
    /// What the class has earned so far.
    Autonomy,
    /// The class is consequential and nothing caps it.
    Consequential,
    /// A budget or a rate over a sliding window would be exceeded.
    Budget,
    /// A Cedar rule applies, or could not be evaluated.
    Rule,
    /// The call does more than its class declares.
    Inspection,
    /// The same call was denied a moment ago.
    CoolDown,
    /// The program that embeds the guard asks for a person.
    Caller,
}

impl CheckName {
    /// The word used on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::KillSwitch => "kill_switch",
            Self::Input => "input",
            Self::Class => "class",
            Self::HardCap => "hard_cap",
            Self::Risk => "risk",
            Self::Value => "value",
            Self::Autonomy => "autonomy",
            Self::Consequential => "consequential",
            Self::Budget => "budget",
            Self::Rule => "rule",
            Self::Inspection => "inspection",
            Self::CoolDown => "cool_down",
            Self::Caller => "caller",
        }
    }
}

impl std::fmt::Display for CheckName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// One check's verdict with its reason.
///
/// The reason is written for a person and goes into the log's public leaf, so it never quotes
/// params, the agent's own words, or anything else that may have to be erased.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// Which check speaks.
    pub check: CheckName,
    /// What it asks for.
    pub verdict: Verdict,
    /// Why, in words.
    pub reason: String,
}

impl Finding {
    /// A finding that lets the action pass as far as this check is concerned.
    pub fn allow(check: CheckName, reason: impl Into<String>) -> Self {
        Self { check, verdict: Verdict::Allow, reason: reason.into() }
    }

    /// A finding that holds the action for people.
    pub fn require_approval(check: CheckName, reason: impl Into<String>) -> Self {
        Self { check, verdict: Verdict::RequireApproval, reason: reason.into() }
    }

    /// A finding that stops the action.
    pub fn block(check: CheckName, reason: impl Into<String>) -> Self {
        Self { check, verdict: Verdict::Block, reason: reason.into() }
    }
}
