//! The daemon: a [`Guard`](placet::Guard) behind HTTP, for any number of agents in any language.
//!
//! A request passes four rooms, each in a folder of its own: the connection that carries it
//! (bounded in number, time and size), the edge that every request crosses (where it
//! claims to come from, and what it may send), the key that says who asks, and at last its endpoint,
//! of which there is one in each file of `api`. What it says and hears is in `wire`.
//!
//! ```no_run
//! use placet::{Config, Guard};
//! use placet_server::{Server, ServerConfig, Stop};
//!
//! # async fn serve() -> Result<(), Box<dyn std::error::Error>> {
//! let guard = Guard::open(Config::policy("policy.toml").log("placet.db"))?;
//! let server = Server::bind(ServerConfig::default(), guard).await?;
//! let (stop, _handle) = Stop::new();
//! server.run(stop).await;
//! # Ok(())
//! # }
//! ```

mod ahead;
mod api;
mod app;
mod auth;
mod config;
mod connection;
mod console;
mod edge;
mod gone;
mod hub;
mod hurry;
pub mod limits;
mod rates;
mod reload;
mod seats;
mod server;
mod stop;
mod telemetry;
pub mod webhooks;
mod wire;

pub use api::document as openapi;
pub use auth::{Secret, SecretError};
pub use config::{Listen, ListenError, ServerConfig, Tls};
pub use connection::TlsError;
pub use console::routes as console_routes;
pub use edge::{NameError, check_host, check_origin};
pub use limits::Limits;
pub use reload::ReloadHandle;
pub use server::{Server, StartError};
pub use stop::{Stop, StopHandle};
pub use telemetry::{Export, ExportError};
