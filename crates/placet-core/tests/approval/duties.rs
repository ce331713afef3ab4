//! Separation of duties, and groups: who may sign off at all.

use crate::case::*;

fn signs(world: &mut World, id: ApprovalId, by: Approver) -> Result<(), Rejection> {
    world.run(Command::SignOff(Box::new(signing(id, by))), seconds(2)).map(drop)
}

#[test]
fn nobody_signs_off_on_what_is_done_for_them() {
    let mut world = desk();
    let id = world.hold(1, seconds(1));
    assert_eq!(signs(&mut world, id, person("uma")), Err(Rejection::OwnAction));
    // It is the person that counts, under whatever name.
    let disguised = Approver { tag: person_tag("uma"), ..person("ben") };
    assert_eq!(signs(&mut world, id, disguised), Err(Rejection::OwnAction));
    assert_eq!(signs(&mut world, id, person("ben")), Ok(()));
}

#[test]
fn nobody_signs_off_under_the_name_of_the_agent() {
    let mut world = desk();
    let id = world.hold(1, seconds(1));
    assert_eq!(signs(&mut world, id, person("ada")), Err(Rejection::OwnAction));
    assert_eq!(signs(&mut world, id, person("ad")), Ok(()), "only the whole name is theirs");
}

#[test]
fn what_is_done_for_nobody_is_nobody_s_own() {
    let mut world = desk();
    let of = Assessment { user: None, ..call("refund") };
    let id = world.propose(of, seconds(1)).approval.unwrap().id;
    assert_eq!(signs(&mut world, id, person("uma")), Ok(()));
}

#[test]
fn an_edit_is_no_way_round_it() {
    let mut world = desk();
    let id = world.hold(1, seconds(1));
    for own in ["uma", "ada"] {
        let edit = world.edit(id, own, refund(2));
        let found = world.run(Command::Edit(Box::new(edit)), seconds(2));
        assert_eq!(found, Err(Rejection::OwnAction), "{own}");
    }
}

#[test]
fn each_must_be_in_one_of_the_groups() {
    let groups = vec!["finance".to_owned(), "risk".to_owned()];
    let mut world = World::with(refunds(ApprovalTerms { groups, ..quorum(2) }));
    let id = world.hold(1, seconds(1));
    for outsider in [person("ben"), of_group("ben", &["sales"]), of_group("ben", &["Finance"])] {
        let refused = signs(&mut world, id, outsider).unwrap_err();
        assert_eq!(refused, Rejection::OtherGroup("finance, risk".into()));
    }
    assert_eq!(signs(&mut world, id, of_group("ben", &["sales", "risk"])), Ok(()));
    // The second one as well.
    let refused = signs(&mut world, id, person("cem")).unwrap_err();
    assert_eq!(refused, Rejection::OtherGroup("finance, risk".into()));
    assert_eq!(signs(&mut world, id, of_group("cem", &["finance"])), Ok(()));
    assert!(world.state.executions().grant(id.action()).is_some());
}

#[test]
fn an_edit_takes_somebody_of_the_groups_as_well() {
    let groups = vec!["finance".to_owned()];
    let mut world = World::with(refunds(ApprovalTerms { groups, ..quorum(1) }));
    let id = world.hold(1, seconds(1));
    let mut edit = world.edit(id, "ben", refund(2));
    let refused = world.run(Command::Edit(Box::new(edit.clone())), seconds(2));
    assert_eq!(refused, Err(Rejection::OtherGroup("finance".into())));
    edit.by = of_group("ben", &["finance"]);
    assert_eq!(world.run(Command::Edit(Box::new(edit)), seconds(2)).unwrap().len(), 3);
}
