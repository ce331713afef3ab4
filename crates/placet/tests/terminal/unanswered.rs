//! Questions that get no answer, or one that nobody can read: in the end that is a no.

use super::{Asking, PROMPT, asking};

/// What becomes of an action when whoever sits there ends the input.
pub const ENDED: &str =
    "a person denied the action: the input at the terminal ended without an answer";

const UNREADABLE: &str =
    "a person denied the action: what was typed at the terminal could not be read";

const NO_REASON: &str =
    "a person denied the action: it was denied at the terminal, without a reason";

const BEHIND: &str = "this program is in the background of its terminal";

/// A word with an accent, as a terminal sends it that is not set to UTF-8.
const LATIN: &[u8] = b"caf\xe9\n";

const ODD: &str = "That is not text in UTF-8.";

fn asked() -> Asking {
    let mut asking = asking();
    asking.proposes("{}");
    asking.pty.shows(PROMPT);
    asking
}

fn asked_why_not() -> Asking {
    let mut asking = asked();
    asking.pty.types("deny\n");
    asking.pty.shows("told: ");
    asking
}

fn asked_for_words() -> Asking {
    let mut asking = asked();
    asking.pty.types("approve\n");
    asking.pty.shows("why: ");
    asking
}

#[test]
fn the_end_of_the_input_is_a_no() {
    for begin in [asked, asked_for_words] {
        let mut asking = begin();
        asking.pty.types("\u{4}");
        assert_eq!(asking.says(), ENDED);
        asking.pty.shows("the answer is no");
        assert_eq!(asking.kinds(), ["decided", "denied"]);
    }
}

#[test]
fn the_end_of_the_input_leaves_the_terminal_to_the_next_question() {
    let mut asking = asked();
    asking.pty.types("\u{4}");
    assert_eq!(asking.says(), ENDED);
    asking.proposes(r#"{"to": "noor"}"#);
    asking.pty.shows("noor");
    asking.pty.shows(PROMPT);
    asking.pty.types("approve\n");
    asking.pty.shows("why: ");
    asking.pty.types("I read it\n");
    assert_eq!(asking.says(), r#"ran {"to":"noor"}"#);
}

#[test]
fn what_is_no_text_is_asked_for_again() {
    let mut asking = asked();
    asking.pty.types_bytes(b"approve\xe9\n");
    asking.pty.shows(ODD);
    asking.pty.shows(PROMPT);
    asking.pty.types("approve\n");
    asking.pty.shows("why: ");
    asking.pty.types_bytes(LATIN);
    asking.pty.shows(ODD);
    asking.pty.shows("why: ");
    asking.pty.types("I read it\n");
    assert_eq!(asking.says(), "ran {}");
}

#[test]
fn what_is_never_text_is_a_no() {
    for (mut asking, prompt) in [(asked(), PROMPT), (asked_for_words(), "why: ")] {
        for _ in 0..4 {
            asking.pty.types_bytes(LATIN);
            asking.pty.shows(prompt);
        }
        asking.pty.types_bytes(LATIN);
        assert_eq!(asking.says(), UNREADABLE);
        assert_eq!(asking.kinds(), ["decided", "denied"]);
    }
}

/// A terminal keeps lines of at most 4 KiB; what is ended by the input's end comes piece by piece.
#[test]
fn a_line_that_is_too_long_is_asked_for_again() {
    let mut asking = asked_for_words();
    for _ in 0..20 {
        asking.pty.types(&"x".repeat(1_000));
        asking.pty.types("\u{4}");
    }
    asking.pty.types("\n");
    asking.pty.shows("That is longer than 16384 bytes.");
    asking.pty.shows("why: ");
    asking.pty.types("I read it\n");
    assert_eq!(asking.says(), "ran {}");
}

#[test]
fn a_denial_whose_reason_cannot_be_read_asks_for_it_again() {
    let mut asking = asked_why_not();
    asking.pty.types_bytes(LATIN);
    asking.pty.shows(ODD);
    asking.pty.shows("told: ");
    asking.pty.types("\n");
    asking.pty.shows("1 to 1024 bytes");
    asking.pty.shows("told: ");
    asking.pty.types(&format!("{}\n", "x".repeat(1_025)));
    asking.pty.shows("1 to 1024 bytes");
    asking.pty.shows("told: ");
    asking.pty.types("not this month\n");
    assert_eq!(asking.says(), "a person denied the action: not this month");
    assert_eq!(asking.kinds(), ["decided", "denied"]);
}

#[test]
fn a_denial_without_a_reason_is_one_all_the_same() {
    let ended: &[u8] = b"\x04";
    for typed in [LATIN, b"\n", ended] {
        let mut asking = asked_why_not();
        if typed != ended {
            for _ in 0..4 {
                asking.pty.types_bytes(typed);
                asking.pty.shows("told: ");
            }
        }
        asking.pty.types_bytes(typed);
        assert_eq!(asking.says(), NO_REASON);
        assert_eq!(asking.kinds(), ["decided", "denied"]);
    }
}

/// What somebody else says is what counts, until whoever sits here has said all.
#[test]
fn somebody_else_may_answer_before_the_reason_is_written() {
    let mut asking = asked_why_not();
    asking.order("deny in the inbox");
    assert_eq!(asking.says(), "a person denied the action: in the inbox");
    asking.pty.shows("This needs no answer any more.");
    asking.pty.types("\u{4}");
    asking.order("count");
    assert_eq!(asking.says(), "0 wait");
    assert_eq!(asking.kinds(), ["decided", "denied"]);
}

#[test]
fn in_the_background_nobody_can_be_asked() {
    let mut asking = asking();
    asking.order("give way");
    assert_eq!(asking.says(), "behind");
    asking.order("open again");
    let said = asking.says();
    assert!(said.starts_with(BEHIND), "{said}");
    asking.proposes("{}");
    let denied = asking.says();
    assert_eq!(denied, format!("a person denied the action: {said}"));
    assert!(!asking.pty.text().contains(PROMPT), "{}", asking.pty.text());
    assert_eq!(asking.kinds(), ["decided", "denied"]);
}

#[test]
fn a_question_that_goes_to_the_background_is_answered_with_no() {
    let mut asking = asked_for_words();
    asking.order("give way");
    assert_eq!(asking.says(), "behind");
    let denied = asking.says();
    assert!(denied.contains(BEHIND), "{denied}");
    assert_eq!(asking.kinds(), ["decided", "denied"]);
}
