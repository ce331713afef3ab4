//! The decision a second time, as plainly as it can be said, and the two must never differ.
//!
//! The naive judge keeps the whole history and works everything out anew for every action: it has
//! no windows, no counters, no recorded autonomy and no list of what is denied. It shares only the
//! types with the real one. Its definitions:
//!
//! - A budget's window lies on a grid of [`SLOTS`] slots, each a sixtieth of its length rounded up
//!   to a millisecond. An action counts until the whole slot that it fell into has left the window.
//! - The actions of a budget count under its name; one that was counted for another length of
//!   window ends what is counted.
//! - A denial holds for the cool-down of the policy under which it was given, and for every spelling
//!   of the amount that was denied.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use common::{World, arbitrary, ms};
use placet_core::assessment::{Money, Value};
use placet_core::autonomy::{LedgerKey, Thresholds};
use placet_core::budget::SLOTS;
use placet_core::event::Decided;
use placet_core::mode::Treatment;
use placet_core::terms::{Budget, Defaults, Per, Unclassified};
use placet_core::{
    ActionClass, ActionTag, Amount, Assessment, AutonomyState, CheckName, Command, Decision, Entry,
    Event, Mode, PersonId, RiskTier, SourceName, Terms, Timestamp, Verdict, decide,
};
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn both_judge_every_action_of_every_history_alike(history in arbitrary::history(60)) {
        let mut world = World::default();
        let mut now = 0;
        for (jump, step) in history {
            now += jump;
            let Some(command) = world.command(step) else { continue };
            if let Command::Propose(proposal) = &command {
                compare(&world, &proposal.assessment, world.state.clock(ms(now)))?;
            }
            let _rejected = world.run(command, ms(now)).is_err();
        }
    }
}

fn compare(world: &World, of: &Assessment, now: Timestamp) -> Result<(), TestCaseError> {
    let judge = Judge { history: &world.log, of, now, terms: terms(&world.log) };
    let (naive, real) = (judge.judge(), Judgement::of(&decide(&world.state, of, now)));
    prop_assert_eq!(naive, real, "{:?} at {} under {:?}", of, now, judge.terms);
    Ok(())
}

/// What must be the same in both.
#[derive(Debug, PartialEq)]
struct Judgement {
    verdict: Verdict,
    would_have: Option<Verdict>,
    autonomy: Option<AutonomyState>,
    /// As often as they were found, sorted.
    findings: Vec<(CheckName, Verdict)>,
}

impl Judgement {
    fn of(decision: &Decision) -> Self {
        let findings = decision.findings.iter().map(|finding| (finding.check, finding.verdict));
        let mut findings: Vec<_> = findings.collect();
        findings.sort();
        let Decision { verdict, would_have, autonomy, .. } = *decision;
        Self { verdict, would_have, autonomy, findings }
    }
}

/// One action, all that was known when it came, and all that had happened.
struct Judge<'a> {
    history: &'a [Entry],
    of: &'a Assessment,
    now: Timestamp,
    terms: Arc<Terms>,
}

impl Judge<'_> {
    fn judge(&self) -> Judgement {
        let class = self.of.class.as_ref().and_then(|name| self.terms.classes.get(name));
        let autonomy = class.map(|class| self.autonomy(class));
        let mut findings = Vec::new();
        self.switches(&mut findings);
        self.input(&mut findings);
        match (class, autonomy) {
            (Some(class), Some(autonomy)) => self.classified(class, autonomy, &mut findings),
            _ => findings.push((CheckName::Class, self.unclassified())),
        }
        self.budgets(class.map(|class| &**class), &mut findings);
        findings.extend(self.of.rules.iter().map(|hit| (CheckName::Rule, hit.verdict)));
        for _ in &self.of.inspected.exceeds {
            findings.push((CheckName::Inspection, Verdict::RequireApproval));
        }
        if self.was_denied() {
            findings.push((CheckName::CoolDown, Verdict::Block));
        }
        if self.of.treatment == Treatment::Gated {
            findings.push((CheckName::Caller, Verdict::RequireApproval));
        }
        if self.of.treatment == Treatment::Stopped {
            findings.push((CheckName::Caller, Verdict::Block));
        }
        let worst = |findings: &[(CheckName, Verdict)]| {
            findings.iter().map(|(_, verdict)| *verdict).max().unwrap()
        };
        let is_bound = self.is_bound(worst(&findings));
        if self.of.treatment == Treatment::Unasked
            && is_bound
            && worst(&findings) == Verdict::RequireApproval
        {
            findings.push((CheckName::Caller, Verdict::Block));
        }
        findings.sort();
        let worst = worst(&findings);
        let is_changed = !is_bound && worst != Verdict::Allow;
        Judgement {
            verdict: if is_changed { Verdict::Allow } else { worst },
            would_have: is_changed.then_some(worst),
            autonomy,
            findings,
        }
    }

    /// Whether the caller has to obey a verdict.
    fn is_bound(&self, worst: Verdict) -> bool {
        let is_strict = self.of.enforce || self.of.treatment == Treatment::Gated;
        let is_lax = match (self.of.treatment, self.terms.laxest) {
            (Treatment::FailOpen, Treatment::FailOpen | Treatment::Shadow) => {
                worst != Verdict::Block
            }
            (Treatment::Shadow, Treatment::Shadow) => true,
            _ => false,
        };
        let is_in_mode = match self.terms.mode {
            Mode::Enforce => true,
            Mode::Shadow => false,
            Mode::Sample => self.is_sampled(),
        };
        is_strict || !is_lax && is_in_mode
    }

    fn is_sampled(&self) -> bool {
        let bucket: u16 = serde_json::from_value(serde_json::to_value(self.of.bucket).unwrap())
            .expect("a bucket is a number");
        bucket < u16::from(self.terms.sample)
    }

    fn switches(&self, findings: &mut Vec<(CheckName, Verdict)>) {
        let mut tripped = BTreeSet::new();
        for entry in self.history {
            match &entry.event {
                Event::Tripped(switched) => drop(tripped.insert(switched.scope.to_string())),
                Event::Reset(switched) => drop(tripped.remove(&switched.scope.to_string())),
                _ => {}
            }
        }
        let subject = &self.of.subject;
        let mut names = vec![subject.tool.as_str()];
        names.extend(self.of.class.iter().map(|class| class.as_str()));
        names.dedup();
        let mut covering = vec!["all".to_owned(), format!("tenant:{}", subject.tenant)];
        for prefix in [String::new(), format!("tenant:{}/", subject.tenant)] {
            covering.extend(subject.agent.iter().map(|agent| format!("{prefix}agent:{agent}")));
            covering.extend(names.iter().map(|name| format!("{prefix}tool:{name}")));
        }
        for _ in covering.iter().filter(|scope| tripped.contains(*scope)) {
            findings.push((CheckName::KillSwitch, self.terms.kill_switch));
        }
    }

    fn input(&self, findings: &mut Vec<(CheckName, Verdict)>) {
        let is_bad = match &self.of.value {
            Value::Missing => false,
            Value::Is(money) => money.amount < Amount::ZERO,
            Value::Bad(_) => true,
        };
        let count = self.of.faults.len() + usize::from(is_bad);
        findings.extend(vec![(CheckName::Input, Verdict::Block); count]);
    }

    fn unclassified(&self) -> Verdict {
        let seen = &self.of.inspected;
        match self.terms.unclassified {
            Unclassified::Block => Verdict::Block,
            Unclassified::Inspect if seen.proven_read && seen.exceeds.is_empty() => Verdict::Allow,
            _ => Verdict::RequireApproval,
        }
    }

    fn classified(
        &self,
        class: &ActionClass,
        autonomy: AutonomyState,
        findings: &mut Vec<(CheckName, Verdict)>,
    ) {
        if class.risk == RiskTier::Read {
            findings.push((CheckName::Risk, Verdict::Allow));
            return;
        }
        let strict = self.terms.defaults == Defaults::Strict;
        let value = self.money().map(|money| money.amount);
        if class.hard_cap.is_some_and(|cap| value.is_some_and(|value| value > cap)) {
            findings.push((CheckName::HardCap, Verdict::Block));
        }
        let capped = class.hard_cap.or(class.auto_cap).is_some();
        if capped && self.of.value == Value::Missing && strict {
            findings.push((CheckName::Value, Verdict::RequireApproval));
        }
        let earned = match (autonomy, class.auto_cap, value) {
            (AutonomyState::Manual, _, _) => false,
            (AutonomyState::Autonomous, _, _) => true,
            (AutonomyState::Supervised, Some(cap), Some(value)) => value <= cap,
            (AutonomyState::Supervised, _, _) => !strict,
        };
        let verdict = if earned { Verdict::Allow } else { Verdict::RequireApproval };
        findings.push((CheckName::Autonomy, verdict));
        if class.risk == RiskTier::Consequential && class.hard_cap.is_none() {
            findings.push((CheckName::Consequential, Verdict::RequireApproval));
        }
    }

    fn money(&self) -> Option<&Money> {
        match &self.of.value {
            Value::Is(money) => Some(money),
            _ => None,
        }
    }

    fn budgets(&self, class: Option<&ActionClass>, findings: &mut Vec<(CheckName, Verdict)>) {
        for budget in self.terms.budgets.iter().filter(|budget| draws(self.of, budget)) {
            let ran = self.ran(budget);
            let too_often = budget.count.is_some_and(|most| count(&ran) >= most);
            let too_much = budget.value.is_some_and(|most| match self.money() {
                Some(money) => !fits(&ran, money, most),
                None => self.hides_value(budget, class),
            });
            if too_often || too_much {
                findings.push((CheckName::Budget, budget.over));
            }
        }
    }

    /// A budget of value that names the class, or a class that says where its value is, expects
    /// every action to have one.
    fn hides_value(&self, budget: &Budget, class: Option<&ActionClass>) -> bool {
        self.of.value == Value::Missing
            && self.terms.defaults == Defaults::Strict
            && class.is_some_and(|class| class.risk != RiskTier::Read)
            && (budget.actions.is_some() || class.is_some_and(|class| class.value.is_some()))
    }

    /// The actions that still count against a budget.
    fn ran(&self, budget: &Budget) -> Vec<&Decided> {
        let mut terms = Arc::new(Terms::default());
        let mut counted: Vec<(u128, Timestamp, &Decided)> = Vec::new();
        for entry in self.history {
            match &entry.event {
                Event::PolicyInstalled(installed) => terms = installed.terms.clone().unwrap(),
                Event::Decided(decided) if decided.decision.verdict == Verdict::Allow => {
                    let then = terms.budgets.iter().find(|then| then.name == budget.name);
                    let Some(then) = then.filter(|then| draws(&decided.assessment, then)) else {
                        continue;
                    };
                    if owner(&decided.assessment, then) == owner(self.of, budget) {
                        counted.push((then.window.as_millis(), entry.at, decided));
                    }
                }
                _ => {}
            }
        }
        let length = budget.window.as_millis();
        let latest = counted.into_iter().rev().take_while(|(then, _, _)| *then == length);
        latest.filter(|(_, at, _)| counts(budget, *at, self.now)).map(|(_, _, ran)| ran).collect()
    }

    fn was_denied(&self) -> bool {
        let mut held = BTreeMap::new();
        let mut cool_down = Terms::default().cool_down;
        for entry in self.history {
            match &entry.event {
                Event::PolicyInstalled(new) => cool_down = new.terms.as_ref().unwrap().cool_down,
                Event::Decided(decided) => {
                    let id = decided.approval.as_ref().map(|approval| approval.id);
                    held.insert(id, names(&decided.assessment));
                }
                Event::Denied(denied)
                    if !held[&Some(denied.approval)].is_disjoint(&names(self.of))
                        && entry.at.saturating_add(cool_down) > self.now =>
                {
                    return true;
                }
                _ => {}
            }
        }
        false
    }

    /// What the class has earned by the evidence, never mind what was recorded as earned.
    fn autonomy(&self, class: &ActionClass) -> AutonomyState {
        let subject = &self.of.subject;
        let whose = LedgerKey {
            tenant: subject.tenant.clone(),
            class: class.name.clone(),
            build: subject.build.clone(),
        };
        let mut terms = Arc::new(Terms::default());
        let mut evidence = Evidence::default();
        let mut state = AutonomyState::Manual;
        for entry in self.history {
            match &entry.event {
                Event::PolicyInstalled(installed) => terms = installed.terms.clone().unwrap(),
                Event::EvidenceReported(report) if LedgerKey::of(report) == whose => {
                    let source = (report.source.clone(), report.adversarial);
                    let batches = evidence.batches.entry(source).or_default();
                    batches.push((report.passed, report.failed));
                    forget(batches, terms.graduation.window);
                }
                Event::Ratified(ratified) if ratified.of == whose => {
                    evidence.ratified.insert(ratified.by.clone());
                }
                _ => continue,
            }
            let now = evidence.earns(&terms, terms.classes.get(&class.name));
            if now < state {
                evidence.ratified.clear();
            }
            state = now;
        }
        state
    }
}

fn terms(history: &[Entry]) -> Arc<Terms> {
    let installed = history.iter().rev().find_map(|entry| match &entry.event {
        Event::PolicyInstalled(installed) => installed.terms.clone(),
        _ => None,
    });
    installed.unwrap_or_default()
}

/// What a call is recognised by: as it is spelled, and as it is spelled most plainly.
fn names(of: &Assessment) -> BTreeSet<ActionTag> {
    BTreeSet::from_iter([of.tag, of.alike.unwrap_or(of.tag)])
}

fn draws(of: &Assessment, budget: &Budget) -> bool {
    let Some(actions) = &budget.actions else { return true };
    of.class.as_ref().is_some_and(|class| actions.contains(class))
}

/// Who shares a window of the budget with this action.
fn owner(of: &Assessment, budget: &Budget) -> (String, Option<String>, Option<String>) {
    let agent = of.subject.agent.as_ref().map(ToString::to_string);
    let class = of.class.as_ref().map(ToString::to_string);
    let tenant = of.subject.tenant.to_string();
    match budget.per {
        Per::Tenant => (tenant, None, None),
        Per::Agent => (tenant, agent, None),
        Per::Class => (tenant, None, class),
    }
}

/// Whether what ran `at` some time still counts `now`.
fn counts(budget: &Budget, at: Timestamp, now: Timestamp) -> bool {
    let length = i64::try_from(budget.window.as_millis()).unwrap();
    let slot = ((length + i64::from(SLOTS) - 1) / i64::from(SLOTS)).max(1);
    let end_of_its_slot = (at.as_millis().div_euclid(slot) + 1) * slot;
    now.as_millis() < end_of_its_slot + length
}

fn count(ran: &[&Decided]) -> u64 {
    u64::try_from(ran.len()).unwrap()
}

fn fits(ran: &[&Decided], money: &Money, most: Amount) -> bool {
    let mut sum = Some(money.amount);
    for ran in ran {
        if let Value::Is(spent) = &ran.assessment.value
            && spent.currency == money.currency
            && spent.amount > Amount::ZERO
        {
            sum = sum.and_then(|sum| sum.checked_add(spent.amount));
        }
    }
    sum.is_some_and(|sum| sum <= most)
}

/// What one class of one tenant and build has to show.
#[derive(Default)]
struct Evidence {
    batches: BTreeMap<(SourceName, bool), Vec<(u64, u64)>>,
    ratified: BTreeSet<PersonId>,
}

/// Keeps the fewest of the latest reports that fill the window.
fn forget(batches: &mut Vec<(u64, u64)>, window: u64) {
    let samples = |batches: &[(u64, u64)]| batches.iter().map(|(p, f)| p + f).sum::<u64>();
    let filling = (0..=batches.len()).rev().find(|start| samples(&batches[*start..]) >= window);
    batches.drain(..filling.unwrap_or(0));
}

impl Evidence {
    fn earns(&self, terms: &Terms, class: Option<&Arc<ActionClass>>) -> AutonomyState {
        let grades = &terms.graduation;
        let Some(class) = class else { return AutonomyState::Manual };
        let supervised = class.max_state >= AutonomyState::Supervised
            && grades.supervised.as_ref().is_some_and(|least| self.meets(terms, least));
        let consequential = class.risk == RiskTier::Consequential;
        let ratified = self.ratified.len() >= usize::from(grades.ratification_quorum);
        let autonomous = class.max_state == AutonomyState::Autonomous
            && grades.autonomous.as_ref().is_some_and(|least| self.meets(terms, least))
            && (!consequential || (ratified && self.batches.keys().any(|(_, hostile)| *hostile)));
        match (supervised, autonomous) {
            (false, _) => AutonomyState::Manual,
            (true, false) => AutonomyState::Supervised,
            (true, true) => AutonomyState::Autonomous,
        }
    }

    fn meets(&self, terms: &Terms, least: &Thresholds) -> bool {
        let hostile = self.batches.keys().any(|(_, hostile)| *hostile);
        let friendly = self.batches.keys().any(|(_, hostile)| !*hostile);
        let listed = terms.graduation.sources.iter();
        let complete = listed.clone().all(|name| self.batches.keys().any(|(has, _)| has == name));
        friendly
            && complete
            && (hostile || u32::from(least.adversarial_pass_rate) == 0)
            && self.batches.iter().all(|((_, hostile), batches)| {
                let passed: u64 = batches.iter().map(|(passed, _)| passed).sum();
                let total: u64 = batches.iter().map(|(passed, failed)| passed + failed).sum();
                let rate = if *hostile { least.adversarial_pass_rate } else { least.pass_rate };
                let needed = f64::from(u32::from(rate)) / 1e6;
                // The rates that are drawn are exact in binary, and so are these few samples.
                let enough = needed == 0.0 || total > 0;
                let few = |samples: u64| f64::from(u32::try_from(samples).unwrap());
                let share = few(passed) / few(total.max(1));
                total >= least.min_samples && enough && share >= needed
            })
    }
}
