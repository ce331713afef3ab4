//! Whether a decision binds the caller: shadow, sample, enforce.

use crate::assessment::Assessment;
use crate::terms::Terms;
use serde::{Deserialize, Serialize};

use crate::verdict::Verdict;

/// How far decisions bind the caller.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Decide and record, never stop anyone.
    Shadow,
    /// Enforce for a stable share of the traffic, shadow the rest.
    Sample,
    /// Decide, record, and hold the caller to it.
    #[default]
    Enforce,
}

impl Mode {
    /// The word used on the wire and in the policy.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Shadow => "shadow",
            Self::Sample => "sample",
            Self::Enforce => "enforce",
        }
    }
}

/// A share of the traffic, in steps of one ten-thousandth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub struct Share(u16);

/// A share above the whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a share of {0} ten-thousandths is more than the whole")]
pub struct ShareError(u16);

impl Share {
    /// Nothing.
    pub const NONE: Self = Self(0);
    /// Everything.
    pub const ALL: Self = Self(Bucket::COUNT);

    /// A share of so many ten-thousandths.
    ///
    /// # Errors
    /// When that is more than the whole.
    pub fn of_ten_thousand(parts: u16) -> Result<Self, ShareError> {
        if parts > Bucket::COUNT { Err(ShareError(parts)) } else { Ok(Self(parts)) }
    }

    /// Whether a bucket lies inside the share. A larger share contains every smaller one.
    #[must_use]
    pub fn contains(self, bucket: Bucket) -> bool {
        bucket.0 < self.0
    }
}

impl TryFrom<u16> for Share {
    type Error = ShareError;

    fn try_from(parts: u16) -> Result<Self, Self::Error> {
        Self::of_ten_thousand(parts)
    }
}

impl From<Share> for u16 {
    fn from(share: Share) -> Self {
        share.0
    }
}

/// Where a caller falls when a share of the traffic is drawn: 0 to 9,999.
///
/// It comes from a keyed hash of who asks, not of what is asked, so that a retry never gets another
/// draw and nobody without the key can look for a lucky name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u16")]
pub struct Bucket(u16);

/// A bucket that no hash falls into, so that no share would contain it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no bucket {0}; they are numbered from 0 to {last}", last = Bucket::COUNT - 1)]
pub struct BucketError(u16);

impl TryFrom<u16> for Bucket {
    type Error = BucketError;

    fn try_from(number: u16) -> Result<Self, Self::Error> {
        if number < Self::COUNT { Ok(Self(number)) } else { Err(BucketError(number)) }
    }
}

impl Bucket {
    const COUNT: u16 = 10_000;

    /// The bucket for a keyed hash.
    ///
    /// The first eight bytes modulo 10,000: the bias towards low buckets is below 10⁻¹⁵.
    #[must_use]
    pub fn from_hash(hash: &[u8; 32]) -> Self {
        let [a, b, c, d, e, f, g, h, ..] = *hash;
        let wide = u64::from_be_bytes([a, b, c, d, e, f, g, h]) % u64::from(Self::COUNT);
        Self(u16::try_from(wide).unwrap_or(0))
    }
}

/// The verdict that binds, and the one that would have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Effective {
    pub(crate) verdict: Verdict,
    pub(crate) would_have: Option<Verdict>,
}

/// What the program that embeds a guard asks for at one place where it calls it. It is no part
/// of the action: what is stricter anybody may ask for, what is laxer only where the policy permits it.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Treatment {
    /// What was decided holds.
    #[default]
    Binding,
    /// A person approves it, whatever else was decided, and whatever the mode.
    Gated,
    /// Nobody is asked: what would wait for people is blocked.
    Unasked,
    /// The program stops it itself, and wants that on record: it is blocked, and nobody is asked.
    Stopped,
    /// What waits for people runs without waiting; what is blocked is blocked. Only where the
    /// policy permits it.
    FailOpen,
    /// Nothing is stopped. Only where the policy permits it.
    Shadow,
}

impl Treatment {
    /// The word used on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Binding => "binding",
            Self::Gated => "gated",
            Self::Unasked => "unasked",
            Self::Stopped => "stopped",
            Self::FailOpen => "fail_open",
            Self::Shadow => "shadow",
        }
    }

    /// Whether it is what was asked for by default.
    #[must_use]
    pub fn is_binding(&self) -> bool {
        *self == Self::Binding
    }

    /// Whether a policy permits it, whose laxest treatment is `laxest`.
    #[must_use]
    pub fn is_permitted(self, laxest: Self) -> bool {
        match self {
            Self::Binding | Self::Gated | Self::Unasked | Self::Stopped => true,
            Self::FailOpen => matches!(laxest, Self::FailOpen | Self::Shadow),
            Self::Shadow => laxest == Self::Shadow,
        }
    }
}

/// Applies the mode, and what the caller asks for, to a verdict.
pub(crate) fn bind(terms: &Terms, of: &Assessment, real: Verdict) -> Effective {
    let in_mode = match terms.mode {
        Mode::Enforce => true,
        Mode::Sample => terms.sample.contains(of.bucket),
        Mode::Shadow => false,
    };
    let stricter = of.enforce || of.treatment == Treatment::Gated;
    let laxer = of.treatment.is_permitted(terms.laxest)
        && match of.treatment {
            Treatment::Binding | Treatment::Gated | Treatment::Unasked | Treatment::Stopped => {
                false
            }
            Treatment::FailOpen => real < Verdict::Block,
            Treatment::Shadow => true,
        };
    let binds = (in_mode && !laxer) || stricter;
    if binds || real == Verdict::Allow {
        Effective { verdict: real, would_have: None }
    } else {
        Effective { verdict: Verdict::Allow, would_have: Some(real) }
    }
}
