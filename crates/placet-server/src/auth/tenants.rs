//! What is kept for each tenant, so that none of them feels another.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use placet::TenantId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};

use crate::limits::LOOKUPS_PER_TENANT;
use crate::telemetry::Figures;

tokio::task_local! {
    /// Whose request is being answered.
    static ASKING: TenantId;
}

/// Answers a request, which is that of a tenant if one is named.
pub(crate) async fn on_behalf_of<T>(
    tenant: Option<TenantId>,
    answer: impl Future<Output = T>,
) -> T {
    match tenant {
        Some(tenant) => ASKING.scope(tenant, answer).await,
        None => answer.await,
    }
}

/// Every tenant that has asked for something. Tenants are named by keys, so there are no more of
/// them than keys.
#[derive(Debug)]
pub(crate) struct Tenants {
    turns: usize,
    known: Mutex<HashMap<TenantId, Arc<Tenant>>>,
}

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
        Self { turns, known: Mutex::default() }
    }

    /// One of them.
    pub(crate) fn get(&self, id: &TenantId) -> Arc<Tenant> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(tenant) = known.get(id) {
            return Arc::clone(tenant);
        }
        let tenant = Tenant {
            turns: Semaphore::new(self.turns),
            lookups: Arc::new(Semaphore::new(LOOKUPS_PER_TENANT)),
            figures: Figures::default(),
        };
        Arc::clone(known.entry(id.clone()).or_insert(Arc::new(tenant)))
    }

    /// One of them, if it has asked for something: whoever only names a tenant makes none.
    pub(crate) fn find(&self, id: &TenantId) -> Option<Arc<Tenant>> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(id).map(Arc::clone)
    }

    /// Waits until the tenant whose request is being answered has fewer than its share of lookups in
    /// the works; none for those who run the daemon. The turn is held until the lookup is done, whether
    /// or not anybody waits for it still.
    pub(crate) async fn lookup(&self) -> Option<OwnedSemaphorePermit> {
        let tenant = ASKING.try_with(|id| self.get(id)).ok()?;
        // It is never closed, and without a turn nothing is lost but fairness.
        Arc::clone(&tenant.lookups).acquire_owned().await.ok()
    }

    /// All of them.
    pub(crate) fn all(&self) -> Vec<(TenantId, Arc<Tenant>)> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.iter().map(|(id, tenant)| (id.clone(), Arc::clone(tenant))).collect()
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
    use std::task::{Context, Poll, Waker};

    use super::{Tenants, on_behalf_of};
    use crate::limits::LOOKUPS_PER_TENANT;

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
        let mut look = |tenant: Option<&str>| {
            let tenant = tenant.map(|name| name.parse().expect("a tenant"));
            match pin!(on_behalf_of(tenant, tenants.lookup())).poll(&mut cx) {
                Poll::Ready(turn) => Ok(turn),
                Poll::Pending => Err("it waits"),
            }
        };
        let mut turns: Vec<_> = (0..LOOKUPS_PER_TENANT)
            .map(|_| look(Some("acme")).expect("a turn").expect("of the tenant"))
            .collect();
        assert!(look(Some("acme")).is_err());
        assert!(look(Some("umbrella")).expect("a turn").is_some());
        assert!(look(None).expect("no turn is needed").is_none());
        drop(turns.pop());
        assert!(look(Some("acme")).is_ok());
    }
}
