//! What holds for every action in every history.

use placet_core::mode::Treatment;
use proptest::prelude::*;

use crate::case::*;

/// A way to make an action look worse.
#[derive(Clone, Copy, Debug)]
enum Worse {
    Rule(Verdict),
    Fault,
    Exceeds,
    Enforce,
    NoProof,
    Switch(&'static str),
}

fn worse() -> impl Strategy<Value = Worse> {
    use prop::sample::select;
    let scopes = ["all", "tenant:default", "agent:ada", "tool:refund", "tenant:acme/tool:mail"];
    prop_oneof![
        select(vec![Allow, RequireApproval, Block]).prop_map(Worse::Rule),
        Just(Worse::Fault),
        Just(Worse::Exceeds),
        Just(Worse::Enforce),
        Just(Worse::NoProof),
        select(scopes.to_vec()).prop_map(Worse::Switch),
    ]
}

impl Worse {
    fn make(self, world: &mut World, of: &mut Assessment) {
        match self {
            Self::Rule(verdict) => of.rules.push(rule(verdict)),
            Self::Fault => of.faults.push(InputFault::ParamType),
            Self::Exceeds => of.inspected.exceeds.push("it grants".into()),
            Self::Enforce => of.enforce = true,
            Self::NoProof => of.inspected.proven_read = false,
            Self::Switch(scope) => drop(world.run(trip(scope), ms(0)).unwrap()),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn nothing_that_is_added_loosens(
        history in arbitrary::history(25),
        of in arbitrary::assessment(),
        worse in prop::collection::vec(worse(), 1..4),
    ) {
        let mut world = World::default();
        world.play(history);
        let now = world.state.at();
        let before = decide(&world.state, &of, now);
        let mut of = of;
        for worse in worse {
            worse.make(&mut world, &mut of);
        }
        let after = decide(&world.state, &of, now);
        prop_assert!(after.verdict >= before.verdict, "{before:?} became {after:?}");
        prop_assert!(after.real() >= before.real(), "{before:?} became {after:?}");
    }

    #[test]
    fn the_verdict_is_the_maximum_of_the_findings_in_order(
        history in arbitrary::history(25),
        asked in arbitrary::assessment(),
    ) {
        // What a program asks for besides has laws of its own.
        let of = Assessment { treatment: Treatment::Binding, ..asked };
        let mut world = World::default();
        world.play(history);
        let decision = decide(&world.state, &of, world.state.at());
        let worst = decision.findings.iter().map(|finding| finding.verdict).max();
        prop_assert_eq!(worst, Some(decision.real()));
        prop_assert!(decision.findings.is_sorted_by_key(|finding| finding.check));
        let binds = of.enforce || world.state.terms().mode == Mode::Enforce;
        if binds {
            prop_assert_eq!(decision.would_have, None);
        }
        if world.state.terms().mode == Mode::Shadow && !of.enforce {
            prop_assert_eq!(decision.verdict, Allow);
        }
    }

    #[test]
    fn a_larger_share_contains_every_smaller_one(
        number in 0..10_000_u16, a in 0..=10_000_u16, b in 0..=10_000_u16,
    ) {
        let (small, large) = (share(a.min(b)), share(a.max(b)));
        prop_assert!(!small.contains(bucket(number)) || large.contains(bucket(number)));
        prop_assert_eq!(share(a).contains(bucket(number)), number < a);
    }

    #[test]
    fn every_hash_falls_into_one_bucket_whatever_comes_after_its_first_bytes(
        hash in any::<[u8; 32]>(), tail in any::<[u8; 24]>(),
    ) {
        use placet_core::mode::{Bucket, Share};
        let mut other = hash;
        other[8..].copy_from_slice(&tail);
        prop_assert_eq!(Bucket::from_hash(&hash), Bucket::from_hash(&other));
        prop_assert!(Share::ALL.contains(Bucket::from_hash(&hash)));
        prop_assert!(!Share::NONE.contains(Bucket::from_hash(&hash)));
    }
}
