//! `placet approvals`: what waits for people, and what they answer.

mod answer;
mod card;
mod prompt;
mod render;
mod standing;
mod watch;

use std::time::SystemTime;

use anstyle::Style;
use clap::{Args, Subcommand};
use placet::{ApprovalId, Timestamp};

use crate::console::{Console, HELD, STRONG};
use crate::escape;
use crate::failure::Outcome;
use crate::place::{Held, PlaceArgument};
use crate::status::Status;
use crate::table::Table;

/// Longest name in the list, in columns; `show` has all of it.
const MAX_NAME_COLUMNS: usize = 32;

/// What to do with held actions.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List the actions that wait for people, the oldest first
    List(List),
    Show(Show),
    Approve(answer::Approve),
    Deny(answer::Deny),
    Standing(standing::List),
    Revoke(standing::Revoke),
    Watch(watch::Watch),
}

/// The place whose held actions are listed.
#[derive(Debug, Args)]
pub(crate) struct List {
    #[command(flatten)]
    place: PlaceArgument,
}

/// Show one held action: every field, what inspection saw, and what must be written to approve it.
///
/// Every character that a terminal would obey or hide is spelled out. Long values come first, in
/// full, each with its length and digest.
#[derive(Debug, Args)]
pub(crate) struct Show {
    /// The id of the approval
    #[arg(value_name = "APPROVAL")]
    id: ApprovalId,

    #[command(flatten)]
    place: PlaceArgument,
}

pub(crate) fn run(command: Command, console: &Console) -> Outcome {
    match command {
        Command::List(List { place }) => list(&place, console),
        Command::Show(show) => self::show(&show, console),
        Command::Approve(approve) => answer::approve(approve, console),
        Command::Deny(deny) => answer::deny(deny, console),
        Command::Standing(list) => standing::list(&list, console),
        Command::Revoke(revoke) => standing::revoke(&revoke, console),
        Command::Watch(watch) => watch::run(&watch, console),
    }
}

fn list(place: &PlaceArgument, console: &Console) -> Outcome {
    let held = place.look()?.approvals()?;
    if console.is_json() {
        console.value(&held)?;
    } else if held.is_empty() {
        console.text("nothing waits for people\n")?;
    } else {
        console.text(&table(&held, now()))?;
    }
    Ok(Status::Ok)
}

fn table(held: &[Held], now: Timestamp) -> String {
    let mut table =
        Table::new(&["approval", "tool", "risk", "agent", "tenant", "alike", "signed", "left"]);
    for held in held {
        let (terms, decision) = (held.terms(), held.decision());
        let name = |field| escape::clipped(held.text(field).unwrap_or("–"), MAX_NAME_COLUMNS);
        table.row([
            (STRONG, terms.id.to_string()),
            (Style::new(), name("tool")),
            (Style::new(), decision.risk.map_or("–", |risk| risk.as_str()).to_owned()),
            (Style::new(), name("agent")),
            (Style::new(), name("tenant")),
            (Style::new(), held.identical().to_string()),
            (Style::new(), format!("{}/{}", held.signed().len(), terms.quorum)),
            (HELD, card::left(terms.deadline, now)),
        ]);
    }
    table.render()
}

fn show(show: &Show, console: &Console) -> Outcome {
    let held = show.place.look()?.approval(show.id)?;
    if console.is_json() {
        console.value(&held)?;
    } else {
        console.text(&render::card(&held, now()))?;
        let id = held.terms().id;
        console.note(&match held.is_genuine() {
            true => format!("answer it with placet approvals approve {id}, or deny"),
            false => format!("refuse it with placet approvals deny {id}"),
        });
    }
    // Whatever it is that was shown, it is not what would run.
    Ok(if held.is_genuine() { Status::Ok } else { Status::Found })
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
