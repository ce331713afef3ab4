//! Deciding in process: no disk, one thread.

mod cedar;
mod rego;
mod stages;

use anyhow::{Result, ensure};
use placet::core::{Pepper, State, decide};
use placet::{Action, Policy, Verdict};

use crate::measure::{Contestant, Scale, in_turn, median, median_ns};
use crate::progress;
use crate::report::{Chart, Line, Section, Table, Target, nanos, ratio};
use crate::sample::{self, Refund};
use cedar::Cedar;
use rego::Rego;

/// The most that a decision should take, in nanoseconds.
const GOAL_NS: f64 = 2_000.0;

const NAMES: [&str; 4] = ["Placet", "Placet, decide alone", "Cedar, no index", "Rego (regorus)"];

pub(crate) fn measure(scale: &Scale) -> Result<Section> {
    let mut medians = Vec::new();
    for classes in scale.classes {
        progress(&format!("  {classes} classes"));
        medians.push(compare(*classes, scale)?);
    }
    let stages = stages::measure(scale)?;
    let (first, last) = (column(&medians, 0).first().copied(), column(&medians, 0).last().copied());
    let (first, last) = (first.unwrap_or(f64::NAN), last.unwrap_or(f64::NAN));
    Ok(Section {
        title: "Deciding in process",
        about: ABOUT,
        tables: vec![table(scale, &medians), stages],
        targets: vec![
            Target::at_most("a decision at the median, most classes", last, GOAL_NS, nanos),
            Target::at_most(
                "deciding alone, most classes",
                column(&medians, 1).last().copied().unwrap_or(f64::NAN),
                GOAL_NS,
                nanos,
            ),
            Target::at_most("the most classes against the fewest", last / first, 1.5, ratio),
        ],
        chart: Some(chart(scale, &medians)),
    })
}

const ABOUT: &str = "\
One conditional rule for each class, a comparison on the params. \"Placet\" is everything that \
happens to a parsed action before the log: the class, inspection, rules, redaction, the canonical \
text, digest and tag, and the decision. \"Decide alone\" is the decision on what was worked out \
before. Cedar gets the same rules in one policy set, and builds its context and request; Rego gets \
equivalent rules and a prepared input. All four agree on every call.";

/// The medians of all contestants, in nanoseconds.
fn compare(classes: usize, scale: &Scale) -> Result<Vec<f64>> {
    let refunds = Refund::several(classes, true);
    let gate = Gate::new(classes, &refunds)?;
    let (cedar, mut rego) = (Cedar::new(classes)?, Rego::new(classes, &refunds)?);
    agree(&refunds, &gate, &cedar, &mut rego)?;
    let assessed: Vec<_> =
        gate.actions.iter().map(|action| gate.policy.assess(action, &gate.pepper)).collect();
    let now = sample::now();
    let turn = scale.turn;
    let mut contestants: [Contestant<'_, f64>; 4] = [
        Box::new(|| {
            Ok(median_ns(turn, |nth| nth_of(&gate.actions, nth).map(|it| gate.decide(it))))
        }),
        Box::new(|| {
            Ok(median_ns(turn, |nth| {
                nth_of(&assessed, nth).map(|it| decide(&gate.state, &it.assessment, now))
            }))
        }),
        Box::new(|| Ok(median_ns(turn, |nth| nth_of(&refunds, nth).map(|it| cedar.forbids(it))))),
        Box::new(|| Ok(median_ns(turn, |nth| rego.forbids(nth)))),
    ];
    let figures = in_turn(scale.rounds, &mut contestants)?;
    Ok(figures.iter().map(|figures| median(figures)).collect())
}

/// Refuses to compare what does not give the same answers.
fn agree(refunds: &[Refund], gate: &Gate, cedar: &Cedar, rego: &mut Rego) -> Result<()> {
    for (nth, (refund, action)) in refunds.iter().zip(&gate.actions).enumerate() {
        let expected = refund.is_large();
        let ours = gate.decide(action) != Verdict::Allow;
        let theirs = [cedar.forbids(refund)?, rego.forbids(nth)?];
        ensure!(
            ours == expected && theirs == [expected; 2],
            "they do not agree on {refund:?}: Placet {ours}, Cedar and Rego {theirs:?}"
        );
    }
    Ok(())
}

/// Placet in process, as [`placet::Guard::evaluate`] does it.
struct Gate {
    policy: Policy,
    state: State,
    pepper: Pepper,
    actions: Vec<Action>,
}

impl Gate {
    fn new(classes: usize, refunds: &[Refund]) -> Result<Self> {
        let policy = Policy::load(&sample::policy(classes))?;
        let state = sample::state(&policy);
        let actions = sample::actions(refunds)?;
        Ok(Self { policy, state, pepper: Pepper::from_bytes([7; 32]), actions })
    }

    fn decide(&self, action: &Action) -> Verdict {
        let assessed = self.policy.assess(action, &self.pepper);
        let decision = decide(&self.state, &assessed.assessment, sample::now());
        std::hint::black_box(assessed.payload);
        decision.verdict
    }
}

/// The items over and over.
fn nth_of<T>(items: &[T], nth: usize) -> Option<&T> {
    items.get(nth.checked_rem(items.len())?)
}

fn column(medians: &[Vec<f64>], contestant: usize) -> Vec<f64> {
    medians.iter().filter_map(|row| row.get(contestant)).copied().collect()
}

fn table(scale: &Scale, medians: &[Vec<f64>]) -> Table {
    let mut table = Table::new("classes", NAMES.map(str::to_owned).to_vec());
    for (classes, row) in scale.classes.iter().zip(medians) {
        let ours = row.first().copied().unwrap_or(f64::NAN);
        let cell = |(at, median): (usize, &f64)| match at {
            0 | 1 => nanos(*median),
            _ => format!("{} ({})", nanos(*median), ratio(median / ours)),
        };
        table.row(&classes.to_string(), row.iter().enumerate().map(cell).collect());
    }
    table
}

fn chart(scale: &Scale, medians: &[Vec<f64>]) -> Chart {
    let line =
        |(at, name): (usize, &str)| Line { name: name.to_owned(), points: column(medians, at) };
    Chart {
        title: "One decision in process, by number of classes",
        ticks: scale.classes.iter().map(ToString::to_string).collect(),
        lines: NAMES.into_iter().enumerate().map(line).collect(),
        goal: GOAL_NS,
        unit: nanos,
    }
}
