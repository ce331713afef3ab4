//! What is wrong with a file: where, what, and what to write instead.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::limits::{MAX_QUOTED_CHARS, MAX_SHOWN_CHARS};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The policy cannot be used.
    Error,
    /// The policy can be used, but perhaps does not say what was meant.
    Warning,
}

/// One thing that is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// The file's name, as it was given.
    pub file: Arc<str>,
    /// The line, from 1.
    pub line: usize,
    /// The column, in characters from 1.
    pub column: usize,
    /// How many characters of the line it concerns; at least 1.
    pub length: usize,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub remedy: String,
}

/// All that is wrong with a policy, in the order of its files and their lines.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Diagnostics(Vec<Diagnostic>);

impl Diagnostic {
    /// The message with the line it is about and a mark under the place.
    ///
    /// `source` is the text of the file. Characters that a terminal would obey or hide are shown
    /// as `·`, and a long line only around the place.
    #[must_use]
    pub fn render(&self, source: &str) -> String {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let line = source.split('\n').nth(self.line.saturating_sub(1)).unwrap_or_default();
        let line = line.strip_prefix('\u{feff}').unwrap_or(line);
        let excerpt = Excerpt::of(line.trim_end_matches('\r'), self.column, self.length);
        let number = self.line.to_string();
        let gutter = " ".repeat(number.len());
        format!(
            "{severity}: {message}\n{gutter}--> {file}:{number}:{column}\n{gutter} |\n\
             {number} | {text}\n{gutter} | {indent}{marks}\n{gutter} = help: {remedy}\n",
            message = self.message,
            file = self.file,
            column = self.column,
            text = excerpt.text,
            indent = " ".repeat(excerpt.indent),
            marks = "^".repeat(excerpt.marks),
            remedy = self.remedy,
        )
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, column, message, remedy, .. } = self;
        let severity = if self.severity == Severity::Warning { "warning: " } else { "" };
        write!(f, "{file}:{line}:{column}: {severity}{message}; {remedy}")
    }
}

impl Diagnostics {
    /// Each of them.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.0.iter()
    }

    /// Whether there is an error among them.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// All of them with the lines they are about.
    #[must_use]
    pub fn render(&self, source: &str) -> String {
        let rendered: Vec<String> =
            self.iter().map(|diagnostic| diagnostic.render(source)).collect();
        rendered.join("\n")
    }
}

impl From<Vec<Diagnostic>> for Diagnostics {
    fn from(diagnostics: Vec<Diagnostic>) -> Self {
        Self(diagnostics)
    }
}

impl From<Diagnostics> for Vec<Diagnostic> {
    fn from(diagnostics: Diagnostics) -> Self {
        diagnostics.0
    }
}

impl<'a> IntoIterator for &'a Diagnostics {
    type Item = &'a Diagnostic;
    type IntoIter = std::slice::Iter<'a, Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, diagnostic) in self.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write!(f, "{diagnostic}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Diagnostics {}

/// The part of a line that is shown, and where the marks go under it.
struct Excerpt {
    text: String,
    indent: usize,
    marks: usize,
}

impl Excerpt {
    fn of(line: &str, column: usize, length: usize) -> Self {
        let before = column.saturating_sub(1);
        let skipped = if line.chars().count() > MAX_SHOWN_CHARS {
            before.saturating_sub(MAX_SHOWN_CHARS / 4)
        } else {
            0
        };
        let mut text: String =
            line.chars().skip(skipped).take(MAX_SHOWN_CHARS).map(visible).collect();
        let (shown, indent) = (text.chars().count(), before - skipped);
        if skipped > 0 {
            text.insert(0, '…');
        }
        let indent = indent + usize::from(skipped > 0);
        Self { text, indent, marks: length.min(shown.saturating_sub(before - skipped)).max(1) }
    }
}

/// A character as one that takes exactly one place and does nothing else.
fn visible(c: char) -> char {
    match c {
        '\t' => ' ',
        c if c.escape_debug().len() == 1 || matches!(c, '"' | '\'' | '\\') => c,
        _ => '·',
    }
}

/// A text in quotes for a message: short, with everything that hides spelled out.
pub(crate) fn quote(text: &str) -> String {
    let mut quoted = String::from("\"");
    quoted.extend(text.chars().take(MAX_QUOTED_CHARS).flat_map(char::escape_debug));
    if text.chars().nth(MAX_QUOTED_CHARS).is_some() {
        quoted.push('…');
    }
    quoted.push('"');
    quoted
}
