//! TLS for listening beyond this machine.

use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;

use placet::{Timestamp, read_regular_file};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use tokio_rustls::rustls::{self, ServerConfig};
use tokio_rustls::{Accept, TlsAcceptor};
use zeroize::Zeroizing;

use tokio::net::TcpStream;

use crate::config::Tls;

/// Largest file with a certificate or a key: a hundred times what a long chain needs.
const MAX_PEM_BYTES: u64 = 1 << 20;

/// Why a certificate cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read, or holds something else.
    #[error("cannot read {what} from {}: {why}", path.display())]
    Unreadable {
        /// What should be in it.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// The certificate is of a kind that no client takes.
    #[error("the certificate in {} cannot be used: {why}", path.display())]
    Unsuitable {
        /// Its file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// The certificate is not valid at this time.
    #[error("the certificate in {} {why}; renew it, or set the clock right", path.display())]
    NotNow {
        /// Its file.
        path: PathBuf,
        /// Since or until when.
        why: String,
    },
    /// They do not fit together.
    #[error("the certificate and its key cannot be used: {0}")]
    Unusable(#[from] rustls::Error),
}

/// What speaks TLS with a certificate, which is replaced while it is used: one is good for some months,
/// and a daemon runs for longer.
pub(crate) struct Secured {
    files: Tls,
    acceptor: ArcSwap<TlsAcceptor>,
    /// Until when the first certificate is good, in seconds since 1970.
    not_after: u64,
}

impl Secured {
    /// With the certificate and the key that the files hold. One that is not valid now is taken with a
    /// line that says so: the daemon may be asked at other places, and its clock may be wrong.
    pub(crate) fn new(files: &Tls) -> Result<Self, TlsError> {
        let (chain, not_after) = certificates(&files.certificate)?;
        let wrong = valid_now(&files.certificate, &chain).err();
        let acceptor = ArcSwap::from_pointee(acceptor(chain, &files.key)?);
        if let Some(why) = wrong {
            let message = "no client will take the certificate";
            tracing::error!(target: "placet::tls", %why, "{message}");
        }
        Ok(Self { files: files.clone(), acceptor, not_after })
    }

    /// Until when the certificate of the start is good, in seconds since 1970.
    pub(crate) fn not_after(&self) -> u64 {
        self.not_after
    }

    /// Begins to speak TLS on a connection.
    pub(crate) fn accept(&self, stream: TcpStream) -> Accept<TcpStream> {
        self.acceptor.load().accept(stream)
    }

    /// Reads the files again, and says until when the certificate is good. Connections from now on get
    /// what they hold; where that cannot be used now, what was there before stays.
    pub(crate) fn renew(&self) -> Result<u64, TlsError> {
        let (chain, not_after) = certificates(&self.files.certificate)?;
        valid_now(&self.files.certificate, &chain)?;
        self.acceptor.store(Arc::new(acceptor(chain, &self.files.key)?));
        Ok(not_after)
    }
}

/// What a file in PEM holds.
fn read(what: &'static str, path: &Path) -> Result<Zeroizing<Vec<u8>>, TlsError> {
    let read = read_regular_file(path, MAX_PEM_BYTES).map(Zeroizing::new);
    read.map_err(|why| unreadable(what, path, &why))
}

fn unreadable(what: &'static str, path: &Path, why: &dyn Display) -> TlsError {
    TlsError::Unreadable { what, path: path.to_owned(), why: why.to_string() }
}

/// The certificate with its chain, and until when it is good.
fn certificates(path: &Path) -> Result<(Vec<CertificateDer<'static>>, u64), TlsError> {
    const WHAT: &str = "a certificate";
    let pem = read(WHAT, path)?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let chain = chain.map_err(|why| unreadable(WHAT, path, &why))?;
    let unsuitable = |why: String| TlsError::Unsuitable { path: path.to_owned(), why };
    let first = chain.first().ok_or_else(|| unsuitable("there is none in PEM in it".to_owned()))?;
    let nonsense = |error: webpki::Error| {
        match error {
        webpki::Error::UnsupportedCertVersion => unsuitable(
            "it is of an old version of X.509; make one of version 3, with the names of the daemon in \
             it (subjectAltName)"
                .to_owned(),
        ),
        other => unsuitable(format!("it makes no sense ({other})")),
    }
    };
    // At the end of time every certificate has expired, and the error says when.
    let at_last = UnixTime::since_unix_epoch(Duration::from_secs(u64::MAX));
    match validity(first, at_last).map_err(nonsense)? {
        Err(webpki::Error::CertExpired { not_after, .. }) => Ok((chain, not_after.as_secs())),
        _ => Err(nonsense(webpki::Error::InvalidCertValidity)),
    }
}

/// Whether a certificate is valid at a time: the outer error is one of the certificate itself.
fn validity(
    certificate: &CertificateDer<'_>,
    at: UnixTime,
) -> Result<Result<(), webpki::Error>, webpki::Error> {
    let parsed = webpki::EndEntityCert::try_from(certificate)?;
    // Its time is checked before all else, and nobody is trusted here to have signed it.
    let usage = webpki::KeyUsage::server_auth();
    Ok(parsed.verify_for_usage(&[], &[], &[], at, usage, None, None).map(|_| ()))
}

fn valid_now(path: &Path, chain: &[CertificateDer<'_>]) -> Result<(), TlsError> {
    let Some(first) = chain.first() else { return Ok(()) };
    let why = match validity(first, UnixTime::now()) {
        Ok(Err(webpki::Error::CertExpired { not_after, .. })) => {
            format!("has expired at {}", date(not_after))
        }
        Ok(Err(webpki::Error::CertNotValidYet { not_before, .. })) => {
            format!("is not valid yet, before {}", date(not_before))
        }
        _ => return Ok(()),
    };
    Err(TlsError::NotNow { path: path.to_owned(), why })
}

fn date(at: UnixTime) -> Timestamp {
    let millis = i64::try_from(at.as_secs()).unwrap_or(i64::MAX).saturating_mul(1_000);
    Timestamp::from_millis(millis)
}

fn acceptor(chain: Vec<CertificateDer<'static>>, key: &Path) -> Result<TlsAcceptor, TlsError> {
    const WHAT: &str = "a private key";
    let pem = read(WHAT, key)?;
    let key = PrivateKeyDer::from_pem_slice(&pem).map_err(|why| unreadable(WHAT, key, &why))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}
