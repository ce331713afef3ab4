//! A person's answer: checked when it is made, spent when it is used.

use super::length::visible_length;
use super::refused::{Refused, Shortfall};
use super::status::{SignoffGated, Statements, Status};
use crate::limits::MAX_STATEMENT_BYTES;
use crate::name::PersonId;

/// A complete sign-off that has not been used: a person takes contents they saw to a gated status.
///
/// INVARIANT: it exists only if it is complete; it can be neither copied nor taken apart.
#[derive(Debug)]
#[must_use = "a sign-off does nothing until a record is signed with it"]
pub struct SignOff<T: SignoffGated> {
    pub(super) seen: T,
    pub(super) signature: Signature<T::Status>,
}

impl<T: SignoffGated> SignOff<T> {
    /// The answer of `person`, who `saw` these contents and takes them to the status `to`.
    ///
    /// # Errors
    /// When the person has no name that can be seen, or a statement is missing, too short or far
    /// too long.
    pub fn new(
        person: PersonId,
        saw: T,
        to: <T::Status as Status>::Gated,
        statements: <T::Status as Status>::Statements,
    ) -> Result<Self, Refused> {
        let signature = Signature::new(person, to, statements)?;
        Ok(Self { seen: saw, signature })
    }
}

/// What stays of a sign-off beside the contents that it is about.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Signature<S: Status> {
    pub(super) person: PersonId,
    pub(super) to: S::Gated,
    pub(super) statements: S::Statements,
}

impl<S: Status> Signature<S> {
    pub(super) fn new(
        person: PersonId,
        to: S::Gated,
        statements: S::Statements,
    ) -> Result<Self, Refused> {
        if visible_length(person.as_str()) == 0 {
            return Err(Refused::Nameless);
        }
        refuse_incomplete::<S>(to, &statements)?;
        Ok(Self { person, to, statements })
    }
}

fn refuse_incomplete<S: Status>(to: S::Gated, statements: &S::Statements) -> Result<(), Refused> {
    let mut shortfalls = Vec::new();
    let mut texts = statements.texts();
    for &field in S::Statements::FIELDS {
        let text = texts.next().unwrap_or_default();
        if text.len() > MAX_STATEMENT_BYTES {
            return Err(Refused::TooLong { field: field.name, bytes: text.len() });
        }
        let length = visible_length(text);
        if length < usize::from(field.least_length) {
            shortfalls.push(Shortfall { field, length });
        }
    }
    if shortfalls.is_empty() {
        return Ok(());
    }
    Err(Refused::Incomplete { status: to.into().name(), shortfalls })
}
