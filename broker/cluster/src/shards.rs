//! A map that is cheap to copy and cheap to change after a copy.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{BuildHasherDefault, Hash, Hasher};
use std::sync::Arc;

/// Copying takes one reference count a shard; a change after a copy copies one shard of [`COUNT`](Self::COUNT),
/// so that one change beside 10,000 entries moves 160 of them.
#[derive(Clone, Debug)]
pub(crate) struct Shards<K, V> {
    shards: Vec<Arc<HashMap<K, V>>>,
}

impl<K, V> Default for Shards<K, V> {
    fn default() -> Self {
        let empty = Arc::new(HashMap::new());
        Self { shards: vec![empty; Self::COUNT] }
    }
}

impl<K, V> Shards<K, V> {
    const COUNT: usize = 64;

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.shards.iter().flat_map(|shard| shard.iter())
    }

    pub(crate) fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.len()).sum()
    }
}

fn index<Q: Hash + ?Sized>(key: &Q, count: usize) -> usize {
    // Not the hash that the shard uses inside, or its entries would crowd.
    let mut hasher = std::hash::BuildHasher::build_hasher(&BuildHasherDefault::<DefaultHasher>::default());
    key.hash(&mut hasher);
    (hasher.finish() >> 32) as usize % count
}

impl<K: Hash + Eq + Clone, V: Clone> Shards<K, V> {
    pub(crate) fn get<Q>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.shards[index(key, Self::COUNT)].get(key)
    }

    pub(crate) fn get_mut<Q>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let shard = &mut self.shards[index(key, Self::COUNT)];
        if shard.contains_key(key) { Arc::make_mut(shard).get_mut(key) } else { None }
    }

    pub(crate) fn insert(&mut self, key: K, value: V) {
        let shard = index(&key, Self::COUNT);
        Arc::make_mut(&mut self.shards[shard]).insert(key, value);
    }

    pub(crate) fn remove<Q>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let shard = &mut self.shards[index(key, Self::COUNT)];
        if shard.contains_key(key) { Arc::make_mut(shard).remove(key) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_does_not_see_later_changes() {
        let mut map = Shards::default();
        for i in 0..1000 {
            map.insert(i, i);
        }
        let copy = map.clone();
        assert_eq!(map.remove(&5), Some(5));
        *map.get_mut(&6).unwrap() = 60;
        assert_eq!((map.len(), copy.len()), (999, 1000));
        assert_eq!((map.get(&6), copy.get(&6), copy.get(&5)), (Some(&60), Some(&6), Some(&5)));
        assert_eq!(copy.iter().map(|(k, _)| *k).sum::<i32>(), 999 * 500);
    }
}
