//! Warrants: the permission for one action.

pub(super) mod jwks;
pub(super) mod redeem;
pub(super) mod rotate;
