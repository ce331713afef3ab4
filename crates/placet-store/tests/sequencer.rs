//! Who does the work: the log's own thread, or a caller that may block.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::unreachable,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use std::future::Future as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use placet_core::limits::DEFAULT_APPROVAL_DEADLINE;
use placet_core::log::Salt;
use placet_core::{Command, Event, Kept, Timestamp};
use placet_store::contract;
use placet_store::contract::faulty::{Fault, Faults, Faulty};
use placet_store::contract::fixture::{Bench, keys, propose, trip};
use placet_store::entry::seal_payload;
use placet_store::sequencer::wait;
use placet_store::verify::verify;
use placet_store::{Environment, Memory, Sequencer, SubmitError, System};

fn start(env: Arc<dyn Environment>) -> Sequencer {
    Sequencer::start(Box::new(Memory::new()), keys(), env).unwrap()
}

/// Callers that block and callers that await share the log: each gets the answer to its own
/// command, and the log has all of them once.
#[test]
fn callers_of_both_kinds_are_served_side_by_side() {
    const EACH: u64 = 100;
    let log = start(Bench::new(1));
    thread::scope(|scope| {
        for caller in 0..6 {
            let log = &log;
            scope.spawn(move || {
                for number in caller * EACH..(caller + 1) * EACH {
                    let done = match caller % 2 {
                        0 => log.submit_blocking(trip(number)),
                        _ => wait(log.submit(trip(number))),
                    };
                    let entries = done.unwrap().entries;
                    let [entry] = entries.as_slice() else { panic!("not one entry: {entries:?}") };
                    let Command::Trip { scope, .. } = trip(number) else { unreachable!() };
                    assert!(
                        matches!(&entry.event, Event::Tripped(tripped) if tripped.scope == scope)
                    );
                }
            });
        }
    });
    assert_eq!(log.state().size(), 6 * EACH);
    let mut reader = log.reader().unwrap();
    let report = verify(&mut *reader, &[log.keys().verifier().clone()], &|_, _| ()).unwrap();
    assert!(report.is_sound(), "{:?}", report.problems);
}

/// What somebody left in the queue comes before the caller that does the work.
#[test]
fn commands_are_carried_out_in_the_order_in_which_they_were_let_in() {
    let log = start(Bench::new(1));
    for number in 0..300 {
        let mut waiting = Box::pin(log.submit(trip(2 * number)));
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        let early = waiting.as_mut().poll(&mut context);
        let second = log.submit_blocking(trip(2 * number + 1)).unwrap();
        let first = match early {
            std::task::Poll::Ready(first) => first,
            std::task::Poll::Pending => wait(waiting),
        };
        let (first, second) = (first.unwrap().entries, second.entries);
        assert_eq!((first[0].index, second[0].index), (2 * number, 2 * number + 1));
    }
}

/// The thread sleeps while a caller opens an approval, and must learn when it is due.
#[test]
fn an_approval_that_a_blocking_caller_opened_expires_by_itself() {
    /// A clock on which an approval is due a moment after it was opened.
    struct Fast;
    impl Environment for Fast {
        fn now(&self) -> Timestamp {
            Timestamp::from_millis(System.now().as_millis() * 10_000)
        }
        fn fill(&self, bytes: &mut [u8]) -> std::io::Result<()> {
            System.fill(bytes)
        }
    }
    let log = start(Arc::new(Fast));
    log.submit_blocking(propose(1)).unwrap();
    let mut tip = log.watch();
    wait(async { tip.wait_for(|tip| tip.size == 2).await.map(drop) }).unwrap();
    assert_eq!(log.state().approvals().len(), 0);
}

/// A log that could not be written is tried again although nobody asks for anything: where nobody sends
/// more because it says so, nobody else would find out that it can be written again.
#[test]
fn after_a_failure_the_log_finds_out_by_itself_that_it_can_be_written() {
    let (bench, faults) = (Bench::new(1), Faults::default());
    let store = Faulty::new(Box::new(Memory::new()), faults.clone());
    let log = contract::start(Box::new(store), &bench);
    let pulse = log.pulse();
    log.submit_blocking(trip(0)).unwrap();
    assert!(!pulse.is_failing());
    faults.order([Fault::CommitNothing]);
    assert!(log.submit_blocking(trip(1)).is_err());
    assert!(pulse.is_failing() && !pulse.has_stopped());
    wait(pulse.written());
    assert_eq!(log.watch().borrow().size, 1, "nothing was added");
    assert_eq!(log.submit_blocking(trip(1)).unwrap().entries[0].index, 1);
    contract::assert_sound(&mut *log.reader().unwrap());
}

/// Where the work panics nobody is answered any more, and nobody waits for ever.
#[test]
fn after_a_panic_the_log_is_closed_to_everyone() {
    #[derive(Default)]
    struct Broken(AtomicBool);
    impl Environment for Broken {
        fn now(&self) -> Timestamp {
            assert!(!self.0.load(Ordering::SeqCst), "a clock that broke");
            Timestamp::from_millis(1)
        }
        fn fill(&self, bytes: &mut [u8]) -> std::io::Result<()> {
            System.fill(bytes)
        }
    }
    for in_the_thread in [true, false] {
        let env = Arc::new(Broken::default());
        let log = start(env.clone());
        log.submit_blocking(trip(0)).unwrap();
        let pulse = log.pulse();
        assert!(!pulse.has_stopped());
        env.0.store(true, Ordering::SeqCst);
        if in_the_thread {
            // Nobody says how far it had come.
            assert!(matches!(wait(log.submit(trip(1))), Err(SubmitError::Unknown(_))));
        } else {
            let caller = || log.submit_blocking(trip(1));
            let panicked = thread::scope(|scope| scope.spawn(caller).join().is_err());
            assert!(panicked);
        }
        wait(pulse.stopped());
        assert!(log.pulse().has_stopped());
        assert!(matches!(wait(log.submit(trip(2))), Err(SubmitError::Closed)));
        assert!(matches!(log.submit_blocking(trip(3)), Err(SubmitError::Closed)));
    }
}

/// What a caller sealed is recorded as it is.
#[test]
fn a_sealed_payload_is_kept_as_it_was_sealed() {
    let log = start(Bench::new(1));
    let Command::Propose(mut proposal) = propose(1) else { unreachable!() };
    let Kept::Open(payload) = &proposal.payload else { panic!("it is sealed already") };
    let sealed = seal_payload(payload, &*Bench::new(99)).unwrap();
    proposal.payload = Kept::Sealed(sealed.clone());
    let done = log.submit_blocking(Command::Propose(proposal)).unwrap();
    assert_eq!(done.entries[0].payload, Some(sealed.commitment()));
    let stored = log.reader().unwrap().view().unwrap().entries(0, 1).unwrap().remove(0);
    let private = stored.private.unwrap();
    let (salt, text): (Salt, Vec<u8>) = sealed.into_parts();
    assert!(private.salt == salt && private.payload == text);
}

/// What a switch ends is said in the same commit as the next command at the latest, and from the
/// trip on nothing of it counts, in whatever order the commands of a batch come.
#[test]
fn commands_of_one_batch_see_each_other() {
    use placet_store::contract::fixture::{action, redeem, sign};
    let log = start(Bench::new(1));
    let submit = |command| log.submit_blocking(command);
    for number in 0..2 {
        submit(propose(number)).unwrap();
    }
    submit(sign(0, "ben")).unwrap();
    let redeem = redeem(&log, 0, true);
    let everything =
        Command::Trip { scope: placet_core::Scope::ALL, reason: "stop".to_owned(), by: None };
    // All are sent before anybody waits, so they share batches as it happens.
    let mut sent =
        [everything, sign(1, "ben"), redeem].map(|command| Box::pin(log.submit(command)));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let polled = sent.each_mut().map(|sent| sent.as_mut().poll(&mut context));
    let mut polled = polled.into_iter();
    let [tripped, signed, redeemed] = sent.map(|sent| match polled.next().unwrap() {
        std::task::Poll::Ready(answer) => answer,
        std::task::Poll::Pending => wait(sent),
    });
    assert_eq!(tripped.unwrap().entries.len(), 1);
    assert!(matches!(signed, Err(SubmitError::Rejected(_))), "{signed:?}");
    let redeemed = redeemed.unwrap().entries.remove(0);
    assert!(matches!(redeemed.event, Event::RedemptionRefused(_)), "{redeemed:?}");
    submit(trip(1)).unwrap();
    let state = log.state();
    assert!(state.approvals().is_empty() && state.executions().grant(action(0)).is_none());
}

/// A clock that went ahead for a moment, in milliseconds.
const AHEAD: i64 = 25 * 3600 * 1_000;

/// The time of each entry of a log, after a check that none is earlier than the one before and that the
/// whole is sound.
fn times(log: &Sequencer) -> Vec<i64> {
    let mut reader = log.reader().unwrap();
    let report = verify(&mut *reader, &[log.keys().verifier().clone()], &|_, _| ()).unwrap();
    assert!(report.is_sound(), "{:?}", report.problems);
    let stored = reader.view().unwrap().entries(0, 1_000).unwrap();
    let times: Vec<i64> =
        stored.iter().map(|stored| stored.decode().unwrap().at.as_millis()).collect();
    assert!(times.is_sorted(), "{times:?}");
    times
}

#[test]
fn the_time_of_a_log_goes_on_while_the_clock_is_behind_it() {
    const DEADLINE: Duration = DEFAULT_APPROVAL_DEADLINE;
    let (store, bench) = (Memory::new(), Bench::new(1));
    let start = bench.now().as_millis();
    let open = || Sequencer::start(Box::new(store.clone()), keys(), bench.clone()).unwrap();
    let (second, mut number) = (Duration::from_secs(1), 0);
    let mut say = |log: &Sequencer| {
        number += 1;
        log.submit_blocking(trip(number)).unwrap().entries.last().unwrap().at.as_millis()
    };
    let log = open();
    bench.set(AHEAD);
    assert_eq!(say(&log), start + AHEAD);
    // It is noticed late that the clock was set back: the time in between has passed all the same.
    bench.set(-AHEAD);
    bench.pass(second);
    assert_eq!(say(&log), start + AHEAD + 1_000);
    assert_eq!(log.clock().ahead().as_secs(), 25 * 3600);
    log.submit_blocking(propose(1)).unwrap();
    bench.pass(DEADLINE - second);
    say(&log);
    assert_eq!(log.state().approvals().len(), 1, "its time is not over");
    bench.pass(second);
    say(&log);
    assert_eq!(log.state().approvals().len(), 0, "its time is over");
    log.close();
    // Nobody knows how long the log was closed, so another process goes on from its last time.
    let again = open();
    assert_eq!(say(&again), start + AHEAD + 1_000 + i64::try_from(DEADLINE.as_millis()).unwrap());
    bench.pass(second);
    let last = say(&again);
    assert_eq!(last, start + AHEAD + 2_000 + i64::try_from(DEADLINE.as_millis()).unwrap());
    // Where the clock has caught up it is the clock that counts.
    bench.set(2 * AHEAD);
    assert_eq!(say(&again), bench.now().as_millis());
    assert!(again.clock().ahead().is_zero());
    assert_eq!(times(&again).last(), Some(&bench.now().as_millis()));
}

/// Another node's clock is ahead: what this one holds ends in time, and neither goes back.
#[test]
fn nodes_whose_clocks_differ_agree_on_a_time_that_goes_on() {
    let (store, slow, fast) = (Memory::new(), Bench::new(1), Bench::new(2));
    fast.set(AHEAD);
    let node = |bench: &Arc<Bench>| {
        Sequencer::start(Box::new(store.clone()), keys(), bench.clone()).unwrap()
    };
    let (one, other) = (node(&slow), node(&fast));
    one.submit_blocking(trip(1)).unwrap();
    other.submit_blocking(trip(2)).unwrap();
    one.submit_blocking(propose(1)).unwrap();
    let length = DEFAULT_APPROVAL_DEADLINE;
    slow.pass(length);
    fast.pass(length);
    one.submit_blocking(trip(3)).unwrap();
    assert_eq!(one.state().approvals().len(), 0);
    other.submit_blocking(trip(4)).unwrap();
    times(&other);
}

/// The thread that waits for the deadline waits by the clock that goes.
#[test]
fn an_approval_expires_by_itself_while_the_clock_is_behind_the_log() {
    /// A clock that was ahead once and stands since then, beside one on which an approval is due
    /// whenever somebody looks again.
    #[derive(Default)]
    struct Stands(AtomicBool, AtomicU32);
    impl Environment for Stands {
        fn now(&self) -> Timestamp {
            let ahead = if self.0.load(Ordering::SeqCst) { 0 } else { AHEAD };
            Timestamp::from_millis(1_700_000_000_000 + ahead)
        }
        fn elapsed(&self) -> Duration {
            DEFAULT_APPROVAL_DEADLINE * self.1.fetch_add(1, Ordering::SeqCst)
        }
        fn fill(&self, bytes: &mut [u8]) -> std::io::Result<()> {
            System.fill(bytes)
        }
    }
    let stands = Arc::new(Stands::default());
    let log = start(stands.clone());
    log.submit_blocking(trip(1)).unwrap();
    stands.0.store(true, Ordering::SeqCst);
    log.submit_blocking(propose(1)).unwrap();
    let began = Instant::now();
    while log.state().size() < 3 {
        assert!(began.elapsed().as_secs() < 60, "it waits for the clock that stands");
        thread::yield_now();
    }
    assert_eq!(log.state().approvals().len(), 0);
}
