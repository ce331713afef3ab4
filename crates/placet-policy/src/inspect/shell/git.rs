//! git: a program for each subcommand.

use super::super::argument::Findings;
use super::super::effect::Effect::{Deletes, Executes, Reads, Writes};
use super::options::{exact, may_have, operands};
use super::word::ShellWord;

/// Subcommands that look. Each may be followed by anything but an option that writes or runs.
const READING: &[&str] = &[
    "blame",
    "cat-file",
    "check-ignore",
    "cherry",
    "count-objects",
    "describe",
    "diff",
    "diff-index",
    "diff-tree",
    "for-each-ref",
    "grep",
    "log",
    "ls-files",
    "ls-tree",
    "merge-base",
    "name-rev",
    "rev-list",
    "rev-parse",
    "shortlog",
    "show",
    "show-ref",
    "status",
    "version",
    "whatchanged",
];

const DANGEROUS: &[&str] =
    &["--output", "--ext-diff", "-O", "--open-files-in-pager", "--upload-pack", "--exec"];

/// Subcommands that look as long as these are all the words after them.
const LISTING: &[(&str, &[&str])] = &[
    (
        "branch",
        &[
            "-a",
            "-r",
            "-v",
            "-vv",
            "--list",
            "-l",
            "--all",
            "--remotes",
            "--show-current",
            "--verbose",
        ],
    ),
    ("tag", &["-l", "--list", "-n"]),
    ("remote", &["-v", "--verbose", "show", "get-url", "origin", "upstream"]),
    ("stash", &["list", "show"]),
    ("worktree", &["list", "--porcelain"]),
    ("submodule", &["status"]),
    ("config", &["--list", "-l", "--global", "--local", "--system", "--show-origin"]),
    ("reflog", &["show"]),
];

/// Judges a `git` command.
pub(super) fn judge(program: &str, words: &[ShellWord], findings: &mut Findings) -> bool {
    if program != "git" {
        return false;
    }
    let words = without_globals(words);
    match words.split_first().and_then(|(first, rest)| Some((first.exact()?, rest))) {
        None => findings.cannot_tell("a git command that is not known"),
        Some((option, _)) if option.starts_with('-') && option != "--version" => {
            findings.does(Executes, "git with an option that may run something");
        }
        Some((subcommand, rest)) => judge_subcommand(subcommand, rest, findings),
    }
    true
}

/// `--no-pager` comes before the subcommand and changes nothing about it. `-C dir` does: the
/// repository there may have a configuration that names programs to run.
fn without_globals(words: &[ShellWord]) -> &[ShellWord] {
    let mut rest = words;
    loop {
        match rest {
            [option, after @ ..] if option.exact() == Some("--no-pager") => rest = after,
            _ => return rest,
        }
    }
}

fn judge_subcommand(subcommand: &str, words: &[ShellWord], findings: &mut Findings) {
    let reads = if READING.contains(&subcommand) {
        !may_have(words, DANGEROUS)
    } else {
        subcommand == "--version" || lists(subcommand, words)
    };
    if reads {
        return findings.does(Reads, format!("git {subcommand}"));
    }
    let has = |flags: &[&str]| words.iter().any(|word| flags.contains(&word.known()));
    match subcommand {
        "push"
            if has(&["-f", "--force", "--force-with-lease", "--mirror", "--delete", "-d"])
                || has_refspec_force(words) =>
        {
            findings.does_gravely(Deletes, "git push that rewrites or deletes");
        }
        "reset" if has(&["--hard"]) => findings.does_gravely(Deletes, "git reset --hard"),
        "clean" | "rm" | "prune" | "gc" | "filter-branch" | "filter-repo" => {
            findings.does_gravely(Deletes, format!("git {subcommand}"));
        }
        "branch" | "tag" if has(&["-d", "-D", "--delete"]) => {
            findings.does(Deletes, format!("git {subcommand} -d"));
        }
        _ if READING.contains(&subcommand) => {
            findings.does(
                Executes,
                format!("git {subcommand} with an option that may write or run something"),
            );
        }
        _ => findings.does(Writes, "a git command that is not known to only read"),
    }
}

fn lists(subcommand: &str, words: &[ShellWord]) -> bool {
    let Some(words) = exact(words) else { return false };
    let gets = subcommand == "config" && matches!(*words, ["--get" | "--get-all" | "get", _]);
    let allowed = LISTING.iter().find(|(name, _)| *name == subcommand).map(|(_, allowed)| *allowed);
    let needs_word =
        matches!(subcommand, "stash" | "submodule" | "config" | "worktree") && words.is_empty();
    gets || allowed
        .is_some_and(|allowed| !needs_word && words.iter().all(|word| allowed.contains(word)))
}

fn has_refspec_force(words: &[ShellWord]) -> bool {
    operands(words).any(|word| word.known().starts_with(['+', ':']))
}
