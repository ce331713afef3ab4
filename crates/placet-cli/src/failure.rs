//! Why a command stopped. It is printed in one place, [`Console::report`](crate::console::Console).

use std::error::Error;
use std::fmt::Display;
use std::path::Path;

use crate::status::Status;

/// Why a command stopped.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Whoever read the output went away. That is no error, and there is nobody to tell.
    ClosedPipe,
    /// Anything else.
    Error(Box<Report>),
}

/// What the user is told.
#[derive(Debug)]
pub(crate) struct Report {
    /// How the process ends.
    pub(crate) status: Status,
    /// What went wrong, with its causes.
    pub(crate) error: anyhow::Error,
    /// What to do about it, where the error does not say so itself.
    pub(crate) help: Option<String>,
    /// Details that follow the message, several lines of them.
    pub(crate) details: Option<Details>,
}

/// Details in both forms of output.
#[derive(Debug)]
pub(crate) struct Details {
    /// For people.
    pub(crate) text: String,
    /// For programs.
    pub(crate) json: serde_json::Value,
}

impl Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::ClosedPipe => f.write_str("whoever read the output went away"),
            Self::Error(report) => write!(f, "{:#}", report.error),
        }
    }
}

/// What a command comes to.
pub(crate) type Outcome = Result<Status, Failure>;

impl Failure {
    fn new(status: Status, error: anyhow::Error) -> Self {
        Self::Error(Box::new(Report { status, error, help: None, details: None }))
    }

    /// Arguments that make no sense.
    pub(crate) fn usage(message: impl Display) -> Self {
        Self::new(Status::Usage, anyhow::Error::msg(message.to_string()))
    }

    /// A log or a file that cannot be used.
    pub(crate) fn unusable(error: impl Error + Send + Sync + 'static) -> Self {
        Self::new(Status::Unusable, error.into())
    }

    /// The same, where there is nothing but a message.
    pub(crate) fn unusable_because(message: impl Display) -> Self {
        Self::new(Status::Unusable, anyhow::Error::msg(message.to_string()))
    }

    /// A file that the system does not let us use.
    pub(crate) fn file(what: &str, path: &Path, error: std::io::Error) -> Self {
        let message = format!("cannot {what} {}", path.display());
        Self::new(Status::Unusable, anyhow::Error::new(error).context(message))
    }

    /// Something that was looked for and found to be wrong.
    pub(crate) fn found(error: impl Error + Send + Sync + 'static) -> Self {
        Self::new(Status::Found, error.into())
    }

    /// The same, where there is nothing but a message.
    pub(crate) fn found_because(message: impl Display) -> Self {
        Self::new(Status::Found, anyhow::Error::msg(message.to_string()))
    }

    /// Says what the command was about to do.
    pub(crate) fn context(mut self, what: impl Display) -> Self {
        if let Self::Error(report) = &mut self {
            let error = std::mem::replace(&mut report.error, anyhow::Error::msg(""));
            report.error = error.context(what.to_string());
        }
        self
    }

    /// Adds what to do about it.
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        if let Self::Error(report) = &mut self {
            report.help = Some(help.into());
        }
        self
    }

    /// Adds details.
    pub(crate) fn details(mut self, text: String, json: serde_json::Value) -> Self {
        if let Self::Error(report) = &mut self {
            report.details = Some(Details { text, json });
        }
        self
    }
}

/// Errors of this type come from writing the output; whatever reads files says which file it was.
impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::BrokenPipe {
            return Self::ClosedPipe;
        }
        Self::new(Status::Unusable, anyhow::Error::new(error).context("cannot write the output"))
    }
}
