//! The `placet` command. All of it is in the library, which the Python package calls as well.

use std::ffi::OsString;
use std::process::ExitCode;

use mimalloc::MiMalloc;

/// A decision makes some hundred small allocations, and those of several threads at once are freed by
/// other threads than made them. This allocator takes less than half the time for that which the C
/// library's takes.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    placet_cli::run(&arguments).into()
}
