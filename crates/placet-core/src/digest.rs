//! Digests that name things, and tags that recognise them without naming them.
//!
//! A [`Digest`] says "exactly these bytes" to anyone: whoever has the bytes computes the same
//! one. Its domain is hashed first, so the digest of an action can never be passed off as that
//! of a policy, whatever their bytes.
//!
//! Some facts must be recognised later but not by everyone. A short secret can be found from its
//! digest by trying all candidates; an erased action could be found again from a digest left
//! behind. For these there are values keyed with the log's [`Pepper`]: the [`ActionTag`] and the
//! placeholder of a redacted secret, which tell nothing to whoever lacks the pepper.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest as _, Sha256};
use zeroize::{Zeroize, Zeroizing};

use crate::bytes32::{Hex, public_bytes32};
use crate::caller::RequestTag;
use crate::json::{Json, Pointer};
use crate::name::PersonId;
use crate::person::PasswordTag;

/// Precedes what an [`ActionTag`] is computed over.
const TAG_DOMAIN: &[u8] = b"placet/tag/v1\n";

/// Precedes what a placeholder is computed over.
const SECRET_DOMAIN: &[u8] = b"placet/secret/v1\n";

/// Precedes what the tag of a request is computed over.
const REQUEST_DOMAIN: &[u8] = b"placet/request/v1\n";

/// Precedes what the tag of a person is computed over.
const PERSON_DOMAIN: &[u8] = b"placet/person/v1\n";

/// Precedes what the tag of a param is computed over.
const PARAM_DOMAIN: &[u8] = b"placet/param/v1\n";

/// Precedes what the key that signs warrants grows from.
const WARRANT_DOMAIN: &[u8] = b"placet/warrant-key/v1\n";
/// Precedes what the tag of a password is computed over.
const PASSWORD_DOMAIN: &[u8] = b"placet/password/v1\n";

/// Precedes what a draw is computed over.
const DRAW_DOMAIN: &[u8] = b"placet/draw/v1\n";

/// Size in bytes of the block that HMAC-SHA256 pads its key to with zeros.
const HMAC_BLOCK: usize = 64;

/// What kind of thing a [`Digest`] names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Domain {
    /// A frozen action, as canonical JSON.
    Action,
    /// A policy with all its files.
    Policy,
    /// The params of an action alone, as canonical JSON.
    Params,
    /// The secret of an API key.
    ApiKey,
    /// The token of an invitation.
    Invite,
    /// What the pages of the console are made of.
    Asset,
}

impl Domain {
    const fn prefix(self) -> &'static [u8] {
        match self {
            Self::Action => b"placet/action/v1\n",
            Self::Policy => b"placet/policy/v1\n",
            Self::Params => b"placet/params/v1\n",
            Self::ApiKey => b"placet/api-key/v1\n",
            Self::Invite => b"placet/invite/v1\n",
            Self::Asset => b"placet/asset/v1\n",
        }
    }
}

/// The SHA-256 of some bytes in a [`Domain`]. Text form: `sha256:` and 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

public_bytes32!(Digest, "sha256:", "\"sha256:\" and 64 lower-case hexadecimal digits");

impl Digest {
    /// The digest of `bytes` as a thing of the kind `domain`.
    pub fn of(domain: Domain, bytes: &[u8]) -> Self {
        Self(Sha256::new_with_prefix(domain.prefix()).chain_update(bytes).finalize().into())
    }
}

/// Recognises an action again, for the holder of the pepper only. Text form: 64 hexadecimal
/// digits.
///
/// State keeps tags, never digests, of refused actions: once the action itself is erased, its tag
/// does not let anyone confirm a guess of what it was.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ActionTag([u8; 32]);

public_bytes32!(ActionTag, "", "64 lower-case hexadecimal digits");

/// Recognises a person again, for the holder of the pepper only. Text form: 64 hexadecimal digits.
///
/// The log names whoever signs off, but not the people whom actions are done for. That nobody
/// approves what is done for themselves can be checked all the same.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PersonTag([u8; 32]);

public_bytes32!(PersonTag, "", "64 lower-case hexadecimal digits");

/// Recognises the value of a param in its place, for the holder of the pepper only. Text form: 64
/// hexadecimal digits.
///
/// A standing approval pins params to values. Whether an action has them can be checked by whoever
/// reads the log, also when both were erased.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ParamTag([u8; 32]);

public_bytes32!(ParamTag, "", "64 lower-case hexadecimal digits");

/// The secret key of a log, under which its tags and placeholders are computed.
///
/// It never leaves the store's owner, is wiped from memory when dropped, and has no text form.
#[derive(Clone)]
pub struct Pepper(Zeroizing<[u8; 32]>);

impl Pepper {
    /// The pepper with these bytes, which must come from a secure random source.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The secret bytes, for the store that must keep them.
    pub fn danger_secret_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The tag of the action that `digest` names.
    pub fn tag(&self, digest: &Digest) -> ActionTag {
        ActionTag(self.mac(TAG_DOMAIN, digest.as_bytes()))
    }

    /// What stands in the place of a secret: `hmac-sha256:` and 64 hexadecimal digits.
    ///
    /// Equal secrets have equal placeholders, so two actions that differ only in a secret still
    /// differ, and the same action proposed again is still the same.
    pub fn placeholder(&self, secret: &[u8]) -> String {
        format!("hmac-sha256:{}", Hex(&self.mac(SECRET_DOMAIN, secret)))
    }

    /// The tag of a request, or of its body.
    pub fn request_tag(&self, bytes: &[u8]) -> RequestTag {
        RequestTag::from_bytes(self.mac(REQUEST_DOMAIN, bytes))
    }

    /// The tag of a person.
    pub fn person_tag(&self, person: &PersonId) -> PersonTag {
        PersonTag(self.mac(PERSON_DOMAIN, person.as_str().as_bytes()))
    }

    /// The tag of a param's value in its place.
    pub fn param_tag(&self, pointer: &Pointer, value: &Json) -> ParamTag {
        // No pointer has a line break that is not escaped in JSON, and so no place runs into a value.
        let place = Json::String(pointer.as_str().to_owned()).canonical();
        let text = format!("{place}\n{}", value.canonical());
        ParamTag(self.mac(PARAM_DOMAIN, text.as_bytes()))
    }

    /// What a key that signs warrants grows from. Each generation has its own, and none tells
    /// anything about another.
    pub fn warrant_seed(&self, generation: u32) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.mac(WARRANT_DOMAIN, &generation.to_be_bytes()))
    }

    /// The tag of a stretched password.
    pub fn password_tag(&self, stretched: &[u8; 32]) -> PasswordTag {
        PasswordTag::from_bytes(self.mac(PASSWORD_DOMAIN, stretched))
    }

    /// A stable draw that nobody without the pepper can predict, for sampling.
    pub fn draw(&self, bytes: &[u8]) -> [u8; 32] {
        self.mac(DRAW_DOMAIN, bytes)
    }

    fn mac(&self, domain: &[u8], bytes: &[u8]) -> [u8; 32] {
        let mut block = [0; HMAC_BLOCK];
        for (to, from) in block.iter_mut().zip(self.0.iter()) {
            *to = *from;
        }
        let mac = Hmac::<Sha256>::new(&block.into()).chain_update(domain).chain_update(bytes);
        block.zeroize();
        mac.finalize().into_bytes().into()
    }
}

impl fmt::Debug for Pepper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pepper(hidden)")
    }
}
