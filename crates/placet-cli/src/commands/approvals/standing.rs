//! `placet approvals standing` and `revoke`: what people signed off on beforehand.

use std::collections::BTreeSet;
use std::time::Duration;

use anstyle::Style;
use clap::Args;
use placet::{PersonId, Reach, StandingApproval, StandingApprovalId, Timestamp};
use placet_core::json::Pointer;
use placet_policy::parse_duration;
use serde_json::json;

use super::{MAX_NAME_COLUMNS, card, now};
use crate::console::{Console, GOOD, HELD, STRONG};
use crate::escape;
use crate::failure::{Failure, Outcome};
use crate::place::PlaceArgument;
use crate::status::Status;
use crate::table::Table;

/// Longest pinned value in the list, in columns; with `--json` there is all of it.
const MAX_VALUE_COLUMNS: usize = 56;

/// How far the like of what is approved may be done without asking.
#[derive(Debug, Args)]
pub(super) struct Standing {
    /// Let the like of it run without asking, where this param has the same value, as a JSON
    /// Pointer such as /order; may be given several times. "" pins all params at once
    #[arg(long = "stand", value_name = "PARAM")]
    pins: Vec<Pointer>,

    /// At most so often
    #[arg(long, value_name = "TIMES", requires = "pins")]
    uses: Option<u32>,

    /// At most for so long, as in 8h or 7d; 31 days where nothing is said
    #[arg(long = "for", value_name = "TIME", requires = "pins", value_parser = time)]
    lasts: Option<Duration>,
}

impl Standing {
    pub(super) fn reach(self) -> Option<Reach> {
        let pins: BTreeSet<Pointer> = self.pins.into_iter().collect();
        let until = self.lasts.map(|lasts| now().saturating_add(lasts));
        (!pins.is_empty()).then_some(Reach { pins, uses: self.uses, until })
    }
}

fn time(text: &str) -> Result<Duration, &'static str> {
    parse_duration(text).ok_or("write a number and a unit, as in 30m, 8h or 7d")
}

/// List what people signed off on beforehand.
#[derive(Debug, Args)]
pub(crate) struct List {
    #[command(flatten)]
    place: PlaceArgument,
}

/// Take a standing approval back. What it signed off on before stays signed off on.
#[derive(Debug, Args)]
pub(crate) struct Revoke {
    /// The id of the standing approval
    #[arg(value_name = "STANDING")]
    id: StandingApprovalId,

    /// Why. It is public in the log and cannot be erased
    #[arg(long, short)]
    reason: String,

    /// Who does it, where the place is a log file. At a daemon the key says who
    #[arg(long, value_name = "PERSON")]
    by: Option<PersonId>,

    #[command(flatten)]
    place: PlaceArgument,
}

pub(super) fn list(list: &List, console: &Console) -> Outcome {
    let standing = list.place.look()?.standing_approvals()?;
    if console.is_json() {
        console.value(&standing)?;
    } else if standing.is_empty() {
        console.text("nobody signed off on anything beforehand\n")?;
    } else {
        console.text(&table(&standing, now()))?;
    }
    Ok(Status::Ok)
}

fn table(standing: &[StandingApproval], now: Timestamp) -> String {
    let mut table =
        Table::new(&["standing approval", "by", "class", "agent", "where", "used", "left"]);
    for standing in standing {
        let pins = standing.pins.iter().map(|(place, value)| {
            let place = if place.is_empty() { "all params" } else { place };
            format!("{place} = {}", value.canonical())
        });
        let worth = standing.at_most.iter().map(|most| format!("at most {most}"));
        let bounds: Vec<String> = pins.chain(worth).collect();
        let uses = standing.uses.map_or(String::new(), |uses| format!("/{uses}"));
        let agent = standing.agent.as_ref().map_or("–", |agent| agent.as_str());
        let name = |text: &str| escape::clipped(text, MAX_NAME_COLUMNS);
        table.row([
            (STRONG, standing.id.to_string()),
            (Style::new(), name(standing.by.as_str())),
            (Style::new(), name(standing.class.as_str())),
            (Style::new(), name(agent)),
            (Style::new(), escape::clipped(&bounds.join(", "), MAX_VALUE_COLUMNS)),
            (Style::new(), format!("{}{uses}", standing.used)),
            (HELD, card::left(standing.until, now)),
        ]);
    }
    table.render()
}

pub(super) fn revoke(revoke: &Revoke, console: &Console) -> Outcome {
    let Revoke { id, reason, by, place } = revoke;
    let index = place.open()?.revoke_standing(*id, reason, by.as_ref())?;
    if console.is_json() {
        console.value(&json!({ "id": id, "log_index": index }))?;
    } else {
        let entry = index.ok_or_else(|| Failure::found_because("nothing was revoked"))?;
        console.text(&format!("{GOOD}revoked{GOOD:#} {id} as entry {entry}\n"))?;
    }
    Ok(Status::Ok)
}
