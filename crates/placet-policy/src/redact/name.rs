//! Names that say that what they name is a secret: `password`, `clientSecret`, `X-Api-Key`.
//!
//! It is the last word that counts. `access_token` is a token, `token_count` is a count, and
//! `next_page_token` is a token that opens nothing.

use super::entropy;
use super::kind::Kind;
use super::placeholder;

/// How sure a name makes us, and so what its value must look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Look {
    /// Anything but an obvious word of prose or a reference.
    Any,
    /// Long and without spaces: `token` also names currencies and parts of words.
    Long,
    /// From 3 to 12 digits.
    Digits,
    /// Short, with a digit in it.
    Code,
}

/// What a name says about its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) kind: Kind,
    look: Look,
}

/// Parts of the names below; a text without any of them names no secret.
pub(super) const LITERALS: &[&str] = &[
    "pass",
    "pwd",
    "secret",
    "token",
    "key",
    "auth",
    "cvv",
    "cvc",
    "pin",
    "ssn",
    "otp",
    "cookie",
    "credential",
    "bearer",
    "mnemonic",
    "seed",
    "code",
    "social",
];

/// Words that may follow the one that counts.
const TRAILING: &[&str] = &[
    "value",
    "text",
    "plain",
    "plaintext",
    "raw",
    "hash",
    "digest",
    "b64",
    "base64",
    "pem",
    "new",
    "old",
    "current",
    "confirm",
    "confirmation",
    "repeat",
    "again",
    "prod",
    "production",
    "staging",
    "dev",
    "test",
    "live",
    "1",
    "2",
    "v1",
    "v2",
];

/// What a `key` must be to be secret; a primary or a cache key is not.
const SECRET_KEYS: &[&str] = &[
    "api",
    "access",
    "private",
    "secret",
    "signing",
    "encryption",
    "master",
    "account",
    "shared",
    "service",
    "auth",
    "hmac",
    "ssh",
];

/// What makes a `token` one that opens nothing.
const HARMLESS_TOKENS: &[&str] = &[
    "page",
    "next",
    "prev",
    "previous",
    "continuation",
    "cursor",
    "sync",
    "pagination",
    "resume",
    "delta",
    "start",
    "end",
    "stop",
    "pad",
    "eos",
    "bos",
    "unk",
    "mask",
    "sep",
    "cls",
    "first",
    "last",
    "max",
    "min",
    "num",
    "total",
];

/// What a `code` must be to be good for one use.
const ONE_TIME_CODES: &[&str] =
    &["verification", "mfa", "2fa", "totp", "otp", "backup", "recovery"];

/// What stands after `password:` in prose and in forms.
const PROSE: &[&str] = &[
    "required",
    "optional",
    "none",
    "null",
    "nil",
    "true",
    "false",
    "please",
    "must",
    "the",
    "a",
    "an",
    "your",
    "is",
    "not",
    "no",
    "yes",
    "reset",
    "changed",
    "expired",
    "incorrect",
    "wrong",
    "invalid",
    "valid",
    "missing",
    "hidden",
    "unknown",
    "string",
    "forgotten",
    "empty",
    "unset",
    "undefined",
    "and",
    "or",
    "to",
    "in",
    "for",
    "it",
    "we",
    "you",
    "this",
    "has",
    "was",
    "bearer",
    "basic",
];

/// What a name says about its value, if it names a secret.
pub(super) fn says_secret(name: &str) -> Option<Named> {
    let words = words(name);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let trailing = words.iter().rev().take_while(|word| TRAILING.contains(word)).count();
    let (last, before) = words.get(..words.len() - trailing)?.split_last()?;
    let previous = before.last().copied().unwrap_or_default();
    let (kind, look) = match *last {
        "pwd" | "passcode" | "pw" => (Kind::Password, Look::Any),
        "pass" => (Kind::Password, Look::Long),
        "credential" | "credentials" | "mnemonic" => (Kind::Secret, Look::Any),
        "authorization" => (Kind::Authorization, Look::Any),
        "phrase" if matches!(previous, "seed" | "pass") => (Kind::Secret, Look::Any),
        "key" if SECRET_KEYS.contains(&previous) => (Kind::ApiKey, Look::Any),
        "token" if HARMLESS_TOKENS.contains(&previous) => return None,
        "bearer" | "cookie" | "jwt" => (Kind::Token, Look::Long),
        "cvv" | "cvc" | "cvv2" | "cvc2" | "csc" => (Kind::CardCode, Look::Digits),
        "code" if matches!(previous, "security" | "card") => (Kind::CardCode, Look::Digits),
        "code" if ONE_TIME_CODES.contains(&previous) => (Kind::OneTimeCode, Look::Code),
        "otp" | "totp" => (Kind::OneTimeCode, Look::Code),
        "pin" => (Kind::Pin, Look::Digits),
        "ssn" => (Kind::NationalId, Look::Code),
        "number" if before.ends_with(&["social", "security"]) => (Kind::NationalId, Look::Code),
        word => joined(word)?,
    };
    Some(Named { kind, look })
}

/// Words that are also written together with what comes before: `authtoken`, `PGPASSWORD`.
fn joined(word: &str) -> Option<(Kind, Look)> {
    const ENDINGS: &[(&str, Kind, Look)] = &[
        ("password", Kind::Password, Look::Any),
        ("passwd", Kind::Password, Look::Any),
        ("passphrase", Kind::Password, Look::Any),
        ("secret", Kind::Secret, Look::Any),
        ("apikey", Kind::ApiKey, Look::Any),
        ("accesskey", Kind::ApiKey, Look::Any),
        ("privatekey", Kind::PrivateKey, Look::Any),
        ("secretkey", Kind::ApiKey, Look::Any),
        ("accountkey", Kind::ApiKey, Look::Any),
        ("token", Kind::Token, Look::Long),
    ];
    let ending = ENDINGS.iter().find(|(ending, ..)| word.ends_with(ending));
    ending.map(|(_, kind, look)| (*kind, *look))
}

impl Named {
    /// Whether its value may have spaces in it.
    pub(super) fn has_spaces(self) -> bool {
        self.look == Look::Any
    }

    /// Whether a value in a field of its own is the secret that its name announces.
    pub(super) fn accepts(self, value: &str) -> bool {
        let value = value.trim();
        let digits = value.bytes().filter(u8::is_ascii_digit).count();
        let fits = match self.look {
            Look::Any => !value.is_empty(),
            Look::Long => value.len() >= 8 && !value.contains(char::is_whitespace),
            Look::Digits => (3..=12).contains(&value.len()) && digits == value.len(),
            Look::Code => digits >= 3 && value.len() <= 24,
        };
        fits && !is_reference(value) && !placeholder::is_whole(value)
    }

    /// Whether a value in running text is; prose is full of words that stand there by chance.
    pub(super) fn accepts_in_text(self, value: &str) -> bool {
        let is_prose =
            PROSE.contains(&value.to_ascii_lowercase().trim_end_matches(['.', '!', '?']));
        self.accepts(value) && !is_prose && (self.look != Look::Long || entropy::is_coded(value))
    }

    /// Whether a value is, in a sentence such as "the password is …".
    pub(super) fn accepts_in_sentence(self, value: &str) -> bool {
        self.accepts_in_text(value)
            && value.bytes().any(|byte| !byte.is_ascii_alphabetic() && byte != b'-')
    }
}

/// A value that only says where the secret is, or that it is hidden already.
fn is_reference(value: &str) -> bool {
    let inside = |open: &str, close: &str| {
        let inner = value.strip_prefix(open).and_then(|rest| rest.strip_suffix(close));
        inner.is_some_and(|inner| inner.len() <= 64 && !inner.contains(['{', '}', '<', '>']))
    };
    let is_variable = value.strip_prefix('$').is_some_and(|rest| {
        !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
    });
    let is_mask = value.len() >= 3
        && value.chars().all(|c| matches!(c, '*' | '•' | 'x' | 'X' | '.' | '…' | '-'));
    // Of a template with spaces in it, running text gives only the beginning.
    value == "{{"
        || inside("${", "}")
        || inside("{{", "}}")
        || inside("<", ">")
        || is_variable
        || is_mask
}

/// The words of a name in lower case, split at marks and where `camelCase` has its humps.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut previous = ' ';
    for c in name.chars() {
        let is_hump = c.is_uppercase() && (previous.is_lowercase() || previous.is_ascii_digit());
        if is_hump || !c.is_alphanumeric() {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| c.is_alphanumeric()) {
            word.extend(c.to_lowercase());
        }
        previous = c;
    }
    words.retain(|word| !word.is_empty());
    words
}
