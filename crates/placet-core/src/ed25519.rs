//! Signing with Ed25519 (RFC 8032), for notes and for warrants.
//!
//! Every decision is signed twice, and AWS-LC takes less than half the time for it that the Rust
//! implementation takes. Ed25519 leaves nothing to the signer: both make the same bytes, so where
//! AWS-LC refuses, for lack of memory, the other signs.

use std::fmt;

use aws_lc_rs::signature::Ed25519KeyPair;
use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};

/// A key that signs. It is wiped from memory when dropped.
pub(crate) struct SecretKey {
    key: SigningKey,
    fast: Option<Ed25519KeyPair>,
}

impl SecretKey {
    /// The key that grows from a seed.
    pub(crate) fn from_seed(seed: &[u8; 32]) -> Self {
        let key = SigningKey::from_bytes(seed);
        let public = key.verifying_key();
        let fast = Ed25519KeyPair::from_seed_and_public_key(seed, public.as_bytes()).ok();
        Self { key, fast }
    }

    /// The seed.
    pub(crate) fn danger_seed(&self) -> &[u8; 32] {
        self.key.as_bytes()
    }

    /// The public half.
    pub(crate) fn public(&self) -> VerifyingKey {
        self.key.verifying_key()
    }

    /// The signature of a message: always the same for the same message.
    pub(crate) fn sign(&self, message: &[u8]) -> [u8; 64] {
        let fast = self.fast.as_ref().and_then(|key| key.try_sign(message).ok());
        let fast = fast.and_then(|signature| signature.as_ref().try_into().ok());
        fast.unwrap_or_else(|| self.key.sign(message).to_bytes())
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn both_implementations_sign_alike(seed: [u8; 32], message: Vec<u8>) {
            let key = SecretKey::from_seed(&seed);
            let slow = SecretKey { key: key.key.clone(), fast: None };
            prop_assert!(key.fast.is_some());
            prop_assert_eq!(key.sign(&message), slow.sign(&message));
        }
    }
}
