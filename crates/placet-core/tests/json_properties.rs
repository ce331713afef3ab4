//! What holds for every JSON value and for every text.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking")]

use placet_core::Json;
use placet_core::json::{Limits, Number, Object, Pointer};
use proptest::collection::vec;
use proptest::prelude::*;

/// Values as they can come from outside: short strings with all kinds of characters, and keys that
/// often share a beginning.
fn values() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        numbers().prop_map(Json::from),
        strings().prop_map(Json::from),
    ];
    leaf.prop_recursive(5, 60, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Json::from),
            vec((strings(), inner), 0..6).prop_map(|entries| {
                let mut object = Object::new();
                for (key, value) in entries {
                    object.insert(key, value);
                }
                Json::from(object)
            }),
        ]
    })
}

fn strings() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-c]{0,3}",
        "[\\x00-\\x7f]{0,12}",
        "\\PC{0,6}",
        any::<String>(),
        "[\u{d7ff}\u{e000}\u{ffff}\u{10000}]{0,3}"
    ]
}

fn numbers() -> impl Strategy<Value = Number> {
    let bits = any::<u64>().prop_map(f64::from_bits);
    let near_limits = (
        -3_i64..=3,
        prop_oneof![Just(0_i64), Just(9_007_199_254_740_991), Just(-9_007_199_254_740_991)],
    )
        .prop_filter_map("unsafe", |(step, limit)| Number::try_from(limit + step).ok());
    prop_oneof![
        any::<i32>().prop_map(Number::from),
        (any::<i32>(), 0..12)
            .prop_map(|(n, places)| f64::from(n) / 10_f64.powi(places))
            .prop_filter_map("unsafe", |x| Number::new(x).ok()),
        bits.prop_filter_map("unsafe", |x| Number::new(x).ok()),
        near_limits,
    ]
}

/// JSON texts with arbitrary spacing, escapes and order of keys.
fn written(json: &Json, seed: &mut impl FnMut() -> u8) -> String {
    let space = [" ", "", "\n\t", "", "\r\n", ""];
    let pad = |seed: &mut dyn FnMut() -> u8| space.iter().cycle().nth(seed().into()).unwrap();
    let body = match json {
        Json::Array(items) => {
            let items: Vec<_> = items.iter().map(|item| written(item, seed)).collect();
            format!("[{}{}]", pad(seed), items.join(","))
        }
        Json::Object(object) => {
            let mut entries: Vec<_> = object
                .iter()
                .map(|(key, value)| {
                    let (before, after) = (pad(seed), pad(seed));
                    format!("{before}{}{after}:{}", escaped(key, seed), written(value, seed))
                })
                .collect();
            let turn = usize::from(seed()) % entries.len().max(1);
            entries.rotate_left(turn);
            format!("{{{}{}}}", entries.join(","), pad(seed))
        }
        Json::String(text) => escaped(text, seed),
        other => other.canonical(),
    };
    let (before, after) = (pad(seed), pad(seed));
    format!("{before}{body}{after}")
}

fn escaped(text: &str, seed: &mut impl FnMut() -> u8) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        if c < ' ' || c == '"' || c == '\\' || seed().is_multiple_of(4) {
            c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| out += &format!("\\u{unit:04X}"));
        } else {
            out.push(c);
        }
    }
    out + "\""
}

fn seeded(bytes: &[u8]) -> impl FnMut() -> u8 {
    let mut bytes = bytes.iter().copied().cycle();
    move || bytes.next().unwrap_or(0)
}

proptest! {
    #[test]
    fn canonical_text_reads_back_as_the_same_value(value in values()) {
        let text = value.canonical();
        let again = Json::parse(text.as_bytes()).unwrap();
        prop_assert!(again == value, "{text}");
        prop_assert_eq!(again.canonical(), text);
    }

    #[test]
    fn spelling_does_not_matter(value in values(), seed in vec(any::<u8>(), 1..50)) {
        let text = written(&value, &mut seeded(&seed));
        prop_assert!(Json::parse(text.as_bytes()).unwrap() == value, "{text}");
    }

    /// A changed byte gives an error, the same value spelled differently, or another canonical
    /// text; never two values with one text.
    #[test]
    fn another_value_has_another_text(value in values(), at: prop::sample::Index, byte: u8) {
        let text = value.canonical();
        let mut bytes = text.clone().into_bytes();
        *at.get_mut(&mut bytes) = byte;
        if let Ok(changed) = Json::parse(&bytes) {
            prop_assert_eq!(changed == value, changed.canonical() == text);
            // Canonical text has no slack but in numbers: 1e+21 can be spelled 1E+21.
            let has_number = text.bytes().any(|byte| byte.is_ascii_digit());
            prop_assert!(bytes == text.as_bytes() || changed != value || has_number, "{text}");
        }
    }

    /// Whatever is accepted here, another reader understands in the same way.
    #[test]
    fn agrees_with_another_reader(value in values(), seed in vec(any::<u8>(), 1..50)) {
        let text = written(&value, &mut seeded(&seed));
        let theirs: serde_json::Value = serde_json::from_str(&text).unwrap();
        prop_assert!(same(&value, &theirs), "{text}");
    }

    #[test]
    fn accepts_only_what_another_reader_accepts(bytes in vec(prop::sample::select(&b"[]{}:,\"\\u0019aeE+-. \n\xc3\xa9tru"[..]), 0..24)) {
        if let Ok(json) = Json::parse(&bytes) {
            let theirs: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
            prop_assert!(same(&json, &theirs));
        }
    }

    #[test]
    fn any_bytes_are_answered(bytes: Vec<u8>, depth: u8) {
        let limits = Limits { depth, bytes: 1024 };
        if let Err(error) = Json::parse_with(&bytes, &limits) {
            prop_assert!(error.line >= 1 && error.column >= 1);
            prop_assert!(!error.to_string().contains(char::is_control));
        }
    }

    /// A literal is accepted exactly when its decimal is that of the shortest text of its double.
    #[test]
    fn literals_survive_or_are_refused(
        negative: bool, integer in "0|[1-9][0-9]{0,20}", fraction in "([0-9]{1,20})?", exponent in "([eE][+-]?[0-9]{1,3})?",
    ) {
        let sign = if negative { "-" } else { "" };
        let point = if fraction.is_empty() { "" } else { "." };
        let literal = format!("{sign}{integer}{point}{fraction}{exponent}");
        let double: f64 = literal.parse().unwrap();
        let shortest = format!("{double:e}");
        let survives = double.is_finite() && plain_decimal(&literal) == plain_decimal(&shortest);
        // Where two shortest texts are equally near ECMAScript takes the even one, Rust may not.
        let exact = plain_decimal(&format!("{double:.800e}")).1;
        let digits = plain_decimal(&shortest).1.len();
        prop_assume!(!double.is_finite() || exact.len() != digits + 1 || !exact.ends_with('5'));
        let magnitude = double.abs();
        let is_integer = fraction.is_empty() && exponent.is_empty();
        let unsafe_integer = magnitude > 9_007_199_254_740_991.0 && (magnitude < 1e21 || is_integer);
        prop_assert_eq!(literal.parse::<Number>().is_ok(), survives && !unsafe_integer, "{}", literal);
    }

    #[test]
    fn whole_numbers_are_those_of_machine_integers(value in -9_007_199_254_740_991_i64..=9_007_199_254_740_991, bits: u64) {
        let number = Number::try_from(value).unwrap();
        prop_assert_eq!(number.as_i64(), Some(value));
        prop_assert_eq!(Json::from(number).canonical(), value.to_string());
        if let Ok(number) = Number::new(f64::from_bits(bits)) {
            prop_assert_eq!(number.as_i64(), number.to_string().parse().ok());
            prop_assert_eq!(Json::from(number).canonical(), number.to_string());
        }
    }

    #[test]
    fn pointers_find_what_the_walk_shows(value in values()) {
        let mut places = Vec::new();
        value.walk(|pointer, inner| places.push((pointer.clone(), inner.clone())));
        for (pointer, inner) in places {
            prop_assert!(value.pointer(&pointer) == Some(&inner));
            prop_assert_eq!(pointer.as_str().parse::<Pointer>().unwrap(), pointer.clone());

            let mut changed = value.clone();
            prop_assert!(changed.replace(&pointer, Json::from("replaced")));
            prop_assert_eq!(changed.pointer(&pointer).and_then(Json::as_str), Some("replaced"));
        }
    }
}

fn same(ours: &Json, theirs: &serde_json::Value) -> bool {
    use serde_json::Value;
    match (ours, theirs) {
        (Json::Null, Value::Null) => true,
        (Json::Bool(a), Value::Bool(b)) => a == b,
        (Json::Number(a), Value::Number(b)) => b.as_f64() == Some(a.as_f64()),
        (Json::String(a), Value::String(b)) => a == b,
        (Json::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Json::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        _ => false,
    }
}

/// The decimal of a literal as its sign, its significant digits and its power of ten.
fn plain_decimal(literal: &str) -> (bool, String, i64) {
    let unsigned = literal.trim_start_matches('-');
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let (integer, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{integer}{fraction}");
    let trimmed = digits.trim_end_matches('0');
    let places = i64::try_from(fraction.len()).unwrap();
    let zeros = i64::try_from(digits.len() - trimmed.len()).unwrap();
    let significant = trimmed.trim_start_matches('0').to_owned();
    if significant.is_empty() {
        return (false, significant, 0);
    }
    (literal.starts_with('-'), significant, exponent.parse::<i64>().unwrap() - places + zeros)
}
