//! Reading a policy for a command, and showing what is wrong with it.

use std::path::Path;

use placet::OpenError;
use placet_core::event::PolicyFile;
use placet_policy::{Diagnostic, Diagnostics, Policy, Severity};

use crate::console::{BAD, HELD};
use crate::escape;
use crate::failure::Failure;
use crate::status::Status;

/// The policy's file and the rules beside it.
pub(crate) fn read(path: &Path) -> Result<Vec<PolicyFile>, Failure> {
    placet::read_policy(path).map_err(Failure::unusable)
}

/// Why a guard could not be opened, with the lines of the policy where that is what is wrong.
pub(crate) fn opening(error: OpenError, files: &[PolicyFile]) -> Failure {
    match error {
        OpenError::Policy(diagnostics) => invalid(&diagnostics, files, Status::Unusable),
        other => Failure::unusable(other),
    }
}

/// A policy with errors.
pub(crate) fn invalid(diagnostics: &Diagnostics, files: &[PolicyFile], status: Status) -> Failure {
    let count = diagnostics.iter().filter(|found| found.severity == Severity::Error).count();
    let message = match count {
        1 => "the policy has an error, so it cannot be used".to_owned(),
        count => format!("the policy has {count} errors, so it cannot be used"),
    };
    let failure = match status {
        Status::Found => Failure::found_because(message),
        _ => Failure::unusable_because(message),
    };
    let json = serde_json::to_value(diagnostics).unwrap_or_default();
    failure.details(format!("\n{}", render(diagnostics, files)), json)
}

/// All diagnostics with the lines that they are about.
pub(crate) fn render(diagnostics: &Diagnostics, files: &[PolicyFile]) -> String {
    let rendered: Vec<String> = diagnostics.iter().map(|found| render_one(found, files)).collect();
    rendered.join("\n")
}

fn render_one(found: &Diagnostic, files: &[PolicyFile]) -> String {
    let source = files.iter().find(|file| *file.name == *found.file).map_or("", |file| &file.text);
    let text = escape::lines(&found.render(source));
    let (word, style) = match found.severity {
        Severity::Error => ("error:", BAD),
        Severity::Warning => ("warning:", HELD),
    };
    match text.strip_prefix(word) {
        Some(rest) => format!("{style}{word}{style:#}{rest}"),
        None => text,
    }
}

/// Refuses a policy by which nothing could be decided, and says what is wrong with it.
pub(crate) fn usable(path: &Path) -> Result<(), Failure> {
    let files = read(path)?;
    match Policy::load(&files) {
        Ok(_) => Ok(()),
        Err(found) => Err(invalid(&found, &files, Status::Unusable)),
    }
}
