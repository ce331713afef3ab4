//! Keys that sign notes, and the text that people exchange to trust them.
//!
//! A key has a name, which for a log is its origin. Its id is a short hash of name and key: it
//! tells a verifier which signatures are worth checking, and nothing else rests on it.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, VerifyingKey};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::limits::MAX_KEY_NAME_BYTES;
use crate::bytes32::excerpt;
use crate::ed25519::SecretKey;

/// The note format's number for plain Ed25519, the only kind of key here.
const ED25519: u8 = 1;

/// What a signing key's text begins with, so that a person sees what must not be shown around.
const SECRET_PREFIX: &str = "PRIVATE+KEY+";

/// The public half of a key: checks signatures made under one name.
///
/// Text form: `name+id+key`, where the id is 8 hexadecimal digits and the key is base64.
#[derive(Clone, PartialEq, Eq)]
pub struct Verifier {
    name: String,
    id: u32,
    key: VerifyingKey,
}

/// A key that signs notes under one name. It is wiped from memory when dropped.
pub struct SigningKey {
    verifier: Verifier,
    key: SecretKey,
}

/// Why something is not a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The name cannot stand in a note.
    #[error(
        "{0:?} cannot name a key: use 1 to {MAX_KEY_NAME_BYTES} bytes without spaces, control \
         characters or \"+\", for example \"example.com/log\""
    )]
    Name(String),
    /// The text is not a verifier key.
    #[error("{0:?} is not a verifier key: expected <name>+<8 hexadecimal digits>+<base64>")]
    Format(String),
    /// The text is not a signing key. It is not repeated, for it may be a damaged secret.
    #[error("not a signing key: expected PRIVATE+KEY+<name>+<8 hexadecimal digits>+<base64>")]
    SecretFormat,
    /// The key is of another kind.
    #[error("the key {name:?} is of kind {kind}, but only Ed25519 (kind 1) is supported")]
    Kind {
        /// The name of the key.
        name: String,
        /// The note format's number for its kind.
        kind: u8,
    },
    /// The id is not that of name and key.
    #[error(
        "the key {name:?} has the id {found:08x} but should have {expected:08x}: it was mistyped or altered"
    )]
    Id {
        /// The name of the key.
        name: String,
        /// The id in the text.
        found: u32,
        /// The id that follows from name and key.
        expected: u32,
    },
    /// The bytes are not a point of the curve, or one under which signatures prove nothing.
    #[error("the key {0:?} is not a usable Ed25519 public key: ask its owner for it again")]
    Point(String),
}

impl Verifier {
    /// The verifier for an Ed25519 public key under a name.
    pub fn new(name: &str, public_key: &[u8; 32]) -> Result<Self, KeyError> {
        check_name(name)?;
        let key = VerifyingKey::from_bytes(public_key)
            .ok()
            .filter(|key| !key.is_weak())
            .ok_or_else(|| KeyError::Point(name.to_owned()))?;
        Ok(Self { name: name.to_owned(), id: key_id(name, public_key), key })
    }

    /// The name the key signs under.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The short id of name and key.
    pub const fn id(&self) -> u32 {
        self.id
    }

    /// The Ed25519 public key.
    pub fn public_key(&self) -> &[u8; 32] {
        self.key.as_bytes()
    }

    /// Whether `signature` is this key's over `text`, by the strict rules, under which no other
    /// bytes than the signer's own pass.
    pub(super) fn accepts(&self, text: &str, signature: &[u8]) -> bool {
        Signature::from_slice(signature)
            .is_ok_and(|signature| self.key.verify_strict(text.as_bytes(), &signature).is_ok())
    }
}

impl SigningKey {
    /// The key that grows from a seed, which must come from a secure random source.
    pub fn from_seed(name: &str, seed: &[u8; 32]) -> Result<Self, KeyError> {
        let key = SecretKey::from_seed(seed);
        let verifier = Verifier::new(name, key.public().as_bytes())?;
        Ok(Self { verifier, key })
    }

    /// The key from its secret text.
    pub fn from_secret_text(text: &str) -> Result<Self, KeyError> {
        let rest = text.strip_prefix(SECRET_PREFIX).ok_or(KeyError::SecretFormat)?;
        let parts = KeyText::parse(rest).ok_or(KeyError::SecretFormat)?;
        let key = Self::from_seed(parts.name, parts.ed25519()?)?;
        parts.expect_id(key.verifier.id)?;
        Ok(key)
    }

    /// The secret text, for whoever must keep the key.
    pub fn danger_secret_text(&self) -> Zeroizing<String> {
        let Verifier { name, id, .. } = &self.verifier;
        // The text must not grow, or it would leave copies of the secret behind.
        let length = SECRET_PREFIX.len() + name.len() + "+00000000+".len() + ENCODED_KEY_BYTES;
        let mut text = Zeroizing::new(String::with_capacity(length));
        text.push_str(SECRET_PREFIX);
        text.push_str(&format!("{name}+{id:08x}+"));
        STANDARD.encode_string(*typed(self.key.danger_seed()), &mut text);
        text
    }

    /// The public half.
    pub const fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    pub(super) fn sign(&self, text: &str) -> [u8; 64] {
        self.key.sign(text.as_bytes())
    }
}

impl FromStr for Verifier {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let parts = KeyText::parse(text).ok_or_else(|| KeyError::Format(excerpt(text)))?;
        let verifier = Self::new(parts.name, parts.ed25519()?)?;
        parts.expect_id(verifier.id)?;
        Ok(verifier)
    }
}

impl fmt::Display for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = STANDARD.encode(*typed(self.public_key()));
        write!(f, "{}+{:08x}+{key}", self.name, self.id)
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Verifier({self})")
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey(secret of {})", self.verifier)
    }
}

/// Checks that a name can stand in a note and in a key's text.
pub(super) fn check_name(name: &str) -> Result<(), KeyError> {
    let stray = |char: char| char.is_whitespace() || char.is_control() || char == '+';
    if name.is_empty() || name.len() > MAX_KEY_NAME_BYTES || name.contains(stray) {
        return Err(KeyError::Name(excerpt(name)));
    }
    Ok(())
}

/// Length of the base64 of a kind and 32 bytes.
const ENCODED_KEY_BYTES: usize = 44;

/// The parts of a key's text, not yet checked against each other.
struct KeyText<'a> {
    name: &'a str,
    id: u32,
    kind: u8,
    key: Zeroizing<Vec<u8>>,
}

impl<'a> KeyText<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.splitn(3, '+');
        let (name, id, key) = (parts.next()?, parts.next()?, parts.next()?);
        let number = u32::from_str_radix(id, 16).ok()?;
        if format!("{number:08x}") != id {
            return None;
        }
        let bytes = Zeroizing::new(STANDARD.decode(key).ok()?);
        let (kind, key) = bytes.split_first()?;
        Some(Self { name, id: number, kind: *kind, key: Zeroizing::new(key.to_vec()) })
    }

    fn ed25519(&self) -> Result<&[u8; 32], KeyError> {
        if self.kind != ED25519 {
            return Err(KeyError::Kind { name: excerpt(self.name), kind: self.kind });
        }
        self.key.as_slice().try_into().map_err(|_| KeyError::Point(excerpt(self.name)))
    }

    fn expect_id(&self, expected: u32) -> Result<(), KeyError> {
        if self.id == expected {
            return Ok(());
        }
        Err(KeyError::Id { name: self.name.to_owned(), found: self.id, expected })
    }
}

/// A key after the number of its kind.
fn typed(key: &[u8; 32]) -> Zeroizing<[u8; 33]> {
    let mut bytes = Zeroizing::new([ED25519; 33]);
    for (to, from) in bytes.iter_mut().skip(1).zip(key) {
        *to = *from;
    }
    bytes
}

fn key_id(name: &str, public_key: &[u8; 32]) -> u32 {
    let hash = Sha256::new_with_prefix(name)
        .chain_update([b'\n', ED25519])
        .chain_update(public_key)
        .finalize();
    hash.iter().take(4).fold(0, |id, byte| id << 8 | u32::from(*byte))
}
