//! `placet key`: who may speak to the daemon.

use anstyle::Style;
use clap::{Args, Subcommand};
use placet::{AgentId, KeyId, KeyName, KeyScope, NewKey, PersonId, TenantId};
use serde_json::json;

use crate::console::{Console, FAINT, GOOD, STRONG};
use crate::escape;
use crate::failure::Outcome;
use crate::place::{Credentials, Key, PlaceArgument};
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

    /// The person it speaks for: its answers are theirs. At a daemon only they can have it made
    #[arg(long)]
    person: Option<PersonId>,

    #[command(flatten)]
    place: PlaceArgument,
}

/// The log whose keys are listed.
#[derive(Debug, Args)]
pub(crate) struct List {
    #[command(flatten)]
    place: PlaceArgument,
}

/// One key.
#[derive(Debug, Args)]
pub(crate) struct One {
    /// The id of the key
    #[arg(value_name = "KEY")]
    id: KeyId,

    #[command(flatten)]
    place: PlaceArgument,
}

pub(crate) fn run(command: Command, console: &Console) -> Outcome {
    match command {
        Command::Create(create) => self::create(create, console),
        Command::List(List { place }) => list(&place, console),
        Command::Rotate(One { id, place }) => {
            print_secret(&place.open()?.rotate_key(id)?, "has a new secret", console)
        }
        Command::Revoke(One { id, place }) => {
            print_revoked(id, place.open()?.revoke_key(id)?, console)
        }
    }
}

fn create(create: Create, console: &Console) -> Outcome {
    let Create { name, scopes, tenant, agent, person, place } = create;
    let new = NewKey { name, tenant, agent, person, scopes: scopes.into_iter().collect() };
    print_secret(&place.open_or_create()?.create_key(new)?, "is created", console)
}

fn print_secret(made: &Credentials, what: &str, console: &Console) -> Outcome {
    if console.is_json() {
        console.value(made)?;
    } else {
        let id = made.app_id;
        console.note(&format!(
            "{GOOD}{id}{GOOD:#} {what}; its secret is shown this once and kept nowhere:"
        ));
        console.text(&format!("{}\n", made.secret))?;
    }
    Ok(Status::Ok)
}

fn print_revoked(id: KeyId, index: Option<u64>, console: &Console) -> Outcome {
    if console.is_json() {
        console.value(&json!({ "app_id": id, "log_index": index }))?;
    } else {
        let index = index.unwrap_or_default();
        console.text(&format!("{GOOD}revoked{GOOD:#} {id} as entry {index}\n"))?;
    }
    Ok(Status::Ok)
}

fn list(place: &PlaceArgument, console: &Console) -> Outcome {
    let keys = place.look()?.keys()?;
    if console.is_json() {
        console.value(&keys)?;
    } else if keys.is_empty() {
        console.text("there are no keys; make one with placet key create\n")?;
    } else {
        console.text(&render(&keys))?;
    }
    Ok(Status::Ok)
}

fn render(keys: &[Key]) -> String {
    let mut table =
        Table::new(&["key", "name", "tenant", "agent", "person", "scopes", "last used"]);
    for key in keys {
        let scopes: Vec<_> = key.scopes.iter().map(|scope| scope.as_str()).collect();
        let or_dash = |text: Option<&str>| escape::line(text.unwrap_or("–")).into_owned();
        table.row([
            (STRONG, key.app_id.to_string()),
            (Style::new(), escape::line(key.name.as_str()).into_owned()),
            (Style::new(), or_dash(key.tenant.as_ref().map(TenantId::as_str))),
            (Style::new(), or_dash(key.agent.as_ref().map(AgentId::as_str))),
            (Style::new(), or_dash(key.person.as_ref().map(PersonId::as_str))),
            (Style::new(), scopes.join(", ")),
            (FAINT, key.last_used.map_or_else(|| "never".to_owned(), |used| used.to_string())),
        ]);
    }
    table.render()
}
