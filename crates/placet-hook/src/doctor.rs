//! Whether the gate is really in the path: found out by trying.
//!
//! The very command lines that stand in a client's settings are run in a shell, as the client does,
//! with a call that does no harm. The hook is told that this is a dry run, decides, and stops the
//! call with a mark that nobody else knows; if the mark comes back, it was the gate that answered.
//! Then the same lines are run with a program that is not there, with one that prints something else, and
//! with an event that makes no sense: all of them must stop the call.

use std::collections::hash_map::RandomState;
use std::fs;
use std::hash::{BuildHasher as _, Hasher as _};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::client::{Client, ClientName};
use crate::config::HookConfig;
use crate::install::{lines_of, look, read, time_of};
use crate::json::Tree;
use crate::limits::DRY_RUN;
use crate::line;
use crate::place::{Folders, Scope};
use crate::settings::{self, Line};

/// The variable that tells a hook of a dry run. Whoever sets it stops calls, and lets none through.
pub const DRY_RUN_VARIABLE: &str = "PLACET_HOOK_DRY_RUN";

/// How grave a remark is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// It is as it should be.
    Good,
    /// Something to know.
    Note,
    /// The gate is not in the path, or can be passed.
    Bad,
}

/// One thing that was found out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// How grave it is.
    pub weight: Weight,
    /// What it is.
    pub text: String,
}

/// All that was found out about a client.
#[derive(Clone, Debug, Default)]
pub struct Examined {
    /// What was tried, in this order.
    pub remarks: Vec<Remark>,
    /// How the gate can be got round there, whatever was found.
    pub ways_round: Vec<&'static str>,
}

impl Examined {
    /// Whether the gate is in the path.
    #[must_use]
    pub fn is_in_path(&self) -> bool {
        self.remarks.iter().all(|remark| remark.weight != Weight::Bad)
    }

    fn say(&mut self, weight: Weight, text: impl Into<String>) {
        self.remarks.push(Remark { weight, text: text.into() });
    }
}

/// Finds out whether the gate is in the path of a client.
#[must_use]
pub fn examine(client: ClientName, folders: &Folders) -> Examined {
    let client = client.client();
    let mut examined = Examined { ways_round: ways_round(client), ..Examined::default() };
    let mut is_installed = false;
    for scope in [Scope::User, Scope::Project] {
        is_installed |= look_at(&mut examined, client, folders, &client.settings(folders, scope));
    }
    for path in client.other_settings(folders) {
        look_whether_off(&mut examined, client, &path);
    }
    if !is_installed {
        let name = client.name();
        examined.say(
            Weight::Bad,
            format!("no hook is installed; `placet hook install {name}` does it"),
        );
    }
    if let (true, Some(step)) = (is_installed, client.next_step()) {
        examined.say(Weight::Note, format!("if it was not done yet: {step}"));
    }
    examined
}

fn ways_round(client: &dyn Client) -> Vec<&'static str> {
    let mut ways = client.ways_round().to_vec();
    ways.push(
        "the agent runs as the same user: a call that names these settings, the hook's key or its log is \
         held, but a program that it may run can make up their names while it runs. Only another user, a \
         container or a daemon on another machine keeps it from them",
    );
    ways
}

/// Looks at one settings file, and says whether our hook is in it.
fn look_at(examined: &mut Examined, client: &dyn Client, folders: &Folders, path: &Path) -> bool {
    let shown = path.display();
    let tree = match read(path) {
        Ok(None) => return false,
        Ok(Some((_, tree))) => tree,
        Err(error) => {
            examined.say(Weight::Bad, error.to_string());
            return false;
        }
    };
    if let Some(off) = client.turned_off(&tree) {
        examined.say(Weight::Bad, format!("{shown}: {off}, so no hook runs"));
    }
    let lines = settings::lines(&tree, client);
    let asked: Vec<&str> = client
        .entries(&sham(client), DRY_RUN)
        .iter()
        .filter(|it| it.is_before)
        .map(|it| it.event)
        .collect();
    let before: Vec<Line> =
        lines.into_iter().filter(|line| asked.contains(&line.event.as_str())).collect();
    for line in &before {
        examined.say(Weight::Good, format!("{shown} asks the gate on {}", line.event));
        let config = line::config_of(&line.text, client.name());
        let config = config.and_then(|path| Some((look_at_config(examined, &path)?, path)));
        if let Some((config, path)) = &config {
            look_at_entry(examined, client, &tree, line, (config, path));
        }
        try_out(examined, client, folders, line, config.is_some_and(|(config, _)| config.shadow));
    }
    !before.is_empty()
}

/// Whether the entry is one at which the client asks about every call, and goes by the answer.
fn look_at_entry(
    examined: &mut Examined,
    client: &dyn Client,
    tree: &Tree,
    line: &Line,
    (config, path): (&HookConfig, &Path),
) {
    let Some(program) = line::program_of(&line.text, client.name()) else { return };
    let lines = lines_of(client, &program, path, config);
    if lines.before() != line.text {
        examined.say(
            Weight::Note,
            "its command line is not as this version writes it; install again to have it so",
        );
    }
    let entries = client.entries(&lines, time_of(config));
    let Some(entry) = entries.iter().find(|entry| entry.event == line.event) else { return };
    let odd: Vec<String> =
        settings::odd_keys(tree, line, entry).iter().map(|key| format!("{key:?}")).collect();
    let (are, them) = if odd.len() == 1 { ("is", "it") } else { ("are", "them") };
    if !odd.is_empty() {
        let (odd, event) = (odd.join(" and "), &line.event);
        examined.say(
            Weight::Bad,
            format!(
                "under {event}, {odd} {are} not as installing writes {them}: calls may go unasked; install again"
            ),
        );
    }
}

/// Lines of which only the events matter.
fn sham(client: &dyn Client) -> line::Lines {
    line::Lines::new(client.name(), Path::new(""), Path::new(""), false, DRY_RUN)
}

fn look_whether_off(examined: &mut Examined, client: &dyn Client, path: &Path) {
    let tree = match look(path) {
        Ok(None) => return,
        Ok(Some(tree)) => tree,
        Err(error) => {
            let text = format!("whether hooks are turned off there is not known: {error}");
            return examined.say(Weight::Bad, text);
        }
    };
    if let Some(off) = client.turned_off(&tree) {
        examined.say(Weight::Bad, format!("{}: {off}, so no hook runs", path.display()));
    }
}

fn try_out(
    examined: &mut Examined,
    client: &dyn Client,
    folders: &Folders,
    line: &Line,
    is_shadow: bool,
) {
    let mark = mark();
    let sample = client.sample(&format!("doctor-{mark}")).to_string();
    match run(&line.text, &sample, &mark, folders) {
        Err(error) => examined.say(Weight::Bad, format!("its command line does not run: {error}")),
        Ok(output) => judge_answer(examined, &output, &mark),
    }
    if is_shadow {
        examined.say(
            Weight::Note,
            "it is in shadow: it records, and stops nothing that its policy lets it not stop",
        );
        return;
    }
    let missing = line::without_program(&line.text, client.name());
    must_stop(examined, missing.as_deref(), &sample, folders, "its program is missing");
    let nonsense = line::with_nonsense(&line.text, client.name());
    must_stop(examined, nonsense.as_deref(), &sample, folders, "its program prints something else");
    must_stop(examined, Some(&line.text), "{", folders, "the event makes no sense");
}

fn judge_answer(examined: &mut Examined, output: &Output, mark: &str) {
    let out = String::from_utf8_lossy(&output.stdout);
    let err = String::from_utf8_lossy(&output.stderr);
    let start = format!("dry run {mark}: ");
    match out.split_once(&start).and_then(|(_, after)| after.split('"').next()) {
        Some(decided) if output.status.success() => {
            examined.say(Weight::Good, format!("a dry run came to the gate, which {decided}"));
        }
        _ => {
            let said = err.lines().next().unwrap_or(&out).to_owned();
            examined.say(Weight::Bad, format!("a dry run did not come to a decision: {said}"));
        }
    }
}

fn must_stop(
    examined: &mut Examined,
    line: Option<&str>,
    event: &str,
    folders: &Folders,
    when: &str,
) {
    let output = line.map(|line| run(line, event, "none", folders));
    match output {
        Some(Ok(output)) if output.status.code() == Some(2) && !output.stderr.is_empty() => {
            examined.say(Weight::Good, format!("where {when}, the call is stopped"));
        }
        _ => examined.say(Weight::Bad, format!("where {when}, the call is not stopped")),
    }
}

/// What the hook's configuration says, and who can read its key.
fn look_at_config(examined: &mut Examined, path: &Path) -> Option<HookConfig> {
    let config = match HookConfig::read(path) {
        Ok(config) => config,
        Err(error) => {
            examined.say(Weight::Bad, error.to_string());
            return None;
        }
    };
    for secret in config.key_file.iter().chain(std::iter::once(&path.to_owned())) {
        if is_open(secret) {
            let text = format!("others on this machine may read {}", secret.display());
            examined.say(Weight::Bad, text);
        }
    }
    Some(config)
}

#[cfg(unix)]
fn is_open(path: &PathBuf) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(path).is_ok_and(|known| known.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn is_open(path: &PathBuf) -> bool {
    fs::metadata(path).is_err()
}

/// Runs a command line as a client does.
fn run(line: &str, input: &str, mark: &str, folders: &Folders) -> std::io::Result<Output> {
    let mut child = Command::new("sh")
        .args(["-c", line])
        .current_dir(&folders.project)
        .env(DRY_RUN_VARIABLE, mark)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        // A program that does not read is found out by what it answers.
        drop(stdin.write_all(input.as_bytes()));
    }
    ended(child, DRY_RUN)
}

/// Waits for an end, and makes one if it does not come.
fn ended(mut child: Child, time: Duration) -> std::io::Result<Output> {
    let until = Instant::now() + time;
    while child.try_wait()?.is_none() {
        if Instant::now() > until {
            child.kill()?;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    child.wait_with_output()
}

/// A mark that a script which prints a ready answer does not know.
fn mark() -> String {
    format!("{:016x}", RandomState::new().build_hasher().finish())
}
