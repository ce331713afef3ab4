//! Options of programs: which are there, and which might be.

use super::word::ShellWord;

/// Whether one of `words` is, or may turn out to be, one of the `dangerous` options
/// (`-o`, `--output`).
pub(super) fn may_have(words: &[ShellWord], dangerous: &[&str]) -> bool {
    words.iter().any(|word| match word.exact() {
        Some(text) => dangerous.iter().any(|option| is_option(text, option)),
        None => !word.is_surely_operand(),
    })
}

/// Whether `text` gives `option`. Short options may be bundled (`-ro`), long ones abbreviated
/// (`--outp`, `--o`) or followed by a value. `@` stands for a file of options.
fn is_option(text: &str, option: &str) -> bool {
    if option == "@" {
        return text.starts_with('@');
    }
    let Some(wanted) = option.strip_prefix("--") else {
        let letter = option.trim_start_matches('-');
        let bundle = text.strip_prefix('-').filter(|rest| !rest.starts_with('-'));
        return bundle.is_some_and(|bundle| bundle.contains(letter));
    };
    let Some(given) = text.strip_prefix("--") else { return false };
    let given = given.split('=').next().unwrap_or(given);
    !given.is_empty() && wanted.starts_with(given)
}

/// The operands: words that are no options.
pub(super) fn operands(words: &[ShellWord]) -> impl Iterator<Item = &ShellWord> {
    words.iter().filter(|word| !word.known().starts_with('-') || word.known() == "-")
}

/// The exact texts of all words, if all are exact.
pub(super) fn exact(words: &[ShellWord]) -> Option<Vec<&str>> {
    words.iter().map(ShellWord::exact).collect()
}
