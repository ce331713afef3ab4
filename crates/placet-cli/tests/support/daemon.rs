//! A daemon as its own process, and requests to it.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use serde_json::Value;

use super::World;

/// Longest wait for a line, on a machine that does much else.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// A daemon, killed when it is dropped.
pub struct Daemon {
    child: Child,
    lines: Receiver<String>,
    seen: VecDeque<String>,
    pub address: String,
}

impl Daemon {
    /// `placet serve` in the folder of a world, at a port that is free.
    pub fn start(world: &World, arguments: &[&str]) -> Self {
        let arguments = [&["serve", "--listen", "127.0.0.1:0"][..], arguments].concat();
        Self::run(world.command(&arguments))
    }

    pub fn run(mut command: Command) -> Self {
        let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let errors = BufReader::new(child.stderr.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in errors.lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        let mut daemon = Self { child, lines, seen: VecDeque::new(), address: String::new() };
        let line = daemon.line("listening");
        let start = line.find("127.0.0.1:").unwrap();
        let address = line[start..].trim_end_matches(['"', '}']);
        daemon.address = address.to_owned();
        daemon
    }

    /// The next line on standard error that says this.
    pub fn line(&mut self, what: &str) -> String {
        loop {
            match self.lines.recv_timeout(LONGEST_WAIT) {
                Ok(line) if line.contains(what) => return line,
                Ok(line) => self.seen.push_back(line),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    panic!("nobody said {what:?}, only {:?}", self.seen)
                }
            }
        }
    }

    /// The lines that came while another was waited for.
    pub fn seen(&self) -> impl Iterator<Item = &String> {
        self.seen.iter()
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal by its name.
    pub fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &id]).status().unwrap().success());
    }

    /// Kills it as a loss of power would.
    pub fn kill(&mut self) {
        drop(self.child.kill());
        self.child.wait().unwrap();
    }

    /// Waits for its end.
    pub fn wait(&mut self) -> std::process::ExitStatus {
        self.child.wait().unwrap()
    }

    pub fn stop(mut self) {
        self.signal("TERM");
        assert!(self.wait().success());
    }

    pub fn call(&self, method: &str, path: &str, key: &str, body: Option<&Value>) -> (u16, String) {
        call(&agent(), &self.url(), method, path, key, body).unwrap()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A client that keeps its connection.
pub fn agent() -> ureq::Agent {
    let config = ureq::Agent::config_builder();
    config.http_status_as_error(false).timeout_global(Some(LONGEST_WAIT)).proxy(None).build().into()
}

/// Status and body of an answer.
pub fn call(
    agent: &ureq::Agent,
    url: &str,
    method: &str,
    path: &str,
    key: &str,
    body: Option<&Value>,
) -> Result<(u16, String), ureq::Error> {
    let request = ureq::http::Request::builder()
        .method(method)
        .uri(format!("{url}{path}"))
        .header("authorization", format!("Bearer {key}"))
        .header("content-type", "application/json");
    let mut response = match body {
        Some(body) => agent.run(request.body(body.to_string()).unwrap())?,
        None => agent.run(request.body(()).unwrap())?,
    };
    Ok((response.status().as_u16(), response.body_mut().read_to_string()?))
}

/// A key for the log of a world, made before the daemon has it.
pub fn key(world: &World, arguments: &[&str]) -> String {
    let all = [&["key", "create", "--log", "placet.db", "--name", "test"][..], arguments].concat();
    world.ok(&all).trim().to_owned()
}
