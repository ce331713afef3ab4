//! Killed at any moment of the way from a proposal to its outcome: no action runs twice, none runs
//! without its record, and what is in doubt is shown so.
//!
//! This program starts itself again as the one that is killed. That one proposes, signs off, redeems
//! and runs what leaves a durable trace; begun again, it tries once more whatever it had in hand, as
//! careless programs do.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test fails by panicking"
)]

mod after;
mod life;

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use placet::store::sequencer::wait;
use placet::{Outcome, Status};

use after::After;
use life::{Plan, Step};

/// Lives that are cut short at random, and how many share one log.
const ROUNDS: usize = 20;
const ROUNDS_OF_A_LOG: usize = 5;

/// The same where there is time.
const NIGHTLY_ROUNDS: usize = 500;

/// Longest wait for what must come at once, on a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(60);

/// Long enough that no outcome is overdue while a test looks.
const PATIENT: &str = "15m";

fn rounds() -> usize {
    if std::env::var_os("PLACET_NIGHTLY").is_some() { NIGHTLY_ROUNDS } else { ROUNDS }
}

/// A number that is another one in every round and every run.
fn draw(below: u64) -> u64 {
    RandomState::new().build_hasher().finish() % below
}

/// The program that is to be killed, and what it says.
struct Life {
    child: Child,
    said: Receiver<(Step, String)>,
    heard: Vec<(Step, String)>,
}

impl Life {
    fn begin(folder: &Path, plan: &Plan) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "the_one_that_is_killed", "--nocapture", "--test-threads=1"]);
        command.env(life::FOLDER, folder).env(life::PLAN, plan.to_string());
        let mut child = command.stdout(Stdio::piped()).stdin(Stdio::null()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let (say, said) = channel();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                if let Some(said) = life::heard(&line) {
                    drop(say.send(said));
                }
            }
        });
        Self { child, said, heard: Vec::new() }
    }

    /// Waits until it says that it has come so far with something.
    fn comes_to(&mut self, step: Step) -> String {
        loop {
            let said = self.said.recv_timeout(PATIENCE);
            let (now, key) = said.unwrap_or_else(|_| panic!("it never came to {step:?}"));
            self.heard.push((now, key.clone()));
            if now == step {
                return key;
            }
        }
    }

    /// Kills it as a loss of power would; gives all that it had said.
    fn kill(mut self) -> Vec<(Step, String)> {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        let heard = std::mem::take(&mut self.heard);
        heard.into_iter().chain(self.said.iter()).collect()
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Not a test: what [`Life::begin`] starts.
#[test]
fn the_one_that_is_killed() {
    if let Some(folder) = std::env::var_os(life::FOLDER) {
        let plan = std::env::var(life::PLAN).unwrap().parse().unwrap();
        life::live(Path::new(&folder), &plan);
    }
}

#[test]
fn killed_at_any_moment_each_action_has_run_once_or_not_at_all() {
    let began = Instant::now();
    let (mut ran, mut in_doubt, mut cut_short) = (0, 0, 0);
    for round in (0..rounds()).step_by(ROUNDS_OF_A_LOG) {
        let folder = tempfile::tempdir().unwrap();
        for number in round..rounds().min(round + ROUNDS_OF_A_LOG) {
            let mut life = Life::begin(folder.path(), &Plan::onward(number, PATIENT));
            // Sometimes while the log is opened and what was left is tried again, mostly later.
            if number % 5 != 0 {
                life.comes_to(Step::Proposed);
            }
            std::thread::sleep(Duration::from_micros(draw(150_000)));
            let said = life.kill();
            let after = After::open(folder.path(), PATIENT);
            after.each_ran_once_and_is_recorded();
            after.what_was_said_is_recorded(&said);
            after.what_is_in_doubt_is_shown_so();
            let waiting = after.count(Status::Pending) + after.count(Status::Approved);
            cut_short += usize::from(waiting > 0);
            if number % ROUNDS_OF_A_LOG == ROUNDS_OF_A_LOG - 1 {
                ran += after.effects().len();
                in_doubt += after.count(Status::Redeemed);
            }
        }
    }
    assert!(ran > rounds() && cut_short > 0, "{ran} ran, {cut_short} were cut short");
    eprintln!(
        "{ran} actions ran in {} lives, {in_doubt} in doubt, {cut_short} lives ended with some \
         that had not run, {:?}",
        rounds(),
        began.elapsed()
    );
}

/// Each boundary of the path in turn: what stands in the log when it is cut there, and what the
/// next life makes of it.
#[test]
fn killed_between_two_steps_what_stands_is_exactly_what_had_happened() {
    use Step::{Approved, Concluded, Proposed, Ran, Redeemed};
    let boundaries = [
        // Cut after, what is shown then, effects then, what the next life makes of it, effects.
        (Proposed, Status::Pending, 0, Status::Succeeded, 1),
        (Approved, Status::Approved, 0, Status::Succeeded, 1),
        (Redeemed, Status::Redeemed, 0, Status::Redeemed, 0),
        (Ran, Status::Redeemed, 1, Status::Redeemed, 1),
        (Concluded, Status::Succeeded, 1, Status::Succeeded, 1),
    ];
    for way in life::Way::ALL {
        for (step, status, effects, status_later, effects_later) in boundaries {
            if !way.comes_by(step) {
                continue;
            }
            let folder = tempfile::tempdir().unwrap();
            let key = cut_at(folder.path(), way, step, PATIENT);
            let what = |when| format!("{way:?}, {step:?}, {when}");
            let status =
                if way.is_held() || status != Status::Pending { status } else { Status::Allowed };
            let after = After::open(folder.path(), PATIENT);
            assert_eq!(
                (after.status(&key), after.effects_of(&key)),
                (status, effects),
                "{}",
                what("cut")
            );
            after.each_ran_once_and_is_recorded();
            after.what_is_in_doubt_is_shown_so();
            drop(after);

            let mut next =
                Life::begin(folder.path(), &Plan::stopping_at(Step::Resumed, way, PATIENT));
            next.comes_to(Step::Resumed);
            drop(next);
            let after = After::open(folder.path(), PATIENT);
            let found = (after.status(&key), after.effects_of(&key));
            assert_eq!(found, (status_later, effects_later), "{}", what("resumed"));
            after.each_ran_once_and_is_recorded();
            after.what_is_in_doubt_is_shown_so();
        }
    }
}

/// Starts a life that stops with its first action at a step, and kills it there.
fn cut_at(folder: &Path, way: life::Way, step: Step, outcome_within: &str) -> String {
    let mut life = Life::begin(folder, &Plan::stopping_at(step, way, outcome_within));
    let key = life.comes_to(step);
    life.kill();
    key
}

#[test]
fn what_nobody_reported_in_time_is_indeterminate_and_still_spent() {
    let soon = "1s";
    for way in life::Way::ALL {
        let folder = tempfile::tempdir().unwrap();
        let key = cut_at(folder.path(), way, Step::Ran, soon);
        let after = After::open(folder.path(), soon);
        let began = Instant::now();
        while after.status(&key) == Status::Redeemed {
            assert!(began.elapsed() < PATIENCE, "it is shown as running for ever");
            std::thread::yield_now();
        }
        assert_eq!(after.status(&key), Status::Indeterminate, "{way:?}");
        after.what_is_in_doubt_is_shown_so();
        after.each_ran_once_and_is_recorded();
        // Whoever finds out what came of it says so, and that is shown from then on.
        let id = after.id(&key);
        wait(after.guard().conclude(id, Outcome::Succeeded, "it is in the books")).unwrap();
        assert_eq!(after.status(&key), Status::Succeeded, "{way:?}");
    }
}
