//! What was counted: for people, and for Prometheus.

pub(super) mod prometheus;
pub(super) mod summary;
