//! Dropped at any moment, a run leaves nothing open: no approval that nobody waits for, and no action
//! that is shown as running.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use placet::store::sequencer::wait;
use placet::{
    Action, Approver, Config, Event, Guard, Json, PolicyFile, PolicySource, Reply, RunOptions,
    Running, Status,
};

const POLICY: &str = r#"
version = 1
mode = "enforce"
[actions.look]
risk = "read"
[actions.pay]
risk = "reversible_write"
value = "/amount"
approval = { quorum = 2, fields = ["why"], least_length = 3 }
"#;

/// How long the test waits for what must come at once.
const PATIENCE: Duration = Duration::from_secs(60);

/// More polls than any run takes.
const MANY: usize = 50;

fn guard() -> Guard {
    let policy = PolicyFile { name: "policy.toml".to_owned(), text: POLICY.to_owned() };
    let policy = PolicySource::Files(vec![policy]);
    Guard::open(Config { policy, ..Config::default() }).unwrap()
}

fn action(tool: &str) -> Action {
    let text = format!(r#"{{"tool": "{tool}", "params": {{"amount": "42"}}, "agent": "bot"}}"#);
    Action::from_json(Json::parse(text.as_bytes()).unwrap()).unwrap()
}

fn person(name: &str) -> Approver {
    Approver { person: name.parse().unwrap(), groups: [].into() }
}

fn why() -> std::collections::BTreeMap<String, String> {
    [("why".to_owned(), "I read it".to_owned())].into()
}

/// What people do while an action waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum People {
    Silent,
    Approving,
    /// One of them puts another action in its place, which needs the other one too.
    Editing,
}

impl People {
    /// Answers what waits, if they do; whether anybody did.
    fn answer(self, guard: &Guard) -> bool {
        let Some(held) = guard.pending(None, None, 1).unwrap().pop() else { return false };
        let is_edited = held.followed.answer.replaces.is_some();
        let id = held.followed.id().approval();
        let sign = |name, reply| {
            wait(guard.resolve(id, &person(name), reply)).unwrap();
        };
        match self {
            Self::Silent => return false,
            Self::Editing if is_edited => return false,
            Self::Editing => {
                let params = Json::parse(br#"{"amount": "7"}"#).unwrap();
                let params = params.as_object().unwrap().clone();
                sign("ann", Reply::Edit { params, statement: why() });
            }
            Self::Approving => {
                sign("ann", Reply::Approve { statement: why() });
                sign("ben", Reply::Approve { statement: why() });
            }
        }
        true
    }
}

/// Where a run is dropped.
#[derive(Clone, Copy, Debug)]
struct Cut {
    polls: usize,
    /// Whether what it waits for happens before it is dropped, and it does not hear of it.
    has_happened: bool,
}

/// Wakes the thread that polls.
struct Bell(Thread);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Polls a run as often as it is woken, up to where it is cut; whether it came to its end before.
fn run_until(cut: Cut, guard: &Guard, people: People, run: impl Future) -> bool {
    let waker = Waker::from(Arc::new(Bell(thread::current())));
    let mut run = pin!(run);
    for poll in 1..=cut.polls {
        let size = guard.log().size();
        if run.as_mut().poll(&mut Context::from_waker(&waker)).is_ready() {
            return true;
        }
        if poll < cut.polls || cut.has_happened {
            happens(guard, people, size);
        }
    }
    false
}

/// Waits until something is in the log that was not there, and lets people answer it.
fn happens(guard: &Guard, people: People, size: u64) {
    if people.answer(guard) {
        return;
    }
    let is_waiting = || !guard.pending(None, None, 1).unwrap().is_empty();
    let began = Instant::now();
    while guard.log().size() == size && !is_waiting() && began.elapsed() < Duration::from_millis(20)
    {
        thread::park_timeout(Duration::from_millis(1));
    }
}

/// What came of a run that was dropped.
#[derive(Debug)]
struct Left {
    /// What stands in the log of each action.
    statuses: Vec<Status>,
    /// How often the function was called, and how often it came to its end.
    calls: usize,
    ends: usize,
    /// Whether the run was over before it could be dropped.
    is_over: bool,
}

fn dropped(cut: Cut, tool: &str, people: People) -> Left {
    let guard = guard();
    let (calls, ends, options) = (Cell::new(0), Cell::new(0), RunOptions::default());
    let run = guard.run(action(tool), &options, |_: Running| {
        calls.set(calls.get() + 1);
        // It takes a few turns, and can be dropped at each.
        let (mut turns, ends) = (0, &ends);
        poll_fn(move |context| {
            turns += 1;
            context.waker().wake_by_ref();
            if turns <= 3 {
                return Poll::Pending;
            }
            ends.set(ends.get() + 1);
            Poll::Ready(Ok::<(), String>(()))
        })
    });
    let is_over = run_until(cut, &guard, people, run);
    // Whatever was sent before this is in the log when it is answered.
    wait(guard.propose(&action("look"))).unwrap();
    let began = Instant::now();
    loop {
        let statuses = statuses(&guard);
        // What is heard by a thread of its own is reported a moment later.
        if !statuses.contains(&Status::Redeemed) {
            return Left { statuses, calls: calls.get(), ends: ends.get(), is_over };
        }
        assert!(began.elapsed() < PATIENCE, "{cut:?}, {tool}, {people:?}: shown as running");
        thread::yield_now();
    }
}

/// What became of all actions but the last.
fn statuses(guard: &Guard) -> Vec<Status> {
    let entries = guard.log().entries(0, 1_000).unwrap();
    let mut decided: Vec<_> = entries
        .into_iter()
        .filter_map(|entry| match entry.event {
            Event::Decided(decided) => Some(decided.id),
            Event::Superseded(superseded) => Some(superseded.successor),
            _ => None,
        })
        .collect();
    decided.dedup();
    decided.pop();
    decided.iter().map(|id| guard.log().action(*id).unwrap().unwrap().status).collect()
}

#[test]
fn dropped_at_every_poll_a_run_leaves_nothing_open() {
    for (tool, people) in
        [("look", People::Silent), ("pay", People::Approving), ("pay", People::Editing)]
    {
        let mut ends = Vec::new();
        for polls in 0..MANY {
            let mut is_over = false;
            for has_happened in [false, true] {
                let cut = Cut { polls, has_happened };
                let left = dropped(cut, tool, people);
                let what = format!("{cut:?}, {tool}, {people:?}: {left:?}");
                assert!(!left.statuses.contains(&Status::Pending), "{what}");
                let of = |kind| left.statuses.iter().filter(|status| **status == kind).count();
                let (succeeded, failed) = (of(Status::Succeeded), of(Status::Failed));
                assert!(left.calls <= 1 && succeeded <= left.ends, "{what}");
                // What was called has an outcome, and the right one where it is known.
                assert!(succeeded + failed >= left.calls && failed + left.ends <= 1, "{what}");
                is_over |= left.is_over;
                ends.extend(left.statuses);
            }
            if is_over || people == People::Editing && polls > 6 {
                break;
            }
            assert!(polls < MANY - 1, "it came to no end");
        }
        let reached = |status| ends.contains(&status);
        match people {
            People::Silent => assert!(reached(Status::Failed) && reached(Status::Succeeded)),
            People::Approving => {
                assert!(reached(Status::Withdrawn) && reached(Status::Failed), "{ends:?}");
                assert!(reached(Status::Succeeded), "{ends:?}");
            }
            People::Editing => {
                assert!(reached(Status::Superseded) && reached(Status::Withdrawn), "{ends:?}");
            }
        }
    }
}

/// The proposal is durable and people see it, and its caller has not heard of it yet.
#[test]
fn dropped_between_the_commit_and_the_next_poll_it_is_taken_back() {
    let guard = guard();
    let options = RunOptions::default();
    {
        let mut run = pin!(guard.run(action("pay"), &options, |_| async { Ok::<(), String>(()) }));
        assert!(run.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        let began = Instant::now();
        while guard.pending(None, None, 1).unwrap().is_empty() {
            assert!(began.elapsed() < PATIENCE);
            thread::yield_now();
        }
    }
    wait(guard.propose(&action("look"))).unwrap();
    assert_eq!(statuses(&guard), [Status::Withdrawn]);
}

/// A task that has used up its turn may not send anything by waiting for room; it does not wait.
#[test]
fn dropped_by_a_task_that_has_used_up_its_turn_it_is_taken_back_all_the_same() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let guard = guard();
    let options = RunOptions::default();
    runtime.block_on(async {
        let mut run =
            Box::pin(guard.run(action("pay"), &options, |_| async { Ok::<(), String>(()) }));
        poll_fn(|context| {
            assert!(run.as_mut().poll(context).is_pending());
            Poll::Ready(())
        })
        .await;
        while guard.pending(None, None, 1).unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
        poll_fn(|context| {
            // Until the runtime wants its turn back.
            while pin!(tokio::task::consume_budget()).poll(context).is_ready() {}
            Poll::Ready(())
        })
        .await;
        drop(run);
    });
    wait(guard.propose(&action("look"))).unwrap();
    assert_eq!(statuses(&guard), [Status::Withdrawn]);
}
