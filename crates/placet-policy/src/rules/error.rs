//! What is wrong with a rule, where, and what to write instead.

use std::fmt;

use super::limits;

/// Something wrong with the rules of a policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{problem}", At(.place.as_ref()))]
pub struct RuleError {
    /// Where it is, unless it concerns the policy as a whole.
    pub place: Option<Place>,
    /// What it is.
    pub problem: RuleProblem,
}

/// A place in a file of rules.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The name of the file, as it was given.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1, in characters.
    pub column: usize,
}

/// What can be wrong with a rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleProblem {
    /// A `permit`.
    #[error(
        "this is a permit, but rules can only tighten; write a forbid with \
         @verdict(\"require_approval\") or @verdict(\"block\") for what should not pass"
    )]
    Permit,
    /// A `?principal` or `?resource`.
    #[error(
        "a rule cannot have a slot such as ?principal; name who or what is meant, \
         as in principal == Agent::\"helpdesk\""
    )]
    Slot,
    /// An annotation that every rule needs.
    #[error("the rule has no @{name}; write {example} before its forbid")]
    MissingAnnotation {
        /// Its name.
        name: &'static str,
        /// How it could read.
        example: &'static str,
    },
    /// An annotation that no rule has.
    #[error("{0:?} is not an annotation of a rule; write @id, @verdict or @reason, or remove it")]
    UnknownAnnotation(String),
    /// A verdict that a rule cannot have.
    #[error("{0:?} is not the verdict of a rule; write \"require_approval\" or \"block\"")]
    Verdict(String),
    /// An annotation whose text cannot be shown in one line.
    #[error(
        "@{0} is empty or has control characters in it; write one line of text for the people \
         who will read it"
    )]
    Text(&'static str),
    /// An annotation that is too long.
    #[error("@{name} is {bytes} bytes long; shorten it to {limit}")]
    LongText {
        /// Which annotation.
        name: &'static str,
        /// How long it is.
        bytes: usize,
        /// How long it may be.
        limit: usize,
    },
    /// Two rules with one id.
    #[error(
        "another rule is called {id:?} too, the one in {first}; give this one an @id of its own"
    )]
    DuplicateId {
        /// The id.
        id: String,
        /// Where the first of them is.
        first: String,
    },
    /// Not Cedar.
    #[error("{message}; {remedy}")]
    Syntax {
        /// What the parser says.
        message: String,
        /// What to do.
        remedy: String,
    },
    /// Cedar, but not in terms of this policy's classes.
    #[error("{message}; {remedy}")]
    Invalid {
        /// What the validator says.
        message: String,
        /// What to do.
        remedy: String,
    },
    /// An action that is no class of the policy.
    #[error("no class of the policy is called {name:?}; {remedy}")]
    UnknownAction {
        /// Its name.
        name: String,
        /// What to do.
        remedy: String,
    },
    /// A rule that can never apply.
    #[error(
        "the rule can never apply: its condition is false for every action that it covers; \
         correct the condition or remove the rule"
    )]
    Impossible,
    /// A class whose name has another meaning in rules.
    #[error(
        "a class cannot be called {0:?}, because rules use that name for something else; \
         write a pattern, such as {pattern:?}", pattern = format!("{}*", .0)
    )]
    ReservedClass(String),
    /// A file beyond its limit.
    #[error(
        "the file is {bytes} bytes long; split it into files of at most {}",
        limits::MAX_RULES_FILE_BYTES
    )]
    LongFile {
        /// How long it is.
        bytes: usize,
    },
    /// A rule beyond its limit.
    #[error(
        "the rule is {bytes} bytes long; split it into rules of at most {}",
        limits::MAX_RULE_BYTES
    )]
    LongRule {
        /// How long it is.
        bytes: usize,
    },
    /// A rule with too many operators.
    #[error(
        "the rule has {operators} operators, brackets and dots; split it into rules with at most {}",
        limits::MAX_RULE_OPERATORS
    )]
    DenseRule {
        /// How many it has.
        operators: usize,
    },
    /// A rule that is nested too deeply.
    #[error(
        "the rule nests its brackets and ifs {depth} deep; split it into rules with at most {}",
        limits::MAX_RULE_NESTING
    )]
    DeepRule {
        /// How deeply it is nested.
        depth: usize,
    },
    /// Too many rules.
    #[error("there are more than {} rules; merge or remove some", limits::MAX_RULES)]
    ManyRules,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// A place with its separator, or nothing.
struct At<'a>(Option<&'a Place>);

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |place| write!(f, "{place}: "))
    }
}

/// A file of rules, as it was given.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) name: &'a str,
    pub(super) text: &'a str,
    /// Where each line begins, in bytes: every rule asks for its place.
    pub(super) lines: &'a [usize],
}

/// Where each line of a text begins, in bytes.
pub(super) fn line_starts(text: &str) -> Vec<usize> {
    let newlines = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
    std::iter::once(0).chain(newlines.map(|(at, _)| at + 1)).collect()
}

impl Source<'_> {
    /// The place of a byte of the file.
    pub(super) fn place(&self, at: usize) -> Place {
        let line = self.lines.partition_point(|start| *start <= at).max(1);
        let start = self.lines.get(line - 1).copied().unwrap_or_default();
        let before = self.text.get(start..at).unwrap_or_default();
        Place { file: self.name.to_owned(), line, column: before.chars().count() + 1 }
    }

    pub(super) fn error(&self, at: usize, problem: RuleProblem) -> RuleError {
        RuleError { place: Some(self.place(at)), problem }
    }
}
