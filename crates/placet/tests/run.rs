//! Running actions under a guard: once, with what was decided on, and reported whatever happens.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use std::cell::Cell;
use std::future::{Future, pending, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

use placet::ask::Asked;
use placet::store::sequencer::wait;
use placet::store::{Environment, System};
use placet::{
    Action, ActionId, Approver, Config, Entry, Event, Guard, Json, OnReview, Pending, PolicyFile,
    PolicySource, Reply, RunError, RunOptions, Running, Status, Timestamp, Verdict,
};

const POLICY: &str = r#"
version = 1
mode = "enforce"
[actions.look]
risk = "read"
[actions.pay]
risk = "reversible_write"
value = "/amount"
hard_cap = "100"
approval = { fields = ["why"], least_length = 3 }
"#;

/// How long the test waits for what must come at once. Nothing sleeps for so long unless it fails.
const PATIENCE: Duration = Duration::from_secs(60);

fn guard_with(policy: &str) -> Guard {
    let files = vec![PolicyFile { name: "policy.toml".to_owned(), text: policy.to_owned() }];
    Guard::open(Config { policy: PolicySource::Files(files), ..Config::default() }).unwrap()
}

fn guard() -> Guard {
    guard_with(POLICY)
}

fn action(tool: &str, params: &str) -> Action {
    let text = format!(r#"{{"tool": "{tool}", "params": {params}, "agent": "bot"}}"#);
    Action::from_json(Json::parse(text.as_bytes()).unwrap()).unwrap()
}

fn look() -> Action {
    action("look", r#"{"at": "o-1"}"#)
}

fn pay() -> Action {
    action("pay", r#"{"amount": "42", "to": "mira"}"#)
}

fn ben() -> Approver {
    Approver { person: "ben".parse().unwrap(), groups: [].into() }
}

fn yes() -> Reply {
    Reply::Approve { statement: [("why".to_owned(), "I read it".to_owned())].into() }
}

fn entries(guard: &Guard) -> Vec<Entry> {
    guard.log().entries(0, 1000).unwrap()
}

/// The only action of the log.
fn only(guard: &Guard) -> ActionId {
    let decided = entries(guard).into_iter().find_map(|entry| match entry.event {
        Event::Decided(decided) => Some(decided.id),
        _ => None,
    });
    decided.unwrap()
}

fn status(guard: &Guard, id: ActionId) -> Status {
    guard.log().action(id).unwrap().unwrap().status
}

/// Waits until an action has come to a status.
fn becomes(guard: &Guard, id: ActionId, expected: Status) {
    let start = Instant::now();
    while status(guard, id) != expected {
        assert!(start.elapsed() < PATIENCE, "it is {}", status(guard, id));
        thread::yield_now();
    }
}

/// Answers the next action that waits.
fn answer(guard: &Guard, reply: Reply) {
    let start = Instant::now();
    loop {
        if let Some(held) = guard.pending(None, None, 1).unwrap().pop() {
            let id = held.followed.id().approval();
            wait(guard.resolve(id, &ben(), reply)).unwrap();
            return;
        }
        assert!(start.elapsed() < PATIENCE, "nothing waits");
        thread::yield_now();
    }
}

async fn params(running: Running) -> Result<String, String> {
    Ok(Json::Object(running.params().clone()).canonical())
}

#[test]
fn what_is_allowed_runs_once_and_is_reported() {
    let guard = guard();
    let calls = Cell::new(0);
    let ran = wait(guard.run(look(), &RunOptions::default(), |running: Running| {
        calls.set(calls.get() + 1);
        params(running)
    }));
    assert_eq!((ran.unwrap(), calls.get()), (r#"{"at":"o-1"}"#.to_owned(), 1));
    assert_eq!(status(&guard, only(&guard)), Status::Succeeded);
    let kinds: Vec<_> = entries(&guard).iter().map(|entry| entry.event.kind()).collect();
    assert_eq!(kinds[1..], ["decided", "redeemed", "outcome_reported"]);
}

#[test]
fn what_is_blocked_does_not_run() {
    let guard = guard();
    let much = action("pay", r#"{"amount": "101"}"#);
    let calls = Cell::new(0);
    let ran = wait(guard.run(much, &RunOptions::default(), |running: Running| {
        calls.set(calls.get() + 1);
        params(running)
    }));
    assert_eq!(calls.get(), 0);
    let Err(RunError::Blocked(answer)) = ran else { panic!("{ran:?}") };
    assert_eq!(answer.verdict, Verdict::Block);
}

#[test]
fn what_is_held_waits_and_runs_when_it_is_approved() {
    let guard = guard();
    thread::scope(|scope| {
        scope.spawn(|| answer(&guard, yes()));
        let ran = wait(guard.run(pay(), &RunOptions::default(), params));
        assert_eq!(ran.unwrap(), r#"{"amount":"42","to":"mira"}"#);
    });
    assert_eq!(status(&guard, only(&guard)), Status::Succeeded);
}

#[test]
fn a_denial_comes_with_its_reason() {
    let guard = guard();
    thread::scope(|scope| {
        scope.spawn(|| answer(&guard, Reply::Deny { reason: "not this month".to_owned() }));
        let ran = wait(guard.run(pay(), &RunOptions::default(), params));
        assert!(matches!(ran, Err(RunError::Denied { reason, .. }) if reason == "not this month"));
    });
}

#[test]
fn what_people_made_of_it_is_what_runs() {
    let guard = guard();
    let edit = Reply::Edit {
        params: action("pay", r#"{"amount": "7", "to": "mira"}"#).params,
        statement: [("why".to_owned(), "too much".to_owned())].into(),
    };
    thread::scope(|scope| {
        scope.spawn(|| answer(&guard, edit));
        let ran = wait(guard.run(pay(), &RunOptions::default(), params));
        assert_eq!(ran.unwrap(), r#"{"amount":"7","to":"mira"}"#);
    });
    assert_eq!(status(&guard, only(&guard)), Status::Superseded);
}

#[test]
fn a_caller_that_does_not_wait_can_follow_later() {
    let guard = guard();
    let options = RunOptions { on_review: OnReview::FailClosed, ..RunOptions::default() };
    let ran = wait(guard.run(pay(), &options, params));
    let Err(RunError::Pending(answer)) = ran else { panic!("{ran:?}") };
    let id = answer.id.unwrap();
    assert_eq!(status(&guard, id), Status::Pending);
    wait(guard.resolve(id.approval(), &ben(), yes())).unwrap();
    assert_eq!(wait(guard.settled(id)).unwrap().unwrap().status, Status::Approved);
}

#[test]
fn laxer_treatment_is_for_the_policy_to_permit() {
    let lax = |word: &str| guard_with(&format!("on_review = \"{word}\"\n{}", POLICY.trim()));
    let asks = |guard: &Guard, on_review, action| {
        let options = RunOptions { on_review, ..RunOptions::default() };
        wait(guard.run(action, &options, params))
    };
    let much = || action("pay", r#"{"amount": "101"}"#);
    for on_review in [OnReview::FailOpen, OnReview::Shadow] {
        let ran = asks(&guard(), on_review, pay());
        assert!(matches!(ran, Err(RunError::NotPermitted(asked)) if asked == on_review));
    }
    let open = lax("fail_open");
    assert!(asks(&open, OnReview::FailOpen, pay()).is_ok());
    assert!(matches!(asks(&open, OnReview::FailOpen, much()), Err(RunError::Blocked(_))));
    assert!(matches!(asks(&open, OnReview::Shadow, pay()), Err(RunError::NotPermitted(_))));
    assert!(asks(&lax("shadow"), OnReview::Shadow, much()).is_ok());
}

#[test]
fn a_gate_asks_a_person_in_any_mode() {
    let guard = guard_with(&POLICY.replace("\"enforce\"", "\"shadow\""));
    assert!(wait(guard.run(pay(), &RunOptions::default(), params)).is_ok());
    thread::scope(|scope| {
        scope.spawn(|| answer(&guard, Reply::Deny { reason: "no looking".to_owned() }));
        let ran = wait(guard.gate(look(), params));
        assert!(matches!(ran, Err(RunError::Denied { .. })), "{ran:?}");
    });
}

#[test]
fn a_callback_is_asked_until_its_answer_is_good() {
    let guard = guard();
    let ask = |pending: &Pending, problem: Option<&str>| -> Asked<'static> {
        assert_eq!(pending.followed.subject.tool.as_str(), "pay");
        let words = if problem.is_some() { "I read it" } else { "" };
        let statement = [("why".to_owned(), words.to_owned())].into();
        Box::pin(ready(Some((ben(), Reply::Approve { statement }))))
    };
    let options = RunOptions { ask: Some(Arc::new(ask)), ..RunOptions::default() };
    assert!(wait(guard.run(pay(), &options, params)).is_ok());
}

#[test]
fn a_failure_and_a_panic_are_reported() {
    let guard = guard();
    let failed = wait(guard.run(look(), &RunOptions::default(), |_| async {
        Err::<(), _>("no such order".to_owned())
    }));
    assert!(matches!(failed, Err(RunError::Failed(why)) if why == "no such order"));
    assert_eq!(status(&guard, only(&guard)), Status::Failed);

    let guard = self::guard();
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        wait(guard.run(look(), &RunOptions::default(), |_| async {
            if true {
                panic!("out of paper");
            }
            Ok::<(), String>(())
        }))
    }));
    assert_eq!(*panicked.unwrap_err().downcast::<&str>().unwrap(), "out of paper");
    assert_eq!(status(&guard, only(&guard)), Status::Failed);
}

/// Polls a future until it has nothing more to do by itself, and drops it.
fn begun_and_dropped(future: impl Future, is_far: impl Fn() -> bool) {
    let mut future = pin!(future);
    let start = Instant::now();
    while !is_far() {
        let polled = future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(matches!(polled, Poll::Pending));
        assert!(start.elapsed() < PATIENCE);
        thread::yield_now();
    }
}

#[test]
fn what_is_dropped_while_it_runs_has_failed() {
    let guard = guard();
    let (is_running, options) = (Cell::new(false), RunOptions::default());
    let run = guard.run(look(), &options, |_| {
        is_running.set(true);
        pending::<Result<(), String>>()
    });
    begun_and_dropped(run, || is_running.get());
    becomes(&guard, only(&guard), Status::Failed);
}

#[test]
fn what_is_dropped_while_it_waits_is_taken_back() {
    let guard = guard();
    let is_asked = Arc::new(AtomicBool::new(false));
    let noted = Arc::clone(&is_asked);
    let ask = move |_: &Pending, _: Option<&str>| -> Asked<'static> {
        noted.store(true, Ordering::SeqCst);
        Box::pin(pending())
    };
    let options = RunOptions { ask: Some(Arc::new(ask)), ..RunOptions::default() };
    let run = guard.run(pay(), &options, params);
    begun_and_dropped(run, || is_asked.load(Ordering::SeqCst));
    becomes(&guard, only(&guard), Status::Withdrawn);
}

#[test]
fn ten_thousand_waits_hold_no_threads() {
    let guard = guard();
    let ids: Vec<ActionId> = (0..1000)
        .map(|number| {
            let action = action("pay", &format!(r#"{{"amount": "1", "number": {number}}}"#));
            guard.blocking().propose(&action).unwrap().id.unwrap()
        })
        .collect();
    let first = guard.settled(ids[0]);
    let mut first = pin!(first);
    let mut context = Context::from_waker(Waker::noop());
    assert!(first.as_mut().poll(&mut context).is_pending());
    let before = threads();
    let waits = (0..10_000).map(|number| guard.settled(ids[number % ids.len()]));
    let mut waits: Vec<_> = waits.map(Box::pin).collect();
    for waiting in &mut waits {
        assert!(waiting.as_mut().poll(&mut context).is_pending());
    }
    // Other tests run beside this one, and each has a few.
    assert!(threads() < before + 500, "{} after {before}", threads());
    wait(guard.trip("all".parse().unwrap(), "a drill", None)).unwrap();
    for waiting in waits {
        assert_eq!(wait(waiting).unwrap().unwrap().status, Status::Voided);
    }
}

fn threads() -> usize {
    std::fs::read_dir("/proc/self/task").map_or(0, Iterator::count)
}

/// A clock that somebody sets, beside one that only goes on; both in milliseconds.
#[derive(Default)]
struct Clock {
    set: AtomicI64,
    passed: AtomicU64,
}

impl Environment for Clock {
    fn now(&self) -> Timestamp {
        let passed = i64::try_from(self.passed.load(Ordering::SeqCst)).unwrap();
        Timestamp::from_millis(1_700_000_000_000 + self.set.load(Ordering::SeqCst) + passed)
    }

    fn elapsed(&self) -> Duration {
        Duration::from_millis(self.passed.load(Ordering::SeqCst))
    }

    fn fill(&self, bytes: &mut [u8]) -> std::io::Result<()> {
        System.fill(bytes)
    }
}

/// The clock was ahead for one decision. From then on what is permitted ends by the other one.
#[test]
fn a_warrant_ends_in_time_while_the_clock_is_behind_the_log() {
    const MINUTE: u64 = 60_000;
    let clock = Arc::new(Clock::default());
    let pass = |ms| clock.passed.fetch_add(ms, Ordering::SeqCst);
    let files = vec![PolicyFile { name: "policy.toml".to_owned(), text: POLICY.to_owned() }];
    let config = Config { policy: PolicySource::Files(files), ..Config::default() };
    let guard = Guard::open_in(config, clock.clone()).unwrap();
    let look = action("look", "{}");
    let propose = || {
        let answer = guard.blocking().propose(&look).unwrap();
        guard.warrant(&look, &answer).unwrap()
    };
    let redeem = |warrant: &str| {
        let tool = "look".parse().unwrap();
        wait(guard.redeem(warrant, None, &tool, &placet_core::json::Object::default()))
    };
    clock.set.store(25 * 3_600_000, Ordering::SeqCst);
    let early = propose();
    clock.set.store(0, Ordering::SeqCst);
    assert_eq!(guard.log().ahead(), Duration::from_secs(25 * 3600));
    // Five minutes are the length of a warrant where the policy says nothing.
    let (kept, late) = (propose(), propose());
    pass(5 * MINUTE - 1_000);
    redeem(&kept).unwrap();
    pass(1_000);
    for warrant in [early, late] {
        let refused = redeem(&warrant).unwrap_err().to_string();
        assert!(refused.contains("expired"), "{refused}");
    }
    assert!(entries(&guard).is_sorted_by_key(|entry| entry.at));
}
