//! An event as a line that a tired person can read: when, how bad, what.
//!
//! ```text
//! 2026-11-20T21:04:14.123Z  POST /v1/actions 200  require_approval  0.8 ms  acme  key_0198…
//! 2026-11-20T21:04:15.002Z  error the policy from before still holds  why=the policy file has errors
//! ```

use std::fmt::{self, Debug};
use std::time::SystemTime;

use anstyle::Style;
use placet::Timestamp;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use crate::console::{BAD, FAINT, GOOD, HELD};
use crate::escape;

/// The target of the lines about requests.
const REQUEST: &str = "placet::request";

/// Writes events as lines.
pub(super) struct Line;

impl<S, N> FormatEvent<S, N> for Line
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let metadata = event.metadata();
        let text = if metadata.target() == REQUEST {
            request(&fields)
        } else {
            anything(*metadata.level(), &fields)
        };
        let line = format!("{FAINT}{}{FAINT:#}  {text}", now());
        if writer.has_ansi_escapes() {
            writeln!(writer, "{line}")
        } else {
            writeln!(writer, "{}", anstream::adapter::strip_str(&line))
        }
    }
}

/// The fields of an event as text, each safe to print.
#[derive(Default)]
struct Fields(Vec<(&'static str, String)>);

impl Fields {
    fn of(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(other, _)| *other == name).map(|(_, value)| value.as_str())
    }

    fn add(&mut self, field: &Field, value: &str) {
        self.0.push((field.name(), escape::line(value).into_owned()));
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.add(field, &format!("{value:?}"));
    }
}

fn request(fields: &Fields) -> String {
    let of = |name| fields.of(name).unwrap_or_default();
    let status = of("status");
    let style = match status.as_bytes().first() {
        Some(b'1'..=b'3') => GOOD,
        Some(b'4') => HELD,
        _ => BAD,
    };
    let mut text = format!("{} {} {style}{status}{style:#}", of("method"), of("path"));
    if let Some(verdict) = fields.of("verdict") {
        let style = verdict_style(verdict);
        text.push_str(&format!("  {style}{verdict}{style:#}"));
    }
    if let Some(would_have) = fields.of("would_have") {
        text.push_str(&format!(" {FAINT}(would have: {would_have}){FAINT:#}"));
    }
    text.push_str(&format!("  {}", time(of("took_us"))));
    for who in ["tenant", "key"] {
        if let Some(who) = fields.of(who) {
            text.push_str(&format!("  {FAINT}{who}{FAINT:#}"));
        }
    }
    if let Some(cause) = fields.of("cause") {
        text.push_str(&format!("  {FAINT}cause={FAINT:#}{cause}"));
    }
    text
}

fn anything(level: Level, fields: &Fields) -> String {
    let (style, word) = match level {
        Level::ERROR => (BAD, "error "),
        Level::WARN => (HELD, "warning "),
        _ => (Style::new(), ""),
    };
    let mut text = format!("{style}{word}{style:#}{}", fields.of("message").unwrap_or_default());
    for (name, value) in fields.0.iter().filter(|(name, _)| *name != "message") {
        text.push_str(&format!("  {FAINT}{name}={FAINT:#}{value}"));
    }
    text
}

fn verdict_style(verdict: &str) -> Style {
    match verdict {
        "allow" => GOOD,
        "require_approval" => HELD,
        _ => BAD,
    }
}

/// Microseconds as milliseconds with one digit behind the point.
fn time(micros: &str) -> String {
    let tenths = micros.parse::<u64>().map_or(0, |micros| micros.div_ceil(100));
    format!("{}.{} ms", tenths / 10, tenths % 10)
}

pub(super) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
