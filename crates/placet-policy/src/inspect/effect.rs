//! The seven things a call can do, the evidence for each, and what follows from it.
//!
//! Evidence only ever adds up. A read is proven by at least one proof and by nothing that speaks
//! against it; one contrary finding, or one part that could not be inspected, is enough to lose it.

use placet_core::RiskTier;
use serde::Serialize;
use serde::ser::Serializer;

/// One kind of thing that a call does to the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Looks at something and leaves it as it was.
    Reads,
    /// Creates or changes something.
    Writes,
    /// Removes something.
    Deletes,
    /// Hands information to somebody.
    Sends,
    /// Moves or commits money.
    Spends,
    /// Runs code whose effects are not known from the call.
    Executes,
    /// Changes who may do what.
    Grants,
}

impl Effect {
    /// Every effect, from the mildest.
    pub const ALL: [Self; 7] = [
        Self::Reads,
        Self::Writes,
        Self::Deletes,
        Self::Sends,
        Self::Spends,
        Self::Executes,
        Self::Grants,
    ];

    /// The word for it, as on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reads => "reads",
            Self::Writes => "writes",
            Self::Deletes => "deletes",
            Self::Sends => "sends",
            Self::Spends => "spends",
            Self::Executes => "executes",
            Self::Grants => "grants",
        }
    }

    const fn bit(self) -> u8 {
        match self {
            Self::Reads => 1,
            Self::Writes => 1 << 1,
            Self::Deletes => 1 << 2,
            Self::Sends => 1 << 3,
            Self::Spends => 1 << 4,
            Self::Executes => 1 << 5,
            Self::Grants => 1 << 6,
        }
    }
}

/// A set of effects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Effects(u8);

impl Effects {
    /// Whether `effect` is in the set.
    pub const fn contains(self, effect: Effect) -> bool {
        self.0 & effect.bit() != 0
    }

    /// Whether the set is empty.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The effects in the set, from the mildest.
    pub fn iter(self) -> impl Iterator<Item = Effect> {
        Effect::ALL.into_iter().filter(move |effect| self.contains(*effect))
    }

    /// Whether the set holds reads and nothing else.
    pub const fn is_only_reads(self) -> bool {
        self.0 == Effect::Reads.bit()
    }

    const fn insert(&mut self, effect: Effect) {
        self.0 |= effect.bit();
    }
}

impl Serialize for Effects {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

/// Where a piece of evidence comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The words of the tool's name.
    Name,
    /// What the tool's server says about the tool.
    Annotation,
    /// The name of a parameter, with its value where that is a switch.
    ParamName,
    /// A parsed SQL text.
    Sql,
    /// A parsed shell command or argument vector.
    Shell,
    /// An HTTP method, address or body.
    Http,
    /// A file path.
    Path,
    /// Source code or an expression.
    Code,
    /// Somebody to whom something is addressed.
    Recipient,
    /// An amount together with money's other words.
    Money,
    /// Characters that are not what they look like.
    Confusable,
}

impl Source {
    /// The word for it, as on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Annotation => "annotation",
            Self::ParamName => "param_name",
            Self::Sql => "sql",
            Self::Shell => "shell",
            Self::Http => "http",
            Self::Path => "path",
            Self::Code => "code",
            Self::Recipient => "recipient",
            Self::Money => "money",
            Self::Confusable => "confusable",
        }
    }

    /// Whether the evidence was in this call's arguments, rather than in what is the same for
    /// every call of the tool and was there to see when the policy was written. A switch is there
    /// to see, too, but not whether it is on.
    pub const fn is_argument(self) -> bool {
        matches!(
            self,
            Self::Sql | Self::Shell | Self::Http | Self::Path | Self::Code | Self::ParamName
        )
    }
}

/// How much a piece of evidence carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Weight {
    /// Somebody says so who is not trusted: it can tighten, never loosen.
    Claim,
    /// It follows from what was inspected.
    Proof,
    /// It follows, and it cannot be undone or has no bound.
    Grave,
}

impl Weight {
    /// The word for it, as on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Claim => "claim",
            Self::Proof => "proof",
            Self::Grave => "grave",
        }
    }
}

/// One reason to believe that the call has an effect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// The effect.
    pub effect: Effect,
    /// What was looked at.
    pub source: Source,
    /// Where in the call: a JSON pointer into its params, or empty for the tool itself.
    pub pointer: String,
    /// The reason in words. It names commands, keywords and parameters, and quotes no value.
    pub reason: String,
    /// How much it carries.
    pub weight: Weight,
}

/// A part of the call about which inspection can say nothing, or only that it is not harmless.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Concern {
    /// What was looked at.
    pub source: Source,
    /// Where in the call: a JSON pointer into its params, or empty for the tool itself.
    pub pointer: String,
    /// The reason in words, without any value.
    pub reason: String,
}

/// What inspection found out about one call.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Inspection {
    effects: Effects,
    evidence: Vec<Evidence>,
    /// Parts that could not be understood: the call may do anything through them.
    uninspectable: Vec<Concern>,
    /// Reads of what should stay closed: credentials, metadata services, private addresses.
    sensitive: Vec<Concern>,
    /// Characters in names and commands that pass for others or cannot be seen.
    confusables: Vec<Concern>,
}

impl Inspection {
    /// The effects for which there is evidence.
    pub const fn effects(&self) -> Effects {
        self.effects
    }

    /// The evidence, in the order in which it was found.
    pub fn evidence(&self) -> &[Evidence] {
        &self.evidence
    }

    /// The parts that could not be inspected.
    pub fn uninspectable(&self) -> &[Concern] {
        &self.uninspectable
    }

    /// The reads of what should stay closed.
    pub fn sensitive(&self) -> &[Concern] {
        &self.sensitive
    }

    /// The characters that pass for others.
    pub fn confusables(&self) -> &[Concern] {
        &self.confusables
    }

    /// Whether the call is proven to read and to do nothing else.
    ///
    /// It takes a proof that it reads, no evidence of any other effect, nothing that could not be
    /// inspected, nothing confusable and nothing sensitive.
    pub fn is_proven_read(&self) -> bool {
        self.effects.is_only_reads()
            && self.is_clear()
            && self.evidence.iter().any(|evidence| evidence.weight > Weight::Claim)
    }

    /// Why the call does more than a class of the tier `declared` should, if it does.
    ///
    /// Only arguments count here: the tool's name and the shape of its parameters were known to
    /// whoever declared the class, and may deserve the tier in spite of how they look.
    ///
    /// * `Read`: any other effect; anything uninspectable, confusable or sensitive.
    /// * `ReversibleWrite`: deletes, grants, spends, executes unknown code, or has no bound (an
    ///   `UPDATE` without `WHERE`); anything uninspectable or confusable. That a param is named like
    ///   an order and has a value is not enough.
    /// * `Consequential`: nothing is more than that.
    pub fn exceeds(&self, declared: RiskTier) -> Option<String> {
        let excess = match declared {
            RiskTier::Consequential => return None,
            RiskTier::ReversibleWrite => self.argument_effect(is_beyond_reversible),
            RiskTier::Read => self
                .argument_effect(|evidence| evidence.effect != Effect::Reads)
                .or_else(|| self.sensitive.first().map(|concern| concern.reason.clone())),
        };
        excess.or_else(|| self.opaque_argument())
    }

    pub(super) fn add(&mut self, evidence: Evidence) {
        self.effects.insert(evidence.effect);
        if !self.evidence.contains(&evidence) {
            self.evidence.push(evidence);
        }
    }

    pub(super) fn add_uninspectable(&mut self, concern: Concern) {
        push_new(&mut self.uninspectable, concern);
    }

    pub(super) fn add_sensitive(&mut self, concern: Concern) {
        push_new(&mut self.sensitive, concern);
    }

    pub(super) fn add_confusable(&mut self, concern: Concern) {
        push_new(&mut self.confusables, concern);
    }

    pub(super) fn has_proof_from(&self, source: Source) -> bool {
        self.evidence.iter().any(|e| e.source == source && e.weight > Weight::Claim)
    }

    fn is_clear(&self) -> bool {
        self.uninspectable.is_empty() && self.confusables.is_empty() && self.sensitive.is_empty()
    }

    fn argument_effect(&self, exceeds: impl Fn(&Evidence) -> bool) -> Option<String> {
        let found = self.evidence.iter().find(|e| e.source.is_argument() && exceeds(e))?;
        Some(format!("{}: {}", found.effect.as_str(), found.reason))
    }

    fn opaque_argument(&self) -> Option<String> {
        let opaque = self.uninspectable.iter().find(|concern| concern.source.is_argument());
        opaque.or_else(|| self.confusables.first()).map(|concern| concern.reason.clone())
    }
}

impl std::fmt::Display for Concern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.pointer.is_empty() {
            return f.write_str(&self.reason);
        }
        write!(f, "{} in params {}", self.reason, self.pointer)
    }
}

fn is_beyond_reversible(evidence: &Evidence) -> bool {
    use Effect::{Deletes, Executes, Grants, Spends};
    // Which params a tool has that writes (`remove_labels`) was known to whoever declared its class.
    let is_only_named = evidence.source == Source::ParamName && evidence.weight == Weight::Claim;
    evidence.weight == Weight::Grave
        || !is_only_named && matches!(evidence.effect, Deletes | Executes | Grants | Spends)
}

fn push_new(list: &mut Vec<Concern>, concern: Concern) {
    if !list.contains(&concern) {
        list.push(concern);
    }
}
