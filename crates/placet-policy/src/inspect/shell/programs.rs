//! What a program does with its arguments.

use super::super::argument::Findings;
use super::super::effect::Effect::{Executes, Grants, Reads};
use super::super::path;
use super::word::ShellWord;
use super::{cloud, git, options, scripts, tables};

/// How many wrappers (`sudo env nice …`) are looked through.
const MAX_WRAPPERS: usize = 6;

/// Judges a command by its words.
pub(super) fn judge(words: &[ShellWord], findings: &mut Findings) {
    let mut words = words;
    for _ in 0..MAX_WRAPPERS {
        let Some((program, arguments)) = split(words, findings) else { return };
        match unwrap(&program, arguments, findings) {
            Unwrapped::NoWrapper => return judge_program(&program, arguments, findings),
            Unwrapped::Nothing => return,
            Unwrapped::Command(inner) => words = inner,
        }
    }
    findings.cannot_tell("a command wrapped too often");
}

/// The program's plain name and its arguments.
fn split<'a>(words: &'a [ShellWord], findings: &mut Findings) -> Option<(String, &'a [ShellWord])> {
    let (first, arguments) = words.split_first()?;
    let Some(name) = first.exact().filter(|name| !name.is_empty()) else {
        findings.cannot_tell("a program whose name is computed");
        return None;
    };
    let system = ["/bin/", "/usr/bin/", "/usr/local/bin/", "/sbin/", "/usr/sbin/"];
    let plain = system.iter().find_map(|directory| name.strip_prefix(directory)).unwrap_or(name);
    if plain.contains('/') {
        findings.does(Executes, "a program outside the system's directories");
        return None;
    }
    Some((plain.to_owned(), arguments))
}

enum Unwrapped<'a> {
    NoWrapper,
    /// A wrapper around nothing, or around what cannot be told.
    Nothing,
    Command(&'a [ShellWord]),
}

/// Looks through programs that run another.
fn unwrap<'a>(program: &str, words: &'a [ShellWord], findings: &mut Findings) -> Unwrapped<'a> {
    let Some(wrapper) = tables::wrapper(program) else { return Unwrapped::NoWrapper };
    if program == "sudo" || program == "doas" {
        findings.does(Grants, "it runs with the rights of somebody else");
    }
    let mut rest = words;
    let mut operands = wrapper.operands;
    while let Some((word, after)) = rest.split_first() {
        let Some(text) = word.exact() else {
            findings.cannot_tell("a wrapped command that is computed");
            return Unwrapped::Nothing;
        };
        if wrapper.valued.contains(&text) {
            rest = after.get(1..).unwrap_or(&[]);
        } else if wrapper.flags.contains(&text) {
            rest = after;
        } else if text.starts_with('-') || (wrapper.assigns && text.contains('=')) {
            findings.cannot_tell("an option that may change what runs");
            return Unwrapped::Nothing;
        } else if operands > 0 {
            operands -= 1;
            rest = after;
        } else {
            return wrapped(program, rest, findings);
        }
    }
    bare_wrapper(program, findings);
    Unwrapped::Nothing
}

/// `xargs` adds arguments that nobody knows, so the program must not have a dangerous option.
fn wrapped<'a>(program: &str, command: &'a [ShellWord], findings: &mut Findings) -> Unwrapped<'a> {
    let inner = command.first().and_then(ShellWord::exact).unwrap_or("");
    if program == "xargs" && !tables::is_harmless(inner) {
        findings.does(Executes, "arguments from its input to a program that may act on them");
        return Unwrapped::Nothing;
    }
    Unwrapped::Command(command)
}

fn bare_wrapper(program: &str, findings: &mut Findings) {
    match program {
        "env" => {
            findings.does(Reads, "env");
            findings.touches_secret("the environment often holds secrets");
        }
        "xargs" | "time" | "command" | "builtin" => findings.does(Reads, program),
        _ => findings.cannot_tell("a wrapper without a command"),
    }
}

fn judge_program(program: &str, words: &[ShellWord], findings: &mut Findings) {
    note_secrets(program, words, findings);
    if tables::is_harmless(program) {
        return findings.does(Reads, program);
    }
    if let Some(dangerous) = tables::dangerous_options(program) {
        return judge_options(program, words, dangerous, findings);
    }
    if let Some((effect, grave)) = tables::known_effect(program) {
        return if grave {
            findings.does_gravely(effect, program);
        } else {
            findings.does(effect, program);
        };
    }
    let is_known = scripts::judge(program, words, findings)
        || git::judge(program, words, findings)
        || cloud::judge(program, words, findings);
    if !is_known {
        findings.does(Executes, "a program that is not known to only read");
    }
}

fn judge_options(program: &str, words: &[ShellWord], dangerous: &[&str], findings: &mut Findings) {
    if options::may_have(words, dangerous) {
        findings
            .does(Executes, format!("{program} with an option that may write or run something"));
    } else {
        findings.does(Reads, program);
    }
}

/// Reads of credentials count whatever the program is. `echo` and `printf` open nothing.
fn note_secrets(program: &str, words: &[ShellWord], findings: &mut Findings) {
    if matches!(program, "echo" | "printf" | "ls" | "stat" | "test" | "[") {
        return;
    }
    let shows_environment = |word: &ShellWord| {
        let text = word.written();
        text.contains("$ENV")
            || text.trim_start().starts_with("env")
            || [" env", "|env", "(env", "[env"].iter().any(|term| text.contains(term))
    };
    if program == "printenv" || program == "jq" && words.iter().any(shows_environment) {
        findings.touches_secret("the environment often holds secrets");
    }
    for word in words {
        let text = word.written();
        let value = text.split_once('=').map_or(text, |(_, value)| value);
        if let Some(reason) = path::secret(value.trim_start_matches(['@', '<'])) {
            findings.touches_secret(reason);
        }
    }
}
