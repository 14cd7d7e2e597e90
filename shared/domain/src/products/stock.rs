//! A limited quantity, spread over shards so that many can take from it at once.
//!
//! A shard is an item of its own, and an item is in one transaction at a time: sixteen shards sell up to sixteen times
//! as fast as one. Nothing is stranded by it: who finds one shard short looks at all of them at one instant, and takes
//! from those that have some.

use sha2::{Digest, Sha256};
use uuid::Uuid;

/// Most shards of one quantity: a change of price or state writes all of them in one transaction.
pub const SHARDS_MAX: u8 = 16;
/// Most units that are made, added or taken away at once.
pub const QUANTITY_MAX: i64 = 1_000_000;

/// Over how many items a quantity is spread: 1 to [`SHARDS_MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shards(u8);

/// Not a number of shards, or not a quantity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StockError {
    /// No shard, or too many.
    #[error("must be between 1 and 16")]
    Shards,
    /// Below zero or too many.
    #[error("must be between 0 and 1000000")]
    Quantity,
    /// Nothing, or too much at once.
    #[error("must be between -1000000 and 1000000, and not 0")]
    Delta,
}

impl Shards {
    /// All in one item.
    pub const ONE: Self = Self(1);

    /// Takes a number of shards.
    ///
    /// # Errors
    /// When it is 0 or above [`SHARDS_MAX`].
    pub fn parse(shards: i64) -> Result<Self, StockError> {
        match u8::try_from(shards) {
            Ok(shards @ 1..=SHARDS_MAX) => Ok(Self(shards)),
            _ => Err(StockError::Shards),
        }
    }

    /// How many.
    #[must_use]
    pub fn get(self) -> u8 {
        self.0
    }

    /// Each of them, by its number.
    pub fn numbers(self) -> impl Iterator<Item = u8> + use<> {
        0..self.0
    }

    /// The shard after this one; the first after the last.
    #[must_use]
    pub fn next(self, shard: u8) -> u8 {
        (shard + 1) % self.0
    }

    /// `units` as evenly as can be, by shard; the first ones have one more.
    #[must_use]
    pub fn split(self, units: i64) -> Vec<i64> {
        let shards = i64::from(self.0);
        (0..shards).map(|shard| units / shards + i64::from(shard < units % shards)).collect()
    }

    /// The shard of `quantity` that `taker` tries first: takers are spread, and a repeat goes where its first try went.
    #[must_use]
    pub fn first_shard_for(self, taker: Uuid, quantity: Uuid) -> u8 {
        let digest = Sha256::new().chain_update(taker).chain_update(quantity).finalize();
        digest[0] % self.0
    }
}

/// Units that are put in to begin with.
///
/// # Errors
/// When they are below 0 or above [`QUANTITY_MAX`].
pub fn parse_quantity(units: i64) -> Result<i64, StockError> {
    if (0..=QUANTITY_MAX).contains(&units) { Ok(units) } else { Err(StockError::Quantity) }
}

/// Units that are added or, below zero, taken away later.
///
/// # Errors
/// When there are none, or more than [`QUANTITY_MAX`].
pub fn parse_delta(units: i64) -> Result<i64, StockError> {
    if units != 0 && (-QUANTITY_MAX..=QUANTITY_MAX).contains(&units) { Ok(units) } else { Err(StockError::Delta) }
}

/// How many units come from, or go to, which shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Portion {
    /// The shard.
    pub shard: u8,
    /// Units, at least 1.
    pub units: i64,
}

/// From which shards `wanted` units can be taken when they have `available`; `None` when all of them together have
/// fewer. One shard if one has enough, the first from `first` on; else as few as can be.
#[must_use]
pub fn portions(available: &[i64], first: u8, wanted: i64) -> Option<Vec<Portion>> {
    let shards = available.len();
    let numbered = || (0..shards).map(|step| (usize::from(first) + step) % shards.max(1));
    let portion = |shard_index: usize, units: i64| u8::try_from(shard_index).ok().map(|shard| Portion { shard, units });
    if let Some(shard_index) = numbered().find(|shard_index| available[*shard_index] >= wanted) {
        return portion(shard_index, wanted).map(|portion| vec![portion]);
    }
    let mut fullest: Vec<usize> = numbered().filter(|shard_index| available[*shard_index] > 0).collect();
    fullest.sort_by_key(|shard_index| std::cmp::Reverse(available[*shard_index]));
    let (mut portions, mut left) = (Vec::new(), wanted);
    for shard_index in fullest {
        let units = left.min(available[shard_index]);
        portions.push(portion(shard_index, units)?);
        left -= units;
        if left == 0 {
            return Some(portions);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// K1: splitting loses and makes nothing, and no shard is two ahead of another.
        #[test]
        fn a_split_is_whole_and_even(units in 0..=QUANTITY_MAX, shards in 1..=i64::from(SHARDS_MAX)) {
            let split = Shards::parse(shards).expect("shards").split(units);
            prop_assert_eq!(split.iter().sum::<i64>(), units);
            let (least, most) = (split.iter().min().expect("one"), split.iter().max().expect("one"));
            prop_assert!(*least >= 0 && most - least <= 1);
        }

        /// K1 and K3: what is taken is what was wanted, from shards that have it; refused only if all together have
        /// less.
        #[test]
        fn taking_is_exact_and_strands_nothing(
            available in proptest::collection::vec(0..50_i64, 1..=16), first in 0..16_u8, wanted in 1..=100_i64,
        ) {
            match portions(&available, first, wanted) {
                None => prop_assert!(available.iter().sum::<i64>() < wanted),
                Some(portions) => {
                    prop_assert_eq!(portions.iter().map(|portion| portion.units).sum::<i64>(), wanted);
                    let mut shards: Vec<u8> = portions.iter().map(|portion| portion.shard).collect();
                    for portion in &portions {
                        prop_assert!(portion.units >= 1 && available[usize::from(portion.shard)] >= portion.units);
                    }
                    shards.sort_unstable();
                    shards.dedup();
                    prop_assert_eq!(shards.len(), portions.len(), "a shard twice");
                    let one_has_enough = available.iter().any(|units| *units >= wanted);
                    prop_assert!(!one_has_enough || portions.len() == 1);
                }
            }
        }

        /// Every shard is some taker's first, about as often as any other.
        #[test]
        fn takers_are_spread(shards in 1..=i64::from(SHARDS_MAX), of in any::<u128>()) {
            let shards = Shards::parse(shards).expect("shards");
            let mut counts = vec![0_usize; usize::from(shards.get())];
            for taker in 0..1_600 {
                counts[usize::from(shards.first_shard_for(Uuid::from_u128(taker), Uuid::from_u128(of)))] += 1;
            }
            let fair = 1_600 / counts.len();
            prop_assert!(counts.iter().all(|count| (fair / 2..=fair * 2).contains(count)), "{:?}", counts);
        }
    }

    #[test]
    fn shards_and_quantities_have_bounds() {
        assert_eq!((Shards::parse(0), Shards::parse(17)), (Err(StockError::Shards), Err(StockError::Shards)));
        assert_eq!(Shards::parse(16).map(Shards::get), Ok(16));
        assert_eq!((parse_quantity(-1), parse_quantity(0)), (Err(StockError::Quantity), Ok(0)));
        assert_eq!((parse_delta(0), parse_delta(-QUANTITY_MAX)), (Err(StockError::Delta), Ok(-QUANTITY_MAX)));
        assert_eq!(parse_delta(i64::MIN), Err(StockError::Delta));
    }
}
