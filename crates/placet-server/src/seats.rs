//! Places for those who wait: for people, or for what happens next.
//!
//! Each of them keeps a connection, so there are only so many. Nobody has a fixed share: a tenant
//! gets another place as long as it has fewer than are free. The first that comes may have half of
//! them, the next half of the rest, and however many keys a tenant has, and however many tenants
//! are greedy, whoever comes next finds a place.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use placet::{KeyId, TenantId};

use crate::wire::Problem;

/// When to ask for a place again.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Places for those who wait.
#[derive(Debug)]
pub(crate) struct Seats {
    most: usize,
    most_per_key: usize,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    total: usize,
    by_key: HashMap<KeyId, usize>,
    /// Those who run the daemon, who belong to no tenant, are one of them here.
    by_tenant: HashMap<Option<TenantId>, usize>,
}

/// A place among those who wait. Dropped, it is free again.
pub(crate) struct Seat {
    seats: Arc<Seats>,
    key: KeyId,
    tenant: Option<TenantId>,
}

impl Seats {
    pub(crate) fn new(most: usize, most_per_key: usize) -> Arc<Self> {
        Arc::new(Self { most, most_per_key, taken: Mutex::default() })
    }

    /// Takes a place, if there is one.
    pub(crate) fn take(
        self: &Arc<Self>,
        key: KeyId,
        tenant: Option<TenantId>,
    ) -> Result<Seat, Problem> {
        let mut taken = self.lock();
        let free = self.most.saturating_sub(taken.total);
        let [by_key, by_tenant] = [count(&taken.by_key, &key), count(&taken.by_tenant, &tenant)];
        if by_key >= self.most_per_key || by_tenant >= free {
            let detail = "too many requests wait already; ask without waiting";
            return Err(Problem::too_many(detail, RETRY_AFTER));
        }
        taken.total += 1;
        *taken.by_key.entry(key).or_default() += 1;
        *taken.by_tenant.entry(tenant.clone()).or_default() += 1;
        drop(taken);
        Ok(Seat { seats: Arc::clone(self), key, tenant })
    }

    /// How many are taken.
    pub(crate) fn taken(&self) -> usize {
        self.lock().total
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.seats.lock();
        taken.total = taken.total.saturating_sub(1);
        give_back(&mut taken.by_key, &self.key);
        give_back(&mut taken.by_tenant, &self.tenant);
    }
}

fn count<K: Hash + Eq>(of: &HashMap<K, usize>, who: &K) -> usize {
    of.get(who).copied().unwrap_or_default()
}

/// Forgets whoever has none any more.
fn give_back<K: Hash + Eq>(of: &mut HashMap<K, usize>, who: &K) {
    if let Some(count) = of.get_mut(who) {
        *count = count.saturating_sub(1);
        if *count == 0 {
            of.remove(who);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used, clippy::unwrap_used, reason = "tests")]

    use placet::KeyId;
    use uuid::Uuid;

    use super::{Seat, Seats};

    fn id(number: u128) -> KeyId {
        KeyId::new(Uuid::from_u128(number))
    }

    /// As many places as a tenant gets, each with a key of its own.
    fn greedy(seats: &std::sync::Arc<Seats>, tenant: &str) -> Vec<Seat> {
        let tenant = Some(tenant.parse().expect("a tenant"));
        let mut key = 0_u128;
        std::iter::from_fn(|| {
            key += 1;
            seats.take(id(key), tenant.clone()).ok()
        })
        .collect()
    }

    #[test]
    fn however_greedy_tenants_are_the_next_one_finds_a_place() {
        let seats = Seats::new(64, 64);
        let mut all = Vec::new();
        for (tenant, gets) in [("a", 32), ("b", 16), ("c", 8), ("d", 4), ("e", 2), ("f", 1)] {
            let taken = greedy(&seats, tenant);
            assert_eq!(taken.len(), gets, "{tenant}");
            all.push(taken);
        }
        // Who has some gets no more before places are given back; then everyone has a share again.
        assert!(greedy(&seats, "a").is_empty());
        all.remove(0);
        assert_eq!(greedy(&seats, "f").len(), 16);
        drop(all);
        assert_eq!(seats.taken(), 0);
        let taken = seats.lock();
        assert!(taken.by_key.is_empty() && taken.by_tenant.is_empty());
    }

    #[test]
    fn a_key_has_its_own_limit() {
        let seats = Seats::new(64, 2);
        let key = id(7);
        let _two = [seats.take(key, None).ok().unwrap(), seats.take(key, None).ok().unwrap()];
        assert!(seats.take(key, None).is_err());
        assert!(seats.take(id(8), None).is_ok());
    }
}
