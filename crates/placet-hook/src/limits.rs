//! Every limit with its reason.

use std::time::Duration;

/// Bytes of one event. What a call may hold is far less; an event after a call also holds all that
/// the tool said.
pub const MAX_EVENT_BYTES: usize = 16 * 1024 * 1024;

/// How long a hook waits for people when nobody says otherwise: some minutes, for the agent stands
/// still meanwhile. Who answers later is not late: the same call finds the approval again.
pub const DEFAULT_WAIT: Duration = Duration::from_secs(240);

/// Longest wait for people: the clients give up a hook that takes much longer.
pub const MAX_WAIT: Duration = Duration::from_secs(3000);

/// What a hook may take beside waiting for people: a log that is in use is waited for twelve seconds,
/// and a daemon that is just being replaced is asked again for three.
pub const OWN_TIME: Duration = Duration::from_secs(20);

/// Which part of that is for looking whether the policy is in shadow, when nothing was decided in the rest
/// of it: a quarter, so that a log in use is waited for as long as it should be.
pub(crate) const LOOK: u32 = 4;

/// What the client's time-out leaves after ours: several clients run the tool when theirs is over,
/// so it must never come to that.
pub const SPARE_TIME: Duration = Duration::from_secs(20);

/// What our command line allows our program beside its own time before it kills it. Half of what the client
/// then still waits, so that the answer comes in time however slowly it is written.
pub const LATE_TIME: Duration = Duration::from_secs(10);

/// How long a remembered call is kept: as long as an approval may stay open.
pub const REMEMBERED: Duration = Duration::from_secs(31 * 24 * 3600);

/// Longest reason that is given to a model: more of it would crowd out what it was doing.
pub const MAX_REASON_CHARS: usize = 2_000;

/// Largest settings file that is edited.
pub const MAX_SETTINGS_BYTES: u64 = 4 * 1024 * 1024;

/// How long a dry run of a hook may take before it counts as hung.
pub const DRY_RUN: Duration = Duration::from_secs(30);
