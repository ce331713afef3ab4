//! Where decisions go.

use std::io;

use placet::Answer;
use placet_core::Action;

use super::totals::Totals;

/// Takes decisions in the order of the input, and prints them.
pub(super) trait Sink {
    /// A decision.
    fn decided(&mut self, line: u64, action: &Action, answer: Answer) -> io::Result<()>;

    /// A line that could not be read.
    fn refused(&mut self, line: u64, reason: &str) -> io::Result<()>;

    /// Makes everything visible: nothing more comes for a while.
    fn flush(&mut self) -> io::Result<()>;

    /// Everything has come.
    fn finish(&mut self, totals: &Totals) -> io::Result<()>;
}
