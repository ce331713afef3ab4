//! The text that stands in the place of a secret.

use std::ops::Range;

use placet_core::{Json, Pepper};

use super::card;
use super::kind::Kind;

const OPEN: &str = "[redacted:";
const DIGEST: &str = " hmac-sha256:";

/// How many hexadecimal digits of the keyed hash are shown: 64 bits tell the secrets of one log
/// apart, and a screen still holds the sentence around them.
const SHOWN_DIGITS: usize = 16;

/// Hashed before a secret, so that the text `5` and the number 5 differ.
const TEXT: &[u8] = b"text ";
const JSON: &[u8] = b"json ";

/// How placeholders are written.
#[derive(Clone, Copy, Debug)]
pub(super) enum Mark<'a> {
    /// With a hash under the log's pepper.
    Keyed(&'a Pepper),
    /// With the kind alone.
    Bare,
}

impl Mark<'_> {
    /// What stands for a secret text.
    pub(super) fn of_text(self, kind: Kind, secret: &str) -> String {
        self.write(kind, TEXT, secret)
    }

    /// What stands for a whole value.
    pub(super) fn of_json(self, kind: Kind, secret: &Json) -> String {
        match secret {
            Json::String(text) => self.of_text(kind, text),
            other => self.write(kind, JSON, &other.canonical()),
        }
    }

    fn write(self, kind: Kind, type_tag: &[u8], secret: &str) -> String {
        match self {
            Self::Bare => format!("{OPEN}{kind}]"),
            Self::Keyed(pepper) => {
                let hash = pepper.placeholder(&[type_tag, secret.as_bytes()].concat());
                format!("{OPEN}{kind}{DIGEST}{}]", shown(&hash))
            }
        }
    }
}

/// The first digits of a hash that do not happen to be a card number themselves; they would be
/// taken for one when the text is redacted again.
fn shown(hash: &str) -> &str {
    let digits = hash.rsplit(':').next().unwrap_or_default();
    let windows = (0..digits.len()).filter_map(|start| digits.get(start..start + SHOWN_DIGITS));
    let mut harmless = windows.filter(|window| card::find(window).is_empty());
    harmless.next().unwrap_or_default()
}

/// Where placeholders stand in a text.
pub(super) fn find(text: &str) -> Vec<Range<usize>> {
    let starts = text.match_indices(OPEN).map(|(start, _)| start);
    starts.filter_map(|start| Some(start..start + length(text.get(start..)?)?)).collect()
}

/// How long the placeholders are at the beginning of a text, one right after the other.
pub(super) fn leading(text: &str) -> usize {
    let mut end = 0;
    while let Some(length) = text.get(end..).and_then(length) {
        end += length;
    }
    end
}

/// Whether the whole text is a placeholder.
pub(super) fn is_whole(text: &str) -> bool {
    length(text) == Some(text.len())
}

/// Whether there is a placeholder anywhere in the text.
pub(super) fn is_in(text: &str) -> bool {
    // A single byte is found much faster, and most texts do not even have that.
    text.contains('[') && text.contains(OPEN) && !find(text).is_empty()
}

/// How long the placeholder at the beginning of a text is.
fn length(text: &str) -> Option<usize> {
    let rest = text.strip_prefix(OPEN)?;
    // No kind is the beginning of another one.
    let rest = Kind::ALL.iter().find_map(|kind| rest.strip_prefix(kind.as_str()))?;
    let rest = match rest.strip_prefix(DIGEST) {
        Some(hash) => {
            let (digits, rest) = hash.split_at_checked(SHOWN_DIGITS)?;
            digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')).then_some(rest)?
        }
        None => rest,
    };
    Some(text.len() - rest.strip_prefix(']')?.len())
}
