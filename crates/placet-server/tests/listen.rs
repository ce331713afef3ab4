//! Places to listen at: with TLS, at a Unix socket, and those that are refused.

#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use placet::{Config, Guard, LogPlace, PolicySource};
use placet_server::{Limits, Listen, Server, ServerConfig, StartError, Stop, StopHandle, Tls};
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto};

const PATIENCE: Duration = Duration::from_secs(60);

fn guard() -> Guard {
    let policy = PolicySource::Files(Vec::new());
    Guard::open(Config { policy, log: LogPlace::Memory }).expect("a guard")
}

fn tcp(address: &str) -> Listen {
    address.parse().expect("an address")
}

async fn bind(config: ServerConfig) -> Result<Server, StartError> {
    Server::bind(config, guard()).await
}

async fn refused(config: ServerConfig) -> String {
    match bind(config).await {
        Ok(server) => panic!("it listens at {:?}", server.addresses()),
        Err(error) => error.to_string(),
    }
}

async fn start(config: ServerConfig) -> (Listen, StopHandle, JoinHandle<bool>) {
    let server = bind(config).await.expect("to listen");
    let address = server.addresses()[0].clone();
    let (stop, handle) = Stop::new();
    (address, handle, tokio::spawn(server.run(stop)))
}

/// A certificate for localhost and its key, as files.
fn certificate(folder: &Path, name: &str) -> (Tls, CertificateDer<'static>) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let tls = Tls {
        certificate: folder.join(format!("{name}.pem")),
        key: folder.join(format!("{name}.key")),
    };
    std::fs::write(&tls.certificate, made.cert.pem()).expect("written");
    std::fs::write(&tls.key, made.signing_key.serialize_pem()).expect("written");
    (tls, made.cert.der().clone())
}

fn secure(tls: &Tls) -> ServerConfig {
    let limits = Limits { head_time: Duration::from_secs(5), ..Limits::default() };
    let listen = vec![tcp("127.0.0.1:0")];
    ServerConfig { listen, tls: Some(tls.clone()), limits, ..ServerConfig::default() }
}

fn connector(trusted: CertificateDer<'static>) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(trusted).expect("a root");
    let provider = Arc::new(crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    TlsConnector::from(Arc::new(config))
}

fn socket(address: &Listen) -> std::net::SocketAddr {
    match address {
        Listen::Tcp(address) => *address,
        Listen::Unix(_) => panic!("no address"),
    }
}

/// A certificate is good for some months. Connections that there are go on with the old one.
#[test]
fn a_renewed_certificate_is_shown_when_it_is_read_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let (tls, first) = certificate(folder.path(), "one");
    Runtime::new().expect("a runtime").block_on(async {
        let server = bind(secure(&tls)).await.expect("to listen");
        let address = socket(&server.addresses()[0]);
        let reload = server.reload_handle();
        let (stop, handle) = Stop::new();
        let running = tokio::spawn(server.run(stop));
        let name = ServerName::try_from("localhost").expect("a name");
        let is_shown = async |trusted: &CertificateDer<'static>| {
            let stream = TcpStream::connect(address).await.expect("a connection");
            connector(trusted.clone()).connect(name.clone(), stream).await.is_ok()
        };
        let until_shown = async |trusted: &CertificateDer<'static>| {
            let limit = Instant::now() + PATIENCE;
            while !is_shown(trusted).await {
                assert!(Instant::now() < limit, "the certificate is never shown");
            }
        };
        assert!(is_shown(&first).await);

        // What cannot be used changes nothing, and what can be used afterwards is taken.
        std::fs::write(&tls.certificate, "no certificate").expect("written");
        reload.ask();
        assert!(is_shown(&first).await);
        let (_, second) = certificate(folder.path(), "one");
        reload.ask();
        until_shown(&second).await;
        assert!(!is_shown(&first).await);
        handle.ask();
        assert!(running.await.expect("no panic"));
    });
}

#[test]
fn tls_carries_requests_and_plain_text_does_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let (tls, trusted) = certificate(folder.path(), "one");
    Runtime::new().expect("a runtime").block_on(async {
        let (address, handle, running) = start(secure(&tls)).await;
        let address = socket(&address);
        let name = ServerName::try_from("localhost").expect("a name");
        let request = format!(
            "GET /health HTTP/1.1\r\nHost: localhost:{}\r\nConnection: close\r\n\r\n",
            address.port()
        );

        let stream = TcpStream::connect(address).await.expect("a connection");
        let mut secured =
            connector(trusted).connect(name.clone(), stream).await.expect("a handshake");
        secured.write_all(request.as_bytes()).await.expect("sent");
        let mut answer = String::new();
        secured.read_to_string(&mut answer).await.expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        assert!(answer.contains("\r\nstrict-transport-security: max-age=31536000\r\n"), "{answer}");

        // Whoever trusts another certificate does not speak to it.
        let (_, other) = certificate(folder.path(), "other");
        let stream = TcpStream::connect(address).await.expect("a connection");
        assert!(connector(other).connect(name, stream).await.is_err());

        // Plain text is no handshake: it is closed, and nothing of it is answered.
        let mut plain = TcpStream::connect(address).await.expect("a connection");
        plain.write_all(request.as_bytes()).await.expect("sent");
        let mut answer = Vec::new();
        drop(plain.read_to_end(&mut answer).await);
        assert!(!answer.starts_with(b"HTTP/"), "{answer:?}");

        // A handshake that nobody goes on with holds up no stop.
        let stalled = TcpStream::connect(address).await.expect("a connection");
        handle.ask();
        assert!(running.await.expect("no panic"));
        drop(stalled);
    });
}

#[test]
fn handshakes_that_never_end_make_room() {
    let folder = tempfile::tempdir().expect("a folder");
    let (tls, trusted) = certificate(folder.path(), "one");
    Runtime::new().expect("a runtime").block_on(async {
        let limits = Limits { connections: 10, head_time: PATIENCE, ..Limits::default() };
        let (address, handle, running) = start(ServerConfig { limits, ..secure(&tls) }).await;
        let address = socket(&address);
        let mut stalled = Vec::new();
        for _ in 0..50 {
            stalled.push(TcpStream::connect(address).await.expect("a connection"));
        }
        // Those that must go are closed, and not only forgotten.
        for first in stalled.iter_mut().take(30) {
            let closed = tokio::time::timeout(PATIENCE / 4, first.read(&mut [0])).await;
            assert!(matches!(closed.expect("closed in time"), Ok(0) | Err(_)));
        }
        let stream = TcpStream::connect(address).await.expect("a connection");
        let name = ServerName::try_from("localhost").expect("a name");
        connector(trusted).connect(name, stream).await.expect("a handshake");
        handle.ask();
        assert!(running.await.expect("no panic"));
    });
}

#[test]
fn keys_do_not_travel_in_plain_text() {
    Runtime::new().expect("a runtime").block_on(async {
        for open in ["0.0.0.0:0", "[::]:0"] {
            let listen = vec![tcp(open)];
            let error = refused(ServerConfig { listen, ..ServerConfig::default() }).await;
            assert!(error.contains("--tls-cert") && error.contains("--plaintext"), "{error}");
        }
        let listen = vec![tcp("127.0.0.1:0"), tcp("0.0.0.0:0")];
        refused(ServerConfig { listen: listen.clone(), ..ServerConfig::default() }).await;
        let config = ServerConfig { listen, plaintext: true, ..ServerConfig::default() };
        assert_eq!(bind(config).await.expect("to listen").addresses().len(), 2);
        assert!(
            refused(ServerConfig { listen: Vec::new(), ..ServerConfig::default() })
                .await
                .contains("nowhere")
        );
    });
}

#[test]
fn a_certificate_that_cannot_be_used_is_said_to_be_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let (one, _) = certificate(folder.path(), "one");
    let (two, _) = certificate(folder.path(), "two");
    let none = folder.path().join("none.pem");
    let empty = folder.path().join("empty.pem");
    std::fs::write(&empty, "").expect("written");
    let pair = |certificate: &Path, key: &Path| {
        secure(&Tls { certificate: certificate.to_owned(), key: key.to_owned() })
    };
    Runtime::new().expect("a runtime").block_on(async {
        for (config, expected) in [
            (pair(&none, &one.key), "cannot read a certificate from"),
            (pair(&one.certificate, &none), "cannot read a private key from"),
            (pair(&empty, &one.key), "the certificate"),
            (pair(&one.certificate, &empty), "cannot read a private key from"),
            (pair(&one.key, &one.key), "the certificate"),
            (pair(&one.certificate, &one.certificate), "cannot read a private key from"),
            (pair(&one.certificate, &two.key), "the certificate and its key cannot be used"),
        ] {
            let error = refused(config).await;
            assert!(error.contains(expected), "{error}");
        }
    });
}

#[test]
fn an_address_that_is_taken_is_named() {
    Runtime::new().expect("a runtime").block_on(async {
        let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("to listen");
        let address = taken.local_addr().expect("an address");
        let listen = vec![Listen::Tcp(address)];
        let error = refused(ServerConfig { listen, ..ServerConfig::default() }).await;
        assert!(error.contains(&address.to_string()), "{error}");
    });
}

fn over(path: &Path) -> String {
    let mut stream = UnixStream::connect(path).expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("an option");
    let request = b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    stream.write_all(request).expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}

#[test]
fn a_unix_socket_is_for_its_owner_and_group() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("placet.sock");
    let config =
        || ServerConfig { listen: vec![Listen::Unix(path.clone())], ..ServerConfig::default() };
    Runtime::new().expect("a runtime").block_on(async {
        // What a crash left behind: a socket at which nobody listens.
        drop(UnixListener::bind(&path).expect("to listen"));
        assert!(path.exists());
        let (address, handle, running) = start(config()).await;
        assert_eq!(address, Listen::Unix(path.clone()));
        let mode = path.metadata().expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o660);
        let asked = path.clone();
        let answer = tokio::task::spawn_blocking(move || over(&asked)).await.expect("no panic");
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        // Nobody takes it from who listens.
        let error = refused(config()).await;
        assert!(error.contains("placet.sock"), "{error}");
        let asked = path.clone();
        tokio::task::spawn_blocking(move || over(&asked)).await.expect("still there");
        handle.ask();
        assert!(running.await.expect("no panic"));
        assert!(!path.exists());
    });
}

#[test]
fn a_file_that_is_no_socket_is_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("precious");
    std::fs::write(&path, "data").expect("written");
    Runtime::new().expect("a runtime").block_on(async {
        let listen = vec![Listen::Unix(path.clone())];
        refused(ServerConfig { listen, ..ServerConfig::default() }).await;
    });
    assert_eq!(std::fs::read_to_string(&path).expect("still there"), "data");
}
