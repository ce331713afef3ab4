//! Autonomy: what a class has earned from evidence, and how it is lost again.
//!
//! Evidence comes in batches of passed and failed samples from named sources. Each source remembers
//! its latest samples only, so a long good past cannot hide a bad present. The state of a class is
//! the highest whose thresholds every source meets; it is computed afresh after every report, goes
//! down as readily as up, and never depends on anyone's consent to go down.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde::{Deserialize, Serialize};

use crate::class::{ActionClass, AutonomyState, RiskTier};
use crate::event::AutonomyChanged;
use crate::name::{BuildId, ClassName, PersonId, SourceName, TenantId};
use crate::terms::Terms;

/// A rate between 0 and 1, exact to the millionth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct Rate(u32);

/// A rate above 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a rate of {0} millionths is above 1")]
pub struct RateError(u32);

impl Rate {
    const WHOLE: u32 = 1_000_000;

    /// A rate of so many millionths.
    ///
    /// # Errors
    /// When that is more than 1.
    pub fn of_million(parts: u32) -> Result<Self, RateError> {
        if parts > Self::WHOLE { Err(RateError(parts)) } else { Ok(Self(parts)) }
    }

    /// Whether `passed` of `total` samples reach the rate; no samples reach only the rate 0.
    #[must_use]
    pub fn is_met(self, passed: u64, total: u64) -> bool {
        u128::from(passed) * u128::from(Self::WHOLE) >= u128::from(self.0) * u128::from(total)
            && (total > 0 || self.0 == 0)
    }

    /// Whether a share reaches it. The nearest double of the rate is that of its decimal literal, so
    /// `0.95` reaches 0.95.
    fn is_met_by(self, share: f64) -> bool {
        share >= f64::from(self.0) / f64::from(Self::WHOLE)
    }
}

impl TryFrom<u32> for Rate {
    type Error = RateError;

    fn try_from(parts: u32) -> Result<Self, Self::Error> {
        Self::of_million(parts)
    }
}

impl From<Rate> for u32 {
    fn from(rate: Rate) -> Self {
        rate.0
    }
}

impl std::fmt::Display for Rate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = format!("{}.{:06}", self.0 / Self::WHOLE, self.0 % Self::WHOLE);
        f.pad(text.trim_end_matches('0').trim_end_matches('.'))
    }
}

/// What every source must show for a state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Thresholds {
    /// The least share of passed samples in ordinary sources.
    pub pass_rate: Rate,
    /// The least share of passed samples in adversarial sources. Above 0, at least one must exist.
    pub adversarial_pass_rate: Rate,
    /// The least number of samples from each source.
    pub min_samples: u64,
}

/// The name under which the outcomes of actions count as evidence.
///
/// Whoever runs an action says what came of it, and that may be the agent itself. So outcomes can
/// always hold a class back, and lift it only where the policy lists this source by name.
pub const OUTCOMES: &str = "outcomes";

/// That name as a source.
pub(crate) fn outcomes() -> SourceName {
    SourceName::constant(OUTCOMES)
}

/// What it takes to earn autonomy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Graduation {
    /// What `Supervised` takes; without it nothing gets there.
    pub supervised: Option<Thresholds>,
    /// What `Autonomous` takes, on top of what `Supervised` takes.
    pub autonomous: Option<Thresholds>,
    /// How many of its latest samples a source remembers.
    pub window: u64,
    /// The sources that must have reported, and the only ones that may; empty means any.
    pub sources: BTreeSet<SourceName>,
    /// How many people must ratify autonomy of a consequential class.
    pub ratification_quorum: u8,
}

impl Graduation {
    /// Whether outcomes count at all.
    pub(crate) fn counts_outcomes(&self) -> bool {
        self.sources.is_empty() || self.lifts_by_outcomes()
    }

    /// Whether outcomes can lift a class.
    fn lifts_by_outcomes(&self) -> bool {
        self.sources.iter().any(|source| source.as_str() == OUTCOMES)
    }
}

impl Default for Graduation {
    fn default() -> Self {
        Self {
            supervised: None,
            autonomous: None,
            window: crate::limits::DEFAULT_EVIDENCE_WINDOW,
            sources: BTreeSet::new(),
            ratification_quorum: 1,
        }
    }
}

/// One report of evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// For whom; `default` when not given.
    #[serde(default)]
    pub tenant: TenantId,
    /// About which class.
    pub class: ClassName,
    /// About which version of the agent; without it, about those that name none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build: Option<BuildId>,
    /// Who measured.
    pub source: SourceName,
    /// Whether the samples were made to break the agent.
    #[serde(default)]
    pub adversarial: bool,
    /// How many samples passed.
    pub passed: u64,
    /// How many failed.
    pub failed: u64,
}

/// Whose record of evidence it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LedgerKey {
    /// Evidence never crosses tenants.
    pub tenant: TenantId,
    /// The class that earns.
    pub class: ClassName,
    /// The agent's version, where given: a new one starts from nothing.
    pub build: Option<BuildId>,
}

impl LedgerKey {
    /// Where a report belongs.
    #[must_use]
    pub fn of(evidence: &Evidence) -> Self {
        Self {
            tenant: evidence.tenant.clone(),
            class: evidence.class.clone(),
            build: evidence.build.clone(),
        }
    }
}

/// The latest samples of one source.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Samples {
    /// Whether the source is adversarial.
    pub adversarial: bool,
    /// Passed and failed, a pair for each report, oldest first.
    batches: VecDeque<(u64, u64)>,
}

impl Samples {
    /// How many of the remembered samples passed.
    #[must_use]
    pub fn passed(&self) -> u64 {
        self.batches.iter().fold(0, |sum, (passed, _)| sum.saturating_add(*passed))
    }

    /// How many samples are remembered.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.batches.iter().fold(0, |sum, (p, f)| sum.saturating_add(*p).saturating_add(*f))
    }

    /// Adds a report and forgets the reports that lie wholly behind the window.
    fn add(&mut self, passed: u64, failed: u64, window: u64) {
        self.batches.push_back((passed, failed));
        while let Some((p, f)) = self.batches.front() {
            if self.total().saturating_sub(p.saturating_add(*f)) < window {
                break;
            }
            self.batches.pop_front();
        }
    }
}

/// What one class of one tenant has to show.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// The state that was last recorded.
    pub state: AutonomyState,
    /// The evidence. A source may report ordinary and adversarial samples; they are kept apart.
    #[serde(with = "crate::pairs")]
    pub sources: BTreeMap<(SourceName, bool), Samples>,
    /// Who has ratified autonomy since it was last lost.
    pub ratified_by: BTreeSet<PersonId>,
    /// The entry by which somebody reported on it, or ratified it, last; 0 where only outcomes did.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) latest: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "this is how serde asks")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Record {
    pub(crate) fn add(&mut self, evidence: &Evidence, window: u64) {
        let samples =
            self.sources.entry((evidence.source.clone(), evidence.adversarial)).or_default();
        samples.adversarial = evidence.adversarial;
        samples.add(evidence.passed, evidence.failed, window);
    }
}

/// What has been earned, and what is missing for the next step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The state that the evidence carries.
    pub state: AutonomyState,
    /// Why it is no higher, in words; empty at the top.
    pub missing: Vec<String>,
}

/// What an evaluation elsewhere says about a class, for a program that keeps such figures itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Metrics {
    pass_rate: f64,
    adversarial_pass_rate: f64,
    samples: u64,
}

/// A rate that is none.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("a {what} of {rate} is no rate; it lies between 0 and 1")]
pub struct MetricsError {
    what: &'static str,
    rate: f64,
}

impl Metrics {
    /// The shares of ordinary and of adversarial samples that passed, and how many samples there
    /// were.
    ///
    /// # Errors
    /// When a share is not a number between 0 and 1.
    pub fn new(
        pass_rate: f64,
        adversarial_pass_rate: f64,
        samples: u64,
    ) -> Result<Self, MetricsError> {
        for (what, rate) in
            [("pass rate", pass_rate), ("adversarial pass rate", adversarial_pass_rate)]
        {
            if !(0.0..=1.0).contains(&rate) {
                return Err(MetricsError { what, rate });
            }
        }
        Ok(Self { pass_rate, adversarial_pass_rate, samples })
    }

    fn meet(&self, thresholds: &Thresholds) -> bool {
        self.samples >= thresholds.min_samples
            && thresholds.pass_rate.is_met_by(self.pass_rate)
            && thresholds.adversarial_pass_rate.is_met_by(self.adversarial_pass_rate)
    }
}

/// The state that such figures carry under a policy.
///
/// They are one source without a name. So they carry nothing where the policy names its sources,
/// and never autonomy of a consequential class, which people ratify.
#[must_use]
pub fn earned(class: &ActionClass, graduation: &Graduation, metrics: &Metrics) -> AutonomyState {
    let mut state = AutonomyState::Manual;
    for (next, thresholds) in [
        (AutonomyState::Supervised, &graduation.supervised),
        (AutonomyState::Autonomous, &graduation.autonomous),
    ] {
        let takes_ratification =
            next == AutonomyState::Autonomous && class.risk == RiskTier::Consequential;
        let is_met = thresholds.as_ref().is_some_and(|thresholds| metrics.meet(thresholds));
        let is_possible = next <= class.max_state && graduation.sources.is_empty();
        if !is_met || !is_possible || takes_ratification {
            break;
        }
        state = next;
    }
    state
}

/// The state that a record carries under a policy. Pure, and the same for the same arguments.
#[must_use]
pub fn standing(class: &ActionClass, graduation: &Graduation, record: &Record) -> Standing {
    let mut state = AutonomyState::Manual;
    for (next, thresholds) in [
        (AutonomyState::Supervised, &graduation.supervised),
        (AutonomyState::Autonomous, &graduation.autonomous),
    ] {
        let missing = missing_for(next, thresholds.as_ref(), class, graduation, record);
        if !missing.is_empty() {
            return Standing { state, missing };
        }
        state = next;
    }
    Standing { state, missing: Vec::new() }
}

/// The step that a record takes under the given terms, if it takes one.
pub(crate) fn step(terms: &Terms, of: &LedgerKey, record: &Record) -> Option<AutonomyChanged> {
    let (to, missing) = match terms.classes.get(&of.class) {
        Some(class) => {
            let standing = standing(class, &terms.graduation, record);
            (standing.state, standing.missing)
        }
        None => (AutonomyState::Manual, vec!["the policy no longer has the class".to_owned()]),
    };
    let from = record.state;
    (to != from).then(|| AutonomyChanged { of: of.clone(), from, to, missing })
}

fn missing_for(
    next: AutonomyState,
    thresholds: Option<&Thresholds>,
    class: &ActionClass,
    graduation: &Graduation,
    record: &Record,
) -> Vec<String> {
    if next > class.max_state {
        return vec![format!("the policy's max_state is {}", class.max_state)];
    }
    let Some(thresholds) = thresholds else {
        return vec![format!("the policy sets no thresholds for {next}")];
    };
    let mut missing = unmet(thresholds, graduation, record);
    missing.extend(silent_sources(graduation, record));
    let has_adversarial = record.sources.values().any(|samples| samples.adversarial);
    let consequential = next == AutonomyState::Autonomous && class.risk == RiskTier::Consequential;
    if !has_adversarial && (consequential || thresholds.adversarial_pass_rate > Rate::default()) {
        missing.push("no adversarial source has reported".to_owned());
    }
    // No policy makes it nobody.
    let (have, need) = (record.ratified_by.len(), graduation.ratification_quorum.max(1));
    if consequential && have < usize::from(need) {
        missing.push(format!("ratified by {have} of {need} people"));
    }
    missing
}

/// What each source that has reported still lacks; a class without any lacks a source.
fn unmet(thresholds: &Thresholds, graduation: &Graduation, record: &Record) -> Vec<String> {
    let only_holds =
        |source: &SourceName| source.as_str() == OUTCOMES && !graduation.lifts_by_outcomes();
    let speaks_for =
        |(source, adversarial): &(SourceName, bool)| !adversarial && !only_holds(source);
    if !record.sources.keys().any(speaks_for) {
        return vec!["no source has reported".to_owned()];
    }
    let mut missing = Vec::new();
    for ((source, adversarial), samples) in &record.sources {
        // Few outcomes say nothing yet, neither for nor against.
        if only_holds(source) && samples.total() < thresholds.min_samples {
            continue;
        }
        let (passed, total) = (samples.passed(), samples.total());
        let needed =
            if *adversarial { thresholds.adversarial_pass_rate } else { thresholds.pass_rate };
        if total < thresholds.min_samples {
            missing.push(format!("{source}: {total} of {} samples", thresholds.min_samples));
        }
        if !needed.is_met(passed, total) {
            missing.push(format!("{source}: {passed} of {total} passed, {needed} needed"));
        }
    }
    missing
}

fn silent_sources(graduation: &Graduation, record: &Record) -> Vec<String> {
    let has_reported = |name: &SourceName| record.sources.keys().any(|(source, _)| source == name);
    let silent = graduation.sources.iter().filter(|name| !has_reported(name));
    silent.map(|name| format!("{name} has not reported")).collect()
}
