//! Warrants: the signed permission for one action, as a JWT.
//!
//! A warrant says who may run which action, named by its digest, until when, and on which entry of
//! the log that rests. Whoever runs the action can check it with any JWT library and the public
//! keys; spending it is another matter and happens at the tip of the log.
//!
//! There is one form and no choice in it: `EdDSA` over Ed25519, `typ` `warrant+jwt` (RFC 7515, 7519,
//! 8037, 8725). A token that names any other algorithm or carries a key of its own is no warrant.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signature, VerifyingKey};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::digest::{Digest, Pepper};
use crate::ed25519::SecretKey;
use crate::id::{ActionId, ApprovalId, WarrantId};
use crate::name::{AgentId, TenantId, ToolName};
use crate::time::Timestamp;

/// The one algorithm.
const ALGORITHM: &str = "EdDSA";

/// What the header says that it is.
const TYPE: &str = "warrant+jwt";

/// Longest token that is looked at, in bytes: names are bounded, so an honest one is a third of it.
const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// What a warrant says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claims {
    /// Who gives it: the log.
    pub iss: String,
    /// Whom it is meant for: whoever runs actions for this tenant.
    pub aud: String,
    /// The agent that asked, where it named itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sub: Option<AgentId>,
    /// Its own id.
    pub jti: WarrantId,
    /// When it was given, in seconds since 1970.
    pub iat: i64,
    /// From when on it is worth nothing, in seconds since 1970.
    pub exp: i64,
    /// The action.
    pub action: ActionId,
    /// The tool that may be called.
    pub tool: ToolName,
    /// The digest of the frozen action.
    pub digest: Digest,
    /// The approval, where people gave one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<ApprovalId>,
    /// The entry of the log that permits it: the decision, or the last sign-off.
    pub log_index: u64,
}

/// The audience of a tenant's warrants.
#[must_use]
pub fn audience(tenant: &TenantId) -> String {
    format!("placet:{tenant}")
}

/// A time in whole seconds, as JWTs have it. Cut off, so a warrant never lasts longer than it should.
#[must_use]
pub fn seconds(at: Timestamp) -> i64 {
    at.as_millis().div_euclid(1000)
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    kid: String,
    typ: String,
}

/// A key that signs warrants. Wiped from memory when dropped.
pub struct WarrantKey {
    key: SecretKey,
    public: PublicKey,
}

/// The public half of a key that signs warrants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    id: String,
    key: VerifyingKey,
}

/// Why a token is no warrant that can be used here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WarrantError {
    /// It does not have the form of one.
    #[error("this is not a warrant; send the text exactly as it was given")]
    Form,
    /// Its header names another algorithm, or more than a warrant has.
    #[error("this token is signed in another way than warrants are")]
    Algorithm,
    /// No key in use signed it.
    #[error("the warrant was not signed by a key in use; propose the action again")]
    Signature,
    /// Another log gave it.
    #[error("the warrant was given by another log")]
    Issuer,
    /// It is meant for somebody else.
    #[error("the warrant is meant for another audience")]
    Audience,
    /// It is too late.
    #[error("the warrant expired; propose the action again")]
    Expired,
}

impl WarrantKey {
    /// The key of a generation, which grows from the log's pepper.
    #[must_use]
    pub fn of(pepper: &Pepper, generation: u32) -> Self {
        let key = SecretKey::from_seed(&pepper.warrant_seed(generation));
        let public = PublicKey::new(key.public());
        Self { key, public }
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// Signs what a warrant says. The same claims always give the same token.
    ///
    /// # Errors
    /// Never in practice: when the claims could not be written.
    pub fn sign(&self, claims: &Claims) -> Result<String, WarrantError> {
        let header =
            Header { alg: ALGORITHM.to_owned(), kid: self.public.id.clone(), typ: TYPE.to_owned() };
        let mut token = encoded(&header)?;
        token.push('.');
        token.push_str(&encoded(claims)?);
        let signature = self.key.sign(token.as_bytes());
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        Ok(token)
    }
}

fn encoded(part: &impl Serialize) -> Result<String, WarrantError> {
    let json = serde_json::to_vec(part).map_err(|_| WarrantError::Form)?;
    Ok(URL_SAFE_NO_PAD.encode(json))
}

impl fmt::Debug for WarrantKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WarrantKey({}, hidden)", self.public.id)
    }
}

impl PublicKey {
    fn new(key: VerifyingKey) -> Self {
        Self { id: thumbprint(&key), key }
    }

    /// The key of these bytes, if they are one under which signatures prove something.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; 32]) -> Option<Self> {
        VerifyingKey::from_bytes(bytes).ok().filter(|key| !key.is_weak()).map(Self::new)
    }

    /// Its id: the thumbprint of its JWK (RFC 7638).
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Checks a signature of this key: one that RFC 8032 allows, in the one form that it has, and not
    /// by a trick of small order.
    ///
    /// # Errors
    /// When it is none, or not one of this message.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), WarrantError> {
        let signature = Signature::from_slice(signature).map_err(|_| WarrantError::Form)?;
        self.key.verify_strict(message, &signature).map_err(|_| WarrantError::Signature)
    }

    /// The key as a JWK (RFC 8037).
    #[must_use]
    pub fn jwk(&self) -> Jwk {
        Jwk {
            kty: "OKP",
            crv: "Ed25519",
            x: URL_SAFE_NO_PAD.encode(self.key.as_bytes()),
            kid: self.id.clone(),
            alg: ALGORITHM,
            purpose: "sig",
        }
    }
}

/// A public key in the form of RFC 7517.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Jwk {
    /// The kind of key.
    pub kty: &'static str,
    /// The curve.
    pub crv: &'static str,
    /// The key.
    pub x: String,
    /// Its id.
    pub kid: String,
    /// The algorithm that it is for.
    pub alg: &'static str,
    /// What it is for.
    #[serde(rename = "use")]
    pub purpose: &'static str,
}

/// RFC 7638: the SHA-256 of the members that make up the key, in the order of their names.
fn thumbprint(key: &VerifyingKey) -> String {
    let x = URL_SAFE_NO_PAD.encode(key.as_bytes());
    let members = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
    URL_SAFE_NO_PAD.encode(Sha256::digest(members))
}

/// Reads a warrant that one of the keys signed, whoever it is for and however old it is.
///
/// # Errors
/// When it has another form, or none of the keys signed it.
pub fn open(token: &str, keys: &[PublicKey]) -> Result<Claims, WarrantError> {
    if token.len() > MAX_TOKEN_BYTES {
        return Err(WarrantError::Form);
    }
    let (signed, signature) = token.rsplit_once('.').ok_or(WarrantError::Form)?;
    let (header, claims) = signed.split_once('.').ok_or(WarrantError::Form)?;
    let header: Header =
        serde_json::from_slice(&decoded(header)?).map_err(|_| WarrantError::Algorithm)?;
    if header.alg != ALGORITHM || header.typ != TYPE {
        return Err(WarrantError::Algorithm);
    }
    let signature = decoded(signature)?;
    let key = keys.iter().find(|key| key.id == header.kid).ok_or(WarrantError::Signature)?;
    key.verify(signed.as_bytes(), &signature)?;
    serde_json::from_slice(&decoded(claims)?).map_err(|_| WarrantError::Form)
}

/// Reads a warrant that one of the keys signed for this issuer and audience, and that has not
/// expired.
///
/// # Errors
/// When it is none, is meant for somebody else, or is too old.
pub fn verify(
    token: &str,
    keys: &[PublicKey],
    issuer: &str,
    audience: &str,
    now: Timestamp,
) -> Result<Claims, WarrantError> {
    let claims = open(token, keys)?;
    if claims.iss != issuer {
        return Err(WarrantError::Issuer);
    }
    if claims.aud != audience {
        return Err(WarrantError::Audience);
    }
    if claims.exp <= seconds(now) {
        return Err(WarrantError::Expired);
    }
    Ok(claims)
}

/// One text for each value: base64url without padding, and no bits to spare.
fn decoded(part: &str) -> Result<Vec<u8>, WarrantError> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| WarrantError::Form)
}
