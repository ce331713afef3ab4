//! Whom a client trusts.

use std::path::PathBuf;
use std::sync::Arc;

use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};

use crate::error::ClientError;

/// Names a file with the certificates that are trusted instead of the system's.
const VARIABLES: [&str; 2] = ["PLACET_CA", "SSL_CERT_FILE"];

/// Where systems keep the certificates that they trust.
const SYSTEM: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/cert.pem",
    "/etc/ssl/ca-bundle.pem",
];

/// Encryption as the daemon does it.
pub(crate) fn config() -> Result<TlsConfig, ClientError> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let roots = RootCerts::Specific(Arc::new(trusted()?));
    Ok(TlsConfig::builder().unversioned_rustls_crypto_provider(provider).root_certs(roots).build())
}

fn trusted() -> Result<Vec<Certificate<'static>>, ClientError> {
    let named = VARIABLES.iter().find_map(std::env::var_os).map(PathBuf::from);
    let system = || SYSTEM.iter().map(PathBuf::from).find(|path| path.exists());
    let path = named.or_else(system).ok_or(ClientError::NoCertificates)?;
    let pem = std::fs::read(&path)
        .map_err(|source| ClientError::Certificates { path: path.clone(), source })?;
    let certificates = parse_pem(&pem).filter_map(|item| match item {
        Ok(PemItem::Certificate(certificate)) => Some(certificate),
        _ => None,
    });
    Ok(certificates.collect())
}
