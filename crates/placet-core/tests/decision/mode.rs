//! The mode binds the caller, or records what would have been.

use placet_core::mode::Treatment;

use crate::case::*;

fn held(mode: Mode, parts: u16, number: u16, enforce: bool) -> Decision {
    let case = Case::new().but(|case| {
        case.terms.mode = mode;
        case.terms.sample = share(parts);
        case.earned = Manual;
        case.of.bucket = bucket(number);
        case.of.enforce = enforce;
    });
    case.decision()
}

#[test]
fn bind_or_record_what_would_have_been() {
    let (bound, free) = ((RequireApproval, None), (Allow, Some(RequireApproval)));
    for (mode, parts, number, enforce, expected) in [
        (Mode::Enforce, 0, 9_999, false, bound),
        (Mode::Shadow, 10_000, 0, false, free),
        (Mode::Shadow, 0, 0, true, bound),
        (Mode::Sample, 0, 0, false, free),
        (Mode::Sample, 1, 0, false, bound),
        (Mode::Sample, 1, 1, false, free),
        (Mode::Sample, 5_000, 4_999, false, bound),
        (Mode::Sample, 5_000, 5_000, false, free),
        (Mode::Sample, 5_000, 5_000, true, bound),
        (Mode::Sample, 9_999, 9_999, false, free),
        (Mode::Sample, 10_000, 9_999, false, bound),
    ] {
        let decision = held(mode, parts, number, enforce);
        let found = (decision.verdict, decision.would_have);
        assert_eq!(found, expected, "{mode:?} {parts} {number} {enforce}");
        assert_eq!(decision.mode, mode);
        assert_finds(&decision, &[HELD]);
    }
}

#[test]
fn leave_what_is_allowed_alone() {
    for mode in [Mode::Shadow, Mode::Sample, Mode::Enforce] {
        let decision = Case::new().but(|case| case.terms.mode = mode).decision();
        assert_eq!((decision.verdict, decision.would_have), (Allow, None));
    }
}

/// What a program asks for itself: that nobody is asked.
#[test]
fn what_would_wait_is_blocked_where_nobody_is_asked() {
    let unasked = |change: fn(&mut Case)| {
        let case = Case::new().but(|case| {
            case.of.treatment = Treatment::Unasked;
            case.earned = Manual;
            change(case);
        });
        (case.decision(), case.world().propose(case.of, ms(0)).approval)
    };
    let (held, approval) = unasked(|_| {});
    assert_finds(&held, &[HELD, (Check::Caller, Block)]);
    assert_eq!((held.verdict, held.would_have, approval), (Block, None, None));
    // What waits for nobody is what it is without.
    for change in [
        |case: &mut Case| case.terms.mode = Mode::Shadow,
        |case: &mut Case| case.earned = Autonomous,
        |case: &mut Case| case.of.faults = vec![InputFault::TooDeep],
    ] {
        let (unasked, _) = unasked(change);
        let mut asked = Case::new().but(|case| case.earned = Manual);
        change(&mut asked);
        assert_eq!(unasked, asked.decision());
    }
}

/// What a program stops itself is on record as blocked, whatever else is known of it, and the mode
/// keeps that from binding as it does with every other reason.
#[test]
fn what_the_program_stops_itself_is_blocked_and_nobody_is_asked() {
    let stopped = |change: fn(&mut Case)| {
        let case = Case::new().but(|case| {
            case.of.treatment = Treatment::Stopped;
            change(case);
        });
        let approval = case.world().propose(case.of.clone(), ms(0)).approval;
        assert_eq!(approval, None);
        let decision = case.decision();
        let last = decision.findings.last().unwrap();
        assert_eq!((last.check, last.verdict), (Check::Caller, Block));
        (decision.verdict, decision.would_have)
    };
    assert_eq!(stopped(|_| {}), (Block, None));
    assert_eq!(stopped(|case| case.earned = Manual), (Block, None));
    assert_eq!(stopped(|case| case.of.faults = vec![InputFault::TooDeep]), (Block, None));
    assert_eq!(stopped(|case| case.terms.mode = Mode::Shadow), (Allow, Some(Block)));
    let held_to_it = |case: &mut Case| {
        case.terms.mode = Mode::Shadow;
        case.of.enforce = true;
    };
    assert_eq!(stopped(held_to_it), (Block, None));
}

#[test]
fn in_shadow_nothing_waits_for_a_person() {
    let mut world = Case::new()
        .but(|case| {
            case.terms.mode = Mode::Shadow;
            case.earned = Manual;
        })
        .world();
    assert_eq!(world.propose(call("refund"), ms(0)).approval, None);
    let enforced = Assessment { enforce: true, ..call("refund") };
    assert!(world.propose(enforced, ms(0)).approval.is_some());
}

#[test]
fn a_bucket_that_no_share_contains_cannot_be_read() {
    assert_eq!(serde_json::from_str::<placet_core::mode::Bucket>("9999").unwrap(), bucket(9_999));
    let error = serde_json::from_str::<placet_core::mode::Bucket>("10000").unwrap_err();
    assert_eq!(error.to_string(), "there is no bucket 10000; they are numbered from 0 to 9999");
    let error = serde_json::from_str::<placet_core::mode::Share>("10001").unwrap_err();
    assert_eq!(error.to_string(), "a share of 10001 ten-thousandths is more than the whole");
}
