//! The time that a report is about.

use std::str::FromStr;
use std::time::{Duration, SystemTime};

use placet::Timestamp;
use placet_policy::parse_duration;
use serde::Serialize;

use crate::failure::Failure;

/// A time as people name it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Moment {
    /// So long ago.
    Ago(Duration),
    /// Then.
    At(Timestamp),
}

/// From a time until before another.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Window {
    /// The first moment that belongs to it.
    pub(super) since: Timestamp,
    /// The first that does not any more.
    pub(super) until: Timestamp,
}

impl FromStr for Moment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(ago) = parse_duration(text) {
            return Ok(Self::Ago(ago));
        }
        text.parse().map(Self::At).map_err(|_| {
            "write how long ago, like 7d, 24h or 90m, or a time, like 2026-01-31T09:30:00Z"
                .to_owned()
        })
    }
}

impl Moment {
    /// When that was, seen from now.
    pub(crate) fn before(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(at) => at,
            Self::Ago(ago) => {
                let ms = i64::try_from(ago.as_millis()).unwrap_or(i64::MAX);
                Timestamp::from_millis(now.as_millis().saturating_sub(ms))
            }
        }
    }
}

impl Window {
    pub(super) fn new(
        since: Moment,
        until: Option<Moment>,
        now: Timestamp,
    ) -> Result<Self, Failure> {
        // What was decided in this very millisecond is decided.
        let end = now.saturating_add(Duration::from_millis(1));
        let (since, until) = (since.before(now), until.map_or(end, |until| until.before(now)));
        if since >= until {
            return Err(Failure::usage(format!(
                "nothing lies between {since} and {until}; --since comes before --until"
            )));
        }
        Ok(Self { since, until })
    }

    pub(super) fn contains(&self, at: Timestamp) -> bool {
        self.since <= at && at < self.until
    }
}

pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
