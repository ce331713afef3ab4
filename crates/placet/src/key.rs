//! API keys: making them, ending them, and finding out who shows one.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use placet_core::digest::Domain;
use placet_core::event::{Event, KeyCreated, KeyRevoked, KeyRotated};
use placet_core::{
    AgentId, ApiKey, Caller, Command, Digest, KeyId, KeyName, KeyScope, Pepper, PersonId, Request,
    TenantId,
};
use placet_store::Environment;
use sha2::Sha256;
use subtle::ConstantTimeEq as _;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::error::GuardError;
use crate::guard::{Change, Guard};
use crate::ids;

/// What every secret begins with, so that scanners for leaked secrets find it.
pub const SECRET_PREFIX: &str = "plc_";

/// Precedes what the secret of a repeated request is computed over.
const DERIVE_DOMAIN: &[u8] = b"placet/derived-secret/v1\n";

/// Size in bytes: nobody guesses 256 bits.
const SECRET_BYTES: usize = 32;

/// The secret of an API key. Written `plc_`, the id of the key, `_` and 43 characters of base64url.
///
/// The log keeps only its digest. Wiped from memory when dropped, and never shown by `Debug`.
#[derive(Clone)]
pub struct Secret {
    key: KeyId,
    bytes: Zeroizing<[u8; SECRET_BYTES]>,
}

/// A text that is not the secret of an API key. It does not repeat the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not the secret of an API key; it should begin with {SECRET_PREFIX}")]
pub struct SecretError;

impl Secret {
    /// The key that it belongs to.
    #[must_use]
    pub fn key(&self) -> KeyId {
        self.key
    }

    /// The text of the secret. Whoever has it is taken for its owner.
    #[must_use]
    pub fn danger_text(&self) -> Zeroizing<String> {
        let id = self.key.uuid().simple();
        let encoded = Zeroizing::new(URL_SAFE_NO_PAD.encode(*self.bytes));
        Zeroizing::new(format!("{SECRET_PREFIX}{id}_{}", *encoded))
    }

    pub(crate) fn digest(&self) -> Digest {
        Digest::of(Domain::ApiKey, &*self.bytes)
    }

    /// The secret that a request gets for the key it makes, and gets again when it is repeated.
    ///
    /// It follows from the asker's own secret and the log's pepper, of which neither is in the
    /// log: so nothing has to be kept that shows the new secret, and one of the two alone is worth
    /// nothing.
    fn derive(asker: &Self, key: KeyId, request: &Request, pepper: &Pepper) -> Self {
        Self { key, bytes: asker.derived(DERIVE_DOMAIN, request, pepper) }
    }

    /// What a request of whoever has this secret gets, and gets again when it is repeated.
    pub(crate) fn derived(
        &self,
        domain: &[u8],
        request: &Request,
        pepper: &Pepper,
    ) -> Zeroizing<[u8; SECRET_BYTES]> {
        self.mac(domain, &pepper.draw(request.id.as_bytes()))
    }

    /// A value for one purpose that only whoever has this secret can compute, such as what a form
    /// of their session carries.
    #[must_use]
    pub fn mac(&self, domain: &[u8], bytes: &[u8]) -> Zeroizing<[u8; SECRET_BYTES]> {
        let mut block = Zeroizing::new([0; 64]);
        for (to, from) in block.iter_mut().zip(self.bytes.iter()) {
            *to = *from;
        }
        let mac = Hmac::<Sha256>::new(&(*block).into()).chain_update(domain).chain_update(bytes);
        Zeroizing::new(mac.finalize().into_bytes().into())
    }

    /// A secret that nobody knows yet.
    pub(crate) fn random(key: KeyId, environment: &dyn Environment) -> Result<Self, GuardError> {
        let mut bytes = Zeroizing::new([0; SECRET_BYTES]);
        ids::fill(environment, &mut *bytes)?;
        Ok(Self { key, bytes })
    }
}

impl FromStr for Secret {
    type Err = SecretError;

    fn from_str(text: &str) -> Result<Self, SecretError> {
        let (id, secret) = text
            .strip_prefix(SECRET_PREFIX)
            .and_then(|rest| rest.split_once('_'))
            .ok_or(SecretError)?;
        let id = Uuid::try_parse(id).map_err(|_| SecretError)?;
        let mut bytes = Zeroizing::new([0; SECRET_BYTES]);
        match URL_SAFE_NO_PAD.decode_slice(secret, &mut *bytes) {
            Ok(SECRET_BYTES) => Ok(Self { key: KeyId::new(id), bytes }),
            _ => Err(SecretError),
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({}, hidden)", self.key)
    }
}

/// A key to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewKey {
    /// What it is for.
    pub name: KeyName,
    /// The tenant it speaks for; none for those who run the daemon itself.
    pub tenant: Option<TenantId>,
    /// The only agent it speaks for.
    pub agent: Option<AgentId>,
    /// The person it speaks for, who alone may ask for it.
    pub person: Option<PersonId>,
    /// What it may do.
    pub scopes: BTreeSet<KeyScope>,
}

impl Guard {
    /// Who shows this secret, if it is that of a key in force.
    #[must_use]
    pub fn authenticate(&self, secret: &Secret) -> Option<(Caller, ApiKey)> {
        let state = self.log().state();
        let now = state.clock(self.log().environment().now());
        let key = state.keys().get(secret.key).filter(|key| !key.is_over(now))?;
        let is_right: bool = key.secret_digest.as_bytes().ct_eq(secret.digest().as_bytes()).into();
        let caller = Caller { key: secret.key, generation: key.generation, request: None };
        is_right.then(|| (caller, key.clone()))
    }

    /// Whether a key is still in force with the secret that a caller showed.
    #[must_use]
    pub fn admits(&self, caller: &Caller) -> bool {
        let state = self.log().state();
        let now = state.clock(self.log().environment().now());
        state.keys().admit(caller, now).is_ok()
    }

    /// Makes an API key. Its secret is in the answer and nowhere else.
    ///
    /// `asker` is the secret of whoever asks for it in a request that may be repeated: the
    /// repetition then gets the same key and secret.
    ///
    /// # Errors
    /// When the key would make no sense, there are too many, or it could not be recorded.
    pub async fn create_key(
        &self,
        new: NewKey,
        asker: Option<&Secret>,
    ) -> Result<(Secret, Change), GuardError> {
        let id = ids::fresh(self.log().environment())?;
        let secret = self.new_secret(KeyId::new(id), asker)?;
        let NewKey { name, tenant, agent, person, scopes } = new;
        let created = KeyCreated {
            id: secret.key,
            name,
            tenant,
            agent,
            person,
            scopes,
            secret_digest: secret.digest(),
        };
        self.keep(secret, Command::CreateKey(Box::new(created))).await
    }

    /// Replaces the secret of an API key. The one before is worth nothing from then on.
    ///
    /// # Errors
    /// When there is no such key, or it could not be recorded.
    pub async fn rotate_key(
        &self,
        id: KeyId,
        asker: Option<&Secret>,
    ) -> Result<(Secret, Change), GuardError> {
        let secret = self.new_secret(id, asker)?;
        let rotated = KeyRotated { id, secret_digest: secret.digest() };
        self.keep(secret, Command::RotateKey(rotated)).await
    }

    /// Revokes an API key at once.
    ///
    /// # Errors
    /// When there is no such key, or it could not be recorded.
    pub async fn revoke_key(&self, id: KeyId) -> Result<Change, GuardError> {
        self.command(Command::RevokeKey(KeyRevoked { id })).await
    }

    fn new_secret(&self, key: KeyId, asker: Option<&Secret>) -> Result<Secret, GuardError> {
        let request = self.caller().and_then(|caller| caller.request);
        if let (Some(asker), Some(request)) = (asker, request) {
            return Ok(Secret::derive(asker, key, &request, self.log().pepper()));
        }
        Secret::random(key, self.log().environment())
    }

    /// Records a key, and answers with the secret of the key that was recorded: of this one, or,
    /// where the request is a repetition, of the one made then.
    async fn keep(&self, secret: Secret, command: Command) -> Result<(Secret, Change), GuardError> {
        let committed = self.submit(command).await?;
        let kept = committed.entries.iter().find_map(|entry| match &entry.event {
            Event::KeyCreated(created) => Some((created.id, created.secret_digest)),
            Event::KeyRotated(rotated) => Some((rotated.id, rotated.secret_digest)),
            _ => None,
        });
        match kept {
            Some((key, digest)) if digest == secret.digest() => {
                Ok((Secret { key, ..secret }, Change::of(&committed)))
            }
            _ => Err(GuardError::SecretGone),
        }
    }
}
