//! Threads that take only what nobody else wants of the processor.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use rustix::process::setpriority_process;

use crate::machine;

/// The least that a thread can ask for.
const LOWEST: i32 = 19;

/// Gives way to every other thread from here on. Where the system refuses, it goes on as before.
pub(crate) fn give_way() {
    // Of the calling thread, where no process is named.
    let _refused = setpriority_process(None, LOWEST);
}

/// Keeps every core awake until it is dropped. A core with nothing to do falls asleep, and in a
/// virtual machine it takes tens of microseconds to wake: more than some of the answers that are
/// measured, and more for who sleeps a little longer.
pub(crate) struct Awake {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Awake {
    pub(crate) fn keep() -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let spin = |_| {
            let stop = Arc::clone(&stop);
            thread::spawn(move || {
                give_way();
                while !stop.load(Ordering::Relaxed) {
                    black_box(&stop);
                }
            })
        };
        let threads = (0..machine::cores()).map(spin).collect();
        Self { stop, threads }
    }
}

impl Drop for Awake {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            drop(thread.join());
        }
    }
}
