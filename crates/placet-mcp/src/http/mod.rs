//! Servers and clients that are reached over HTTP (the transport that MCP calls streamable).

mod answer;
pub(crate) mod bridge;
pub(crate) mod events;
mod gateway;
mod headers;
mod remote;
mod repeated;
mod said;
mod sessions;
mod source;
mod stateless;
mod watched;

pub use bridge::bridge;
pub use gateway::{Gateway, GatewayConfig};
pub use remote::{Remote, RemoteError};
pub use sessions::Sessions;
