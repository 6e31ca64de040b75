//! Values by their secret names, within a limit of memory.

use std::collections::{HashMap, VecDeque};

use crate::protocol::scope::ScopeSet;

/// The memory for each kind, in bytes. A login with a few scopes takes half a kilobyte. One that fills a request with
/// scopes takes a thousand times that.
pub const ROOM: usize = 4 * 1024 * 1024;

/// Values by their secret names. If there are too many, the oldest are dropped.
pub struct BoundedMap<T> {
    things: HashMap<String, (T, usize)>,
    /// The names in the order of their arrival; some are gone.
    order: VecDeque<String>,
    taken: usize,
}

impl<T> Default for BoundedMap<T> {
    fn default() -> Self {
        Self { things: HashMap::new(), order: VecDeque::new(), taken: 0 }
    }
}

impl<T> BoundedMap<T> {
    /// Adds a value. `size` is its size apart from its scopes.
    pub fn put(&mut self, name: String, thing: T, scope: &ScopeSet, size: usize) {
        // The overhead of a map, a set and a text for each entry.
        let size = 500 + size + scope.iter().map(|scope| scope.len() + 100).sum::<usize>();
        self.remove(&name);
        self.order.push_back(name.clone());
        self.things.insert(name, (thing, size));
        self.taken += size;
        while self.taken > ROOM {
            let Some(oldest) = self.order.pop_front() else { return };
            self.remove(&oldest);
        }
        if self.order.len() > 2 * self.things.len() + 16 {
            self.order.retain(|name| self.things.contains_key(name));
        }
    }

    pub fn remove(&mut self, name: &str) -> Option<T> {
        let (thing, size) = self.things.remove(name)?;
        self.taken -= size;
        Some(thing)
    }

    pub fn get(&self, name: &str) -> Option<&T> {
        self.things.get(name).map(|(thing, _)| thing)
    }

    pub fn get_mut(&mut self, name: &str) -> Option<&mut T> {
        self.things.get_mut(name).map(|(thing, _)| thing)
    }

    pub fn retain(&mut self, keep: impl Fn(&T) -> bool) {
        let Self { things, taken, .. } = self;
        things.retain(|_, (thing, size)| {
            let kept = keep(thing);
            *taken -= if kept { 0 } else { *size };
            kept
        });
    }

    /// Returns the first name and value for which this holds.
    pub fn find(&self, is_it: impl Fn(&T) -> bool) -> Option<(&str, &T)> {
        self.things.iter().find(|(_, (thing, _))| is_it(thing)).map(|(name, (thing, _))| (name.as_str(), thing))
    }

    #[cfg(test)]
    pub fn taken(&self) -> usize {
        self.taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_request_uses_up_more_of_the_memory() {
        let mut shelf = BoundedMap::default();
        let scope = ScopeSet::parse(&(0..4000).map(|n| format!("{n:x}")).collect::<Vec<_>>().join(" "));
        for n in 0..100 {
            shelf.put(n.to_string(), n, &scope, 0);
        }
        assert!(shelf.things.len() <= 10 && shelf.get("99") == Some(&99) && shelf.get("0").is_none());
    }
}
