//! How far the work has come, on standard error, when that is a terminal and it takes a while.

use std::io::IsTerminal as _;
use std::path::Path;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Times a second that the line is drawn: enough to look alive.
const DRAWN_PER_SECOND: u8 = 8;

/// A line that says how much of an input has been read. It takes itself away at the end.
#[derive(Debug)]
pub(crate) struct Progress(ProgressBar);

impl Progress {
    /// Progress through a file; through a stream, whose end is unknown, where `path` is none.
    pub(crate) fn through(path: Option<&Path>, is_wanted: bool) -> Self {
        if !is_wanted || !std::io::stderr().is_terminal() {
            return Self(ProgressBar::hidden());
        }
        let length = path.and_then(|path| path.metadata().ok()).filter(std::fs::Metadata::is_file);
        let bar = match length {
            Some(file) => ProgressBar::new(file.len())
                .with_style(style("{bar:32} {percent:>3} %  {msg} in {elapsed}, {eta} to go")),
            None => ProgressBar::new_spinner().with_style(style("{spinner} {msg} in {elapsed}")),
        };
        bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(DRAWN_PER_SECOND));
        bar.enable_steady_tick(Duration::from_millis(250));
        Self(bar)
    }

    /// Progress through a known number of things.
    pub(crate) fn of(total: u64) -> Self {
        if !std::io::stderr().is_terminal() {
            return Self(ProgressBar::hidden());
        }
        let bar =
            ProgressBar::new(total).with_style(style("{bar:32} {pos}/{len} {msg}, {eta} to go"));
        bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(DRAWN_PER_SECOND));
        Self(bar)
    }

    /// Progress through what another machine sends. How much that is, it says with the first of it.
    pub(crate) fn of_what_comes() -> Self {
        if !std::io::stderr().is_terminal() {
            return Self(ProgressBar::hidden());
        }
        let bar = ProgressBar::no_length()
            .with_style(style("{spinner} {bytes} of the log fetched in {elapsed}"));
        bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(DRAWN_PER_SECOND));
        bar.enable_steady_tick(Duration::from_millis(250));
        Self(bar)
    }

    /// So many bytes have come, of so many where that is known.
    pub(crate) fn came(&self, bytes: u64, whole: Option<u64>) {
        if self.0.is_hidden() {
            return;
        }
        if let (None, Some(whole)) = (self.0.length(), whole) {
            self.0.set_length(whole);
            self.0.set_style(style(
                "{bar:32} {percent:>3} %  {bytes} of the log fetched in {elapsed}, {eta} to go",
            ));
        }
        self.0.set_position(bytes);
    }

    /// So many things are done.
    pub(crate) fn reached(&self, done: u64, message: &'static str) {
        if !self.0.is_hidden() {
            self.0.set_position(done);
            self.0.set_message(message);
        }
    }

    /// So many bytes or things more, and what to say about them.
    pub(crate) fn advance(&self, by: u64, message: impl FnOnce() -> String) {
        if !self.0.is_hidden() {
            self.0.inc(by);
            self.0.set_message(message());
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// A template that is wrong would only look plain.
fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
