//! The table of the checks, row by row with its boundaries, and the laws that hold for all of it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod common;

use std::time::Duration;

use common::build::{
    amount, bucket, budget, call, class, deny, graduation, money, rule, share, tag, terms,
    terms_of, trip,
};
use common::{World, approval_id, arbitrary, ms, seconds};
use placet_core::assessment::{InputFault, Inspected, Value, ValueFault};
use placet_core::terms::{Budget, Defaults, Per, Unclassified};
use placet_core::{
    ActionClass, Assessment, AutonomyState, CheckName, Decision, Mode, RiskTier, Terms, Verdict,
    decide,
};
use proptest::prelude::*;

use AutonomyState::{Autonomous, Manual, Supervised};
use CheckName as Check;
use Verdict::{Allow, Block, RequireApproval};

/// What is judged, with everything that a case does not mention left harmless: an autonomous,
/// uncapped, reversible class with an action of no value.
struct Case {
    terms: Terms,
    class: ActionClass,
    earned: AutonomyState,
    of: Assessment,
}

impl Case {
    fn new() -> Self {
        Self {
            terms: Terms { graduation: graduation(), ..terms() },
            class: class("refund", RiskTier::ReversibleWrite),
            earned: Autonomous,
            of: call("refund"),
        }
    }

    /// A capped class, and an action of this value.
    fn worth(value: &str, earned: AutonomyState) -> Self {
        let mut case = Self::new();
        case.class.auto_cap = Some(amount("100"));
        case.class.hard_cap = Some(amount("1000"));
        case.earned = earned;
        case.of.value = money(value);
        case
    }

    fn unknown(unclassified: Unclassified, seen: Inspected) -> Self {
        let mut case = Self::new();
        case.terms.unclassified = unclassified;
        case.of = Assessment { class: None, inspected: seen, ..call("mystery") };
        case
    }

    fn but(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    fn world(&self) -> World {
        let classes = terms_of([self.class.clone()]).classes;
        let mut world = World::with(Terms { classes, ..self.terms.clone() });
        world.earn("refund", self.earned, ms(0));
        world
    }

    fn decision(&self) -> Decision {
        decide(&self.world().state, &self.of, ms(0))
    }

    /// Exactly these findings, in this order, and their maximum.
    #[track_caller]
    fn finds(self, expected: &[(Check, Verdict)]) {
        assert_finds(&self.decision(), expected);
    }
}

#[track_caller]
fn assert_finds(decision: &Decision, expected: &[(Check, Verdict)]) {
    let found: Vec<_> = decision.findings.iter().map(|f| (f.check, f.verdict)).collect();
    assert_eq!(found, expected);
    assert_eq!(decision.real(), expected.iter().map(|(_, verdict)| *verdict).max().unwrap());
    assert!(decision.findings.iter().all(|finding| !finding.reason.is_empty()));
}

const PASSES: (Check, Verdict) = (Check::Autonomy, Allow);
const HELD: (Check, Verdict) = (Check::Autonomy, RequireApproval);

mod kill_switch {
    use super::*;

    fn under(scope: &str, of: &Assessment) -> Vec<(Check, Verdict)> {
        let mut world = Case::new().world();
        world.run(trip(scope), ms(0)).unwrap();
        let decision = decide(&world.state, of, ms(0));
        decision.findings.iter().map(|f| (f.check, f.verdict)).collect()
    }

    #[test]
    fn blocks_what_its_scope_covers_and_nothing_else() {
        let mut of = call("refund");
        of.subject.tool = "refund_order".parse().unwrap();
        of.subject.tenant = "acme".parse().unwrap();
        of.subject.agent = Some("ada".parse().unwrap());
        let covering = [
            "all",
            "tenant:acme",
            "agent:ada",
            "tool:refund",
            "tool:refund_order",
            "tenant:acme/agent:ada",
            "tenant:acme/tool:refund",
        ];
        for scope in covering {
            let found = under(scope, &of);
            assert_eq!(found.first(), Some(&(Check::KillSwitch, Block)), "{scope}");
        }
        let others = [
            "tenant:acm",
            "agent:ad",
            "agent:refund",
            "tool:refund_",
            "tool:ada",
            "tool:acme",
            "tenant:default/agent:ada",
            "tenant:default/tool:refund",
            "tenant:acme/agent:bob",
        ];
        for scope in others {
            let found = under(scope, &of);
            assert!(found.iter().all(|(check, _)| *check != Check::KillSwitch), "{scope}");
        }
    }

    #[test]
    fn covers_no_agent_where_none_is_named() {
        assert_eq!(under("agent:ada", &call("refund")), [PASSES]);
    }

    #[test]
    fn holds_where_the_policy_says_so_and_never_lets_pass() {
        for (asked, found) in
            [(RequireApproval, RequireApproval), (Block, Block), (Allow, RequireApproval)]
        {
            let mut world = Case::new().but(|case| case.terms.kill_switch = asked).world();
            world.run(trip("all"), ms(0)).unwrap();
            let decision = decide(&world.state, &call("refund"), ms(0));
            assert_finds(&decision, &[(Check::KillSwitch, found), PASSES]);
        }
    }

    #[test]
    fn stops_reads_and_unknown_tools_too() {
        for of in [call("refund"), Assessment { class: None, ..call("mystery") }] {
            let mut world = Case::new().but(|case| case.class.risk = RiskTier::Read).world();
            world.run(trip("all"), ms(0)).unwrap();
            assert_eq!(decide(&world.state, &of, ms(0)).verdict, Block);
        }
    }

    #[test]
    fn is_found_once_for_each_that_is_tripped_and_names_its_reason() {
        let mut world = Case::new().world();
        for scope in ["all", "tool:refund"] {
            world.run(trip(scope), ms(0)).unwrap();
        }
        let decision = decide(&world.state, &call("refund"), ms(0));
        let reasons: Vec<_> = decision.findings.iter().map(|f| f.reason.as_str()).collect();
        assert_eq!(reasons[0], "the kill switch all is tripped: an incident");
        assert_eq!(reasons[1], "the kill switch tool:refund is tripped: an incident");
    }
}

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

#[test]
fn an_unknown_tool_is_treated_as_the_policy_says() {
    let read = || Inspected { proven_read: true, exceeds: Vec::new() };
    let doubtful = || Inspected { proven_read: true, exceeds: vec!["it deletes".into()] };
    for (unclassified, plain, proven) in [
        (Unclassified::RequireApproval, RequireApproval, RequireApproval),
        (Unclassified::Block, Block, Block),
        (Unclassified::Inspect, RequireApproval, Allow),
    ] {
        Case::unknown(unclassified, Inspected::default()).finds(&[(Check::Class, plain)]);
        Case::unknown(unclassified, read()).finds(&[(Check::Class, proven)]);
        let expected = [(Check::Class, plain), (Check::Inspection, RequireApproval)];
        Case::unknown(unclassified, doubtful()).finds(&expected);
    }
}

#[test]
fn a_class_that_the_policy_does_not_have_is_unknown() {
    let case = Case::new().but(|case| case.of.class = Some("ghost".parse().unwrap()));
    let decision = case.decision();
    assert_finds(&decision, &[(Check::Class, RequireApproval)]);
    assert_eq!((decision.risk, decision.autonomy), (None, None));
}

#[test]
fn without_any_policy_only_proven_reads_pass() {
    let world = World::default();
    let read = Inspected { proven_read: true, exceeds: Vec::new() };
    let of = Assessment { class: None, inspected: read, ..call("list_orders") };
    assert_eq!(decide(&world.state, &of, ms(0)).verdict, Allow);
    let of = Assessment { inspected: Inspected::default(), ..of };
    assert_eq!(decide(&world.state, &of, ms(0)).verdict, RequireApproval);
}

#[test]
fn above_the_hard_cap_nothing_runs_and_equal_passes() {
    for earned in [Autonomous, Supervised, Manual] {
        let rest = if earned == Autonomous { PASSES } else { HELD };
        Case::worth("1000", earned).finds(&[rest]);
        let above = Case::worth("1000.000000000000000001", earned);
        above.finds(&[(Check::HardCap, Block), rest]);
    }
}

#[test]
fn supervised_runs_up_to_the_auto_cap_and_equal_passes() {
    for (value, finding) in [("99.99", PASSES), ("100", PASSES), ("100.000000000000000001", HELD)] {
        Case::worth(value, Supervised).finds(&[finding]);
        Case::worth(value, Autonomous).finds(&[PASSES]);
        Case::worth(value, Manual).finds(&[HELD]);
    }
}

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

mod budgets {
    use super::*;

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
}

#[test]
fn rules_are_findings_with_their_own_verdict() {
    for verdict in [Allow, RequireApproval, Block] {
        let case = Case::new().but(|case| case.of.rules = vec![rule(verdict)]);
        let decision = case.decision();
        assert_eq!(decision.findings[1].reason, "office-hours: the office is closed");
        assert_finds(&decision, &[PASSES, (Check::Rule, verdict)]);
    }
}

#[test]
fn a_rule_cannot_permit() {
    let case = Case::new().but(|case| {
        case.earned = Manual;
        case.of.rules = vec![rule(Allow)];
    });
    case.finds(&[HELD, (Check::Rule, Allow)]);
}

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

mod cool_down {
    use super::*;

    /// A world in which call 1 was denied at second 10, and its cool-down is a minute.
    fn denied() -> World {
        let mut world = Case::new().but(|case| case.earned = Manual).world();
        let held = world.propose(Assessment { tag: tag(1), ..call("refund") }, seconds(10));
        world.run(deny(held.approval.unwrap().id), seconds(10)).unwrap();
        world
    }

    #[test]
    fn blocks_the_same_call_until_it_is_over() {
        let world = denied();
        let of = Assessment { tag: tag(1), ..call("refund") };
        assert_finds(&decide(&world.state, &of, ms(69_999)), &[HELD, (Check::CoolDown, Block)]);
        assert_finds(&decide(&world.state, &of, ms(70_000)), &[HELD]);
    }

    #[test]
    fn leaves_other_calls_alone() {
        let of = Assessment { tag: tag(2), ..call("refund") };
        assert_finds(&decide(&denied().state, &of, seconds(10)), &[HELD]);
    }

    #[test]
    fn is_not_shortened_by_a_later_denial_under_a_shorter_one() {
        let mut world = Case::new().but(|case| case.earned = Manual).world();
        let of = Assessment { tag: tag(1), ..call("refund") };
        let held = [1, 2].map(|second| world.propose(of.clone(), seconds(second)));
        let [first, second] = held.map(|decided| deny(decided.approval.unwrap().id));
        world.run(first, seconds(10)).unwrap();
        let terms = (**world.state.terms()).clone();
        world.install(Terms { cool_down: Duration::from_secs(1), ..terms }, seconds(11));
        world.run(second, seconds(12)).unwrap();
        assert_eq!(decide(&world.state, &of, seconds(69)).verdict, Block);
    }
}

mod modes {
    use super::*;

    fn held(mode: Mode, parts: u16, number: u16, enforce: bool) -> Decision {
        let case = Case::new().but(|case| {
            case.terms.mode = mode;
            case.terms.sample = share(parts);
            case.earned = Manual;
            case.of.bucket = bucket(number);
            case.of.enforce = enforce;
        });
        case.decision()
    }

    #[test]
    fn bind_or_record_what_would_have_been() {
        let (bound, free) = ((RequireApproval, None), (Allow, Some(RequireApproval)));
        for (mode, parts, number, enforce, expected) in [
            (Mode::Enforce, 0, 9_999, false, bound),
            (Mode::Shadow, 10_000, 0, false, free),
            (Mode::Shadow, 0, 0, true, bound),
            (Mode::Sample, 0, 0, false, free),
            (Mode::Sample, 1, 0, false, bound),
            (Mode::Sample, 1, 1, false, free),
            (Mode::Sample, 5_000, 4_999, false, bound),
            (Mode::Sample, 5_000, 5_000, false, free),
            (Mode::Sample, 5_000, 5_000, true, bound),
            (Mode::Sample, 9_999, 9_999, false, free),
            (Mode::Sample, 10_000, 9_999, false, bound),
        ] {
            let decision = held(mode, parts, number, enforce);
            let found = (decision.verdict, decision.would_have);
            assert_eq!(found, expected, "{mode:?} {parts} {number} {enforce}");
            assert_eq!(decision.mode, mode);
            assert_finds(&decision, &[HELD]);
        }
    }

    #[test]
    fn leave_what_is_allowed_alone() {
        for mode in [Mode::Shadow, Mode::Sample, Mode::Enforce] {
            let decision = Case::new().but(|case| case.terms.mode = mode).decision();
            assert_eq!((decision.verdict, decision.would_have), (Allow, None));
        }
    }

    #[test]
    fn in_shadow_nothing_waits_for_a_person() {
        let mut world = Case::new()
            .but(|case| {
                case.terms.mode = Mode::Shadow;
                case.earned = Manual;
            })
            .world();
        assert_eq!(world.propose(call("refund"), ms(0)).approval, None);
        let enforced = Assessment { enforce: true, ..call("refund") };
        assert!(world.propose(enforced, ms(0)).approval.is_some());
    }

    #[test]
    fn a_bucket_that_no_share_contains_cannot_be_read() {
        assert_eq!(
            serde_json::from_str::<placet_core::mode::Bucket>("9999").unwrap(),
            bucket(9_999)
        );
        let error = serde_json::from_str::<placet_core::mode::Bucket>("10000").unwrap_err();
        assert_eq!(error.to_string(), "there is no bucket 10000; they are numbered from 0 to 9999");
        let error = serde_json::from_str::<placet_core::mode::Share>("10001").unwrap_err();
        assert_eq!(error.to_string(), "a share of 10001 ten-thousandths is more than the whole");
    }
}

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
    let held = world.propose(case.of.clone().but_faultless(), ms(0));
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

trait Faultless {
    fn but_faultless(self) -> Self;
}

impl Faultless for Assessment {
    fn but_faultless(self) -> Self {
        Self { faults: Vec::new(), rules: Vec::new(), ..self }
    }
}

#[test]
fn an_approval_is_on_the_terms_of_its_class() {
    let mut case = Case::new().but(|case| case.earned = Manual);
    case.class.approval.quorum = 2;
    case.class.approval.deadline = Duration::from_secs(90);
    case.class.approval.fields = vec!["why".into()];
    let approval = case.world().propose(call("refund"), seconds(10)).approval.unwrap();
    assert_eq!((approval.quorum, approval.deadline), (2, seconds(100)));
    assert_eq!(approval.fields, ["why"]);
    let unknown = Assessment { class: None, ..call("mystery") };
    let approval = case.world().propose(unknown, seconds(10)).approval.unwrap();
    assert_eq!((approval.quorum, approval.deadline), (1, seconds(910)));
    assert_eq!(approval.fields, ["verbatim_response", "responsible_owner"]);
}

#[test]
fn no_terms_make_an_approval_need_nobody_or_stay_open_for_ever() {
    let mut case = Case::new().but(|case| case.earned = Manual);
    case.class.approval.quorum = 0;
    case.class.approval.deadline = Duration::MAX;
    let approval = case.world().propose(call("refund"), seconds(0)).approval.unwrap();
    assert_eq!((approval.quorum, approval.deadline), (1, seconds(31 * 86_400)));
}

/// A way to make an action look worse.
#[derive(Clone, Copy, Debug)]
enum Worse {
    Rule(Verdict),
    Fault,
    Exceeds,
    Enforce,
    NoProof,
    Switch(&'static str),
}

fn worse() -> impl Strategy<Value = Worse> {
    use prop::sample::select;
    let scopes = ["all", "tenant:default", "agent:ada", "tool:refund", "tenant:acme/tool:mail"];
    prop_oneof![
        select(vec![Allow, RequireApproval, Block]).prop_map(Worse::Rule),
        Just(Worse::Fault),
        Just(Worse::Exceeds),
        Just(Worse::Enforce),
        Just(Worse::NoProof),
        select(scopes.to_vec()).prop_map(Worse::Switch),
    ]
}

impl Worse {
    fn make(self, world: &mut World, of: &mut Assessment) {
        match self {
            Self::Rule(verdict) => of.rules.push(rule(verdict)),
            Self::Fault => of.faults.push(InputFault::ParamType),
            Self::Exceeds => of.inspected.exceeds.push("it grants".into()),
            Self::Enforce => of.enforce = true,
            Self::NoProof => of.inspected.proven_read = false,
            Self::Switch(scope) => drop(world.run(trip(scope), ms(0)).unwrap()),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn nothing_that_is_added_loosens(
        history in arbitrary::history(25),
        of in arbitrary::assessment(),
        worse in prop::collection::vec(worse(), 1..4),
    ) {
        let mut world = World::default();
        world.play(history);
        let now = world.state.at();
        let before = decide(&world.state, &of, now);
        let mut of = of;
        for worse in worse {
            worse.make(&mut world, &mut of);
        }
        let after = decide(&world.state, &of, now);
        prop_assert!(after.verdict >= before.verdict, "{before:?} became {after:?}");
        prop_assert!(after.real() >= before.real(), "{before:?} became {after:?}");
    }

    #[test]
    fn the_verdict_is_the_maximum_of_the_findings_in_order(
        history in arbitrary::history(25),
        of in arbitrary::assessment(),
    ) {
        let mut world = World::default();
        world.play(history);
        let decision = decide(&world.state, &of, world.state.at());
        let worst = decision.findings.iter().map(|finding| finding.verdict).max();
        prop_assert_eq!(worst, Some(decision.real()));
        prop_assert!(decision.findings.is_sorted_by_key(|finding| finding.check));
        let binds = of.enforce || world.state.terms().mode == Mode::Enforce;
        if binds {
            prop_assert_eq!(decision.would_have, None);
        }
        if world.state.terms().mode == Mode::Shadow && !of.enforce {
            prop_assert_eq!(decision.verdict, Allow);
        }
    }

    #[test]
    fn a_larger_share_contains_every_smaller_one(
        number in 0..10_000_u16, a in 0..=10_000_u16, b in 0..=10_000_u16,
    ) {
        let (small, large) = (share(a.min(b)), share(a.max(b)));
        prop_assert!(!small.contains(bucket(number)) || large.contains(bucket(number)));
        prop_assert_eq!(share(a).contains(bucket(number)), number < a);
    }

    #[test]
    fn every_hash_falls_into_one_bucket_whatever_comes_after_its_first_bytes(
        hash in any::<[u8; 32]>(), tail in any::<[u8; 24]>(),
    ) {
        use placet_core::mode::{Bucket, Share};
        let mut other = hash;
        other[8..].copy_from_slice(&tail);
        prop_assert_eq!(Bucket::from_hash(&hash), Bucket::from_hash(&other));
        prop_assert!(Share::ALL.contains(Bucket::from_hash(&hash)));
        prop_assert!(!Share::NONE.contains(Bucket::from_hash(&hash)));
    }
}

mod approvals {
    use super::*;
    use common::build::digest;
    use common::proposal;
    use placet_core::limits::MAX_OPEN_APPROVALS_PER_AGENT;
    use placet_core::{Command, Rejection};

    fn manual() -> World {
        Case::new().but(|case| case.earned = Manual).world()
    }

    fn by(agent: &str) -> Assessment {
        let mut of = call("refund");
        of.subject.agent = Some(agent.parse().unwrap());
        of
    }

    #[test]
    fn one_agent_cannot_take_all_the_room() {
        let mut world = manual();
        for _ in 0..MAX_OPEN_APPROVALS_PER_AGENT {
            world.propose(by("ada"), ms(0));
        }
        let command = world.proposal(by("ada"));
        let rejected = world.run(command, ms(0)).unwrap_err();
        let text =
            "there are already 1000 open approvals of this agent; close or remove some first";
        assert_eq!(rejected.to_string(), text);
        let other = world.propose(by("bob"), ms(0));
        assert!(other.approval.is_some());
        // One denial makes room for one more.
        world.run(deny(approval_id(1)), ms(0)).unwrap();
        world.propose(Assessment { tag: tag(3), ..by("ada") }, ms(0));
    }

    #[test]
    fn an_open_one_is_never_replaced_by_another_of_the_same_id() {
        let mut world = manual();
        let command = || proposal(7, Assessment { policy: digest(1), ..call("refund") });
        world.run(command(), seconds(0)).unwrap();
        let rejected = world.run(command(), seconds(1)).unwrap_err();
        assert_eq!(rejected, Rejection::KnownApproval(approval_id(7)));
    }

    #[test]
    fn the_first_answer_wins_and_the_deadline_is_a_no() {
        let mut world = manual();
        let id = world.propose(call("refund"), seconds(0)).approval.unwrap().id;
        world.run(deny(id), ms(899_999)).unwrap();
        assert_eq!(world.run(deny(id), ms(899_999)), Err(Rejection::UnknownApproval(id)));
        let of = Assessment { tag: tag(1), ..call("refund") };
        let late = world.propose(of, seconds(1_000)).approval.unwrap();
        let rejected = world.run(deny(late.id), late.deadline).unwrap_err();
        assert_eq!(rejected, Rejection::ApprovalExpired(late.id, late.deadline));
        assert!(world.run(Command::Tick, ms(late.deadline.as_millis() - 1)).unwrap().is_empty());
        assert_eq!(world.state.approvals().next_deadline(), Some(late.deadline));
        assert_eq!(world.run(Command::Tick, late.deadline).unwrap().len(), 1);
        assert!(world.state.approvals().is_empty());
        assert_eq!(
            world.run(deny(late.id), late.deadline),
            Err(Rejection::UnknownApproval(late.id))
        );
    }

    #[test]
    fn a_stale_assessment_is_refused() {
        let mut world = manual();
        let stale = proposal(1, Assessment { policy: digest(9), ..call("refund") });
        assert_eq!(world.run(stale, ms(0)), Err(Rejection::StalePolicy));
    }
}
