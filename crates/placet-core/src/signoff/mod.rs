//! Records that reach a consequential status only with a person's sign-off.
//!
//! An invoice is a draft, is sent, and at some point becomes approved. Anyone may send it;
//! approving it takes a person who says, in words of their own, that they looked. So the statuses
//! are two types: [`Record::change`] takes the ungated ones, and a gated one lies inside a
//! [`SignOff`], which [`Record::sign`] consumes. A program that forgets the sign-off does not
//! compile.
//!
//! - A [`SignOff`] is made only by a check: whose it is, for which status, of which contents, and
//!   every required statement at its least [length](visible_length()).
//! - It is neither `Clone` nor readable from outside, so it signs one record once. It also holds
//!   what the person saw, and a record whose contents are different refuses it.
//! - What was signed stays as it was: [`Record::edit`] refuses while the status is gated. Leaving
//!   the gated status is free and drops the sign-off.
//! - Reading a stored record makes the same checks.
//!
//! The derive macro `SignoffGated` writes the implementations of [`Status`] (for an enum) and
//! [`SignoffGated`] (for a struct). What these types cannot know is whether a person typed the
//! words; that is for whoever makes the [`SignOff`] to see to.

mod form;
mod length;
mod record;
mod refused;
mod sign_off;
mod status;

pub use crate::limits::DEFAULT_STATEMENT_LENGTH;
pub use crate::name::PersonId;
pub use length::visible_length;
pub use record::{Record, Signed};
pub use refused::{Refused, Shortfall};
pub use sign_off::SignOff;
pub use status::{Field, SignoffGated, Sorted, Statements, Status};
