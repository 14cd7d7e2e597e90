//! The memory of a process between calls.

use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};

/// Locks, also after a panic under the lock: what is remembered behind one is never left half changed.
pub fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether what is known since `since` is younger than `limit`, and not from the future: clocks jump.
pub(crate) fn is_recent(since: Timestamp, now: Timestamp, limit: SignedDuration) -> bool {
    (SignedDuration::ZERO..limit).contains(&since.duration_until(now))
}

/// One value that a process remembers for a while.
pub struct Remembered<T> {
    value: Mutex<Option<(Timestamp, T)>>,
}

impl<T> Default for Remembered<T> {
    fn default() -> Self {
        Self { value: Mutex::new(None) }
    }
}

impl<T: Clone> Remembered<T> {
    /// The value, if it was remembered less than `limit` ago.
    pub fn get(&self, now: Timestamp, limit: SignedDuration) -> Option<T> {
        let value = lock(&self.value);
        value.as_ref().filter(|(since, _)| is_recent(*since, now, limit)).map(|(_, value)| value.clone())
    }

    /// Remembers a value in the place of the one before.
    pub fn put(&self, value: T, now: Timestamp) {
        *lock(&self.value) = Some((now, value));
    }

    /// Forgets the value.
    pub fn forget(&self) {
        *lock(&self.value) = None;
    }
}
