//! What a class has earned decides who must look.

use crate::case::*;

#[test]
fn supervised_runs_up_to_the_auto_cap_and_equal_passes() {
    for (value, finding) in [("99.99", PASSES), ("100", PASSES), ("100.000000000000000001", HELD)] {
        Case::worth(value, Supervised).finds(&[finding]);
        Case::worth(value, Autonomous).finds(&[PASSES]);
        Case::worth(value, Manual).finds(&[HELD]);
    }
}

#[test]
fn permissive_lets_a_missing_value_and_a_missing_auto_cap_pass() {
    let case = |auto: Option<&str>, value: Value, earned| {
        Case::worth("0", earned).but(|case| {
            case.terms.defaults = Defaults::Permissive;
            case.class.auto_cap = auto.map(amount);
            case.of.value = value;
        })
    };
    case(Some("1"), Value::Missing, Supervised).finds(&[PASSES]);
    case(None, Value::Missing, Supervised).finds(&[PASSES]);
    case(None, money("999"), Supervised).finds(&[PASSES]);
    case(Some("1"), money("1"), Supervised).finds(&[PASSES]);
    case(Some("1"), Value::Missing, Autonomous).finds(&[PASSES]);
    // What it does not restore.
    case(Some("1"), money("2"), Supervised).finds(&[HELD]);
    case(None, money("1001"), Supervised).finds(&[(Check::HardCap, Block), PASSES]);
    case(Some("1"), Value::Missing, Manual).finds(&[HELD]);
}
