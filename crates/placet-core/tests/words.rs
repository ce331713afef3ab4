//! The small things with a text form: scopes, ids, names, times and durations.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod common;

use std::time::Duration;

use common::ms;
use placet_core::time::human_duration;
use placet_core::{
    ActionId, AgentId, ApprovalId, AutonomyState, CheckName, Mode, RiskTier, Scope, Target,
    TenantId, Timestamp, ToolName, Verdict,
};
use proptest::prelude::*;
use serde::Serialize;

mod scopes {
    use super::*;

    #[test]
    fn are_written_as_the_wire_says() {
        let tenant = || Some("acme".parse::<TenantId>().unwrap());
        let agent = || Target::Agent("ada".parse::<AgentId>().unwrap());
        let tool = || Target::Tool("refund".parse::<ToolName>().unwrap());
        for (text, scope) in [
            ("all", Scope::ALL),
            ("tenant:acme", Scope { tenant: tenant(), target: Target::Everything }),
            ("agent:ada", Scope { tenant: None, target: agent() }),
            ("tool:refund", Scope { tenant: None, target: tool() }),
            ("tenant:acme/agent:ada", Scope { tenant: tenant(), target: agent() }),
            ("tenant:acme/tool:refund", Scope { tenant: tenant(), target: tool() }),
        ] {
            assert_eq!(text.parse(), Ok(scope.clone()));
            assert_eq!(scope.to_string(), text);
            assert_eq!(serde_json::to_value(&scope).unwrap(), text);
        }
    }

    #[test]
    fn refuse_what_is_none() {
        let table: String = [
            "",
            "ALL",
            "all ",
            "refund",
            "class:refund",
            "tool",
            "tool:",
            "agent:",
            "tenant:",
            "tenant:/tool:x",
            "tenant:acme/",
            "tenant:acme/all",
            "tenant:acme/tenant:b",
            "tool:a\u{7}",
            "a\u{1b}[2J:b",
        ]
        .iter()
        .map(|text| format!("{text:?}\n  {}\n", text.parse::<Scope>().unwrap_err()))
        .collect();
        insta::assert_snapshot!(table);
        let error = "z".repeat(100_000).parse::<Scope>().unwrap_err().to_string();
        assert!(error.len() < 200);
    }

    proptest! {
        #[test]
        fn read_what_they_write(
            tenant in prop::option::of("[^/\\p{Cc}]{1,8}"),
            target in prop::option::of((any::<bool>(), "(all|tenant:|agent:|tool:|/|:){0,3}[^\\p{Cc}]{1,8}")),
        ) {
            let target = match target {
                None => Target::Everything,
                Some((true, name)) => Target::Agent(name.parse().unwrap()),
                Some((false, name)) => Target::Tool(name.parse().unwrap()),
            };
            let tenant = tenant.map(|name| name.parse().unwrap());
            let scope = Scope { tenant, target };
            prop_assert_eq!(scope.to_string().parse(), Ok(scope));
        }
    }
}

mod ids {
    use super::*;

    const UUID: &str = "0198c2f4-0000-7000-8000-00000000002a";

    #[test]
    fn carry_the_prefix_of_their_kind() {
        let action: ActionId = format!("act_{UUID}").parse().unwrap();
        let approval: ApprovalId = format!("apr_{UUID}").parse().unwrap();
        assert_eq!(action.to_string(), format!("act_{UUID}"));
        assert_eq!(action.uuid(), approval.uuid());
        assert!(format!("act_{UUID}").parse::<ApprovalId>().is_err());
        let read: ActionId = serde_json::from_str(&format!("\"act_{UUID}\"")).unwrap();
        assert_eq!(read, action);
    }

    #[test]
    fn have_one_text_and_no_other() {
        let simple = UUID.replace('-', "");
        for text in [
            String::new(),
            "act_".into(),
            UUID.into(),
            format!("ACT_{UUID}"),
            format!("act_{simple}"),
            format!("act_{{{UUID}}}"),
            format!("act_{UUID} "),
            format!("act_urn:uuid:{UUID}"),
            format!("act_{}", UUID.replace('a', "A")),
            format!("act_{}", UUID.replace('a', "g")),
        ] {
            let error = text.parse::<ActionId>().unwrap_err().to_string();
            assert!(error.ends_with("it should look like \"act_0198c2f4-…\""), "{error}");
        }
    }
}

mod times {
    use super::*;

    #[test]
    fn are_written_in_utc_with_milliseconds() {
        for (at, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
            (1_769_851_800_007, "2026-01-31T09:30:00.007Z"),
            (i64::MIN, "0000-01-01T00:00:00.000Z"),
            (i64::MAX, "9999-12-30T21:59:59.999Z"),
        ] {
            assert_eq!(ms(at).to_string(), text);
            assert_eq!(text.parse(), Ok(ms(at)));
        }
    }

    #[test]
    fn are_read_with_any_offset_and_cut_to_the_millisecond() {
        let at: Timestamp = "2026-01-31T10:30:00.0079+01:00".parse().unwrap();
        assert_eq!(at.to_string(), "2026-01-31T09:30:00.007Z");
    }

    #[test]
    fn refuse_what_is_none() {
        for text in ["", "now", "2026-01-31", "2026-01-31T09:30:00", "2026-02-30T00:00:00Z", "0"] {
            let error = text.parse::<Timestamp>().unwrap_err().to_string();
            let end = "is not a time; write RFC 3339 in UTC, like \"2026-01-31T09:30:00.000Z\"";
            assert_eq!(error, format!("{text:?} {end}"));
        }
        let error = serde_json::from_str::<Timestamp>("0").unwrap_err().to_string();
        assert!(error.contains("expected a time such as"), "{error}");
    }

    #[test]
    fn stop_at_the_ends_of_what_can_be_written() {
        let end = ms(i64::MAX);
        assert_eq!(end.saturating_add(Duration::from_millis(1)), end);
        assert_eq!(ms(0).saturating_add(Duration::MAX), end);
        assert_eq!(ms(5).saturating_add(Duration::from_millis(7)), ms(12));
        assert_eq!(ms(12).since(ms(5)), Duration::from_millis(7));
        assert_eq!(ms(5).since(ms(12)), Duration::ZERO);
    }

    proptest! {
        #[test]
        fn read_what_they_write(at in any::<i64>()) {
            let at = ms(at);
            prop_assert_eq!(at.to_string().parse(), Ok(at));
            let text = serde_json::to_string(&at).unwrap();
            prop_assert_eq!(serde_json::from_str::<Timestamp>(&text).unwrap(), at);
        }

        #[test]
        fn sort_as_their_texts_do(a in any::<i64>(), b in any::<i64>()) {
            prop_assert_eq!(ms(a).cmp(&ms(b)), ms(a).to_string().cmp(&ms(b).to_string()));
        }
    }
}

#[test]
fn durations_are_written_in_the_largest_unit_that_fits() {
    for (duration, text) in [
        (0, "0ms"),
        (1, "1ms"),
        (999, "999ms"),
        (1_000, "1s"),
        (1_001, "1001ms"),
        (90_000, "90s"),
        (60_000, "1m"),
        (900_000, "15m"),
        (3_600_000, "1h"),
        (5_400_000, "90m"),
        (86_400_000, "1d"),
        (90_000_000, "25h"),
        (7 * 86_400_000, "7d"),
    ] {
        assert_eq!(human_duration(Duration::from_millis(duration)), text);
    }
}

#[test]
fn every_word_is_the_one_on_the_wire() {
    fn same(word: impl Serialize, text: &str) {
        assert_eq!(serde_json::to_value(word).unwrap(), text);
    }
    for verdict in [Verdict::Allow, Verdict::RequireApproval, Verdict::Block] {
        same(verdict, verdict.as_str());
        assert_eq!(verdict.to_string(), verdict.as_str());
    }
    for mode in [Mode::Shadow, Mode::Sample, Mode::Enforce] {
        same(mode, mode.as_str());
    }
    for risk in [RiskTier::Read, RiskTier::ReversibleWrite, RiskTier::Consequential] {
        same(risk, risk.as_str());
        assert_eq!(risk.to_string(), risk.as_str());
    }
    for state in [AutonomyState::Manual, AutonomyState::Supervised, AutonomyState::Autonomous] {
        same(state, state.as_str());
        assert_eq!(state.to_string(), state.as_str());
    }
    use placet_core::terms::Per;
    for per in [Per::Tenant, Per::Agent, Per::Class] {
        same(per, per.as_str());
    }
    let checks = [
        CheckName::KillSwitch,
        CheckName::Input,
        CheckName::Class,
        CheckName::HardCap,
        CheckName::Risk,
        CheckName::Value,
        CheckName::Autonomy,
        CheckName::Consequential,
        CheckName::Budget,
        CheckName::Rule,
        CheckName::Inspection,
        CheckName::CoolDown,
        CheckName::Caller,
    ];
    assert!(checks.is_sorted());
    for check in checks {
        same(check, check.as_str());
        assert_eq!(check.to_string(), check.as_str());
    }
    assert_eq!(format!("[{:>6}]", Verdict::Allow), "[ allow]");
}

#[test]
fn the_lattice_is_allow_then_approval_then_block() {
    assert!(Verdict::Allow < Verdict::RequireApproval);
    assert!(Verdict::RequireApproval < Verdict::Block);
}

#[test]
fn names_read_from_json_obey_the_same_rules() {
    let read = serde_json::from_str::<TenantId>;
    assert_eq!(read("\"acme\"").unwrap(), "acme".parse().unwrap());
    for text in ["\"\"", "\"a/b\"", "\"a\\u0000\"", "5", "null"] {
        assert!(read(text).is_err(), "{text}");
    }
    assert!(serde_json::from_str::<ToolName>("\"a/b\"").is_ok());
}
