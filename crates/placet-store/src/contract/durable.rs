//! What was answered stays, whatever fails.

use super::faulty::{Fault, Faults, Faulty};
use super::fixture::{Bench, deny, erase, install, propose, propose_under, reset, trip};
use super::{Site, assert_sound, rows, start};
use crate::error::SubmitError;

pub(super) fn answered_is_there(site: &dyn Site) {
    let bench = Bench::new(1);
    let log = start(site.open(), &bench);
    let mut answered = Vec::new();
    for number in 0..700 {
        let command = if number % 3 == 0 { propose(number) } else { trip(number) };
        answered.extend(log.submit_blocking(command).unwrap().entries);
    }
    let (state, checkpoint) = (log.state().clone(), log.checkpoint());
    log.close();
    let log = start(site.open(), &bench);
    assert_eq!(*log.state(), state);
    assert_eq!(log.checkpoint(), checkpoint);
    let mut reader = log.reader().unwrap();
    let stored = reader.view().unwrap().entries(0, 1000).unwrap();
    let stored: Vec<_> = stored.iter().map(|stored| stored.decode().unwrap()).collect();
    assert_eq!(stored, answered, "order and content are those of the answers");
    assert_sound(&mut *reader);
}

pub(super) fn erased_is_gone(site: &dyn Site) {
    let bench = Bench::new(1);
    let log = start(site.open(), &bench);
    let (terms, policy) = install(1);
    log.submit_blocking(policy).unwrap();
    log.submit_blocking(propose_under(&terms, 1)).unwrap();
    log.submit_blocking(propose_under(&terms, 2)).unwrap();
    let leaf = |index| {
        let mut reader = log.reader().unwrap();
        let stored = reader.view().unwrap().entries(index, 1).unwrap().remove(0);
        (stored.leaf, stored.private.is_some())
    };
    let (before, was_there) = leaf(1);
    assert!(was_there);
    log.submit_blocking(erase(1)).unwrap();
    assert_eq!(leaf(1), (before, false), "the payload is gone, the leaf is as it was");
    assert!(leaf(2).1, "no other payload is touched");
    assert!(
        matches!(log.submit_blocking(erase(0)), Err(SubmitError::NotErasable(0))),
        "a policy is needed to judge the log again"
    );
    assert_sound(&mut *log.reader().unwrap());
    log.close();
    let log = start(site.open(), &bench);
    assert!(log.reader().unwrap().view().unwrap().entries(1, 1).unwrap()[0].private.is_none());
}

pub(super) fn rebuilt_projections_are_the_same(site: &dyn Site) {
    let bench = Bench::new(1);
    let log = start(site.open(), &bench);
    for number in 0..50 {
        log.submit_blocking(propose(number)).unwrap();
        log.submit_blocking(trip(number)).unwrap();
        if number % 3 == 0 {
            log.submit_blocking(reset(number)).unwrap();
        }
        if number % 5 == 0 {
            log.submit_blocking(trip(number)).unwrap();
        }
    }
    for number in (0..50).step_by(4) {
        let denied = log.submit_blocking(deny(number));
        assert!(denied.is_ok() || matches!(denied, Err(SubmitError::Rejected(_))));
    }
    bench.pass(std::time::Duration::from_secs(3600));
    log.submit_blocking(placet_core::Command::Tick).unwrap();
    log.close();
    let mut store = site.open();
    let read = |store: &dyn crate::store::Store| rows(&*store.reader().unwrap().view().unwrap());
    let before = read(&*store);
    assert!(!before.0.is_empty() && !before.1.is_empty() && !before.2.is_empty());
    store.rebuild().unwrap();
    assert_eq!(read(&*store), before);
    assert_sound(&mut *store.reader().unwrap());
}

pub(super) fn failures_are_overcome(site: &dyn Site) {
    let (bench, faults) = (Bench::new(1), Faults::default());
    let log = start(Box::new(Faulty::new(site.open(), faults.clone())), &bench);
    log.submit_blocking(trip(0)).unwrap();
    let all = [
        vec![Fault::Begin],
        vec![Fault::Append],
        vec![Fault::CommitNothing],
        vec![Fault::CommitLost],
        vec![Fault::CommitNothing, Fault::Reopen, Fault::Reopen],
    ];
    for (number, ordered) in (1..).zip(all) {
        // Each failure to reopen but the first, right after the commit, is somebody's answer.
        let times = ordered.len() - usize::from(ordered.contains(&Fault::Reopen));
        let lost = ordered.contains(&Fault::CommitLost);
        faults.order(ordered);
        for _ in 0..times {
            let failed = log.submit_blocking(trip(1000 + number)).unwrap_err();
            assert_eq!(matches!(failed, SubmitError::Unknown(_)), lost, "{failed}");
        }
        let done = log.submit_blocking(trip(number)).unwrap();
        assert_eq!(done.entries[0].index, number, "nothing of the failed batch was stored");
    }
    assert!(faults.is_over());
    assert_eq!(log.state().switches().len(), 6);
    assert_sound(&mut *log.reader().unwrap());
}

pub(super) fn stored_after_all_is_found(site: &dyn Site) {
    let (bench, faults) = (Bench::new(1), Faults::default());
    let log = start(Box::new(Faulty::new(site.open(), faults.clone())), &bench);
    log.submit_blocking(trip(0)).unwrap();
    faults.order([Fault::CommitStored]);
    assert!(matches!(log.submit_blocking(trip(1)), Err(SubmitError::Unknown(_))));
    let again = log.submit_blocking(trip(1)).unwrap();
    assert!(again.entries.is_empty(), "the switch was tripped by the commit that failed");
    assert_eq!(log.submit_blocking(trip(2)).unwrap().entries[0].index, 2);
    assert_sound(&mut *log.reader().unwrap());
}
