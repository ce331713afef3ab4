//! `placet approvals approve` and `deny`: a person's answer to a held action.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Args;
use placet::{ApprovalId, Json, Object, PersonId, Reply};
use placet_core::approval::Statement;
use placet_core::limits::MAX_JSON_BYTES;
use serde_json::json;

use super::standing::Standing;
use super::{card, now, prompt, render};
use crate::console::{BAD, Console, GOOD, HELD};
use crate::failure::{Failure, Outcome};
use crate::place::{Change, Held, PlaceArgument, Resolved, waits_no_more};
use crate::status::Status;

/// The field that `--statement` fills where the approval is not there to say which it asks for.
const STATEMENT: &str = "verbatim_response";

/// The field that `--owner` fills.
const OWNER: &str = "responsible_owner";

/// Say that a held action may run.
///
/// What must be written is asked for on a terminal, after all of the action was shown; without a
/// terminal it has to be in the arguments. An answer that was given before is told, and changes
/// nothing.
#[derive(Debug, Args)]
pub(crate) struct Approve {
    /// The id of the approval
    #[arg(value_name = "APPROVAL")]
    id: ApprovalId,

    /// The statement in your own words: the first of the fields that the approval asks for
    #[arg(long, value_name = "TEXT")]
    statement: Option<String>,

    /// Who answers for it: the field responsible_owner
    #[arg(long, value_name = "NAME")]
    owner: Option<String>,

    /// Any field that the approval asks for; may be given several times
    #[arg(long = "field", value_name = "NAME=TEXT", value_parser = field)]
    fields: Vec<(String, String)>,

    /// A file with other params, as JSON, to approve the action with those instead; - for standard
    /// input
    #[arg(long, value_name = "FILE")]
    params: Option<PathBuf>,

    #[command(flatten)]
    standing: Standing,

    #[command(flatten)]
    person: Person,

    #[command(flatten)]
    place: PlaceArgument,
}

/// Say that a held action may not run. The agent is told why.
#[derive(Debug, Args)]
pub(crate) struct Deny {
    /// The id of the approval
    #[arg(value_name = "APPROVAL")]
    id: ApprovalId,

    /// Why not, for the agent and for the record; asked for on a terminal
    #[arg(long, short, value_name = "TEXT")]
    reason: Option<String>,

    #[command(flatten)]
    person: Person,

    #[command(flatten)]
    place: PlaceArgument,
}

/// Who answers.
#[derive(Debug, Args)]
struct Person {
    /// Who answers, where the place is a log file. At a daemon the key says who
    #[arg(long = "as", value_name = "NAME")]
    name: Option<PersonId>,
}

fn field(text: &str) -> Result<(String, String), String> {
    let parts = text.split_once('=').filter(|(name, _)| !name.is_empty());
    let (name, text) = parts.ok_or("write a name, = and a text")?;
    Ok((name.to_owned(), text.to_owned()))
}

pub(super) fn approve(approve: Approve, console: &Console) -> Outcome {
    let params = approve.params.as_deref().map(read_params).transpose()?;
    let place = approve.place.open()?;
    let held = place.approval(approve.id)?;
    let mut statement = given(&approve, held.as_ref())?;
    if let Some(held) = &held {
        if !held.is_genuine() {
            let message = "what is shown is not what the digest names; nothing was approved";
            return Err(Failure::found_because(message));
        }
        complete(&mut statement, held, params.as_ref(), console)?;
    }
    let reply = match (params, approve.standing.reach()) {
        (Some(params), None) => Reply::Edit { params, statement },
        (None, Some(reach)) => Reply::ApproveStanding { statement, reach },
        (None, None) => Reply::Approve { statement },
        (Some(_), Some(_)) => {
            let message = "what is edited is approved alone; leave out --params or --stand";
            return Err(Failure::usage(message));
        }
    };
    let resolved = place.resolve(approve.id, approve.person.name, reply)?;
    tell(approve.id, &resolved, held.as_ref(), console)
}

pub(super) fn deny(deny: Deny, console: &Console) -> Outcome {
    let place = deny.place.open()?;
    let reason = match deny.reason {
        Some(reason) => reason,
        None => ask_why(deny.id, &place, console)?,
    };
    let resolved = place.resolve(deny.id, deny.person.name, Reply::Deny { reason })?;
    tell(deny.id, &resolved, None, console)
}

/// What is in the arguments, each field once.
fn given(approve: &Approve, held: Option<&Held>) -> Result<Statement, Failure> {
    let first = held.and_then(|held| held.terms().fields.first());
    let first = first.map_or(STATEMENT, String::as_str);
    let named = [(first, &approve.statement), (OWNER, &approve.owner)];
    let named = named.into_iter().filter_map(|(name, text)| Some((name.to_owned(), text.clone()?)));
    let mut statement = BTreeMap::new();
    for (name, text) in named.chain(approve.fields.iter().cloned()) {
        if statement.insert(name.clone(), text).is_some() {
            return Err(Failure::usage(format!("the field {name} is given twice")));
        }
    }
    Ok(statement)
}

/// Shows what is changed, and asks for what is missing, after all of the action was shown.
fn complete(
    statement: &mut Statement,
    held: &Held,
    params: Option<&Object>,
    console: &Console,
) -> Result<(), Failure> {
    let is_missing = |(name, _): &(&str, usize)| !statement.contains_key(*name);
    let missing: Vec<_> = card::asked(held.terms()).filter(is_missing).collect();
    if !missing.is_empty() && !prompt::is_possible(console) {
        let names: Vec<String> = missing.iter().map(|(name, least)| asked(name, *least)).collect();
        let message = format!("the approval asks for {}", names.join(" and "));
        return Err(Failure::usage(message).help(
            "write it with --statement, --owner or --field NAME=TEXT, or run the command on a \
             terminal to be asked",
        ));
    }
    if !missing.is_empty() {
        show(held, console);
    }
    if let Some(params) = params {
        let before = held.action().and_then(|action| action.as_object()?.get("params"));
        let after = Json::Object(params.clone());
        let difference = render::difference(before.unwrap_or(&Json::Null), &after);
        console.note(difference.trim_end());
    }
    for (name, least) in missing {
        statement.insert(name.to_owned(), prompt::ask(name, least, console)?);
    }
    Ok(())
}

/// A field, and how much has to be written there.
fn asked(name: &str, least: usize) -> String {
    if least > 1 { format!("{name} (at least {least} characters)") } else { name.to_owned() }
}

fn ask_why(id: ApprovalId, place: &Change, console: &Console) -> Result<String, Failure> {
    if !prompt::is_possible(console) {
        return Err(Failure::usage("say why not with --reason; the agent is told"));
    }
    let held = place.approval(id)?;
    let held = held.ok_or_else(|| waits_no_more(id))?;
    show(&held, console);
    prompt::ask("reason", 1, console)
}

/// On standard error, so that standard output has the result alone.
fn show(held: &Held, console: &Console) {
    console.note(&render::card(held, now()));
}

fn read_params(path: &Path) -> Result<Object, Failure> {
    use std::io::Read as _;
    let mut bytes = Vec::new();
    let limit = u64::try_from(MAX_JSON_BYTES).unwrap_or(u64::MAX).saturating_add(1);
    let read = match path.as_os_str() == "-" {
        true => std::io::stdin().take(limit).read_to_end(&mut bytes),
        false => {
            std::fs::File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes))
        }
    };
    read.map_err(|error| Failure::file("read", path, error))?;
    let params = Json::parse(&bytes).map_err(|error| {
        Failure::unusable(error).context(format!("{} is no JSON", path.display()))
    })?;
    match params {
        Json::Object(params) => Ok(params),
        other => {
            let (path, kind) = (path.display(), other.kind());
            Err(Failure::unusable_because(format!(
                "{path}: params are an object, and this is {kind}"
            )))
        }
    }
}

/// Says what the answer led to. One that changed nothing, or came to another end, is a finding.
fn tell(id: ApprovalId, resolved: &Resolved, held: Option<&Held>, console: &Console) -> Outcome {
    let (outcome, status) =
        (resolved.outcome.as_str(), resolved.status.as_deref().unwrap_or_default());
    let missing = held
        .map_or(0, |held| usize::from(held.terms().quorum).saturating_sub(held.signed().len() + 1));
    let (text, ended) = match (outcome, status) {
        ("resolved", "approved") => {
            (format!("{GOOD}approved{GOOD:#} {id}: it may run"), Status::Ok)
        }
        ("resolved", "pending") => {
            (format!("{HELD}signed{HELD:#} {id}: {missing} more must sign off"), Status::Ok)
        }
        ("resolved", "superseded") => {
            (format!("{GOOD}approved{GOOD:#} {id} with other params"), Status::Ok)
        }
        ("resolved", "denied") => {
            (format!("{BAD}denied{BAD:#} {id}: the agent is told"), Status::Ok)
        }
        ("resolved", status) => {
            (format!("{id} will not run all the same: it is {status}"), Status::Found)
        }
        ("expired", _) => (format!("too late: the deadline of {id} has passed"), Status::Found),
        (_, "pending") => (
            format!("nothing changed: you have signed {id} already, and somebody else must, too"),
            Status::Found,
        ),
        (_, status) => (format!("nothing changed: {id} is {status} already"), Status::Found),
    };
    if console.is_json() {
        console.value(&json!({ "approval": id, "outcome": outcome, "status": resolved.status }))?;
    } else {
        console.text(&format!("{text}\n"))?;
    }
    Ok(ended)
}
