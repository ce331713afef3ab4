//! A table of forged entries for every event of an action's life. Each is found by the audit; the
//! true one in its place is not.

use placet_core::audit::Violation;
use placet_core::event::{
    Denied, Expired, Indeterminate, OutcomeReported, Redeemed, RedemptionRefused, SignedOff,
    Superseded, Void, Voided, WarrantKeyRotated, Withdrawn,
};
use placet_core::{State, audit};

use crate::case::*;
use crate::common::cited;

/// Refunds take two people of finance, mails one; reads need nobody.
fn terms() -> Terms {
    let mut refund = class("refund", RiskTier::ReversibleWrite);
    refund.approval = ApprovalTerms { groups: vec!["finance".into()], ..quorum(2) };
    let mail = class("mail", RiskTier::ReversibleWrite);
    terms_of([refund, mail, class("lookup", RiskTier::Read)])
}

fn finance(approval: ApprovalId, name: &str) -> Command {
    Command::SignOff(Box::new(signing(approval, of_group(name, &["finance"]))))
}

fn mail(number: u8) -> Assessment {
    let mut of = refund(number);
    of.subject.tool = "mail".parse().unwrap();
    of.class = Some("mail".parse().unwrap());
    of
}

fn held(world: &mut World, of: Assessment, at: i64) -> ApprovalId {
    world.propose(of, seconds(at)).approval.unwrap().id
}

/// A life of each kind, at known places of the log.
fn story() -> World {
    let mut world = World::with(terms()); // 0
    let first = world.hold(1, seconds(1)); // 1
    world.run(finance(first, "ben"), seconds(2)).unwrap(); // 2
    world.run(finance(first, "cem"), seconds(3)).unwrap(); // 3
    world.redeem(first.action(), seconds(4)).unwrap(); // 4
    world.redeem(first.action(), seconds(5)).unwrap_err(); // 5
    world.conclude(first.action(), Outcome::Succeeded, seconds(6)).unwrap(); // 6
    let second = held(&mut world, mail(2), 7); // 7
    let edit = world.edit(second, "ben", mail(3));
    world.run(Command::Edit(Box::new(edit)), seconds(8)).unwrap(); // 8, 9, 10
    let withdrawn = held(&mut world, mail(4), 9); // 11
    world.run(Command::Withdraw { approval: withdrawn }, seconds(10)).unwrap(); // 12
    let read = world.propose(call("lookup"), seconds(11)).id; // 13
    world.redeem(read, seconds(12)).unwrap(); // 14
    held(&mut world, mail(5), 13); // 15
    world.run(trip("tool:mail"), seconds(14)).unwrap(); // 16
    world.run(Command::Tick, seconds(15)).unwrap(); // 17, 18: the edit's grant, and what waits
    world.run(reset("tool:mail"), seconds(16)).unwrap(); // 19
    let voided = held(&mut world, mail(6), 17); // 20
    world.install(Terms { policy: digest(2), ..terms_of([]) }, seconds(18)); // 21
    let mut fresh = Assessment { policy: digest(2), class: None, ..mail(6) };
    fresh.rules = vec![crate::common::build::rule(Verdict::Block)];
    let recheck = Command::Recheck { approval: voided, fresh: Box::new(fresh) };
    world.run(recheck, seconds(19)).unwrap(); // 22
    world.run(Command::RotateWarrantKey { by: None }, seconds(20)).unwrap(); // 23
    world.run(Command::Tick, seconds(2_000)).unwrap(); // 24: the read is in doubt
    world
}

fn before(world: &World, index: usize) -> State {
    let mut state = State::default();
    world.log[..index].iter().for_each(|entry| state.apply(entry));
    state
}

/// What the audit says of the story with one event changed.
fn forged(index: usize, change: impl FnOnce(&mut Event)) -> Result<(), Violation> {
    let world = story();
    let (state, mut entry) = (before(&world, index), world.log[index].clone());
    assert_eq!(audit(&state, &entry, cited(&world.log, &entry)), Ok(()), "the true one");
    change(&mut entry.event);
    assert_ne!(entry, world.log[index], "the change changes nothing");
    audit(&state, &entry, cited(&world.log, &entry))
}

/// What the audit says of an event that is put in at a place of the story.
fn invented(index: usize, event: Event) -> Result<(), Violation> {
    let world = story();
    let at = world.log[index].at;
    let state = before(&world, index);
    let entry = Entry { index: state.size(), at, event, origin: None, payload: None };
    audit(&state, &entry, cited(&world.log, &entry))
}

macro_rules! change {
    ($kind:ident, $it:ident => $change:expr) => {
        |event: &mut Event| match event {
            Event::$kind($it) => drop($change),
            other => panic!("another event: {other:?}"),
        }
    };
}

#[test]
fn the_story_is_as_its_numbers_say() {
    let expected = [
        "policy_installed",
        "decided",
        "signed_off",
        "signed_off",
        "redeemed",
        "redemption_refused",
        "outcome_reported",
        "decided",
        "decided",
        "superseded",
        "signed_off",
        "decided",
        "withdrawn",
        "decided",
        "redeemed",
        "decided",
        "tripped",
        "voided",
        "voided",
        "reset",
        "decided",
        "policy_installed",
        "voided",
        "warrant_key_rotated",
        "indeterminate",
    ];
    assert_eq!(kinds(&story().log), expected);
}

#[test]
fn a_forged_sign_off_is_found() {
    type Change = fn(&mut Event);
    let refused = |rejection| Err(Violation::Refused(rejection));
    let changes: [(usize, Change, Result<(), Violation>); 12] = [
        // Granted with the first of two, or not with the last.
        (2, change!(SignedOff, it => it.expires = Some(seconds(302))), Err(Violation::NotOpen)),
        (3, change!(SignedOff, it => it.expires = None), Err(Violation::NotOpen)),
        (3, change!(SignedOff, it => it.expires = Some(seconds(304))), Err(Violation::NotOpen)),
        (
            3,
            change!(SignedOff, it => it.by = of_group("ben", &["finance"])),
            refused(Rejection::SignedAlready),
        ),
        (3, change!(SignedOff, it => it.by.tag = person_tag("uma")), refused(Rejection::OwnAction)),
        (
            3,
            change!(SignedOff, it => it.by = of_group("ada", &["finance"])),
            refused(Rejection::OwnAction),
        ),
        (
            3,
            change!(SignedOff, it => it.by.groups.clear()),
            refused(Rejection::OtherGroup("finance".into())),
        ),
        (3, change!(SignedOff, it => it.action = action(2)), Err(Violation::NotOpen)),
        (
            3,
            change!(SignedOff, it => it.approval = approval_id(2)),
            refused(Rejection::UnknownApproval(approval_id(2))),
        ),
        (3, change!(SignedOff, it => it.fresh = Some(refund(1))), Err(Violation::NotOpen)),
        (10, change!(SignedOff, it => it.by = person("cem")), Err(Violation::HalfEdit)),
        (10, change!(SignedOff, it => it.expires = None), Err(Violation::NotOpen)),
    ];
    for (place, (index, change, violation)) in changes.into_iter().enumerate() {
        assert_eq!(forged(index, change), violation, "change {place}");
    }
}

#[test]
fn an_answer_to_what_is_answered_or_over_is_found() {
    let (approval, action) = (approval_id(1), action(1));
    let by = || "ben".parse().unwrap();
    let signed = SignedOff {
        approval,
        action,
        by: of_group("dan", &["finance"]),
        expires: None,
        fresh: None,
        standing: None,
    };
    let successor = crate::case::action(3);
    // Before it was proposed, after it was granted, after it ran.
    for index in [1, 4, 7] {
        for event in [
            Event::SignedOff(Box::new(signed.clone())),
            Event::Denied(Denied { approval, action, by: by() }),
            Event::Withdrawn(Withdrawn { approval, action }),
            Event::Superseded(Superseded { approval, action, by: by(), successor }),
            Event::Expired(Expired { approval, action }),
            Event::Voided(Voided { action, why: Void::Switch(scope("all")) }),
            Event::Voided(Voided { action, why: Void::Policy(Box::new(refund(1))) }),
        ] {
            assert!(invented(index, event.clone()).is_err(), "{event:?} at {index}");
        }
    }
}

#[test]
fn a_forged_withdrawal_is_found() {
    let other = forged(12, change!(Withdrawn, it => it.action = action(1)));
    assert_eq!(other, Err(Violation::NotOpen));
    let other = forged(12, change!(Withdrawn, it => it.approval = approval_id(1)));
    assert_eq!(other, Err(Violation::NotOpen));
}

#[test]
fn an_edit_that_does_not_hang_together_is_found() {
    type Change = fn(&mut Event);
    let half = || Err(Violation::HalfEdit);
    let changes: [(usize, Change, Result<(), Violation>); 8] = [
        // It replaces what is not held, or what somebody else asked for.
        (
            8,
            change!(Decided, it => it.replaces = Some(action(1))),
            Err(Violation::Refused(Rejection::UnknownApproval(approval_id(1)))),
        ),
        (8, change!(Decided, it => it.assessment.user = None), Err(Violation::Approval)),
        (8, change!(Decided, it => it.assessment.enforce = true), Err(Violation::Approval)),
        (9, change!(Superseded, it => it.successor = action(9)), half()),
        (9, change!(Superseded, it => it.action = action(3)), half()),
        (9, change!(Superseded, it => it.approval = approval_id(3)), Err(Violation::NotOpen)),
        (
            9,
            change!(Superseded, it => it.by = "ada".parse().unwrap()),
            Err(Violation::Refused(Rejection::OwnAction)),
        ),
        (
            10,
            change!(SignedOff, it => (it.action, it.approval) = (action(1), approval_id(1))),
            half(),
        ),
    ];
    for (place, (index, change, violation)) in changes.into_iter().enumerate() {
        assert_eq!(forged(index, change), violation, "change {place}");
    }
}

/// With one of the three left out, both actions could be approved, or one without a signature.
#[test]
fn an_edit_of_which_an_entry_is_left_out_is_found() {
    let world = story();
    for lost in [9, 10] {
        let state = before(&world, lost);
        for next in [&world.log[lost + 1], &world.log[16]] {
            let entry = Entry { index: state.size(), ..next.clone() };
            assert_eq!(audit(&state, &entry, None), Err(Violation::HalfEdit), "without {lost}");
        }
    }
    // And one without the decision before it.
    let entry = Entry { index: 8, ..world.log[9].clone() };
    assert_eq!(audit(&before(&world, 8), &entry, None), Err(Violation::HalfEdit));
}

#[test]
fn a_forged_void_is_found() {
    let switch = |text: &str| Void::Switch(scope(text));
    let other = forged(17, |event| match event {
        Event::Voided(voided) => voided.why = switch("all"),
        other => panic!("not voided: {other:?}"),
    });
    assert_eq!(other, Err(Violation::NotOpen));
    let other = forged(17, change!(Voided, it => it.action = action(1)));
    assert_eq!(other, Err(Violation::NotOpen));
    // Before the trip, and twice.
    let Event::Voided(voided) = story().log[18].event.clone() else { panic!("voided") };
    for index in [16, 19] {
        let found = invented(index, Event::Voided(voided.clone()));
        assert_eq!(found, Err(Violation::NotOpen), "{index}");
    }
    // By a policy that does not forbid it, that does not hold, or of another action.
    let by_policy = |change: fn(&mut Assessment)| {
        forged(22, |event| match event {
            Event::Voided(Voided { why: Void::Policy(fresh), .. }) => change(fresh),
            other => panic!("not voided by a policy: {other:?}"),
        })
    };
    assert_eq!(by_policy(|fresh| fresh.rules.clear()), Err(Violation::NotOpen));
    let refused = |rejection| Err(Violation::Refused(rejection));
    assert_eq!(by_policy(|fresh| fresh.policy = digest(1)), refused(Rejection::StalePolicy));
    assert_eq!(by_policy(|fresh| fresh.tag = tag(1)), refused(Rejection::OtherSubject));
    let early = Void::Policy(Box::new(mail(6)));
    let early = Voided { action: action(7), why: early };
    assert!(invented(21, Event::Voided(early)).is_err(), "under the same policy");
}

#[test]
fn what_a_switch_has_ended_does_not_expire_instead() {
    let world = story();
    let stopped = before(&world, 17);
    let (action, _) = stopped.stopped().next().unwrap();
    let event = Event::Expired(Expired { approval: action.approval(), action });
    let (index, at) = (17, seconds(5_000));
    let entry = Entry { index, at, event, origin: None, payload: None };
    assert_eq!(audit(&stopped, &entry, None), Err(Violation::NotOpen));
}

#[test]
fn a_forged_redemption_is_found() {
    type Change = fn(&mut Event);
    let cited = || Err(Violation::Cited);
    let unknown = Err(Violation::Refused(Rejection::UnknownAction(action(1))));
    let changes: [(usize, Change, Result<(), Violation>); 9] = [
        (4, change!(Redeemed, it => it.decided = 0), unknown),
        (4, change!(Redeemed, it => it.decided = 7), cited()),
        (4, change!(Redeemed, it => it.decided = 999), cited()),
        (
            4,
            change!(Redeemed, it => it.action = action(2)),
            Err(Violation::Refused(Rejection::UnknownAction(action(2)))),
        ),
        (4, change!(Redeemed, it => it.expires = seconds(304)), cited()),
        (4, change!(Redeemed, it => it.report_by = seconds(905)), cited()),
        (4, change!(Redeemed, it => it.subject.agent = None), cited()),
        (4, change!(Redeemed, it => it.class = None), cited()),
        (14, change!(Redeemed, it => it.class = Some("mail".parse().unwrap())), cited()),
    ];
    for (place, (index, change, violation)) in changes.into_iter().enumerate() {
        assert_eq!(forged(index, change), violation, "change {place}");
    }
}

#[test]
fn a_warrant_that_was_worth_nothing_is_found() {
    let redeemed = |number: u128, decided: u64, of: Assessment| {
        Event::Redeemed(Redeemed {
            action: action(number),
            decided,
            expires: seconds(303),
            report_by: seconds(903),
            subject: of.subject,
            class: of.class,
        })
    };
    let first = || redeemed(1, 1, refund(1));
    let worthless = |why| Err(Violation::NotRedeemable(why));
    // With one signature of two, and a second time.
    assert_eq!(invented(3, first()), worthless(Refusal::NotGranted));
    assert_eq!(invented(5, first()), worthless(Refusal::Spent));
    // Replaced, withdrawn, voided by a switch before and after somebody has said so, by a policy.
    assert_eq!(invented(11, redeemed(2, 7, mail(2))), worthless(Refusal::NotGranted));
    assert_eq!(invented(13, redeemed(4, 11, mail(4))), worthless(Refusal::NotGranted));
    let stopped = Refusal::Stopped(scope("tool:mail"));
    assert_eq!(invented(17, redeemed(3, 8, mail(3))), worthless(stopped));
    assert_eq!(invented(20, redeemed(3, 8, mail(3))), worthless(Refusal::NotGranted));
    assert_eq!(invented(23, redeemed(7, 20, mail(6))), worthless(Refusal::NotGranted));
}

/// Entry 13 permits a read. Put before it, nothing has permitted anything yet.
#[test]
fn an_entry_that_rests_on_a_later_one_is_found() {
    let world = story();
    let read = &world.log[14];
    let entry = Entry { index: 13, ..read.clone() };
    let found = audit(&before(&world, 13), &entry, cited(&world.log, &entry));
    assert_eq!(found, Err(Violation::Cited));
    // The same without the entry that it cites, or with another than that.
    let state = before(&world, 14);
    for wrong in [None, Some(&world.log[1]), Some(&world.log[7])] {
        assert_eq!(audit(&state, read, wrong), Err(Violation::Cited));
    }
}

/// The entry that is cited is looked at as it stands in the log.
#[test]
fn a_redemption_of_a_forged_decision_is_found() {
    let world = story();
    let (state, entry) = (before(&world, 3), &world.log[4]);
    let mut entry = Entry { index: 3, ..entry.clone() };
    let mut decision = world.log[1].clone();
    if let Event::Decided(decided) = &mut decision.event {
        decided.decision.verdict = Verdict::Allow;
        decided.expires = Some(seconds(304));
    }
    if let Event::Redeemed(redeemed) = &mut entry.event {
        redeemed.expires = seconds(304);
    }
    // Against the true one it is found; the forged one does not get into a log that is audited.
    let true_one = audit(&state, &entry, Some(&world.log[1]));
    assert_eq!(true_one, Err(Violation::NotRedeemable(Refusal::NotGranted)));
    assert!(audit(&before(&world, 1), &decision, None).is_err());
}

#[test]
fn a_forged_refusal_is_found() {
    type Change = fn(&mut Event);
    let cited = || Err(Violation::Cited);
    let changes: [(Change, Result<(), Violation>); 4] = [
        (change!(RedemptionRefused, it => it.why = Refusal::NotGranted), cited()),
        (change!(RedemptionRefused, it => it.why = Refusal::Expired(seconds(1))), cited()),
        (change!(RedemptionRefused, it => it.subject.agent = None), cited()),
        (change!(RedemptionRefused, it => it.decided = 7), cited()),
    ];
    for (place, (change, violation)) in changes.into_iter().enumerate() {
        assert_eq!(forged(5, change), violation, "change {place}");
    }
    // What could have been spent was not refused.
    let (subject, why) = (refund(1).subject, Refusal::NotGranted);
    let refused = RedemptionRefused { action: action(1), decided: 1, subject, why };
    assert_eq!(invented(4, Event::RedemptionRefused(refused)), cited());
}

#[test]
fn a_forged_outcome_is_found() {
    type Change = fn(&mut Event);
    let not_run = || Err(Violation::Refused(Rejection::NotRun(action(1))));
    let changes: [(Change, Result<(), Violation>); 6] = [
        (change!(OutcomeReported, it => it.of = 1), not_run()),
        (change!(OutcomeReported, it => it.of = 3), not_run()),
        (change!(OutcomeReported, it => it.of = 14), Err(Violation::Cited)),
        (
            change!(OutcomeReported, it => it.subject.build = Some("v2".parse().unwrap())),
            Err(Violation::Cited),
        ),
        (
            change!(OutcomeReported, it => it.class = Some("mail".parse().unwrap())),
            Err(Violation::Cited),
        ),
        (
            change!(OutcomeReported, it => it.action = action(2)),
            Err(Violation::Refused(Rejection::NotRun(action(2)))),
        ),
    ];
    for (place, (change, violation)) in changes.into_iter().enumerate() {
        assert_eq!(forged(6, change), violation, "change {place}");
    }
    let (subject, class) = (mail(2).subject, mail(2).class);
    let outcome = Outcome::Succeeded;
    let of_edited = OutcomeReported { action: action(2), of: 7, outcome, subject, class };
    let found = invented(11, Event::OutcomeReported(of_edited));
    assert_eq!(found, Err(Violation::Refused(Rejection::NotRun(action(2)))));
}

#[test]
fn a_forged_doubt_is_found() {
    let found = forged(24, change!(Indeterminate, it => it.action = action(1)));
    assert_eq!(found, Err(Violation::NotOpen));
    // Before its time, and of what has been reported.
    let early = Event::Indeterminate(Indeterminate { action: action(5) });
    assert_eq!(invented(23, early), Err(Violation::NotOpen));
    let reported = Event::Indeterminate(Indeterminate { action: action(1) });
    assert_eq!(invented(24, reported), Err(Violation::NotOpen));
}

#[test]
fn a_grant_expires_in_its_time_only() {
    let world = story();
    let (state, action) = (before(&world, 11), action(3));
    for (at, found) in [(ms(307_999), Err(Violation::NotOpen)), (seconds(308), Ok(()))] {
        let event = Event::Expired(Expired { approval: action.approval(), action });
        let entry = Entry { index: 11, at, event, origin: None, payload: None };
        assert_eq!(audit(&state, &entry, None), found, "{at}");
    }
}

#[test]
fn a_forged_rotation_is_found() {
    for generation in [0, 2, u32::MAX] {
        let rotated = WarrantKeyRotated { generation, by: None };
        let found = forged(23, |event| *event = Event::WarrantKeyRotated(rotated));
        assert_eq!(found, Err(Violation::Cited), "{generation}");
    }
}

#[test]
fn a_decision_that_takes_a_known_id_or_another_time_is_found() {
    type Change = fn(&mut Event);
    let changes: [(usize, Change); 5] = [
        (7, change!(Decided, it => it.expires = Some(seconds(307)))),
        (13, change!(Decided, it => it.expires = None)),
        (13, change!(Decided, it => it.expires = Some(seconds(312)))),
        (13, change!(Decided, it => it.id = action(1))),
        (13, change!(Decided, it => it.id = action(3))),
    ];
    for (place, (index, change)) in changes.into_iter().enumerate() {
        assert_eq!(forged(index, change), Err(Violation::Approval), "change {place}");
    }
}
