//! What was gathered, counted by tool, agent and reason: the report as programs read it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use placet::{AgentId, PolicyFile, TenantId};
use placet_core::{CheckName, ToolName, Verdict};
use serde::Serialize;

use super::case::{Cases, Fate, Kind, Name, Tally};
use super::figures::{Answers, Span, spans};
use super::gather::{Filter, Gathered, Verdicts};
use super::patch::Current;
use super::suggest::{Suggestion, disguise, suggest};
use super::window::Window;

/// A report.
#[derive(Debug, Serialize)]
pub(super) struct Summary {
    #[serde(flatten)]
    pub(super) window: Window,
    pub(super) only: Only,
    pub(super) entries: Entries,
    /// The modes that were in force.
    pub(super) modes: Vec<&'static str>,
    /// How many versions of the policy the decisions were made under.
    pub(super) policies: usize,
    pub(super) totals: Row,
    /// What became of those that were held and waited for people.
    pub(super) became: BTreeMap<&'static str, u64>,
    pub(super) answers: Answers,
    pub(super) over_time: Vec<Span>,
    pub(super) tools: Vec<Named>,
    pub(super) agents: Vec<Named>,
    pub(super) reasons: Vec<ReasonRow>,
    /// Whether the policy that holds could be read, so that lines could be tried on it.
    pub(super) policy_known: bool,
    pub(super) suggestions: Vec<Suggestion>,
}

/// What the report was narrowed to.
#[derive(Debug, Serialize)]
pub(super) struct Only {
    tenant: Option<TenantId>,
    agent: Option<AgentId>,
    tool: Option<ToolName>,
}

/// The part of the log that was read.
#[derive(Debug, Serialize)]
pub(super) struct Entries {
    /// The first entry of the time.
    pub(super) first: u64,
    /// How many entries the log had: the last that was read is the one before.
    pub(super) size: u64,
    pub(super) read: u64,
    /// Entries of the time whose params were erased since. They count like all others.
    pub(super) erased: u64,
    /// Entries that could not be read, and are missing in every count.
    pub(super) unreadable: u64,
}

/// Calls, by what was decided on them before the mode was applied.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Row {
    pub(super) calls: u64,
    pub(super) allowed: u64,
    pub(super) held: u64,
    pub(super) blocked: u64,
    /// How many of those held or blocked ran all the same, because of the mode.
    pub(super) not_stopped: u64,
    /// Those of them that would have been held.
    pub(super) would_have_held: u64,
    /// Those that would have been blocked.
    pub(super) would_have_blocked: u64,
    pub(super) approved: u64,
    /// The suggestions that are about some of them, by their place, counted from 1.
    pub(super) suggestions: Vec<usize>,
}

/// The calls of a tool or of an agent.
#[derive(Debug, Serialize)]
pub(super) struct Named {
    /// Its name; none where nobody said.
    pub(super) name: Option<String>,
    /// Whether these are those that were too many to be told apart.
    pub(super) others: bool,
    /// Why it may not be what it seems, where it may not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) disguised: Option<String>,
    #[serde(flatten)]
    pub(super) row: Row,
}

/// The calls that one reason spoke against.
#[derive(Debug, Serialize)]
pub(super) struct ReasonRow {
    pub(super) check: CheckName,
    pub(super) verdict: Verdict,
    pub(super) reason: String,
    pub(super) calls: u64,
    /// How many of them nothing else spoke against as strictly.
    pub(super) alone: u64,
    /// What else changes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) advice: Option<&'static str>,
    pub(super) suggestions: Vec<usize>,
}

/// Rows that are still being added to.
struct Group {
    row: Row,
    suggestions: BTreeSet<usize>,
}

impl Summary {
    pub(super) fn new(
        mut gathered: Gathered,
        (first, size): (u64, u64),
        filter: &Filter,
        policy: Option<&[PolicyFile]>,
    ) -> Self {
        gathered.finish();
        let cases = &gathered.cases;
        let current = Current::read(policy.unwrap_or_default());
        let suggestions = current.as_ref().map(|current| suggest(cases, current));
        let policy_known = suggestions.is_some();
        let suggestions = suggestions.unwrap_or_default();
        let about = about(&suggestions);
        let totals = groups(cases, &about, |_| ()).into_values().next();
        Self {
            window: gathered.window,
            only: Only {
                tenant: filter.tenant.clone(),
                agent: filter.agent.clone(),
                tool: filter.tool.clone(),
            },
            entries: Entries {
                first,
                size,
                read: gathered.read,
                erased: gathered.erased,
                unreadable: gathered.unreadable,
            },
            modes: gathered.modes.iter().copied().collect(),
            policies: gathered.policies(),
            totals: totals.unwrap_or_default(),
            became: became(cases),
            answers: Answers::new(&gathered.answers),
            over_time: spans(&gathered.hours),
            tools: named(groups(cases, &about, |kind| &kind.tool)),
            agents: named(groups(cases, &about, |kind| &kind.agent)),
            reasons: reasons(cases, &suggestions),
            policy_known,
            suggestions,
        }
    }
}

impl Row {
    /// How many calls something spoke against.
    pub(super) fn against(&self) -> u64 {
        self.held + self.blocked
    }
}

/// The suggestions about each case, counted from 1.
fn about(suggestions: &[Suggestion]) -> HashMap<usize, Vec<usize>> {
    let mut about: HashMap<usize, Vec<usize>> = HashMap::new();
    for (number, suggestion) in (1..).zip(suggestions) {
        for case in &suggestion.cases {
            about.entry(*case).or_default().push(number);
        }
    }
    about
}

fn groups<'a, K: Ord>(
    cases: &'a Cases,
    about: &HashMap<usize, Vec<usize>>,
    key: impl Fn(&'a Kind) -> K,
) -> BTreeMap<K, Row> {
    let mut groups: BTreeMap<K, Group> = BTreeMap::new();
    for (place, kind, tally) in cases.iter() {
        let group = groups
            .entry(key(kind))
            .or_insert_with(|| Group { row: Row::default(), suggestions: BTreeSet::new() });
        group.row.add(kind, tally);
        group.suggestions.extend(about.get(&place).into_iter().flatten());
    }
    let finish =
        |group: Group| Row { suggestions: group.suggestions.into_iter().collect(), ..group.row };
    groups.into_iter().map(|(key, group)| (key, finish(group))).collect()
}

impl Row {
    fn add(&mut self, kind: &Kind, tally: &Tally) {
        let mut verdicts = Verdicts::default();
        verdicts.add(kind.verdict, tally.count);
        self.calls += verdicts.total();
        self.allowed += verdicts.allowed;
        self.held += verdicts.held;
        self.blocked += verdicts.blocked;
        self.not_stopped += tally.not_stopped;
        match kind.verdict {
            Verdict::Allow => {}
            Verdict::RequireApproval => self.would_have_held += tally.not_stopped,
            Verdict::Block => self.would_have_blocked += tally.not_stopped,
        }
        self.approved += tally.became.get(&Fate::Approved).copied().unwrap_or_default();
    }
}

/// Those first that most spoke against.
fn named(groups: BTreeMap<&Name, Row>) -> Vec<Named> {
    let mut all: Vec<Named> = groups
        .into_iter()
        .map(|(name, row)| match name {
            Name::Is(name) => Named {
                name: Some(name.to_string()),
                others: false,
                disguised: disguise(name),
                row,
            },
            Name::None => Named { name: None, others: false, disguised: None, row },
            Name::Other => Named { name: None, others: true, disguised: None, row },
        })
        .collect();
    all.sort_by_key(|each| std::cmp::Reverse((each.row.against(), each.row.calls)));
    all
}

fn became(cases: &Cases) -> BTreeMap<&'static str, u64> {
    let sum = |fate: Fate| cases.iter().filter_map(|(_, _, tally)| tally.became.get(&fate)).sum();
    Fate::ALL.into_iter().map(|fate| (fate.as_str(), sum(fate))).collect()
}

fn reasons(cases: &Cases, suggestions: &[Suggestion]) -> Vec<ReasonRow> {
    let mut rows: Vec<(u64, u64, BTreeSet<usize>)> =
        cases.reasons.iter().map(|_| Default::default()).collect();
    for (place, kind, tally) in cases.iter() {
        for id in &kind.reasons {
            let Some((reason, row)) = cases.reasons.reason(*id).zip(rows.get_mut(*id)) else {
                continue;
            };
            row.0 += tally.count;
            if cases.without(kind, |other| other == reason) < kind.verdict {
                row.1 += tally.count;
            }
            let fitting = (1..).zip(suggestions).filter(|(_, each)| {
                each.cases.contains(&place) && each.checks.contains(&reason.check)
            });
            row.2.extend(fitting.map(|(number, _)| number));
        }
    }
    let all = cases.reasons.iter().zip(rows).map(|((_, reason), (calls, alone, suggestions))| {
        ReasonRow {
            check: reason.check,
            verdict: reason.verdict,
            reason: reason.text.clone(),
            calls,
            alone,
            advice: advice(reason.check),
            suggestions: suggestions.into_iter().collect(),
        }
    });
    let mut all: Vec<ReasonRow> = all.collect();
    all.sort_by_key(|row| std::cmp::Reverse((row.calls, row.alone)));
    all
}

/// What changes a finding, where no line of the policy does.
fn advice(check: CheckName) -> Option<&'static str> {
    Some(match check {
        CheckName::KillSwitch => "somebody tripped it; `placet kill reset` ends it",
        CheckName::Input => "the call itself has to be put right",
        CheckName::Value => "say with value = \"/…\" which param carries the value",
        CheckName::Rule => "the rule stands in a .cedar file of the policy",
        CheckName::Inspection => "a call that does no more than its class declares passes",
        CheckName::CoolDown => "a person said no; cool_down says for how long",
        CheckName::Caller => "the program asks for it",
        CheckName::Autonomy => "`placet autonomy` says which evidence is missing",
        CheckName::Consequential => "a hard_cap bounds the harm; without one a person decides",
        CheckName::Class | CheckName::HardCap | CheckName::Risk | CheckName::Budget => return None,
    })
}
