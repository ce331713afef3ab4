//! What a decision is made of: its stages one by one, on the same actions.

use anyhow::Result;
use placet::core::decide;
use placet::core::digest::{Digest, Domain};
use placet::policy::redact::Redactor;

use super::gate::{Gate, Prepared};
use super::nth_of;
use crate::measure::{Contestant, Scale, in_turn, median, median_ns};
use crate::report::{Table, nanos, percent};
use crate::sample::{self, Refund};

/// So few classes that their number decides nothing.
const CLASSES: usize = 100;

pub(super) fn measure(scale: &Scale) -> Result<Table> {
    let gate = Gate::new(CLASSES, &Refund::several(CLASSES, false))?;
    let turn = scale.turn;
    let contestant = |(_, stage): (&str, Stage)| {
        let gate = &gate;
        let contestant: Contestant<'_, f64> = Box::new(move || {
            Ok(median_ns(turn, |nth| nth_of(&gate.calls, nth).map(|call| stage(gate, call))))
        });
        contestant
    };
    let figures = in_turn(scale.rounds, &mut STAGES.map(contestant))?;
    let medians: Vec<f64> = figures.iter().map(|figures| median(figures)).collect();
    let whole = medians.first().copied().unwrap_or(f64::NAN);
    let mut table = Table::new("stage", vec!["median".to_owned(), "share".to_owned()]);
    for ((name, _), median) in STAGES.into_iter().zip(medians) {
        table.row(name, vec![nanos(median), percent(median / whole)]);
    }
    Ok(table)
}

type Stage = fn(&Gate, &Prepared);

/// The first is the whole of it. Each of the others does its work alone, as far as it can be had
/// alone; what they leave is moving values about. The last are only done for the record.
const STAGES: [(&str, Stage); 10] = [
    ("all of it", |gate, call| keep(gate.decide(&call.action))),
    ("finding the class", |gate, call| {
        keep(gate.policy.class_of(call.action.tool.as_str()).map(|class| class.risk));
    }),
    ("inspecting the call", |gate, call| keep(gate.policy.inspect(&call.action))),
    ("evaluating rules", |gate, call| keep(gate.rules.evaluate(&call.question()))),
    ("looking for secrets", |_, call| keep(Redactor::default().is_clean(&call.action, &[]))),
    ("canonical text, digest and tag", |gate, call| {
        let mut text = Vec::with_capacity(512);
        call.action.write_canonical(&mut text);
        keep(Digest::of(Domain::Action, &text));
        let mut params = Vec::with_capacity(256);
        call.action.params.write_canonical(&mut params);
        keep(gate.pepper.tag(&Digest::of(Domain::Params, &params)));
    }),
    ("deciding", |gate, call| keep(decide(&gate.state, &call.assessment, sample::now()))),
    ("with the record", |gate, call| keep(gate.decide_for_record(&call.action))),
    ("of which copying the action", |gate, call| {
        keep(Redactor::default().freeze(&call.action, &[], &gate.pepper).into_json());
    }),
    ("of which evidence", |_, call| keep(call.inspection.to_json())),
];

fn keep<T>(value: T) {
    std::hint::black_box(value);
}
