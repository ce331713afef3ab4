//! The records of evidence: one for each build of each class of each tenant that somebody reports on.
//!
//! There is a new build with every release, and its name is free text. So the records of builds give
//! way: where a class, or a tenant, has as many as are kept, the one that was reported on longest ago
//! makes room for a new one. A build whose record gave way is one that nobody has reported on: it is
//! `Manual`, and earns afresh. What outcomes alone have made gives way first, and makes nothing give
//! way, because agents name the builds there.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::autonomy::{LedgerKey, Record};
use crate::command::Rejection;
use crate::handle::room;
use crate::limits;
use crate::name::{BuildId, ClassName, TenantId};
use crate::table::Table;

/// Every record of evidence.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Kept", into = "Kept")]
pub struct Ledgers {
    records: Table<LedgerKey, Record>,
    tenants: BTreeMap<TenantId, Own>,
}

/// The records of one tenant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Own {
    count: usize,
    /// The builds of each class, the one that was reported on longest ago first.
    builds: BTreeMap<ClassName, BTreeSet<(u64, BuildId)>>,
}

/// The form in snapshots.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct Kept(#[serde(with = "crate::table::pairs")] Table<LedgerKey, Record>);

impl From<Kept> for Ledgers {
    fn from(Kept(records): Kept) -> Self {
        let mut tenants: BTreeMap<TenantId, Own> = BTreeMap::new();
        for (of, record) in &records {
            tenants.entry(of.tenant.clone()).or_default().add(of, record.latest);
        }
        Self { records, tenants }
    }
}

impl From<Ledgers> for Kept {
    fn from(Ledgers { records, .. }: Ledgers) -> Self {
        Self(records)
    }
}

impl Own {
    fn add(&mut self, of: &LedgerKey, latest: u64) {
        self.count = self.count.saturating_add(1);
        if let Some(build) = &of.build {
            self.builds.entry(of.class.clone()).or_default().insert((latest, build.clone()));
        }
    }

    fn remove(&mut self, of: &LedgerKey, latest: u64) {
        self.count = self.count.saturating_sub(1);
        if let Some(build) = &of.build
            && let Some(builds) = self.builds.get_mut(&of.class)
        {
            builds.remove(&(latest, build.clone()));
            if builds.is_empty() {
                self.builds.remove(&of.class);
            }
        }
    }

    /// The build of any class that was reported on longest ago.
    fn oldest(&self) -> Option<(&ClassName, &BuildId)> {
        let oldest = self.builds.iter().filter_map(|(class, builds)| {
            builds.first().map(|(latest, build)| (latest, class, build))
        });
        oldest.min().map(|(_, class, build)| (class, build))
    }
}

impl Ledgers {
    /// A record by whose it is.
    #[must_use]
    pub fn get(&self, of: &LedgerKey) -> Option<&Record> {
        self.records.get(of)
    }

    /// All of them, in the order of whose they are.
    pub fn iter(&self) -> std::vec::IntoIter<(&LedgerKey, &Record)> {
        self.records.iter()
    }

    /// The tenants that have any, in order.
    pub fn tenants(&self) -> impl Iterator<Item = &TenantId> {
        self.tenants.keys()
    }

    /// Those of a class of a tenant, in the order of builds. No other tenant's are looked at.
    #[must_use]
    pub fn of(&self, tenant: &TenantId, class: &ClassName) -> Vec<(LedgerKey, &Record)> {
        let Some(own) = self.tenants.get(tenant) else { return Vec::new() };
        let builds = own.builds.get(class).into_iter().flatten();
        let mut builds: Vec<_> = builds.map(|(_, build)| Some(build.clone())).collect();
        builds.push(None);
        builds.sort_unstable();
        let record = |build| {
            let of = LedgerKey { tenant: tenant.clone(), class: class.clone(), build };
            self.get(&of).map(|record| (of, record))
        };
        builds.into_iter().filter_map(record).collect()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Whether outcomes can be counted here: the record is there, or none has to give way to it.
    pub(crate) fn counts(&self, of: &LedgerKey) -> bool {
        self.get(of).is_some() || matches!(self.room(of), Ok(None))
    }

    /// Whether there is room for a record that is not there yet, and which one gives way to it.
    pub(crate) fn room(&self, of: &LedgerKey) -> Result<Option<LedgerKey>, Rejection> {
        let own = self.tenants.get(&of.tenant);
        let key = |class: &ClassName, build: &BuildId| LedgerKey {
            tenant: of.tenant.clone(),
            class: class.clone(),
            build: Some(build.clone()),
        };
        let builds = own.and_then(|own| own.builds.get(&of.class)).filter(|_| of.build.is_some());
        if let Some(builds) = builds.filter(|it| it.len() >= limits::MAX_BUILDS_PER_CLASS) {
            return Ok(builds.first().map(|(_, build)| key(&of.class, build)));
        }
        let count = own.map_or(0, |own| own.count);
        let free = room("records of evidence", self.len(), limits::MAX_LEDGERS).and_then(|()| {
            room("records of evidence of this tenant", count, limits::MAX_LEDGERS_PER_TENANT)
        });
        match (free, own.and_then(Own::oldest)) {
            (Ok(()), _) => Ok(None),
            (Err(_), Some((class, build))) => Ok(Some(key(class, build))),
            (Err(full), None) => Err(full),
        }
    }

    /// The record of a key, to change it. Where there is none yet, another one may give way to it.
    /// `reported` is the entry by which somebody reports on it, which outcomes are not.
    pub(crate) fn change(&mut self, of: LedgerKey, reported: Option<u64>) -> &mut Record {
        let known = self.get(&of).map(|record| record.latest);
        if known.is_none()
            && let Ok(Some(oldest)) = self.room(&of)
        {
            self.remove(&oldest);
        }
        let latest = reported.or(known).unwrap_or_default();
        if known != Some(latest) {
            let own = self.tenants.entry(of.tenant.clone()).or_default();
            if let Some(known) = known {
                own.remove(&of, known);
            }
            own.add(&of, latest);
        }
        let record = self.records.or_default(of);
        record.latest = latest;
        record
    }

    fn remove(&mut self, of: &LedgerKey) {
        let Some(record) = self.records.remove(of) else { return };
        if let Some(own) = self.tenants.get_mut(&of.tenant) {
            own.remove(of, record.latest);
            if own.count == 0 {
                self.tenants.remove(&of.tenant);
            }
        }
    }
}

impl<'a> IntoIterator for &'a Ledgers {
    type Item = (&'a LedgerKey, &'a Record);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
