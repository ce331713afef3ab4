//! Several nodes on one log.

use std::collections::BTreeSet;
use std::thread;

use super::fixture::{Bench, deny, propose, reset, trip};
use super::{Site, assert_sound, start};
use crate::error::SubmitError;

/// How many nodes race, and how many commands each of them sends.
const NODES: u64 = 3;
const COMMANDS: u64 = 40;

pub(super) fn unseen_is_seen(site: &dyn Site) {
    let (one, two) = (Bench::new(1), Bench::new(2));
    let (one, two) = (start(site.open(), &one), start(site.open(), &two));
    for number in 0..20 {
        one.submit_blocking(propose(number)).unwrap();
    }
    // The second node never saw the approvals, and yet closes them; so it knew them by then.
    for number in 0..20 {
        let done = two.submit_blocking(deny(number)).unwrap();
        assert_eq!(done.entries[0].index, 20 + number);
    }
    assert!(matches!(one.submit_blocking(deny(3)), Err(SubmitError::Rejected(_))));
    two.submit_blocking(trip(1)).unwrap();
    one.submit_blocking(reset(1)).unwrap();
    assert!(matches!(two.submit_blocking(reset(1)), Err(SubmitError::Rejected(_))));
    assert_eq!(*one.state(), *two.state());
    assert_eq!(one.checkpoint(), two.checkpoint());
    assert_sound(&mut *one.reader().unwrap());
}

pub(super) fn races_are_harmless(site: &dyn Site) {
    let nodes: Vec<_> = (0..NODES).map(|node| start(site.open(), &Bench::new(node))).collect();
    let answered: Vec<u64> = thread::scope(|scope| {
        let race = |(node, log): (u64, _)| scope.spawn(move || commands(node, log));
        let racing: Vec<_> = (0..).zip(&nodes).map(race).collect();
        racing.into_iter().flat_map(|node| node.join().unwrap()).collect()
    });
    let different: BTreeSet<_> = answered.iter().copied().collect();
    assert_eq!(different.len(), answered.len(), "no place in the log was given away twice");
    let size = u64::try_from(answered.len()).unwrap();
    assert_eq!(different, (0..size).collect(), "and none was left out");
    let mut reader = nodes[0].reader().unwrap();
    assert_eq!(reader.view().unwrap().head().unwrap().unwrap().size, size);
    assert_sound(&mut *reader);
}

/// Sends commands to one node: its own, and some that every node sends. Returns the places that
/// the answers name.
fn commands(node: u64, log: &crate::sequencer::Sequencer) -> Vec<u64> {
    let mut places = Vec::new();
    for number in 0..COMMANDS {
        for command in [trip(number), propose(1000 * (node + 1) + number), reset(number)] {
            match log.submit_blocking(command) {
                Ok(done) => places.extend(done.entries.iter().map(|entry| entry.index)),
                Err(SubmitError::Rejected(_)) => {}
                Err(error) => panic!("{error}"),
            }
        }
    }
    places
}
