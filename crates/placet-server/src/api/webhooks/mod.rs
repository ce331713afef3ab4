//! Webhooks: what could not be announced.

pub(super) mod dead_letters;
