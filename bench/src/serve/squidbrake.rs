//! Squidbrake: it decides by rules and writes each decision down.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use super::client::{Header, Request};
use super::daemon::CLASSES;
use super::peer::Peer;
use crate::installed::environment;
use crate::sample::{AUTO_CAP, Refund, THRESHOLD, class};

/// What is installed.
const PACKAGE: &str = "squidbrake==0.14.8";

/// The key that asks; it is of use only while this runs, and only on this machine.
const KEY: &str = "bench-key-for-loopback";

struct Squidbrake {
    program: PathBuf,
}

/// Installs it into an environment of its own.
pub(super) fn install(folder: &Path) -> Result<Box<dyn Peer>> {
    let programs = environment(folder, &[PACKAGE])?;
    Ok(Box::new(Squidbrake { program: programs.join("squidbrake") }))
}

impl Peer for Squidbrake {
    fn command(&self, address: SocketAddr, folder: &Path) -> Result<Command> {
        fs::write(folder.join("rules.yaml"), rules())?;
        let mut command = Command::new(&self.program);
        command.args(["run", "--no-browser", "--host"]).arg(address.ip().to_string());
        command.arg("--port").arg(address.port().to_string());
        // It counts nothing for others, and leaves the agents of this machine as they are.
        command.env("DO_NOT_TRACK", "1").env("SQUIDBRAKE_AUTO_CONNECT", "0");
        command.env("HOME", folder).env("SQUIDBRAKE_HOME", folder).env("LOG_LEVEL", "ERROR");
        command.env("GATEWAY_API_KEYS", format!("bench:{KEY}"));
        Ok(command)
    }

    fn request(&self, address: SocketAddr, refund: &Refund) -> Request {
        let Refund { class, order, amount } = refund;
        let body = format!(
            r#"{{"name": "{class}", "source": "support-bot", "session_id": "s-4711",
                "input": {{"order": "{order}", "amount": {amount}, "currency": "EUR"}},
                "metadata": {{"user": "ada",
                "reason": "The parcel arrived damaged, and the customer sent a photograph of it."}}}}"#
        );
        let key = Header("X-Gateway-Key", KEY.to_owned());
        Request::post(address, "/v1/events", &[key], &body)
    }

    fn allows(&self) -> &'static str {
        r#""decision":"allow""#
    }
}

/// Our rules and caps, and none of its own.
fn rules() -> String {
    let rule = |name: String| {
        format!(
            "- {{id: hold-{name}, action: review, reason: a large refund, \
             match: {{name: {name}, input: {{amount: {{gt: {THRESHOLD}}}}}}}}}\n\
             - {{id: allow-{name}, action: allow, reason: a small refund, \
             match: {{name: {name}, input: {{amount: {{lte: {AUTO_CAP}}}}}}}}}\n"
        )
    };
    let rules: String = (0..CLASSES).map(class).map(rule).collect();
    format!("default: review\nmode: enforce\nrules:\n{rules}")
}
