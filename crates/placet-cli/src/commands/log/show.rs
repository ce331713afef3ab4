//! `placet log show`: entries in words, or everything about one action.

use std::io::{BufWriter, Stdout, Write};
use std::thread;
use std::time::Duration;

use anstream::AutoStream;
use clap::Args;
use placet::Notice;
use placet_core::event::{Decided, Event};
use placet_core::{ActionId, Entry, Json};
use placet_store::entry::StoredEntry;
use placet_store::{Reader as _, SqliteReader};
use serde_json::{Value, json};

use super::describe;
use crate::console::{BAD, Console, FAINT, STRONG, cell};
use crate::escape;
use crate::failure::{Failure, Outcome};
use crate::place::{Daemon, Life, Place, PlaceArgument};
use crate::status::Status;

/// Entries that are read at a time.
const CHUNK: usize = 256;

/// How often the log is looked at for more: soon enough for a person who waits.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Columns of an index and of the name of an event.
const INDEX: usize = 7;
const EVENT: usize = 8;

/// Show entries, or everything about one action.
///
/// With --json each entry is a line: the leaf as it is in the log, and in "private" what is kept
/// beside it, null when there is nothing or it was erased. A daemon gives that away only with
/// --action.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    place: PlaceArgument,

    /// Begin with this entry
    #[arg(long, value_name = "INDEX", default_value_t = 0)]
    from: u64,

    /// Show at most so many
    #[arg(long, value_name = "N")]
    limit: Option<u64>,

    /// Go on with every new entry, until interrupted
    #[arg(long, short, conflicts_with = "limit")]
    follow: bool,

    /// Show one action with all its findings
    #[arg(long, value_name = "ID", conflicts_with_all = ["from", "limit", "follow"])]
    action: Option<ActionId>,
}

pub(crate) fn run(arguments: &Arguments, console: &Console) -> Outcome {
    match (arguments.place.resolve()?, arguments.action) {
        (Place::Log(log), Some(id)) => action(id, &life(id, &mut log.reader()?)?, console),
        (Place::Log(log), None) => entries(arguments, Source::Log(log.reader()?), console),
        (Place::Daemon(daemon), None) => entries(arguments, Source::Daemon(daemon), console),
        (Place::Daemon(daemon), Some(id)) => action(id, &daemon.life(id)?, console),
    }
}

/// Where entries come from.
enum Source {
    Log(SqliteReader),
    Daemon(Daemon),
}

impl Source {
    /// Some entries from one on; none at the end.
    fn entries(&mut self, from: u64, limit: usize) -> Result<Vec<StoredEntry>, Failure> {
        match self {
            Self::Log(reader) => {
                let view = reader.view().map_err(Failure::unusable)?;
                view.entries(from, limit).map_err(Failure::unusable)
            }
            Self::Daemon(daemon) => daemon.entries(from, limit),
        }
    }
}

fn entries(arguments: &Arguments, mut source: Source, console: &Console) -> Outcome {
    let mut printer = Printer::new(console);
    let (mut next, mut left) = (arguments.from, arguments.limit.unwrap_or(u64::MAX));
    loop {
        let limit = usize::try_from(left).unwrap_or(CHUNK).min(CHUNK);
        let entries = source.entries(next, limit)?;
        for stored in &entries {
            printer.entry(stored)?;
            next = stored.index.saturating_add(1);
            left = left.saturating_sub(1);
        }
        printer.out.flush()?;
        match (entries.is_empty() || left == 0, arguments.follow) {
            (false, _) => {}
            (true, true) => thread::sleep(LOOK_EVERY),
            (true, false) => {
                if next == arguments.from && left > 0 {
                    console.note(&format!("there is no entry {next}, and none after it"));
                }
                return Ok(printer.status);
            }
        }
    }
}

/// Where entries are printed.
enum Out {
    Json(BufWriter<Stdout>),
    Text(BufWriter<AutoStream<Stdout>>),
}

impl Out {
    fn flush(&mut self) -> std::io::Result<()> {
        match self {
            Self::Json(out) => out.flush(),
            Self::Text(out) => out.flush(),
        }
    }
}

struct Printer {
    out: Out,
    status: Status,
}

impl Printer {
    fn new(console: &Console) -> Self {
        let out =
            if console.is_json() { Out::Json(console.plain()) } else { Out::Text(console.out()) };
        Self { out, status: Status::Ok }
    }

    /// Prints an entry. One that cannot be read is said to be, and the rest is still shown.
    fn entry(&mut self, stored: &StoredEntry) -> std::io::Result<()> {
        let entry = stored.decode();
        if entry.is_err() {
            self.status = Status::Found;
        }
        match &mut self.out {
            Out::Json(out) => writeln!(out, "{}", value(stored)),
            Out::Text(out) => {
                let index = cell(FAINT, &format!("{:>INDEX$}", stored.index), INDEX);
                match entry {
                    Ok(entry) => writeln!(out, "{index}  {}", line(&entry)),
                    Err(error) => {
                        writeln!(out, "{index}  {BAD}{}{BAD:#}", escape::line(&error.to_string()))
                    }
                }
            }
        }
    }
}

fn line(entry: &Entry) -> String {
    let (name, mut text) = describe::event(&entry.event);
    // Nobody in particular shows a dead warrant; but it was somebody's key.
    if let (Event::RedemptionRefused(_), Some(origin)) = (&entry.event, entry.origin) {
        text.push_str(&format!(" (shown with {})", origin.key));
    }
    format!("{FAINT}{}{FAINT:#}  {}  {text}", entry.at, cell(STRONG, name, EVENT))
}

/// The leaf with what is kept beside it.
fn value(stored: &StoredEntry) -> Value {
    let read = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).ok();
    let private = stored.private.as_ref().and_then(|private| read(&private.payload));
    let mut value = read(&stored.leaf)
        .unwrap_or_else(|| json!({ "index": stored.index, "error": "the leaf cannot be read" }));
    if let Some(fields) = value.as_object_mut() {
        fields.insert("private".to_owned(), private.unwrap_or_default());
    }
    value
}

/// Most steps of one action that are shown: an ordinary one takes three.
const MAX_STEPS: usize = 100;

/// Most refusals of its warrant that are shown, the latest: more of them say nothing new.
const MAX_REFUSALS: usize = 20;

/// What a log says of one action.
fn life(id: ActionId, reader: &mut SqliteReader) -> Result<Life, Failure> {
    let view = reader.view().map_err(Failure::unusable)?;
    let row = view.action(id).map_err(Failure::unusable)?;
    let row = row.ok_or_else(|| Failure::found_because(format!("there is no action {id}")))?;
    let steps = view.steps_of(id, MAX_STEPS).map_err(Failure::unusable)?;
    let refusals = view.refusals_of(id, MAX_REFUSALS).map_err(Failure::unusable)?;
    let status = steps.first().map_or(row.first_status(), |step| step.status).to_string();
    let later = steps.iter().map(|step| step.entry).chain(refusals.iter().map(|row| row.entry));
    let mut indices: Vec<u64> = std::iter::once(row.entry).chain(later).collect();
    indices.sort_unstable();
    let mut entries = Vec::with_capacity(indices.len());
    for index in indices {
        let stored = view.entries(index, 1).map_err(Failure::unusable)?.into_iter().next();
        entries.push(
            stored.ok_or_else(|| Failure::unusable_because(format!("entry {index} is missing")))?,
        );
    }
    Ok(Life { status, entries })
}

/// Everything about one action: its decision, and what became of it.
fn action(id: ActionId, life: &Life, console: &Console) -> Outcome {
    let Life { status, entries } = life;
    if console.is_json() {
        let entries: Vec<Value> = entries.iter().map(value).collect();
        console.value(&json!({ "id": id, "status": status, "entries": entries }))?;
        return Ok(Status::Ok);
    }
    let mut text = String::new();
    for (place, stored) in entries.iter().enumerate() {
        if place == 0 {
            text.push_str(&details(stored).map_err(Failure::unusable)?);
            let status = escape::line(status);
            text.push_str(&format!("{FAINT}status{FAINT:#}    {status}\n"));
        } else {
            let entry = stored.decode().map_err(Failure::unusable)?;
            let (index, line) = (stored.index, line(&entry));
            text.push_str(&format!("{FAINT}then{FAINT:#}      entry {index}: {line}\n"));
        }
    }
    console.text(&text)?;
    Ok(Status::Ok)
}

fn details(stored: &StoredEntry) -> Result<String, placet_store::entry::EntryError> {
    let entry = stored.decode()?;
    stored.check_private(&entry)?;
    let mut text = format!("{FAINT}entry{FAINT:#}     {}\n", stored.index);
    text.push_str(&format!("{FAINT}at{FAINT:#}        {}\n", entry.at));
    if let Event::Decided(decided) = &entry.event {
        text.push_str(&decision(decided));
    }
    text.push_str(&match &stored.private {
        Some(private) => payload(&private.payload),
        None => format!("{FAINT}what was kept beside the entry is erased{FAINT:#}\n"),
    });
    Ok(text)
}

fn decision(decided: &Decided) -> String {
    let (style, word) = describe::verdict(decided.decision.real());
    let mode = decided.decision.mode.as_str();
    let mut text = format!(
        "{FAINT}verdict{FAINT:#}   {style}{word}{style:#} {FAINT}in mode {mode}{FAINT:#}\n"
    );
    for finding in &decided.decision.findings {
        text.push_str(&format!("          {}\n", describe::finding(finding)));
    }
    if let Some(approval) = &decided.approval {
        text.push_str(&format!(
            "{FAINT}approval{FAINT:#}  {} until {}\n",
            approval.id, approval.deadline
        ));
    }
    text
}

/// The frozen action. What the agent said is shown as what it is: a claim.
fn payload(bytes: &[u8]) -> String {
    let Some(payload) = serde_json::from_slice::<Value>(bytes).ok() else { return String::new() };
    let Some(action) = payload.pointer("/action/action").and_then(Value::as_object) else {
        return String::new();
    };
    let mut text = String::new();
    for (name, value) in action {
        let is_claim = ["reason", "context"].contains(&name.as_str());
        let claim = if is_claim { " (the agent's claim)" } else { "" };
        let value = value
            .as_str()
            .map_or_else(|| format!("{value:#}"), |text| Json::from(text).canonical());
        let value = escape::json_lines(&value).replace('\n', "\n          ");
        text.push_str(&format!("{}{value}{FAINT}{claim}{FAINT:#}\n", cell(FAINT, name, 10)));
    }
    text.push_str(&notices(&payload));
    text
}

/// What the gate itself said of it, and below each what others wrote that led it there.
fn notices(payload: &Value) -> String {
    let evidence = payload.pointer("/action/evidence").map(Value::to_string);
    let evidence = evidence.and_then(|text| Json::parse(text.as_bytes()).ok());
    let mut text = String::new();
    for notice in evidence.as_ref().map(Notice::all).unwrap_or_default() {
        let reason = escape::line(&notice.reason);
        text.push_str(&format!("{}{BAD}{reason}{BAD:#}\n", cell(FAINT, "the gate", 10)));
        for (name, value) in notice.details.iter() {
            let (name, value) = (escape::line(name), value.canonical());
            text.push_str(&format!("          {FAINT}{name}{FAINT:#} {}\n", escape::json(&value)));
        }
    }
    text
}
