//! What a model has its agent do, in the words of each API.

use std::path::PathBuf;

use serde_json::{Value, json};

/// What a model has its agent do.
#[derive(Clone, Debug)]
pub(crate) enum Use {
    /// Its shell runs a command.
    Shell(String),
    /// It writes a file that is not there yet, with one line in it.
    Write(PathBuf, &'static str),
    /// A tool of an MCP server is called with a name.
    Mcp(&'static str, &'static str),
}

impl From<&str> for Use {
    fn from(command: &str) -> Self {
        Self::Shell(command.to_owned())
    }
}

/// The name of a tool among those that are offered, with its params; none where it is not offered, as in
/// the questions that an agent asks beside its work.
pub(crate) fn named(used: &Use, offered: &[&str]) -> Option<(String, Value)> {
    let of = |names: &[&str]| {
        let found = names
            .iter()
            .find_map(|name| offered.iter().find(|offered| offered.eq_ignore_ascii_case(name)));
        found.map(|name| (*name).to_owned())
    };
    match used {
        Use::Shell(command) => {
            let name =
                of(&["bash", "run_shell_command", "exec_command", "shell_command", "shell"])?;
            let params = match name.as_str() {
                "exec_command" => json!({ "cmd": command }),
                "shell" => json!({ "command": ["bash", "-lc", command] }),
                "shell_command" => json!({ "command": command }),
                _ => json!({ "command": command, "description": "a step" }),
            };
            Some((name, params))
        }
        Use::Write(path, line) => {
            let name = of(&["write", "write_file", "create", "apply_patch"])?;
            let text = format!("{line}\n");
            let params = match name.as_str() {
                "apply_patch" => json!(format!(
                    "*** Begin Patch\n*** Add File: {}\n+{line}\n*** End Patch\n",
                    path.display()
                )),
                "create" => json!({ "path": path, "file_text": text }),
                _ => json!({ "file_path": path, "content": text }),
            };
            Some((name, params))
        }
        Use::Mcp(tool, name) => {
            let found = offered.iter().find(|offered| offered.ends_with(tool));
            let found = found.map(|found| (*found).to_owned()).or_else(|| {
                // The others keep the tools of servers back until they are searched for, and take a call
                // by name all the same.
                of(&["ToolSearch", "tool_search"]).map(|_| format!("mcp__notes__{tool}"))
            });
            Some((found?, json!({ "name": name })))
        }
    }
}
