//! Maps: schemaless records, and fields whose schema is a map.

use std::hash::{Hash, Hasher};

use indexmap::{Equivalent, IndexMap};

use super::Value;

/// A map in order of insertion. Equality ignores the order, as Java's does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MapValue {
    entries: IndexMap<Value, Value, foldhash::fast::RandomState>,
}

/// A string key, to look up without making a [`Value`].
struct Key<'a>(&'a str);

impl Hash for Key<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl Equivalent<Value> for Key<'_> {
    fn equivalent(&self, key: &Value) -> bool {
        key.as_str() == Some(self.0)
    }
}

impl MapValue {
    /// An empty map.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty map with room for so many entries.
    pub fn with_capacity(entries: usize) -> Self {
        Self { entries: IndexMap::with_capacity_and_hasher(entries, foldhash::fast::RandomState::default()) }
    }

    /// The number of entries.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The value of a string key; null values are `Some(Value::Null)`.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.entries.get(&Key(key))
    }

    /// The same, to change.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Value> {
        self.entries.get_mut(&Key(key))
    }

    /// The value of any key.
    pub fn get_key(&self, key: &Value) -> Option<&Value> {
        self.entries.get(key)
    }

    /// Whether the string is a key.
    pub fn contains(&self, key: &str) -> bool {
        self.entries.contains_key(&Key(key))
    }

    /// Sets an entry; the key keeps its place when it is there. Answers what it was.
    pub fn insert(&mut self, key: impl Into<Value>, value: impl Into<Value>) -> Option<Value> {
        self.entries.insert(key.into(), value.into())
    }

    /// Takes an entry out; the others keep their order.
    pub fn remove(&mut self, key: &str) -> Option<Value> {
        self.entries.shift_remove(&Key(key))
    }

    /// Keeps the entries that the function wants.
    pub fn retain(&mut self, keep: impl FnMut(&Value, &mut Value) -> bool) {
        self.entries.retain(keep);
    }

    /// The entries in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Value, &Value)> {
        self.entries.iter()
    }

    /// The entries in order, values to change.
    pub fn iter_mut(&mut self) -> impl ExactSizeIterator<Item = (&Value, &mut Value)> {
        self.entries.iter_mut()
    }
}

impl IntoIterator for MapValue {
    type Item = (Value, Value);
    type IntoIter = indexmap::map::IntoIter<Value, Value>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.into_iter()
    }
}

impl<K: Into<Value>, V: Into<Value>> FromIterator<(K, V)> for MapValue {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        Self { entries: entries.into_iter().map(|(k, v)| (k.into(), v.into())).collect() }
    }
}
