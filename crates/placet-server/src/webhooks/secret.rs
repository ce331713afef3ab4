//! Signatures of announcements, as Standard Webhooks has them.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

/// What every secret begins with.
const PREFIX: &str = "whsec_";

/// Bytes of a secret, least and most, as the specification has them.
const MIN_BYTES: usize = 24;
const MAX_BYTES: usize = 64;

/// What an announcement is signed with; its receiver has the same. Wiped from memory when dropped,
/// and never shown by `Debug`.
#[derive(Clone)]
pub struct SigningSecret(Zeroizing<Vec<u8>>);

/// A text that is no such secret. It does not repeat the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "this is no secret of a webhook: write {PREFIX} and {MIN_BYTES} to {MAX_BYTES} bytes in base64"
)]
pub struct SigningSecretError;

impl FromStr for SigningSecret {
    type Err = SigningSecretError;

    fn from_str(text: &str) -> Result<Self, SigningSecretError> {
        let encoded = text.strip_prefix(PREFIX).ok_or(SigningSecretError)?;
        let bytes = Zeroizing::new(STANDARD.decode(encoded).map_err(|_| SigningSecretError)?);
        if (MIN_BYTES..=MAX_BYTES).contains(&bytes.len()) {
            return Ok(Self(bytes));
        }
        Err(SigningSecretError)
    }
}

impl fmt::Debug for SigningSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningSecret(hidden)")
    }
}

/// The value of `webhook-signature`: one signature by each secret, so that a receiver can move from
/// one to the next.
pub(super) fn sign(secrets: &[SigningSecret], id: &str, timestamp: u64, body: &str) -> String {
    let signatures: Vec<String> =
        secrets.iter().filter_map(|secret| signature(secret, id, timestamp, body)).collect();
    signatures.join(" ")
}

fn signature(secret: &SigningSecret, id: &str, timestamp: u64, body: &str) -> Option<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(&secret.0).ok()?;
    mac.update(format!("{id}.{timestamp}.{body}").as_bytes());
    Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::{SigningSecret, sign};

    /// The example of the specification.
    #[test]
    fn the_example_of_the_specification() {
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".parse::<SigningSecret>().unwrap();
        let signed = sign(
            &[secret],
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            r#"{"test": 2432232314}"#,
        );
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn what_is_no_secret_is_refused_and_not_repeated() {
        let short = "whsec_c2hvcnQ=";
        for text in ["", "whsec_", short, "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_%%%"] {
            let error = text.parse::<SigningSecret>().unwrap_err().to_string();
            assert!(text.is_empty() || !error.contains(text) || text == "whsec_", "{error}");
        }
    }
}
