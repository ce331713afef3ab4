//! A map whose look-ups take the same time however much it holds.
//!
//! A decision looks up its class and what that class has earned. In a tree both would pass through
//! more nodes, and miss the processor's cache more often, with every class of a policy.
#![expect(clippy::disallowed_types, reason = "it is sorted before its order can be seen")]

use std::borrow::Borrow;
use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::hash::{BuildHasherDefault, DefaultHasher, Hash};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A map that is looked up by hash, and goes through its entries in the order of their keys.
///
/// The hash has no random part. The keys come from the policy and from those who report evidence,
/// never from an agent, and how many there can be is limited; so nobody gains from colliding ones.
#[derive(Clone, PartialEq, Eq)]
pub struct Table<K: Eq + Hash, V>(HashMap<K, V, BuildHasherDefault<DefaultHasher>>);

impl<K: Ord + Hash, V> Table<K, V> {
    /// A table without entries.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The value of a key.
    pub fn get<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.0.get(key)
    }

    /// Whether there is an entry for a key.
    pub fn contains_key<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.0.contains_key(key)
    }

    /// Sets the value of a key and returns the one that it had.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        self.0.insert(key, value)
    }

    /// The value of a key, to change it; a new one where there was none.
    pub fn or_default(&mut self, key: K) -> &mut V
    where
        V: Default,
    {
        self.0.entry(key).or_default()
    }

    /// The entries, in the order of their keys, which are sorted for it.
    pub fn iter(&self) -> std::vec::IntoIter<(&K, &V)> {
        self.iter_where(|_| true)
    }

    /// The entries whose keys are meant, in the order of their keys. Only those are sorted.
    pub fn iter_where(&self, is_meant: impl Fn(&K) -> bool) -> std::vec::IntoIter<(&K, &V)> {
        let mut entries: Vec<_> = self.0.iter().filter(|(key, _)| is_meant(key)).collect();
        entries.sort_unstable_by_key(|(key, _)| *key);
        entries.into_iter()
    }

    /// What the keys have in common: the same part of each, once and in order.
    pub fn parts<'a, T: Ord>(&'a self, part: impl Fn(&'a K) -> T) -> BTreeSet<T> {
        self.0.keys().map(part).collect()
    }

    /// The keys, in order.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &K> {
        self.iter().map(|(key, _)| key)
    }

    /// The values, in the order of their keys.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &V> {
        self.iter().map(|(_, value)| value)
    }

    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<K: Eq + Hash, V> Default for Table<K, V> {
    fn default() -> Self {
        Self(HashMap::default())
    }
}

impl<K: Eq + Hash, V> FromIterator<(K, V)> for Table<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        Self(entries.into_iter().collect())
    }
}

impl<K: Eq + Hash, V, const N: usize> From<[(K, V); N]> for Table<K, V> {
    fn from(entries: [(K, V); N]) -> Self {
        entries.into_iter().collect()
    }
}

impl<'a, K: Ord + Hash, V> IntoIterator for &'a Table<K, V> {
    type Item = (&'a K, &'a V);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<K: Ord + Hash + fmt::Debug, V: fmt::Debug> fmt::Debug for Table<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self).finish()
    }
}

impl<K: Ord + Hash + Serialize, V: Serialize> Serialize for Table<K, V> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(self)
    }
}

impl<'de, K, V> Deserialize<'de> for Table<K, V>
where
    K: Eq + Hash + Deserialize<'de>,
    V: Deserialize<'de>,
{
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        HashMap::deserialize(from).map(Self)
    }
}

/// Tables with structured keys, in snapshots: like [`crate::pairs`].
pub(crate) mod pairs {
    use std::hash::Hash;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::Table;

    pub(crate) fn serialize<K, V, S>(table: &Table<K, V>, to: S) -> Result<S::Ok, S::Error>
    where
        K: Ord + Hash + Serialize,
        V: Serialize,
        S: Serializer,
    {
        to.collect_seq(table)
    }

    pub(crate) fn deserialize<'de, K, V, D>(from: D) -> Result<Table<K, V>, D::Error>
    where
        K: Eq + Hash + Deserialize<'de>,
        V: Deserialize<'de>,
        D: Deserializer<'de>,
    {
        Vec::<(K, V)>::deserialize(from).map(|pairs| pairs.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::Table;

    proptest! {
        #[test]
        fn it_is_a_map_in_the_order_of_its_keys(entries: Vec<(u8, u8)>, key: u8) {
            let mut tree = BTreeMap::new();
            let mut table = Table::new();
            for (key, value) in entries {
                prop_assert_eq!(table.insert(key, value), tree.insert(key, value));
            }
            prop_assert_eq!(table.get(&key), tree.get(&key));
            prop_assert_eq!(format!("{table:?}"), format!("{tree:?}"));
            let json = serde_json::to_string(&table).ok();
            prop_assert_eq!(&json, &serde_json::to_string(&tree).ok());
            let read = json.and_then(|json| serde_json::from_str(&json).ok());
            prop_assert_eq!(read.as_ref(), Some(&table));
            prop_assert!(table.iter().eq(tree.iter()));
            *table.or_default(key) = 1;
            prop_assert_eq!(table.get(&key), Some(&1));
        }
    }
}
