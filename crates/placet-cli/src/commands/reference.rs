//! `placet reference`: the reference of the command line, made from its arguments.
//!
//! The text in `docs/cli.md` is the output of this command, and a test fails when it is not.

use clap::builder::StyledStr;
use clap::{Arg, Args, CommandFactory as _};
use serde_json::json;

use crate::cli::{Cli, EXIT_STATUSES};
use crate::console::Console;
use crate::failure::Outcome;
use crate::status::Status;

/// Print this reference as Markdown.
#[derive(Debug, Args)]
pub(crate) struct Arguments {}

pub(crate) fn run(console: &Console) -> Outcome {
    let text = reference();
    if console.is_json() {
        console.value(&json!({ "reference": text }))?;
    } else {
        console.bytes(text.as_bytes())?;
    }
    Ok(Status::Ok)
}

/// The whole reference.
fn reference() -> String {
    let mut root = Cli::command();
    root.build();
    let mut text = String::from("# The `placet` command\n\n");
    text.push_str(
        "Generated from the arguments of the command: `placet reference > docs/cli.md`.\n\n",
    );
    write_options(&mut text, "Options that every command takes:", options(&root).into_iter());
    text.push_str(&format!("```text\n{EXIT_STATUSES}\n```\n"));
    for command in visible(&root) {
        write_command(&mut text, command, "placet");
    }
    text
}

fn write_command(text: &mut String, command: &clap::Command, parent: &str) {
    let name = format!("{parent} {}", command.get_name());
    let inner: Vec<_> = visible(command).collect();
    if inner.is_empty() {
        let usage = command.clone().render_usage().to_string();
        let usage = usage.trim_start_matches("Usage: ").replace('\n', " ");
        text.push_str(&format!("\n## `{name}`\n\n```text\n{}\n```\n", squeeze(&usage)));
        write_about(text, command);
        write_options(text, "", positionals(command).into_iter().chain(own_options(command)));
        write_examples(text, command);
    }
    for command in inner {
        write_command(text, command, &name);
    }
}

fn write_about(text: &mut String, command: &clap::Command) {
    let about = command.get_long_about().or_else(|| command.get_about());
    if let Some(about) = about {
        text.push_str(&format!("\n{about}\n"));
    }
}

/// Examples stand before the exit statuses, which are the same everywhere.
fn write_examples(text: &mut String, command: &clap::Command) {
    let after = command.get_after_long_help().map(StyledStr::to_string).unwrap_or_default();
    if let Some(examples) = after.strip_prefix("Examples:\n") {
        let examples = examples.replace(EXIT_STATUSES, "");
        let lines: Vec<&str> = examples
            .trim_end()
            .lines()
            .map(|line| line.strip_prefix("  ").unwrap_or(line))
            .collect();
        text.push_str(&format!("\n```sh\n{}\n```\n", lines.join("\n")));
    }
}

fn write_options<'a>(text: &mut String, heading: &str, options: impl Iterator<Item = &'a Arg>) {
    let rows: Vec<String> = options.map(row).collect();
    if rows.is_empty() {
        return;
    }
    if !heading.is_empty() {
        text.push_str(&format!("{heading}\n"));
    }
    text.push_str(&format!("\n| argument | meaning |\n|---|---|\n{}\n", rows.join("\n")));
    if !heading.is_empty() {
        text.push('\n');
    }
}

fn row(argument: &Arg) -> String {
    let help = argument.get_long_help().or_else(|| argument.get_help()).map(StyledStr::to_string);
    let mut meaning = squeeze(&help.unwrap_or_default());
    let choices: Vec<String> = choices(argument);
    if !choices.is_empty() {
        meaning.push_str(&format!(" ({})", choices.join(", ")));
    }
    format!("| `{}` | {} |", signature(argument), meaning.replace('|', "\\|"))
}

fn choices(argument: &Arg) -> Vec<String> {
    let takes_value = argument.get_action().takes_values();
    let values = argument
        .get_possible_values()
        .into_iter()
        .filter(|value| takes_value && !value.is_hide_set());
    values.map(|value| format!("`{}`", value.get_name())).collect()
}

fn signature(argument: &Arg) -> String {
    let value =
        argument.get_value_names().and_then(|names| names.first()).map(|name| name.as_str());
    let value =
        value.filter(|_| argument.get_action().takes_values()).map(|name| format!("<{name}>"));
    let short = argument.get_short().map(|short| format!("-{short}"));
    let long = argument.get_long().map(|long| format!("--{long}"));
    let names = [short, long].into_iter().flatten().collect::<Vec<_>>().join(", ");
    [Some(names).filter(|names| !names.is_empty()), value]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" ")
}

fn visible(command: &clap::Command) -> impl Iterator<Item = &clap::Command> {
    command.get_subcommands().filter(|inner| !inner.is_hide_set() && inner.get_name() != "help")
}

fn positionals(command: &clap::Command) -> Vec<&Arg> {
    command.get_positionals().collect()
}

fn options(command: &clap::Command) -> Vec<&Arg> {
    let own =
        command.get_opts().chain(command.get_arguments().filter(|argument| is_flag(argument)));
    own.filter(|argument| !argument.is_hide_set()).collect()
}

/// The options of a command that are not those of all commands.
fn own_options(command: &clap::Command) -> Vec<&Arg> {
    options(command).into_iter().filter(|argument| !argument.is_global_set()).collect()
}

fn is_flag(argument: &Arg) -> bool {
    let is_known = matches!(argument.get_id().as_str(), "help" | "version");
    !argument.is_positional() && !argument.get_action().takes_values() && !is_known
}

/// Text on one line.
fn squeeze(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
