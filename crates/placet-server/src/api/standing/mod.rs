//! Standing approvals: looked at and taken back. They are given with an answer to a held action.

pub(super) mod list;
pub(super) mod revoke;
