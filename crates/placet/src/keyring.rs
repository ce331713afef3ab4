//! The keys of warrants, made from the log's secrets and kept until another one signs.

use placet_core::Pepper;
use placet_core::limits::MAX_WARRANT_KEYS;
use placet_core::warrant::{PublicKey, WarrantKey};

/// Keys that are good no more and are known all the same, so that the log says when somebody shows
/// what one of them signed. Each takes some microseconds to make, once after each rotation.
const OLD_KEYS_KNOWN: usize = 48;

/// The key that signs warrants, and the public halves of the latest ones.
#[derive(Debug)]
pub(crate) struct Keyring {
    generation: u32,
    signing: WarrantKey,
    public: Vec<PublicKey>,
}

impl Keyring {
    pub(crate) fn of(pepper: &Pepper, generation: u32) -> Self {
        let latest = (0..=generation).rev().take(MAX_WARRANT_KEYS.saturating_add(OLD_KEYS_KNOWN));
        let public = |of| WarrantKey::of(pepper, of).public().clone();
        let signing = WarrantKey::of(pepper, generation);
        Self { generation, signing, public: latest.map(public).collect() }
    }

    /// Which key signs.
    pub(crate) fn generation(&self) -> u32 {
        self.generation
    }

    /// The key that signs.
    pub(crate) fn signing(&self) -> &WarrantKey {
        &self.signing
    }

    /// The first so many public keys, that of the one that signs before the others, and the rest.
    pub(crate) fn split(&self, good: usize) -> (&[PublicKey], &[PublicKey]) {
        self.public.split_at_checked(good).unwrap_or((&self.public, &[]))
    }
}
