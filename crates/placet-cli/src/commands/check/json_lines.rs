//! Decisions as JSON lines, in the shape of the wire.

use std::io::{self, BufWriter, Stdout, Write as _};

use placet::Answer;
use placet_core::Action;
use serde::Serialize;

use super::sink::Sink;
use super::totals::Totals;
use crate::console::Console;

/// Prints one JSON object a line.
pub(super) struct JsonLines {
    out: BufWriter<Stdout>,
}

#[derive(Serialize)]
struct Refused<'a> {
    line: u64,
    error: &'a str,
}

impl JsonLines {
    pub(super) fn new(console: &Console) -> Self {
        Self { out: console.plain() }
    }

    fn print(&mut self, value: &impl Serialize) -> io::Result<()> {
        serde_json::to_writer(&mut self.out, value)?;
        self.out.write_all(b"\n")
    }
}

impl Sink for JsonLines {
    /// Without what differs from run to run: the same input gives the same output, recorded or not.
    fn decided(&mut self, _: u64, _: &Action, answer: Answer) -> io::Result<()> {
        self.print(&Answer { id: None, at: None, log_index: None, ..answer })
    }

    fn refused(&mut self, line: u64, reason: &str) -> io::Result<()> {
        self.print(&Refused { line, error: reason })
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    fn finish(&mut self, _: &Totals) -> io::Result<()> {
        self.out.flush()
    }
}
