//! Who asks, and what they may ask for.
//!
//! Every endpoint says in its signature what a key needs: [`Read`] and [`Write`] take one of the
//! roles of [`role`] and are had only by a request whose key fits. What a key may do to which
//! tenant is judged a second time at the tip of the log, together with the command itself.

mod extract;
pub(crate) mod own;
pub(crate) mod role;
mod tenants;

pub(crate) use extract::{Principal, Read, Write};
pub use placet::{Secret, SecretError};
pub(crate) use tenants::{Asking, Tenants, go_on, on_behalf_of};
