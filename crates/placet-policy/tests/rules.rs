//! Rules × calls × the hits that are expected.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod rules_support;

use placet_core::assessment::RuleHit;
use placet_core::json::Object;
use placet_core::{ClassName, Json, RiskTier, Verdict};
use placet_policy::rules::{Rules, limits, schema_text};
use rules_support::{Call, classes, load, named_rule, rule};

const REFUND: &str = r#"action == Action::"issue_refund""#;

const UNUSABLE: &str = "the rule could not be evaluated: something that it looks at is missing, \
                        has another type than declared, or has more digits than a rule can compare";

/// Whether a rule on refunds hits a refund with these params.
fn applies(condition: &str, params: &str) -> bool {
    let rules = load(&rule(REFUND, &format!("when {{ {condition} }}")));
    let ruling = Call::of("issue_refund").params(params).evaluate(&rules);
    assert!(!ruling.param_fault, "{params}");
    assert!(ruling.hits.iter().all(|hit| hit.reason == "because"), "{:?}", ruling.hits);
    !ruling.hits.is_empty()
}

#[test]
fn conditions_on_params() {
    let note = |text: &str| format!("context.params has note && context.params.note {text}");
    let price = |text: &str| format!("context.params has price && context.params.price{text}");
    let table: &[(&str, &str, bool)] = &[
        ("context.params.amount > 500", r#"{"amount": 500}"#, false),
        ("context.params.amount > 500", r#"{"amount": 501}"#, true),
        ("context.params.amount >= 500", r#"{"amount": 500}"#, true),
        ("context.params.amount * 2 - 1 == -3", r#"{"amount": -1}"#, true),
        ("-context.params.amount < 0", r#"{"amount": 9007199254740991}"#, true),
        (&note("== \"vip\""), r#"{"amount": 1}"#, false),
        (&note("== \"vip\""), r#"{"amount": 1, "note": "vip"}"#, true),
        (&note("like \"*bank*\""), r#"{"amount": 1, "note": "my bank."}"#, true),
        (&note("like \"a*b*a\""), r#"{"amount": 1, "note": "aba"}"#, true),
        (&note("like \"a*a\""), r#"{"amount": 1, "note": "a"}"#, false),
        (&note("like \"é*\\*\""), r#"{"amount": 1, "note": "éa*"}"#, true),
        (&price(".greaterThan(decimal(\"0.3\"))"), r#"{"amount": 1, "price": 0.3001}"#, true),
        (&price(".greaterThan(decimal(\"0.3\"))"), r#"{"amount": 1, "price": "0.30"}"#, false),
        (&price(" == decimal(\"-0.5\")"), r#"{"amount": 1, "price": -0.5}"#, true),
        (
            "context.params has tags && context.params.tags.contains(\"x\")",
            r#"{"amount": 1, "tags": ["y", "x"]}"#,
            true,
        ),
        (
            "context.params has tags && context.params.tags == [\"x\"]",
            r#"{"amount": 1, "tags": ["x", "x"]}"#,
            true,
        ),
        (
            "context.params has urgent && !context.params.urgent",
            r#"{"amount": 1, "urgent": false}"#,
            true,
        ),
    ];
    for (condition, params, expected) in table {
        assert_eq!(applies(condition, params), *expected, "{condition} on {params}");
    }
}

#[test]
fn conditions_on_who_asks_and_what_it_is() {
    let table: &[(&str, bool)] = &[
        (r#"principal == Agent::"helpdesk""#, true),
        (r#"principal == Agent::"other""#, false),
        (r#"principal in Tenant::"acme""#, true),
        (r#"principal in Tenant::"globex""#, false),
        (r#"resource == Tool::"issue_refund""#, true),
        (r#"action in Action::"risk:reversible_write""#, true),
        (r#"action in Action::"risk:read""#, false),
        (r#"context.tool like "issue_*""#, true),
        (r#"context.tenant == "acme""#, true),
        (r#"context has user"#, false),
        (r#"context has value && context.value.greaterThan(decimal("9.99"))"#, true),
        (r#"context has currency && context.currency == "EUR""#, true),
        (r#"context.risk == "reversible_write""#, true),
        (r#"context.effects.contains("spends")"#, true),
        (r#"context.effects.contains("sends")"#, false),
        (r#"ip("10.1.1.1").isInRange(ip("10.0.0.0/8"))"#, true),
    ];
    for (condition, expected) in table {
        let rules = load(&rule("action", &format!("when {{ {condition} }}")));
        let mut call = Call::of("issue_refund").params(r#"{"amount": 1}"#).value("10", Some("EUR"));
        call.effects = vec!["spends".to_owned()];
        assert_eq!(!call.hits(&rules).is_empty(), *expected, "{condition}");
    }
}

#[test]
fn when_and_unless_are_joined_and_the_scope_counts() {
    let conditions = "when { context.params.amount > 1 } unless { context.tenant == \"acme\" }";
    let scope = "@id(\"r\") @verdict(\"block\") @reason(\"because\")\n\
                 forbid(principal == Agent::\"helpdesk\", action, resource == Tool::\"issue_refund\")";
    let rules = load(&format!("{}\n{scope};", named_rule("conditions", REFUND, conditions)));
    let acme = Call::of("issue_refund").params(r#"{"amount": 2}"#);
    let globex = Call { tenant: "globex".to_owned(), agent: None, ..acme.clone() };
    let small = Call {
        params: Call::of("issue_refund").params(r#"{"amount": 1}"#).params,
        ..globex.clone()
    };
    assert_eq!(acme.hits(&rules), ["r"]);
    assert_eq!(globex.hits(&rules), ["conditions"]);
    assert_eq!(small.hits(&rules), [""; 0]);
}

#[test]
fn a_rule_on_one_class_is_never_seen_for_another() {
    let rules = load(
        &[
            named_rule("refund", REFUND, ""),
            named_rule(
                "listed",
                r#"action in [Action::"lookup_order", Action::"issue_credit"]"#,
                "",
            ),
            named_rule("writes", r#"action in Action::"risk:reversible_write""#, ""),
            named_rule("pattern", r#"action == Action::"mcp__crm__*""#, ""),
            named_rule("unknown", r#"action == Action::"unclassified""#, ""),
            named_rule(
                "both",
                r#"action in [Action::"issue_credit", Action::"risk:reversible_write"]"#,
                "",
            ),
            named_rule("all", "action", ""),
        ]
        .concat(),
    );
    let hits = |class: &str, params: &str| Call::of(class).params(params).hits(&rules);
    assert_eq!(hits("issue_refund", r#"{"amount": 1}"#), ["refund", "writes", "both", "all"]);
    assert_eq!(hits("issue_credit", r#"{"amount": 1}"#), ["listed", "writes", "both", "all"]);
    assert_eq!(hits("lookup_order", r#"{"order": "1"}"#), ["listed", "all"]);
    assert_eq!(hits("delete_account", "{}"), ["all"]);
    assert_eq!(hits("mcp__crm__*", r#"{"price": 1}"#), ["pattern", "all"]);
    assert_eq!(Call::unclassified("issue_refund").hits(&rules), ["unknown", "all"]);
}

#[test]
fn hits_come_in_the_order_of_the_files_with_what_they_ask_for() {
    let block =
        r#"@reason("never at night") @verdict("block") forbid(principal, action, resource);"#;
    let files = [("b.cedar", format!("\n\n{block}")), ("a.cedar", rule("action", ""))];
    let files: Vec<_> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let rules = Rules::load(&files, &classes()).unwrap();
    let hit = |rule: &str, verdict, reason: &str| RuleHit {
        rule: rule.to_owned(),
        verdict,
        reason: reason.to_owned(),
    };
    assert_eq!(
        Call::unclassified("x").evaluate(&rules).hits,
        [
            hit("b.cedar:3", Verdict::Block, "never at night"),
            hit("r", Verdict::RequireApproval, "because"),
        ]
    );
}

/// Cedar by itself passes over a policy that fails. Here it is a hit, and says nothing of params.
#[test]
fn a_rule_that_fails_is_a_hit() {
    let asks = rule(REFUND, "when { context.params.amount * 9223372036854775807 > 0 }");
    let blocks = asks.replace("require_approval", "block").replace("\"r\"", "\"b\"");
    let rules = load(&(asks + &blocks));
    let overflow = Call::of("issue_refund").params(r#"{"amount": 777}"#).evaluate(&rules);
    let reason = "the rule could not be evaluated: a number in it is too large".to_owned();
    assert_eq!(
        overflow.hits,
        [
            RuleHit {
                rule: "r".to_owned(),
                verdict: Verdict::RequireApproval,
                reason: reason.clone()
            },
            RuleHit { rule: "b".to_owned(), verdict: Verdict::Block, reason },
        ]
    );
}

#[test]
fn a_rule_that_looks_at_something_unusable_is_a_hit() {
    // What the condition looks at, the call's params, and whether they are a fault of the input.
    let table: &[(&str, &str, bool)] = &[
        ("context.params.amount > 5", r#"{}"#, true),
        ("context.params.amount > 5", r#"{"amount": "1"}"#, true),
        ("context.params.amount > 5", r#"{"amount": 1.5}"#, true),
        ("context.params.amount > 5", r#"{"amount": 1e300}"#, true),
        ("context.params has note", r#"{"amount": 1, "note": 7}"#, true),
        ("context.params has note", r#"{"amount": 1, "note": null}"#, true),
        (
            "context has params.note",
            r#"{"amount": 1, "note": {"__entity": {"type": "Tool", "id": "x"}}}"#,
            true,
        ),
        ("context.params has tags", r#"{"amount": 1, "tags": ["a", 1]}"#, true),
        ("context.params has price", r#"{"amount": 1, "price": "ten"}"#, true),
        ("context.params has price", r#"{"amount": 1, "price": true}"#, true),
        ("context.params has price", r#"{"amount": 1, "price": 0.00001}"#, false),
        ("context.params has price", r#"{"amount": 1, "price": "999999999999999"}"#, false),
        ("context.tenant == \"other\" && context.params.amount > 5", r#"{"amount": "1"}"#, true),
        ("context == context && context.params.amount == 5", r#"{"amount": 1, "urgent": 0}"#, true),
        ("{a: context.params}.a.amount == 5", r#"{"amount": 1, "urgent": 0}"#, true),
    ];
    for (condition, params, fault) in table {
        let rules = load(&rule(REFUND, &format!("when {{ {condition} }}")));
        let ruling = Call::of("issue_refund").params(params).evaluate(&rules);
        assert_eq!(ruling.param_fault, *fault, "{params}");
        let reasons: Vec<_> = ruling.hits.iter().map(|hit| hit.reason.as_str()).collect();
        assert_eq!(reasons, [UNUSABLE], "{condition} on {params}");
    }
}

#[test]
fn a_fault_elsewhere_does_not_fail_a_rule() {
    let rules = load(&rule(REFUND, "when { context.params.amount > 5 }"));
    let ruling = Call::of("issue_refund").params(r#"{"amount": 1, "note": 7}"#).evaluate(&rules);
    assert!(ruling.param_fault);
    assert_eq!(ruling.hits, []);
}

#[test]
fn a_value_with_too_many_digits_fails_the_rules_that_look_at_it() {
    let rules =
        load(&rule("action", "when { context has value && context.value == decimal(\"1.0\") }"));
    let call = Call::unclassified("x");
    assert_eq!(call.clone().value("0.0001", None).hits(&rules), [""; 0]);
    for beyond in ["0.00001", "922337203685477.5808"] {
        assert_eq!(call.clone().value(beyond, None).hits(&rules), ["r"], "{beyond}");
    }
}

#[test]
fn params_that_are_not_declared_are_nothing_to_rules() {
    let rules = load(&rule("action", "when { context == context }"));
    let with =
        Call::of("delete_account").params(r#"{"__extn": {"fn": "ip", "arg": "x"}, "a": [[]]}"#);
    assert_eq!(
        with.evaluate(&rules),
        Call { params: Object::new(), ..with.clone() }.evaluate(&rules)
    );
    assert!(!with.evaluate(&rules).param_fault);
}

#[test]
fn a_class_that_the_rules_were_not_loaded_with_is_a_fault() {
    let rules = load(&named_rule("unknown", r#"action == Action::"unclassified""#, ""));
    let class = Some(ClassName::new("another").unwrap());
    let ruling = Call { class, ..Call::unclassified("x") }.evaluate(&rules);
    assert!(ruling.param_fault);
    assert_eq!(ruling.hits.len(), 1);
}

#[test]
fn usual_conditions_are_compiled_and_the_others_left_to_cedar() {
    let rules = load(
        &[
            named_rule(
                "compiled",
                REFUND,
                r#"when { context.params.amount > 5 && context.tool like "a*" }"#,
            ),
            named_rule("address", "action", r#"when { ip("::1").isLoopback() }"#),
            named_rule("record", "action", r#"when { {a: context.tool}.a == "x" }"#),
        ]
        .concat(),
    );
    assert_eq!(rules.len(), 3);
    assert_eq!(rules.interpreted().collect::<Vec<_>>(), ["address", "record"]);
}

/// Conditions that are compiled, and whether they hold for the call below.
const COMPILED: &[(&str, bool)] = &[
    ("true", true),
    ("context.params.amount > 5 && context.params.amount < 7", true),
    ("context.params.amount <= 5 || context.params.amount >= 7", false),
    ("context.params.amount == 6", true),
    ("context.params.amount != 6", false),
    ("context.params.amount + 1 == 7", true),
    ("context.params.amount - 1 == 5", true),
    ("context.params.amount * 2 == 12", true),
    ("-context.params.amount == -6", true),
    ("!(context.params.amount == 6)", false),
    ("if context.params.amount == 6 then context.tool == \"x\" else true", false),
    ("context.params has note", false),
    ("context has params", true),
    ("context has params.price", true),
    ("context has params.note", false),
    ("context has user", false),
    ("context has tenant", true),
    ("context has params.price && context.params.price.lessThan(decimal(\"0.3001\"))", true),
    (
        "context has params.price && context.params.price.lessThanOrEqual(decimal(\"0.2999\"))",
        false,
    ),
    ("context has params.price && context.params.price.greaterThan(decimal(\"-12.5\"))", true),
    (
        "context has params.price && context.params.price.greaterThanOrEqual(decimal(\"0.31\"))",
        false,
    ),
    ("context has params.tags && context.params.tags.contains(\"x\")", true),
    ("context has params.tags && context.params.tags.containsAll([\"x\", \"z\"])", false),
    ("context has params.tags && context.params.tags.containsAny([\"x\", \"z\"])", true),
    ("context.effects.isEmpty()", true),
    ("context has params.urgent && context.params.urgent == true", false),
    ("[1, 6].contains(context.params.amount)", true),
    ("[true, false].contains(context has user)", true),
    ("context.tool like \"*refund\"", true),
    ("action == Action::\"issue_refund\"", true),
    ("action in Action::\"risk:reversible_write\"", true),
    ("principal == Agent::\"helpdesk\"", true),
    ("principal in Tenant::\"acme\"", true),
    ("principal in [Tenant::\"globex\"]", false),
    ("principal is Agent", true),
    ("principal is Agent in Tenant::\"globex\"", false),
    ("resource in Tool::\"issue_refund\"", true),
    ("resource is Tool", true),
    ("[Tool::\"a\", Tool::\"issue_refund\"].contains(resource)", true),
];

/// Who a compiled rule can be for and what it can be on, and whether that is so of the call below.
const COMPILED_SCOPES: &[(&str, &str, bool)] = &[
    (r#"principal == Agent::"helpdesk""#, "resource", true),
    (r#"principal in Tenant::"globex""#, "resource", false),
    ("principal is Agent", "resource", true),
    (r#"principal is Agent in Tenant::"acme""#, "resource", true),
    (r#"principal is Agent in Tenant::"globex""#, "resource", false),
    ("principal", r#"resource == Tool::"issue_refund""#, true),
    ("principal", r#"resource in Tool::"issue_refund""#, true),
    ("principal", r#"resource in Tool::"x""#, false),
    ("principal", "resource is Tool", true),
    ("principal", r#"resource is Tool in Tool::"issue_refund""#, true),
    ("principal", r#"resource is Tool in Tool::"x""#, false),
];

#[test]
fn each_form_that_is_compiled_means_what_it_says() {
    let mut table: Vec<(String, bool)> = Vec::new();
    for (condition, expected) in COMPILED {
        let unless = format!("unless {{ ({condition}) && context.tool != \"x\" }}");
        table.push((rule(REFUND, &format!("when {{ {condition} }}")), *expected));
        table.push((rule(REFUND, &unless), !expected));
    }
    for (principal, resource, expected) in COMPILED_SCOPES {
        let (all, scope) = ("(principal, action, resource)", (principal, resource));
        let scope = format!("({}, action, {})", scope.0, scope.1);
        table.push((rule("action", "").replace(all, &scope), *expected));
    }
    assert_eq!(wrongly_evaluated(&table), ([].into(), [].into()));
}

#[test]
fn what_is_left_to_cedar_means_what_it_says() {
    let conditions: &[(&str, bool)] = &[
        (r#"{tool: "x"}.tool == "x""#, true),
        (r#"{params: {amount: 1}}.params.amount == 1"#, true),
        (r#"!({a: context.tool} has tool)"#, true),
        (r#"Action::"issue_refund" in Action::"risk:reversible_write""#, true),
        (r#"[context.tool].contains("issue_refund")"#, true),
        ("!(principal has tool)", true),
    ];
    let when = |condition| rule(REFUND, &format!("when {{ {condition} }}"));
    let table: Vec<_> = conditions.iter().map(|(text, holds)| (when(text), *holds)).collect();
    let (wrong, interpreted) = wrongly_evaluated(&table);
    assert_eq!((wrong, interpreted.len()), ([].into(), table.len()));
}

/// Those of the rules that do not hit as expected, and those that are left to Cedar.
fn wrongly_evaluated(table: &[(String, bool)]) -> (Vec<&str>, Vec<&str>) {
    let numbered = table.iter().enumerate();
    let text: String =
        numbered.map(|(at, (text, _))| text.replace("\"r\"", &format!("\"{at}\""))).collect();
    let rules = load(&text);
    let params = r#"{"amount": 6, "price": 0.3, "tags": ["x", "y"], "urgent": false}"#;
    let hits = Call::of("issue_refund").params(params).hits(&rules);
    let text_of = |id: &str| table.get(id.parse::<usize>().unwrap()).unwrap().0.as_str();
    let numbered = table.iter().enumerate();
    let wrong = numbered.filter(|(at, (_, expected))| hits.contains(&at.to_string()) != *expected);
    (
        wrong.map(|(_, (text, _))| text.as_str()).collect(),
        rules.interpreted().map(text_of).collect(),
    )
}

/// The largest rules that are accepted, on a thread with the usual stack.
#[test]
fn the_largest_rule_is_evaluated() {
    let (nesting, chain) = (limits::MAX_RULE_NESTING - 1, limits::MAX_RULE_OPERATORS - 16);
    let conditions = [
        format!("{}true{}", "(".repeat(nesting), ")".repeat(nesting)),
        format!("{}true{}", "if true then ".repeat(nesting), " else true".repeat(nesting)),
        format!("context.params.amount{} > 2", " + 1".repeat(chain)),
        format!("context.tool != \"x\"{}", " && true".repeat(chain / 2)),
    ];
    for condition in conditions {
        assert!(applies(&condition, r#"{"amount": 1}"#), "{condition}");
    }
}

#[test]
fn no_rules_say_nothing_and_still_see_faults() {
    let rules = Rules::load(&[("empty.cedar", " // nothing here;\n")], &classes()).unwrap();
    assert!(rules.is_empty());
    let ruling = Call::of("issue_refund").evaluate(&rules);
    assert!(ruling.hits.is_empty() && ruling.param_fault);
}

#[test]
fn the_schema_is_cedar_and_reads_well() {
    let text = schema_text(&classes());
    let (_, warnings) = cedar_policy::Schema::from_cedarschema_str(&text).unwrap();
    assert_eq!(warnings.count(), 0);
    insta::assert_snapshot!(text);
}

#[test]
fn class_and_param_names_may_hold_anything() {
    let odd = rules_support::class("a\"b\\ \u{e9}é 'x'", RiskTier::Read, &[("p \"q\"", "long")]);
    let text = r#"@verdict("block") @reason("x") forbid(principal, action == Action::"a\"b\\ \u{e9}é 'x'", resource) when { context.params["p \"q\""] == 1 };"#;
    let rules = Rules::load(&[("odd.cedar", text)], std::slice::from_ref(&odd)).unwrap();
    let Json::Object(params) = Json::parse(br#"{"p \"q\"": 1}"#).unwrap() else { panic!() };
    let call = Call { class: Some(odd.name), params, ..Call::unclassified("x") };
    assert_eq!(call.hits(&rules), ["odd.cedar:1"]);
}
