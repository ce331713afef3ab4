//! What is kept for each tenant, so that none of them feels another.

use std::collections::HashMap;
use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use placet::TenantId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};

use crate::limits::{KEYLESS_TENANTS, LOOKUPS, LOOKUPS_PER_TENANT};
use crate::telemetry::{Figures, Snapshot};

/// Whose request is being answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Asking {
    /// The daemon's own work.
    Daemon,
    /// That of those who run the daemon.
    Operator,
    /// That of a tenant.
    Tenant(TenantId),
    /// That of somebody without a key.
    Stranger,
}

impl Asking {
    /// Somebody with a key, and with this tenant if any.
    pub(crate) fn known(tenant: Option<TenantId>) -> Self {
        tenant.map_or(Self::Operator, Self::Tenant)
    }
}

tokio::task_local! {
    static ASKING: Asking;
}

/// Answers a request.
pub(crate) async fn on_behalf_of<T>(asking: Asking, answer: impl Future<Output = T>) -> T {
    ASKING.scope(asking, answer).await
}

/// Goes on with something when the request is answered, on behalf of the same.
pub(crate) fn go_on(work: impl Future<Output = ()> + Send + 'static) {
    let asking = ASKING.try_with(Clone::clone).unwrap_or(Asking::Daemon);
    tokio::spawn(on_behalf_of(asking, work));
}

/// Every tenant that has asked for something, and those of which something was asked by those who run
/// the daemon.
#[derive(Debug)]
pub(crate) struct Tenants {
    turns: usize,
    lookups: Arc<Semaphore>,
    strangers: Arc<Semaphore>,
    operators: Arc<Semaphore>,
    known: Mutex<Known>,
    /// Whether there are so many that those without a key should be forgotten.
    are_many: AtomicBool,
}

#[derive(Debug, Default)]
struct Known {
    all: HashMap<TenantId, Arc<Tenant>>,
    /// How many there may be before any are forgotten.
    most: usize,
    /// What was counted for those that are forgotten.
    forgotten: Snapshot,
}

/// Leave to look something up: one among those of a tenant, and one among all.
#[derive(Debug)]
pub(crate) struct Lookup(#[expect(dead_code, reason = "held")] [Option<OwnedSemaphorePermit>; 2]);

/// One tenant.
#[derive(Debug)]
pub(crate) struct Tenant {
    turns: Semaphore,
    lookups: Arc<Semaphore>,
    /// What was counted and measured for it.
    pub(crate) figures: Figures,
}

impl Tenants {
    /// None yet; each may have so many requests in the works.
    pub(crate) fn new(turns: usize) -> Self {
        Self {
            turns,
            lookups: Arc::new(Semaphore::new(LOOKUPS)),
            strangers: Arc::new(Semaphore::new(LOOKUPS_PER_TENANT)),
            operators: Arc::new(Semaphore::new(LOOKUPS_PER_TENANT)),
            known: Mutex::new(Known { most: KEYLESS_TENANTS, ..Known::default() }),
            are_many: AtomicBool::new(false),
        }
    }

    /// One of them.
    pub(crate) fn get(&self, id: &TenantId) -> Arc<Tenant> {
        let mut known = self.lock();
        if let Some(tenant) = known.all.get(id) {
            return Arc::clone(tenant);
        }
        if known.all.len() >= known.most {
            self.are_many.store(true, Ordering::Relaxed);
        }
        let tenant = Tenant {
            turns: Semaphore::new(self.turns),
            lookups: Arc::new(Semaphore::new(LOOKUPS_PER_TENANT)),
            figures: Figures::default(),
        };
        Arc::clone(known.all.entry(id.clone()).or_insert(Arc::new(tenant)))
    }

    /// Whether there are so many that those without a key should be forgotten.
    pub(crate) fn are_many(&self) -> bool {
        self.are_many.load(Ordering::Relaxed)
    }

    /// Forgets those that have no key, and for which nothing is in the works; unless they are few. What
    /// was counted for them counts for all still.
    pub(crate) fn forget(&self, has_key: impl Fn(&TenantId) -> bool) {
        let mut known = self.lock();
        self.are_many.store(false, Ordering::Relaxed);
        let Known { all, most, forgotten } = &mut *known;
        let is_over =
            |id: &TenantId, tenant: &Arc<Tenant>| Arc::strong_count(tenant) == 1 && !has_key(id);
        if all.iter().filter(|(id, tenant)| is_over(id, tenant)).count() >= KEYLESS_TENANTS {
            for (_, tenant) in all.extract_if(|id, tenant| is_over(id, tenant)) {
                forgotten.add(tenant.figures.snapshot());
            }
        }
        *most = all.len().saturating_add(KEYLESS_TENANTS);
    }

    /// One of them, if it has asked for something: whoever only names a tenant makes none.
    pub(crate) fn find(&self, id: &TenantId) -> Option<Arc<Tenant>> {
        self.lock().all.get(id).map(Arc::clone)
    }

    /// Waits until the tenant whose request is being answered has fewer than its share of lookups in
    /// the works, as have those who run the daemon together, and those without a key, and all of them
    /// not too many; none for what the daemon does by itself. The turn is held until the lookup is
    /// done, whether or not anybody waits for it still.
    pub(crate) async fn lookup(&self) -> Option<Lookup> {
        let own = match ASKING.try_with(Clone::clone).unwrap_or(Asking::Daemon) {
            Asking::Daemon => return None,
            Asking::Operator => Arc::clone(&self.operators),
            Asking::Tenant(id) => Arc::clone(&self.get(&id).lookups),
            Asking::Stranger => Arc::clone(&self.strangers),
        };
        // They are never closed, and without a turn nothing is lost but fairness.
        let own = own.acquire_owned().await.ok();
        let shared = Arc::clone(&self.lookups).acquire_owned().await.ok();
        Some(Lookup([own, shared]))
    }

    /// What was counted and measured for all of them together.
    pub(crate) fn figures(&self) -> Snapshot {
        let (all, mut sum): (Vec<_>, _) = {
            let known = self.lock();
            (known.all.values().map(Arc::clone).collect(), known.forgotten.clone())
        };
        all.iter().for_each(|tenant| sum.add(tenant.figures.snapshot()));
        sum
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tenant {
    /// Waits until fewer than its share of requests are in the works.
    pub(crate) async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        // It is never closed, and without a turn nothing is lost but fairness.
        self.turns.acquire().await.ok()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used, reason = "tests")]

    use std::pin::pin;
    use std::sync::Arc;
    use std::task::{Context, Poll, Waker};

    use placet::Verdict;

    use super::{Asking, Lookup, Tenants, go_on, on_behalf_of};
    use crate::limits::{KEYLESS_TENANTS, LOOKUPS, LOOKUPS_PER_TENANT};

    #[test]
    fn a_tenant_waits_for_itself_and_not_for_others() {
        let tenants = Tenants::new(1);
        let [one, other] =
            ["acme", "umbrella"].map(|name| tenants.get(&name.parse().expect("a tenant")));
        let mut cx = Context::from_waker(Waker::noop());
        let mut first = Box::pin(one.turn());
        let turn = first.as_mut().poll(&mut cx);
        assert!(turn.is_ready());
        let mut second = pin!(one.turn());
        assert!(second.as_mut().poll(&mut cx).is_pending());
        assert!(pin!(other.turn()).poll(&mut cx).is_ready());
        drop(turn);
        assert!(second.as_mut().poll(&mut cx).is_ready());
    }

    #[test]
    fn lookups_of_a_tenant_wait_for_each_other_and_not_for_those_of_others() {
        let tenants = Tenants::new(1);
        let mut cx = Context::from_waker(Waker::noop());
        let of = |name: &str| Asking::Tenant(name.parse().expect("a tenant"));
        let mut look = |asking: Asking| -> Result<Option<Lookup>, &str> {
            match pin!(on_behalf_of(asking, tenants.lookup())).poll(&mut cx) {
                Poll::Ready(turn) => Ok(turn),
                Poll::Pending => Err("it waits"),
            }
        };
        for asking in [of("acme"), Asking::Stranger, Asking::Operator] {
            let mut turns: Vec<_> = (0..LOOKUPS_PER_TENANT)
                .map(|_| look(asking.clone()).expect("a turn").expect("of its own"))
                .collect();
            assert!(look(asking.clone()).is_err());
            assert!(look(of("umbrella")).expect("a turn").is_some());
            assert!(look(Asking::Daemon).expect("no turn is needed").is_none());
            drop(turns.pop());
            assert!(look(asking).is_ok());
        }
        // Nor are there too many of all.
        let turns: Vec<_> =
            (0..2 * LOOKUPS).map_while(|number| look(of(&format!("t{number}"))).ok()).collect();
        assert_eq!(turns.len(), LOOKUPS);
    }

    #[tokio::test]
    async fn what_goes_on_after_a_request_is_its_tenants_still() {
        let tenants = Arc::new(Tenants::new(1));
        let (sender, turn) = tokio::sync::oneshot::channel();
        let of_acme = Asking::Tenant("acme".parse().expect("a tenant"));
        on_behalf_of(of_acme, async move {
            go_on(async move {
                let turn = tenants.lookup().await;
                sender.send(turn.is_some()).expect("somebody waits");
            });
        })
        .await;
        assert!(turn.await.expect("an answer"));
    }

    #[test]
    fn tenants_that_have_no_key_any_more_are_forgotten_and_their_figures_are_not() {
        let tenants = Tenants::new(1);
        let id = |number: usize| format!("t{number}").parse().expect("a tenant");
        let held = tenants.get(&id(0));
        for number in 1..=KEYLESS_TENANTS {
            let tenant = tenants.get(&id(number));
            tenant.figures.decided(Verdict::Allow, None, std::time::Duration::from_millis(1));
            assert_eq!(tenants.are_many(), number == KEYLESS_TENANTS);
        }
        let before = tenants.figures().allowed;
        // One more would be one too many, but one has a key.
        tenants.forget(|tenant| *tenant == id(1));
        assert!(!tenants.are_many());
        assert!(tenants.find(&id(2)).is_some());
        tenants.get(&id(KEYLESS_TENANTS + 1));
        tenants.forget(|tenant| *tenant == id(1));
        assert!(tenants.find(&id(0)).is_some() && tenants.find(&id(1)).is_some());
        assert!((2..=KEYLESS_TENANTS + 1).all(|number| tenants.find(&id(number)).is_none()));
        assert_eq!(tenants.figures().allowed, before);
        drop(held);
    }
}
