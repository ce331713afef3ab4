//! `placet hook CLIENT`: one event in, one answer out.

use std::path::PathBuf;

use clap::Args;
use placet_hook::limits::OWN_TIME;
use placet_hook::{ClientName, DRY_RUN_VARIABLE, Reply, Request};
use serde_json::json;

use crate::console::Console;
use crate::failure::Outcome;
use crate::status::Status;

/// What a client's settings say.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The configuration that `placet hook install` wrote
    #[arg(long, value_name = "FILE")]
    config: PathBuf,

    /// The event tells of a call that has ended, so there is nothing to stop
    #[arg(long)]
    after: bool,

    /// Never stop anything, whatever goes wrong
    #[arg(long)]
    shadow: bool,

    /// What the answer stands between, so that the shell knows it from whatever else may be printed
    #[arg(long, value_name = "WORD")]
    seal: Option<String>,
}

pub(crate) fn run(client: ClientName, arguments: Arguments, console: &Console) -> Outcome {
    let request = Request {
        client,
        config: arguments.config,
        is_after: arguments.after,
        is_shadow: arguments.shadow,
        dry_run: std::env::var(DRY_RUN_VARIABLE).ok(),
        folders: super::folders().ok(),
        own_time: OWN_TIME,
    };
    let Reply { mut out, err, status } = placet_hook::answer(&request, std::io::stdin());
    if let Some(err) = err {
        console.note_value(&format!("placet: {err}"), &json!({ "note": err }));
    }
    if let Some(seal) = arguments.seal {
        out = format!("{seal} {out} {seal}");
    }
    out.push('\n');
    console.bytes(out.as_bytes())?;
    Ok(if status == 0 { Status::Ok } else { Status::Stopped })
}
