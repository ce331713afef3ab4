//! What makes a call an HTTP request, and what the request does.

use placet_core::json::{Json, Object};

use super::Walk;
use crate::inspect::effect::{Effect, Source, Weight};
use crate::inspect::http;
use crate::inspect::name::Carrier;

impl Walk<'_> {
    pub(super) fn method(&mut self, text: &str, is_http: bool) {
        match http::method_effect(text) {
            Some(Effect::Reads) if self.name.carrier == Some(Carrier::Http) => {
                self.found(
                    Source::Http,
                    Effect::Reads,
                    "an HTTP method that reads".to_owned(),
                    Weight::Proof,
                );
            }
            Some(Effect::Reads) => {}
            Some(effect) => {
                let reason = format!("HTTP {}", text.trim().to_ascii_uppercase());
                self.found(Source::Http, effect, reason, Weight::Proof);
            }
            None if is_http => self.opaque(Source::Http, "an HTTP method that is not known"),
            None => self.action(text, false),
        }
    }

    pub(super) fn body(&mut self) {
        if !self.name.acts.is_empty() || self.is_http_read() {
            let reason = "a request with a body".to_owned();
            self.found(Source::Http, Effect::Writes, reason, Weight::Claim);
        }
    }

    pub(super) fn is_http_read(&self) -> bool {
        self.name.reads_by.is_some() || self.name.carrier == Some(Carrier::Http)
    }

    pub(super) fn headers(&mut self, headers: &Json) {
        let overrides = |key: &str| key.to_ascii_lowercase().contains("method");
        // A list of headers holds texts, pairs, or objects with a name and a value.
        let is_override = match headers {
            Json::String(text) => overrides(text),
            Json::Object(object) => object
                .iter()
                .any(|(key, value)| overrides(key) || value.as_str().is_some_and(overrides)),
            _ => false,
        };
        if is_override {
            self.opaque(Source::Http, "a header that changes the HTTP method");
        }
    }

    pub(super) fn is_http(&self, object: &Object) -> bool {
        let has = |key| object.contains_key(key);
        self.name.carrier == Some(Carrier::Http) || has("url") || has("uri") || has("endpoint")
    }
}
