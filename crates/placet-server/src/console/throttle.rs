//! How often somebody may try to sign in.
//!
//! Failures are counted for each name, for each address and for both together, in tables of a fixed size: two that
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

/// Failures of one name from one address after which it waits there. A person who has forgotten
/// their password tries fewer at a time, and a program that guesses gets one try a minute.
const OF_A_PAIR: u32 = 10;

/// The same for one address, behind which there may be a whole office.
const OF_AN_ADDRESS: u32 = 60;

/// The same for one name from anywhere. It is far above the first, so that somebody elsewhere who
/// fails on purpose does not keep its owner out.
const OF_A_NAME: u32 = 200;

/// Counts failures to sign in.
#[derive(Debug)]
pub(crate) struct Throttle {
    pairs: Table,
    addresses: Table,
    names: Table,
}

impl Default for Throttle {
    fn default() -> Self {
        Self {
            pairs: Table::new(OF_A_PAIR),
            addresses: Table::new(OF_AN_ADDRESS),
            names: Table::new(OF_A_NAME),
        }
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
        self.pairs.count(&(&name, address), now)?;
        self.addresses.count(address, now)?;
        self.names.count(&name, now)
    }

    /// Gives the try back that did not fail.
    pub(crate) fn forgive(&self, name: &str, address: &impl Hash) {
        let name = name.trim().to_lowercase();
        self.pairs.give_back(&(&name, address));
        self.addresses.give_back(address);
        self.names.give_back(&name);
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

#[cfg(test)]
mod tests {
    use super::{OF_A_PAIR, Throttle};

    fn exhaust(throttle: &Throttle, name: &str, address: u32) {
        for _ in 0..OF_A_PAIR {
            assert!(throttle.attempt(name, &address).is_ok());
        }
        assert!(throttle.attempt(name, &address).is_err());
    }

    #[test]
    fn who_fails_elsewhere_does_not_keep_the_owner_of_a_name_out() {
        let throttle = Throttle::default();
        exhaust(&throttle, "ana", 1);
        assert!(throttle.attempt("ana", &2).is_ok());
        assert!(throttle.attempt("ben", &1).is_ok());
    }

    #[test]
    fn a_name_is_not_tried_from_everywhere() {
        let throttle = Throttle::default();
        let tries = (0..400).filter(|address| throttle.attempt("ana", address).is_ok()).count();
        assert!((150..=200).contains(&tries), "{tries}");
    }

    #[test]
    fn what_did_not_fail_is_given_back() {
        let throttle = Throttle::default();
        for _ in 0..1_000 {
            assert!(throttle.attempt("ana", &1).is_ok());
            throttle.forgive("ana", &1);
        }
        exhaust(&throttle, "ana", 1);
    }
}
