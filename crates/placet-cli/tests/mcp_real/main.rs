//! Real servers and real clients of MCP, with the gateway between them.
//!
//! They come from the npm registry. Where they cannot be installed this says so and is skipped, except
//! in continuous integration, where they must be there.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stdout,
    clippy::panic,
    reason = "a test fails by panicking"
)]
#![allow(dead_code, reason = "each test binary uses a part of what drives the browser")]

#[path = "../../../placet-server/tests/common/chromium.rs"]
mod chromium;
mod conformance;
mod conformant;
#[path = "../../../placet-server/tests/common/installed.rs"]
mod installed;
#[path = "../support/npm.rs"]
mod npm;
mod people;
#[path = "../support/mod.rs"]
mod support;

use std::path::PathBuf;

/// What people sign in with.
mod browser {
    pub(crate) const PASSWORD: &str = "four words to remember";
}

/// In versions that were seen to work as these tests say.
const PACKAGES: [&str; 5] = [
    "@modelcontextprotocol/conformance@0.2.0-alpha.12",
    "@modelcontextprotocol/inspector@2.12.0",
    "@modelcontextprotocol/server-filesystem@2026.8.31",
    "@modelcontextprotocol/server-memory@2026.8.31",
    "node@24",
];

/// The folder of the packages; none where they cannot be had.
fn packages() -> Option<PathBuf> {
    match npm::packages("mcp", &PACKAGES) {
        Ok(folder) => Some(folder.join("node_modules")),
        Err(why) if std::env::var_os("CI").is_none() => {
            println!("skipped: {why}");
            None
        }
        Err(why) => panic!("{why}"),
    }
}
