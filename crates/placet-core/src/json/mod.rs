//! JSON that means one thing.
//!
//! A digest names an action only if every reader of its bytes sees the same action. Ordinary JSON
//! does not give that: `{"amount":1,"amount":1000}` is 1 to some readers and 1000 to others, and
//! `9007199254740993` silently becomes `9007199254740992` wherever numbers are doubles. So a
//! document is read once, strictly, into a [`Json`]; what could be read in two ways is refused
//! with its line, its column and what to write instead; and what was accepted has exactly one
//! canonical text ([RFC 8785](https://www.rfc-editor.org/rfc/rfc8785)):
//!
//! ```
//! use placet_core::Json;
//!
//! let action = Json::parse(br#"{ "to": "ann", "amount": 1.50 }"#)?;
//! assert_eq!(action.canonical(), r#"{"amount":1.5,"to":"ann"}"#);
//!
//! let error = Json::parse(b"{\n  \"id\": 9007199254740993\n}").unwrap_err();
//! assert_eq!(
//!     error.to_string(),
//!     "line 2, column 9, at \"/id\": 9007199254740993 is beyond 9007199254740991, where readers \
//!      of JSON begin to confuse whole numbers; write \"9007199254740993\", a string",
//! );
//! # Ok::<(), placet_core::json::ParseError>(())
//! ```
//!
//! Values may hold secrets, so `Debug` shows the shape of a [`Json`] and never its content.

mod canonical;
mod decimal;
mod direct;
mod error;
mod number;
mod object;
mod parse;
mod pointer;
mod scan;
mod serde;
mod value;

pub(crate) use canonical::write_string;
pub use canonical::{CanonicalError, canonical_json};
pub use error::{ParseError, ParseErrorKind};
pub use number::{Number, NumberError};
pub use object::{DuplicateKey, Object};
pub use parse::Limits;
pub use pointer::{Pointer, PointerError};
pub use value::Json;
