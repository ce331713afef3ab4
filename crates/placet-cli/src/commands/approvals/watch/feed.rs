//! Where the inbox hears from: the daemon, the keys and the system, each on a thread of its own.

use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use placet::{ApprovalId, Reply};
use ratatui::crossterm::event::{self, Event, KeyEvent, KeyEventKind};

use crate::ending::at_a_signal;
use crate::failure::Failure;
use crate::place::{Daemon, Held, Resolved};

/// How often the daemon is asked what waits.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// A person's answer on its way.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Answer {
    pub(super) id: ApprovalId,
    pub(super) reply: Reply,
}

/// What happened outside.
#[derive(Debug)]
pub(super) enum Happening {
    /// This waits now.
    Waits(Vec<Held>),
    /// The daemon cannot be asked.
    Lost(String),
    /// What an answer led to, or why it was not taken in.
    Answered(ApprovalId, Result<Resolved, String>),
    Key(KeyEvent),
    Paste(String),
    /// The terminal has another size, and is drawn again.
    Resized,
    /// The terminal is gone.
    Gone,
    /// The system wants an end.
    Signal(i32),
}

/// Asks the daemon what waits, and brings it answers. It ends with its receivers.
pub(super) fn start(daemon: Daemon, happenings: Sender<Happening>) -> Sender<Answer> {
    let (sender, answers) = channel();
    thread::spawn(move || look(&daemon, &answers, &happenings));
    sender
}

fn look(daemon: &Daemon, answers: &Receiver<Answer>, happenings: &Sender<Happening>) {
    loop {
        match answers.recv_timeout(LOOK_EVERY) {
            Ok(Answer { id, reply }) => {
                let resolved = daemon.resolve(id, &reply).map_err(|failure| words(&failure));
                if happenings.send(Happening::Answered(id, resolved)).is_err() {
                    return;
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        let found = match daemon.approvals() {
            Ok(held) => Happening::Waits(held),
            Err(failure) => Happening::Lost(words(&failure)),
        };
        if happenings.send(found).is_err() {
            return;
        }
    }
}

fn words(failure: &Failure) -> String {
    match failure {
        Failure::ClosedPipe => String::new(),
        Failure::Error(report) => report.error.to_string(),
    }
}

/// Listens to the keys. The thread ends with the process: nothing wakes it but a key.
pub(super) fn keys(happenings: Sender<Happening>) {
    thread::spawn(move || {
        loop {
            let happening = match event::read() {
                Ok(Event::Key(key)) if key.kind != KeyEventKind::Release => Happening::Key(key),
                Ok(Event::Paste(text)) => Happening::Paste(text),
                Ok(_) => Happening::Resized,
                Err(_) => Happening::Gone,
            };
            let is_last = matches!(happening, Happening::Gone);
            if happenings.send(happening).is_err() || is_last {
                return;
            }
        }
    });
}

/// Listens to the signals that would end the process and leave the terminal as it is.
pub(super) fn signals(happenings: Sender<Happening>) -> io::Result<()> {
    at_a_signal(move |number| drop(happenings.send(Happening::Signal(number))))
}
