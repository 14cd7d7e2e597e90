//! Randomness, and the ids that are made of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// Where random ids come from. Only this type asks the machine for randomness.
#[derive(Clone, Debug)]
pub enum Ids {
    /// The machine's randomness.
    Random,
    /// The same ids in the same order for the same seed: demo data and tests. Never for real users.
    Seeded(Arc<Seed>),
}

/// The state of [`Ids::Seeded`].
#[derive(Debug)]
pub struct Seed {
    seed: String,
    drawn: AtomicU64,
}

impl Ids {
    /// Ids that repeat for the same `seed`.
    #[must_use]
    pub fn seeded(seed: &str) -> Self {
        Self::Seeded(Arc::new(Seed { seed: seed.to_owned(), drawn: AtomicU64::new(0) }))
    }

    /// 32 bytes nobody can guess (or, seeded, the next 32 of the seed's sequence).
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place that asks for randomness")]
    pub fn bytes(&self) -> [u8; 32] {
        match self {
            Self::Random => {
                let mut bytes = [0; 32];
                getrandom::fill(&mut bytes).expect("the operating system gives randomness");
                bytes
            }
            Self::Seeded(seed) => {
                let drawn = seed.drawn.fetch_add(1, Ordering::SeqCst);
                Sha256::new().chain_update(&seed.seed).chain_update(drawn.to_be_bytes()).finalize().into()
            }
        }
    }

    /// A new id. Random ones are UUIDv7, so that what is made later sorts later.
    #[must_use]
    pub fn uuid(&self, now: Timestamp) -> Uuid {
        let bytes = self.bytes();
        let mut random = [0; 10];
        random.copy_from_slice(&bytes[..10]);
        let millisecond = u64::try_from(now.as_millisecond()).unwrap_or(0);
        match self {
            Self::Random => uuid::Builder::from_unix_timestamp_millis(millisecond, &random).into_uuid(),
            // Demo ids are constants, so they may not hold the time.
            Self::Seeded(_) => uuid::Builder::from_unix_timestamp_millis(0, &random).into_uuid(),
        }
    }

    /// A number in `0..below`, for jitter; `0` when `below` is 0.
    #[must_use]
    pub fn below(&self, below: u64) -> u64 {
        let mut first = [0; 8];
        first.copy_from_slice(&self.bytes()[..8]);
        u64::from_be_bytes(first).checked_rem(below).unwrap_or(0)
    }
}
