//! What the daemon says while it works, on standard error: a line for each request and each thing
//! that went wrong, for people on a terminal and as JSON for programs. Never params, never secrets.

use std::io;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::EnvFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::reload::{self, Handle};
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, Registry, fmt};

mod line;
mod panic;

use crate::console::Console;
use crate::failure::Failure;
use line::Line;

/// The variable that says what is written, as `info` or `warn,placet::request=info`.
const VARIABLE: &str = "PLACET_TRACE";

/// What is written when nothing is said.
const DEFAULT: &str = "info";

/// From silence to everything.
const LADDER: [LevelFilter; 6] = [
    LevelFilter::OFF,
    LevelFilter::ERROR,
    LevelFilter::WARN,
    LevelFilter::INFO,
    LevelFilter::DEBUG,
    LevelFilter::TRACE,
];

/// How much is written, which can change while the daemon runs.
pub(crate) struct Levels {
    handle: Handle<EnvFilter, Registry>,
    /// What was asked for at the start.
    begun_with: String,
    start: usize,
    now: usize,
}

/// Begins to write.
pub(crate) fn start(console: &Console) -> Result<Levels, Failure> {
    let begun_with = std::env::var(VARIABLE).unwrap_or_else(|_| DEFAULT.to_owned());
    let wrong = |why: &str| {
        Failure::usage(format!("{VARIABLE} is {begun_with:?}, which says nothing: {why}"))
            .help("write error, warn, info, debug or trace, or a list as warn,placet::request=info")
    };
    let filter = EnvFilter::try_new(&begun_with).map_err(|error| wrong(&error.to_string()))?;
    // A word alone would be the name of a part of the daemon, and all others would be silent.
    if let Some(word) = directives(&begun_with).find(|it| !it.contains('=') && level(it).is_none())
    {
        return Err(wrong(&format!("{word:?} is no level")));
    }
    // Nothing at all means errors; a list without a level means nothing but what it names.
    let silent = match directives(&begun_with).next() {
        None => LevelFilter::ERROR,
        Some(_) => LevelFilter::OFF,
    };
    let start = rung(directives(&begun_with).filter_map(level).last().unwrap_or(silent));
    let (filter, handle) = reload::Layer::new(filter);
    let layer = fmt::layer().with_writer(io::stderr).with_ansi(console.has_colors());
    if console.is_json() {
        panic::write_as_json(io::stderr);
    }
    let layer = match console.is_json() {
        true => layer.json().flatten_event(true).with_filter(None::<LevelFilter>).boxed(),
        false => layer.event_format(Line).with_filter(None::<LevelFilter>).boxed(),
    };
    tracing_subscriber::registry()
        .with(filter)
        .with(layer)
        .try_init()
        .map_err(Failure::unusable)?;
    Ok(Levels { handle, begun_with, start, now: start })
}

impl Levels {
    /// Writes more from here on.
    pub(crate) fn more(&mut self) {
        self.step((self.now + 1).min(LADDER.len() - 1));
    }

    /// Writes less from here on.
    pub(crate) fn less(&mut self) {
        self.step(self.now.saturating_sub(1));
    }

    fn step(&mut self, to: usize) {
        let is_less = to < self.now;
        self.now = to;
        let directives = self.directives(to);
        let Ok(filter) = EnvFilter::try_new(&directives) else { return };
        // At a level of its own, so that it is read even where little else is; and while more is
        // written, because afterwards it may be nothing.
        let say = || tracing::error!(target: "placet::trace", level = %directives, "the level has changed");
        if is_less {
            say();
        }
        if self.handle.reload(filter).is_ok() && !is_less {
            say();
        }
    }

    /// What is written at a rung. Back at the start, what was asked for then holds again, with all its
    /// exceptions; above it, the exceptions by which some parts write even more.
    fn directives(&self, to: usize) -> String {
        if to == self.start {
            return self.begun_with.clone();
        }
        let level = LADDER.get(to).copied().unwrap_or(LevelFilter::TRACE).to_string();
        let writes_more = |directive: &&str| {
            let of = directive.rsplit_once('=').and_then(|(_, of)| self::level(of));
            to > self.start && of.is_some_and(|of| rung(of) > to)
        };
        let exceptions = directives(&self.begun_with).filter(writes_more);
        std::iter::once(level.as_str()).chain(exceptions).collect::<Vec<_>>().join(",")
    }
}

/// What a filter says, part by part.
fn directives(filter: &str) -> impl Iterator<Item = &str> {
    filter.split(',').map(str::trim).filter(|part| !part.is_empty())
}

fn level(word: &str) -> Option<LevelFilter> {
    word.parse().ok()
}

fn rung(level: LevelFilter) -> usize {
    LADDER.iter().position(|rung| *rung == level).unwrap_or_default()
}
