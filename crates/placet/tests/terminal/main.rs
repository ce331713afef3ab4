//! Asking on a real terminal: only the word itself approves, only what was shown, only in time.
//!
//! This program starts itself again as the one that asks, with a pseudo-terminal of its own.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    unreachable_pub,
    reason = "a test fails by panicking"
)]

#[path = "../support/naughty.rs"]
mod naughty;
#[path = "../support/pty.rs"]
mod pty;
mod unanswered;

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use placet::ask::Terminal;
use placet::store::sequencer::wait;
use placet::{
    Action, Approver, Config, Guard, Json, LogPlace, PolicyFile, PolicySource, Reply, RunOptions,
    Running,
};
use pty::Pty;
use rustix::process::Pid;

/// Longest wait for what must come at once, on a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(60);

/// Tells the program that asks where its log is.
const FOLDER: &str = "PLACET_ASKING_FOLDER";

/// Longer than any test takes.
const LONG: &str = "15m";

fn guard(folder: &Path, deadline: &str) -> Guard {
    let text = format!(
        "version = 1\nmode = \"enforce\"\n[actions.pay]\nrisk = \"reversible_write\"\n\
         approval = {{ fields = [\"why\"], least_length = 3, deadline = \"{deadline}\" }}\n"
    );
    let files = vec![PolicyFile { name: "policy.toml".to_owned(), text }];
    let log = LogPlace::File(folder.join("placet.db"));
    Guard::open(Config { policy: PolicySource::Files(files), log }).unwrap()
}

fn ben() -> Approver {
    Approver { person: "ben".parse().unwrap(), groups: [].into() }
}

fn pay(params: &str) -> String {
    format!(r#"{{"tool": "pay", "agent": "bot", "params": {params}}}"#)
}

/// This program, for which Ctrl-C means what it means: a shell that starts the tests in the background
/// has them ignore it, and all that they start.
fn this_program() -> Command {
    let program = std::env::current_exe().unwrap();
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).unwrap_or("0");
    let ignored = u64::from_str_radix(ignored.trim(), 16).unwrap_or(0);
    if ignored & 0b10 == 0 {
        return Command::new(program);
    }
    let mut command = Command::new("env");
    command.arg("--default-signal=INT").arg(program);
    command
}

/// The program that asks, its terminal, and a line to it that is no terminal.
struct Asking {
    child: Child,
    pty: Pty,
    orders: ChildStdin,
    said: Receiver<String>,
    folder: tempfile::TempDir,
}

impl Asking {
    fn begin(deadline: &str, has_terminal: bool) -> Self {
        let (folder, mut pty) = (tempfile::tempdir().unwrap(), Pty::open());
        let mut command = this_program();
        command.args(["--exact", "the_one_that_asks", "--nocapture", "--test-threads=1"]);
        command.env(FOLDER, folder.path()).env("DEADLINE", deadline);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        command.stderr(if has_terminal { pty.line() } else { Stdio::null() });
        let mut child = command.spawn().unwrap();
        // The command holds the program's side of the terminal too.
        drop(command);
        pty.hand_over();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let (say, said) = channel();
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                if let Some(said) = line.strip_prefix("@ ") {
                    drop(say.send(said.to_owned()));
                }
            }
        });
        let orders = child.stdin.take().unwrap();
        Self { child, pty, orders, said, folder }
    }

    /// Has it propose this and ask at its terminal.
    fn proposes(&mut self, params: &str) {
        self.order(&format!("run {}", pay(params)));
    }

    fn order(&mut self, line: &str) {
        writeln!(self.orders, "{line}").unwrap();
    }

    fn says(&self) -> String {
        self.said.recv_timeout(PATIENCE).expect("it says something")
    }

    /// Ends it, and looks at what is in its log.
    fn kinds(mut self) -> Vec<&'static str> {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        let guard = guard(self.folder.path(), LONG);
        let entries = guard.log().entries(0, 1_000).unwrap();
        let of_actions = entries.iter().filter(|entry| entry.event.action().is_some());
        of_actions.map(|entry| entry.event.kind()).collect()
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Not a test: what [`Asking::begin`] starts.
#[test]
fn the_one_that_asks() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    // In a session of its own, it has the terminal that it takes, or none.
    rustix::process::setsid().unwrap();
    let _none = rustix::process::ioctl_tiocsctty(std::io::stderr());
    let guard = guard(Path::new(&folder), &std::env::var("DEADLINE").unwrap());
    let terminal = match Terminal::open(ben()) {
        Ok(terminal) => Arc::new(terminal),
        Err(error) => return println!("\n@ {error}"),
    };
    println!("\n@ ready");
    let mut in_front = Vec::new();
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        match line.split_once(' ') {
            Some(("run", action)) => {
                let action = Action::from_json(Json::parse(action.as_bytes()).unwrap()).unwrap();
                let (guard, ask) = (guard.clone(), Arc::clone(&terminal));
                thread::spawn(move || run(&guard, action, ask));
            }
            Some(("deny", reason)) => deny(&guard, reason),
            Some(("open", _)) => println!("\n@ {}", Terminal::open(ben()).unwrap_err()),
            Some(("give", _)) => {
                in_front.push(give_way());
                println!("\n@ behind");
            }
            _ => println!("\n@ {} wait", guard.pending(None, None, 10).unwrap().len()),
        }
    }
}

fn run(guard: &Guard, action: Action, ask: Arc<Terminal>) {
    let options = RunOptions { ask: Some(ask), ..RunOptions::default() };
    let ran = wait(guard.run(action, &options, |running: Running| async move {
        Ok::<_, String>(Json::Object(running.params().clone()).canonical())
    }));
    match ran {
        Ok(params) => println!("\n@ ran {params}"),
        Err(error) => println!("\n@ {error}"),
    }
}

/// Puts another program in the foreground of the terminal, which ends when this one does.
fn give_way() -> Child {
    let mut other = Command::new("cat");
    let other = other.stdin(Stdio::piped()).stdout(Stdio::null()).process_group(0).spawn().unwrap();
    rustix::termios::tcsetpgrp(std::io::stderr(), Pid::from_child(&other)).unwrap();
    other
}

/// Somebody answers elsewhere.
fn deny(guard: &Guard, reason: &str) {
    let held = guard.pending(None, None, 1).unwrap().remove(0);
    let reply = Reply::Deny { reason: reason.to_owned() };
    wait(guard.resolve(held.followed.id().approval(), &ben(), reply)).unwrap();
}

fn asking() -> Asking {
    let asking = Asking::begin(LONG, true);
    assert_eq!(asking.says(), "ready");
    asking
}

const PROMPT: &str = "Type approve or deny: ";

#[test]
fn without_a_terminal_there_is_nobody_to_ask() {
    let asking = Asking::begin(LONG, false);
    let said = asking.says();
    assert!(said.starts_with("there is no terminal to ask at"), "{said}");
}

#[test]
fn the_word_and_what_has_to_be_written_approve() {
    let mut asking = asking();
    asking.proposes(r#"{"amount": "42"}"#);
    for shown in ["tool", "pay", "agent", "bot", "amount", r#""42""#, "until", PROMPT] {
        asking.pty.shows(shown);
    }
    asking.pty.types("approve\n");
    asking.pty.shows("why: ");
    asking.pty.types("I read it\n");
    assert_eq!(asking.says(), r#"ran {"amount":"42"}"#);
    let kinds = ["decided", "signed_off", "redeemed", "outcome_reported"];
    assert_eq!(asking.kinds(), kinds);
}

#[test]
fn a_denial_reaches_the_agent_with_its_reason() {
    let mut asking = asking();
    asking.proposes("{}");
    asking.pty.shows(PROMPT);
    asking.pty.types("deny\n");
    asking.pty.shows("Why not? The agent is told: ");
    asking.pty.types("not this month\n");
    assert_eq!(asking.says(), "a person denied the action: not this month");
}

/// What the agent wrote moves no cursor, hides nothing and reverses nothing.
#[test]
fn what_an_agent_wrote_is_shown_and_not_obeyed() {
    let mut asking = asking();
    let hostile =
        "\\u001b[2J\\u001b]0;title\\u0007\\u202elatot\\u200b\\u2066\\u009b1A\\r\\n\\u0008";
    let action = format!(
        r#"{{"tool": "pay", "agent": "bot", "reason": "{hostile}reason", "params": {{"to{hostile}": "it{hostile}"}}}}"#
    );
    asking.order(&format!("run {action}"));
    asking.pty.shows(PROMPT);
    let shown = asking.pty.text();
    let raw: Vec<char> =
        shown.chars().filter(|shown| !matches!(shown, ' '..='~' | '\r' | '\n')).collect();
    assert!(raw.is_empty(), "{raw:?} in {shown:?}");
    for spelled in ["<U+001B>[2J", "<U+202E>latot", "<U+200B>", "<U+2066>", "<U+009B>1A"] {
        assert!(shown.matches(spelled).count() >= 2, "{spelled} in {shown}");
    }
    // The terminal's own line ends are the only ones: no line was begun by the agent.
    let begun = shown.lines().filter(|line| line.contains("reason")).count();
    assert_eq!(begun, 1, "{shown}");
}

#[test]
fn naughty_strings_are_shown_as_what_they_are_and_said_not_to_be_what_they_seem() {
    let mut asking = asking();
    let all = naughty::all();
    let odd = [naughty::deceptive(), naughty::odd_tricks()].concat();
    let odd: Vec<&String> = odd.iter().filter(|text| !text.is_ascii()).collect();
    let mut params: serde_json::Map<_, _> = (0..)
        .zip(&odd)
        .map(|(place, text)| (format!("odd{place:03}"), (*text).clone().into()))
        .collect();
    params.insert("all".to_owned(), all.into());
    params.insert("plain".to_owned(), "Привет, а мир".into());
    asking.proposes(&serde_json::Value::Object(params).to_string());
    asking.pty.shows(PROMPT);
    let shown = asking.pty.text();
    let raw = shown.chars().find(|c| naughty::is_raw(*c) && *c != '\r');
    assert_eq!(raw, None);
    for line in shown.lines().filter(|line| line.trim_start().starts_with('/')) {
        let is_plain = line.contains("/plain");
        assert_eq!(line.trim_end().ends_with("[not what it seems]"), !is_plain, "{line}");
    }
}

#[test]
fn what_an_agent_named_is_not_taken_for_what_is_ours() {
    let mut asking = asking();
    asking.proposes(r#"{"until": "2099-01-01", "tool": "look"}"#);
    asking.pty.shows(PROMPT);
    let shown = asking.pty.text();
    let rows = |name: &str| {
        let is_row = |line: &&str| line.split_whitespace().next() == Some(name);
        shown.lines().filter(is_row).count()
    };
    assert_eq!([rows("until"), rows("/until"), rows("tool"), rows("/tool")], [1; 4], "{shown}");
}

#[test]
fn nothing_but_the_word_approves() {
    let mut asking = asking();
    asking.proposes("{}");
    asking.pty.shows(PROMPT);
    for said in [
        "",
        " ",
        "y",
        "Y",
        "yes",
        "y approve",
        "approve it",
        "approve approve",
        "approved",
        "APPROVE",
        "Approve",
        "a",
        "ok",
        "true",
        "1",
        "\"approve\"",
        "approve\u{200b}",
        "аpprove",
        "not approve",
        "denied",
        "apprve",
    ] {
        asking.pty.types(&format!("{said}\n"));
        asking.pty.shows(PROMPT);
        asking.order("count");
        assert_eq!(asking.says(), "1 wait", "after {said:?}");
    }
    // The word, and then the end of the input instead of the end of the line.
    asking.pty.types("approve\u{4}\u{4}");
    assert_eq!(asking.says(), unanswered::ENDED);
    assert_eq!(asking.kinds(), ["decided", "denied"]);
}

/// Enough for the quorum or not: a statement that is too short is asked for again, from the start.
#[test]
fn what_is_missing_is_asked_for_again() {
    let mut asking = asking();
    asking.proposes("{}");
    asking.pty.shows(PROMPT);
    asking.pty.types("approve\n");
    asking.pty.shows("why: ");
    asking.pty.types("\n");
    asking.pty.shows("problem");
    asking.pty.shows(PROMPT);
    asking.pty.types("deny\n");
    asking.pty.shows("told: ");
    asking.pty.types("on second thoughts\n");
    assert_eq!(asking.says(), "a person denied the action: on second thoughts");
}

#[test]
fn ctrl_c_ends_the_program_and_approves_nothing() {
    for typed in ["", "approve", "approve\nI read it"] {
        let mut asking = asking();
        asking.proposes("{}");
        asking.pty.shows(PROMPT);
        asking.pty.types(&format!("{typed}\u{3}"));
        let ended = asking.child.wait().unwrap();
        assert_eq!(ended.signal(), Some(2), "after {typed:?} it ended with {ended}");
        assert_eq!(asking.kinds(), ["decided"], "after {typed:?}");
    }
}

#[test]
fn what_is_typed_after_the_deadline_approves_nothing() {
    let mut asking = Asking::begin("1s", true);
    assert_eq!(asking.says(), "ready");
    asking.proposes("{}");
    asking.pty.shows(PROMPT);
    asking.pty.types("approve\n");
    asking.pty.shows("why: ");
    assert_eq!(asking.says(), "the action was not approved: it is expired");
    asking.pty.shows("This needs no answer any more.");
    asking.pty.types("I read it\napprove\nI read it\n");
    asking.order("count");
    assert_eq!(asking.says(), "0 wait");
    assert_eq!(asking.kinds(), ["decided", "expired"]);
}

#[test]
fn what_was_typed_before_the_question_answers_nothing() {
    let mut asking = asking();
    asking.pty.types("approve\nI read it\n");
    // The terminal has echoed it, so it is waiting to be read.
    asking.pty.shows("I read it");
    asking.proposes("{}");
    asking.pty.shows(PROMPT);
    asking.pty.types("no\n");
    asking.pty.shows(PROMPT);
    asking.order("count");
    assert_eq!(asking.says(), "1 wait");
    assert_eq!(asking.kinds(), ["decided"]);
}

/// Two actions wait at the same time: an answer is for the one that is on the terminal.
#[test]
fn one_question_at_a_time() {
    let mut asking = asking();
    asking.proposes(r#"{"to": "mira"}"#);
    asking.pty.shows("mira");
    asking.pty.shows(PROMPT);
    asking.proposes(r#"{"to": "noor"}"#);
    loop {
        asking.order("count");
        if asking.says() == "2 wait" {
            break;
        }
    }
    assert!(!asking.pty.text().contains("noor"), "{}", asking.pty.text());
    asking.pty.types("deny\n");
    asking.pty.shows("told: ");
    asking.pty.types("not her\n");
    assert_eq!(asking.says(), "a person denied the action: not her");
    asking.pty.shows("noor");
    asking.pty.shows(PROMPT);
    asking.pty.types("approve\n");
    asking.pty.shows("why: ");
    asking.pty.types("I read it\n");
    assert_eq!(asking.says(), r#"ran {"to":"noor"}"#);
}

/// Answered elsewhere, a question leaves the terminal to the next.
#[test]
fn a_question_that_somebody_else_answered_goes_away() {
    let mut asking = asking();
    asking.proposes(r#"{"to": "mira"}"#);
    asking.pty.shows(PROMPT);
    asking.order("deny in the inbox");
    assert_eq!(asking.says(), "a person denied the action: in the inbox");
    asking.pty.shows("This needs no answer any more.");
    asking.proposes(r#"{"to": "noor"}"#);
    asking.pty.shows("noor");
    asking.pty.shows(PROMPT);
    asking.pty.types("approve\n");
    asking.pty.shows("why: ");
    asking.pty.types("I read it\n");
    assert_eq!(asking.says(), r#"ran {"to":"noor"}"#);
    let guard_kinds = asking.kinds();
    assert_eq!(guard_kinds.iter().filter(|kind| **kind == "signed_off").count(), 1);
}
