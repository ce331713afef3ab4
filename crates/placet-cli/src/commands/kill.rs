//! `placet kill`: stop something at once, and let it run again.

use clap::{Args, Subcommand};
use placet_core::{KillSwitch, PersonId, Scope};
use serde_json::json;

use crate::console::{BAD, Console, GOOD, STRONG};
use crate::escape;
use crate::failure::Outcome;
use crate::place::PlaceArgument;
use crate::status::Status;
use crate::table::Table;

/// What to do with the switches.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Trip a switch: what it covers is stopped from the next decision on
    Trip(Switch),
    /// Reset a switch, so that what it covers may run again
    Reset(Switch),
    List(List),
}

/// A switch to move.
#[derive(Debug, Args)]
pub(crate) struct Switch {
    /// What it covers: all, tenant:NAME, agent:NAME or tool:NAME; tenant:T/agent:A for one tenant
    #[arg(value_name = "SCOPE")]
    scope: Scope,

    /// Why, for whoever finds it tripped. It is public in the log and cannot be erased
    #[arg(long, short)]
    reason: String,

    /// Who does it
    #[arg(long, value_name = "PERSON")]
    by: Option<PersonId>,

    #[command(flatten)]
    place: PlaceArgument,
}

/// List the switches that are tripped.
#[derive(Debug, Args)]
pub(crate) struct List {
    #[command(flatten)]
    place: PlaceArgument,
}

pub(crate) fn run(command: &Command, console: &Console) -> Outcome {
    match command {
        Command::Trip(switch) => trip(switch, console),
        Command::Reset(switch) => reset(switch, console),
        Command::List(List { place }) => list(place, console),
    }
}

fn trip(switch: &Switch, console: &Console) -> Outcome {
    let Switch { scope, reason, by, place } = switch;
    let (index, left) = place.open()?.trip(scope, reason, by.as_ref())?;
    let style = BAD;
    let text = match index {
        Some(index) => {
            format!("{style}tripped{style:#} {} as entry {index}", escape::line(&scope.to_string()))
        }
        None => {
            format!("{} was tripped already; nothing changed", escape::line(&scope.to_string()))
        }
    };
    print_moved((index, left), switch, true, &text, console)
}

fn reset(switch: &Switch, console: &Console) -> Outcome {
    let Switch { scope, reason, by, place } = switch;
    let (index, left) = place.open()?.reset(scope, reason, by.as_ref())?;
    let entry = index.unwrap_or_default();
    let text = format!("{GOOD}reset{GOOD:#} {} as entry {entry}", escape::line(&scope.to_string()));
    print_moved((index, left), switch, false, &text, console)
}

/// Says what happened, and what else still stops the same.
fn print_moved(
    (index, left): (Option<u64>, usize),
    switch: &Switch,
    tripped: bool,
    text: &str,
    console: &Console,
) -> Outcome {
    if console.is_json() {
        console.value(&json!({ "scope": switch.scope, "tripped": tripped, "log_index": index, "switches": left }))?;
    } else {
        let others = match left {
            0 => "no switch is tripped now".to_owned(),
            1 => "1 switch is tripped now".to_owned(),
            count => format!("{count} switches are tripped now"),
        };
        console.text(&format!("{text}\n{others}\n"))?;
    }
    Ok(Status::Ok)
}

fn list(place: &PlaceArgument, console: &Console) -> Outcome {
    let switches = place.look()?.switches()?;
    if console.is_json() {
        console.value(&switches)?;
        return Ok(Status::Ok);
    }
    if switches.is_empty() {
        console.text("no switch is tripped\n")?;
        return Ok(Status::Ok);
    }
    console.text(&render(&switches))?;
    Ok(Status::Ok)
}

fn render(switches: &[KillSwitch]) -> String {
    let mut table = Table::new(&["scope", "since", "by", "reason"]);
    for switch in switches {
        let by = switch.by.as_ref().map_or("–", PersonId::as_str);
        table.row([
            (STRONG, escape::line(&switch.scope.to_string()).into_owned()),
            (anstyle::Style::new(), switch.since.to_string()),
            (anstyle::Style::new(), escape::line(by).into_owned()),
            (anstyle::Style::new(), escape::line(&switch.reason).into_owned()),
        ]);
    }
    table.render()
}
