//! Asking a person at a terminal for what an approval takes.
//!
//! The terminal stays as it is, so Ctrl-C ends the command as anywhere else, and nothing was
//! answered.

use std::io::{self, BufRead as _, IsTerminal as _};

use placet_core::signoff::visible_length;

use crate::console::{Console, FAINT, STRONG};
use crate::escape;
use crate::failure::Failure;

/// Longest line that is read, in bytes: more than any field may have.
const MAX_LINE_BYTES: u64 = 1024 * 1024;

/// Whether somebody is there to be asked.
pub(super) fn is_possible(console: &Console) -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal() && !console.is_json()
}

/// Asks until enough is written.
pub(super) fn ask(field: &str, least: usize, console: &Console) -> Result<String, Failure> {
    let name = escape::line(field).into_owned();
    let hint = if least > 1 { format!(" (at least {least} characters)") } else { String::new() };
    loop {
        console.prompt(&format!("{STRONG}{name}{STRONG:#}{FAINT}{hint}:{FAINT:#} "));
        let text = line()?;
        let found = visible_length(&text);
        if found >= least {
            return Ok(text);
        }
        console.note(&format!(
            "  {found} of at least {least} characters; {} are missing",
            least - found
        ));
    }
}

fn line() -> Result<String, Failure> {
    use io::Read as _;
    let mut text = String::new();
    let read = io::stdin().lock().take(MAX_LINE_BYTES).read_line(&mut text);
    match read {
        Ok(0) => Err(Failure::found_because("the input ended, and nothing was answered")),
        Ok(_) => Ok(text.trim().to_owned()),
        Err(error) => Err(Failure::unusable(error)),
    }
}
