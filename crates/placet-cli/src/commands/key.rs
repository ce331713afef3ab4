//! `placet key`: who may speak to the daemon.

use anstyle::Style;
use clap::{Args, Subcommand};
use placet::{AgentId, ApiKey, Change, KeyId, KeyName, KeyScope, NewKey, Secret, TenantId};
use placet_core::State;
use serde_json::json;

use crate::console::{Console, FAINT, GOOD, STRONG};
use crate::escape;
use crate::failure::Outcome;
use crate::log_file::{self, LogArgument};
use crate::status::Status;
use crate::table::Table;

/// What to do with the keys.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Create(Create),
    /// List the keys that are in force
    List(List),
    /// Replace the secret of a key; the one before is worth nothing from then on
    Rotate(One),
    /// Revoke a key, at once
    Revoke(One),
}

/// Make a key. Its secret is printed this once and kept nowhere.
#[derive(Debug, Args)]
pub(crate) struct Create {
    /// What it is for
    #[arg(long)]
    name: KeyName,

    /// What it may do: agent, approver, admin or auditor; may be given several times
    #[arg(long = "scope", value_name = "SCOPE", required = true)]
    scopes: Vec<KeyScope>,

    /// The tenant it speaks for; without one it is for those who run the daemon
    #[arg(long)]
    tenant: Option<TenantId>,

    /// The only agent it speaks for
    #[arg(long)]
    agent: Option<AgentId>,

    #[command(flatten)]
    log: LogArgument,
}

/// The log whose keys are listed.
#[derive(Debug, Args)]
pub(crate) struct List {
    #[command(flatten)]
    log: LogArgument,
}

/// One key.
#[derive(Debug, Args)]
pub(crate) struct One {
    /// The id of the key
    #[arg(value_name = "KEY")]
    id: KeyId,

    #[command(flatten)]
    log: LogArgument,
}

pub(crate) fn run(command: Command, console: &Console) -> Outcome {
    match command {
        Command::Create(create) => self::create(create, console),
        Command::List(List { log }) => list(&log, console),
        Command::Rotate(One { id, log }) => {
            let guard = log.open()?;
            let rotated = guard.blocking().rotate_key(id).map_err(log_file::rejected)?;
            print_secret(&rotated, "has a new secret", console)
        }
        Command::Revoke(One { id, log }) => {
            let guard = log.open()?;
            let change = guard.blocking().revoke_key(id).map_err(log_file::rejected)?;
            print_revoked(id, &change, console)
        }
    }
}

fn create(create: Create, console: &Console) -> Outcome {
    let guard = create.log.open_or_create()?;
    let Create { name, scopes, tenant, agent, .. } = create;
    let new = NewKey { name, tenant, agent, scopes: scopes.into_iter().collect() };
    let created = guard.blocking().create_key(new).map_err(log_file::rejected)?;
    print_secret(&created, "is created", console)
}

fn print_secret((secret, change): &(Secret, Change), what: &str, console: &Console) -> Outcome {
    let (id, text) = (secret.key(), secret.danger_text());
    if console.is_json() {
        let index = change.log_index;
        console.value(&json!({ "app_id": id, "secret": *text, "log_index": index }))?;
    } else {
        console.note(&format!(
            "{GOOD}{id}{GOOD:#} {what}; its secret is shown this once and kept nowhere:"
        ));
        console.text(&format!("{}\n", *text))?;
    }
    Ok(Status::Ok)
}

fn print_revoked(id: KeyId, change: &Change, console: &Console) -> Outcome {
    let index = change.log_index;
    if console.is_json() {
        console.value(&json!({ "app_id": id, "log_index": index }))?;
    } else {
        let index = index.unwrap_or_default();
        console.text(&format!("{GOOD}revoked{GOOD:#} {id} as entry {index}\n"))?;
    }
    Ok(Status::Ok)
}

fn list(log: &LogArgument, console: &Console) -> Outcome {
    let state = log.state()?;
    if console.is_json() {
        let keys: Vec<_> = state.keys().iter().map(|(id, key)| as_json(id, key)).collect();
        console.value(&keys)?;
    } else if state.keys().is_empty() {
        console.text("there are no keys; make one with placet key create\n")?;
    } else {
        console.text(&render(&state))?;
    }
    Ok(Status::Ok)
}

/// A key without the digest of its secret.
fn as_json(id: KeyId, key: &ApiKey) -> serde_json::Value {
    json!({
        "app_id": id, "name": key.name, "tenant": key.tenant, "agent": key.agent,
        "scopes": key.scopes, "created": key.created, "last_used": key.used,
    })
}

fn render(state: &State) -> String {
    let mut table = Table::new(&["key", "name", "tenant", "agent", "scopes", "last used"]);
    for (id, key) in state.keys().iter() {
        let scopes: Vec<_> = key.scopes.iter().map(|scope| scope.as_str()).collect();
        let or_dash = |text: Option<&str>| escape::line(text.unwrap_or("–")).into_owned();
        table.row([
            (STRONG, id.to_string()),
            (Style::new(), escape::line(key.name.as_str()).into_owned()),
            (Style::new(), or_dash(key.tenant.as_ref().map(TenantId::as_str))),
            (Style::new(), or_dash(key.agent.as_ref().map(AgentId::as_str))),
            (Style::new(), scopes.join(", ")),
            (FAINT, key.used.map_or_else(|| "never".to_owned(), |used| used.to_string())),
        ]);
    }
    table.render()
}
