//! The sequencer against a naive model, under random commands and failures.
#![allow(
    clippy::unwrap_used,
    clippy::assertions_on_constants,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test"
)]

use std::sync::Arc;
use std::time::Duration;

use placet_core::{Command, Entry, State, handle};
use placet_store::contract::faulty::{Fault, Faults, Faulty};
use placet_store::contract::fixture::{Bench, deny, erase, propose, reset, trip};
use placet_store::contract::{assert_sound, start};
use placet_store::sqlite::Options;
use placet_store::{Environment as _, Memory, Sequencer, Sqlite, Store, SubmitError};
use proptest::prelude::*;

/// Something that happens to a log.
#[derive(Clone, Debug)]
enum Step {
    Submit(u8, u8),
    Fail(Fault),
    Pass(u16),
    Reopen,
}

fn step() -> impl Strategy<Value = Step> {
    let faults = [
        Fault::Begin,
        Fault::Append,
        Fault::CommitNothing,
        Fault::CommitLost,
        Fault::CommitStored,
        Fault::Snapshot,
    ];
    prop_oneof![
        12 => (0..6_u8, 0..12_u8).prop_map(|(kind, number)| Step::Submit(kind, number)),
        2 => proptest::sample::select(faults.to_vec()).prop_map(Step::Fail),
        2 => (0..600_u16).prop_map(Step::Pass),
        1 => Just(Step::Reopen),
    ]
}

fn command(kind: u8, number: u8, times: u64) -> Command {
    let number = u64::from(number);
    match kind {
        0 => trip(number),
        1 => reset(number),
        2 => propose(times),
        3 => deny(times.saturating_sub(number)),
        4 => erase(number * 3),
        _ => Command::Tick,
    }
}

/// The model: entries in a list, judged one command at a time.
#[derive(Default)]
struct Model {
    state: State,
}

impl Model {
    /// What a command leads to, with what is due before it.
    fn judge(
        &self,
        command: Command,
        bench: &Bench,
    ) -> (Vec<Entry>, Result<Vec<Entry>, SubmitError>) {
        let mut state = self.state.clone();
        let now = state.clock(bench.now());
        let mut add = |command| {
            let facts = handle(&state, command, now)?;
            let index = state.size()..;
            let entries: Vec<_> = index
                .zip(facts)
                .map(|(index, fact)| Entry {
                    index,
                    at: now,
                    event: fact.event,
                    origin: None,
                    payload: None,
                })
                .collect();
            entries.iter().for_each(|entry| state.apply(entry));
            Ok(entries)
        };
        let due = add(Command::Tick).unwrap();
        (due, add(command).map_err(SubmitError::Rejected))
    }

    fn apply(&mut self, entries: &[Entry]) {
        entries.iter().for_each(|entry| self.state.apply(entry));
    }
}

/// Without the commitment, which is as random as its salt.
fn bare(entries: &[Entry]) -> Vec<Entry> {
    entries.iter().map(|entry| Entry { payload: None, ..entry.clone() }).collect()
}

fn run(steps: Vec<Step>, open: impl Fn() -> Box<dyn Store>) {
    let (bench, faults) = (Bench::new(1), Faults::default());
    let node = || start(Box::new(Faulty::new(open(), faults.clone())), &bench);
    let (mut log, mut model) = (node(), Model::default());
    let mut proposed = 0;
    for step in steps {
        match step {
            Step::Fail(fault) => faults.order([fault]),
            Step::Pass(seconds) => bench.pass(Duration::from_secs(u64::from(seconds))),
            Step::Reopen => {
                // A failure that was ordered must not keep the log from being opened.
                drop(log);
                log = node();
                // It may close what is due at any moment from now on.
                let (due, _) = model.judge(Command::Tick, &bench);
                assert_eq!(bare(&settle(&log, &mut model)), due);
            }
            Step::Submit(kind, number) => {
                proposed += u64::from(kind == 2);
                submit(&log, &mut model, &bench, command(kind, number, proposed));
            }
        }
        assert_eq!(log.state().switches(), model.state.switches());
    }
    assert!(*log.state() == model.state);
    assert_sound(&mut *log.reader().unwrap());
}

/// Lets the log close what is due, however often that fails, and takes the model along.
fn settle(log: &Sequencer, model: &mut Model) -> Vec<Entry> {
    while let Err(error) = log.submit_blocking(Command::Tick) {
        assert!(matches!(error, SubmitError::NotRecorded(_) | SubmitError::Unknown(_)), "{error}");
    }
    let mut reader = log.reader().unwrap();
    let stored = reader.view().unwrap().entries(model.state.size(), 1000).unwrap();
    let stored: Vec<_> = stored.iter().map(|stored| stored.decode().unwrap()).collect();
    model.apply(&stored);
    stored
}

/// Sends a command to both and compares.
fn submit(log: &Sequencer, model: &mut Model, bench: &Bench, command: Command) {
    let (due, expected) = model.judge(command.clone(), bench);
    match log.submit_blocking(command) {
        Ok(done) => {
            assert_eq!(bare(&done.entries), expected.clone().unwrap());
            model.apply(&due);
            model.apply(&expected.unwrap());
        }
        Err(SubmitError::Rejected(reason)) => {
            assert_eq!(reason.to_string(), expected.unwrap_err().to_string());
            model.apply(&due);
        }
        Err(SubmitError::NotRecorded(_)) => assert_eq!(bare(&settle(log, model)), due),
        Err(SubmitError::Unknown(_)) => {
            // The log says what became of it.
            let all: Vec<_> = due.iter().chain(expected.iter().flatten()).cloned().collect();
            let stored = bare(&settle(log, model));
            assert!(stored == due || stored == all, "all of it, or nothing");
        }
        Err(error) => assert!(false, "{error}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn memory_does_what_the_model_does(steps in prop::collection::vec(step(), 1..60)) {
        let memory = Memory::new();
        run(steps, || Box::new(memory.clone()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn sqlite_does_what_the_model_does(steps in prop::collection::vec(step(), 1..40)) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("placet.db");
        run(steps, || Box::new(Sqlite::open(&path, Options::default(), &*Bench::new(0)).unwrap()));
    }
}

/// Many callers at once, some of whom stop waiting.
#[test]
fn callers_that_give_up_harm_nobody() {
    let bench = Bench::new(1);
    let log = Arc::new(start(Box::new(Memory::new()), &bench));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let answered: usize = runtime.block_on(async {
        let mut waiting = tokio::task::JoinSet::new();
        for number in 0..500 {
            let log = Arc::clone(&log);
            waiting.spawn(async move {
                let mut submit = Box::pin(log.submit(trip(number)));
                if number % 3 == 0 {
                    // Poll it once, so that the command is on its way, and let go.
                    let _ = std::future::poll_fn(|cx| {
                        std::task::Poll::Ready(submit.as_mut().poll(cx).is_ready())
                    })
                    .await;
                    return 0;
                }
                submit.await.unwrap().entries.len()
            });
        }
        waiting.join_all().await.into_iter().sum()
    });
    assert_eq!(answered, 333);
    Arc::try_unwrap(log).unwrap().close();
}

/// Nobody sends anything, and yet what is due is closed.
#[test]
fn an_approval_expires_by_itself() {
    let bench = Bench::new(1);
    let log = start(Box::new(Memory::new()), &bench);
    log.submit_blocking(propose(1)).unwrap();
    // The deadline is a quarter of an hour away; the clock jumps there before anyone looks again.
    bench.pass(Duration::from_secs(14 * 60 + 59));
    log.submit_blocking(trip(1)).unwrap();
    assert_eq!(log.state().approvals().len(), 1);
    bench.pass(Duration::from_millis(900));
    log.submit_blocking(trip(2)).unwrap();
    bench.pass(Duration::from_millis(100));
    let mut tip = log.watch();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(tip.wait_for(|tip| tip.size == 4)).unwrap();
    assert!(log.state().approvals().is_empty());
}
