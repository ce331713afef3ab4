//! What the walk notes down, and where.

use std::borrow::Cow;

use super::Walk;
use crate::inspect::argument::Findings;
use crate::inspect::effect::{Concern, Effect, Evidence, Source, Weight};

impl Walk<'_> {
    pub(super) fn absorb(&mut self, source: Source, findings: Findings) {
        for (effect, reason, weight) in findings.effects {
            self.found(source, effect, reason, weight);
        }
        for reason in findings.opaque {
            self.opaque(source, &reason);
        }
        for reason in findings.sensitive {
            self.sensitive(source, &reason);
        }
    }

    pub(super) fn found(&mut self, source: Source, effect: Effect, reason: String, weight: Weight) {
        let pointer = self.pointer.clone();
        self.inspection.add(Evidence { effect, source, pointer, reason, weight });
    }

    pub(super) fn opaque(&mut self, source: Source, reason: &str) {
        let concern = self.concern(source, reason);
        self.inspection.add_uninspectable(concern);
    }

    pub(super) fn sensitive(&mut self, source: Source, reason: &str) {
        let concern = self.concern(source, reason);
        self.inspection.add_sensitive(concern);
    }

    pub(super) fn confusable(&mut self, reason: &str) {
        let concern = self.concern(Source::Confusable, reason);
        self.inspection.add_confusable(concern);
    }

    pub(super) fn concern(&self, source: Source, reason: &str) -> Concern {
        Concern { source, pointer: self.pointer.clone(), reason: reason.to_owned() }
    }

    /// Goes one level down and says how to come back.
    pub(super) fn enter(&mut self, token: &str) -> usize {
        let length = self.pointer.len();
        self.pointer.push('/');
        self.pointer.push_str(token);
        self.depth += 1;
        length
    }

    pub(super) fn leave(&mut self, length: usize) {
        self.pointer.truncate(length);
        self.depth -= 1;
    }
}

/// A key as a token of a JSON pointer.
pub(super) fn escape(key: &str) -> Cow<'_, str> {
    if key.contains(['~', '/']) {
        return key.replace('~', "~0").replace('/', "~1").into();
    }
    key.into()
}
