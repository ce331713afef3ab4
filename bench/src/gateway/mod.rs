//! What stands in the path of an agent that nobody edits: the MCP gateway and the hook, by what
//! they add to a call that is allowed.

mod echo;
mod hook;
mod http;
mod pipes;
mod warrantd;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::args::Child;
use crate::installed::said;
use crate::measure::{Contestant, Scale, Times, in_turn, median};
use crate::progress;
use crate::report::{Section, Table, Target, nanos};
use crate::scratch::Scratch;
pub(crate) use echo::run as run_echo;

/// What a hook may take, from start to end, at the median, in nanoseconds.
const GOAL_HOOK: f64 = 50_000_000.0;

const ABOUT: &str = "\
A client calls one tool over and over, one call at a time; the server does nothing but to repeat \
what it was sent. The client speaks to it directly, and through a gateway that allows the tool by \
its policy. Placet decides, writes decision, redemption and outcome to a log, and each is on the disk \
before the next step; it listens for clients on pipes and over HTTP. warrantd-gateway 0.2.0 knows \
pipes only, and adds rows to SQLite with its standard settings. \"Added\" is what lies between a \
call's median through the gateway and directly. The second table is `placet hook claude-code` as a \
process, from its start to its end, for a call that its policy allows: it opens the log, decides, \
and writes. The second row is the same as a client starts it, by the command line that \
`placet hook install` writes, which has a shell watch over it. Below them is the least that a hook in \
Python takes, which reads the event and says nothing. \"Processor\" is how long all of its processes \
keep one busy, on the mean.";

/// What a call takes.
#[derive(Clone, Copy, Debug)]
struct Latency {
    p50: f64,
    p99: f64,
}

impl Latency {
    fn of(times: &Times) -> Self {
        Self { p50: times.percentile(50.0), p99: times.percentile(99.0) }
    }

    fn median(turns: &[Self]) -> Self {
        let of = |figure: fn(&Self) -> f64| median(&turns.iter().map(figure).collect::<Vec<_>>());
        Self { p50: of(|turn| turn.p50), p99: of(|turn| turn.p99) }
    }
}

pub(crate) fn measure(scale: &Scale) -> Result<Section> {
    let scratch = Scratch::new("gateway")?;
    let mut calls = Table::new("", ["p50", "p99", "added, p50"].map(str::to_owned).to_vec());
    progress("  over pipes");
    over_pipes(scale, &scratch, &mut calls)?;
    progress("  over HTTP");
    over_http(scale, &scratch, &mut calls)?;
    progress("  hooks");
    let (hooks, target) = hooks(scale, &scratch)?;
    Ok(Section {
        title: "In the path of an agent",
        about: ABOUT,
        tables: vec![calls, hooks],
        targets: vec![target],
        charts: Vec::new(),
    })
}

fn over_pipes(scale: &Scale, scratch: &Scratch, table: &mut Table) -> Result<()> {
    let server = child(&Child::Echo)?;
    let mut direct = pipes::Client::start(command(&server)?)?;
    let mut gateway = pipes::Client::start(ours(scratch, "pipes", &after_dashes(&server))?)?;
    let other = scale.is_full.then(|| said("warrantd-gateway", warrantd::start(scratch, &server)));
    let mut other = other.flatten();
    let mut names = vec!["directly, on pipes", "through Placet, on pipes"];
    let turn = scale.disk_turn;
    let mut contestants: Vec<Contestant<'_, Latency>> =
        vec![Box::new(|| direct.call_for(turn)), Box::new(|| gateway.call_for(turn))];
    if let Some(other) = &mut other {
        names.push("through warrantd-gateway, on pipes");
        contestants.push(Box::new(|| other.call_for(turn)));
    }
    write(table, &names, &in_turn(scale.rounds, &mut contestants)?);
    Ok(())
}

fn over_http(scale: &Scale, scratch: &Scratch, table: &mut Table) -> Result<()> {
    let server = http::Server::start()?;
    let mut direct = http::Client::open(server.address)?;
    let listening = http::Gateway::start(scratch, &server)?;
    let mut gateway = http::Client::open(listening.address)?;
    let turn = scale.disk_turn;
    let mut contestants: [Contestant<'_, Latency>; 2] =
        [Box::new(|| direct.call_for(turn)), Box::new(|| gateway.call_for(turn))];
    let figures = in_turn(scale.rounds, &mut contestants)?;
    write(table, &["directly, over HTTP", "through Placet, over HTTP"], &figures);
    Ok(())
}

/// The first is what the others are compared with.
fn write(table: &mut Table, names: &[&str], figures: &[Vec<Latency>]) {
    let figures: Vec<Latency> = figures.iter().map(|turns| Latency::median(turns)).collect();
    let direct = figures.first().map_or(f64::NAN, |direct| direct.p50);
    for (nth, (name, Latency { p50, p99 })) in names.iter().zip(&figures).enumerate() {
        let added = if nth == 0 { "–".to_owned() } else { nanos(p50 - direct) };
        table.row(name, vec![nanos(*p50), nanos(*p99), added]);
    }
}

fn hooks(scale: &Scale, scratch: &Scratch) -> Result<(Table, Target)> {
    let ours = hook::Hook::placet(scratch)?;
    let installed = hook::Hook::installed(scratch)?;
    let least = hook::Hook::python()?;
    let turn = scale.disk_turn;
    let mut contestants: [Contestant<'_, hook::Taken>; 3] = [
        Box::new(|| ours.run_for(turn)),
        Box::new(|| installed.run_for(turn)),
        Box::new(|| least.run_for(turn)),
    ];
    let figures = in_turn(scale.rounds, &mut contestants)?;
    let names = ["placet hook", "placet hook, as it is installed", "Python that does nothing"];
    let mut table = Table::new("a hook", ["p50", "p99", "processor"].map(str::to_owned).to_vec());
    for (name, turns) in names.iter().zip(&figures) {
        let hook::Taken { latency: Latency { p50, p99 }, busy } = hook::Taken::median(turns);
        table.row(name, vec![nanos(p50), nanos(p99), nanos(busy)]);
    }
    let taken = figures.first().map_or(f64::NAN, |turns| hook::Taken::median(turns).latency.p50);
    Ok((table, Target::at_most("a hook, from start to end", taken, GOAL_HOOK, nanos)))
}

/// `placet mcp` with a policy that allows the tool, before whatever its last words name.
fn ours(scratch: &Scratch, name: &str, last: &[String]) -> Result<Command> {
    let folder = scratch.file(name);
    fs::create_dir_all(&folder)?;
    let policy = written(&folder, "policy.toml", POLICY)?;
    let mut words = ["mcp", "--name", "echo", "--console", "127.0.0.1:0", "--policy"]
        .map(str::to_owned)
        .to_vec();
    words.push(policy);
    for (option, file) in [("--log", "placet.db"), ("--lock", "tools.lock")] {
        words.extend([option.to_owned(), folder.join(file).display().to_string()]);
    }
    words.extend_from_slice(last);
    Child::Placet(words).command()
}

const POLICY: &str = "version = 1\nmode = \"enforce\"\n[actions.mcp__echo__repeat]\n\
    risk = \"read\"\nparams = { text = \"string\" }\n";

/// The words of a command that is this program in another role.
fn child(role: &Child) -> Result<Vec<String>> {
    let program = std::env::current_exe().context("this program cannot be found")?;
    Ok(std::iter::once(program.display().to_string()).chain(role.words()).collect())
}

fn command(words: &[String]) -> Result<Command> {
    let (program, rest) = words.split_first().context("a command has a program")?;
    let mut command = Command::new(program);
    command.args(rest);
    Ok(command)
}

fn after_dashes(server: &[String]) -> Vec<String> {
    std::iter::once("--".to_owned()).chain(server.iter().cloned()).collect()
}

fn written(folder: &Path, name: &str, text: &str) -> Result<String> {
    let path: PathBuf = folder.join(name);
    fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path.display().to_string())
}

/// A call of the tool, and what its answer has to have in it.
fn call(id: usize) -> String {
    format!(
        r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{{"name":"repeat","arguments":{{"text":"o-4711"}}}}}}"#
    )
}

/// An answer that is not the tool's would be measured for something that it is not.
fn check(answer: &str) -> Result<()> {
    let is_repeated = answer.contains("o-4711") && !answer.contains(r#""isError":true"#);
    ensure!(is_repeated, "the tool was not allowed: {answer}");
    Ok(())
}

const INITIALIZE: &str = r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"bench","version":"1"}}}"#;

const INITIALIZED: &str = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;
