//! One tenant cannot take all the room for running actions.

use placet_core::event::{Redeemed, Switched};
use placet_core::limits::{MAX_RUNS, MAX_RUNS_PER_TENANT, MAX_TRIPS_PER_TENANT};

use crate::case::*;

/// So many actions of a tenant run, reported by nobody.
fn fill(world: &mut World, tenant: &str, count: usize) {
    let mut subject = refund(1).subject;
    subject.tenant = tenant.parse().unwrap();
    let first = world.state.executions().running();
    for number in first..first + count {
        let redeemed = Redeemed {
            action: action(1_000_000 + u128::try_from(number).unwrap()),
            decided: 1,
            expires: seconds(3_000),
            report_by: seconds(2_000),
            subject: subject.clone(),
            class: None,
        };
        world.take_unrecorded(Event::Redeemed(redeemed), seconds(1));
    }
}

fn redeem(world: &mut World, action: ActionId) -> Result<(), Rejection> {
    let command = Command::Redeem(Box::new(world.redemption(action)));
    world.run_unaudited(command, seconds(2)).map(drop)
}

#[test]
fn a_tenant_has_a_limit_of_its_own_and_an_outcome_makes_room() {
    let mut world = desk();
    let granted = world.grant(1, seconds(1));
    fill(&mut world, "acme", MAX_RUNS_PER_TENANT);
    assert_eq!(redeem(&mut world, granted), Ok(()), "another tenant is full");
    let mut world = desk();
    let granted = world.grant(1, seconds(1));
    fill(&mut world, "default", MAX_RUNS_PER_TENANT - 1);
    let last = world.grant(2, seconds(1));
    assert_eq!(redeem(&mut world, last), Ok(()));
    let text = "there are already 50000 running actions of this tenant; close or remove some first";
    assert_eq!(redeem(&mut world, granted).unwrap_err().to_string(), text);
    world.conclude(last, Outcome::Succeeded, seconds(3)).unwrap();
    assert_eq!(redeem(&mut world, granted), Ok(()));
}

#[test]
fn all_together_have_a_limit() {
    let mut world = desk();
    let granted = world.grant(1, seconds(1));
    for number in 0..MAX_RUNS / MAX_RUNS_PER_TENANT {
        fill(&mut world, &format!("t{number}"), MAX_RUNS_PER_TENANT);
    }
    let text = "there are already 200000 running actions; close or remove some first";
    assert_eq!(redeem(&mut world, granted).unwrap_err().to_string(), text);
}

/// So many tools of a tenant are stopped and let run again.
fn come_and_go(world: &mut World, tenant: &str, count: usize) {
    for number in 0..count {
        let scope = format!("tenant:{tenant}/tool:t{number}").parse().unwrap();
        let switched = Switched { scope, reason: "because".into(), by: None };
        world.take_unrecorded(Event::Tripped(switched.clone()), seconds(1));
        world.take_unrecorded(Event::Reset(switched), seconds(1));
    }
}

/// When a switch was tripped is remembered after its reset, because no warrant from before it lives.
#[test]
fn of_switches_that_come_and_go_so_many_are_remembered_and_then_the_whole_tenant() {
    let mut world = desk();
    let (first, second) = (world.grant(1, seconds(1)), world.grant(2, seconds(1)));
    come_and_go(&mut world, "default", MAX_TRIPS_PER_TENANT);
    come_and_go(&mut world, "acme", 3 * MAX_TRIPS_PER_TENANT);
    redeem(&mut world, first).unwrap();
    assert!(world.state.executions().is_spent(first), "no other tenant, and no other tool");
    come_and_go(&mut world, "default", MAX_TRIPS_PER_TENANT + 1);
    redeem(&mut world, second).unwrap();
    assert!(!world.state.executions().is_spent(second));
    let snapshot = serde_json::to_value(&world.state).unwrap();
    let remembered = snapshot["executions"]["trips"].as_array().unwrap().len();
    assert!(remembered <= 2 * MAX_TRIPS_PER_TENANT, "{remembered} are remembered");
}

#[test]
fn an_expired_one_leaves_by_itself() {
    let mut world = desk();
    fill(&mut world, "default", 1_500);
    let mut left = 1_500;
    while left > 0 {
        let closed = world.run(Command::Tick, seconds(2_000)).unwrap().len();
        assert!((1..=1_000).contains(&closed), "{closed} at once");
        left -= closed;
    }
    assert_eq!(world.state.executions().running_of(&refund(1).subject.tenant), 0);
}
