//! A request that may be repeated is carried out once.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use placet_core::event::KeyCreated;
use placet_core::limits::REQUEST_TIME;
use placet_core::{Caller, Command, Digest, KeyScope, Rejection, Request, RequestTag};

use super::fixture::{Bench, id, reset, trip};
use super::{Site, assert_sound, start};
use crate::error::SubmitError;
use crate::sequencer::{Committed, Sequencer, wait};

/// Whoever asks, under a name of their own and with something to say.
fn caller(name: u8, body: u8) -> Caller {
    let request = Request {
        id: RequestTag::from_bytes([name; 32]),
        body: RequestTag::from_bytes([body; 32]),
    };
    Caller { key: id("key", 1).parse().expect("an id"), generation: 0, request: Some(request) }
}

fn open(site: &dyn Site, bench: &Arc<Bench>) -> Sequencer {
    start(site.open(), bench)
}

fn with_key(site: &dyn Site, bench: &Arc<Bench>) -> Sequencer {
    let log = open(site, bench);
    let created = KeyCreated {
        id: id("key", 1).parse().expect("an id"),
        name: "test".parse().expect("a name"),
        tenant: None,
        agent: None,
        person: None,
        scopes: BTreeSet::from([KeyScope::Admin]),
        secret_digest: Digest::from_bytes([1; 32]),
    };
    log.submit_blocking(Command::CreateKey(Box::new(created))).expect("a key");
    log
}

fn ask(log: &Sequencer, command: Command, caller: Caller) -> Result<Committed, SubmitError> {
    log.submit_blocking_as(command, Some(caller))
}

pub(super) fn repeated_once(site: &dyn Site) {
    let bench = Bench::new(1);
    let log = with_key(site, &bench);
    let first = ask(&log, trip(1), caller(1, 1)).expect("tripped");
    assert!(first.repeated.is_none());
    let size = log.watch().borrow().size;
    let again = ask(&log, trip(1), caller(1, 1)).expect("known");
    assert!(again.repeated.is_some());
    assert_eq!(again.entries, first.entries);
    let other = ask(&log, trip(2), caller(1, 2));
    assert!(matches!(other, Err(SubmitError::Rejected(Rejection::OtherRequest))), "{other:?}");
    // What was refused, or changed nothing, is remembered as well.
    let refused = |log: &Sequencer| ask(log, reset(9), caller(3, 3));
    assert!(matches!(refused(&log), Err(SubmitError::Rejected(Rejection::NotTripped(_)))));
    assert!(ask(&log, trip(1), caller(4, 4)).expect("it was so already").entries.is_empty());
    log.submit_blocking(trip(9)).expect("tripped");
    log.close();
    let log = open(site, &bench);
    assert_eq!(ask(&log, trip(1), caller(1, 1)).expect("known").entries, first.entries);
    assert!(matches!(refused(&log), Err(SubmitError::Rejected(Rejection::NotTripped(_)))));
    assert_eq!(log.watch().borrow().size, size + 3, "two notes and a trip");
    // After a day the name is free.
    bench.pass(REQUEST_TIME - Duration::from_millis(1));
    assert!(matches!(refused(&log), Err(SubmitError::Rejected(Rejection::NotTripped(_)))));
    bench.pass(Duration::from_millis(1));
    assert_eq!(refused(&log).expect("it is tripped").entries.len(), 1);
    assert_sound(&mut *log.reader().expect("a reader"));
}

pub(super) fn together_once(site: &dyn Site) {
    let bench = Bench::new(1);
    let first = with_key(site, &bench);
    let second = start(site.open(), &Bench::new(2));
    let size = first.watch().borrow().size;
    let ask = |log: &Sequencer| wait(log.submit_as(trip(1), Some(caller(1, 1))));
    let answers: Vec<Committed> = std::thread::scope(|scope| {
        let all: Vec<_> = [&first, &second, &first, &second, &first, &second]
            .into_iter()
            .map(|log| scope.spawn(move || ask(log).expect("an answer")))
            .collect();
        all.into_iter().map(|one| one.join().expect("no panic")).collect()
    });
    assert!(answers.iter().all(|answer| answer.entries == answers[0].entries));
    assert_eq!(answers.iter().filter(|answer| answer.repeated.is_none()).count(), 1);
    let mut reader = first.reader().expect("a reader");
    let head = reader.view().expect("a view").head().expect("a head");
    assert_eq!(head.map(|head| head.size), Some(size + 1));
    assert_sound(&mut *reader);
}
