//! Looking at what would be written.

use crate::world;

#[test]
fn a_policy_on_standard_output_is_all_there_is() {
    let world = world();
    let files = || {
        let entries = std::fs::read_dir(world.path(".")).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let before = files();
    let policy = world.ok(&["init", "--mcp", "mcp.json", "--output", "-"]);
    assert!(policy.contains("[actions.mcp__notes__read_note]"), "{policy}");
    let ended = world.run(&["init", "--mcp", "mcp.json", "--output", "-", "--rewrite"]);
    assert_eq!(ended.status, 2, "{}", ended.out);
    assert!(ended.err.contains("name a file with --output"), "{}", ended.err);
    assert_eq!(files(), before, "nothing is written");
    world.write("shown.toml", policy);
    world.ok(&["policy", "lint", "shown.toml"]);
}
