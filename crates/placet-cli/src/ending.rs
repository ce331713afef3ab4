//! The signals that end a process: what a command that has something to leave in order does at one.

use std::io;
use std::thread;

use tokio::signal::unix::{SignalKind, signal};

/// Has a thread wait for the first SIGINT, SIGTERM or SIGHUP. What it is told does the rest, with the
/// number of the signal; by itself the process goes on.
pub(crate) fn at_a_signal(told: impl FnOnce(i32) + Send + 'static) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let [mut interrupt, mut terminate, mut hang_up] = {
        let _inside = runtime.enter();
        [
            signal(SignalKind::interrupt())?,
            signal(SignalKind::terminate())?,
            signal(SignalKind::hangup())?,
        ]
    };
    thread::spawn(move || {
        let kind = runtime.block_on(async {
            tokio::select! {
                _ = interrupt.recv() => SignalKind::interrupt(),
                _ = terminate.recv() => SignalKind::terminate(),
                _ = hang_up.recv() => SignalKind::hangup(),
            }
        });
        told(kind.as_raw_value());
    });
    Ok(())
}
