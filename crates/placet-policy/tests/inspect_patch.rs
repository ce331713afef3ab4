//! What a patch of a coding agent does, and what only looks like one.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use placet_core::RiskTier;
use placet_core::json::Json;
use placet_policy::inspect::{Call, Classification, Effect, classify};
use proptest::prelude::*;
use serde_json::json;

fn patched(tool: &str, key: &str, text: &str) -> Classification {
    let params = Json::parse(json!({ key: text }).to_string().as_bytes()).unwrap();
    classify(&Call { tool, params: params.as_object().unwrap(), annotations: None })
}

fn whole(lines: &str) -> String {
    format!("*** Begin Patch\n{lines}\n*** End Patch")
}

#[test]
fn a_patch_that_writes_is_a_write() {
    let rows = [
        "*** Add File: src/a.rs\n+fn a() {}",
        "*** Update File: src/a.rs\n@@\n-a\n+b\n*** End of File",
        "*** Update File: src/a.rs\n*** Move to: src/b.rs\n@@\n context",
        "*** Add File: run.sh\n+rm -rf /\n+*** Delete File: a",
    ];
    for key in ["command", "input", "patch"] {
        for lines in rows {
            let found = patched("apply_patch", key, &whole(lines));
            assert_eq!(found.risk, RiskTier::ReversibleWrite, "{key} {lines}: {found:?}");
            assert!(found.inspection.uninspectable().is_empty(), "{found:?}");
            assert!(!found.inspection.effects().contains(Effect::Deletes), "{found:?}");
        }
    }
}

#[test]
fn a_patch_that_deletes_is_no_mere_write() {
    let found = patched("apply_patch", "command", &whole("*** Delete File: src/a.rs"));
    assert!(found.inspection.effects().contains(Effect::Deletes));
    assert_eq!(found.risk, RiskTier::Consequential);
}

#[test]
fn a_patch_of_a_secret_is_said() {
    let found = patched("apply_patch", "input", &whole("*** Update File: /home/a/.ssh/id_ed25519"));
    assert!(!found.inspection.sensitive().is_empty(), "{found:?}");
}

#[test]
fn what_is_not_all_of_a_patch_is_not_understood() {
    let rows = [
        "*** Begin Patch".to_owned(),
        "*** Begin Patch\n*** Add File: a\n+a".to_owned(),
        whole("*** Run Command: rm -rf /"),
        format!("{}\nrm -rf /", whole("*** Add File: a\n+a")),
    ];
    for text in rows {
        let found = patched("apply_patch", "command", &text);
        assert!(!found.inspection.uninspectable().is_empty(), "{text}: {found:?}");
    }
}

#[test]
fn a_shell_carries_a_patch_out_line_by_line() {
    for tool in ["Bash", "shell", "run_shell_command", "patch_shell"] {
        let text = "*** Begin Patch\nrm -rf src\n*** End Patch";
        let found = patched(tool, "command", text);
        assert_eq!(found.risk, RiskTier::Consequential, "{tool}: {found:?}");
    }
}

proptest! {
    #[test]
    fn no_patch_is_a_read_or_a_panic(lines in "([*+@ -]{0,4}(Add|Delete|Begin|End)? ?(File: |Patch)?[a-z./]{0,8}\n){0,8}") {
        let found = patched("apply_patch", "command", &format!("*** Begin Patch\n{lines}"));
        prop_assert!(!found.inspection.is_proven_read());
    }
}
