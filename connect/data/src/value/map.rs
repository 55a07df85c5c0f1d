//! Maps: schemaless records, and fields whose schema is a map.

use std::hash::BuildHasher;

use hashbrown::HashTable;

use super::Value;

/// Up to so many entries a map is searched from its beginning, which is faster than hashing; records mostly have fewer fields.
const LINEAR: usize = 24;

/// A map in order of insertion. Equality ignores the order, as Java's does.
#[derive(Clone, Debug, Default)]
pub struct MapValue {
    entries: Vec<(Value, Value)>,
    /// Places of the entries by the hash of their keys, once there are many.
    index: Option<Box<Index>>,
}

#[derive(Clone, Debug, Default)]
struct Index {
    places: HashTable<usize>,
    hasher: foldhash::fast::RandomState,
}

impl Index {
    fn of(entries: &[(Value, Value)]) -> Self {
        let mut index = Self::default();
        for place in 0..entries.len() {
            index.add(entries, place);
        }
        index
    }

    fn add(&mut self, entries: &[(Value, Value)], place: usize) {
        let hash = self.hasher.hash_one(&entries[place].0);
        self.places.insert_unique(hash, place, |place| self.hasher.hash_one(&entries[*place].0));
    }
}

impl MapValue {
    /// An empty map.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty map with room for so many entries.
    pub fn with_capacity(entries: usize) -> Self {
        Self { entries: Vec::with_capacity(entries), index: None }
    }

    /// The number of entries.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn place(&self, key: &str) -> Option<usize> {
        let same = |candidate: &Value| candidate.as_str() == Some(key);
        match &self.index {
            None => self.entries.iter().position(|(k, _)| same(k)),
            // A string hashes as its text, so that no Value is made for the look.
            Some(index) => {
                let hash = index.hasher.hash_one(key);
                index.places.find(hash, |place| same(&self.entries[*place].0)).copied()
            }
        }
    }

    fn place_of(&self, key: &Value) -> Option<usize> {
        if let Value::String(text) = key {
            return self.place(text);
        }
        match &self.index {
            None => self.entries.iter().position(|(k, _)| k == key),
            Some(index) => {
                let hash = index.hasher.hash_one(key);
                index.places.find(hash, |place| self.entries[*place].0 == *key).copied()
            }
        }
    }

    /// The value of a string key; null values are `Some(Value::Null)`.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.place(key).map(|place| &self.entries[place].1)
    }

    /// The same, to change.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Value> {
        self.place(key).map(|place| &mut self.entries[place].1)
    }

    /// The value of any key.
    pub fn get_key(&self, key: &Value) -> Option<&Value> {
        self.place_of(key).map(|place| &self.entries[place].1)
    }

    /// Whether the string is a key.
    pub fn contains(&self, key: &str) -> bool {
        self.place(key).is_some()
    }

    /// Sets an entry; the key keeps its place when it is there. Answers what it was.
    pub fn insert(&mut self, key: impl Into<Value>, value: impl Into<Value>) -> Option<Value> {
        let (key, value) = (key.into(), value.into());
        if let Some(place) = self.place_of(&key) {
            return Some(std::mem::replace(&mut self.entries[place].1, value));
        }
        self.entries.push((key, value));
        match &mut self.index {
            Some(index) => index.add(&self.entries, self.entries.len() - 1),
            None if self.entries.len() > LINEAR => self.index = Some(Box::new(Index::of(&self.entries))),
            None => {}
        }
        None
    }

    /// Takes an entry out; the others keep their order.
    pub fn remove(&mut self, key: &str) -> Option<Value> {
        let place = self.place(key)?;
        let (_, value) = self.entries.remove(place);
        self.places_changed();
        Some(value)
    }

    /// Keeps the entries that the function wants.
    pub fn retain(&mut self, mut keep: impl FnMut(&Value, &mut Value) -> bool) {
        let before = self.entries.len();
        self.entries.retain_mut(|(key, value)| keep(key, value));
        if self.entries.len() < before {
            self.places_changed();
        }
    }

    /// Gives entries other keys, all at once: the function answers the new key of an entry, or None to leave it. Of two entries with one
    /// key the later one stays.
    pub fn rename(&mut self, mut renamed: impl FnMut(&Value) -> Option<Value>) {
        let mut changed = Vec::new();
        for (place, (key, _)) in self.entries.iter_mut().enumerate() {
            if let Some(new) = renamed(key) {
                *key = new;
                changed.push(place);
            }
        }
        if changed.is_empty() {
            return;
        }
        let twice = |place: &usize| {
            let key = &self.entries[*place].0;
            self.entries.iter().enumerate().any(|(other, (k, _))| other != *place && k == key)
        };
        if changed.iter().any(twice) {
            *self = std::mem::take(&mut self.entries).into_iter().collect();
        } else {
            self.places_changed();
        }
    }

    fn places_changed(&mut self) {
        self.index = (self.entries.len() > LINEAR).then(|| Box::new(Index::of(&self.entries)));
    }

    /// The entries in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Value, &Value)> {
        self.entries.iter().map(|(key, value)| (key, value))
    }

    /// The entries in order, values to change.
    pub fn iter_mut(&mut self) -> impl ExactSizeIterator<Item = (&Value, &mut Value)> {
        self.entries.iter_mut().map(|(key, value)| (&*key, value))
    }
}

impl PartialEq for MapValue {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().all(|(key, value)| other.get_key(key) == Some(value))
    }
}

impl Eq for MapValue {}

impl IntoIterator for MapValue {
    type Item = (Value, Value);
    type IntoIter = std::vec::IntoIter<(Value, Value)>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.into_iter()
    }
}

impl<K: Into<Value>, V: Into<Value>> FromIterator<(K, V)> for MapValue {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let entries = entries.into_iter();
        let mut map = Self::with_capacity(entries.size_hint().0);
        for (key, value) in entries {
            map.insert(key, value);
        }
        map
    }
}
