//! Signed notes: text that some keys vouch for (C2SP signed-note).
//!
//! A note can be read by eye and by program: text, an empty line, then a line for each signature.
//! Anyone may add signatures, so those of unknown keys are passed over. But a bad signature in
//! the name of a known key spoils the whole note, and without a good one the text is not shown.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::key::{SigningKey, Verifier, check_name};
use super::limits::{MAX_NOTE_BYTES, MAX_NOTE_SIGNATURES};
use crate::bytes32::excerpt;

/// What a signature's line begins with.
const SIGNATURE_PREFIX: &str = "— ";

/// A text with signatures that nobody checked yet. Text form: the note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<Signature>,
}

/// A text that at least one trusted key vouches for. Only [`Note::verify`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedNote<'a> {
    text: &'a str,
    signers: Vec<&'a Verifier>,
}

/// Why a note cannot be made, read or trusted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// The note is too long.
    #[error("a note of {0} bytes is over the limit of {MAX_NOTE_BYTES}")]
    TooLong(usize),
    /// The note has too many signatures.
    #[error("the note has more than {MAX_NOTE_SIGNATURES} signatures")]
    TooManySignatures,
    /// The note is not UTF-8.
    #[error("the note is not UTF-8 at byte {0}")]
    Utf8(usize),
    /// The note has a control character other than a line feed.
    #[error("the note has the control character {0:?}; only line feeds are allowed")]
    Control(char),
    /// The text does not end with a line feed.
    #[error("the text of a note must end with a line feed")]
    UnfinishedText,
    /// There is no empty line, or nothing after it.
    #[error("the note has no signatures: expected an empty line, then lines \"— <name> <base64>\"")]
    Unsigned,
    /// A line after the empty one is not a signature.
    #[error("{0:?} is not a signature: expected \"— <name> <base64>\" and a line feed")]
    SignatureLine(String),
    /// Two verifiers claim the same name and id with different keys.
    #[error("two different keys are trusted as {0:?} with the same id; remove one of them")]
    Ambiguous(String),
    /// A signature in the name of a trusted key is not its own.
    #[error("the signature of {0:?} does not fit the text: the note was altered or forged")]
    BadSignature(String),
    /// No trusted key signed.
    #[error("none of the trusted keys signed the note; it is signed by {signers}")]
    Untrusted {
        /// The names in the signatures, quoted, or some of them.
        signers: String,
    },
}

/// A signature line.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Signature {
    name: String,
    id: u32,
    bytes: Vec<u8>,
}

impl Note {
    /// Signs a text, which must end with a line feed.
    pub fn sign(text: &str, keys: &[&SigningKey]) -> Result<Self, NoteError> {
        check_chars(text)?;
        if !text.ends_with('\n') {
            return Err(NoteError::UnfinishedText);
        }
        if keys.is_empty() {
            return Err(NoteError::Unsigned);
        }
        let mut note = Self { text: text.to_owned(), signatures: Vec::new() };
        keys.iter().try_for_each(|key| note.add_signature(key))?;
        Ok(note)
    }

    /// Adds the signature of another key, as a witness does. What claimed to be this key's
    /// signature before is replaced.
    pub fn add_signature(&mut self, key: &SigningKey) -> Result<(), NoteError> {
        self.signatures.retain(|signature| !signature.claims(key.verifier()));
        if self.signatures.len() >= MAX_NOTE_SIGNATURES {
            return Err(NoteError::TooManySignatures);
        }
        self.signatures.push(Signature::new(&self.text, key));
        check_length(self.to_string().len())
    }

    /// Reads a note. Its text stays unread until someone vouches for it.
    pub fn parse(note: &[u8]) -> Result<Self, NoteError> {
        check_length(note.len())?;
        let note = str::from_utf8(note).map_err(|error| NoteError::Utf8(error.valid_up_to()))?;
        check_chars(note)?;
        // The last empty line is the one that counts: the text may have others.
        let (text, signatures) = note.rsplit_once("\n\n").ok_or(NoteError::Unsigned)?;
        Ok(Self { text: format!("{text}\n"), signatures: parse_signatures(signatures)? })
    }

    /// The text, for which nobody has vouched.
    pub(super) fn danger_text(&self) -> &str {
        &self.text
    }

    /// Checks the signatures of all trusted keys, of which there must be one at least.
    pub fn verify<'a>(&'a self, trusted: &'a [Verifier]) -> Result<VerifiedNote<'a>, NoteError> {
        let mut signers = Vec::new();
        for signature in &self.signatures {
            let Some(verifier) = signature.find_key(trusted)? else { continue };
            if !verifier.accepts(&self.text, &signature.bytes) {
                return Err(NoteError::BadSignature(verifier.name().to_owned()));
            }
            if !signers.contains(&verifier) {
                signers.push(verifier);
            }
        }
        if signers.is_empty() {
            return Err(NoteError::Untrusted { signers: self.claimed_signers() });
        }
        Ok(VerifiedNote { text: &self.text, signers })
    }

    fn claimed_signers(&self) -> String {
        let names: Vec<_> =
            self.signatures.iter().map(|signature| format!("{:?}", signature.name)).collect();
        excerpt(&names.join(", "))
    }
}

impl<'a> VerifiedNote<'a> {
    /// The text that was signed, up to and with its last line feed.
    pub const fn text(&self) -> &'a str {
        self.text
    }

    /// The trusted keys that signed it, each once.
    pub fn signers(&self) -> &[&'a Verifier] {
        &self.signers
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|signature| signature.fmt(f))
    }
}

impl Signature {
    fn new(text: &str, key: &SigningKey) -> Self {
        let verifier = key.verifier();
        let bytes = key.sign(text).to_vec();
        Self { name: verifier.name().to_owned(), id: verifier.id(), bytes }
    }

    fn parse(line: &str) -> Option<Self> {
        let (name, encoded) = line.strip_prefix(SIGNATURE_PREFIX)?.split_once(' ')?;
        check_name(name).ok()?;
        let decoded = STANDARD.decode(encoded).ok()?;
        let (id, bytes) = decoded.split_first_chunk::<4>()?;
        if bytes.is_empty() {
            return None;
        }
        Some(Self { name: name.to_owned(), id: u32::from_be_bytes(*id), bytes: bytes.to_vec() })
    }

    fn claims(&self, key: &Verifier) -> bool {
        self.name == key.name() && self.id == key.id()
    }

    fn find_key<'a>(&self, trusted: &'a [Verifier]) -> Result<Option<&'a Verifier>, NoteError> {
        let mut keys = trusted.iter().filter(|key| self.claims(key));
        let first = keys.next();
        if keys.any(|other| Some(other) != first) {
            return Err(NoteError::Ambiguous(self.name.clone()));
        }
        Ok(first)
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [&self.id.to_be_bytes(), self.bytes.as_slice()].concat();
        writeln!(f, "{SIGNATURE_PREFIX}{} {}", self.name, STANDARD.encode(bytes))
    }
}

const fn check_length(length: usize) -> Result<(), NoteError> {
    if length > MAX_NOTE_BYTES { Err(NoteError::TooLong(length)) } else { Ok(()) }
}

fn check_chars(text: &str) -> Result<(), NoteError> {
    match text.chars().find(|char| *char < ' ' && *char != '\n') {
        Some(char) => Err(NoteError::Control(char)),
        None => Ok(()),
    }
}

fn parse_signatures(lines: &str) -> Result<Vec<Signature>, NoteError> {
    if lines.is_empty() {
        return Err(NoteError::Unsigned);
    }
    let refuse = |line: &str| NoteError::SignatureLine(excerpt(line));
    let mut signatures = Vec::new();
    for line in lines.split_inclusive('\n') {
        if signatures.len() >= MAX_NOTE_SIGNATURES {
            return Err(NoteError::TooManySignatures);
        }
        let signature = line.strip_suffix('\n').and_then(Signature::parse);
        signatures.push(signature.ok_or_else(|| refuse(line))?);
    }
    Ok(signatures)
}
