//! The names that requests have on one connection.

use serde_json::value::RawValue;

/// What the ids of the gateway's own requests to a client begin with.
pub(crate) const OURS: &str = "placet-gateway-";

/// What the ids of requests begin with that servers see in place of those of several clients.
const OF_CLIENTS: &str = "placet-client-";

/// The id of a request: a number or a string, kept as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Id {
    written: String,
    key: Key,
}

/// What an id means, however it is written: `1` and `1.0` are one number.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Key {
    Number(u64),
    Text(String),
}

impl Id {
    /// Reads an id; none for what cannot be one.
    pub(crate) fn read(raw: &RawValue) -> Option<Self> {
        let key = match serde_json::from_str(raw.get()).ok()? {
            serde_json::Value::Number(number) => Key::Number(number.as_f64()?.to_bits()),
            serde_json::Value::String(text) => Key::Text(text),
            _ => return None,
        };
        Some(Self { written: raw.get().to_owned(), key })
    }

    /// An id of ours.
    pub(crate) fn ours(number: u64) -> Self {
        Self::text(format!("{OURS}{number}"))
    }

    /// The id of a request of one client among several, as servers see it.
    pub(crate) fn of_one_client(number: u64) -> Self {
        Self::text(format!("{OF_CLIENTS}{number}"))
    }

    /// A text that needs no escapes.
    fn text(text: String) -> Self {
        Self { written: format!("\"{text}\""), key: Key::Text(text) }
    }

    /// As JSON, as it was written.
    pub(crate) fn as_json(&self) -> &str {
        &self.written
    }

    pub(crate) fn key(&self) -> &Key {
        &self.key
    }

    /// Whether it is, or pretends to be, one of ours.
    pub(crate) fn is_ours(&self) -> bool {
        matches!(&self.key, Key::Text(text) if text.starts_with(OURS))
    }
}
