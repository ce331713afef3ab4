//! The secrets of a log: the key that signs its checkpoints, and the pepper of its tags.
//!
//! They lie in a file beside the log, readable by its owner only. Whoever has this file can write
//! a log that nobody can tell from this one, except by a checkpoint or a receipt they kept.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};

use placet_core::Pepper;
use placet_core::log::{Hash, SigningKey, Verifier};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize as _, Zeroizing};

use crate::environment::Environment;

/// The version of the file's format.
const VERSION: u32 = 1;

/// Most bytes of a key file: four short fields.
const MAX_BYTES: u64 = 4096;

/// The secrets of a log.
pub struct Keys {
    signing: SigningKey,
    pepper: Pepper,
}

/// Why keys cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The file cannot be read or written.
    #[error("the key file {} cannot be used: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What failed.
        source: std::io::Error,
    },
    /// Others than its owner can read it.
    #[error(
        "the key file {} can be read by others than its owner (mode {mode:03o}); run \
         chmod 600 on it, and take a new log if someone may have copied it", path.display()
    )]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// It holds something else.
    #[error("{} is not a key file of a log: {reason}; restore it from a backup", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong. It repeats nothing of the content.
        reason: String,
    },
    /// The log is there and its keys are not.
    #[error(
        "the key file {} is missing, without which the log cannot be continued; restore it from \
         a backup", .0.display()
    )]
    Missing(PathBuf),
    /// The name cannot be that of a log.
    #[error(transparent)]
    Name(#[from] placet_core::log::KeyError),
    /// There are no random bytes to make a key of.
    #[error("the system gives no random bytes to make a key of")]
    Randomness(#[source] std::io::Error),
}

impl Keys {
    /// New keys. Without a name the log gets one that is its own: `localhost/placet/` and a few
    /// random digits.
    ///
    /// # Errors
    /// When the name cannot be one, or random bytes are missing.
    pub fn generate(origin: Option<&str>, env: &dyn Environment) -> Result<Self, KeysError> {
        KeyFile::generate(origin, env)?.keys()
    }

    /// The keys in a file; or new ones, which are then written to it.
    ///
    /// # Errors
    /// When the file cannot be used, is exposed, or holds something else.
    pub fn open_or_create(
        path: &Path,
        origin: Option<&str>,
        env: &dyn Environment,
    ) -> Result<Self, KeysError> {
        match Self::open(path) {
            Err(KeysError::Missing(_)) => {
                let file = KeyFile::generate(origin, env)?;
                file.write(path)
                    .map_err(|source| KeysError::Io { path: path.to_owned(), source })?;
                file.keys()
            }
            result => result,
        }
    }

    /// The keys in a file.
    ///
    /// # Errors
    /// When the file is not there, cannot be used, is exposed, or holds something else.
    pub fn open(path: &Path) -> Result<Self, KeysError> {
        let io = |source: std::io::Error| match source.kind() {
            ErrorKind::NotFound => KeysError::Missing(path.to_owned()),
            _ => KeysError::Io { path: path.to_owned(), source },
        };
        let file = File::open(path).map_err(io)?;
        check_permissions(path, &file)?;
        let mut text = Zeroizing::new(Vec::new());
        file.take(MAX_BYTES).read_to_end(&mut text).map_err(io)?;
        let format = |reason: String| KeysError::Format { path: path.to_owned(), reason };
        // The message of the parser could quote a secret, its place cannot.
        let file: KeyFile = serde_json::from_slice(&text).map_err(|error| {
            format(format!("unreadable at line {}, column {}", error.line(), error.column()))
        })?;
        if file.version != VERSION {
            return Err(format(format!("its version is {}, not {VERSION}", file.version)));
        }
        file.keys()
    }

    /// The key that signs checkpoints.
    #[must_use]
    pub fn signing(&self) -> &SigningKey {
        &self.signing
    }

    /// Its public half.
    #[must_use]
    pub fn verifier(&self) -> &Verifier {
        self.signing.verifier()
    }

    /// The name of the log.
    #[must_use]
    pub fn origin(&self) -> &str {
        self.verifier().name()
    }

    /// The key of tags and placeholders.
    #[must_use]
    pub fn pepper(&self) -> &Pepper {
        &self.pepper
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keys(secrets of {})", self.origin())
    }
}

/// The file, as JSON.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFile {
    version: u32,
    origin: String,
    /// The Ed25519 seed.
    seed: Secret,
    pepper: Secret,
}

impl KeyFile {
    fn generate(origin: Option<&str>, env: &dyn Environment) -> Result<Self, KeysError> {
        let fill = |bytes: &mut [u8]| env.fill(bytes).map_err(KeysError::Randomness);
        let (mut seed, mut pepper, mut name) = (Secret([0; 32]), Secret([0; 32]), [0; 4]);
        fill(&mut seed.0)?;
        fill(&mut pepper.0)?;
        fill(&mut name)?;
        let unnamed = || format!("localhost/placet/{:08x}", u32::from_be_bytes(name));
        Ok(Self {
            version: VERSION,
            origin: origin.map_or_else(unnamed, str::to_owned),
            seed,
            pepper,
        })
    }

    fn keys(&self) -> Result<Keys, KeysError> {
        let signing = SigningKey::from_seed(&self.origin, &self.seed.0)?;
        Ok(Keys { signing, pepper: Pepper::from_bytes(self.pepper.0) })
    }

    /// A crash before the rename leaves a file that nobody looks at; after it, the whole key. The
    /// log is created only after the key is durable, so no log is ever without one.
    fn write(&self, path: &Path) -> std::io::Result<()> {
        let mut text = Zeroizing::new(serde_json::to_vec(self)?);
        text.push(b'\n');
        let mut temporary = path.as_os_str().to_owned();
        temporary.push(".new");
        let temporary = PathBuf::from(temporary);
        let mut file = create_private(&temporary)?;
        file.write_all(&text)?;
        file.sync_all()?;
        fs::rename(&temporary, path)?;
        sync_folder(path)
    }
}

/// Thirty-two secret bytes, written as hexadecimal and wiped when dropped.
struct Secret([u8; 32]);

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl Serialize for Secret {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        Hash::from_bytes(self.0).serialize(to)
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Hash::deserialize(from).map(|bytes| Self(*bytes.as_bytes()))
    }
}

#[cfg(unix)]
fn check_permissions(path: &Path, file: &File) -> Result<(), KeysError> {
    use std::os::unix::fs::PermissionsExt as _;

    /// Everything that a group or the world may do.
    const OTHERS: u32 = 0o077;

    let metadata =
        file.metadata().map_err(|source| KeysError::Io { path: path.to_owned(), source })?;
    let mode = metadata.permissions().mode() & 0o777;
    match mode & OTHERS {
        0 => Ok(()),
        _ => Err(KeysError::Exposed { path: path.to_owned(), mode }),
    }
}

#[cfg(not(unix))]
fn check_permissions(_: &Path, _: &File) -> Result<(), KeysError> {
    Ok(())
}

fn create_private(path: &Path) -> std::io::Result<File> {
    // What a crashed attempt left has the permissions of someone else's choosing.
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(unix)]
fn sync_folder(path: &Path) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> std::io::Result<()> {
    Ok(())
}
