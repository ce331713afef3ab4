//! The policy: read, checked, tried on what was decided, and installed.

pub(super) mod install;
pub(super) mod replay;
pub(super) mod show;
pub(super) mod validate;

use placet::{Json, PolicyFile};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::limits::MAX_POLICY_FILE_NAME_CHARS;
use crate::wire::{Problem, body};

/// One file of a policy.
#[derive(Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PolicyFile)]
struct File {
    /// Its name, without a folder.
    #[schema(
        min_length = 1,
        max_length = 255,
        pattern = r"^[^/\x00-\x1f]+$",
        example = "policy.toml"
    )]
    name: String,
    /// Its text.
    #[schema(example = "version = 1\nmode = \"enforce\"\n")]
    text: String,
}

/// The files of a policy: first the TOML file, then those with rules.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PolicyFiles)]
struct Files {
    #[schema(min_items = 1)]
    files: Vec<File>,
}

/// Reads the files that were sent. None at all would mean a policy that nobody wrote.
fn files(sent: &Json) -> Result<Vec<PolicyFile>, Problem> {
    let Files { files } = body::typed(sent)?;
    read(files)
}

fn read(files: Vec<File>) -> Result<Vec<PolicyFile>, Problem> {
    if files.is_empty() {
        return Err(Problem::invalid_at("/files", "send at least one file"));
    }
    for (index, file) in files.iter().enumerate() {
        let is_name = (1..=MAX_POLICY_FILE_NAME_CHARS).contains(&file.name.chars().count())
            && !file.name.contains(|c: char| c == '/' || c.is_ascii_control());
        if !is_name {
            let most = MAX_POLICY_FILE_NAME_CHARS;
            let detail = format!("a file name of 1 to {most} characters without / is expected");
            return Err(Problem::invalid_at(format!("/files/{index}/name"), detail));
        }
    }
    Ok(files.into_iter().map(|File { name, text }| PolicyFile { name, text }).collect())
}
