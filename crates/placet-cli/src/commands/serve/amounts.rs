//! How much the daemon takes, as far as its operator says so.

use std::fmt::Display;
use std::num::NonZeroU32;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use clap::Args;
use placet_server::Limits;
use placet_server::limits::{MAX_CONNECTIONS, MAX_RATE, MAX_STOP_TIME};

/// How many times as many requests a network without a key may send at once as it may a second.
const TWICE: NonZeroU32 = NonZeroU32::MIN.saturating_add(1);

/// How much it takes. What is not said is as [`Limits::default`] has it.
#[derive(Debug, Args)]
pub(super) struct Amounts {
    /// Requests a second that one key may send for long
    #[arg(long, value_name = "N", default_value_t = Limits::default().requests_per_second)]
    #[arg(value_parser = rate)]
    rate: NonZeroU32,

    /// Requests that one key may send at once on top of that
    #[arg(long, value_name = "N", default_value_t = Limits::default().burst)]
    #[arg(value_parser = rate)]
    burst: NonZeroU32,

    /// Requests a second that one network may send for long without a key, and twice as many at once
    #[arg(long, value_name = "N", default_value_t = Limits::default().strangers_per_second)]
    #[arg(value_parser = rate)]
    rate_without_key: NonZeroU32,

    /// Most open connections; of those with a request in the works no tenant gets more than half
    #[arg(long, value_name = "N", default_value_t = Limits::default().connections)]
    #[arg(value_parser = connections)]
    max_connections: usize,

    /// Most requests that wait for people, and event streams; never more than half of the connections
    #[arg(long, value_name = "N", default_value_t = Limits::default().waits)]
    #[arg(value_parser = connections)]
    max_waits: usize,

    /// Largest body of a request, in bytes; a policy may always be larger
    #[arg(long, value_name = "BYTES", default_value_t = Limits::default().body_bytes)]
    #[arg(value_parser = body_bytes)]
    max_body: usize,

    /// How long it may take to stop; less than whoever starts and stops it waits
    #[arg(long, value_name = "SECONDS", default_value_t = Limits::default().stop_time.as_secs())]
    #[arg(value_parser = stop_seconds)]
    stop_within: u64,
}

fn rate(text: &str) -> Result<NonZeroU32, String> {
    within(text, "", NonZeroU32::MIN..=MAX_RATE)
}

fn connections(text: &str) -> Result<usize, String> {
    within(text, "", 1..=MAX_CONNECTIONS)
}

/// More than the default would not be read: no larger document is.
fn body_bytes(text: &str) -> Result<usize, String> {
    within(text, " of bytes", 1..=Limits::default().body_bytes)
}

fn stop_seconds(text: &str) -> Result<u64, String> {
    within(text, " of seconds", 1..=MAX_STOP_TIME.as_secs())
}

fn within<N: FromStr + PartialOrd + Display>(
    text: &str,
    what: &str,
    range: RangeInclusive<N>,
) -> Result<N, String> {
    let number = text.parse().ok().filter(|number| range.contains(number));
    let (least, most) = range.into_inner();
    number.ok_or_else(|| format!("write a number{what} from {least} to {most}"))
}

impl From<Amounts> for Limits {
    fn from(amounts: Amounts) -> Self {
        Self {
            requests_per_second: amounts.rate,
            burst: amounts.burst,
            strangers_per_second: amounts.rate_without_key,
            strangers_burst: amounts.rate_without_key.saturating_mul(TWICE),
            connections: amounts.max_connections,
            waits: amounts.max_waits,
            body_bytes: amounts.max_body,
            stop_time: Duration::from_secs(amounts.stop_within),
            ..Self::default()
        }
    }
}
