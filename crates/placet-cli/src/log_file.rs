//! Logs on disk, as commands open them.
//!
//! Whatever only looks opens the log for reading, beside whoever writes it. Whatever adds an entry
//! takes the log for itself for a moment, and only if it is there: a mistyped path must not become
//! a new log with a kill switch that stops nobody.

use std::path::{Path, PathBuf};

use clap::Args;
use placet::{Config, Guard, GuardError, LogPlace, OpenError, PolicySource};
use placet_core::State;
use placet_core::log::Verifier;
use placet_store::prove::{Continuation, ProveError, continues};
use placet_store::recover::{check_head, recover};
use placet_store::verify::Report;
use placet_store::{
    Head, Keys, OpenError as OpenLogError, Reader as _, Sqlite, SqliteReader, StoreError,
    SubmitError,
};
use serde_json::{Value, json};

use crate::console::{BAD, Console, FAINT, GOOD, counted};
use crate::escape;
use crate::failure::{Failure, Outcome};
use crate::progress::Progress;
use crate::status::Status;

/// The log that a command is about.
#[derive(Debug, Args)]
pub(crate) struct LogArgument {
    /// The log
    #[arg(long = "log", value_name = "LOG", env = "PLACET_LOG", hide_env_values = true)]
    path: PathBuf,
}

/// The key that a log is trusted by.
#[derive(Debug, Args)]
pub(crate) struct VerifierArgument {
    /// The public key of the log, as `placet log key` prints it. Without it the key file beside
    /// the log says which it is
    #[arg(long, value_name = "TEXT")]
    verifier: Option<Verifier>,
}

impl LogArgument {
    /// The log at a path, for a command that does not always need one.
    pub(crate) fn at(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Opens the log to add to it.
    pub(crate) fn open(&self) -> Result<Guard, Failure> {
        self.must_exist()?;
        let config = Config { policy: PolicySource::Log, log: LogPlace::File(self.path.clone()) };
        Guard::open(config).map_err(|error| match error {
            OpenError::Policy(_) => {
                Failure::unusable(error).context("the policy in the log cannot be used")
            }
            OpenError::Log(OpenLogError::Store(StoreError::InUse { .. })) => {
                Failure::unusable(error).help(
                    "if `placet serve` has it, speak to it with --url, or stop it for a command \
                     that has no --url",
                )
            }
            other => Failure::unusable(other),
        })
    }

    /// The same, or begins a new log where there is none.
    pub(crate) fn open_or_create(&self) -> Result<Guard, Failure> {
        if self.path.exists() {
            return self.open();
        }
        must_have_folder(&self.path)?;
        let config = Config { policy: PolicySource::Log, log: LogPlace::File(self.path.clone()) };
        Guard::open(config).map_err(Failure::unusable)
    }

    /// Opens the log to look at it.
    pub(crate) fn reader(&self) -> Result<SqliteReader, Failure> {
        reader(&self.path)
    }

    /// The state at the tip of the log, recomputed from what is stored and signed.
    pub(crate) fn state(&self) -> Result<State, Failure> {
        self.state_by(&trusted(&self.path, None)?)
    }

    /// The same, by a key that is known.
    pub(crate) fn state_by(&self, verifier: &Verifier) -> Result<State, Failure> {
        let trusted = [verifier.clone()];
        let mut reader = self.reader()?;
        let view = reader.view().map_err(Failure::unusable)?;
        Ok(recover(&*view, &trusted).map_err(Failure::unusable)?.state)
    }

    /// Its signed head, by a key that is known.
    pub(crate) fn head_by(&self, verifier: &Verifier) -> Result<Head, Failure> {
        let mut reader = self.reader()?;
        let head = reader.view().and_then(|view| view.head()).map_err(Failure::unusable)?;
        let head =
            head.ok_or_else(|| Failure::unusable_because("the log has no checkpoint yet"))?;
        check_head(&head, std::slice::from_ref(verifier)).map_err(|error| match error {
            StoreError::Corrupt(_) => Failure::found(error),
            other => Failure::unusable(other),
        })?;
        Ok(head)
    }

    /// The key that the log is trusted by.
    pub(crate) fn trusted(&self, verifier: &VerifierArgument) -> Result<Verifier, Failure> {
        trusted(&self.path, verifier.verifier.as_ref())
    }

    pub(crate) fn must_exist(&self) -> Result<(), Failure> {
        if self.path.exists() {
            return Ok(());
        }
        Err(missing(StoreError::Missing(self.path.clone())))
    }
}

impl VerifierArgument {
    /// The key, where it is given.
    pub(crate) fn given(&self) -> Option<&Verifier> {
        self.verifier.as_ref()
    }

    /// The key, for the copy of a daemon's log, beside which there is no key file. One that the daemon
    /// named itself would prove nothing about it.
    pub(crate) fn of_a_copy(&self) -> Result<&Verifier, Failure> {
        self.given().ok_or_else(|| {
            Failure::usage(
                "the copy of a daemon's log is checked by the log's public key: --verifier",
            )
            .help(
                "`placet log key`, where the log is, prints it; it never changes, so keep it here",
            )
        })
    }
}

/// Opens a log to look at it.
fn reader(path: &Path) -> Result<SqliteReader, Failure> {
    SqliteReader::open(path).map_err(|error| match error {
        StoreError::Missing(_) => missing(error),
        other => Failure::unusable(other),
    })
}

/// Refuses a path for a new log in a folder that is not there.
pub(crate) fn must_have_folder(path: &Path) -> Result<(), Failure> {
    match path.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.is_dir()) {
        None => Ok(()),
        Some(folder) => Err(Failure::unusable_because(format!(
            "there is no folder {} for the log",
            folder.display()
        ))),
    }
}

fn missing(error: StoreError) -> Failure {
    Failure::unusable(error).help("check the path; `placet check --record LOG` begins a new log")
}

fn trusted(path: &Path, given: Option<&Verifier>) -> Result<Verifier, Failure> {
    if let Some(verifier) = given {
        return Ok(verifier.clone());
    }
    if !path.exists() {
        return Err(missing(StoreError::Missing(path.to_owned())));
    }
    let keys = Keys::open(&Sqlite::key_path(path)).map_err(|error| {
        Failure::unusable(error)
            .help("or name the log's public key with --verifier, where the command takes it")
    })?;
    Ok(keys.verifier().clone())
}

/// What the log did not accept, or could not record.
pub(crate) fn rejected(error: GuardError) -> Failure {
    match error {
        GuardError::Rejected(_) | GuardError::NoSuchParam(_) => Failure::found(error),
        GuardError::Unrecorded(reason @ SubmitError::NotErasable(_)) => Failure::found(reason),
        other => Failure::unusable(other),
    }
}

/// Says where a log is, and what its head is: whoever keeps that will notice a change.
pub(crate) fn announce(path: &Path, console: &Console) -> Result<(), Failure> {
    let mut reader = reader(path)?;
    let view = reader.view().map_err(Failure::unusable)?;
    let Some(head) = view.head().map_err(Failure::unusable)? else { return Ok(()) };
    let place = escape::line(&path.display().to_string()).into_owned();
    say_recorded(&place, &json!(path), &head, console);
    Ok(())
}

/// The same of any log.
pub(crate) fn say_recorded(place: &str, log: &Value, head: &Head, console: &Console) {
    let text = format!(
        "{FAINT}recorded in{FAINT:#} {place}{FAINT}: {}, head{FAINT:#} {}",
        counted(head.size, "entry"),
        head.root
    );
    let value =
        json!({ "log": log, "size": head.size, "root": head.root, "checkpoint": head.checkpoint });
    console.note_value(&text, &value);
}

/// Verifies a log, and against an earlier checkpoint if there is one.
pub(crate) fn verify(
    path: &Path,
    verifier: Option<&Verifier>,
    earlier: Option<&[u8]>,
    console: &Console,
) -> Outcome {
    let trusted = [trusted(path, verifier)?];
    let report = replay(path, &trusted)?;
    let continuation = earlier.map(|earlier| continuation(path, earlier, &trusted)).transpose()?;
    let is_continued = !matches!(continuation, Some(Err(_)));
    if console.is_json() {
        console.value(&report_value(&report, continuation.as_ref()))?;
    } else {
        console.text(&report_text(&report, continuation.as_ref()))?;
    }
    Ok(if report.is_sound() && is_continued { Status::Ok } else { Status::Found })
}

/// A file that is no log any more has failed to verify; one that is not there has not.
fn replay(path: &Path, trusted: &[Verifier]) -> Result<Report, Failure> {
    let damaged = |error| match error {
        StoreError::Missing(_) => missing(error),
        StoreError::Corrupt(_) => Failure::found(error),
        other => Failure::unusable(other),
    };
    let mut reader = SqliteReader::open(path).map_err(damaged)?;
    let size = reader
        .view()
        .and_then(|view| view.head())
        .map_or(0, |head| head.map_or(0, |head| head.size));
    let progress = Progress::of(size);
    let told = |done: u64, _: u64| progress.reached(done, "entries verified");
    placet_store::verify::verify(&mut reader, trusted, &told).map_err(damaged)
}

/// Whether the log continues an earlier one; the inner error says why it does not.
pub(crate) fn continuation(
    path: &Path,
    earlier: &[u8],
    trusted: &[Verifier],
) -> Result<Result<Continuation, ProveError>, Failure> {
    let mut reader = reader(path)?;
    let view = reader.view().map_err(Failure::unusable)?;
    match continues(&*view, earlier, trusted) {
        Err(ProveError::Store(error @ (StoreError::Io(_) | StoreError::Busy(_)))) => {
            Err(Failure::unusable(error))
        }
        result => Ok(result),
    }
}

fn report_value(report: &Report, continuation: Option<&Result<Continuation, ProveError>>) -> Value {
    let checkpoint = report.checkpoint.as_ref();
    let mut value = json!({
        "sound": report.is_sound(),
        "entries": report.entries,
        "erased": report.erased,
        "signed": checkpoint.map(|checkpoint| checkpoint.size()),
        "origin": checkpoint.map(|checkpoint| checkpoint.origin().to_owned()),
        "root": checkpoint.map(|checkpoint| checkpoint.root()),
        "problems": report.problems.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "more_problems": report.more,
    });
    if let (Some(fields), Some(continuation)) = (value.as_object_mut(), continuation) {
        let against = match continuation {
            Ok(continuation) => json!({ "continues": true, "size": continuation.old.size() }),
            Err(error) => json!({ "continues": false, "error": error.to_string() }),
        };
        fields.insert("against".to_owned(), against);
    }
    value
}

fn report_text(report: &Report, continuation: Option<&Result<Continuation, ProveError>>) -> String {
    let mut text = String::new();
    for problem in &report.problems {
        text.push_str(&format!("{BAD}wrong:{BAD:#} {}\n", escape::line(&problem.to_string())));
    }
    if report.more > 0 {
        text.push_str(&format!("and {} more\n", report.more));
    }
    match &report.checkpoint {
        Some(checkpoint) if report.is_sound() => text.push_str(&format!(
            "{GOOD}the log verifies{GOOD:#}: {}, {} erased, signed by {}\nhead {}\n",
            counted(report.entries, "entry"),
            report.erased,
            escape::line(checkpoint.origin()),
            checkpoint.root(),
        )),
        checkpoint => text.push_str(&format!(
            "{BAD}the log does not verify{BAD:#}: {} found, {}; do not trust it\n",
            counted(report.entries, "entry"),
            match checkpoint {
                Some(checkpoint) => format!("{} signed", checkpoint.size()),
                None => "none signed".to_owned(),
            },
        )),
    }
    match continuation {
        None => {}
        Some(Ok(continuation)) => text.push_str(&format!(
            "{GOOD}it continues{GOOD:#} the checkpoint of {}\n",
            counted(continuation.old.size(), "entry")
        )),
        Some(Err(error)) => text.push_str(&format!(
            "{BAD}it does not continue the checkpoint{BAD:#}: {}\n",
            escape::line(&error.to_string())
        )),
    }
    text
}
