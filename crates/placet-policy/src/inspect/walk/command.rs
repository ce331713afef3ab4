//! Commands, in one text, in words or in two params, and code.

use placet_core::json::{Json, Object};

use super::Walk;
use crate::inspect::argument::Findings;
use crate::inspect::effect::Source;
use crate::inspect::fold::{fold, trick_in_command};
use crate::inspect::keys::{Part, part_of, snake_case};
use crate::inspect::name::Carrier;
use crate::inspect::{expression, shell, sql};

impl Walk<'_> {
    pub(super) fn command(&mut self, text: &str) {
        let findings = match self.program {
            Some(program) if !shell::starts_with_program(text, program) => {
                shell::inspect(&format!("{program} {text}"))
            }
            _ => shell::inspect(text),
        };
        self.commanded(text, findings);
    }

    pub(super) fn argv(&mut self, words: &[&str]) {
        let named = self.program.filter(|program| words.first() != Some(program));
        let words: Vec<&str> = named.into_iter().chain(words.iter().copied()).collect();
        let findings = shell::inspect_argv(&words);
        self.commanded(&words.join(" "), findings);
    }

    pub(super) fn commanded(&mut self, text: &str, findings: Findings) {
        if let Some(trick) = trick_in_command(text) {
            self.confusable(&format!("the command has {}", trick.describe()));
        }
        if self.name.foreign && self.name.carrier == Some(Carrier::Shell) {
            self.opaque(Source::Shell, "a command for a shell that is not read here");
        }
        self.absorb(Source::Shell, findings);
    }

    /// `{"command": "git", "args": ["push"]}` is one command in two params.
    pub(super) fn split_command(&mut self, object: &Object) -> bool {
        let program = ["command", "cmd", "program", "executable"]
            .iter()
            .find_map(|key| object.get(key).and_then(Json::as_str));
        let arguments = ["args", "arguments", "argv"].iter().find_map(|key| object.get(key));
        let (Some(program), Some(arguments)) = (program, arguments) else { return false };
        let words = arguments.as_array().map(|items| items.iter().map(Json::as_str).collect());
        match (words, arguments.as_str()) {
            (Some(Some(words)), _) => {
                let words: Vec<&str> = words;
                let whole: Vec<&str> = std::iter::once(program).chain(words).collect();
                self.argv(&whole);
            }
            (_, Some(text)) => self.command(&format!("{program} {text}")),
            _ => self.opaque(Source::Shell, "a command in a form that is not known"),
        }
        true
    }

    pub(super) fn code(&mut self, text: &str) {
        if self.carries {
            return self.command(text);
        }
        if expression::is_plain_word(text) || expression::is_arithmetic(text) {
            return;
        }
        if sql::looks_like_sql(text) {
            return self.sql(text);
        }
        self.opaque(Source::Code, "source code or an expression that is not arithmetic");
    }

    pub(super) fn environment(&mut self) {
        if self.name.carrier == Some(Carrier::Shell) {
            self.opaque(Source::Shell, "environment variables, which change what a command does");
        }
    }
}

pub(super) fn is_list_of_commands(key: &str) -> bool {
    matches!(key, "commands" | "cmds")
}

/// Whether the word `git` is in a command. Quotes hide no word.
pub(super) fn has_git(command: &Json) -> bool {
    let in_text = |text: &str| {
        let plain: String = text.chars().filter(|c| !matches!(c, '\'' | '"' | '\\')).collect();
        plain.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').any(|word| word == "git")
    };
    match command {
        Json::String(text) => in_text(text),
        Json::Array(items) => items.iter().filter_map(Json::as_str).any(in_text),
        _ => false,
    }
}

pub(super) fn is_command(key: &str, value: &Json) -> bool {
    let is_empty = match value {
        Json::String(text) => text.is_empty(),
        Json::Array(items) => items.is_empty(),
        _ => true,
    };
    !is_empty && part_of(&snake_case(&fold(key))) == Part::Shell
}
