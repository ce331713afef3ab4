//! What a parser found in one argument, before it is known where in the call that was.

use super::effect::{Effect, Weight};

/// What one text does.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Findings {
    /// The effects, why, and how much that carries.
    pub(super) effects: Vec<(Effect, String, Weight)>,
    /// What could not be understood.
    pub(super) opaque: Vec<String>,
    /// What is read although it should stay closed.
    pub(super) sensitive: Vec<String>,
}

impl Findings {
    pub(super) fn opaque(reason: impl Into<String>) -> Self {
        Self { opaque: vec![reason.into()], ..Self::default() }
    }

    pub(super) fn does(&mut self, effect: Effect, reason: impl Into<String>) {
        self.effects.push((effect, reason.into(), Weight::Proof));
    }

    pub(super) fn does_gravely(&mut self, effect: Effect, reason: impl Into<String>) {
        self.effects.push((effect, reason.into(), Weight::Grave));
    }

    pub(super) fn cannot_tell(&mut self, reason: impl Into<String>) {
        self.opaque.push(reason.into());
    }

    pub(super) fn touches_secret(&mut self, reason: impl Into<String>) {
        self.sensitive.push(reason.into());
    }

    /// Adds what was found in a part of the text.
    pub(super) fn merge(&mut self, part: Self) {
        self.effects.extend(part.effects);
        self.opaque.extend(part.opaque);
        self.sensitive.extend(part.sensitive);
    }
}
