//! What cannot be trusted to mean anything is stopped.

use crate::case::*;

#[test]
fn bad_input_blocks_whatever_the_class() {
    let faults = [
        ValueFault::NotANumber,
        ValueFault::Negative,
        ValueFault::OutOfRange,
        ValueFault::Disagrees,
        ValueFault::BadCurrency,
        ValueFault::OtherCurrency,
    ];
    for fault in faults {
        let case = Case::new().but(|case| case.of.value = Value::Bad(fault));
        case.finds(&[(Check::Input, Block), PASSES]);
        let read = |case: &mut Case| {
            case.class.risk = RiskTier::Read;
            case.of.value = Value::Bad(fault);
        };
        Case::new().but(read).finds(&[(Check::Input, Block), (Check::Risk, Allow)]);
    }
    for fault in [InputFault::TooDeep, InputFault::TooLarge, InputFault::ParamType] {
        let case = Case::new().but(|case| case.of.faults = vec![fault, fault]);
        case.finds(&[(Check::Input, Block), (Check::Input, Block), PASSES]);
    }
}

#[test]
fn a_negative_value_blocks_even_when_the_assessment_lets_it_through() {
    Case::worth("-0.01", Autonomous).finds(&[(Check::Input, Block), PASSES]);
    Case::worth("0", Autonomous).finds(&[PASSES]);
}
