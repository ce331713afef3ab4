//! Shell commands, read as bash would run them.
//!
//! A proof needs the whole text: every word of every pipeline, list, loop, substitution and
//! redirection is visited, and each program must be one of those that are known to look and to do
//! nothing else with these arguments. A program that is not known executes something; a word that
//! is computed while running (`$x`, `{a,b}`) cannot name a program, nor be given to one that has
//! a dangerous option.

mod ast;
mod cloud;
mod git;
mod options;
mod programs;
mod scripts;
mod tables;
mod word;

pub(super) use cloud::is_secret_kind;

use std::panic::catch_unwind;

use super::argument::Findings;
use super::effect::Effect;
use super::stack::with_room;
use word::ShellWord;

/// Bytes of one command. People and agents write far less on a line; scripts belong in files.
const MAX_COMMAND_BYTES: usize = 16 * 1024;

/// Things that open a nested construct, counted whether nested or not. The parser recurses on
/// them and tries some of them twice, so this bounds its stack and its time.
const MAX_OPENERS: usize = 40;

/// Constructs open at once. Each level of doubled brackets can double the parser's work.
const MAX_NESTING: usize = 8;

/// Digits of a number in a command that can count something.
const MAX_DIGITS: usize = 9;

/// How often a command may contain another as a text (`sh -c "$(…)"`).
const MAX_TEXT_DEPTH: usize = 6;

/// Finds out what a command line does.
pub(super) fn inspect(command: &str) -> Findings {
    // What is known to stop the parser is kept from it; what is not known must not stop the gate.
    catch_unwind(|| with_room(|| inspect_nested(command, 0)))
        .unwrap_or_else(|_| Findings::opaque("a command that cannot be parsed"))
}

/// Finds out what an argument vector does: no shell reads its words.
pub(super) fn inspect_argv(words: &[&str]) -> Findings {
    if words.iter().map(|word| word.len()).sum::<usize>() > MAX_COMMAND_BYTES {
        return Findings::opaque("a command that is too long to inspect");
    }
    let words: Vec<ShellWord> = words.iter().map(|word| ShellWord::literal(word)).collect();
    let mut findings = Findings::default();
    programs::judge(&words, &mut findings);
    conclude(&mut findings);
    findings
}

/// Whether a tool of that name is the program itself, so that its argument continues a command.
pub(super) fn is_wrapped_program(name: &str) -> bool {
    matches!(
        name.to_ascii_lowercase().as_str(),
        "git"
            | "kubectl"
            | "docker"
            | "helm"
            | "terraform"
            | "gh"
            | "aws"
            | "gcloud"
            | "az"
            | "curl"
            | "grep"
            | "find"
            | "jq"
            | "rg"
            | "systemctl"
            | "npm"
            | "pip"
            | "cargo"
    )
}

/// Whether the first word of `command` is `program`.
pub(super) fn starts_with_program(command: &str, program: &str) -> bool {
    command.split_whitespace().next() == Some(program)
}

/// Whether a text that is no command has one inside it which a tool that pastes texts into a shell
/// would run: behind a separator, in a substitution. Programs that are also words of prose are not
/// looked for.
pub(super) fn carries_command(text: &str) -> bool {
    const PROGRAMS: &str = " bash chmod chown curl dd del doas eval iex iwr mkfs nc ncat pkill \
        powershell pwsh reboot rm rmdir scp sh socat ssh sudo tee unlink wget xargs zsh ";
    let separators = ["$(", "`", ";", "|", "&&", "<("];
    let runs = |part: &str| {
        let part = part.trim_start_matches(['|', '&', '(', ' ', '\t', '\n', '!']);
        let end = part.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(part.len());
        let (word, rest) = part.split_at_checked(end).unwrap_or((part, ""));
        let has_operand = rest.starts_with(char::is_whitespace);
        has_operand && PROGRAMS.split_whitespace().any(|program| program == word)
    };
    separators.iter().any(|separator| text.split(separator).skip(1).any(runs))
}

/// Inspects a command inside another.
fn inspect_nested(command: &str, depth: usize) -> Findings {
    if let Some(reason) = refusal(command, depth) {
        return Findings::opaque(reason);
    }
    let mut findings = Findings::default();
    match ast::parse(command) {
        Some(program) => ast::visit_program(&program, depth, &mut findings),
        None => findings.cannot_tell("a command that cannot be parsed"),
    }
    if goes_to_a_repository(command) {
        findings.cannot_tell("git in another directory, where its configuration may run programs");
    }
    conclude(&mut findings);
    findings
}

/// Whether the command may change the directory and then run git there. Quotes hide no word.
fn goes_to_a_repository(command: &str) -> bool {
    let plain: String = command.chars().filter(|c| !matches!(c, '\'' | '"' | '\\')).collect();
    let has = |wanted: &[&str]| {
        plain
            .split(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '_' | '-' | '.'))
            .any(|word| wanted.contains(&word))
    };
    has(&["git"]) && has(&["cd", "pushd", "popd"])
}

/// Whether a number is too long for the parser, which counts descriptors (`2>`), directories (`~3`)
/// and arguments (`$1`) in 32 bits. In other places long numbers are only text.
fn has_huge_number(command: &str) -> bool {
    let counts = command.contains(['<', '>', '~', '$', '\\']);
    counts && command.split(|c: char| !c.is_ascii_digit()).any(|run| run.len() > MAX_DIGITS)
}

/// Whether anything looks like a here-document (`<< EOF`) that ends with something other than a
/// plain word, quoted or not. On an empty end the parser would allocate until no memory is left.
fn has_strange_here_document(command: &str) -> bool {
    let mut rest = command;
    while let Some((_, from)) = rest.split_once("<<") {
        let after = from.trim_start_matches('<');
        let is_strange = match from.len() - after.len() {
            0 => !ends_with_plain_word(after),
            // A here-string, `<<<`, has no end to look for.
            1 => false,
            _ => true,
        };
        if is_strange {
            return true;
        }
        rest = after;
    }
    false
}

/// Whether the end of a here-document is a plain word, given what follows its operator.
fn ends_with_plain_word(after: &str) -> bool {
    let after = after.strip_prefix('-').unwrap_or(after).trim_start_matches([' ', '\t']);
    let word = match after.chars().next() {
        Some(quote @ ('\'' | '"')) => after.split(quote).nth(1).unwrap_or_default(),
        _ => {
            after.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap_or_default()
        }
    };
    !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// What the parser is not asked to read.
fn refusal(command: &str, depth: usize) -> Option<&'static str> {
    if command.len() > MAX_COMMAND_BYTES {
        Some("a command that is too long to inspect")
    } else if depth > MAX_TEXT_DEPTH
        || openers(command) > MAX_OPENERS
        || nesting(command) > MAX_NESTING
    {
        Some("a command that is nested too deeply to inspect")
    } else if has_huge_number(command) {
        Some("a command with a number that no shell counts to")
    } else if has_strange_here_document(command) {
        Some("a here-document that does not end with a plain word")
    } else if super::fold::trick_in_command(command).is_some() || command.contains('\r') {
        Some("a command with control or invisible characters")
    } else {
        None
    }
}

/// Counts what may open a construct, without regard to quotes, so never too low.
fn openers(command: &str) -> usize {
    const WORDS: [&str; 11] = [
        "if", "while", "until", "for", "case", "select", "function", "coproc", "time", "elif", "do",
    ];
    let brackets = command.chars().filter(|c| matches!(c, '(' | '{' | '[' | '`' | '!')).count();
    let words = command.split(|c: char| !c.is_ascii_alphanumeric());
    brackets + command.matches("<<").count() + words.filter(|word| WORDS.contains(word)).count()
}

/// The deepest nesting of brackets. A closing one that is quoted would hide a level, so closing
/// brackets count only where they directly match.
fn nesting(command: &str) -> usize {
    let mut depth = 0_usize;
    let mut deepest = 0;
    for c in command.chars() {
        match c {
            '(' | '{' => depth += 1,
            ')' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

/// A command of which nothing is known to act, and something is known to look, reads.
fn conclude(findings: &mut Findings) {
    if findings.effects.is_empty() && findings.opaque.is_empty() {
        findings.cannot_tell("there is no command");
    }
    findings.effects.sort();
    findings.effects.dedup();
    let acts = findings.effects.iter().any(|(effect, ..)| *effect != Effect::Reads);
    if acts {
        findings.effects.retain(|(effect, ..)| *effect != Effect::Reads);
    }
}
