//! Commitments: a leaf vouches for a payload without holding it.
//!
//! What is private (params, reasons, people) lies beside the log with a random salt. The leaf has
//! only the hash of both. With salt and payload anyone can check that this is what was recorded;
//! once both are erased the hash tells nothing, not even to someone who guesses the payload, and
//! every proof still holds.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};

use crate::bytes32::{Form, Hex, public_bytes32};
use crate::event::Payload;
use crate::json::{CanonicalError, canonical_json};

/// Precedes salt and payload, so that no commitment is ever the hash of something else.
const DOMAIN: &[u8] = b"placet/private/v1\n";

/// The salted hash of a private payload. Text form: `sha256:` and 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Commitment([u8; 32]);

public_bytes32!(Commitment, "sha256:", "\"sha256:\" and 64 lower-case hexadecimal digits");

impl Commitment {
    /// The commitment to `payload` under `salt`.
    pub fn of(salt: &Salt, payload: &[u8]) -> Self {
        let hash = Sha256::new_with_prefix(DOMAIN).chain_update(salt.0).chain_update(payload);
        Self(hash.finalize().into())
    }

    /// Whether this is the commitment to `payload` under `salt`.
    ///
    /// The comparison takes no care to be constant in time: a commitment is public, and how long
    /// it takes to refuse a candidate says nothing that the refusal does not.
    pub fn opens(&self, salt: &Salt, payload: &[u8]) -> bool {
        *self == Self::of(salt, payload)
    }
}

/// A payload written down and committed to, ready to be kept beside a leaf.
///
/// To write and hash it takes longer than anything else about an entry, and needs nothing that
/// only the tip of the log knows. So it can be done before the entry has its turn.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed {
    salt: Salt,
    payload: Vec<u8>,
    commitment: Commitment,
}

impl Sealed {
    /// Writes a payload as canonical JSON and commits to it under `salt`, which must be fresh.
    ///
    /// # Errors
    /// When the payload has no canonical text.
    pub fn seal(payload: &Payload, salt: Salt) -> Result<Self, CanonicalError> {
        let payload = canonical_json(payload)?;
        let commitment = Commitment::of(&salt, &payload);
        Ok(Self { salt, payload, commitment })
    }

    /// The commitment, for the leaf.
    pub const fn commitment(&self) -> Commitment {
        self.commitment
    }

    /// The salt and the payload's text, for the store that keeps them until they are erased.
    pub fn into_parts(self) -> (Salt, Vec<u8>) {
        (self.salt, self.payload)
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed({}, hidden)", self.commitment)
    }
}

/// Random bytes that keep the payload of a commitment from being guessed.
///
/// It is as private as its payload and erased with it, so it is not shown by `Debug` and has no
/// `Display`; serde writes it, as 64 hexadecimal digits, for receipts that open the payload.
#[derive(Clone, PartialEq, Eq)]
pub struct Salt([u8; 32]);

impl Salt {
    const FORM: Form = Form { prefix: "", expected: "64 lower-case hexadecimal digits" };

    /// The salt with these bytes, which must come from a secure random source.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes, for the store that keeps them until the payload is erased.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Salt(hidden)")
    }
}

impl Serialize for Salt {
    fn serialize<S: Serializer>(&self, sink: S) -> Result<S::Ok, S::Error> {
        sink.collect_str(&Hex(&self.0))
    }
}

impl<'de> Deserialize<'de> for Salt {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        const FORM: &Form = &Salt::FORM;
        FORM.deserialize(source).map(Self)
    }
}
