//! What arguments other than SQL and shell prove, and what follows for a class.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use placet_core::RiskTier;
use placet_core::json::{Json, Object};
use placet_policy::inspect::{
    Annotations, Call, Confidence, Effect, Inspection, Source, classify, inspect,
};
use proptest::prelude::*;
use serde_json::json;

fn call(tool: &str, params: &serde_json::Value) -> Inspection {
    let params = Json::parse(params.to_string().as_bytes()).unwrap();
    inspect(&Call { tool, params: params.as_object().unwrap(), annotations: None })
}

fn reads(tool: &str, params: &serde_json::Value) -> bool {
    call(tool, params).is_proven_read()
}

#[test]
fn an_http_call_is_what_its_method_says() {
    let request = |method: &str| {
        call("http_request", &json!({"method": method, "url": "https://api.example.com/v1/items"}))
    };
    assert!(request("GET").is_proven_read());
    assert!(request("head").is_proven_read());
    assert!(request("DELETE").effects().contains(Effect::Deletes));
    for method in ["POST", "PUT", "PATCH", "DELETE", "BREW", ""] {
        assert!(!request(method).is_proven_read(), "{method}");
    }
    assert!(!reads("http_request", &json!({"url": "https://example.com"})), "no method, no proof");
    assert!(reads("fetch", &json!({"url": "https://example.com/docs/page"})));
    assert!(!reads("fetch", &json!({"url": "https://example.com", "method": "POST"})));
    assert!(!reads("fetch", &json!({"url": "https://example.com", "body": {"a": 1}})));
    assert!(!reads(
        "fetch",
        &json!({"url": "https://example.com", "headers": {"X-HTTP-Method-Override": "DELETE"}})
    ));
}

#[test]
fn an_address_can_be_an_order() {
    let fetches = |url: &str| reads("fetch_url", &json!({ "url": url }));
    for url in [
        "https://example.com/items?page=2&sort=name",
        "https://example.com/docs/how-to-delete-a-branch-in-git",
        "https://en.wikipedia.org/wiki/Sunset",
        "http://example.com",
    ] {
        assert!(fetches(url), "{url}");
    }
    for url in [
        "https://example.com/?action=delete",
        "https://example.com/api?op=remove&id=5",
        "https://example.com/users/5/delete",
        "https://example.com/unsubscribe?u=1",
        "https://example.com/a?delete=5",
        "https://example.com/a?act%69on=d%65lete",
        "https://example.com/a/%64elete",
        "https://example.com/logout",
        "https://example.com/a?cmd=ｄelete",
    ] {
        assert!(!fetches(url), "{url}");
    }
}

#[test]
fn some_parameters_hold_addresses_without_a_scheme() {
    let text = "example.com/users/5/delete";
    for key in ["url", "uri", "urls", "endpoint", "href", "base_url"] {
        assert!(!reads("get_page", &json!({ key: text })), "{key}");
    }
    assert!(reads("get_page", &json!({ "page": text })));
}

#[test]
fn addresses_outside_the_house_are_read() {
    for host in [
        "93.184.216.34",
        "100.63.0.1",
        "100.128.0.1",
        "[2606:4700::1111]",
        "[::ffff:93.184.216.34]",
        "beef.cafe",
        "1.example",
        "0x7f.example",
        "7f.1",
    ] {
        assert!(reads("fetch_page", &json!({ "url": format!("http://{host}/") })), "{host}");
    }
    for host in [
        "[::]",
        "[fd00::1]",
        "[fe80::1]",
        "[::10.0.0.1]",
        "[::ffff:127.0.0.1]",
        "0x7f.0x1",
        "127.0x1",
        "0177.1",
        "10.1",
        "100.64.0.1",
        "100.127.0.1",
    ] {
        assert!(!reads("fetch_page", &json!({ "url": format!("http://{host}/") })), "{host}");
    }
}

#[test]
fn addresses_inside_the_house_are_not_just_read() {
    for url in [
        "http://169.254.169.254/latest/meta-data/",
        "http://localhost:8080/",
        "http://127.0.0.1",
        "http://10.0.0.1/x",
        "http://192.168.1.1",
        "http://[::1]/",
        "http://[::ffff:10.0.0.1]/",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://127.1/",
        "http://metadata.google.internal/",
        "http://printer.local/",
        "http://intranet/",
        "http://user:pass@example.com/",
        "http://example.com\\@10.0.0.1/",
        "file:///etc/shadow",
        "gopher://example.com",
        "http://0.0.0.0/",
        "http://10.0.0.1.nip.io/",
        "http://éxample.com",
        "http://LOCALHOST.",
        "http://100.100.100.200/",
        "https://kubernetes.default.svc.cluster.local",
    ] {
        for key in ["url", "page", "anything"] {
            let found = call("fetch_page", &json!({ key: url }));
            assert!(!found.is_proven_read(), "{key} {url}");
            assert!(found.exceeds(RiskTier::Read).is_some(), "{url}");
        }
    }
}

#[test]
fn reading_secrets_is_not_just_reading() {
    for key in ["path", "file_path", "filePath", "files", "name"] {
        assert!(!reads("read_file", &json!({ key: "/home/a/.ssh/id_ed25519" })), "{key}");
        assert!(!reads("read_file", &json!({ key: ["a.txt", "/etc/shadow"] })), "{key}");
        assert!(reads("read_file", &json!({ key: "/home/a/notes.txt" })), "{key}");
    }
    let found = call("read_file", &json!({"path": "~/.aws/credentials"}));
    assert_eq!(found.sensitive().len(), 1);
    assert!(found.exceeds(RiskTier::Read).is_some());
    assert_eq!(found.exceeds(RiskTier::ReversibleWrite), None);
}

#[test]
fn parameters_can_make_a_write_of_a_read() {
    assert!(reads(
        "get_report",
        &json!({"id": 7, "include_deleted": true, "sort_order": "desc", "page": 2})
    ));
    for params in [
        json!({"output_path": "/tmp/x.csv"}),
        json!({"saveTo": "x"}),
        json!({"delete_after": true}),
        json!({"deleteAfter": true}),
        json!({"mark_as_read": true}),
        json!({"create_if_missing": "true"}),
        json!({"action": "delete"}),
        json!({"operation": "DeleteAll"}),
        json!({"op": "remove"}),
        json!({"nested": {"deep": [{"action": "purge"}]}}),
        json!({"sql": "DROP TABLE t"}),
        json!({"query": "mutation { deleteUser(id: 1) { id } }"}),
        json!({"send_email": true}),
        json!({"code": "import os; os.remove('x')"}),
    ] {
        let found = call("get_report", &params);
        assert!(!found.is_proven_read(), "{params}: {found:?}");
    }
    for params in [
        json!({"delete_after": false}),
        json!({"action": "list"}),
        json!({"output_path": ""}),
        json!({"code": "US"}),
    ] {
        assert!(reads("get_report", &params), "{params}");
    }
}

#[test]
fn a_sum_is_no_program() {
    for sum in ["3131.1 + 4777.75", "(1 + 2) * 3 ^ 2", "sqrt(16) / pi", "1e9 - 5%", "-2 ** 2", ""] {
        assert!(reads("calculate", &json!({ "expression": sum })), "{sum}");
    }
    for code in [
        "__import__('os').system('rm x')",
        "open('x','w')",
        "().__class__",
        "a.b()",
        "exec(x)",
        "1; rm",
        "lambda: 0",
        "`rm`",
        "process.exit()",
        "[x for x in y]",
        "f\"{x}\"",
    ] {
        assert!(!reads("calculate", &json!({ "expression": code })), "{code}");
    }
}

#[test]
fn recipients_and_money_say_what_an_unknown_tool_does() {
    let found = call("frobnicate", &json!({"to": "a@example.com", "body": "hello"}));
    assert!(found.effects().contains(Effect::Sends));
    let found = call("frobnicate", &json!({"amount": "5", "currency": "EUR"}));
    assert!(found.effects().contains(Effect::Spends));
    assert!(
        reads("search_emails", &json!({"to": "a@example.com", "body": "hello"})),
        "a filter, not a letter"
    );
    assert!(reads("list_payments", &json!({"amount": 5, "currency": "EUR"})));
    for params in [
        json!({"to": "a@example.com"}),
        json!({"body": "hello"}),
        json!({"to": null, "body": "hello"}),
        json!({"amount": "5"}),
        json!({"currency": "EUR"}),
        json!({"amount": "5", "currency": null}),
        json!({"to": "a@example.com", "amount": "5"}),
    ] {
        let found = call("frobnicate", &params);
        let effects = found.effects();
        assert!(
            !effects.contains(Effect::Sends) && !effects.contains(Effect::Spends),
            "{params}: {found:?}"
        );
    }
}

#[test]
fn what_is_named_a_carrier_carries_nothing_where_there_are_no_arguments() {
    for name in ["request_quota", "api_request", "database", "run_sql", "execute_command"] {
        let found = call(name, &json!({}));
        assert_eq!(found.exceeds(RiskTier::Read), None, "{name}: its class says that it reads");
        assert!(!found.is_proven_read(), "{name}: but its name proves nothing");
        for params in [json!({"what": "x"}), json!({"id": 7}), json!({"nested": {}})] {
            let found = call(name, &params);
            assert!(found.exceeds(RiskTier::Read).is_some(), "{name} {params}");
        }
    }
}

#[test]
fn parts_of_a_request_count_only_in_one() {
    for (tool, params) in [
        ("fetch", json!({"url": "https://example.com", "body": {}})),
        ("get_user", json!({"body": {"a": 1}})),
        ("get_user", json!({"headers": {"X-HTTP-Method-Override": "DELETE"}})),
        ("bash", json!({"command": "ls", "env": {}})),
        ("bash", json!({"command": "ls", "cmd": {}})),
    ] {
        assert!(reads(tool, &params), "{tool} {params}");
    }
    for (tool, params) in [
        ("fetch", json!({"url": "https://example.com", "body": {"a": 1}})),
        ("get_user", json!({"url": "https://example.com", "body": {"a": 1}})),
        ("bash", json!({"command": "ls", "env": {"A": "b"}})),
        ("bash", json!({"command": "ls", "cmd": {"a": "b"}})),
    ] {
        assert!(!reads(tool, &params), "{tool} {params}");
    }
}

#[test]
fn what_cannot_be_seen_is_a_finding() {
    for tool in [
        "get_us\u{435}r",
        "g\u{435}t_user",
        "get_user\u{200b}",
        "get\u{202e}_user",
        "\u{ff47}et_user",
        "get_user\u{0}",
        "get_\u{3bf}rder",
    ] {
        let found = call(tool, &json!({}));
        assert!(!found.is_proven_read(), "{tool:?}");
        assert_eq!(found.confusables().len(), 1, "{tool:?}");
    }
    let folded = call("d\u{435}l\u{435}te_user", &json!({}));
    assert!(folded.effects().contains(Effect::Deletes), "folded before it is matched");
    assert!(!reads("get_user", &json!({"na\u{43c}\u{435}": "x"})));
    assert!(!reads("get_user", &json!({"name": "x\u{202e}y"})));
    assert!(
        reads("get_user", &json!({"name": "Zoë 🙋‍♀️ Ωmega Пётр"})),
        "names of people are written in all scripts"
    );
}

#[test]
fn hints_tighten_and_only_trusted_ones_prove() {
    let empty = Object::new();
    let with = |tool: &str, annotations: Annotations| {
        inspect(&Call { tool, params: &empty, annotations: Some(&annotations) })
    };
    let claims = Annotations { read_only: Some(true), ..Annotations::default() };
    let trusted = Annotations { trusted: true, ..claims };
    assert!(!with("frobnicate", claims).is_proven_read());
    assert!(with("frobnicate", trusted).is_proven_read());
    assert!(!with("delete_user", trusted).is_proven_read());
    assert!(with("get_user", claims).is_proven_read());
    for denial in [
        Annotations { read_only: Some(false), ..Annotations::default() },
        Annotations { destructive: Some(true), ..Annotations::default() },
    ] {
        assert!(!with("get_user", denial).is_proven_read(), "{denial:?}");
    }
    assert!(with("get_user", Annotations { open_world: Some(true), ..claims }).is_proven_read());
}

#[test]
fn a_class_is_exceeded_by_arguments_not_by_names() {
    assert_eq!(
        call("transfer_to_human_agents", &json!({"summary": "x"})).exceeds(RiskTier::Read),
        None
    );
    assert_eq!(
        call("send_money", &json!({"amount": 5, "currency": "EUR"})).exceeds(RiskTier::Read),
        None
    );
    let found = call("anything", &json!({"command": "rm -rf /"}));
    let reason = found.exceeds(RiskTier::Read).unwrap();
    assert!(reason.contains("deletes"), "{reason}");
    assert!(found.exceeds(RiskTier::ReversibleWrite).is_some());
    assert_eq!(found.exceeds(RiskTier::Consequential), None);
    assert!(call("anything", &json!({"code": "print(1)"})).exceeds(RiskTier::Read).is_some());
}

#[test]
fn classification_suggests_a_tier() {
    let suggest = |tool: &str| {
        let found = classify(&Call { tool, params: &Object::new(), annotations: None });
        (found.risk, found.confidence)
    };
    assert_eq!(suggest("get_user"), (RiskTier::Read, Confidence::Proven));
    assert_eq!(suggest("update_user"), (RiskTier::ReversibleWrite, Confidence::Likely));
    assert_eq!(suggest("delete_user"), (RiskTier::Consequential, Confidence::Likely));
    assert_eq!(suggest("pay_invoice"), (RiskTier::Consequential, Confidence::Likely));
    assert_eq!(suggest("grant_role"), (RiskTier::Consequential, Confidence::Likely));
    assert_eq!(suggest("frobnicate"), (RiskTier::Consequential, Confidence::Unknown));
}

#[test]
fn a_classification_is_readable_json() {
    let params = Json::parse(br#"{"command": "rm x"}"#).unwrap();
    let found =
        classify(&Call { tool: "bash", params: params.as_object().unwrap(), annotations: None });
    assert_eq!(
        serde_json::to_value(&found).unwrap(),
        json!({
            "tool": "bash", "risk": "consequential", "confidence": "likely", "effects": ["deletes"],
            "evidence": [{
                "effect": "deletes", "source": "shell", "pointer": "/command", "reason": "rm", "weight": "grave"
            }],
            "uninspectable": [], "sensitive": [], "confusables": []
        })
    );
}

#[test]
fn reasons_never_quote_values() {
    let secret = "hunter2hunter2";
    for params in [
        json!({"command": format!("mytool {secret}; rm {secret} > {secret}")}),
        json!({"sql": format!("DELETE FROM t WHERE p = '{secret}'")}),
        json!({"url": format!("http://user:{secret}@localhost/{secret}?delete={secret}")}),
        json!({"path": format!("/{secret}/.ssh/x")}),
        json!({"code": format!("f('{secret}')")}),
        json!({"action": format!("delete {secret}")}),
        json!({"method": secret, "url": "x"}),
        json!({"command": format!("kubectl {secret}")}),
        json!({"command": format!("aws iam {secret}")}),
        json!({"command": format!("git {secret}")}),
    ] {
        let text = serde_json::to_string(&call("tool", &params)).unwrap();
        assert!(!text.contains(secret), "{params}: {text}");
    }
}

#[test]
fn evidence_says_where() {
    let found = call("x", &json!({"a/b": [{"sql": "DROP TABLE t"}]}));
    let evidence = found.evidence().iter().find(|e| e.source == Source::Sql).unwrap();
    assert_eq!(evidence.pointer, "/a~1b/0/sql");
}

#[test]
fn bulk_is_not_waved_through() {
    let many: Vec<usize> = (0..20_000).collect();
    assert!(!reads("get_user", &json!({ "ids": many })));
    let some: Vec<usize> = (0..500).collect();
    assert!(reads("get_user", &json!({ "ids": some })));
    // The list itself is a value, too.
    for (items, is_read) in [(9_999, true), (10_000, false)] {
        let ids: Vec<usize> = (0..items).collect();
        assert_eq!(reads("get_user", &json!({ "ids": ids })), is_read, "{items}");
    }
}

#[test]
fn depth_is_followed_only_so_far() {
    for (lists, is_read) in [(63, true), (64, false)] {
        let value = (0..lists).fold(Json::Null, |inner, _| Json::Array(vec![inner]));
        let params = Object::from_entries(vec![("ids".to_owned(), value)]).unwrap();
        let found = inspect(&Call { tool: "get_user", params: &params, annotations: None });
        assert_eq!(found.is_proven_read(), is_read, "{lists}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_call_has_one_answer(tool in "\\PC{0,40}", key in "\\PC{0,12}", text in "\\PC{0,80}") {
        let params = json!({ key: text });
        prop_assert_eq!(call(&tool, &params), call(&tool, &params));
    }

    #[test]
    fn a_verb_that_acts_is_never_hidden_by_what_surrounds_it(
        before in "[a-z]{0,8}", after in "[a-z]{0,8}",
        verb in prop::sample::select(vec!["delete", "create", "send", "pay", "execute", "revoke", "cancel", "modify"]),
        separator in prop::sample::select(vec!["_", "-", ".", "/", "__", " "]),
    ) {
        prop_assume!(!["is", "are", "can", "has", "how", "did", "was", "will", "have", "what", "why", "who", "does", "when", "could", "should", "would", "were", "had", "exists", "contains", "where", "whom", "whose", "which"].contains(&before.as_str()));
        let tool = [before.as_str(), verb, after.as_str()].join(separator);
        prop_assert!(!reads(&tool, &json!({})), "{tool}");
    }
}
