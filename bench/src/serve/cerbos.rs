//! Cerbos without its audit log: it decides by policies and keeps nothing.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use super::client::Request;
use super::daemon::CLASSES;
use super::peer::Peer;
use crate::installed::{free_address, run};
use crate::sample::{AUTO_CAP, Refund, THRESHOLD, class};

/// What is installed.
const PACKAGE: &str = "cerbos@0.51.0";

/// What it is told: no record, nothing sent anywhere.
const SETTINGS: [&str; 3] =
    ["audit.enabled=false", "telemetry.disabled=true", "storage.driver=disk"];

struct Cerbos {
    program: PathBuf,
}

/// Installs it into a folder.
pub(super) fn install(folder: &Path) -> Result<Box<dyn Peer>> {
    fs::create_dir_all(folder)?;
    let mut npm = Command::new("npm");
    npm.args(["install", "--no-save", "--no-audit", "--no-fund", "--silent", "--prefix"]);
    run(npm.arg(folder).arg(PACKAGE))?;
    Ok(Box::new(Cerbos { program: program(&folder.join("node_modules/@cerbos"))? }))
}

/// The program itself, which is in a package for this kind of machine, under the package's name.
fn program(packages: &Path) -> Result<PathBuf> {
    let package = fs::read_dir(packages)?.next().context("no program for this machine")??;
    Ok(package.path().join(package.file_name()))
}

impl Peer for Cerbos {
    fn command(&self, address: SocketAddr, folder: &Path) -> Result<Command> {
        for name in (0..CLASSES).map(class) {
            fs::write(folder.join(format!("{name}.yaml")), policy(&name))?;
        }
        let mut command = Command::new(&self.program);
        command.args(["server", "--log-level=error"]);
        command.args(SETTINGS.map(|setting| format!("--set={setting}")));
        command.arg(format!("--set=storage.disk.directory={}", folder.display()));
        command.arg(format!("--set=server.httpListenAddr={address}"));
        command.arg(format!("--set=server.grpcListenAddr={}", free_address()?));
        Ok(command)
    }

    fn request(&self, address: SocketAddr, refund: &Refund) -> Request {
        let Refund { class, order, amount } = refund;
        let body = format!(
            r#"{{"requestId": "s-4711", "principal": {{"id": "support-bot", "roles": ["agent"],
                "attr": {{"session": "s-4711", "user": "ada"}}}}, "resources": [{{"actions": ["run"],
                "resource": {{"kind": "{class}", "id": "{order}", "attr": {{"order": "{order}",
                "amount": {amount}, "currency": "EUR",
                "reason": "The parcel arrived damaged, and the customer sent a photograph of it."}}}}}}]}}"#
        );
        Request::post(address, "/api/check/resources", &[], &body)
    }

    fn allows(&self) -> &'static str {
        "EFFECT_ALLOW"
    }
}

/// The rule of a class, and its cap. It knows no third answer: what we hold it denies.
fn policy(class: &str) -> String {
    format!(
        "apiVersion: api.cerbos.dev/v1\n\
         resourcePolicy:\n  resource: {class}\n  version: default\n  rules:\n    \
         - actions: [run]\n      roles: [agent]\n      effect: EFFECT_DENY\n      \
         condition: {{match: {{expr: request.resource.attr.amount > {THRESHOLD}}}}}\n    \
         - actions: [run]\n      roles: [agent]\n      effect: EFFECT_ALLOW\n      \
         condition: {{match: {{expr: request.resource.attr.amount <= {AUTO_CAP}}}}}\n"
    )
}
