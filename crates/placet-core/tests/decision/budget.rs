//! Budgets in a decision; how their windows count is in `tests/budget.rs`.

use crate::case::*;

fn with(budget: Budget) -> Case {
    Case::new().but(|case| case.terms.budgets = vec![budget])
}

fn day(name: &str) -> Budget {
    budget(name, Per::Tenant, Duration::from_secs(86_400))
}

#[test]
fn ask_for_what_the_policy_says_and_never_let_pass() {
    for (over, found) in
        [(RequireApproval, RequireApproval), (Block, Block), (Allow, RequireApproval)]
    {
        let case = with(Budget { count: Some(0), over, ..day("none") });
        case.finds(&[PASSES, (Check::Budget, found)]);
    }
}

#[test]
fn of_value_fit_equal_sums() {
    for (value, found) in [("10", None), ("10.000000000000000001", Some(RequireApproval))] {
        let case = with(Budget { value: Some(amount("10")), ..day("cash") });
        let expected: Vec<_> =
            [PASSES].into_iter().chain(found.map(|verdict| (Check::Budget, verdict))).collect();
        case.but(|case| case.of.value = money(value)).finds(&expected);
    }
}

#[test]
fn hold_reads_and_unknown_tools_too() {
    let none = || Budget { count: Some(0), ..day("none") };
    let read = with(none()).but(|case| case.class.risk = RiskTier::Read);
    read.finds(&[(Check::Risk, Allow), (Check::Budget, RequireApproval)]);
    let unknown = with(none()).but(|case| case.of.class = None);
    unknown.finds(&[(Check::Class, RequireApproval), (Check::Budget, RequireApproval)]);
}

#[test]
fn cover_the_classes_that_they_list() {
    let listed = |name: &str| {
        let actions = Some([name.parse().unwrap()].into());
        with(Budget { count: Some(0), actions, ..day("none") })
    };
    listed("refund").finds(&[PASSES, (Check::Budget, RequireApproval)]);
    listed("mail").finds(&[PASSES]);
    let unknown = listed("refund").but(|case| case.of.class = None);
    unknown.finds(&[(Check::Class, RequireApproval)]);
}

#[test]
fn of_value_are_not_evaded_by_leaving_the_value_out() {
    let all = || with(Budget { value: Some(amount("10")), ..day("cash") });
    let listed = || {
        let actions = Some(["refund".parse().unwrap()].into());
        all().but(|case| case.terms.budgets[0].actions = actions)
    };
    let declared = || all().but(|case| case.class.value = Some("/amount".parse().unwrap()));
    let over = (Check::Budget, RequireApproval);
    listed().finds(&[PASSES, over]);
    declared().finds(&[PASSES, over]);
    // A mail costs nothing, and nobody expects it to say so.
    all().finds(&[PASSES]);
    let read = declared().but(|case| case.class.risk = RiskTier::Read);
    read.finds(&[(Check::Risk, Allow)]);
    let permissive = listed().but(|case| case.terms.defaults = Defaults::Permissive);
    permissive.finds(&[PASSES]);
}
