//! `placet classify`: what a call does, the evidence for it, and which risk that suggests.

use std::path::{Path, PathBuf};

use anstyle::Style;
use clap::{ArgGroup, Args};
use placet_core::json::Object;
use placet_core::{Action, Json, RiskTier};
use placet_policy::inspect::{Annotations, Call, Classification, classify};
use serde_json::json;

use crate::console::{BAD, Console, FAINT, GOOD, HELD, STRONG};
use crate::escape;
use crate::failure::{Failure, Outcome};
use crate::jsonl;
use crate::map::{Mapping, Mappings};
use crate::status::Status;

const EXAMPLES: &str = "\
Examples:
  placet classify run_query --params '{\"sql\": \"DELETE FROM orders\"}'
  placet classify --file calls.jsonl";

/// Show what a call does, and which risk that is.
///
/// Nothing is decided: a policy may know better. The params matter, for what a call does is often
/// in its arguments and not in its name.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
#[command(group = ArgGroup::new("calls").required(true).args(["tool", "file"]))]
#[group(skip)]
pub(crate) struct Arguments {
    /// The whole name of the tool
    #[arg(value_name = "TOOL")]
    tool: Option<String>,

    /// The params of the call, a JSON object
    #[arg(long, value_name = "JSON", requires = "tool")]
    params: Option<String>,

    /// What an MCP server says about the tool, for example {"readOnlyHint": true}
    #[arg(long, value_name = "JSON", requires = "tool")]
    annotations: Option<String>,

    /// Believe those annotations where they speak for the tool, not only where they speak against it
    #[arg(long, requires = "annotations")]
    trusted: bool,

    /// Actions, one JSON object a line; - for standard input
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,

    /// With --file: take a field of the action from another place, as in `placet check`
    #[arg(long, value_name = "FIELD=POINTER", requires = "file")]
    map: Vec<Mapping>,
}

pub(crate) fn run(arguments: &Arguments, console: &Console) -> Outcome {
    let mappings = Mappings::new(arguments.map.clone()).map_err(Failure::usage)?;
    match (&arguments.tool, &arguments.file) {
        (Some(tool), _) => one(tool, arguments, console),
        (None, Some(path)) => file(path, &mappings, console),
        (None, None) => Err(Failure::usage("name a tool, or a file of actions with --file")),
    }
}

fn one(tool: &str, arguments: &Arguments, console: &Console) -> Outcome {
    let params = arguments
        .params
        .as_deref()
        .map(|text| object("--params", text))
        .transpose()?
        .unwrap_or_default();
    let annotations =
        arguments.annotations.as_deref().map(|text| object("--annotations", text)).transpose()?;
    let annotations =
        annotations.as_ref().map(|object| annotations_of(object, arguments.trusted)).transpose();
    let annotations =
        annotations.map_err(|reason| Failure::usage(format!("--annotations: {reason}")))?;
    print(&classify(&Call { tool, params: &params, annotations: annotations.as_ref() }), console)?;
    Ok(Status::Ok)
}

fn object(option: &str, text: &str) -> Result<Object, Failure> {
    match Json::parse(text.as_bytes()) {
        Ok(Json::Object(object)) => Ok(object),
        Ok(other) => {
            Err(Failure::usage(format!("{option} should be an object, but is {}", other.kind())))
        }
        Err(error) => Err(Failure::usage(format!("{option} is not JSON: {error}"))),
    }
}

/// The hints of a tool, as MCP names them. Hints that mean nothing here are passed over.
pub(crate) fn annotations_of(object: &Object, trusted: bool) -> Result<Annotations, String> {
    let hint = |name: &str| match object.get(name) {
        None | Some(Json::Null) => Ok(None),
        Some(Json::Bool(flag)) => Ok(Some(*flag)),
        Some(other) => Err(format!("{name} should be true or false, but is {}", other.kind())),
    };
    Ok(Annotations {
        read_only: hint("readOnlyHint")?,
        destructive: hint("destructiveHint")?,
        open_world: hint("openWorldHint")?,
        trusted,
    })
}

fn file(path: &Path, mappings: &Mappings, console: &Console) -> Outcome {
    let mut lines = jsonl::open(path)?;
    let mut status = Status::Ok;
    while let Some(line) = lines.next().map_err(|error| Failure::file("read", path, error))? {
        let action = line.json().and_then(|json| mappings.apply(json));
        let action =
            action.and_then(|json| Action::from_json(json).map_err(|error| error.to_string()));
        match action {
            Ok(action) => {
                let call =
                    Call { tool: action.tool.as_str(), params: &action.params, annotations: None };
                print(&classify(&call), console)?;
            }
            Err(reason) => {
                status = Status::Found;
                refuse(line.number, &reason, console)?;
            }
        }
    }
    Ok(status)
}

fn refuse(line: u64, reason: &str, console: &Console) -> std::io::Result<()> {
    if console.is_json() {
        return console.value(&json!({ "line": line, "error": reason }));
    }
    console.text(&format!("{BAD}line {line}:{BAD:#} {}\n", escape::line(reason)))
}

fn print(found: &Classification, console: &Console) -> std::io::Result<()> {
    if console.is_json() { console.value(found) } else { console.text(&render(found)) }
}

fn render(found: &Classification) -> String {
    let style = risk_style(found.risk);
    let confidence = serde_json::to_value(found.confidence).unwrap_or_default();
    let confidence = confidence.as_str().unwrap_or_default();
    let mut text = format!(
        "{STRONG}{}{STRONG:#}  {style}{}{style:#} {FAINT}({confidence}){FAINT:#}\n",
        escape::line(&found.tool),
        found.risk,
    );
    for evidence in found.inspection.evidence() {
        let reason = format!("{:<9} {}", evidence.effect.as_str(), evidence.reason);
        text.push_str(&format!("  {}", escape::line(&reason)));
        if !evidence.pointer.is_empty() {
            text.push_str(&format!(
                " {FAINT}in params {}{FAINT:#}",
                escape::line(&evidence.pointer)
            ));
        }
        text.push('\n');
    }
    for (word, concerns) in [
        ("unclear", found.inspection.uninspectable()),
        ("sensitive", found.inspection.sensitive()),
        ("disguised", found.inspection.confusables()),
    ] {
        for concern in concerns {
            text.push_str(&format!(
                "  {HELD}{word:<9}{HELD:#} {}\n",
                escape::line(&concern.to_string())
            ));
        }
    }
    text
}

fn risk_style(risk: RiskTier) -> Style {
    match risk {
        RiskTier::Read => GOOD,
        RiskTier::ReversibleWrite => HELD,
        RiskTier::Consequential => BAD,
    }
}
