//! Which class a tool falls into, compared with the plainest way to find out.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on should stop"
)]

use std::sync::Arc;

use placet_core::ClassName;
use placet_core::class::{ActionClass, ApprovalTerms, AutonomyState, RiskTier};
use placet_policy::matcher::{Conflict, Matcher};
use proptest::prelude::*;

fn class(name: &str) -> Arc<ActionClass> {
    Arc::new(ActionClass {
        name: ClassName::new(name).unwrap(),
        risk: RiskTier::Read,
        value: None,
        currency: None,
        currencies: Vec::new(),
        auto_cap: None,
        hard_cap: None,
        max_state: AutonomyState::Manual,
        approval: ApprovalTerms::default(),
        secret: Vec::new(),
    })
}

fn matcher(names: &[&str]) -> Result<Matcher, Vec<Conflict>> {
    let entries: Vec<_> = names.iter().map(|name| ((*name).to_owned(), class(name))).collect();
    Matcher::new(&entries)
}

fn found(names: &[&str], tool: &str) -> Option<String> {
    matcher(names).unwrap().class_of(tool).map(|class| class.name.to_string())
}

#[test]
fn the_most_specific_wins() {
    let names =
        ["*", "github.*", "github.delete_*", "github.delete_repo", "*_repo", "gith*te_repo"];
    let cases = [
        ("github.delete_repo", "github.delete_repo"),
        ("github.delete_file", "github.delete_*"),
        ("github.create", "github.*"),
        ("github.create_repo", "gith*te_repo"),
        ("gitlab.create_repo", "*_repo"),
        ("mail", "*"),
        ("", "*"),
    ];
    for (tool, class) in cases {
        assert_eq!(found(&names, tool).as_deref(), Some(class), "{tool:?}");
    }
}

#[test]
fn a_whole_name_counts() {
    let names = ["create_issue", "a*a", "é*è"];
    for tool in ["mcp__create_issue", "create_issue ", "Create_issue", "a", "e", "é", "\u{301}"] {
        assert_eq!(found(&names, tool), None, "{tool:?}");
    }
    assert_eq!(found(&names, "aa").as_deref(), Some("a*a"));
    assert_eq!(found(&names, "éè").as_deref(), Some("é*è"));
}

#[test]
fn what_nothing_decides_is_a_conflict() {
    let conflicts = |names: &[&str]| matcher(names).unwrap_err();
    let conflict = |first, second, tool: &str| Conflict { first, second, tool: tool.to_owned() };
    assert_eq!(conflicts(&["b", "a", "a"]), [conflict(1, 2, "a")]);
    assert_eq!(conflicts(&["ab*", "*cd"]), [conflict(0, 1, "abcd")]);
    assert_eq!(conflicts(&["a*c", "*", "*ac"]), [conflict(0, 2, "aac")]);
    assert_eq!(conflicts(&["a*x*", "a*y*"]), [conflict(0, 1, "axy")]);
}

#[test]
fn ten_thousand_patterns_of_one_rank_are_told_apart() {
    let shapes: [fn(usize) -> String; 4] = [
        |i| format!("server_{i:05}.*"),
        |i| format!("*.tool_{i:05}x"),
        |i| format!("mcp__*_x{i:05}"),
        |i| format!("mcp__{i:05}__*_all"),
    ];
    for shape in shapes {
        let names: Vec<String> = (0..10_000).map(shape).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let matcher = matcher(&names).unwrap();
        for name in names {
            let found = matcher.class_of(&name.replace('*', "anything"));
            assert_eq!(found.map(|class| class.name.as_str()), Some(name));
        }
    }
}

/// Whether a pattern matches, character by character.
fn naive_matches(pattern: &[char], name: &[char]) -> bool {
    match (pattern.split_first(), name.split_first()) {
        (None, None) => true,
        (Some(('*', rest)), _) => (0..=name.len()).any(|skip| naive_matches(rest, &name[skip..])),
        (Some((p, pattern)), Some((n, name))) => p == n && naive_matches(pattern, name),
        _ => false,
    }
}

fn naive_rank(name: &str) -> usize {
    if name.contains('*') { name.chars().filter(|c| *c != '*').count() } else { usize::MAX }
}

/// The names of the highest rank among those that match.
fn naive_best<'n>(names: &[&'n str], tool: &str) -> Vec<&'n str> {
    let tool: Vec<char> = tool.chars().collect();
    let matches = |name: &str| naive_matches(&name.chars().collect::<Vec<_>>(), &tool);
    let matching: Vec<&str> = names.iter().copied().filter(|name| matches(name)).collect();
    let best = matching.iter().map(|name| naive_rank(name)).max();
    matching.into_iter().filter(|name| Some(naive_rank(name)) == best).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn it_answers_as_the_naive_search_does(
        names in prop::collection::vec("[ab*é]{1,5}", 0..7),
        tools in prop::collection::vec("[abé]{0,7}", 1..20),
    ) {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        match matcher(&names) {
            Ok(matcher) => for tool in &tools {
                let best = naive_best(&names, tool);
                prop_assert!(best.len() <= 1, "{best:?} are in doubt about {tool:?}");
                let found = matcher.class_of(tool).map(|class| class.name.as_str());
                prop_assert_eq!(found, best.first().copied(), "{:?}", tool);
            },
            Err(conflicts) => for Conflict { first, second, tool } in conflicts {
                prop_assert!(first < second);
                let (first, second) = (names[first], names[second]);
                prop_assert_eq!(naive_rank(first), naive_rank(second));
                let best = naive_best(&[first, second], &tool);
                prop_assert_eq!(best, [first, second], "{:?}", tool);
            },
        }
    }
}
