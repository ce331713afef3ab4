//! Which statuses are gated, and by which statements.

use std::fmt::Debug;

/// An enum of statuses, some of which need a sign-off. Derive it with `SignoffGated`.
///
/// Both halves are types of their own, so that a function can take one and not the other. What is
/// implemented here by hand instead is the gate itself, and has to be reviewed as such.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say which of its statuses are gated",
    label = "not an enum of statuses",
    note = "derive `SignoffGated` for the enum, with `#[signoff(gated(…))]`"
)]
pub trait Status: Sized {
    /// The statuses that anyone may give.
    type Ungated: Copy + Debug + Eq + Into<Self>;
    /// The statuses that only a sign-off gives.
    type Gated: Copy + Debug + Eq + Into<Self>;
    /// What the person has to say.
    type Statements: Statements;

    /// Which half it belongs to: how a status that comes from outside is taken in.
    fn sort(self) -> Sorted<Self>;

    /// Its name, as it stands in the enum.
    fn name(&self) -> &'static str;
}

/// A status that was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sorted<S: Status> {
    /// Anyone may give it.
    Ungated(S::Ungated),
    /// It takes a sign-off.
    Gated(S::Gated),
}

/// What a record holds beside its status. Derive it with `SignoffGated` for a struct.
///
/// The status is not among its fields: it lies in the [`Record`](super::Record), where nobody
/// assigns it. The fields are plain data: what changes behind a shared reference, such as a `Cell`,
/// no wrapper can hold still.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say which statuses a record of it has",
    label = "not the contents of a record",
    note = "derive `SignoffGated` for the struct, with `#[signoff(status = …)]`"
)]
pub trait SignoffGated {
    /// The statuses of the record.
    type Status: Status;
}

/// The statements of one sign-off. `SignoffGated` for an enum writes the struct and this.
pub trait Statements: Debug + Eq + Sized {
    /// Which there are. All are required.
    const FIELDS: &'static [Field];

    /// What was said, in the order of [`FIELDS`](Self::FIELDS).
    fn texts(&self) -> impl Iterator<Item = &str>;

    /// Takes each statement by its name, in the same order.
    fn from_texts(text: impl FnMut(&'static str) -> String) -> Self;
}

/// A required statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// How long it has to be, as [`visible_length()`](super::visible_length()) counts.
    pub least_length: u16,
}
