//! Asking on the terminal.
//!
//! It refuses where there is no terminal, shows nothing raw that an agent wrote, and reads whole
//! lines in the terminal's own mode, so that Ctrl-C ends the program as ever.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, IsTerminal as _, Write as _};

use tokio::sync::oneshot;

use super::{Ask, Asked};
use crate::approval::{Approver, Pending, Reply};
use crate::escape;

/// The word that approves. Nothing shorter does, so that no stray key approves anything.
const APPROVE: &str = "approve";

/// The word that denies.
const DENY: &str = "deny";

/// Longest line that is read, in bytes.
const MAX_LINE_BYTES: usize = 16 * 1024;

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
            let (answer, answered) = oneshot::channel();
            // Reading a line cannot be taken back, so it gets a thread; what comes too late is
            // dropped.
            let reader = std::thread::Builder::new().name("placet-terminal".to_owned());
            let started = reader.spawn(move || drop(answer.send(read(&shown, &fields))));
            started.ok()?;
            let reply = answered.await.ok()??;
            Some((self.approver.clone(), reply))
        })
    }
}

/// What a person has to see before they answer.
fn shown(pending: &Pending, problem: Option<&str>) -> String {
    let of = &pending.followed;
    let mut text = String::from("\n");
    let mut row = |name: &str, value: &str| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {name:<10} {}", escape::line(value));
    };
    row("tool", of.subject.tool.as_str());
    row("agent", of.subject.agent.as_ref().map_or("no name", |agent| agent.as_str()));
    row("tenant", of.subject.tenant.as_str());
    if let Some(action) = of.action() {
        for (name, value) in action.params.iter() {
            row(&escape::line(name), &value.canonical());
        }
        if let Some(reason) = &action.reason {
            row("it claims", reason);
        }
    }
    for finding in &of.answer.findings {
        row(finding.check.as_str(), &finding.reason);
    }
    row("until", &pending.approval.deadline.to_string());
    if let Some(problem) = problem {
        row("problem", problem);
    }
    let _ = write!(text, "Type {APPROVE} or {DENY}: ");
    text
}

/// Asks for an answer; none when the terminal is gone.
fn read(shown: &str, fields: &[String]) -> Option<Reply> {
    let terminal = tty()?;
    let mut lines = BufReader::new(terminal.try_clone().ok()?);
    let mut say = terminal;
    say.write_all(shown.as_bytes()).ok()?;
    loop {
        match line(&mut lines)?.as_str() {
            APPROVE => {
                let mut statement = BTreeMap::new();
                for field in fields {
                    write!(say, "{}: ", escape::line(field)).ok()?;
                    statement.insert(field.clone(), line(&mut lines)?);
                }
                return Some(Reply::Approve { statement });
            }
            DENY => {
                write!(say, "Why not? The agent is told: ").ok()?;
                return Some(Reply::Deny { reason: line(&mut lines)? });
            }
            _ => write!(say, "Type {APPROVE} or {DENY}: ").ok()?,
        }
    }
}

fn line(from: &mut BufReader<File>) -> Option<String> {
    let mut line = String::new();
    match std::io::Read::take(&mut *from, 16 * 1024).read_line(&mut line) {
        Ok(0) | Err(_) => None,
        Ok(read) if read >= MAX_LINE_BYTES => None,
        Ok(_) => Some(line.trim().to_owned()),
    }
}
