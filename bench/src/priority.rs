//! What takes only what nobody else wants of the processor.

use std::hint::black_box;
use std::io::Read as _;
use std::process::{Child as Process, Command, Stdio};
use std::thread;

use anyhow::Result;
use rustix::process::setpriority_process;

use crate::args::Child;
use crate::{machine, progress};

/// The least that a thread can ask for.
const LOWEST: i32 = 19;

/// Gives way to other threads from here on. Where the system refuses, it goes on as before.
pub(crate) fn give_way() {
    // Of the calling thread, where no process is named.
    let _refused = setpriority_process(None, LOWEST);
}

/// Keeps every core awake until it is dropped. A core with nothing to do falls asleep, and in a
/// virtual machine it takes tens of microseconds to wake: more than some of the answers that are
/// measured, and more for who sleeps a little longer.
///
/// A process spins on each core, scheduled as idle: it is gone the moment that anybody else wants to
/// run, which a thread of the lowest priority is not. Where `chrt` is missing, cores sleep.
pub(crate) struct Awake(Vec<Process>);

impl Awake {
    pub(crate) fn keep() -> Self {
        let spinning: Result<Vec<_>> = (0..machine::cores()).map(|_| spawn_idle()).collect();
        Self(spinning.unwrap_or_else(|error| {
            progress(&format!("  cores are not kept awake: {error:#}"));
            Vec::new()
        }))
    }
}

fn spawn_idle() -> Result<Process> {
    let spin = Child::Spin.command()?;
    let mut chrt = Command::new("chrt");
    chrt.args(["--idle", "0"]).arg(spin.get_program()).args(spin.get_args());
    Ok(chrt.stdin(Stdio::piped()).stdout(Stdio::null()).spawn()?)
}

impl Drop for Awake {
    fn drop(&mut self) {
        for process in &mut self.0 {
            drop(process.kill());
            drop(process.wait());
        }
    }
}

/// Spins until the input ends: whoever started this may be gone before it can say so.
pub(crate) fn spin() -> Result<()> {
    thread::spawn(|| {
        loop {
            black_box(());
        }
    });
    std::io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}
