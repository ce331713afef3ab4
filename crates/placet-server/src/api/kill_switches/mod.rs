//! Kill switches: looked at, tripped and reset.

pub(super) mod list;
pub(super) mod reset;
pub(super) mod trip;

pub(crate) use trip::within;
