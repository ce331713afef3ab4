//! The life of an action a second time, as plainly as it can be said: two accounts of every random
//! sequence of what people, agents and time do must agree, step by step.
//!
//! The naive account ([`model`]) keeps a list of what happened and works everything out anew from
//! it. It shares only names and times with the real one. What follows from neither account alone is
//! asked of the log at the end: no action runs twice, without leave, after a trip or too late.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

#[path = "../common/mod.rs"]
mod common;

mod laws;
mod model;
mod play;
mod step;

use placet_core::State;
use proptest::prelude::*;

use play::Game;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases()))]

    #[test]
    fn both_accounts_of_every_sequence_agree(
        steps in step::sequence(80), cut in any::<prop::sample::Index>(),
    ) {
        let mut game = Game::begin();
        for (jump, step) in steps {
            game.play(jump, &step)?;
        }
        laws::hold(&game.world.log)?;
        let (head, tail) = game.world.log.split_at(cut.index(game.world.log.len()));
        let mut state = State::default();
        head.iter().for_each(|entry| state.apply(entry));
        let snapshot = serde_json::to_string(&state).unwrap();
        let mut state: State = serde_json::from_str(&snapshot).unwrap();
        tail.iter().for_each(|entry| state.apply(entry));
        prop_assert_eq!(&state, &game.world.state);
    }
}

/// More where there is time.
fn cases() -> u32 {
    if std::env::var_os("PLACET_NIGHTLY").is_some() { 20_000 } else { 200 }
}

/// The sequences reach what they are about: every kind of step ends well, and in many ways badly.
#[test]
fn the_sequences_reach_everything() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..300 {
        let steps = step::sequence(80).new_tree(&mut runner).unwrap().current();
        let mut game = Game::begin();
        for (jump, step) in steps {
            game.play(jump, &step).unwrap();
        }
        seen.extend(game.seen);
    }
    let missing: Vec<_> = REACHED.iter().filter(|what| !seen.contains(**what)).collect();
    assert!(missing.is_empty(), "{missing:?} of {seen:?}");
}

const REACHED: [&str; 34] = [
    "allowed",
    "held",
    "blocked",
    "signed_off",
    "signed beforehand",
    "standing_granted",
    "standing_revoked",
    "standing policy",
    "unknown standing",
    "denied",
    "expired",
    "withdrawn",
    "superseded",
    "voided",
    "redeemed",
    "outcome_reported",
    "indeterminate",
    "tripped",
    "reset",
    "unknown approval",
    "approval expired",
    "own action",
    "signed already",
    "other group",
    "other subject",
    "stale policy",
    "edit blocked",
    "blocked now",
    "not run",
    "spent",
    "refused: expired",
    "not granted",
    "stopped",
    "other policy",
];
