//! Asking on the terminal.
//!
//! It refuses where there is no terminal, shows nothing raw that an agent wrote, and reads whole
//! lines in the terminal's own mode, so that Ctrl-C ends the program as ever. One question at a time
//! is on the terminal, and only what was typed while it was there answers it: else a person could
//! approve what they have not seen.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::{IsTerminal as _, Read as _, Write as _};

use placet_core::Json;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::termios::{QueueSelector, tcflush};
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
#[derive(Debug, thiserror::Error)]
#[error("there is no terminal to ask at; run this in one, or answer in the inbox")]
pub struct TerminalError;

impl Terminal {
    /// The terminal that the program runs in. Who sits there is for the program to know.
    ///
    /// # Errors
    /// When it runs in none.
    pub fn open(approver: Approver) -> Result<Self, TerminalError> {
        let terminal = tty().ok_or(TerminalError)?;
        drop(terminal);
        Ok(Self { approver })
    }
}

/// The terminal itself, whatever stdin and stdout are.
fn tty() -> Option<File> {
    let file = OpenOptions::new().read(true).write(true).open("/dev/tty").ok()?;
    file.is_terminal().then_some(file)
}

impl Ask for Terminal {
    fn ask<'a>(&'a self, pending: &'a Pending, problem: Option<&'a str>) -> Asked<'a> {
        let (shown, fields) = (shown(pending, problem), pending.approval.fields.clone());
        Box::pin(async move {
            let turn = TURN.lock().await;
            let (answer, answered) = oneshot::channel();
            // Somebody has to sit at the terminal meanwhile, so it gets a thread.
            let reader = std::thread::Builder::new().name("placet-terminal".to_owned());
            let started = reader.spawn(move || {
                let reply =
                    Question::begin(&answer).and_then(|asked| asked.answer(&shown, &fields));
                // What comes too late is dropped.
                drop(answer.send(reply));
                drop(turn);
            });
            started.ok()?;
            let reply = answered.await.ok()??;
            Some((self.approver.clone(), reply))
        })
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
    format!("{}Type {APPROVE} or {DENY}: ", rows.0)
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
    fn begin(to: &'a oneshot::Sender<Option<Reply>>) -> Option<Self> {
        let terminal = tty()?;
        tcflush(&terminal, QueueSelector::IFlush).ok()?;
        Some(Self { terminal, to, read: Vec::new() })
    }

    /// Asks until there is an answer; none when the terminal is gone or it is not wanted any more.
    fn answer(mut self, shown: &str, fields: &[String]) -> Option<Reply> {
        self.say(shown)?;
        loop {
            match self.line()?.as_str() {
                APPROVE => {
                    let mut statement = BTreeMap::new();
                    for field in fields {
                        self.say(&format!("{}: ", escape::line(field)))?;
                        statement.insert(field.clone(), self.line()?);
                    }
                    return Some(Reply::Approve { statement });
                }
                DENY => {
                    self.say("Why not? The agent is told: ")?;
                    return Some(Reply::Deny { reason: self.line()? });
                }
                _ => self.say(&format!("Type {APPROVE} or {DENY}: "))?,
            }
        }
    }

    fn say(&mut self, text: &str) -> Option<()> {
        self.terminal.write_all(text.as_bytes()).ok()
    }

    /// The next line. One that was not ended is none, and neither is one that is too long.
    fn line(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.read.iter().position(|byte| *byte == b'\n') {
                let rest = self.read.split_off(end.saturating_add(1));
                let line = std::mem::replace(&mut self.read, rest);
                return Some(String::from_utf8(line).ok()?.trim().to_owned());
            }
            self.wait()?;
            let mut part = [0; 4096];
            let length = self.terminal.read(&mut part).ok()?;
            let read = part.get(..length).filter(|read| !read.is_empty())?;
            self.read.extend_from_slice(read);
            if self.read.len() > MAX_LINE_BYTES {
                return None;
            }
        }
    }

    /// Waits until something was typed; none when the question is not wanted any more.
    fn wait(&mut self) -> Option<()> {
        while !self.to.is_closed() {
            let mut polled = [PollFd::new(&self.terminal, PollFlags::IN)];
            match poll(&mut polled, Some(&LOOK_AGAIN)) {
                Ok(0) | Err(Errno::INTR) => {}
                Ok(_) => return Some(()),
                Err(_) => return None,
            }
        }
        // Whoever sits there should not go on typing for nothing.
        self.say("\nThis needs no answer any more.\n")?;
        None
    }
}
