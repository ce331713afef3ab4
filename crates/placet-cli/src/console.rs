//! The one place where anything is written to the terminal.
//!
//! Results go to standard output, everything about them to standard error. With `--json` both are
//! JSON. Colours are there only on a terminal that wants them, or when `--color` says so.

use std::io::{self, BufWriter, IsTerminal as _, Write};

use anstream::AutoStream;
use anstyle::{AnsiColor, Style};
use serde::Serialize;
use unicode_width::UnicodeWidthStr as _;

use crate::cli::ColorWhen;
use crate::escape;
use crate::failure::Report;

/// Something allowed, or a success.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
/// Something held, or a warning.
pub(crate) const HELD: Style = AnsiColor::Yellow.on_default();
/// Something blocked, or an error.
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
/// What matters less.
pub(crate) const FAINT: Style = Style::new().dimmed();
/// Headings.
pub(crate) const STRONG: Style = Style::new().bold();

/// Columns that are assumed where nobody says how wide the terminal is.
const DEFAULT_WIDTH: usize = 120;

/// Fewest columns that tables are laid out for: on a narrower terminal lines wrap.
const LEAST_WIDTH: usize = 72;

/// How this process talks to whoever started it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Console {
    json: bool,
    color: anstream::ColorChoice,
}

impl Console {
    pub(crate) fn new(json: bool, color: ColorWhen) -> Self {
        let color = match color {
            ColorWhen::Auto => anstream::ColorChoice::Auto,
            ColorWhen::Always => anstream::ColorChoice::AlwaysAnsi,
            ColorWhen::Never => anstream::ColorChoice::Never,
        };
        Self { json, color }
    }

    /// Whether the output is for programs.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// Whether a person looks at the results as they come.
    pub(crate) fn is_terminal(&self) -> bool {
        io::stdout().is_terminal()
    }

    /// Whether standard error wants colours.
    pub(crate) fn has_colors(&self) -> bool {
        let choice = match self.color {
            anstream::ColorChoice::Auto => AutoStream::choice(&io::stderr()),
            given => given,
        };
        choice != anstream::ColorChoice::Never
    }

    /// Standard output for text, with styles where they are wanted.
    pub(crate) fn out(&self) -> BufWriter<AutoStream<io::Stdout>> {
        BufWriter::new(AutoStream::new(io::stdout(), self.color))
    }

    /// Standard output for JSON and other text that must arrive byte for byte.
    pub(crate) fn plain(&self) -> BufWriter<io::Stdout> {
        BufWriter::new(io::stdout())
    }

    /// Prints one JSON value as a line.
    pub(crate) fn value(&self, value: &impl Serialize) -> io::Result<()> {
        let mut out = self.plain();
        serde_json::to_writer(&mut out, value)?;
        writeln!(out)?;
        out.flush()
    }

    /// Prints text.
    pub(crate) fn text(&self, text: &str) -> io::Result<()> {
        let mut out = self.out();
        out.write_all(text.as_bytes())?;
        out.flush()
    }

    /// Prints bytes as they are.
    pub(crate) fn bytes(&self, bytes: &[u8]) -> io::Result<()> {
        let mut out = self.plain();
        out.write_all(bytes)?;
        out.flush()
    }

    /// Tells the user something that is no result, on standard error.
    pub(crate) fn note(&self, text: &str) {
        if !self.json {
            let mut err = AutoStream::new(io::stderr(), self.color);
            // Without standard error there is nobody to tell.
            drop(writeln!(err, "{text}"));
        }
    }

    /// Asks the user for something, on the same line.
    pub(crate) fn prompt(&self, text: &str) {
        let mut err = AutoStream::new(io::stderr(), self.color);
        drop(write!(err, "{text}").and_then(|()| err.flush()));
    }

    /// The same with a form for programs.
    pub(crate) fn note_value(&self, text: &str, value: &impl Serialize) {
        if self.json {
            let json = serde_json::to_string(value).unwrap_or_default();
            drop(writeln!(io::stderr(), "{json}"));
        } else {
            self.note(text);
        }
    }

    /// Tells the user why the command stopped.
    pub(crate) fn report(&self, report: &Report) {
        if self.json {
            let json = report_json(report).to_string();
            drop(writeln!(io::stderr(), "{json}"));
        } else {
            self.note(report_text(report).trim_end());
        }
    }

    /// How many columns a line may have.
    pub(crate) fn width(&self) -> usize {
        let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
        let actual = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
        columns.or(actual).unwrap_or(DEFAULT_WIDTH).max(LEAST_WIDTH)
    }
}

/// `text` in a style, padded to `width` columns: padding by characters would be wrong for text
/// that is wider than it is long.
pub(crate) fn cell(style: Style, text: &str, width: usize) -> String {
    let padding = " ".repeat(width.saturating_sub(text.width()));
    format!("{style}{text}{style:#}{padding}")
}

/// A number of things in words.
pub(crate) fn counted(count: u64, thing: &str) -> String {
    match (count, thing.strip_suffix("y"), thing.ends_with('s')) {
        (1, _, _) => format!("1 {thing}"),
        (_, Some(stem), _) => format!("{count} {stem}ies"),
        (_, None, true) => format!("{count} {thing}es"),
        (_, None, false) => format!("{count} {thing}s"),
    }
}

fn report_text(report: &Report) -> String {
    let mut text = format!("{BAD}error:{BAD:#} {}\n", escape::line(&report.error.to_string()));
    for cause in causes(report) {
        text.push_str(&format!("  {FAINT}because:{FAINT:#} {}\n", escape::line(&cause)));
    }
    if let Some(details) = &report.details {
        text.push_str(&details.text);
        text.push('\n');
    }
    if let Some(help) = &report.help {
        text.push_str(&format!("{STRONG}help:{STRONG:#} {}\n", escape::line(help)));
    }
    text
}

fn report_json(report: &Report) -> serde_json::Value {
    let mut json =
        serde_json::json!({ "error": report.error.to_string(), "status": report.status.code() });
    let causes = causes(report);
    if let Some(fields) = json.as_object_mut() {
        if !causes.is_empty() {
            fields.insert("causes".to_owned(), causes.into());
        }
        if let Some(help) = &report.help {
            fields.insert("help".to_owned(), help.as_str().into());
        }
        if let Some(details) = &report.details {
            fields.insert("details".to_owned(), details.json.clone());
        }
    }
    json
}

/// The causes behind the message, without those that the message before already spells out.
fn causes(report: &Report) -> Vec<String> {
    let mut said = report.error.to_string();
    let mut causes = Vec::new();
    for cause in report.error.chain().skip(1) {
        let cause = cause.to_string();
        if !said.contains(&cause) {
            causes.push(cause.clone());
        }
        said = cause;
    }
    causes
}
