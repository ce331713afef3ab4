//! Bytes that are read only to be thrown away: what is left of a request that has been refused.
//!
//! They are read so that its sender finds the answer (see [`Timed`](super::io::Timed)), and there is
//! a budget for it, which all connections share: with a few of them somebody who sends a megabyte
//! too much again and again would otherwise keep the daemon busy with nothing else.

use std::num::NonZeroU32;
use std::sync::Arc;

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};

use crate::limits::WASTE_BYTES_PER_SECOND;

/// What may still be read to be thrown away.
#[derive(Clone, Debug)]
pub(crate) struct Waste(Arc<DefaultDirectRateLimiter>);

impl Waste {
    pub(crate) fn new() -> Self {
        Self(Arc::new(RateLimiter::direct(Quota::per_second(WASTE_BYTES_PER_SECOND))))
    }

    /// Whether there is enough left for so many bytes, which then count as read.
    pub(crate) fn allows(&self, bytes: usize) -> bool {
        let bytes = u32::try_from(bytes).ok().and_then(NonZeroU32::new);
        bytes.is_some_and(|bytes| matches!(self.0.check_n(bytes), Ok(Ok(()))))
    }
}
