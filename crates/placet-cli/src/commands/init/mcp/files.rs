//! What a gateway needs to stand before the servers of a client: which they are, what is shown to
//! them, and which of their tools were vetted.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

use placet_mcp::tools::Lock;

use super::Asked;
use super::entry::{Configured, Place};
use crate::failure::Failure;

const HEAD: &str = "\
# The servers behind the gateway. What is secret about them is in the files beside this one, and never
# with the agent.
";

/// Writes the files into a folder.
pub(super) fn write(
    folder: &Path,
    asked: &[Asked],
    lock: &Lock,
    force: bool,
) -> Result<(), Failure> {
    let mut text = HEAD.to_owned();
    for Asked { server, .. } in asked {
        text.push_str(&entry(folder, server, force)?);
    }
    private(&folder.join("servers.toml"), &text, force)?;
    lock.write(&folder.join("tools.lock")).map_err(Failure::unusable)
}

fn entry(folder: &Path, server: &Configured, force: bool) -> Result<String, Failure> {
    let name = &server.name;
    let quoted = |text: &str| toml::Value::from(text).to_string();
    let mut text = format!("\n[servers.{name}]\n");
    let (secrets, file, between) = match &server.place {
        Place::Command { words, environment } => {
            let words: Vec<_> = words.iter().map(|word| quoted(word)).collect();
            text.push_str(&format!("command = [{}]\n", words.join(", ")));
            (environment, format!("{name}.env"), "=")
        }
        Place::Url { url, headers } => {
            text.push_str(&format!("url = {}\n", quoted(url)));
            (headers, format!("{name}.headers"), ": ")
        }
    };
    if !secrets.is_empty() {
        let mut lines = String::new();
        for (key, value) in secrets {
            if value.contains(['\n', '\r']) {
                let why = format!("{key} of the server {name} has several lines");
                return Err(Failure::unusable_because(why));
            }
            lines.push_str(&format!("{key}{between}{value}\n"));
        }
        private(&folder.join(&file), &lines, force)?;
        text.push_str(&format!("secrets = {}\n", quoted(&file)));
    }
    Ok(text)
}

/// A file that only its owner reads.
fn private(path: &Path, text: &str, force: bool) -> Result<(), Failure> {
    let mut options = OpenOptions::new();
    options.write(true);
    if force {
        options.create(true).truncate(true);
    } else {
        options.create_new(true);
    }
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(path).and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| {
        Failure::file("write", path, error).help("replace what is there with --force")
    })
}
