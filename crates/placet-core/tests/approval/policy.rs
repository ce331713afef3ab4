//! Another policy: what is held is looked at again before anybody's answer counts.

use placet_core::event::Void;

use crate::case::*;

/// Another policy with the same class, changed.
fn other(change: impl FnOnce(&mut Terms)) -> Terms {
    let mut terms = Terms { policy: digest(2), ..refunds(ApprovalTerms::default()) };
    change(&mut terms);
    terms
}

fn fresh(number: u8) -> Assessment {
    Assessment { policy: digest(2), ..refund(number) }
}

fn recheck(world: &mut World, approval: ApprovalId, of: Assessment) -> Result<usize, Rejection> {
    let command = Command::Recheck { approval, fresh: Box::new(of) };
    let entries = world.run(command, seconds(3))?;
    for entry in &entries {
        let Event::Voided(voided) = &entry.event else { panic!("not voided: {entry:?}") };
        assert!(matches!(&voided.why, Void::Policy(_)));
    }
    Ok(entries.len())
}

fn signs(
    world: &mut World,
    approval: ApprovalId,
    by: &str,
    fresh: Option<Assessment>,
) -> Result<Vec<&'static str>, Rejection> {
    let signing = SigningOff { fresh, ..signing(approval, person(by)) };
    Ok(kinds(&world.run(Command::SignOff(Box::new(signing)), seconds(4))?))
}

#[test]
fn a_held_action_that_the_new_policy_allows_or_holds_goes_on_waiting() {
    let read = |terms: &mut Terms| {
        let mut refund = class("refund", RiskTier::Read);
        refund.approval = ApprovalTerms::default();
        terms.classes = terms_of([refund]).classes;
    };
    for change in [|_: &mut Terms| (), read] {
        let mut world = desk();
        let id = world.hold(1, seconds(1));
        world.install(other(change), seconds(2));
        assert_eq!(recheck(&mut world, id, fresh(1)), Ok(0));
        assert_eq!(signs(&mut world, id, "ben", Some(fresh(1))), Ok(vec!["signed_off"]));
        assert_eq!(world.redeem(id.action(), seconds(5)), Ok(()));
    }
}

#[test]
fn what_the_new_policy_forbids_is_voided_by_recheck_or_by_signing() {
    let forbid = |world: &mut World| {
        let id = world.hold(1, seconds(1));
        world.install(other(|_| ()), seconds(2));
        id
    };
    let mut forbidden = fresh(1);
    forbidden.rules = vec![crate::common::build::rule(Verdict::Block)];
    let mut world = desk();
    let id = forbid(&mut world);
    assert_eq!(recheck(&mut world, id, forbidden.clone()), Ok(1));
    assert_eq!(recheck(&mut world, id, forbidden.clone()), Err(Rejection::UnknownApproval(id)));
    let mut world = desk();
    let id = forbid(&mut world);
    assert_eq!(signs(&mut world, id, "ben", Some(forbidden)), Ok(vec!["voided"]));
    assert_eq!(world.redeem(id.action(), seconds(4)), Err(Refusal::NotGranted));
}

#[test]
fn shadow_does_not_save_what_the_new_policy_forbids() {
    let mut world = desk();
    let id = world.hold(1, seconds(1));
    world.install(other(|terms| terms.mode = placet_core::Mode::Shadow), seconds(2));
    let mut forbidden = fresh(1);
    forbidden.rules = vec![crate::common::build::rule(Verdict::Block)];
    assert_eq!(signs(&mut world, id, "ben", Some(forbidden)), Ok(vec!["voided"]));
}

#[test]
fn other_terms_void_what_was_asked_under_the_old_ones() {
    type Change = fn(&mut ApprovalTerms);
    let changes: [Change; 6] = [
        |it| it.quorum = 2,
        |it| it.groups = vec!["finance".into()],
        |it| it.fields.push("ticket".into()),
        |it| it.fields.truncate(1),
        |it| it.fields.reverse(),
        |it| it.least_length += 1,
    ];
    for (place, change) in changes.into_iter().enumerate() {
        let mut world = desk();
        let id = world.hold(1, seconds(1));
        let mut approval = ApprovalTerms::default();
        change(&mut approval);
        world.install(other(|it| it.classes = refunds(approval).classes), seconds(2));
        assert_eq!(recheck(&mut world, id, fresh(1)), Ok(1), "change {place}");
    }
    // Another deadline is no other question.
    let mut world = desk();
    let id = world.hold(1, seconds(1));
    let approval = ApprovalTerms { deadline: Duration::from_secs(5), ..ApprovalTerms::default() };
    world.install(other(|it| it.classes = refunds(approval).classes), seconds(2));
    assert_eq!(recheck(&mut world, id, fresh(1)), Ok(0));
}

#[test]
fn nobody_signs_before_it_was_looked_at_under_the_policy_of_now() {
    let mut world = desk();
    let id = world.hold(1, seconds(1));
    world.install(other(|_| ()), seconds(2));
    let stale = Err(Rejection::StalePolicy);
    assert_eq!(signs(&mut world, id, "ben", None), stale);
    assert_eq!(signs(&mut world, id, "ben", Some(refund(1))), stale, "under the old one");
    let newer = Assessment { policy: digest(3), ..refund(1) };
    assert_eq!(signs(&mut world, id, "ben", Some(newer)), stale);
    assert_eq!(recheck(&mut world, id, refund(1)), Err(Rejection::StalePolicy));
    // A no needs no second look.
    assert!(world.run(deny(id), seconds(4)).is_ok());
}

#[test]
fn what_is_known_of_another_action_is_not_accepted() {
    type Change = fn(&mut Assessment);
    let changes: [Change; 6] = [
        |it| it.tag = tag(2),
        |it| it.subject.tenant = "acme".parse().unwrap(),
        |it| it.subject.agent = None,
        |it| it.subject.build = Some("v2".parse().unwrap()),
        |it| it.subject.tool = "mail".parse().unwrap(),
        |it| it.user = None,
    ];
    for (place, change) in changes.into_iter().enumerate() {
        let mut world = desk();
        let id = world.hold(1, seconds(1));
        world.install(other(|_| ()), seconds(2));
        let mut of = fresh(1);
        change(&mut of);
        let other = Err(Rejection::OtherSubject);
        assert_eq!(recheck(&mut world, id, of.clone()), other, "change {place}");
        assert_eq!(signs(&mut world, id, "ben", Some(of)).map(drop), Err(Rejection::OtherSubject));
    }
}

#[test]
fn under_the_same_policy_nothing_is_looked_at_again() {
    let mut world = desk();
    let id = world.hold(1, seconds(1));
    // Whoever claims to know better is not believed.
    let mut worse = refund(1);
    worse.rules = vec![crate::common::build::rule(Verdict::Block)];
    assert_eq!(recheck(&mut world, id, worse.clone()), Ok(0));
    let signing = SigningOff { fresh: Some(worse), ..signing(id, person("ben")) };
    let entries = world.run(Command::SignOff(Box::new(signing)), seconds(4)).unwrap();
    let Event::SignedOff(signed) = &entries[0].event else { panic!("signed off") };
    assert_eq!(signed.fresh, None);
}

#[test]
fn each_of_a_quorum_is_asked_under_the_policy_of_their_time() {
    let mut world = World::with(refunds(quorum(2)));
    let id = world.hold(1, seconds(1));
    let approval = quorum(2);
    assert_eq!(signs(&mut world, id, "ben", None), Ok(vec!["signed_off"]));
    world.install(other(|it| it.classes = refunds(approval).classes), seconds(4));
    assert_eq!(signs(&mut world, id, "cem", None), Err(Rejection::StalePolicy));
    assert_eq!(signs(&mut world, id, "cem", Some(fresh(1))), Ok(vec!["signed_off"]));
    assert_eq!(world.redeem(id.action(), seconds(5)), Ok(()));
}

#[test]
fn a_grant_under_another_policy_is_worth_nothing() {
    let mut world = desk();
    let action = world.grant(1, seconds(1));
    world.install(other(|_| ()), seconds(2));
    assert_eq!(world.redeem(action, seconds(3)), Err(Refusal::OtherPolicy));
}

/// The new policy puts the tool into another class. What is approved from then on belongs to that.
#[test]
fn what_was_approved_under_a_new_policy_belongs_to_its_class_there() {
    let renamed = |number| Assessment { class: Some("payment".parse().unwrap()), ..fresh(number) };
    let approve = || {
        let mut world = desk();
        let id = world.hold(1, seconds(1));
        let payments = terms_of([class("payment", RiskTier::ReversibleWrite)]);
        world.install(other(|it| it.classes = payments.classes), seconds(2));
        assert_eq!(signs(&mut world, id, "ben", Some(renamed(1))), Ok(vec!["signed_off"]));
        (world, id.action())
    };
    let (mut world, action) = approve();
    world.run(trip("tool:payment"), seconds(5)).unwrap();
    assert_eq!(world.redeem(action, seconds(5)), Err(Refusal::Stopped(scope("tool:payment"))));
    assert_eq!(kinds(&world.run(Command::Tick, seconds(5)).unwrap()), ["voided"]);
    let (mut world, action) = approve();
    world.run(trip("tool:mail"), seconds(5)).unwrap();
    assert_eq!(world.redeem(action, seconds(5)), Ok(()));
    let reported = world.conclude(action, Outcome::Succeeded, seconds(6)).unwrap();
    let Event::OutcomeReported(reported) = &reported[0].event else { panic!("a report") };
    assert_eq!(reported.class.as_ref().unwrap().as_str(), "payment");
}
