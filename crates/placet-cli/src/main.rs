//! The `placet` command. All of it is in the library, which the Python package calls as well.

use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use mimalloc::MiMalloc;
use signal_hook::consts::SIGXFSZ;

/// A decision makes some hundred small allocations, and those of several threads at once are freed by
/// other threads than made them. This allocator takes less than half the time for that which the C
/// library's takes.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    survive_the_size_limit();
    let arguments: Vec<OsString> = std::env::args_os().collect();
    placet_cli::run(&arguments).into()
}

/// A limit on the size of files (`ulimit -f`, `LimitFSIZE=`) ends whoever writes beyond it by a signal. With
/// something that takes the signal the write fails instead, as on a full disk, which we can tell. It is
/// not ignored, because the programs that we start would ignore it as well.
fn survive_the_size_limit() {
    let nobody_asks = Arc::new(AtomicBool::new(false));
    // Where it cannot be taken, it ends us as it would have anyway.
    drop(signal_hook::flag::register(SIGXFSZ, nobody_asks));
}
