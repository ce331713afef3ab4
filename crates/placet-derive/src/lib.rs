//! Derives types whose consequential statuses need a person's sign-off.
//!
//! The meaning lies in `placet::signoff`; this macro only tells it which statuses are gated, by
//! which statements, and what a record holds. On an enum it splits the statuses into two types, so
//! that a gated one cannot be passed where an ungated one is asked for; on a struct it names the
//! enum.

mod contents;
mod options;
mod statements;
mod status;

use proc_macro::TokenStream;
use syn::{Data, DeriveInput, Error, parse_macro_input};

/// Makes an enum a set of statuses of which some are gated, or a struct the contents of a record
/// with such a status.
///
/// # On an enum
///
/// ```
/// use placet::signoff::{PersonId, Record, SignOff};
/// use placet_derive::SignoffGated;
///
/// #[derive(SignoffGated)]
/// #[signoff(gated(Live), fields(verbatim_response, ticket = 4), least_length = 20)]
/// enum Stage {
///     Planned,
///     Live,
/// }
///
/// #[derive(SignoffGated, Clone, PartialEq)]
/// #[signoff(status = Stage)]
/// struct Launch {
///     build: u32,
/// }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut launch = Record::new(Launch { build: 7 }, UngatedStage::Planned);
/// let statements = StageStatements {
///     verbatim_response: "Build 7 may go live, I ran it.".to_owned(),
///     ticket: "OP-7".to_owned(),
/// };
/// let dana = PersonId::new("dana")?;
/// launch.sign(SignOff::new(dana, launch.contents().clone(), GatedStage::Live, statements)?)?;
/// # Ok(())
/// # }
/// ```
///
/// | in `#[signoff(…)]` | meaning |
/// |---|---|
/// | `gated(A, B)` | the statuses that need a sign-off; required |
/// | `fields(a, b = 4)` | what a person has to write; `= 4` is the least length of one field. By default `verbatim_response` and `responsible_owner` |
/// | `least_length = 50` | the least length of the first field, as `visible_length` counts; by default 50. The others have to say something |
/// | `crate = path` | where `placet::signoff` is, if not there |
///
/// For an enum `Stage` it writes the enums `UngatedStage` and `GatedStage`, which convert into
/// `Stage`, the struct `StageStatements` with a `String` for each field, and the implementations of
/// `Status` and `Statements`. The variants carry no data: what a record holds is in its contents.
///
/// # On a struct
///
/// `#[signoff(status = Stage)]` names the enum. The struct has no field for the status; it lies in
/// the `Record` around it.
#[proc_macro_derive(SignoffGated, attributes(signoff))]
pub fn signoff_gated(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    let expanded = match &input.data {
        Data::Enum(data) => status::expand(&input, data),
        Data::Struct(data) => contents::expand(&input, data),
        Data::Union(union) => Err(Error::new_spanned(
            union.union_token,
            "a union has neither statuses nor contents; derive this for an enum or a struct",
        )),
    };
    expanded.unwrap_or_else(Error::into_compile_error).into()
}
