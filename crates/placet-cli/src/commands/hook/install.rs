//! `placet hook install` and `placet hook uninstall`.

use std::path::{Path, PathBuf};

use clap::Args;
use placet::{AgentId, TenantId};
use placet_hook::{Change, ClientName, HookConfig, InstallError, Scope};
use serde_json::json;
use zeroize::Zeroizing;

use crate::console::{Console, FAINT, GOOD, HELD};
use crate::failure::{Failure, Outcome};
use crate::place::{KEY, LOG, URL, variable};
use crate::policy_file;
use crate::status::Status;

const EXAMPLES: &str = "\
Examples:
  placet hook install claude-code
  PLACET_KEY=plc_… placet hook install codex --url http://127.0.0.1:4747
  placet hook install gemini --project --policy policy.toml --shadow";

/// Put the gate into the hooks of a coding agent.
///
/// Its settings keep everything else that is in them, and what they were is kept beside them. A hook
/// that is missing, breaks off, hangs or prints nonsense stops the call, as far as the agent lets it.
/// With neither --url nor --log it decides in a log
/// of the user, by a policy to begin with that is beside the hook's configuration.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
#[group(skip)]
pub(crate) struct Install {
    #[command(flatten)]
    whose: Whose,

    /// The daemon to decide at; or PLACET_URL. The key of an agent is read from PLACET_KEY, and kept
    /// in a file for this user only
    #[arg(long, value_name = "URL")]
    url: Option<String>,

    /// A file that has the key already
    #[arg(long, value_name = "FILE", requires = "url")]
    key_file: Option<PathBuf>,

    /// The log to decide in where no daemon answers; or PLACET_LOG
    #[arg(long, value_name = "LOG")]
    log: Option<PathBuf>,

    /// The policy for that log
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,

    /// The agent's name; that of the client when not given
    #[arg(long)]
    agent: Option<AgentId>,

    /// The tenant
    #[arg(long)]
    tenant: Option<TenantId>,

    /// How long a held call waits for people at a daemon, before the model is told where to ask
    #[arg(long, value_name = "SECONDS", default_value_t = 240)]
    #[arg(value_parser = clap::value_parser!(u64).range(0..=3000))]
    wait: u64,

    /// Record what would have been decided, and never stop anything
    #[arg(long)]
    shadow: bool,

    /// Let what is allowed here run without the client asking its own user
    #[arg(long)]
    auto_approve: bool,

    /// Claude Code: end a headless session at a held call, to be resumed with --resume
    #[arg(long)]
    park: bool,

    /// Where the hook's configuration goes
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// Take the gate out of the hooks of a coding agent.
#[derive(Debug, Args)]
pub(crate) struct Uninstall {
    #[command(flatten)]
    whose: Whose,
}

/// Which settings are meant.
#[derive(Debug, Args)]
struct Whose {
    /// claude-code, codex, gemini, cursor or copilot
    client: ClientName,

    /// The settings of the user, for every project; this is what happens when nothing is said
    #[arg(long, conflicts_with = "project")]
    user: bool,

    /// The settings of the project in the current folder
    #[arg(long)]
    project: bool,
}

impl Whose {
    fn scope(&self) -> Scope {
        if self.project { Scope::Project } else { Scope::User }
    }
}

pub(crate) fn install(arguments: Install, console: &Console) -> Outcome {
    let folders = super::folders()?;
    let client = arguments.whose.client;
    let scope = arguments.whose.scope();
    let config_path = match &arguments.config {
        Some(path) => whole(path)?,
        None => folders.hook_config(client.as_str()),
    };
    let mut config = HookConfig::new(folders.memory(client.as_str()));
    let key = decide_where(&arguments, &mut config)?;
    let is_own_log = config.daemon.is_none() && config.log.is_none();
    if is_own_log {
        config.log = Some(folders.log());
    }
    config.policy = arguments.policy.as_deref().map(whole).transpose()?;
    let starter = is_own_log.then(|| folders.policy());
    // A hook without a policy that can be used stops every call.
    let there = || starter.as_deref().filter(|starter| starter.exists());
    if let Some(policy) = config.policy.as_deref().or_else(there) {
        policy_file::usable(policy)?;
    }
    config.agent = arguments.agent;
    config.tenant = arguments.tenant;
    config.wait_seconds = arguments.wait;
    config.shadow = arguments.shadow;
    config.auto_approve = arguments.auto_approve;
    config.park = arguments.park;
    if is_own_log {
        make_folder(&folders.state)?;
    }
    let program = std::env::current_exe()?;
    let install =
        placet_hook::Install { client, scope, program, config_path, config, key, starter };
    let change = install.install(&folders).map_err(unusable)?;
    print(client, &change, "asks the gate", console)
}

/// The daemon with its key, or the log.
fn decide_where(
    arguments: &Install,
    config: &mut HookConfig,
) -> Result<Option<Zeroizing<String>>, Failure> {
    let text = |name| variable(name).map(|value| value.to_string_lossy().into_owned());
    let log = arguments.log.clone().or_else(|| variable(LOG).map(PathBuf::from));
    config.log = log.as_deref().map(whole).transpose()?;
    config.daemon = arguments.url.clone().or_else(|| text(URL));
    let Some(url) = &config.daemon else { return Ok(None) };
    config.key_file = arguments.key_file.as_deref().map(whole).transpose()?;
    match (config.key_file.is_some(), text(KEY)) {
        (true, _) => Ok(None),
        (false, Some(key)) => Ok(Some(Zeroizing::new(key))),
        (false, None) => {
            let message = format!("the daemon at {url} wants to see the key of an agent");
            Err(Failure::usage(message).help(
                "put it into the environment as PLACET_KEY, or name its file with --key-file; \
                 `placet key create --scope agent` makes one",
            ))
        }
    }
}

/// A path that means the same wherever a hook runs.
fn whole(path: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(path).map_err(|error| Failure::file("find", path, error))
}

fn make_folder(folder: &Path) -> Result<(), Failure> {
    std::fs::create_dir_all(folder).map_err(|error| Failure::file("make", folder, error))
}

pub(crate) fn uninstall(arguments: &Uninstall, console: &Console) -> Outcome {
    let folders = super::folders()?;
    let client = arguments.whose.client;
    let change = placet_hook::Install::uninstall(client, arguments.whose.scope(), &folders);
    print(client, &change.map_err(unusable)?, "no longer asks the gate", console)
}

fn unusable(error: InstallError) -> Failure {
    Failure::unusable(error)
}

fn print(client: ClientName, change: &Change, what: &str, console: &Console) -> Outcome {
    let is_installed = what.starts_with("asks");
    let next = client.client().next_step().filter(|_| is_installed);
    if console.is_json() {
        console.value(&json!({
            "client": client.as_str(), "settings": change.settings, "backup": change.backup,
            "config": change.config, "changed": change.is_changed, "next": next,
        }))?;
        return Ok(Status::Ok);
    }
    let (title, settings) = (client.client().title(), change.settings.display());
    let is_changed = if change.is_changed { "changed" } else { "as it was" };
    let mut text = format!("{GOOD}{title}{GOOD:#} {what}: {settings} is {is_changed}\n");
    if let Some(backup) = &change.backup {
        text.push_str(&format!("{FAINT}what it was is in {}{FAINT:#}\n", backup.display()));
    }
    if let Some(next) = next {
        text.push_str(&format!("{HELD}next:{HELD:#} {next}\n"));
    }
    if is_installed {
        text.push_str(&format!("placet hook doctor {} tries it out\n", client.as_str()));
    }
    console.text(&text)?;
    Ok(Status::Ok)
}
