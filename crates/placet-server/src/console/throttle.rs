//! How often somebody may try to sign in.
//!
//! Failures are counted for each name and for each address, in tables of a fixed size: two that
//! share a place are held up a little more, and no flood of made-up names makes room for one more
//! try. What is kept is the time at which a place is as good as new; each failure moves it on.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher as _, Hash};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Places in a table: 64 KB.
const PLACES: usize = 4096;

/// How long a failure counts.
const COUNTS_FOR: Duration = Duration::from_secs(60);

/// Failures of one name after which it waits. A person who has forgotten their password tries fewer
/// at a time, and a program that guesses gets one try a minute.
const OF_A_NAME: u32 = 10;

/// The same for one address, behind which there may be a whole office.
const OF_AN_ADDRESS: u32 = 60;

/// Counts failures to sign in.
#[derive(Debug)]
pub(crate) struct Throttle {
    names: Table,
    addresses: Table,
}

impl Default for Throttle {
    fn default() -> Self {
        Self { names: Table::new(OF_A_NAME), addresses: Table::new(OF_AN_ADDRESS) }
    }
}

impl Throttle {
    /// Takes one try away, before it is known whether it fails.
    ///
    /// # Errors
    /// How long to wait, when there is none left.
    pub(crate) fn attempt(&self, name: &str, address: &impl Hash) -> Result<(), Duration> {
        let now = Instant::now();
        // Names that are told apart by their case only are one: there are no more tries for them.
        let name = name.trim().to_lowercase();
        self.addresses.count(address, now)?;
        self.names.count(&name, now)
    }

    /// Gives the try back after a success.
    pub(crate) fn forgive(&self, name: &str, address: &impl Hash) {
        self.addresses.give_back(address);
        self.names.give_back(&name.trim().to_lowercase());
    }
}

#[derive(Debug)]
struct Table {
    most: u32,
    hasher: RandomState,
    places: Mutex<Vec<Option<Instant>>>,
}

impl Table {
    fn new(most: u32) -> Self {
        Self { most, hasher: RandomState::new(), places: Mutex::new(vec![None; PLACES]) }
    }

    fn count(&self, of: &impl Hash, now: Instant) -> Result<(), Duration> {
        let counted = self.at(of, |place| {
            let clear = place.map_or(now, |clear| clear.max(now));
            let ahead = clear.duration_since(now);
            let room = COUNTS_FOR.saturating_mul(self.most.saturating_sub(1));
            if ahead > room {
                return Err(ahead.saturating_sub(room));
            }
            *place = clear.checked_add(COUNTS_FOR);
            Ok(())
        });
        counted.unwrap_or(Err(COUNTS_FOR))
    }

    fn give_back(&self, of: &impl Hash) {
        self.at(of, |place| *place = place.and_then(|clear| clear.checked_sub(COUNTS_FOR)));
    }

    fn at<T>(&self, of: &impl Hash, act: impl FnOnce(&mut Option<Instant>) -> T) -> Option<T> {
        let size = u64::try_from(PLACES).unwrap_or(1);
        let index = usize::try_from(self.hasher.hash_one(of) % size).unwrap_or_default();
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        places.get_mut(index).map(act)
    }
}
