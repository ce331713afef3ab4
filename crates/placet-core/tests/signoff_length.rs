//! How long a statement is.

use placet_core::signoff::visible_length;
use proptest::prelude::*;

#[test]
fn people_and_the_count_agree() {
    let cases = [
        ("", 0),
        ("a", 1),
        ("I read it", 9),
        ("  I read it \n", 9),
        ("\tI\u{3000}read\u{a0}it", 9),
        ("e\u{301}te\u{301}", 3),
        ("Zürich", 6),
        ("日本語", 3),
        ("한국어", 3),
        ("हिन्दी", 2),
        ("👩‍👩‍👧🇨🇭👍🏽", 3),
        ("ab\r\ncd", 5),
    ];
    for (statement, length) in cases {
        assert_eq!(visible_length(statement), length, "{statement:?}");
    }
}

#[test]
fn what_cannot_be_seen_does_not_count() {
    let invisible = [
        '\0',
        '\u{7}',
        '\u{1b}',
        '\u{7f}',
        '\u{9b}',
        ' ',
        '\u{a0}',
        '\u{ad}',
        '\u{301}',
        '\u{34f}',
        '\u{61c}',
        '\u{115f}',
        '\u{1160}',
        '\u{17b4}',
        '\u{180b}',
        '\u{180e}',
        '\u{2003}',
        '\u{200b}',
        '\u{200c}',
        '\u{200d}',
        '\u{200e}',
        '\u{2028}',
        '\u{202e}',
        '\u{2060}',
        '\u{2066}',
        '\u{206f}',
        '\u{20dd}',
        '\u{2800}',
        '\u{3000}',
        '\u{3164}',
        '\u{fe0f}',
        '\u{feff}',
        '\u{ffa0}',
        '\u{fff9}',
        '\u{1d159}',
        '\u{1d173}',
        '\u{e0001}',
        '\u{e0041}',
        '\u{e0100}',
    ];
    for c in invisible {
        let statement = c.to_string().repeat(60);
        assert_eq!(visible_length(&statement), 0, "{c:?} alone");
        let between = format!("a{statement}b");
        assert!(visible_length(&between) <= 3, "{c:?} between");
    }
    let mixed: String = invisible.iter().cycle().take(500).collect();
    assert_eq!(visible_length(&mixed), 0);
}

#[test]
fn marks_pile_up_on_one_letter() {
    assert_eq!(visible_length(&format!("a{}", "\u{301}".repeat(60))), 1);
}

/// What can stand in a text without being seen.
fn padding() -> impl Strategy<Value = String> {
    "[ \t\n\u{200b}\u{200d}\u{2060}\u{3164}\u{301}\u{fe0f}\u{0}]{0,30}"
}

proptest! {
    #[test]
    fn padding_at_the_ends_adds_nothing(text in "[a-z]{0,20}", before in padding(), after in padding()) {
        let padded = format!("{before}{text}{after}");
        prop_assert_eq!(visible_length(&padded), text.len());
    }

    #[test]
    fn a_gap_adds_one_at_the_most(one in "[a-z]{1,10}", gap in padding(), other in "[a-z]{1,10}") {
        let length = visible_length(&format!("{one}{gap}{other}"));
        prop_assert!(length <= one.len() + other.len() + 1);
    }

    #[test]
    fn it_is_never_more_than_the_characters(text in ".{0,60}") {
        prop_assert!(visible_length(&text) <= text.trim().chars().count());
    }
}
