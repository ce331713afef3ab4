//! Every way to get a policy wrong, and what the author then reads.
//!
//! Each test renders a table of bad policies into one snapshot, to be reviewed as a text.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use placet_core::digest::{Digest, Domain};
use placet_policy::file;

/// What is said of each text below `version = 1`; warnings of those that pass are included.
fn said(bodies: &[&str]) -> String {
    bodies
        .iter()
        .map(|body| said_of(&format!("version = 1\n{body}")))
        .collect::<Vec<_>>()
        .join("\n---\n\n")
}

fn said_of(text: &str) -> String {
    match file::parse("policy.toml", text, Digest::of(Domain::Policy, b"")) {
        Err(found) => found.render(text),
        Ok(doc) => {
            let warnings: Vec<String> =
                doc.warnings.iter().map(|warning| warning.render(text)).collect();
            format!("(accepted)\n{}", warnings.join("\n"))
        }
    }
}

/// A class with these lines.
fn class(lines: &str) -> String {
    format!("[actions.pay]\nrisk = \"reversible_write\"\n{lines}")
}

fn said_of_classes(lines: &[&str]) -> String {
    let bodies: Vec<String> = lines.iter().map(|lines| class(lines)).collect();
    said(&bodies.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn not_toml() {
    insta::assert_snapshot!(said(&[
        "mode = shadow",
        "mode =",
        "mode = \nkill_switch = ]",
        "mode = \"shadow\"\nmode = \"enforce\"",
        "[actions.a]\nrisk = \"read\"\n[actions.a]\nrisk = \"read\"",
        "cool_down = \"15m",
        &format!("x = {}", "[".repeat(200)),
    ]));
}

#[test]
fn version() {
    let texts = [
        "",
        "mode = \"shadow\"",
        "version = 2\nnew_key = 1",
        "version = \"1\"",
        "\u{feff}version = 0",
    ];
    insta::assert_snapshot!(texts.map(said_of).join("\n---\n\n"));
}

#[test]
fn unknown_keys() {
    insta::assert_snapshot!(said(&[
        "unclasified = \"block\"",
        "frobnicate = true",
        "[actions.pay]\nrisk = \"read\"\nauto_capp = \"1\"",
        "[actions.pay]\nrisk = \"read\"\napproval = { qorum = 2 }",
        "[[budgets]]\nwindow = \"1h\"\ncount = 1\nlimit = 3",
        "[graduation.supervized]\npass_rate = 1",
        "[graduation.supervised]\npass_rate = 1\nmin_samples = 1\nmin_sample = 1",
    ]));
}

#[test]
fn wrong_types() {
    insta::assert_snapshot!(said(&[
        "mode = 3",
        "mode = \"enforced\"",
        "unclassified = \"whatever\"",
        "cool_down = 15",
        "actions = [\"pay\"]",
        "[actions]\npay = \"read\"",
        "budgets = { window = \"1h\" }",
        "budgets = [1]",
        "graduation = 0.9",
    ]));
}

#[test]
fn words_in_classes() {
    insta::assert_snapshot!(said(&[
        "[actions.pay]",
        "[actions.pay]\nrisk = \"reversible\"",
        "[actions.pay]\nrisk = \"read\"\nmax_state = \"full\"",
        "[actions.pay]\nrisk = true",
    ]));
}

#[test]
fn durations() {
    insta::assert_snapshot!(said(&[
        "cool_down = \"\"",
        "cool_down = \"15\"",
        "cool_down = \"15 m\"",
        "cool_down = \"30s5m\"",
        "cool_down = \"32d\"",
        "cool_down = \"-1m\"",
        "cool_down = \"99999999999999999999d\"",
    ]));
}

#[test]
fn sampling() {
    insta::assert_snapshot!(said(&[
        "mode = \"sample\"",
        "mode = \"sample\"\nsample = 1.5",
        "mode = \"sample\"\nsample = \"101%\"",
        "mode = \"sample\"\nsample = 0.00001",
        "mode = \"sample\"\nsample = nan",
        "mode = \"sample\"\nsample = \"half\"",
        "mode = \"sample\"\nsample = 0",
        "mode = \"shadow\"\nsample = \"25%\"",
    ]));
}

#[test]
fn caps() {
    insta::assert_snapshot!(said_of_classes(&[
        "value = \"/amount\"\nauto_cap = \"1000.01\"\nhard_cap = \"1000\"",
        "value = \"/amount\"\nhard_cap = \"-5\"",
        "value = \"/amount\"\nhard_cap = -5",
        "value = \"/amount\"\nhard_cap = 99.5",
        "value = \"/amount\"\nhard_cap = \"1,000\"",
        "value = \"/amount\"\nhard_cap = \"1000000000000000\"",
        "value = \"/amount\"\nhard_cap = 99999999999999999999999999999999999999999999",
        "value = \"/amount\"\nhard_cap = true",
        "value = \"/amount\"\nauto_cap = \"1\"\nmax_state = \"manual\"",
        "hard_cap = \"100\"",
    ]));
}

#[test]
fn caps_and_risk() {
    insta::assert_snapshot!(said(&[
        "[actions.look]\nrisk = \"read\"\nauto_cap = \"1\"\nhard_cap = \"2\"",
        "[actions.drop]\nrisk = \"consequential\"\nmax_state = \"autonomous\"",
    ]));
}

#[test]
fn pointers_and_currencies() {
    insta::assert_snapshot!(said_of_classes(&[
        "value = \"amount\"",
        "value = \"order.amount\"",
        "value = \"\"",
        "value = \"/a~b\"",
        "currency = \"/currency\"",
        "value = \"/amount\"\ncurrency = \"/currency\"\nhard_cap = \"9\"",
        "value = \"/amount\"\ncurrencies = [\"USD\"]",
        "value = \"/amount\"\ncurrency = \"/c\"\ncurrencies = [\"dollars of sorts\", \"usd\"]",
        "value = \"/amount\"\ncurrency = \"/c\"\ncurrencies = []",
        "value = \"/card/amount\"\nsecret = [\"/card\", \"/card\", \"number\"]",
    ]));
}

#[test]
fn approvals() {
    insta::assert_snapshot!(said_of_classes(&[
        "approval = \"finance\"",
        "approval = { quorum = 0 }",
        "approval = { quorum = 101 }",
        "approval = { groups = [] }",
        "approval = { groups = [\"\", 3] }",
        "approval = { deadline = \"0s\" }",
        "approval = { deadline = \"32d\" }",
        "approval = { fields = [\"why\", \"why\"] }",
        "approval = { fields = [\"approved\"] }",
        "approval = { least_length = 5000 }",
    ]));
}

#[test]
fn params() {
    insta::assert_snapshot!(said_of_classes(&[
        "params = [\"amount\"]",
        "params = { amount = \"decimals\", note = \"text\", n = 1 }",
    ]));
}

#[test]
fn same_names() {
    insta::assert_snapshot!(said(&[
        "[actions.a]\nrisk = \"read\"\naliases = [\"b\"]\n[actions.b]\nrisk = \"read\"",
        "[actions.a]\nrisk = \"read\"\naliases = [\"c\"]\n[actions.b]\nrisk = \"read\"\naliases = [\"c\"]",
        "[actions.a]\nrisk = \"read\"\naliases = [\"a\", \"d\", \"d\"]",
        "[actions.a]\nrisk = \"read\"\naliases = [\"b*\"]",
    ]));
}

#[test]
fn names_that_look_alike() {
    insta::assert_snapshot!(said(&[
        "[actions.issue_refund]\nrisk = \"read\"\n[actions.\"issue_refսnd\"]\nrisk = \"read\"",
        "[actions.get_v1]\nrisk = \"read\"\n[actions.get_vl]\nrisk = \"read\"",
        "[actions.issue_refund]\nrisk = \"read\"\n[actions.Issue_Refund]\nrisk = \"read\"",
        "[actions.a]\nrisk = \"read\"\naliases = [\"issue_rеfund\"]",
        "[actions.\"issue\\u200b_refund\"]\nrisk = \"read\"",
        "[actions.\"issue\\u202e_refund\"]\nrisk = \"read\"",
        "[actions.\"issue\\u00a0refund\"]\nrisk = \"read\"",
        "[actions.\" issue\"]\nrisk = \"read\"",
        "[actions.\"\\u0007\"]\nrisk = \"read\"",
        "[actions.\"\"]\nrisk = \"read\"",
        "[actions.\"返金_refund\"]\nrisk = \"read\"",
        "[actions.\"возврат\"]\nrisk = \"read\"",
    ]));
}

#[test]
fn patterns() {
    insta::assert_snapshot!(said(&[
        "[actions.\"github.*\"]\nrisk = \"read\"\n[actions.\"*_create\"]\nrisk = \"read\"",
        "[actions.\"a*x*b\"]\nrisk = \"read\"\n[actions.\"a*y*b\"]\nrisk = \"read\"",
        "[actions.\"a*\"]\nrisk = \"read\"\n[actions.\"b*\"]\nrisk = \"read\"",
        "[actions.\"a**b***\"]\nrisk = \"read\"",
    ]));
}

#[test]
fn budgets() {
    let budgets = [
        "",
        "window = \"1h\"",
        "count = 1",
        "window = \"500ms\"\ncount = 1",
        "window = \"367d\"\ncount = 1",
        "window = \"1h\"\ncount = 0",
        "window = \"1h\"\nvalue = \"-1\"",
        "window = \"1h\"\ncount = 1\nover = \"allow\"",
        "window = \"1h\"\ncount = 1\nper = \"person\"",
        "window = \"1h\"\ncount = 1\nactions = []",
        "window = \"1h\"\ncount = 1\nactions = [\"pai\", \"payments.pay\", \"quite different\"]",
        "window = \"1h\"\ncount = 1\nname = \"budget-2\"\n[[budgets]]\nwindow = \"1h\"\ncount = 2",
    ];
    let budgets: Vec<String> = budgets
        .iter()
        .map(|lines| format!("{}[[budgets]]\n{lines}", class("aliases = [\"payments.pay\"]\n")))
        .collect();
    insta::assert_snapshot!(said(&budgets.iter().map(String::as_str).collect::<Vec<_>>()));
}

#[test]
fn thresholds() {
    let steps = [
        "supervised = { pass_rate = 1.01, min_samples = 1 }",
        "supervised = { pass_rate = -0.5, min_samples = 1 }",
        "supervised = { pass_rate = nan, adversarial_pass_rate = inf, min_samples = 1 }",
        "supervised = { pass_rate = 0.12345678, min_samples = 1 }",
        "supervised = { pass_rate = 1e-1, min_samples = 1 }",
        "supervised = { pass_rate = 0.9, min_samples = 0 }",
        "supervised = { pass_rate = 0.9 }",
        "supervised = { pass_rate = 0.9, min_samples = 1001 }",
        "window = 10\nsupervised = { pass_rate = 0.9, min_samples = 11 }",
        "window = 0",
        "ratification_quorum = 0",
        "sources = [\"evals\", \"evals\"]",
        "autonomous = { pass_rate = 0.9, min_samples = 1 }",
        "supervised = { pass_rate = 0.9, adversarial_pass_rate = 0.5, min_samples = 9 }\n\
         autonomous = { pass_rate = 0.8, adversarial_pass_rate = 0.4, min_samples = 8 }",
    ];
    let steps: Vec<String> = steps.iter().map(|lines| format!("[graduation]\n{lines}")).collect();
    insta::assert_snapshot!(said(&steps.iter().map(String::as_str).collect::<Vec<_>>()));
}

#[test]
fn states_without_thresholds() {
    insta::assert_snapshot!(said(&[
        "[actions.pay]\nrisk = \"reversible_write\"\nmax_state = \"supervised\"",
        "[actions.pay]\nrisk = \"reversible_write\"\nmax_state = \"autonomous\"\n\
         [graduation.supervised]\npass_rate = 0.9\nmin_samples = 1",
    ]));
}

#[test]
fn too_many() {
    let classes: String =
        (0..20_001).map(|i| format!("[actions.a{i}z]\nrisk = \"read\"\n")).collect();
    let budgets = "[[budgets]]\nwindow = \"1h\"\ncount = 1\n".repeat(1_001);
    let groups: Vec<String> = (0..101).map(|i| format!("\"g{i}\"")).collect();
    let groups = class(&format!("approval = {{ groups = [{}] }}", groups.join(", ")));
    insta::assert_snapshot!(said(&[&classes, &budgets, &groups]));
}
