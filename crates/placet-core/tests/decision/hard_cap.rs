//! Above the hard cap nothing runs.

use crate::case::*;

#[test]
fn above_the_hard_cap_nothing_runs_and_equal_passes() {
    for earned in [Autonomous, Supervised, Manual] {
        let rest = if earned == Autonomous { PASSES } else { HELD };
        Case::worth("1000", earned).finds(&[rest]);
        let above = Case::worth("1000.000000000000000001", earned);
        above.finds(&[(Check::HardCap, Block), rest]);
    }
}
