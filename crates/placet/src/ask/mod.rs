//! Asking somebody at once, besides letting the action wait in the inbox.

mod terminal;

use std::future::Future;
use std::pin::Pin;

pub use terminal::{Terminal, TerminalError};

use crate::approval::{Approver, Reply};
use crate::pending::Pending;

/// An answer on its way; none when nobody answers here.
pub type Asked<'a> = Pin<Box<dyn Future<Output = Option<(Approver, Reply)>> + Send + 'a>>;

/// Somebody who can be asked about a held action: a callback of the program, or its terminal.
///
/// What it says counts for no more than any other answer: the quorum, the groups and what has to
/// be written hold for it as well.
pub trait Ask: Send + Sync {
    /// Asks about a held action. `problem` says what was wrong with the answer before.
    ///
    /// Dropped when somebody else has answered meanwhile.
    fn ask<'a>(&'a self, pending: &'a Pending, problem: Option<&'a str>) -> Asked<'a>;
}

impl<F> Ask for F
where
    F: Fn(&Pending, Option<&str>) -> Asked<'static> + Send + Sync,
{
    fn ask<'a>(&'a self, pending: &'a Pending, problem: Option<&'a str>) -> Asked<'a> {
        self(pending, problem)
    }
}
