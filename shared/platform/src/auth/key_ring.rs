//! The verifying keys that a process knows, and when it reads them again.

use std::collections::HashMap;
use std::sync::Mutex;

use jsonwebtoken::DecodingKey;

use crate::auth::signing_key::VerifyingKey;
use crate::memory::lock;

/// Keys are read again after so many seconds, so that one that was taken away ends everywhere.
const KEYS_SECONDS: i64 = 300;
/// A token with an unknown key makes a process read the keys again, at most so often a second: forged ones must not
/// make every request a read, and one that is signed with a key of this very second must find it.
const RELOADS_PER_SECOND_MAX: u32 = 10;

/// The verifying keys a process knows.
#[derive(Default)]
pub(crate) struct KeyRing {
    known: Mutex<Known>,
}

/// The keys as they were read last, and how often in that second.
#[derive(Default)]
struct Known {
    read_at: i64,
    second: i64,
    reloads: u32,
    keys: HashMap<String, DecodingKey>,
}

/// The knowledge of a process about a key.
pub(crate) enum Found {
    /// Enough: this is the key, or there is none of that id.
    Known(Option<DecodingKey>),
    /// Too little: the keys are to be read again. With the key as it was known, for when they cannot be.
    ReadAgain(Option<DecodingKey>),
}

impl KeyRing {
    /// The key with this id at `second` of the epoch. Every answer to read again counts as a reading in that second.
    pub(crate) fn find(&self, kid: &str, second: i64) -> Found {
        let mut known = lock(&self.known);
        let (age, key) = (second - known.read_at, known.keys.get(kid).cloned());
        if key.is_some() && (0..KEYS_SECONDS).contains(&age) {
            return Found::Known(key);
        }
        if known.second != second {
            (known.second, known.reloads) = (second, 0);
        }
        // A call that comes during the first read reads too: nothing is known yet, so nothing is forged yet.
        if known.reloads >= RELOADS_PER_SECOND_MAX && known.read_at != 0 {
            return Found::Known(key);
        }
        known.reloads = known.reloads.saturating_add(1);
        Found::ReadAgain(key)
    }

    /// Takes over the keys that were read at `second`; gives back the one with this id.
    pub(crate) fn replace(&self, keys: Vec<VerifyingKey>, second: i64, kid: &str) -> Option<DecodingKey> {
        let read = keys.into_iter().filter_map(|key| {
            let decoding = DecodingKey::from_ed_components(&key.public).ok()?;
            Some((key.kid, decoding))
        });
        let keys: HashMap<String, DecodingKey> = read.collect();
        let found = keys.get(kid).cloned();
        let mut known = lock(&self.known);
        (known.read_at, known.keys) = (second, keys);
        found
    }
}
