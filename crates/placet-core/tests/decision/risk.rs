//! What only reads passes.

use crate::case::*;

#[test]
fn a_read_passes_caps_and_autonomy() {
    for value in ["0", "5000"] {
        let case = Case::worth(value, Manual).but(|case| case.class.risk = RiskTier::Read);
        case.finds(&[(Check::Risk, Allow)]);
    }
    let missing = |case: &mut Case| {
        case.class.risk = RiskTier::Read;
        case.of.value = Value::Missing;
    };
    Case::worth("0", Manual).but(missing).finds(&[(Check::Risk, Allow)]);
}
