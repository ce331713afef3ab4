//! The connections that carry requests: how many there are, how long they may dawdle, and how they
//! are secured.
//!
//! HTTP/1.1 only. Its framing is simple enough to be strict about, and a caller that wants many
//! requests at a time opens several connections.

mod accept;
mod framing;
mod io;
mod listen;
mod slots;
mod tls;
mod waste;

pub(crate) use accept::{Shared, accept};
pub(crate) use listen::{Listener, Peer, bind};
pub(crate) use slots::{Carrier, Receiving, Slots};
pub(crate) use tls::Secured;
pub use tls::TlsError;
pub(crate) use waste::Waste;
