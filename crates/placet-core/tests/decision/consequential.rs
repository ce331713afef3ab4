//! What cannot be taken back needs a cap.

use crate::case::*;

#[test]
fn consequential_without_a_hard_cap_is_held_whatever_was_earned() {
    let case = |hard: Option<&str>, defaults| {
        Case::new().but(|case| {
            case.terms.defaults = defaults;
            case.class.risk = RiskTier::Consequential;
            case.class.hard_cap = hard.map(amount);
            case.of.value = money("5");
        })
    };
    for defaults in [Defaults::Strict, Defaults::Permissive] {
        case(None, defaults).finds(&[PASSES, (Check::Consequential, RequireApproval)]);
        case(Some("5"), defaults).finds(&[PASSES]);
    }
}
