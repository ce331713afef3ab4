//! The command lines in a client's settings.
//!
//! Most clients run the tool when a hook is missing, breaks off or prints nonsense: only the exit
//! status 2 stops them all. So the shell looks at what our command did, and whatever was not an
//! answer becomes that status, with a word on standard error, without which some of them do not take
//! it for a refusal.
//!
//! An answer is one line that begins and ends with a seal: a word that the shell gives to our command, and
//! that no other program would print. What has broken off has no end, and what was printed beside it makes
//! a second line.
//!
//! Our command gives up in time by itself, but not before it runs: a program on a disk that does not answer,
//! or one that somebody has stopped, never comes to its own clock. So the shell runs it beside itself, and
//! kills it when it is late. Only what every POSIX shell has is used, and a count of seconds that does
//! not work kills at once.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::place::quoted;

/// What a client is told when there was no answer.
const NO_ANSWER: &str = "Placet did not permit this call";

/// The command lines for one client.
#[derive(Clone, Debug)]
pub struct Lines {
    client: &'static str,
    program: PathBuf,
    config: PathBuf,
    is_shadow: bool,
    late: Duration,
}

impl Lines {
    /// Those that run this program with this configuration, and stop it when it is late. In shadow nothing
    /// is ever stopped, not even by a program that is missing.
    pub(crate) fn new(
        client: &'static str,
        program: &Path,
        config: &Path,
        is_shadow: bool,
        late: Duration,
    ) -> Self {
        Self { client, program: program.to_owned(), config: config.to_owned(), is_shadow, late }
    }

    /// What is asked before a call.
    #[must_use]
    pub fn before(&self) -> String {
        let (shadow, otherwise) = if self.is_shadow {
            (" --shadow", "echo '{}'".to_owned())
        } else {
            ("", format!("{{ echo '{NO_ANSWER}' >&2; exit 2; }}"))
        };
        let (call, late) = (self.call(), self.late.as_secs());
        // What runs beside a shell reads nothing unless it is given the input under another number, and
        // hears of no interrupt. The clock holds none of the pipes, on which the agent waits as well.
        format!(
            "placet=$({{ {call}{shadow} --seal $$ <&3 3<&- & hook=$!; \
             {{ late={late}; while [ $late -gt 0 ]; do sleep 1; late=$((late-1)); done; kill -9 $hook; }} \
             >/dev/null 2>&1 3<&- & clock=$!; trap 'kill -9 $hook' HUP INT TERM; wait $hook; ended=$?; \
             kill $clock; exit $ended; }} 3<&0) && line=$(printf '\\n.') && case $placet in \
             *\"${{line%.}}\"*) false ;; \"$$ {{\"*\"}} $$\") placet=${{placet#\"$$ \"}} \
             placet=${{placet%\" $$\"}} && printf '%s\\n' \"$placet\" ;; *) false ;; esac || {otherwise}"
        )
    }

    /// What is told after a call. It has run, so nothing is stopped any more.
    #[must_use]
    pub fn after(&self) -> String {
        let shadow = if self.is_shadow { " --shadow" } else { "" };
        format!("{} --after{shadow} || echo '{{}}'", self.call())
    }

    /// Whether what fails stops the call.
    #[must_use]
    pub fn is_binding(&self) -> bool {
        !self.is_shadow
    }

    /// The same in the word of Claude Code.
    #[must_use]
    pub fn on_failure(&self) -> &'static str {
        if self.is_shadow { "continue" } else { "block" }
    }

    fn call(&self) -> String {
        let (program, config) = (quoted(&self.program), quoted(&self.config));
        format!("{program}{}{config}", marker(self.client))
    }
}

/// Whether a command line is one of ours for this client.
pub(crate) fn is_ours(line: &str, client: &str) -> bool {
    line.contains(&marker(client))
}

/// The same line with a program that is not there.
pub(crate) fn without_program(line: &str, client: &str) -> Option<String> {
    let (before, after) = line.split_at_checked(line.find(&marker(client))?)?;
    Some(format!("{}.missing'{after}", before.strip_suffix('\'')?))
}

/// The same line with a program that prints an object which is no answer.
pub(crate) fn with_nonsense(line: &str, client: &str) -> Option<String> {
    let (before, after) = line.split_at_checked(line.find(&marker(client))?)?;
    let start = before.find('\'').and_then(|at| before.get(..at))?;
    Some(format!("{start}printf '{{}}'{after}"))
}

/// The program that a line names.
pub(crate) fn program_of(line: &str, client: &str) -> Option<PathBuf> {
    let (before, _) = line.split_once(&marker(client))?;
    unquoted(before.get(before.find('\'')?..)?)
}

/// The configuration that a line names.
pub(crate) fn config_of(line: &str, client: &str) -> Option<PathBuf> {
    let (_, after) = line.split_once(&marker(client))?;
    unquoted(after)
}

/// The path that is quoted at the beginning of a text.
fn unquoted(text: &str) -> Option<PathBuf> {
    let quoted = text.strip_prefix('\'')?;
    let mut path = String::new();
    let mut parts = quoted.split(r"'\''").peekable();
    while let Some(part) = parts.next() {
        match (part.split_once('\''), parts.peek()) {
            (Some((last, _)), _) => return Some(PathBuf::from(path + last)),
            (None, Some(_)) => path = path + part + "'",
            (None, None) => return None,
        }
    }
    None
}

fn marker(client: &str) -> String {
    format!(" hook {client} --config ")
}
