//! A pseudo-terminal, and somebody who sits at it.
#![allow(dead_code, reason = "each test binary uses a part of this")]

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::process::Stdio;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

/// Longest wait for what must come at once, on a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(60);

const WINDOW: Winsize = Winsize { ws_row: 50, ws_col: 110, ws_xpixel: 0, ws_ypixel: 0 };

/// The side of a terminal where a person sits.
pub struct Pty {
    keyboard: File,
    arriving: Receiver<Vec<u8>>,
    seen: Vec<u8>,
    /// How much of what was seen was waited for already.
    read: usize,
    /// The other side, until a program has it.
    line: Option<OwnedFd>,
}

impl Pty {
    pub fn open() -> Self {
        let person = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&person).unwrap();
        unlockpt(&person).unwrap();
        let name = ptsname(&person, Vec::new()).unwrap().into_string().unwrap();
        let line = File::options().read(true).write(true).open(name).unwrap();
        tcsetwinsize(&line, WINDOW).unwrap();
        let keyboard = File::from(person);
        let mut screen = keyboard.try_clone().unwrap();
        let (arrives, arriving) = channel();
        std::thread::spawn(move || {
            let mut part = [0; 4096];
            // It ends with an error when nobody has the other side any more.
            while let Ok(length @ 1..) = screen.read(&mut part) {
                drop(arrives.send(part[..length].to_vec()));
            }
        });
        Self { keyboard, arriving, seen: Vec::new(), read: 0, line: Some(line.into()) }
    }

    /// The side that a program has.
    pub fn line(&self) -> Stdio {
        self.line.as_ref().unwrap().try_clone().unwrap().into()
    }

    /// Lets go of the program's side, so that the end of the program is the end of the terminal.
    pub fn hand_over(&mut self) {
        self.line = None;
    }

    pub fn types(&mut self, text: &str) {
        self.types_bytes(text.as_bytes());
    }

    /// Types what need not be text.
    pub fn types_bytes(&mut self, bytes: &[u8]) {
        self.keyboard.write_all(bytes).unwrap();
    }

    /// Waits until this is on the terminal, after whatever was waited for before.
    pub fn shows(&mut self, what: &str) {
        let began = Instant::now();
        loop {
            let found =
                self.seen[self.read..].windows(what.len()).position(|at| at == what.as_bytes());
            if let Some(place) = found {
                self.read += place + what.len();
                return;
            }
            match self.arriving.recv_timeout(PATIENCE.saturating_sub(began.elapsed())) {
                Ok(part) => self.seen.extend(part),
                Err(_) => panic!("{what:?} never came, only {:?}", self.text()),
            }
        }
    }

    /// All that was ever on it, once the program has ended.
    pub fn all(mut self) -> Vec<u8> {
        self.hand_over();
        loop {
            match self.arriving.recv_timeout(PATIENCE) {
                Ok(part) => self.seen.extend(part),
                Err(RecvTimeoutError::Disconnected) => return self.seen,
                Err(RecvTimeoutError::Timeout) => panic!("it is still open: {:?}", self.text()),
            }
        }
    }

    /// What came so far.
    pub fn text(&mut self) -> String {
        self.seen.extend(self.arriving.try_iter().flatten());
        String::from_utf8_lossy(&self.seen).into_owned()
    }
}
