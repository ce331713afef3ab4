//! How error messages show text that somebody else wrote: quoted, short, and with every character
//! that could disturb a terminal or hide itself spelled out.

use crate::limits::MAX_QUOTED_CHARS;

/// `text` in double quotes, escaped, cut to [`MAX_QUOTED_CHARS`].
pub(crate) fn quote(text: &str) -> String {
    let mut quoted = String::from("\"");
    let mut rest = text.chars();
    quoted.extend(rest.by_ref().take(MAX_QUOTED_CHARS).flat_map(char::escape_debug));
    if rest.next().is_some() {
        quoted.push('…');
    }
    quoted.push('"');
    quoted
}
