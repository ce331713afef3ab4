//! Random rules that mostly pass the check against the schema, and random calls.

use std::collections::BTreeSet;

use placet_core::Json;
use placet_core::json::Object;
use placet_policy::params::{ParamKind, ParamType};
use proptest::option::{of, weighted};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use crate::rules_support::{Call, classes};

/// A rule.
#[derive(Clone, Debug)]
pub(crate) struct Generated {
    scope: String,
    pub(crate) condition: Condition,
    pub(crate) block: bool,
}

/// A condition, and what it looks at of what a call can get wrong.
#[derive(Clone, Debug)]
pub(crate) struct Condition {
    text: String,
    pub(crate) touched: BTreeSet<String>,
}

impl Condition {
    fn new(text: &str, touched: &[&str]) -> Self {
        let touched = touched.iter().map(|name| (*name).to_owned()).collect();
        Self { text: text.to_owned(), touched }
    }

    fn join(text: String, parts: &[&Self]) -> Self {
        Self { text, touched: parts.iter().flat_map(|part| part.touched.clone()).collect() }
    }
}

impl Generated {
    /// How many lines its text has.
    pub(crate) const LINES: usize = 3;

    /// Its text, with its number as its id.
    pub(crate) fn text(&self, number: usize) -> String {
        let verdict = if self.block { "block" } else { "require_approval" };
        format!(
            "@id(\"{number}\") @verdict(\"{verdict}\") @reason(\"reason {number}\")\n\
             forbid({})\nwhen {{ {} }};\n",
            self.scope, self.condition.text
        )
    }
}

/// Any rule on the classes of the tests.
pub(crate) fn generated() -> impl Strategy<Value = Generated> {
    let principal = select(vec![
        "principal",
        r#"principal == Agent::"helpdesk""#,
        r#"principal in Tenant::"acme""#,
        r#"principal is Agent in Tenant::"globex""#,
    ]);
    let resource =
        select(vec!["resource", "resource is Tool", r#"resource == Tool::"lookup_order""#]);
    let anywhere = select(vec![
        "action",
        r#"action in Action::"risk:read""#,
        r#"action in [Action::"risk:consequential", Action::"lookup_order"]"#,
        r#"action == Action::"unclassified""#,
        r#"action in [Action::"delete_account", Action::"unclassified"]"#,
    ]);
    let of_refunds = Just(r#"action == Action::"issue_refund""#);
    let of_money = Just(r#"action in [Action::"issue_refund", Action::"issue_credit"]"#);
    let action = prop_oneof![
        (anywhere, combined(common().boxed())),
        (of_refunds, combined(prop_oneof![1 => common(), 2 => refund()].boxed())),
        (of_money, combined(prop_oneof![common(), comparison(true)].boxed())),
    ];
    (principal, action, resource, any::<bool>()).prop_map(
        |(who, (action, condition), what, block)| Generated {
            scope: format!("{who}, {action}, {what}"),
            condition,
            block,
        },
    )
}

/// Any call.
pub(crate) fn call() -> impl Strategy<Value = Call> {
    let names = ["issue_refund", "issue_refund", "issue_credit", "lookup_order", "delete_account"];
    let class = prop_oneof![4 => select(names.to_vec()).prop_map(Some), 1 => Just(None)];
    class.prop_flat_map(|class| {
        let call = class.map_or_else(|| Call::unclassified("unheard_of"), Call::of);
        let declared = classes().into_iter().find(|spec| Some(spec.name.as_str()) == class);
        let declared = declared.map(|spec| spec.params.into_iter().collect()).unwrap_or_default();
        (Just(call), who(), what(), params(declared)).prop_map(|(call, who, what, params)| {
            let [tenant, agent, user, session, build] = who;
            let (value, currency, effects) = what;
            let call = match value {
                Some(value) => call.value(value, currency),
                None => call,
            };
            let tenant = tenant.unwrap_or_else(|| "globex".to_owned());
            Call { tenant, agent, user, session, build, effects, params, ..call }
        })
    })
}

fn who() -> impl Strategy<Value = [Option<String>; 5]> {
    let one_of = |names: &[&'static str]| of(select(names.to_vec()).prop_map(str::to_owned));
    [
        one_of(&["acme"]),
        one_of(&["helpdesk", "deploy", "*"]),
        one_of(&["ann", "bob"]),
        one_of(&["1", "2"]),
        one_of(&["1", "2"]),
    ]
}

fn what() -> impl Strategy<Value = (Option<&'static str>, Option<&'static str>, Vec<String>)> {
    let effects = ["deletes", "sends", "spends"].map(str::to_owned).to_vec();
    (
        of(select(vec!["10", "10.5", "0.00001", "-0.5", "-7"])),
        of(select(vec!["EUR", "GBP"])),
        subsequence(effects, 0..=3),
    )
}

fn params(declared: Vec<(String, ParamType)>) -> impl Strategy<Value = Object> {
    let entry = |(name, kind): (String, ParamType)| {
        let likely = if kind.optional { 0.6 } else { 0.95 };
        let value = weighted(likely, json(kind.kind));
        value.prop_map(move |value| value.map(|value| (name.clone(), value)))
    };
    let entries: Vec<_> = declared.into_iter().map(entry).collect();
    entries
        .prop_map(|entries| Object::from_entries(entries.into_iter().flatten().collect()).unwrap())
}

/// A value of a kind, or sometimes of none.
fn json(kind: ParamKind) -> impl Strategy<Value = Json> {
    let texts: &[&str] = match kind {
        ParamKind::String => &[r#""""#, r#""*""#, r#""b""#, r#""xaybz""#, r#""acme""#, "5"],
        ParamKind::Long => &["0", "5", "500", "-1", "3", "9007199254740991", "1.5"],
        ParamKind::Boolean => &["true", "false", "true", "false", "null"],
        ParamKind::Decimal => &["0.3", "\"0.30\"", "1", "-2", "0.29", "0.00001", "\"x\""],
        ParamKind::Strings => &["[]", r#"["vip"]"#, r#"["b","vip"]"#, r#"["sends"]"#, "[1]"],
    };
    select(texts.to_vec()).prop_map(|text| Json::parse(text.as_bytes()).unwrap())
}

const LONGS: [&str; 8] =
    ["0", "1", "-1", "500", "9007199254740991", "9223372036854775807", "-9223372036854775807", "3"];

fn long(param: bool) -> BoxedStrategy<Condition> {
    let literal = select(&LONGS[..]).prop_map(|text| Condition::new(&format!("({text})"), &[]));
    let amount = Just(Condition::new("context.params.amount", &["amount"]));
    let leaf = if param { prop_oneof![literal, amount].boxed() } else { literal.boxed() };
    let deeper = |inner: BoxedStrategy<Condition>| {
        let operators = select(vec!["+", "-", "*"]);
        prop_oneof![
            inner.clone().prop_map(|it| Condition::join(format!("(-{})", it.text), &[&it])),
            (inner.clone(), operators, inner).prop_map(|(a, op, b)| {
                Condition::join(format!("({} {op} {})", a.text, b.text), &[&a, &b])
            }),
        ]
    };
    leaf.prop_recursive(3, 8, 2, deeper).boxed()
}

fn comparison(param: bool) -> impl Strategy<Value = Condition> {
    let operators = select(vec!["<", "<=", ">", ">=", "==", "!="]);
    (long(param), operators, long(param))
        .prop_map(|(a, op, b)| Condition::join(format!("({} {op} {})", a.text, b.text), &[&a, &b]))
}

fn one_of(texts: &[&'static str], touched: &'static [&'static str]) -> BoxedStrategy<Condition> {
    select(texts.to_vec()).prop_map(move |text| Condition::new(text, touched)).boxed()
}

/// Conditions that mean something for every action.
fn common() -> impl Strategy<Value = Condition> {
    let who = one_of(
        &[
            r#"principal == Agent::"helpdesk""#,
            r#"principal != Agent::"""#,
            r#"principal in Tenant::"acme""#,
            r#"principal in [Tenant::"globex", Tenant::"initech"]"#,
            r#"[Agent::"helpdesk", Agent::"x"].contains(principal)"#,
            r#"principal is Agent in Tenant::"globex""#,
            r#"resource == Tool::"issue_refund""#,
            r#"resource in Tool::"lookup_order""#,
            r#"action in Action::"risk:reversible_write""#,
            r#"action in [Action::"risk:read", Action::"lookup_order"]"#,
            r#"Action::"lookup_order" in Action::"risk:read""#,
            r#"action == Action::"delete_account""#,
        ],
        &[],
    );
    let words = one_of(
        &[
            r#"context.tool like "*refund*""#,
            r#"context.tool like "i*_*d""#,
            r#"context.tool == context.tenant"#,
            r#"context.risk == "read""#,
            r#"["read", "unknown"].contains(context.risk)"#,
            r#"context has user"#,
            r#"(context has user && context.user == "ann")"#,
            r#"(context has agent && context.agent like "*\**")"#,
            r#"(context has session && context has build && context.session != context.build)"#,
            r#"(context has currency && ["EUR", "USD"].contains(context.currency))"#,
        ],
        &[],
    );
    let effects = one_of(
        &[
            r#"context.effects.contains("sends")"#,
            r#"context.effects.containsAll(["sends", "spends"])"#,
            r#"["sends", "spends"].containsAll(context.effects)"#,
            r#"context.effects.containsAny(["deletes", "spends"])"#,
            r#"context.effects == ["spends", "sends"]"#,
            r#"context.effects.isEmpty()"#,
        ],
        &[],
    );
    let left_to_cedar = one_of(
        &[
            r#"ip("10.0.0.1").isInRange(ip("10.0.0.0/8"))"#,
            r#"{a: context.tool, b: 1}.a == "issue_refund""#,
            r#"[context.tool].contains("issue_refund")"#,
        ],
        &[],
    );
    let value = one_of(
        &[
            r#"context has value"#,
            r#"(context has value && context.value.greaterThan(decimal("10.0")))"#,
            r#"(context has value && context.value == decimal("10.50"))"#,
            r#"(context has value && context.value.lessThanOrEqual(decimal("-0.5")))"#,
        ],
        &["value"],
    );
    prop_oneof![3 => who, 3 => words, 2 => effects, 1 => left_to_cedar, 1 => value, 2 => comparison(false)]
}

/// Conditions on the params of `issue_refund`.
fn refund() -> impl Strategy<Value = Condition> {
    prop_oneof![
        one_of(
            &[
                r#"context.params has note"#,
                r#"(context.params has note && context.params.note == "*")"#,
                r#"(context.params has note && context.params.note like "*a*b*")"#,
                r#"(context.params has note && context.params.note like "\*")"#,
                r#"(context.params has note && context.params["note"] like "")"#,
                r#"(context has params.note && context.tenant != context.params.note)"#,
            ],
            &["note"]
        ),
        one_of(
            &[
                r#"(context.params has price && context.params.price.lessThan(decimal("0.3")))"#,
                r#"(context.params has price && context.params.price == decimal("0.30"))"#,
                r#"(context.params has price && [decimal("1.0")].contains(context.params.price))"#,
                r#"(context.params has price && decimal("-1.5").greaterThanOrEqual(context.params.price))"#,
            ],
            &["price"]
        ),
        one_of(
            &[
                r#"(context.params has tags && context.params.tags.contains("vip"))"#,
                r#"(context.params has tags && context.params.tags == ["vip", "b", "vip"])"#,
                r#"(context.params has tags && context.params.tags.isEmpty())"#,
                r#"(context.params has tags && context.params.tags.containsAny(context.effects))"#,
            ],
            &["tags"]
        ),
        one_of(
            &[
                r#"(context.params has urgent && context.params.urgent)"#,
                r#"(context.params has urgent && context.params.urgent == false)"#,
            ],
            &["urgent"]
        ),
        comparison(true),
    ]
}

fn combined(leaf: BoxedStrategy<Condition>) -> BoxedStrategy<Condition> {
    let deeper = |inner: BoxedStrategy<Condition>| {
        let two = (inner.clone(), select(vec!["&&", "||", "=="]), inner.clone());
        prop_oneof![
            1 => inner.clone().prop_map(|a| Condition::join(format!("!({})", a.text), &[&a])),
            3 => two.prop_map(|(a, op, b)| {
                Condition::join(format!("(({}) {op} ({}))", a.text, b.text), &[&a, &b])
            }),
            1 => (inner.clone(), inner.clone(), inner).prop_map(|(a, b, c)| {
                let text = format!("(if {} then {} else {})", a.text, b.text, c.text);
                Condition::join(text, &[&a, &b, &c])
            }),
        ]
    };
    leaf.prop_recursive(4, 16, 3, deeper).boxed()
}
