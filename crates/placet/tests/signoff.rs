//! The example of sign-off gated records does what it says.
#![allow(clippy::unwrap_used, reason = "tests may fail loudly")]

#[path = "../examples/signoff.rs"]
#[expect(dead_code, reason = "main prints what is looked at here")]
mod example;

#[test]
fn the_example_tells_its_story() {
    let lines = example::story().unwrap();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    assert_eq!(
        lines,
        [
            "the agent asks for review: InReview",
            "too short an answer: \"Approved\" needs a complete sign-off: \
             \"verbatim_response\" has 2 of at least 50 visible characters",
            "another amount than was shown: the contents have changed since the sign-off for \
             \"Approved\" was given; show them to the person again",
            "42000 cents go to Fernhill Ltd, because dana said so",
            "an edit afterwards: the contents are signed off as \"Approved\" and stay as they are; \
             change the status before editing them",
        ]
    );
}
