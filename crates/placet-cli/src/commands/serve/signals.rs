//! What the daemon is told while it runs.

use std::io;

use placet_server::{ReloadHandle, StopHandle};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::trace::Levels;

/// The signals that the daemon listens to. From here on none of them ends the process by itself.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
    more: Signal,
    less: Signal,
}

impl Signals {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
            more: signal(SignalKind::user_defined1())?,
            less: signal(SignalKind::user_defined2())?,
        })
    }

    /// Does as it is told, for as long as the process lives.
    pub(super) async fn obey(mut self, stop: StopHandle, reload: ReloadHandle, mut levels: Levels) {
        loop {
            tokio::select! {
                _ = self.terminate.recv() => stop.ask(),
                _ = self.interrupt.recv() => stop.ask(),
                _ = self.hang_up.recv() => reload.ask(),
                _ = self.more.recv() => levels.more(),
                _ = self.less.recv() => levels.less(),
            }
        }
    }
}
