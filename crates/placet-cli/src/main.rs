//! The `placet` command. All of it is in the library, which the Python package calls as well.

use std::ffi::OsString;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    placet_cli::run(&arguments).into()
}
