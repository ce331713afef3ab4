//! Secrets that a name announces in running text: `password=…`, `"api_key": "…"`, `--token …`,
//! "the password is …".
//!
//! The pattern finds only the name and what joins it to its value. The value is cut out by hand, so
//! that one name that turns out harmless never hides another one inside its value.

use std::ops::Range;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::kind::Kind;
use super::name::{self, Named};
use super::placeholder;
use super::quote::{self, Quote};

/// A name, and `=`, `:`, `=>`, `:=` or "is" after it, or a space after a flag.
///
/// 1 is a flag's name, 2 another name, 3 the word "is".
static PATTERN: LazyLock<Regex> = LazyLock::new(|| {
    super::detector::compile(concat!(
        r#"(?:(?:^|[\s"'\[,])--?([A-Za-z][A-Za-z0-9_-]*)(?:=|\s)"#,
        r#"|([A-Za-z0-9_.-]*[A-Za-z0-9])"#,
        r#"(?:["'\\\]]{0,16}|%2[27]|&(?:quot|#34|#39);|\\u002[27])"#,
        r#"(?:\s{0,8}(?:=>|:=|=|:|%3[AaDd])|\s{1,4}(is|was)\s)"#,
        r#")(?:\s|%20){0,8}"#,
    ))
});

/// Names that are made of several words in prose.
const SPACED: &[&str] =
    &["api key", "access key", "secret key", "private key", "card code", "security code"];

/// Finds every secret that a name announces.
pub(super) fn find(text: &str, mut take: impl FnMut(Kind, Range<usize>)) {
    let mut from = 0;
    while let Some(captures) = PATTERN.captures_at(text, from) {
        let Some(whole) = captures.get(0) else { return };
        from = whole.end();
        if let Some((kind, range)) = secret(text, &captures, whole.end()) {
            from = range.end.max(from);
            take(kind, range);
        }
        if from >= text.len() {
            return;
        }
    }
}

fn secret(text: &str, captures: &Captures<'_>, start: usize) -> Option<(Kind, Range<usize>)> {
    let name = captures.get(1).or_else(|| captures.get(2))?;
    let named = name::says_secret(quote::without(name.as_str()))
        .or_else(|| name::says_secret(spaced(text, name.range())?))
        // Its value has a scheme before it, which a rule of its own knows.
        .filter(|named| named.kind != Kind::Authorization)?;
    let range = value(text, start, named)?;
    // What was replaced before is no secret any more, and what stands right behind it may be one.
    let replaced = placeholder::leading(text.get(range.clone())?);
    let range = range.start + replaced..range.end;
    let accepts =
        if captures.get(3).is_some() { Named::accepts_in_sentence } else { Named::accepts_in_text };
    accepts(named, text.get(range.clone())?).then_some((named.kind, range))
}

/// The name together with the word before it, if that makes one of [`SPACED`].
fn spaced(text: &str, name: Range<usize>) -> Option<&'static str> {
    let head = text.get(..name.end)?;
    SPACED.iter().copied().find(|spaced| {
        let tail = head.len().checked_sub(spaced.len()).and_then(|start| head.get(start..));
        tail.is_some_and(|tail| tail.eq_ignore_ascii_case(spaced))
    })
}

/// The value that begins at `start`: what the quotes hold, or up to the next space or mark.
///
/// A quote without an end has the rest of the line in it, if the secret may have spaces at all.
fn value(text: &str, start: usize, named: Named) -> Option<Range<usize>> {
    let rest = text.get(start..)?;
    let Some(quote) = Quote::opening(rest) else { return bare(text, start) };
    let start = start + quote.length;
    let inside = text.get(start..)?;
    let end = match quote.end(inside) {
        Some(end) => end,
        None if named.has_spaces() => inside.find('\n').unwrap_or(inside.len()),
        None => return bare(text, start),
    };
    let inner = inside.get(..end)?;
    Some(start..start + inner.trim_end_matches('\\').len())
}

fn bare(text: &str, start: usize) -> Option<Range<usize>> {
    let rest = text.get(start..)?;
    // A placeholder has a space in it.
    let replaced = placeholder::leading(rest);
    let end = rest.get(replaced..)?.find(|c: char| {
        c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '&' | ';' | ',' | '<' | '>')
    });
    let value = rest.get(..end.map_or(rest.len(), |end| replaced + end))?;
    let value = value.trim_end_matches([')', '}', ']', '.', '\\']);
    (!value.is_empty()).then(|| start..start + value.len())
}
