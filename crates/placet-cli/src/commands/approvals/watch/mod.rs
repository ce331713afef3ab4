//! `placet approvals watch`: the inbox on a full screen.
//!
//! Four threads speak to one: the terminal says what was typed, the feed what waits and what an
//! answer led to, the system when to stop. What they say changes the [`Inbox`], which does no I/O
//! and is all that is drawn. Nothing is answered by a single key: `a` and `d` open a form, and the
//! form asks for a word.

mod details;
mod feed;
mod form;
mod inbox;
mod screen;
#[cfg(test)]
mod tests;
mod view;

use std::io::{self, IsTerminal as _};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use clap::Args;

use super::now;
use crate::console::Console;
use crate::failure::{Failure, Outcome};
use crate::place::PlaceArgument;
use crate::status::Status;
use inbox::{Asked, Inbox};
use screen::Screen;
use view::Paint;

/// How often countdowns are drawn again: no second is skipped.
const TICK: Duration = Duration::from_millis(250);

/// The number of SIGINT, which Ctrl-C sends where no program listens to the keys.
const INTERRUPT: i32 = 2;

/// Answer what waits for people on a full screen, live.
///
/// Everything of the action is shown, escaped; long values are folded and must be opened, and all of
/// it must have been on the screen, before it can be approved. The key in PLACET_KEY must speak for a
/// person.
#[derive(Debug, Args)]
pub(crate) struct Watch {
    #[command(flatten)]
    place: PlaceArgument,
}

pub(crate) fn run(watch: &Watch, console: &Console) -> Outcome {
    if console.is_json() || !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        let help = "`placet approvals list --json` is for programs";
        return Err(Failure::usage("watch needs a terminal").help(help));
    }
    let daemon = watch.place.daemon()?;
    // What is wrong with the place or the key is said before the screen is taken.
    let mut inbox = Inbox::new(daemon.approvals()?);
    let paint = Paint::new(console.has_colors());
    let (sender, happenings) = channel();
    let answers = feed::start(daemon, sender.clone());
    feed::signals(sender.clone()).map_err(Failure::unusable)?;
    let mut screen = Screen::enter().map_err(Failure::unusable)?;
    feed::keys(sender);
    let ended = loop {
        screen
            .draw(|frame| view::draw(&mut inbox, frame, &paint, now()))
            .map_err(Failure::unusable)?;
        let asked = match happenings.recv_timeout(TICK) {
            Ok(happening) => inbox.happened(happening, now()),
            Err(RecvTimeoutError::Timeout) => inbox.passed(now()),
            Err(RecvTimeoutError::Disconnected) => Asked::Leave,
        };
        match asked {
            Asked::Nothing => {}
            Asked::Leave => break None,
            Asked::Stop(signal) => break Some(signal),
            // Nobody to send it is nobody to hear of it either: the feed says so.
            Asked::Send(answer) => drop(answers.send(answer)),
        }
    };
    drop(screen);
    match ended {
        None => Ok(Status::Ok),
        // As a shell reports whoever was ended by a signal.
        Some(signal) => std::process::exit(128 + signal),
    }
}
