//! Amounts and currencies.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking")]

use placet_core::amount::Currency;
use placet_core::{Amount, Json};
use proptest::prelude::*;

fn amount(text: &str) -> Amount {
    text.parse().unwrap()
}

fn refusal(text: &str) -> String {
    text.parse::<Amount>().expect_err(text).to_string()
}

#[test]
fn texts_become_canonical() {
    let cases = [
        ("42", "42"),
        ("0.5", "0.5"),
        ("100.00", "100"),
        ("0", "0"),
        ("-0", "0"),
        ("-0.00", "0"),
        ("-3.250", "-3.25"),
        ("0.000000000000000001", "0.000000000000000001"),
        ("999999999999999.999999999999999999", "999999999999999.999999999999999999"),
        ("-999999999999999.999999999999999999", "-999999999999999.999999999999999999"),
        ("1000", "1000"),
        ("10.01", "10.01"),
    ];
    for (text, canonical) in cases {
        assert_eq!(amount(text).to_string(), canonical, "{text}");
    }
}

#[test]
fn refusals_name_the_remedy() {
    let cases = [
        ("", "the amount is empty; write a decimal number such as \"12.50\""),
        (
            "NaN",
            "\"NaN\" is not a decimal number; write digits with at most one decimal point, as in \"12.50\"",
        ),
        (
            "inf",
            "\"inf\" is not a decimal number; write digits with at most one decimal point, as in \"12.50\"",
        ),
        (
            "free",
            "\"free\" is not a decimal number; write digits with at most one decimal point, as in \"12.50\"",
        ),
        (
            "1.2.3",
            "\"1.2.3\" is not a decimal number; write digits with at most one decimal point, as in \"12.50\"",
        ),
        (
            "--1",
            "\"--1\" is not a decimal number; write digits with at most one decimal point, as in \"12.50\"",
        ),
        (
            "٣",
            "\"٣\" is not a decimal number; write digits with at most one decimal point, as in \"12.50\"",
        ),
        (
            "0x10",
            "\"0x10\" is not a decimal number; write digits with at most one decimal point, as in \"12.50\"",
        ),
        (
            "-",
            "\"-\" is not a decimal number; write a digit before the decimal point, as in \"0.5\"",
        ),
        ("1e3", "\"1e3\" is not a decimal number; write the digits out, without an exponent"),
        ("+5", "\"+5\" is not a decimal number; leave out the plus sign"),
        (" 5", "\" 5\" is not a decimal number; leave out the spaces"),
        (
            ".5",
            "\".5\" is not a decimal number; write a digit before the decimal point, as in \"0.5\"",
        ),
        (
            "5.",
            "\"5.\" is not a decimal number; write a digit after the decimal point or leave the point out",
        ),
        (
            "1,000",
            "\"1,000\" is not a decimal number; leave out the separators between digits and write the decimal point as a point",
        ),
        ("007", "\"007\" is not a decimal number; leave out the leading zeros"),
        (
            "1000000000000000",
            "\"1000000000000000\" has more than 15 digits before the decimal point; use a larger unit",
        ),
        (
            "0.0000000000000000001",
            "\"0.0000000000000000001\" has more than 18 digits after the decimal point; round it first",
        ),
    ];
    for (text, message) in cases {
        assert_eq!(refusal(text), message);
    }
}

#[test]
fn json_strings_and_numbers_are_amounts() {
    let read = |text: &str| Amount::from_json(&Json::parse(text.as_bytes()).unwrap());
    for (text, expected) in [
        ("\"12.50\"", "12.5"),
        ("12.50", "12.5"),
        ("-7", "-7"),
        ("0", "0"),
        ("1e3", "1000"),
        ("0.1", "0.1"),
        ("1.5e-7", "0.00000015"),
        ("1e-18", "0.000000000000000001"),
        ("999999999999999", "999999999999999"),
    ] {
        assert_eq!(read(text).unwrap(), amount(expected), "{text}");
    }
    let refusals = [
        ("1e-19", "\"1e-19\" has more than 18 digits after the decimal point; round it first"),
        (
            "1e15",
            "\"1000000000000000\" has more than 15 digits before the decimal point; use a larger unit",
        ),
        ("1e300", "\"1e+300\" has more than 15 digits before the decimal point; use a larger unit"),
        ("\"1e3\"", "\"1e3\" is not a decimal number; write the digits out, without an exponent"),
        ("true", "an amount is a string such as \"12.50\" or a number, not a boolean"),
        ("[1]", "an amount is a string such as \"12.50\" or a number, not an array"),
        ("null", "an amount is a string such as \"12.50\" or a number, not null"),
    ];
    for (text, message) in refusals {
        assert_eq!(read(text).unwrap_err().to_string(), message);
    }
}

#[test]
fn sums_stop_at_the_ends() {
    let smallest = amount("0.000000000000000001");
    assert_eq!(Amount::MAX.checked_add(smallest), None);
    assert_eq!(Amount::MIN.checked_sub(smallest), None);
    assert_eq!(Amount::MAX.saturating_add(Amount::MAX), Amount::MAX);
    assert_eq!(Amount::MIN.saturating_add(Amount::MIN), Amount::MIN);
    assert_eq!(Amount::MAX.checked_add(Amount::MIN), Some(Amount::ZERO));
    assert!(
        Amount::MIN.is_negative() && !Amount::ZERO.is_negative() && !amount("-0").is_negative()
    );
}

#[test]
fn serde_writes_strings_and_reads_only_strings() {
    let value = amount("12.50");
    assert_eq!(serde_json::to_string(&value).unwrap(), "\"12.5\"");
    assert_eq!(serde_json::from_str::<Amount>("\"12.50\"").unwrap(), value);
    assert!(serde_json::from_str::<Amount>("12.5").is_err());
    let error = serde_json::from_str::<Amount>("\"+1\"").unwrap_err().to_string();
    assert!(error.contains("leave out the plus sign"), "{error}");
}

#[test]
fn currencies_keep_their_case() {
    for code in ["EUR", "USDC", "stETH", "1INCH", "ABCDEFGHIJKL"] {
        let currency: Currency = code.parse().unwrap();
        assert_eq!((currency.as_str(), currency.to_string().as_str()), (code, code));
        assert_eq!(serde_json::to_string(&currency).unwrap(), format!("\"{code}\""));
    }
    for text in ["", "eur", "Eur", "€", "EU", "US$", "ABCDEFGHIJKLM", "US DC", "ЕUR", "U5D"] {
        assert!(text.parse::<Currency>().is_err(), "{text}");
    }
    let error = "usd".parse::<Currency>().unwrap_err().to_string();
    assert_eq!(
        error,
        "\"usd\" is not a currency; write three capital letters such as \"EUR\", or 4 to 12 letters and digits"
    );
    assert_ne!("usdc".parse::<Currency>().unwrap(), "USDC".parse().unwrap());
}

#[test]
fn whole_numbers_of_a_unit_are_counted_and_the_rest_is_refused() {
    for (text, digits, units) in [
        ("12.3456", 4, Some(123_456)),
        ("12.3456", 3, None),
        ("-0.5", 1, Some(-5)),
        ("-0.5", 0, None),
        ("7", 0, Some(7)),
        ("0", 0, Some(0)),
        ("0.000000000000000001", 18, Some(1)),
        ("7", 19, None),
    ] {
        assert_eq!(amount(text).at_scale(digits), units, "{text} at {digits}");
    }
}

/// The units of 10^-18 in a decimal text, the slow way.
fn units(text: &str) -> i128 {
    let (integer, fraction) = text.split_once('.').unwrap_or((text, ""));
    format!("{integer}{fraction:0<18}").parse().unwrap()
}

fn texts() -> impl Strategy<Value = String> {
    "-?(0|[1-9][0-9]{0,14})(\\.[0-9]{1,18})?"
}

proptest! {
    #[test]
    fn arithmetic_is_that_of_integers(a in texts(), b in texts()) {
        let limit = 10_i128.pow(33) - 1;
        let (x, y) = (amount(&a), amount(&b));
        let in_range = |units: i128| (-limit..=limit).contains(&units).then_some(units);
        let of = |sum: Option<Amount>| sum.map(|sum| units(&sum.to_string()));
        prop_assert_eq!(units(&x.to_string()), units(&a));
        prop_assert_eq!(of(x.checked_add(y)), in_range(units(&a) + units(&b)));
        prop_assert_eq!(of(x.checked_sub(y)), in_range(units(&a) - units(&b)));
        prop_assert_eq!(of(Some(x.saturating_add(y))), Some((units(&a) + units(&b)).clamp(-limit, limit)));
        prop_assert_eq!(x.cmp(&y), units(&a).cmp(&units(&b)));
        prop_assert_eq!(x.is_negative(), units(&a) < 0);
    }

    #[test]
    fn canonical_text_reads_back(text in texts()) {
        let value = amount(&text);
        let canonical = value.to_string();
        prop_assert_eq!(amount(&canonical), value);
        prop_assert!(!canonical.contains('.') || !canonical.ends_with('0'));
        prop_assert_ne!(canonical, "-0");
    }

    #[test]
    fn numbers_mean_what_they_say(coefficient in -999_999_999_999_999_i64..=999_999_999_999_999, places in 0_usize..=18) {
        let sign = if coefficient < 0 { "-" } else { "" };
        let digits = format!("{:0>width$}", coefficient.unsigned_abs(), width = places + 1);
        let (integer, fraction) = digits.split_at(digits.len() - places);
        let text = format!("{sign}{integer}.{fraction}0").trim_end_matches('0').trim_end_matches('.').to_owned();
        let json = Json::parse(text.as_bytes()).unwrap();
        prop_assert_eq!(Amount::from_json(&json).unwrap(), amount(&text));
    }

    #[test]
    fn any_text_is_answered(text: String) {
        if let Ok(value) = text.parse::<Amount>() {
            prop_assert!(Amount::MIN <= value && value <= Amount::MAX);
        }
    }
}
