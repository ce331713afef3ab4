//! Why a call was not decided on.

use std::time::Duration;

use placet::core::json::ParseError;
use placet_gate::GateError;

use crate::config::ConfigError;
use crate::event::EventError;
use crate::limits;

/// Why a call was not decided on. Whatever it is, the call must not go on.
#[derive(Debug, thiserror::Error)]
pub enum HookError {
    /// Nothing can be read from standard input.
    #[error("the event cannot be read: {0}")]
    Input(std::io::Error),
    /// More than any event.
    #[error("the event is longer than {} bytes", limits::MAX_EVENT_BYTES)]
    TooLong,
    /// No JSON, or JSON that could be read in two ways.
    #[error("the event is no JSON that can be relied on: {0}")]
    Json(#[from] ParseError),
    /// Not an event about tools.
    #[error(transparent)]
    Event(#[from] EventError),
    /// The configuration cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Nothing decided.
    #[error("the call cannot be decided on: {0}")]
    Gate(#[from] GateError),
    /// What has to be remembered cannot be.
    #[error("the held call cannot be remembered: {0}")]
    Memory(std::io::Error),
    /// The machine gives us no thread or timer.
    #[error("the hook cannot start: {0}")]
    Start(std::io::Error),
    /// The time was over.
    #[error("there was no decision within {} seconds", .0.as_secs())]
    TooLate(Duration),
    /// The code that decides broke off.
    #[error("the hook broke off; this is a fault of Placet")]
    BrokeOff,
}
