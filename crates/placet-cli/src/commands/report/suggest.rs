//! Which lines of the policy would have changed what was held and blocked, and for how many calls.
//!
//! A call is held by all the findings against it, so lines that answer one of them change it only
//! where nothing else is left: that is what is counted, on the findings as they were recorded. What
//! the state of the log would have been had more calls run is not known, so every count says whether
//! it is exact. A name that would mean more than itself in a policy gets no lines: an agent could
//! call a tool `*`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use placet_core::json::Object;
use placet_core::terms::Unclassified;
use placet_core::time::human_duration;
use placet_core::{ActionClass, Amount, AutonomyState, CheckName, RiskTier, Verdict};
use placet_policy::inspect::{Call, Classification, Confidence, Effect, classify, inspect};
use serde::Serialize;

use super::case::{Cases, Fate, Kind, Name, Tally};
use super::lines::{self, Ladder};
use super::patch::Current;
use super::reason::Reason;
use super::steps::Steps;
use crate::escape;

/// Most suggestions of a report, those that change most first: each is tried on the whole policy,
/// and nobody reads more.
const MAX_SUGGESTIONS: usize = 100;

/// Reasons that are given for a risk.
const MAX_EVIDENCE: usize = 3;

/// How many of a hundred calls a limit should let pass that nothing but a person could lift.
const MOST: u64 = 90;

/// How many of them should run without being asked for: a cap that all of them fit under is none.
const HALF: u64 = 50;

/// Deadlines that people work with.
const DEADLINES: [u64; 5] = [15 * 60, 3_600, 4 * 3_600, 24 * 3_600, 7 * 24 * 3_600];

/// Lines for the policy.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Suggestion {
    /// The tool, class or budget that they are about.
    pub(super) about: String,
    /// TOML, to be put where the policy says something of it already, else to be added.
    pub(super) lines: String,
    /// Why these.
    pub(super) because: Vec<String>,
    /// How many calls were held or blocked for what they are about.
    pub(super) of: u64,
    /// How many of them would have run.
    pub(super) would_run: u64,
    /// How many of them were blocked and would have been held for people.
    pub(super) would_be_held: u64,
    /// Whether these counts are exact.
    pub(super) precision: Precision,
    /// What has to happen besides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) once: Option<String>,
    /// The cases that they are about.
    #[serde(skip)]
    pub(super) cases: BTreeSet<usize>,
    /// The checks whose findings they answer.
    #[serde(skip)]
    pub(super) checks: &'static [CheckName],
}

/// How a count is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Precision {
    Exact,
    AtLeast,
    AtMost,
}

/// What a person can approve.
const ANYTHING: &[CheckName] = &[
    CheckName::KillSwitch,
    CheckName::Class,
    CheckName::Value,
    CheckName::Autonomy,
    CheckName::Consequential,
    CheckName::Budget,
    CheckName::Rule,
    CheckName::Inspection,
    CheckName::Caller,
];

/// The places of some cases.
type Places = Vec<usize>;

/// All suggestions that the policy takes, those that change most first.
pub(super) fn suggest(cases: &Cases, current: &Current) -> Vec<Suggestion> {
    let maker = Maker { cases, current };
    let mut all = maker.all();
    all.sort_by_key(|each| std::cmp::Reverse((each.would_run + each.would_be_held, each.of)));
    all.retain(|each| current.takes(&each.lines));
    all.truncate(MAX_SUGGESTIONS);
    all
}

struct Maker<'a> {
    cases: &'a Cases,
    current: &'a Current,
}

/// What lines change.
struct Change<'a> {
    places: Places,
    /// The checks whose findings they answer.
    checks: &'static [CheckName],
    /// Of those, the findings that they answer.
    gone: &'a dyn Fn(&Reason) -> bool,
    /// For how many calls of a case.
    count: &'a dyn Fn(&Kind, &Tally) -> u64,
    /// What is decided on a case at least.
    least: &'a dyn Fn(&Kind) -> Verdict,
}

impl Maker<'_> {
    fn all(&self) -> Vec<Suggestion> {
        let mut all: Vec<Suggestion> = self.unclassified().into_iter().collect();
        let unknown = self.by(|kind| match &kind.tool {
            Name::Is(tool) if self.cases.has(kind, CheckName::Class) => Some(tool),
            _ => None,
        });
        all.extend(unknown.into_iter().filter_map(|(tool, places)| self.unknown(&tool, places)));
        for (name, places) in self.by(|kind| kind.class.as_ref()) {
            if let Some(class) = self.current.terms().classes.get(&*name) {
                all.extend(self.hard_cap(class, &places));
                all.extend(self.auto_cap(class, &places));
                all.extend(self.ladder(class, &places));
                all.extend(self.deadline(class, &places));
            }
        }
        all.extend(self.budgets());
        all
    }

    /// The cases in which something spoke against a call, by a name.
    fn by<'k>(
        &'k self,
        name: impl Fn(&'k Kind) -> Option<&'k Arc<str>>,
    ) -> BTreeMap<Arc<str>, Places> {
        let mut by: BTreeMap<Arc<str>, Places> = BTreeMap::new();
        for (place, kind, _) in self.cases.iter().filter(|(_, kind, _)| !kind.reasons.is_empty()) {
            if let Some(name) = name(kind) {
                by.entry(Arc::clone(name)).or_default().push(place);
            }
        }
        by
    }

    fn those(&self, places: &[usize], keep: impl Fn(&Kind, &Tally) -> bool) -> Places {
        let is_kept =
            |place: &usize| self.cases.get(*place).is_some_and(|(kind, tally)| keep(kind, tally));
        places.iter().copied().filter(is_kept).collect()
    }

    fn values(&self, places: &[usize]) -> Steps {
        let mut all = Steps::default();
        for (_, tally) in places.iter().filter_map(|place| self.cases.get(*place)) {
            all.merge(&tally.values);
        }
        all
    }

    fn suggestion(&self, about: &str, lines: String, change: Change<'_>) -> Suggestion {
        let (mut of, mut would_run, mut would_be_held) = (0, 0, 0);
        let gone = |of: &Reason| change.checks.contains(&of.check) && (change.gone)(of);
        for (kind, tally) in change.places.iter().filter_map(|place| self.cases.get(*place)) {
            of += tally.count;
            let count = (change.count)(kind, tally).min(tally.count);
            match self.cases.without(kind, gone).max((change.least)(kind)) {
                Verdict::Allow => would_run += count,
                rest if rest < kind.verdict => would_be_held += count,
                _ => {}
            }
        }
        Suggestion {
            about: about.to_owned(),
            lines,
            because: Vec::new(),
            of,
            would_run,
            would_be_held,
            precision: Precision::Exact,
            once: None,
            cases: change.places.into_iter().collect(),
            checks: change.checks,
        }
    }

    /// An entry for a tool that the policy does not know.
    fn unknown(&self, tool: &str, places: Places) -> Option<Suggestion> {
        if is_ambiguous(tool) || self.current.policy().class_of(tool).is_some() {
            return None;
        }
        let found = classify(&Call { tool, params: &Object::new(), annotations: None });
        let unproven = self.those(&places, |kind, _| !kind.is_proven_read);
        let risk = if unproven.is_empty() { RiskTier::Read } else { found.risk };
        let is_read = risk == RiskTier::Read;
        let change = Change {
            places,
            checks: &[CheckName::Class],
            gone: &|_| true,
            count: &|_, tally| tally.count,
            least: &|kind| least(is_read && kind.is_proven_read),
        };
        let mut made = self.suggestion(tool, lines::tool(tool, risk), change);
        made.because = because(&found, unproven.is_empty(), risk);
        if is_read && !unproven.is_empty() {
            made.precision = Precision::AtLeast;
        }
        Some(made)
    }

    /// Another word for all tools that the policy does not know.
    fn unclassified(&self) -> Option<Suggestion> {
        if self.current.terms().unclassified == Unclassified::Inspect {
            return None;
        }
        let all: Places = self.cases.iter().map(|(place, _, _)| place).collect();
        let places = self.those(&all, |kind, _| self.cases.has(kind, CheckName::Class));
        let change = Change {
            places,
            checks: &[CheckName::Class],
            gone: &|_| true,
            count: &|_, tally| tally.count,
            least: &|kind| least(kind.is_proven_read),
        };
        let mut made = self.suggestion("all unknown tools", lines::unclassified("inspect"), change);
        made.because = vec!["what a call itself proves to be only a read then passes".to_owned()];
        (made.would_run > 0).then_some(made)
    }

    /// More than so much never runs.
    fn hard_cap(&self, class: &ActionClass, places: &[usize]) -> Option<Suggestion> {
        let places = self.those(places, |kind, _| self.cases.has(kind, CheckName::HardCap));
        let cap = self.values(&places).fitting(MOST, None)?;
        if class.hard_cap? >= cap {
            return None;
        }
        let change = Change {
            places,
            checks: &[CheckName::HardCap],
            gone: &|_| true,
            count: &|_, tally| tally.values.within(cap),
            least: &|_| Verdict::Allow,
        };
        let lines = lines::setting(class, "hard_cap", &cap.to_string());
        let mut made = self.suggestion(class.name.as_str(), lines, change);
        made.because =
            vec!["nine of ten of the values that were blocked are not above it".to_owned()];
        (made.would_run + made.would_be_held > 0).then_some(made)
    }

    /// So much runs by itself in a class that is supervised.
    fn auto_cap(&self, class: &ActionClass, places: &[usize]) -> Option<Suggestion> {
        let places = self.those(places, |kind, tally| {
            kind.autonomy == Some(AutonomyState::Supervised)
                && self.cases.has(kind, CheckName::Autonomy)
                && !tally.values.is_empty()
        });
        let cap = self.values(&places).fitting(HALF, class.hard_cap)?;
        if class.auto_cap.is_some_and(|now| now >= cap) {
            return None;
        }
        let change = Change {
            places,
            checks: &[CheckName::Autonomy],
            gone: &|_| true,
            count: &|_, tally| tally.values.within(cap),
            least: &|_| Verdict::Allow,
        };
        let lines = lines::setting(class, "auto_cap", &cap.to_string());
        let mut made = self.suggestion(class.name.as_str(), lines, change);
        made.because = vec!["half of the values that were held are not above it".to_owned()];
        (made.would_run > 0).then_some(made)
    }

    /// More than a person's approval of each call can be earned.
    fn ladder(&self, class: &ActionClass, places: &[usize]) -> Option<Suggestion> {
        let places = self.those(places, |kind, _| {
            kind.autonomy == Some(AutonomyState::Manual)
                && self.cases.has(kind, CheckName::Autonomy)
        });
        let values = self.values(&places);
        let has_values = !values.is_empty();
        let to = if has_values { AutonomyState::Supervised } else { AutonomyState::Autonomous };
        let uncapped = class.risk == RiskTier::Consequential && class.hard_cap.is_none();
        let hard_cap = if uncapped { Some(values.fitting(MOST, None)?) } else { None };
        let fitting = values.fitting(HALF, class.hard_cap.or(hard_cap));
        let auto_cap = if class.auto_cap.is_none() { fitting } else { None };
        let graduation = &self.current.terms().graduation;
        let lines = Ladder {
            class,
            to,
            auto_cap,
            hard_cap,
            has_supervised: graduation.supervised.is_some(),
            has_autonomous: graduation.autonomous.is_some(),
        }
        .lines()?;
        let most: Option<Amount> = class.auto_cap.or(auto_cap).filter(|_| has_values);
        let change = Change {
            places,
            checks: &[CheckName::Autonomy, CheckName::Consequential],
            gone: &|reason| uncapped || reason.check == CheckName::Autonomy,
            count: &|_, tally| most.map_or(tally.count, |most| tally.values.within(most)),
            least: &|_| Verdict::Allow,
        };
        let mut made = self.suggestion(class.name.as_str(), lines, change);
        made.once = Some(format!("once evidence has made the class {to}"));
        if class.auto_cap.is_some() && has_values {
            made.precision = Precision::AtLeast;
        }
        (made.would_run > 0).then_some(made)
    }

    /// People have more time to answer.
    fn deadline(&self, class: &ActionClass, places: &[usize]) -> Option<Suggestion> {
        let expired = |tally: &Tally| tally.became.get(&Fate::Expired).copied().unwrap_or_default();
        let places = self.those(places, |_, tally| expired(tally) > 0);
        let now = class.approval.deadline;
        let longer = DEADLINES.into_iter().map(Duration::from_secs).find(|each| *each > now)?;
        let change = Change {
            places,
            checks: ANYTHING,
            gone: &|_| true,
            count: &|_, tally| expired(tally),
            least: &|_| Verdict::Allow,
        };
        let lines = lines::setting(class, "approval.deadline", &human_duration(longer));
        let mut made = self.suggestion(class.name.as_str(), lines, change);
        made.because = vec![format!("nobody answered within {}", human_duration(now))];
        made.once = Some("if people had answered later and approved".to_owned());
        made.precision = Precision::AtMost;
        (made.would_run > 0).then_some(made)
    }

    fn budgets(&self) -> Vec<Suggestion> {
        let all: Places = self.cases.iter().map(|(place, _, _)| place).collect();
        let budgets = self.current.terms().budgets.iter();
        let each = budgets.filter_map(|budget| {
            let name = budget.name.as_str();
            let places = self.those(&all, |_, tally| tally.needs.contains_key(name));
            let mut needs = Steps::default();
            let tallies = places.iter().filter_map(|place| self.cases.get(*place));
            tallies.filter_map(|(_, tally)| tally.needs.get(name)).for_each(|of| needs.merge(of));
            let most = needs.fitting(MOST, None)?;
            let now = budget.count.map(|count| count.to_string().parse().ok());
            if now.unwrap_or(budget.value)? >= most {
                return None;
            }
            let prefix = format!("{name}: ");
            let change = Change {
                places,
                checks: &[CheckName::Budget],
                gone: &|of| of.text.starts_with(&prefix),
                count: &|_, tally| tally.needs.get(name).map_or(0, |needs| needs.within(most)),
                least: &|_| Verdict::Allow,
            };
            let mut made = self.suggestion(name, lines::budget(budget, most), change);
            made.because = vec!["what runs then counts as well".to_owned()];
            made.precision = Precision::AtMost;
            (made.would_run + made.would_be_held > 0).then_some(made)
        });
        each.collect()
    }
}

/// What inspection leaves of a call of an unknown tool: only what it proves to be a read runs.
fn least(is_proven_read: bool) -> Verdict {
    if is_proven_read { Verdict::Allow } else { Verdict::RequireApproval }
}

/// Whether a name would mean more in a policy than the tool that has it, or is not what it seems.
fn is_ambiguous(tool: &str) -> bool {
    tool.contains('*') || escape::line(tool) != tool || disguise(tool).is_some()
}

/// Why a name may not be what it seems.
pub(super) fn disguise(name: &str) -> Option<String> {
    let found = inspect(&Call { tool: name, params: &Object::new(), annotations: None });
    let first = found.confusables().first();
    first.map(|concern| concern.reason.replace("the tool's name", "the name"))
}

/// Why a tool is taken for what it is. Its name is what the agent calls it.
fn because(found: &Classification, is_proven: bool, risk: RiskTier) -> Vec<String> {
    if is_proven {
        return vec!["every call of it proved that it only reads".to_owned()];
    }
    let evidence = found.inspection.evidence().iter();
    let fitting = evidence.filter(|of| risk == RiskTier::Read || of.effect != Effect::Reads);
    let mut said: Vec<String> = fitting
        .take(MAX_EVIDENCE)
        .map(|of| format!("{}: {}", of.effect.as_str(), of.reason))
        .collect();
    if found.confidence == Confidence::Unknown {
        said.push("nothing shows what it does, so this is the safe assumption".to_owned());
    }
    if risk != RiskTier::Read {
        said.push("a person approves each call until evidence has earned more".to_owned());
    }
    said
}
