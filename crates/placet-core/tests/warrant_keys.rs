//! Keys of warrants: a retired one stays good for as long as a warrant of it can live, and no longer;
//! and however often somebody rotates, no more are kept than are good.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod common;

use common::build::{terms_of, trip};
use common::{World, ms, seconds};
use placet_core::event::WarrantKeyRotated;
use placet_core::limits::{MAX_WARRANT_KEYS, MAX_WARRANT_TIME};
use placet_core::{Command, Entry, Event, Rejection, Timestamp, audit};

/// The longest life of a warrant, in seconds.
fn longest() -> i64 {
    i64::try_from(MAX_WARRANT_TIME.as_secs()).unwrap()
}

fn world() -> World {
    World::with(terms_of([]))
}

fn rotate(world: &mut World, now: Timestamp) -> Result<(), Rejection> {
    world.run(Command::RotateWarrantKey { by: None }, now).map(drop)
}

fn good(world: &World, now: Timestamp) -> Vec<u32> {
    world.state.warrant_keys().good(now).collect()
}

#[test]
fn a_retired_key_is_good_for_the_longest_life_of_a_warrant_also_after_more_rotations() {
    let mut world = world();
    assert_eq!(good(&world, seconds(1)), [0]);
    rotate(&mut world, seconds(10)).unwrap();
    rotate(&mut world, seconds(20)).unwrap();
    assert_eq!(good(&world, seconds(20)), [2, 1, 0]);
    let ends = |since: i64| (since + longest()) * 1_000;
    for (at, expected) in [
        (ends(10) - 1, vec![2, 1, 0]),
        (ends(10), vec![2, 1]),
        (ends(20) - 1, vec![2, 1]),
        (ends(20), vec![2]),
        (i64::MAX, vec![2]),
    ] {
        assert_eq!(good(&world, ms(at)), expected, "{at}");
    }
    assert_eq!(world.state.warrant_keys().generation(), 2);
}

#[test]
fn beyond_so_many_good_keys_nobody_rotates_until_one_of_them_is_over() {
    let mut world = world();
    for number in 1..MAX_WARRANT_KEYS {
        rotate(&mut world, seconds(i64::try_from(number).unwrap())).unwrap();
    }
    assert_eq!(good(&world, seconds(100)).len(), MAX_WARRANT_KEYS);
    let before = world.state.clone();
    let refused = rotate(&mut world, seconds(100)).unwrap_err();
    let text = "there are already 16 keys whose warrants may live; rotate again after \
        1970-01-01T01:00:01.000Z";
    assert_eq!(refused.to_string(), text);
    assert_eq!(world.state, before);
    // An entry that says it was done all the same is found.
    let rotated = WarrantKeyRotated { generation: 16, by: None };
    let (index, event) = (world.state.size(), Event::WarrantKeyRotated(rotated));
    let entry = Entry { index, at: seconds(100), event, origin: None, payload: None };
    assert_eq!(audit(&world.state, &entry, None), Err(refused.into()));
    assert!(rotate(&mut world, ms((longest() + 1) * 1_000 - 1)).is_err());
    rotate(&mut world, seconds(longest() + 1)).unwrap();
    assert_eq!(good(&world, seconds(longest() + 1)).len(), MAX_WARRANT_KEYS);
}

#[test]
fn whoever_rotates_for_years_leaves_no_more_than_what_is_good() {
    let (mut world, mut largest) = (world(), 0);
    for number in 0..5_000_i64 {
        rotate(&mut world, seconds(number * longest() / 15)).unwrap();
        largest = largest.max(serde_json::to_vec(world.state.warrant_keys()).unwrap().len());
    }
    assert!(largest < 1_000, "{largest} bytes");
    // What is good no more goes away also where nobody rotates again.
    world.run(trip("all"), seconds(5_001 * longest())).unwrap();
    let left = serde_json::to_string(world.state.warrant_keys()).unwrap();
    assert_eq!(left, r#"{"generation":5000,"retired":{}}"#);
}

#[test]
fn a_snapshot_knows_them_too() {
    let mut world = world();
    rotate(&mut world, seconds(10)).unwrap();
    rotate(&mut world, seconds(20)).unwrap();
    let text = serde_json::to_string(&world.state).unwrap();
    let read: placet_core::State = serde_json::from_str(&text).unwrap();
    assert_eq!(read, world.state);
    assert_eq!(read.warrant_keys().good(seconds(20)).collect::<Vec<_>>(), [2, 1, 0]);
}
