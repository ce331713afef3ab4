//! `placet man`: a man page for every command.

use std::path::{Path, PathBuf};

use clap::{Args, CommandFactory as _};
use clap_mangen::Man;
use serde_json::json;

use crate::cli::Cli;
use crate::console::Console;
use crate::failure::{Failure, Outcome};
use crate::status::Status;

/// Write man pages into a folder.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The folder, which is created if it is not there
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

pub(crate) fn run(arguments: &Arguments, console: &Console) -> Outcome {
    let folder = &arguments.folder;
    std::fs::create_dir_all(folder)
        .map_err(|error| Failure::file("create the folder", folder, error))?;
    let mut command = Cli::command();
    command.build();
    let mut pages = Vec::new();
    write(&command, "placet", folder, &mut pages)?;
    if console.is_json() {
        console.value(&json!({ "folder": folder, "pages": pages }))?;
    } else {
        console.text(&format!("{} pages in {}\n", pages.len(), folder.display()))?;
    }
    Ok(Status::Ok)
}

/// Writes the page of a command and of those below it.
fn write(
    command: &clap::Command,
    name: &str,
    folder: &Path,
    pages: &mut Vec<String>,
) -> Result<(), Failure> {
    let title = name.replace(' ', "-");
    let page = format!("{title}.1");
    let path = folder.join(&page);
    let mut text = Vec::new();
    Man::new(command.clone()).title(title.to_uppercase()).render(&mut text)?;
    std::fs::write(&path, text).map_err(|error| Failure::file("write", &path, error))?;
    pages.push(page);
    for inner in
        command.get_subcommands().filter(|inner| !inner.is_hide_set() && inner.get_name() != "help")
    {
        write(inner, &format!("{name} {}", inner.get_name()), folder, pages)?;
    }
    Ok(())
}
