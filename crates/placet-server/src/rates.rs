//! How often someone may ask.
//!
//! A key has a rate, so that no agent feels another. A tenant has one as well, for all its keys
//! together: keys are easy to make, and a thousand of them must not weigh as much as a thousand
//! tenants. What people do about software, in the console or by a kill switch, has one apart: agents that
//! send too much can be stopped. Whoever shows no key has one for the network that they come from.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher as _, Hash};
use std::num::NonZeroU32;

use governor::clock::{Clock, DefaultClock};
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};
use placet::{KeyId, TenantId};

use crate::connection::Peer;
use crate::limits::{KEYS_WORTH_OF_A_TENANT, Limits, STRANGERS_TOLD_APART};
use crate::wire::Problem;

/// How often someone may ask.
pub(crate) struct Rates {
    keys: Rate<KeyId>,
    tenants: Rate<TenantId>,
    /// What people of a tenant do about its software, which must not be in their way.
    people: Rate<TenantId>,
    /// By a number that stands for where they come from, of which there are only so many.
    strangers: Rate<u64>,
    hasher: RandomState,
}

/// One rate for each of many.
struct Rate<K: Hash + Eq + Clone> {
    limiter: RateLimiter<K, HashMapStateStore<K>, DefaultClock>,
    clock: DefaultClock,
    per_second: NonZeroU32,
}

impl Rates {
    pub(crate) fn new(limits: &Limits) -> Self {
        let (rate, burst) = (limits.requests_per_second, limits.burst);
        let all = |of: NonZeroU32| of.saturating_mul(KEYS_WORTH_OF_A_TENANT);
        Self {
            keys: Rate::new(rate, burst),
            tenants: Rate::new(all(rate), all(burst)),
            people: Rate::new(all(rate), all(burst)),
            strangers: Rate::new(limits.strangers_per_second, limits.strangers_burst),
            hasher: RandomState::new(),
        }
    }

    /// Counts a request, which is one of the tenant's software or of its people. What its key may not
    /// send does not count for its tenant.
    pub(crate) fn admit(
        &self,
        key: KeyId,
        tenant: Option<&TenantId>,
        of_people: bool,
    ) -> Result<(), Problem> {
        self.keys.count(&key, "key")?;
        let rate = if of_people { &self.people } else { &self.tenants };
        tenant.map_or(Ok(()), |tenant| rate.count(tenant, "tenant"))
    }

    /// Counts a request without a key.
    pub(crate) fn admit_stranger(&self, from: Peer) -> Result<(), Problem> {
        let place = self.hasher.hash_one(from) % STRANGERS_TOLD_APART;
        self.strangers.count(&place, "network, without a key,")
    }

    /// Forgets whoever has not asked for a while: they have all their requests before them again.
    pub(crate) fn forget_idle(&self) {
        self.keys.limiter.retain_recent();
        self.tenants.limiter.retain_recent();
        self.people.limiter.retain_recent();
    }
}

impl<K: Hash + Eq + Clone> Rate<K> {
    fn new(per_second: NonZeroU32, burst: NonZeroU32) -> Self {
        let limiter = RateLimiter::hashmap(Quota::per_second(per_second).allow_burst(burst));
        Self { limiter, clock: DefaultClock::default(), per_second }
    }

    fn count(&self, who: &K, what: &str) -> Result<(), Problem> {
        self.limiter.check_key(who).map_err(|until| {
            let wait = until.wait_time_from(self.clock.now());
            let limit = self.per_second;
            Problem::too_many(format!("the {what} sends more than {limit} requests a second"), wait)
        })
    }
}
