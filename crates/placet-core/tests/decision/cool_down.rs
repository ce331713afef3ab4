//! A call that was denied stays denied for a while.

use crate::case::*;

/// A world in which call 1 was denied at second 10, and its cool-down is a minute.
fn denied() -> World {
    let mut world = Case::new().but(|case| case.earned = Manual).world();
    let held = world.propose(Assessment { tag: tag(1), ..call("refund") }, seconds(10));
    world.run(deny(held.approval.unwrap().id), seconds(10)).unwrap();
    world
}

#[test]
fn blocks_the_same_call_until_it_is_over() {
    let world = denied();
    let of = Assessment { tag: tag(1), ..call("refund") };
    assert_finds(&decide(&world.state, &of, ms(69_999)), &[HELD, (Check::CoolDown, Block)]);
    assert_finds(&decide(&world.state, &of, ms(70_000)), &[HELD]);
}

#[test]
fn leaves_other_calls_alone() {
    let of = Assessment { tag: tag(2), ..call("refund") };
    assert_finds(&decide(&denied().state, &of, seconds(10)), &[HELD]);
}

/// Of two spellings of one amount, one is the plainest or neither is.
#[test]
fn blocks_every_spelling_of_the_same_call() {
    let spelled = |own, plainest: u8| Assessment {
        tag: tag(own),
        alike: (own != plainest).then(|| tag(plainest)),
        ..call("refund")
    };
    for (denied, again) in [((1, 1), (2, 1)), ((2, 1), (1, 1)), ((2, 1), (3, 1))] {
        let mut world = Case::new().but(|case| case.earned = Manual).world();
        let held = world.propose(spelled(denied.0, denied.1), seconds(10));
        world.run(deny(held.approval.unwrap().id), seconds(10)).unwrap();
        let judged = |at| decide(&world.state, &spelled(again.0, again.1), at);
        assert_finds(&judged(ms(69_999)), &[HELD, (Check::CoolDown, Block)]);
        assert_finds(&judged(ms(70_000)), &[HELD]);
        let other = decide(&world.state, &spelled(5, 4), seconds(10));
        assert_finds(&other, &[HELD]);
    }
}

#[test]
fn is_not_shortened_by_a_later_denial_under_a_shorter_one() {
    let mut world = Case::new().but(|case| case.earned = Manual).world();
    let of = Assessment { tag: tag(1), ..call("refund") };
    let held = [1, 2].map(|second| world.propose(of.clone(), seconds(second)));
    let [first, second] = held.map(|decided| deny(decided.approval.unwrap().id));
    world.run(first, seconds(10)).unwrap();
    let terms = (**world.state.terms()).clone();
    world.install(Terms { cool_down: Duration::from_secs(1), ..terms }, seconds(11));
    world.run(second, seconds(12)).unwrap();
    assert_eq!(decide(&world.state, &of, seconds(69)).verdict, Block);
}
