//! Whom a client trusts: a daemon's own, or one that speaks to something else over TLS.

use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};

use crate::error::ClientError;

/// Names a file with the certificates that are trusted instead of the system's.
const VARIABLE: &str = "SSL_CERT_FILE";

/// Where systems keep the certificates that they trust.
const SYSTEM: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/cert.pem",
    "/etc/ssl/ca-bundle.pem",
];

/// Encryption as the daemon does it, trusting the certificates in a file, or else the system's.
///
/// # Errors
/// When there are none, or the file cannot be read.
pub fn config(named: Option<&Path>) -> Result<TlsConfig, ClientError> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let roots = RootCerts::Specific(Arc::new(trusted(named)?));
    Ok(TlsConfig::builder().unversioned_rustls_crypto_provider(provider).root_certs(roots).build())
}

/// The same for a client that brings its own HTTP. One that is not encrypted trusts nobody, and needs
/// no certificates.
///
/// # Errors
/// As [`config`].
pub fn rustls_config(
    named: Option<&Path>,
    is_encrypted: bool,
) -> Result<rustls::ClientConfig, ClientError> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut roots = rustls::RootCertStore::empty();
    if is_encrypted {
        let trusted = trusted(named)?;
        let ders = trusted.iter().map(|it| CertificateDer::from(it.der().to_vec()));
        roots.add_parsable_certificates(ders);
    }
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|_| ClientError::NoCertificates)?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

fn trusted(named: Option<&Path>) -> Result<Vec<Certificate<'static>>, ClientError> {
    let named = named.map(PathBuf::from).or_else(|| std::env::var_os(VARIABLE).map(Into::into));
    let system = || SYSTEM.iter().map(PathBuf::from).find(|path| path.exists());
    let path = named.or_else(system).ok_or(ClientError::NoCertificates)?;
    let unreadable = |source| ClientError::Certificates { path: path.clone(), source };
    let pem = std::fs::read(&path).map_err(unreadable)?;
    let certificates: Vec<_> = parse_pem(&pem)
        .filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        })
        .collect();
    if certificates.is_empty() {
        // Whoever trusts nobody learns of it now, not from an odd failure later.
        return Err(unreadable(Error::new(ErrorKind::InvalidData, "there is none in PEM in it")));
    }
    Ok(certificates)
}
