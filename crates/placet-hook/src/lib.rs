//! The gate inside the hooks of coding agents.
//!
//! A coding agent asks its hooks before it uses a tool: it starts a command, writes the call to it
//! as JSON, and goes by what the command prints. Here is that command's meaning. It reads the event
//! as the client wrote it, has the call decided on by a [gate](placet_gate::Gate), and answers in the
//! client's own words:
//!
//! 1. what is allowed goes on, and the client asks its user as it would have;
//! 2. what is blocked does not, and the model reads why;
//! 3. what is held waits a while for people. If nobody answers, the model is told where the approval
//!    is, and the same call finds it again when it is repeated: once approved, it runs once.
//!
//! [`answer`] is the whole of that, and whatever goes wrong in it stops the call. How an event looks,
//! how an answer, and where the settings are differs from client to client, so each has a file of its
//! own that implements [`Client`]. [`install`](Install::install) writes the settings, and
//! [`examine`] finds out by dry runs whether the gate is really in the path.

mod answer;
mod client;
mod clients;
mod config;
mod doctor;
mod error;
mod event;
mod flow;
mod guards;
mod install;
mod json;
pub mod jsonc;
pub mod limits;
mod line;
mod log_files;
mod memory;
mod mention;
mod pattern;
mod place;
mod protected;
mod run;
mod settings;
mod shadow;
mod texts;

pub use answer::Answer;
pub use client::{Client, ClientName, Entry};
pub use config::{ConfigError, HookConfig};
pub use doctor::{DRY_RUN_VARIABLE, Examined, Remark, Weight, examine};
pub use error::HookError;
pub use event::{Ended, Event, EventError, ToolCall};
pub use install::{Change, Install, InstallError};
pub use json::{Tree, TreeError};
pub use line::Lines;
pub use place::{Folders, Scope};
pub use run::{Reply, Request, answer};
pub use settings::ShapeError;
