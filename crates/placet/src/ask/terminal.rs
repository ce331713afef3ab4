//! Asking on the terminal.
//!
//! It refuses where there is no terminal, shows nothing raw that an agent wrote, and reads whole
//! lines in the terminal's own mode, so that Ctrl-C ends the program as ever. One question at a time
//! is on the terminal, and only what was typed while it was there answers it: else a person could
//! approve what they have not seen.
//!
//! A question that nobody here can answer (any more) is answered with no, so that none is left that
//! nobody sees. Only one that somebody else has answered, or that nobody waits for, goes without.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, IsTerminal as _, Read as _, Write as _};

use placet_core::Json;
use placet_core::limits::MAX_REASON_BYTES;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::getpgrp;
use rustix::termios::{QueueSelector, tcflush, tcgetpgrp};
use tokio::sync::{Mutex, oneshot};

use super::{Ask, Asked};
use crate::approval::{Approver, Reply};
use crate::escape;
use crate::notice::Notice;
use crate::pending::Pending;

/// The word that approves. Nothing shorter does, so that no stray key approves anything.
const APPROVE: &str = "approve";

/// The word that denies.
const DENY: &str = "deny";

/// Longest line that is read, in bytes.
const MAX_LINE_BYTES: usize = 16 * 1024;

/// How often what cannot be read is asked for, before it counts as none.
const MAX_TRIES: usize = 5;

/// Why not, where whoever denied has not said it.
const NO_REASON: &str = "it was denied at the terminal, without a reason";

/// How often a question that nobody answers looks whether it still needs an answer.
const LOOK_AGAIN: Timespec = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };

/// Whose question is on the terminal. A program has one terminal, however many guards.
static TURN: Mutex<()> = Mutex::const_new(());

/// The terminal of the program, with the person who sits at it.
#[derive(Clone, Debug)]
pub struct Terminal {
    approver: Approver,
}

/// There is nobody to ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TerminalError {
    /// The program runs in no terminal, or in none any more.
    #[error("there is no terminal to ask at; run this in one, or answer in the inbox")]
    Missing,
    /// Another program has the terminal. Whoever reads from it all the same is stopped.
    #[error(
        "this program is in the background of its terminal, where nobody can be asked; bring it to \
         the foreground before it asks (fg), or answer in the inbox"
    )]
    Background,
}

impl Terminal {
    /// The terminal that the program runs in. Who sits there is for the program to know.
    ///
    /// Where it is gone later, or the program is in the background then, the answer is no.
    ///
    /// # Errors
    /// When it runs in none, or in the background of one.
    pub fn open(approver: Approver) -> Result<Self, TerminalError> {
        tty().map(|_| Self { approver })
    }
}

/// The terminal itself, whatever stdin and stdout are, while it is this program's turn to use it.
fn tty() -> Result<File, TerminalError> {
    let opened = OpenOptions::new().read(true).write(true).open("/dev/tty");
    let file = opened.ok().filter(File::is_terminal).ok_or(TerminalError::Missing)?;
    in_foreground(&file)?;
    Ok(file)
}

/// Looks whether this program may use its terminal: in the background, nearly all that is done to it
/// stops the whole program.
fn in_foreground(terminal: &File) -> Result<(), TerminalError> {
    match tcgetpgrp(terminal) {
        Ok(group) if group == getpgrp() => Ok(()),
        Ok(_) => Err(TerminalError::Background),
        // Whoever has it is in another container, from where this program was started.
        Err(Errno::OPNOTSUPP) => Ok(()),
        Err(_) => Err(TerminalError::Missing),
    }
}

impl Ask for Terminal {
    fn ask<'a>(&'a self, pending: &'a Pending, problem: Option<&'a str>) -> Asked<'a> {
        let (shown, fields) = (shown(pending, problem), pending.approval.fields.clone());
        let is_again = problem.is_some();
        Box::pin(async move {
            let turn = TURN.lock().await;
            let (answer, answered) = oneshot::channel();
            // Somebody has to sit at the terminal meanwhile, so it gets a thread.
            let reader = std::thread::Builder::new().name("placet-terminal".to_owned());
            let started = reader.spawn(move || {
                let reply = Question::begin(&answer)
                    .map_err(Stop::Nobody)
                    .and_then(|asked| asked.answer(&shown, &fields))
                    .or_else(|stop| stop.reply(is_again));
                // What comes too late is dropped.
                drop(answer.send(reply.ok()));
                drop(turn);
            });
            let reply = match started {
                Ok(_) => answered.await.ok()??,
                Err(_) => deny("no thread could be started to ask at the terminal"),
            };
            Some((self.approver.clone(), reply))
        })
    }
}

fn deny(reason: impl Into<String>) -> Reply {
    Reply::Deny { reason: reason.into() }
}

/// Why a question has no answer.
enum Stop {
    /// Somebody else has answered it, or nobody waits for it any more.
    Unwanted,
    /// Nobody here can answer it.
    Nobody(TerminalError),
    /// Whoever sits here has ended the input, or hung up.
    Ended,
    /// Nothing that was typed can be read.
    Unreadable,
}

impl Stop {
    /// The answer in place of the one that is missing. None, where none is wanted.
    fn reply(self, is_again: bool) -> Result<Reply, Self> {
        let reply = match self {
            Self::Unwanted => return Err(self),
            Self::Nobody(error) => deny(error.to_string()),
            Self::Ended => deny("the input at the terminal ended without an answer"),
            Self::Unreadable => deny("what was typed at the terminal could not be read"),
        };
        if is_again {
            // The answer before was not taken in, and it may have been this one. No hurry, then.
            let _nothing = poll(&mut [], Some(&LOOK_AGAIN));
        }
        Ok(reply)
    }
}

/// What a person has to see before they answer.
fn shown(pending: &Pending, problem: Option<&str>) -> String {
    let of = &pending.followed;
    let mut rows = Rows(String::from("\n"));
    rows.text("tool", of.subject.tool.as_str());
    rows.text("agent", of.subject.agent.as_ref().map_or("no name", |agent| agent.as_str()));
    rows.text("tenant", of.subject.tenant.as_str());
    let evidence = of.frozen.as_ref().map(|frozen| &frozen.evidence);
    for notice in evidence.map(Notice::all).unwrap_or_default() {
        rows.text("the gate", &notice.reason);
        for (name, value) in notice.details.iter() {
            rows.param(name, value);
        }
    }
    if let Some(action) = of.action() {
        for (name, value) in action.params.iter() {
            rows.param(name, value);
        }
        if let Some(reason) = &action.reason {
            rows.text("it claims", reason);
        }
    }
    for finding in &of.answer.findings {
        rows.text(finding.check.as_str(), &finding.reason);
    }
    rows.text("until", &pending.approval.deadline.to_string());
    if let Some(problem) = problem {
        rows.text("problem", problem);
    }
    rows.0
}

/// Names with values, safe to print; those that are not what they seem say so.
struct Rows(String);

impl Rows {
    fn text(&mut self, name: &str, value: &str) {
        let safe = escape::line(value);
        self.row(name, &safe, safe != value);
    }

    /// The stroke tells what the agent named from what is ours: it may name one "until".
    fn param(&mut self, name: &str, value: &Json) {
        let (label, value) = (escape::line(name), value.canonical());
        let safe = escape::json(&value);
        self.row(&format!("/{label}"), &safe, label != name || safe != value);
    }

    fn row(&mut self, name: &str, safe: &str, is_odd: bool) {
        let mark = if is_odd { escape::ODD } else { "" };
        // Writing to a string cannot fail.
        let _ = writeln!(self.0, "{}", format!("  {name:<10} {safe} {mark}").trim_end());
    }
}

/// A line that was typed.
enum Line {
    Text(String),
    /// No text. What to say to whoever typed it.
    Unreadable(String),
}

/// A question that is on the terminal now.
struct Question<'a> {
    terminal: File,
    /// Where the answer goes. Closed when it is not wanted any more.
    to: &'a oneshot::Sender<Option<Reply>>,
    /// What was read and is not a whole line yet.
    read: Vec<u8>,
}

impl<'a> Question<'a> {
    /// Takes the terminal. What was typed before anybody could see the question answers nothing.
    fn begin(to: &'a oneshot::Sender<Option<Reply>>) -> Result<Self, TerminalError> {
        let terminal = tty()?;
        tcflush(&terminal, QueueSelector::IFlush).map_err(|_| TerminalError::Missing)?;
        Ok(Self { terminal, to, read: Vec::new() })
    }

    /// Asks until there is an answer.
    fn answer(mut self, shown: &str, fields: &[String]) -> Result<Reply, Stop> {
        let reply = self.say(shown).and_then(|()| self.reply(fields));
        if let Err(Stop::Ended | Stop::Unreadable) = reply {
            // Whoever hung up does not see it, and that is all.
            drop(self.say("\nNothing was answered, so the answer is no.\n"));
        }
        reply
    }

    fn reply(&mut self, fields: &[String]) -> Result<Reply, Stop> {
        loop {
            match self.text(&format!("Type {APPROVE} or {DENY}: "))?.as_str() {
                APPROVE => {
                    let mut statement = BTreeMap::new();
                    for field in fields {
                        let text = self.text(&format!("{}: ", escape::line(field)))?;
                        statement.insert(field.clone(), text);
                    }
                    return Ok(Reply::Approve { statement });
                }
                DENY => return self.reason().map(deny),
                _ => {}
            }
        }
    }

    /// Why not. They have said no already: whatever becomes of the reason, that stays.
    fn reason(&mut self) -> Result<String, Stop> {
        for _ in 0..MAX_TRIES {
            match self.text("Why not? The agent is told: ") {
                Ok(reason) if (1..=MAX_REASON_BYTES).contains(&reason.len()) => return Ok(reason),
                Ok(_) => {
                    let wrong = format!("A reason has 1 to {MAX_REASON_BYTES} bytes.\n");
                    if let Err(Stop::Unwanted) = self.say(&wrong) {
                        return Err(Stop::Unwanted);
                    }
                }
                Err(Stop::Unwanted) => return Err(Stop::Unwanted),
                Err(Stop::Nobody(_) | Stop::Ended | Stop::Unreadable) => break,
            }
        }
        Ok(NO_REASON.to_owned())
    }

    /// Asks for a line, and once more for each that cannot be read.
    fn text(&mut self, prompt: &str) -> Result<String, Stop> {
        for _ in 0..MAX_TRIES {
            self.say(prompt)?;
            match self.line()? {
                Line::Text(text) => return Ok(text),
                Line::Unreadable(why) => self.say(&why)?,
            }
        }
        Err(Stop::Unreadable)
    }

    /// Looks whether the terminal is still there for this program.
    fn look(&self) -> Result<(), Stop> {
        in_foreground(&self.terminal).map_err(|error| match error {
            TerminalError::Missing => Stop::Ended,
            TerminalError::Background => Stop::Nobody(error),
        })
    }

    fn say(&mut self, text: &str) -> Result<(), Stop> {
        self.look()?;
        self.terminal.write_all(text.as_bytes()).map_err(|_| Stop::Ended)
    }

    /// The next line. One that was not ended is none.
    fn line(&mut self) -> Result<Line, Stop> {
        let mut is_long = false;
        loop {
            if let Some(end) = self.read.iter().position(|byte| *byte == b'\n') {
                let rest = self.read.split_off(end.saturating_add(1));
                let line = std::mem::replace(&mut self.read, rest);
                if is_long || line.len() > MAX_LINE_BYTES {
                    let why = format!("That is longer than {MAX_LINE_BYTES} bytes.\n");
                    return Ok(Line::Unreadable(why));
                }
                return Ok(String::from_utf8(line).map_or_else(
                    |_| Line::Unreadable("That is not text in UTF-8.\n".to_owned()),
                    |text| Line::Text(text.trim().to_owned()),
                ));
            }
            if self.read.len() > MAX_LINE_BYTES {
                // The rest of it is read too, so that nothing of it is taken for another line.
                is_long = true;
                self.read.clear();
            }
            self.receive()?;
        }
    }

    /// Reads what is typed next.
    fn receive(&mut self) -> Result<(), Stop> {
        self.wait()?;
        let mut part = [0; 4096];
        match self.terminal.read(&mut part) {
            Ok(0) => Err(Stop::Ended),
            Ok(length) => {
                self.read.extend_from_slice(part.get(..length).unwrap_or_default());
                Ok(())
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => Ok(()),
            Err(_) => Err(Stop::Ended),
        }
    }

    /// Waits until something was typed.
    fn wait(&mut self) -> Result<(), Stop> {
        while !self.to.is_closed() {
            // Reading in the background stops the program, and what is typed is for another.
            self.look()?;
            let mut polled = [PollFd::new(&self.terminal, PollFlags::IN)];
            match poll(&mut polled, Some(&LOOK_AGAIN)) {
                Ok(0) | Err(Errno::INTR) => {}
                Ok(_) => return self.look(),
                Err(_) => return Err(Stop::Ended),
            }
        }
        // Whoever sits there should not go on typing for nothing.
        drop(self.say("\nThis needs no answer any more.\n"));
        Err(Stop::Unwanted)
    }
}
