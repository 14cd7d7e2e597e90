//! A bounded collection of objects that knows which of them a file has not seen yet.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::Serialize;
use serde::de::DeserializeOwned;

/// An object that can be kept.
pub(crate) trait Object: Serialize + DeserializeOwned {
    /// The name of its kind in the file.
    const KIND: &'static str;
    /// Its place in the order in which all objects came.
    fn number(&self) -> u64;
    /// The name by which it is asked for.
    fn id(&self) -> &str;
    /// Whether nothing more can happen to it.
    fn is_finished(&self) -> bool;
}

/// A row of the file that is to be written, or removed if it has no JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    pub kind: &'static str,
    pub number: u64,
    pub json: Option<String>,
}

/// Objects of one kind, at most `maximum`.
#[derive(Clone)]
pub(crate) struct Kept<T> {
    maximum: usize,
    objects: BTreeMap<u64, T>,
    /// Only for looking up: its order means nothing.
    numbers: HashMap<String, u64>,
    changed: BTreeSet<u64>,
}

impl<T: Object> Kept<T> {
    pub fn new(maximum: usize) -> Self {
        Self { maximum, objects: BTreeMap::new(), numbers: HashMap::new(), changed: BTreeSet::new() }
    }

    /// Keeps a new object or a new version of one. Returns what had to go for it: the oldest finished one, or the
    /// oldest if none is finished.
    pub fn put(&mut self, object: T) -> Option<T> {
        let number = object.number();
        self.numbers.insert(object.id().to_owned(), number);
        self.objects.insert(number, object);
        self.changed.insert(number);
        if self.objects.len() <= self.maximum {
            return None;
        }
        let finished = self.objects.values().find(|object| object.is_finished()).map(Object::number);
        let oldest = finished.or_else(|| self.objects.keys().next().copied());
        oldest.and_then(|oldest| self.remove(oldest))
    }

    pub fn remove(&mut self, number: u64) -> Option<T> {
        let removed = self.objects.remove(&number)?;
        self.numbers.remove(removed.id());
        self.changed.insert(number);
        Some(removed)
    }

    pub fn get(&self, id: &str) -> Option<&T> {
        self.objects.get(self.numbers.get(id)?)
    }

    pub fn numbered(&self, number: u64) -> Option<&T> {
        self.objects.get(&number)
    }

    pub fn oldest(&self) -> Option<&T> {
        self.objects.values().next()
    }

    pub fn newest_first(&self) -> impl Iterator<Item = &T> {
        self.objects.values().rev()
    }

    /// Takes back what the file has.
    pub fn load(&mut self, json: &str) -> Result<(), serde_json::Error> {
        let object: T = serde_json::from_str(json)?;
        self.numbers.insert(object.id().to_owned(), object.number());
        self.objects.insert(object.number(), object);
        Ok(())
    }

    /// The changes since `forget_changes`, for the file.
    pub fn changes(&self) -> Result<Vec<Change>, serde_json::Error> {
        let change = |number: &u64| {
            let json = self.objects.get(number).map(serde_json::to_string).transpose()?;
            Ok(Change { kind: T::KIND, number: *number, json })
        };
        self.changed.iter().map(change).collect()
    }

    pub fn forget_changes(&mut self) {
        self.changed.clear();
    }
}
