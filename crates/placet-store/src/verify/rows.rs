//! Comparing the projections with the log, row by row, as the log is replayed.
//!
//! A row is compared when its entry comes by. A reset of a switch is compared when that entry comes
//! by; so only the switches that are tripped have to be remembered.

use std::collections::{BTreeMap, VecDeque};

use placet_core::{Entry, Scope};

use super::chunk::Beside;
use super::problem::{Place, Problems, What};
use crate::projection::{
    ActionRow, AutonomyRow, Change, RefusalRow, RequestRow, StepRow, SwitchRow, change, request,
};

/// The rows that something may still change.
#[derive(Default)]
pub(super) struct Rows {
    switches: BTreeMap<Scope, Vec<SwitchRow>>,
}

/// The rows of a chunk that no entry has accounted for yet, in the order of their entries.
pub(super) struct Stored {
    actions: InOrder<ActionRow>,
    steps: InOrder<StepRow>,
    refusals: InOrder<RefusalRow>,
    requests: InOrder<RequestRow>,
    switches: InOrder<SwitchRow>,
    autonomy: InOrder<AutonomyRow>,
}

/// Rows, each with its entry. They are asked for in the order of the log.
struct InOrder<T> {
    rows: VecDeque<(u64, T)>,
    /// Those that nobody asked for.
    left: Vec<u64>,
}

impl<T> InOrder<T> {
    fn of(rows: Vec<T>, entry: fn(&T) -> u64) -> Self {
        Self { rows: rows.into_iter().map(|row| (entry(&row), row)).collect(), left: Vec::new() }
    }

    /// The row of an entry.
    fn take(&mut self, index: u64) -> Option<T> {
        while let Some((entry, _)) = self.rows.pop_front_if(|(entry, _)| *entry < index) {
            self.left.push(entry);
        }
        self.rows.pop_front_if(|(entry, _)| *entry == index).map(|(_, row)| row)
    }

    fn left(self) -> impl Iterator<Item = u64> {
        self.left.into_iter().chain(self.rows.into_iter().map(|(entry, _)| entry))
    }
}

impl Stored {
    pub(super) fn take(beside: &mut Beside) -> Self {
        let Beside { actions, steps, refusals, requests, switches, autonomy, .. } = beside;
        Self {
            actions: InOrder::of(std::mem::take(actions), |row| row.entry),
            steps: InOrder::of(std::mem::take(steps), |row| row.entry),
            refusals: InOrder::of(std::mem::take(refusals), |row| row.entry),
            requests: InOrder::of(std::mem::take(requests), |row| row.entry),
            switches: InOrder::of(std::mem::take(switches), |row| row.entry),
            autonomy: InOrder::of(std::mem::take(autonomy), |row| row.entry),
        }
    }

    /// Reports the rows that are left.
    pub(super) fn finish(self, problems: &mut Problems) {
        let Self { actions, steps, refusals, requests, switches, autonomy } = self;
        let left = actions.left().chain(steps.left()).chain(refusals.left());
        for entry in left.chain(requests.left()).chain(switches.left()).chain(autonomy.left()) {
            problems.add(Place::Row(entry), What::ExtraRow);
        }
    }
}

impl Rows {
    /// Compares what an entry does to the projections with what is there.
    pub(super) fn compare(&mut self, entry: &Entry, stored: &mut Stored, problems: &mut Problems) {
        let index = entry.index;
        if let Some(expected) = request(entry) {
            same(stored.requests.take(index), &expected, index, problems);
        }
        match change(entry) {
            None => {}
            Some(Change::Action(expected)) => {
                same(stored.actions.take(index), &expected, index, problems);
            }
            Some(Change::Step(expected)) => {
                same(stored.steps.take(index), &expected, index, problems);
            }
            Some(Change::Refusal(expected)) => {
                same(stored.refusals.take(index), &expected, index, problems);
            }
            Some(Change::Switch(expected)) => match stored.switches.take(index) {
                None => problems.add(Place::Row(index), What::MissingRow),
                Some(row) => {
                    let as_it_was = SwitchRow { reset: None, ..row.clone() };
                    expect(as_it_was == expected, index, problems);
                    self.switches.entry(expected.scope).or_default().push(row);
                }
            },
            Some(Change::Autonomy(expected)) => {
                same(stored.autonomy.take(index), &expected, index, problems);
            }
            Some(Change::Reset { scope, entry }) => {
                for row in self.switches.remove(&scope).into_iter().flatten() {
                    expect(row.reset == Some(entry), row.entry, problems);
                }
            }
        }
    }

    /// Checks that what nothing has closed is open.
    pub(super) fn finish(self, problems: &mut Problems) {
        for row in self.switches.into_values().flatten() {
            expect(row.reset.is_none(), row.entry, problems);
        }
    }
}

/// Checks that a row is there, and says what its entry says.
fn same<T: PartialEq>(row: Option<T>, expected: &T, index: u64, problems: &mut Problems) {
    match row {
        None => problems.add(Place::Row(index), What::MissingRow),
        Some(row) => expect(row == *expected, index, problems),
    }
}

fn expect(same: bool, entry: u64, problems: &mut Problems) {
    if !same {
        problems.add(Place::Row(entry), What::OtherRow);
    }
}
