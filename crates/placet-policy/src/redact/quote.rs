//! Quotes around a value, and where they end.
//!
//! What is quoted may stand inside another text that is quoted too. Then its quotes are escaped, and
//! the one that ends it has as many backslashes before it as the one that began it. Whatever
//! might still belong to the value does: a quote too late hides a few words, one too early shows half
//! of a secret.

/// How far the end of a value in quotes is looked for, so that openings without one cost little.
const MAX_QUOTED_BYTES: usize = 4096;

/// How many quotes are tried as the end. A text has few that do not end it.
const MAX_TRIED: usize = 32;

/// Quotes in a row after which a value surely goes on; a shell's `'\\''` has two, escaped text a few.
const MAX_QUOTES: usize = 8;

/// Quotes as they are written where a quote itself cannot stand.
const ENCODED: [&str; 7] = ["%22", "%27", "&quot;", "&#34;", "&#39;", "\\u0022", "\\u0027"];

/// What is left of an encoded quote before a name, whose characters a name may have.
const REMAINS: [&str; 4] = ["u0022", "u0027", "22", "27"];

/// The quote that a value begins with.
pub(super) struct Quote<'a> {
    /// The quote without the backslashes before it: `"`, `'''` or `%22`.
    mark: &'a str,
    /// How many backslashes stand before it.
    escapes: usize,
    /// Bytes of both.
    pub(super) length: usize,
}

/// A name without what is left of an encoded quote before it.
pub(super) fn without(name: &str) -> &str {
    let rest = REMAINS.iter().find_map(|remains| name.strip_prefix(remains));
    rest.filter(|rest| !rest.is_empty()).unwrap_or(name)
}

impl<'a> Quote<'a> {
    /// The quote at the beginning of a text.
    pub(super) fn opening(text: &'a str) -> Option<Self> {
        if let Some(mark) = ENCODED.iter().find(|mark| text.starts_with(**mark)) {
            return Some(Self { mark, escapes: 0, length: mark.len() });
        }
        let unescaped = text.trim_start_matches('\\');
        let escapes = text.len() - unescaped.len();
        let quote = unescaped.chars().next().filter(|c| is_quote(*c))?;
        let run = unescaped.len() - unescaped.trim_start_matches(quote).len();
        let run = if run == 2 && unescaped.get(run..).is_none_or(is_apart) { 1 } else { run };
        Some(Self { mark: unescaped.get(..run)?, escapes, length: escapes + run })
    }

    /// Where the quote ends, given what follows its beginning.
    pub(super) fn end(&self, inside: &str) -> Option<usize> {
        let inside = inside.get(..inside.floor_char_boundary(MAX_QUOTED_BYTES))?;
        let mut from = 0;
        for _ in 0..MAX_TRIED {
            let at = from + inside.get(from..)?.find(self.mark)?;
            let after = inside.get(at + self.mark.len()..)?;
            let is_doubled = self.is_single() && after.starts_with(self.mark);
            if !is_doubled && self.closes(inside.get(..at)?) && !goes_on(after) {
                return Some(at);
            }
            from = at + self.mark.len() * if is_doubled { 2 } else { 1 };
        }
        None
    }

    /// Whether it is one plain character, which is doubled to stand for itself in SQL and YAML.
    fn is_single(&self) -> bool {
        self.mark.len() == 1 && self.escapes == 0
    }

    /// Whether the quote after `before` is not escaped on the level of this one. Each level of
    /// quoting doubles the backslashes of those inside it and adds its own.
    fn closes(&self, before: &str) -> bool {
        let escapes = before.len() - before.trim_end_matches('\\').len();
        let level = self.escapes + 1;
        escapes.checked_sub(self.escapes).is_some_and(|more| more.is_multiple_of(2 * level))
    }
}

/// Whether the value goes on after a quote: `'it'\''s'` and `"a b"'c d'` are one word to a shell, and
/// in `don't` it is an apostrophe.
fn goes_on(after: &str) -> bool {
    let mut rest = after;
    for _ in 0..MAX_QUOTES {
        match rest.trim_start_matches('\\').strip_prefix(is_quote) {
            Some(next) => rest = next,
            None => return rest.starts_with(char::is_alphanumeric),
        }
    }
    true
}

/// Whether nothing that follows two quotes could be what they quote, so that they quote nothing.
fn is_apart(after: &str) -> bool {
    let ends = |c: char| c.is_whitespace() || matches!(c, ',' | ';' | ':' | ')' | ']' | '}' | '\\');
    after.is_empty() || after.starts_with(ends)
}

fn is_quote(c: char) -> bool {
    matches!(c, '"' | '\'' | '`')
}
