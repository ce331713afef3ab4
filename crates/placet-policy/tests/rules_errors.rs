//! What is said of rules that cannot be loaded: every kind of error, with its whole text.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod rules_support;

use insta::assert_snapshot;
use placet_core::RiskTier;
use placet_policy::rules::{RuleProblem, Rules, limits};
use rules_support::{class, classes, named_rule, rule};

fn errors(text: &str) -> String {
    let errors =
        Rules::load(&[("money.cedar", text)], &classes()).expect_err("it should be refused");
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

fn annotated(annotations: &str) -> String {
    errors(&format!("\n  {annotations}\nforbid(principal, action, resource);"))
}

fn when(condition: &str) -> String {
    errors(&rule(r#"action == Action::"issue_refund""#, &format!("when {{ {condition} }}")))
}

#[test]
fn effects_and_forms() {
    assert_snapshot!(errors("permit(principal, action, resource);"));
    assert_snapshot!(errors(
        r#"@verdict("block") @reason("x") forbid(principal == ?principal, action, resource);"#
    ));
    assert_snapshot!(errors("forbid(principal, action, resource) when { context.tool = 1 };"));
    assert_snapshot!(errors("forbid(principal, action, resource)"));
    assert_snapshot!(errors("/ forbid(principal, action, resource);"));
    assert_snapshot!(errors(&(rule("action", "") + "/")));
}

#[test]
fn annotations() {
    assert_snapshot!(annotated(""));
    assert_snapshot!(annotated(r#"@verdict("block")"#));
    assert_snapshot!(annotated(r#"@reason("x")"#));
    assert_snapshot!(annotated(r#"@verdict("allow") @reason("x")"#));
    assert_snapshot!(annotated(r#"@verdict("block") @reason("x") @priority("1")"#));
    assert_snapshot!(annotated(r#"@verdict("block") @reason("x") @reason("y")"#));
    assert_snapshot!(annotated(r#"@verdict("block") @reason(" ")"#));
    assert_snapshot!(annotated(r#"@verdict("block") @reason("a\nb")"#));
    assert_snapshot!(annotated(&format!(r#"@verdict("block") @reason("{}")"#, "x".repeat(2000))));
    assert_snapshot!(annotated(r#"@id("") @verdict("block") @reason("x")"#));
    assert_snapshot!(annotated(&format!(
        r#"@id("{}") @verdict("block") @reason("x")"#,
        "x".repeat(limits::MAX_RULE_ID_BYTES + 1)
    )));
}

#[test]
fn ids_are_unique_across_files() {
    let (one, two) = (named_rule("same", "action", ""), named_rule("same", "action", ""));
    let errors = Rules::load(&[("a.cedar", &one), ("b.cedar", &two)], &classes()).unwrap_err();
    assert_snapshot!(errors.first().unwrap());
    let unnamed = r#"@verdict("block") @reason("x") forbid(principal, action, resource);"#;
    let errors = Rules::load(&[("a.cedar", &unnamed.repeat(2))], &classes()).unwrap_err();
    assert_snapshot!(errors.first().unwrap());
}

#[test]
fn conditions_are_checked_against_the_classes() {
    assert_snapshot!(when("context.params.amuont > 500"));
    assert_snapshot!(when("context.params.amount > \"500\""));
    assert_snapshot!(when("context.params.note == \"x\""));
    assert_snapshot!(when("context.params.price > 5"));
    assert_snapshot!(when(
        "context.params has price && context.params.price.lessThan(decimal(\"1\"))"
    ));
    assert_snapshot!(when("context.usr == \"ann\""));
    assert_snapshot!(when("principal == User::\"ann\""));
    assert_snapshot!(when("principal.name == \"ann\""));
    assert_snapshot!(when("[] == context.effects"));
    assert_snapshot!(when("context.tool"));
    assert_snapshot!(when("context.tool == \"pаypal\""));
}

#[test]
fn scopes_are_checked_against_the_classes() {
    assert_snapshot!(errors(&rule(r#"action == Action::"issue_refnd""#, "")));
    assert_snapshot!(errors(&rule(r#"action in [Action::"issue_refund", Action::"zzz"]"#, "")));
    assert_snapshot!(errors(&rule("action", r#"when { action == Action::"nothing_like_it" }"#)));
    assert_snapshot!(errors(&rule(r#"action == Action::"risk:read""#, "")));
    // A param that one of the classes does not declare.
    assert_snapshot!(errors(&rule("action", "when { context.params.amount > 5 }")));
}

#[test]
fn what_can_never_apply_is_an_error() {
    assert_snapshot!(when("context.params has amuont"));
    assert_snapshot!(when("principal is Tool"));
    assert_snapshot!(when(r#"action == Action::"lookup_order""#));
}

#[test]
fn limits_are_errors() {
    assert_snapshot!(when(&format!("context.tool == \"{}\"", "x".repeat(limits::MAX_RULE_BYTES))));
    let deep = |depth: usize| format!("{}true{}", "(".repeat(depth), ")".repeat(depth));
    assert_snapshot!(when(&deep(300)));
    assert_snapshot!(when(&format!("1{} > 2", " + 1".repeat(300))));
    assert_snapshot!(when(&format!(
        "{}true{}",
        "if true then ".repeat(300),
        " else true".repeat(300)
    )));
    let long = " ".repeat(limits::MAX_RULES_FILE_BYTES + 1);
    assert_snapshot!(errors(&long));
    let many = rule("action", "").repeat(limits::MAX_RULES + 1);
    assert!(errors(&many).contains("there are more than 20000 rules; merge or remove some"));
}

#[test]
fn limits_pass_what_is_equal_to_them() {
    let load = |text: &str| Rules::load(&[("money.cedar", text)], &classes());
    let when = |condition: &str| rule("action", &format!("when {{ {condition} }}"));
    let problem = |text: &str| load(text).unwrap_err().remove(0).problem;
    let bytes = |count: usize| when(&format!("context.tool == \"{}\"", "x".repeat(count)));
    let operators = |count: usize| when(&format!("1{} > 2", " + 1".repeat(count)));
    let nesting = |count: usize| when(&format!("{}true{}", "(".repeat(count), ")".repeat(count)));
    // What the rest of the rule takes of its limit is what an error says above its count.
    let many = limits::MAX_RULE_BYTES + 1;
    let RuleProblem::LongRule { bytes: all } = problem(&bytes(many)) else { panic!() };
    let longest = limits::MAX_RULE_BYTES - (all - many);
    let RuleProblem::DenseRule { operators: all } = problem(&operators(300)) else { panic!() };
    let densest = limits::MAX_RULE_OPERATORS - (all - 300);
    let RuleProblem::DeepRule { depth } = problem(&nesting(100)) else { panic!() };
    let deepest = limits::MAX_RULE_NESTING - (depth - 100);
    for (equal, above) in [
        (bytes(longest), bytes(longest + 1)),
        (operators(densest), operators(densest + 1)),
        (nesting(deepest), nesting(deepest + 1)),
        (" ".repeat(limits::MAX_RULES_FILE_BYTES), " ".repeat(limits::MAX_RULES_FILE_BYTES + 1)),
    ] {
        let loads = [&equal, &above].map(|text| load(text).is_ok());
        assert_eq!(loads, [true, false], "{above:.200}");
    }
}

/// What compiles a decimal relies on it.
#[test]
fn decimals_that_cedar_cannot_read_are_errors() {
    for text in ["1.00001", "+1.0", ".5", "1.", "1", "1.x", "x.1", "--1.0", "1.-5", ""] {
        let condition = format!("context has value && context.value == decimal(\"{text}\")");
        let text = rule("action", &format!("when {{ {condition} }}"));
        assert!(Rules::load(&[("money.cedar", &text)], &classes()).is_err(), "{text}");
    }
}

#[test]
fn a_class_cannot_take_a_name_that_rules_use() {
    for name in ["unclassified", "risk:read"] {
        let classes = [class(name, RiskTier::Read, &[])];
        let errors = Rules::load(&[], &classes).unwrap_err();
        assert_snapshot!(errors.first().unwrap());
    }
}

#[test]
fn each_rule_is_reported_with_its_place_in_the_order_of_the_files() {
    let first = "// a comment; with a semicolon\n\npermit(principal, action, resource);\n";
    let second = "@verdict(\"a;b\") @reason(\"x\")\nforbid(principal, action, resource);\n  permit(principal, action, resource);";
    let errors = Rules::load(&[("z.cedar", first), ("a.cedar", second)], &classes()).unwrap_err();
    let places: Vec<_> =
        errors.iter().map(|error| error.place.as_ref().unwrap().to_string()).collect();
    assert_eq!(places, ["z.cedar:3:1", "a.cedar:1:1", "a.cedar:3:3"]);
}
