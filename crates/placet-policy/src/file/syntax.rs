//! From text to TOML, or to the one error that says why it is none.

use std::ops::Range;

use toml::de::{DeTable, DeValue, Error};

use super::diagnostic::quote;
use super::report::{Fault, Report, Span};
use crate::limits::{MAX_POLICY_BYTES, MAX_RECOVERED_BYTES};

/// The file as TOML, unless it is none.
pub(crate) fn read<'t>(text: &'t str, report: &mut Report<'_>) -> Option<DeTable<'t>> {
    if text.len() > MAX_POLICY_BYTES {
        let message = format!("the file has {} bytes", text.len());
        report.error(Span::default(), message, format!("write at most {MAX_POLICY_BYTES}"));
        return None;
    }
    match DeTable::parse(text) {
        Ok(table) => Some(table.into_inner()),
        Err(error) => {
            let error = first_error(text).unwrap_or(error);
            let span = error.span().unwrap_or_default();
            let fault = match error.message() {
                "duplicate key" => duplicate_fault(text, span.clone(), report),
                message => fault(message),
            };
            report.fault(span.into(), fault);
            None
        }
    }
}

/// The error that comes first in the file, which need not be the one that is found first.
fn first_error(text: &str) -> Option<Error> {
    if text.len() > MAX_RECOVERED_BYTES {
        return None;
    }
    let (_, errors) = DeTable::parse_recoverable(text);
    errors.into_iter().min_by_key(|error| error.span().map(|span| span.start))
}

fn fault(message: &str) -> Fault {
    if message.starts_with("string values must be quoted") {
        return Fault::new(
            "there is no value here that TOML knows",
            "write a value; a text goes in quotes",
        );
    }
    let (what, remedy) = match message.split_once(", expected ") {
        Some((what, expected)) => (what, format!("write {expected} here")),
        None => (message, "write it as TOML has it, see https://toml.io".to_owned()),
    };
    Fault::new(format!("this is not TOML: {what}"), remedy)
}

fn duplicate_fault(text: &str, span: Range<usize>, report: &Report<'_>) -> Fault {
    let key = text.get(span.clone()).unwrap_or_default();
    let first = first_class(text, span).map(|first| format!(", first on {}", report.place(first)));
    let message = format!(
        "the key {} is there twice{}",
        quote(key.trim_matches('"')),
        first.unwrap_or_default()
    );
    Fault::new(message, "remove one of the two, or give it another name")
}

/// Where the class was first defined that the header around `span` defines again.
fn first_class(text: &str, span: Range<usize>) -> Option<Span> {
    let before = text.get(..span.start)?;
    let line = before.rfind('\n').map_or(0, |at| at + 1);
    if before.get(line..)?.trim() != "[actions." {
        return None;
    }
    let header = format!("{}]", text.get(line..span.end)?);
    let name = class_keys(&header)?.into_iter().next()?.0;
    let earlier = class_keys(before.get(..line)?)?;
    earlier.into_iter().find(|(key, _)| *key == name).map(|(_, span)| span)
}

/// The keys under `actions` in a piece of a policy.
fn class_keys(text: &str) -> Option<Vec<(String, Span)>> {
    let table = DeTable::parse(text).ok()?;
    let DeValue::Table(actions) = table.get_ref().get("actions")?.get_ref() else { return None };
    Some(actions.keys().map(|key| (key.get_ref().to_string(), key.span().into())).collect())
}
