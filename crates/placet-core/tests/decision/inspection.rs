//! A call that does more than its class declares is held.

use crate::case::*;

#[test]
fn a_call_that_does_more_than_its_class_is_held() {
    let exceeds = vec!["it deletes".to_owned(), "it sends".to_owned()];
    let found = (Check::Inspection, RequireApproval);
    for (risk, first) in
        [(RiskTier::ReversibleWrite, PASSES), (RiskTier::Read, (Check::Risk, Allow))]
    {
        let exceeds = exceeds.clone();
        let case = Case::new().but(|case| {
            case.class.risk = risk;
            case.of.inspected = Inspected { proven_read: true, exceeds };
        });
        case.finds(&[first, found, found]);
    }
}
