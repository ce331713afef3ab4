//! Whether the log is ahead of the machine's clock, for whoever runs the daemon.
//!
//! The time of a log goes on by itself where the clock was set back, so nothing is wrong with what is
//! decided; but what the log says no longer is what the wall says, and only a person can tell why.

use std::sync::Arc;

use tokio::time::{MissedTickBehavior, interval};

use crate::app::App;
use crate::limits::{CLOCK_LOOKS_EVERY, CLOCK_TOLERANCE};

/// Says once that the log is ahead, and once that it is no more, for as long as the daemon works.
pub(crate) async fn follow(app: Arc<App>) {
    let mut looks = interval(CLOCK_LOOKS_EVERY);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut is_ahead = false;
    loop {
        looks.tick().await;
        let ahead = app.guard.log().ahead();
        if is_ahead == (ahead > CLOCK_TOLERANCE) {
            continue;
        }
        is_ahead = !is_ahead;
        if is_ahead {
            tracing::error!(
                ahead_s = ahead.as_secs(),
                "the time of the log is ahead of this machine's clock, which was set back, or was ahead \
                 when the log was written; time in the log goes on from there, and what is to end ends \
                 when its length has passed: set the clock right, and see that it is kept so"
            );
        } else {
            tracing::info!("this machine's clock has caught up with the time of the log");
        }
    }
}
