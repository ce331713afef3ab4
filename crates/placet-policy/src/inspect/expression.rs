//! Arithmetic, told from code.
//!
//! A calculator's expression is harmless because of what it cannot say. Numbers, operators and the
//! functions of mathematics are let through; a dot after a letter, a quote or an unknown word
//! could be a program in whatever language the tool evaluates.

/// Longer text is not a sum that anybody needs to be told about without a look.
const MAX_EXPRESSION_BYTES: usize = 4096;

const WORDS: &[&str] = &[
    "abs",
    "acos",
    "acosh",
    "asin",
    "asinh",
    "atan",
    "atan2",
    "atanh",
    "avg",
    "cbrt",
    "ceil",
    "comb",
    "cos",
    "cosh",
    "deg",
    "degrees",
    "e",
    "exp",
    "factorial",
    "floor",
    "gcd",
    "hypot",
    "inf",
    "lcm",
    "ln",
    "log",
    "log10",
    "log2",
    "math",
    "max",
    "mean",
    "median",
    "min",
    "mod",
    "perm",
    "pi",
    "pow",
    "rad",
    "radians",
    "round",
    "sign",
    "sin",
    "sinh",
    "sqrt",
    "std",
    "sum",
    "tan",
    "tanh",
    "tau",
    "x",
    "y",
    "z",
    "n",
    "i",
    "km",
    "m",
    "cm",
    "kg",
    "g",
    "usd",
    "eur",
];

/// Whether `text` can only be arithmetic.
pub(super) fn is_arithmetic(text: &str) -> bool {
    text.len() <= MAX_EXPRESSION_BYTES && text.chars().all(is_allowed) && words_are_known(text)
}

/// Whether `text` is a single plain word: a country's code, not a program's.
pub(super) fn is_plain_word(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '#'))
}

fn is_allowed(c: char) -> bool {
    c.is_ascii_alphanumeric()
        || matches!(c, ' ' | '.' | ',' | '(' | ')')
        || matches!(c, '+' | '-' | '*' | '/' | '%' | '^' | '=' | '<' | '>' | '!' | '$')
}

/// Every run of letters and digits that starts with a letter is a known word. An exponent
/// (`1e9`) starts with a digit. `math.sqrt` is fine because both of its words are.
fn words_are_known(text: &str) -> bool {
    let is_word = |run: &&str| run.starts_with(|c: char| c.is_ascii_alphabetic());
    let mut words = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(is_word);
    words.all(|word| WORDS.contains(&word.to_ascii_lowercase().as_str()))
}
