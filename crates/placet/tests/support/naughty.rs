//! Texts that terminals, browsers and eyes fall for.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses a part of this")]
#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

/// See the head of the file for where they are from.
const NAUGHTY: &str = include_str!("../data/naughty_strings.txt");

/// Each of the first eleven is not what it seems.
pub const TRICKS: [&str; 13] = [
    "\u{1b}[2J\u{1b}[1;1Happroved",
    "\u{1b}]8;;https://evil.example\u{7}click\u{1b}]8;;\u{7}",
    "refund \u{202e}00.1 DSU\u{202c}",
    "\u{2066}if admin\u{2069} \u{2067}then\u{2069}",
    "zero\u{200b}width\u{200d}joined\u{feff}",
    "p\u{430}yp\u{430}l.com",
    "Привет \u{430}\u{440}\u{440}\u{4cf}\u{435}.com",
    "\u{ff45}vil \u{1d41a}dmin",
    "tag\u{e0041}\u{e0042}",
    "\u{3164}\u{115f}blank\u{2800}",
    "a\u{ad}b\u{2028}c\u{2029}d\u{85}e",
    "<img src=x onerror=alert(1)><!--",
    "\"></textarea><script>alert(1)</script>",
];

/// Those of them that are not what they seem.
pub fn odd_tricks() -> Vec<String> {
    TRICKS[..11].iter().map(|trick| (*trick).to_owned()).collect()
}

/// The whole list.
pub fn strings() -> Vec<String> {
    let lines = NAUGHTY.lines().filter(|line| !line.starts_with('#'));
    let strings: Vec<String> =
        lines.map(|line| serde_json::from_str(line).expect("a JSON string")).collect();
    assert_eq!(strings.len(), 515);
    strings
}

/// The list, and the tricks.
pub fn all() -> Vec<String> {
    strings().into_iter().chain(TRICKS.map(str::to_owned)).collect()
}

/// Those of the list that reorder text or hide in it.
pub fn deceptive() -> Vec<String> {
    let found: Vec<String> = strings().into_iter().filter(|text| text.contains(deceives)).collect();
    assert!(found.len() >= 10, "{found:?}");
    found
}

/// Whether a character turns text around, joins it or takes no room.
pub fn deceives(character: char) -> bool {
    matches!(character, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

/// Whether it should never reach a screen as it is.
pub fn is_raw(character: char) -> bool {
    (character.is_control() && character != '\n') || deceives(character)
}
