//! The findings stand in the order of the checks.

use crate::case::*;

#[test]
fn every_check_speaks_in_the_order_of_its_name() {
    let mut case = Case::worth("5000", Supervised).but(|case| {
        case.class.risk = RiskTier::Consequential;
        case.class.hard_cap = None;
        case.of.faults = vec![InputFault::TooDeep];
        case.of.rules = vec![rule(Block)];
        case.of.inspected.exceeds = vec!["it deletes".into()];
        let daily = budget("none", Per::Tenant, Duration::from_secs(60));
        case.terms.budgets = vec![Budget { count: Some(0), ..daily }];
    });
    let mut world = case.world();
    let faultless = Assessment { faults: Vec::new(), rules: Vec::new(), ..case.of.clone() };
    let held = world.propose(faultless, ms(0));
    world.run(deny(held.approval.unwrap().id), ms(0)).unwrap();
    world.run(trip("all"), ms(0)).unwrap();
    let decision = decide(&world.state, &case.of, ms(0));
    assert_finds(
        &decision,
        &[
            (Check::KillSwitch, Block),
            (Check::Input, Block),
            HELD,
            (Check::Consequential, RequireApproval),
            (Check::Budget, RequireApproval),
            (Check::Rule, Block),
            (Check::Inspection, RequireApproval),
            (Check::CoolDown, Block),
        ],
    );
    case.of.value = Value::Missing;
    let decision = decide(&world.state, &case.of, ms(0));
    assert_eq!(decision.findings[2].check, Check::Value);
}

#[test]
fn bad_input_comes_before_an_unknown_class_and_the_hard_cap_before_autonomy() {
    let unknown = Case::unknown(Unclassified::Block, Inspected::default());
    let unknown = unknown.but(|case| case.of.faults = vec![InputFault::TooLarge]);
    unknown.finds(&[(Check::Input, Block), (Check::Class, Block)]);
    Case::worth("1001", Manual).finds(&[(Check::HardCap, Block), HELD]);
}
