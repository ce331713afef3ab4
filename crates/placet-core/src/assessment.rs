//! What is known of an action before the log's state is looked at.
//!
//! Parsing, the digest, inspection and rules cost the most and need no state, so `placet-policy`
//! does them before the sequencer, on the caller's own thread, and hands in an [`Assessment`]: facts,
//! not verdicts. It goes into the log's leaf as it is, so that a verifier can judge the action again;
//! therefore it holds nothing that may have to be erased.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::amount::{Amount, Currency};
use crate::digest::{ActionTag, Digest, ParamTag, PersonTag};
use crate::mode::{Bucket, Treatment};
use crate::name::{AgentId, BuildId, ClassName, TenantId, ToolName};
use crate::verdict::Verdict;

/// Who asks for what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subject {
    /// The software that asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<AgentId>,
    /// Its version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build: Option<BuildId>,
    /// On whose behalf.
    pub tenant: TenantId,
    /// The tool.
    pub tool: ToolName,
}

/// What is known of an action before the log's state is looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assessment {
    /// The tag of the same call with the amount that its class names in its plainest spelling, where
    /// the call spells it in another way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alike: Option<ActionTag>,
    /// Where the caller falls when a share is sampled.
    pub bucket: Bucket,
    /// The class that the tool falls into, if the policy knows it.
    pub class: Option<ClassName>,
    /// Whether the caller asks to be held to the decision whatever the mode.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub enforce: bool,
    /// What else is wrong with the input.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<InputFault>,
    /// What inspection says.
    #[serde(default, skip_serializing_if = "Inspected::is_silent")]
    pub inspected: Inspected,
    /// The params whose values are those that a standing approval pins.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub pins: BTreeSet<ParamTag>,
    /// The policy it was made under; the sequencer refuses any other than its own.
    pub policy: Digest,
    /// The rules that apply or failed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<RuleHit>,
    /// Who asks for what.
    pub subject: Subject,
    /// The same call under the same log always has the same tag.
    pub tag: ActionTag,
    /// What the program that embeds the guard asks for.
    #[serde(default, skip_serializing_if = "Treatment::is_binding")]
    pub treatment: Treatment,
    /// The person that it is done for, who cannot approve it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<PersonTag>,
    /// What the action is worth.
    #[serde(default, skip_serializing_if = "Value::is_missing")]
    pub value: Value,
}

impl Assessment {
    /// The tags by which the call is recognised however its amount is spelled: two spellings of one
    /// call have one of them in common.
    pub fn tags(&self) -> impl Iterator<Item = ActionTag> {
        std::iter::once(self.tag).chain(self.alike)
    }
}

/// What an action is worth.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    /// Nobody said.
    #[default]
    Missing,
    /// This much.
    Is(Money),
    /// Something was said that is no value.
    Bad(ValueFault),
}

impl Value {
    /// Whether nobody said.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        *self == Self::Missing
    }

    /// The value, when there is one that can be counted.
    #[must_use]
    pub fn money(&self) -> Option<&Money> {
        match self {
            Self::Is(money) => Some(money),
            Self::Missing | Self::Bad(_) => None,
        }
    }
}

/// An amount, in a currency where one was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Money {
    /// How much.
    pub amount: Amount,
    /// Of what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.currency {
            Some(currency) => write!(f, "{} {currency}", self.amount),
            None => write!(f, "{}", self.amount),
        }
    }
}

/// Why something that was given as a value is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ValueFault {
    /// Not a decimal number: text, NaN, infinity, or a type that is no number.
    NotANumber,
    /// Below zero.
    Negative,
    /// More digits than an amount holds.
    OutOfRange,
    /// The action claims one value, its params say another.
    Disagrees,
    /// What stands where the currency should be is none.
    BadCurrency,
    /// A currency that the class's caps are not meant for.
    OtherCurrency,
}

/// Something wrong with the input besides its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InputFault {
    /// Params nested too deeply.
    TooDeep,
    /// Params too large.
    TooLarge,
    /// A param that the class declares has another type than declared.
    ParamType,
    /// Text in the form of the placeholder that stands for a redacted secret.
    Placeholder,
}

/// What inspection says of a call; see `placet-policy`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inspected {
    /// Whether there is proof that the call only reads, and nothing that speaks against it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub proven_read: bool,
    /// How the call goes beyond what its class declares, or why it cannot be told; in words that
    /// quote none of its params.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exceeds: Vec<String>,
}

impl Inspected {
    /// Whether inspection has nothing to say.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        !self.proven_read && self.exceeds.is_empty()
    }
}

/// A rule that applies to the action, or that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleHit {
    /// The rule's `@id`, or its place in its file.
    pub rule: String,
    /// What it asks for.
    pub verdict: Verdict,
    /// Its `@reason`, or what failed.
    pub reason: String,
}
