//! A log that is written no more, and those who wait for what it will say.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use placet::store::sequencer::wait;
use placet::store::{Environment, System};
use placet::{Config, Guard, GuardError, PolicySource, Timestamp};

use super::{POLICY, files, refund};

/// A clock that can be broken for the one who writes the log.
#[derive(Default)]
struct Clock(AtomicBool);

impl Environment for Clock {
    fn now(&self) -> Timestamp {
        let is_log = thread::current().name() == Some("placet-sequencer");
        assert!(!(is_log && self.0.load(Ordering::SeqCst)), "the clock fell off the wall");
        System.now()
    }

    fn fill(&self, bytes: &mut [u8]) -> std::io::Result<()> {
        System.fill(bytes)
    }
}

#[test]
fn who_waits_for_people_is_told_when_the_log_has_panicked() {
    let clock = Arc::new(Clock::default());
    let config = Config { policy: PolicySource::Files(files(POLICY)), ..Config::default() };
    let guard = Guard::open_in(config, clock.clone()).unwrap();
    let held = guard.blocking().propose(&refund("42")).unwrap().id.unwrap();
    let (sender, told) = channel();
    let waiting = guard.clone();
    thread::spawn(move || {
        let answered = std::pin::pin!(waiting.answered(held));
        // Whether it was told before or after it began to wait is the same to it.
        sender.send(wait(answered)).unwrap();
    });
    clock.0.store(true, Ordering::SeqCst);
    let everything = "all".parse().unwrap();
    assert!(wait(guard.trip(everything, "a drill", None)).is_err());
    let answer = told.recv_timeout(Duration::from_secs(60)).expect("it is woken");
    assert!(matches!(answer, Err(GuardError::Unrecorded(_))), "{answer:?}");
    // Nor does anybody begin to wait.
    assert!(wait(guard.settled(held)).is_err());
}
