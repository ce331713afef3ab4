//! From an action to what is known of it: its value, its faults, its names, what its rules say.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on should stop"
)]

use placet_core::assessment::{InputFault, Money, Value, ValueFault};
use placet_core::event::PolicyFile;
use placet_core::json::Json;
use placet_core::mode::Bucket;
use placet_core::{Action, ActionTag, Assessment, Pepper, Verdict};
use placet_policy::limits::{MAX_CALL_BYTES, MAX_PARAMS_DEPTH};
use placet_policy::{Assessed, Policy};
use serde_json::{Value as Serde, json};

const TOML: &str = r#"
version = 1
mode = "sample"
sample = 0.5

[actions.refund]
risk = "reversible_write"
value = "/amount"
currency = "/currency"
currencies = ["EUR", "USD"]
auto_cap = "100"
secret = ["/iban"]
params = { count = "long?" }

[actions.tip]
risk = "reversible_write"
value = "/amount"

[actions."crm.*"]
risk = "read"

[actions.notify]
risk = "reversible_write"
"#;

const CEDAR: &str = r#"
@id("no-strangers") @verdict("block") @reason("who are you")
forbid(principal, action == Action::"refund", resource)
when { !(context has user) };

@id("mind-the-amount") @verdict("require_approval") @reason("that is much")
forbid(principal, action == Action::"notify", resource)
when { context has value && context.value.greaterThan(decimal("10.0")) };
"#;

fn files(toml: &str, cedar: &str) -> Vec<PolicyFile> {
    let file = |name: &str, text: &str| PolicyFile { name: name.to_owned(), text: text.to_owned() };
    vec![file("policy.toml", toml), file("rules.cedar", cedar)]
}

fn policy() -> Policy {
    Policy::load(&files(TOML, CEDAR)).unwrap_or_else(|wrong| panic!("{wrong:?}"))
}

fn pepper(byte: u8) -> Pepper {
    Pepper::from_bytes([byte; 32])
}

fn action(json: &Serde) -> Action {
    Action::from_json(Json::parse(json.to_string().as_bytes()).unwrap()).unwrap()
}

fn assessed(json: &Serde) -> Assessed {
    policy().assess(&action(json), &pepper(7))
}

fn assess(json: &Serde) -> Assessment {
    assessed(json).assessment
}

fn refund(params: &Serde) -> Assessment {
    assess(&json!({"tool": "refund", "params": params}))
}

mod spelling {
    use super::*;

    /// The tags of a call of a class that names its amount.
    fn tags(params: &Serde) -> Vec<ActionTag> {
        assess(&json!({"tool": "tip", "params": params})).tags().collect()
    }

    #[test]
    fn of_the_amount_does_not_make_it_another_call() {
        let [plain] = tags(&json!({"amount": 10, "to": "ann"}))[..] else {
            panic!("a number is plain")
        };
        for spelled in [json!("10"), json!("10.0"), json!("10.000")] {
            let [own, alike] = tags(&json!({"amount": spelled, "to": "ann"}))[..] else {
                panic!("{spelled} has a plainer spelling")
            };
            assert_ne!(own, plain, "{spelled}");
            assert_eq!(alike, plain, "{spelled}");
        }
        assert_eq!(tags(&json!({"amount": "0.10"}))[1], tags(&json!({"amount": 0.1}))[0]);
    }

    #[test]
    fn that_no_double_holds_is_plainest_as_text() {
        let plain = tags(&json!({"amount": "12345678901234.56789"}));
        assert_eq!(plain.len(), 1);
        assert_eq!(tags(&json!({"amount": "12345678901234.567890"}))[1..], plain);
    }

    #[test]
    fn of_anything_else_does() {
        let ten = tags(&json!({"amount": "10.0", "to": "ann"}));
        for other in [
            json!({"amount": "10.01", "to": "ann"}),
            json!({"amount": "10.0", "to": "bob"}),
            json!({"amount": "10.0", "to": "ann", "note": "10"}),
            json!({"amount": "ten", "to": "ann"}),
            json!({"to": "ann"}),
        ] {
            assert!(tags(&other).iter().all(|tag| !ten.contains(tag)), "{other}");
        }
        let of_another = |tool| assess(&json!({"tool": tool, "params": {"amount": "10.0"}}));
        assert_eq!(of_another("notify").alike, None);
        assert_eq!(of_another("unknown_tool").alike, None);
        assert_ne!(of_another("refund").alike, of_another("tip").alike);
    }
}

mod value {
    use super::*;

    fn is(amount: &str, currency: Option<&str>) -> Value {
        let currency = currency.map(|code| code.parse().unwrap());
        Value::Is(Money { amount: amount.parse().unwrap(), currency })
    }

    fn of(tool: &str, params: &Serde, claimed: Option<&Serde>) -> Value {
        let mut action = json!({"tool": tool, "params": params});
        if let Some(claimed) = claimed {
            action["value"] = claimed.clone();
        }
        assess(&action).value
    }

    #[test]
    fn is_the_param_that_the_class_names() {
        let params = json!({"amount": "12.50", "currency": "EUR"});
        assert_eq!(of("refund", &params, None), is("12.5", Some("EUR")));
        assert_eq!(of("refund", &params, Some(&json!(12.5))), is("12.5", Some("EUR")));
        assert_eq!(of("tip", &json!({"amount": 3}), None), is("3", None));
        assert_eq!(of("tip", &json!({}), None), Value::Missing);
    }

    #[test]
    fn is_set_by_nothing_else() {
        let disagrees = Value::Bad(ValueFault::Disagrees);
        let params = json!({"amount": "12.50", "currency": "EUR"});
        assert_eq!(of("refund", &params, Some(&json!("12.49"))), disagrees);
        assert_eq!(of("tip", &json!({}), Some(&json!("5"))), Value::Missing);
    }

    #[test]
    fn is_the_claim_where_the_class_names_no_param() {
        assert_eq!(of("notify", &json!({"amount": 9}), Some(&json!("5"))), is("5", None));
        assert_eq!(of("unknown_tool", &json!({}), Some(&json!(5))), is("5", None));
        assert_eq!(of("notify", &json!({"amount": 9}), None), Value::Missing);
    }

    #[test]
    fn that_is_no_amount_is_a_fault() {
        for (amount, fault) in [
            (json!("twelve"), ValueFault::NotANumber),
            (json!(null), ValueFault::NotANumber),
            (json!([1]), ValueFault::NotANumber),
            (json!("-0.01"), ValueFault::Negative),
            (json!("1000000000000000"), ValueFault::OutOfRange),
            (json!("0.0000000000000000001"), ValueFault::OutOfRange),
        ] {
            let bad = Value::Bad(fault);
            assert_eq!(of("tip", &json!({ "amount": amount }), None), bad, "{amount}");
            assert_eq!(of("notify", &json!({}), Some(&amount)), bad, "{amount}");
            // A bad claim is a fault even where the class reads its own param.
            assert_eq!(of("tip", &json!({"amount": 1}), Some(&amount)), bad, "{amount}");
            assert_eq!(of("tip", &json!({}), Some(&amount)), bad, "{amount}");
        }
        let own = of("tip", &json!({"amount": "-1"}), Some(&json!("x")));
        assert_eq!(own, Value::Bad(ValueFault::Negative), "the param's own fault comes first");
        assert_eq!(of("tip", &json!({"amount": "0"}), None), is("0", None));
    }

    #[test]
    fn is_in_a_currency_that_the_caps_are_meant_for() {
        let in_currency =
            |currency: Serde| of("refund", &json!({"amount": 5, "currency": currency}), None);
        assert_eq!(in_currency(json!("USD")), is("5", Some("USD")));
        assert_eq!(in_currency(json!("CHF")), Value::Bad(ValueFault::OtherCurrency));
        for bad in [json!("eu"), json!(""), json!(1), json!(null)] {
            assert_eq!(in_currency(bad), Value::Bad(ValueFault::BadCurrency));
        }
        assert_eq!(of("refund", &json!({"amount": 5}), None), Value::Missing);
    }
}

mod faults {
    use super::*;

    /// Params nested `levels` deep, their own level included.
    fn nested(levels: u8) -> Serde {
        (1..levels).fold(json!({}), |inner, _| json!({ "in": inner }))
    }

    #[test]
    fn are_none_where_all_is_well() {
        assert_eq!(refund(&json!({"amount": 1, "currency": "EUR"})).faults, []);
        assert_eq!(assess(&json!({"tool": "whatever"})).faults, []);
    }

    #[test]
    fn begin_beyond_the_deepest_params() {
        let of = |levels| assess(&json!({"tool": "notify", "params": nested(levels)})).faults;
        assert_eq!(of(MAX_PARAMS_DEPTH), []);
        assert_eq!(of(MAX_PARAMS_DEPTH + 1), [InputFault::TooDeep]);
    }

    #[test]
    fn begin_beyond_the_largest_call() {
        // The call is measured with its tenant and its tool, each with a line's end.
        let rest = "default\nnotify\n{\"text\":\"\"}".len();
        let of = |bytes| {
            let text = "x y ".repeat(bytes / 4) + &"z".repeat(bytes % 4);
            assess(&json!({"tool": "notify", "params": {"text": text}})).faults
        };
        assert_eq!(of(MAX_CALL_BYTES - rest), []);
        assert_eq!(of(MAX_CALL_BYTES - rest + 1), [InputFault::TooLarge]);
    }

    #[test]
    fn are_params_of_another_type_than_declared() {
        let of = |count: Serde| refund(&json!({"amount": 1, "currency": "EUR", "count": count}));
        assert_eq!(of(json!(2)).faults, []);
        assert_eq!(of(json!("2")).faults, [InputFault::ParamType]);
    }

    #[test]
    fn are_placeholders_that_somebody_passes_off_as_secrets() {
        let frozen = assessed(&json!({"tool": "notify", "params": {"password": "hunter2!"}}));
        assert_eq!(frozen.assessment.faults, []);
        let placeholder = frozen.payload.action.pointer(&"/params/password".parse().unwrap());
        let placeholder = placeholder.unwrap().as_str().unwrap();
        let again = assess(&json!({"tool": "notify", "params": {"password": placeholder}}));
        assert_eq!(again.faults, [InputFault::Placeholder]);
    }
}

mod names {
    use super::*;

    #[test]
    fn of_the_action_are_those_of_the_assessment() {
        let of = assess(&json!({
            "tool": "crm.orders.find", "tenant": "acme", "agent": "ada", "build": "v2",
            "enforce": true,
        }));
        assert_eq!(of.class.unwrap().as_str(), "crm.*");
        assert_eq!(of.subject.tenant.as_str(), "acme");
        assert_eq!(of.subject.agent.unwrap().as_str(), "ada");
        assert_eq!(of.subject.build.unwrap().as_str(), "v2");
        assert_eq!(of.subject.tool.as_str(), "crm.orders.find");
        assert!(of.enforce);
        assert_eq!(of.policy, policy().terms().policy);
    }

    #[test]
    fn of_unknown_tools_have_no_class() {
        let of = assess(&json!({"tool": "list_orders"}));
        assert_eq!((of.class, of.enforce), (None, false));
    }
}

mod tag {
    use super::*;

    #[test]
    fn is_that_of_the_same_call_whoever_proposes_it() {
        let call = json!({"tool": "notify", "params": {"to": "ana"}});
        let tag = assess(&call).tag;
        for (field, other) in [("agent", "bob"), ("session", "s"), ("user", "u"), ("reason", "r")] {
            let mut again = call.clone();
            again[field] = json!(other);
            assert_eq!(assess(&again).tag, tag, "{field}");
        }
        for (field, other) in
            [("tenant", json!("acme")), ("tool", json!("tip")), ("params", json!({"to": "bob"}))]
        {
            let mut another = call.clone();
            another[field] = other;
            assert_ne!(assess(&another).tag, tag, "{field}");
        }
        assert_ne!(policy().assess(&action(&call), &pepper(8)).assessment.tag, tag);
    }

    #[test]
    fn keeps_the_names_apart() {
        let tag = |tenant, tool| assess(&json!({"tool": tool, "tenant": tenant})).tag;
        assert_ne!(tag("ab", "c"), tag("a", "bc"));
    }
}

mod bucket {
    use super::*;

    fn of(action_json: &Serde) -> Bucket {
        assess(action_json).bucket
    }

    #[test]
    fn is_by_session_else_by_agent_and_stable() {
        let call = |more: Serde| {
            let mut call = json!({"tool": "notify"});
            call.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            of(&call)
        };
        let session = call(json!({"session": "s1", "agent": "ada"}));
        assert_eq!(call(json!({"session": "s1", "agent": "bob", "params": {"a": 1}})), session);
        assert_ne!(call(json!({"session": "s2", "agent": "ada"})), session);
        let agent = call(json!({"agent": "ada"}));
        assert_eq!(call(json!({"agent": "ada", "reason": "again"})), agent);
        assert_ne!(call(json!({"agent": "bob"})), agent);
        assert_ne!(call(json!({"session": "ada"})), agent, "a session is not an agent");
        assert_ne!(call(json!({"agent": "ada", "tenant": "acme"})), agent);
        assert_ne!(call(json!({})), agent);
        assert_ne!(of(&json!({"tool": "tip", "agent": "ada"})), agent);
    }

    #[test]
    fn is_that_of_the_class_and_keyed() {
        let tool = |name: &str| json!({"tool": name, "agent": "ada"});
        assert_eq!(of(&tool("crm.find")), of(&tool("crm.list")), "one class, one draw");
        assert_ne!(of(&tool("find_x")), of(&tool("list_x")), "no class, so by tool");
        let other = policy().assess(&action(&tool("crm.find")), &pepper(8)).assessment.bucket;
        assert_ne!(other, of(&tool("crm.find")));
    }

    #[test]
    fn is_not_drawn_where_nothing_is_sampled() {
        for mode in ["shadow", "enforce"] {
            let toml = TOML.replace("mode = \"sample\"\nsample = 0.5", &format!("mode = {mode:?}"));
            let policy = Policy::load(&files(&toml, CEDAR)).unwrap();
            let call = action(&json!({"tool": "notify", "agent": "ada"}));
            assert_eq!(policy.assess(&call, &pepper(7)).assessment.bucket, Bucket::default());
        }
    }
}

mod rules {
    use super::*;

    #[test]
    fn see_who_asks_and_what_it_is_worth() {
        let hits = |action: Serde| {
            let hits = assess(&action).rules;
            hits.into_iter().map(|hit| (hit.rule, hit.verdict, hit.reason)).collect::<Vec<_>>()
        };
        let params = json!({"amount": 1, "currency": "EUR"});
        let stranger = ("no-strangers".to_owned(), Verdict::Block, "who are you".to_owned());
        assert_eq!(hits(json!({"tool": "refund", "params": params})), [stranger]);
        assert_eq!(hits(json!({"tool": "refund", "params": params, "user": "ana"})), []);
        let much =
            ("mind-the-amount".to_owned(), Verdict::RequireApproval, "that is much".to_owned());
        assert_eq!(hits(json!({"tool": "notify", "value": "10.01"})), [much]);
        assert_eq!(hits(json!({"tool": "notify", "value": "10"})), []);
    }
}

mod inspection {
    use super::*;

    fn of(tool: &str, params: &Serde) -> (bool, usize) {
        let inspected = assess(&json!({"tool": tool, "params": params})).inspected;
        (inspected.proven_read, inspected.exceeds.len())
    }

    #[test]
    fn proves_reads_of_unknown_tools_only() {
        assert_eq!(of("list_orders", &json!({"customer": "c1"})), (true, 0));
        assert_eq!(of("delete_orders", &json!({"customer": "c1"})), (false, 0));
        assert_eq!(of("crm.list_orders", &json!({"customer": "c1"})), (false, 0));
    }

    #[test]
    fn holds_a_call_against_what_its_class_declares() {
        let query = |sql: &str| of("crm.query", &json!({ "sql": sql }));
        assert_eq!(query("SELECT 1"), (false, 0));
        assert_eq!(query("DELETE FROM orders"), (false, 1));
    }

    #[test]
    fn finds_confusable_names() {
        let (_, reasons) = of("list_оrders", &json!({}));
        assert!(reasons > 0);
    }
}

mod payload {
    use super::*;

    #[test]
    fn has_no_secret_and_is_named_by_its_digest() {
        let call = |iban: &str| json!({"tool": "refund", "params": {"amount": 1, "currency": "EUR", "iban": iban}});
        let [first, again, other] =
            ["DE02", "DE02", "DE03"].map(|iban| assessed(&call(iban)).payload);
        let text = first.action.canonical();
        assert!(!text.contains("DE02") && text.contains("\"currency\":\"EUR\""), "{text}");
        assert_eq!(first.digest, again.digest);
        assert_ne!(first.digest, other.digest, "another secret is another action");
        let evidence = assessed(&json!({"tool": "list_orders"})).payload.evidence;
        assert!(evidence.canonical().contains("reads"), "{}", evidence.canonical());
    }
}

mod policy {
    use super::*;

    #[test]
    fn is_named_by_its_files_and_their_names() {
        let load = |files: &[PolicyFile]| Policy::load(files).unwrap();
        let ours = files(TOML, CEDAR);
        let policy = load(&ours);
        assert_eq!(policy.files(), ours);
        let digest = policy.terms().policy;
        assert_eq!(load(&ours).terms().policy, digest);
        assert_ne!(load(&ours[..1]).terms().policy, digest);
        assert_ne!(load(&files(&format!("{TOML}\n"), CEDAR)).terms().policy, digest);
        let mut renamed = ours;
        renamed[1].name = "other.cedar".to_owned();
        assert_ne!(load(&renamed).terms().policy, digest);
    }

    #[test]
    fn without_files_knows_no_class() {
        let policy = Policy::load(&[]).unwrap();
        assert!(policy.class_of("refund").is_none() && policy.files().is_empty());
        assert_eq!(policy.terms().policy, placet_core::Terms::default().policy);
    }

    #[test]
    fn has_the_schema_of_its_classes() {
        let schema = policy().cedar_schema();
        assert!(schema.contains("refund") && schema.contains("count"), "{schema}");
    }

    #[test]
    fn shows_where_a_rule_is_wrong_and_what_to_write() {
        let cedar = "@id(\"x\") @verdict(\"block\") @reason(\"y\")\n\
                     forbid(principal, action == Action::\"refnd\", resource);";
        let wrong = Policy::load(&files(TOML, cedar)).unwrap_err();
        let first = wrong.iter().next().unwrap();
        assert_eq!((first.file.as_ref(), first.line), ("rules.cedar", 2));
        assert!(!first.message.is_empty() && !first.remedy.is_empty(), "{first:?}");
    }

    #[test]
    fn warns_of_what_may_not_be_meant() {
        assert!(policy().warnings().iter().next().is_none());
    }
}

/// What an MCP server says of its tool comes with the action, in its context, whoever wrote that.
#[test]
fn what_a_server_says_of_its_tool_can_only_tighten() {
    let proven = |tool: &str, context: Serde| {
        let assessed = assess(&json!({ "tool": tool, "context": context }));
        assessed.inspected.proven_read
    };
    let hints = |hints: Serde| json!({ "mcp": { "annotations": hints } });
    for harmless in [
        json!({}),
        hints(json!({})),
        hints(json!({ "readOnlyHint": true })),
        hints(json!({ "readOnlyHint": true, "destructiveHint": true })),
        hints(json!({ "destructiveHint": false, "openWorldHint": true })),
        hints(json!("readOnlyHint")),
        hints(json!({ "destructiveHint": "no" })),
    ] {
        assert!(proven("get_user", harmless.clone()), "{harmless}");
        assert!(!proven("frobnicate", harmless.clone()), "{harmless}");
    }
    for contrary in [
        hints(json!({ "readOnlyHint": false })),
        hints(json!({ "destructiveHint": true })),
        hints(json!({ "readOnlyHint": false, "destructiveHint": false })),
    ] {
        assert!(!proven("get_user", contrary.clone()), "{contrary}");
    }
    let claimed = hints(json!({ "readOnlyHint": true }));
    let action = action(&json!({ "tool": "frobnicate", "context": claimed }));
    assert!(
        policy().inspect(&action).effects().is_empty(),
        "no rule sees a read that is only said"
    );
}
