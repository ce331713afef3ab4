//! Passwords: what is accepted as one, and what is kept of it.

use std::fmt;
use std::sync::Arc;

use argon2::{Algorithm, Argon2, Params, Version};
use placet_core::person::{PasswordSalt, PasswordVerifier};
use placet_core::{Pepper, PersonId};
use subtle::ConstantTimeEq as _;
use tokio::sync::{Semaphore, oneshot};
use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

use crate::error::GuardError;

/// Least length in characters. Longer is better than stranger, so nothing else is asked.
pub const MIN_PASSWORD_CHARS: usize = 12;

/// Longest password, in bytes: a page of text, which costs nothing to take in.
pub const MAX_PASSWORD_BYTES: usize = 1024;

/// Memory that stretching takes, in KiB, and how often it goes over it: what OWASP asks of Argon2id
/// at the least, about 20 ms.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;

/// Passwords stretched at a time: 40 MB, and a processor is left for the agents.
const AT_A_TIME: usize = 2;

/// Passwords that wait for that. Beyond it nobody would wait long enough.
const MAX_WAITING: usize = 64;

/// Why a text is not accepted as a password. It does not repeat the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Too easily tried.
    #[error(
        "the password is too short; take at least {MIN_PASSWORD_CHARS} characters, such as four words"
    )]
    TooShort,
    /// Longer than any honest one.
    #[error("the password is longer than {MAX_PASSWORD_BYTES} bytes; take a shorter one")]
    TooLong,
    /// The first that anyone tries.
    #[error("the password says little more than the name; take one that nobody guesses")]
    Name,
    /// One character over and over.
    #[error("the password is made of too few different characters; take one that nobody guesses")]
    Monotonous,
}

/// Fewest different characters.
const MIN_DIFFERENT: usize = 4;

/// A password in the one form in which it is compared. Wiped from memory when dropped, and never
/// shown by `Debug`.
pub(crate) struct Password(Zeroizing<String>);

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(hidden)")
    }
}

impl Password {
    /// A password that somebody shows: the same keys give the same password on every machine.
    pub(crate) fn shown(text: &str) -> Result<Self, PasswordError> {
        if text.len() > MAX_PASSWORD_BYTES {
            return Err(PasswordError::TooLong);
        }
        // Room for all of it, so that no shorter copy is left behind on the way.
        let mut normal = Zeroizing::new(String::with_capacity(text.len().saturating_mul(3)));
        normal.extend(text.nfc());
        Ok(Self(normal))
    }

    /// A password that somebody chooses.
    pub(crate) fn chosen(text: &str, by: &PersonId) -> Result<Self, PasswordError> {
        let password = Self::shown(text)?;
        let length = password.0.chars().count();
        if length < MIN_PASSWORD_CHARS {
            return Err(PasswordError::TooShort);
        }
        let (lower, name) = (Zeroizing::new(password.0.to_lowercase()), by.as_str().to_lowercase());
        let rest = Zeroizing::new(lower.replace(&name, ""));
        if rest.chars().count() < length.min(MIN_PASSWORD_CHARS / 2) {
            return Err(PasswordError::Name);
        }
        let different: std::collections::BTreeSet<char> = lower.chars().collect();
        if different.len() < MIN_DIFFERENT {
            return Err(PasswordError::Monotonous);
        }
        Ok(password)
    }
}

/// Stretches passwords, a few at a time, on threads of their own.
#[derive(Debug)]
pub(crate) struct Stretcher {
    turns: Arc<Semaphore>,
    queue: Arc<Semaphore>,
}

impl Default for Stretcher {
    fn default() -> Self {
        let turns = Arc::new(Semaphore::new(AT_A_TIME));
        Self { turns, queue: Arc::new(Semaphore::new(AT_A_TIME + MAX_WAITING)) }
    }
}

impl Stretcher {
    /// What is kept of a password.
    pub(crate) async fn verifier(
        &self,
        password: Password,
        salt: PasswordSalt,
        pepper: &Pepper,
    ) -> Result<PasswordVerifier, GuardError> {
        let costs = Costs { memory_kib: MEMORY_KIB, passes: PASSES, salt };
        let stretched = self.stretch(password, costs).await?;
        let tag = pepper.password_tag(&stretched);
        Ok(PasswordVerifier { memory_kib: MEMORY_KIB, passes: PASSES, salt, tag })
    }

    /// Whether it is the password that a verifier was made of. Without a verifier it is not, and
    /// that takes as long to say.
    pub(crate) async fn is_right(
        &self,
        password: Password,
        verifier: Option<&PasswordVerifier>,
        pepper: &Pepper,
    ) -> Result<bool, GuardError> {
        let nobody = PasswordSalt::from_bytes([0; 32]);
        let costs =
            verifier.map_or(Costs { memory_kib: MEMORY_KIB, passes: PASSES, salt: nobody }, |of| {
                Costs { memory_kib: of.memory_kib, passes: of.passes, salt: of.salt }
            });
        let tag = pepper.password_tag(&*self.stretch(password, costs).await?);
        let expected = verifier.map_or([0; 32], |of| *of.tag.as_bytes());
        let is_same: bool = tag.as_bytes().ct_eq(&expected).into();
        Ok(is_same && verifier.is_some())
    }

    /// Runs on a thread of its own, because it needs no particular runtime and holds up none.
    async fn stretch(
        &self,
        password: Password,
        costs: Costs,
    ) -> Result<Zeroizing<[u8; 32]>, GuardError> {
        let place = Arc::clone(&self.queue).try_acquire_owned();
        let place = place.map_err(|_| GuardError::Busy)?;
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(|_| GuardError::Busy)?;
        let (done, stretched) = oneshot::channel();
        let work = move || {
            // Whoever asked may be gone by now. The turn is over when the memory is free.
            drop(done.send(costs.stretch(&password)));
            drop((turn, place));
        };
        let thread = std::thread::Builder::new().name("placet-password".to_owned());
        thread.spawn(work).map_err(|_| GuardError::Busy)?;
        stretched.await.ok().flatten().ok_or(GuardError::Busy)
    }
}

/// How dear it is to try a password.
struct Costs {
    memory_kib: u32,
    passes: u32,
    salt: PasswordSalt,
}

impl Costs {
    fn stretch(&self, password: &Password) -> Option<Zeroizing<[u8; 32]>> {
        let mut out = Zeroizing::new([0; 32]);
        let params = Params::new(self.memory_kib, self.passes, 1, Some(out.len())).ok()?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let (password, salt) = (password.0.as_bytes(), self.salt.as_bytes());
        argon2.hash_password_into(password, salt, &mut *out).ok()?;
        Some(out)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

    use super::{Password, PasswordError};

    fn chosen(text: &str) -> Result<Password, PasswordError> {
        Password::chosen(text, &"Anastasia".parse().expect("a name"))
    }

    #[test]
    fn what_is_easily_guessed_is_not_accepted() {
        for (text, why) in [
            ("", PasswordError::TooShort),
            ("elevenchars", PasswordError::TooShort),
            ("anastasia123", PasswordError::Name),
            ("AnastasiaAnastasia", PasswordError::Name),
            ("aaaaaaaaaaaaaaaa", PasswordError::Monotonous),
            ("121212121212121212", PasswordError::Monotonous),
        ] {
            assert_eq!(chosen(text).err(), Some(why), "{text}");
        }
        assert_eq!(chosen(&"long word ".repeat(103)).err(), Some(PasswordError::TooLong));
        for text in
            ["twelve chars", "correct horse battery", "пароль-пароль", "anastasia likes tea"]
        {
            assert!(chosen(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn one_password_is_one_however_its_characters_are_composed() {
        let (one, two) = ("caf\u{e9} au lait!", "cafe\u{301} au lait!");
        assert_eq!(*chosen(one).unwrap().0, *chosen(two).unwrap().0);
    }

    #[test]
    fn a_password_is_not_shown() {
        assert_eq!(format!("{:?}", chosen("correct horse").unwrap()), "Password(hidden)");
    }
}
