//! Budgets and rates: how much ran in a sliding window.
//!
//! A window is kept in slots on a fixed grid of time, each a sixtieth of its length, so its memory
//! is bounded however much runs. A slot counts until all of it has left the window: an action is
//! remembered for the window's length and at most one slot longer, never shorter.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::amount::{Amount, Currency};
use crate::assessment::{Assessment, Money};
use crate::limits;
use crate::name::{AgentId, BudgetName, ClassName, TenantId};
use crate::terms::{Budget, Per};
use crate::time::Timestamp;

/// How finely a window slides. With 60, a window of an hour forgets minute by minute.
pub const SLOTS: u32 = 60;

/// Whose window it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Key {
    budget: BudgetName,
    tenant: TenantId,
    /// Set in a budget per agent; an action without an agent shares one window with its like.
    agent: Option<AgentId>,
    /// Set in a budget per class; unclassified actions share one window.
    class: Option<ClassName>,
}

impl Key {
    fn of(budget: &Budget, of: &Assessment) -> Self {
        Self {
            budget: budget.name.clone(),
            tenant: of.subject.tenant.clone(),
            agent: of.subject.agent.clone().filter(|_| budget.per == Per::Agent),
            class: of.class.clone().filter(|_| budget.per == Per::Class),
        }
    }
}

/// What ran in one slot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Slot {
    /// Which slot of the grid: time divided by the slot's length.
    number: i64,
    count: u64,
    /// The sums, for each currency (and for none) by itself.
    sums: Vec<(Option<Currency>, Amount)>,
}

/// One sliding window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Window {
    #[serde(with = "crate::time::millis", rename = "window_ms")]
    length: Duration,
    /// Oldest first, at most `SLOTS + 1` of them.
    slots: Vec<Slot>,
}

/// How much ran in a window.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// How many actions.
    pub count: u64,
    /// Their values, in the currency that was asked about.
    pub value: Amount,
}

impl Window {
    fn new(length: Duration) -> Self {
        Self { length, slots: Vec::new() }
    }

    /// The slot that a number of milliseconds falls into. A slot's length is rounded up: rounded
    /// down, sixty of them would be shorter than the window.
    fn number(&self, at_ms: i64) -> i64 {
        let slot = self.length.as_millis().div_ceil(u128::from(SLOTS)).max(1);
        at_ms.div_euclid(i64::try_from(slot).unwrap_or(i64::MAX))
    }

    /// The oldest slot that still counts: the one in which the window begins.
    fn oldest(&self, now: Timestamp) -> i64 {
        let length = i64::try_from(self.length.as_millis()).unwrap_or(i64::MAX);
        self.number(now.as_millis().saturating_sub(length))
    }

    fn usage(&self, currency: Option<&Currency>, now: Timestamp) -> Usage {
        let oldest = self.oldest(now);
        let mut usage = Usage::default();
        for slot in self.slots.iter().filter(|slot| slot.number >= oldest) {
            usage.count = usage.count.saturating_add(slot.count);
            for (_, sum) in slot.sums.iter().filter(|(of, _)| of.as_ref() == currency) {
                usage.value = usage.value.saturating_add(*sum);
            }
        }
        usage
    }

    fn add(&mut self, money: Option<&Money>, now: Timestamp) {
        let (number, oldest) = (self.number(now.as_millis()), self.oldest(now));
        self.slots.retain(|slot| slot.number >= oldest);
        // Time in the log never goes back, so the slot is the last one or a new one.
        if self.slots.last().is_none_or(|last| last.number < number) {
            self.slots.push(Slot { number, count: 0, sums: Vec::new() });
        }
        let Some(slot) = self.slots.last_mut() else { return };
        slot.count = slot.count.saturating_add(1);
        // What is negative never ran for less than nothing; in shadow mode it gets here.
        let Some(money) = money.filter(|money| !money.amount.is_negative()) else { return };
        match slot.sums.iter_mut().find(|(of, _)| *of == money.currency) {
            Some((_, sum)) => *sum = sum.saturating_add(money.amount),
            None => slot.sums.push((money.currency.clone(), money.amount)),
        }
    }

    /// Whether a sum in this currency can be kept without piling up currencies.
    fn has_room(&self, currency: Option<&Currency>) -> bool {
        let holds = |slot: &Slot| slot.sums.iter().any(|(of, _)| of.as_ref() == currency);
        self.slots.iter().all(|slot| slot.sums.len() < limits::MAX_CURRENCIES_PER_SLOT)
            || self.slots.iter().any(holds)
    }

    fn is_spent(&self, now: Timestamp) -> bool {
        let oldest = self.oldest(now);
        self.slots.iter().all(|slot| slot.number < oldest)
    }
}

/// Every window of every budget.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Kept", into = "Kept")]
pub struct Windows {
    windows: BTreeMap<Key, Window>,
    /// How many windows each tenant has.
    by_tenant: BTreeMap<TenantId, usize>,
}

/// The form in snapshots.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    #[serde(with = "crate::pairs")]
    windows: BTreeMap<Key, Window>,
}

impl From<Kept> for Windows {
    fn from(Kept { windows }: Kept) -> Self {
        let mut by_tenant = BTreeMap::new();
        for key in windows.keys() {
            *by_tenant.entry(key.tenant.clone()).or_default() += 1;
        }
        Self { windows, by_tenant }
    }
}

impl From<Windows> for Kept {
    fn from(Windows { windows, .. }: Windows) -> Self {
        Self { windows }
    }
}

impl Windows {
    /// How much of a budget is used up before an action.
    #[must_use]
    pub fn usage(&self, budget: &Budget, of: &Assessment, now: Timestamp) -> Usage {
        let currency = of.value.money().and_then(|money| money.currency.as_ref());
        match self.windows.get(&Key::of(budget, of)) {
            Some(window) if window.length == budget.window => window.usage(currency, now),
            _ => Usage::default(),
        }
    }

    /// Whether an action that draws on a budget can be counted: its window exists and has room for
    /// its currency, or one more window can be kept.
    #[must_use]
    pub fn has_room(&self, budget: &Budget, of: &Assessment) -> bool {
        match self.windows.get(&Key::of(budget, of)) {
            Some(window) => {
                of.value.money().is_none_or(|money| window.has_room(money.currency.as_ref()))
            }
            None => {
                let own = self.by_tenant.get(&of.subject.tenant).copied().unwrap_or_default();
                self.windows.len() < limits::MAX_WINDOWS && own < limits::MAX_WINDOWS_PER_TENANT
            }
        }
    }

    /// Counts an action that was let through.
    pub(crate) fn record(&mut self, budget: &Budget, of: &Assessment, now: Timestamp) {
        // Only shadow mode gets here without room, and there nothing is stopped by it.
        if !self.has_room(budget, of) {
            return;
        }
        let window = self.windows.entry(Key::of(budget, of)).or_insert_with(|| {
            *self.by_tenant.entry(of.subject.tenant.clone()).or_default() += 1;
            Window::new(budget.window)
        });
        // A policy that changed the length starts the window afresh.
        if window.length != budget.window {
            *window = Window::new(budget.window);
        }
        window.add(of.value.money(), now);
    }

    /// Drops the windows that have nothing left in them.
    pub(crate) fn sweep(&mut self, now: Timestamp) {
        self.windows.retain(|_, window| !window.is_spent(now));
        *self = Self::from(Kept { windows: std::mem::take(&mut self.windows) });
    }
}
