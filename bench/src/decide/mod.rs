//! Deciding in process: no disk, one thread.

mod cedar;
mod gate;
mod rego;
mod stages;

use anyhow::{Result, ensure};
use placet::Verdict;

use crate::measure::{Contestant, Scale, in_turn, median, median_ns};
use crate::progress;
use crate::report::{Chart, Line, Section, Table, Target, nanos, ratio};
use crate::sample::Refund;
use cedar::Cedar;
use gate::{Gate, Prepared};
use rego::Rego;

/// The most that a decision should take, in nanoseconds.
const GOAL_NS: f64 = 2_000.0;

const NAMES: [&str; 5] = [
    "Placet, all of it",
    "Placet, rules and checks alone",
    "Placet, with the record",
    "Cedar, no index",
    "Rego (regorus)",
];

pub(crate) fn measure(scale: &Scale) -> Result<Section> {
    let mut medians = Vec::new();
    for classes in scale.classes {
        progress(&format!("  {classes} classes"));
        medians.push(compare(*classes, scale)?);
    }
    let stages = stages::measure(scale)?;
    let of = |contestant: usize| column(&medians, contestant);
    let growth = ratio_of_ends(&of(0));
    let all = of(0).last().copied().unwrap_or(f64::NAN);
    Ok(Section {
        title: "Deciding in process",
        about: ABOUT,
        tables: vec![table(scale, &medians), stages],
        targets: vec![
            Target::at_most("deciding in process, most classes", all, GOAL_NS, nanos),
            Target::at_most("deciding in process, most classes against fewest", growth, 1.5, ratio),
        ],
        charts: vec![chart(scale, &medians)],
    })
}

const ABOUT: &str = "\
One conditional rule for each class, a comparison on the params. \"All of it\" is what \
`Guard::evaluate` does with a parsed action: find its class, inspect the call, evaluate its rules, \
look for secrets, write it canonically, digest and tag it, and judge it by every check. \"Rules and \
checks alone\" are the part of it that the others do as well, and the checks that they do not have. \
\"With the record\" also makes the copy of the action, without its secrets, and the evidence that \
`Guard::propose` hands to the log. Cedar gets the same rules in one policy set, and builds its \
context and request; Rego gets equivalent rules and a prepared input. All of them agree on every \
call.";

/// The medians of all contestants, in nanoseconds.
fn compare(classes: usize, scale: &Scale) -> Result<Vec<f64>> {
    let refunds = Refund::several(classes, true);
    let gate = Gate::new(classes, &refunds)?;
    let (cedar, mut rego) = (Cedar::new(classes)?, Rego::new(classes, &refunds)?);
    agree(&refunds, &gate, &cedar, &mut rego)?;
    let turn = scale.turn;
    let ours = |decide: fn(&Gate, &Prepared) -> Verdict| -> Contestant<'_, f64> {
        let gate = &gate;
        Box::new(move || {
            Ok(median_ns(turn, |nth| nth_of(&gate.calls, nth).map(|call| decide(gate, call))))
        })
    };
    let mut contestants: [Contestant<'_, f64>; 5] = [
        ours(|gate, call| gate.decide(&call.action)),
        ours(Gate::check),
        ours(|gate, call| gate.decide_for_record(&call.action)),
        Box::new(|| Ok(median_ns(turn, |nth| nth_of(&refunds, nth).map(|it| cedar.forbids(it))))),
        Box::new(|| Ok(median_ns(turn, |nth| rego.forbids(nth)))),
    ];
    let figures = in_turn(scale.rounds, &mut contestants)?;
    Ok(figures.iter().map(|figures| median(figures)).collect())
}

/// Refuses to compare what does not give the same answers.
fn agree(refunds: &[Refund], gate: &Gate, cedar: &Cedar, rego: &mut Rego) -> Result<()> {
    for (nth, (refund, call)) in refunds.iter().zip(&gate.calls).enumerate() {
        let expected = refund.is_large();
        let ours = gate.decide(&call.action) != Verdict::Allow;
        let recorded = gate.decide_for_record(&call.action) != Verdict::Allow;
        let theirs = [cedar.forbids(refund)?, rego.forbids(nth)?];
        ensure!(
            [ours, recorded] == [expected; 2] && theirs == [expected; 2],
            "they do not agree on {refund:?}: Placet {ours} and {recorded}, Cedar and Rego {theirs:?}"
        );
    }
    Ok(())
}

/// The items over and over.
fn nth_of<T>(items: &[T], nth: usize) -> Option<&T> {
    items.get(nth.checked_rem(items.len())?)
}

fn column(medians: &[Vec<f64>], contestant: usize) -> Vec<f64> {
    medians.iter().filter_map(|row| row.get(contestant)).copied().collect()
}

/// How many times the first the last is.
fn ratio_of_ends(column: &[f64]) -> f64 {
    match (column.first(), column.last()) {
        (Some(first), Some(last)) => last / first,
        _ => f64::NAN,
    }
}

fn table(scale: &Scale, medians: &[Vec<f64>]) -> Table {
    let mut table = Table::new("classes", NAMES.map(str::to_owned).to_vec());
    for (classes, row) in scale.classes.iter().zip(medians) {
        let ours = row.first().copied().unwrap_or(f64::NAN);
        let cell = |(at, median): (usize, &f64)| match at {
            0..=2 => nanos(*median),
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
