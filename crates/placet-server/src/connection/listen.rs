//! Listening.

use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};

use tokio::net::{TcpListener, TcpSocket, TcpStream, UnixListener, UnixStream};

use crate::config::Listen;
use crate::limits::MAX_UNACCEPTED;

/// The socket can be opened by its owner and group only.
const SOCKET_MODE: u32 = 0o660;

/// Something that is listened at.
#[derive(Debug)]
pub(crate) enum Listener {
    Tcp(TcpListener),
    Unix(UnixListener, SocketFile),
}

/// The file of a socket, which goes when nobody listens any more.
#[derive(Debug)]
pub(crate) struct SocketFile(PathBuf);

/// A connection that has just come in.
pub(crate) enum Incoming {
    Tcp(TcpStream),
    Unix(UnixStream),
}

/// Begins to listen.
pub(crate) async fn bind(listen: &Listen) -> io::Result<Listener> {
    match listen {
        Listen::Tcp(address) => listen_at(*address).map(Listener::Tcp),
        Listen::Unix(path) => {
            remove_stale(path).await?;
            let listener = UnixListener::bind(path)?;
            std::fs::set_permissions(path, PermissionsExt::from_mode(SOCKET_MODE))?;
            Ok(Listener::Unix(listener, SocketFile(path.clone())))
        }
    }
}

fn listen_at(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // The address of a daemon that has just stopped can be had again at once.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(MAX_UNACCEPTED)
}

/// A socket that a crash left behind is removed; one that somebody listens at is not, even if they
/// are too busy to answer.
async fn remove_stale(path: &Path) -> io::Result<()> {
    let is_socket = path.symlink_metadata().is_ok_and(|found| found.file_type().is_socket());
    if !is_socket {
        return Ok(());
    }
    match UnixStream::connect(path).await {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            std::fs::remove_file(path)
        }
        _ => Ok(()),
    }
}

/// Where a connection comes from: its address, and of a longer one the part that says which network
/// it is, within which anybody has as many addresses as they like. None for one from this machine's
/// own socket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Peer(Option<IpAddr>);

impl Incoming {
    /// Where it comes from.
    pub(crate) fn peer(&self) -> Peer {
        match self {
            Self::Tcp(stream) => Peer(stream.peer_addr().ok().map(|address| network(address.ip()))),
            Self::Unix(_) => Peer(None),
        }
    }
}

/// The network that is one sender to us.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)))
        }
    }
}

impl Listener {
    /// The next connection.
    pub(crate) async fn accept(&self) -> io::Result<Incoming> {
        match self {
            Self::Tcp(listener) => {
                let (stream, _) = listener.accept().await?;
                stream.set_nodelay(true)?;
                Ok(Incoming::Tcp(stream))
            }
            Self::Unix(listener, _) => {
                listener.accept().await.map(|(stream, _)| Incoming::Unix(stream))
            }
        }
    }

    /// Where it really listens: the port is known when the system has chosen it.
    pub(crate) fn address(&self) -> io::Result<Listen> {
        match self {
            Self::Tcp(listener) => listener.local_addr().map(Listen::Tcp),
            Self::Unix(_, file) => Ok(Listen::Unix(file.0.clone())),
        }
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        // Left behind, it is removed by the next start.
        drop(std::fs::remove_file(&self.0));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used, reason = "tests")]

    use super::network;

    #[test]
    fn who_has_a_network_is_one_sender() {
        let of = |text: &str| network(text.parse().expect("an address"));
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::9"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
    }
}
