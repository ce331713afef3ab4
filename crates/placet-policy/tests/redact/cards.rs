//! Card numbers: every issuer's, in any form of digits, and what only looks like one.

use super::scan;

/// A number of this length that begins like this and has the right check digit.
fn numbered(prefix: &str, length: usize) -> String {
    let filler = "7350926184073509261";
    let body = format!("{prefix}{}", &filler[..length - prefix.len() - 1]);
    let sum: u32 = body
        .bytes()
        .rev()
        .enumerate()
        .map(|(at, byte)| u32::from(byte - b'0') * if at % 2 == 0 { 2 } else { 1 })
        .map(|digit| if digit > 9 { digit - 9 } else { digit })
        .sum();
    format!("{body}{}", (10 - sum % 10) % 10)
}

#[test]
fn the_numbers_of_every_issuer_are_found_at_their_lengths() {
    for (prefix, lengths) in [
        ("4", &[16, 19][..]),
        ("51", &[16]),
        ("2221", &[16]),
        ("2720", &[16]),
        ("34", &[15]),
        ("37", &[15]),
        ("6011", &[16, 19]),
        ("6440", &[16, 19]),
        ("65", &[16, 19]),
        ("36", &[14, 19]),
        ("3059", &[14, 19]),
        ("3095", &[14]),
        ("3528", &[16, 19]),
        ("62", &[16, 19]),
        ("81", &[16]),
        ("2200", &[16, 19]),
        ("60", &[16]),
        ("5080", &[16]),
        ("5018", &[13, 19]),
        ("6761", &[13, 19]),
        ("9792", &[16]),
    ] {
        for length in lengths {
            let number = numbered(prefix, *length);
            assert_eq!(scan(&number), "[redacted:card-number]", "{number}");
        }
    }
    // Of thirteen digits, most with the check digit of a card have not that of a barcode.
    assert_eq!(scan("4222222222222"), "[redacted:card-number]");
    assert_eq!(scan("4735092618401"), "4735092618401");
    assert_eq!(scan("4830355357001"), "4830355357001");
    assert_eq!(scan("4550077215473"), "[redacted:card-number]");
    for (prefix, length) in [("4", 14), ("34", 16), ("9792", 17), ("10", 16), ("2721", 16)] {
        let number = numbered(prefix, length);
        assert_eq!(scan(&number), number);
    }
}

#[test]
fn digits_that_words_keep_apart_are_no_card_number() {
    for text in [
        "4111 x 1111 y 1111 z 1111",
        "4111 of 1111 and 1111 or 1111",
        "41 11111111 111 111",
        "4111 11111 111 1111",
    ] {
        assert_eq!(scan(text), text);
    }
}

#[test]
fn a_hash_is_longer_than_a_card_number() {
    let number = "4111111111111111";
    for (before, after) in [("abcdabcd", ""), ("", "abcdabcd"), ("abcd", "abcd"), ("a", "abcdabc")]
    {
        let hash = format!("{before}{number}{after}");
        assert_eq!(scan(&hash), hash);
        let shorter = format!("{}{number}{after}", before.strip_prefix('a').unwrap_or(before));
        let shorter =
            if before.is_empty() { shorter.trim_end_matches('d').to_owned() } else { shorter };
        assert!(!scan(&shorter).contains(number), "{shorter}");
    }
}

#[test]
fn a_digit_of_another_kind_beside_a_card_number_does_not_hide_it() {
    let numbers = [
        "4111111111111111",
        "４１１１１１１１１１１１１１１１",
        "４１１１ １１１１ １１１１ １１１１",
        "٤١١١١١١١١١١١١١١١",
        "④①①①①①①①①①①①①①①①",
        "４١１١１١１１１１１１１１１１",
    ];
    for number in numbers {
        for beside in
            ["\u{1f100}", "\u{2488}", "\u{2474}", "\u{b9}", "\u{2080}", "\u{966}", "\u{248b}\u{b2}"]
        {
            for text in [format!("{number}{beside}"), format!("{beside}{number}")] {
                assert!(scan(&text).contains("[redacted:card-number]"), "{text}");
                assert!(!scan(&text).contains(number), "{text}");
            }
        }
    }
    for number in ["４１１１１１１１１１１１１１１１", "⁴¹¹¹¹¹¹¹¹¹¹¹¹¹¹¹", "₄₁₁₁₁₁₁₁₁₁₁₁₁₁₁₁"]
    {
        for beside in ["5", "\u{1f100}", "\u{2488}", "\u{2474}", "\u{966}"] {
            for text in [format!("{number}{beside}"), format!("{beside}{number}")] {
                assert!(scan(&text).contains("[redacted:card-number]"), "{text}");
                assert!(!scan(&text).contains(number), "{text}");
            }
        }
    }
    for text in ["４１１１１１１１１１１１１１１１⓪", "⓪４１１１１１１１１１１１１１１１"]
    {
        assert_eq!(scan(text).replace('⓪', ""), "[redacted:card-number]");
    }
}

#[test]
fn numbers_with_footnotes_are_left_alone() {
    for text in [
        "1732170000000000²",
        "²4111111111111112",
        "４１１１１１１１１１１１１１１２🄀",
        "x² + 12345678901234³",
    ] {
        assert_eq!(scan(text), text);
    }
}
