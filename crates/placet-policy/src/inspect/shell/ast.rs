//! The visit of a parsed command: everything that would run, and everything that would be opened.

use brush_parser::ast::{
    AndOr, AndOrList, Assignment, AssignmentName, AssignmentValue, Command,
    CommandPrefixOrSuffixItem, CompoundCommand, CompoundList, ExtendedTestExpr, IoFileRedirectKind,
    IoFileRedirectTarget, IoRedirect, Pipeline, Program, RedirectList, SimpleCommand, Word,
};
use brush_parser::{Parser, ParserOptions};

use super::super::argument::Findings;
use super::super::effect::Effect::{Executes, Reads, Sends, Writes};
use super::super::path;
use super::programs;
use super::word::{ShellWord, is_plain_sum, read, read_document};

/// Parses a command line, if it is one.
pub(super) fn parse(command: &str) -> Option<Program> {
    Parser::new(command.as_bytes(), &ParserOptions::default()).parse_program().ok()
}

/// Visits everything in a program.
pub(super) fn visit_program(program: &Program, depth: usize, findings: &mut Findings) {
    let mut visit = Visit { depth, findings };
    program.complete_commands.iter().for_each(|list| visit.list(list));
}

struct Visit<'a> {
    depth: usize,
    findings: &'a mut Findings,
}

impl Visit<'_> {
    fn list(&mut self, list: &CompoundList) {
        list.0.iter().for_each(|item| self.and_or(&item.0));
    }

    fn and_or(&mut self, list: &AndOrList) {
        self.pipeline(&list.first);
        for AndOr::And(pipeline) | AndOr::Or(pipeline) in &list.additional {
            self.pipeline(pipeline);
        }
    }

    fn pipeline(&mut self, pipeline: &Pipeline) {
        pipeline.seq.iter().for_each(|command| self.command(command));
    }

    fn command(&mut self, command: &Command) {
        match command {
            Command::Simple(simple) => self.simple(simple),
            Command::Compound(compound, redirects) => {
                self.compound(compound);
                self.redirects(redirects.as_ref());
            }
            Command::Function(function) => {
                self.compound(&function.body.0);
                self.redirects(function.body.1.as_ref());
                self.findings.cannot_tell("a function, whose name may hide another program");
            }
            Command::ExtendedTest(test, redirects) => {
                self.test(&test.expr);
                self.redirects(redirects.as_ref());
            }
        }
    }

    fn compound(&mut self, compound: &CompoundCommand) {
        match compound {
            CompoundCommand::Arithmetic(sum) => self.sum(&sum.expr.value),
            CompoundCommand::ArithmeticForClause(clause) => {
                let sums = [&clause.initializer, &clause.condition, &clause.updater];
                sums.into_iter().flatten().for_each(|sum| self.sum(&sum.value));
                self.list(&clause.body.list);
            }
            CompoundCommand::BraceGroup(group) => self.list(&group.list),
            CompoundCommand::Subshell(subshell) => self.list(&subshell.list),
            CompoundCommand::ForClause(clause) => {
                clause.values.iter().flatten().for_each(|word| self.expand(word));
                self.list(&clause.body.list);
            }
            CompoundCommand::CaseClause(clause) => {
                self.expand(&clause.value);
                for case in &clause.cases {
                    case.patterns.iter().for_each(|pattern| self.expand(pattern));
                    case.cmd.iter().for_each(|list| self.list(list));
                }
            }
            CompoundCommand::IfClause(clause) => {
                self.list(&clause.condition);
                self.list(&clause.then);
                for other in clause.elses.iter().flatten() {
                    other.condition.iter().for_each(|list| self.list(list));
                    self.list(&other.body);
                }
            }
            CompoundCommand::WhileClause(clause) | CompoundCommand::UntilClause(clause) => {
                self.list(&clause.0);
                self.list(&clause.1.list);
            }
            CompoundCommand::Coprocess(coprocess) => self.command(&coprocess.body),
        }
    }

    fn simple(&mut self, command: &SimpleCommand) {
        let mut words: Vec<ShellWord> = Vec::new();
        let prefix = command.prefix.iter().flat_map(|prefix| &prefix.0);
        prefix.for_each(|item| self.item(item, true, &mut words));
        words.extend(command.word_or_name.as_ref().map(|word| self.word(word)));
        let suffix = command.suffix.iter().flat_map(|suffix| &suffix.0);
        suffix.for_each(|item| self.item(item, false, &mut words));
        if !words.is_empty() {
            programs::judge(&words, self.findings);
        }
    }

    fn item(&mut self, item: &CommandPrefixOrSuffixItem, sets: bool, words: &mut Vec<ShellWord>) {
        match item {
            CommandPrefixOrSuffixItem::IoRedirect(redirect) => self.redirect(redirect),
            CommandPrefixOrSuffixItem::Word(word) => words.push(self.word(word)),
            CommandPrefixOrSuffixItem::AssignmentWord(assignment, _) if sets => {
                self.assignment(assignment);
            }
            CommandPrefixOrSuffixItem::AssignmentWord(assignment, word) => {
                self.assigned(&assignment.value);
                words.push(ShellWord::literal(&word.value));
            }
            CommandPrefixOrSuffixItem::ProcessSubstitution(_, subshell) => {
                self.list(&subshell.list);
                words.push(ShellWord::literal("/dev/fd/63"));
            }
        }
    }

    fn assignment(&mut self, assignment: &Assignment) {
        match &assignment.name {
            AssignmentName::VariableName(name) if is_harmless_variable(name) => {}
            AssignmentName::VariableName(_) => {
                self.findings.cannot_tell("a variable that may change what programs do");
            }
            AssignmentName::ArrayElementName(..) => {
                self.findings.cannot_tell("an assignment to an element");
            }
        }
        self.assigned(&assignment.value);
    }

    fn assigned(&mut self, value: &AssignmentValue) {
        match value {
            AssignmentValue::Scalar(word) => self.expand(word),
            AssignmentValue::Array(elements) => {
                for (index, word) in elements {
                    index.iter().for_each(|index| self.expand(index));
                    self.expand(word);
                }
            }
        }
    }

    fn redirects(&mut self, redirects: Option<&RedirectList>) {
        redirects.iter().flat_map(|list| &list.0).for_each(|redirect| self.redirect(redirect));
    }

    fn redirect(&mut self, redirect: &IoRedirect) {
        match redirect {
            IoRedirect::File(_, kind, target) => self.file(kind, target),
            IoRedirect::HereDocument(_, document) if document.requires_expansion => {
                read_document(&document.doc.value, self.depth, self.findings);
            }
            IoRedirect::HereDocument(..) => {}
            IoRedirect::HereString(_, word) => self.expand(word),
            IoRedirect::OutputAndError(word, _) => {
                let word = self.word(word);
                self.written(&word);
            }
        }
    }

    fn file(&mut self, kind: &IoFileRedirectKind, target: &IoFileRedirectTarget) {
        let word = match target {
            IoFileRedirectTarget::Fd(_) => return,
            IoFileRedirectTarget::ProcessSubstitution(_, subshell) => {
                return self.list(&subshell.list);
            }
            IoFileRedirectTarget::Filename(word) | IoFileRedirectTarget::Duplicate(word) => {
                self.word(word)
            }
        };
        let is_descriptor = word
            .exact()
            .is_some_and(|text| text.trim_end_matches('-').chars().all(|c| c.is_ascii_digit()));
        match kind {
            IoFileRedirectKind::Read => self.opened(&word),
            IoFileRedirectKind::DuplicateInput | IoFileRedirectKind::DuplicateOutput
                if is_descriptor => {}
            _ => self.written(&word),
        }
    }

    fn opened(&mut self, word: &ShellWord) {
        if is_network(word) {
            self.findings.does(Sends, "a redirection that opens a connection");
        }
        match word.exact().map(path::secret) {
            Some(Some(reason)) => self.findings.touches_secret(reason),
            Some(None) => {}
            None => self.findings.cannot_tell("a redirection from a computed name"),
        }
    }

    fn written(&mut self, word: &ShellWord) {
        if is_network(word) {
            self.findings.does(Sends, "a redirection that opens a connection");
        } else if !matches!(word.exact(), Some("/dev/null" | "/dev/stdout" | "/dev/stderr")) {
            self.findings.does(Writes, "a redirection into a file");
        }
    }

    /// `[[ a -eq b ]]` evaluates its words as arithmetic, which can run what is in them.
    fn test(&mut self, expr: &ExtendedTestExpr) {
        match expr {
            ExtendedTestExpr::And(left, right) | ExtendedTestExpr::Or(left, right) => {
                self.test(left);
                self.test(right);
            }
            ExtendedTestExpr::Not(inner) | ExtendedTestExpr::Parenthesized(inner) => {
                self.test(inner);
            }
            ExtendedTestExpr::UnaryTest(_, word) => self.tested(word),
            ExtendedTestExpr::BinaryTest(_, left, right) => {
                self.tested(left);
                self.tested(right);
            }
        }
        self.findings.does(Reads, "a test");
    }

    fn tested(&mut self, word: &Word) {
        let word = self.word(word);
        if word.exact().is_none_or(|text| text.contains(['[', '$', '`'])) {
            self.findings.cannot_tell("a test of a computed word");
        }
    }

    fn sum(&mut self, sum: &str) {
        if is_plain_sum(sum) {
            self.findings.does(Reads, "arithmetic");
        } else {
            self.findings.does(Executes, "arithmetic with names or expansions");
        }
    }

    fn expand(&mut self, word: &Word) {
        let _ = self.word(word);
    }

    fn word(&mut self, word: &Word) -> ShellWord {
        read(&word.value, self.depth, self.findings)
    }
}

fn is_network(word: &ShellWord) -> bool {
    word.known().starts_with("/dev/tcp") || word.known().starts_with("/dev/udp")
}

/// Variables of the script's own, and those of the environment that only change how things look.
fn is_harmless_variable(name: &str) -> bool {
    const PLAIN: [&str; 9] =
        ["LANG", "TZ", "COLUMNS", "LINES", "TERM", "NO_COLOR", "CI", "LANGUAGE", "FORCE_COLOR"];
    // What zsh ties to `PATH` and the like, or reads while it works, looks like the script's own.
    const TIED: [&str; 15] = [
        "path",
        "fpath",
        "cdpath",
        "manpath",
        "mailpath",
        "module_path",
        "fignore",
        "prompt",
        "psvar",
        "aliases",
        "functions",
        "commands",
        "options",
        "galiases",
        "saliases",
    ];
    if TIED.contains(&name) {
        return false;
    }
    let is_own = name.chars().any(|c| c.is_ascii_lowercase()) && !name.ends_with("_proxy");
    is_own || name.starts_with("LC_") || PLAIN.contains(&name)
}
