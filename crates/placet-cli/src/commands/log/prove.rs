//! `placet log prove`: receipts, continuity, and checking a receipt without the log.

use std::path::{Path, PathBuf};

use clap::{ArgGroup, Args};
use placet_core::log::{Receipt, Verifier};
use placet_store::Reader as _;
use placet_store::prove::{Continuation, ProveError, receipt};
use serde_json::{Value, json};

use crate::cli::EXIT_STATUSES;
use crate::console::{Console, GOOD, counted};
use crate::escape;
use crate::failure::{Failure, Outcome};
use crate::log_file::{self, LogArgument, VerifierArgument};
use crate::place::{Place, PlaceArgument};
use crate::status::Status;

const EXAMPLES: &str = "\
Examples:
  placet log prove 17 --log decisions.db --out receipt.json
  placet log prove --against kept.checkpoint --log decisions.db
  placet log prove --receipt receipt.json --verifier \"$(cat log.key)\"";

/// Prove an entry, or that the log continues an earlier one; or check a receipt.
///
/// With an INDEX it makes the receipt of that entry, which anyone can check offline with the log's
/// public key. With --against it proves that the log continues the one that an earlier checkpoint
/// was signed for. With --receipt it checks a receipt, for which no log is needed.
#[derive(Debug, Args)]
#[command(after_long_help = format!("{EXAMPLES}\n\n{EXIT_STATUSES}"))]
#[command(group = ArgGroup::new("what").required(true).args(["index", "against", "receipt"]))]
#[group(skip)]
pub(crate) struct Arguments {
    /// The entry to prove
    #[arg(value_name = "INDEX")]
    index: Option<u64>,

    /// A checkpoint that was kept earlier
    #[arg(long, value_name = "FILE")]
    against: Option<PathBuf>,

    /// A receipt to check
    #[arg(long, value_name = "FILE", requires = "verifier")]
    receipt: Option<PathBuf>,

    /// Where to write the receipt or the proof; without it, to standard output
    #[arg(long, short, value_name = "FILE", conflicts_with = "receipt")]
    out: Option<PathBuf>,

    /// Put the private part of the entry into the receipt, for whoever may see it
    #[arg(long, requires = "index")]
    open: bool,

    #[command(flatten)]
    place: PlaceArgument,

    #[command(flatten)]
    verifier: VerifierArgument,
}

pub(crate) fn run(arguments: &Arguments, console: &Console) -> Outcome {
    match arguments {
        Arguments { index: Some(index), .. } => prove(*index, arguments, console),
        Arguments { against: Some(path), .. } => against(path, arguments, console),
        Arguments { receipt: Some(path), verifier, .. } => check(path, verifier.given(), console),
        _ => Err(Failure::usage("name an entry, or --against, or --receipt")),
    }
}

/// Makes a receipt, and checks it before anyone gets it.
fn prove(index: u64, arguments: &Arguments, console: &Console) -> Outcome {
    let (receipt, trusted) = match arguments.place.resolve()? {
        Place::Log(log) => {
            (of_log(index, &log, arguments.open)?, Some(log.trusted(&arguments.verifier)?))
        }
        Place::Daemon(daemon) => {
            (daemon.receipt(index, arguments.open)?, arguments.verifier.given().cloned())
        }
    };
    if let Some(trusted) = trusted {
        receipt.verify(&[trusted]).map_err(|error| {
            Failure::found(error).help("`placet log verify` says what is wrong with the log")
        })?;
    }
    let value = serde_json::to_value(&receipt).map_err(Failure::unusable)?;
    let text = format!("the receipt of entry {index} is in");
    deliver(&value, arguments.out.as_deref(), &text, console)
}

fn of_log(index: u64, log: &LogArgument, open: bool) -> Result<Receipt, Failure> {
    let mut reader = log.reader()?;
    let view = reader.view().map_err(Failure::unusable)?;
    receipt(&*view, index, open).map_err(|error| match error {
        ProveError::NoEntry { .. } => Failure::found(error),
        other => Failure::unusable(other),
    })
}

/// Proves that the log continues an earlier one.
fn against(path: &Path, arguments: &Arguments, console: &Console) -> Outcome {
    let earlier = std::fs::read(path).map_err(|error| Failure::file("read", path, error))?;
    let proved = match arguments.place.resolve()? {
        Place::Log(log) => {
            let trusted = log.trusted(&arguments.verifier)?;
            log_file::continuation(log.path(), &earlier, &[trusted])?
        }
        Place::Daemon(daemon) => daemon.continuation(&earlier, arguments.verifier.given())?,
    };
    let continuation = proved.map_err(Failure::found)?;
    let text = format!(
        "{GOOD}the log continues{GOOD:#} the checkpoint of {} with {} more; the proof is in",
        counted(continuation.old.size(), "entry"),
        continuation.new.size() - continuation.old.size(),
    );
    deliver(&proof_value(&continuation), arguments.out.as_deref(), &text, console)
}

fn proof_value(continuation: &Continuation) -> Value {
    let Continuation { old, new, note, proof } = continuation;
    json!({
        "old": { "size": old.size(), "root": old.root() },
        "new": { "size": new.size(), "root": new.root() },
        "proof": proof.hashes(),
        "checkpoint": note,
    })
}

/// Writes a proof to a file, or to standard output.
fn deliver(value: &Value, out: Option<&Path>, text: &str, console: &Console) -> Outcome {
    let Some(path) = out else {
        console.value(value)?;
        return Ok(Status::Ok);
    };
    std::fs::write(path, format!("{value}\n"))
        .map_err(|error| Failure::file("write", path, error))?;
    if console.is_json() {
        console.value(&json!({ "out": path }))?;
    } else {
        console.text(&format!("{text} {}\n", escape::line(&path.display().to_string())))?;
    }
    Ok(Status::Ok)
}

/// Checks a receipt with nothing but the public key.
fn check(path: &Path, verifier: Option<&Verifier>, console: &Console) -> Outcome {
    let verifier = verifier
        .ok_or_else(|| Failure::usage("--receipt needs --verifier, the log's public key"))?;
    let text = std::fs::read(path).map_err(|error| Failure::file("read", path, error))?;
    let receipt = Receipt::parse(&text).map_err(Failure::found)?;
    let trusted = [verifier.clone()];
    let verified = receipt.verify(&trusted).map_err(|error| {
        Failure::found(error).context(format!("the receipt {} does not hold", path.display()))
    })?;
    let read = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_else(|_| text.into());
    let (leaf, private) = (read(verified.leaf), verified.private.map(read));
    let (origin, size) = (verified.checkpoint.origin(), verified.checkpoint.size());
    if console.is_json() {
        console.value(&json!({
            "valid": true, "index": verified.index, "origin": origin, "size": size,
            "entry": leaf, "private": private,
        }))?;
        return Ok(Status::Ok);
    }
    let mut text = format!(
        "{GOOD}the receipt holds{GOOD:#}: entry {} of {}, in its log of {}\n{}\n",
        verified.index,
        escape::line(origin),
        counted(size, "entry"),
        escape::json_lines(&format!("{leaf:#}")),
    );
    if let Some(private) = private {
        text.push_str(&format!("private part:\n{}\n", escape::json_lines(&format!("{private:#}"))));
    }
    console.text(&text)?;
    Ok(Status::Ok)
}
