//! The command line.

use std::fmt;
use std::path::PathBuf;
use std::process;

use anyhow::{Context as _, Result, bail};

pub(crate) const HELP: &str = "\
Measures Placet beside what else one could use, and writes docs/benchmarks.md with its chart.

usage: placet-bench [--only decide|durable|serve|crowd|waits|gateway|log|soak|python]
                    [--soak DECISIONS] [--quick] [--dry-run | --out FOLDER]

  --only PART    measure one part only, and print it instead of writing the report; the part of
                 the Python package is measured only so, because the package is compiled for it
  --soak COUNT   also make so many decisions one after the other, and watch the daemon's memory:
                 ten million take half an hour and 25 GB of disk, which are freed at the end;
                 without a count `--only soak` makes those
  --quick        a few seconds instead of minutes; the figures mean little
  --dry-run      print the report instead of writing it
  --out FOLDER   write the report there";

/// What to do.
pub(crate) enum Command {
    Help,
    Measure(Args),
    /// One measurement that needs a process of its own.
    Child(Child),
}

/// What to measure, and where to write it.
pub(crate) struct Args {
    pub(crate) only: Option<Part>,
    pub(crate) quick: bool,
    /// How many decisions the daemon makes while its memory is watched.
    pub(crate) soak: Option<u64>,
    /// Where the report goes; without it to stdout.
    pub(crate) out: Option<PathBuf>,
}

/// One part of the report.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Decide,
    Durable,
    Serve,
    Crowd,
    Waits,
    Gateway,
    Log,
    /// Takes so long that it is only measured where somebody asks for it.
    Soak,
    /// Likewise: the package is compiled for it.
    Python,
}

/// A measurement in a process of its own, on the log at a path.
pub(crate) enum Child {
    /// Fills a log with so many entries and leaves it as a crash would.
    Fill(PathBuf, u64),
    /// Opens the log, and leaves it as a crash would.
    Open(PathBuf),
    /// Opens the log and closes it.
    Close(PathBuf),
    /// Opens the file with SQLite alone and counts the entries.
    Count(PathBuf),
    /// Waits so many times.
    Wait(Waiter, usize),
    /// Runs the daemon on the log until its input ends.
    Daemon(PathBuf),
    /// Spins until its input ends.
    Spin,
    /// Is an MCP server on its pipes.
    Echo,
    /// Is the `placet` command with these words.
    Placet(Vec<String>),
}

/// Who waits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Waiter {
    /// Tasks for the answers to held actions.
    Guard,
    /// Requests at a web server.
    Poll,
}

impl Args {
    pub(crate) fn parse(words: impl Iterator<Item = String>) -> Result<Command> {
        let mut words = words.peekable();
        if words.next_if(|word| word == "child").is_some() {
            return Child::parse(&words.collect::<Vec<_>>()).map(Command::Child);
        }
        let docs = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs");
        let mut args = Self { only: None, quick: false, soak: None, out: Some(docs) };
        while let Some(word) = words.next() {
            match (word.as_str(), words.peek()) {
                ("--help" | "-h", _) => return Ok(Command::Help),
                ("--quick", _) => args.quick = true,
                ("--dry-run", _) => args.out = None,
                ("--out", Some(_)) => args.out = words.next().map(PathBuf::from),
                ("--soak", Some(count)) => {
                    args.soak =
                        Some(count.parse().with_context(|| format!("{count:?} is no count"))?);
                    words.next();
                }
                ("--only", Some(name)) => {
                    args.only = Some(Part::named(name)?);
                    args.out = None;
                    words.next();
                }
                _ => bail!("{word:?} is not understood here\n\n{HELP}"),
            }
        }
        Ok(Command::Measure(args))
    }

    /// What is measured, in the order of the report.
    pub(crate) fn parts(&self) -> impl Iterator<Item = Part> {
        let is_wanted = |part: &Part| match self.only {
            Some(only) => only == *part,
            None => match part {
                Part::Soak => self.soak.is_some(),
                Part::Python => false,
                _ => true,
            },
        };
        Part::ALL.into_iter().filter(is_wanted)
    }
}

impl Part {
    const ALL: [Self; 9] = [
        Self::Decide,
        Self::Durable,
        Self::Serve,
        Self::Crowd,
        Self::Soak,
        Self::Waits,
        Self::Gateway,
        Self::Log,
        Self::Python,
    ];

    fn named(name: &str) -> Result<Self> {
        match Self::ALL.into_iter().find(|part| part.to_string() == name) {
            Some(part) => Ok(part),
            None => {
                bail!(
                    "{name:?} is no part of the report; write decide, durable, serve, crowd, soak, \
                     waits, gateway, log or python"
                )
            }
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Decide => "decide",
            Self::Durable => "durable",
            Self::Serve => "serve",
            Self::Crowd => "crowd",
            Self::Waits => "waits",
            Self::Gateway => "gateway",
            Self::Log => "log",
            Self::Soak => "soak",
            Self::Python => "python",
        })
    }
}

impl Child {
    /// This program, made to run it.
    pub(crate) fn command(&self) -> Result<process::Command> {
        let program = std::env::current_exe().context("this program cannot be found")?;
        let mut command = process::Command::new(program);
        command.args(self.words());
        Ok(command)
    }

    /// The words that make this program run it.
    pub(crate) fn words(&self) -> Vec<String> {
        let path = |path: &PathBuf| path.display().to_string();
        let mut words = vec!["child".to_owned()];
        words.extend(match self {
            Self::Fill(at, count) => vec!["fill".to_owned(), path(at), count.to_string()],
            Self::Open(at) => vec!["open".to_owned(), path(at)],
            Self::Close(at) => vec!["close".to_owned(), path(at)],
            Self::Count(at) => vec!["count".to_owned(), path(at)],
            Self::Daemon(at) => vec!["daemon".to_owned(), path(at)],
            Self::Spin => vec!["spin".to_owned()],
            Self::Echo => vec!["echo".to_owned()],
            Self::Placet(with) => {
                std::iter::once("placet".to_owned()).chain(with.clone()).collect()
            }
            Self::Wait(Waiter::Guard, count) => vec!["wait".to_owned(), count.to_string()],
            Self::Wait(Waiter::Poll, count) => vec!["poll".to_owned(), count.to_string()],
        });
        words
    }

    fn parse(words: &[String]) -> Result<Self> {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        Ok(match words.as_slice() {
            ["fill", path, count] => Self::Fill(path.into(), count.parse()?),
            ["open", path] => Self::Open(path.into()),
            ["close", path] => Self::Close(path.into()),
            ["count", path] => Self::Count(path.into()),
            ["daemon", path] => Self::Daemon(path.into()),
            ["spin"] => Self::Spin,
            ["echo"] => Self::Echo,
            ["placet", with @ ..] => {
                Self::Placet(with.iter().map(|&word| word.to_owned()).collect())
            }
            ["wait", count] => Self::Wait(Waiter::Guard, count.parse()?),
            ["poll", count] => Self::Wait(Waiter::Poll, count.parse()?),
            _ => bail!(
                "a child does fill, open, close, count, daemon, spin, echo, placet, wait or poll"
            ),
        })
    }
}
