//! What is held opens an approval on its class's terms.

use placet_core::limits::MAX_OPEN_APPROVALS_PER_AGENT;
use placet_core::{Command, Rejection};

use crate::case::*;
use crate::common::build::digest;
use crate::common::proposal;

#[test]
fn an_approval_is_on_the_terms_of_its_class() {
    let mut case = Case::new().but(|case| case.earned = Manual);
    case.class.approval.quorum = 2;
    case.class.approval.deadline = Duration::from_secs(90);
    case.class.approval.fields = vec!["why".into()];
    let approval = case.world().propose(call("refund"), seconds(10)).approval.unwrap();
    assert_eq!((approval.quorum, approval.deadline), (2, seconds(100)));
    assert_eq!(approval.fields, ["why"]);
    let unknown = Assessment { class: None, ..call("mystery") };
    let approval = case.world().propose(unknown, seconds(10)).approval.unwrap();
    assert_eq!((approval.quorum, approval.deadline), (1, seconds(910)));
    assert_eq!(approval.fields, ["verbatim_response", "responsible_owner"]);
}

#[test]
fn no_terms_make_an_approval_need_nobody_or_stay_open_for_ever() {
    let mut case = Case::new().but(|case| case.earned = Manual);
    case.class.approval.quorum = 0;
    case.class.approval.deadline = Duration::MAX;
    let approval = case.world().propose(call("refund"), seconds(0)).approval.unwrap();
    assert_eq!((approval.quorum, approval.deadline), (1, seconds(31 * 86_400)));
}

fn manual() -> World {
    Case::new().but(|case| case.earned = Manual).world()
}

fn by(agent: &str) -> Assessment {
    let mut of = call("refund");
    of.subject.agent = Some(agent.parse().unwrap());
    of
}

#[test]
fn one_agent_cannot_take_all_the_room() {
    let mut world = manual();
    for _ in 0..MAX_OPEN_APPROVALS_PER_AGENT {
        world.propose(by("ada"), ms(0));
    }
    let command = world.proposal(by("ada"));
    let rejected = world.run(command, ms(0)).unwrap_err();
    let text = "there are already 1000 open approvals of this agent; close or remove some first";
    assert_eq!(rejected.to_string(), text);
    let other = world.propose(by("bob"), ms(0));
    assert!(other.approval.is_some());
    // One denial makes room for one more.
    world.run(deny(approval_id(1)), ms(0)).unwrap();
    world.propose(Assessment { tag: tag(3), ..by("ada") }, ms(0));
    assert_eq!(world.state.approvals().len(), MAX_OPEN_APPROVALS_PER_AGENT + 1);
    let open = |tenant: &str| world.state.approvals().of_tenant(&tenant.parse().unwrap());
    assert_eq!((open("default"), open("acme")), (MAX_OPEN_APPROVALS_PER_AGENT + 1, 0));
}

#[test]
fn an_open_one_is_never_replaced_by_another_of_the_same_id() {
    let mut world = manual();
    let command = || proposal(7, Assessment { policy: digest(1), ..call("refund") });
    world.run(command(), seconds(0)).unwrap();
    let rejected = world.run(command(), seconds(1)).unwrap_err();
    assert_eq!(rejected, Rejection::KnownAction(approval_id(7).action()));
}

#[test]
fn the_first_answer_wins_and_the_deadline_is_a_no() {
    let mut world = manual();
    let id = world.propose(call("refund"), seconds(0)).approval.unwrap().id;
    world.run(deny(id), ms(899_999)).unwrap();
    assert_eq!(world.run(deny(id), ms(899_999)), Err(Rejection::UnknownApproval(id)));
    let of = Assessment { tag: tag(1), ..call("refund") };
    let late = world.propose(of, seconds(1_000)).approval.unwrap();
    let rejected = world.run(deny(late.id), late.deadline).unwrap_err();
    assert_eq!(rejected, Rejection::ApprovalExpired(late.id, late.deadline));
    assert!(world.run(Command::Tick, ms(late.deadline.as_millis() - 1)).unwrap().is_empty());
    assert_eq!(world.state.approvals().next_deadline(), Some(late.deadline));
    assert_eq!(world.run(Command::Tick, late.deadline).unwrap().len(), 1);
    assert!(world.state.approvals().is_empty());
    assert_eq!(world.run(deny(late.id), late.deadline), Err(Rejection::UnknownApproval(late.id)));
}

#[test]
fn a_stale_assessment_is_refused() {
    let mut world = manual();
    let stale = proposal(1, Assessment { policy: digest(9), ..call("refund") });
    assert_eq!(world.run(stale, ms(0)), Err(Rejection::StalePolicy));
}
