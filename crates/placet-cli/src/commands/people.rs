//! `placet people`: who may sign in to the console.

use std::collections::BTreeSet;

use anstyle::Style;
use clap::{Args, Subcommand};
use placet::{GroupName, KeyScope, NewPerson, PersonId, TenantId};
use serde_json::json;

use crate::console::{Console, FAINT, GOOD, STRONG};
use crate::escape;
use crate::failure::Outcome;
use crate::place::{Invitation, Known, PlaceArgument};
use crate::status::Status;
use crate::table::Table;

/// What to do with the people.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List the people who may sign in
    List(List),
    Invite(Invite),
    Change(Change),
    /// Let somebody not sign in any more: their sessions and the keys that speak for them end
    Remove(One),
}

/// The log whose people are listed.
#[derive(Debug, Args)]
pub(crate) struct List {
    #[command(flatten)]
    place: PlaceArgument,
}

/// Invite somebody, for the first time or again. The token is printed this once and kept nowhere.
///
/// On the console's page /console/enrol#TOKEN it lets them set a password, once and within a day.
/// Whoever has a password already loses it, and their sessions end.
#[derive(Debug, Args)]
pub(crate) struct Invite {
    #[command(flatten)]
    powers: Powers,

    /// The tenant that they belong to; without one they are of those who run the daemon
    #[arg(long)]
    tenant: Option<TenantId>,

    #[command(flatten)]
    place: PlaceArgument,
}

/// Change what somebody may do, at once and also where they are signed in.
#[derive(Debug, Args)]
pub(crate) struct Change {
    #[command(flatten)]
    powers: Powers,

    #[command(flatten)]
    place: PlaceArgument,
}

/// Somebody, and what they may do.
#[derive(Debug, Args)]
struct Powers {
    /// The name by which they sign in
    #[arg(value_name = "PERSON")]
    person: PersonId,

    /// What they may do: approver, admin or auditor; may be given several times
    #[arg(long = "role", value_name = "ROLE", required = true)]
    roles: Vec<KeyScope>,

    /// A group that they are in, as approval terms name it; may be given several times
    #[arg(long = "group", value_name = "GROUP")]
    groups: Vec<GroupName>,
}

impl Powers {
    fn take(self) -> (PersonId, BTreeSet<KeyScope>, BTreeSet<GroupName>) {
        (self.person, self.roles.into_iter().collect(), self.groups.into_iter().collect())
    }
}

/// One person.
#[derive(Debug, Args)]
pub(crate) struct One {
    /// The name by which they sign in
    #[arg(value_name = "PERSON")]
    person: PersonId,

    #[command(flatten)]
    place: PlaceArgument,
}

pub(crate) fn run(command: Command, console: &Console) -> Outcome {
    match command {
        Command::List(List { place }) => list(&place, console),
        Command::Invite(Invite { powers, tenant, place }) => {
            let (person, roles, groups) = powers.take();
            let new = NewPerson { person, tenant, roles, groups };
            print_invitation(&place.open_or_create()?.invite(new)?, console)
        }
        Command::Change(Change { powers, place }) => {
            let (person, roles, groups) = powers.take();
            let index = place.open()?.change_person(&person, roles, groups)?;
            print_changed("changed", &person, index, console)
        }
        Command::Remove(One { person, place }) => {
            let index = place.open()?.remove_person(&person)?;
            print_changed("removed", &person, index, console)
        }
    }
}

fn print_invitation(made: &Invitation, console: &Console) -> Outcome {
    if console.is_json() {
        console.value(made)?;
    } else {
        let person = escape::line(made.person.as_str());
        console.note(&format!(
            "{GOOD}{person}{GOOD:#} is invited until {}; this is shown once and kept nowhere, and \
             goes behind the console's address as /console/enrol#…",
            made.expires
        ));
        console.text(&format!("{}\n", made.token))?;
    }
    Ok(Status::Ok)
}

fn print_changed(what: &str, person: &PersonId, index: Option<u64>, console: &Console) -> Outcome {
    if console.is_json() {
        console.value(&json!({ "person": person, "log_index": index }))?;
    } else {
        let person = escape::line(person.as_str());
        let place = index
            .map_or_else(|| "it was so already".to_owned(), |index| format!("as entry {index}"));
        console.text(&format!("{GOOD}{what}{GOOD:#} {person} {place}\n"))?;
    }
    Ok(Status::Ok)
}

fn list(place: &PlaceArgument, console: &Console) -> Outcome {
    let people = place.look()?.people()?;
    if console.is_json() {
        console.value(&people)?;
    } else if people.is_empty() {
        console.text("there is nobody; invite somebody with placet people invite\n")?;
    } else {
        console.text(&render(&people))?;
    }
    Ok(Status::Ok)
}

fn render(people: &[Known]) -> String {
    let mut table = Table::new(&["person", "tenant", "roles", "groups", "password"]);
    for known in people {
        let roles: Vec<_> = known.roles.iter().map(|role| role.as_str()).collect();
        let groups: Vec<_> = known.groups.iter().map(GroupName::as_str).collect();
        let tenant = known.tenant.as_ref().map_or("–", TenantId::as_str);
        table.row([
            (STRONG, escape::line(known.person.as_str()).into_owned()),
            (Style::new(), escape::line(tenant).into_owned()),
            (Style::new(), roles.join(", ")),
            (Style::new(), escape::line(&groups.join(", ")).into_owned()),
            (FAINT, password(known)),
        ]);
    }
    table.render()
}

fn password(known: &Known) -> String {
    match known.invited_until {
        Some(until) => format!("invited until {until}"),
        None if known.enrolled => "set".to_owned(),
        None => "–".to_owned(),
    }
}
