#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "a test")]

use placet_store::contract::fixture::{Bench, keys, propose, trip};
use placet_store::sqlite::Options;
use placet_store::{Sequencer, Sqlite};

#[test]
fn what_was_answered_is_there_after_reopening() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("placet.db");
    let bench = Bench::new(1);
    let open = || {
        let store = Sqlite::open(&path, Options::default(), &*bench).unwrap();
        Sequencer::start(Box::new(store), keys(), bench.clone()).unwrap()
    };
    let log = open();
    for number in 0..600 {
        let done = log.submit_blocking(if number % 2 == 0 { propose(number) } else { trip(number) }).unwrap();
        assert_eq!(done.entries[0].index, number);
    }
    let (before, checkpoint) = (log.state().clone(), log.checkpoint());
    log.close();
    let log = open();
    assert_eq!(*log.state(), before);
    assert_eq!(log.checkpoint(), checkpoint);
}
