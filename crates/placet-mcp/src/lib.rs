//! A gateway in front of MCP servers: an agent that nobody can edit is gated by what stands between
//! it and its tools.
//!
//! Messages pass as they are, byte for byte; a message is read only as far as it must be to know
//! whether it concerns the gateway. What does are three kinds:
//!
//! - `tools/call` is [judged](judge): decided, held for people where the policy says so, redeemed,
//!   and only then passed on, in the very bytes that were judged;
//! - `tools/list` is [read on its way back](tools): a tool that is new or has changed since somebody
//!   vetted it is unknown again, and none of its calls runs without a person;
//! - what the gateway itself asks the client, so that a person finds the inbox.
//!
//! Everything else (resources, prompts, sampling, notifications, progress, cancellation) is none of
//! its business.

mod ask;
mod child;
mod client;
mod held;
mod http;
mod id;
pub mod judge;
mod limits;
mod many;
mod message;
mod parts;
mod pending;
mod relay;
mod reply;
mod servers;
mod stdio;
mod survey;
mod task;
pub mod tools;

pub use child::{Child, ChildError, Command};
pub use http::{Gateway, GatewayConfig, Remote, RemoteError, Sessions, bridge};
pub use judge::{Judge, JudgeConfig};
pub use many::{many, many_within};
pub use relay::{Duplex, End, OnChange, Relay};
pub use servers::{Gone, NewSession, Place, Servers, Upstream};
pub use stdio::{Skipped, Unanswered, stdio};
pub use survey::{SurveyError, survey};
