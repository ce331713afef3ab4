//! Single values: each function reads one kind of value, or says what is wrong with it.

use std::time::Duration;

use placet_core::amount::{Amount, AmountError, Currency};
use placet_core::json::Pointer;
use placet_core::name::NameError;
use placet_core::time::human_duration;
use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::{Error as WordError, StrDeserializer};
use toml::de::{DeInteger, DeValue};

use super::diagnostic::quote;
use super::duration;
use super::keys::{Key, Kind};
use super::report::Fault;
use super::suggest;

type Read<T> = Result<T, Fault>;

/// A value of another type than the key takes.
pub(crate) fn wrong_type(key: &Key, kind: &Kind, value: &DeValue<'_>) -> Fault {
    Fault::new(
        format!("{} should be {}, but is {}", key.name, kind.expected(), described(value)),
        format!("write something like {} = {}", key.name, key.example),
    )
}

pub(crate) fn text<'v>(key: &Key, kind: &Kind, value: &'v DeValue<'_>) -> Read<&'v str> {
    value.as_str().ok_or_else(|| wrong_type(key, kind, value))
}

pub(crate) fn word<T: for<'de> Deserialize<'de>>(key: &Key, value: &DeValue<'_>) -> Read<T> {
    let Kind::Word(words) = &key.kind else { return Err(wrong_type(key, &key.kind, value)) };
    let text = text(key, &key.kind, value)?;
    let known = words.iter().find(|word| word.text == text).and_then(|word| {
        let word: StrDeserializer<'_, WordError> = word.text.into_deserializer();
        T::deserialize(word).ok()
    });
    known.ok_or_else(|| {
        let remedy = match suggest::nearest(text, words.iter().map(|word| word.text)) {
            Some(near) => format!("write {} = {near:?}", key.name),
            None => format!("write {}", key.kind.expected()),
        };
        Fault::new(format!("{} cannot be {}", key.name, quote(text)), remedy)
    })
}

/// A name of the kind that `make` makes.
pub(crate) fn name<N>(
    make: impl Fn(&str) -> Result<N, NameError>,
) -> impl Fn(&Key, &Kind, &DeValue<'_>) -> Read<N> {
    move |key, kind, value| {
        let text = text(key, kind, value)?;
        make(text).map_err(|error| name_fault(key.name, text, &error))
    }
}

/// A text that cannot be a name.
pub(crate) fn name_fault(what: &str, text: &str, error: &NameError) -> Fault {
    let (message, remedy) = match error {
        NameError::Empty(_) => ("is empty".to_owned(), "leave it out or name it"),
        NameError::TooLong { bytes, .. } => {
            (format!("has {bytes} bytes"), "write at most 512 bytes")
        }
        NameError::Control { code, .. } => {
            (format!("contains the control character U+{code:04X}"), "remove the character")
        }
        NameError::Slash(_) => {
            ("contains \"/\"".to_owned(), "write another character in its place")
        }
    };
    Fault::new(format!("the name {} in {what} {message}", quote(text)), remedy)
}

pub(crate) fn pointer(key: &Key, kind: &Kind, value: &DeValue<'_>) -> Read<Pointer> {
    let text = text(key, kind, value)?;
    let fault = |remedy: String| {
        Fault::new(format!("{} is {}, which names no param", key.name, quote(text)), remedy)
    };
    if text.is_empty() || text == "/" {
        return Err(fault("write / and the name of a param".to_owned()));
    }
    text.parse().map_err(|_| {
        if text.starts_with('/') {
            fault("write ~0 for a tilde and ~1 for a slash in the name of a param".to_owned())
        } else {
            fault(format!("write {}", quote(&format!("/{}", text.replace('.', "/")))))
        }
    })
}

pub(crate) fn currency(key: &Key, kind: &Kind, value: &DeValue<'_>) -> Read<Currency> {
    let text = text(key, kind, value)?;
    text.parse().map_err(|_| {
        Fault::new(
            format!("{} is not the code of a currency", quote(text)),
            "write three capital letters such as \"EUR\", or 4 to 12 letters and digits",
        )
    })
}

/// An amount: a text, or a whole number, which TOML writes exactly.
pub(crate) fn amount(key: &Key, value: &DeValue<'_>) -> Read<Amount> {
    let text = match value {
        DeValue::String(text) => text.to_string(),
        DeValue::Integer(integer) => whole_text(integer),
        DeValue::Float(float) => {
            return Err(Fault::new(
                format!(
                    "{} is the number {}, which a computer may round",
                    key.name,
                    float.as_str()
                ),
                format!("write it in quotes: {} = \"{}\"", key.name, float.as_str()),
            ));
        }
        other => return Err(wrong_type(key, &key.kind, other)),
    };
    let amount: Amount = text.parse().map_err(|error| amount_fault(key, &text, &error))?;
    if amount.is_negative() {
        let message = format!("{} is {}, but nothing is worth less than 0", key.name, quote(&text));
        return Err(Fault::new(message, "write an amount that is not negative"));
    }
    Ok(amount)
}

fn amount_fault(key: &Key, text: &str, error: &AmountError) -> Fault {
    let (what, remedy) = match error {
        AmountError::NotDecimal { remedy, .. } => ("is not an amount", *remedy),
        AmountError::TooManyIntegerDigits { .. } => {
            ("has more than 15 digits before the point", "use a larger unit, or leave the cap out")
        }
        AmountError::TooManyFractionDigits { .. } => {
            ("has more than 18 digits after the point", "round it")
        }
        AmountError::Empty | AmountError::WrongKind { .. } => {
            ("is not an amount", "write a decimal number such as \"12.50\"")
        }
    };
    Fault::new(format!("{} is {}, which {what}", key.name, quote(text)), remedy)
}

pub(crate) fn whole<T: TryFrom<u64>>(key: &Key, value: &DeValue<'_>) -> Read<T> {
    let (DeValue::Integer(integer), Kind::Whole(least, most)) = (value, &key.kind) else {
        return Err(wrong_type(key, &key.kind, value));
    };
    let digits = integer.as_str().trim_start_matches('+');
    u64::from_str_radix(digits, integer.radix())
        .ok()
        .filter(|number| (least..=most).contains(&number))
        .and_then(|number| T::try_from(number).ok())
        .ok_or_else(|| {
            let message = format!("{} is {}", key.name, whole_text(integer));
            Fault::new(message, format!("write {}", key.kind.expected()))
        })
}

/// A whole number in decimal digits, however it was written.
fn whole_text(integer: &DeInteger<'_>) -> String {
    let text = integer.as_str().trim_start_matches('+');
    i128::from_str_radix(text, integer.radix()).map_or_else(|_| text.to_owned(), |n| n.to_string())
}

pub(crate) fn duration(key: &Key, value: &DeValue<'_>) -> Read<Duration> {
    let Kind::Duration(least, most) = &key.kind else {
        return Err(wrong_type(key, &key.kind, value));
    };
    let text = text(key, &key.kind, value)?;
    let Some(duration) = duration::parse(text) else {
        return Err(Fault::new(
            format!("{} is {}, which is not a duration", key.name, quote(text)),
            "write whole numbers with d, h, m, s or ms, the longest first, such as \"1h30m\"",
        ));
    };
    if duration < *least {
        let remedy = format!("write at least \"{}\"", human_duration(*least));
        return Err(Fault::new(format!("{} is only {}", key.name, quote(text)), remedy));
    }
    if duration > *most {
        let remedy = format!("write at most \"{}\"", human_duration(*most));
        return Err(Fault::new(
            format!("{} is {}, which is too long", key.name, quote(text)),
            remedy,
        ));
    }
    Ok(duration)
}

/// A share of a whole in units of its last decimal place: `0.25` to 4 places is 2500, and so is
/// `"25%"`.
pub(crate) fn share<T: TryFrom<u64>>(key: &Key, value: &DeValue<'_>) -> Read<T> {
    let Kind::Share(places) = key.kind else { return Err(wrong_type(key, &key.kind, value)) };
    let (text, parts) = match value {
        DeValue::Float(float) => (float.as_str(), fixed(float.as_str(), places)),
        DeValue::Integer(integer) => (integer.as_str(), fixed(&whole_text(integer), places)),
        DeValue::String(text) => match text.strip_suffix('%') {
            Some(percent) => (&**text, fixed(percent, places.saturating_sub(2))),
            None => return Err(wrong_type(key, &key.kind, value)),
        },
        other => return Err(wrong_type(key, &key.kind, other)),
    };
    let in_range = parts.filter(|parts| *parts <= 10_u64.saturating_pow(places));
    in_range.and_then(|parts| T::try_from(parts).ok()).ok_or_else(|| {
        Fault::new(
            format!("{} is {text}, which is not a share of a whole", key.name),
            format!("write a number from 0 to 1 with at most {places} decimal places"),
        )
    })
}

/// A decimal number in units of its last place; `None` when it is not plain or has more places.
fn fixed(text: &str, places: u32) -> Option<u64> {
    let text = text.strip_prefix('+').unwrap_or(text);
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let fraction = fraction.trim_end_matches('0');
    let missing = usize::try_from(places).ok()?.checked_sub(fraction.len())?;
    let digits = format!("{whole}{fraction}{}", "0".repeat(missing));
    let is_plain = !whole.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if is_plain { digits.parse().ok() } else { None }
}

/// A value in words, for a message that says what it should have been.
pub(crate) fn described(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => format!("the text {}", quote(text)),
        DeValue::Integer(integer) => format!("the whole number {}", whole_text(integer)),
        DeValue::Float(float) => format!("the number {}", float.as_str()),
        DeValue::Boolean(flag) => flag.to_string(),
        DeValue::Datetime(time) => format!("the time {time}"),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    }
}
