//! Collects what is wrong with a file while it is read, and turns offsets into places.

use std::ops::Range;
use std::sync::Arc;

use super::diagnostic::{Diagnostic, Diagnostics, Severity};

/// A stretch of the file, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Span {
    start: usize,
    end: usize,
}

impl From<Range<usize>> for Span {
    fn from(range: Range<usize>) -> Self {
        Self { start: range.start, end: range.end }
    }
}

/// A value with its place.
#[derive(Clone, Debug)]
pub(crate) struct At<T> {
    pub(crate) value: T,
    pub(crate) span: Span,
}

/// Why a value is refused, and what to write instead; whoever knows the place reports it.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) message: String,
    pub(crate) remedy: String,
}

impl Fault {
    pub(crate) fn new(message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { message: message.into(), remedy: remedy.into() }
    }
}

/// What was found in one file so far.
pub(crate) struct Report<'t> {
    file: Arc<str>,
    text: &'t str,
    /// Where each line starts.
    lines: Vec<usize>,
    found: Vec<Diagnostic>,
}

impl<'t> Report<'t> {
    pub(crate) fn new(file: &str, text: &'t str) -> Self {
        let bom = text.len() - text.trim_start_matches('\u{feff}').len();
        let starts = text.match_indices('\n').map(|(at, _)| at + 1);
        Self {
            file: file.into(),
            text,
            lines: std::iter::once(bom).chain(starts).collect(),
            found: Vec::new(),
        }
    }

    pub(crate) fn error(
        &mut self,
        at: Span,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.add(Severity::Error, at, Fault::new(message, remedy));
    }

    pub(crate) fn warning(
        &mut self,
        at: Span,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.add(Severity::Warning, at, Fault::new(message, remedy));
    }

    pub(crate) fn fault(&mut self, at: Span, fault: Fault) {
        self.add(Severity::Error, at, fault);
    }

    /// A place in words, to name it in a message about another.
    pub(crate) fn place(&self, at: Span) -> String {
        let (line, column) = self.position(at.start);
        format!("line {line}, column {column}")
    }

    /// Everything, in the order of the lines.
    pub(crate) fn finish(mut self) -> Diagnostics {
        self.found.sort_by_key(|diagnostic| (diagnostic.line, diagnostic.column));
        self.found.into()
    }

    fn add(&mut self, severity: Severity, at: Span, fault: Fault) {
        let (line, column) = self.position(at.start);
        let marked = self.text.get(at.start..at.end).unwrap_or_default();
        let length = marked.lines().next().unwrap_or_default().chars().count().max(1);
        let Fault { message, remedy } = fault;
        let file = self.file.clone();
        self.found.push(Diagnostic { severity, file, line, column, length, message, remedy });
    }

    /// The line and the column of an offset, both from 1.
    fn position(&self, offset: usize) -> (usize, usize) {
        let line = self.lines.partition_point(|start| *start <= offset).max(1);
        let start = self.lines.get(line - 1).copied().unwrap_or_default();
        let before = self.text.get(start..offset).unwrap_or_default();
        (line, before.chars().count() + 1)
    }
}
