//! Placet.

pub mod amount;
pub mod json;
pub mod limits;

mod quote;
mod text;

pub use amount::Amount;
pub use json::Json;
