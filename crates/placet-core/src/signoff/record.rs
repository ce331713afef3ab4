//! Contents with a status that only this file can set.

use super::refused::Refused;
use super::sign_off::{SignOff, Signature};
use super::status::{SignoffGated, Status};
use crate::name::PersonId;

/// A record: contents, a status, and the sign-off when the status is gated.
///
/// It has no `Default` and no `Clone`: one sign-off stands behind one record. Two records may be
/// swapped as a whole, because each takes its sign-off along.
#[derive(Debug, PartialEq, Eq)]
pub struct Record<T: SignoffGated> {
    contents: T,
    state: State<T::Status>,
}

/// INVARIANT: a gated status exists only inside the signature that allows it.
#[derive(Debug, PartialEq, Eq)]
enum State<S: Status> {
    Ungated(S::Ungated),
    Signed(Signature<S>),
}

impl<T: SignoffGated> Record<T> {
    /// A record in a status that needs no sign-off.
    #[must_use]
    pub fn new(contents: T, status: <T::Status as Status>::Ungated) -> Self {
        Self { contents, state: State::Ungated(status) }
    }

    /// What it holds beside its status.
    #[must_use]
    pub fn contents(&self) -> &T {
        &self.contents
    }

    /// The status.
    #[must_use]
    pub fn status(&self) -> T::Status {
        match &self.state {
            State::Ungated(status) => (*status).into(),
            State::Signed(signature) => signature.to.into(),
        }
    }

    /// The proof that it is signed off, when it is. While somebody holds it, nothing can change.
    #[must_use]
    pub fn signed(&self) -> Option<Signed<'_, T>> {
        match &self.state {
            State::Ungated(_) => None,
            State::Signed(signature) => Some(Signed { contents: &self.contents, signature }),
        }
    }

    /// Gives it a status that needs no sign-off. A sign-off that it had is dropped.
    pub fn change(&mut self, status: <T::Status as Status>::Ungated) {
        self.state = State::Ungated(status);
    }

    /// Takes it to the gated status for which the sign-off was given.
    ///
    /// # Errors
    /// When the contents are not those that the person saw. The sign-off is spent all the same.
    pub fn sign(&mut self, sign_off: SignOff<T>) -> Result<(), Refused>
    where
        T: PartialEq,
    {
        let SignOff { seen, signature } = sign_off;
        if seen != self.contents {
            return Err(Refused::Changed { status: signature.to.into().name() });
        }
        self.state = State::Signed(signature);
        Ok(())
    }

    /// The contents, to change them.
    ///
    /// # Errors
    /// While the status is gated: what was signed stays as it was.
    pub fn edit(&mut self) -> Result<&mut T, Refused> {
        match &self.state {
            State::Ungated(_) => Ok(&mut self.contents),
            State::Signed(signature) => Err(Refused::Locked { status: signature.to.into().name() }),
        }
    }

    /// The contents alone; the status and its sign-off are dropped.
    #[must_use]
    pub fn into_contents(self) -> T {
        self.contents
    }

    /// A record as it was stored. The caller has checked the signature.
    pub(super) fn signed_before(contents: T, signature: Signature<T::Status>) -> Self {
        Self { contents, state: State::Signed(signature) }
    }
}

/// The proof that a record is signed off: what a function with consequences asks for.
#[derive(Debug)]
pub struct Signed<'a, T: SignoffGated> {
    contents: &'a T,
    signature: &'a Signature<T::Status>,
}

impl<'a, T: SignoffGated> Signed<'a, T> {
    /// What was signed off.
    #[must_use]
    pub fn contents(&self) -> &'a T {
        self.contents
    }

    /// The status that it was signed off for.
    #[must_use]
    pub fn status(&self) -> <T::Status as Status>::Gated {
        self.signature.to
    }

    /// Who signed it off.
    #[must_use]
    pub fn person(&self) -> &'a PersonId {
        &self.signature.person
    }

    /// What they said.
    #[must_use]
    pub fn statements(&self) -> &'a <T::Status as Status>::Statements {
        &self.signature.statements
    }
}
