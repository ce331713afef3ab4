//! TLS for listening beyond this machine.

use std::path::PathBuf;
use std::sync::Arc;

use arc_swap::ArcSwap;

use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{self, ServerConfig};
use tokio_rustls::{Accept, TlsAcceptor};

use tokio::net::TcpStream;

use crate::config::Tls;

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
    /// They do not fit together.
    #[error("the certificate and its key cannot be used: {0}")]
    Unusable(#[from] rustls::Error),
}

/// What speaks TLS with a certificate, which is replaced while it is used: one is good for some months,
/// and a daemon runs for longer.
pub(crate) struct Secured {
    files: Tls,
    acceptor: ArcSwap<TlsAcceptor>,
}

impl Secured {
    /// With the certificate and the key that the files hold.
    pub(crate) fn new(files: &Tls) -> Result<Self, TlsError> {
        let acceptor = ArcSwap::from_pointee(acceptor(files)?);
        Ok(Self { files: files.clone(), acceptor })
    }

    /// Begins to speak TLS on a connection.
    pub(crate) fn accept(&self, stream: TcpStream) -> Accept<TcpStream> {
        self.acceptor.load().accept(stream)
    }

    /// Reads the files again. Connections from now on get what they hold; where that cannot be used,
    /// what was there before stays.
    pub(crate) fn renew(&self) -> Result<(), TlsError> {
        self.acceptor.store(Arc::new(acceptor(&self.files)?));
        Ok(())
    }
}

fn acceptor(tls: &Tls) -> Result<TlsAcceptor, TlsError> {
    let unreadable = |what, path: &PathBuf| {
        let path = path.clone();
        move |why: rustls_pki_types::pem::Error| TlsError::Unreadable {
            what,
            path,
            why: why.to_string(),
        }
    };
    let chain = CertificateDer::pem_file_iter(&tls.certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(unreadable("a certificate", &tls.certificate))?;
    let key =
        PrivateKeyDer::from_pem_file(&tls.key).map_err(unreadable("a private key", &tls.key))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}
