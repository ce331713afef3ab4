//! A policy file means what its author wrote, or says what is wrong with it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on should stop"
)]

use std::time::Duration;

use placet_core::class::{AutonomyState, RiskTier};
use placet_core::digest::{Digest, Domain};
use placet_core::mode::{Mode, Share};
use placet_core::terms::{Defaults, Per, Unclassified};
use placet_core::{Terms, Verdict};
use placet_policy::file::{self, PolicyDoc, Severity};
use placet_policy::limits::{MAX_CLASSES, MAX_LIST, MAX_SHOWN_CHARS};
use placet_policy::params::{ParamKind, ParamType};

const FULL: &str = r#"
version = 1
mode = "sample"
sample = 0.25
unclassified = "inspect"
defaults = "permissive"
kill_switch = "require_approval"
cool_down = "1h30m"

[actions.issue_refund]
risk       = "reversible_write"
value      = "/amount"
currency   = "/currency"
currencies = ["USD", "EUR"]
auto_cap   = "99.50"
hard_cap   = 1_000
max_state  = "supervised"
approval   = { quorum = 2, groups = ["finance"], deadline = "2h", fields = ["why"], least_length = 5 }
aliases    = ["payments.refund"]
secret     = ["/card/number"]
params     = { amount = "decimal", note = "string?", tags = "strings", n = "long", urgent = "boolean?" }

[actions."github.delete_*"]
risk = "consequential"

[[budgets]]
name    = "refunds"
actions = ["issue_refund", "github.delete_*"]
per     = "tenant"
window  = "24h"
value   = "5000"
over    = "block"

[[budgets]]
window = "60s"
count  = 100

[graduation]
window = 500
sources = ["outcomes", "nightly-evals"]
ratification_quorum = 2

[graduation.supervised]
pass_rate = 0.95
adversarial_pass_rate = 0.5
min_samples = 50

[graduation.autonomous]
pass_rate = "99.5%"
min_samples = 500
"#;

fn digest() -> Digest {
    Digest::of(Domain::Policy, b"test")
}

fn parse(text: &str) -> PolicyDoc {
    file::parse("policy.toml", text, digest())
        .unwrap_or_else(|found| panic!("{}", found.render(text)))
}

fn refused(text: &str) -> String {
    file::parse("policy.toml", text, digest()).unwrap_err().render(text)
}

#[test]
fn every_key_arrives_in_the_terms() {
    let doc = parse(FULL);
    let terms = &doc.terms;
    assert_eq!(terms.policy, digest());
    assert_eq!(terms.mode, Mode::Sample);
    assert_eq!(terms.sample, Share::of_ten_thousand(2_500).unwrap());
    assert_eq!(terms.unclassified, Unclassified::Inspect);
    assert_eq!(terms.defaults, Defaults::Permissive);
    assert_eq!(terms.kill_switch, Verdict::RequireApproval);
    assert_eq!(terms.cool_down, Duration::from_secs(5_400));
    insta::assert_debug_snapshot!("every_class", terms.classes);
    insta::assert_debug_snapshot!("every_budget", terms.budgets);
    insta::assert_debug_snapshot!("every_threshold", terms.graduation);
}

#[test]
fn params_and_aliases_arrive_beside_the_terms() {
    let doc = parse(FULL);
    let of = |kind, optional| ParamType { kind, optional };
    let params: Vec<_> =
        doc.params["issue_refund"].iter().map(|(name, of)| (name.as_str(), *of)).collect();
    assert_eq!(
        params,
        [
            ("amount", of(ParamKind::Decimal, false)),
            ("n", of(ParamKind::Long, false)),
            ("note", of(ParamKind::String, true)),
            ("tags", of(ParamKind::Strings, false)),
            ("urgent", of(ParamKind::Boolean, true)),
        ]
    );
    assert!(!doc.params.contains_key("github.delete_*"));
    assert_eq!(doc.aliases["payments.refund"].as_str(), "issue_refund");
    let class = |tool| doc.matcher.class_of(tool).map(|class| class.name.as_str().to_owned());
    assert_eq!(class("payments.refund").as_deref(), Some("issue_refund"));
    assert_eq!(class("github.delete_repo").as_deref(), Some("github.delete_*"));
    assert_eq!(class("github.create_repo"), None);
}

#[test]
fn a_silent_policy_is_strict() {
    let doc =
        parse("version = 1\n[actions.x]\nrisk = \"read\"\n[[budgets]]\nwindow = \"1s\"\ncount = 1");
    let class = doc.terms.classes.get("x").unwrap();
    assert_eq!(class.risk, RiskTier::Read);
    assert_eq!(class.max_state, AutonomyState::Autonomous);
    assert_eq!(class.approval, placet_core::ApprovalTerms::default());
    let budget = &doc.terms.budgets[0];
    assert_eq!(
        (budget.name.as_str(), budget.per, budget.over),
        ("budget-1", Per::Agent, Verdict::RequireApproval)
    );
    assert_eq!(budget.actions, None);
    let silent = Terms {
        policy: digest(),
        unclassified: Unclassified::RequireApproval,
        classes: doc.terms.classes.clone(),
        budgets: doc.terms.budgets.clone(),
        ..Terms::default()
    };
    assert_eq!(doc.terms, silent);
    assert_eq!(doc.warnings, []);
}

#[test]
fn warnings_do_not_stand_in_the_way() {
    let text = "version = 1\nsample = 0.5\n[actions.refund]\nrisk = \"consequential\"\nmax_state = \"autonomous\"";
    let doc = parse(text);
    assert!(doc.warnings.iter().all(|warning| warning.severity == Severity::Warning));
    let lines: Vec<_> = doc.warnings.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn all_errors_of_a_file_come_at_once_in_its_order() {
    let text = r#"version = 1
mod = "shadow"
[actions.a]
risk = "red"
auto_cap = "10"
hard_cap = "9"
[actions.b]
[[budgets]]
actions = ["c"]
window = "0s"
over = "allow"
"#;
    insta::assert_snapshot!(file::parse("policy.toml", text, digest()).unwrap_err().to_string());
}

#[test]
fn diagnostics_are_json_too() {
    let found = file::parse("p.toml", "version = 1\nmode = 3", digest()).unwrap_err();
    insta::assert_snapshot!(serde_json::to_string_pretty(&found).unwrap());
}

#[test]
fn a_long_line_is_shown_around_the_place_and_without_what_moves_a_cursor() {
    let text = "version = 1\nactions = { a = { risk = \"read\" },  \u{1b}[31mx = 1 }";
    insta::assert_snapshot!("escape_is_not_shown", refused(text));
    let list: Vec<String> = (0..40).map(|i| format!("tool_{i} = {{ risk = \"read\" }}")).collect();
    let text =
        format!("version = 1\nactions = {{ {}, \tbad = {{ risky = \"read\" }} }}", list.join(", "));
    insta::assert_snapshot!("long_line", refused(&text));
}

#[test]
fn too_long_a_file_is_refused_unread() {
    let text = format!("version = 1 #{}", "x".repeat(placet_policy::limits::MAX_POLICY_BYTES));
    assert_eq!(
        file::parse("p.toml", &text, digest()).unwrap_err().to_string(),
        "p.toml:1:1: the file has 8388621 bytes; write at most 8388608"
    );
}

#[test]
fn a_first_policy_passes_with_advice() {
    let text = r#"version = 1
mode = "shadow"                      # shadow | sample | enforce
unclassified = "require_approval"    # require_approval | block | inspect

[actions.issue_refund]
risk     = "reversible_write"        # read | reversible_write | consequential
value    = "/amount"                 # JSON pointer into params
currency = "/currency"
auto_cap = "100"
hard_cap = "1000"
max_state = "autonomous"
approval = { quorum = 1, groups = ["finance"], deadline = "15m" }

[[budgets]]
actions = ["issue_refund"]
per = "agent"
window = "24h"
value = "5000"
over = "require_approval"

[graduation.supervised]
pass_rate = 0.95
adversarial_pass_rate = 0.0
min_samples = 50
"#;
    let doc = parse(text);
    let advice: Vec<_> = doc.warnings.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(advice.join("\n"));
}

#[test]
fn what_is_just_at_its_limit_is_accepted_without_a_word() {
    let pay = "[actions.pay]\nrisk = \"reversible_write\"\nvalue = \"/amount\"\n";
    let steps = "[graduation.supervised]\npass_rate = 0.9\nmin_samples = 10\n\
                 [graduation.autonomous]\npass_rate = 0.9\nmin_samples = 10\n";
    let groups: Vec<String> = (0..MAX_LIST).map(|number| format!("\"g{number}\"")).collect();
    for text in [
        // The caps are the same, and so are the bars of both steps.
        format!("{pay}auto_cap = \"10\"\nhard_cap = \"10\"\nmax_state = \"autonomous\"\n{steps}"),
        // It earns nothing, and nothing is said to earn.
        "[actions.wipe]\nrisk = \"consequential\"\nmax_state = \"manual\"\n".to_owned(),
        format!("{pay}approval = {{ groups = [{}] }}\n", groups.join(", ")),
    ] {
        let doc = parse(&format!("version = 1\n{text}"));
        let said: Vec<_> = doc.warnings.iter().map(ToString::to_string).collect();
        assert_eq!(said, [""; 0], "{text}");
    }
}

#[test]
fn as_many_classes_as_there_may_be_are_accepted() {
    let classes: String =
        (0..MAX_CLASSES).map(|number| format!("[actions.a{number}z]\nrisk = \"read\"\n")).collect();
    assert_eq!(parse(&format!("version = 1\n{classes}")).terms.classes.len(), MAX_CLASSES);
}

#[test]
fn a_currency_that_cannot_be_read_is_the_only_error() {
    let text = "version = 1\n[actions.pay]\nrisk = \"reversible_write\"\nvalue = \"/amount\"\n\
                currency = 5\ncurrencies = [\"USD\"]\nhard_cap = \"10\"\n";
    let found = file::parse("policy.toml", text, digest()).unwrap_err();
    assert_eq!((&found).into_iter().count(), 1, "{found}");
    assert!(found.to_string().contains("currency"), "{found}");
}

#[test]
fn a_line_that_is_just_as_long_as_what_is_shown_is_shown_whole() {
    let line = |length: usize| {
        let (begin, end) = ("x = { y = \"", "\", mode = 3 }");
        format!("{begin}{}{end}", "z".repeat(length - begin.len() - end.len()))
    };
    let shown = |length: usize| refused(&format!("version = 1\n{}", line(length)));
    assert!(shown(MAX_SHOWN_CHARS).contains(&line(MAX_SHOWN_CHARS)));
    assert!(!shown(MAX_SHOWN_CHARS + 1).contains(&line(MAX_SHOWN_CHARS + 1)));
}
