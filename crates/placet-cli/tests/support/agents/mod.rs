//! Real coding agents, without a network or a model: their programs from the npm registry, and a
//! server that plays their model.

pub(crate) mod model;
pub(crate) mod programs;
pub(crate) mod tools;
