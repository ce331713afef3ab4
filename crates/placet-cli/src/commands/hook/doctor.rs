//! `placet hook doctor`: whether the gate is really in the path.

use clap::Args;
use placet_hook::{ClientName, Examined, Weight, examine};
use serde_json::json;

use crate::console::{BAD, Console, GOOD, HELD, STRONG};
use crate::escape;
use crate::failure::Outcome;
use crate::status::Status;

/// Try out whether the gate is really in the path of a coding agent, and say how it can be passed.
///
/// Runs the very command lines that are in the settings with a call that does no harm and is never
/// made, with a program that is not there, with one that prints something else, and with an event that
/// makes no sense. The dry run is recorded like any other call.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// claude-code, codex, gemini, cursor or copilot
    client: ClientName,
}

pub(crate) fn run(arguments: &Arguments, console: &Console) -> Outcome {
    let examined = examine(arguments.client, &super::folders()?);
    if console.is_json() {
        console.value(&as_json(&examined))?;
    } else {
        console.text(&as_text(&examined, arguments.client))?;
    }
    Ok(if examined.is_in_path() { Status::Ok } else { Status::Found })
}

fn as_json(examined: &Examined) -> serde_json::Value {
    let remarks: Vec<_> = examined
        .remarks
        .iter()
        .map(|remark| json!({ "weight": word(remark.weight), "text": remark.text }))
        .collect();
    json!({
        "in_path": examined.is_in_path(), "remarks": remarks, "ways_round": examined.ways_round,
    })
}

fn as_text(examined: &Examined, client: ClientName) -> String {
    let mut text = String::new();
    for remark in &examined.remarks {
        let (word, style) = match remark.weight {
            Weight::Good => ("good", GOOD),
            Weight::Note => ("note", HELD),
            Weight::Bad => ("bad ", BAD),
        };
        text.push_str(&format!("{style}{word}{style:#}  {}\n", escape::line(&remark.text)));
    }
    let title = client.client().title();
    text.push_str(&format!("\n{STRONG}How the gate can be passed in {title}{STRONG:#}\n"));
    for way in &examined.ways_round {
        text.push_str(&format!("- {way}\n"));
    }
    text
}

fn word(weight: Weight) -> &'static str {
    match weight {
        Weight::Good => "good",
        Weight::Note => "note",
        Weight::Bad => "bad",
    }
}
