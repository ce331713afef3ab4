//! What is said over HTTP: the shapes of requests and answers, and of errors.

pub(crate) mod body;
pub(crate) mod decision;
mod parts;
pub(crate) mod prefer;
pub(crate) mod problem;
mod whose;

pub(crate) use parts::{Path, Query};
pub(crate) use problem::{Cause, Problem};
pub(crate) use whose::Whose;
