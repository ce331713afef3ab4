//! A capped class needs a value.

use crate::case::*;

#[test]
fn a_capped_class_needs_a_value() {
    let missing = (Check::Value, RequireApproval);
    let case = |auto: Option<&str>, hard: Option<&str>, earned| {
        Case::new().but(|case| {
            case.class.auto_cap = auto.map(amount);
            case.class.hard_cap = hard.map(amount);
            case.earned = earned;
        })
    };
    case(Some("1"), None, Autonomous).finds(&[missing, PASSES]);
    case(None, Some("1"), Autonomous).finds(&[missing, PASSES]);
    case(None, None, Autonomous).finds(&[PASSES]);
    case(Some("1"), None, Supervised).finds(&[missing, HELD]);
    case(None, Some("1"), Supervised).finds(&[missing, HELD]);
    case(None, None, Supervised).finds(&[HELD]);
}
